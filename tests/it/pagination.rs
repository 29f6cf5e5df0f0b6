//! Listing all jobs over thousands of histories: nothing lost, nothing duplicated.
//!
//! In a normal run the lists are short and the histories few. The large runs are ignored:
//! `cargo test --release --no-default-features --features std --test it -- --ignored pagination::`.

use drs_backup_jobs::{ErrorKind, ListJobs};

use crate::model::{self, Chance, Count, Replicas, Service, Setup, TieOrder, World};

/// Histories of each kind in a normal run, and in a large one.
const FEW: u64 = 25;
const MANY: u64 = 3000;

/// What came of many histories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    /// Listings that ended without an error, but lost jobs.
    lossy: u64,
    /// The jobs they lost.
    lost: usize,
    /// Listings that ended with an error.
    incomplete: u64,
    requests: u64,
}

impl Tally {
    /// Lists the jobs of this many services.
    #[track_caller]
    fn of(histories: u64, setup: impl Fn(&mut Chance) -> Setup) -> Self {
        let mut tally = Self::default();
        for seed in 0..histories {
            let mut chance = Chance::Seed(seed);
            let setup = setup(&mut chance);
            let service = Service::new(World::new(setup, chance));
            let listed = model::list_all(&service);
            let world = service.world();
            assert!(
                !listed.has_duplicates(),
                "an id was yielded twice in history {seed}"
            );
            tally.requests += u64::from(world.requests);
            if let Some(error) = &listed.error {
                assert_eq!(
                    error.kind(),
                    ErrorKind::Incomplete,
                    "history {seed}: {error}"
                );
                tally.incomplete += 1;
            } else {
                let lost = listed.lost(&world);
                tally.lossy += u64::from(lost > 0);
                tally.lost += lost;
            }
        }
        tally
    }
}

/// Histories of `setup` with lists of up to `longest` jobs: none loses a job, and at most one in a
/// hundred ends with an error.
#[track_caller]
fn assert_complete(name: &str, histories: u64, longest: u32, setup: &Setup) {
    let tally = Tally::of(histories, |chance| Setup {
        length: chance.below(longest),
        ..setup.clone()
    });
    println!("{name}, {histories} histories: {tally:?}");
    assert_eq!(tally.lost, 0, "{name}: {tally:?}");
    assert!(tally.incomplete <= histories / 100, "{name}: {tally:?}");
}

/// Ties of up to one job less than a page.
fn ties(histories: u64, page_size: u32) {
    let longest = page_size * 10;
    for unrest in [0, 60] {
        for tie_order in [TieOrder::PerQuery, TieOrder::PerOffset] {
            for largest in [2, page_size / 2, page_size - 1] {
                let name = format!("ties of 2 to {largest} {tie_order:?}, unrest {unrest}");
                let setup = Setup {
                    ties: (2, largest),
                    tie_order,
                    unrest,
                    ..Setup::still(0, page_size)
                };
                assert_complete(&name, histories, longest, &setup);
            }
        }
    }
}

fn growth(histories: u64, page_size: u32) {
    for growth in [1, 2, 5, 10, page_size / 2] {
        let setup = Setup {
            growth,
            ..Setup::still(0, page_size)
        };
        assert_complete(
            &format!("growth of {growth}"),
            histories,
            page_size * 10,
            &setup,
        );
    }
}

fn replicas(histories: u64, page_size: u32) {
    for replicas in [Replicas::Alternating, Replicas::Random] {
        for lag in [1, 3, 10] {
            for (unrest, growth) in [(0, 0), (30, 0), (60, 0), (0, 1), (0, 5)] {
                let name = format!("{replicas:?} {lag} behind, unrest {unrest}, growth {growth}");
                let setup = Setup {
                    unrest,
                    growth,
                    replicas,
                    lag,
                    ..Setup::still(0, page_size)
                };
                assert_complete(&name, histories, page_size * 10, &setup);
            }
        }
    }
}

fn counts(histories: u64, page_size: u32) {
    let all_counts = [
        Count::Right,
        Count::Clipped,
        Count::Zero,
        Count::PageLocal,
        Count::TooHigh,
    ];
    for count in all_counts {
        for page_cap in [512, 10, 7] {
            if count == Count::PageLocal && page_cap == 7 {
                continue;
            }
            for with_failures in [false, true] {
                let name = format!("{count:?}, pages cut at {page_cap}, failures {with_failures}");
                let setup = Setup {
                    count,
                    page_cap,
                    unrest: 30,
                    with_failures,
                    ..Setup::still(0, page_size)
                };
                assert_complete(&name, histories, page_size * 10, &setup);
            }
        }
    }
}

/// Two empty heads in a row are an error, so a few listings end with one.
fn empties(histories: u64, page_size: u32) {
    for empties in [1, 5] {
        let setup = Setup {
            empties,
            unrest: 30,
            ..Setup::still(0, page_size)
        };
        let name = format!("{empties} of 100 responses empty");
        assert_complete(&name, histories, page_size * 10, &setup);
    }
}

#[test]
fn loses_no_job_when_responses_are_empty() {
    empties(FEW, 20);
}

#[test]
fn loses_no_job_of_ties_that_are_shuffled() {
    ties(FEW, 20);
}

#[test]
fn loses_no_job_of_a_growing_list() {
    growth(FEW, 20);
}

#[test]
fn loses_no_job_when_replicas_respond_in_turn() {
    replicas(FEW, 20);
}

#[test]
fn loses_no_job_when_the_count_is_wrong_and_requests_fail() {
    counts(FEW, 20);
}

#[test]
#[ignore = "large"]
fn large_runs() {
    for page_size in [20, 100] {
        ties(MANY, page_size);
        growth(MANY / 10, page_size);
        replicas(MANY / 3, page_size);
        counts(MANY / 3, page_size);
        empties(MANY, page_size);
    }
    ties(MANY, 512);
}

/// What happens if a condition of the guarantee does not hold: losses are counted, not excluded.
/// The figures are those of `FEW` histories; the bounds leave a margin.
#[test]
fn counts_the_losses_where_nothing_is_guaranteed() {
    not_promised(FEW, 20);
}

#[test]
#[ignore = "large"]
fn large_runs_where_nothing_is_promised() {
    for page_size in [20, 100, 512] {
        not_promised(MANY / 3, page_size);
    }
}

fn not_promised(histories: u64, page_size: u32) {
    let tally = |name: &str, setup: Setup| {
        let tally = Tally::of(histories, |chance| Setup {
            length: chance.below(page_size * 10),
            ..setup.clone()
        });
        println!("{name}, pages of {page_size}, {histories} histories: {tally:?}");
        tally
    };
    for tie_order in [TieOrder::PerQuery, TieOrder::PerOffset] {
        for largest in [page_size, page_size * 3 / 2, page_size * 3] {
            let setup = Setup {
                ties: (2, largest),
                tie_order,
                ..Setup::still(0, page_size)
            };
            let name = format!("ties of 2 to {largest} {tie_order:?}");
            let still = tally(&name, setup.clone());
            assert_eq!(
                still.lossy, 0,
                "the count tells, while the list is still: {still:?}"
            );
            let moving = tally(
                &format!("{name}, moving"),
                Setup {
                    unrest: 60,
                    ..setup
                },
            );
            assert!(moving.lossy <= histories * 2 / 3, "{moving:?}");
        }
    }
    let moves = tally(
        "moves to the front",
        Setup {
            unrest: 60,
            with_moves: true,
            ..Setup::still(0, page_size)
        },
    );
    assert!(moves.lossy <= histories / 4, "{moves:?}");
    let page_local = tally(
        "the count is that of a page cut at seven",
        Setup {
            count: Count::PageLocal,
            page_cap: 7,
            ..Setup::still(0, page_size)
        },
    );
    assert!(page_local.lossy <= histories, "{page_local:?}");
}

#[test]
fn keeps_the_guarantee_in_random_histories() {
    random_histories(600, 500);
}

#[test]
#[ignore = "large"]
fn large_run_of_random_histories() {
    random_histories(100_000, 83_000);
}

/// `least` listings end without an error: those that give up lose nothing, either.
fn random_histories(histories: u64, least: usize) {
    let mut completed = 0;
    for seed in 0..histories {
        let chance = Chance::Seed(seed);
        let is_complete = model::check_promise(&chance);
        completed += usize::from(is_complete);
        let setup = World::random(chance).setup;
        let is_mostly_still = setup.page_cap > 1 && setup.unrest <= 30 && setup.page_size > 3;
        // An empty list with a count is an error.
        let is_consistent = setup.replicas == Replicas::One && setup.count != Count::TooHigh;
        assert!(
            is_complete || !(is_mostly_still && is_consistent),
            "history {seed} ended with an error, though its list is mostly still: {setup:?}"
        );
    }
    assert!(
        completed >= least,
        "{completed} listings ended without an error"
    );
}

/// The loop everyone writes: the next offset is the last plus what was received, until a page is
/// empty.
#[test]
fn a_plain_loop_loses_jobs_in_the_same_histories() {
    let loses = |seed: &u64| {
        let mut world = World::random(Chance::Seed(*seed));
        let limit = world.setup.page_size as usize;
        let mut ids = Vec::new();
        loop {
            let (jobs, _) = world.page(ids.len(), limit);
            if jobs.is_empty() || ids.len() > 20_000 {
                let listed = model::Listed { ids, error: None };
                return listed.lost(&world) > 0;
            }
            ids.extend(jobs.iter().map(|job| job.id));
        }
    };
    let lossy = (0..1000).filter(loses).count();
    assert!(lossy > 200, "{lossy}");
}

#[test]
fn lists_a_still_list_in_the_documented_number_of_requests() {
    let usual_caps = [10, 20, 50, 100, 200, 500];
    for page_size in [2, 3, 50, 100, 512] {
        let lengths =
            (0..=60).chain([99, 100, 101, 199, 200, 500, 511, 512, 513, 1022, 1023, 1200]);
        for length in lengths {
            let service = Service::still(length, page_size);
            let listed = model::list_all(&service);
            assert!(listed.error.is_none());
            assert_eq!(listed.ids, (0..length).collect::<Vec<_>>());
            // Full pages that overlap, a short one, and the head once more.
            let expected = if length >= page_size {
                (length - page_size) / (page_size - 2).max(1) + 3
            } else if usual_caps.contains(&length) {
                3
            } else {
                1
            };
            let requests = service.world().requests;
            assert_eq!(requests, expected, "{length} jobs in pages of {page_size}");
        }
    }
}

/// The total number of requests, compared with the fewest possible, one for each page.
#[test]
#[ignore = "large"]
fn lists_still_lists_of_0_to_1200_jobs_in_few_requests() {
    for (page_size, expected) in [(50, 16_732), (100, 9_052), (512, 2_770)] {
        let requests = (0..=1200).map(|length| {
            let service = Service::still(length, page_size);
            assert_eq!(model::list_all(&service).ids.len(), length as usize);
            service.world().requests
        });
        let least: u32 = (0..=1200u32)
            .map(|length| length.div_ceil(page_size).max(1))
            .sum();
        let requests: u32 = requests.sum();
        println!("pages of {page_size}: {requests} requests, {least} at least");
        assert_eq!(requests, expected);
    }
}

#[test]
fn a_service_that_accepts_any_offset_is_listed_beyond_the_documented_one() {
    let service = Service::still(70_000, 512);
    let listed = model::list_all(&service);
    assert!(listed.error.is_none());
    assert_eq!(listed.ids.len(), 70_000);
}

#[test]
fn pages_hold_only_new_jobs_and_what_was_left_of_the_jobs() {
    let service = Service::still(25, 10);
    let sizes: Vec<usize> = service
        .client()
        .jobs(ListJobs::new())
        .page_size(10)
        .pages()
        .map(|page| page.unwrap().jobs.len())
        .collect();
    assert_eq!(sizes, [10, 8, 7]);

    let mut jobs = service.client().jobs(ListJobs::new()).page_size(10);
    assert_eq!(jobs.total(), None);
    assert_eq!(jobs.by_ref().take(3).count(), 3);
    assert_eq!(jobs.total(), Some(25));
    assert!(format!("{jobs:?}").contains("total: Some(25)"));
    let sizes: Vec<usize> = jobs.pages().map(|page| page.unwrap().jobs.len()).collect();
    assert_eq!(sizes, [7, 8, 7]);
}

#[test]
fn rejects_limit_offset_and_page_sizes_out_of_range_before_sending() {
    let service = Service::still(3, 10);
    let rejected = |query: ListJobs, page_size| {
        let mut jobs = service.client().jobs(query).page_size(page_size);
        let error = jobs.next().unwrap().unwrap_err();
        assert!(jobs.next().is_none() && jobs.next().is_none());
        jobs.resume();
        assert!(jobs.next().unwrap().is_err());
        (error.kind(), error.parameter().unwrap())
    };
    assert_eq!(
        rejected(ListJobs::new().limit(5), 10),
        (ErrorKind::InvalidInput, "limit")
    );
    assert_eq!(
        rejected(ListJobs::new().offset(0), 10),
        (ErrorKind::InvalidInput, "offset")
    );
    for page_size in [0, 1, 513, u32::MAX] {
        assert_eq!(
            rejected(ListJobs::new(), page_size),
            (ErrorKind::InvalidInput, "page_size")
        );
    }
    assert_eq!(service.world().requests, 0);
}

#[cfg(feature = "emulator")]
mod over_the_emulator {
    use std::collections::BTreeSet;

    use drs_backup_jobs::emulator::{EmulatedJob, Emulator};

    use super::*;

    #[test]
    fn sends_any_number_of_instance_ids_in_batches_of_ten_and_yields_each_job_once() {
        let mut builder = Emulator::builder();
        for job in 0..75 {
            let instance = format!("instance-{}", job % 25);
            builder = builder.job(EmulatedJob::new(format!("job-{job}")).instance_id(instance));
        }
        let emulator = builder.build();
        let client = emulator.client().build().unwrap();
        // Each is named twice.
        let ids = (0..50).map(|id| format!("instance-{}", id % 25));
        let mut jobs = client
            .jobs(ListJobs::new().dbs_instance_ids(ids))
            .page_size(7);
        let listed: Vec<_> = jobs.by_ref().map(|job| job.unwrap().id).collect();
        let distinct: BTreeSet<_> = listed.iter().collect();
        assert_eq!((listed.len(), distinct.len()), (75, 75));
        // Batch by batch, and in each as the service lists them.
        let ids: Vec<String> = (0..25).map(|id| format!("instance-{id}")).collect();
        let mut expected = Vec::new();
        for batch in ids.chunks(10) {
            let query = ListJobs::new()
                .dbs_instance_ids(batch)
                .sort_key("created_at")
                .limit(100);
            expected.extend(
                client
                    .list(&query)
                    .unwrap()
                    .jobs
                    .into_iter()
                    .map(|job| job.id),
            );
        }
        assert_eq!(listed, expected);
        assert_eq!(jobs.total(), None);

        let requests = emulator.requests();
        let of_the_listing = requests
            .iter()
            .filter(|request| request.param("limit") == Some("7"));
        let batches: BTreeSet<Vec<&str>> = of_the_listing
            .map(|request| request.params("dbs_instance_ids").collect())
            .collect();
        let sizes: Vec<usize> = batches.iter().map(Vec::len).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 25, "each id is in one batch");
        assert!(
            sizes.iter().all(|size| (1..=10).contains(size)),
            "{sizes:?}"
        );
    }

    #[test]
    fn explains_the_error_of_a_service_that_rejects_a_large_offset() {
        let emulator = Emulator::builder().jobs(66_000).build();
        let client = emulator.client().build().unwrap();
        let mut jobs = client.jobs(ListJobs::new());
        let mut listed = 0;
        let error = jobs.find_map(|job| job.map(|_| listed += 1).err()).unwrap();
        assert!(listed > 65_534, "{listed}");
        assert_eq!(error.kind(), ErrorKind::Incomplete);
        assert!(
            error.to_string().contains("documents offsets up to 65534"),
            "{error}"
        );
        assert_eq!(error.status(), Some(400));
        assert!(jobs.next().is_none());
    }
}
