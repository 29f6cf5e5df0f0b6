//! `-v`: the library's line for each request, on standard error.

use log::{LevelFilter, Log, Metadata, Record};

use crate::failure::print_message;

/// Logs the library's lines. Those of other crates are left out: an HTTP client may log headers, and a
/// header may contain a token.
pub(crate) fn start() {
    // It fails only if there is a logger already, and there is none.
    if log::set_logger(&StandardError).is_ok() {
        log::set_max_level(LevelFilter::Debug);
    }
}

struct StandardError;

impl Log for StandardError {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().split("::").next() == Some("drs_backup_jobs")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            print_message("debug", &record.args().to_string());
        }
    }

    fn flush(&self) {}
}
