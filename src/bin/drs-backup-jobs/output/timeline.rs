//! Jobs as bars on one axis of time: when migrations ran, overlapped and failed.

use std::cmp::Reverse;

use drs_backup_jobs::{Job, JobStatus, Timestamp};

use super::style::Style;
use super::{shown_name, text};

const DEFAULT_WIDTH: usize = 100;
const LONGEST_NAME: usize = 28;
/// The durations stand right of the bars: `23h 59m`, or `running`.
const TOOK: usize = 8;
const LEAST_BARS: usize = 10;
/// With more jobs than this the axis is drawn under them too: the upper one has scrolled away.
const SCREENFUL: usize = 20;

/// The lines of the picture: the axis, each job from the earliest on, and how many ended how.
/// A job that runs reaches the right edge; the axis ends with the latest time that is known.
pub(crate) fn lines(jobs: &[Job<'_>], style: Style) -> Vec<String> {
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
    if let Some(axis) = Axis::over(jobs, bars) {
        let indent = 2 + names + 1;
        let [labels, rule] = axis.scale(indent, style);
        let title = axis.title(style);
        lines.push(text::cut(&title, width, style.ellipsis()).into_owned());
        lines.extend([labels.clone(), rule.clone()]);
        for (created, job) in &placed {
            if let Some(created) = created {
                lines.push(row(
                    job,
                    &axis.bar(*created, job, style),
                    bars,
                    names,
                    style,
                ));
            }
        }
        if placed.len() > SCREENFUL {
            lines.extend([rule.replace('┬', "┴"), labels]);
        }
    }
    for (_, job) in &unplaced {
        lines.push(row(job, "(no time of creation)", bars, names, style));
    }
    lines.extend(legend(jobs, style, width));
    lines
}

fn row(job: &Job<'_>, bar: &str, bars: usize, names: usize, style: Style) -> String {
    let mut line = style.paint(style.mark(&job.status), &job.status);
    line.push(' ');
    text::push_padded(
        &mut line,
        &text::cut(&shown_name(job), names, style.ellipsis()),
        names + 1,
    );
    line.push_str(&style.paint(bar, &job.status));
    let took = match job.duration() {
        Some(duration) => text::took(duration),
        None if job.is_finished() => "-".into(),
        None if job.status == JobStatus::Transferring => "running".into(),
        None => String::new(),
    };
    if !took.is_empty() {
        text::push_spaces(&mut line, (bars + 1).saturating_sub(text::width(bar)));
        line.push_str(&took);
    }
    line
}

/// The stretch of time that the bars lie on.
struct Axis {
    start: i64,
    end: i64,
    columns: usize,
}

impl Axis {
    /// From the first creation to the latest time known.
    fn over(jobs: &[Job<'_>], columns: usize) -> Option<Self> {
        let created = || jobs.iter().filter_map(Job::created_at);
        let finished = jobs.iter().filter_map(Job::finished_at);
        let start = created().min()?.unix_millis();
        let end = created().chain(finished).max()?.unix_millis();
        // A lone instant still gets a stretch to lie on.
        Some(Self {
            start,
            end: end.max(start + 60_000),
            columns: columns.max(1),
        })
    }

    /// The column a time falls in.
    fn column(&self, time: i64) -> usize {
        let last = self.columns.saturating_sub(1);
        let passed = i128::from(time.clamp(self.start, self.end) - self.start);
        let column = passed * last as i128 / i128::from(self.end - self.start);
        usize::try_from(column).map_or(last, |column| column.min(last))
    }

    /// A job's bar with the spaces before it: at least one column, so that none is overlooked.
    fn bar(&self, created: Timestamp, job: &Job<'_>, style: Style) -> String {
        let from = self.column(created.unix_millis());
        let is_open = job.finished_at().is_none() && !job.is_finished();
        let to = match job.finished_at() {
            Some(finished) => self.column(finished.unix_millis()).max(from),
            None if is_open => self.columns.saturating_sub(1),
            // It ended, nobody knows when.
            None => from,
        };
        let (fill, tip) = match (&job.status, style.ascii) {
            _ if is_open => (
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

    /// The times under which the bars stand, and a rule with a tick at each.
    fn scale(&self, indent: usize, style: Style) -> [String; 2] {
        let mut labels = String::new();
        let mut rule: Vec<char> = vec![if style.ascii { '-' } else { '─' }; self.columns];
        text::push_spaces(&mut labels, indent);
        let step = self.step();
        let mut tick = self
            .start
            .div_euclid(step)
            .saturating_add(1)
            .saturating_mul(step);
        let mut day = None;
        while tick <= self.end {
            let column = self.column(tick);
            let (shown, date) = tick_label(tick, step, day.as_deref());
            let free = indent + column >= text::width(&labels) + usize::from(day.is_some());
            if free && column + text::width(&shown) <= self.columns {
                let gap = (indent + column).saturating_sub(text::width(&labels));
                text::push_spaces(&mut labels, gap);
                labels.push_str(&shown);
                day = Some(date);
                if let Some(place) = rule.get_mut(column) {
                    *place = if style.ascii { '+' } else { '┬' };
                }
            }
            tick = tick.saturating_add(step);
        }
        let mut ruler = String::new();
        text::push_spaces(&mut ruler, indent);
        ruler.extend(rule);
        [style.dim(labels.trim_end()), style.dim(&ruler)]
    }

    fn title(&self, style: Style) -> String {
        let show = |millis| {
            Timestamp::from_unix_millis(millis).map_or_else(String::new, super::table::minute)
        };
        let dash = if style.ascii { "-" } else { "–" };
        let span = u64::try_from(self.end - self.start).unwrap_or_default();
        format!(
            "{} {dash} {} UTC, {}",
            show(self.start),
            show(self.end),
            text::took(std::time::Duration::from_millis(span))
        )
    }

    /// The smallest round step between ticks that leaves room for their labels.
    fn step(&self) -> i64 {
        const MINUTE: i64 = 60_000;
        const HOUR: i64 = 60 * MINUTE;
        const DAY: i64 = 24 * HOUR;
        const STEPS: [i64; 18] = [
            MINUTE,
            2 * MINUTE,
            5 * MINUTE,
            10 * MINUTE,
            15 * MINUTE,
            30 * MINUTE,
            HOUR,
            2 * HOUR,
            3 * HOUR,
            6 * HOUR,
            12 * HOUR,
            DAY,
            2 * DAY,
            7 * DAY,
            14 * DAY,
            30 * DAY,
            90 * DAY,
            365 * DAY,
        ];
        let ticks = i64::try_from(self.columns / 13).unwrap_or(i64::MAX).max(1);
        let least = (self.end - self.start) / ticks;
        STEPS
            .into_iter()
            .find(|step| *step >= least)
            // Centuries: still no more ticks than fit.
            .unwrap_or_else(|| least.max(365 * DAY))
    }
}

/// `03:00`, with the date in front of the first tick of a day; the date alone for whole days.
fn tick_label(tick: i64, step: i64, day: Option<&str>) -> (String, String) {
    let text = Timestamp::from_unix_millis(tick).map_or_else(String::new, super::table::minute);
    let date = text.get(..10).unwrap_or_default().to_owned();
    let (month_and_day, time) = (text.get(5..10), text.get(11..));
    let shown = if step >= 86_400_000 {
        date.clone()
    } else if day == Some(date.as_str()) {
        time.unwrap_or_default().to_owned()
    } else {
        format!(
            "{} {}",
            month_and_day.unwrap_or_default(),
            time.unwrap_or_default()
        )
    };
    (shown, date)
}

/// How many jobs there are of each status, with the marks that stand before them.
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
    use super::super::samples;
    use super::*;

    fn plain(width: usize, ascii: bool) -> Style {
        Style {
            color: false,
            ascii,
            width: Some(width),
        }
    }

    #[test]
    fn the_picture_is_this() {
        assert_eq!(
            lines(&samples::jobs(), plain(80, true)),
            [
                "2024-08-19 02:27 - 2024-08-19 05:00 UTC, 2h 32m",
                "                                     08-19 03:00     04:00",
                "                             --------+---------------+-----------------",
                "+ DRS-6813                   #                                          1m 48s",
                "x 备份迁移任务-订单库-华北-4         xxxxxxxxxxxxxxxxx                  1h 00m",
                "> DRS-7000                                                            > running",
                "? odd                        (no time of creation)",
                "> 1 transferring   + 1 success   x 1 failed   ? 1 other",
            ]
        );
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [40, 60, 80, 120, 200] {
            for ascii in [true, false] {
                for line in lines(&samples::jobs(), plain(width, ascii)) {
                    assert!(text::width(&line) <= width, "{width}: {line:?}");
                }
            }
        }
    }

    #[test]
    fn one_job_without_an_end_fills_the_axis() {
        let jobs = [samples::job(
            "a",
            "a",
            JobStatus::Transferring,
            "2024-08-19T02:00:00Z",
            None,
        )];
        let shown = lines(&jobs, plain(60, true));
        assert!(shown[3].contains("=====>"), "{shown:#?}");
    }

    #[test]
    fn a_bar_covers_its_stretch_of_the_axis_and_at_least_one_column() {
        let axis = Axis {
            start: 0,
            end: 100,
            columns: 101,
        };
        for (time, column) in [(0, 0), (1, 1), (50, 50), (100, 100), (-5, 0), (500, 100)] {
            assert_eq!(axis.column(time), column);
        }
    }

    #[test]
    fn years_and_ages_draw_no_more_ticks_than_fit() {
        for finish in [
            "2024-08-19T02:27:16Z",
            "2024-09-30T00:00:00Z",
            "9999-12-31T23:59:59Z",
        ] {
            let jobs = [samples::job(
                "a",
                "a",
                JobStatus::Success,
                "0001-01-01T00:00:00Z",
                Some(finish),
            )];
            let shown = lines(&jobs, plain(80, true));
            assert!(shown[2].matches('+').count() <= 7, "{shown:#?}");
        }
    }
}
