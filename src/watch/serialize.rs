//! Events and outcomes for `serde`.

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::event::Event;
use super::wait::WaitOutcome;

/// `{"event": …, "job": {…}}`, and `"from": {…}` if the event has a previous job.
impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let previous = self.previous();
        let mut map = serializer.serialize_map(Some(2 + usize::from(previous.is_some())))?;
        map.serialize_entry("event", self.name())?;
        map.serialize_entry("job", self.job())?;
        if let Some(from) = previous {
            map.serialize_entry("from", from)?;
        }
        map.end()
    }
}

/// `{"outcome": …, "job": {…}}`.
impl Serialize for WaitOutcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("outcome", self.name())?;
        map.serialize_entry("job", self.job())?;
        map.end()
    }
}
