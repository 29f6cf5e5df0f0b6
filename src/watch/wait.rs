//! Waiting until jobs are finished: one state machine, for [`Watch::wait`] and for other loops.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::event::Event;
use super::poll::Watch;
use crate::error::{Error, ErrorKind};
use crate::job::{Job, JobStatus};

/// A job counts as removed after this many polls in a row that did not list it: a lagging replica
/// must not make a job that succeeds appear deleted.
const POLLS_UNTIL_REMOVED: u32 = 2;

/// Waits until jobs are finished, poll by poll, without sleeping: for loops that do something
/// between polls. [`Watch::wait`] is such a loop.
///
/// A wait covers the jobs that match the watch's query at its first successful poll, and those the
/// watch [started from](Watch::with_known). Jobs that are added later are counted, but not waited
/// for.
///
/// - A finished job stays finished, even if it is deleted afterwards or no longer matches.
/// - A job that is not listed is removed only provisionally: if it is listed again, it is running
///   again. The wait ends only after two polls in a row without it.
/// - Transient errors, and [`ErrorKind::Incomplete`], do not end the wait: the next poll resumes.
/// - A first poll without a job is an error, since a wrong filter is the likely cause:
///   [`WaitStatus::Empty`].
///
/// ```no_run
/// # fn wait(client: &drs_backup_jobs::Client) -> Result<(), drs_backup_jobs::Error> {
/// use drs_backup_jobs::{ListJobs, Wait, WaitStatus};
///
/// let mut wait = Wait::new(client.watch(ListJobs::new()));
/// loop {
///     let state = wait.poll();
///     let totals = state.totals;
///     println!("{} of {} finished, {} failed", totals.finished(), totals.total(), totals.failed);
///     match (state.status, state.error) {
///         (WaitStatus::Waiting, _) => std::thread::sleep(state.delay),
///         (WaitStatus::Done, _) => break,
///         (_, Some(error)) => return Err(error),
///         (_, None) => break,
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a wait sends requests only when it is polled"]
pub struct Wait {
    watch: Watch,
    jobs: BTreeMap<String, Entry>,
    /// Whether a poll succeeded, which sets the jobs that are waited for.
    is_started: bool,
}

#[derive(Debug)]
struct Entry {
    outcome: WaitOutcome,
    /// Added after the first poll: counted, not waited for.
    is_new: bool,
    /// How many polls in a row did not list the job.
    missing: u32,
}

impl Entry {
    fn new(job: &Job<'static>, is_new: bool) -> Self {
        Self {
            outcome: WaitOutcome::of_listed(job),
            is_new,
            missing: 0,
        }
    }

    /// Updates the entry with the result of a successful poll.
    fn update(&mut self, listed: Option<&Job<'static>>) {
        if matches!(self.outcome, WaitOutcome::Finished(_)) {
            return;
        }
        let Some(job) = listed else {
            self.missing = self.missing.saturating_add(1);
            if self.missing == 1 {
                self.outcome = WaitOutcome::Removed(self.outcome.job().clone());
            }
            return;
        };
        self.missing = 0;
        let is_same = matches!(&self.outcome, WaitOutcome::Running(last) if last == job);
        if !is_same {
            self.outcome = WaitOutcome::of_listed(job);
        }
    }

    /// Whether the wait need not continue for this job.
    fn is_settled(&self) -> bool {
        match self.outcome {
            WaitOutcome::Finished(_) => true,
            WaitOutcome::Removed(_) => self.missing >= POLLS_UNTIL_REMOVED,
            WaitOutcome::Running(_) => false,
        }
    }
}

/// The result of one [`Wait::poll`], and what to do next.
#[derive(Debug)]
#[non_exhaustive]
pub struct WaitState {
    /// What to do next.
    pub status: WaitStatus,
    /// The jobs that are waited for, by state.
    pub totals: Totals,
    /// The jobs that were added after the first poll, by state. They are not waited for.
    pub new: Totals,
    /// What changed since the previous poll; empty if this poll failed.
    pub events: Vec<Event>,
    /// The error of this poll, if it failed.
    pub error: Option<Error>,
    /// How long to sleep before the next poll: see [`Watch::delay_after`].
    pub delay: Duration,
}

impl WaitState {
    /// Returns whether every job that is waited for is finished or removed.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.status == WaitStatus::Done
    }
}

/// What to do after a [`Wait::poll`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WaitStatus {
    /// Jobs are still running, or the poll failed with a transient error: sleep for
    /// [`delay`](WaitState::delay), then poll again.
    Waiting,
    /// Every job is finished or removed.
    Done,
    /// The first poll listed no job, so there is nothing to wait for. [`error`](WaitState::error)
    /// is set.
    Empty,
    /// The poll failed with an error that is not transient, or was cancelled.
    Failed,
}

/// Numbers of jobs by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Totals {
    /// Finished with success.
    pub succeeded: usize,
    /// Finished without success.
    pub failed: usize,
    /// No longer listed, and not finished when last listed.
    pub removed: usize,
    /// Listed, and not finished.
    pub running: usize,
}

impl Totals {
    /// Returns the number of finished jobs: succeeded and failed.
    #[must_use]
    pub fn finished(&self) -> usize {
        self.succeeded.saturating_add(self.failed)
    }

    /// Returns the number of all jobs.
    #[must_use]
    pub fn total(&self) -> usize {
        self.finished()
            .saturating_add(self.removed)
            .saturating_add(self.running)
    }

    fn add(&mut self, outcome: &WaitOutcome) {
        let count = match outcome {
            WaitOutcome::Finished(_) if outcome.is_success() => &mut self.succeeded,
            WaitOutcome::Finished(_) => &mut self.failed,
            WaitOutcome::Removed(_) => &mut self.removed,
            WaitOutcome::Running(_) => &mut self.running,
        };
        *count = count.saturating_add(1);
    }
}

impl Wait {
    /// Creates a wait for the jobs of `watch`.
    pub fn new(watch: Watch) -> Self {
        Self {
            watch,
            jobs: BTreeMap::new(),
            is_started: false,
        }
    }

    /// Polls once, without sleeping. After [`WaitStatus::Done`], further polls continue to update
    /// the states of the jobs.
    pub fn poll(&mut self) -> WaitState {
        let saved: Vec<Job<'static>> = if self.is_started {
            Vec::new()
        } else {
            self.watch.jobs().cloned().collect()
        };
        let (status, events, error) = match self.watch.poll() {
            Ok(events) => {
                for job in &saved {
                    add(&mut self.jobs, job, false);
                }
                self.update();
                match self.status() {
                    WaitStatus::Empty => (WaitStatus::Empty, events, Some(nothing_to_wait_for())),
                    status => (status, events, None),
                }
            }
            Err(error) => {
                let may_pass = error.is_transient() || error.kind() == ErrorKind::Incomplete;
                let status = if may_pass {
                    WaitStatus::Waiting
                } else {
                    WaitStatus::Failed
                };
                (status, Vec::new(), Some(error))
            }
        };
        let failure = error.as_ref().filter(|_| status != WaitStatus::Empty);
        let delay = self.watch.delay_after(failure);
        let (totals, new) = self.count();
        WaitState {
            status,
            totals,
            new,
            events,
            error,
            delay,
        }
    }

    /// Updates the states with a complete list.
    fn update(&mut self) {
        for (id, entry) in &mut self.jobs {
            entry.update(self.watch.get(id));
        }
        let is_new = self.is_started;
        self.is_started = true;
        for job in self.watch.jobs() {
            add(&mut self.jobs, job, is_new);
        }
    }

    fn status(&self) -> WaitStatus {
        let mut covered = self.covered().peekable();
        if covered.peek().is_none() {
            WaitStatus::Empty
        } else if covered.all(Entry::is_settled) {
            WaitStatus::Done
        } else {
            WaitStatus::Waiting
        }
    }

    fn covered(&self) -> impl Iterator<Item = &Entry> {
        self.jobs.values().filter(|entry| !entry.is_new)
    }

    fn count(&self) -> (Totals, Totals) {
        let (mut totals, mut new) = (Totals::default(), Totals::default());
        for entry in self.jobs.values() {
            let totals = if entry.is_new { &mut new } else { &mut totals };
            totals.add(&entry.outcome);
        }
        (totals, new)
    }

    /// Iterates over the jobs that are waited for, by id.
    pub fn outcomes(&self) -> impl Iterator<Item = &WaitOutcome> {
        self.covered().map(|entry| &entry.outcome)
    }

    /// Iterates over the jobs that were added after the first poll, by id. They are not waited for.
    pub fn new_jobs(&self) -> impl Iterator<Item = &WaitOutcome> {
        let new = self.jobs.values().filter(|entry| entry.is_new);
        new.map(|entry| &entry.outcome)
    }

    /// Returns whether a poll has succeeded.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.is_started
    }

    /// Returns the watch that is polled, with the last complete list.
    pub fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Returns the outcomes of the jobs that are waited for, by id.
    #[must_use]
    pub fn into_outcomes(self) -> Vec<WaitOutcome> {
        let covered = self.jobs.into_values().filter(|entry| !entry.is_new);
        covered.map(|entry| entry.outcome).collect()
    }
}

/// Adds a job that is not there yet.
fn add(jobs: &mut BTreeMap<String, Entry>, job: &Job<'static>, is_new: bool) {
    if !jobs.contains_key(&*job.id) {
        jobs.insert(String::from(&*job.id), Entry::new(job, is_new));
    }
}

fn nothing_to_wait_for() -> Error {
    Error::incomplete("cannot wait: no job matches the query", None)
}

impl Watch {
    /// Waits until every matching job of the first poll is finished or removed, or until `timeout`:
    /// see [`Wait`] for the rules.
    ///
    /// After `timeout` it returns the jobs that are still running as [`WaitOutcome::Running`]. A
    /// poll in progress at that moment is completed first. If the next poll would have to be delayed
    /// beyond `timeout` because the last one failed (`Retry-After`), it returns at once.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::Incomplete`] if the first poll lists no job: a wrong filter is the likely
    ///   cause.
    /// - The last poll's error if no poll succeeds within `timeout`.
    /// - Any error that is neither transient nor [`ErrorKind::Incomplete`]; and
    ///   [`ErrorKind::Cancelled`].
    pub fn wait(self, timeout: Duration) -> Result<Vec<WaitOutcome>, Error> {
        let start = self.client().clock().now();
        let mut wait = Wait::new(self);
        loop {
            let WaitState {
                status,
                error,
                delay,
                ..
            } = wait.poll();
            match (status, error) {
                (WaitStatus::Done, _) => return Ok(wait.into_outcomes()),
                (WaitStatus::Empty | WaitStatus::Failed, Some(error)) => return Err(error),
                (_, error) => {
                    let client = wait.watch.client();
                    let elapsed = client.clock().now().saturating_sub(start);
                    let remaining = timeout.saturating_sub(elapsed);
                    if remaining.is_zero() || error.is_some() && delay > remaining {
                        return match error {
                            Some(error) if !wait.is_started => Err(error),
                            _ => Ok(wait.into_outcomes()),
                        };
                    }
                    client.sleep(delay.min(remaining))?;
                }
            }
        }
    }
}

/// The outcome of a job that was waited for.
///
/// With the feature `serde` it is serialized as `{"outcome":"finished","job":{…}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitOutcome {
    /// The job finished; see its status.
    Finished(Job<'static>),
    /// The job was deleted before it finished; the job as it was last listed.
    Removed(Job<'static>),
    /// The job was still running at the end of the wait; the job as it was last listed.
    Running(Job<'static>),
}

impl WaitOutcome {
    fn of_listed(job: &Job<'static>) -> Self {
        if job.is_finished() {
            Self::Finished(job.clone())
        } else {
            Self::Running(job.clone())
        }
    }

    /// Returns the job as it was last listed.
    #[must_use]
    pub fn job(&self) -> &Job<'static> {
        match self {
            Self::Finished(job) | Self::Removed(job) | Self::Running(job) => job,
        }
    }

    /// Returns whether the job finished with success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Finished(job) if job.status == JobStatus::Success)
    }

    /// Returns the name of the outcome: `finished`, `removed` or `running`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Finished(_) => "finished",
            Self::Removed(_) => "removed",
            Self::Running(_) => "running",
        }
    }
}
