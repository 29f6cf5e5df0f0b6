//! The view of a watch as lines: what it waits for, what is running, and when it polls.

use std::time::Duration;

use drs_backup_jobs::{JobStatus, Timestamp, Totals};

use super::screen::MAX_COLUMNS;
use crate::output::{Style, text};
use crate::time::Zone;

/// What the view shows.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    /// The jobs the watch waits for; `None` before the first poll has succeeded.
    pub(super) totals: Option<Totals>,
    /// The jobs added since the first poll.
    pub(super) new: Totals,
    /// The jobs that are running, the longest first: as many as a view can need.
    pub(super) running: Vec<Running>,
    /// How many jobs are running.
    pub(super) running_count: usize,
    pub(super) polling: Polling,
}

/// A running job.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) name: String,
    pub(super) status: JobStatus,
    pub(super) since: Option<Timestamp>,
}

/// The result of the last poll, and when the next one begins, by the watch's clock.
#[derive(Clone, Debug, Default)]
pub(super) enum Polling {
    #[default]
    First,
    Succeeded {
        at: Duration,
        next: Duration,
    },
    Failed {
        /// How many polls in a row.
        times: u32,
        reason: String,
        next: Duration,
    },
}

/// The moment and the terminal that a view is drawn for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// The watch's clock.
    pub(super) elapsed: Duration,
    pub(super) time: Timestamp,
}

/// As many running jobs as a view can show: half of a very high terminal.
pub(super) const MAX_RUNNING: usize = 200;

/// The lines of the view: each narrower than the terminal, together at most half as high. A terminal
/// of fewer than four rows has no room for a view.
pub(super) fn lines(snapshot: &Snapshot, frame: Frame, zone: &Zone, style: Style) -> Vec<String> {
    if frame.rows < 4 {
        return Vec::new();
    }
    let columns = frame.columns.saturating_sub(1).clamp(1, MAX_COLUMNS);
    let height = frame.rows / 2;
    // Below 40 columns the last words of this line are cut, so the clock comes last.
    let polling = format!(
        "{}  {} {}",
        polling(&snapshot.polling, frame.elapsed),
        zone.time_of_day(frame.time),
        zone.abbreviation(frame.time),
    );
    let mut lines = Vec::new();
    if height >= 4 {
        lines.push(String::new());
    }
    // The line about polls needs one.
    let end = height - 1;
    if let Some(totals) = &snapshot.totals {
        lines.extend(counts(totals, &snapshot.new, columns, style));
        lines.push(bar(totals, columns, style));
    }
    lines.truncate(end);
    let room = end - lines.len();
    lines.extend(running(snapshot, room, frame, columns, style));
    lines.push(style.dim(&cut(&text::one_line(&polling), columns, style)));
    lines
}

/// `6 of 138 finished, 2 failed, 1 removed, 131 running, 3 new`, in as many lines as it takes.
fn counts(totals: &Totals, new: &Totals, columns: usize, style: Style) -> Vec<String> {
    let part = |count: usize, what: &str| (count > 0).then(|| format!("{count} {what}"));
    let new_failed = part(new.failed, "failed").map(|failed| format!(" ({failed})"));
    let parts = [
        Some(format!(
            "{} of {} finished",
            totals.finished(),
            totals.total()
        )),
        part(totals.failed, "failed"),
        part(totals.removed, "removed"),
        part(totals.running, "running"),
        part(new.total(), "new").map(|new| new + &new_failed.unwrap_or_default()),
    ];
    let mut lines = vec![String::new()];
    let mut width = 0;
    for text in parts.into_iter().flatten() {
        let separator = if width == 0 { "" } else { ", " };
        let needed = separator.len() + text.len();
        if width > 0 && width + needed > columns {
            lines.push(String::new());
            width = 0;
        } else if let Some(line) = lines.last_mut() {
            line.push_str(separator);
            width += separator.len();
        }
        if let Some(line) = lines.last_mut() {
            width += text.len();
            if text.contains("failed") {
                line.push_str(&style.paint(&text, &JobStatus::Failed));
            } else {
                line.push_str(&text);
            }
        }
    }
    lines
}

/// How many have finished, as a bar: succeeded, failed, not yet.
fn bar(totals: &Totals, columns: usize, style: Style) -> String {
    let cells = columns.min(40);
    let share = |count: usize| (count * cells).checked_div(totals.total()).unwrap_or(0);
    let (good, bad) = (share(totals.succeeded), share(totals.failed));
    // One failure of many is a cell too.
    let bad = bad.max(usize::from(totals.failed > 0)).min(cells - good);
    let signs = if style.ascii {
        ["#", "x", "."]
    } else {
        ["█", "▒", "·"]
    };
    let [full, failed, empty] = signs;
    format!(
        "{}{}{}",
        style.paint(&full.repeat(good), &JobStatus::Success),
        style.paint(&failed.repeat(bad), &JobStatus::Failed),
        style.dim(&empty.repeat(cells - good - bad)),
    )
}

/// `▶ DRS-6813   1h 05m` for each running job that there is room for, and how many more there are.
fn running(
    snapshot: &Snapshot,
    room: usize,
    frame: Frame,
    columns: usize,
    style: Style,
) -> Vec<String> {
    let shown = if snapshot.running_count > room {
        room.saturating_sub(1)
    } else {
        room
    };
    let jobs = snapshot.running.get(..shown).unwrap_or(&snapshot.running);
    // The mark before the name, and the time after it.
    let room_for_name = columns.saturating_sub(2 + 2 + 7);
    let names: Vec<String> = jobs
        .iter()
        .map(|job| cut(&text::one_line(&job.name), room_for_name, style))
        .collect();
    let width = names
        .iter()
        .map(|name| text::width(name))
        .max()
        .unwrap_or(0);
    let mut lines = Vec::new();
    for (job, name) in jobs.iter().zip(&names) {
        let mut line = style.paint(style.mark(&job.status), &job.status);
        line.push(' ');
        let since = job.since;
        if let Some(elapsed) = since.and_then(|since| frame.time.duration_since(since)) {
            text::push_padded(&mut line, name, width);
            line.push_str("  ");
            line.push_str(&text::took(elapsed));
        } else {
            line.push_str(name);
        }
        lines.push(line);
    }
    let more = snapshot.running_count - jobs.len();
    if more > 0 && room > 0 {
        let and = if jobs.is_empty() { "  " } else { "  and " };
        let more_of_them = if jobs.is_empty() { "" } else { "more " };
        lines.push(cut(
            &format!("{and}{more} {more_of_them}running"),
            columns,
            style,
        ));
    }
    lines
}

fn polling(polling: &Polling, elapsed: Duration) -> String {
    let until = |next: Duration| match next.saturating_sub(elapsed).as_secs() {
        0 => "now".to_owned(),
        _ => format!("in {}", text::took(next.saturating_sub(elapsed))),
    };
    match polling {
        Polling::First => "first poll in progress".to_owned(),
        Polling::Succeeded { at, next } => {
            let ago = elapsed.saturating_sub(*at).as_secs();
            format!("last poll {ago}s ago, next {}", until(*next))
        }
        Polling::Failed {
            times,
            reason,
            next,
        } => {
            let times = match times {
                0 | 1 => "poll failed".to_owned(),
                times => format!("{times} polls failed"),
            };
            format!("{times}, next attempt {}: {reason}", until(*next))
        }
    }
}

fn cut(text: &str, columns: usize, style: Style) -> String {
    text::cut(text, columns, style.ellipsis()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(columns: usize, rows: usize) -> Frame {
        Frame {
            columns,
            rows,
            elapsed: Duration::from_secs(100),
            time: Timestamp::parse("2024-08-19T03:05:00Z").unwrap(),
        }
    }

    fn totals(succeeded: usize, failed: usize, removed: usize, running: usize) -> Totals {
        let mut totals = Totals::default();
        totals.succeeded = succeeded;
        totals.failed = failed;
        totals.removed = removed;
        totals.running = running;
        totals
    }

    fn running(name: &str) -> Running {
        Running {
            name: name.to_owned(),
            status: JobStatus::Transferring,
            since: Timestamp::parse("2024-08-19T02:00:00Z"),
        }
    }

    fn snapshot(running_count: usize) -> Snapshot {
        let names = [
            "orders",
            "备份迁移任务",
            "גיבוי",
            "💾 nightly",
            "a\u{1b}[2Jb",
        ];
        Snapshot {
            totals: Some(totals(3, 2, 1, running_count)),
            new: totals(1, 1, 0, 0),
            running: (0..running_count.min(MAX_RUNNING))
                .map(|number| running(names[number % names.len()]))
                .collect(),
            running_count,
            polling: Polling::Succeeded {
                at: Duration::from_secs(97),
                next: Duration::from_secs(107),
            },
        }
    }

    fn shown(snapshot: &Snapshot, frame: Frame) -> Vec<String> {
        lines(snapshot, frame, &Zone::utc(), Style::PLAIN)
    }

    #[test]
    fn shows_what_is_waited_for_and_what_is_running() {
        assert_eq!(
            shown(&snapshot(2), frame(80, 24)),
            [
                "",
                "5 of 8 finished, 2 failed, 1 removed, 2 running, 2 new (1 failed)",
                "███████████████▒▒▒▒▒▒▒▒▒▒···············",
                "▶ orders        1h 05m",
                "▶ 备份迁移任务  1h 05m",
                "last poll 3s ago, next in 7s  03:05:00 UTC",
            ]
        );
    }

    #[test]
    fn keeps_to_half_of_the_terminal_and_to_its_width() {
        for jobs in [0, 1, 35, 500] {
            for (columns, rows) in [
                (200, 60),
                (80, 24),
                (40, 24),
                (40, 9),
                (20, 5),
                (10, 4),
                (1, 4),
            ] {
                let shown = shown(&snapshot(jobs), frame(columns, rows));
                assert!(!shown.is_empty() && shown.len() <= rows / 2, "{shown:#?}");
                for line in &shown {
                    assert!(
                        columns < 20 || text::width(line) < columns,
                        "{columns}: {shown:#?}"
                    );
                    assert!(!line.contains('\u{1b}'), "{shown:#?}");
                }
            }
        }
        assert!(shown(&snapshot(1), frame(80, 3)).is_empty());
    }

    #[test]
    fn says_how_many_running_jobs_have_no_line() {
        let shown = shown(&snapshot(500), frame(80, 24));
        let jobs = shown.iter().filter(|line| line.starts_with('▶')).count();
        assert!(shown.contains(&format!("  and {} more running", 500 - jobs)));
    }

    #[test]
    fn shows_no_number_of_jobs_before_a_poll_has_succeeded() {
        let mut first = Snapshot::default();
        assert_eq!(
            shown(&first, frame(80, 24)),
            ["", "first poll in progress  03:05:00 UTC"]
        );
        first.polling = Polling::Failed {
            times: 2,
            reason: "HTTP 503".into(),
            next: Duration::from_secs(110),
        };
        assert_eq!(
            shown(&first, frame(80, 24)),
            [
                "",
                "2 polls failed, next attempt in 10s: HTTP 503  03:05:00 UTC"
            ]
        );
    }

    #[test]
    fn one_failure_of_many_is_a_cell_of_the_bar() {
        assert_eq!(bar(&totals(999, 1, 0, 0), 10, Style::PLAIN), "█████████▒");
        assert_eq!(bar(&totals(0, 0, 0, 0), 4, Style::PLAIN), "····");
    }
}
