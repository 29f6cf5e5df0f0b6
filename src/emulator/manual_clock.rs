//! A clock for tests.

use alloc::sync::Arc;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::timestamp::Timestamp;

/// A clock for tests of retries, deadlines and watches.
///
/// Only [`advance`](Self::advance) and sleeps move it. A sleep returns at once. Clones share the
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
    /// The time since 1970 when the clock was created.
    started: Duration,
    times: Arc<Mutex<Times>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    elapsed: Duration,
    slept: Duration,
}

impl ManualClock {
    /// Creates a clock at 2024-08-20T00:00:00Z, some hours after the newest sample job of an
    /// emulator.
    #[must_use]
    pub fn new() -> Self {
        Self::since(Duration::from_secs(1_724_112_000))
    }

    /// Creates a clock at this time; 1970-01-01T00:00:00Z for an earlier one.
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

    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        let mut times = self.lock();
        times.elapsed = times.elapsed.saturating_add(duration);
    }

    /// Returns the sum of all sleeps.
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
        self.lock().elapsed
    }

    fn unix_time(&self) -> Duration {
        self.started.saturating_add(self.now())
    }

    fn sleep(&self, duration: Duration) {
        let mut times = self.lock();
        times.elapsed = times.elapsed.saturating_add(duration);
        times.slept = times.slept.saturating_add(duration);
    }
}
