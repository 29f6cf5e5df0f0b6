//! Points in time, and the forms in which the service writes them. [`dates`] has those of headers.

use core::fmt;
use core::time::Duration;

mod dates;

/// A point in time, to the millisecond, in UTC.
///
/// [`parse`](Self::parse) accepts every form that this service and similar ones write. Displayed as
/// `2024-08-19T02:27:15Z`, with milliseconds if they are not zero.
///
/// ```
/// use drs_backup_jobs::Timestamp;
///
/// let time = Timestamp::parse("2024-08-19 02:27:15").unwrap();
/// assert_eq!(time.unix_millis(), 1_724_034_435_000);
/// assert_eq!(time.to_string(), "2024-08-19T02:27:15Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    unix_millis: i64,
}

/// The years 0 to 9999, so that every value prints with four digits of year.
const FIRST_MILLI: i64 = -62_167_219_200_000;
const LAST_MILLI: i64 = 253_402_300_799_999;

impl Timestamp {
    /// Creates the time `millis` milliseconds after 1970-01-01T00:00:00Z; `None` outside of the
    /// years 0 to 9999.
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Option<Self> {
        if millis < FIRST_MILLI || millis > LAST_MILLI {
            return None;
        }
        Some(Self {
            unix_millis: millis,
        })
    }

    /// Creates the time `since_1970` after 1970-01-01T00:00:00Z; `None` after the year 9999.
    #[must_use]
    pub fn from_unix(since_1970: Duration) -> Option<Self> {
        Self::from_unix_millis(i64::try_from(since_1970.as_millis()).ok()?)
    }

    /// Returns the milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_millis(self) -> i64 {
        self.unix_millis
    }

    /// Returns the time from `earlier` to this one; `None` if this one is before it.
    #[must_use]
    pub fn duration_since(self, earlier: Self) -> Option<Duration> {
        // Both are within ten thousand years: no overflow.
        u64::try_from(self.unix_millis - earlier.unix_millis)
            .ok()
            .map(Duration::from_millis)
    }

    /// Parses `2024-08-19T02:27:15Z`, with `T`, `t` or a space in the middle, a fraction of any
    /// length (truncated to milliseconds), and `Z`, `z`, an offset like `+08:00` or `+0800`, or no
    /// zone (taken as UTC). Digits alone are seconds since 1970 if there are ten of them,
    /// milliseconds if thirteen, and `YYYYMMDDhhmmss` in UTC if fourteen.
    ///
    /// `None` for any other text, and for a date that does not exist.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        match (text.len(), digits(text, 10..=14)) {
            (10, Some(seconds)) => return Self::from_unix_millis(seconds * 1000),
            (13, Some(millis)) => return Self::from_unix_millis(millis),
            (14, Some(_)) => return Self::parse_compact(text),
            _ => {}
        }
        let (date, rest) = text.split_at_checked(10)?;
        let (separator, rest) = rest.split_first()?;
        let (time, rest) = rest.split_at_checked(8)?;
        let ([y @ .., b'-', m1, m2, b'-', d1, d2], b'T' | b't' | b' ') = (date, separator) else {
            return None;
        };
        let [h1, h2, b':', min1, min2, b':', s1, s2] = time else {
            return None;
        };
        let seconds = unix_seconds(
            (
                digits(y, 4..=4)?,
                digits(&[*m1, *m2], 2..=2)?,
                digits(&[*d1, *d2], 2..=2)?,
            ),
            (
                digits(&[*h1, *h2], 2..=2)?,
                digits(&[*min1, *min2], 2..=2)?,
                digits(&[*s1, *s2], 2..=2)?,
            ),
        )?;
        let (millis, rest) = fraction(rest)?;
        let offset = match rest {
            [] | [b'Z' | b'z'] => 0,
            [sign @ (b'+' | b'-'), h1, h2, minutes @ ..] => {
                let minutes = match minutes {
                    [b':', m1, m2] | [m1, m2] => digits(&[*m1, *m2], 2..=2)?,
                    [] => 0,
                    _ => return None,
                };
                let hours = digits(&[*h1, *h2], 2..=2)?;
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let offset = hours * 3600 + minutes * 60;
                if *sign == b'+' { offset } else { -offset }
            }
            _ => return None,
        };
        Self::from_unix_millis((seconds - offset) * 1000 + millis)
    }

    /// Parses `YYYYMMDDhhmmss`.
    fn parse_compact(text: &[u8]) -> Option<Self> {
        let (year, rest) = text.split_at_checked(4)?;
        let mut pairs = rest.chunks(2).map(|pair| digits(pair, 2..=2));
        let mut next = || pairs.next().flatten();
        let date = (digits(year, 4..=4)?, next()?, next()?);
        let time = (next()?, next()?, next()?);
        Self::from_unix_millis(unix_seconds(date, time)? * 1000)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = Civil::of(*self);
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        )?;
        if c.millis != 0 {
            write!(f, ".{:03}", c.millis)?;
        }
        f.write_str("Z")
    }
}

impl core::str::FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or(ParseTimestampError(()))
    }
}

#[cfg(feature = "std")]
impl From<Timestamp> for std::time::SystemTime {
    fn from(time: Timestamp) -> Self {
        let distance = Duration::from_millis(time.unix_millis.unsigned_abs());
        if time.unix_millis < 0 {
            Self::UNIX_EPOCH - distance
        } else {
            Self::UNIX_EPOCH + distance
        }
    }
}

/// The error of parsing a [`Timestamp`]: the text has none of the forms that [`Timestamp::parse`]
/// accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseTimestampError(());

impl fmt::Display for ParseTimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "invalid time: expected a form like 2024-08-19T02:27:15Z, or milliseconds since 1970",
        )
    }
}

impl core::error::Error for ParseTimestampError {}

/// The number in `text`, if it is all digits and its length is as expected (at most 15, so that
/// nothing overflows, not even as seconds times a thousand).
fn digits(text: &[u8], length: core::ops::RangeInclusive<usize>) -> Option<i64> {
    if !length.contains(&text.len()) || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(
        text.iter()
            .fold(0, |number, digit| number * 10 + i64::from(digit - b'0')),
    )
}

/// Milliseconds of a leading fraction like `.701000`, and what follows it.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', rest @ ..] = text else {
        return Some((0, text));
    };
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (fraction, rest) = rest.split_at_checked(length)?;
    if fraction.is_empty() {
        return None;
    }
    let digit = |at| {
        fraction
            .get(at)
            .map_or(0, |digit: &u8| i64::from(digit - b'0'))
    };
    Some((digit(0) * 100 + digit(1) * 10 + digit(2), rest))
}

fn unix_seconds(
    (year, month, day): (i64, i64, i64),
    (hour, minute, second): (i64, i64, i64),
) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    // A leap second (60) is the first second of the next minute here: Unix time has none.
    if !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(days_before(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Days from 1970-01-01 to a date. Years are counted from March, so that the leap day is the last
/// of its year, and in eras of 400 years, after which the calendar repeats.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// A point in time as the calendar and the clock show it.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    millis: i64,
}

impl Civil {
    fn of(time: Timestamp) -> Self {
        let seconds = time.unix_millis.div_euclid(1000);
        let (days, second_of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // The inverse of `days_before`.
        let (era, day_of_era) = (
            (days + 719_468).div_euclid(146_097),
            (days + 719_468).rem_euclid(146_097),
        );
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = (month_from_march + 2) % 12 + 1;
        Self {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            hour: second_of_day / 3600,
            minute: second_of_day / 60 % 60,
            second: second_of_day % 60,
            millis: time.unix_millis.rem_euclid(1000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn parses_every_form_the_service_writes() {
        for (text, millis) in [
            ("2024-08-19T02:27:15Z", 1_724_034_435_000),
            ("2024-08-19T02:27:15.200Z", 1_724_034_435_200),
            ("2020-12-14 21:39:07", 1_607_981_947_000),
            ("1599188556112", 1_599_188_556_112),
            ("1716879012121", 1_716_879_012_121),
            ("1599188556", 1_599_188_556_000),
            ("2020-01-04T09:05:22.701000Z", 1_578_128_722_701),
            ("2024-08-19T02:27:15+08:00", 1_724_005_635_000),
            ("2024-08-19T02:27:15-0330", 1_724_047_035_000),
            ("2024-08-19T02:27:15+08", 1_724_005_635_000),
            ("2000-02-29t23:59:59.9z", 951_868_799_900),
            ("1969-12-31T23:59:59.999Z", -1),
            ("0000-01-01T00:00:00Z", FIRST_MILLI),
            ("9999-12-31T23:59:59.999Z", LAST_MILLI),
            ("0000000000", 0),
            ("20240819022715", 1_724_034_435_000),
            ("20240229235960", 1_709_251_200_000),
        ] {
            assert_eq!(
                Timestamp::parse(text).map(Timestamp::unix_millis),
                Some(millis),
                "{text}"
            );
        }
    }

    #[test]
    fn rejects_what_is_not_a_time() {
        for text in [
            "",
            " ",
            "-",
            "0",
            "12345678",
            "159918855",
            "15991885561",
            "159918855611",
            "159918855611234",
            "20240819",
            "202408190227",
            "20241319022715",
            "20230229000000",
            "20240819246060",
            "2024",
            "2024-08-19",
            "2024-08-19T",
            "2024-08-19T02:27",
            "2024-13-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2024-04-31T00:00:00Z",
            "2024-00-01T00:00:00Z",
            "2024-01-00T00:00:00Z",
            "2024-08-19T24:00:00Z",
            "2024-08-19T02:60:00Z",
            "2024-08-19T02:27:61Z",
            "2024-08-19T02:27:15.Z",
            "2024-08-19T02:27:15ZZ",
            "2024-08-19T02:27:15+",
            "2024-08-19T02:27:15+8",
            "2024-08-19T02:27:15+24:00",
            "2024-08-19T02:27:15+08:60",
            "+024-08-19T02:27:15Z",
            "2024-08-19_02:27:15Z",
            "2024-08-19T02:27:1५",
            "9999999999999999",
            "0000-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
            "-1599188556112",
            "备份迁移任务时间",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn displayed_times_parse_back_on_every_day_of_eight_centuries() {
        for day in -146_097..146_097_i64 {
            let time =
                Timestamp::from_unix_millis(day * 86_400_000 + day.rem_euclid(86_400_000)).unwrap();
            assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
        }
        for millis in [FIRST_MILLI, -1, 0, LAST_MILLI] {
            let time = Timestamp::from_unix_millis(millis).unwrap();
            assert_eq!(time.to_string().parse(), Ok(time));
        }
    }

    #[test]
    fn rejects_times_outside_of_four_digit_years() {
        assert_eq!(Timestamp::from_unix_millis(LAST_MILLI + 1), None);
        assert_eq!(Timestamp::from_unix_millis(FIRST_MILLI - 1), None);
        assert_eq!(Timestamp::from_unix(Duration::MAX), None);
    }
}
