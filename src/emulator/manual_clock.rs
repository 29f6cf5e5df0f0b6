//! A clock that moves when it is told to.

use alloc::sync::Arc;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::timestamp::Timestamp;

/// A clock that stands still until it is [advanced](Self::advance), or until someone sleeps by it,
/// which takes no time at all: for tests of retries, deadlines and watches. Clones are the same
/// clock.
///
/// ```
/// use std::time::Duration;
/// use drs_backup_jobs::{Clock, emulator::ManualClock};
///
/// let clock = ManualClock::new();
/// clock.sleep(Duration::from_secs(3600));
/// clock.advance(Duration::from_secs(1));
/// assert_eq!(clock.now(), Duration::from_secs(3601));
/// assert_eq!(clock.total_slept(), Duration::from_secs(3600));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock {
    /// The time since 1970 at which it started.
    started: Duration,
    times: Arc<Mutex<Times>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    passed: Duration,
    slept: Duration,
}

impl ManualClock {
    /// A clock that shows 2024-08-20T00:00:00Z: some hours after the newest of the jobs that an
    /// emulator makes from a seed.
    #[must_use]
    pub fn new() -> Self {
        Self::since(Duration::from_secs(1_724_112_000))
    }

    /// A clock that shows this time; before 1970 it shows 1970.
    #[must_use]
    pub fn starting_at(time: Timestamp) -> Self {
        let millis = u64::try_from(time.unix_millis()).unwrap_or_default();
        Self::since(Duration::from_millis(millis))
    }

    fn since(started: Duration) -> Self {
        Self {
            started,
            times: Arc::default(),
        }
    }

    /// Lets this much time pass.
    pub fn advance(&self, duration: Duration) {
        let mut times = self.lock();
        times.passed = times.passed.saturating_add(duration);
    }

    /// How long was slept by this clock, over all sleeps.
    #[must_use]
    pub fn total_slept(&self) -> Duration {
        self.lock().slept
    }

    fn lock(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        self.lock().passed
    }

    fn unix_time(&self) -> Duration {
        self.started.saturating_add(self.now())
    }

    fn sleep(&self, duration: Duration) {
        let mut times = self.lock();
        times.passed = times.passed.saturating_add(duration);
        times.slept = times.slept.saturating_add(duration);
    }
}
