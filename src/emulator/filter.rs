//! Which jobs a filter lets pass, and how two jobs are ordered.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::job::EmulatedJob;
use super::query::{Filter, TimeFilter};
use crate::job::SortKey;
use crate::timestamp::Timestamp;

impl Filter {
    /// Whether every job passes.
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
        // What is cheapest to tell comes first.
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
    /// Whether the job's time lies in the second asked for, or, written out, begins like the text.
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

/// What a job is sorted by; jobs without it come before all others.
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
            // Unknown keys are refused before they come here.
            SortKey::CreatedAt | SortKey::Other(_) => {
                Self::Time(job.job.created_at(), job.job.create_time.as_ref().into())
            }
        }
    }
}
