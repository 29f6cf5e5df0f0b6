//! The progress of a listing, on standard error.

use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::Failure;

/// The exit code after Ctrl-C, by the convention of shells. SIGTERM and
/// SIGHUP give the same, because the handler does not know which signal it was.
const INTERRUPTED: i32 = 130;

/// Clears the bar before a signal ends the program.
pub(crate) fn clear_when_interrupted(bar: &ProgressBar) -> Result<(), Failure> {
    let bar = bar.clone();
    ctrlc::set_handler(move || {
        bar.finish_and_clear();
        std::process::exit(INTERRUPTED);
    })
    .map_err(|error| Failure::refused(format!("cannot handle signals: {error}")))
}

/// A progress bar, or none.
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    /// No bar.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// A bar, which is cleared before a signal ends the program.
    pub(crate) fn start() -> Result<Self, Failure> {
        let bar = ProgressBar::no_length();
        bar.set_style(style("listing jobs: {pos}"));
        clear_when_interrupted(&bar)?;
        Ok(Self(Some(bar)))
    }

    /// Shows the number of jobs received, of the total the service counts.
    pub(crate) fn set(&self, jobs: u64, total: Option<u64>) {
        let Some(bar) = &self.0 else { return };
        if let Some(total) = total.filter(|total| *total >= jobs)
            && bar.length() != Some(total)
        {
            bar.set_length(total);
            bar.set_style(style("listing jobs: {bar:30} {pos} of {len}"));
        }
        bar.set_position(jobs);
        bar.tick();
    }

    /// Clears the bar, before anything else is written.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// However the listing ends, also when the reader is gone, nothing of the bar remains.
impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates are the two above, which are well formed.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}
