//! Where a watch tells what happens, and in which form.

use std::io::{self, Write as _};

use drs_backup_jobs::{Error, Event, Timestamp, Watch};

use super::lines::{line, short_line};
use super::live::Live;
use super::wire::WireEvent;
use crate::output::{Style, text};

/// Where events go.
pub(super) struct Report {
    form: Form,
    style: Style,
}

enum Form {
    Live(Live),
    Lines,
    Jsonl,
    /// There is nobody to tell any more.
    Mute,
}

impl Report {
    /// Events above the jobs that are under way.
    pub(super) fn live(live: Live, style: Style) -> Self {
        Self {
            form: Form::Live(live),
            style,
        }
    }

    pub(super) fn lines(style: Style) -> Self {
        Self {
            form: Form::Lines,
            style,
        }
    }

    pub(super) fn jsonl(style: Style) -> Self {
        Self {
            form: Form::Jsonl,
            style,
        }
    }

    /// Tells an event at once.
    pub(super) fn event(
        &mut self,
        event: Result<&Event, &Error>,
        now: Option<Timestamp>,
    ) -> io::Result<()> {
        match &mut self.form {
            Form::Live(live) => {
                live.tell(&short_line(event, now, self.style));
                Ok(())
            }
            Form::Lines => writeln!(io::stdout(), "{}", line(event, now, self.style)),
            Form::Jsonl => {
                let mut json = serde_json::to_string(&WireEvent { event, now })?;
                if self.style.is_on_terminal() {
                    json = text::harmless_json(&json).into_owned();
                }
                json.push('\n');
                io::stdout().write_all(json.as_bytes())
            }
            Form::Mute => Ok(()),
        }
    }

    /// Tells nothing from now on.
    pub(super) fn mute(&mut self) {
        self.close();
        self.form = Form::Mute;
    }

    /// A look succeeded.
    pub(super) fn looked(&mut self, watch: &Watch, now: Option<Timestamp>) {
        if let Form::Live(live) = &mut self.form {
            live.looked();
        }
        self.redraw(watch, now);
    }

    /// Brings the time that jobs have run up to date.
    pub(super) fn redraw(&mut self, watch: &Watch, now: Option<Timestamp>) {
        if let Form::Live(live) = &mut self.form {
            live.draw(watch.jobs(), now);
        }
    }

    /// Takes the live view down.
    pub(super) fn close(&mut self) {
        if let Form::Live(live) = &self.form {
            live.close();
        }
    }
}
