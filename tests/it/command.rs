//! The command: the real program, its arguments, streams and exit codes.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use drs_backup_jobs::emulator::{Emulator, Server};

pub(crate) const TOKEN: &str = "MIIF-planted-token";

/// The program with these arguments and an empty environment: no proxy, no credentials, no colours.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drs-backup-jobs"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// As [`command`], with this server and the planted token in the environment.
pub(crate) fn command_for(server: &Server, arguments: &[&str]) -> Command {
    let mut command = command(arguments);
    command
        .arg("--endpoint")
        .arg(server.url())
        .env("HUAWEICLOUD_SDK_PROJECT_ID", "0123abc")
        .env("HW_AUTH_TOKEN", TOKEN);
    command
}

pub(crate) fn serve(emulator: &Emulator) -> Server {
    emulator.serve("127.0.0.1:0").unwrap()
}

/// The outcome of a program.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    #[track_caller]
    pub(crate) fn of(mut command: Command) -> Self {
        command.output().unwrap().into()
    }

    /// As [`of`](Self::of), with this on standard input.
    #[track_caller]
    pub(crate) fn with_input(mut command: Command, input: &[u8]) -> Self {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // The program may end before it has read everything.
        let writing = thread::spawn(move || stdin.write_all(&input).is_ok());
        let run = child.wait_with_output().unwrap().into();
        writing.join().unwrap();
        run
    }

    /// The standard output of a successful run.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self.stdout
    }

    #[track_caller]
    pub(crate) fn assert_refused(&self, code: i32, expected: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for text in expected {
            assert!(self.stderr.contains(text), "{text:?} in {self:#?}");
        }
    }
}

/// The first line of a program's output, while it continues to run.
#[track_caller]
pub(crate) fn first_line(child: &mut Child) -> String {
    let stdout = child.stdout.as_mut().unwrap();
    let mut line = Vec::new();
    let mut byte = [0];
    while stdout.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
        line.extend(byte);
    }
    String::from_utf8(line).unwrap()
}

/// Waits for a program that is about to end.
#[track_caller]
pub(crate) fn wait_for(child: &mut Child) -> Option<i32> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("the program did not end");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn every_command_has_examples_in_its_help() {
    for subcommand in ["list", "watch", "decode", "emulate", "completions"] {
        let help = Run::of(command(&[subcommand, "--help"])).done();
        assert!(help.contains("Examples:"), "{subcommand}: {help}");
        assert!(
            help.contains(&format!("drs-backup-jobs {subcommand}")),
            "{subcommand}: {help}"
        );
    }
    let help = Run::of(command(&["--help"])).done();
    for subcommand in ["list", "watch", "decode", "emulate", "completions"] {
        assert!(help.contains(subcommand), "{help}");
    }
    let version = Run::of(command(&["--version"])).done();
    assert_eq!(
        version,
        format!("drs-backup-jobs {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn usage_errors_exit_with_2() {
    for (arguments, expected) in [
        (&["lsit"][..], "list"),
        (&["list", "--no-such-flag"], "--no-such-flag"),
        (&["list", "--page-size", "1"], "2..=512"),
        (&["list", "--limit", "x"], "must be a whole number"),
        (&["list", "--page-size", "513"], "2..=512"),
        (&["list", "--limit", "many"], "--limit"),
        (&["list", "--offset", "1"], "--limit"),
        (
            &["list", "--limit", "1", "--page-size", "9"],
            "cannot be used with",
        ),
        (&["list", "--timeout", "10"], "unit"),
        (&["list", "--timeout", "0s"], "--timeout"),
        (&["list", "--output", "yaml"], "jsonl"),
        (
            &["list", "--demo", "--region", "cn-north-4"],
            "cannot be used with",
        ),
        (&["list", "--token", "x"], "--token"),
        (&["watch", "--interval", "1w"], "unit"),
        (&["decode", "/nonexistent/file"], "/nonexistent/file"),
        (&["emulate", "--listen", "nowhere"], "nowhere"),
        (&["completions", "cobol"], "bash"),
        (&["list", "--demo", "--ca-file", "x"], "cannot be used with"),
    ] {
        let run = Run::of(command(arguments));
        assert_eq!(run.code, Some(2), "{arguments:?}: {run:#?}");
        assert!(run.stderr.contains(expected), "{arguments:?}: {run:#?}");
        assert_eq!(run.stdout, "", "{arguments:?}");
    }
}

#[test]
fn verbose_logs_requests_before_and_after_the_command() {
    let server = serve(&Emulator::builder().jobs(1).build());
    let watch = ["watch", "--interval", "10ms", "--timeout", "50ms"];
    for arguments in [
        &["list", "-v"][..],
        &["-v", "list"],
        &["list", "--verbose"],
        &[&["-v"], &watch[..]].concat(),
        &[&watch[..], &["-v"]].concat(),
    ] {
        let run = Run::of(command_for(&server, arguments));
        assert!(
            run.stderr.contains("debug: GET "),
            "{arguments:?}: {run:#?}"
        );
        run.done();
    }
    let run = Run::of(command_for(&server, &["list"]));
    assert!(!run.stderr.contains("debug: "), "{run:#?}");
}

#[test]
fn verbose_is_offered_only_where_requests_are_sent() {
    for (arguments, is_offered) in [
        (["list", "--help"], true),
        (["watch", "--help"], true),
        (["decode", "--help"], false),
        (["emulate", "--help"], true),
        (["completions", "--help"], false),
    ] {
        let help = Run::of(command(&arguments)).done();
        assert_eq!(help.contains("--verbose"), is_offered, "{help}");
    }
    Run::of(command(&["decode", "-v"])).assert_refused(2, &["-v"]);
}

#[test]
fn prints_completions_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Run::of(command(&["completions", shell])).done();
        assert!(script.contains("dbs-instance-id"), "{shell}");
    }
}
