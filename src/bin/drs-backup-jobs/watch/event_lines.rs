//! Events as text for people.

use std::time::Duration;

use drs_backup_jobs::{Event, Job, JobStatus};

use super::screen::MAX_COLUMNS;
use crate::output::{Style, shown_name, text};

/// One line: `2024-08-19T02:29:03Z  finished     ✗ FAILED           DRS-6813 (id) after 1m 48s: reason`.
pub(super) fn line(event: &Event, time: &str, style: Style) -> String {
    let job = event.job();
    let mut line = start_of_line(time, event.name());
    let mut status = format!("{} ", style.mark(&job.status));
    text::push_padded(&mut status, &text::one_line(job.status.as_str()), 15);
    line.push_str(&style.paint(&status, &job.status));
    line.push_str("  ");
    line.push_str(&text::one_line(&job.name));
    line.push_str(" (");
    line.push_str(&text::one_line(&job.id));
    line.push(')');
    line.push_str(&details(event));
    line
}

/// A line of the live view that stays above it, before it is wrapped.
#[derive(Clone, Debug)]
pub(super) struct PermanentLine {
    text: String,
    status: Option<JobStatus>,
}

impl PermanentLine {
    /// `02:29:03 ✗ finished    DRS-6813 after 1m 48s: reason`.
    pub(super) fn event(event: &Event, time: &str, style: Style) -> Self {
        let job = event.job();
        let mut text = format!("{time} {} ", style.mark(&job.status));
        text::push_padded(&mut text, event.name(), 11);
        text.push_str(&shown_name(job));
        text.push_str(&details(event));
        Self {
            text,
            status: job.is_finished().then(|| job.status.clone()),
        }
    }

    /// `02:29:03 ! poll failed: reason; next attempt in 10s`.
    pub(super) fn failed_poll(reason: &str, delay: Duration, time: &str) -> Self {
        Self::warning(time, &format!("poll failed: {}", failure(reason, delay)))
    }

    /// `02:29:03 ! text`.
    pub(super) fn warning(time: &str, text: &str) -> Self {
        Self {
            text: format!("{time} ! {text}"),
            status: None,
        }
    }

    /// Rows of at most this many columns. Nothing is cut.
    pub(super) fn rows(&self, columns: usize, style: Style) -> Vec<String> {
        let rows = hanging(&self.text, columns);
        match &self.status {
            Some(status) => rows.iter().map(|row| style.paint(row, status)).collect(),
            None => rows,
        }
    }
}

/// As [`line`], for a poll that failed.
pub(super) fn failed_poll(reason: &str, delay: Duration, time: &str) -> String {
    let mut line = start_of_line(time, "poll failed");
    line.push_str(&failure(reason, delay));
    line
}

/// `text` in rows of at most `columns`, and no more than [`MAX_COLUMNS`], indented from the second on.
pub(super) fn hanging(text: &str, columns: usize) -> Vec<String> {
    const INDENT: &str = "  ";
    let columns = columns.min(MAX_COLUMNS);
    let mut rows = text::wrap(text, columns.saturating_sub(INDENT.len()));
    for row in rows.iter_mut().skip(1) {
        row.insert_str(0, INDENT);
    }
    rows
}

fn start_of_line(time: &str, what: &str) -> String {
    let mut line = format!("{time}  ");
    text::push_padded(&mut line, what, 11);
    line.push_str("  ");
    line
}

fn failure(reason: &str, delay: Duration) -> String {
    let reason = text::one_line(reason);
    format!("{reason}; next attempt in {}", text::took(delay))
}

/// What changed, or how a job finished.
fn details(event: &Event) -> String {
    match event {
        Event::Updated { from, to } => format!(": {}", changes(from, to)),
        Event::Finished { to, .. } => outcome(to),
        event => reason(event.job()),
    }
}

/// ` after 1m 48s: reason` of a finished job, the reason in full.
pub(super) fn outcome(job: &Job<'_>) -> String {
    let took = job.duration().map(text::took);
    let after = took.map_or_else(String::new, |took| format!(" after {took}"));
    after + &reason(job)
}

fn reason(job: &Job<'_>) -> String {
    match job.error_log.as_deref() {
        Some(reason) if job.is_finished() && !reason.is_empty() => {
            format!(": {}", text::one_line(reason))
        }
        _ => String::new(),
    }
}

/// `status TRANSFERRING -> PAUSED, description set to "new"`.
fn changes(from: &Job<'_>, to: &Job<'_>) -> String {
    let pairs = from.fields().zip(to.fields());
    let changes: Vec<String> = pairs
        .filter(|((_, before), (_, now))| before != now)
        .map(|((name, before), (_, now))| match (before, now) {
            (_, None | Some("")) => format!("{name} removed"),
            (None | Some(""), Some(now)) => format!("{name} set to {}", text::one_line(now)),
            (Some(before), Some(now)) => {
                format!(
                    "{name} {} -> {}",
                    text::one_line(before),
                    text::one_line(now)
                )
            }
        })
        .collect();
    changes.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(status: JobStatus) -> Job<'static> {
        let mut job = Job::new("0667");
        job.name = "备份\u{1b}[2J".into();
        job.status = status;
        job.create_time = "2024-08-19T02:27:15Z".into();
        job
    }

    fn finished() -> Event {
        let mut to = job(JobStatus::Failed);
        to.finish_time = Some("2024-08-19T02:29:03Z".into());
        to.error_log = Some("no\nspace".into());
        Event::Finished {
            from: job(JobStatus::Transferring),
            to,
        }
    }

    const TIME: &str = "2024-08-19T02:29:03Z";

    #[test]
    fn an_event_is_one_harmless_line() {
        assert_eq!(
            line(&finished(), TIME, Style::PLAIN),
            "2024-08-19T02:29:03Z  finished     ✗ FAILED           备份\u{fffd}[2J (0667) after 1m 48s: no space"
        );
        assert_eq!(
            line(
                &Event::Added(job(JobStatus::Transferring)),
                TIME,
                Style::PLAIN
            ),
            "2024-08-19T02:29:03Z  added        ▶ TRANSFERRING     备份\u{fffd}[2J (0667)"
        );
    }

    #[test]
    fn an_update_names_what_changed() {
        let mut to = job(JobStatus::from("PAUSED"));
        to.description = Some("new".into());
        let event = Event::Updated {
            from: job(JobStatus::Transferring),
            to,
        };
        assert!(
            line(&event, TIME, Style::PLAIN)
                .ends_with("(0667): status TRANSFERRING -> PAUSED, description set to new")
        );
    }

    #[test]
    fn rows_keep_to_the_width_and_lose_nothing() {
        let Event::Finished { from, mut to } = finished() else {
            unreachable!()
        };
        let reason = "not enough space on D:\\backup\\".repeat(9) + " 磁盘空间不足，请清理后重试";
        to.error_log = Some(reason.clone().into());
        let event = Event::Finished { from, to };
        for columns in [10, 40, 80, 200] {
            let line = PermanentLine::event(&event, "02:29:03", Style::PLAIN);
            let rows = line.rows(columns, Style::PLAIN);
            assert!(
                rows.iter()
                    .all(|row| text::width(row) <= columns.min(MAX_COLUMNS)),
                "{rows:#?}"
            );
            let bare = |text: &str| text.replace(' ', "");
            assert!(bare(&rows.join("")).ends_with(&bare(&reason)), "{rows:#?}");
        }
    }

    #[test]
    fn a_failed_poll_names_its_reason_and_the_next_attempt() {
        let delay = Duration::from_secs(10);
        assert_eq!(
            failed_poll("HTTP 503", delay, TIME),
            "2024-08-19T02:29:03Z  poll failed  HTTP 503; next attempt in 10s"
        );
        assert_eq!(
            PermanentLine::failed_poll("HTTP 503", delay, "02:29:03").rows(80, Style::PLAIN),
            ["02:29:03 ! poll failed: HTTP 503; next attempt in 10s"]
        );
    }
}
