//! How the emulator misbehaves as real services do: ties, replicas, counts, growth, quota.

use std::collections::BTreeSet;
use std::time::Duration;

use drs_backup_jobs::emulator::{
    Change, Count, EmulatedJob, Emulator, EmulatorBuilder, Limits, ManualClock, Script,
};
use drs_backup_jobs::{ErrorKind, JobStatus, ListJobs, RetryPolicy, SortDir, SortKey};

use crate::emulator::list;

const SECOND: Duration = Duration::from_secs(1);

/// Jobs `0` to `jobs - 1`, in groups of `ties` with one create time.
fn tied(jobs: usize, ties: usize) -> EmulatorBuilder {
    (0..jobs)
        .rev()
        .fold(Emulator::builder(), |builder, number| {
            let group = number / ties;
            let (day, hour) = (19 - group / 24, 23 - group % 24);
            let created = format!("2024-08-{day:02}T{hour:02}:00:00Z");
            builder.job(EmulatedJob::new(format!("{number}")).create_time(created))
        })
}

fn numbers(emulator: &Emulator, query: &ListJobs) -> Vec<usize> {
    let listed = list(emulator, query);
    listed.ids().iter().map(|id| id.parse().unwrap()).collect()
}

#[test]
fn ties_change_their_order_with_each_request_and_nothing_else_does() {
    let emulator = tied(60, 6).unstable_ties(1).build();
    let sorted = ListJobs::new().sort_key(SortKey::CreatedAt).limit(60);
    let unsorted = ListJobs::new().limit(60);
    let ascending = sorted.clone().sort_dir(SortDir::Asc);
    for query in [&sorted, &unsorted, &ascending] {
        let orders: Vec<Vec<usize>> = (0..20).map(|_| numbers(&emulator, query)).collect();
        for order in &orders {
            let groups: Vec<usize> = order.iter().map(|number| number / 6).collect();
            if *query == ascending {
                assert!(groups.is_sorted_by(|a, b| a >= b), "{groups:?}");
            } else {
                assert!(groups.is_sorted(), "{groups:?}");
            }
            let distinct: BTreeSet<&usize> = order.iter().collect();
            assert_eq!(distinct.len(), 60);
        }
        let distinct: BTreeSet<&Vec<usize>> = orders.iter().collect();
        assert_eq!(distinct.len(), 20, "each request has its own order");
    }
    // Names differ, so that there are no ties to shuffle.
    let by_name = ListJobs::new().sort_key(SortKey::Name).limit(60);
    assert_eq!(numbers(&emulator, &by_name), numbers(&emulator, &by_name));
}

#[test]
fn ties_are_the_same_for_the_same_seed() {
    let orders = |seed| {
        let emulator = tied(20, 20).unstable_ties(seed).build();
        let query = ListJobs::new().limit(20);
        [numbers(&emulator, &query), numbers(&emulator, &query)]
    };
    assert_eq!(orders(1), orders(1));
    assert_ne!(orders(1), orders(2));
}

#[test]
fn unstable_ties_make_a_plain_loop_over_offsets_lose_jobs() {
    let lossy = (0..50).filter(|seed| {
        let emulator = tied(60, 6).unstable_ties(*seed).build();
        let pages = (0..6)
            .flat_map(|page| numbers(&emulator, &ListJobs::new().limit(10).offset(page * 10)));
        pages.collect::<BTreeSet<_>>().len() < 60
    });
    assert!(lossy.count() > 40);
}

#[test]
fn a_listing_is_complete_although_ties_are_unstable() {
    for seed in 0..50 {
        let emulator = tied(100, 7).unstable_ties(seed).build();
        let client = emulator.client().build().unwrap();
        let jobs = client.jobs(ListJobs::new()).page_size(20);
        let ids: Vec<String> = jobs.map(|job| job.unwrap().id.into_owned()).collect();
        let distinct: BTreeSet<&String> = ids.iter().collect();
        assert_eq!((ids.len(), distinct.len()), (100, 100), "seed {seed}");
    }
}

#[test]
fn a_listing_is_complete_although_the_list_grows_and_replicas_lag() {
    for seed in 0..20 {
        let clock = ManualClock::new();
        let emulator = tied(150, 5)
            .clock(clock.clone())
            .unstable_ties(seed)
            .page_cap(20)
            .growth(1)
            .replica(SECOND * 3)
            .latency(SECOND)
            .count(Count::Clipped(60))
            .build();
        let before = emulator.jobs();
        let client = emulator.client().build().unwrap();
        let jobs = client.jobs(ListJobs::new());
        let ids: Vec<String> = jobs.map(|job| job.unwrap().id.into_owned()).collect();
        let distinct: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        assert_eq!(ids.len(), distinct.len(), "duplicates, seed {seed}");
        let missing = before.iter().filter(|job| !distinct.contains(job.id()));
        assert_eq!(missing.count(), 0, "seed {seed}");
    }
}

#[test]
fn a_replica_makes_each_change_after_its_lag() {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .clock(clock.clone())
        .job(EmulatedJob::new("a"))
        .replica(SECOND * 5)
        .replica(SECOND * 10)
        .script(Script::new().after(SECOND, Change::add(EmulatedJob::new("c"))))
        .build();
    let three = |status: &str| -> Vec<String> {
        let query = ListJobs::new().status(status);
        let pages = (0..3).map(|_| list(&emulator, &query).ids().concat());
        pages.collect()
    };
    assert_eq!(three("TRANSFERRING"), ["a", "a", "a"]);
    emulator.add(EmulatedJob::new("b"));
    emulator.apply(Change::status("a", JobStatus::Success));
    assert_eq!(three("TRANSFERRING"), ["b", "a", "a"]);
    assert_eq!(three("SUCCESS"), ["a", "", ""]);
    clock.advance(SECOND * 5);
    assert_eq!(three("TRANSFERRING"), ["cb", "b", "a"]);
    // The change at 1 s is made at 6 s, not 5 s after the last request.
    clock.advance(SECOND);
    assert_eq!(three("TRANSFERRING"), ["cb", "cb", "a"]);
    clock.advance(SECOND * 5);
    assert_eq!(three("TRANSFERRING"), ["cb", "cb", "cb"]);
    emulator.remove("b");
    assert_eq!(three("TRANSFERRING"), ["c", "cb", "cb"]);
}

#[test]
fn the_count_is_exact_clipped_page_local_or_too_high() {
    for (count, pages) in [
        (Count::Exact, [30, 30, 30]),
        (Count::Clipped(20), [20, 20, 20]),
        (Count::Clipped(40), [30, 30, 30]),
        (Count::PageLocal, [12, 12, 6]),
        (Count::TooHigh(7), [37, 37, 37]),
        (Count::TooHigh(u64::MAX), [u64::MAX; 3]),
    ] {
        let emulator = Emulator::builder().jobs(30).count(count).build();
        let reported = [0, 12, 24]
            .map(|offset| list(&emulator, &ListJobs::new().limit(12).offset(offset)).count());
        assert_eq!(reported, pages, "{count:?}");
    }
}

#[test]
fn growth_adds_new_jobs_at_the_head_before_each_page() {
    let emulator = Emulator::builder().jobs(5).growth(2).build();
    let mut seen = BTreeSet::new();
    for page in 1..=20_u64 {
        let listed = list(
            &emulator,
            &ListJobs::new().sort_key(SortKey::CreatedAt).limit(512),
        );
        assert_eq!(listed.count(), 5 + 2 * page);
        let ids = listed.ids();
        let new = ids[..2].iter().filter(|id| seen.insert((**id).to_owned()));
        assert_eq!(new.count(), 2, "the new jobs come first");
    }
    assert!(emulator.jobs()[0].job.create_time > emulator.jobs()[44].job.create_time);
}

#[test]
fn pages_have_one_capped_length() {
    let emulator = Emulator::builder().jobs(250).page_cap(100).build();
    let client = emulator.client().build().unwrap();
    assert_eq!(client.jobs(ListJobs::new()).count(), 250);
    let received = |offset| {
        list(&emulator, &ListJobs::new().limit(512).offset(offset))
            .ids()
            .len()
    };
    assert_eq!([0, 100, 200].map(received), [100, 100, 50]);
}

#[test]
fn requests_above_the_quota_get_429_in_the_gateways_shape_until_the_period_ends() {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .clock(clock.clone())
        .project_id("a")
        .project_id("b")
        .rate_limit(3, SECOND * 300)
        .build();
    let status = || list(&emulator, &ListJobs::new()).status;
    clock.advance(SECOND * 7);
    assert_eq!(
        [status(), status(), status(), status()],
        [200, 200, 200, 429]
    );
    let throttled = list(&emulator, &ListJobs::new());
    assert_eq!(throttled.code(), (429, "APIGW.0308"));
    assert!(throttled.body["request_id"].is_string());
    let message = throttled.body["error_msg"].as_str().unwrap();
    assert!(
        message.ends_with("policy user over ratelimit,limit:3,time:5 minute"),
        "{message}"
    );
    let b = emulator.for_project("b").unwrap();
    assert_eq!(
        list(&b, &ListJobs::new()).status,
        200,
        "each project has its own quota"
    );
    // The period began with the first request.
    clock.advance(SECOND * 299);
    assert_eq!(status(), 429);
    clock.advance(SECOND);
    assert_eq!(
        [status(), status(), status(), status()],
        [200, 200, 200, 429]
    );
    let client = emulator
        .client()
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let error = client.list(&ListJobs::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
}

#[test]
fn each_project_has_its_own_list() {
    let emulator = Emulator::builder()
        .jobs(10)
        .job(EmulatedJob::new("shared"))
        .project_id("a")
        .project("cn-north-4", "b")
        .build();
    let [a, b] = ["a", "b"].map(|id| emulator.for_project(id).unwrap());
    a.add(EmulatedJob::new("of a"));
    assert_eq!((a.len(), b.len(), emulator.len()), (12, 11, 12));
    let ids = |emulator: &Emulator| -> BTreeSet<String> {
        let jobs = emulator.jobs();
        jobs.iter().map(|job| job.id().to_owned()).collect()
    };
    let common: Vec<String> = ids(&a).intersection(&ids(&b)).cloned().collect();
    assert_eq!(
        common,
        ["shared"],
        "sample jobs differ, added ones are in each"
    );
    assert_eq!(list(&b, &ListJobs::new()).count(), 11);
    // Requests and faults: of one project, or of all.
    assert_eq!((a.request_count(), b.requests().len()), (0, 1));
    list(&a, &ListJobs::new());
    assert_eq!(
        (emulator.request_count(), emulator.requests().len()),
        (2, 2)
    );
    b.set_faults("503@*".parse().unwrap());
    let statuses = || [&a, &b].map(|emulator| list(emulator, &ListJobs::new()).status);
    assert_eq!(statuses(), [200, 503]);
    emulator.set_faults("404".parse().unwrap());
    assert_eq!(statuses(), [404, 404]);
    assert_eq!(statuses(), [200, 200]);
    b.clear_requests();
    assert_eq!((a.requests().len(), b.requests().len()), (4, 0));
    // A reset of one leaves the other.
    a.reset();
    b.remove("shared");
    assert_eq!((a.len(), b.len()), (11, 10));
    let error = emulator.for_project("c").unwrap_err();
    assert!(error.to_string().contains("a, b"), "{error}");
}

#[test]
fn a_list_longer_than_the_documented_offsets_needs_no_limits() {
    let emulator = Emulator::builder()
        .jobs(66_000)
        .limits(Limits::None)
        .build();
    let page = list(&emulator, &ListJobs::new().offset(65_990).limit(20));
    assert_eq!((page.ids().len(), page.count()), (10, 66_000));
}
