//! Listing all jobs, across pages, while the list changes.
//!
//! `pagination` holds the rules, without I/O; `seen` stores the ids received; `pages` sends the
//! requests, and `pending` keeps the jobs of a page until they are yielded.

use core::iter::FusedIterator;

use crate::client::Client;
use crate::error::Error;
use crate::job::{Job, JobPage};
use crate::list_jobs::ListJobs;

mod pages;
mod pagination;
mod pending;
#[cfg(test)]
mod scenarios;
mod seen;

pub(crate) use pages::DEFAULT_PAGE_SIZE;
pub use pages::Pages;
use pending::Pending;

/// Iterates over all jobs that match a query, across pages: built by [`Client::jobs`].
///
/// ```no_run
/// # fn print(client: &drs_backup_jobs::Client) -> Result<(), drs_backup_jobs::Error> {
/// use drs_backup_jobs::{JobStatus, ListJobs};
///
/// for job in client.jobs(ListJobs::new().status(JobStatus::Failed)) {
///     let job = job?;
///     println!("{} {} {}", job.id, job.name, job.error_log.as_deref().unwrap_or("-"));
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Guarantee
///
/// The operation pages by offset, and the list changes while it is read: after a deletion later
/// jobs move forward, past the next page; after an insertion they move back, into it once more. A
/// plain loop over offsets loses jobs or duplicates them. This iterator guarantees:
///
/// **When it ends without an error, every job that was in the list from beginning to end was yielded
/// exactly once, and no id twice**, provided that the service
///
/// - keeps the order of jobs whose sort values differ;
/// - keeps the order of jobs with equal sort values, or lists fewer of them than a page holds;
/// - cuts pages at one constant length, and does not report the length of a cut page as `count`
///   (unless it is one of the usual lengths 10, 20, 50, 100, 200 and 500).
///
/// The service documents no default order, and an undocumented order can follow a column that
/// changes. Therefore a query without a sort key is sent with
/// [`SortKey::CreatedAt`](crate::SortKey::CreatedAt). Equal sort values are recognised by the job's
/// `create_time`, `name` or `description`; jobs sorted by another key are assumed to differ.
///
/// Jobs that are added or move to the front during the listing are searched for, but not
/// guaranteed. Jobs that are deleted during the listing may be yielded.
///
/// # Limitations
///
/// - A group of jobs with equal sort values, as large as a page, if the service returns the group
///   in a different order for each request: jobs can be lost. If the list does not change, the loss
///   is detected by `count` and is an error.
/// - Page lengths that vary, such as those of a service that limits a page by its bytes: jobs can
///   be lost.
/// - An empty list with a wrong `count` is an error.
/// - A service that returns one job per page, although more were requested, is an error.
///
/// # Cost
///
/// A list of fewer jobs than a [page](Self::page_size) holds takes one request, three if it has
/// exactly 10, 20, 50, 100, 200 or 500 jobs. A longer list that does not change takes at most two
/// requests more than the fewest possible: pages overlap by two jobs, and the head is requested
/// again at the end. Each deletion between two requests may add a few requests. The iterator keeps
/// one page in memory, and the ids yielded.
///
/// By its OpenAPI description the service accepts offsets up to 65 534. Larger ones are requested
/// nevertheless; if the service rejects them, the error says so.
///
/// # Errors
///
/// After an error the iterator returns `None`, so that `for`, `flatten` and `collect` cannot loop
/// forever, for example with a rejected access key. [`resume`](Self::resume) continues with the
/// page that failed. Besides the errors of a request there is
/// [`ErrorKind::Incomplete`](crate::ErrorKind::Incomplete), where jobs could be missing: the list
/// changes faster than it can be read, or the service contradicts itself.
///
/// # How it works
///
/// A page's *trailing run* is its last jobs with equal sort values, whose positions are not
/// certain. The jobs before it are *firm*.
///
/// 1. A page is accepted at offset 0, or if its first job is firm; as long as no response held two
///    jobs, only at offset 0.
/// 2. Otherwise jobs were removed before it: the offset of the next request is lower by 1, then by
///    2, 4, …, finally 0.
/// 3. The next request begins with the job before the trailing run.
/// 4. If that does not advance, all jobs of the page become firm, and the next request begins with
///    its last job.
/// 5. An accepted page shorter than the longest response is the end of the list if it contains no
///    new job, or reaches `count`.
/// 6. If the end was found at offset 0, the listing is complete. Otherwise the head of the list is
///    requested again, until a page contains no new job.
/// 7. A first page of as many jobs as `count`, and fewer than requested, is the whole list, unless
///    their number is a usual page length.
/// 8. A single job is the whole list if it is received again right after an empty response at
///    offset 1 with the same `count`, and no response held a job after the head; if that `count`
///    is 0, only when this has happened eight times in a row.
/// 9. An empty list is complete if `count` is 0; else it is requested once more, then an error.
/// 10. 64 responses in a row without a new job after the head are an error.
/// 11. If both the position of the last job and every `count` exceed the number of jobs received,
///     another pass follows, alternating between smaller and full pages.
/// 12. Five such passes are an error.
#[derive(Debug)]
#[must_use = "requests are sent only when the iterator is advanced"]
pub struct Jobs {
    pages: Pages,
    pending: Pending,
}

impl Jobs {
    /// Sets the number of jobs per request: 2 to 512, default 512. With another size, the first
    /// item is an error.
    pub fn page_size(mut self, page_size: u32) -> Self {
        self.pages.set_page_size(page_size);
        self
    }

    /// Returns the same listing, page by page.
    pub fn pages(mut self) -> Pages {
        if self.pending.len() > 0 {
            self.pages.ready = Some(JobPage {
                count: self.pages.total().unwrap_or_default(),
                jobs: self.pending.collect(),
                request_id: None,
            });
        }
        self.pages
    }

    /// Returns the total number of jobs by the last response's `count`: see [`Pages::total`].
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.pages.total()
    }

    /// Continues after an error, with the page that failed. Loses and duplicates no job. Has no
    /// effect if there was no error.
    pub fn resume(&mut self) {
        self.pages.resume();
    }
}

impl Iterator for Jobs {
    type Item = Result<Job<'static>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(job) = self.pending.next() {
                return Some(Ok(job));
            }
            let pending = &mut self.pending;
            if let Err(error) = self.pages.next_page(|page| pending.fill(&page.jobs))? {
                return Some(Err(error));
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.pending.len(), None)
    }
}

impl FusedIterator for Jobs {}

impl Client {
    /// Lists all jobs that match `query`, across pages: see [`Jobs`] for what is guaranteed.
    ///
    /// `query` may hold any number of instance ids: they are sent in batches of ten, without
    /// duplicates. Each job is yielded once, and the order holds within a batch. If `query` sets
    /// `limit` or `offset`, the first item is an error: use [`page_size`](Jobs::page_size), and
    /// `take(n)` for fewer jobs.
    pub fn jobs(&self, query: ListJobs) -> Jobs {
        Jobs {
            pages: Pages::new(self.clone(), query),
            pending: Pending::default(),
        }
    }
}
