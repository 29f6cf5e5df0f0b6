//! The minimum interval between polls, which leaves half of the gateway's quota to other programs.

use std::time::Duration;

use crate::output::text;

/// The gateway allows 200 requests in five minutes, to all programs of a project together. Polling
/// takes at most half of them: one in three seconds.
const TIME_PER_REQUEST: Duration = Duration::from_secs(3);

/// Whether the user knows how far the interval is stretched.
#[derive(Debug)]
pub(super) struct Quota {
    interval: Duration,
    /// The stretched interval that the user knows of.
    announced: Duration,
}

impl Quota {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            interval,
            announced: interval,
        }
    }

    /// The note for an interval that is stretched after a poll of `requests` requests: once, and
    /// again when the interval has doubled.
    pub(super) fn note(&mut self, requests: u64) -> Option<String> {
        let least = least_delay(requests);
        let is_due = if self.announced == self.interval {
            least > self.interval
        } else {
            least >= self.announced.saturating_mul(2)
        };
        if !is_due {
            return None;
        }
        self.announced = least;
        let requests = match requests {
            1 => "1 request".to_owned(),
            _ => format!("{requests} requests"),
        };
        Some(format!(
            "the interval is stretched from {} to {}: a poll takes {requests}, and polling may take \
             half of the gateway's quota of 200 requests in 5 minutes",
            text::took(self.interval),
            text::took(least)
        ))
    }
}

/// The minimum time from the end of a poll of `requests` requests to the next one.
pub(super) fn least_delay(requests: u64) -> Duration {
    let requests = u32::try_from(requests).unwrap_or(u32::MAX);
    TIME_PER_REQUEST.saturating_mul(requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn polling_takes_at_most_half_the_quota() {
        for requests in [1, 3, 4, 50, 1000] {
            assert_eq!(requests * 300 / least_delay(requests).as_secs(), 100);
        }
    }

    #[test]
    fn a_stretched_interval_is_announced_once_and_again_when_it_doubles() {
        let mut quota = Quota::new(10 * SECOND);
        assert_eq!(quota.note(3), None);
        let note = quota.note(11).unwrap();
        assert!(note.contains("from 10s to 33s") && note.contains("11 requests"));
        assert_eq!(quota.note(12), None);
        assert_eq!(quota.note(3), None);
        assert!(quota.note(22).is_some());
    }
}
