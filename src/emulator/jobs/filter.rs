//! Which jobs a query selects, and how two jobs are ordered.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::emulated_job::EmulatedJob;
use crate::job::{JobStatus, SortDir, SortKey};
use crate::timestamp::Timestamp;

/// Which jobs in which order: the same for every page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// A job must match all of them.
    pub(crate) filters: Vec<Filter>,
    pub(crate) sort: Option<(SortKey, SortDir)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// A part of the name, in lower case.
    Name(String),
    Status(JobStatus),
    InstanceIds(Vec<String>),
    /// A part of the description, in lower case.
    Description(String),
    Created(TimeFilter),
    Completed(TimeFilter),
    EnterpriseProjectId(String),
    /// Keys, each with the required value if there is one.
    Tags(Vec<(String, Option<String>)>),
}

/// The value of a filter on a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TimeFilter {
    /// How the job's time must begin, written as `2024-08-19T02:27:15Z`.
    prefix: String,
    /// The second of the time, if the text is a whole time.
    second: Option<i64>,
}

impl Filter {
    pub(super) fn matches(&self, emulated: &EmulatedJob) -> bool {
        let job = &emulated.job;
        let contains = |text: &str, part: &str| text.to_lowercase().contains(part);
        let is =
            |text: &Option<_>, matches: &dyn Fn(&str) -> bool| text.as_deref().is_some_and(matches);
        match self {
            Self::Name(part) => contains(&job.name, part),
            Self::Status(status) => job.status == *status,
            Self::InstanceIds(ids) => ids.contains(&emulated.instance_id),
            Self::Description(part) => is(&job.description, &|text| contains(text, part)),
            Self::Created(filter) => filter.matches(&job.create_time),
            Self::Completed(filter) => is(&job.finish_time, &|time| filter.matches(time)),
            Self::EnterpriseProjectId(id) => is(&job.enterprise_project_id, &|own| own == id),
            Self::Tags(tags) => tags.iter().all(|(key, value)| {
                let mut own = emulated.tags.iter().filter(|(own, _)| own == key);
                own.any(|(_, own)| value.as_ref().is_none_or(|value| value == own))
            }),
        }
    }
}

impl TimeFilter {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            prefix: text.replacen(' ', "T", 1),
            second: Timestamp::parse(text).map(|time| time.unix_millis().div_euclid(1000)),
        }
    }

    /// Whether the job's time lies in the filter's second, or begins with its text.
    fn matches(&self, time: &str) -> bool {
        let Some(time) = Timestamp::parse(time) else {
            return time.starts_with(&self.prefix);
        };
        match self.second {
            Some(second) => time.unix_millis().div_euclid(1000) == second,
            None => format!("{time}").starts_with(&self.prefix),
        }
    }
}

/// The value a job is sorted by: its time if that is the key, then its texts. Jobs without one come
/// first in ascending order.
pub(super) type SortValue = (Option<Timestamp>, Vec<String>);

pub(super) fn sort_value(emulated: &EmulatedJob, key: &SortKey) -> SortValue {
    let job = &emulated.job;
    let text = match key {
        SortKey::Name => &*job.name,
        SortKey::DbType => &emulated.db_type,
        SortKey::InstId => &emulated.instance_id,
        SortKey::Ip => &emulated.ip,
        SortKey::Description => job.description.as_deref().unwrap_or_default(),
        SortKey::TagValue => {
            let values = emulated.tags.iter().map(|(_, value)| value.clone());
            return (None, values.collect());
        }
        // Unknown keys are rejected with the query.
        SortKey::CreatedAt | SortKey::Other(_) => {
            return (
                job.created_at(),
                Vec::from([job.create_time.as_ref().into()]),
            );
        }
    };
    (None, Vec::from([text.into()]))
}
