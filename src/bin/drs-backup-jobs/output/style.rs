//! Colours and marks.

use drs_backup_jobs::JobStatus;

/// How output is drawn: for whom, and on how much room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// Whether statuses are shown in colour.
    pub(crate) color: bool,
    /// Whether our own marks keep to ASCII; the jobs' texts stay as they are.
    pub(crate) ascii: bool,
    /// How many columns the terminal has; `None` for a file or a pipe, where nothing is cut.
    pub(crate) width: Option<usize>,
}

impl Style {
    /// For a file or a pipe: nothing cut, nothing coloured.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self {
        color: false,
        ascii: false,
        width: None,
    };

    /// Whether the output is a terminal, which interprets control characters.
    pub(crate) fn is_on_terminal(self) -> bool {
        self.width.is_some()
    }

    /// The mark for text that was cut off.
    pub(crate) fn ellipsis(self) -> &'static str {
        if self.ascii { "..." } else { "…" }
    }

    /// A sign for a status, one column wide.
    pub(crate) fn mark(self, status: &JobStatus) -> &'static str {
        match (status, self.ascii) {
            (JobStatus::Success, false) => "✓",
            (JobStatus::Success, true) => "+",
            (JobStatus::Failed, false) => "✗",
            (JobStatus::Failed, true) => "x",
            (JobStatus::PrecheckFailed, _) => "!",
            (JobStatus::Transferring, false) => "▶",
            (JobStatus::Transferring, true) => ">",
            _ => "?",
        }
    }

    /// `text` in the colour of a status: one of the terminal's own palette, which fits its theme.
    pub(crate) fn paint(self, text: &str, status: &JobStatus) -> String {
        match status {
            JobStatus::Success => self.escape(text, 32),
            JobStatus::Failed => self.escape(text, 31),
            JobStatus::PrecheckFailed => self.escape(text, 33),
            JobStatus::Transferring => self.escape(text, 36),
            _ => text.to_owned(),
        }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.escape(text, 1)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.escape(text, 2)
    }

    fn escape(self, text: &str, code: u8) -> String {
        if self.color {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}
