//! The live view of `drs-backup-jobs watch` in a real terminal.

use drs_backup_jobs::emulator::{EmulatedJob, Emulator, EmulatorBuilder, Server};
use drs_backup_jobs::{JobStatus, Timestamp};

use crate::command::{TOKEN, serve};
use crate::tmux::Terminal;

const STARTED: &str = "2030-01-01T00:00:00Z";

/// The shell line of a watch of this server.
fn watch(server: &Server, arguments: &str) -> String {
    format!(
        "HUAWEICLOUD_SDK_PROJECT_ID=0123abc HW_AUTH_TOKEN={TOKEN} '{}' watch --endpoint {} {arguments}",
        env!("CARGO_BIN_EXE_drs-backup-jobs"),
        server.url()
    )
}

/// A name that is found nowhere else, in one of several scripts.
fn name(number: usize) -> String {
    match number % 5 {
        0 => format!("DRS-{number:04}"),
        1 => format!("备份迁移任务-{number:04}"),
        2 => format!("גיבוי מסד נתונים {number:04}"),
        3 => format!("نسخة احتياطية {number:04}"),
        _ => format!("💾🇨🇳 orders {number:04}"),
    }
}

fn job(number: usize) -> EmulatedJob {
    EmulatedJob::new(format!("id-{number:04}"))
        .name(name(number))
        .create_time(STARTED)
}

fn emulator(jobs: usize) -> Emulator {
    (0..jobs)
        .fold(Emulator::builder(), |builder, number| {
            builder.job(job(number))
        })
        .build()
}

/// Texts without white space: where rows and lines are broken does not matter.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// A job fails, and this is how the watch reports it.
fn fail(emulator: &Emulator, number: usize) -> String {
    let id = format!("id-{number:04}");
    let at = Timestamp::parse("2030-01-01T01:05:00Z").unwrap();
    let reason = format!(
        "{number:04}: The backup file \"full_{number:04}.bak\" is damaged. 备份文件已损坏，请重新上传。"
    );
    let log = reason.clone();
    assert!(emulator.update(&id, |job| {
        job.finished(JobStatus::Failed, at).error_log(log)
    }));
    let name = name(number);
    squeezed(&format!("✗ finished {name} after 1h 05m: {reason}"))
}

/// How often each of these events is in a text.
#[track_caller]
fn assert_each_once(events: &[String], history: &str) {
    let text = squeezed(history);
    for event in events {
        assert_eq!(text.matches(&**event).count(), 1, "{event} in\n{history}");
    }
}

/// Sizes in the order in which the terminal is given them.
const WIDTHS: [(usize, usize); 8] = [
    (40, 24),
    (200, 24),
    (80, 24),
    (41, 24),
    (23, 24),
    (120, 24),
    (20, 24),
    (80, 24),
];
const HEIGHTS: [(usize, usize); 7] = [
    (80, 24),
    (80, 10),
    (80, 50),
    (80, 6),
    (80, 12),
    (80, 40),
    (80, 5),
];
/// Width and height at once, among them pairs at which tmux misplaces its cursor: see `screen`.
const BOTH: [(usize, usize); 14] = [
    (50, 30),
    (101, 20),
    (101, 5),
    (55, 40),
    (111, 9),
    (40, 6),
    (81, 24),
    (200, 12),
    (57, 50),
    (115, 10),
    (61, 24),
    (123, 8),
    (42, 33),
    (85, 5),
];

#[test]
fn every_event_stays_exactly_once_whatever_the_resizes() {
    for (jobs, size) in [(1, (80, 24)), (35, (40, 24)), (500, (200, 24))] {
        let emulator = emulator(jobs);
        let server = serve(&emulator);
        let line = watch(&server, "--until-finished --interval 1s");
        let Some(terminal) = Terminal::start(size.0, size.1, &line) else {
            return;
        };
        terminal.wait_until(|history| history.contains(&format!("0 of {jobs} finished")));
        let mut events: Vec<String> = Vec::new();
        let failing = jobs.min(60);
        let storms = [&WIDTHS[..], &HEIGHTS, &BOTH];
        for (batch, sizes) in storms.into_iter().enumerate() {
            // The view is drawn again, at a size at which rows could be long.
            terminal.resize(200, 24);
            terminal.wait_for_screen(|screen| {
                let last = screen.trim_end().lines().next_back();
                last.is_some_and(|last| last.starts_with("last poll"))
            });
            let mut sizes = sizes.iter().cycle();
            let numbers = (batch * failing / 3)..((batch + 1) * failing / 3);
            events.extend(numbers.map(|number| fail(&emulator, number)));
            let last = events.last().cloned();
            terminal.wait_until(|history| {
                let (columns, rows) = sizes.next().unwrap();
                terminal.resize(*columns, *rows);
                last.as_ref()
                    .is_none_or(|last| squeezed(history).contains(&**last))
            });
        }
        for number in failing..jobs {
            let at = Timestamp::parse("2030-01-01T01:05:00Z").unwrap();
            let id = format!("id-{number:04}");
            assert!(emulator.update(&id, |job| job.finished(JobStatus::Success, at)));
            let name = name(number);
            events.push(squeezed(&format!("✓ finished {name} after 1h 05m")));
        }
        let history = terminal.wait_until(|history| history.contains("code "));
        assert!(history.contains("code 3"), "{history}");
        assert_each_once(&events, &history);
        let counted = format!("{jobs} of {jobs} finished");
        assert!(
            squeezed(&history).contains(&squeezed(&counted)),
            "{history}"
        );
    }
}

/// tmux moves its cursor up for each line that it broke into three rows and joins to two, if a wide
/// character stands at the break, and a lower screen loses what is below the cursor.
#[test]
fn no_row_is_long_enough_for_tmux_to_misplace_its_cursor() {
    let emulator = emulator(20);
    let server = serve(&emulator);
    let line = watch(&server, "--interval 1s");
    let Some(terminal) = Terminal::start(200, 24, &line) else {
        return;
    };
    terminal.wait_until(|history| history.contains("0 of 20 finished"));
    let reason = "磁盘空间不足，请清理后重试。".repeat(12);
    let mut events = Vec::new();
    for number in 0..20 {
        let at = Timestamp::parse("2030-01-01T01:05:00Z").unwrap();
        let log = reason.clone();
        assert!(emulator.update(&format!("id-{number:04}"), |job| {
            job.finished(JobStatus::Failed, at).error_log(log)
        }));
        let name = name(number);
        events.push(squeezed(&format!(
            "✗ finished {name} after 1h 05m: {reason}"
        )));
    }
    terminal.wait_until(|history| history.contains("20 of 20 finished"));
    for columns in 40..100 {
        for wide in [2 * columns, 2 * columns + 1] {
            terminal.resize(columns, 24);
            terminal.resize(wide, 24);
            terminal.resize(wide, 5);
        }
    }
    assert_each_once(&events, &terminal.history());
}

#[test]
fn a_resize_of_the_height_leaves_no_trace_of_the_view() {
    let jobs =
        (0..35).map(|number| job(number).name(format!("{} nightly", name(number).repeat(4))));
    let emulator = jobs.fold(Emulator::builder(), EmulatorBuilder::job).build();
    let server = serve(&emulator);
    let line = watch(&server, "");
    let Some(terminal) = Terminal::start(80, 24, &line) else {
        return;
    };
    let polled = |history: &str| {
        let (_, after) = history.rsplit_once("last poll ")?;
        after.split_once(" ago").map(|(time, _)| time.to_owned())
    };
    terminal.wait_until(|history| polled(history).is_some());
    for (columns, rows) in [(80, 16), (80, 40), (80, 24), (80, 8), (80, 24)] {
        terminal.resize(columns, rows);
        // Redrawn: the time has changed.
        let before = polled(&terminal.history());
        let history = terminal.wait_until(|history| polled(history) != before);
        for text in ["of 35 finished", "last poll"] {
            assert_eq!(
                history.matches(text).count(),
                1,
                "{columns}x{rows}:\n{history}"
            );
        }
    }
}

#[test]
fn added_and_removed_jobs_are_reported_in_a_list_that_begins_empty() {
    let emulator = emulator(0);
    let server = serve(&emulator);
    let line = watch(&server, "--interval 1s");
    let Some(terminal) = Terminal::start(40, 24, &line) else {
        return;
    };
    terminal.wait_until(|history| history.contains("0 of 0 finished"));
    let mut events = Vec::new();
    for number in 0..5 {
        emulator.add(job(number));
        events.push(squeezed(&format!("▶ added {}", name(number))));
    }
    terminal.wait_until(|history| squeezed(history).contains(&events[0]));
    for (columns, rows) in WIDTHS {
        terminal.resize(columns, rows);
    }
    emulator.remove("id-0003");
    events.push(squeezed(&format!("▶ removed {}", name(3))));
    terminal.wait_until(|history| squeezed(history).contains(&events[5]));
    terminal.press("C-c");
    let history = terminal.wait_until(|history| history.contains("code "));
    assert!(history.contains("code 130"), "{history}");
    assert_each_once(&events, &history);
}

#[test]
fn the_view_fits_terminals_of_every_size() {
    for jobs in [0, 1, 35, 500] {
        let emulator = emulator(jobs);
        let server = serve(&emulator);
        for (columns, rows) in [(40, 24), (80, 24), (200, 50), (20, 5)] {
            let line = watch(&server, "");
            let Some(terminal) = Terminal::start(columns, rows, &line) else {
                return;
            };
            let counts = format!("0 of {jobs} finished");
            // The line about polls is the last one to be drawn.
            let screen = terminal
                .wait_for_screen(|screen| screen.contains(&counts) && screen.contains("last poll"));
            let height = screen.trim_end().lines().count();
            assert!(height <= rows / 2, "{columns}x{rows}:\n{screen}");
            let shown = (0..jobs).filter(|number| screen.contains(&name(*number)));
            assert!(rows < 24 || shown.count() >= jobs.min(6), "{screen}");

            terminal.press("C-c");
            let history = terminal.wait_until(|history| history.contains("code "));
            let left = history.trim().trim_start_matches("^C");
            assert_eq!(left, "code 130", "{columns}x{rows}:\n{history}");
        }
    }
}

#[test]
fn sigterm_clears_the_view_and_exits_with_143() {
    let emulator = emulator(3);
    let server = serve(&emulator);
    let line = format!(
        "sh -c \"echo pid \\$\\$; exec {}\"",
        watch(&server, "").replacen("HUAWEI", "env HUAWEI", 1)
    );
    let Some(terminal) = Terminal::start(80, 24, &line) else {
        return;
    };
    let history = terminal.wait_until(|history| history.contains("0 of 3 finished"));
    let (_, pid) = history.split_once("pid ").unwrap();
    let pid = pid.lines().next().unwrap().trim();
    let sent = std::process::Command::new("kill").arg(pid).status();
    assert!(sent.unwrap().success());
    let history = terminal.wait_until(|history| history.contains("code "));
    assert_eq!(history.trim(), format!("pid {pid}\ncode 143"), "{history}");
}

#[test]
fn a_failed_first_poll_shows_its_reason_and_no_number_of_jobs() {
    let faults = "503@1-2".parse().unwrap();
    let server = serve(&Emulator::builder().job(job(0)).faults(faults).build());
    let line = watch(&server, "--interval 1s --retries 0");
    let Some(terminal) = Terminal::start(80, 24, &line) else {
        return;
    };
    let history = terminal.wait_until(|history| history.contains("2 polls failed"));
    assert!(history.contains("! poll failed: "), "{history}");
    assert!(history.contains("503"), "{history}");
    assert!(history.contains("next attempt in"), "{history}");
    assert!(
        !history.contains("0 jobs") && !history.contains(" of "),
        "{history}"
    );
    // The same reason is printed once; the view counts.
    assert_eq!(history.matches("! poll failed").count(), 1, "{history}");
    let history = terminal.wait_until(|history| history.contains("0 of 1 finished"));
    assert!(
        history.contains("! polls succeed again after 2 failures"),
        "{history}"
    );
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_gets_events_as_lines() {
    let server = serve(&emulator(1));
    let line = format!("TERM=dumb {}", watch(&server, "--timeout 2s"));
    let Some(terminal) = Terminal::start(80, 24, &line) else {
        return;
    };
    let history = terminal.wait_until(|history| history.contains("code "));
    assert!(
        history.contains("added        ▶ TRANSFERRING     DRS-0000"),
        "{history}"
    );
    assert!(history.contains("code 0"), "{history}");
}
