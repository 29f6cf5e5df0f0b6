//! How far a walk is, on standard error while it lasts.

use indicatif::{ProgressBar, ProgressStyle};

use crate::failure::Failure;

/// The exit code of a program that a signal ended, as shells count for Ctrl-C. SIGTERM and SIGHUP
/// give the same: which it was is not told.
const INTERRUPTED: i32 = 130;

/// From now on a signal takes the bar down before the program ends.
pub(crate) fn take_down_when_interrupted(bar: &ProgressBar) -> Result<(), Failure> {
    let bar = bar.clone();
    ctrlc::set_handler(move || {
        bar.finish_and_clear();
        std::process::exit(INTERRUPTED);
    })
    .map_err(|error| Failure::refused(format!("cannot wait for signals: {error}")))
}

/// A bar, if there is a terminal to draw it on.
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    /// No bar.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// A bar, which is taken down before a signal ends the program.
    pub(crate) fn start() -> Result<Self, Failure> {
        let bar = ProgressBar::no_length();
        bar.set_style(style("listing jobs: {pos}"));
        take_down_when_interrupted(&bar)?;
        Ok(Self(Some(bar)))
    }

    /// So many jobs have come, of so many as the service counts.
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

    /// Takes the bar down, before anything else is written.
    pub(crate) fn clear(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// Whichever way a walk ends, also when nobody reads on: nothing of the bar stays.
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
