//! Events as lines for people.

use drs_backup_jobs::{Error, Event, Job, Timestamp};

use crate::failure::with_causes;
use crate::output::{Style, shown_name, text};

/// `2024-08-19T02:29:03Z  finished     ✗ FAILED        DRS-6813 (id) after 1m 48s: reason`.
pub(super) fn line(event: Result<&Event, &Error>, now: Option<Timestamp>, style: Style) -> String {
    let (what, subject) = told(event);
    let mut line = now.map_or_else(String::new, |now| seconds(now).to_string());
    line.push_str("  ");
    text::push_padded(&mut line, what, 11);
    line.push_str("  ");
    match subject {
        Ok(job) => {
            let mut status = format!("{} ", style.mark(&job.status));
            text::push_padded(&mut status, &text::one_line(job.status.as_str()), 15);
            line.push_str(&style.paint(&status, &job.status));
            line.push_str("  ");
            line.push_str(&text::one_line(&job.name));
            line.push_str(" (");
            line.push_str(&text::one_line(&job.id));
            line.push(')');
            push_end(&mut line, event, job);
        }
        Err(error) => push_error(&mut line, error),
    }
    line
}

/// `02:29:03Z ✗ finished    DRS-6813 after 1m 48s: reason`, as far as the terminal is wide.
pub(super) fn short_line(
    event: Result<&Event, &Error>,
    now: Option<Timestamp>,
    style: Style,
) -> String {
    let (what, subject) = told(event);
    let mut line = now.map_or_else(String::new, |now| {
        let time = seconds(now).to_string();
        format!("{} ", time.get(11..).unwrap_or_default())
    });
    line.push_str(subject.map_or("!", |job| style.mark(&job.status)));
    line.push(' ');
    text::push_padded(&mut line, what, 11);
    line.push(' ');
    match subject {
        Ok(job) => {
            line.push_str(&shown_name(job));
            push_end(&mut line, event, job);
        }
        Err(error) => push_error(&mut line, error),
    }
    let shown = text::cut(&line, style.width.unwrap_or(usize::MAX), style.ellipsis());
    match subject {
        Ok(job) if job.is_finished() => style.paint(&shown, &job.status),
        _ => shown.into_owned(),
    }
}

/// How long a job that has just ended took, and why it failed.
fn push_end(line: &mut String, event: Result<&Event, &Error>, job: &Job<'_>) {
    if let (Ok(Event::Finished { .. }), Some(duration)) = (event, job.duration()) {
        line.push_str(" after ");
        line.push_str(&text::took(duration));
    }
    if let Some(reason) = job.error_log.as_deref().filter(|_| job.is_finished()) {
        line.push_str(": ");
        line.push_str(&text::one_line(reason));
    }
}

fn push_error(line: &mut String, error: &Error) {
    line.push_str(&text::one_line(&with_causes(error)));
}

/// The same time without its milliseconds.
fn seconds(time: Timestamp) -> Timestamp {
    let millis = time.unix_millis();
    Timestamp::from_unix_millis(millis - millis.rem_euclid(1000)).unwrap_or(time)
}

/// What happened, to which job, and the job as it is now; the error in place of a job when a look
/// failed.
fn told<'a>(
    event: Result<&'a Event, &'a Error>,
) -> (&'static str, Result<&'a Job<'static>, &'a Error>) {
    match event {
        Ok(event) => (event.name(), Ok(event.job())),
        Err(error) => ("poll failed", Err(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drs_backup_jobs::JobStatus;

    fn job(status: JobStatus) -> Job<'static> {
        let mut job = Job::new("0667");
        job.name = "备份\u{1b}[2J".into();
        job.status = status;
        job.create_time = "2024-08-19T02:27:15Z".into();
        job
    }

    fn ended() -> Event {
        let mut to = job(JobStatus::Failed);
        to.finish_time = Some("2024-08-19T02:29:03Z".into());
        to.error_log = Some("no\nspace".into());
        Event::Finished {
            from: job(JobStatus::Transferring),
            to,
        }
    }

    const NOW: Option<Timestamp> = Timestamp::from_unix_millis(1_724_034_543_250);

    #[test]
    fn an_event_is_one_harmless_line() {
        assert_eq!(
            line(Ok(&ended()), NOW, Style::PLAIN),
            "2024-08-19T02:29:03Z  finished     ✗ FAILED           备份\u{fffd}[2J (0667) after 1m 48s: no space"
        );
        assert_eq!(
            line(
                Ok(&Event::Added(job(JobStatus::Transferring))),
                NOW,
                Style::PLAIN
            ),
            "2024-08-19T02:29:03Z  added        ▶ TRANSFERRING     备份\u{fffd}[2J (0667)"
        );
    }

    #[test]
    fn in_the_live_view_an_event_keeps_to_one_row() {
        let style = Style {
            width: Some(40),
            ..Style::PLAIN
        };
        assert_eq!(
            short_line(Ok(&ended()), NOW, style),
            "02:29:03Z ✗ finished    备份\u{fffd}[2J after …"
        );
    }
}
