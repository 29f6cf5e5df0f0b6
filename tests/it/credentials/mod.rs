//! Tokens, logins and keys, against the emulator playing gateway and IAM.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use drs_backup_jobs::emulator::{Emulator, EmulatorBuilder, Fault, Faults, ManualClock};
use drs_backup_jobs::transport::{Request, ResponseBody, ResponseHead, TransportError};
use drs_backup_jobs::{
    Client, ClientBuilder, Credentials, Error, ErrorKind, ListJobs, Login, RetryPolicy, Timestamp,
    Transport,
};

#[cfg(feature = "aksk")]
mod echoes;
#[cfg(feature = "aksk")]
mod environment;
#[cfg(all(feature = "aksk", unix))]
mod inputs;
#[cfg(feature = "aksk")]
mod keys;
mod login;
#[cfg(feature = "aksk")]
mod providers;
#[cfg(feature = "aksk")]
mod secrets;
#[cfg(feature = "aksk")]
mod send_loop;
mod tokens;

const HOUR: Duration = Duration::from_secs(3600);
const REGION: &str = "cn-north-4";

fn emulator() -> EmulatorBuilder {
    Emulator::builder().jobs(3)
}

/// A client of the emulator without a project id.
fn client(emulator: &Emulator, clock: &ManualClock) -> ClientBuilder {
    Client::builder()
        .endpoint(Emulator::ENDPOINT)
        .iam_endpoint(Emulator::ENDPOINT)
        .region(REGION)
        .transport(emulator.clone())
        .clock(clock.clone())
        .jitter(|| 1.0)
}

fn login() -> Login {
    Login::new("account", "user", "pa\"ss\\wörd\u{1}密码")
}

/// An emulator in which that login is the only one, and a client that logs in.
fn logged_in(
    with: impl FnOnce(EmulatorBuilder) -> EmulatorBuilder,
) -> (Emulator, Client, ManualClock) {
    let clock = ManualClock::new();
    let emulator = with(emulator().clock(clock.clone()))
        .user("account", "user", "pa\"ss\\wörd\u{1}密码")
        .project(REGION, "p4")
        .project("other", "p5")
        .build();
    let client = client(&emulator, &clock)
        .credentials(login())
        .build()
        .unwrap();
    (emulator, client, clock)
}

fn list(client: &Client) -> Result<usize, Error> {
    client.list(&ListJobs::new()).map(|page| page.jobs.len())
}

/// How the requests went: method, path and status of each.
fn trace(emulator: &Emulator) -> Vec<String> {
    let requests = emulator.requests();
    let shown = requests.iter().map(|request| {
        let path = request.path().replace("/backup-migration-jobs", "");
        let status = request
            .status()
            .map_or("-".into(), |status| status.to_string());
        format!("{} {path} {status}", request.method())
    });
    shown.collect()
}

fn logins(emulator: &Emulator) -> usize {
    emulator
        .requests()
        .iter()
        .filter(|request| request.method() == "POST")
        .count()
}

#[track_caller]
fn assert_trace(emulator: &Emulator, expected: &[&str]) {
    assert_eq!(trace(emulator), expected);
}
