//! What changed since the last look, and waiting for jobs to end.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::job::{Job, JobStatus};
use crate::jobs::DEFAULT_PAGE_SIZE;
use crate::list_jobs::ListJobs;

/// What a look brought to light.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A job that the looks before did not show. The first look shows every job so.
    Added(Job<'static>),
    /// A job that is not what it was, but has not come to its end just now.
    Updated {
        /// The job as the look before showed it.
        from: Job<'static>,
        /// The job now.
        to: Job<'static>,
    },
    /// A job that has come to its end, good or bad, since the look before.
    Finished {
        /// The job as the look before showed it.
        from: Job<'static>,
        /// The job now.
        to: Job<'static>,
    },
    /// A job that is listed no more: it was deleted.
    Removed(Job<'static>),
    /// A look that failed. The watch goes on, and holds no job for gone because of it.
    PollFailed(Error),
}

/// Watches the jobs of a query: made by [`Client::watch`].
///
/// Each look walks the whole list without loss, as [`Jobs`](crate::Jobs) does, and compares it with
/// the look before. [`poll`](Self::poll) does one without sleeping; as an iterator the watch sleeps
/// between looks and never ends.
///
/// Filters on `status` and `completed_at` are not sent, since a job that ends would fall out of
/// them and look gone; they are applied here: an event is told when the job matches before or after
/// it. `completed_at` matches a job whose finish time begins with it.
///
/// After a look that failed because the credentials were not accepted, the iterator sleeps at least
/// five minutes: five such failures in a row lock an access key.
#[derive(Debug)]
#[must_use = "a watch looks only when it is advanced"]
pub struct Watch {
    client: Client,
    query: ListJobs,
    filter: Filter,
    page_size: u32,
    interval: Duration,
    known: Option<BTreeMap<String, Job<'static>>>,
    pending: VecDeque<Event>,
    next_look: Option<Duration>,
}

/// The pause between looks of a watch that is not told otherwise.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(10);

/// How long an access key stays locked after too many failures.
const LOCK: Duration = Duration::from_secs(300);

#[derive(Debug)]
struct Filter {
    status: Option<JobStatus>,
    completed_at: Option<String>,
}

impl Filter {
    fn matches(&self, job: &Job<'_>) -> bool {
        let finish_time = job.finish_time.as_deref().unwrap_or_default();
        self.status
            .as_ref()
            .is_none_or(|status| *status == job.status)
            && self
                .completed_at
                .as_ref()
                .is_none_or(|prefix| finish_time.starts_with(&**prefix))
    }
}

impl Watch {
    /// The time from the end of one look to the start of the next; 10 seconds if not set.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How many jobs one request of a look asks for: 2 to 512, 100 if not set. Larger pages make a
    /// look of fewer requests, of which the gateway lets about 200 pass in five minutes. Other sizes
    /// are refused by the first look.
    pub fn page_size(mut self, page_size: u32) -> Self {
        self.page_size = page_size;
        self
    }

    /// Looks once, now, without sleeping: what changed since the look before, in the list's order,
    /// then what is gone. The first look shows every job as [`Event::Added`].
    ///
    /// # Errors
    ///
    /// Those of a walk; the next look then compares with the last one that succeeded.
    pub fn poll(&mut self) -> Result<Vec<Event>, Error> {
        let mut listed = BTreeMap::new();
        let mut order = Vec::new();
        let jobs = self.client.jobs(self.query.clone());
        for job in jobs.page_size(self.page_size) {
            let job = job?;
            order.push(String::from(&*job.id));
            listed.insert(String::from(&*job.id), job);
        }
        let mut before = self.known.take().unwrap_or_default();
        let mut events = Vec::new();
        for id in &order {
            let Some(now) = listed.get(id) else { continue };
            events.extend(self.compare(before.remove(id), now));
        }
        events.extend(
            before
                .into_values()
                .filter(|job| self.filter.matches(job))
                .map(Event::Removed),
        );
        self.known = Some(listed);
        Ok(events)
    }

    fn compare(&self, before: Option<Job<'static>>, now: &Job<'static>) -> Option<Event> {
        let matches_now = self.filter.matches(now);
        let Some(from) = before else {
            return matches_now.then(|| Event::Added(now.clone()));
        };
        if from == *now || !(matches_now || self.filter.matches(&from)) {
            return None;
        }
        let to = now.clone();
        Some(if to.is_finished() && !from.is_finished() {
            Event::Finished { from, to }
        } else {
            Event::Updated { from, to }
        })
    }

    /// The jobs that match, as the last look showed them, by id.
    pub fn jobs(&self) -> impl Iterator<Item = &Job<'static>> {
        self.known
            .iter()
            .flat_map(BTreeMap::values)
            .filter(|job| self.filter.matches(job))
    }

    /// The job of this id, as the last look showed it, whether or not it matches the filters; `None`
    /// if there was none such.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Job<'static>> {
        self.known.as_ref()?.get(id)
    }

    /// How long to sleep before the next look, after one that failed with `error` or succeeded: the
    /// interval, but at least five minutes when the credentials were not accepted. For those with a
    /// loop of their own; the iterator keeps to it.
    #[must_use]
    pub fn pause_after(&self, error: Option<&Error>) -> Duration {
        match error.map(Error::kind) {
            Some(ErrorKind::Authentication) => self.interval.max(LOCK),
            _ => self.interval,
        }
    }

    /// Sleeps between looks until every job of the first look that matches has ended, is gone, or
    /// `timeout` is over.
    ///
    /// Looks that fail for a reason that may pass are repeated after the interval. A look that is
    /// under way when `timeout` ends is finished first.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Incomplete`] when the first look shows no job: an empty wait is more likely a
    /// wrong filter than a success. The last look's when `timeout` is over before any succeeded, and
    /// any that will not pass by itself.
    pub fn wait(mut self, timeout: Duration) -> Result<Vec<WaitOutcome>, Error> {
        let start = self.client.clock().now();
        let mut waited_for: Option<BTreeMap<String, WaitOutcome>> = None;
        loop {
            let looked = self.poll();
            let jobs = match (looked, waited_for.take()) {
                (Ok(_), jobs) => Ok(self.update(jobs.map_or_else(|| self.first_of_wait(), Ok)?)),
                (Err(error), Some(jobs)) if error.is_transient() => Ok(jobs),
                (Err(error), None) if error.is_transient() => Err(error),
                (Err(error), _) => return Err(error),
            };
            let is_settled = jobs.as_ref().is_ok_and(|jobs| {
                !jobs
                    .values()
                    .any(|job| matches!(job, WaitOutcome::Running(_)))
            });
            let elapsed = self.client.clock().now().saturating_sub(start);
            let left = timeout.saturating_sub(elapsed);
            if is_settled || left.is_zero() {
                return jobs.map(|jobs| jobs.into_values().collect());
            }
            waited_for = jobs.ok();
            self.client.clock().sleep(self.interval.min(left));
        }
    }

    fn first_of_wait(&self) -> Result<BTreeMap<String, WaitOutcome>, Error> {
        let jobs: BTreeMap<_, _> = self
            .jobs()
            .map(|job| (String::from(&*job.id), WaitOutcome::Running(job.clone())))
            .collect();
        if jobs.is_empty() {
            return Err(Error::incomplete(
                "no job matches, so there is none to wait for",
                None,
            ));
        }
        Ok(jobs)
    }

    /// What became of the jobs waited for, by the last look. An end stays an end, though the job
    /// be deleted afterwards.
    fn update(&self, jobs: BTreeMap<String, WaitOutcome>) -> BTreeMap<String, WaitOutcome> {
        let known = self.known.as_ref();
        jobs.into_iter()
            .map(|(id, job)| {
                let job = match (job, known.and_then(|known| known.get(&id))) {
                    (WaitOutcome::Running(_), Some(now)) if now.is_finished() => {
                        WaitOutcome::Finished(now.clone())
                    }
                    (WaitOutcome::Running(_), Some(now)) => WaitOutcome::Running(now.clone()),
                    (WaitOutcome::Running(last), None) => WaitOutcome::Removed(last),
                    (settled, _) => settled,
                };
                (id, job)
            })
            .collect()
    }
}

impl Iterator for Watch {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(event);
            }
            let clock = self.client.clock();
            if let Some(at) = self.next_look {
                clock.sleep(at.saturating_sub(clock.now()));
            }
            let looked = self.poll();
            let pause = self.pause_after(looked.as_ref().err());
            self.next_look = Some(self.client.clock().now().saturating_add(pause));
            match looked {
                Ok(events) => self.pending.extend(events),
                Err(error) => self.pending.push_back(Event::PollFailed(error)),
            }
        }
    }
}

/// What became of a job that was waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitOutcome {
    /// It came to its end: its status says which.
    Finished(Job<'static>),
    /// It was deleted before it ended; the job as it was last seen.
    Removed(Job<'static>),
    /// Time ran out while it was under way; the job as it was last seen.
    Running(Job<'static>),
}

impl WaitOutcome {
    /// The job as it was last seen.
    #[must_use]
    pub fn job(&self) -> &Job<'static> {
        match self {
            Self::Finished(job) | Self::Removed(job) | Self::Running(job) => job,
        }
    }

    /// Whether the job ended well.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Finished(job) if job.status == JobStatus::Success)
    }
}

impl Client {
    /// Watches the jobs that match `query`: see [`Watch`].
    pub fn watch(&self, mut query: ListJobs) -> Watch {
        let (status, completed_at) = query.take_filters_on_the_end();
        Watch {
            client: self.clone(),
            query,
            filter: Filter {
                status,
                completed_at,
            },
            page_size: DEFAULT_PAGE_SIZE,
            interval: DEFAULT_INTERVAL,
            known: None,
            pending: VecDeque::new(),
            next_look: None,
        }
    }

    /// Waits until every job that matches `query` now has ended, or `timeout` is over: see
    /// [`Watch::wait`], for an interval other than 10 seconds too.
    ///
    /// # Errors
    ///
    /// Those of [`Watch::wait`].
    pub fn wait(&self, query: ListJobs, timeout: Duration) -> Result<Vec<WaitOutcome>, Error> {
        self.watch(query).wait(timeout)
    }
}
