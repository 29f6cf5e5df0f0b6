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
    pub(crate) filter: Filter,
    pub(crate) sort: Option<(SortKey, SortDir)>,
}

/// Which jobs; `None` and empty members match every job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// In lower case.
    pub(crate) name: Option<String>,
    pub(crate) status: Option<JobStatus>,
    pub(crate) instance_ids: Vec<String>,
    /// In lower case.
    pub(crate) description: Option<String>,
    pub(crate) created: Option<TimeFilter>,
    pub(crate) completed: Option<TimeFilter>,
    pub(crate) enterprise_project_id: Option<String>,
    /// Keys, each with the required value if there is one.
    pub(crate) tags: Vec<(String, Option<String>)>,
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
    /// Whether every job matches.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn matches(&self, job: &EmulatedJob) -> bool {
        let EmulatedJob {
            job: shown,
            instance_id,
            tags,
            ..
        } = job;
        // Cheap comparisons first.
        self.status
            .as_ref()
            .is_none_or(|status| shown.status == *status)
            && (self.instance_ids.is_empty() || self.instance_ids.contains(instance_id))
            && self
                .enterprise_project_id
                .as_deref()
                .is_none_or(|id| shown.enterprise_project_id.as_deref() == Some(id))
            && self.tags.iter().all(|(key, value)| {
                tags.iter()
                    .any(|tag| tag.0 == *key && value.as_ref().is_none_or(|value| tag.1 == *value))
            })
            && self
                .name
                .as_deref()
                .is_none_or(|part| shown.name.to_lowercase().contains(part))
            && self.description.as_deref().is_none_or(|part| {
                shown
                    .description
                    .as_ref()
                    .is_some_and(|text| text.to_lowercase().contains(part))
            })
            && self
                .created
                .as_ref()
                .is_none_or(|filter| filter.matches(&shown.create_time))
            && self.completed.as_ref().is_none_or(|filter| {
                shown
                    .finish_time
                    .as_deref()
                    .is_some_and(|time| filter.matches(time))
            })
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

/// The value a job is sorted by; jobs without one come first in ascending order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SortValue {
    Text(String),
    Texts(Vec<String>),
    Time(Option<Timestamp>, String),
}

impl SortValue {
    pub(super) fn of(job: &EmulatedJob, key: &SortKey) -> Self {
        match key {
            SortKey::Name => Self::Text(job.job.name.as_ref().into()),
            SortKey::DbType => Self::Text(job.db_type.clone()),
            SortKey::InstId => Self::Text(job.instance_id.clone()),
            SortKey::Ip => Self::Text(job.ip.clone()),
            SortKey::Description => {
                Self::Text(job.job.description.as_deref().unwrap_or_default().into())
            }
            SortKey::TagValue => {
                Self::Texts(job.tags.iter().map(|(_, value)| value.clone()).collect())
            }
            // Unknown keys are rejected with the query.
            SortKey::CreatedAt | SortKey::Other(_) => {
                Self::Time(job.job.created_at(), job.job.create_time.as_ref().into())
            }
        }
    }
}
