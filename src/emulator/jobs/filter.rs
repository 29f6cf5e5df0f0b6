//! Which jobs a query selects, and how two jobs are ordered.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::emulated_job::EmulatedJob;
use crate::job::{JobStatus, SortDir, SortKey};
use crate::timestamp::Timestamp;

/// Which jobs in which order: the same for every page of a listing. A job must match every filter
/// that is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) status: Option<JobStatus>,
    /// None for every instance.
    pub(crate) instance_ids: Vec<String>,
    pub(crate) enterprise_project_id: Option<String>,
    pub(crate) created: Option<TimeFilter>,
    pub(crate) completed: Option<TimeFilter>,
    /// Parts of name and description, in lower case.
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    /// Keys, each with the required value if there is one.
    pub(crate) tags: Vec<(String, Option<String>)>,
    pub(crate) sort: Option<(SortKey, SortDir)>,
}

/// The value of a filter on a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TimeFilter {
    /// How the job's time must begin, written as `2024-08-19T02:27:15Z`.
    prefix: String,
    /// The second of the time, if the text is a whole time.
    second: Option<i64>,
}

impl Selection {
    pub(super) fn matches(&self, emulated: &EmulatedJob) -> bool {
        let job = &emulated.job;
        let time = |filter: &Option<TimeFilter>, time: Option<&str>| {
            let matches = |filter: &TimeFilter| time.is_some_and(|time| filter.matches(time));
            filter.as_ref().is_none_or(matches)
        };
        let part = |part: &Option<String>, text: Option<&str>| {
            let contains =
                |part: &String| text.is_some_and(|text| text.to_lowercase().contains(part));
            part.as_ref().is_none_or(contains)
        };
        let has_tag = |(key, value): &(String, Option<String>)| {
            let mut values = emulated.tags.iter().filter(|(known, _)| known == key);
            values.any(|(_, known)| value.as_ref().is_none_or(|value| value == known))
        };
        // The cheap ones first.
        self.status
            .as_ref()
            .is_none_or(|status| job.status == *status)
            && (self.instance_ids.is_empty() || self.instance_ids.contains(&emulated.instance_id))
            && (self.enterprise_project_id.is_none()
                || self.enterprise_project_id.as_deref() == job.enterprise_project_id.as_deref())
            && time(&self.created, Some(&job.create_time))
            && time(&self.completed, job.finish_time.as_deref())
            && part(&self.name, Some(&job.name))
            && part(&self.description, job.description.as_deref())
            && self.tags.iter().all(has_tag)
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

pub(super) fn sort_value(emulated: &EmulatedJob, sort: Option<&SortKey>) -> SortValue {
    let job = &emulated.job;
    let text = match sort {
        Some(SortKey::Name) => &*job.name,
        Some(SortKey::DbType) => &emulated.db_type,
        Some(SortKey::InstId) => &emulated.instance_id,
        Some(SortKey::Ip) => &emulated.ip,
        Some(SortKey::Description) => job.description.as_deref().unwrap_or_default(),
        Some(SortKey::TagValue) => {
            let values = emulated.tags.iter().map(|(_, value)| value.clone());
            return (None, values.collect());
        }
        // Unknown keys are rejected with the query.
        Some(SortKey::CreatedAt | SortKey::Other(_)) => {
            let text = String::from(job.create_time.as_ref());
            return (job.created_at(), Vec::from([text]));
        }
        None => return SortValue::default(),
    };
    (None, Vec::from([text.into()]))
}
