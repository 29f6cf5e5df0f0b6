//! Waiting until jobs are finished.

use std::time::Duration;

use drs_backup_jobs::{ErrorKind, Job, JobStatus, ListJobs, Wait, WaitOutcome, WaitStatus};

use crate::polls::Polls;
use crate::polls::Reply::{self, List, Lost, Page, Status};

const HOUR: Duration = Duration::from_secs(3600);

fn text(outcome: &WaitOutcome) -> String {
    format!(
        "{} {} {}",
        outcome.job().id,
        outcome.name(),
        outcome.job().status
    )
}

/// Waits at most an hour. The outcomes, and the seconds slept.
#[track_caller]
fn wait(replies: impl IntoIterator<Item = Reply>) -> (Vec<String>, u64) {
    let polls = Polls::new(replies);
    let outcomes = polls.client().wait(ListJobs::new(), HOUR).unwrap();
    (outcomes.iter().map(text).collect(), polls.slept().as_secs())
}

#[test]
fn ends_when_every_job_of_the_first_poll_is_finished_or_removed() {
    let (outcomes, slept) = wait([
        List(&[
            ("a", "TRANSFERRING"),
            ("b", "TRANSFERRING"),
            ("c", "FAILED"),
            ("d", "TRANSFERRING"),
        ]),
        List(&[
            ("a", "SUCCESS"),
            ("b", "TRANSFERRING"),
            ("c", "FAILED"),
            ("d", "PAUSED"),
            ("e", "TRANSFERRING"),
        ]),
        Lost,
        List(&[
            ("c", "FAILED"),
            ("d", "PRECHECK FAILED"),
            ("e", "TRANSFERRING"),
        ]),
    ]);
    let expected = [
        "a finished SUCCESS",
        "b removed TRANSFERRING",
        "c finished FAILED",
        "d finished PRECHECK FAILED",
    ];
    assert_eq!(outcomes, expected);
    // Four polls, and one that confirms the removal.
    assert_eq!(slept, 40);
}

#[test]
fn a_removed_job_that_is_listed_again_is_running_again() {
    for missing in [
        // Alone, while another is running, and in more than one poll.
        vec![List(&[])],
        vec![List(&[("b", "TRANSFERRING")])],
        vec![
            List(&[("b", "TRANSFERRING")]),
            List(&[("b", "TRANSFERRING")]),
        ],
        vec![
            List(&[("b", "TRANSFERRING")]),
            Lost,
            List(&[("b", "TRANSFERRING")]),
        ],
    ] {
        let mut replies = vec![List(&[("a", "TRANSFERRING"), ("b", "TRANSFERRING")])];
        replies.extend(missing);
        replies.push(List(&[("a", "TRANSFERRING"), ("b", "SUCCESS")]));
        replies.push(List(&[("a", "SUCCESS"), ("b", "SUCCESS")]));
        let (outcomes, _) = wait(replies);
        assert_eq!(outcomes, ["a finished SUCCESS", "b finished SUCCESS"]);
    }
}

#[test]
fn a_finished_job_stays_finished() {
    let (outcomes, _) = wait([
        List(&[("a", "SUCCESS"), ("b", "TRANSFERRING")]),
        List(&[("a", "TRANSFERRING"), ("b", "TRANSFERRING")]),
        List(&[("b", "SUCCESS")]),
    ]);
    assert_eq!(outcomes, ["a finished SUCCESS", "b finished SUCCESS"]);
}

#[test]
fn transient_and_incomplete_errors_do_not_end_it() {
    let (outcomes, slept) = wait([
        Lost,
        List(&[("a", "TRANSFERRING")]),
        Status(503, 0),
        Status(429, 120),
        Page(350, vec![]),
        Page(350, vec![]),
        List(&[("a", "SUCCESS")]),
    ]);
    assert_eq!(outcomes, ["a finished SUCCESS"]);
    // The two empty pages are one poll.
    assert_eq!(slept, 10 + 10 + 10 + 120 + 10);
}

#[test]
fn resumes_a_listing_of_many_pages() {
    let page = |ids: std::ops::Range<u32>, status| {
        Page(900, ids.map(|id| (format!("{id:03}"), status)).collect())
    };
    let polls = Polls::new([
        page(0..512, "SUCCESS"),
        Status(429, 60),
        page(510..900, "FAILED"),
        page(0..512, "SUCCESS"),
    ]);
    let outcomes = polls.client().wait(ListJobs::new(), HOUR).unwrap();
    assert_eq!(outcomes.len(), 900);
    assert_eq!(
        outcomes
            .iter()
            .filter(|outcome| outcome.is_success())
            .count(),
        512
    );
    assert_eq!(polls.offsets(), [0, 510, 510, 0]);
    assert_eq!(polls.slept().as_secs(), 60);
}

#[test]
fn the_timeout_ends_it_after_a_last_poll() {
    let polls = Polls::new([List(&[("a", "SUCCESS"), ("b", "TRANSFERRING")])]);
    let watch = polls
        .client()
        .watch(ListJobs::new())
        .interval(Duration::from_secs(40));
    let outcomes = watch.wait(Duration::from_secs(60)).unwrap();
    let outcomes: Vec<String> = outcomes.iter().map(text).collect();
    assert_eq!(outcomes, ["a finished SUCCESS", "b running TRANSFERRING"]);
    assert_eq!(polls.slept(), Duration::from_secs(60));
    assert_eq!(polls.urls().len(), 3);
}

#[test]
fn does_not_poll_before_the_service_allows_it_and_ends_if_that_is_after_the_timeout() {
    let polls = Polls::new([List(&[("a", "TRANSFERRING")]), Status(429, 120)]);
    let outcomes = polls
        .client()
        .wait(ListJobs::new(), Duration::from_secs(60))
        .unwrap();
    assert!(matches!(&*outcomes, [WaitOutcome::Running(_)]));
    assert_eq!(polls.urls().len(), 2);

    let polls = Polls::new([Status(429, 120)]);
    let error = polls
        .client()
        .wait(ListJobs::new(), Duration::from_secs(60))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(polls.urls().len(), 1);
}

#[test]
fn polls_once_more_if_the_service_allows_it_at_the_timeout() {
    let polls = Polls::new([
        List(&[("a", "TRANSFERRING")]),
        Status(429, 50),
        List(&[("a", "SUCCESS")]),
    ]);
    let outcomes = polls
        .client()
        .wait(ListJobs::new(), Duration::from_secs(60))
        .unwrap();
    assert!(matches!(&*outcomes, [WaitOutcome::Finished(_)]));
    assert_eq!(polls.slept().as_secs(), 60);
}

#[test]
fn an_empty_first_poll_no_successful_poll_and_final_errors_are_errors() {
    let error = |replies: Vec<Reply>| {
        let client = Polls::new(replies).client();
        let wait = client.wait(ListJobs::new(), Duration::from_secs(60));
        wait.unwrap_err()
    };
    let empty = error(vec![List(&[])]);
    assert_eq!(empty.kind(), ErrorKind::Incomplete);
    assert_eq!(empty.to_string(), "cannot wait: no job matches the query");
    let no_match = Polls::new([List(&[("a", "SUCCESS")])]).client();
    let query = ListJobs::new().status(JobStatus::Failed);
    assert_eq!(
        no_match.wait(query, HOUR).unwrap_err().kind(),
        ErrorKind::Incomplete
    );

    assert_eq!(error(vec![Lost]).kind(), ErrorKind::ConnectionLost);
    assert_eq!(error(vec![Page(350, vec![])]).kind(), ErrorKind::Incomplete);
    for (status, kind) in [
        (401, ErrorKind::Authentication),
        (403, ErrorKind::Permission),
        (404, ErrorKind::NotFound),
    ] {
        assert_eq!(error(vec![Status(status, 0)]).kind(), kind);
        let later = vec![List(&[("a", "TRANSFERRING")]), Status(status, 0)];
        assert_eq!(error(later).kind(), kind);
    }
}

#[test]
fn polling_shows_totals_events_and_what_to_do_next() {
    let polls = Polls::new([
        List(&[
            ("a", "TRANSFERRING"),
            ("b", "TRANSFERRING"),
            ("c", "SUCCESS"),
        ]),
        List(&[
            ("a", "FAILED"),
            ("b", "TRANSFERRING"),
            ("d", "TRANSFERRING"),
        ]),
        Status(503, 30),
        List(&[("a", "FAILED"), ("d", "SUCCESS")]),
    ]);
    let mut wait = Wait::new(polls.client().watch(ListJobs::new()));
    assert!(!wait.is_started());

    let first = wait.poll();
    assert_eq!(first.status, WaitStatus::Waiting);
    assert!(!first.is_done());
    assert_eq!(first.events.len(), 3);
    assert_eq!((first.totals.running, first.totals.succeeded), (2, 1));
    assert_eq!(first.delay, Duration::from_secs(10));
    assert!(wait.is_started());

    let second = wait.poll();
    assert_eq!((second.totals.finished(), second.totals.total()), (2, 3));
    assert_eq!((second.totals.failed, second.totals.succeeded), (1, 1));
    assert_eq!((second.new.running, second.new.total()), (1, 1));
    let names: Vec<&str> = second
        .events
        .iter()
        .map(drs_backup_jobs::Event::name)
        .collect();
    assert_eq!(
        names,
        ["finished", "added", "removed"],
        "c is counted, though removed"
    );

    let failed = wait.poll();
    assert_eq!(failed.status, WaitStatus::Waiting);
    assert_eq!(failed.error.unwrap().status(), Some(503));
    assert_eq!(failed.delay, Duration::from_secs(30));
    assert_eq!(failed.totals, second.totals);

    let third = wait.poll();
    assert_eq!(
        (third.totals.removed, third.status),
        (1, WaitStatus::Waiting)
    );
    let fourth = wait.poll();
    assert!(fourth.is_done());
    assert_eq!(fourth.new.succeeded, 1);
    assert_eq!(
        wait.new_jobs().map(text).collect::<Vec<_>>(),
        ["d finished SUCCESS"]
    );
    let outcomes: Vec<String> = wait.outcomes().map(text).collect();
    assert_eq!(
        outcomes,
        [
            "a finished FAILED",
            "b removed TRANSFERRING",
            "c finished SUCCESS"
        ]
    );
    let into_outcomes = wait.into_outcomes();
    assert!(into_outcomes.iter().map(text).eq(outcomes));
}

#[test]
fn a_job_that_finishes_out_of_the_filters_stays_in_the_counts() {
    let polls = Polls::new([
        List(&[
            ("a", "TRANSFERRING"),
            ("b", "TRANSFERRING"),
            ("c", "FAILED"),
        ]),
        List(&[("a", "SUCCESS"), ("b", "TRANSFERRING"), ("c", "FAILED")]),
        List(&[("a", "SUCCESS"), ("b", "FAILED"), ("c", "FAILED")]),
    ]);
    let query = ListJobs::new().status(JobStatus::Transferring);
    let mut wait = Wait::new(polls.client().watch(query));
    let finished = [0, 1, 2].map(|_| {
        let totals = wait.poll().totals;
        (totals.finished(), totals.failed, totals.total())
    });
    assert_eq!(finished, [(0, 0, 2), (1, 0, 2), (2, 1, 2)]);
}

#[test]
fn a_wait_with_known_jobs_covers_them() {
    let known = ["a", "b"].map(|id| {
        let mut job = Job::new(id);
        job.status = JobStatus::Transferring;
        job
    });
    // a finished meanwhile and no longer matches, b was removed, c is listed.
    let polls = Polls::new([
        List(&[("a", "SUCCESS"), ("c", "TRANSFERRING")]),
        List(&[("a", "SUCCESS"), ("c", "SUCCESS")]),
    ]);
    let query = ListJobs::new().status(JobStatus::Transferring);
    let outcomes = polls
        .client()
        .watch(query)
        .with_known(known)
        .wait(HOUR)
        .unwrap();
    let outcomes: Vec<String> = outcomes.iter().map(text).collect();
    assert_eq!(
        outcomes,
        [
            "a finished SUCCESS",
            "b removed TRANSFERRING",
            "c finished SUCCESS"
        ]
    );
}

#[cfg(feature = "serde_json")]
#[test]
fn outcomes_are_serialized_with_their_name() {
    let outcome = WaitOutcome::Removed(Job::new("a"));
    let json = serde_json::to_value(outcome.clone()).unwrap();
    assert_eq!(
        (&json["outcome"], &json["job"]["id"]),
        (&"removed".into(), &"a".into())
    );
}
