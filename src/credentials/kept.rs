//! Something that is asked for once and kept: a token, a project's id.

use alloc::sync::Arc;
use core::time::Duration;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::client::send::out_of_time;
use crate::error::{ApiError, Error};

/// A value that many threads need and one of them asks for, while the others wait for it.
pub(crate) struct Kept<T> {
    state: Mutex<State<T>>,
    is_settled: Condvar,
}

struct State<T> {
    value: Option<Arc<T>>,
    /// What the last asking was refused with, if it was.
    refusal: Option<ApiError>,
    is_asked_for: bool,
    /// How many askings were answered, well or ill: tells those who wait whether theirs was.
    answers: u64,
    /// How many wait for the one who asks.
    #[cfg(test)]
    waiting: usize,
}

impl<T> Kept<T> {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                value: None,
                refusal: None,
                is_asked_for: false,
                answers: 0,
                #[cfg(test)]
                waiting: 0,
            }),
            is_settled: Condvar::new(),
        }
    }

    /// The value that is kept, if it is `good`; else the one that `ask` gives. Whoever comes while
    /// another asks waits, at most `remaining`, and takes what the other was given, a refusal too:
    /// ten threads with a wrong password must not be ten failed logins. If the other got no answer,
    /// the next one asks.
    pub(crate) fn get(
        &self,
        is_good: impl Fn(&T) -> bool,
        remaining: Duration,
        ask: impl FnOnce() -> Result<T, Error>,
    ) -> Result<Arc<T>, Error> {
        let mut state = self.lock();
        if let Some(value) = &state.value
            && is_good(value)
        {
            return Ok(value.clone());
        }
        if state.is_asked_for {
            // One wait, however often the turn to ask changes hands meanwhile.
            let answers_before = state.answers;
            state = self.wait(state, remaining)?;
            if state.answers != answers_before {
                if let Some(refusal) = &state.refusal {
                    return Err(refusal.clone().into());
                }
                if let Some(value) = &state.value {
                    return Ok(value.clone());
                }
            }
        }
        state.is_asked_for = true;
        drop(state);

        let turn = Turn(self);
        let answer = ask();
        let mut state = self.lock();
        match answer {
            Ok(value) => {
                let value = Arc::new(value);
                state.value = Some(value.clone());
                state.refusal = None;
                state.answers = state.answers.wrapping_add(1);
                drop(state);
                drop(turn);
                Ok(value)
            }
            Err(error) => {
                if let (Some(refusal), false) = (error.api(), error.is_transient()) {
                    state.refusal = Some(refusal.clone());
                    state.answers = state.answers.wrapping_add(1);
                }
                drop(state);
                drop(turn);
                Err(error)
            }
        }
    }

    /// Waits until nobody asks any more, at most `remaining`.
    fn wait<'a>(
        &'a self,
        mut state: MutexGuard<'a, State<T>>,
        remaining: Duration,
    ) -> Result<MutexGuard<'a, State<T>>, Error> {
        #[cfg(test)]
        {
            state.waiting += 1;
        }
        let (woken, waited) = self
            .is_settled
            .wait_timeout_while(state, remaining, |state| state.is_asked_for)
            .unwrap_or_else(PoisonError::into_inner);
        state = woken;
        #[cfg(test)]
        {
            state.waiting -= 1;
        }
        if waited.timed_out() {
            return Err(out_of_time(
                "the deadline passed while another thread asked IAM",
            ));
        }
        Ok(state)
    }

    /// Spins until so many wait for the one who asks.
    #[cfg(test)]
    pub(super) fn until_waiting(&self, number: usize) {
        while self.lock().waiting < number {
            std::thread::yield_now();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // Every change under the lock is whole before anything that could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The turn of the one who asks: it ends however the asking ends, with a panic too.
struct Turn<'a, T>(&'a Kept<T>);

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        self.0.lock().is_asked_for = false;
        self.0.is_settled.notify_all();
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

    /// Ten threads that want the same thing at once, and how often it was asked for.
    fn ten_at_once(
        answer: impl Fn(u32) -> Result<u32, Error> + Sync,
    ) -> (Vec<Result<u32, Error>>, u32) {
        let kept = Kept::new();
        let asked = AtomicU32::new(0);
        let results = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..10)
                .map(|_| {
                    scope.spawn(|| {
                        kept.get(
                            |_| true,
                            LONG,
                            || {
                                let nth = asked.fetch_add(1, Ordering::SeqCst);
                                if nth == 0 {
                                    kept.until_waiting(9);
                                }
                                answer(nth)
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
        (results, asked.into_inner())
    }

    #[test]
    fn ten_threads_ask_once() {
        let (results, asked) = ten_at_once(|_| Ok(7));
        assert_eq!(asked, 1);
        assert!(results.iter().all(|result| *result.as_ref().unwrap() == 7));
    }

    #[test]
    fn those_who_wait_share_a_refusal() {
        let (results, asked) = ten_at_once(|_| {
            Err(ApiError {
                status: 401,
                ..ApiError::default()
            }
            .into())
        });
        assert_eq!(asked, 1);
        assert!(
            results
                .iter()
                .all(|result| result.as_ref().unwrap_err().status() == Some(401))
        );
    }

    #[test]
    fn the_next_one_asks_when_no_answer_came() {
        let (results, asked) = ten_at_once(|nth| match nth {
            0 => Err(TransportError::new(TransportErrorKind::ConnectionLost, "").into()),
            _ => Ok(nth),
        });
        assert_eq!(asked, 2);
        assert_eq!(results.iter().filter(|result| result.is_err()).count(), 1);
    }

    #[test]
    fn a_value_that_is_no_longer_good_is_asked_for_again() {
        let kept = Kept::new();
        let get = |least: u32, given: u32| {
            *kept
                .get(|value| *value >= least, LONG, || Ok(given))
                .unwrap()
        };
        assert_eq!((get(0, 1), get(1, 2), get(2, 3)), (1, 1, 3));
        assert_eq!(get(3, 4), 3);
    }

    #[test]
    fn who_waits_gives_up_at_its_deadline() {
        let kept = Kept::new();
        let start = Barrier::new(2);
        std::thread::scope(|scope| {
            let slow = scope.spawn(|| {
                kept.get(
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
            let error = kept
                .get(|()| true, Duration::from_millis(1), || Ok(()))
                .unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Timeout);
            start.wait();
            slow.join().unwrap().unwrap();
        });
    }

    #[test]
    fn a_panic_while_asking_leaves_the_turn_to_the_next() {
        let kept = Kept::new();
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| kept.get(|()| true, LONG, || panic!("on purpose")));
            assert!(asking.join().is_err());
        });
        kept.get(|()| true, LONG, || Ok(())).unwrap();
    }

    #[test]
    fn a_turn_that_changes_hands_gives_those_who_wait_no_more_time() {
        let kept = Kept::new();
        kept.lock().is_asked_for = true;
        let begun = Instant::now();
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| {
                let error = kept
                    .get(|()| true, Duration::from_millis(50), || Ok(()))
                    .unwrap_err();
                error.kind()
            });
            // The turn ends and begins anew under one lock: whoever waits is woken, and waits on.
            while !waits.is_finished() && begun.elapsed() < LONG {
                kept.is_settled.notify_all();
                std::thread::yield_now();
            }
            kept.lock().is_asked_for = false;
            kept.is_settled.notify_all();
            assert_eq!(waits.join().unwrap(), crate::ErrorKind::Timeout);
        });
    }
}
