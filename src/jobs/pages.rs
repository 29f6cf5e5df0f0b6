//! The pages of a listing: sends the requests that the rules of pagination determine, batch by
//! batch.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::{IntoIter, Vec};
use core::fmt;
use core::iter::FusedIterator;

use super::pagination::{Pagination, SortValue};
use super::seen::Seen;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::job::{JobPage, SortKey};
use crate::list_jobs::{ListJobs, MAX_INSTANCE_IDS};
use crate::transport::ResponseBody;

/// Pages overlap, so that one holds at least two jobs; the service sends at most 512.
const PAGE_SIZES: core::ops::RangeInclusive<u32> = 2..=512;
/// The maximum: a list of 5 000 jobs takes 11 requests, instead of 53 with pages of 100. The
/// gateway allows about 200 requests in five minutes.
pub(crate) const DEFAULT_PAGE_SIZE: u32 = 512;

/// The largest offset that the service accepts, by its OpenAPI description.
const LAST_OFFSET: u32 = 65_534;

/// Iterates over all pages of a list, with the guarantee of [`Jobs`](super::Jobs): built by
/// [`Jobs::pages`](super::Jobs::pages).
///
/// A page holds only jobs that no previous page held. Responses without a new job are skipped.
/// [`JobPage::count`] is that of the response.
#[must_use = "requests are sent only when the iterator is advanced"]
pub struct Pages {
    client: Client,
    query: ListJobs,
    page_size: u32,
    body: ResponseBody,
    seen: Seen,
    pagination: Option<Pagination>,
    /// Instance ids that are in no request yet.
    ids: IntoIter<String>,
    is_batched: bool,
    total: Option<u64>,
    state: State,
    /// The page that was left in [`Jobs`](super::Jobs) when it was turned into pages.
    pub(super) ready: Option<JobPage<'static>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Listing,
    Failed,
    Ended,
}

impl Pages {
    pub(super) fn new(client: Client, mut query: ListJobs) -> Self {
        // An undocumented default order can follow a column that changes.
        if query.sort_key_or_none().is_none() {
            query = query.sort_key(SortKey::CreatedAt);
        }
        let mut known = BTreeSet::new();
        let mut ids = query.take_instance_ids();
        ids.retain(|id| known.insert(id.clone()));
        Self {
            body: client.response_body(),
            client,
            query,
            page_size: DEFAULT_PAGE_SIZE,
            seen: Seen::default(),
            pagination: None,
            is_batched: ids.len() > MAX_INSTANCE_IDS,
            ids: ids.into_iter(),
            total: None,
            state: State::Listing,
            ready: None,
        }
    }

    /// Returns the total number of jobs by the last response's `count`; `None` before the first
    /// response, and for more than ten instance ids, since batches have no common total. The
    /// service's count can be capped or out of date.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total.filter(|_| !self.is_batched)
    }

    /// Continues after an error, with the page that failed. Loses and duplicates no job. Has no
    /// effect if there was no error.
    pub fn resume(&mut self) {
        if self.state == State::Failed {
            self.state = State::Listing;
        }
    }

    pub(super) fn set_page_size(&mut self, page_size: u32) {
        self.page_size = page_size;
    }

    /// Returns the next page that holds a new job, as `keep` copies it from the response; `None` at
    /// the end and after an error.
    pub(super) fn next_page<T>(
        &mut self,
        keep: impl FnOnce(JobPage<'_>) -> T,
    ) -> Option<Result<T, Error>> {
        if self.state != State::Listing {
            return None;
        }
        let page = self.advance(keep).transpose();
        match page {
            Some(Ok(_)) => {}
            Some(Err(_)) => self.state = State::Failed,
            None => self.state = State::Ended,
        }
        page
    }

    fn advance<T>(&mut self, keep: impl FnOnce(JobPage<'_>) -> T) -> Result<Option<T>, Error> {
        self.check()?;
        if self.pagination.is_none() {
            self.begin_batch();
        }
        while let Some(pagination) = &mut self.pagination {
            let request = pagination
                .next_request()
                .map_err(|why| Error::incomplete(why, None))?;
            let Some((offset, limit)) = request else {
                if self.ids.as_slice().is_empty() {
                    return Ok(None);
                }
                self.seen.next_pass();
                self.begin_batch();
                continue;
            };
            let query = self.query.clone().limit(limit).offset(offset);
            let mut page = self
                .client
                .page(&query, &mut self.body)
                .map_err(|error| beyond_the_last_offset(error, offset))?;
            self.total = Some(page.count);
            pagination.process(&mut page, &mut self.seen);
            if !page.jobs.is_empty() {
                return Ok(Some(keep(page)));
            }
        }
        Ok(None)
    }

    fn begin_batch(&mut self) {
        let ids: Vec<String> = self.ids.by_ref().take(MAX_INSTANCE_IDS).collect();
        self.query.take_instance_ids();
        self.query = core::mem::take(&mut self.query).dbs_instance_ids(ids);
        let sort_value = SortValue::of(self.query.sort_key_or_none());
        self.pagination = Some(Pagination::new(self.page_size, sort_value));
    }

    fn check(&self) -> Result<(), Error> {
        if let Some(parameter) = self.query.limit_or_offset() {
            return Err(Error::input(
                parameter,
                "must not be set where all pages are listed: use page_size, and take(n) for fewer jobs",
            ));
        }
        if !PAGE_SIZES.contains(&self.page_size) {
            return Err(Error::invalid(
                "page_size",
                self.page_size,
                alloc::format!("must be {} to {}", PAGE_SIZES.start(), PAGE_SIZES.end()),
            ));
        }
        Ok(())
    }
}

impl Iterator for Pages {
    type Item = Result<JobPage<'static>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ready.is_some() {
            return self.ready.take().map(Ok);
        }
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method is for one lifetime, the closure for all"
        )]
        self.next_page(|page| page.into_owned())
    }
}

impl FusedIterator for Pages {}

/// Explains the error of a service that rejects an offset beyond those it documents.
fn beyond_the_last_offset(error: Error, offset: u32) -> Error {
    if offset <= LAST_OFFSET || error.kind() != ErrorKind::BadRequest {
        return error;
    }
    Error::incomplete(
        alloc::format!(
            "cannot list all jobs: the service rejects offset {offset}, and documents offsets up to \
             {LAST_OFFSET}; narrow the query, for example by enterprise project or instance ids"
        ),
        Some(error),
    )
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("query", &self.query)
            .field("page_size", &self.page_size)
            .field("total", &self.total())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
