//! Cancelling the work of a client from another thread.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Cancels everything a client does, from any thread.
///
/// Set it with [`ClientBuilder::cancel_token`](crate::ClientBuilder::cancel_token). Clones share
/// one state, which changes once: a token that is cancelled stays cancelled. From then on
///
/// - sleeps of the client end at once: delays between retries, between polls of a watch or a wait,
///   and under a rate limit;
/// - no further request is sent, and one in flight is interrupted as far as the transport can: see
///   [`Request::cancel_token`](crate::transport::Request::cancel_token);
/// - calls return [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled).
///
/// ```
/// use drs_backup_jobs::CancelToken;
///
/// let token = CancelToken::new();
/// let in_a_signal_handler = token.clone();
/// in_a_signal_handler.cancel();
/// assert!(token.is_cancelled());
/// ```
#[derive(Clone, Default)]
pub struct CancelToken(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    cancelled: Condvar,
}

#[derive(Default)]
struct State {
    is_cancelled: bool,
    next_hook: u64,
    hooks: Vec<(u64, Box<dyn FnOnce() + Send>)>,
}

impl CancelToken {
    /// Creates a token that is not cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels the token. Further calls have no effect.
    pub fn cancel(&self) {
        let hooks = {
            let mut state = self.lock();
            state.is_cancelled = true;
            core::mem::take(&mut state.hooks)
        };
        self.0.cancelled.notify_all();
        // Outside the lock: a hook may use the token.
        for (_, hook) in hooks {
            hook();
        }
    }

    /// Returns whether the token is cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.lock().is_cancelled
    }

    /// Sleeps for `duration`, or until the token is cancelled. Returns whether it is cancelled.
    pub fn sleep(&self, duration: Duration) -> bool {
        let waited = self
            .0
            .cancelled
            .wait_timeout_while(self.lock(), duration, |state| !state.is_cancelled);
        waited
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .is_cancelled
    }

    /// Calls `hook` once when the token is cancelled, on the thread that cancels it; at once if it
    /// is cancelled already. Not called if the guard is dropped before. For transports that can
    /// interrupt a request in flight.
    #[must_use = "the hook is removed when the guard is dropped"]
    pub fn on_cancel(&self, hook: impl FnOnce() + Send + 'static) -> CancelGuard {
        let mut state = self.lock();
        let id = state.next_hook;
        if state.is_cancelled {
            drop(state);
            hook();
        } else {
            state.next_hook = id.wrapping_add(1);
            state.hooks.push((id, Box::new(hook)));
        }
        CancelGuard {
            token: self.clone(),
            id,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken")
            .field("is_cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// Removes a hook of [`CancelToken::on_cancel`] when dropped.
#[derive(Debug)]
pub struct CancelGuard {
    token: CancelToken,
    id: u64,
}

impl Drop for CancelGuard {
    fn drop(&mut self) {
        self.token.lock().hooks.retain(|(id, _)| *id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn cancel_wakes_every_sleeping_clone() {
        let token = CancelToken::new();
        thread::scope(|scope| {
            let sleepers: Vec<_> = (0..3)
                .map(|_| {
                    let token = token.clone();
                    scope.spawn(move || token.sleep(LONG))
                })
                .collect();
            token.cancel();
            for sleeper in sleepers {
                assert!(sleeper.join().unwrap());
            }
        });
        assert!(token.sleep(LONG), "a cancelled token does not sleep");
    }

    #[test]
    fn sleep_returns_false_when_nothing_cancels() {
        assert!(!CancelToken::new().sleep(Duration::ZERO));
    }

    #[test]
    fn runs_hooks_once_and_removes_those_whose_guard_is_dropped() {
        let token = CancelToken::new();
        let (calls, called) = mpsc::channel();
        let hook = |name: &'static str| {
            let calls = calls.clone();
            move || calls.send(name).unwrap()
        };
        let kept = token.on_cancel(hook("kept"));
        drop(token.on_cancel(hook("dropped")));
        token.cancel();
        token.cancel();
        let late = token.on_cancel(hook("late"));
        assert_eq!(called.try_iter().collect::<Vec<_>>(), ["kept", "late"]);
        drop((kept, late));
    }
}
