//! The filters of `list` and `decode`: each option against the same jobs.

use drs_backup_jobs::emulator::{EmulatedJob, Emulator};

use crate::command::{Run, command, command_for, serve};

fn emulator() -> Emulator {
    let job = |id: &str, status: &str, created: &str, finished: Option<&str>| {
        let mut job = EmulatedJob::new(id)
            .name(format!("job {id}"))
            .status(status)
            .create_time(created);
        job.job.finish_time = finished.map(|time| time.to_owned().into());
        job
    };
    Emulator::builder()
        .job(job(
            "early",
            "SUCCESS",
            "2024-08-17T08:00:00Z",
            Some("2024-08-17T09:00:00Z"),
        ))
        .job(
            job(
                "late",
                "FAILED",
                "2024-08-18T22:00:00Z",
                Some("2024-08-18T23:00:00Z"),
            )
            .description("订单库 Orders"),
        )
        .job(job(
            "precheck",
            "PRECHECK FAILED",
            "2024-08-19T01:00:00Z",
            Some("2024-08-19T01:01:00Z"),
        ))
        .job(
            job("running", "TRANSFERRING", "2024-08-18T01:00:00Z", None)
                .enterprise_project_id("ep-1"),
        )
        .job(job("paused", "PAUSED", "2024-08-19T02:00:00Z", None))
        .build()
}

/// The IDs that were printed, in alphabetical order.
#[track_caller]
fn ids(run: Run) -> Vec<String> {
    let printed = run.done();
    let mut ids: Vec<String> = printed.lines().map(str::to_owned).collect();
    ids.sort();
    ids
}

const ALL: &[&str] = &["early", "late", "paused", "precheck", "running"];

#[test]
fn each_filter_selects_the_same_jobs_from_the_service_and_from_a_file() {
    let server = serve(&emulator());
    let saved = Run::of(command_for(&server, &["list", "--output", "json"])).done();
    for (filters, expected) in [
        (&[][..], ALL),
        (&["--status", "failed"], &["late"]),
        (&["--status", "FAILED,SUCCESS"], &["early", "late"]),
        (
            &["--status", "success", "--status", "failed"],
            &["early", "late"],
        ),
        (&["--status", "precheck-failed"], &["precheck"]),
        (&["--status", "PRECHECK FAILED"], &["precheck"]),
        (&["--status", "paused,success"], &["early", "paused"]),
        (&["--failed"], &["late", "precheck"]),
        (
            &["--failed", "--status", "SUCCESS"],
            &["early", "late", "precheck"],
        ),
        (&["--name", "job la"], &["late"]),
        (&["--description", "订单库"], &["late"]),
        (&["--enterprise-project-id", "ep-1"], &["running"]),
        (
            &["--since", "2024-08-18T22:30:00Z"],
            &["late", "paused", "precheck", "running"],
        ),
        (
            &["--since", "2024-08-19T00:00:00Z"],
            &["paused", "precheck", "running"],
        ),
        (&["--until", "2024-08-17T08:00:00Z"], &["early"]),
        (&["--until", "2024-08-17"], &["early"]),
        (&["--until", "2024-08-18"], &["early", "late", "running"]),
        (
            &["--since", "2024-08-18", "--until", "2024-08-18"],
            &["late", "running"],
        ),
        (
            &["--since", "20240818", "--until", "20240818", "--failed"],
            &["late"],
        ),
        (
            &["--since", "1724022000", "--failed"],
            &["late", "precheck"],
        ),
        (&["--since", "24h"], &["paused", "running"]),
        (
            &["--since", "2024-08-18 22:30", "--failed"],
            &["late", "precheck"],
        ),
        (
            &["--since", "20240818T223000Z", "--failed"],
            &["late", "precheck"],
        ),
        (&["--since", "20240818235930", "--failed"], &["precheck"]),
        (
            &["--since", "2024-08-19T06:30+08:00", "--failed"],
            &["late", "precheck"],
        ),
        (&["--since", "0000-01-01", "--until", "9999-12-31"], ALL),
        (&["--since", "7d", "--failed"], &[]),
        (
            &["--since", "yesterday", "--until", "today"],
            &["paused", "running"],
        ),
    ] {
        let columns = [
            "--columns",
            "id",
            "--output",
            "tsv",
            "--no-headers",
            "--utc",
        ];
        let list = [&["list"], &columns[..], filters].concat();
        assert_eq!(
            ids(Run::of(command_for(&server, &list))),
            expected,
            "list {filters:?}"
        );
        let decode = [&["decode"], &columns[..], filters].concat();
        assert_eq!(
            ids(Run::with_input(command(&decode), saved.as_bytes())),
            expected,
            "decode {filters:?}"
        );
    }
}

#[test]
fn sends_a_single_status_and_selects_several_itself() {
    for (filters, query) in [
        (&["--status", "failed"][..], "?status=FAILED&"),
        (&["--failed", "--status", "failed"], "?limit="),
        (&["--failed"], "?limit="),
        (&["--since", "24h"], "?limit="),
    ] {
        let arguments = [
            &[
                "list",
                "--dry-run",
                "--endpoint",
                "https://h",
                "--project-id",
                "p",
            ],
            filters,
        ]
        .concat();
        let printed = Run::of(command(&arguments)).done();
        let expected = format!("/backup-migration-jobs{query}");
        assert!(printed.contains(&expected), "{filters:?}: {printed}");
    }
}

#[test]
fn refuses_times_that_do_not_exist_and_spans_that_end_before_they_begin() {
    for (filters, expected) in [
        (&["--since", "2024-02-30"][..], "--since"),
        (&["--since", "soon"], "24h, 7d"),
        (&["--since", "10"], "24h, 7d"),
        (&["--until", "25:00"], "--until"),
        (&["--since", "2024-08-19T02:27:15+99:00"], "--since"),
        (
            &["--since", "2024-08-19", "--until", "2024-08-18"],
            "invalid --until 2024-08-18 23:59:59: must not be before --since 2024-08-19 00:00:00",
        ),
        (&["--since", "2024/08/19"], "2024-08-19"),
        (&["--until", "24:00"], "--until"),
    ] {
        let arguments = [&["list", "--demo"], filters].concat();
        Run::of(command(&arguments)).assert_refused(2, &[expected]);
    }
}

#[test]
fn lists_jobs_without_a_known_time_and_notes_them() {
    let emulator = Emulator::builder()
        .job(EmulatedJob::new("odd").status("FAILED").create_time("soon"))
        .job(EmulatedJob::new("old").create_time("2001-01-01T00:00:00Z"))
        .build();
    let server = serve(&emulator);
    let arguments = ["list", "--since", "24h", "--failed"];
    let run = Run::of(command_for(&server, &arguments));
    assert_eq!(run.stderr, "note: includes 1 job without a known time\n");
    assert!(run.done().contains("\"odd\""));
}

#[test]
fn decode_reads_several_files_and_sorts_on_request() {
    let job = |id: &str, created: &str| {
        format!(
            "{{\"id\":\"{id}\",\"name\":\"{id}\",\"status\":\"FAILED\",\"create_time\":\"{created}\"}}"
        )
    };
    let directory = std::env::temp_dir().join(format!("drs-decode-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let (one, two) = (directory.join("one.jsonl"), directory.join("two.json"));
    std::fs::write(&one, job("b", "2024-08-19T02:00:00Z")).unwrap();
    let page = format!("{{\"count\":9,\"jobs\":[{}]}}", job("a", "1724029200000"));
    std::fs::write(&two, page).unwrap();
    let files = [one.to_str().unwrap(), two.to_str().unwrap()];
    for (options, expected) in [
        (&[][..], "b\na\n"),
        (&["--sort-key", "created_at"], "b\na\n"),
        (&["--sort-key", "created_at", "--sort-dir", "asc"], "a\nb\n"),
        (&["--sort-key", "name", "--sort-dir", "asc"], "a\nb\n"),
    ] {
        let arguments = [
            &["decode", "--columns", "id", "-o", "tsv", "--no-headers"],
            options,
            &files[..],
        ]
        .concat();
        assert_eq!(Run::of(command(&arguments)).done(), expected, "{options:?}");
    }
    let json = Run::of(command(&["decode", "-o", "json", files[0], files[1]])).done();
    assert!(json.starts_with("{\n  \"count\": 2,"), "{json}");
    Run::of(command(&["decode", "--sort-key", "ip", files[0]])).assert_refused(2, &["--sort-key"]);
    std::fs::remove_dir_all(&directory).unwrap();
}
