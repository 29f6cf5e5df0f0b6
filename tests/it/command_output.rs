//! What `list`, `get` and `decode` print, byte by byte.

use drs_backup_jobs::emulator::{EmulatedJob, Emulator};

use crate::command::{Run, command, command_for, serve};

const DEMO: [&str; 3] = ["--demo", "--now", "2024-08-19T12:00:00Z"];

/// Runs on sample data, in UTC.
#[track_caller]
fn demo(arguments: &[&str]) -> Run {
    let (name, options) = arguments.split_first().unwrap();
    Run::of(command(&[&[*name], &DEMO[..], options].concat()))
}

#[test]
fn columns_are_printed_in_their_order_in_every_format() {
    for (format, expected) in [
        ("table", "STATUS   NAME\nSUCCESS  DRS-6202\n"),
        ("wide", "STATUS   NAME\nSUCCESS  DRS-6202\n"),
        ("csv", "status,name\nSUCCESS,DRS-6202\n"),
        ("tsv", "status\tname\nSUCCESS\tDRS-6202\n"),
        ("jsonl", "{\"status\":\"SUCCESS\",\"name\":\"DRS-6202\"}\n"),
        (
            "json",
            "{\n  \"count\": 35,\n  \"jobs\": [\n    {\n      \"status\": \"SUCCESS\",\n      \"name\": \"DRS-6202\"\n    }\n  ]\n}\n",
        ),
    ] {
        let options = [
            "list",
            "--limit",
            "1",
            "--columns",
            "status,name",
            "-o",
            format,
        ];
        assert_eq!(demo(&options).done(), expected, "{format}");
        let repeated = [
            "list",
            "--limit",
            "1",
            "--columns",
            "STATUS",
            "--columns",
            "name",
            "-o",
            format,
        ];
        assert_eq!(demo(&repeated).done(), expected, "{format}");
    }
    demo(&["list", "--columns", "nmae"]).assert_refused(2, &["similar value exists: 'name'"]);
    demo(&["list", "--columns", "id", "-o", "timeline"])
        .assert_refused(2, &["--columns cannot be used with --output timeline"]);
}

#[test]
fn every_column_has_its_value() {
    let every = "id,name,status,engine_type,error_log,description,create_time,finish_time,enterprise_project_id,duration";
    let mut job = EmulatedJob::new("i")
        .name("n")
        .status("FAILED")
        .create_time("2024-08-19T02:00:00Z");
    job.job.error_log = Some("e".into());
    job.job.description = Some("d".into());
    job.job.finish_time = Some("2024-08-19T02:01:48Z".into());
    job.job.enterprise_project_id = Some("7".into());
    let server = serve(&Emulator::builder().job(job).build());
    let options = ["list", "--columns", every, "--output", "csv"];
    assert_eq!(
        Run::of(command_for(&server, &options)).done(),
        format!(
            "{every}\ni,n,FAILED,sqlserver,e,d,2024-08-19T02:00:00Z,2024-08-19T02:01:48Z,7,108\n"
        )
    );
}

#[test]
fn headers_are_omitted_on_request() {
    for (format, header) in [
        ("table", "NAME"),
        ("wide", "NAME"),
        ("csv", "id,"),
        ("tsv", "id\t"),
    ] {
        let with = demo(&["list", "-o", format]).done();
        let without = demo(&["list", "-o", format, "--no-headers"]).done();
        let (first, rest) = with.split_once('\n').unwrap();
        assert!(first.starts_with(header), "{format}: {first}");
        assert_eq!(without.lines().count(), rest.lines().count(), "{format}");
        assert!(!without.starts_with(header), "{format}: {without}");
    }
}

#[test]
fn errors_imply_a_table_unless_a_format_is_given() {
    let table = demo(&["list", "--failed", "--errors"]).done();
    assert!(
        table.starts_with("NAME") && table.contains("└─ "),
        "{table}"
    );
    let csv = demo(&["list", "--failed", "--errors", "-o", "csv"]).done();
    assert!(csv.starts_with("id,"), "{csv}");
    let wide = demo(&["list", "--failed", "--errors", "-o", "wide"]).done();
    assert!(wide.contains("└─ ") && !wide.contains("ERROR\n"), "{wide}");
    demo(&["list", "--errors", "--excel"]).assert_refused(2, &["cannot be used with"]);
}

#[test]
fn excel_implies_csv_with_a_byte_order_mark_and_without_formulas() {
    let server = serve(
        &Emulator::builder()
            .job(EmulatedJob::new("i").name("=HYPERLINK(\"https://e\")"))
            .build(),
    );
    for options in [&["list", "--excel"][..], &["list", "-o", "csv", "--excel"]] {
        let printed = Run::of(command_for(&server, options)).done();
        assert!(printed.starts_with("\u{feff}id,name,"), "{printed:?}");
        assert!(
            printed.contains("\"'=HYPERLINK(\"\"https://e\"\")\""),
            "{printed:?}"
        );
    }
    let plain = Run::of(command_for(&server, &["list", "-o", "csv"])).done();
    assert!(
        plain.starts_with("id,name,") && plain.contains(",\"=HYPERLINK"),
        "{plain:?}"
    );
    Run::of(command_for(&server, &["list", "--excel", "-o", "tsv"]))
        .assert_refused(2, &["--excel requires --output csv"]);
}

#[test]
fn the_exit_code_reports_failed_jobs_only_on_request() {
    for (options, code) in [
        (&["list"][..], 0),
        (&["list", "--exit-code"], 3),
        (&["list", "--exit-code", "--failed", "-o", "table"], 3),
        (&["list", "--exit-code", "--status", "precheck-failed"], 3),
        (&["list", "--exit-code", "--status", "SUCCESS"], 0),
        (&["list", "--exit-code", "--name", "no such job"], 0),
        (&["list", "--exit-code", "--limit", "1"], 0),
    ] {
        let run = demo(options);
        assert_eq!(run.code, Some(code), "{options:?}: {run:#?}");
    }
    let saved = demo(&["list"]).done();
    for (options, code) in [
        (&["decode"][..], 0),
        (&["decode", "--exit-code"], 3),
        (&["decode", "--exit-code", "--status", "SUCCESS"], 0),
    ] {
        let run = Run::with_input(command(options), saved.as_bytes());
        assert_eq!(run.code, Some(code), "{options:?}");
    }
}

#[test]
fn notes_why_one_request_returned_fewer_jobs() {
    let server = serve(&Emulator::builder().jobs(700).build());
    for (options, printed, note) in [
        (
            &["--limit", "600"][..],
            512,
            "note: the service returned 512 of the 600 jobs requested; without --limit all jobs are listed\n",
        ),
        (&["--limit", "600", "--offset", "300"], 400, ""),
        (&["--limit", "5"], 5, ""),
        (
            &["--limit", "5", "--offset", "900"],
            0,
            "note: --offset 900 is beyond the end of the list: 700 jobs in all\n",
        ),
        (&["--limit", "5", "--offset", "699"], 1, ""),
        (
            &["--limit", "5", "--since", "1h"],
            0,
            "note: 0 of the 5 jobs received match; without --limit all jobs are searched\n",
        ),
    ] {
        let arguments = [&["list"], options].concat();
        let mut list = command_for(&server, &arguments);
        if options.contains(&"--since") {
            list.arg("--status").arg("success,failed,precheck-failed");
        }
        let run = Run::of(list);
        assert_eq!(run.stderr, note, "{options:?}");
        assert_eq!(run.done().lines().count(), printed, "{options:?}");
    }
}

#[test]
fn a_running_job_shows_the_time_so_far() {
    let printed = demo(&[
        "list",
        "--status",
        "transferring",
        "--columns",
        "duration",
        "-o",
        "csv",
    ])
    .done();
    let seconds: Vec<u64> = printed
        .lines()
        .skip(1)
        .map(|line| line.parse().unwrap())
        .collect();
    assert!(
        !seconds.is_empty() && seconds.iter().all(|seconds| *seconds > 0),
        "{printed}"
    );
    let table = demo(&["list", "--status", "transferring", "-o", "table"]).done();
    assert!(table.contains("20h 13m"), "{table}");
}

#[test]
fn formats_for_terminals_neutralise_escapes_bidi_and_zero_width_characters() {
    let hostile = "a\u{1b}[31mb\u{9b}2Jc\u{7}d\u{202e}e\u{2066}f\u{200b}g\u{200d}h\u{feff}i\u{ad}j\u{61c}k\u{e0041}l\u{2028}m\rn\u{8}o";
    let mut job = EmulatedJob::new("id\u{1b}]0;title\u{7}")
        .name(hostile)
        .status("FAILED");
    job.job.error_log = Some(hostile.into());
    job.job.description = Some(hostile.into());
    let server = serve(&Emulator::builder().job(job).build());
    for options in [
        &["-o", "table", "--errors"][..],
        &["-o", "wide"],
        &["-o", "timeline"],
        &["-o", "table", "--columns", "id,error_log,description,name"],
    ] {
        let arguments = [&["list"], options].concat();
        let printed = Run::of(command_for(&server, &arguments)).done();
        assert!(printed.contains('\u{fffd}'), "{options:?}: {printed:?}");
        let is_harmful = |ch: char| {
            (ch.is_control() && ch != '\n')
                || matches!(
                    ch,
                    '\u{202e}'
                        | '\u{2066}'
                        | '\u{200b}'
                        | '\u{200d}'
                        | '\u{feff}'
                        | '\u{ad}'
                        | '\u{61c}'
                        | '\u{e0041}'
                        | '\u{2028}'
                )
        };
        assert!(!printed.contains(is_harmful), "{options:?}: {printed:?}");
    }
    // For programs the texts stay as they are.
    let printed = Run::of(command_for(&server, &["list", "-o", "csv"])).done();
    assert!(printed.contains(hostile), "{printed:?}");
}

#[test]
fn get_finds_a_job_on_any_page() {
    let emulator = Emulator::builder().jobs(700).build();
    let server = serve(&emulator);
    let jobs = emulator.jobs();
    for job in [&jobs[0].job, &jobs[699].job] {
        let printed = Run::of(command_for(&server, &["get", &job.id])).done();
        let found: serde_json::Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(found["id"], *job.id);
        assert_eq!(found["create_time"], *job.create_time);
        assert_eq!(printed.lines().count(), 1);
        let object = Run::of(command_for(&server, &["get", &job.id, "-o", "json"])).done();
        let same: serde_json::Value = serde_json::from_str(&object).unwrap();
        assert_eq!(same, found);
        let table = Run::of(command_for(&server, &["get", &job.id, "-o", "table"])).done();
        assert_eq!(table.lines().count(), 2, "{table}");
    }
}

#[test]
fn get_says_what_to_do_when_there_is_no_such_job() {
    let server = serve(
        &Emulator::builder()
            .job(EmulatedJob::new("i-1").name("orders"))
            .build(),
    );
    Run::of(command_for(&server, &["get", "nothing"])).assert_refused(
        1,
        &[
            "error: cannot find a job with ID \"nothing\" among 1 job\n",
            "hint: ",
            "list --columns id,name",
        ],
    );
    Run::of(command_for(&server, &["get", "orders"]))
        .assert_refused(1, &["the job named orders has ID i-1"]);
    Run::of(command(&["get"])).assert_refused(2, &["<ID>"]);
}

/// A list as long as a table of it can be: all jobs are held until the widths are known.
#[cfg(target_os = "linux")]
#[test]
fn a_table_of_100_000_jobs_fits_into_90_megabytes() {
    use std::io::Read as _;

    let limits = drs_backup_jobs::emulator::Limits::None;
    let server = serve(&Emulator::builder().jobs(100_000).limits(limits).build());
    let mut child = command_for(&server, &["list", "-o", "table"])
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    // Output begins when every job is there, and then waits for its reader.
    stdout.read_exact(&mut [0; 1]).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest.lines().count(), 100_001);
    assert_eq!(crate::command::wait_for(&mut child), Some(0));
    assert!(kilobytes < 90_000, "{kilobytes} kB");
}
