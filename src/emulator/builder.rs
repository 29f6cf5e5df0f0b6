//! The builder of an emulator.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use super::auth::{KnownKey, KnownProject, User};
use super::faults::Faults;
use super::handle::{AdminAccess, Emulator};
use super::jobs::{EmulatedJob, Script};
use super::limits::{Count, Limits, Quota};
use super::service::Setup;
use crate::clock::{Clock, SystemClock};
use crate::credentials::AccessKey;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

impl Default for Emulator {
    fn default() -> Self {
        Self::new()
    }
}

impl Emulator {
    /// Creates an emulator without jobs: see [`EmulatorBuilder`].
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Creates an emulator with 35 sample jobs.
    #[must_use]
    pub fn demo() -> Self {
        Self::builder().jobs(35).build()
    }

    /// Returns a builder.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::default()
    }
}

/// Builds an [`Emulator`].
///
/// By default it has no jobs, accepts every token that is not empty and every project id, and
/// enforces the [documented limits](Limits::Documented).
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct EmulatorBuilder {
    setup: Setup,
    admin: AdminAccess,
    clock: Option<Arc<dyn Clock>>,
}

impl EmulatorBuilder {
    /// Sets the number of sample jobs of each project; the default is 0. A million take 16 MB.
    pub fn jobs(mut self, jobs: u32) -> Self {
        self.setup.jobs.sample.jobs = jobs;
        self
    }

    /// Sets the seed of sample jobs, request ids and faults, which are the same for the same seed
    /// on every machine; the default is 1.
    pub fn seed(mut self, seed: u64) -> Self {
        self.setup.jobs.sample.seed = seed;
        self
    }

    /// Sets the latest creation time of the sample jobs; the default is 2024-08-19T02:27:15Z. The
    /// newest job was created within 97 seconds before it.
    pub fn newest_job_at(mut self, time: Timestamp) -> Self {
        self.setup.jobs.sample.newest = time.unix_millis();
        self
    }

    /// Adds a job to each project, at the head of the list: before the sample jobs and those added
    /// before. A job with the same id is replaced.
    pub fn job(mut self, job: impl Into<EmulatedJob>) -> Self {
        self.setup.jobs.added.push(job.into());
        self
    }

    /// Sets the script that changes the list; by default there is none.
    pub fn script(mut self, script: Script) -> Self {
        self.setup.jobs.script = script;
        self
    }

    /// Adds a project without a fixed name: IAM finds it by any name that no other project has.
    /// Each configured project has its own list; other projects are rejected with 403. Without
    /// configured projects, every id is accepted and all share one list.
    pub fn project_id(self, id: impl Into<String>) -> Self {
        self.add_project(id.into(), None)
    }

    /// Adds a project with the name that IAM knows it by: see [`project_id`](Self::project_id). A
    /// token that IAM issues for a login is for one project.
    pub fn project(self, name: impl Into<String>, id: impl Into<String>) -> Self {
        self.add_project(id.into(), Some(name.into()))
    }

    fn add_project(mut self, id: String, name: Option<String>) -> Self {
        let mut projects = self.setup.projects.iter_mut();
        match projects.find(|known| known.has_id(&id)) {
            Some(known) => known.name = name.or(known.name.take()),
            None => self
                .setup
                .projects
                .push(KnownProject { id: Some(id), name }),
        }
        self
    }

    /// Accepts this token. Tokens and signatures that are not configured are rejected from then on.
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.setup.access.accept_token(token.into(), None);
        self
    }

    /// Like [`token`](Self::token), until the token expires.
    pub fn token_expiring_at(mut self, token: impl Into<Secret>, expires_at: Timestamp) -> Self {
        let access = &mut self.setup.access;
        access.accept_token(token.into(), Some(expires_at));
        self
    }

    /// Accepts what this key signs. Tokens and signatures that are not configured are rejected from
    /// then on.
    ///
    /// As with the service, the date must be within 15 minutes of the clock, more than five
    /// failures in a row lock the key for five minutes, and the token of a temporary key must be
    /// sent and signed.
    pub fn access_key(mut self, key: impl Into<AccessKey>) -> Self {
        self.setup.access.accept_key(KnownKey::new(key.into()));
        self
    }

    /// Adds a user who can log in at IAM; others are rejected from then on. Without configured
    /// users, every user with a password can log in. `account` is both name and id of the account,
    /// `name` both name and id of the user.
    pub fn user(
        mut self,
        account: impl Into<String>,
        name: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Self {
        self.setup.access.users.push(User {
            account: account.into(),
            name: name.into(),
            password: password.into(),
        });
        self
    }

    /// Sets the lifetime of tokens that IAM issues for logins; the default is 24 hours, as
    /// documented.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.setup.access.token_lifetime = Some(lifetime);
        self
    }

    /// Sets the lifetime of access keys that the metadata service issues; the default is 24 hours.
    /// The emulator is a metadata service too: use it as the endpoint and transport of
    /// [`EcsMetadata`](crate::EcsMetadata).
    ///
    /// ```
    /// use drs_backup_jobs::emulator::Emulator;
    /// use drs_backup_jobs::{EcsMetadata, ListJobs};
    ///
    /// let emulator = Emulator::demo();
    /// let metadata = EcsMetadata::new()
    ///     .endpoint(Emulator::ENDPOINT)
    ///     .transport(emulator.clone());
    /// let client = emulator.client().credentials(metadata).build()?;
    /// client.list(&ListJobs::new())?;
    /// # Ok::<(), drs_backup_jobs::Error>(())
    /// ```
    pub fn metadata_key_lifetime(mut self, lifetime: Duration) -> Self {
        self.setup.access.key_lifetime = Some(lifetime);
        self
    }

    /// Sets the faults of each project; by default there are none.
    pub fn faults(mut self, faults: Faults) -> Self {
        self.setup.faults = faults;
        self
    }

    /// Sets how long each response takes, by the emulator's clock; the default is zero.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.setup.latency = latency;
        self
    }

    /// Sets the quota of each project: more list requests within a period are rejected with 429 and
    /// `APIGW.0308`, as the gateway does. By default there is none; the gateway allows 200 requests
    /// in 5 minutes.
    pub fn rate_limit(mut self, requests: u32, period: Duration) -> Self {
        self.setup.quota = Some(Quota::new(requests, period));
        self
    }

    /// Sets which limits are enforced; the default is [`Limits::Documented`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.setup.limits = limits;
        self
    }

    /// Sets the maximum number of jobs in a page, regardless of the request's `limit`; the default
    /// is 512, as documented.
    pub fn page_cap(mut self, jobs: usize) -> Self {
        self.setup.page_cap = Some(jobs);
        self
    }

    /// Sets which `count` a page reports; the default is [`Count::Exact`].
    pub fn count(mut self, count: Count) -> Self {
        self.setup.count = count;
        self
    }

    /// Lists jobs with equal sort values in an order that changes with each request, drawn from
    /// this seed, as SQL without a tie-breaker does. A request without a sort key is sorted by
    /// creation.
    pub fn unstable_ties(mut self, seed: u64) -> Self {
        self.setup.jobs.ties = Some(seed);
        self
    }

    /// Adds a replica whose list lags behind. Pages come from the list and its replicas in turn, as
    /// behind a load balancer.
    pub fn replica(mut self, lag: Duration) -> Self {
        self.setup.jobs.replicas.push(lag);
        self
    }

    /// Adds this many new jobs at the head of the list before each page; the default is 0.
    pub fn growth(mut self, jobs_per_page: u32) -> Self {
        self.setup.jobs.growth = jobs_per_page;
        self
    }

    /// Sets who can use the admin interface of a server; the default is [`AdminAccess::Loopback`].
    pub fn admin(mut self, access: AdminAccess) -> Self {
        self.admin = access;
        self
    }

    /// Sets the clock of the emulator; the default is the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Builds the emulator.
    #[must_use]
    pub fn build(mut self) -> Emulator {
        // The last one added comes first in the list.
        self.setup.jobs.added.reverse();
        if self.setup.projects.is_empty() {
            self.setup.projects.push(KnownProject::default());
        }
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock::new()));
        Emulator::from_setup(self.setup, clock, self.admin)
    }
}

impl fmt::Debug for EmulatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulatorBuilder")
            .field("jobs", &self.setup.jobs.sample.jobs)
            .field("seed", &self.setup.jobs.sample.seed)
            .field("limits", &self.setup.limits)
            .finish_non_exhaustive()
    }
}
