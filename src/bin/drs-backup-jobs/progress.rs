//! The progress of a listing, on standard error.

use indicatif::{ProgressBar, ProgressStyle};

use crate::signals::Signals;

/// A progress bar, or none.
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    /// No bar.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// A bar, which is cleared before a signal ends the program.
    pub(crate) fn start(signals: &Signals) -> Self {
        let bar = ProgressBar::no_length();
        bar.set_style(style("listing jobs: {pos}"));
        let shown = bar.clone();
        signals.before_exit(move || shown.finish_and_clear());
        Self(Some(bar))
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

/// Removes the bar however the listing ends, even when the reader has closed the output.
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
