//! Every job of a list, across its pages, while the list changes.

use core::iter::FusedIterator;

use crate::client::Client;
use crate::error::Error;
use crate::job::{Job, JobPage};
use crate::list_jobs::ListJobs;

mod pages;
mod pending;
mod seen;
mod walk;

pub(crate) use pages::DEFAULT_PAGE_SIZE;
pub use pages::Pages;
use pending::Pending;

/// Every job that matches a query, across pages: made by [`Client::jobs`].
///
/// # What is promised
///
/// The operation pages by offset, and the list changes while it is read: after a deletion later
/// jobs move forward, past the next page; after an insertion they move back, into it once more. A
/// plain loop over offsets loses jobs or doubles them. This walk promises:
///
/// **When it ends without an error, every job that was in the list from its beginning to its end
/// was yielded exactly once, and no id twice, provided the service kept the relative order of the
/// jobs it listed.**
///
/// The service documents no order of its own, and jobs sorted by `name`, `description` or
/// `tag_value` can change places. Sort by [`SortKey::CreatedAt`](crate::SortKey::CreatedAt), which
/// does not change, for a list that may. Jobs that are new or move to the front meanwhile are
/// looked for once more at the end, but not promised; jobs deleted meanwhile may be yielded.
///
/// Pages overlap by one job; where the overlap is missing the walk steps back until it finds it,
/// and where it cannot it ends with [`ErrorKind::Incomplete`](crate::ErrorKind::Incomplete) rather
/// than in silence. A list that fits one page takes one request; one that holds still takes one
/// request for each page and two more.
///
/// By its OpenAPI description the service takes offsets below 65 535: a walk beyond them goes on if
/// the service does, and ends with an error that says so if not.
///
/// In memory are one page, and the ids yielded.
///
/// # Errors end it
///
/// After an error the iterator gives `None`, so that `for`, `flatten` and `collect` cannot spin on
/// a bad key; [`resume`](Self::resume) goes on from the same page.
///
/// ```no_run
/// # fn print(client: &drs_backup_jobs::Client) -> Result<(), drs_backup_jobs::Error> {
/// use drs_backup_jobs::{JobStatus, ListJobs, SortKey};
///
/// let failed = ListJobs::new().status(JobStatus::Failed).sort_key(SortKey::CreatedAt);
/// for job in client.jobs(failed) {
///     let job = job?;
///     println!("{} {} {}", job.id, job.name, job.error_log.as_deref().unwrap_or("-"));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "jobs are asked for only when the iterator is advanced"]
pub struct Jobs {
    pages: Pages,
    pending: Pending,
}

impl Jobs {
    /// How many jobs one request asks for: 2 to 512, 100 if not set. Other sizes are refused with
    /// the first job.
    pub fn page_size(mut self, page_size: u32) -> Self {
        self.pages.set_page_size(page_size);
        self
    }

    /// The same walk, page by page.
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

    /// How many jobs the last answer said there are: see [`Pages::total`].
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.pages.total()
    }

    /// After an error: goes on from the page that failed. Nothing is lost or doubled by it.
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
    /// Every job that matches `query`, across pages: see [`Jobs`] for what is promised.
    ///
    /// `query` may hold any number of instance ids: they are asked for ten at a time, each job is
    /// yielded once, and order holds within a batch. A query with `limit` or `offset` is refused
    /// with the first job: a walk has a [page size](Jobs::page_size), and `take(n)`.
    pub fn jobs(&self, query: ListJobs) -> Jobs {
        Jobs {
            pages: Pages::new(self.clone(), query),
            pending: Pending::default(),
        }
    }
}
