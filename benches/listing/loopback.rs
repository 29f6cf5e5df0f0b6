//! A listing over loopback beside bare ureq loops; the server is a separate process.
//!
//! The bare loops read each body into memory and parse nothing. One has the deadline of the client
//! as ureq offers it, a timeout of the whole request, for which ureq starts a thread per request.
//! The other has what the client sets for an IP address: a timeout for each phase, without a
//! thread. What the client takes beyond it is decoding, the table of ids, and the owned texts of
//! the jobs.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use drs_backup_jobs::emulator::{Emulator, Limits};
use drs_backup_jobs::{Client, ListJobs};

use crate::goal;

const SERVE: &str = "--serve";
const PAGE: u32 = 100;

pub(crate) fn is_server() -> bool {
    std::env::args().any(|argument| argument == SERVE)
}

/// The server process: an emulator with as many jobs as the last argument says. It runs until its
/// standard input closes.
pub(crate) fn serve() {
    let jobs = std::env::args().next_back().unwrap().parse().unwrap();
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

/// Alternates with the bare loop, so that a busy machine slows both, and prints the mean.
pub(crate) fn compare(pages: u32, rounds: u32) {
    let jobs = pages * (PAGE - 1) + 1;
    let (mut child, url) = server_process(jobs);
    let client = Client::builder()
        .endpoint(&url)
        .project_id("p")
        .token("t")
        .build()
        .unwrap();
    let limit = Some(Duration::from_secs(60));
    let config = || ureq::Agent::config_builder().proxy(None);
    let with_deadline: ureq::Agent = config()
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_global(limit)
        .build()
        .into();
    let with_phases: ureq::Agent = config()
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_send_request(limit)
        .timeout_recv_response(limit)
        .timeout_recv_body(limit)
        .build()
        .into();
    let urls: Vec<String> = (0..pages)
        .map(|page| (page * (PAGE - 1)).to_string())
        .chain(["0".into(), "0".into()])
        .map(|offset| format!("{url}/v5/p/backup-migration-jobs?limit={PAGE}&offset={offset}"))
        .collect();

    let list = || {
        let listed = client
            .jobs(ListJobs::new())
            .page_size(PAGE)
            .map(Result::unwrap)
            .count();
        assert_eq!(listed, jobs as usize);
    };
    let bare = |agent: &ureq::Agent| {
        let mut read = 0;
        for url in &urls {
            let response = agent.get(url).header("X-Auth-Token", "t").call().unwrap();
            read += response.into_body().read_to_vec().unwrap().len();
        }
        assert!(read > 0);
    };
    let works: [&dyn Fn(); 3] = [&list, &|| bare(&with_deadline), &|| bare(&with_phases)];
    for work in works {
        work();
    }
    let mut spent = [Duration::ZERO; 3];
    for _ in 0..rounds {
        for (spent, work) in spent.iter_mut().zip(works) {
            *spent += cpu_of(work);
        }
    }
    child.stdin.take();
    child.wait().unwrap();
    // Summed, since one round is few ticks of the clock.
    let requests = f64::from(pages + 2) * f64::from(rounds);
    let [listing, deadline, phases] = spent.map(|cpu| cpu.as_secs_f64() * 1e6 / requests);
    println!(
        "{pages} pages of {PAGE} over loopback: {listing:.1} µs CPU per page; bare ureq with a \
         deadline: {deadline:.1} µs, {}; with a timeout for each phase: {phases:.1} µs, {:.2} x",
        goal::at_most(listing / deadline, 1.2),
        listing / phases,
    );
}

/// The CPU time this process spends in `work`, ended threads included, to ten milliseconds.
fn cpu_of(work: impl Fn()) -> Duration {
    let cpu = || {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        // The name in parentheses may contain spaces; user and system time are fields 14 and 15.
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
