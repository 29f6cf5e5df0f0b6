//! Scripted changes of a list, each at a time or before a request.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::emulated_job::EmulatedJob;
use crate::job::JobStatus;

/// One change of the list of jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change(pub(super) Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A position, and jobs: the first of them comes first in the list.
    Insert(usize, Vec<EmulatedJob>),
    Remove(String),
    MoveTo(String, usize),
    Status(String, JobStatus, Option<String>),
    /// The job with this id becomes this one, in its place in the list.
    Replace(Box<EmulatedJob>),
}

impl Change {
    /// Adds a job at the head of the list.
    #[must_use]
    pub fn add(job: impl Into<EmulatedJob>) -> Self {
        Self::insert(0, job)
    }

    /// Adds jobs at the head of the list, the first of them first.
    pub(crate) fn add_all(jobs: Vec<EmulatedJob>) -> Self {
        Self(Kind::Insert(0, jobs))
    }

    /// Inserts a job at a position of the list, 0 being its head, or at the end of a shorter list.
    /// A job with the same id is removed first.
    #[must_use]
    pub fn insert(position: usize, job: impl Into<EmulatedJob>) -> Self {
        Self(Kind::Insert(position, Vec::from([job.into()])))
    }

    /// Removes a job.
    #[must_use]
    pub fn remove(id: impl Into<String>) -> Self {
        Self(Kind::Remove(id.into()))
    }

    /// Moves a job to another position of the list, 0 being its head.
    #[must_use]
    pub fn move_to(id: impl Into<String>, position: usize) -> Self {
        Self(Kind::MoveTo(id.into(), position))
    }

    /// Sets a job's status. A final status sets the finish time to the moment of the change; any
    /// other status clears finish time and error log.
    #[must_use]
    pub fn status(id: impl Into<String>, status: impl Into<JobStatus>) -> Self {
        Self(Kind::Status(id.into(), status.into(), None))
    }

    /// Sets a job's status to `FAILED`, with this error log.
    #[must_use]
    pub fn fail(id: impl Into<String>, error_log: impl Into<String>) -> Self {
        Self(Kind::Status(
            id.into(),
            JobStatus::Failed,
            Some(error_log.into()),
        ))
    }
}

/// A script of changes of the list, each at a time or before a request.
///
/// Times are counted from when the emulator was built, by its clock.
///
/// ```
/// use std::time::Duration;
/// use drs_backup_jobs::JobStatus;
/// use drs_backup_jobs::emulator::{Change, EmulatedJob, Emulator, ManualClock, Script};
///
/// let clock = ManualClock::new();
/// let emulator = Emulator::builder()
///     .clock(clock.clone())
///     .job(EmulatedJob::new("a"))
///     .script(Script::new().after(Duration::from_secs(60), Change::status("a", JobStatus::Success)))
///     .build();
/// assert!(!emulator.job("a").unwrap().job.is_finished());
/// clock.advance(Duration::from_secs(60));
/// assert!(emulator.job("a").unwrap().job.is_finished());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The earliest first; changes at the same time in the order added.
    by_time: VecDeque<(Duration, Change)>,
    by_request: Vec<(u64, Change)>,
    every: Duration,
    /// When the next random change is due; `None` for never.
    next_random: Option<Duration>,
}

impl Script {
    /// Creates a script without changes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a change at this time after the emulator was built. Changes at the same time are made
    /// in the order added.
    #[must_use]
    pub fn after(mut self, since_built: Duration, change: Change) -> Self {
        let at = self.by_time.partition_point(|(due, _)| *due <= since_built);
        self.by_time.insert(at, (since_built, change));
        self
    }

    /// Adds a change before the response to the request with this number, counted from 1 for each
    /// project.
    #[must_use]
    pub fn before_request(mut self, number: u64, change: Change) -> Self {
        self.by_request.push((number, change));
        self
    }

    /// Makes one random change per interval, drawn from the emulator's seed: half of them finish a
    /// running job, the others add a job or remove a finished one. Zero disables it.
    ///
    /// After a long time without requests at most 1 000 of these changes are made at once; the rest
    /// are left out.
    #[must_use]
    pub fn random_changes(mut self, every: Duration) -> Self {
        self.every = every;
        self.next_random = (!every.is_zero()).then_some(every);
        self
    }

    /// Removes the next change that is due by now, and returns it with its time; a random change is
    /// `None`. Scripted and random changes come in the order of their times, so that the list does
    /// not depend on when requests arrive.
    pub(super) fn next_due(&mut self, elapsed: Duration) -> Option<(Duration, Option<Change>)> {
        let scripted = self.by_time.front().map(|(due, _)| *due);
        let random = self.next_random.filter(|due| *due <= elapsed);
        match (scripted, random) {
            (_, Some(due)) if scripted.is_none_or(|scripted| due < scripted) => {
                self.next_random = due.checked_add(self.every);
                Some((due, None))
            }
            (Some(due), _) if due <= elapsed => {
                let (due, change) = self.by_time.pop_front()?;
                Some((due, Some(change)))
            }
            _ => None,
        }
    }

    /// Leaves out the random changes that are due by now.
    pub(super) fn skip_random(&mut self, elapsed: Duration) {
        self.next_random = elapsed.checked_add(self.every);
    }

    /// Removes and returns the changes that are due before the response to this request.
    pub(super) fn due_before_request(&mut self, number: u64) -> Vec<Change> {
        let due = self.by_request.extract_if(.., |(at, _)| *at <= number);
        due.map(|(_, change)| change).collect()
    }
}
