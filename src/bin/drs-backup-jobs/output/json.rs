//! Jobs as JSON in the service's shape and under its field names.

use drs_backup_jobs::Job;
use serde::ser::{Serialize, SerializeMap as _, SerializeStruct as _, Serializer};

use super::fields;

/// A job's fields on the wire; what it lacks is left out.
pub(crate) struct WireJob<'a>(pub(crate) &'a Job<'a>);

impl Serialize for WireJob<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in fields::of(self.0) {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

/// `{"count":…,"jobs":[…]}`.
pub(crate) struct WirePage<'a> {
    pub(crate) count: u64,
    pub(crate) jobs: &'a [Job<'a>],
}

impl Serialize for WirePage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut page = serializer.serialize_struct("JobPage", 2)?;
        page.serialize_field("count", &self.count)?;
        page.serialize_field("jobs", &Jobs(self.jobs))?;
        page.end()
    }
}

struct Jobs<'a>(&'a [Job<'a>]);

impl Serialize for Jobs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(WireJob))
    }
}
