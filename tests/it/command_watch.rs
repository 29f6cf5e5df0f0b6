//! `drs-backup-jobs watch`, over the emulator's HTTP, while its list changes.
//!
//! The list changes before a request, not at a time, so that no test depends on how fast the
//! program is. A poll of one request is followed by three seconds of sleep: that is the quota.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use drs_backup_jobs::emulator::{Change, EmulatedJob, Emulator, EmulatorBuilder, Script, Server};
use drs_backup_jobs::{JobStatus, Timestamp};

use crate::command::{Run, TOKEN, command, command_for, first_line, serve, wait_for};

/// A running watch, event by event.
struct Watch {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Watch {
    #[track_caller]
    fn start(server: &Server, arguments: &[&str]) -> Self {
        Self::of(command_for(server, &watch(arguments)))
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

    #[track_caller]
    fn end(&mut self) -> (Option<i32>, String) {
        let code = wait_for(&mut self.child);
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        (code, stderr)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A watch that polls as often as it may, and fails the test where an event does not come.
fn watch<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [
        &["watch", "--interval", "1s", "--timeout", "20s"],
        arguments,
    ]
    .concat()
}

fn running(id: &'static str) -> EmulatedJob {
    EmulatedJob::new(id).name(id)
}

fn emulator() -> EmulatorBuilder {
    Emulator::builder()
}

/// The events of JSON lines, as `finished a`.
#[track_caller]
fn events(stdout: &str) -> Vec<String> {
    stdout
        .lines()
        .map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            let name = event["event"].as_str().unwrap();
            format!("{name} {}", event["job"]["id"].as_str().unwrap_or("-"))
        })
        .collect()
}

#[test]
fn each_change_is_an_event_with_the_job_before_and_after() {
    let script = Script::new()
        .before_request(2, Change::status("a", JobStatus::Success))
        .before_request(2, Change::add(running("b")))
        .before_request(2, Change::status("u", "PAUSED"))
        .before_request(2, Change::remove("r"));
    let jobs = ["a", "u", "r"].map(running);
    let emulator = jobs.into_iter().fold(emulator(), EmulatorBuilder::job);
    let server = serve(&emulator.script(script).build());
    let mut watch = Watch::start(&server, &["-o", "jsonl"]);
    for _ in 0..3 {
        assert_eq!(watch.event()["event"], "added");
    }
    let mut changes: Vec<_> = (0..4).map(|_| watch.event()).collect();
    changes.sort_by_key(|event| event["event"].to_string());
    let of = |event: &serde_json::Value| {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
        [
            text(&event["event"]),
            text(&event["job"]["id"]),
            text(&event["from"]["status"]),
            text(&event["job"]["status"]),
        ]
        .join(" ")
    };
    assert_eq!(
        changes.iter().map(of).collect::<Vec<_>>(),
        [
            "added b - TRANSFERRING",
            "finished a TRANSFERRING SUCCESS",
            "removed r - TRANSFERRING",
            "updated u TRANSFERRING PAUSED",
        ]
    );
    let time = changes[1]["time"].as_str().unwrap();
    assert!(Timestamp::parse(time).is_some(), "{time}");
}

#[test]
fn until_finished_exits_with_0_when_all_jobs_succeeded() {
    let script = Script::new()
        .before_request(2, Change::status("a", JobStatus::Success))
        // Reported, but not waited for.
        .before_request(2, Change::add(running("later")));
    let server = serve(&emulator().job(running("a")).script(script).build());
    let run = Run::of(command_for(&server, &watch(&["--until-finished"])));
    assert_eq!(run.code, Some(0), "{run:#?}");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert!(
        lines[0].contains("added") && lines[0].contains("TRANSFERRING"),
        "{run:#?}"
    );
    assert_eq!(lines.len(), 3, "{run:#?}");
    assert!(
        run.stdout.contains("finished     ✓ SUCCESS          a (a)"),
        "{run:#?}"
    );
    assert!(
        run.stderr
            .contains("1 of 1 finished, 1 succeeded; 1 new, 1 still running"),
        "{run:#?}"
    );
}

#[test]
fn the_end_names_each_failed_job_with_its_reason_in_full() {
    let reason = "The log chain is broken. ".repeat(20) + "备份链已断开";
    let script = Script::new()
        .before_request(2, Change::fail("a", reason.clone()))
        .before_request(2, Change::status("b", JobStatus::Success));
    let jobs = emulator().job(running("a")).job(running("b"));
    let before = EmulatedJob::new("before")
        .status("PRECHECK FAILED")
        .error_log("too old");
    let server = serve(&jobs.job(before).script(script).build());
    let run = Run::of(command_for(&server, &watch(&["--until-finished"])));
    run.assert_refused(
        3,
        &[
            "3 of 3 finished, 1 succeeded, 2 failed",
            "✗ FAILED a (a)",
            &reason,
            "! PRECHECK FAILED DRS-before (before): too old",
        ],
    );
    assert!(!run.stderr.contains("SUCCESS"), "{run:#?}");
}

#[test]
fn a_job_that_is_removed_for_two_polls_does_not_succeed() {
    let script = Script::new().before_request(2, Change::remove("a"));
    let server = serve(&emulator().job(running("a")).script(script).build());
    let run = Run::of(command_for(&server, &watch(&["--until-finished"])));
    run.assert_refused(3, &["0 of 1 finished, 1 removed", "removed a (a)"]);
}

#[test]
fn until_finished_exits_with_4_when_the_time_is_over() {
    let server = serve(&emulator().job(running("a")).build());
    let run = Run::of(command_for(
        &server,
        &["watch", "--until-finished", "--timeout", "2s"],
    ));
    run.assert_refused(4, &["0 of 1 finished, 1 still running"]);
}

#[test]
fn a_plain_watch_exits_with_0_when_its_time_is_over() {
    let failed = EmulatedJob::new("old")
        .status(JobStatus::Failed)
        .error_log("long ago");
    let server = serve(&emulator().job(failed).build());
    let run = Run::of(command_for(&server, &["watch", "--timeout", "2s"]));
    // It failed before the watch began: not its news.
    assert!(!run.stderr.contains("long ago"), "{run:#?}");
    assert_eq!(run.done().lines().count(), 1);
}

#[test]
fn a_plain_watch_names_the_jobs_that_failed_meanwhile() {
    let failed = EmulatedJob::new("late")
        .name("late")
        .status("PRECHECK FAILED")
        .error_log("too old");
    let script = Script::new()
        .before_request(2, Change::add(failed))
        .before_request(2, Change::fail("a", "no space"));
    let server = serve(&emulator().job(running("a")).script(script).build());
    let arguments = ["watch", "--interval", "1s", "--timeout", "5s"];
    let run = Run::of(command_for(&server, &arguments));
    for text in [
        "1 of 1 finished, 1 failed; 1 new, 1 failed",
        "a (a)",
        "no space",
        "late (late)",
        "too old",
    ] {
        assert!(run.stderr.contains(text), "{text:?} in {run:#?}");
    }
    assert_eq!(run.code, Some(0));
}

#[test]
fn with_nothing_to_wait_for_it_prints_a_note_and_exits_with_0() {
    let server = serve(&Emulator::new());
    let run = Run::of(command_for(&server, &watch(&["--until-finished"])));
    assert!(run.stderr.contains("nothing to wait for"), "{run:#?}");
    assert_eq!(run.done(), "");
}

#[test]
fn refused_credentials_end_a_watch_at_its_first_poll() {
    let emulator = emulator().token("another").build();
    let server = serve(&emulator);
    Run::of(command_for(&server, &watch(&[]))).assert_refused(1, &["401", "hint: "]);
    assert_eq!(emulator.request_count(), 1);
}

#[test]
fn ends_when_its_output_is_closed_although_nothing_happens() {
    for arguments in [
        &["-o", "jsonl"][..],
        &["--until-finished"],
        &["-o", "lines"],
    ] {
        let server = serve(&emulator().job(running("a")).build());
        let all = [&["watch", "--interval", "1h"], arguments].concat();
        let mut child = command_for(&server, &all).spawn().unwrap();
        first_line(&mut child);
        drop(child.stdout.take());
        assert_eq!(wait_for(&mut child), Some(0), "{arguments:?}");
    }
}

#[test]
fn ends_when_its_output_is_closed_although_a_request_stalls() {
    let faults = "delay:1h@1-99".parse().unwrap();
    let emulator = emulator().job(running("a")).faults(faults).build();
    let server = serve(&emulator);
    let mut child = command_for(&server, &["watch"]).spawn().unwrap();
    while emulator.request_count() == 0 {
        std::thread::yield_now();
    }
    drop(child.stdout.take());
    assert_eq!(wait_for(&mut child), Some(0));
}

#[test]
fn a_pipe_into_grep_ends_at_its_first_match() {
    let script = Script::new().before_request(2, Change::status("a", JobStatus::Success));
    let server = serve(&emulator().job(running("a")).script(script).build());
    let line = format!(
        "'{}' watch --endpoint {} --interval 1s -o jsonl | grep -m1 finished",
        env!("CARGO_BIN_EXE_drs-backup-jobs"),
        server.url()
    );
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &line])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HUAWEICLOUD_SDK_PROJECT_ID", "0123abc")
        .env("HW_AUTH_TOKEN", TOKEN)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = shell.spawn().unwrap();
    assert_eq!(wait_for(&mut child), Some(0));
    let mut found = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut found)
        .unwrap();
    assert_eq!(events(&found), ["finished a"]);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_watch_with_its_own_exit_code() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let server = serve(&emulator().job(running("a")).build());
        let mut watch = Watch::start(&server, &[]);
        watch.line();
        let pid = watch.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(sent.unwrap().success());
        assert_eq!(watch.end().0, Some(code), "{signal}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_watch_whose_output_is_not_read() {
    // More than a pipe holds.
    let server = serve(&emulator().jobs(1000).build());
    let mut child = command_for(&server, &watch(&["-o", "jsonl"]))
        .spawn()
        .unwrap();
    first_line(&mut child);
    let pid = child.id().to_string();
    let sent = Command::new("kill").arg(&pid).status();
    assert!(sent.unwrap().success());
    assert_eq!(wait_for(&mut child), Some(143));
}

#[test]
fn until_finished_reports_changes_that_the_filters_do_not_match() {
    let script = Script::new()
        .before_request(2, Change::status("a", "PAUSED"))
        // From here on it matches the filter neither before nor after.
        .before_request(3, Change::fail("a", "no space"));
    let server = serve(&emulator().job(running("a")).script(script).build());
    let arguments = ["--until-finished", "--status", "transferring"];
    let run = Run::of(command_for(&server, &watch(&arguments)));
    assert!(
        run.stdout.contains("status TRANSFERRING -> PAUSED"),
        "{run:#?}"
    );
    run.assert_refused(3, &["1 of 1 finished, 1 failed", "no space"]);
}

#[test]
fn the_timeout_bounds_a_poll_that_stalls() {
    let faults = "delay:1h@2-99".parse().unwrap();
    let server = serve(&emulator().job(running("a")).faults(faults).build());
    let arguments = [
        "watch",
        "--until-finished",
        "--interval",
        "1s",
        "--timeout",
        "5s",
    ];
    let mut child = command_for(&server, &arguments).spawn().unwrap();
    assert_eq!(wait_for(&mut child), Some(4));
}

#[test]
fn a_last_poll_at_the_timeout_finds_what_finished() {
    let script = Script::new().before_request(2, Change::status("a", JobStatus::Success));
    let server = serve(&emulator().job(running("a")).script(script).build());
    let arguments = [
        "watch",
        "--until-finished",
        "--interval",
        "1h",
        "--timeout",
        "3s",
    ];
    Run::of(command_for(&server, &arguments)).done();
}

#[test]
fn rejects_a_live_view_where_it_cannot_be_drawn() {
    let server = serve(&Emulator::new());
    Run::of(command_for(&server, &watch(&["-o", "live"])))
        .assert_refused(2, &["invalid --output live", "--output lines"]);
}

#[test]
fn exits_with_1_if_all_polls_failed_and_names_the_cause() {
    // The port of an open connection: it is taken, and nobody listens on it.
    let server = serve(&Emulator::new());
    let address = server.url().replace("http://", "");
    let held = std::net::TcpStream::connect(address).unwrap();
    let closed = format!("http://{}", held.local_addr().unwrap());
    for arguments in [&[][..], &["--until-finished"]] {
        let all = [
            "watch",
            "--endpoint",
            &closed,
            "--project-id",
            "p",
            "--retries",
            "0",
            "--timeout",
            "1s",
        ];
        let mut watch = command(&[&all, arguments].concat());
        watch.env("HW_AUTH_TOKEN", "t");
        let run = Run::of(watch);
        assert!(run.stdout.contains("poll failed"), "{run:#?}");
        assert!(run.stdout.contains("refused"), "{run:#?}");
        assert!(run.stdout.contains("; next attempt in 10s"), "{run:#?}");
        run.assert_refused(1, &["error: ", "refused"]);
    }
}

#[test]
fn a_failed_poll_is_an_event_and_removes_no_job() {
    let emulator = emulator()
        .job(running("a"))
        .faults("503@1".parse().unwrap());
    let server = serve(&emulator.build());
    let mut watch = Watch::start(&server, &["-o", "jsonl", "--retries", "0"]);
    let failed = watch.event();
    assert_eq!(failed["event"], "poll_failed");
    assert!(
        failed["error"].as_str().unwrap().contains("503"),
        "{failed}"
    );
    let time = |key: &str| Timestamp::parse(failed[key].as_str().unwrap()).unwrap();
    let delay = time("next_attempt").duration_since(time("time")).unwrap();
    assert_eq!(delay.as_secs(), 3);
    assert_eq!(watch.event()["event"], "added");
}

#[test]
fn a_stretched_interval_is_announced() {
    let mut jobs = emulator().jobs(1200);
    jobs = jobs.page_cap(512);
    let server = serve(&jobs.build());
    let run = Run::of(command_for(
        &server,
        &[
            "watch",
            "--changes-only",
            "--interval",
            "2s",
            "--timeout",
            "4s",
        ],
    ));
    assert!(
        run.stderr.contains("the interval is stretched from 2s to "),
        "{run:#?}"
    );
    assert!(run.stderr.contains("200 requests in 5 minutes"), "{run:#?}");
    assert_eq!(run.done(), "");
}

#[test]
fn watches_only_the_jobs_with_the_given_ids() {
    let script = Script::new()
        .before_request(2, Change::status("a", JobStatus::Success))
        .before_request(2, Change::status("b", JobStatus::Failed))
        .before_request(2, Change::add(running("c")));
    let jobs = emulator().job(running("a")).job(running("b"));
    let server = serve(&jobs.script(script).build());
    let arguments = watch(&["a", "--until-finished", "-o", "jsonl"]);
    let run = Run::of(command_for(&server, &arguments));
    assert_eq!(events(&run.done()), ["added a", "finished a"]);
}

#[test]
fn rejects_waiting_for_an_id_that_no_job_has() {
    let server = serve(&emulator().job(running("a")).build());
    let arguments = watch(&["a", "typo", "--until-finished"]);
    Run::of(command_for(&server, &arguments)).assert_refused(1, &["no job has the id \"typo\""]);
    let run = Run::of(command_for(&server, &["watch", "typo", "--timeout", "2s"]));
    assert!(
        run.stderr.contains("no job has the id \"typo\" yet"),
        "{run:#?}"
    );
    assert_eq!(run.done(), "");
}

#[test]
fn changes_only_leaves_out_the_jobs_of_the_first_poll() {
    let script = Script::new()
        .before_request(2, Change::add(running("b")))
        .before_request(2, Change::status("a", JobStatus::Success));
    let server = serve(&emulator().job(running("a")).script(script).build());
    let mut watch = Watch::start(&server, &["--changes-only", "-o", "jsonl"]);
    let lines = [watch.line(), watch.line()].join("\n");
    let mut changes = events(&lines);
    changes.sort();
    assert_eq!(changes, ["added b", "finished a"]);
}

/// A file in the folder for temporary files, removed at the end.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("{name}-{}", std::process::id())))
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn with_a_state_file_the_next_run_reports_what_changed_since() {
    let file = TemporaryFile::new("watch-state");
    let emulator = ["a", "b", "r"]
        .map(running)
        .into_iter()
        .fold(emulator(), EmulatorBuilder::job)
        .build();
    let server = serve(&emulator);
    let arguments = [
        "watch",
        "--state",
        file.path(),
        "-o",
        "jsonl",
        "--timeout",
        "2s",
    ];
    let run = || Run::of(command_for(&server, &arguments));
    assert_eq!(events(&run().done()).len(), 3);

    let at = Timestamp::parse("2030-01-01T00:00:00Z").unwrap();
    assert!(emulator.update("a", |job| {
        job.finished(JobStatus::Failed, at).error_log("no space")
    }));
    emulator.remove("r");
    emulator.add(running("c"));
    let second = run();
    assert!(second.stderr.contains("no space"), "{second:#?}");
    let mut changes = events(&second.done());
    changes.sort();
    assert_eq!(changes, ["added c", "finished a", "removed r"]);
    // Nothing to report: no mail from cron.
    let third = run();
    assert_eq!(third.stderr, "", "{third:#?}");
    assert_eq!(third.done(), "");

    // What `decode` reads is what the last poll listed.
    let decoded = Run::of(command(&["decode", file.path(), "-o", "jsonl"])).done();
    assert_eq!(decoded.lines().count(), 3);

    let other = [&arguments[..], &["--name", "x"]].concat();
    Run::of(command_for(&server, &other)).assert_refused(2, &["written by another watch"]);
}

#[test]
fn a_state_that_cannot_be_saved_ends_the_watch() {
    let server = serve(&emulator().job(running("a")).build());
    let arguments = watch(&["--state", "/nonexistent/state.json"]);
    Run::of(command_for(&server, &arguments))
        .assert_refused(1, &["cannot write --state /nonexistent/state.json"]);
}

#[test]
fn a_demo_has_something_to_watch() {
    let mut watch = Watch::of(command(&watch(&["--demo", "-o", "jsonl"])));
    // The 35 jobs that a demo begins with, and the first change.
    for number in 1..=35 {
        assert_eq!(watch.event()["event"], "added", "event {number}");
    }
    watch.event();
}

#[test]
fn a_dry_run_of_a_watch_shows_the_request_of_a_poll() {
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
