//! The one parser of durations, for fault texts and for the command's options.

use core::time::Duration;

use crate::error::Error;

/// A hundred years in milliseconds: a practical maximum that can be added to any time without
/// overflow.
const MAX_MILLIS: u64 = 36_500 * 86_400_000;

/// The units, from the longest to the shortest, in milliseconds.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

/// Parses a duration such as `500ms`, `10s`, `2m`, `1h`, `1h30m` or `2d`.
///
/// Whole numbers, each followed by its unit: `d`, `h`, `m`, `s` or `ms`. Several are added up, from
/// the longest unit to the shortest, each unit at most once. The longest duration is 100 years
/// (`36500d`).
///
/// ```
/// use std::time::Duration;
/// use drs_backup_jobs::emulator::parse_duration;
///
/// assert_eq!(parse_duration("1h30m")?, Duration::from_secs(5400));
/// assert!(parse_duration("10").is_err());
/// # Ok::<(), drs_backup_jobs::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the text has another form or is
/// longer than 100 years.
pub fn parse_duration(text: &str) -> Result<Duration, Error> {
    parse(text).map_err(|rule| Error::invalid("duration", text, rule))
}

fn parse(text: &str) -> Result<Duration, &'static str> {
    const FORM: &str = "must be numbers with units, such as 500ms, 10s, 2m, 1h30m or 2d";
    const TOO_LONG: &str = "must be at most 36500d";
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut total = 0_u64;
    loop {
        let (number, after) = split_at_first(rest, |ch| !ch.is_ascii_digit());
        let (unit, after) = split_at_first(after, |ch| ch.is_ascii_digit());
        if number.is_empty() {
            return Err(FORM);
        }
        if unit.is_empty() {
            return Err("must have a unit after each number: ms, s, m, h or d");
        }
        // The search goes on after the last unit, so that they are in order and none repeats.
        let (_, millis) = units.find(|(known, _)| *known == unit).ok_or(FORM)?;
        let number = number.parse::<u64>().ok();
        let sum = number
            .and_then(|number| number.checked_mul(*millis)?.checked_add(total))
            .filter(|sum| *sum <= MAX_MILLIS);
        total = sum.ok_or(TOO_LONG)?;
        rest = after;
        if rest.is_empty() {
            return Ok(Duration::from_millis(total));
        }
    }
}

fn split_at_first(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    let at = text.find(ends).unwrap_or(text.len());
    text.split_at_checked(at).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn accepts_numbers_with_units_from_the_longest_to_the_shortest() {
        for (text, millis) in [
            ("500ms", 500),
            ("10s", 10_000),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("1h30m", 5_400_000),
            ("2d", 172_800_000),
            ("1d2h3m4s5ms", 93_784_005),
            ("1m500ms", 60_500),
            ("90m", 5_400_000),
            ("0s", 0),
            ("36500d", 3_153_600_000_000),
        ] {
            assert_eq!(
                parse_duration(text).unwrap(),
                Duration::from_millis(millis),
                "{text}"
            );
        }
    }

    #[test]
    fn rejects_everything_else_and_states_the_rule() {
        for (text, rule) in [
            ("", "1h30m"),
            ("s", "1h30m"),
            ("1.5s", "1h30m"),
            ("-1s", "1h30m"),
            ("+1s", "1h30m"),
            ("10 s", "1h30m"),
            ("10S", "1h30m"),
            (" 1s", "1h30m"),
            ("1s ", "1h30m"),
            ("１s", "1h30m"),
            ("1mss", "1h30m"),
            ("30m1h", "1h30m"),
            ("1h1h", "1h30m"),
            ("1h,30m", "1h30m"),
            ("1备", "1h30m"),
            ("10", "unit"),
            ("1h30", "unit"),
            ("36500d1ms", "36500d"),
            ("18446744073709551615h", "36500d"),
            ("99999999999999999999s", "36500d"),
        ] {
            let error = format!("{}", parse_duration(text).unwrap_err());
            assert!(error.contains(rule), "{text:?}: {error}");
            assert!(error.contains(&format!("{text:?}")), "{text:?}: {error}");
        }
    }
}
