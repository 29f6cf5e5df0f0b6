//! Listing all jobs, across pages, while the list changes.
//!
//! `pagination` holds the rules, without I/O; `seen` what they know of the ids; `pages` sends the
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
/// # The promise
///
/// The operation pages by offset, and the list changes while it is read: after a deletion later jobs
/// move forward, past the next page; after an insertion they move back, into it once more. A plain
/// loop over offsets loses jobs or duplicates them. This iterator promises:
///
/// **When it ends without an error, every job that was in the list from beginning to end was yielded
/// exactly once, and no id twice**, provided that the service
///
/// - keeps the order of jobs whose sort values differ;
/// - keeps the order of jobs with equal sort values, or lists fewer of them than a page holds;
/// - cuts pages at one constant length, and does not report the length of a cut page as `count`
///   (unless it is one of the usual lengths 10, 20, 50, 100, 200 and 500).
///
/// The service documents no order of its own, and an undocumented order can follow a column that
/// changes: a query that names no sort key is sent with
/// [`SortKey::CreatedAt`](crate::SortKey::CreatedAt). Equal sort values are recognised by the job's
/// `create_time`, `name` or `description`; jobs sorted by another key are taken to differ.
///
/// Jobs that were added meanwhile, or moved to the front, are looked for but not promised. Jobs that
/// were deleted meanwhile may be yielded.
///
/// # Known holes
///
/// - A group of jobs with equal sort values, as large as a page, under a service that shuffles it. In
///   a list that does not change meanwhile the loss is noticed by `count`, and is an error.
/// - Page lengths that vary, such as a service that cuts pages at a number of bytes.
/// - An empty list with a wrong `count` is an error.
/// - A service that sends one job a page, though more were requested, is an error.
///
/// # Cost
///
/// A list of fewer jobs than a [page](Self::page_size) holds takes one request, three if it has
/// exactly 10, 20, 50, 100, 200 or 500 jobs. A longer list that does not change takes at most two
/// requests more than the fewest possible: pages overlap by one job, and the head is read again at
/// the end. Each deletion between two requests may add a few. The iterator keeps one page in memory,
/// and the ids yielded.
///
/// By its OpenAPI description the service accepts offsets up to 65 534. Larger ones are requested
/// nevertheless; if the service rejects them, the error says so.
///
/// # Errors
///
/// After an error the iterator is at its end, so that `for`, `flatten` and `collect` cannot loop on
/// a bad key. [`resume`](Self::resume) goes on at the page that failed. Beside the errors of a
/// request there is [`ErrorKind::Incomplete`](crate::ErrorKind::Incomplete), instead of a loss in
/// silence: the list changes faster than it can be read, or the service contradicts itself.
///
/// # How it works
///
/// A page's *trailing run* is its last jobs with equal sort values, whose places are not certain; the
/// jobs before it are *firm*.
///
/// 1. A page is accepted at offset 0, or where its first job is firm; while no response held two
///    jobs, only at offset 0.
/// 2. Otherwise jobs were removed before it: the next request is 1, then 2, 4, … jobs further
///    forward, at last at 0.
/// 3. The next request begins with the job before the trailing run.
/// 4. If that is no advance, all jobs of the page become firm, and the next request begins with its
///    last job.
/// 5. An accepted page shorter than the longest response is the end of the list if it brings nothing
///    new, or reaches as far as `count`.
/// 6. After an end at offset 0 the listing is complete. After any other the head is read again, until
///    a page brings nothing new.
/// 7. A first page of as many jobs as `count`, and fewer than requested, is the whole list, unless
///    their number is a usual page length.
/// 8. A lone job is the whole list if it is seen again right after an empty response at offset 1, and
///    no response held a job behind the head.
/// 9. An empty list is complete if `count` is 0; else it is requested once more, then an error.
/// 10. 64 responses in a row without a new job behind the head are an error.
/// 11. If fewer jobs were received than the place of the last one and each `count` say, another pass
///     follows, by turns with smaller and full pages.
/// 12. Five such passes are an error.
#[derive(Debug)]
#[must_use = "requests are sent only when the iterator is advanced"]
pub struct Jobs {
    pages: Pages,
    pending: Pending,
}

impl Jobs {
    /// Sets how many jobs one request asks for: 2 to 512, 512 if not set. Another size is an error
    /// in the place of the first job.
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

    /// How many jobs there are, as the last response counted: see [`Pages::total`].
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.pages.total()
    }

    /// Goes on after an error, from the page that failed. Nothing is lost or duplicated by it. No
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
    /// Lists all jobs that match `query`, across pages: see [`Jobs`] for what is promised.
    ///
    /// `query` may hold any number of instance ids: they are sent in batches of ten, duplicates
    /// dropped. Each job is yielded once, and the order holds within a batch. A query with `limit` or
    /// `offset` is an error in the place of the first job: use [`page_size`](Jobs::page_size), and
    /// `take(n)` for fewer jobs.
    pub fn jobs(&self, query: ListJobs) -> Jobs {
        Jobs {
            pages: Pages::new(self.clone(), query),
            pending: Pending::default(),
        }
    }
}
