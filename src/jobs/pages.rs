//! The walk as a sequence of pages: asks, batch by batch, what the rules say.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::{IntoIter, Vec};
use core::fmt;
use core::iter::FusedIterator;

use super::seen::Seen;
use super::walk::Walk;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::job::JobPage;
use crate::list_jobs::{ListJobs, MAX_INSTANCE_IDS};
use crate::transport::ResponseBody;

/// The page sizes a walk can have: pages overlap by one record, and the service gives no more than
/// 512.
const PAGE_SIZES: core::ops::RangeInclusive<u32> = 2..=512;
pub(crate) const DEFAULT_PAGE_SIZE: u32 = 100;

/// The largest offset the service takes, by its OpenAPI description.
const LAST_OFFSET: u32 = 65_534;

/// The walk of [`Jobs`](super::Jobs), page by page, with the same promise.
///
/// A page holds only jobs that no page before it held; answers without a new job are left out.
#[must_use = "pages are asked for only when the iterator is advanced"]
pub struct Pages {
    client: Client,
    query: ListJobs,
    page_size: u32,
    body: ResponseBody,
    seen: Seen,
    walk: Option<Walk>,
    /// Instance ids that no request has asked for yet.
    ids: IntoIter<String>,
    is_batched: bool,
    total: Option<u64>,
    state: State,
    /// A page that is there already: what was left in [`Jobs`](super::Jobs) when it was turned
    /// into pages.
    pub(super) ready: Option<JobPage<'static>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Walking,
    Failed,
    Ended,
}

impl Pages {
    pub(super) fn new(client: Client, mut query: ListJobs) -> Self {
        let mut known = BTreeSet::new();
        let mut ids = query.take_instance_ids();
        ids.retain(|id| known.insert(id.clone()));
        Self {
            body: client.response_body(),
            client,
            query,
            page_size: DEFAULT_PAGE_SIZE,
            seen: Seen::default(),
            walk: None,
            is_batched: ids.len() > MAX_INSTANCE_IDS,
            ids: ids.into_iter(),
            total: None,
            state: State::Walking,
            ready: None,
        }
    }

    /// How many jobs the last answer said there are; `None` before the first answer, and when more
    /// than ten instance ids are asked for, since batches of them have no common total. It is the
    /// service's count, which can be clipped or late.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total.filter(|_| !self.is_batched)
    }

    /// After an error: goes on from the page that failed. Nothing is lost or doubled by it.
    pub fn resume(&mut self) {
        if self.state == State::Failed {
            self.state = State::Walking;
        }
    }

    pub(super) fn set_page_size(&mut self, page_size: u32) {
        self.page_size = page_size;
    }

    /// The next page with a new job in it, as `keep` makes it outlast its answer; `None` at the end
    /// and after an error.
    pub(super) fn next_page<T>(
        &mut self,
        keep: impl FnOnce(JobPage<'_>) -> T,
    ) -> Option<Result<T, Error>> {
        if self.state != State::Walking {
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
        if self.walk.is_none() {
            self.begin_batch();
        }
        while let Some(walk) = &mut self.walk {
            let Some(offset) = walk.offset() else {
                if self.ids.as_slice().is_empty() {
                    return Ok(None);
                }
                self.seen.next_batch();
                self.begin_batch();
                continue;
            };
            let query = self.query.clone().limit(self.page_size).offset(offset);
            let mut page = self
                .client
                .page(&query, &mut self.body)
                .map_err(|error| beyond_the_last_offset(error, offset))?;
            self.total = Some(page.count);
            if let Err(why) = walk.take(&mut page, &mut self.seen) {
                return Err(Error::incomplete(why, None).with_request_id(page.request_id));
            }
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
        self.walk = Some(Walk::new(self.page_size));
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

/// Says so when the service refuses an offset that lies beyond what it takes.
fn beyond_the_last_offset(error: Error, offset: u32) -> Error {
    if offset <= LAST_OFFSET || error.kind() != ErrorKind::BadRequest {
        return error;
    }
    Error::incomplete(
        alloc::format!(
            "the service refuses offset {offset}: by its description it takes offsets up to \
             {LAST_OFFSET}; narrow the query, by enterprise project or instance ids for one"
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
