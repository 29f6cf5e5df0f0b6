//! Tests of pagination as scripts, request by request.
//!
//! A step is `offset→jobs/count`, followed by `(+jobs)` if some are new; `∅` means no job. Each
//! letter is a job. After the steps comes `end`; `incomplete` stands for an error that is resumed,
//! `batch` for the end of a batch of instance ids, `limit n` for the page size of the next request.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::pagination::{Pagination, SortValue};
use super::seen::Seen;
use crate::job::{Job, JobPage};

/// Runs a listing against the script. Jobs of one of the `ties` share a create time; others do
/// not.
#[track_caller]
fn check(page_size: u32, ties: &[&str], script: &[&str]) {
    let mut seen = Seen::default();
    let new_batch = || Pagination::new(page_size, SortValue::CreateTime);
    let mut pagination = new_batch();
    let mut is_at_end = false;
    for (number, step) in script.iter().enumerate() {
        let next = pagination.next_request();
        match *step {
            "end" => {
                assert_eq!(next, Ok(None), "step {number}");
                is_at_end = true;
            }
            "batch" => {
                assert_eq!(next, Ok(None), "step {number}");
                seen.next_pass();
                pagination = new_batch();
            }
            "incomplete" => {
                let error = next.expect_err(&format!("step {number}"));
                assert!(error.starts_with("cannot list all jobs: "), "{error}");
            }
            step => {
                let (offset, limit) = next.unwrap().expect("no end");
                if let Some(expected) = step.strip_prefix("limit ") {
                    assert_eq!(limit.to_string(), expected, "step {number}");
                    continue;
                }
                let (expected, page, new) = parse(step, ties);
                assert_eq!(offset, expected, "offset of step {number}, {step}");
                let mut page = page;
                pagination.process(&mut page, &mut seen);
                let taken: String = page.jobs.iter().map(|job| &*job.id).collect();
                assert_eq!(taken, new, "new jobs of step {number}, {step}");
            }
        }
    }
    assert!(is_at_end, "the script ends with `end`");
}

fn parse<'a>(step: &'a str, ties: &[&str]) -> (u32, JobPage<'a>, &'a str) {
    let (exchange, new) = match step.split_once(" (+") {
        Some((exchange, new)) => (exchange, new.strip_suffix(')').unwrap()),
        None => (step, ""),
    };
    let (offset, response) = exchange.split_once('→').unwrap();
    let (ids, count) = response.split_once('/').unwrap();
    let ids = if ids == "∅" { "" } else { ids };
    let jobs = ids.char_indices().map(|(at, id)| {
        let mut job = Job::new(&ids[at..at + id.len_utf8()]);
        let tie = ties.iter().position(|tie| tie.contains(id));
        job.create_time = tie
            .map_or_else(|| id.to_string(), |tie| format!("tie {tie}"))
            .into();
        job
    });
    let page = JobPage {
        count: count.parse().unwrap(),
        jobs: jobs.collect(),
        request_id: None,
    };
    (offset.parse().unwrap(), page, new)
}

#[test]
fn ends_after_one_request_if_the_first_page_holds_as_many_jobs_as_the_service_counts() {
    check(4, &[], &["0→abc/3 (+abc)", "end"]);
    check(512, &[], &["0→∅/0", "end"]);
    check(512, &[], &["0→a/1 (+a)", "end"]);
}

#[test]
fn continues_after_a_first_page_of_a_usual_cap() {
    let steps = [
        "0→abcdefghij/10 (+abcdefghij)",
        "8→ijk/3 (+k)",
        "0→abcdefghij/10",
        "end",
    ];
    check(512, &[], &steps);
    // Ten is a real cap here: pages of ten, and `count` is the length of the page.
    check(
        512,
        &[],
        &[
            "0→abcdefghij/10 (+abcdefghij)",
            "8→ijklmnopqr/10 (+klmnopqr)",
            "16→qrs/3 (+s)",
            "0→abcdefghij/10",
            "end",
        ],
    );
}

#[test]
fn pages_overlap_by_two_jobs_and_a_short_page_is_the_end() {
    let pages = [
        "0→abcd/7 (+abcd)",
        "2→cdef/7 (+ef)",
        "4→efg/7 (+g)",
        "0→abcd/7",
        "end",
    ];
    check(4, &[], &pages);
    let too_high = [
        "0→abcd/9 (+abcd)",
        "2→cdef/9 (+ef)",
        "4→efg/9 (+g)",
        "5→fg/9",
        "0→abcd/9",
        "end",
    ];
    check(4, &[], &too_high);
}

#[test]
fn growth_moves_pages_back_and_the_head_is_read_again() {
    let steps = [
        "0→zabc/6 (+zabc)",
        "2→abcd/7 (+d)",
        "4→bcde/8 (+e)",
        "6→cde/9",
        "0→vwxy/10 (+vwxy)",
        "2→wxyz/11",
        "end",
    ];
    check(4, &[], &steps);
}

#[test]
fn steps_back_over_a_gap_and_its_jobs_wait_until_it_is_closed() {
    let steps = [
        "0→abcd/9 (+abcd)",
        "2→fghi/6",
        "1→efgh/6",
        "0→defg/6 (+efg)",
        "2→fghi/6 (+hi)",
        "4→hi/6",
        "0→defg/6",
        "end",
    ];
    check(4, &[], &steps);
}

#[test]
fn a_tie_in_another_order_is_listed_completely() {
    let steps = [
        "0→abcde/8 (+abcde)",
        "2→cfdeg/8 (+fg)",
        "5→egh/8 (+h)",
        "0→abcfd/8",
        "end",
    ];
    check(5, &["def"], &steps);
}

#[test]
fn an_empty_head_that_counts_jobs_is_an_error_that_can_be_resumed() {
    check(
        512,
        &[],
        &["0→∅/35", "0→∅/35", "incomplete", "0→a/1 (+a)", "end"],
    );
    check(512, &[], &["0→∅/35", "0→abc/3 (+abc)", "end"]);
    check(512, &[], &["0→∅/35", "0→∅/0", "end"]);
    let twice = [
        "0→∅/35",
        "0→∅/35",
        "incomplete",
        "0→∅/35",
        "0→∅/35",
        "incomplete",
        "0→∅/0",
        "end",
    ];
    check(512, &[], &twice);
}

#[test]
fn detects_by_count_a_job_lost_in_a_tie_over_three_pages() {
    // The service shuffles seven ties in pages of three: the pages do not show positions, and b is
    // missed. Both count and the end of the list indicate eight jobs, so another pass follows,
    // which is complete.
    let steps = [
        "0→acd/8 (+acd)",
        "2→def/8 (+ef)",
        "4→fgc/8 (+g)",
        "6→gh/8 (+h)",
        "0→acd/8",
        // With pages of two.
        "0→ab/8 (+b)",
        "1→bc/8",
        "2→cd/8",
        "3→de/8",
        "4→ef/8",
        "5→fg/8",
        "6→gh/8",
        "7→h/8",
        "0→ab/8",
        "end",
    ];
    check(3, &["abcdefg"], &steps);
    // In one order the same tie is read without a loss.
    let in_order = [
        "0→abc/8 (+abc)",
        "2→cde/8 (+de)",
        "4→efg/8 (+fg)",
        "6→gh/8 (+h)",
        "0→abc/8",
        "end",
    ];
    check(3, &["abcdefg"], &in_order);
}

#[test]
fn steps_back_over_a_gap_inside_a_tie() {
    let steps = [
        "0→abcde/9 (+abcde)",
        // b and c were removed: the page begins with a job of the tie, which is not firm.
        "2→fdghi/7",
        "1→edfgh/7",
        "0→aefdg/7 (+fg)",
        "3→dghi/7 (+hi)",
        "0→adefg/7",
        "end",
    ];
    check(5, &["def"], &steps);
}

#[test]
fn a_job_of_another_batch_closes_no_gap_and_is_not_yielded_again() {
    let steps = [
        "0→ab/2 (+ab)",
        "1→b/2",
        "0→ab/2",
        "batch",
        "0→cd/4 (+cd)",
        // Firm in the batch before, not in this one.
        "1→ae/4",
        "0→ca/4",
        "1→ae/4 (+e)",
        "2→e/3",
        "0→ca/3",
        "end",
    ];
    check(2, &[], &steps);
    // Two batches with the same jobs.
    check(4, &[], &["0→abc/3 (+abc)", "batch", "0→bcd/3 (+d)", "end"]);
}

#[test]
fn sixty_four_responses_without_progress_are_an_error_and_the_listing_goes_on_at_the_same_offset() {
    let first = String::from("0→ab/2 (+ab)");
    let ignored = (1..64).map(|offset| format!("{offset}→ab/2"));
    let mut steps: Vec<String> = core::iter::once(first).chain(ignored).collect();
    steps.extend(["incomplete", "64→b/2", "0→ab/2", "end"].map(String::from));
    let steps: Vec<&str> = steps.iter().map(|step| &**step).collect();
    check(2, &[], &steps);
}

#[test]
fn a_list_of_more_than_sixty_four_pages_is_progress() {
    let ids: Vec<char> = ('一'..).take(100).collect();
    let mut steps = Vec::from([format!("0→{}{}/100 (+{0}{1})", ids[0], ids[1])]);
    for (offset, pair) in ids.windows(2).enumerate().skip(1) {
        steps.push(format!("{offset}→{}{}/100 (+{1})", pair[0], pair[1]));
    }
    steps.extend([
        format!("99→{}/100", ids[99]),
        format!("0→{}{}/100", ids[0], ids[1]),
        "end".into(),
    ]);
    let steps: Vec<&str> = steps.iter().map(|step| &**step).collect();
    check(2, &[], &steps);
}

#[test]
fn five_short_passes_are_an_error_and_the_listing_goes_on_with_the_next() {
    let full = ["0→abc/4", "2→ca/4", "0→abc/4"];
    let small = ["0→ab/4", "1→bc/4", "2→ca/4", "3→a/4", "0→ab/4"];
    let found = ["0→ab/4", "1→bc/4", "2→cd/4 (+d)", "3→d/4", "0→ab/4"];
    let mut steps = [
        &full[..],
        &["limit 2"],
        &small,
        &["limit 3"],
        &full,
        &["limit 2"],
        &small,
        &["limit 3"],
        &full,
        &["incomplete", "limit 2"],
        &found,
        &["end"],
    ]
    .concat();
    steps[0] = "0→abc/4 (+abc)";
    check(3, &["abcd"], &steps);
}

#[test]
fn a_lone_job_is_the_list_only_if_nothing_was_seen_behind_the_head() {
    check(4, &[], &["0→a/9 (+a)", "1→∅/9", "0→a/9", "end"]);
    // The empty response at offset 1 must be the last one.
    let steps = [
        "0→a/9 (+a)",
        "1→∅/9",
        "0→∅/9",
        "0→a/9",
        "1→∅/9",
        "0→a/9",
        "end",
    ];
    check(4, &[], &steps);
    // An empty response of a replica that still holds an earlier list.
    let steps = [
        "0→b/2 (+b)",
        "1→∅/1",
        "0→b/2",
        "1→a/2",
        "0→b/2",
        "1→∅/1",
        "0→a/1 (+a)",
        "end",
    ];
    check(4, &[], &steps);
    // Pages of one job, and an empty response.
    let steps = [
        "0→a/9 (+a)",
        "1→b/9",
        "0→a/9",
        "1→∅/9",
        "0→a/9",
        "1→b/9",
        "0→ab/2 (+b)",
        "end",
    ];
    check(4, &[], &steps);
}

#[test]
fn a_lone_job_without_a_count_is_the_list_only_after_eight_rounds() {
    let mut steps = alloc::vec!["0→a/0 (+a)"];
    for _ in 0..8 {
        steps.extend(["1→∅/0", "0→a/0"]);
    }
    steps.push("end");
    check(4, &[], &steps);
    // A replica catches up after seven.
    let mut steps = alloc::vec!["0→b/0 (+b)"];
    for _ in 0..7 {
        steps.extend(["1→∅/0", "0→b/0"]);
    }
    steps.extend(["1→a/0", "0→ab/0 (+a)", "1→b/0", "0→ab/0", "end"]);
    check(4, &[], &steps);
}
