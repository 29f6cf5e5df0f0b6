//! What a status looks like.

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

    /// Whether a terminal reads this, which obeys what it is sent.
    pub(crate) fn is_on_terminal(self) -> bool {
        self.width.is_some()
    }

    /// What stands for the rest of a text that was cut off.
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

    /// `text` in the colour of a status.
    pub(crate) fn paint(self, text: &str, status: &JobStatus) -> String {
        match (self.color, Hue::of(status)) {
            (true, Some(hue)) => format!("\u{1b}[{}m{text}\u{1b}[0m", hue.code()),
            _ => text.to_owned(),
        }
    }

    /// `text`, held back.
    pub(crate) fn dim(self, text: &str) -> String {
        if self.color {
            format!("\u{1b}[2m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// A colour of the terminal's own palette, so that it fits whatever theme its user chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hue {
    Green,
    Red,
    Yellow,
    Cyan,
}

impl Hue {
    pub(crate) fn of(status: &JobStatus) -> Option<Self> {
        Some(match status {
            JobStatus::Success => Self::Green,
            JobStatus::Failed => Self::Red,
            JobStatus::PrecheckFailed => Self::Yellow,
            JobStatus::Transferring => Self::Cyan,
            _ => return None,
        })
    }

    fn code(self) -> u8 {
        match self {
            Self::Red => 31,
            Self::Green => 32,
            Self::Yellow => 33,
            Self::Cyan => 36,
        }
    }
}

impl From<Hue> for comfy_table::Color {
    fn from(hue: Hue) -> Self {
        match hue {
            Hue::Green => Self::DarkGreen,
            Hue::Red => Self::DarkRed,
            Hue::Yellow => Self::DarkYellow,
            Hue::Cyan => Self::DarkCyan,
        }
    }
}
