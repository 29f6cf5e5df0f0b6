//! The text form of faults.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use super::duration::parse_duration;
use super::fault::{Fault, Faults, MAX_EXTRA_BYTES, Rule, When};
use crate::error::Error;

/// The extra bytes if no number is given: more than the client's limit.
const DEFAULT_EXTRA_BYTES: usize = 17 << 20;

const KNOWN: &str = "a status such as 503 or 429:2s, html, reset, abort-body, delay:500ms, \
    slow-body:2s, truncate, extra-bytes, length:+10, type-drift, invalid-count, unknown-fields, \
    garbage or ok";

/// What is expected in the place of an invalid part.
type Expected = &'static str;

impl FromStr for Faults {
    type Err = Error;

    /// Parses the text form of [`Faults`]; an empty text means no faults.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) with the invalid part and what is
    /// expected in its place.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().is_empty() {
            return Ok(Self::new());
        }
        let parts = text.split(',').map(str::trim);
        let rules = parts.map(|part| {
            rule(part).map_err(|why| Error::invalid("fault", part, format!("expected {why}")))
        });
        Ok(Self {
            rules: rules.collect::<Result<_, _>>()?,
        })
    }
}

fn rule(text: &str) -> Result<Rule, Expected> {
    let at = text.find(['@', '%']).unwrap_or(text.len());
    let (name, suffix) = text.split_at_checked(at).unwrap_or((text, ""));
    let when = when(suffix)?;
    let fault = match name.trim() {
        "ok" if when == When::InOrder => None,
        "ok" => return Err("ok without a position or probability"),
        name => Some(fault(name)?),
    };
    Ok(Rule { fault, when })
}

fn when(suffix: &str) -> Result<When, Expected> {
    if suffix == "@*" {
        return Ok(When::At(1..=u64::MAX));
    }
    if let Some(percent) = suffix.strip_prefix('%') {
        let percent = percent.parse().ok().filter(|percent| *percent <= 100);
        let percent = percent.ok_or("a number from 0 to 100 after %")?;
        return Ok(When::Probability { percent });
    }
    let Some(numbers) = suffix.strip_prefix('@') else {
        return Ok(When::InOrder);
    };
    let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if 1 <= first && first <= last => Ok(When::At(first..=last)),
        _ => Err("a request number from 1, a range such as 2-4, or * after @"),
    }
}

fn fault(text: &str) -> Result<Fault, Expected> {
    let (name, argument) = match text.split_once(':') {
        Some((name, argument)) => (name, Some(argument)),
        None => (text, None),
    };
    let duration = || {
        let duration = argument.and_then(|argument| parse_duration(argument).ok());
        duration.ok_or("a duration such as 500ms, 10s, 2m or 1h after the colon")
    };
    match (name, argument) {
        ("html", _) => status(argument.unwrap_or("502")).map(Fault::Html),
        ("delay", _) => duration().map(Fault::Delay),
        ("slow-body", _) => duration().map(Fault::SlowBody),
        ("extra-bytes", None) => Ok(Fault::ExtraBytes(DEFAULT_EXTRA_BYTES)),
        ("extra-bytes", Some(bytes)) => match bytes.parse() {
            Ok(bytes @ 1..=MAX_EXTRA_BYTES) => Ok(Fault::ExtraBytes(bytes)),
            _ => Err("a number of bytes from 1 to 268435456 after the colon"),
        },
        ("length", _) => match argument.map(str::parse) {
            Some(Ok(difference)) if difference != 0 => Ok(Fault::Length(difference)),
            _ => Err("a difference such as +10 or -10 after the colon"),
        },
        _ if name.starts_with(|first: char| first.is_ascii_digit()) => {
            let retry_after = argument.map(|_| duration()).transpose()?;
            Ok(Fault::Status(status(name)?, retry_after))
        }
        _ => {
            let mut named = WITHOUT_ARGUMENT.iter();
            let (_, fault) = named.find(|(known, _)| *known == name).ok_or(KNOWN)?;
            match argument {
                None => Ok(fault.clone()),
                Some(_) => Err("this fault without a colon"),
            }
        }
    }
}

const WITHOUT_ARGUMENT: &[(&str, Fault)] = &[
    ("reset", Fault::Reset),
    ("abort-body", Fault::AbortBody),
    ("truncate", Fault::Truncate),
    ("type-drift", Fault::TypeDrift),
    ("invalid-count", Fault::InvalidCount),
    ("unknown-fields", Fault::UnknownFields),
    ("garbage", Fault::Garbage),
];

fn status(text: &str) -> Result<u16, Expected> {
    match text.parse() {
        // Below 200 another response follows; 204 and 304 have no body.
        Ok(status @ 200..=599) if !matches!(status, 204 | 304) => Ok(status),
        _ => Err("a status from 200 to 599, but not 204 or 304"),
    }
}

impl fmt::Display for Faults {
    /// Writes the text form. It parses to the same faults if statuses, lengths and request numbers
    /// are within the bounds of the text form and durations are whole milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = self.rules.iter().map(|Rule { fault, when }| {
            let fault = fault.as_ref().map_or("ok".into(), Fault::to_string);
            match when {
                When::InOrder => fault,
                When::At(numbers) => match (numbers.start(), numbers.end()) {
                    (1, &u64::MAX) => fault + "@*",
                    (first, last) if first == last => format!("{fault}@{first}"),
                    (first, last) => format!("{fault}@{first}-{last}"),
                },
                When::Probability { percent } => format!("{fault}%{percent}"),
            }
        });
        f.write_str(&rules.collect::<Vec<_>>().join(","))
    }
}

impl fmt::Display for Fault {
    /// Writes the text form of [`Faults`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status, None) => write!(f, "{status}"),
            Self::Status(status, Some(retry_after)) => {
                write!(f, "{status}:{}", short(*retry_after))
            }
            Self::Html(502) => f.write_str("html"),
            Self::Html(status) => write!(f, "html:{status}"),
            Self::Delay(delay) => write!(f, "delay:{}", short(*delay)),
            Self::SlowBody(duration) => write!(f, "slow-body:{}", short(*duration)),
            Self::ExtraBytes(DEFAULT_EXTRA_BYTES) => f.write_str("extra-bytes"),
            Self::ExtraBytes(bytes) => write!(f, "extra-bytes:{bytes}"),
            Self::Length(difference) => write!(f, "length:{difference:+}"),
            other => {
                let named = WITHOUT_ARGUMENT.iter().find(|(_, fault)| fault == other);
                f.write_str(named.map_or("", |(name, _)| name))
            }
        }
    }
}

fn short(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis.is_multiple_of(1000) {
        (millis / 1000).to_string() + "s"
    } else {
        millis.to_string() + "ms"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_writes_every_form() {
        for text in [
            "",
            "503",
            "429:2s",
            "200",
            "html",
            "html:504",
            "reset",
            "abort-body",
            "delay:500ms",
            "slow-body:2s",
            "truncate",
            "extra-bytes",
            "extra-bytes:1000",
            "length:+10",
            "length:-10",
            "type-drift",
            "invalid-count",
            "unknown-fields",
            "garbage",
            "ok",
            "503@2,503@2-4,503@*,503%5,ok,reset",
        ] {
            let faults: Faults = text.parse().unwrap();
            assert_eq!(faults.to_string(), text);
        }
        let spaced: Faults = " 503 , delay:2m , reset @2".parse().unwrap();
        assert_eq!(spaced.to_string(), "503,delay:120s,reset@2");
    }

    #[test]
    fn written_text_parses_to_the_same_faults_within_the_bounds() {
        let millis = Duration::from_millis;
        let within = Faults::new()
            .then(Fault::Status(599, Some(millis(1))))
            .then(Fault::Html(200))
            .then_ok()
            .at(1..=u64::MAX, Fault::Delay(millis(60_001)))
            .at(2..=2, Fault::SlowBody(Duration::ZERO))
            .at(2..=u64::MAX, Fault::ExtraBytes(MAX_EXTRA_BYTES))
            .with_probability(255, Fault::Length(i64::MIN));
        assert_eq!(within.to_string().parse::<Faults>().unwrap(), within);
        for beyond in [
            Fault::Status(99, None),
            Fault::Html(600),
            Fault::ExtraBytes(usize::MAX),
            Fault::Length(0),
        ] {
            let text = Faults::new().then(beyond).to_string();
            assert!(text.parse::<Faults>().is_err(), "{text}");
        }
        let fine = Faults::new().then(Fault::Delay(Duration::from_micros(1500)));
        let read: Faults = fine.to_string().parse().unwrap();
        assert_eq!(read, Faults::new().then(Fault::Delay(millis(1))));
    }

    #[test]
    fn rejects_invalid_parts_and_states_what_is_expected() {
        for (text, part, expected) in [
            ("503,rset", "rset", "a status such as 503"),
            (",", "", "a status such as 503"),
            ("99", "99", "from 200 to 599"),
            ("204", "204", "not 204 or 304"),
            ("600", "600", "from 200 to 599"),
            ("5o3", "5o3", "from 200 to 599"),
            ("429:2", "429:2", "500ms, 10s, 2m or 1h"),
            ("429:", "429:", "500ms, 10s, 2m or 1h"),
            ("slow-body", "slow-body", "500ms, 10s, 2m or 1h"),
            (
                "delay:99999999999999999999h",
                "delay:9",
                "500ms, 10s, 2m or 1h",
            ),
            (
                "delay:18446744073709551615h",
                "delay:1",
                "500ms, 10s, 2m or 1h",
            ),
            ("reset:1", "reset:1", "without a colon"),
            ("html:x", "html:x", "from 200 to 599"),
            ("extra-bytes:0", "extra-bytes:0", "from 1 to"),
            ("extra-bytes:999999999999", "extra-bytes:9", "from 1 to"),
            ("length:0", "length:0", "+10 or -10"),
            ("length", "length", "+10 or -10"),
            ("503@0", "503@0", "request number"),
            ("503@4-2", "503@4-2", "request number"),
            ("503@", "503@", "request number"),
            ("503@x", "503@x", "request number"),
            ("503%101", "503%101", "0 to 100"),
            ("503%", "503%", "0 to 100"),
            ("ok@2", "ok@2", "ok without"),
            ("备", "备", "a status such as 503"),
        ] {
            let error = text.parse::<Faults>().unwrap_err();
            let shown = error.to_string();
            assert!(
                shown.contains(part) && shown.contains(expected),
                "{text}: {shown}"
            );
        }
    }
}
