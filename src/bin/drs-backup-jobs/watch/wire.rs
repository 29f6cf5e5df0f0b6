//! Events as JSON for programs.

use drs_backup_jobs::{Error, Event, Timestamp};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::failure::with_causes;

/// `{"event":"finished","time":"…","job":{…},"from":{…}}`, or `{"event":"poll_failed","error":"…"}`.
pub(super) struct WireEvent<'a> {
    pub(super) event: Result<&'a Event, &'a Error>,
    pub(super) now: Option<Timestamp>,
}

impl Serialize for WireEvent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (what, job) = match self.event {
            Ok(event) => (event.name(), Some(event.job())),
            Err(_) => ("poll_failed", None),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("event", what)?;
        if let Some(now) = self.now {
            map.serialize_entry("time", &now.to_string())?;
        }
        if let Some(job) = job {
            map.serialize_entry("job", job)?;
        }
        match self.event {
            Ok(event) => {
                if let Some(from) = event.previous() {
                    map.serialize_entry("from", from)?;
                }
            }
            Err(error) => map.serialize_entry("error", &with_causes(error))?,
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drs_backup_jobs::Job;

    #[test]
    fn an_event_for_programs_holds_the_job_before_and_after() {
        let job = |status: &str| {
            let mut job = Job::new("0667");
            job.status = status.into();
            job
        };
        let mut to = job("FAILED");
        to.error_log = Some("no\nspace".into());
        let event = Event::Finished {
            from: job("TRANSFERRING"),
            to,
        };
        let text = serde_json::to_string(&WireEvent {
            event: Ok(&event),
            now: Timestamp::from_unix_millis(1_724_034_543_250),
        })
        .unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["event"], "finished");
        assert_eq!(value["time"], "2024-08-19T02:29:03.250Z");
        assert_eq!(value["job"]["status"], "FAILED");
        assert_eq!(value["from"]["status"], "TRANSFERRING");
        assert_eq!(value["job"]["error_log"], "no\nspace");
    }
}
