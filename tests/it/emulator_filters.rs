//! Each filter of the operation: what it lets pass and what not.

use drs_backup_jobs::ListJobs;
use drs_backup_jobs::emulator::{EmulatedJob, Emulator};

use crate::emulator::list;

/// Two jobs that every filter distinguishes; `bare` lacks each optional field.
fn emulator() -> Emulator {
    let mut bare = EmulatedJob::new("bare")
        .name("nightly")
        .status("TRANSFERRING");
    bare.job.enterprise_project_id = None;
    bare = bare.create_time("1724112000000");
    Emulator::builder()
        .job(bare)
        .job(
            EmulatedJob::new("full")
                .name("DRS-备份-6813 Orders")
                .status("FAILED")
                .description("Destination: rds-1\n目标实例")
                .create_time("2024-08-19T02:27:15.200Z")
                .finish_time("2024-08-19 02:29:03")
                .enterprise_project_id("0")
                .instance_id("i1in04")
                .tag("env", "prod")
                .tag("team", "运维"),
        )
        .build()
}

#[test]
fn each_filter_selects_matching_jobs_alone() {
    type Filter = fn(ListJobs, &str) -> ListJobs;
    let name: Filter = |query, value| query.name(value);
    let status: Filter = |query, value| query.status(value);
    let instance: Filter = |query, value| query.dbs_instance_ids(value.split('|'));
    let description: Filter = |query, value| query.description(value);
    let create_at: Filter = |query, value| query.create_at(value);
    let completed_at: Filter = |query, value| query.completed_at(value);
    let enterprise: Filter = |query, value| query.enterprise_project_id(value);
    let tags: Filter = |query, value| query.tags(value);

    for (filter, value, expected) in [
        // Fuzzily: any part, whatever the case.
        (name, "", "full bare"),
        (name, "6813", "full"),
        (name, "drs-备份", "full"),
        (name, "ORDERS", "full"),
        (name, "NIGHT", "bare"),
        (name, "nightly ", ""),
        (name, "备 份", ""),
        // As it is documented, whatever the case.
        (status, "", "full bare"),
        (status, "FAILED", "full"),
        (status, "failed", "full"),
        (status, "TRANSFERRING", "bare"),
        (status, "SUCCESS", ""),
        (status, "PRECHECK FAILED", ""),
        // One of them, to the letter.
        (instance, "", "full bare"),
        (instance, "i1in04", "full"),
        (instance, "x|i1in04|i1in04", "full"),
        (instance, "I1IN04", ""),
        (instance, "i1", ""),
        // As the name.
        (description, "", "full bare"),
        (description, "destination", "full"),
        (description, "rds-1\n目标", "full"),
        (description, "rds-2", ""),
        // The second, in any form of it; or how the time begins.
        (create_at, "", "full bare"),
        (create_at, "2024-08-19T02:27:15Z", "full"),
        (create_at, "2024-08-19 02:27:15", "full"),
        (create_at, "2024-08-19T10:27:15+08:00", "full"),
        (create_at, "1724034435000", "full"),
        (create_at, "2024-08-19T02:27:16Z", ""),
        (create_at, "2024-08", "full bare"),
        (create_at, "2024-08-19", "full"),
        (create_at, "2024-08-19T02", "full"),
        (create_at, "2024-08-20", "bare"),
        (create_at, "yesterday", ""),
        // The same; a job that runs has none.
        (completed_at, "", "full bare"),
        (completed_at, "2024-08-19T02:29:03Z", "full"),
        (completed_at, "2024-08-19", "full"),
        (completed_at, "2024-08-20", ""),
        // To the letter; a job without one is in none.
        (enterprise, "", "full bare"),
        (enterprise, "0", "full"),
        (enterprise, "00", ""),
        // Every tag named, with its value if one is given.
        (tags, "", "full bare"),
        (tags, "env", "full"),
        (tags, "env=prod", "full"),
        (tags, "env=prod,team=运维", "full"),
        (tags, "team, env=prod", "full"),
        (tags, "env=", ""),
        (tags, "env=test", ""),
        (tags, "env=prod,owner", ""),
        (tags, "prod", ""),
    ] {
        let query = filter(ListJobs::new(), value);
        let response = list(&emulator(), &query);
        assert_eq!(response.ids().join(" "), expected, "{query:?}");
        let matching = expected.split_whitespace().count() as u64;
        assert_eq!(response.count(), matching, "{query:?}");
    }
}

#[test]
fn combined_filters_select_jobs_that_match_all() {
    let both = ListJobs::new().name("orders").status("FAILED");
    assert_eq!(list(&emulator(), &both).ids(), ["full"]);
    let neither = ListJobs::new().name("orders").status("TRANSFERRING");
    assert!(list(&emulator(), &neither).ids().is_empty());
}
