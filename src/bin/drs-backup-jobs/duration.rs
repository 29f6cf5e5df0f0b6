//! Durations on the command line: `500ms`, `10s`, `2m`, `1h`.

use std::time::Duration;

/// Reads a number and its unit; a fraction like `1.5s` is not taken.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    const FORM: &str = "write a number and its unit: 500ms, 10s, 2m, 1h";
    let digits = text
        .find(|ch: char| !ch.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    if unit.is_empty() && !number.is_empty() {
        return Err(format!("the unit is missing: is it {text}s or {text}ms?"));
    }
    let number: u64 = number.parse().map_err(|_| FORM.to_owned())?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(FORM.to_owned()),
    };
    let total = number.checked_mul(millis).ok_or("too long")?;
    // A year is longer than anyone waits, and short enough to be added to any time of day.
    if total > 365 * 24 * 3_600_000 {
        return Err("too long: at most 8760h".to_owned());
    }
    Ok(Duration::from_millis(total))
}

/// As [`parse`], but not zero.
pub(crate) fn parse_positive(text: &str) -> Result<Duration, String> {
    match parse(text)? {
        Duration::ZERO => Err("must be longer than nothing".to_owned()),
        duration => Ok(duration),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_its_unit_are_read() {
        for (text, millis) in [
            ("500ms", 500),
            ("10s", 10_000),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("0s", 0),
            ("8760h", 31_536_000_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_form_that_is_taken() {
        for text in [
            "", "s", "1.5s", "-1s", "+1s", "10 s", "1d", "10S", " 1s", "1s ", "１s", "1mss",
        ] {
            assert!(parse(text).unwrap_err().contains("500ms"), "{text:?}");
        }
        assert!(parse("10").unwrap_err().contains("10s"));
        for text in ["18446744073709551615h", "99999999999999999999s", "8761h"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse_positive("0ms").is_err());
    }
}
