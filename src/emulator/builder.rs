//! Sets up an emulator.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::sync::Mutex;

use super::auth::Gate;
use super::fault::{Faults, Schedule};
use super::iam::{Iam, User};
use super::job::EmulatedJob;
use super::life::{Life, Script};
use super::list::List;
use super::query::Limits;
use super::seeded::Lot;
#[cfg(feature = "aksk")]
use super::signature::KnownKey;
use super::state::State;
use super::{Emulator, Shared};
use crate::clock::{Clock, SystemClock};
#[cfg(feature = "aksk")]
use crate::credentials::AccessKey;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The most jobs the service puts in one answer.
const PAGE_CAP: usize = 512;
/// What `count` stays below by the service's OpenAPI description.
const COUNT_BOUND: u64 = 9_999;

/// Sets up an [`Emulator`]. Without any setting it has no jobs, takes any token that is not empty
/// and any project, and keeps to the [documented limits](Limits::Documented).
#[derive(Clone)]
#[must_use = "a builder does nothing until `build`"]
pub struct EmulatorBuilder {
    jobs: u32,
    seed: u64,
    placed: Vec<EmulatedJob>,
    limits: Limits,
    page_cap: usize,
    count_cap: Option<u64>,
    latency: Duration,
    gate: Gate,
    iam: Iam,
    faults: Faults,
    script: Script,
    clock: Option<Arc<dyn Clock>>,
}

impl Default for EmulatorBuilder {
    fn default() -> Self {
        Self {
            jobs: 0,
            seed: 1,
            placed: Vec::new(),
            limits: Limits::default(),
            page_cap: PAGE_CAP,
            count_cap: None,
            latency: Duration::ZERO,
            gate: Gate::default(),
            iam: Iam::default(),
            faults: Faults::new(),
            script: Script::new(),
            clock: None,
        }
    }
}

impl EmulatorBuilder {
    /// How many jobs to make from the [seed](Self::seed); 0 if not set. The newest was created
    /// just before 2024-08-19T02:27:15Z. A million take 16 MB.
    pub fn jobs(mut self, jobs: u32) -> Self {
        self.jobs = jobs;
        self
    }

    /// What chance is drawn from: the same seed gives the same jobs, request ids and faults, on
    /// every machine; 1 if not set.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Adds a job at the head of the list, before those made from the seed and those added before.
    pub fn job(mut self, job: impl Into<EmulatedJob>) -> Self {
        self.placed.push(job.into());
        self
    }

    /// Which limits the emulator keeps to; [`Limits::Documented`] if not set.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// A project there is; no other then, but those told as well, with a [name](Self::project) or
    /// without: any other is refused, with 403. IAM knows it by every name that no other has. If
    /// not set, any is taken.
    pub fn project_id(mut self, project_id: impl Into<String>) -> Self {
        self.iam.tell_project(project_id.into(), None);
        self
    }

    /// The most jobs in one answer, whatever `limit` asks for; 512 if not set, as documented.
    pub fn page_cap(mut self, jobs: usize) -> Self {
        self.page_cap = jobs;
        self
    }

    /// What `count` is clipped to. If not set: 9 998 under [`Limits::Documented`], nothing under
    /// [`Limits::None`].
    pub fn count_cap(mut self, count: u64) -> Self {
        self.count_cap = Some(count);
        self
    }

    /// How long every answer takes, by the emulator's [clock](Self::clock); nothing if not set.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Takes this token; any that is not told is refused, and so are signatures.
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.gate.accept_token(token.into(), None);
        self
    }

    /// Takes this token until it expires; any that is not told is refused, and so are signatures.
    pub fn token_expiring_at(mut self, token: impl Into<Secret>, expires_at: Timestamp) -> Self {
        self.gate.accept_token(token.into(), Some(expires_at));
        self
    }

    /// A user whom IAM lets in with this password; nobody else then, but those told as well. If not
    /// set, anybody with a password is let in. `account` stands for its name and its id.
    pub fn user(
        mut self,
        account: impl Into<String>,
        name: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Self {
        self.iam.users.push(User {
            account: account.into(),
            name: name.into(),
            password: password.into(),
        });
        self
    }

    /// A project that IAM and the service know; no other then, but those told as well. If not set,
    /// there is a project of any name. A token that IAM gives for a login is for one project: the
    /// service refuses another in the path with 403 and `DRS.M00261`.
    pub fn project(mut self, name: impl Into<String>, id: impl Into<String>) -> Self {
        self.iam.tell_project(id.into(), Some(name.into()));
        self
    }

    /// How long a token lasts that IAM gives for a login; 24 hours if not set, as documented.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.iam.token_lifetime = lifetime;
        self
    }

    /// Takes what this key signs, as the service does: a date within 15 minutes, and more than five
    /// failures in a row lock the key for five minutes. The token of a temporary key must be sent
    /// and signed. Tokens and keys that are not told are refused.
    #[cfg(feature = "aksk")]
    pub fn access_key(mut self, key: impl Into<AccessKey>) -> Self {
        self.gate.accept_key(KnownKey::new(key.into()));
        self
    }

    /// What goes wrong; nothing if not set.
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// How the list changes by itself; not at all if not set.
    pub fn script(mut self, script: Script) -> Self {
        self.script = script;
        self
    }

    /// What tells the emulator the time, and waits for it; the system's clock if not set.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// The emulator.
    #[must_use]
    pub fn build(self) -> Emulator {
        let lot = Lot {
            seed: self.seed,
            jobs: self.jobs,
        };
        let mut list = List::new(lot);
        for job in self.placed {
            list.insert(0, job);
        }
        let documented_count_cap = (self.limits == Limits::Documented).then_some(COUNT_BOUND - 1);
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock::new()));
        Emulator {
            shared: Arc::new(Shared {
                started: clock.now(),
                latency: self.latency,
                state: Mutex::new(State {
                    list,
                    life: Life::new(self.script, lot, clock.unix_time()),
                    faults: Schedule::new(self.faults, self.seed),
                    gate: self.gate,
                    iam: self.iam,
                    limits: self.limits,
                    page_cap: self.page_cap,
                    count_cap: self.count_cap.or(documented_count_cap),
                    seed: self.seed,
                    requests: VecDeque::new(),
                    requests_size: 0,
                    request_count: 0,
                }),
                clock,
            }),
        }
    }
}

impl fmt::Debug for EmulatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulatorBuilder")
            .field("jobs", &self.jobs)
            .field("seed", &self.seed)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
