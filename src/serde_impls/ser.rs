//! Out: the service's shape and names; what a job lacks is left out.

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::error::ApiError;
use crate::job::{EngineType, Job, JobPage, JobStatus, Language, SortDir, SortKey};
use crate::timestamp::Timestamp;

/// The service's names; [`error_log`](Job::error_log) and the other optional members only where
/// the job has them.
impl Serialize for Job<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.present_fields().count()))?;
        for (key, text) in self.present_fields() {
            map.serialize_entry(key, text)?;
        }
        map.end()
    }
}

/// `{"count": …, "jobs": […]}`; the request id is no part of the body.
impl Serialize for JobPage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("count", &self.count)?;
        map.serialize_entry("jobs", &self.jobs)?;
        map.end()
    }
}

/// `{"status": …, "code": …, "message": …}` and what else there is, under the names of the fields.
impl Serialize for ApiError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", &self.status)?;
        let texts = [
            ("code", self.code.as_deref()),
            ("message", Some(&*self.message)),
            ("request_id", self.request_id.as_deref()),
            (
                "encoded_authorization_message",
                self.encoded_authorization_message.as_deref(),
            ),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                map.serialize_entry(key, text)?;
            }
        }
        map.end()
    }
}

/// As a text, such as `2024-08-19T02:27:15Z`.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

macro_rules! as_text {
    ($($name:ident)+) => {$(
        /// As the text on the wire.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )+};
}

as_text! { JobStatus EngineType SortKey SortDir Language }
