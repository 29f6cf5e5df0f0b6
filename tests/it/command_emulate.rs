//! `drs-backup-jobs emulate`: a service for other programs.

use std::process::{Child, Command};

use crate::command::{Run, command, first_line, wait_for};

/// A running emulator; the test ends it.
struct Emulate {
    child: Child,
    url: String,
}

impl Emulate {
    #[track_caller]
    fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).spawn().unwrap();
        let url = first_line(&mut child);
        assert!(url.starts_with("http://127.0.0.1:"), "{url:?}");
        Self { child, url }
    }

    fn list(&self, arguments: &[&str]) -> Command {
        let mut list = command(arguments);
        list.args(["--endpoint", &self.url, "--project-id", "any"])
            .env("HW_AUTH_TOKEN", "any");
        list
    }
}

impl Drop for Emulate {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_url_comes_first_and_the_service_is_there() {
    let emulate = Emulate::start(&["emulate", "--jobs", "120"]);
    let listed = Run::of(emulate.list(&["list"])).done();
    assert_eq!(listed.lines().count(), 120);
}

#[test]
fn the_same_seed_gives_the_same_jobs() {
    let listed = |seed| {
        let emulate = Emulate::start(&["emulate", "--jobs", "20", "--seed", seed]);
        Run::of(emulate.list(&["list"])).done()
    };
    assert_eq!(listed("1"), listed("1"));
    assert_ne!(listed("1"), listed("2"));
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_in_order() {
    for signal in ["-TERM", "-INT"] {
        let mut emulate = Emulate::start(&["emulate"]);
        let sent = Command::new("sh")
            .args(["-c", &format!("kill {signal} {}", emulate.child.id())])
            .status();
        assert!(sent.unwrap().success());
        assert_eq!(wait_for(&mut emulate.child), Some(0), "{signal}");
    }
}

#[test]
fn faults_happen_to_the_requests_they_are_told_for() {
    let emulate = Emulate::start(&["emulate", "--faults", "503,ok,type-drift@3"]);
    Run::of(emulate.list(&["list", "--retries", "0"])).assert_refused(1, &["503"]);
    assert_eq!(Run::of(emulate.list(&["list"])).done().lines().count(), 35);
    let drifted = Run::of(emulate.list(&["list", "--limit", "3"])).done();
    assert_eq!(drifted.lines().count(), 3, "{drifted}");
    for faults in ["503@", "nonsense", "ok%101"] {
        let run = Run::of(command(&["emulate", "--faults", faults]));
        run.assert_refused(2, &["--faults"]);
    }
}
