//! The jobs of one project: their list, the replicas that lag behind it, and what changes them.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::random::Random;
use crate::clock::Clock;
use crate::job::JobStatus;
use crate::timestamp::Timestamp;

mod emulated_job;
mod filter;
mod list;
mod sample;
mod script;

pub use emulated_job::EmulatedJob;
pub(super) use filter::{Selection, TimeFilter};
use list::List;
pub(super) use list::Page;
pub(super) use sample::Sample;
use script::Kind;
pub use script::{Change, Script};

/// The maximum number of random changes made at once.
const MAX_RANDOM_CHANGES: usize = 1000;
/// Random changes choose one of this many jobs at the head.
const REACH: usize = 100;

/// How the jobs of a project begin and change.
#[derive(Clone, Debug, Default)]
pub(super) struct JobsSetup {
    pub(super) sample: Sample,
    /// The jobs of [`EmulatorBuilder::job`](super::EmulatorBuilder::job), at the head of the list.
    pub(super) added: Vec<EmulatedJob>,
    pub(super) script: Script,
    /// How far each replica lags.
    pub(super) replicas: Vec<Duration>,
    /// How many jobs are added before each page.
    pub(super) growth: u32,
    /// The seed of the random order of ties, unless they have a separate seed.
    pub(super) ties: Option<u64>,
}

/// The jobs of one project. A moment is a time of the clock's `now`.
#[derive(Debug)]
pub(super) struct Jobs {
    /// Its script holds only the changes that are not made yet.
    setup: JobsSetup,
    list: List,
    replicas: Vec<Replica>,
    /// The number of the next new sample job.
    next_sample: u32,
    pages: u64,
    started: Duration,
    /// The wall clock at the moment zero.
    epoch: Duration,
}

/// A copy of the list that makes each change later.
#[derive(Debug)]
struct Replica {
    lag: Duration,
    list: List,
    pending: VecDeque<(Duration, Change)>,
}

/// The wall clock at a moment, to the second, as jobs hold it.
pub(super) fn wall_clock(epoch: Duration, moment: Duration) -> String {
    let seconds = epoch.saturating_add(moment).as_secs();
    sample::time(Timestamp::from_unix(Duration::from_secs(seconds)))
}

impl Jobs {
    pub(super) fn new(mut setup: JobsSetup, seed: u64, clock: &dyn Clock) -> Self {
        setup.sample.seed = seed;
        let list = List::new(setup.sample, core::mem::take(&mut setup.added));
        let replica = |lag: &Duration| Replica {
            lag: *lag,
            list: list.clone(),
            pending: VecDeque::new(),
        };
        Self {
            replicas: setup.replicas.iter().map(replica).collect(),
            list,
            next_sample: setup.sample.jobs,
            setup,
            pages: 0,
            started: clock.now(),
            epoch: clock.unix_time().saturating_sub(clock.now()),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Every job, from the head of the list.
    pub(super) fn iter(&self) -> impl Iterator<Item = EmulatedJob> + '_ {
        self.list.iter()
    }

    pub(super) fn get(&self, id: &str) -> Option<EmulatedJob> {
        self.list.get(id)
    }

    /// Makes a change; one of a job that is not listed has no effect.
    pub(super) fn apply(&mut self, change: Change, now: Duration) {
        for replica in &mut self.replicas {
            replica.pending.push_back((now, change.clone()));
        }
        self.list.apply(change, &wall_clock(self.epoch, now));
    }

    /// Replaces the job with this id in its place in the list.
    pub(super) fn replace(&mut self, job: EmulatedJob, now: Duration) {
        self.apply(Change(Kind::Replace(Box::new(job))), now);
    }

    /// Makes every change that is due.
    pub(super) fn advance(&mut self, now: Duration) {
        let elapsed = now.saturating_sub(self.started);
        let mut random_changes = 0;
        while let Some((due, change)) = self.setup.script.next_due(elapsed) {
            if change.is_none() {
                random_changes += 1;
                if random_changes > MAX_RANDOM_CHANGES {
                    self.setup.script.skip_random(elapsed);
                    continue;
                }
            }
            let change = change.unwrap_or_else(|| self.random_change(due));
            self.apply(change, self.started.saturating_add(due));
        }
        for Replica { lag, list, pending } in &mut self.replicas {
            let due = pending.partition_point(|(moment, _)| moment.saturating_add(*lag) <= now);
            for (moment, change) in pending.drain(..due) {
                list.apply(change, &wall_clock(self.epoch, moment));
            }
        }
    }

    /// Makes the changes due before the response to this request.
    pub(super) fn before_request(&mut self, number: u64, now: Duration) {
        for change in self.setup.script.due_before_request(number) {
            self.apply(change, now);
        }
    }

    /// One page, from the list and its replicas in turn.
    pub(super) fn page(
        &mut self,
        selection: &Selection,
        range: (usize, usize),
        now: Duration,
    ) -> Page {
        for _ in 0..self.setup.growth {
            let job = self.new_job(now);
            self.apply(Change::add(job), now);
        }
        let number = self.pages;
        self.pages = self.pages.wrapping_add(1);
        let ties = self.setup.ties.map(|seed| Random::of(seed, number));
        let turn = usize::try_from(number % (self.replicas.len() as u64 + 1)).unwrap_or_default();
        let list = match turn.checked_sub(1).and_then(|at| self.replicas.get_mut(at)) {
            Some(replica) => &mut replica.list,
            None => &mut self.list,
        };
        list.page(selection, range, ties)
    }

    /// A new running job.
    fn new_job(&mut self, now: Duration) -> EmulatedJob {
        let index = self.next_sample;
        self.next_sample = index.wrapping_add(1);
        let mut job = self
            .setup
            .sample
            .job(index)
            .create_time(wall_clock(self.epoch, now));
        job.set_status(JobStatus::Transferring, "");
        job
    }

    fn random_change(&mut self, due: Duration) -> Change {
        // Drawn from the moment: the same script changes the same jobs whenever requests arrive.
        let nanos = u64::try_from(due.as_nanos()).unwrap_or_default();
        let mut random = Random::of(!self.setup.sample.seed, nanos);
        let draw = random.below(10);
        if !(5..8).contains(&draw) {
            let finishes = draw < 5;
            let head: Vec<EmulatedJob> = self.list.iter().take(REACH).collect();
            let candidates: Vec<Option<&EmulatedJob>> = head
                .iter()
                .filter(|job| job.job.is_finished() != finishes)
                .map(Some)
                .collect();
            match random.pick(&candidates) {
                Some(job) if finishes => return finish(job.id(), &mut random),
                Some(job) => return Change::remove(job.id()),
                None => {}
            }
        }
        Change::add(self.new_job(self.started.saturating_add(due)))
    }
}

fn finish(id: &str, random: &mut Random) -> Change {
    let status = match random.below(10) {
        0..7 => JobStatus::Success,
        7..9 => JobStatus::Failed,
        _ => JobStatus::PrecheckFailed,
    };
    let error_log = sample::reason(random, &status).map(String::from);
    Change(Kind::Status(id.into(), status, error_log))
}
