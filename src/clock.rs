//! Time and randomness, injected.

#[cfg(feature = "std")]
use alloc::sync::Arc;
use core::time::Duration;

#[cfg(feature = "std")]
use crate::cancel::CancelToken;

/// A clock: returns the time and sleeps.
///
/// Tests inject a clock that does not sleep. Without the feature `std` there is no default: the
/// builder requires a clock.
pub trait Clock: Send + Sync {
    /// Returns the time since some fixed moment, which never decreases: for deadlines and delays.
    fn now(&self) -> Duration;

    /// Returns the time since 1970-01-01T00:00:00Z: for signatures and the expiry of tokens.
    fn unix_time(&self) -> Duration;

    /// Sleeps for `duration`.
    fn sleep(&self, duration: Duration);

    /// Sleeps for `duration`, or until `token` is cancelled. The default implementation does not
    /// interrupt a sleep; the system's clock does.
    #[cfg(feature = "std")]
    fn sleep_unless_cancelled(&self, duration: Duration, token: &CancelToken) {
        if !token.is_cancelled() {
            self.sleep(duration);
        }
    }
}

impl<T: Clock + ?Sized> Clock for alloc::sync::Arc<T> {
    fn now(&self) -> Duration {
        (**self).now()
    }

    fn unix_time(&self) -> Duration {
        (**self).unix_time()
    }

    fn sleep(&self, duration: Duration) {
        (**self).sleep(duration);
    }

    #[cfg(feature = "std")]
    fn sleep_unless_cancelled(&self, duration: Duration, token: &CancelToken) {
        (**self).sleep_unless_cancelled(duration, token);
    }
}

/// The system's clock.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    start: std::time::Instant,
}

#[cfg(feature = "std")]
impl SystemClock {
    /// Creates a clock that counts from now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: std::time::Instant::now(),
        }
    }
}

#[cfg(feature = "std")]
impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "std")]
impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn unix_time(&self) -> Duration {
        // A clock set before 1970 is wrong anyway; the service will reject the signature.
        std::time::SystemTime::UNIX_EPOCH
            .elapsed()
            .unwrap_or_default()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn sleep_unless_cancelled(&self, duration: Duration, token: &CancelToken) {
        token.sleep(duration);
    }
}

/// The time at which a page must be complete, including retries, delays and a login.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    start: Duration,
    timeout: Duration,
}

impl Deadline {
    /// The deadline `timeout` from now.
    pub(crate) fn new(clock: &dyn Clock, timeout: Duration) -> Self {
        Self {
            start: clock.now(),
            timeout,
        }
    }

    /// The time since the deadline was set.
    pub(crate) fn elapsed(self, clock: &dyn Clock) -> Duration {
        clock.now().saturating_sub(self.start)
    }

    /// The time until the deadline; zero once it has passed.
    pub(crate) fn remaining(self, clock: &dyn Clock) -> Duration {
        self.timeout.saturating_sub(self.elapsed(clock))
    }
}

/// A clock whose sleeps end when a token is cancelled: every sleep of a client goes through its
/// clock.
#[cfg(feature = "std")]
pub(crate) struct CancellableClock {
    clock: Arc<dyn Clock>,
    token: CancelToken,
}

#[cfg(feature = "std")]
impl CancellableClock {
    pub(crate) fn new(clock: Arc<dyn Clock>, token: CancelToken) -> Self {
        Self { clock, token }
    }
}

#[cfg(feature = "std")]
impl Clock for CancellableClock {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn unix_time(&self) -> Duration {
        self.clock.unix_time()
    }

    fn sleep(&self, duration: Duration) {
        self.clock.sleep_unless_cancelled(duration, &self.token);
    }
}

/// Returns a random number from 0 to 1, which spreads retries in time.
pub(crate) type Jitter = dyn Fn() -> f64 + Send + Sync;

/// Jitter from the randomness that the standard library seeds its hash maps with.
#[cfg(feature = "std")]
pub(crate) fn random_jitter() -> f64 {
    use core::sync::atomic::{AtomicU32, Ordering};
    // Clients that fail at the same moment must not retry at the same moment. Their processes and
    // clocks differ, and the threads of one process draw different numbers. std's `RandomState`
    // would do, for 1.5 kB more in a program.
    static DRAWN: AtomicU32 = AtomicU32::new(0);
    let drawn = DRAWN.fetch_add(1, Ordering::Relaxed);
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap_or_default();
    let process = u64::from(std::process::id()) << 32;
    let seed = (u64::from(drawn) << 48) ^ process ^ u64::from(now.subsec_nanos());
    // SplitMix64: every bit of the seed changes every bit of the result.
    let mut random = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    random = (random ^ (random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    random = (random ^ (random >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    random ^= random >> 31;
    // The upper 32 bits are enough, and exact in an f64.
    f64::from((random >> 32) as u32) / f64::from(u32::MAX)
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;

    #[test]
    fn jitter_lies_between_0_and_1_and_varies() {
        let drawn: alloc::vec::Vec<f64> = (0..100).map(|_| random_jitter()).collect();
        assert!(drawn.iter().all(|jitter| (0.0..=1.0).contains(jitter)));
        assert!(drawn.windows(2).any(|pair| pair[0] < pair[1]));
    }
}
