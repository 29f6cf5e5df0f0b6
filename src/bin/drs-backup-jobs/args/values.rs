//! Parsers of option values.

use std::ffi::OsStr;
use std::time::Duration;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use drs_backup_jobs::emulator::parse_duration;
use drs_backup_jobs::{JobStatus, Language, Region, SortDir, SortKey};

/// A duration; zero is allowed.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| {
        // clap repeats the value itself.
        let message = error.to_string();
        let rule = message.split_once("\": ").map(|(_, rule)| rule.to_owned());
        rule.unwrap_or(message)
    })
}

/// A duration longer than zero.
pub(crate) fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("must be longer than zero".to_owned()),
        duration => Ok(duration),
    }
}

/// A number. The standard library's message speaks of digits in strings.
pub(crate) fn number(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| format!("must be a whole number up to {}", u32::MAX))
}

/// Any text; shells complete the known ones.
#[derive(Clone)]
pub(crate) struct Suggested(fn() -> Vec<&'static str>);

impl TypedValueParser for Suggested {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}

/// Statuses, in the spelling that needs no quotes in a shell.
pub(crate) fn statuses() -> Suggested {
    Suggested(|| {
        let known = JobStatus::KNOWN.iter().map(JobStatus::as_str);
        known
            .map(|text| {
                if text == "PRECHECK FAILED" {
                    "PRECHECK-FAILED"
                } else {
                    text
                }
            })
            .collect()
    })
}

pub(crate) fn sort_keys() -> Suggested {
    Suggested(|| SortKey::KNOWN.iter().map(SortKey::as_str).collect())
}

pub(crate) fn sort_directions() -> Suggested {
    Suggested(|| SortDir::KNOWN.iter().map(SortDir::as_str).collect())
}

pub(crate) fn languages() -> Suggested {
    Suggested(|| Language::KNOWN.iter().map(Language::as_str).collect())
}

pub(crate) fn regions() -> Suggested {
    Suggested(|| Region::KNOWN.iter().map(Region::as_str).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_a_zero_duration_only_where_it_makes_no_sense() {
        assert_eq!(duration("0ms"), Ok(Duration::ZERO));
        assert!(positive_duration("0ms").is_err());
        assert_eq!(positive_duration("1h30m"), Ok(Duration::from_secs(90 * 60)));
    }
}
