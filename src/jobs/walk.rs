//! The rules of the walk, without I/O: which offset to ask next, and which jobs of an answer are
//! new.

use alloc::string::String;

use super::seen::Seen;
use crate::job::JobPage;

/// One walk over one list.
///
/// The invariant: every job that stayed in the list all along and stands, in the list's order, at
/// or before the last record of the last page taken in, has been seen. A page is taken in only at
/// the head, or where its first record was seen before; so no job can lie unseen between two pages.
#[derive(Debug)]
pub(super) struct Walk {
    page_size: u32,
    offset: u32,
    phase: Phase,
    /// How far the next step back goes.
    step: u32,
    /// The most records any answer held: a service that caps pages at one cannot be walked.
    longest: usize,
    /// Answers in a row that brought no new job.
    barren: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// From the head to the end.
    Forward,
    /// The page at the head held one record: whether there is a second, the page after it tells.
    SecondRecord,
    /// From the head again, until a page brings nothing new.
    ClosingLook,
    Ended,
}

/// How many answers in a row may bring nothing new.
const MOST_BARREN: u32 = 64;

impl Walk {
    pub(super) fn new(page_size: u32) -> Self {
        Self {
            page_size,
            offset: 0,
            phase: Phase::Forward,
            step: 1,
            longest: 0,
            barren: 0,
        }
    }

    /// The offset to ask next; `None` at the end.
    pub(super) fn offset(&self) -> Option<u32> {
        (self.phase != Phase::Ended).then_some(self.offset)
    }

    /// Takes an answer in, and leaves in it the jobs that are new.
    ///
    /// # Errors
    ///
    /// Why the walk cannot promise to see every job. It stays where it is, so it can be resumed.
    pub(super) fn take(&mut self, page: &mut JobPage<'_>, seen: &mut Seen) -> Result<(), String> {
        let received = page.jobs.len();
        self.longest = self.longest.max(received);
        if self.phase == Phase::SecondRecord {
            page.jobs.clear();
            return self.settle_second_record(received);
        }
        let is_head = self.offset == 0;
        let joins = is_head
            || page
                .jobs
                .first()
                .is_some_and(|job| seen.in_this_batch(&job.id));
        if !joins {
            page.jobs.clear();
            self.count_barren()?;
            // Jobs were deleted: what stood here has moved towards the head.
            self.offset = self.offset.saturating_sub(self.step);
            self.step = self.step.saturating_mul(2);
            return Ok(());
        }
        seen.retain_new(&mut page.jobs);
        let nothing_new = page.jobs.is_empty();
        if nothing_new {
            self.count_barren()?;
        } else {
            self.barren = 0;
        }
        self.step = 1;
        self.go_on(is_head, received, page.count, nothing_new);
        Ok(())
    }

    /// Decides what to ask after a page that was taken in.
    fn go_on(&mut self, is_head: bool, received: usize, count: u64, nothing_new: bool) {
        let is_whole_list = received as u64 == count && received < self.page_size as usize;
        let is_closed = self.phase == Phase::ClosingLook && nothing_new;
        if is_closed || is_head && (received == 0 || is_whole_list) {
            self.phase = Phase::Ended;
        } else if received > 1 {
            // The next page begins with the last record of this one.
            let advance = u32::try_from(received - 1).unwrap_or(u32::MAX);
            self.offset = self.offset.saturating_add(advance);
        } else if is_head {
            self.phase = Phase::SecondRecord;
            self.offset = 1;
        } else {
            // The last record of the page before, and nothing after it: the end of the list.
            self.look_once_more();
        }
    }

    fn settle_second_record(&mut self, received: usize) -> Result<(), String> {
        if received == 0 {
            self.look_once_more();
        } else if self.longest > 1 {
            self.phase = Phase::Forward;
            self.offset = 0;
            self.count_barren()?;
        } else {
            return Err(
                "the service gives one job a page, though more were asked for: over such pages no \
                 walk can tell whether it missed a job"
                    .into(),
            );
        }
        Ok(())
    }

    fn look_once_more(&mut self) {
        self.phase = Phase::ClosingLook;
        self.offset = 0;
    }

    fn count_barren(&mut self) -> Result<(), String> {
        self.barren += 1;
        if self.barren < MOST_BARREN {
            return Ok(());
        }
        self.barren = 0;
        Err(alloc::format!(
            "{MOST_BARREN} answers in a row brought no new job: the list changes faster than it \
             can be read, or the service does not heed the offset; ask with a larger page size"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Job;
    use alloc::vec::Vec;

    fn page<'a>(ids: &[&'a str], count: u64) -> JobPage<'a> {
        JobPage {
            count,
            jobs: ids.iter().map(|&id| Job::new(id)).collect(),
            request_id: None,
        }
    }

    #[track_caller]
    fn assert_taken(
        walk: &mut Walk,
        seen: &mut Seen,
        (ids, new): (&[&str], &[&str]),
        next: Option<u32>,
    ) {
        let mut page = page(ids, 99);
        walk.take(&mut page, seen).unwrap();
        let taken: Vec<&str> = page.jobs.iter().map(|job| &*job.id).collect();
        assert_eq!((&*taken, walk.offset()), (new, next));
    }

    #[test]
    fn a_gap_is_stepped_back_over_and_its_jobs_wait_until_it_is_closed() {
        let (mut walk, mut seen) = (Walk::new(3), Seen::default());
        assert_taken(
            &mut walk,
            &mut seen,
            (&["a", "b", "c"], &["a", "b", "c"]),
            Some(2),
        );
        assert_taken(
            &mut walk,
            &mut seen,
            (&["c", "d", "e"], &["d", "e"]),
            Some(4),
        );
        // b to e were deleted.
        assert_taken(&mut walk, &mut seen, (&["h", "i"], &[]), Some(3));
        assert_taken(&mut walk, &mut seen, (&["g", "h", "i"], &[]), Some(1));
        assert_taken(&mut walk, &mut seen, (&["f", "g", "h"], &[]), Some(0));
        assert_taken(
            &mut walk,
            &mut seen,
            (&["a", "f", "g"], &["f", "g"]),
            Some(2),
        );
        assert_taken(
            &mut walk,
            &mut seen,
            (&["g", "h", "i"], &["h", "i"]),
            Some(4),
        );
        assert_taken(&mut walk, &mut seen, (&["i"], &[]), Some(0));
        assert_taken(&mut walk, &mut seen, (&["a", "f", "g"], &[]), None);
    }

    #[test]
    fn the_closing_look_goes_on_until_a_page_brings_nothing_new() {
        let (mut walk, mut seen) = (Walk::new(2), Seen::default());
        assert_taken(&mut walk, &mut seen, (&["a", "b"], &["a", "b"]), Some(1));
        assert_taken(&mut walk, &mut seen, (&["b"], &[]), Some(0));
        assert_taken(&mut walk, &mut seen, (&["x", "y"], &["x", "y"]), Some(1));
        assert_taken(&mut walk, &mut seen, (&["y", "z"], &["z"]), Some(2));
        assert_taken(&mut walk, &mut seen, (&["z", "a"], &[]), None);
    }

    #[test]
    fn a_job_of_another_batch_closes_no_gap_and_is_not_yielded_again() {
        let (mut walk, mut seen) = (Walk::new(2), Seen::default());
        assert_taken(&mut walk, &mut seen, (&["a", "b"], &["a", "b"]), Some(1));
        seen.next_batch();
        let mut walk = Walk::new(2);
        assert_taken(&mut walk, &mut seen, (&["c", "d"], &["c", "d"]), Some(1));
        assert_taken(&mut walk, &mut seen, (&["a", "e"], &[]), Some(0));
        assert_taken(&mut walk, &mut seen, (&["a", "c"], &[]), Some(1));
    }

    #[test]
    fn sixty_four_answers_without_a_new_job_end_it_and_it_can_go_on() {
        let (mut walk, mut seen) = (Walk::new(2), Seen::default());
        walk.take(&mut page(&["a", "b"], 99), &mut seen).unwrap();
        for _ in 1..MOST_BARREN {
            walk.take(&mut page(&["a", "b"], 99), &mut seen).unwrap();
        }
        let before = walk.offset();
        assert!(
            walk.take(&mut page(&["a", "b"], 99), &mut seen)
                .unwrap_err()
                .contains("64 answers")
        );
        assert_eq!(walk.offset(), before);
        walk.take(&mut page(&["a", "b"], 99), &mut seen).unwrap();
    }

    #[test]
    fn a_count_that_fits_a_later_page_ends_nothing() {
        let (mut walk, mut seen) = (Walk::new(4), Seen::default());
        walk.take(&mut page(&["a", "b", "c", "d"], 2), &mut seen)
            .unwrap();
        walk.take(&mut page(&["d", "e"], 2), &mut seen).unwrap();
        assert_eq!(walk.offset(), Some(4));
    }

    #[test]
    fn a_list_that_shrinks_to_one_job_is_walked_to_its_end() {
        let (mut walk, mut seen) = (Walk::new(2), Seen::default());
        assert_taken(&mut walk, &mut seen, (&["a", "b"], &["a", "b"]), Some(1));
        assert_taken(&mut walk, &mut seen, (&[], &[]), Some(0));
        assert_taken(&mut walk, &mut seen, (&["b"], &[]), Some(1));
        assert_taken(&mut walk, &mut seen, (&["b"], &[]), Some(0));
        assert_taken(&mut walk, &mut seen, (&["b"], &[]), Some(1));
        assert_taken(&mut walk, &mut seen, (&[], &[]), Some(0));
        assert_taken(&mut walk, &mut seen, (&["b"], &[]), None);
    }
}
