//! The time axis of a timeline.

use drs_backup_jobs::{Job, Timestamp};
use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Span};

use super::style::Style;
use super::text;
use crate::time::Zone;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Columns from one tick to the next at least: room for `08-19 03:00`.
const TICK_WIDTH: usize = 13;

/// The span of time of the bars, in milliseconds since 1970.
pub(super) struct Axis<'a> {
    start: i64,
    end: i64,
    columns: usize,
    zone: &'a Zone,
}

impl<'a> Axis<'a> {
    /// From the first creation to the latest known time, which is `now` while a job is running.
    pub(super) fn over(
        jobs: &[Job<'_>],
        now: Timestamp,
        columns: usize,
        zone: &'a Zone,
    ) -> Option<Self> {
        let created = || jobs.iter().filter_map(Job::created_at);
        let finished = jobs.iter().filter_map(Job::finished_at);
        let is_running = jobs
            .iter()
            .any(|job| is_open(job) && job.created_at().is_some());
        let start = created().min()?.unix_millis();
        let end = created()
            .chain(finished)
            .chain(is_running.then_some(now))
            .max()?;
        // A single instant still needs a span.
        Some(Self {
            start,
            end: end.unix_millis().max(start + MINUTE),
            columns: columns.max(1),
            zone,
        })
    }

    /// The column of a time.
    pub(super) fn column(&self, time: Timestamp) -> usize {
        let last = self.columns.saturating_sub(1);
        let since_start = i128::from(time.unix_millis().clamp(self.start, self.end) - self.start);
        let column = since_start * last as i128 / i128::from(self.end - self.start);
        usize::try_from(column).map_or(last, |column| column.min(last))
    }

    /// `2024-08-19 02:27 – 2024-08-19 05:00 Asia/Shanghai, 2h 32m`.
    pub(super) fn title(&self, style: Style) -> String {
        let show = |millis| {
            Timestamp::from_unix_millis(millis)
                .map_or_else(String::new, |time| self.zone.minute(time))
        };
        let dash = if style.ascii { "-" } else { "–" };
        let span = u64::try_from(self.end - self.start).unwrap_or_default();
        format!(
            "{} {dash} {} {}, {}",
            show(self.start),
            show(self.end),
            self.zone.name(),
            text::took(std::time::Duration::from_millis(span))
        )
    }

    /// The times above the bars, and a rule with a tick at each.
    pub(super) fn scale(&self, indent: usize, style: Style) -> [String; 2] {
        let mut labels = String::new();
        let mut rule: Vec<char> = vec![if style.ascii { '-' } else { '─' }; self.columns];
        text::push_spaces(&mut labels, indent);
        let step = self.step();
        let mut day = None;
        for (tick, local) in self.ticks(step) {
            let column = self.column(tick);
            let label = label(local, step, day);
            let is_free = indent + column >= text::width(&labels) + usize::from(day.is_some());
            if is_free && column + text::width(&label) <= self.columns {
                let gap = (indent + column).saturating_sub(text::width(&labels));
                text::push_spaces(&mut labels, gap);
                labels.push_str(&label);
                day = Some(local.date());
                if let Some(place) = rule.get_mut(column) {
                    *place = if style.ascii { '+' } else { '┬' };
                }
            }
        }
        let mut ruler = String::new();
        text::push_spaces(&mut ruler, indent);
        ruler.extend(rule);
        [style.dim(labels.trim_end()), style.dim(&ruler)]
    }

    /// The instants at which local clocks show a multiple of `step`, with what they show. A day of 23
    /// or 25 hours has as many ticks as its clocks show round times.
    fn ticks(&self, step: i64) -> impl Iterator<Item = (Timestamp, DateTime)> {
        let first =
            Timestamp::from_unix_millis(self.start).map(|start| self.zone.local_time(start).date());
        let days = (step / DAY).max(1);
        let first = first.and_then(|date| align(date, days));
        let step = Span::new().try_minutes(step / MINUTE).ok();
        let locals = first
            .zip(step)
            .into_iter()
            .flat_map(|(date, step)| date.to_datetime(Time::midnight()).series(step));
        locals
            .flat_map(|local| self.zone.instants(local).map(move |tick| (tick, local)))
            .skip_while(|(tick, _)| tick.unix_millis() < self.start)
            .take_while(|(tick, _)| tick.unix_millis() <= self.end)
    }

    /// The smallest round step that leaves room for the labels.
    fn step(&self) -> i64 {
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
        let ticks = i64::try_from(self.columns / TICK_WIDTH).unwrap_or(i64::MAX);
        let least = (self.end - self.start) / ticks.max(1);
        let found = STEPS.into_iter().find(|step| *step >= least);
        // Centuries: still no more ticks than fit.
        found.unwrap_or_else(|| (least / DAY + 1).max(365) * DAY)
    }
}

/// Whether a job's end is still to come.
pub(super) fn is_open(job: &Job<'_>) -> bool {
    job.finished_at().is_none() && !job.is_finished()
}

/// The last day before `date`, or `date`, whose number since 1970 is a multiple of `days`.
fn align(date: Date, days: i64) -> Option<Date> {
    let epoch = Date::new(1970, 1, 1).ok()?;
    let number = date.duration_since(epoch).as_secs() / (DAY / SECOND);
    let excess = SignedDuration::from_hours(number.rem_euclid(days).checked_mul(24)?);
    date.checked_sub(excess).ok()
}

/// `03:00`, with the date before the first tick of a day; only the date for whole days.
fn label(local: DateTime, step: i64, day: Option<Date>) -> String {
    let format = match day {
        _ if step >= DAY => "%F",
        Some(day) if day == local.date() => "%H:%M",
        _ => "%m-%d %H:%M",
    };
    local.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis<'a>(start: &str, end: &str, columns: usize, zone: &'a Zone) -> Axis<'a> {
        let millis = |text: &str| Timestamp::parse(text).unwrap().unix_millis();
        Axis {
            start: millis(start),
            end: millis(end),
            columns,
            zone,
        }
    }

    #[test]
    fn places_times_in_proportion_and_clamps_them() {
        let utc = Zone::utc();
        let axis = Axis {
            start: 0,
            end: 100,
            columns: 101,
            zone: &utc,
        };
        for (time, column) in [(0, 0), (1, 1), (50, 50), (100, 100), (-5, 0), (500, 100)] {
            let time = Timestamp::from_unix_millis(time).unwrap();
            assert_eq!(axis.column(time), column);
        }
    }

    #[test]
    fn ticks_fall_on_round_local_times_also_when_clocks_change() {
        for (zone, start, end, ticks) in [
            (
                "America/New_York",
                "2024-11-03T04:00:00Z",
                "2024-11-04T05:00:00Z",
                &["00:00", "06:00", "12:00", "18:00", "00:00"][..],
            ),
            (
                "America/New_York",
                "2024-11-03T05:00:00Z",
                "2024-11-03T08:00:00Z",
                &["01:00", "01:00", "02:00", "03:00"],
            ),
            (
                "America/New_York",
                "2024-03-10T06:00:00Z",
                "2024-03-10T08:00:00Z",
                &["01:00", "03:00", "04:00"],
            ),
            (
                "Asia/Kolkata",
                "2024-03-10T06:00:00Z",
                "2024-03-10T08:00:00Z",
                &["12:00", "13:00"],
            ),
        ] {
            let named = Zone::named(zone);
            let axis = axis(start, end, 200, &named);
            let step = if ticks.len() == 5 { 6 * HOUR } else { HOUR };
            let shown: Vec<String> = axis
                .ticks(step)
                .map(|(_, local)| format!("{:02}:{:02}", local.hour(), local.minute()))
                .collect();
            assert_eq!(shown, ticks, "{zone} {start}");
        }
    }

    #[test]
    fn steps_of_days_stay_the_same_whatever_the_first_day() {
        let utc = Zone::utc();
        let ticks = |start: &str| -> Vec<String> {
            let axis = axis(start, "2024-09-30T00:00:00Z", 80, &utc);
            let ticks = axis.ticks(14 * DAY);
            ticks.map(|(_, local)| local.date().to_string()).collect()
        };
        assert_eq!(
            ticks("2024-08-10T00:00:00Z")[1..],
            ticks("2024-08-20T00:00:00Z")
        );
    }
}
