//! The command on a terminal: one that `script` (util-linux) makes.

use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use drs_backup_jobs::emulator::Emulator;

use crate::command::{serve, wait_for};

/// A shell line on a terminal of 80 columns; `None` where there is no `script` to make one.
fn on_a_terminal(line: &str) -> Option<Child> {
    on_a_terminal_of(80, line)
}

fn on_a_terminal_of(columns: u16, line: &str) -> Option<Child> {
    let program = env!("CARGO_BIN_EXE_drs-backup-jobs");
    let line = format!(
        "stty cols {columns} rows 24; {}",
        line.replace("PROGRAM", program)
    );
    let started = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    if started.is_err() {
        crate::not_checked("the command on a terminal", "script");
    }
    started.ok()
}

/// What the terminal was sent, and the exit code.
#[track_caller]
fn shown(line: &str) -> Option<(String, Option<i32>)> {
    Some(output_of(on_a_terminal(line)?))
}

#[track_caller]
fn output_of(mut child: Child) -> (String, Option<i32>) {
    let mut output = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut output)
        .unwrap();
    (output, wait_for(&mut child))
}

/// Each output at 80 and at 120 columns, as in `tests/data/command`; with `UPDATE_GOLDEN=1` the
/// files are written again.
#[test]
fn prints_what_the_golden_files_hold() {
    const DEMO: &str = "--demo --now 2024-08-19T12:00:00Z";
    for (name, line) in [
        ("failed", "PROGRAM list DEMO --failed --since 24h --errors"),
        ("table", "PROGRAM list DEMO --since 8h"),
        ("utc", "PROGRAM list DEMO --since 8h --utc --ascii"),
        ("wide", "PROGRAM list DEMO --since 2h -o wide"),
        (
            "columns",
            "PROGRAM list DEMO --since 4h --columns status,duration,name,error_log,description",
        ),
        ("timeline", "PROGRAM list DEMO --since 8h -o timeline"),
        (
            "get",
            "PROGRAM get DEMO d6a1fc03-54a2-6d5a-7d09-43d320d4d409",
        ),
    ] {
        for columns in [80, 120] {
            let line = line.replace("DEMO", DEMO);
            let line = format!("export TZ=Asia/Shanghai NO_COLOR=1; {line} 2>/dev/null");
            let Some(child) = on_a_terminal_of(columns, &line) else {
                return;
            };
            let (output, code) = output_of(child);
            assert_eq!(code, Some(0), "{line}: {output}");
            let output = output.replace("\r\n", "\n");
            let file = format!(
                "{}/tests/data/command/{name}-{columns}.txt",
                env!("CARGO_MANIFEST_DIR")
            );
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                std::fs::write(&file, &output).unwrap();
            }
            let golden = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(output, golden, "{line} differs from {file}");
        }
    }
}

#[test]
fn prints_a_coloured_table_on_a_terminal_unless_disabled() {
    for (line, is_coloured) in [
        ("PROGRAM list --demo", true),
        ("NO_COLOR=1 PROGRAM list --demo", false),
        ("NO_COLOR= PROGRAM list --demo", true),
        ("TERM=dumb PROGRAM list --demo", false),
        ("PROGRAM list --demo --output timeline", true),
        ("NO_COLOR=1 PROGRAM list --demo --output timeline", false),
    ] {
        let Some((output, code)) = shown(line) else {
            return;
        };
        assert_eq!(code, Some(0), "{line}: {output}");
        let jobs = output.split_once("UTC").unwrap().1;
        // The bar that shows the progress moves the cursor, but colours nothing.
        assert_eq!(jobs.contains("\u{1b}[3"), is_coloured, "{line}: {output:?}");
        assert!(jobs.contains("DRS-6202"), "{line}: {output}");
    }
}

#[test]
fn clears_the_progress_when_the_output_is_closed() {
    let line = "PROGRAM list --demo --output jsonl --page-size 2 | head -n 1";
    let Some((output, code)) = shown(line) else {
        return;
    };
    assert_eq!(code, Some(0), "{output}");
    let (_, after) = output.rsplit_once("listing jobs").unwrap();
    assert!(after.contains("\u{1b}[2K"), "{output:?}");
}

/// What the terminal was sent by a line that was interrupted once it showed `sign`.
#[track_caller]
fn interrupted(line: &str, sign: &str) -> Option<String> {
    let mut child = on_a_terminal(line)?;
    let mut stdout = child.stdout.take().unwrap();
    let mut output = Vec::new();
    let mut chunk = [0; 4096];
    let mut is_interrupted = false;
    loop {
        let read = stdout.read(&mut chunk).unwrap();
        if read == 0 {
            break;
        }
        output.extend_from_slice(&chunk[..read]);
        if !is_interrupted && String::from_utf8_lossy(&output).contains(sign) {
            child.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
            is_interrupted = true;
        }
    }
    wait_for(&mut child);
    Some(String::from_utf8(output).unwrap())
}

#[test]
fn ctrl_c_clears_the_progress_of_a_list() {
    let emulator = Emulator::builder()
        .jobs(35)
        .faults("delay:1h@3".parse().unwrap())
        .build();
    let server = serve(&emulator);
    let line = format!(
        "trap : INT; HW_AUTH_TOKEN=t PROGRAM list --endpoint {} --project-id p --page-size 10 \
         --timeout 20s; echo code $?",
        server.url()
    );
    let Some(output) = interrupted(&line, " of 35") else {
        return;
    };
    let (_, after) = output.split_once("^C").unwrap();
    let (taken_down, _) = after.split_once("code 130").unwrap();
    assert!(
        taken_down.contains("\u{1b}[2K"),
        "the bar is still there: {output:?}"
    );
}

#[test]
fn ctrl_c_leaves_the_terminal_as_it_was() {
    let line = "trap : INT; stty -g; PROGRAM watch --demo --interval 50ms; echo code $?; stty -g";
    let Some(output) = interrupted(line, " of 35 finished") else {
        return;
    };
    assert!(output.contains("code 130"), "{output:?}");
    let before = output.lines().next().unwrap().trim();
    assert!(before.contains(':'), "{output:?}");
    assert_eq!(
        output.trim_end().lines().next_back().unwrap().trim(),
        before
    );
    assert!(
        !output.contains("\u{1b}[?25l"),
        "the cursor is hidden: {output:?}"
    );
}
