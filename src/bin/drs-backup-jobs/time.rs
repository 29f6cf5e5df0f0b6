//! Time zones, and the times of `--since` and `--until`.

use drs_backup_jobs::emulator::parse_duration;
use drs_backup_jobs::{Clock, Timestamp};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::failure::print_message;

/// The years 0 to 9999.
const FIRST: Timestamp = constant(-62_167_219_200_000);
const LAST: Timestamp = constant(253_402_300_799_999);

const fn constant(millis: i64) -> Timestamp {
    match Timestamp::from_unix_millis(millis) {
        Some(time) => time,
        None => panic!("a constant lies in the years 0 to 9999"),
    }
}

/// The time on `clock`.
pub(crate) fn now(clock: &dyn Clock) -> Timestamp {
    Timestamp::from_unix(clock.unix_time()).unwrap_or(LAST)
}

/// The zone in which times are displayed and read.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    zone: TimeZone,
    name: String,
}

impl Zone {
    pub(crate) fn utc() -> Self {
        Self {
            zone: TimeZone::UTC,
            name: "UTC".to_owned(),
        }
    }

    /// The zone of `TZ` or of the system; UTC, with a note, where `TZ` names none.
    pub(crate) fn local() -> Self {
        if let Ok(zone) = TimeZone::try_system() {
            Self::of(zone)
        } else {
            if let Some(name) = std::env::var_os("TZ") {
                print_message(
                    "note",
                    &format!("unknown time zone TZ={}; times are in UTC", name.display()),
                );
            }
            Self::utc()
        }
    }

    #[cfg(test)]
    pub(crate) fn named(name: &str) -> Self {
        Self::of(TimeZone::get(name).unwrap())
    }

    fn of(zone: TimeZone) -> Self {
        let name = match zone.iana_name() {
            Some("Etc/UTC" | "Etc/UCT" | "UCT" | "Zulu" | "Etc/Zulu") => "UTC".to_owned(),
            Some(name) => name.to_owned(),
            None if zone.is_unknown() => "UTC".to_owned(),
            // A rule such as TZ=CST-8 has no name but what it calls itself now.
            None => zone
                .to_offset_info(jiff::Timestamp::now())
                .abbreviation()
                .to_owned(),
        };
        Self { zone, name }
    }

    /// The name for a header: `Asia/Shanghai`, `UTC`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// `2024-08-19 02:27`.
    pub(crate) fn minute(&self, time: Timestamp) -> String {
        self.formatted(time, "%F %H:%M")
    }

    /// `2024-08-19 02:27:15`.
    pub(crate) fn second(&self, time: Timestamp) -> String {
        self.formatted(time, "%F %T")
    }

    /// `02:27:15`.
    pub(crate) fn time_of_day(&self, time: Timestamp) -> String {
        self.formatted(time, "%T")
    }

    fn formatted(&self, time: Timestamp, format: &str) -> String {
        self.local_time(time).strftime(format).to_string()
    }

    /// What the zone's time is called at `time`: `EDT`, `CST`, `+08`.
    pub(crate) fn abbreviation(&self, time: Timestamp) -> String {
        let info = self.zone.to_offset_info(instant(time));
        info.abbreviation().to_owned()
    }

    /// Seconds east of UTC at `time`.
    pub(crate) fn offset(&self, time: Timestamp) -> i32 {
        self.zone.to_offset(instant(time)).seconds()
    }

    pub(crate) fn local_time(&self, time: Timestamp) -> DateTime {
        self.zone.to_datetime(instant(time))
    }

    /// When the clocks of the zone show `local`: twice at the end of summer time, never at its
    /// beginning.
    pub(crate) fn instants(&self, local: DateTime) -> impl Iterator<Item = Timestamp> {
        let offsets = match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => [Some(offset), None],
            AmbiguousOffset::Fold { before, after } => [Some(before), Some(after)],
            AmbiguousOffset::Gap { .. } => [None, None],
        };
        offsets.into_iter().flatten().filter_map(move |offset| {
            let time = offset.to_timestamp(local).ok()?;
            Timestamp::from_unix_millis(time.as_millisecond())
        })
    }
}

/// The years 0 to 9999 are within the range of jiff, except for a day at each end.
fn instant(time: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(time.unix_millis()).unwrap_or(jiff::Timestamp::MAX)
}

/// A time as people write it, before it is known what time it is now and where.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Moment {
    /// This number of milliseconds ago.
    Ago(i64),
    /// A day, in local time.
    Day(Date),
    /// This number of days before today.
    DaysAgo(i64),
    /// A local date and time.
    Local(DateTime),
    /// A local time of day: the latest that has been.
    TimeOfDay(Time),
    /// A time with its offset.
    Instant(Timestamp),
}

const FORMS: &str = "expected a duration ago (24h, 7d), a date (2024-08-19), a time (22:30, \
                     2024-08-19T02:27:15, 2024-08-19T02:27:15+08:00), today or yesterday";

impl Moment {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text {
            "now" => return Ok(Self::Ago(0)),
            "today" => return Ok(Self::DaysAgo(0)),
            "yesterday" => return Ok(Self::DaysAgo(1)),
            _ => {}
        }
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && matches!(text.len(), 10 | 13) {
            // Seconds or milliseconds since 1970, as logs have them.
            return Timestamp::parse(text)
                .map(Self::Instant)
                .ok_or(FORMS.to_owned());
        }
        if is_number && text.len() == 14 {
            // 20240819022715, as sister operations of the service write it.
            let (date, time) = text.split_at(8);
            return Self::parse(&format!("{date}T{time}"));
        }
        let is_compact = text.len() > 8 && text.get(8..9) == Some("T");
        let is_date = is_number && text.len() == 8;
        if !is_date && !is_compact && !text.contains([':', '-']) {
            let ago = parse_duration(text).map_err(not_a_time)?;
            let millis = i64::try_from(ago.as_millis()).map_err(not_a_time)?;
            return Ok(Self::Ago(millis));
        }
        if !text.contains([':', 'T', 't', ' ']) {
            return text.parse().map(Self::Day).map_err(not_a_time);
        }
        if text.len() <= "22:30:15".len() && text.get(2..3) == Some(":") {
            return text.parse().map(Self::TimeOfDay).map_err(not_a_time);
        }
        let has_offset = text.ends_with(['Z', 'z'])
            || text.get(10..).is_some_and(|time| time.contains(['+', '-']));
        if has_offset {
            let instant: jiff::Timestamp = text.parse().map_err(not_a_time)?;
            return Timestamp::from_unix_millis(instant.as_millisecond())
                .map(Self::Instant)
                .ok_or(FORMS.to_owned());
        }
        text.parse().map(Self::Local).map_err(not_a_time)
    }

    /// The first instant that is meant.
    pub(crate) fn start(self, now: Timestamp, zone: &Zone) -> Timestamp {
        match self {
            Self::Instant(time) => time,
            Self::Ago(millis) => {
                Timestamp::from_unix_millis(now.unix_millis() - millis).unwrap_or(FIRST)
            }
            Self::Day(date) => first_of(zone, date.to_datetime(Time::midnight())),
            Self::DaysAgo(days) => Self::Day(days_before(now, days, zone)).start(now, zone),
            Self::Local(local) => first_of(zone, local),
            Self::TimeOfDay(time) => {
                let start = first_of(zone, days_before(now, 0, zone).to_datetime(time));
                if start <= now {
                    return start;
                }
                first_of(zone, days_before(now, 1, zone).to_datetime(time))
            }
        }
    }

    /// The last instant that is meant: a day lasts to its end, a time that clocks show twice is the
    /// later one, and a time of day comes after `since`.
    pub(crate) fn end(self, now: Timestamp, zone: &Zone, since: Option<Timestamp>) -> Timestamp {
        match self {
            Self::Day(date) => {
                let next = date.tomorrow().ok();
                let end = next.map(|next| first_of(zone, next.to_datetime(Time::midnight())));
                end.and_then(|end| Timestamp::from_unix_millis(end.unix_millis() - 1))
                    .unwrap_or(LAST)
            }
            Self::DaysAgo(days) => Self::Day(days_before(now, days, zone)).end(now, zone, since),
            Self::Local(local) => last_of(zone, local),
            Self::TimeOfDay(time) => {
                let end = self.start(now, zone);
                let date = zone.local_time(end).date();
                let next = date.tomorrow().unwrap_or(date);
                let is_before_since = since.is_some_and(|since| end < since);
                let day = if is_before_since { next } else { date };
                last_of(zone, day.to_datetime(time))
            }
            Self::Ago(_) | Self::Instant(_) => self.start(now, zone),
        }
    }
}

/// The local day that is `days` before the day of `now`.
fn days_before(now: Timestamp, days: i64, zone: &Zone) -> Date {
    let today = zone.local_time(now).date();
    let duration = jiff::SignedDuration::from_hours(24 * days);
    today.checked_sub(duration).unwrap_or(today)
}

/// The first instant at which the clocks show `local`. A time that they skip at the beginning of
/// summer time is as long after the gap's beginning.
fn first_of(zone: &Zone, local: DateTime) -> Timestamp {
    within_years(local, zone.zone.to_ambiguous_timestamp(local).compatible())
}

/// As [`first_of`], the last one.
fn last_of(zone: &Zone, local: DateTime) -> Timestamp {
    within_years(local, zone.zone.to_ambiguous_timestamp(local).later())
}

/// A time beyond the years 0 to 9999 is their end: no job is there.
fn within_years(local: DateTime, time: Result<jiff::Timestamp, jiff::Error>) -> Timestamp {
    let time = time.ok();
    let time = time.and_then(|time| Timestamp::from_unix_millis(time.as_millisecond()));
    time.unwrap_or(if local.year() < 5000 { FIRST } else { LAST })
}

fn not_a_time<E>(_: E) -> String {
    FORMS.to_owned()
}
