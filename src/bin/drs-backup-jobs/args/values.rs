//! Parsers of option values.

use std::ffi::OsStr;
use std::time::Duration;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use drs_backup_jobs::emulator::parse_duration;
use drs_backup_jobs::{JobStatus, Language, Region, SortDir, SortKey};

/// A duration; zero is allowed.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

/// A duration longer than zero.
pub(crate) fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("must be longer than zero".to_owned()),
        duration => Ok(duration),
    }
}

/// Any text; shells complete the known ones.
#[derive(Clone)]
pub(crate) struct Suggested(fn() -> Vec<String>);

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

fn texts<T: AsRef<str>>(known: &[T]) -> Vec<String> {
    known.iter().map(|value| value.as_ref().to_owned()).collect()
}

/// Statuses, in the spelling that needs no quotes in a shell.
pub(crate) fn statuses() -> Suggested {
    Suggested(|| {
        let known = texts(JobStatus::KNOWN);
        known.iter().map(|text| text.replace(' ', "-")).collect()
    })
}

pub(crate) fn sort_keys() -> Suggested {
    Suggested(|| texts(SortKey::KNOWN))
}

pub(crate) fn sort_directions() -> Suggested {
    Suggested(|| texts(SortDir::KNOWN))
}

pub(crate) fn languages() -> Suggested {
    Suggested(|| texts(Language::KNOWN))
}

pub(crate) fn regions() -> Suggested {
    Suggested(|| texts(Region::KNOWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_a_zero_duration_only_where_it_makes_no_sense() {
        assert_eq!(duration("0ms"), Ok(Duration::ZERO));
        assert!(positive_duration("0ms").is_err());
        assert_eq!(
            positive_duration("1h30m"),
            Ok(Duration::from_secs(90 * 60))
        );
    }
}
