//! Scripted and random changes, and listings meanwhile.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use drs_backup_jobs::emulator::{Change, EmulatedJob, Emulator, ManualClock, Script};
use drs_backup_jobs::transport::{Request, ResponseBody, ResponseHead, Transport, TransportError};
use drs_backup_jobs::{Clock as _, JobStatus, ListJobs, RetryPolicy};

use crate::emulator::list;

const SECOND: Duration = Duration::from_secs(1);

fn ids(emulator: &Emulator) -> String {
    emulator.jobs().iter().map(EmulatedJob::id).collect()
}

#[test]
fn script_changes_the_list_at_its_moments() {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .clock(clock.clone())
        .job(EmulatedJob::new("a"))
        .script(
            Script::new()
                .after(SECOND * 4, Change::remove("a"))
                .after(SECOND, Change::add(EmulatedJob::new("b")))
                .after(SECOND * 2, Change::fail("a", "disk full"))
                .after(SECOND * 3, Change::status("b", "PRECHECK FAILED"))
                .after(SECOND, Change::insert(1, EmulatedJob::new("c")))
                .after(SECOND * 4, Change::move_to("c", 0))
                .after(SECOND * 4, Change::status("none", JobStatus::Success)),
        )
        .build();
    assert_eq!(ids(&emulator), "a");
    clock.advance(SECOND);
    assert_eq!(ids(&emulator), "bca");
    // A late change keeps the time at which it was due.
    clock.advance(SECOND * 2);
    let a = emulator.job("a").unwrap().job;
    assert_eq!(a.status, JobStatus::Failed);
    assert_eq!(a.error_log.as_deref(), Some("disk full"));
    assert_eq!(a.finish_time.as_deref(), Some("2024-08-20T00:00:02Z"));
    assert_eq!(
        emulator.job("b").unwrap().job.status,
        JobStatus::PrecheckFailed
    );
    clock.sleep(SECOND);
    assert_eq!(ids(&emulator), "cb");
}

#[test]
fn a_job_that_runs_again_loses_finish_time_and_error_log() {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .clock(clock.clone())
        .job(EmulatedJob::new("a"))
        .script(
            Script::new()
                .after(SECOND, Change::fail("a", "x"))
                .after(SECOND * 2, Change::status("a", JobStatus::Transferring)),
        )
        .build();
    clock.advance(SECOND * 2);
    let job = emulator.job("a").unwrap().job;
    assert!(job.finish_time.is_none() && job.error_log.is_none() && !job.is_finished());
}

#[test]
fn changes_before_a_request_are_in_its_response() {
    let emulator = Emulator::builder()
        .job(EmulatedJob::new("a"))
        .script(
            Script::new()
                .before_request(2, Change::add(EmulatedJob::new("b")))
                .before_request(3, Change::remove("a")),
        )
        .build();
    let seen: Vec<String> = (0..3)
        .map(|_| list(&emulator, &ListJobs::new()).ids().concat())
        .collect();
    assert_eq!(seen, ["a", "ba", "b"]);
}

#[test]
fn random_changes_are_the_same_for_the_same_seed() {
    let lived = |seed, steps: u32| {
        let clock = ManualClock::new();
        let emulator = Emulator::builder()
            .jobs(20)
            .seed(seed)
            .clock(clock.clone())
            .script(
                Script::new()
                    .random_changes(SECOND)
                    .after(SECOND * 30, Change::add(EmulatedJob::new("amid")))
                    .after(SECOND * 40, Change::move_to("amid", 7)),
            )
            .build();
        let mut first = emulator.jobs();
        for _ in 0..steps {
            clock.advance(SECOND * 60 / steps);
            first = emulator.jobs();
        }
        first
    };
    assert_eq!(
        lived(1, 1),
        lived(1, 60),
        "independent of when jobs are read"
    );
    assert_ne!(lived(1, 1), lived(2, 1));
    assert_ne!(lived(1, 0), lived(1, 1));
    for EmulatedJob { job, .. } in lived(1, 1) {
        assert_eq!(job.is_finished(), job.finish_time.is_some());
        assert!(job.duration().is_some() || !job.is_finished(), "{job:?}");
    }
}

#[test]
fn random_changes_after_a_long_time_are_bounded() {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .jobs(5)
        .clock(clock.clone())
        .script(Script::new().random_changes(Duration::from_nanos(1)))
        .build();
    clock.advance(Duration::MAX);
    let before = emulator.jobs();
    assert_eq!(emulator.jobs(), before);
}

/// Deletes and inserts between the requests of a listing, and sometimes makes one fail.
struct Churn {
    emulator: Emulator,
    requests: AtomicU64,
    seed: u64,
}

impl Transport for Churn {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let chance = (number + 1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(self.seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let position = usize::try_from(chance >> 40).unwrap() % self.emulator.len().max(1);
        match chance >> 33 & 3 {
            0 => {
                let id = self.emulator.jobs()[position].id().to_owned();
                self.emulator.remove(&id);
            }
            1 => {
                let job = EmulatedJob::new(format!("new-{number}"));
                self.emulator.insert(position, job);
            }
            _ => {}
        }
        self.emulator.send(request, body)
    }
}

#[test]
fn a_listing_is_complete_while_the_list_changes_and_requests_fail() {
    for seed in 0..40 {
        let clock = ManualClock::new();
        let emulator = Emulator::builder()
            .jobs(60)
            .seed(seed)
            .page_cap(if seed % 3 == 0 { 5 } else { 512 })
            .clock(clock)
            .faults("503%10,reset%10,abort-body%10".parse().unwrap())
            .build();
        let before: Vec<EmulatedJob> = emulator.jobs();
        let client = emulator
            .client()
            .retry(RetryPolicy::default().retries(50))
            .timeout(Duration::from_secs(3600))
            .transport(Churn {
                emulator: emulator.clone(),
                requests: AtomicU64::new(0),
                seed,
            })
            .build()
            .unwrap();
        let listed: Vec<String> = client
            .jobs(ListJobs::new())
            .page_size(7)
            .map(|job| job.unwrap().id.into_owned())
            .collect();
        let distinct: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
        assert_eq!(distinct.len(), listed.len(), "duplicates, seed {seed}");
        for job in before.iter().filter(|job| emulator.job(job.id()).is_some()) {
            assert!(distinct.contains(job.id()), "lost, seed {seed}");
        }
    }
}
