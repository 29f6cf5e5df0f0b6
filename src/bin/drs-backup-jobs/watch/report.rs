//! Where events go, in one of three forms.

use std::io::{self, Write};
use std::time::Duration;

use drs_backup_jobs::{Event, Timestamp};

use super::event_lines::{self, PermanentLine};
use super::json_event::{JsonEvent, Timed};
use super::live::Live;
use super::view::Snapshot;
use crate::failure::print_message;
use crate::output::{Style, text};
use crate::time::Zone;

/// What a watch prints while it runs.
pub(super) struct Report {
    form: Form,
    /// Where lines go; the live view has its own way to the terminal.
    out: Box<dyn Write>,
    style: Style,
    zone: Zone,
}

pub(super) enum Form {
    /// Events above a view.
    Live(Live),
    /// One event a line.
    Lines,
    /// One event a line, as JSON.
    Jsonl,
}

impl Form {
    /// The live view, if this is one.
    pub(super) fn live(&self) -> Option<Live> {
        match self {
            Self::Live(live) => Some(live.clone()),
            Self::Lines | Self::Jsonl => None,
        }
    }
}

impl Report {
    pub(super) fn new(form: Form, out: impl Write + 'static, style: Style, zone: Zone) -> Self {
        Self {
            form,
            out: Box::new(out),
            style,
            zone,
        }
    }

    /// Prints an event at once.
    pub(super) fn event(&mut self, event: &Event, time: Timestamp) -> io::Result<()> {
        match &self.form {
            Form::Live(live) => {
                let time = self.zone.time_of_day(time);
                live.print(PermanentLine::event(event, &time, self.style));
                Ok(())
            }
            Form::Lines => {
                let line = event_lines::line(event, &self.date_and_time(time), self.style);
                writeln!(self.out, "{line}")
            }
            Form::Jsonl => self.json(&Timed(JsonEvent::Job(event), time)),
        }
    }

    /// Prints why a poll failed, and when the next one begins. `is_new_failure` if the previous
    /// poll did not fail for the same reason: the live view shows how many polls did.
    pub(super) fn failed_poll(
        &mut self,
        reason: &str,
        delay: Duration,
        is_new_failure: bool,
        time: Timestamp,
    ) -> io::Result<()> {
        match &self.form {
            Form::Live(live) if is_new_failure => {
                let time = self.zone.time_of_day(time);
                live.print(PermanentLine::failed_poll(reason, delay, &time));
                Ok(())
            }
            Form::Live(_) => Ok(()),
            Form::Lines => {
                let line = event_lines::failed_poll(reason, delay, &self.date_and_time(time));
                writeln!(self.out, "{line}")
            }
            Form::Jsonl => {
                let millis = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
                let next_attempt = time.unix_millis().saturating_add(millis);
                let next_attempt = Timestamp::from_unix_millis(next_attempt);
                let event = JsonEvent::PollFailed {
                    reason,
                    next_attempt,
                };
                self.json(&Timed(event, time))
            }
        }
    }

    /// Prints how many polls failed before one succeeded, where not each of them was printed.
    pub(super) fn recovery(&self, failed_polls: u32, time: Timestamp) {
        if let Form::Live(live) = &self.form
            && failed_polls > 1
        {
            let text = format!("polls succeed again after {failed_polls} failures");
            let time = self.zone.time_of_day(time);
            live.print(PermanentLine::warning(&time, &text));
        }
    }

    fn json(&mut self, event: &Timed<'_>) -> io::Result<()> {
        let mut json = serde_json::to_string(event)?;
        if self.style.is_on_terminal() {
            json = text::escaped_json(&json).into_owned();
        }
        json.push('\n');
        self.out.write_all(json.as_bytes())
    }

    /// Prints a note on standard error.
    pub(super) fn note(&self, note: &str) -> io::Result<()> {
        match &self.form {
            Form::Live(live) => live.suspend(|| print_message("note", note)),
            Form::Lines | Form::Jsonl => {
                print_message("note", note);
                Ok(())
            }
        }
    }

    /// Shows this in the live view, if there is one.
    pub(super) fn show(&self, snapshot: impl FnOnce() -> Snapshot) -> io::Result<()> {
        match &self.form {
            Form::Live(live) => live.show(snapshot()),
            Form::Lines | Form::Jsonl => Ok(()),
        }
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.form, Form::Live(_))
    }

    /// `2024-08-19 02:29:03 UTC`.
    fn date_and_time(&self, time: Timestamp) -> String {
        let zone = &self.zone;
        format!("{} {}", zone.second(time), zone.abbreviation(time))
    }

    /// Removes the live view, if there is one.
    pub(super) fn close(&self) {
        if let Form::Live(live) = &self.form {
            live.close();
        }
    }
}
