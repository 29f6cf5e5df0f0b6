//! `drs-backup-jobs list`, over the emulator's HTTP.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::time::{Duration, Instant};

use drs_backup_jobs::emulator::{EmulatedJob, Emulator};
use drs_backup_jobs::{JobPage, JobStatus};

use crate::command::{Run, TOKEN, command, command_for, serve, wait_for};

fn emulator(jobs: u32) -> Emulator {
    Emulator::builder().jobs(jobs).build()
}

fn ids(emulator: &Emulator) -> HashSet<String> {
    let jobs = emulator.jobs();
    jobs.iter().map(|job| job.job.id.to_string()).collect()
}

#[test]
fn a_demo_needs_nothing_and_takes_no_notice_of_proxies() {
    let mut list = command(&["list", "--demo", "--output", "json"]);
    for variable in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "all_proxy",
    ] {
        list.env(variable, "http://127.0.0.1:1");
    }
    let run = Run::of(list);
    let page: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(page["count"], 35);
    run.done();
}

#[test]
fn a_walk_prints_every_job_once_whatever_the_page_size() {
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
fn json_and_csv_hold_the_same_jobs_for_readers_of_their_own() {
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
fn with_a_limit_exactly_one_request_is_sent_as_the_operation_has_it() {
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
fn every_filter_is_sent_under_its_wire_name() {
    let arguments = [
        "list",
        "--dry-run",
        "--endpoint",
        "https://h",
        "--project-id",
        "p q",
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
            "GET https://h/v5/p%20q/backup-migration-jobs?name=%E5%A4%87%E4%BB%BD\
             &status=PRECHECK%20FAILED&dbs_instance_ids=i1&dbs_instance_ids=i2&description=d\
             &create_at=c1&completed_at=c2&enterprise_project_id=0&tags=t&limit=3&offset=4\
             &sort_key=name&sort_dir=asc\n\
             Content-Type: application/json\n\
             X-Language: zh-cn\n\
             User-Agent: drs-backup-jobs/{}\n\
             X-Auth-Token: ***\n",
            env!("CARGO_PKG_VERSION")
        )
    );
}

#[test]
fn a_walk_is_sorted_by_creation_unless_told_otherwise() {
    let emulator = emulator(3);
    let server = serve(&emulator);
    for (arguments, key) in [
        (&["list"][..], "created_at"),
        (&["list", "--sort-key", "name"], "name"),
    ] {
        emulator.forget_requests();
        Run::of(command_for(&server, arguments)).done();
        let requests = format!("{:?}", emulator.requests());
        assert!(requests.contains(key), "{requests}");
    }
}

#[test]
fn filters_choose_the_jobs() {
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
fn a_table_has_a_row_for_each_job_and_the_reasons_when_asked_for() {
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
fn a_timeline_has_a_bar_for_each_job_and_keeps_to_ascii_when_asked_to() {
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
fn no_jobs_are_no_error() {
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
fn a_token_that_is_not_accepted_is_told_with_what_to_do() {
    let emulator = Emulator::builder().jobs(3).token("another").build();
    let server = serve(&emulator);
    let run = Run::of(command_for(&server, &["list"]));
    run.assert_refused(
        1,
        &["error: the service answered 401", "hint: ", "request id"],
    );
    assert_eq!(run.stdout, "");
    assert_eq!(emulator.request_count(), 1, "a 401 is not sent again");
}

#[test]
fn what_was_listed_before_a_failed_page_stays_and_the_exit_code_tells_of_it() {
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
        run.assert_refused(1, &["500", "not complete: 19 jobs came before"]);
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
        assert_eq!(printed, 19, "{format}: {run:#?}");
    }
}

#[test]
fn nothing_is_printed_when_the_first_page_fails() {
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
fn jobs_stream_as_pages_arrive() {
    let emulator = Emulator::builder()
        .jobs(35)
        .faults("late:1h@3".parse().unwrap())
        .build();
    let server = serve(&emulator);
    for format in ["jsonl", "csv"] {
        emulator.set_faults("late:1h@3".parse().unwrap());
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
        // The third page never comes, and yet the jobs of the two before it are there.
        for _ in 0..19 {
            lines.next().unwrap().unwrap();
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{format}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn a_passing_failure_is_tried_again_and_leaves_no_trace() {
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
fn an_answer_that_is_none_of_the_services_is_told_as_that() {
    for (fault, said) in [
        ("html:502", "502"),
        ("truncate", "at byte"),
        ("mistype", "count"),
        ("302", "redirect"),
    ] {
        let emulator = Emulator::builder()
            .jobs(3)
            .faults(fault.parse().unwrap())
            .build();
        let server = serve(&emulator);
        let run = Run::of(command_for(&server, &["list", "--retries", "0"]));
        run.assert_refused(1, &["error: ", said]);
    }
}

#[test]
fn a_token_can_come_from_a_file_and_from_standard_input() {
    let emulator = Emulator::builder().jobs(3).token("from-a-file").build();
    let server = serve(&emulator);
    let url = server.url();
    let arguments = [
        "list",
        "--endpoint",
        &url,
        "--project-id",
        "p",
        "--token-file",
    ];
    let file = std::env::temp_dir().join(format!("drs-token-{}", std::process::id()));
    fs::write(&file, "from-a-file\n").unwrap();

    let mut from_file = command(&arguments);
    from_file.arg(&file);
    assert_eq!(Run::of(from_file).done().lines().count(), 3);
    fs::remove_file(&file).unwrap();
    let mut from_nowhere = command(&arguments);
    from_nowhere.arg(&file);
    let named = file.display().to_string();
    Run::of(from_nowhere).assert_refused(2, &[&named]);

    let mut from_input = command(&arguments);
    from_input.arg("-");
    let run = Run::with_input(from_input, b"from-a-file\n");
    assert_eq!(run.done().lines().count(), 3);
}

#[test]
fn what_is_missing_is_told_at_once_with_what_to_set() {
    Run::of(command(&["list"])).assert_refused(
        2,
        &[
            "no region, no project id, no credentials",
            "--region",
            "--project-id",
            "HW_AUTH_TOKEN",
            "/nonexistent/.huaweicloud/credentials",
            "list --demo",
        ],
    );
    let mut without_project = command(&["list", "--region", "cn-north-4"]);
    without_project.env("HW_AUTH_TOKEN", TOKEN);
    Run::of(without_project).assert_refused(2, &["project_id", "--project-id"]);
    let mut half = command(&["list", "--region", "cn-north-4"]);
    half.env("HUAWEICLOUD_SDK_AK", "AK");
    Run::of(half).assert_refused(2, &["HUAWEICLOUD_SDK_SK"]);
}

#[test]
fn an_access_key_signs_and_does_not_show() {
    let emulator = emulator(3);
    let server = serve(&emulator);
    let url = server.url();
    let arguments = ["list", "-v", "--endpoint", &url, "--project-id", "p"];
    let mut list = command(&arguments);
    list.env("HUAWEICLOUD_SDK_AK", "PLANTEDAK")
        .env("HUAWEICLOUD_SDK_SK", "planted-sk");
    let run = Run::of(list);
    assert!(!format!("{run:?}").contains("lanted"), "{run:#?}");
    assert_eq!(run.done().lines().count(), 3);
    let asked = format!("{:?}", emulator.requests());
    assert!(asked.to_lowercase().contains("authorization"), "{asked}");
}

#[test]
fn a_dry_run_shows_every_request_on_the_way_and_no_secret() {
    let arguments = [
        "list",
        "--dry-run",
        "-v",
        "--region",
        "cn-north-4",
        "--limit",
        "1",
    ];
    let mut with_key = command(&arguments);
    with_key
        .env("HW_ACCESS_KEY", "PLANTEDAK")
        .env("HW_SECRET_KEY", "planted-sk")
        .env("HW_SECURITY_TOKEN", "planted-token");
    let run = Run::of(with_key);
    assert!(!format!("{run:?}").contains("lanted"), "{run:#?}");
    let printed = run.done();
    for line in [
        "GET https://iam.cn-north-4.myhuaweicloud.com/v3/projects?name=cn-north-4",
        "GET https://drs.cn-north-4.myhuaweicloud.com/v5/ID-FROM-IAM/backup-migration-jobs?limit=1",
        "X-Security-Token: ***",
        "Authorization: ***",
    ] {
        assert!(printed.contains(line), "{line} in {printed}");
    }

    let mut with_password = command(&arguments);
    with_password
        .env("HW_USER_NAME", "planted-user")
        .env("HW_USER_PASSWORD", "planted-password")
        .env("HW_DOMAIN_NAME", "planted-account");
    let run = Run::of(with_password);
    assert!(!format!("{run:?}").contains("planted"), "{run:#?}");
    let printed = run.done();
    for line in [
        "POST https://iam.cn-north-4.myhuaweicloud.com/v3/auth/tokens?nocatalog=true",
        "X-Auth-Token: ***",
    ] {
        assert!(printed.contains(line), "{line} in {printed}");
    }
}

#[test]
fn a_profile_is_found_in_the_home_directory() {
    let home = std::env::temp_dir().join(format!("drs-home-{}", std::process::id()));
    fs::create_dir_all(home.join(".huaweicloud")).unwrap();
    fs::write(
        home.join(".huaweicloud/credentials"),
        "[basic]\nak = PLANTEDAK\nsk = planted-sk\nproject_id = of-the-profile\n",
    )
    .unwrap();
    let mut list = command(&["list", "--dry-run", "--region", "cn-north-4"]);
    list.env("HOME", &home);
    let printed = Run::of(list).done();
    fs::remove_dir_all(&home).unwrap();
    assert!(printed.contains("/v5/of-the-profile/"), "{printed}");
    assert!(printed.contains("Authorization: ***"), "{printed}");
    assert!(!printed.contains("lanted"), "{printed}");
}

#[test]
fn an_unknown_region_is_told_with_those_near_it() {
    let mut list = command(&["list", "--project-id", "p", "--region", "CN_North_4"]);
    list.env("HW_AUTH_TOKEN", TOKEN);
    Run::of(list).assert_refused(2, &["region", "cn-north-4"]);
}

#[test]
fn a_host_that_cannot_be_reached_is_the_networks_refusal() {
    // Nobody listens on the port of a server that has stopped.
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
fn a_reader_that_has_seen_enough_is_no_error() {
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
        list.stdout(fs::File::create("/dev/full").unwrap());
        Run::of(list).assert_refused(1, &["standard output"]);
    }
}

#[test]
fn the_token_is_in_no_output_and_in_no_command_line() {
    let emulator = emulator(3);
    let server = serve(&emulator);
    for arguments in [&["list", "-v"][..], &["list", "-v", "--dry-run"]] {
        let run = Run::of(command_for(&server, arguments));
        assert!(
            !run.stdout.contains(TOKEN) && !run.stderr.contains(TOKEN),
            "{run:#?}"
        );
        run.done();
    }
    let refusing = Emulator::builder().token("another").build();
    let server = serve(&refusing);
    let run = Run::of(command_for(&server, &["list", "-v"]));
    assert!(
        run.stderr.contains("debug: GET http://127.0.0.1"),
        "{run:#?}"
    );
    assert!(!run.stderr.contains(TOKEN), "{run:#?}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_token_is_not_in_the_process_list() {
    let emulator = emulator(1);
    let server = serve(&emulator);
    let arguments = ["watch", "--interval", "1h", "--output", "lines"];
    let mut child = command_for(&server, &arguments).spawn().unwrap();
    let line = crate::command::first_line(&mut child);
    assert!(line.contains("appeared"), "{line}");
    let seen = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let seen = String::from_utf8(seen).unwrap();
    assert!(
        seen.contains("--endpoint") && !seen.contains(TOKEN),
        "{seen}"
    );
}
