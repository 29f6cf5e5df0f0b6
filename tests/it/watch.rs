//! Watching: what changed since the last poll.

use std::time::Duration;

use drs_backup_jobs::{Error, ErrorKind, Event, Job, JobStatus, ListJobs, Watch};

use crate::polls::Polls;
use crate::polls::Reply::{self, List, Lost, Page, Status};

/// An event in few words.
fn text(event: &Event) -> String {
    match event {
        Event::Updated { from, to } => format!("{} {} -> {}", to.id, from.status, to.status),
        Event::Finished { from, to } => {
            format!("{} finished {} -> {}", to.id, from.status, to.status)
        }
        Event::Removed(job) => format!("{} removed", job.id),
        event => format!("{} {} {}", event.job().id, event.name(), event.job().status),
    }
}

fn item_text(item: &Result<Event, Error>) -> String {
    match item {
        Ok(event) => text(event),
        Err(error) => format!("failed {:?}", error.kind()),
    }
}

#[track_caller]
fn assert_poll(watch: &mut Watch, expected: &[&str]) {
    let events: Vec<String> = watch.poll().unwrap().iter().map(text).collect();
    assert_eq!(events, expected);
}

#[track_caller]
fn assert_failed_poll(watch: &mut Watch, kind: ErrorKind) {
    assert_eq!(watch.poll().unwrap_err().kind(), kind);
}

/// These jobs of a list of `count`.
fn page(count: u64, ids: std::ops::Range<u32>) -> Reply {
    Page(
        count,
        ids.map(|id| (format!("{id:03}"), "TRANSFERRING")).collect(),
    )
}

#[test]
fn each_poll_returns_what_changed_since_the_one_before() {
    let polls = Polls::new([
        List(&[("a", "TRANSFERRING"), ("b", "SUCCESS")]),
        List(&[("a", "TRANSFERRING"), ("b", "SUCCESS")]),
        List(&[("c", "TRANSFERRING"), ("a", "SUCCESS"), ("b", "FAILED")]),
        List(&[("c", "PAUSED")]),
        List(&[("c", "PRECHECK FAILED")]),
        List(&[]),
    ]);
    let mut watch = polls.client().watch(ListJobs::new());
    assert_poll(&mut watch, &["a added TRANSFERRING", "b added SUCCESS"]);
    assert_poll(&mut watch, &[]);
    let changes = [
        "c added TRANSFERRING",
        "a finished TRANSFERRING -> SUCCESS",
        "b SUCCESS -> FAILED",
    ];
    assert_poll(&mut watch, &changes);
    let changes = ["c TRANSFERRING -> PAUSED", "a removed", "b removed"];
    assert_poll(&mut watch, &changes);
    assert_poll(&mut watch, &["c finished PAUSED -> PRECHECK FAILED"]);
    assert_poll(&mut watch, &["c removed"]);
    assert_poll(&mut watch, &[]);
    assert_eq!(polls.slept(), Duration::ZERO, "a poll does not sleep");
}

#[test]
fn the_iterator_yields_errors_continues_after_them_and_sleeps_between_polls() {
    let polls = Polls::new([
        List(&[("a", "TRANSFERRING")]),
        Lost,
        Lost,
        List(&[("a", "SUCCESS")]),
        List(&[]),
    ]);
    let watch = polls
        .client()
        .watch(ListJobs::new())
        .interval(Duration::from_secs(7));
    let items: Vec<String> = watch.take(5).map(|item| item_text(&item)).collect();
    let expected = [
        "a added TRANSFERRING",
        "failed ConnectionLost",
        "failed ConnectionLost",
        "a finished TRANSFERRING -> SUCCESS",
        "a removed",
    ];
    assert_eq!(items, expected);
    assert_eq!(polls.slept(), Duration::from_secs(28), "between five polls");
}

#[test]
fn a_poll_resumes_the_listing_that_a_transient_error_stopped() {
    for error in [Lost, Status(429, 0), Status(503, 0), Status(401, 0)] {
        let polls = Polls::new([
            page(250, 0..100),
            page(250, 98..198),
            error,
            page(250, 196..250),
            page(250, 0..100),
        ]);
        let mut watch = polls.client().watch(ListJobs::new()).page_size(100);
        watch.poll().unwrap_err();
        assert_eq!(watch.jobs().count(), 0);
        assert_eq!(watch.poll().unwrap().len(), 250);
        assert_eq!(polls.offsets(), [0, 98, 196, 196, 0]);
    }
}

#[test]
fn a_poll_resumes_the_listing_that_was_incomplete() {
    // The service ignores the offset, then does not.
    let polls = Polls::new([page(2, 0..2)]);
    let mut watch = polls.client().watch(ListJobs::new()).page_size(2);
    assert_failed_poll(&mut watch, ErrorKind::Incomplete);
    polls.set([page(2, 1..2), page(2, 0..2)]);
    assert_eq!(watch.poll().unwrap().len(), 2);
    assert_eq!(polls.offsets(), [64, 0]);
}

#[test]
fn a_list_that_no_poll_reads_in_one_run_is_read_in_many() {
    // Every second request is throttled.
    let pages = (0..50).map(|page_number| {
        let start = page_number * 98;
        page(4900, start..(start + 100).min(4900))
    });
    let mut replies: Vec<Reply> = pages.flat_map(|page| [page, Status(429, 1)]).collect();
    replies.push(page(4900, 0..100));
    let polls = Polls::new(replies);
    let mut watch = polls.client().watch(ListJobs::new()).page_size(100);
    let mut failed = 0;
    let events = loop {
        match watch.poll() {
            Ok(events) => break events,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Throttled),
        }
        failed += 1;
    };
    assert_eq!((events.len(), failed), (4900, 50));
}

#[test]
fn a_poll_starts_a_new_listing_after_the_service_rejected_the_page() {
    let polls = Polls::new([
        page(150, 0..100),
        Status(400, 0),
        page(150, 0..100),
        page(150, 98..150),
        page(150, 0..100),
    ]);
    let mut watch = polls.client().watch(ListJobs::new()).page_size(100);
    assert_failed_poll(&mut watch, ErrorKind::BadRequest);
    assert_eq!(watch.poll().unwrap().len(), 150);
    assert_eq!(polls.offsets(), [0, 98, 0, 98, 0]);
}

#[test]
fn a_failed_poll_removes_no_job_and_changes_nothing_that_was_known() {
    let complete = [page(150, 0..100), page(150, 98..150), page(150, 0..100)];
    let polls = Polls::new(complete.clone());
    let mut watch = polls.client().watch(ListJobs::new()).page_size(100);
    assert_eq!(watch.poll().unwrap().len(), 150);
    for failing in 0..3 {
        let mut replies = complete.to_vec();
        replies.insert(failing, Lost);
        polls.set(replies);
        assert_failed_poll(&mut watch, ErrorKind::ConnectionLost);
        assert_eq!(watch.jobs().count(), 150, "what was known stays known");
        assert_poll(&mut watch, &[]);
    }
}

#[test]
fn an_empty_list_with_a_count_removes_no_job() {
    let polls = Polls::new([List(&[("a", "TRANSFERRING")]), Page(350, vec![])]);
    let mut watch = polls.client().watch(ListJobs::new());
    watch.poll().unwrap();
    for _ in 0..3 {
        assert_failed_poll(&mut watch, ErrorKind::Incomplete);
        assert_eq!(watch.jobs().count(), 1);
    }
    polls.set([List(&[("a", "SUCCESS")])]);
    assert_poll(&mut watch, &["a finished TRANSFERRING -> SUCCESS"]);
}

#[test]
fn a_removed_job_that_is_listed_again_is_added() {
    let polls = Polls::new([
        List(&[("a", "TRANSFERRING")]),
        List(&[]),
        List(&[("a", "SUCCESS")]),
    ]);
    let mut watch = polls.client().watch(ListJobs::new());
    assert_poll(&mut watch, &["a added TRANSFERRING"]);
    assert_poll(&mut watch, &["a removed"]);
    assert_poll(&mut watch, &["a added SUCCESS"]);
}

#[test]
fn a_watch_with_known_jobs_reports_what_happened_meanwhile() {
    let before = [
        ("a", "TRANSFERRING"),
        ("b", "TRANSFERRING"),
        ("c", "SUCCESS"),
        ("d", "TRANSFERRING"),
    ];
    let saved = before.map(|(id, status)| {
        let mut job = Job::new(id);
        job.status = status.into();
        job.create_time = id.into();
        job.finish_time = Some(
            if status == "SUCCESS" {
                "2024-08-19"
            } else {
                ""
            }
            .into(),
        );
        job
    });
    let polls = Polls::new([List(&[
        ("e", "TRANSFERRING"),
        ("a", "FAILED"),
        ("b", "TRANSFERRING"),
        ("c", "SUCCESS"),
    ])]);
    let mut watch = polls
        .client()
        .watch(ListJobs::new())
        .with_known(saved.clone());
    assert_eq!(
        watch.jobs().count(),
        4,
        "what is known before the first poll"
    );
    let changes = [
        "e added TRANSFERRING",
        "a finished TRANSFERRING -> FAILED",
        "d removed",
    ];
    assert_poll(&mut watch, &changes);

    // Those of a filter that a finished job no longer matches.
    let running = saved.into_iter().filter(|job| !job.is_finished());
    let query = ListJobs::new().status(JobStatus::Transferring);
    let mut watch = polls.client().watch(query).with_known(running);
    assert_poll(&mut watch, &changes);
}

#[test]
fn the_page_size_is_512_if_not_set_and_sorted_by_create_time() {
    let polls = Polls::new([List(&[("a", "PAUSED")])]);
    let mut watch = polls.client().watch(ListJobs::new().name("x"));
    watch.poll().unwrap();
    assert!(polls.urls()[0].ends_with("?name=x&limit=512&offset=0&sort_key=created_at"));
    let mut watch = watch.page_size(100);
    watch.poll().unwrap();
    assert!(polls.urls()[1].contains("limit=100&"));
    let mut rejected = watch.page_size(513);
    assert_eq!(rejected.poll().unwrap_err().parameter(), Some("page_size"));
}

#[test]
fn get_finds_a_job_whether_or_not_it_matches() {
    let polls = Polls::new([List(&[("a", "PAUSED")]), List(&[])]);
    let query = ListJobs::new().status(JobStatus::Failed);
    let mut watch = polls.client().watch(query);
    assert!(watch.get("a").is_none(), "nothing was polled");
    watch.poll().unwrap();
    assert_eq!(watch.get("a").unwrap().status, JobStatus::from("PAUSED"));
    assert_eq!(watch.jobs().count(), 0);
    watch.poll().unwrap();
    assert!(watch.get("a").is_none());
}

#[test]
fn filters_that_a_finishing_job_would_fall_out_of_are_not_sent_but_applied() {
    let polls = Polls::new([
        List(&[("a", "TRANSFERRING"), ("b", "SUCCESS")]),
        List(&[("a", "SUCCESS"), ("b", "FAILED")]),
        List(&[("b", "FAILED")]),
    ]);
    let query = ListJobs::new()
        .status(JobStatus::Transferring)
        .completed_at("")
        .name("x");
    let mut watch = polls.client().watch(query);
    assert_poll(&mut watch, &["a added TRANSFERRING"]);
    assert_poll(&mut watch, &["a finished TRANSFERRING -> SUCCESS"]);
    // It matches no more.
    assert_poll(&mut watch, &[]);
    assert!(
        polls
            .urls()
            .iter()
            .all(|url| url.contains("?name=x&limit="))
    );
}

#[test]
fn completed_at_matches_jobs_whose_finish_time_begins_with_it() {
    let polls = Polls::new([List(&[("a", "TRANSFERRING"), ("b", "SUCCESS")])]);
    for (prefix, expected) in [("2024-08", &["b added SUCCESS"][..]), ("2025", &[])] {
        let mut watch = polls.client().watch(ListJobs::new().completed_at(prefix));
        assert_poll(&mut watch, expected);
    }
}

/// The delay between a failed poll and the next.
fn delay_after(reply: Reply, interval: u64) -> Duration {
    let polls = Polls::new([reply]);
    let interval = Duration::from_secs(interval);
    let watch = polls.client().watch(ListJobs::new()).interval(interval);
    assert!(watch.take(2).all(|item| item.is_err()));
    polls.slept()
}

#[test]
fn the_delay_after_a_failed_poll_is_at_least_retry_after() {
    for (reply, interval, expected) in [
        (Status(429, 120), 10, 120),
        (Status(503, 31), 10, 31),
        (Status(500, 4), 10, 10),
        (Status(429, 0), 10, 10),
        (Lost, 7, 7),
        (Status(404, 60), 10, 60),
    ] {
        let delay = delay_after(reply, interval);
        assert_eq!(delay, Duration::from_secs(expected));
    }
}

#[test]
fn the_delay_after_rejected_credentials_is_at_least_five_minutes() {
    assert_eq!(delay_after(Status(401, 0), 1), Duration::from_secs(300));
    assert_eq!(delay_after(Status(401, 7), 1), Duration::from_secs(300));
    assert_eq!(delay_after(Status(401, 0), 900), Duration::from_secs(900));
    assert_eq!(delay_after(Status(401, 600), 1), Duration::from_secs(600));
}

#[cfg(feature = "serde_json")]
#[test]
fn events_are_serialized_with_the_job_before_and_after() {
    let polls = Polls::new([List(&[("a", "TRANSFERRING")]), List(&[("a", "SUCCESS")])]);
    let mut watch = polls.client().watch(ListJobs::new());
    let json = |watch: &mut Watch| serde_json::to_value(&watch.poll().unwrap()[0]).unwrap();
    let added = json(&mut watch);
    assert_eq!(
        (&added["event"], &added["job"]["id"]),
        (&"added".into(), &"a".into())
    );
    assert!(added.get("from").is_none());
    let finished = json(&mut watch);
    assert_eq!(finished["event"], "finished");
    assert_eq!(finished["job"]["status"], "SUCCESS");
    assert_eq!(finished["from"]["status"], "TRANSFERRING");
}

#[test]
fn a_predicate_selects_jobs_in_addition_to_the_query() {
    let polls = Polls::new([
        List(&[
            ("a", "TRANSFERRING"),
            ("b", "TRANSFERRING"),
            ("c", "FAILED"),
        ]),
        List(&[("a", "TRANSFERRING"), ("b", "SUCCESS"), ("c", "SUCCESS")]),
        // Accepted before, not after.
        List(&[("a", "FAILED"), ("b", "SUCCESS")]),
    ]);
    let mut watch = polls
        .client()
        .watch(ListJobs::new())
        .matching(|job| job.id == "b" || job.status == JobStatus::Transferring);
    assert_poll(
        &mut watch,
        &["a added TRANSFERRING", "b added TRANSFERRING"],
    );
    assert_poll(&mut watch, &["b finished TRANSFERRING -> SUCCESS"]);
    assert_poll(&mut watch, &["a finished TRANSFERRING -> FAILED"]);
    let matching: Vec<&str> = watch.jobs().map(|job| &*job.id).collect();
    assert_eq!(matching, ["b"]);
    assert!(format!("{watch:?}").contains("predicate: Some(Predicate(..))"));
}
