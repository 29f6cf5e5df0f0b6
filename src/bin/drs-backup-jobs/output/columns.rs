//! The columns of a job, under the names of its fields.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use drs_backup_jobs::{Job, Timestamp};

/// A field of a job, or its duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// The field of this name.
    Field(&'static str),
    /// From creation to finish, or to now for a running job.
    Duration,
}

impl Column {
    pub(crate) const ID: Self = Self::Field("id");
    pub(crate) const NAME: Self = Self::Field("name");
    pub(crate) const STATUS: Self = Self::Field("status");
    pub(crate) const ENGINE: Self = Self::Field("engine_type");
    pub(crate) const REASON: Self = Self::Field("error_log");
    pub(crate) const DESCRIPTION: Self = Self::Field("description");
    pub(crate) const CREATED: Self = Self::Field("create_time");
    pub(crate) const FINISHED: Self = Self::Field("finish_time");
    pub(crate) const ENTERPRISE_PROJECT: Self = Self::Field("enterprise_project_id");

    /// The name in `--columns`, csv, tsv and JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Field(name) => name,
            Self::Duration => "duration",
        }
    }

    /// The job's own text; `None` for a missing field, and for the duration.
    pub(crate) fn field<'a>(self, job: &'a Job<'_>) -> Option<&'a str> {
        let Self::Field(name) = self else { return None };
        job.fields().find(|(field, _)| *field == name)?.1
    }
}

/// All nine fields.
pub(crate) fn fields() -> Vec<Column> {
    Job::FIELD_NAMES.into_iter().map(Column::Field).collect()
}

/// How long a job took, or has been running until `now`.
pub(crate) fn duration(job: &Job<'_>, now: Timestamp) -> Option<std::time::Duration> {
    if job.is_finished() {
        job.duration()
    } else {
        now.duration_since(job.created_at()?)
    }
}

const ALL: &[Column] = &[
    Column::ID,
    Column::NAME,
    Column::STATUS,
    Column::ENGINE,
    Column::REASON,
    Column::DESCRIPTION,
    Column::CREATED,
    Column::FINISHED,
    Column::ENTERPRISE_PROJECT,
    Column::Duration,
];

impl ValueEnum for Column {
    fn value_variants<'a>() -> &'a [Self] {
        ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let value = PossibleValue::new(self.name());
        Some(match *self {
            Self::ENGINE => value.alias("engine"),
            Self::REASON => value.aliases(["error", "reason"]),
            Self::CREATED => value.alias("created"),
            Self::FINISHED => value.alias("finished"),
            Self::ENTERPRISE_PROJECT => value.alias("enterprise_project"),
            _ => value,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_the_fields_and_the_duration() {
        let fields: Vec<&str> = fields().into_iter().map(Column::name).collect();
        let all: Vec<&str> = ALL.iter().map(|column| column.name()).collect();
        assert_eq!(all, [&fields[..], &["duration"]].concat());
    }
}
