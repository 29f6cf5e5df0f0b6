//! `drs-backup-jobs watch`, over the emulator's HTTP, while its list changes.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command};

use drs_backup_jobs::emulator::{EmulatedJob, Emulator};
use drs_backup_jobs::{JobStatus, Timestamp};

use crate::command::{Run, command, command_for, serve, wait_for};

/// A running watch, event by event.
struct Watch {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Watch {
    #[track_caller]
    fn start(server: &drs_backup_jobs::emulator::Server, arguments: &[&str]) -> Self {
        // An event that does not come ends the watch, and fails the test.
        let all = [
            &["watch", "--interval", "20ms", "--timeout", "20s"],
            arguments,
        ]
        .concat();
        Self::of(command_for(server, &all))
    }

    #[track_caller]
    fn of(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    #[track_caller]
    fn line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    #[track_caller]
    fn event(&mut self) -> serde_json::Value {
        serde_json::from_str(&self.line()).unwrap()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn running(id: &'static str) -> EmulatedJob {
    EmulatedJob::new(id).name(id)
}

fn end(emulator: &Emulator, id: &str, status: &JobStatus) {
    let at = Timestamp::parse("2030-01-01T00:00:00Z").unwrap();
    assert!(emulator.update(id, |job| job.finished(status.clone(), at)));
}

#[test]
fn each_change_is_an_event_with_the_job_before_and_after() {
    let emulator = Emulator::builder().job(running("a")).build();
    let server = serve(&emulator);
    let mut watch = Watch::start(&server, &["--output", "jsonl"]);
    let first = watch.event();
    assert_eq!(
        (&first["event"], &first["job"]["id"]),
        (&"added".into(), &"a".into())
    );

    emulator.add(running("b"));
    let appeared = watch.event();
    assert_eq!(
        (&appeared["event"], &appeared["job"]["id"]),
        (&"added".into(), &"b".into())
    );

    end(&emulator, "a", &JobStatus::Success);
    let ended = watch.event();
    assert_eq!(ended["event"], "finished");
    assert_eq!(ended["from"]["status"], "TRANSFERRING");
    assert_eq!(ended["job"]["status"], "SUCCESS");
    let time = ended["time"].as_str().unwrap();
    assert!(Timestamp::parse(time).is_some(), "{time}");

    emulator.remove("a");
    let gone = watch.event();
    assert_eq!(
        (&gone["event"], &gone["job"]["id"]),
        (&"removed".into(), &"a".into())
    );
}

#[test]
fn piped_events_are_lines() {
    let emulator = Emulator::builder().job(running("a")).build();
    let server = serve(&emulator);
    let mut watch = Watch::start(&server, &[]);
    let line = watch.line();
    assert!(
        line.contains("added") && line.contains("TRANSFERRING"),
        "{line}"
    );
    end(&emulator, "a", &JobStatus::Failed);
    let line = watch.line();
    assert!(
        line.contains("finished") && line.contains("FAILED"),
        "{line}"
    );
}

#[test]
fn until_done_ends_with_0_when_all_jobs_succeeded() {
    let emulator = Emulator::builder()
        .job(running("a"))
        .job(running("b"))
        .build();
    let server = serve(&emulator);
    let mut watch = Watch::start(&server, &["--until-finished"]);
    watch.line();
    watch.line();
    end(&emulator, "a", &JobStatus::Success);
    watch.line();
    // A job that comes later is told, but not waited for.
    emulator.add(running("later"));
    watch.line();
    end(&emulator, "b", &JobStatus::Success);
    watch.line();
    assert_eq!(wait_for(&mut watch.child), Some(0));
}

#[test]
fn until_done_ends_with_3_when_a_job_failed_or_is_gone() {
    for is_deleted in [false, true] {
        let emulator = Emulator::builder().job(running("a")).build();
        let server = serve(&emulator);
        let mut watch = Watch::start(&server, &["--until-finished"]);
        watch.line();
        if is_deleted {
            emulator.remove("a");
        } else {
            end(&emulator, "a", &JobStatus::Failed);
        }
        watch.line();
        assert_eq!(wait_for(&mut watch.child), Some(3), "deleted: {is_deleted}");
    }
}

#[test]
fn until_done_ends_with_4_when_time_runs_out() {
    let emulator = Emulator::builder().job(running("a")).build();
    let server = serve(&emulator);
    let arguments = [
        "watch",
        "--until-finished",
        "--interval",
        "10ms",
        "--timeout",
        "50ms",
    ];
    let run = Run::of(command_for(&server, &arguments));
    run.assert_refused(4, &["1 still under way"]);
}

#[test]
fn a_watch_without_a_goal_ends_with_0_when_its_time_is_over() {
    let emulator = Emulator::builder().job(running("a")).build();
    let server = serve(&emulator);
    let arguments = ["watch", "--interval", "10ms", "--timeout", "50ms"];
    let run = Run::of(command_for(&server, &arguments));
    assert_eq!(run.done().lines().count(), 1);
}

#[test]
fn waiting_for_no_job_is_an_error() {
    let emulator = Emulator::new();
    let server = serve(&emulator);
    let arguments = ["watch", "--until-finished", "--timeout", "20s"];
    Run::of(command_for(&server, &arguments)).assert_refused(1, &["no job matches", "hint: "]);
}

#[test]
fn a_watch_that_is_not_let_in_ends_at_once() {
    let emulator = Emulator::builder().token("another").build();
    let server = serve(&emulator);
    let arguments = ["watch", "--timeout", "20s"];
    Run::of(command_for(&server, &arguments)).assert_refused(1, &["401", "hint: "]);
    assert_eq!(emulator.request_count(), 1);
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_watch_without_an_error() {
    let emulator = Emulator::builder().job(running("a")).build();
    let server = serve(&emulator);
    let mut child = command_for(&server, &["watch", "--interval", "20ms"])
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(wait_for(&mut child), Some(0));
}

#[test]
fn without_a_reader_a_wait_goes_on_to_its_exit_code() {
    let emulator = Emulator::builder().job(running("a")).build();
    let server = serve(&emulator);
    let arguments = [
        "watch",
        "--until-finished",
        "--interval",
        "20ms",
        "--timeout",
        "20s",
    ];
    let mut child = command_for(&server, &arguments).spawn().unwrap();
    drop(child.stdout.take());
    while emulator.request_count() < 3 {
        assert_eq!(child.try_wait().unwrap(), None, "it did not go on");
        std::thread::yield_now();
    }
    end(&emulator, "a", &JobStatus::Failed);
    assert_eq!(wait_for(&mut child), Some(3));
}

#[test]
fn until_done_sees_an_end_that_the_filters_do_not() {
    for is_deleted in [false, true] {
        let emulator = Emulator::builder().job(running("a")).build();
        let server = serve(&emulator);
        let arguments = ["--until-finished", "--status", "transferring"];
        let mut watch = Watch::start(&server, &arguments);
        watch.line();
        assert!(emulator.update("a", |job| job.status("PAUSED")));
        assert!(watch.line().contains("PAUSED"));
        // From here on it matches the filter neither before nor after.
        if is_deleted {
            emulator.remove("a");
        } else {
            end(&emulator, "a", &JobStatus::Failed);
        }
        assert_eq!(wait_for(&mut watch.child), Some(3), "deleted: {is_deleted}");
        let mut said = String::new();
        let mut stderr = watch.child.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        let end = if is_deleted { "1 gone" } else { "1 failed" };
        assert!(said.contains(end), "{said}");
    }
}

#[test]
fn the_time_of_a_watch_bounds_a_look_that_stalls() {
    let emulator = Emulator::builder()
        .job(running("a"))
        .faults("delay:1h@2-99".parse().unwrap())
        .build();
    let server = serve(&emulator);
    let arguments = [
        "watch",
        "--until-finished",
        "--interval",
        "10ms",
        "--timeout",
        "300ms",
    ];
    let mut child = command_for(&server, &arguments).spawn().unwrap();
    assert_eq!(wait_for(&mut child), Some(4));
}

#[test]
fn when_time_runs_out_there_is_a_last_look() {
    let emulator = Emulator::builder().job(running("a")).build();
    let server = serve(&emulator);
    let arguments = [
        "watch",
        "--until-finished",
        "--interval",
        "1h",
        "--timeout",
        "1s",
    ];
    let mut child = command_for(&server, &arguments).spawn().unwrap();
    crate::command::first_line(&mut child);
    end(&emulator, "a", &JobStatus::Success);
    assert_eq!(wait_for(&mut child), Some(0));
}

#[test]
fn a_live_view_that_cannot_be_drawn_is_wrong_usage() {
    let server = serve(&Emulator::new());
    let arguments = ["watch", "--output", "live", "--timeout", "20s"];
    Run::of(command_for(&server, &arguments))
        .assert_refused(2, &["--output live needs a terminal", "--output lines"]);
}

#[test]
fn a_look_that_failed_tells_the_cause() {
    // The port of a connection under way: it is taken, and nobody listens on it.
    let server = serve(&Emulator::new());
    let address = server.url().replace("http://", "");
    let held = std::net::TcpStream::connect(address).unwrap();
    let closed = format!("http://{}", held.local_addr().unwrap());
    let arguments = [
        "watch",
        "--endpoint",
        &closed,
        "--project-id",
        "p",
        "--retries",
        "0",
        "--timeout",
        "100ms",
    ];
    let mut watch = command(&arguments);
    watch.env("HW_AUTH_TOKEN", "t");
    let run = Run::of(watch);
    assert!(run.stdout.contains("(os error 111)"), "{run:#?}");
}

#[test]
fn a_look_that_failed_is_an_event_and_makes_no_job_gone() {
    let emulator = Emulator::builder()
        .job(running("a"))
        .faults("503@2".parse().unwrap())
        .build();
    let server = serve(&emulator);
    let mut watch = Watch::start(&server, &["--output", "jsonl", "--retries", "0"]);
    assert_eq!(watch.event()["event"], "added");
    let failed = watch.event();
    assert_eq!(failed["event"], "poll_failed");
    assert!(
        failed["error"].as_str().unwrap().contains("503"),
        "{failed}"
    );
    emulator.add(running("b"));
    let next = watch.event();
    assert_eq!(
        (&next["event"], &next["job"]["id"]),
        (&"added".into(), &"b".into())
    );
}

#[test]
fn a_demo_has_something_to_watch() {
    let arguments = [
        "watch",
        "--demo",
        "--interval",
        "200ms",
        "--output",
        "jsonl",
        "--timeout",
        "20s",
    ];
    let mut watch = Watch::of(command(&arguments));
    // The 35 jobs that a demo begins with, and the first change.
    for number in 1..=35 {
        assert_eq!(watch.event()["event"], "added", "event {number}");
    }
    watch.event();
}

#[test]
fn a_dry_run_of_a_watch_shows_what_a_look_asks_for() {
    // What it filters on itself is not sent.
    let arguments = [
        "watch",
        "--dry-run",
        "--endpoint",
        "https://h",
        "--project-id",
        "p",
        "--name",
        "n",
        "--status",
        "failed",
    ];
    let printed = Run::of(command(&arguments)).done();
    assert!(
        printed.starts_with(
            "GET https://h/v5/p/backup-migration-jobs?name=n&limit=512&offset=0&sort_key=created_at\n"
        ),
        "{printed}"
    );
}
