//! Many threads, one client, a server that fails at times: nothing lost, nothing duplicated.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use drs_backup_jobs::{Client, ListJobs, RetryPolicy};

use crate::server::{Peer, Server};
use crate::transport::{LONG, transports};

const THREADS: u32 = 16;
const REQUESTS: u32 = 100_000;
const SEED: u32 = 0x5eed;

/// The requests and successful responses for each page.
struct Ledger {
    requests: Vec<AtomicU32>,
    responses: Vec<AtomicU32>,
}

impl Ledger {
    fn new() -> Self {
        let zeros = || (0..REQUESTS).map(|_| AtomicU32::new(0)).collect();
        Self {
            requests: zeros(),
            responses: zeros(),
        }
    }

    /// Responds while the connection lasts; one time in ten, chosen by the seed, with a transient
    /// failure.
    fn serve(&self, peer: &mut Peer) -> io::Result<()> {
        while let Some(head) = peer.request()? {
            let page = offset(&head).ok_or(io::ErrorKind::InvalidData)?;
            let attempt = self.requests[page as usize].fetch_add(1, Ordering::Relaxed);
            let drawn = draw(page, attempt);
            let body = page_text(page);
            let ok = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            if !drawn.is_multiple_of(10) {
                self.responses[page as usize].fetch_add(1, Ordering::Relaxed);
                peer.send(format!("{ok}{body}"))?;
                continue;
            }
            match drawn / 10 % 4 {
                0 => peer.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")?,
                1 => return Ok(()),
                2 => return peer.send(format!("{ok}{}", &body[..9])),
                _ => return peer.send("HTTP/1.1 200 OK\r\nContent-"),
            }
        }
        Ok(())
    }
}

fn offset(head: &str) -> Option<u32> {
    let (_, rest) = head.split_once("offset=")?;
    rest.split_once(' ')?.0.parse().ok()
}

fn page_text(page: u32) -> String {
    format!(r#"{{"count":{REQUESTS},"jobs":[{{"id":"job-{page}"}}]}}"#)
}

/// A pseudo-random number, the same in every run.
fn draw(page: u32, attempt: u32) -> u32 {
    let mut x = u64::from(page) << 32 | u64::from(attempt ^ SEED);
    for _ in 0..2 {
        x = (x ^ x >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    (x >> 33) as u32
}

#[test]
#[ignore = "takes up to a minute for each transport: CI runs it by name"]
fn each_of_a_hundred_thousand_requests_of_sixteen_threads_gets_its_own_response_once() {
    for (name, transport) in transports() {
        let ledger = Arc::new(Ledger::new());
        let server = Server::start({
            let ledger = Arc::clone(&ledger);
            move |peer| ledger.serve(peer)
        });
        let client = Client::builder()
            .endpoint(server.url())
            .project_id("p")
            .token("t")
            .transport(transport)
            .retry(
                RetryPolicy::default()
                    .retries(10)
                    .base_delay(Duration::from_millis(1)),
            )
            .timeout(LONG)
            .build()
            .unwrap();
        let done = AtomicU32::new(0);
        let after_a_fifth = AtomicU32::new(0);
        thread::scope(|scope| {
            for first in 0..THREADS {
                let (client, done, after_a_fifth) = (client.clone(), &done, &after_a_fifth);
                let list = move || {
                    for page in (first..REQUESTS).step_by(THREADS as usize) {
                        let listed = client.list(&ListJobs::new().offset(page)).unwrap();
                        assert_eq!(listed.jobs[0].id, format!("job-{page}"));
                        if done.fetch_add(1, Ordering::Relaxed) == REQUESTS / 5 {
                            after_a_fifth.store(resident_kb(), Ordering::Relaxed);
                        }
                    }
                };
                let thread = thread::Builder::new().name("load-client".into());
                thread.spawn_scoped(scope, list).unwrap();
            }
        });
        let grown = resident_kb().saturating_sub(after_a_fifth.into_inner());
        let total: u32 = ledger
            .requests
            .iter()
            .map(|n| n.load(Ordering::Relaxed))
            .sum();
        let duplicates = ledger
            .responses
            .iter()
            .filter(|n| n.load(Ordering::Relaxed) != 1);
        println!(
            "{name}: {total} requests over {} connections, {grown} kB grown",
            server.connections()
        );
        assert_eq!(duplicates.count(), 0, "{name}: pages not sent once");
        let failed = f64::from(total - REQUESTS) / f64::from(total);
        assert!((0.09..0.11).contains(&failed), "{name}: {failed} failed");
        assert!(grown < 4096, "{name}: memory grew by {grown} kB");
    }
}

/// The resident memory of this process.
fn resident_kb() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let (_, rest) = status.split_once("VmRSS:").unwrap();
    rest.split_whitespace().next().unwrap().parse().unwrap()
}
