//! The least time between requests, over all clones of a client.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;

/// Hands out the moments at which requests may start.
#[derive(Debug)]
pub(crate) struct Pacing {
    interval: Duration,
    next: Mutex<Duration>,
}

impl Pacing {
    pub(crate) fn new(interval: Duration) -> Self {
        Self {
            interval,
            next: Mutex::new(Duration::ZERO),
        }
    }

    /// Waits for this request's turn, unless that lies `remaining` away or more: then it is
    /// `false`, and the turn is left to others.
    pub(crate) fn wait(&self, clock: &dyn Clock, remaining: Duration) -> bool {
        if self.interval.is_zero() {
            return true;
        }
        let now = clock.now();
        let pause = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let pause = next.saturating_sub(now);
            if pause >= remaining {
                return false;
            }
            *next = now.saturating_add(pause).saturating_add(self.interval);
            pause
        };
        if !pause.is_zero() {
            clock.sleep(pause);
        }
        true
    }
}
