//! `drs-backup-jobs list` when pages fail, and when its output cannot be written.

use std::io::{BufRead as _, BufReader, Read as _};
#[cfg(unix)]
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use drs_backup_jobs::JobPage;
use drs_backup_jobs::emulator::Emulator;

use crate::command::{Run, TOKEN, command, command_for, serve, wait_for};

fn emulator(jobs: u32) -> Emulator {
    Emulator::builder().jobs(jobs).build()
}

#[test]
fn reports_a_failed_page_although_the_output_is_closed() {
    for format in ["table", "json"] {
        let emulator = Emulator::builder()
            .jobs(35)
            .faults("500@3-99".parse().unwrap())
            .build();
        let server = serve(&emulator);
        let arguments = ["list", "--page-size", "10", "--retries", "0", "--output"];
        let mut child = command_for(&server, &[&arguments[..], &[format]].concat())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let run = Run::from(child.wait_with_output().unwrap());
        run.assert_refused(1, &["500", "not complete: 18 jobs received before"]);
    }
}

#[test]
fn prints_what_was_received_before_a_failed_page() {
    for format in ["jsonl", "csv", "table", "json", "timeline"] {
        let emulator = Emulator::builder()
            .jobs(35)
            .faults("500@3".parse().unwrap())
            .build();
        let server = serve(&emulator);
        let arguments = [
            "list",
            "--page-size",
            "10",
            "--retries",
            "0",
            "--output",
            format,
        ];
        let run = Run::of(command_for(&server, &arguments));
        run.assert_refused(1, &["500", "not complete: 18 jobs received before"]);
        let lines = run.stdout.lines().count();
        let printed = match format {
            "json" => JobPage::parse(run.stdout.as_bytes()).unwrap().jobs.len(),
            "csv" => csv::Reader::from_reader(run.stdout.as_bytes())
                .records()
                .count(),
            "table" => lines - 1,
            "timeline" => lines - 4,
            _ => lines,
        };
        assert_eq!(printed, 18, "{format}: {run:#?}");
    }
}

#[test]
fn prints_nothing_when_the_first_page_fails() {
    for format in ["jsonl", "csv", "table", "json", "timeline"] {
        let emulator = Emulator::builder()
            .jobs(35)
            .faults("500@*".parse().unwrap())
            .build();
        let server = serve(&emulator);
        let run = Run::of(command_for(
            &server,
            &["list", "--retries", "0", "--output", format],
        ));
        run.assert_refused(1, &["500"]);
        assert_eq!(run.stdout, "", "{format}");
    }
}

#[test]
fn streams_jobs_as_pages_arrive() {
    for format in ["jsonl", "csv"] {
        // One for each: the last request of a process that was ended may arrive late.
        let emulator = Emulator::builder()
            .jobs(35)
            .faults("delay:1h@3".parse().unwrap())
            .build();
        let server = serve(&emulator);
        let arguments = [
            "list",
            "--page-size",
            "10",
            "--timeout",
            "20s",
            "--output",
            format,
        ];
        let mut child = command_for(&server, &arguments).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let start = Instant::now();
        // The third page never arrives, and yet the jobs of the two before it are printed.
        for _ in 0..18 {
            lines.next().unwrap().unwrap();
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{format}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn retries_transient_failures_silently() {
    let emulator = Emulator::builder()
        .jobs(35)
        .faults("503,reset,html:502".parse().unwrap())
        .build();
    let server = serve(&emulator);
    let run = Run::of(command_for(&server, &["list", "--page-size", "10"]));
    assert_eq!(run.stderr, "");
    assert_eq!(run.done().lines().count(), 35);
}

#[test]
fn reports_responses_of_others_as_such() {
    for (fault, expected) in [
        ("html:502", "502"),
        ("truncate", "at byte"),
        ("invalid-count", "count"),
        ("302", "redirect"),
    ] {
        let emulator = Emulator::builder()
            .jobs(3)
            .faults(fault.parse().unwrap())
            .build();
        let server = serve(&emulator);
        let run = Run::of(command_for(&server, &["list", "--retries", "0"]));
        run.assert_refused(1, &["error: ", expected]);
    }
}

#[test]
fn reports_a_host_that_cannot_be_reached() {
    // Nothing listens on the port of a stopped server.
    let server = serve(&emulator(1));
    let url = server.url();
    server.stop();
    let mut list = command(&[
        "list",
        "--endpoint",
        &url,
        "--project-id",
        "p",
        "--retries",
        "0",
    ]);
    list.env("HW_AUTH_TOKEN", TOKEN);
    Run::of(list).assert_refused(1, &["error: ", "hint: "]);
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let emulator = emulator(1_500);
    let server = serve(&emulator);
    for format in ["jsonl", "csv", "table", "json"] {
        let mut child = command_for(&server, &["list", "--output", format])
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut [0; 10]).unwrap();
        drop(stdout);
        let mut stderr = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        assert_eq!(wait_for(&mut child), Some(0), "{format}: {stderr}");
        assert_eq!(stderr, "", "{format}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    for format in ["jsonl", "csv", "table", "json"] {
        let mut list = command(&["list", "--demo", "--output", format]);
        list.stdout(std::fs::File::create("/dev/full").unwrap());
        Run::of(list).assert_refused(1, &["standard output"]);
    }
}

#[test]
fn the_time_limit_of_the_run_ends_it_with_4_and_that_of_a_request_with_1() {
    let emulator = emulator(35);
    let server = serve(&emulator);
    for (options, code, expected) in [
        (
            &["--timeout", "400ms"][..],
            4,
            "note: the list is not complete: 18 jobs received before the error\nerror: cannot finish within --timeout 400ms\n",
        ),
        (&["--request-timeout", "300ms"], 1, "hint: "),
    ] {
        // The third response takes an hour.
        emulator.set_faults("delay:1h@3".parse().unwrap());
        emulator.clear_requests();
        let arguments = [&["list", "--page-size", "10", "--retries", "0"], options].concat();
        let start = Instant::now();
        let run = Run::of(command_for(&server, &arguments));
        assert!(start.elapsed() < Duration::from_secs(20), "{options:?}");
        run.assert_refused(code, &[expected]);
        assert_eq!(run.stdout.lines().count(), 18, "{options:?}");
    }
    emulator.set_faults("delay:1h@*".parse().unwrap());
    let run = Run::of(command_for(&server, &["get", "x", "--timeout", "200ms"]));
    run.assert_refused(4, &["cannot finish within --timeout 200ms"]);
}

#[cfg(unix)]
#[test]
fn the_time_limit_ends_a_run_that_waits_for_a_pipe_nobody_writes_to() {
    for command_and_options in [
        &["list"][..],
        &["get", "x"],
        &["watch"],
        &["watch", "--until-finished", "--request-timeout", "1h"],
        &["list", "--token-file", "-"],
        &["get", "x", "--token-file", "-"],
        &["watch", "--token-file", "-"],
    ] {
        let arguments = ["--timeout", "300ms", "--region", "cn-north-4"];
        let mut waiting = command(&[command_and_options, &arguments].concat());
        waiting
            .env("HUAWEICLOUD_SDK_PROJECT_ID", "p")
            .env("HUAWEICLOUD_SDK_CREDENTIALS_FILE", "/dev/stdin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = waiting.spawn().unwrap();
        let pipe = child.stdin.take();
        let run = Run::from(child.wait_with_output().unwrap());
        drop(pipe);
        run.assert_refused(4, &["error: cannot finish within --timeout 300ms"]);
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_list_with_its_own_exit_code() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let emulator = Emulator::builder()
            .jobs(35)
            .faults("delay:1h@1".parse().unwrap())
            .build();
        let server = serve(&emulator);
        let mut child = command_for(&server, &["list"]).spawn().unwrap();
        while emulator.request_count() == 0 {
            std::thread::yield_now();
        }
        let pid = child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(sent.unwrap().success());
        assert_eq!(wait_for(&mut child), Some(code), "{signal}");
    }
}
