//! Jobs as bars on one axis of time: when migrations ran, overlapped and failed.

use std::cmp::Reverse;

use drs_backup_jobs::{Job, JobStatus, Timestamp};

use super::axis::{Axis, is_open};
use super::columns::duration;
use super::style::Style;
use super::{Layout, shown_name, text};

const DEFAULT_WIDTH: usize = 100;
const LONGEST_NAME: usize = 28;
/// The durations are to the right of the bars: `23h 59m`.
const TOOK: usize = 8;
const LEAST_BARS: usize = 10;
/// With more jobs than this the axis is drawn under them too: the upper one has scrolled away.
const SCREENFUL: usize = 20;

/// The lines of the timeline: the axis, each job from the earliest on, and the number of jobs of
/// each status. A running job reaches to `now`, the right edge.
pub(super) fn lines(jobs: &[Job<'_>], layout: &Layout, now: Timestamp) -> Vec<String> {
    let style = layout.style;
    if jobs.is_empty() {
        return Vec::new();
    }
    let (mut placed, unplaced): (Vec<_>, Vec<_>) = jobs
        .iter()
        .map(|job| (job.created_at(), job))
        .partition(|(created, _)| created.is_some());
    placed.sort_by_key(|(created, job)| (*created, Reverse(job.finished_at())));

    let width = style.width.unwrap_or(DEFAULT_WIDTH);
    let names = jobs
        .iter()
        .map(|job| text::width(&shown_name(job)))
        .max()
        .unwrap_or_default()
        .min(LONGEST_NAME)
        .min(width / 3);
    // Mark and name before the bars, the duration after them.
    let bars = width
        .saturating_sub(2 + names + 1 + 1 + TOOK)
        .max(LEAST_BARS);

    let mut lines = Vec::new();
    if let Some(axis) = Axis::over(jobs, now, bars, &layout.zone) {
        let indent = 2 + names + 1;
        let [labels, rule] = axis.scale(indent, style);
        let title = axis.title(style);
        lines.push(text::cut(&title, width, style.ellipsis()).into_owned());
        lines.extend([labels.clone(), rule.clone()]);
        for (created, job) in &placed {
            if let Some(created) = created {
                let bar = bar(&axis, now, *created, job, style);
                lines.push(row(job, now, &bar, bars, names, style));
            }
        }
        if placed.len() > SCREENFUL {
            lines.extend([rule.replace('┬', "┴"), labels]);
        }
    }
    for (_, job) in &unplaced {
        lines.push(row(job, now, "(unknown creation time)", bars, names, style));
    }
    lines.extend(legend(jobs, style, width));
    lines
}

fn row(
    job: &Job<'_>,
    now: Timestamp,
    bar: &str,
    bars: usize,
    names: usize,
    style: Style,
) -> String {
    let mut line = style.paint(style.mark(&job.status), &job.status);
    line.push(' ');
    text::push_padded(
        &mut line,
        &text::cut(&shown_name(job), names, style.ellipsis()),
        names + 1,
    );
    line.push_str(&style.paint(bar, &job.status));
    let took = match duration(job, now) {
        Some(duration) => text::took(duration),
        None if job.is_finished() => "-".into(),
        None => String::new(),
    };
    if !took.is_empty() {
        text::push_spaces(&mut line, (bars + 1).saturating_sub(text::width(bar)));
        line.push_str(&took);
    }
    line
}

/// A job's bar with the spaces before it: at least one column, so that none is overlooked.
fn bar(axis: &Axis<'_>, now: Timestamp, created: Timestamp, job: &Job<'_>, style: Style) -> String {
    let from = axis.column(created);
    let to = match job.finished_at() {
        Some(finished) => axis.column(finished).max(from),
        None if is_open(job) => axis.column(now).max(from),
        // It finished at an unknown time.
        None => from,
    };
    let (fill, tip) = match (&job.status, style.ascii) {
        _ if is_open(job) => (
            if style.ascii { '=' } else { '━' },
            if style.ascii { '>' } else { '▶' },
        ),
        (JobStatus::Failed | JobStatus::PrecheckFailed, false) => ('▒', '▒'),
        (JobStatus::Failed | JobStatus::PrecheckFailed, true) => ('x', 'x'),
        (_, false) => ('█', '█'),
        (_, true) => ('#', '#'),
    };
    let mut bar = String::new();
    text::push_spaces(&mut bar, from);
    bar.extend(std::iter::repeat_n(fill, to.saturating_sub(from)));
    bar.push(tip);
    bar
}

/// The number of jobs of each status, with its mark.
fn legend(jobs: &[Job<'_>], style: Style, width: usize) -> Vec<String> {
    let mut entries = Vec::new();
    let mut known = 0;
    for status in JobStatus::KNOWN {
        let count = jobs.iter().filter(|job| job.status == *status).count();
        known += count;
        if count > 0 {
            let shown = format!(
                "{} {count} {}",
                style.mark(status),
                status.as_str().to_lowercase()
            );
            entries.push((text::width(&shown), style.paint(&shown, status)));
        }
    }
    if jobs.len() > known {
        let shown = format!("? {} other", jobs.len() - known);
        entries.push((text::width(&shown), shown));
    }
    let mut lines: Vec<String> = Vec::new();
    let mut room = 0;
    for (entry, shown) in entries {
        match lines.last_mut() {
            Some(line) if room >= entry + 3 => {
                line.push_str("   ");
                line.push_str(&shown);
                room -= entry + 3;
            }
            _ => {
                lines.push(shown);
                room = width.saturating_sub(entry);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::{Format, samples};
    use super::*;

    fn shown(jobs: &[Job<'_>], width: usize, ascii: bool) -> Vec<String> {
        let mut layout = Layout::plain(Format::Timeline);
        layout.style.width = Some(width);
        layout.style.ascii = ascii;
        lines(jobs, &layout, samples::NOW)
    }

    #[test]
    fn draws_bars_below_an_axis() {
        assert_eq!(
            shown(&samples::jobs(), 80, true),
            [
                "2024-08-19 02:27 - 2024-08-19 06:30 UTC, 4h 02m",
                "                                            08-19 04:00         06:00",
                "                             ---------------+-------------------+------",
                "+ DRS-6813                   #                                          1m 48s",
                "x 备份迁移任务-订单库-华北-4      xxxxxxxxxxx                           1h 00m",
                "> DRS-7000                                            ================> 1h 30m",
                "? odd                        (unknown creation time)",
                "> 1 transferring   + 1 success   x 1 failed   ? 1 other",
            ]
        );
    }

    #[test]
    fn no_line_exceeds_the_terminal() {
        for width in [40, 60, 80, 120, 200] {
            for ascii in [true, false] {
                for line in shown(&samples::jobs(), width, ascii) {
                    assert!(text::width(&line) <= width, "{width}: {line:?}");
                }
            }
        }
    }

    #[test]
    fn a_running_job_reaches_to_now() {
        let jobs = [samples::job(
            "a",
            "a",
            JobStatus::Transferring,
            "2024-08-19T02:00:00Z",
            None,
        )];
        let shown = shown(&jobs, 60, true);
        assert!(shown[3].contains("=====>"), "{shown:#?}");
    }

    #[test]
    fn draws_no_more_ticks_than_fit_for_spans_of_years() {
        for finish in [
            "2024-08-19T02:27:16Z",
            "2024-09-30T00:00:00Z",
            "2199-12-31T23:59:59Z",
        ] {
            let jobs = [samples::job(
                "a",
                "a",
                JobStatus::Success,
                "2000-01-01T00:00:00Z",
                Some(finish),
            )];
            let shown = shown(&jobs, 80, true);
            assert!(shown[2].matches('+').count() <= 7, "{shown:#?}");
        }
    }
}
