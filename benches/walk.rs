//! What a walk costs, as ratios of one run: `cargo bench --features full --bench walk`.
//!
//! - a walk over loopback, beside a bare ureq loop over the same URLs that reads the bodies and
//!   drops them; CPU time of the client's process, the server being another;
//! - a walk of a million jobs in process, beside one of ten thousand; time per job, peak memory.
//!
//! Without `--bench`, as under `cargo test`, everything runs once, small.
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use drs_backup_jobs::emulator::{Emulator, Limits};
use drs_backup_jobs::{Client, ListJobs};

const SERVE: &str = "--serve";
const PAGE: u32 = 100;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == SERVE) {
        serve(args.get(at + 1).unwrap().parse().unwrap());
        return;
    }
    let is_test = !args.iter().any(|arg| arg == "--bench");
    let (pages, rounds, million) = if is_test {
        (10, 1, 20_000)
    } else {
        (1000, 5, 1_000_000)
    };
    over_loopback(pages, rounds);
    in_process(million);
}

/// The server's process: an emulator with this many jobs, until its standard input closes.
fn serve(jobs: u32) {
    let emulator = Emulator::builder().jobs(jobs).limits(Limits::None).build();
    let server = emulator.serve("127.0.0.1:0").unwrap();
    println!("{}", server.url());
    let _ = std::io::stdin().read(&mut [0]);
}

fn server_process(jobs: u32) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([SERVE, &jobs.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    (child, url.trim().to_owned())
}

fn over_loopback(pages: u32, rounds: u32) {
    let jobs = pages * (PAGE - 1) + 1;
    let (mut child, url) = server_process(jobs);
    let client = Client::builder()
        .endpoint(&url)
        .project_id("p")
        .token("t")
        .build()
        .unwrap();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .proxy(None)
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into();
    let urls: Vec<String> = (0..pages)
        .map(|page| (page * (PAGE - 1)).to_string())
        .chain(["0".into(), "0".into()])
        .map(|offset| format!("{url}/v5/p/backup-migration-jobs?limit={PAGE}&offset={offset}"))
        .collect();

    let walk = || {
        let walked = client
            .jobs(ListJobs::new())
            .page_size(PAGE)
            .map(Result::unwrap)
            .count();
        assert_eq!(walked, jobs as usize);
    };
    let bare = || {
        let mut read = 0;
        for url in &urls {
            let answer = agent.get(url).header("X-Auth-Token", "t").call().unwrap();
            read += answer.into_body().read_to_vec().unwrap().len();
        }
        assert!(read > 0);
    };
    walk();
    bare();
    let (mut walk_cpu, mut bare_cpu) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..rounds {
        walk_cpu += cpu_of(walk);
        bare_cpu += cpu_of(bare);
    }
    child.stdin.take();
    child.wait().unwrap();
    let per_page = |cpu: Duration| cpu.as_secs_f64() * 1e6 / f64::from(rounds * (pages + 2));
    println!(
        "walk of {pages} pages of {PAGE} over loopback: {:.1} µs CPU a page; bare ureq: {:.1} µs; ratio {:.2}",
        per_page(walk_cpu),
        per_page(bare_cpu),
        per_page(walk_cpu) / per_page(bare_cpu),
    );
}

fn in_process(million: u32) {
    let per_job = |jobs: u32| {
        let emulator = Emulator::builder().jobs(jobs).limits(Limits::None).build();
        let client = emulator.client().build().unwrap();
        let start = Instant::now();
        assert_eq!(
            client.jobs(ListJobs::new()).map(Result::unwrap).count(),
            jobs as usize
        );
        start.elapsed().as_secs_f64() * 1e9 / f64::from(jobs)
    };
    per_job(10_000);
    // As many jobs on both sides, so that the machine's moods fall on both alike.
    let few: f64 = (0..10).map(|_| per_job(10_000)).sum::<f64>() / 10.0;
    let before = peak_memory();
    let many = per_job(million);
    println!(
        "walk of {million} jobs in process: {many:.0} ns a job; of 10000: {few:.0} ns; ratio {:.2}; peak memory {before} kB before, {} kB after",
        many / few,
        peak_memory(),
    );
}

/// The CPU time this process spends in `work`, threads that ended included, to ten milliseconds.
fn cpu_of(work: impl Fn()) -> Duration {
    let cpu = || {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        // The name in parentheses may hold spaces; user and system time are the 14th and 15th field.
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let ticks: u64 = fields
            .split(' ')
            .skip(11)
            .take(2)
            .map(|n| n.parse::<u64>().unwrap())
            .sum();
        Duration::from_millis(ticks * 10)
    };
    let before = cpu();
    work();
    cpu().saturating_sub(before)
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
