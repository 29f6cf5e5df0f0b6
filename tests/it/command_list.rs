//! `drs-backup-jobs list`, over the HTTP of the emulator.

use std::collections::HashSet;

use drs_backup_jobs::emulator::{EmulatedJob, Emulator};
use drs_backup_jobs::{JobPage, JobStatus};

use crate::command::{Run, command, command_for, serve};

fn emulator(jobs: u32) -> Emulator {
    Emulator::builder().jobs(jobs).build()
}

fn ids(emulator: &Emulator) -> HashSet<String> {
    let jobs = emulator.jobs();
    jobs.iter().map(|job| job.job.id.to_string()).collect()
}

#[test]
fn prints_every_job_once_at_every_page_size() {
    let emulator = emulator(250);
    let server = serve(&emulator);
    for size in ["2", "7", "100", "512"] {
        let printed = Run::of(command_for(&server, &["list", "--page-size", size])).done();
        let listed: Vec<String> = printed
            .lines()
            .map(|line| {
                let job: serde_json::Value = serde_json::from_str(line).unwrap();
                job["id"].as_str().unwrap().to_owned()
            })
            .collect();
        assert_eq!(listed.len(), 250, "{size}");
        assert_eq!(
            listed.into_iter().collect::<HashSet<_>>(),
            ids(&emulator),
            "{size}"
        );
    }
}

#[test]
fn json_and_csv_hold_the_same_jobs() {
    let emulator = emulator(30);
    let server = serve(&emulator);
    let json = Run::of(command_for(&server, &["list", "--output", "json"])).done();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let page = JobPage::parse(json.as_bytes()).unwrap();
    assert_eq!((page.count, page.jobs.len()), (30, 30));
    assert!(value["jobs"].as_array().unwrap().iter().all(|job| {
        job.as_object()
            .unwrap()
            .values()
            .all(serde_json::Value::is_string)
    }));

    let text = Run::of(command_for(&server, &["list", "--output", "csv"])).done();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 30);
    for (record, job) in records.iter().zip(value["jobs"].as_array().unwrap()) {
        for (name, cell) in header.iter().zip(record) {
            assert_eq!(cell, job[name].as_str().unwrap_or_default(), "{name}");
        }
    }
}

#[test]
fn sends_exactly_one_request_with_a_limit() {
    let emulator = emulator(35);
    let server = serve(&emulator);
    let arguments = ["list", "--limit", "5", "--offset", "10", "--output", "json"];
    let json = Run::of(command_for(&server, &arguments)).done();
    let page = JobPage::parse(json.as_bytes()).unwrap();
    assert_eq!((page.count, page.jobs.len()), (35, 5));
    assert_eq!(emulator.request_count(), 1);
    let first = emulator.jobs()[10].job.id.to_string();
    assert_eq!(page.jobs[0].id, first);
}

#[test]
fn sends_every_filter_under_its_name_in_the_api() {
    let arguments = [
        "list",
        "--dry-run",
        "--endpoint",
        "https://h",
        "--project-id",
        "p/q",
        "--name",
        "备份",
        "--status",
        "precheck-failed",
        "--dbs-instance-id",
        "i1",
        "--dbs-instance-id",
        "i2",
        "--description",
        "d",
        "--create-at",
        "c1",
        "--completed-at",
        "c2",
        "--enterprise-project-id",
        "0",
        "--tags",
        "t",
        "--sort-key",
        "name",
        "--sort-dir",
        "asc",
        "--language",
        "zh-cn",
        "--limit",
        "3",
        "--offset",
        "4",
    ];
    let printed = Run::of(command(&arguments)).done();
    assert_eq!(
        printed,
        format!(
            "GET https://h/v5/p%2Fq/backup-migration-jobs?name=%E5%A4%87%E4%BB%BD\
             &status=PRECHECK%20FAILED&dbs_instance_ids=i1&dbs_instance_ids=i2&description=d\
             &create_at=c1&completed_at=c2&enterprise_project_id=0&tags=t&limit=3&offset=4\
             &sort_key=name&sort_dir=asc\n\
             Content-Type: application/json\n\
             X-Language: zh-cn\n\
             Accept-Encoding: identity\n\
             User-Agent: drs-backup-jobs/{}\n\
             X-Auth-Token: ***\n",
            env!("CARGO_PKG_VERSION")
        )
    );
}

#[test]
fn sorts_by_creation_by_default() {
    let emulator = emulator(3);
    let server = serve(&emulator);
    for (arguments, key) in [
        (&["list"][..], "created_at"),
        (&["list", "--sort-key", "name"], "name"),
    ] {
        emulator.clear_requests();
        Run::of(command_for(&server, arguments)).done();
        let requests = format!("{:?}", emulator.requests());
        assert!(requests.contains(key), "{requests}");
    }
}

#[test]
fn filters_select_jobs() {
    let emulator = emulator(100);
    let server = serve(&emulator);
    let printed = Run::of(command_for(&server, &["list", "--status", "failed"])).done();
    let failed = emulator
        .jobs()
        .iter()
        .filter(|job| job.job.status == JobStatus::Failed)
        .count();
    assert!(failed > 0);
    assert_eq!(printed.lines().count(), failed);
    assert!(printed.lines().all(|line| line.contains("\"FAILED\"")));
}

#[test]
fn a_table_has_a_row_per_job_and_reasons_on_request() {
    let emulator = Emulator::builder()
        .job(
            EmulatedJob::new("b")
                .name("订单库")
                .status("FAILED")
                .error_log("no space left"),
        )
        .job(EmulatedJob::new("a").name("DRS-6813"))
        .build();
    let server = serve(&emulator);
    let run = Run::of(command_for(&server, &["list", "--output", "table"]));
    assert!(run.stderr.contains("--errors"), "{run:#?}");
    let table = run.done();
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(
        !table.contains('\u{1b}'),
        "no colour without a terminal: {table}"
    );
    let with_reasons = Run::of(command_for(
        &server,
        &["list", "--output", "table", "--errors"],
    ));
    assert!(with_reasons.done().contains("└─ no space left"));
    let ascii = ["list", "--output", "table", "--errors", "--ascii"];
    assert!(
        Run::of(command_for(&server, &ascii))
            .done()
            .contains("`- no space left")
    );
}

#[test]
fn a_timeline_has_a_bar_per_job_and_can_be_ascii() {
    let run = Run::of(command(&[
        "list", "--demo", "--output", "timeline", "--ascii",
    ]));
    let picture = run.done();
    // A title, the axis in two lines above the jobs and below, the legend.
    assert_eq!(picture.lines().count(), 3 + 35 + 2 + 1, "{picture}");
    let ours = picture.replace(|ch: char| ('\u{2e80}'..).contains(&ch), "");
    assert!(ours.is_ascii(), "{ours}");
}

#[test]
fn an_empty_list_is_not_an_error() {
    let emulator = emulator(0);
    let server = serve(&emulator);
    for (format, printed) in [
        ("table", ""),
        ("timeline", ""),
        ("jsonl", ""),
        ("json", "{\n  \"count\": 0,\n  \"jobs\": []\n}\n"),
    ] {
        let run = Run::of(command_for(&server, &["list", "--output", format]));
        assert_eq!(run.stdout, printed, "{format}");
        assert_eq!(
            run.stderr.contains("no job matches"),
            printed.is_empty() && format != "jsonl"
        );
        run.done();
    }
}

#[test]
fn the_readme_contains_the_actual_output() {
    let readme = include_str!("../../README.md");
    let arguments = [
        "list",
        "--demo",
        "--now",
        "2024-08-19T12:00:00Z",
        "--name",
        "nightly",
        "--output",
        "timeline",
    ];
    let printed = Run::of(command(&arguments)).done();
    assert!(printed.lines().count() > 9, "{printed}");
    assert!(
        readme.contains(&printed),
        "the README should show:\n{printed}"
    );
}
