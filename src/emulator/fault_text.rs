//! Faults written as text, for the command line.

use alloc::format;
use alloc::string::{String, ToString as _};
use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use super::fault::{Fault, Faults, MAX_EXTRA_BYTES, Place, Rule};
use crate::error::Error;

/// How far past the body an `overlong` answer goes if nothing else is said: over the client's cap.
const OVERLONG: usize = 17 << 20;

const KNOWN: &str = "a status such as 503 or 429:2s, html, reset, cut, late:500ms, slow:2s, \
    truncate, overlong, length:+10, drift, mistype, unknown, garbage or ok";

impl FromStr for Faults {
    type Err = Error;

    /// Reads the form that [`Faults`] documents. The empty text is no faults.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), with the part that cannot be
    /// read and what is allowed in its place.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().is_empty() {
            return Ok(Self::new());
        }
        text.split(',').try_fold(Self::new(), |faults, part| {
            let Rule { fault, place } = rule(part.trim())?;
            Ok(faults.with(fault, place))
        })
    }
}

fn refuse(part: &str, expected: &str) -> Error {
    Error::input("faults", format!("has {part:?}: expected {expected}"))
}

fn rule(text: &str) -> Result<Rule, Error> {
    let (fault_text, place) = match text.find(['@', '%']) {
        Some(at) => {
            let (fault_text, place) = text.split_at_checked(at).unwrap_or((text, ""));
            (fault_text.trim(), self::place(text, place)?)
        }
        None => (text, Place::InOrder),
    };
    let fault = match fault_text {
        "ok" if place == Place::InOrder => None,
        "ok" => {
            return Err(refuse(
                text,
                "ok alone: it lets a request pass in the order, and has no place or chance",
            ));
        }
        _ => Some(fault(fault_text)?),
    };
    Ok(Rule { fault, place })
}

fn place(whole: &str, text: &str) -> Result<Place, Error> {
    if let Some(percent) = text.strip_prefix('%') {
        return match percent.parse() {
            Ok(percent @ 0..=100) => Ok(Place::Chance { percent }),
            _ => Err(refuse(whole, "a number from 0 to 100 after %")),
        };
    }
    let text = text.trim_start_matches('@');
    let (first, last) = match text.split_once('-') {
        _ if text == "*" => {
            return Ok(Place::At {
                first: 1,
                last: u64::MAX,
            });
        }
        Some(ends) => ends,
        None => (text, text),
    };
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if 1 <= first && first <= last => Ok(Place::At { first, last }),
        _ => Err(refuse(
            whole,
            "after @ the number of a request, from 1, or two as in 2-4, or *",
        )),
    }
}

fn fault(text: &str) -> Result<Fault, Error> {
    let (name, argument) = match text.split_once(':') {
        Some((name, argument)) => (name, Some(argument)),
        None => (text, None),
    };
    let duration = || {
        argument.and_then(duration).ok_or_else(|| {
            refuse(
                text,
                "a duration such as 500ms, 10s, 2m or 1h after the colon",
            )
        })
    };
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        let status = status(text, name)?;
        return Ok(Fault::Status(
            status,
            argument.map(|_| duration()).transpose()?,
        ));
    }
    let simple = match name {
        "reset" => Some(Fault::Reset),
        "cut" => Some(Fault::AbortBody),
        "truncate" => Some(Fault::Truncate),
        "drift" => Some(Fault::TypeDrift),
        "mistype" => Some(Fault::InvalidCount),
        "unknown" => Some(Fault::UnknownFields),
        "garbage" => Some(Fault::Garbage),
        _ => None,
    };
    if let Some(fault) = simple {
        return match argument {
            None => Ok(fault),
            Some(_) => Err(refuse(text, &format!("{name} without a colon"))),
        };
    }
    match name {
        "html" => Ok(Fault::Html(match argument {
            Some(argument) => status(text, argument)?,
            None => 502,
        })),
        "late" => duration().map(Fault::Delay),
        "slow" => duration().map(Fault::SlowBody),
        "overlong" => match argument.map_or(Ok(OVERLONG), str::parse) {
            Ok(bytes @ 1..=MAX_EXTRA_BYTES) => Ok(Fault::ExtraBytes(bytes)),
            _ => Err(refuse(
                text,
                &format!("a number of bytes from 1 to {MAX_EXTRA_BYTES} after the colon"),
            )),
        },
        "length" => match argument.map(str::parse) {
            Some(Ok(difference)) if difference != 0 => Ok(Fault::Length(difference)),
            _ => Err(refuse(
                text,
                "a difference such as +10 or -10 after the colon",
            )),
        },
        _ => Err(refuse(text, KNOWN)),
    }
}

fn status(whole: &str, text: &str) -> Result<u16, Error> {
    match text.parse() {
        // Below 200 an answer is not the last; 204 and 304 have no body.
        Ok(status @ 200..=599) if !matches!(status, 204 | 304) => Ok(status),
        _ => Err(refuse(
            whole,
            "a status from 200 to 599, but not 204 or 304",
        )),
    }
}

/// Reads `500ms`, `10s`, `2m` or `1h`.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let number: u64 = number.parse().ok()?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

impl fmt::Display for Faults {
    /// Writes the text that reads back as the same faults, if it can be read: statuses, lengths
    /// and numbers of requests within the bounds that reading has, durations in whole
    /// milliseconds. Others are written as they are, and a text of them is refused or reads as
    /// what comes next to it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, rule) in self.rules.iter().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            match &rule.fault {
                Some(fault) => write!(f, "{fault}")?,
                None => f.write_str("ok")?,
            }
            match rule.place {
                Place::InOrder => {}
                Place::At {
                    first: 1,
                    last: u64::MAX,
                } => f.write_str("@*")?,
                Place::At { first, last } if first == last => write!(f, "@{first}")?,
                Place::At { first, last } => write!(f, "@{first}-{last}")?,
                Place::Chance { percent } => write!(f, "%{percent}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    /// Writes the fault as [`Faults`] documents it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status, None) => write!(f, "{status}"),
            Self::Status(status, Some(pause)) => write!(f, "{status}:{}", short(*pause)),
            Self::Html(502) => f.write_str("html"),
            Self::Html(status) => write!(f, "html:{status}"),
            Self::Reset => f.write_str("reset"),
            Self::AbortBody => f.write_str("cut"),
            Self::Delay(delay) => write!(f, "late:{}", short(*delay)),
            Self::SlowBody(span) => write!(f, "slow:{}", short(*span)),
            Self::Truncate => f.write_str("truncate"),
            Self::ExtraBytes(OVERLONG) => f.write_str("overlong"),
            Self::ExtraBytes(bytes) => write!(f, "overlong:{bytes}"),
            Self::Length(difference) => write!(f, "length:{difference:+}"),
            Self::TypeDrift => f.write_str("drift"),
            Self::InvalidCount => f.write_str("mistype"),
            Self::UnknownFields => f.write_str("unknown"),
            Self::Garbage => f.write_str("garbage"),
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
    fn every_form_reads_and_is_written_as_it_was_read() {
        for text in [
            "",
            "503",
            "429:2s",
            "200",
            "html",
            "html:504",
            "reset",
            "cut",
            "late:500ms",
            "slow:2s",
            "truncate",
            "overlong",
            "overlong:1000",
            "length:+10",
            "length:-10",
            "drift",
            "mistype",
            "unknown",
            "garbage",
            "ok",
            "503@2,503@2-4,503@*,503%5,ok,reset",
        ] {
            let faults: Faults = text.parse().unwrap();
            assert_eq!(faults.to_string(), text);
        }
        let spaced: Faults = " 503 , late:2m , reset @2".parse().unwrap();
        assert_eq!(spaced.to_string(), "503,late:120s,reset@2");
    }

    #[test]
    fn what_is_written_reads_back_within_the_bounds_and_only_there() {
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
    fn what_cannot_be_read_is_named_with_what_is_allowed() {
        for (text, part, expected) in [
            ("503,rset", "rset", "a status such as 503"),
            (",", "", "a status such as 503"),
            ("99", "99", "from 200 to 599"),
            ("204", "204", "not 204 or 304"),
            ("600", "600", "from 200 to 599"),
            ("5o3", "5o3", "from 200 to 599"),
            ("429:2", "429:2", "500ms, 10s, 2m or 1h"),
            ("429:", "429:", "500ms, 10s, 2m or 1h"),
            ("slow", "slow", "500ms, 10s, 2m or 1h"),
            (
                "late:99999999999999999999h",
                "late:9",
                "500ms, 10s, 2m or 1h",
            ),
            (
                "late:18446744073709551615h",
                "late:1",
                "500ms, 10s, 2m or 1h",
            ),
            ("reset:1", "reset:1", "reset without a colon"),
            ("html:x", "html:x", "from 200 to 599"),
            ("overlong:0", "overlong:0", "from 1 to"),
            ("overlong:999999999999", "overlong:9", "from 1 to"),
            ("length:0", "length:0", "+10 or -10"),
            ("length", "length", "+10 or -10"),
            ("503@0", "503@0", "number of a request"),
            ("503@4-2", "503@4-2", "number of a request"),
            ("503@", "503@", "number of a request"),
            ("503@x", "503@x", "number of a request"),
            ("503%101", "503%101", "0 to 100"),
            ("503%", "503%", "0 to 100"),
            ("ok@2", "ok@2", "ok alone"),
            ("备", "备", "a status such as 503"),
        ] {
            let error = text.parse::<Faults>().unwrap_err();
            let shown = error.to_string();
            assert!(shown.starts_with("faults has "), "{shown}");
            assert!(
                shown.contains(part) && shown.contains(expected),
                "{text}: {shown}"
            );
        }
    }
}
