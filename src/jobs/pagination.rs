//! The rules of pagination, without I/O: which page to request next, and when the list is complete.
//!
//! The operation pages by offset, so a page does not show where its jobs were when the previous
//! page was read. Two terms describe what is known: a job that is *firm*, and the *trailing run* of
//! a page.
//!
//! - A page's trailing run is its last jobs with equal sort values. A service that sorts without a
//!   tie-breaker may list them in another order next time, and the run may continue in the next
//!   page: so nothing is known about the positions within it.
//! - The jobs before the run are firm: whatever sorts before such a job, or ties with it, has been
//!   received.
//!
//! The invariant: every job that was in the list from the start and sorts before the last accepted
//! page's trailing run, or in it as far as the page reaches, has been received. A page is accepted
//! only at the head of the list or where its first job is firm, so no job can be missed between two
//! pages. The rules are numbered as in the documentation of [`Jobs`](super::Jobs).

use alloc::borrow::Cow;

use super::seen::Seen;
use crate::job::{Job, JobPage, SortKey};

/// The maximum number of responses in a row without a new job after the head (rule 10).
const MAX_RESPONSES_WITHOUT_PROGRESS: u32 = 64;

/// The maximum number of passes that end with fewer jobs than the service reports (rule 12).
const MAX_SHORT_PASSES: u32 = 5;

/// How often in a row a single job must be received again after an empty response at offset 1, if
/// the service reports a `count` of 0 (rule 8).
const SINGLE_JOB_ROUNDS_WITHOUT_COUNT: u32 = 8;

/// Lengths at which services cap pages: a `count` equal to one may be the page's, not the list's
/// (rule 7).
const USUAL_CAPS: [usize; 6] = [10, 20, 50, 100, 200, 500];

/// The state of one listing: of one query, or of one batch of its instance ids.
#[derive(Debug)]
pub(super) struct Pagination {
    page_size: u32,
    sort_value: SortValue,
    /// The page size of this pass.
    limit: u32,
    offset: u32,
    phase: Phase,
    /// The size of the next step back.
    step: u32,
    /// The most jobs that a response of this pass held.
    longest: usize,
    responses_without_progress: u32,
    /// Whether the head was empty in the last response, though `count` was not 0.
    is_head_empty: bool,
    /// The `count` of the last response, if it was empty and at offset 1.
    count_of_empty_offset_1: Option<u64>,
    /// How often in a row the head was the same single job after an empty response at offset 1.
    single_job_rounds: u32,
    /// Whether a response of this pass held a job after the head: then a single job is a page of
    /// one.
    has_job_after_head: bool,
    /// The number of jobs that the service reported, by `count` and by the position of the last
    /// job: the smaller of the two.
    reported_total: u64,
    /// The smallest `count` of this pass: jobs that are added during the listing are not
    /// guaranteed.
    least_count: u64,
    short_passes: u32,
    /// What to report before the next request.
    failure: Option<Cow<'static, str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// From the head to the end.
    Forward,
    /// From the head again, until a page contains no new job: for jobs that were added or moved to
    /// the front during the listing.
    Head,
    Ended,
}

/// What the service sorts by, as far as a job shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SortValue {
    CreateTime,
    Name,
    Description,
    /// Not shown: no two jobs count as tied.
    Hidden,
}

impl SortValue {
    pub(super) fn of(key: Option<&SortKey>) -> Self {
        match key {
            None | Some(SortKey::CreatedAt) => Self::CreateTime,
            Some(SortKey::Name) => Self::Name,
            Some(SortKey::Description) => Self::Description,
            Some(_) => Self::Hidden,
        }
    }

    fn in_job<'a>(self, job: &'a Job<'_>) -> &'a str {
        match self {
            Self::CreateTime => &job.create_time,
            Self::Name => &job.name,
            Self::Description => job.description.as_deref().unwrap_or_default(),
            Self::Hidden => &job.id,
        }
    }

    /// Where the trailing run of these jobs begins.
    fn start_of_trailing_run(self, jobs: &[Job<'_>]) -> usize {
        let Some((last, before)) = jobs.split_last() else {
            return 0;
        };
        let value = self.in_job(last);
        let tied = before
            .iter()
            .rev()
            .take_while(|job| self.in_job(job) == value);
        before.len().saturating_sub(tied.count())
    }
}

impl Pagination {
    pub(super) fn new(page_size: u32, sort_value: SortValue) -> Self {
        Self {
            page_size,
            sort_value,
            limit: page_size,
            offset: 0,
            phase: Phase::Forward,
            step: 1,
            longest: 0,
            responses_without_progress: 0,
            is_head_empty: false,
            count_of_empty_offset_1: None,
            single_job_rounds: 0,
            has_job_after_head: false,
            reported_total: 0,
            least_count: u64::MAX,
            short_passes: 0,
            failure: None,
        }
    }

    /// The offset and the limit of the next request; `None` at the end.
    ///
    /// # Errors
    ///
    /// Why the list may be incomplete. The state is unchanged, so that a further call continues.
    pub(super) fn next_request(&mut self) -> Result<Option<(u32, u32)>, Cow<'static, str>> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        if self.phase == Phase::Ended {
            return Ok(None);
        }
        if self.responses_without_progress >= MAX_RESPONSES_WITHOUT_PROGRESS {
            self.responses_without_progress = 0;
            return Err(alloc::format!(
                "cannot list all jobs: {MAX_RESPONSES_WITHOUT_PROGRESS} responses in a row contained \
                 no new job, so the list changes faster than it can be read, or the service ignores \
                 the offset"
            )
            .into());
        }
        Ok(Some((self.offset, self.limit)))
    }

    /// Processes a response, and keeps in it only the jobs that no response held before.
    pub(super) fn process(&mut self, page: &mut JobPage<'_>, seen: &mut Seen) {
        let received = page.jobs.len();
        self.longest = self.longest.max(received);
        self.least_count = self.least_count.min(page.count);
        self.responses_without_progress += 1;
        let count_of_empty_offset_1 = self.count_of_empty_offset_1.take();
        if received == 0 && self.offset == 1 {
            self.count_of_empty_offset_1 = Some(page.count);
        }
        self.has_job_after_head |= received > 0 && self.offset > 0;
        if !self.accepts(&page.jobs, seen) {
            page.jobs.clear();
            self.step_back();
            return;
        }
        self.step = 1;
        if received == 0 {
            self.process_empty_head(page.count, seen);
            return;
        }
        self.is_head_empty = false;
        let run = self.sort_value.start_of_trailing_run(&page.jobs);
        // Rules 3 and 4: the next page begins with the job before the run. If that does not
        // advance, the run fills the page, and all of the page becomes firm.
        let (firm, advance) = if run >= 2 {
            (run, run - 1)
        } else {
            (received, (received - 1).max(1))
        };
        let new = seen.record(&mut page.jobs, firm);
        if new > 0 && self.offset > 0 {
            self.responses_without_progress = 0;
        }
        let is_single_job = self.is_single_job(received, page.count, new, count_of_empty_offset_1);
        if self.phase == Phase::Head && new == 0 {
            self.finish_pass(seen);
        } else if self.is_end(received, page.count, new) || is_single_job {
            self.end(received, seen);
        } else {
            let advance = u32::try_from(advance).unwrap_or(u32::MAX);
            self.offset = self.offset.saturating_add(advance);
        }
    }

    /// Rule 1.
    fn accepts(&self, jobs: &[Job<'_>], seen: &Seen) -> bool {
        self.offset == 0
            || self.longest >= 2 && jobs.first().is_some_and(|job| seen.is_firm(&job.id))
    }

    /// Rule 2: jobs were removed, so the jobs that were here have moved towards the head.
    fn step_back(&mut self) {
        self.offset = self.offset.saturating_sub(self.step);
        self.step = self.step.saturating_mul(2);
    }

    /// Rule 9.
    fn process_empty_head(&mut self, count: u64, seen: &mut Seen) {
        if count == 0 {
            self.finish_pass(seen);
        } else if !self.is_head_empty {
            self.is_head_empty = true;
        } else {
            self.is_head_empty = false;
            self.failure = Some(
                alloc::format!(
                    "cannot list all jobs: the service returns no job, but reports a count of {count}"
                )
                .into(),
            );
        }
    }

    /// Whether the list ends with an accepted page: rules 5 and 7.
    fn is_end(&self, received: usize, count: u64, new: usize) -> bool {
        let is_short = received < self.longest;
        let is_whole_list = self.offset == 0
            && received as u64 == count
            && received < self.limit as usize
            && !USUAL_CAPS.contains(&received);
        is_short && (new == 0 || self.up_to(received) >= count) || is_whole_list
    }

    /// Whether the list is the single job of an accepted page: rule 8.
    fn is_single_job(
        &mut self,
        received: usize,
        count: u64,
        new: usize,
        count_of_empty_offset_1: Option<u64>,
    ) -> bool {
        // An empty response with another count is of another list: one that a replica held earlier.
        let is_again = self.offset == 0
            && received == 1
            && new == 0
            && count_of_empty_offset_1 == Some(count)
            && !self.has_job_after_head;
        self.single_job_rounds = if is_again {
            self.single_job_rounds + 1
        } else {
            0
        };
        // Without a count only time tells: a replica catches up.
        let rounds = if count == 0 {
            SINGLE_JOB_ROUNDS_WITHOUT_COUNT
        } else {
            1
        };
        self.single_job_rounds >= rounds
    }

    /// The number of jobs in the list up to the last one received.
    fn up_to(&self, received: usize) -> u64 {
        u64::from(self.offset).saturating_add(received as u64)
    }

    /// Rule 6.
    fn end(&mut self, received: usize, seen: &mut Seen) {
        if self.offset == 0 {
            self.finish_pass(seen);
            return;
        }
        if self.phase == Phase::Forward {
            self.reported_total = self.least_count.min(self.up_to(received));
            self.phase = Phase::Head;
        }
        self.offset = 0;
    }

    /// Rules 11 and 12.
    fn finish_pass(&mut self, seen: &mut Seen) {
        if self.reported_total <= seen.in_this_pass() {
            self.phase = Phase::Ended;
            return;
        }
        self.short_passes += 1;
        if self.short_passes == MAX_SHORT_PASSES {
            self.short_passes = 0;
            self.failure = Some(
                alloc::format!(
                    "cannot list all jobs: the service reports {} jobs, but {} were found",
                    self.reported_total,
                    seen.in_this_pass()
                )
                .into(),
            );
        }
        seen.next_pass();
        // Pages of another size cut the list, and its ties, at other positions.
        let is_full = self.limit == self.page_size;
        let smaller = self.page_size.saturating_mul(2).div_euclid(3).max(2);
        self.limit = if is_full { smaller } else { self.page_size };
        self.offset = 0;
        self.phase = Phase::Forward;
        self.longest = 0;
        self.has_job_after_head = false;
        self.reported_total = 0;
        self.least_count = u64::MAX;
        self.responses_without_progress = 0;
    }
}
