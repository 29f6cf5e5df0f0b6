//! A value that is requested once and shared: a token, a project id.

use alloc::sync::Arc;
use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::error::{ApiError, Error, TransportError, TransportErrorKind};

/// A cached value that many threads need and one of them requests, while the others wait for it.
///
/// Invariant: at most one request is in flight. Threads that wait share its outcome, even a
/// refusal: ten threads with a wrong password must not cause ten failed logins. If the request got
/// no response, the next thread sends its own.
pub(crate) struct SingleFlight<T> {
    state: Mutex<State<T>>,
    no_longer_in_flight: Condvar,
}

struct State<T> {
    value: Option<Arc<T>>,
    /// The refusal of the last request, if it was refused.
    refusal: Option<ApiError>,
    in_flight: bool,
    /// How many requests got a response, success or refusal: a waiting thread compares it with
    /// the count before its wait to know whether the request it waited for did.
    responses: u64,
    /// How many threads have begun to wait for a request in flight.
    #[cfg(test)]
    waits: usize,
}

impl<T> SingleFlight<T> {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                value: None,
                refusal: None,
                in_flight: false,
                responses: 0,
                #[cfg(test)]
                waits: 0,
            }),
            no_longer_in_flight: Condvar::new(),
        }
    }

    /// Returns the cached value if it is `usable`; else the value that `request` returns, or the
    /// one that another thread's request in flight returns within `remaining`.
    pub(crate) fn get(
        &self,
        usable: impl Fn(&T) -> bool,
        remaining: Duration,
        request: impl FnOnce() -> Result<T, Error>,
    ) -> Result<Arc<T>, Error> {
        let mut state = self.lock();
        if let Some(value) = &state.value
            && usable(value)
        {
            return Ok(value.clone());
        }
        if state.in_flight {
            // One wait, even if other threads start further requests meanwhile.
            let responses_before = state.responses;
            #[cfg(test)]
            {
                state.waits += 1;
            }
            state = self.wait(state, remaining)?;
            if state.responses != responses_before {
                if let Some(refusal) = &state.refusal {
                    return Err(refusal.clone().into());
                }
                if let Some(value) = &state.value {
                    return Ok(value.clone());
                }
            }
        }
        state.in_flight = true;
        drop(state);

        let flight = Flight(self);
        let outcome = request();
        let mut state = self.lock();
        match outcome {
            Ok(value) => {
                let value = Arc::new(value);
                state.value = Some(value.clone());
                state.refusal = None;
                state.responses = state.responses.wrapping_add(1);
                drop(state);
                drop(flight);
                Ok(value)
            }
            Err(error) => {
                if let (Some(refusal), false) = (error.api(), error.is_transient()) {
                    state.refusal = Some(refusal.clone());
                    state.responses = state.responses.wrapping_add(1);
                }
                drop(state);
                drop(flight);
                Err(error)
            }
        }
    }

    /// Waits until no request is in flight, at most `remaining`.
    fn wait<'a>(
        &'a self,
        state: MutexGuard<'a, State<T>>,
        remaining: Duration,
    ) -> Result<MutexGuard<'a, State<T>>, Error> {
        let (state, waited) = self
            .no_longer_in_flight
            .wait_timeout_while(state, remaining, |state| state.in_flight)
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(TransportError::new(
                TransportErrorKind::Timeout,
                "cannot obtain the credentials: the deadline passed while another thread requested them",
            )
            .into());
        }
        Ok(state)
    }

    /// Spins until this number of threads have begun to wait for a request in flight.
    #[cfg(test)]
    pub(super) fn until_waiting(&self, number: usize) {
        while self.lock().waits < number {
            std::thread::yield_now();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Every change under the lock is complete before any call that could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The request in flight: dropped when the request ends, even by a panic.
struct Flight<'a, T>(&'a SingleFlight<T>);

impl<T> Drop for Flight<'_, T> {
    fn drop(&mut self) {
        self.0.lock().in_flight = false;
        self.0.no_longer_in_flight.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{TransportError, TransportErrorKind};
    use alloc::vec::Vec;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Instant;

    const LONG: Duration = Duration::from_secs(60);

    /// Ten threads that need the same value at once, and the number of requests.
    fn ten_at_once(
        respond: impl Fn(u32) -> Result<u32, Error> + Sync,
    ) -> (Vec<Result<u32, Error>>, u32) {
        let cache = SingleFlight::new();
        let requests = AtomicU32::new(0);
        let results = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..10)
                .map(|_| {
                    scope.spawn(|| {
                        cache
                            .get(
                                |_| true,
                                LONG,
                                || {
                                    let nth = requests.fetch_add(1, Ordering::SeqCst);
                                    if nth == 0 {
                                        cache.until_waiting(9);
                                    }
                                    respond(nth)
                                },
                            )
                            .map(|value| *value)
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        (results, requests.into_inner())
    }

    #[test]
    fn ten_threads_send_one_request() {
        let (results, requests) = ten_at_once(|_| Ok(7));
        assert_eq!(requests, 1);
        assert!(results.iter().all(|result| *result.as_ref().unwrap() == 7));
    }

    #[test]
    fn waiting_threads_share_a_refusal() {
        let (results, requests) = ten_at_once(|_| {
            Err(ApiError {
                status: 401,
                ..ApiError::default()
            }
            .into())
        });
        assert_eq!(requests, 1);
        assert!(
            results
                .iter()
                .all(|result| result.as_ref().unwrap_err().status() == Some(401))
        );
    }

    #[test]
    fn the_next_thread_sends_its_own_request_after_one_without_a_response() {
        let (results, requests) = ten_at_once(|nth| match nth {
            0 => Err(TransportError::new(TransportErrorKind::ConnectionLost, "").into()),
            _ => Ok(nth),
        });
        assert_eq!(requests, 2);
        assert_eq!(results.iter().filter(|result| result.is_err()).count(), 1);
    }

    #[test]
    fn requests_again_when_the_cached_value_is_unusable() {
        let cache = SingleFlight::new();
        let get = |least: u32, given: u32| {
            *cache
                .get(|value| *value >= least, LONG, || Ok(given))
                .unwrap()
        };
        assert_eq!((get(0, 1), get(1, 2), get(2, 3)), (1, 1, 3));
        assert_eq!(get(3, 4), 3);
    }

    #[test]
    fn a_waiting_thread_fails_at_its_deadline() {
        let cache = SingleFlight::new();
        let start = Barrier::new(2);
        std::thread::scope(|scope| {
            let slow = scope.spawn(|| {
                cache.get(
                    |()| true,
                    LONG,
                    || {
                        start.wait();
                        start.wait();
                        Ok(())
                    },
                )
            });
            start.wait();
            let error = cache
                .get(|()| true, Duration::from_millis(1), || Ok(()))
                .unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Timeout);
            start.wait();
            slow.join().unwrap().unwrap();
        });
    }

    #[test]
    fn a_panic_in_flight_does_not_block_the_next_request() {
        let cache = SingleFlight::new();
        std::thread::scope(|scope| {
            let requesting = scope.spawn(|| cache.get(|()| true, LONG, || panic!("on purpose")));
            assert!(requesting.join().is_err());
        });
        cache.get(|()| true, LONG, || Ok(())).unwrap();
    }

    #[test]
    fn a_waiting_thread_waits_once_although_further_requests_start() {
        let cache = SingleFlight::new();
        cache.lock().in_flight = true;
        let start = Instant::now();
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| {
                let error = cache
                    .get(|()| true, Duration::from_millis(50), || Ok(()))
                    .unwrap_err();
                error.kind()
            });
            // A request ends and the next one starts under one lock: the waiting thread wakes and
            // continues to wait.
            while !waits.is_finished() && start.elapsed() < LONG {
                cache.no_longer_in_flight.notify_all();
                std::thread::yield_now();
            }
            cache.lock().in_flight = false;
            cache.no_longer_in_flight.notify_all();
            assert_eq!(waits.join().unwrap(), crate::ErrorKind::Timeout);
        });
    }
}
