//! Events as JSON for programs, one object a line.

use drs_backup_jobs::{Event, Timestamp};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

/// What a line reports.
#[derive(Debug)]
pub(super) enum JsonEvent<'a> {
    /// `{"event":"finished","time":"…","job":{…},"from":{…}}`; `from` for updates and finishes.
    Job(&'a Event),
    /// `{"event":"poll_failed","time":"…","error":"…","next_attempt":"…"}`.
    PollFailed {
        reason: &'a str,
        next_attempt: Option<Timestamp>,
    },
}

/// An event and its time.
#[derive(Debug)]
pub(super) struct Timed<'a>(pub(super) JsonEvent<'a>, pub(super) Timestamp);

impl Serialize for Timed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(event, time) = self;
        let mut map = serializer.serialize_map(None)?;
        let name = match event {
            JsonEvent::Job(event) => event.name(),
            JsonEvent::PollFailed { .. } => "poll_failed",
        };
        map.serialize_entry("event", name)?;
        map.serialize_entry("time", &time.to_string())?;
        match event {
            JsonEvent::Job(event) => {
                map.serialize_entry("job", event.job())?;
                if let Some(from) = event.previous() {
                    map.serialize_entry("from", from)?;
                }
            }
            JsonEvent::PollFailed {
                reason,
                next_attempt,
            } => {
                map.serialize_entry("error", reason)?;
                let next_attempt = next_attempt.map(|time| time.to_string());
                map.serialize_entry("next_attempt", &next_attempt)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drs_backup_jobs::Job;

    #[track_caller]
    fn value(event: JsonEvent<'_>) -> serde_json::Value {
        let time = Timestamp::from_unix_millis(1_724_034_543_250).unwrap();
        serde_json::to_value(Timed(event, time)).unwrap()
    }

    #[test]
    fn an_event_holds_the_job_before_and_after() {
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
        let value = value(JsonEvent::Job(&event));
        assert_eq!(value["event"], "finished");
        assert_eq!(value["time"], "2024-08-19T02:29:03.250Z");
        assert_eq!(value["job"]["status"], "FAILED");
        assert_eq!(value["from"]["status"], "TRANSFERRING");
        assert_eq!(value["job"]["error_log"], "no\nspace");
    }

    #[test]
    fn a_failed_poll_holds_its_reason_and_the_next_attempt() {
        let value = value(JsonEvent::PollFailed {
            reason: "HTTP 503",
            next_attempt: Timestamp::from_unix_millis(1_724_034_553_250),
        });
        assert_eq!(value["event"], "poll_failed");
        assert_eq!(value["error"], "HTTP 503");
        assert_eq!(value["next_attempt"], "2024-08-19T02:29:13.250Z");
    }
}
