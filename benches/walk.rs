//! What a walk costs, as ratios of one run: `cargo bench --features full --bench walk`.
//!
//! - a walk over loopback, beside a bare ureq loop over the same URLs that reads the bodies and
//!   drops them; CPU time of the client's process, the server being another;
//! - a walk of a million jobs in process, beside one of ten thousand; time per job, peak memory.
//!   With `--no-default-features` it is the walk of a program without the standard library.
//!
//! Without `--bench`, as under `cargo test`, everything runs once, small.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use drs_backup_jobs::transport::{Request, ResponseBody, ResponseHead, Transport, TransportError};
use drs_backup_jobs::{Client, Clock, ListJobs};

#[path = "shared/goal.rs"]
mod goal;
#[cfg(feature = "full")]
#[path = "walk/loopback.rs"]
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
    } else {
        loopback::compare(1000, 15);
    }
    in_process(if is_test { 20_000 } else { 1_000_000 });
}

fn in_process(million: u32) {
    let few = (0..10).map(|_| per_job(10_000)).min().unwrap();
    let before = peak_memory();
    let many = (0..5).map(|_| per_job(million)).min().unwrap();
    let ids = "of ids, each of 36 bytes";
    let goal = if cfg!(feature = "std") { 1.5 } else { 6.0 };
    println!(
        "walk of {million} jobs in process: {many} ns a job; of 10000: {few} ns; {}; peak memory \
         {before} kB before, {} kB after, most {ids}",
        goal::at_most(f64::from(many) / f64::from(few), goal),
        peak_memory(),
    );
}

/// The nanoseconds that each of so many jobs costs.
fn per_job(jobs: u32) -> u32 {
    let client = Client::builder()
        .endpoint("http://127.0.0.1")
        .project_id("p")
        .token("t")
        .transport(List(jobs))
        .clock(StandingStill)
        .jitter(|| 0.0)
        .build()
        .unwrap();
    let start = Instant::now();
    let walked = client.jobs(ListJobs::new()).map(Result::unwrap).count();
    assert_eq!(walked, jobs as usize);
    u32::try_from(start.elapsed().as_nanos() / u128::from(jobs)).unwrap()
}

/// A list of so many jobs of some 300 bytes each, at the least cost.
struct List(u32);

impl Transport for List {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let number = |name: &str| -> u32 {
            let (_, after) = request.url().split_once(name).unwrap();
            after.split('&').next().unwrap().parse().unwrap()
        };
        let (offset, limit) = (number("offset="), number("limit="));
        body.write(b"{\"jobs\":[")?;
        let mut id = String::new();
        for index in offset..self.0.min(offset + limit) {
            id.clear();
            let comma = if index == offset { "" } else { "," };
            // Odd, so no two ids are alike; and in no order, as the service's are.
            let first = index.wrapping_mul(0x9e37_79b1);
            write!(id, "{comma}{{\"id\":\"{first:08x}").unwrap();
            body.write(id.as_bytes())?;
            body.write(REST_OF_A_JOB)?;
        }
        body.write(format!("],\"count\":{}}}", self.0).as_bytes())?;
        Ok(ResponseHead::new(200))
    }
}

const REST_OF_A_JOB: &[u8] = br#"-6291-4e2a-95b0-190c0abjb703","name":"DRS-6813","status":"SUCCESS","description":"Destination RDS instance name: rds-sqlserver2022-stand","engine_type":"sqlserver","create_time":"2024-08-19T02:27:15Z","finish_time":"2024-08-19T02:29:03Z","enterprise_project_id":"0"}"#;

struct StandingStill;

impl Clock for StandingStill {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn unix_time(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) {}
}

/// The most memory this process held so far, in kB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
