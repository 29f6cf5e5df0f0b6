//! Jobs as JSON.

use drs_backup_jobs::{Job, Timestamp};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::Layout;
use super::columns::{Column, duration};

/// A job with the keys that `--columns` chose, or all that it has.
pub(super) struct JsonJob<'a> {
    pub(super) job: &'a Job<'a>,
    pub(super) layout: &'a Layout,
    pub(super) now: Timestamp,
}

impl Serialize for JsonJob<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.layout.columns.is_empty() {
            return self.job.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        for column in &self.layout.columns {
            match column {
                Column::Duration => {
                    let seconds = duration(self.job, self.now).map(|duration| duration.as_secs());
                    map.serialize_entry(column.name(), &seconds)?;
                }
                Column::Field(_) => map.serialize_entry(column.name(), &column.field(self.job))?,
            }
        }
        map.end()
    }
}

/// Jobs in the service's form of a page.
pub(super) struct JsonPage<'a> {
    pub(super) count: u64,
    pub(super) jobs: &'a [Job<'a>],
    pub(super) layout: &'a Layout,
    pub(super) now: Timestamp,
}

impl Serialize for JsonPage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let jobs: Vec<JsonJob<'_>> = self
            .jobs
            .iter()
            .map(|job| JsonJob {
                job,
                layout: self.layout,
                now: self.now,
            })
            .collect();
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("count", &self.count)?;
        map.serialize_entry("jobs", &jobs)?;
        map.end()
    }
}
