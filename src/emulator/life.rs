//! The list's life of its own: jobs come, move on and go, by a script or by chance.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::job::EmulatedJob;
use super::list::List;
use super::random::Random;
use super::seeded::{self, Lot};
use crate::job::JobStatus;
use crate::timestamp::Timestamp;

/// One change of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Insert(usize, Box<EmulatedJob>),
    Remove(String),
    MoveTo(String, usize),
    Status {
        id: String,
        status: JobStatus,
        error_log: Option<String>,
    },
}

impl Change {
    /// A new job at the head of the list.
    #[must_use]
    pub fn add(job: impl Into<EmulatedJob>) -> Self {
        Self::insert(0, job)
    }

    /// A new job at a position of the list, 0 being its head.
    #[must_use]
    pub fn insert(position: usize, job: impl Into<EmulatedJob>) -> Self {
        Self(Kind::Insert(position, Box::new(job.into())))
    }

    /// A job is deleted.
    #[must_use]
    pub fn remove(id: impl Into<String>) -> Self {
        Self(Kind::Remove(id.into()))
    }

    /// A job moves to another position of the list, 0 being its head.
    #[must_use]
    pub fn move_to(id: impl Into<String>, position: usize) -> Self {
        Self(Kind::MoveTo(id.into(), position))
    }

    /// A job moves on to a status. If that is an end, the job's finish time is the moment of the
    /// change; if not, it has none any more, and no error log.
    #[must_use]
    pub fn status(id: impl Into<String>, status: impl Into<JobStatus>) -> Self {
        Self(Kind::Status {
            id: id.into(),
            status: status.into(),
            error_log: None,
        })
    }

    /// A job fails, and its error log says why.
    #[must_use]
    pub fn fail(id: impl Into<String>, error_log: impl Into<String>) -> Self {
        Self(Kind::Status {
            id: id.into(),
            status: JobStatus::Failed,
            error_log: Some(error_log.into()),
        })
    }

    /// Makes the change, at this moment; one to a job that is not there is none.
    pub(super) fn make(self, list: &mut List, now: &str) {
        match self.0 {
            Kind::Insert(position, job) => list.insert(position, *job),
            Kind::Remove(id) => {
                list.remove(&id);
            }
            Kind::MoveTo(id, position) => {
                if let Some(job) = list.remove(&id) {
                    list.insert(position, job);
                }
            }
            Kind::Status {
                id,
                status,
                error_log,
            } => {
                list.update(&id, |mut job| {
                    if !status.is_finished() {
                        job.job.finish_time = None;
                        job.job.error_log = None;
                        return job.status(status);
                    }
                    job = job.status(status).finish_time(now);
                    match error_log {
                        Some(error_log) => job.error_log(error_log),
                        None => job,
                    }
                });
            }
        }
    }
}

/// Changes of the list, each with its moment: a time since the emulator was built, by its clock, or
/// the request before whose answer it is made.
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
    /// Nothing changes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a change this long after the emulator was built. Changes of the same moment are made
    /// in the order they were given.
    #[must_use]
    pub fn after(mut self, since_built: Duration, change: Change) -> Self {
        self.by_time.push((since_built, change));
        self
    }

    /// Makes a change after the request of this number, counted from 1, has come in and before it
    /// is answered.
    #[must_use]
    pub fn before_request(mut self, number: u64, change: Change) -> Self {
        self.by_request.push((number, change));
        self
    }

    /// Makes a change by chance once in such an interval, drawn from the emulator's seed: mostly a
    /// running job ends, else a job comes or an ended one goes. Zero is never. When nobody has asked
    /// for long, 1 000 such changes are made up for, and those that were due after them are not.
    #[must_use]
    pub fn random_changes(mut self, every: Duration) -> Self {
        self.every = (!every.is_zero()).then_some(every);
        self
    }
}

/// A script under way.
#[derive(Debug)]
pub(super) struct Life {
    /// The latest first, so that the next is at the end.
    by_time: Vec<(Duration, Change)>,
    by_request: Vec<(u64, Change)>,
    busy: Option<Busy>,
    /// The wall clock's time at the emulator's start.
    started: Duration,
    lot: Lot,
}

#[derive(Debug)]
struct Busy {
    every: Duration,
    /// When it changes next; `None` when time has come to its end.
    next: Option<Duration>,
    /// The number of the next job to come.
    next_job: u32,
}

/// How many changes by chance are made up for after a pause: beyond, nobody could tell.
const MOST_MADE_UP: usize = 1000;
/// How far from the head chance looks for a job to change.
const REACH: usize = 100;

impl Life {
    pub(super) fn new(script: Script, lot: Lot, started: Duration) -> Self {
        let mut by_time = script.by_time;
        // Turned before the stable sort, so that changes of one moment keep their order.
        by_time.reverse();
        by_time.sort_by(|(a, _), (b, _)| b.cmp(a));
        Self {
            by_time,
            by_request: script.by_request,
            busy: script.every.map(|every| Busy {
                every,
                next: Some(every),
                next_job: lot.jobs,
            }),
            started,
            lot,
        }
    }

    /// Makes every change that is due so long after the start.
    pub(super) fn advance(&mut self, list: &mut List, elapsed: Duration) {
        let mut made_up = 0;
        loop {
            let by_script = self.by_time.last().map(|(due, _)| *due);
            let by_script = by_script.filter(|due| *due <= elapsed);
            let with_probability = self.busy.as_ref().and_then(|busy| busy.next);
            let with_probability = with_probability.filter(|due| *due <= elapsed);
            // In the order of their moments, whichever they are of, so that the list is the same
            // whether or not somebody looked between two of them.
            if let Some(due) = by_script
                && with_probability.is_none_or(|other| due <= other)
            {
                if let Some((_, change)) = self.by_time.pop() {
                    change.make(list, &self.moment(due));
                }
            } else if let Some(due) = with_probability {
                let makes_up = made_up < MOST_MADE_UP;
                if let Some(busy) = &mut self.busy {
                    let from = if makes_up { due } else { elapsed };
                    busy.next = from.checked_add(busy.every);
                }
                if makes_up {
                    made_up += 1;
                    self.change_by_chance(list, due);
                }
            } else {
                return;
            }
        }
    }

    /// Makes every change that is due before this request's answer.
    pub(super) fn request(&mut self, list: &mut List, number: u64, elapsed: Duration) {
        if self.by_request.is_empty() {
            return;
        }
        let now = self.moment(elapsed);
        let (due, later) = core::mem::take(&mut self.by_request)
            .into_iter()
            .partition(|(at, _)| *at <= number);
        self.by_request = later;
        let due: Vec<_> = due;
        for (_, change) in due {
            change.make(list, &now);
        }
    }

    fn change_by_chance(&mut self, list: &mut List, due: Duration) {
        let now = self.moment(due);
        let Some(busy) = &mut self.busy else { return };
        // The moment itself draws: the same script changes the same jobs, whoever looks and when.
        let mut random = Random::of(
            !self.lot.seed,
            u64::try_from(due.as_nanos()).unwrap_or_default(),
        );
        let pick = |random: &mut Random, ended: bool| {
            let candidates: Vec<String> = list
                .iter()
                .take(REACH)
                .filter(|job| job.job.is_finished() == ended)
                .map(|job| job.job.id.into_owned())
                .collect();
            random.pick(&candidates).cloned()
        };
        let change = match random.below(10) {
            0..5 => pick(&mut random, false).map(|id| end_of(id, &mut random)),
            5..8 => None,
            _ => pick(&mut random, true).map(Change::remove),
        };
        let change = change.unwrap_or_else(|| {
            let index = busy.next_job;
            busy.next_job = index.wrapping_add(1);
            let mut job = self.lot.job(index).status(JobStatus::Transferring);
            job.job.finish_time = None;
            job.job.error_log = None;
            Change::add(job.create_time(now.as_str()))
        });
        change.make(list, &now);
    }

    /// The wall clock's time so long after the start, to the second, as jobs show it.
    fn moment(&self, elapsed: Duration) -> String {
        let since_1970 = self.started.saturating_add(elapsed).as_secs();
        seeded::time(Timestamp::from_unix(Duration::from_secs(since_1970)))
    }
}

fn end_of(id: String, random: &mut Random) -> Change {
    let status = match random.below(10) {
        0..7 => JobStatus::Success,
        7..9 => JobStatus::Failed,
        _ => JobStatus::PrecheckFailed,
    };
    let error_log = seeded::reason(random, &status).map(String::from);
    Change(Kind::Status {
        id,
        status,
        error_log,
    })
}
