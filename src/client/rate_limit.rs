//! The minimum time between requests, over all clones of a client.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;

/// Assigns the times at which requests may start.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    interval: Duration,
    next: Mutex<Duration>,
}

impl RateLimiter {
    pub(crate) fn new(interval: Duration) -> Self {
        Self {
            interval,
            next: Mutex::new(Duration::ZERO),
        }
    }

    /// Waits for the next free slot, takes it and returns how long it waited. Returns `None`, and
    /// takes none, if that slot is `remaining` away or more.
    pub(crate) fn wait(&self, clock: &dyn Clock, remaining: Duration) -> Option<Duration> {
        if self.interval.is_zero() {
            return Some(Duration::ZERO);
        }
        let now = clock.now();
        let delay = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let delay = next.saturating_sub(now);
            if delay >= remaining {
                return None;
            }
            *next = now.saturating_add(delay).saturating_add(self.interval);
            delay
        };
        if !delay.is_zero() {
            clock.sleep(delay);
        }
        Some(delay)
    }
}
