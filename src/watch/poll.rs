//! Polling: one complete listing, compared with the last.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::event::Event;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::job::{Job, JobStatus};
use crate::jobs::{DEFAULT_PAGE_SIZE, Jobs};
use crate::list_jobs::ListJobs;

/// The time between polls if none is set.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(10);

/// How long the service locks an access key after more than five failures in a row.
const KEY_LOCK: Duration = Duration::from_secs(300);

/// Polls the jobs of a query and reports what changed: built by [`Client::watch`].
///
/// Each poll lists all pages, with the guarantee of [`Jobs`], and compares the complete list with
/// that of the previous poll. [`poll`](Self::poll) polls once, without sleeping. As an iterator,
/// the watch sleeps for the interval between polls and yields one event or one error at a time.
///
/// # Errors
///
/// An error does not end the watch, and never causes [`Event::Removed`]. A failed poll keeps the
/// pages it received: the next one resumes at the page that failed, so that a list of many pages is
/// read although each poll may fail. The iterator never ends, except after
/// [`ErrorKind::Cancelled`]. Leave the loop at an error that is not
/// [transient](Error::is_transient), unless its cause may be fixed while the program runs.
///
/// # Filters
///
/// `status` and `completed_at` are not sent but applied here: a job that finishes would otherwise
/// no longer match the filter and be reported as removed. An event is reported if the job matches
/// before or after it. `completed_at` matches jobs whose finish time begins with it.
///
/// # Cost
///
/// A poll takes one request for up to 511 jobs, and at most two more than the least possible beyond
/// that. The gateway allows about 200 requests in five minutes.
///
/// ```no_run
/// # fn print(client: &drs_backup_jobs::Client) -> Result<(), drs_backup_jobs::Error> {
/// use drs_backup_jobs::{Event, ListJobs};
///
/// for event in client.watch(ListJobs::new()) {
///     match event {
///         Ok(Event::Finished { to, .. }) => println!("{} {}", to.name, to.status),
///         Ok(_) => {}
///         Err(error) if error.is_transient() => eprintln!("{error}"),
///         Err(error) => return Err(error),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a watch sends requests only when it is polled or iterated"]
pub struct Watch {
    client: Client,
    query: ListJobs,
    filter: Filter,
    page_size: u32,
    interval: Duration,
    /// The last complete list, by id.
    known: Option<BTreeMap<String, Job<'static>>>,
    /// What a failed poll received so far.
    unfinished: Option<Listing>,
    /// Events of the last poll that the iterator has not yielded yet.
    pending: VecDeque<Event>,
    next_poll: Option<Duration>,
    is_cancelled: bool,
}

/// A listing and what it received so far.
#[derive(Debug)]
struct Listing {
    jobs: Jobs,
    received: BTreeMap<String, Job<'static>>,
    /// The ids in the list's order.
    order: Vec<String>,
}

/// The filters that a finishing job would fall out of, and the program's own.
#[derive(Debug)]
struct Filter {
    status: Option<JobStatus>,
    completed_at: Option<String>,
    predicate: Option<Predicate>,
}

struct Predicate(Box<dyn Fn(&Job<'_>) -> bool + Send + Sync>);

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Predicate(..)")
    }
}

impl Filter {
    fn matches(&self, job: &Job<'_>) -> bool {
        let finish_time = job.finish_time.as_deref().unwrap_or_default();
        self.predicate
            .as_ref()
            .is_none_or(|predicate| (predicate.0)(job))
            && self
                .status
                .as_ref()
                .is_none_or(|status| *status == job.status)
            && self
                .completed_at
                .as_ref()
                .is_none_or(|prefix| finish_time.starts_with(&**prefix))
    }
}

impl Watch {
    pub(super) fn new(client: Client, mut query: ListJobs) -> Self {
        let (status, completed_at) = query.take_completion_filters();
        Self {
            client,
            query,
            filter: Filter {
                status,
                completed_at,
                predicate: None,
            },
            page_size: DEFAULT_PAGE_SIZE,
            interval: DEFAULT_INTERVAL,
            known: None,
            unfinished: None,
            pending: VecDeque::new(),
            next_poll: None,
            is_cancelled: false,
        }
    }

    /// Sets the time from the end of one poll to the start of the next; default 10 seconds.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets the number of jobs per request: 2 to 512, default 512. The first poll rejects other
    /// sizes.
    pub fn page_size(mut self, page_size: u32) -> Self {
        self.page_size = page_size;
        self
    }

    /// Watches only the jobs that match the query and that `predicate` accepts, such as some ids or
    /// one of several statuses. As with the filters on `status`, an event is reported if the job is
    /// accepted before or after it. A second call replaces the predicate of the first.
    ///
    /// ```no_run
    /// # fn watch_two(client: &drs_backup_jobs::Client) {
    /// use drs_backup_jobs::ListJobs;
    ///
    /// let ids = ["0667845a-6291-4e2a-95b0-190c0abjb703", "1a2b3c4d-6291-4e2a-95b0-190c0abjb703"];
    /// let watch = client.watch(ListJobs::new()).matching(move |job| ids.contains(&&*job.id));
    /// # }
    /// ```
    pub fn matching(
        mut self,
        predicate: impl Fn(&Job<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.filter.predicate = Some(Predicate(Box::new(predicate)));
        self
    }

    /// Starts from saved jobs: the first poll reports only what changed since they were saved. Save
    /// those of [`jobs`](Self::jobs); after a restart the program then learns which jobs finished,
    /// changed or were removed in between.
    ///
    /// ```no_run
    /// # fn restart(client: &drs_backup_jobs::Client, saved: Vec<drs_backup_jobs::Job<'static>>)
    /// # -> Result<(), drs_backup_jobs::Error> {
    /// use drs_backup_jobs::ListJobs;
    ///
    /// let mut watch = client.watch(ListJobs::new()).with_known(saved);
    /// for event in watch.poll()? {
    ///     println!("{} {}", event.name(), event.job().name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_known(mut self, jobs: impl IntoIterator<Item = Job<'static>>) -> Self {
        let known = jobs.into_iter().map(|job| (String::from(&*job.id), job));
        self.known = Some(known.collect());
        self
    }

    /// Lists all jobs now and returns what changed since the previous poll: first the listed jobs
    /// in the list's order, then those that were removed. The first poll returns every job as
    /// [`Event::Added`], unless the watch started from [known jobs](Self::with_known).
    ///
    /// # Errors
    ///
    /// Those of [`Jobs`]. The next poll resumes the listing, and compares it with the last complete
    /// one.
    pub fn poll(&mut self) -> Result<Vec<Event>, Error> {
        let mut listing = self.unfinished.take().unwrap_or_else(|| Listing {
            jobs: self
                .client
                .jobs(self.query.clone())
                .page_size(self.page_size),
            received: BTreeMap::new(),
            order: Vec::new(),
        });
        listing.jobs.resume();
        for job in listing.jobs.by_ref() {
            match job {
                Ok(job) => {
                    listing.order.push(String::from(&*job.id));
                    listing.received.insert(String::from(&*job.id), job);
                }
                Err(error) => {
                    if can_be_resumed(&error) {
                        self.unfinished = Some(listing);
                    }
                    return Err(error);
                }
            }
        }
        Ok(self.compare_with(listing.received, &listing.order))
    }

    /// Makes `listed` the known list, and returns what changed.
    fn compare_with(
        &mut self,
        listed: BTreeMap<String, Job<'static>>,
        order: &[String],
    ) -> Vec<Event> {
        let mut before = self.known.take().unwrap_or_default();
        let mut events = Vec::new();
        for id in order {
            let Some(now) = listed.get(id) else { continue };
            events.extend(self.change(before.remove(id), now));
        }
        let removed = before.into_values();
        events.extend(
            removed
                .filter(|job| self.filter.matches(job))
                .map(Event::Removed),
        );
        self.known = Some(listed);
        events
    }

    fn change(&self, before: Option<Job<'static>>, now: &Job<'static>) -> Option<Event> {
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

    /// Iterates over the jobs that match the filters, as the last poll listed them, by id.
    pub fn jobs(&self) -> impl Iterator<Item = &Job<'static>> {
        self.known
            .iter()
            .flat_map(BTreeMap::values)
            .filter(|job| self.filter.matches(job))
    }

    /// Returns the job with this id as the last poll listed it, whether or not it matches the
    /// filters.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Job<'static>> {
        self.known.as_ref()?.get(id)
    }

    /// Returns the delay before the next poll, after a poll that failed with `error` or succeeded
    /// (`None`): the interval, but at least `Retry-After`, and at least five minutes if the
    /// credentials were rejected, because more than five such failures in a row lock an access key.
    /// The iterator and [`wait`](Self::wait) use it; it is public for other loops.
    #[must_use]
    pub fn delay_after(&self, error: Option<&Error>) -> Duration {
        let Some(error) = error else {
            return self.interval;
        };
        let lock = match error.kind() {
            ErrorKind::Authentication => KEY_LOCK,
            _ => Duration::ZERO,
        };
        let retry_after = error.retry_after().unwrap_or_default();
        self.interval.max(lock).max(retry_after)
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }
}

/// Whether the next poll continues where this error stopped the listing. If the service rejected
/// the page itself, it would reject it again: then the next poll starts a new listing.
fn can_be_resumed(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Authentication | ErrorKind::Credentials | ErrorKind::Cancelled => true,
        ErrorKind::Incomplete => error.api().is_none(),
        _ => error.is_transient(),
    }
}

impl Iterator for Watch {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(Ok(event));
            }
            // Its sleeps end at once from now on: polls without a delay would follow.
            if self.is_cancelled {
                return None;
            }
            let result = self.next_result();
            let delay = self.delay_after(result.as_ref().err());
            self.next_poll = Some(self.client.clock().now().saturating_add(delay));
            match result {
                Ok(events) => self.pending.extend(events),
                Err(error) => {
                    self.is_cancelled = error.kind() == ErrorKind::Cancelled;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl Watch {
    fn next_result(&mut self) -> Result<Vec<Event>, Error> {
        if let Some(at) = self.next_poll {
            let delay = at.saturating_sub(self.client.clock().now());
            self.client.sleep(delay)?;
        }
        self.poll()
    }
}
