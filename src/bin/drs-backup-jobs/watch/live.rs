//! The jobs under way, redrawn in place, with what happened above them.

use std::time::{Duration, Instant};

use drs_backup_jobs::{Job, JobStatus, Timestamp};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure::Failure;
use crate::output::{Style, jobs_in_words, shown_name, text};
use crate::progress::take_down_when_interrupted;
use crate::terminal;

/// A few lines at the bottom of the terminal.
pub(super) struct Live {
    bar: ProgressBar,
    style: Style,
    looked_at: Option<Instant>,
}

impl Live {
    /// Whether standard output is a terminal on which lines can be redrawn.
    pub(super) fn can_be_drawn() -> bool {
        !ProgressDrawTarget::stdout().is_hidden()
    }

    /// An empty view, which is taken down before a signal ends the program.
    pub(super) fn start(style: Style) -> Result<Self, Failure> {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout());
        bar.set_style(
            ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_message(format!("looking {}", style.ellipsis()));
        bar.tick();
        take_down_when_interrupted(&bar)?;
        Ok(Self {
            bar,
            style,
            looked_at: None,
        })
    }

    /// Puts a line above the view, where it stays.
    pub(super) fn tell(&mut self, line: &str) {
        self.bar.println(line);
    }

    pub(super) fn looked(&mut self) {
        self.looked_at = Some(Instant::now());
    }

    /// Draws the view of these jobs, as it is at `now`.
    pub(super) fn draw<'a>(
        &mut self,
        jobs: impl Iterator<Item = &'a Job<'static>>,
        now: Option<Timestamp>,
    ) {
        let (columns, rows) = terminal::columns_and_rows();
        let style = Style {
            width: Some(columns.saturating_sub(1)),
            ..self.style
        };
        let jobs: Vec<_> = jobs.collect();
        let ago = self.looked_at.map(|at| at.elapsed());
        // Half the terminal is for what happened.
        let lines = view(&jobs, now, ago, style, (rows / 2).max(4));
        self.bar.set_message(lines.join("\n"));
        self.bar.tick();
    }

    /// Takes the view down; what happened stays.
    pub(super) fn close(&self) {
        self.bar.finish_and_clear();
    }
}

/// What the view shows of `jobs` in at most `rows` lines, looked at so long `ago`.
fn view(
    jobs: &[&Job<'_>],
    now: Option<Timestamp>,
    ago: Option<Duration>,
    style: Style,
    rows: usize,
) -> Vec<String> {
    let columns = style.width.unwrap_or(80);
    let mut lines = vec![String::new(), summary(jobs, ago, columns, style)];
    if jobs.is_empty() {
        return lines;
    }
    lines.push(ended(jobs, columns, style));
    let failure = last_failure(jobs, columns, style);
    let mut running: Vec<&Job<'_>> = jobs
        .iter()
        .copied()
        .filter(|job| !job.is_finished())
        .collect();
    running.sort_by_key(|job| job.created_at());
    // What the lines above, the failure and "and … more" leave.
    let room = rows.saturating_sub(lines.len() + usize::from(failure.is_some()) + 1);
    let names = running
        .iter()
        .take(room)
        .map(|job| text::width(&shown_name(job)))
        .max()
        .unwrap_or_default()
        .min(columns / 2);
    for job in running.iter().take(room) {
        lines.push(under_way(job, now, names, style));
    }
    if running.len() > room {
        let more = format!("  and {} more under way", running.len() - room);
        lines.push(text::cut(&more, columns, style.ellipsis()).into_owned());
    }
    lines.extend(failure);
    lines
}

/// `35 jobs   ▶ 6 transferring   ✓ 21 success   ✗ 8 failed   looked 3s ago`. Jobs of a status that
/// is not known are counted as others, so that the counts add up.
fn summary(jobs: &[&Job<'_>], ago: Option<Duration>, columns: usize, style: Style) -> String {
    let mut line = jobs_in_words(jobs.len() as u64);
    let mut width = line.len();
    let others = JobStatus::from("OTHERS");
    let counted_as = |job: &Job<'_>| {
        let mut known = JobStatus::KNOWN.iter();
        known.find(|known| **known == job.status).unwrap_or(&others)
    };
    for status in JobStatus::KNOWN.iter().chain([&others]) {
        let count = jobs.iter().filter(|job| counted_as(job) == status).count();
        if count > 0 {
            let part = format!(
                "{} {count} {}",
                style.mark(status),
                status.as_str().to_lowercase()
            );
            if width + 3 + text::width(&part) <= columns {
                width += 3 + text::width(&part);
                line.push_str("   ");
                line.push_str(&style.paint(&part, status));
            }
        }
    }
    let looked = ago.map(|ago| format!("   looked {}s ago", ago.as_secs()));
    if let Some(looked) = looked.filter(|looked| width + looked.len() <= columns) {
        line.push_str(&style.dim(&looked));
    }
    line
}

/// How many jobs have ended, as a bar: those that ended well, then those that did not.
fn ended(jobs: &[&Job<'_>], columns: usize, style: Style) -> String {
    let ended = jobs.iter().filter(|job| job.is_finished()).count();
    let succeeded = jobs
        .iter()
        .filter(|job| job.status == JobStatus::Success)
        .count();
    let label = format!("  {ended} of {} ended", jobs.len());
    let cells = columns.saturating_sub(label.len()).min(40);
    let share = |count: usize| count * cells / jobs.len().max(1);
    let (well, badly) = (share(succeeded), share(ended) - share(succeeded));
    let [full, bad, empty] = if style.ascii {
        ["#", "x", "."]
    } else {
        ["█", "▒", "·"]
    };
    format!(
        "{}{}{}{label}",
        style.paint(&full.repeat(well), &JobStatus::Success),
        style.paint(&bad.repeat(badly), &JobStatus::Failed),
        style.dim(&empty.repeat(cells.saturating_sub(well + badly))),
    )
}

/// `▶ DRS-6813   1h 05m`: a job, and how long it has been under way.
fn under_way(job: &Job<'_>, now: Option<Timestamp>, names: usize, style: Style) -> String {
    let mut line = style.paint(style.mark(&job.status), &job.status);
    line.push(' ');
    text::push_padded(
        &mut line,
        &text::cut(&shown_name(job), names, style.ellipsis()),
        names,
    );
    let running = now
        .zip(job.created_at())
        .and_then(|(now, created)| now.duration_since(created));
    if let Some(running) = running {
        line.push_str("  ");
        line.push_str(&text::took(running));
    }
    line
}

/// The failure that came last, and why.
fn last_failure(jobs: &[&Job<'_>], columns: usize, style: Style) -> Option<String> {
    let job = jobs
        .iter()
        .filter(|job| job.is_finished() && job.status != JobStatus::Success)
        .max_by_key(|job| job.finished_at())?;
    let mut shown = format!("last failure: {}", shown_name(job));
    if let Some(reason) = job.error_log.as_deref() {
        shown.push_str(": ");
        shown.push_str(&text::one_line(reason));
    }
    Some(style.paint(&text::cut(&shown, columns, style.ellipsis()), &job.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(name: &'static str, status: JobStatus) -> Job<'static> {
        let mut job = Job::new(name);
        job.name = name.into();
        job.status = status;
        job.create_time = "2024-08-19T02:00:00Z".into();
        job
    }

    const NOW: Option<Timestamp> = Timestamp::from_unix_millis(1_724_036_400_000);

    fn narrow(columns: usize) -> Style {
        Style {
            width: Some(columns),
            ..Style::PLAIN
        }
    }

    #[test]
    fn the_view_shows_what_runs_and_what_failed_last() {
        let mut failed = job("备份", JobStatus::Failed);
        failed.error_log = Some("no space".into());
        let jobs = [
            job("a", JobStatus::Success),
            job("orders", JobStatus::Transferring),
            failed,
            job("b", JobStatus::Success),
        ];
        let jobs: Vec<_> = jobs.iter().collect();
        assert_eq!(
            view(&jobs, NOW, Some(Duration::from_secs(3)), narrow(80), 12),
            [
                "",
                "4 jobs   ▶ 1 transferring   ✓ 2 success   ✗ 1 failed   looked 3s ago",
                "████████████████████▒▒▒▒▒▒▒▒▒▒··········  3 of 4 ended",
                "▶ orders  1h 00m",
                "last failure: 备份: no space",
            ]
        );
    }

    #[test]
    fn the_counts_add_up_though_a_status_is_unknown() {
        let jobs = [
            job("a", JobStatus::Transferring),
            job("b", JobStatus::from("PAUSED")),
            job("c", JobStatus::from("QUEUED")),
        ];
        let jobs: Vec<_> = jobs.iter().collect();
        assert_eq!(
            summary(&jobs, None, 80, Style::PLAIN),
            "3 jobs   ▶ 1 transferring   ? 2 others"
        );
    }

    #[test]
    fn the_view_keeps_to_its_rows_and_columns() {
        let jobs: Vec<_> = (0..500)
            .map(|_| job("备份迁移任务", JobStatus::Transferring))
            .collect();
        let jobs: Vec<_> = jobs.iter().collect();
        for (rows, columns) in [(4, 20), (12, 40), (30, 79)] {
            let shown = view(&jobs, NOW, None, narrow(columns), rows);
            assert!(shown.len() <= rows.max(4), "{shown:#?}");
            assert!(
                shown.iter().all(|line| text::width(line) <= columns),
                "{shown:#?}"
            );
        }
        assert_eq!(view(&[], NOW, None, narrow(80), 12), ["", "0 jobs"]);
    }
}
