//! `drs-backup-jobs emulate`: the service in memory, over HTTP.

use std::io::{self, Write as _};
use std::sync::mpsc;
use std::time::Duration;

use clap::Args;
use drs_backup_jobs::emulator::{Emulator, Faults};

use crate::args::values;
use crate::failure::{Failure, say};

/// Run an emulator of the service over HTTP, for tests and demos
///
/// Prints its URL first and serves until Ctrl-C or SIGTERM. Accepts any token that is not empty and
/// any project ID; the same seed gives the same jobs.
#[derive(Debug, Args)]
#[command(
    next_line_help = true,
    after_help = "\
Examples:
  drs-backup-jobs emulate --jobs 500
  drs-backup-jobs emulate --listen 127.0.0.1:8080 --latency 20ms
  drs-backup-jobs emulate --faults '503,503,ok,reset%10'

And in another terminal:
  curl -H 'X-Auth-Token: any' 'http://127.0.0.1:8080/v5/any/backup-migration-jobs?limit=1'"
)]
pub(crate) struct EmulateArgs {
    /// Address to listen on; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: String,

    /// Number of sample jobs
    #[arg(long, value_name = "N", default_value_t = 35)]
    jobs: u32,

    /// Seed of the sample jobs
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Faults of the responses, such as 503,ok,429:2s,reset@7,truncate%5
    ///
    /// One fault per request to come, separated by commas; a suffix @7 (the seventh request), @3-5,
    /// @* (every request) or %5 (five in a hundred) selects others. Faults: a status (503, 429:2s
    /// with Retry-After), html, reset, abort-body, delay:500ms, slow-body:2s, truncate,
    /// extra-bytes, length:+10, type-drift, invalid-count, unknown-fields, garbage, ok for none.
    #[arg(
        long,
        value_name = "FAULTS",
        default_value = "",
        hide_default_value = true
    )]
    faults: Faults,

    /// Time each response takes
    #[arg(long, value_name = "DURATION", default_value = "0ms", value_parser = values::duration)]
    latency: Duration,
}

pub(crate) fn run(args: &EmulateArgs) -> Result<(), Failure> {
    // Before the first byte goes out: whoever reads the URL may send a signal at once.
    let (stop, stopped) = mpsc::channel();
    ctrlc::set_handler(move || {
        // If nobody listens any more the program is ending anyway.
        let _ = stop.send(());
    })
    .map_err(|error| Failure::refused(format!("cannot wait for signals: {error}")))?;

    let emulator = Emulator::builder()
        .jobs(args.jobs)
        .seed(args.seed)
        .latency(args.latency)
        .faults(args.faults.clone())
        .build();
    let server = emulator.serve(&args.listen).map_err(|error| {
        Failure::usage(format!("cannot listen on {}: {error}", args.listen))
            .with_hint("name an address of this machine and a port, such as 127.0.0.1:8080")
    })?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", server.url())?;
    out.flush()?;
    say(
        "note",
        &format!(
            "try: HW_AUTH_TOKEN=any drs-backup-jobs list --endpoint {} --project-id any",
            server.url()
        ),
    );
    // An end of the channel cannot come before the end of the handler, which is that of the program.
    let _ = stopped.recv();
    server.stop();
    Ok(())
}
