//! What a listing costs, as ratios of one run: `cargo bench --features full --bench listing`.
//!
//! - all pages over loopback, beside bare ureq loops over the same URLs that discard the bodies:
//!   CPU time of the client's process (the server is another process);
//! - a million jobs in process, beside ten thousand: time per job, peak memory. With
//!   `--no-default-features` these are the figures without the standard library;
//! - requests for lists that do not change, beside the least possible;
//! - wall time at 80 ms a request, beside the loop of the Terraform data source.
//!
//! Without `--bench`, as under `cargo test`, everything runs once with small numbers.
#![allow(
    clippy::unwrap_used,
    reason = "a bench that cannot continue has failed"
)]

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use drs_backup_jobs::transport::{Request, ResponseBody, ResponseHead, Transport, TransportError};
use drs_backup_jobs::{Client, Clock, ListJobs};

#[path = "shared/goal.rs"]
mod goal;
#[cfg(feature = "full")]
#[path = "listing/latency.rs"]
mod latency;
#[cfg(feature = "full")]
#[path = "listing/loopback.rs"]
mod loopback;

fn main() {
    #[cfg(feature = "full")]
    if loopback::is_server() {
        loopback::serve();
        return;
    }
    let is_test = goal::is_test();
    #[cfg(feature = "full")]
    if is_test {
        loopback::compare(10, 1);
        latency::compare(Duration::ZERO, &[30]);
    } else {
        loopback::compare(1000, 15);
        latency::compare(Duration::from_millis(80), &[30, 150, 600, 5000]);
    }
    for page_size in [50, 100, 512] {
        requests_for_still_lists(page_size, if is_test { 130 } else { 1200 });
    }
    in_process(if is_test { 20_000 } else { 1_000_000 });
}

fn in_process(million: u32) {
    let few = (0..10).map(|_| per_job(10_000)).min().unwrap();
    let before = peak_memory();
    let many = (0..5).map(|_| per_job(million)).min().unwrap();
    let goal = if cfg!(feature = "std") { 1.5 } else { 6.0 };
    println!(
        "{million} jobs in process: {many} ns per job; 10000 jobs: {few} ns; {}; peak memory \
         {before} kB before, {} kB after, most of it ids of 36 bytes",
        goal::at_most(f64::from(many) / f64::from(few), goal),
        peak_memory(),
    );
}

/// Prints how many requests lists of 0 to `longest` jobs take that do not change, and the most that
/// one of them takes above the least possible.
fn requests_for_still_lists(page_size: u32, longest: u32) {
    let (mut total, mut least, mut most_above) = (0, 0, 0);
    for jobs in 0..=longest {
        let list = List::new(jobs);
        let listed = client(list.clone())
            .jobs(ListJobs::new())
            .page_size(page_size)
            .map(Result::unwrap)
            .count();
        assert_eq!(listed, jobs as usize);
        let requests = list.requests.load(Ordering::Relaxed);
        // A page that is not full ends a list; so does a count that is reached.
        let minimum = jobs.div_ceil(page_size).max(1);
        total += requests;
        least += minimum;
        most_above = most_above.max(requests.saturating_sub(minimum));
    }
    println!(
        "still lists of 0 to {longest} jobs, {page_size} a page: {total} requests, at least {least}; \
         at most {most_above} above the least"
    );
}

/// The nanoseconds per job of listing `jobs` jobs.
fn per_job(jobs: u32) -> u32 {
    let client = client(List::new(jobs));
    let start = Instant::now();
    let listed = client.jobs(ListJobs::new()).map(Result::unwrap).count();
    assert_eq!(listed, jobs as usize);
    u32::try_from(start.elapsed().as_nanos() / u128::from(jobs)).unwrap()
}

fn client(list: List) -> Client {
    Client::builder()
        .endpoint("http://127.0.0.1")
        .project_id("p")
        .token("t")
        .transport(list)
        .clock(StoppedClock)
        .jitter(|| 0.0)
        .build()
        .unwrap()
}

/// A list of jobs of about 300 bytes each, at the least cost.
#[derive(Clone)]
struct List {
    jobs: u32,
    requests: Arc<AtomicU32>,
}

impl List {
    fn new(jobs: u32) -> Self {
        Self {
            jobs,
            requests: Arc::default(),
        }
    }
}

impl Transport for List {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let number = |name: &str| -> u32 {
            let (_, after) = request.url().split_once(name).unwrap();
            after.split('&').next().unwrap().parse().unwrap()
        };
        let (offset, limit) = (number("offset="), number("limit="));
        body.write(b"{\"jobs\":[")?;
        let mut id = String::new();
        for index in offset..self.jobs.min(offset + limit) {
            id.clear();
            let comma = if index == offset { "" } else { "," };
            // The factor is odd, so that all ids differ; they are in no order, as the service's.
            let first = index.wrapping_mul(0x9e37_79b1);
            write!(id, "{comma}{{\"id\":\"{first:08x}").unwrap();
            body.write(id.as_bytes())?;
            body.write(REST_OF_A_JOB)?;
        }
        body.write(format!("],\"count\":{}}}", self.jobs).as_bytes())?;
        Ok(ResponseHead::new(200))
    }
}

const REST_OF_A_JOB: &[u8] = br#"-6291-4e2a-95b0-190c0abjb703","name":"DRS-6813","status":"SUCCESS","description":"Destination RDS instance name: rds-sqlserver2022-stand","engine_type":"sqlserver","create_time":"2024-08-19T02:27:15Z","finish_time":"2024-08-19T02:29:03Z","enterprise_project_id":"0"}"#;

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn unix_time(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) {}
}

/// The peak memory of this process, in kB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
