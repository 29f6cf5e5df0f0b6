//! Scripted changes of a list, each with its moment.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::emulated_job::EmulatedJob;
use super::list::{Edit, List};
use crate::job::JobStatus;

/// One change of the list of jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Insert(usize, Box<EmulatedJob>),
    Remove(String),
    MoveTo(String, usize),
    Status(String, JobStatus, Option<String>),
}

impl Change {
    /// Adds a job at the head of the list.
    #[must_use]
    pub fn add(job: impl Into<EmulatedJob>) -> Self {
        Self::insert(0, job)
    }

    /// Inserts a job at a position of the list, 0 being its head, or at the end of a shorter list.
    /// A job with the same id is removed first.
    #[must_use]
    pub fn insert(position: usize, job: impl Into<EmulatedJob>) -> Self {
        Self(Kind::Insert(position, Box::new(job.into())))
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
        Self::failure(id.into(), JobStatus::Failed, error_log)
    }

    pub(super) fn failure(id: String, status: JobStatus, error_log: impl Into<String>) -> Self {
        Self(Kind::Status(id, status, Some(error_log.into())))
    }

    /// The edit of the list at this moment; `None` if the job is not in it.
    pub(super) fn edit(self, list: &List, now: &str) -> Option<Edit> {
        Some(match self.0 {
            Kind::Insert(position, job) => Edit::Insert(position, job),
            Kind::Remove(id) => Edit::Remove(id),
            Kind::MoveTo(id, position) => Edit::Insert(position, Box::new(list.get(&id)?)),
            Kind::Status(id, status, error_log) => {
                let mut job = list.get(&id)?;
                job.set_status(status, now);
                if let Some(error_log) = error_log {
                    job = job.error_log(error_log);
                }
                Edit::Replace(Box::new(job))
            }
        })
    }
}

/// Changes of the list at a time since the emulator was built, by its clock, or at a request.
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
    by_time: Vec<(Duration, Change)>,
    by_request: Vec<(u64, Change)>,
    every: Option<Duration>,
}

impl Script {
    /// Returns a script without changes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a change this long after the emulator was built. Changes of the same moment are made in
    /// the order added.
    #[must_use]
    pub fn after(mut self, since_built: Duration, change: Change) -> Self {
        self.by_time.push((since_built, change));
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
        self.every = (!every.is_zero()).then_some(every);
        self
    }
}

/// A change that is due.
#[derive(Debug)]
pub(super) enum Due {
    Scripted(Change),
    Random,
}

/// A script and how far it has run.
#[derive(Debug)]
pub(super) struct Timeline {
    /// The latest first, so that the next is at the end.
    by_time: Vec<(Duration, Change)>,
    by_request: Vec<(u64, Change)>,
    every: Duration,
    /// When the next random change is due; `None` for never.
    next_random: Option<Duration>,
}

impl Timeline {
    pub(super) fn new(script: Script) -> Self {
        let mut by_time = script.by_time;
        // Reversed before the stable sort, so that changes of one moment keep their order.
        by_time.reverse();
        by_time.sort_by(|(a, _), (b, _)| b.cmp(a));
        Self {
            by_time,
            by_request: script.by_request,
            every: script.every.unwrap_or_default(),
            next_random: script.every,
        }
    }

    /// The next change that is due after this time, and its moment. Scripted and random changes
    /// come in the order of their moments, so that the list does not depend on when requests arrive.
    pub(super) fn next(&mut self, elapsed: Duration) -> Option<(Duration, Due)> {
        let scripted = self.by_time.last().map(|(due, _)| *due);
        let scripted = scripted.filter(|due| *due <= elapsed);
        let random = self.next_random.filter(|due| *due <= elapsed);
        match (scripted, random) {
            (Some(due), other) if other.is_none_or(|other| due <= other) => self
                .by_time
                .pop()
                .map(|(_, change)| (due, Due::Scripted(change))),
            (_, Some(due)) => {
                self.next_random = due.checked_add(self.every);
                Some((due, Due::Random))
            }
            _ => None,
        }
    }

    /// Leaves out the random changes that are due by now.
    pub(super) fn skip_random(&mut self, elapsed: Duration) {
        self.next_random = elapsed.checked_add(self.every);
    }

    /// The changes due before the response to this request.
    pub(super) fn before_request(&mut self, number: u64) -> Vec<Change> {
        let is_due = |(at, _): &mut (u64, Change)| *at <= number;
        let due = self.by_request.extract_if(.., is_due);
        due.map(|(_, change)| change).collect()
    }
}
