#![doc = include_str!("testing_your_code.md")]

use alloc::borrow::ToOwned as _;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::io;
use std::net::ToSocketAddrs;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::client::{Client, ClientBuilder};
use crate::clock::Clock;
use crate::header;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

mod answer;
mod auth;
mod builder;
mod connection;
mod delivery;
mod fault;
mod fault_text;
mod faults;
mod filter;
mod framing;
mod iam;
mod in_process;
mod incoming;
mod job;
mod life;
mod list;
mod manual_clock;
mod query;
mod random;
mod record;
mod refusal;
mod reply;
mod seeded;
mod server;
#[cfg(feature = "aksk")]
mod signature;
mod state;
mod write_json;

pub use builder::EmulatorBuilder;
pub use fault::{Fault, Faults};
pub use faults::parse_duration;
pub use job::EmulatedJob;
pub use life::{Change, Script};
pub use manual_clock::ManualClock;
pub use query::Limits;
pub use record::RecordedRequest;
pub use server::Server;

use connection::Patience;
use delivery::Delivery;
use fault::Schedule;
use incoming::Incoming;
use refusal::{Refusal, Tongue};
use state::State;

/// The service in memory: a list of jobs, and the operation over it.
///
/// A handle is cheap to clone; clones share one list.
#[derive(Clone)]
pub struct Emulator {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    /// What the clock showed at the start.
    started: Duration,
    latency: Duration,
    state: Mutex<State>,
}

impl Default for Emulator {
    fn default() -> Self {
        Self::new()
    }
}

impl Emulator {
    /// The endpoint for clients in the same process, which send through the emulator as their
    /// [`Transport`](crate::Transport). It must be `https` to be taken; nothing is sent anywhere,
    /// and no name server knows it.
    pub const ENDPOINT: &'static str = "https://drs.emulator.invalid";

    /// An emulator without jobs: see [`EmulatorBuilder`].
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// An emulator of 35 jobs made from the seed 1.
    #[must_use]
    pub fn demo() -> Self {
        Self::builder().jobs(35).build()
    }

    /// Begins an emulator; [`EmulatorBuilder::build`] ends it.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }

    /// Begins a client of this emulator, in process: with its clock, and with the first project
    /// that it was told and the first credentials that it takes as of now: a token that was told
    /// and has not expired, else a key that is not locked, else a login. Each can be set anew.
    pub fn client(&self) -> ClientBuilder {
        let now = self.now();
        let state = self.lock();
        let project_id = state.iam.first_project_id().to_owned();
        let credentials = state
            .gate
            .a_credential(now, state.limits)
            .unwrap_or_else(|| state.iam.a_login().into());
        drop(state);
        Client::builder()
            .endpoint(Self::ENDPOINT)
            .iam_endpoint(Self::ENDPOINT)
            .project_id(project_id)
            .credentials(credentials)
            .clock(Arc::clone(&self.shared.clock))
            .transport(self.clone())
    }

    /// Every job, from the head of the list.
    #[must_use]
    pub fn jobs(&self) -> Vec<EmulatedJob> {
        self.lock().list.iter().collect()
    }

    /// The job of this id.
    #[must_use]
    pub fn job(&self, id: &str) -> Option<EmulatedJob> {
        self.lock().list.get(id)
    }

    /// How many jobs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().list.len()
    }

    /// Whether there are no jobs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a job at the head of the list, where the service puts new ones. A job of the same id is
    /// taken out first.
    pub fn add(&self, job: impl Into<EmulatedJob>) {
        self.insert(0, job);
    }

    /// Puts a job at a position of the list, 0 being its head, or at the end of a shorter list. A
    /// job of the same id is taken out first.
    pub fn insert(&self, position: usize, job: impl Into<EmulatedJob>) {
        self.lock().list.insert(position, job.into());
    }

    /// Takes a job out of the list and gives it back.
    #[expect(
        clippy::must_use_candidate,
        reason = "most want the job gone and not back"
    )]
    pub fn remove(&self, id: &str) -> Option<EmulatedJob> {
        self.lock().list.remove(id)
    }

    /// Changes a job where it stands in the list, all but its id; `false` if there is none. Nobody
    /// sees the list in between, so `change` must not ask this emulator anything: it would wait for
    /// itself without end.
    ///
    /// ```
    /// use drs_backup_jobs::{JobStatus, Timestamp};
    /// use drs_backup_jobs::emulator::{EmulatedJob, Emulator};
    ///
    /// let emulator = Emulator::new();
    /// emulator.add(EmulatedJob::new("a"));
    /// let end = Timestamp::parse("2024-08-19T02:29:03Z").unwrap();
    /// assert!(emulator.update("a", |job| job.ended(JobStatus::Success, end)));
    /// assert_eq!(emulator.job("a").unwrap().job.finished_at(), Some(end));
    /// ```
    pub fn update(&self, id: &str, change: impl FnOnce(EmulatedJob) -> EmulatedJob) -> bool {
        self.lock().list.update(id, change)
    }

    /// Takes this token from now on, until it expires if it does; any that was not told is refused.
    pub fn accept_token(&self, token: impl Into<Secret>, expires_at: Option<Timestamp>) {
        self.lock().gate.accept_token(token.into(), expires_at);
    }

    /// Takes this token no longer, nor any that was not told.
    pub fn revoke_token(&self, token: &str) {
        self.lock().gate.revoke_token(token);
    }

    /// Sets what goes wrong from the next request on, in place of what was set before.
    pub fn set_faults(&self, faults: Faults) {
        let mut state = self.lock();
        state.faults = Schedule::new(faults, state.seed);
    }

    /// What was asked, the oldest first: the last 10 000 requests, fewer if they are so long that
    /// they take more than 16 MiB.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.lock().requests().cloned().collect()
    }

    /// How many requests there have been.
    #[must_use]
    pub fn request_count(&self) -> u64 {
        self.lock().request_count
    }

    /// Forgets what was asked until now.
    pub fn clear_requests(&self) {
        self.lock().clear_requests();
    }

    /// Listens for HTTP connections at an address, such as `127.0.0.1:0` (any free port), on a
    /// thread of its own, until the [`Server`] is stopped or dropped.
    ///
    /// # Errors
    ///
    /// When the address cannot be had, or no thread be started.
    pub fn serve(&self, address: impl ToSocketAddrs) -> io::Result<Server> {
        Server::bind(self.clone(), address, Patience::default())
    }

    /// Answers one request; the answer is still to be delivered.
    fn answer(&self, incoming: &Incoming<'_>) -> Delivery {
        let latency = self.shared.latency;
        self.complete(|state, request_id, now| {
            let fault = state.faults.next();
            let reply = answer::answer(state, incoming, fault.as_ref(), request_id, now);
            let mut delivery = Delivery::whole(reply, latency);
            if let Some(fault) = &fault {
                delivery.suffer(fault);
            }
            state.remember(RecordedRequest::new(incoming, delivery.status()));
            delivery
        })
    }

    /// The answer to what could not be read as a request.
    fn refuse(&self, refusal: &Refusal) -> Delivery {
        self.complete(|_, request_id, _| {
            let reply = refusal.reply(Tongue::English, request_id);
            Delivery::whole(reply, Duration::ZERO)
        })
    }

    /// An answer with the headers that every answer carries.
    fn complete(
        &self,
        answer: impl FnOnce(&mut State, &str, Option<Timestamp>) -> Delivery,
    ) -> Delivery {
        let now = self.now();
        let mut state = self.lock();
        let number = state.count_request();
        let elapsed = self.elapsed();
        let State { life, list, .. } = &mut *state;
        life.request(list, number, elapsed);
        let request_id = state.request_id(number);
        let mut delivery = answer(&mut state, &request_id, now);
        drop(state);
        delivery.reply.push_header(header::REQUEST_ID, request_id);
        if let Some(now) = now {
            delivery.reply.push_header(header::DATE, now.to_http_date());
        }
        delivery
    }

    /// What the wall clock shows; `None` beyond the year 9999.
    fn now(&self) -> Option<Timestamp> {
        Timestamp::from_unix(self.shared.clock.unix_time())
    }

    fn elapsed(&self) -> Duration {
        self.shared.clock.now().saturating_sub(self.shared.started)
    }

    /// Waits by the emulator's clock, in steps short enough to give up soon.
    fn pause(&self, duration: Duration, give_up: impl Fn() -> bool) {
        const STEP: Duration = Duration::from_millis(50);
        let mut left = duration;
        while !left.is_zero() && !give_up() {
            let step = left.min(STEP);
            self.shared.clock.sleep(step);
            left = left.saturating_sub(step);
        }
    }

    /// The state as of now: what the script has done until this moment is done.
    fn lock(&self) -> MutexGuard<'_, State> {
        let elapsed = self.elapsed();
        // No code of the emulator's panics under the lock; a user's change to a job that does
        // leaves the list as it was.
        let mut state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let State { life, list, .. } = &mut *state;
        life.advance(list, elapsed);
        state
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("jobs", &self.len())
            .field("requests", &self.request_count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emulator_and_its_builder_travel_between_threads_and_are_cloned() {
        fn travels<T: Send + Sync + Clone + 'static>() {}
        travels::<Emulator>();
        travels::<EmulatorBuilder>();
    }
}
