//! The handle of an emulator: what tests read and change while clients send requests.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::auth::{CLIENT_TOKEN, KnownProject};
use super::faults::{Delivery, Faults, Schedule};
use super::jobs::{Change, EmulatedJob, Jobs, wall_clock};
use super::request::{Moment, RecordedRequest};
use super::service::{Setup, State};
use crate::client::{Client, ClientBuilder};
use crate::clock::Clock;
use crate::error::Error;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// Who can use the admin interface of a [`Server`](super::Server).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdminAccess {
    /// Nobody: requests to it are rejected as unknown paths.
    Off,
    /// Programs on this machine.
    #[default]
    Loopback,
    /// Every program that can connect.
    Anyone,
}

/// An emulator: the service in memory.
///
/// A handle is cheap to clone; clones share their state. A handle is for all projects, or for one
/// ([`for_project`](Self::for_project)). For all projects, methods on jobs concern the first
/// project, and those on faults and requests all of them.
#[derive(Clone)]
pub struct Emulator {
    shared: Arc<Shared>,
    project: Option<usize>,
}

struct Shared {
    clock: Arc<dyn Clock>,
    admin: AdminAccess,
    state: Mutex<State>,
}

impl Emulator {
    /// The endpoint of clients in the same process, whose [`Transport`](crate::Transport) is the
    /// emulator. Nothing is sent to this host; `https` lets clients accept it.
    pub const ENDPOINT: &'static str = "https://drs.emulator.invalid";

    pub(super) fn from_setup(setup: Setup, clock: Arc<dyn Clock>, admin: AdminAccess) -> Self {
        Self {
            shared: Arc::new(Shared {
                admin,
                state: Mutex::new(State::new(setup, &clock)),
                clock,
            }),
            project: None,
        }
    }

    /// Returns a builder of a client of this emulator, in process, with its clock, its first
    /// project and a token that it always accepts. Each can be overridden.
    pub fn client(&self) -> ClientBuilder {
        let state = self.lock();
        let project = state.setup.projects.get(self.project.unwrap_or(0));
        Client::builder()
            .endpoint(Self::ENDPOINT)
            .iam_endpoint(Self::ENDPOINT)
            .project_id(project.map_or("", KnownProject::id))
            .token(CLIENT_TOKEN)
            .clock(Arc::clone(&self.shared.clock))
            .transport(self.clone())
    }

    /// Returns a handle for one project: its jobs, faults and requests.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if projects are configured and
    /// this is none of them.
    pub fn for_project(&self, id: &str) -> Result<Self, Error> {
        let setup = &self.lock().setup;
        let project = setup.find_project(id).ok_or_else(|| {
            let known: Vec<&str> = setup.projects.iter().map(KnownProject::id).collect();
            let known = known.join(", ");
            Error::invalid("project", id, format!("must be one of {known}"))
        })?;
        Ok(Self {
            shared: Arc::clone(&self.shared),
            project: Some(project),
        })
    }

    /// Returns every job, from the head of the list.
    #[must_use]
    pub fn jobs(&self) -> Vec<EmulatedJob> {
        self.with_jobs(|jobs, _| jobs.iter().collect())
    }

    /// Returns the job with this id.
    #[must_use]
    pub fn job(&self, id: &str) -> Option<EmulatedJob> {
        self.with_jobs(|jobs, _| jobs.get(id))
    }

    /// Returns the number of jobs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.with_jobs(|jobs, _| jobs.len())
    }

    /// Returns whether there are no jobs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a job at the head of the list, as the service does with new jobs. A job with the same
    /// id is removed first.
    pub fn add(&self, job: impl Into<EmulatedJob>) {
        self.apply(Change::add(job));
    }

    /// Inserts a job at a position of the list, 0 being its head, or at the end of a shorter list.
    /// A job with the same id is removed first.
    pub fn insert(&self, position: usize, job: impl Into<EmulatedJob>) {
        self.apply(Change::insert(position, job));
    }

    /// Removes a job and returns it.
    #[expect(clippy::must_use_candidate, reason = "most callers drop the job")]
    pub fn remove(&self, id: &str) -> Option<EmulatedJob> {
        self.with_jobs(|jobs, now| {
            let job = jobs.get(id);
            jobs.apply(Change::remove(id), now);
            job
        })
    }

    /// Makes a change now; a change of a job that is not listed has no effect.
    ///
    /// ```
    /// use drs_backup_jobs::emulator::{Change, EmulatedJob, Emulator};
    ///
    /// let emulator = Emulator::new();
    /// emulator.add(EmulatedJob::new("a"));
    /// emulator.apply(Change::fail("a", "disk full"));
    /// assert!(emulator.job("a").unwrap().job.finish_time.is_some());
    /// ```
    pub fn apply(&self, change: Change) {
        self.with_jobs(|jobs, now| jobs.apply(change, now));
    }

    /// Changes a job, without moving it in the list; returns `false` if it is not listed. Its id
    /// cannot be changed.
    ///
    /// `change` runs under the emulator's lock, so it must not call this emulator.
    ///
    /// ```
    /// use drs_backup_jobs::{JobStatus, Timestamp};
    /// use drs_backup_jobs::emulator::{EmulatedJob, Emulator};
    ///
    /// let emulator = Emulator::new();
    /// emulator.add(EmulatedJob::new("a"));
    /// let end = Timestamp::parse("2024-08-19T02:29:03Z").unwrap();
    /// assert!(emulator.update("a", |job| job.finished(JobStatus::Success, end)));
    /// assert_eq!(emulator.job("a").unwrap().job.finished_at(), Some(end));
    /// ```
    pub fn update(&self, id: &str, change: impl FnOnce(EmulatedJob) -> EmulatedJob) -> bool {
        self.with_jobs(|jobs, now| {
            let Some(mut job) = jobs.get(id).map(change) else {
                return false;
            };
            job.job.id = Cow::Owned(id.into());
            jobs.replace(job, now);
            true
        })
    }

    /// Accepts this token from now on: until `expires_at`, or without an end. From then on, other
    /// tokens are rejected unless configured.
    pub fn accept_token(&self, token: impl Into<Secret>, expires_at: Option<Timestamp>) {
        self.lock().access.accept_token(token.into(), expires_at);
    }

    /// Rejects this token from now on, and all that are not configured.
    pub fn revoke_token(&self, token: &str) {
        self.lock().access.revoke_token(token);
    }

    /// Replaces the faults from the next request on. Each project counts its own requests.
    #[expect(clippy::needless_pass_by_value, reason = "as the builder's `faults`")]
    pub fn set_faults(&self, faults: Faults) {
        let mut state = self.lock();
        let (setup, projects) = state.select(self.project);
        for (index, project) in projects {
            project.faults = Schedule::new(faults.clone(), setup.seed(index));
        }
    }

    /// Returns the requests received, the oldest first: at most the last 10 000 and 16 MiB.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.lock().log.of(self.project)
    }

    /// Returns the number of requests received.
    #[must_use]
    pub fn request_count(&self) -> u64 {
        let mut state = self.lock();
        let (_, projects) = state.select(self.project);
        projects.map(|(_, project)| project.request_count).sum()
    }

    /// Removes the requests received until now; [`request_count`](Self::request_count) keeps
    /// counting.
    pub fn clear_requests(&self) {
        self.lock().log.clear(self.project);
    }

    /// Restores the jobs, script, faults and quota with which the emulator was built, and removes
    /// the requests received. A handle for all projects also restores the tokens.
    pub fn reset(&self) {
        self.lock().reset(self.project, &self.shared.clock);
    }

    pub(super) fn admin_access(&self) -> AdminAccess {
        self.shared.admin
    }

    /// The response to a request.
    pub(super) fn respond(&self, request: &RecordedRequest, body: &[u8]) -> Delivery {
        let mut state = self.lock();
        let moment = Moment {
            elapsed: self.shared.clock.now(),
            wall: Timestamp::from_unix(self.shared.clock.unix_time()),
        };
        state.respond(request, body, moment)
    }

    /// An id for a new job, or for the response to bytes that are not a request.
    pub(super) fn new_id(&self) -> String {
        self.lock().next_request_id()
    }

    /// The wall clock, to the second, as jobs hold it.
    pub(super) fn wall_clock(&self) -> String {
        wall_clock(self.shared.clock.unix_time(), Duration::ZERO)
    }

    /// Sleeps by the emulator's clock, in steps short enough to stop soon.
    pub(super) fn sleep(&self, duration: Duration, is_stopping: impl Fn() -> bool) {
        const STEP: Duration = Duration::from_millis(50);
        let mut remaining = duration;
        while !remaining.is_zero() && !is_stopping() {
            let step = remaining.min(STEP);
            self.shared.clock.sleep(step);
            remaining = remaining.saturating_sub(step);
        }
    }

    fn with_jobs<T: Default>(&self, access: impl FnOnce(&mut Jobs, Duration) -> T) -> T {
        let mut state = self.lock();
        let now = self.shared.clock.now();
        let project = state.projects.get_mut(self.project.unwrap_or(0));
        // There is a project for each index that a handle can have.
        project.map_or_else(T::default, |project| access(&mut project.jobs, now))
    }

    /// The state, after making every change that is due.
    fn lock(&self) -> MutexGuard<'_, State> {
        let now = self.shared.clock.now();
        // The emulator does not panic under the lock; if a caller's change panics, the list stays
        // valid.
        let state = self.shared.state.lock();
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        for project in &mut state.projects {
            project.jobs.advance(now);
        }
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
