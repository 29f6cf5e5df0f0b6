//! What a query makes go over the wire.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use drs_backup_jobs::{EngineType, ErrorKind, JobStatus, Language, ListJobs, SortDir, SortKey};
use httpmock::MockServer;

use super::{EXAMPLE, PROJECT, TOKEN, builder, client};

/// The path and query of the one request that `query` makes.
fn sent(query: &ListJobs) -> String {
    let server = MockServer::start();
    let uri = Arc::new(Mutex::new(String::new()));
    let seen = uri.clone();
    server.mock(|when, then| {
        when.is_true(move |request| {
            *seen.lock().unwrap() = request.uri().path_and_query().unwrap().to_string();
            true
        });
        then.status(200).body(r#"{"jobs":[],"count":0}"#);
    });
    client(&server).list(query).unwrap();
    uri.lock().unwrap().clone()
}

#[test]
fn sends_the_example_of_the_api_page_byte_for_byte() {
    let server = MockServer::start();
    let mock = server.mock(|when, then| {
        when.method("GET")
            .is_true(|request| {
                let uri = request.uri();
                let sent = uri.path_and_query().unwrap().as_str();
                sent == format!("/v5/{PROJECT}/backup-migration-jobs?limit=1")
            })
            .header("Content-Type", "application/json")
            .header("X-Auth-Token", TOKEN)
            .header(
                "User-Agent",
                concat!("drs-backup-jobs/", env!("CARGO_PKG_VERSION")),
            )
            .header_missing("X-Language")
            .header_missing("Authorization");
        then.status(200).header("X-Request-Id", "r-1").body(EXAMPLE);
    });

    let page = client(&server).list(&ListJobs::new().limit(1)).unwrap();

    mock.assert();
    assert_eq!(page.count, 35);
    assert_eq!(page.request_id.as_deref(), Some("r-1"));
    let [job] = &*page.jobs else {
        panic!("one job was expected: {page:?}")
    };
    assert_eq!(job.id, "0667845a-6291-4e2a-95b0-190c0abjb703");
    assert_eq!(job.name, "DRS-6813");
    assert_eq!(job.status, JobStatus::Success);
    assert_eq!(job.engine_type, EngineType::SqlServer);
    assert_eq!(job.create_time, "2024-08-19T02:27:15Z");
    assert_eq!(job.error_log, None);
    assert_eq!(
        job.description.as_deref(),
        Some("Destination RDS instance name: rds-sqlserver2022-stand")
    );
    assert_eq!(job.finish_time.as_deref(), Some("2024-08-19T02:29:03Z"));
    assert_eq!(job.enterprise_project_id.as_deref(), Some("0"));
    assert_eq!(job.duration(), Some(Duration::from_secs(108)));
}

#[test]
fn sends_each_parameter_alone() {
    let path = format!("/v5/{PROJECT}/backup-migration-jobs");
    for (query, expected) in [
        (ListJobs::new(), ""),
        (
            ListJobs::new().name("DRS 备份"),
            "?name=DRS%20%E5%A4%87%E4%BB%BD",
        ),
        (
            ListJobs::new().status(JobStatus::PrecheckFailed),
            "?status=PRECHECK%20FAILED",
        ),
        (
            ListJobs::new().dbs_instance_ids(["a"]),
            "?dbs_instance_ids=a",
        ),
        (
            ListJobs::new().description("a&b=c"),
            "?description=a%26b%3Dc",
        ),
        (
            ListJobs::new().create_at("2024-08-19"),
            "?create_at=2024-08-19",
        ),
        (ListJobs::new().completed_at(""), "?completed_at="),
        (
            ListJobs::new().enterprise_project_id("0"),
            "?enterprise_project_id=0",
        ),
        (ListJobs::new().tags("k+v"), "?tags=k%2Bv"),
        (ListJobs::new().limit(0), "?limit=0"),
        (ListJobs::new().offset(7), "?offset=7"),
        (
            ListJobs::new().sort_key(SortKey::CreatedAt),
            "?sort_key=created_at",
        ),
        (ListJobs::new().sort_dir(SortDir::Desc), "?sort_dir=desc"),
    ] {
        assert_eq!(sent(&query), format!("{path}{expected}"));
    }
}

#[test]
fn sends_all_parameters_with_ten_ids_in_order() {
    let ids = ["i9", "i0", "i8", "i1", "i7", "i2", "i6", "i3", "i5", "i4"];
    let query = ListJobs::new()
        .name("n")
        .status(JobStatus::Failed)
        .dbs_instance_ids(ids)
        .description("d")
        .create_at("c")
        .completed_at("e")
        .enterprise_project_id("p")
        .tags("t")
        .limit(3)
        .offset(4)
        .sort_key(SortKey::Name)
        .sort_dir(SortDir::Asc);
    let ids = ids.map(|id| format!("&dbs_instance_ids={id}")).concat();
    assert_eq!(
        sent(&query),
        format!(
            "/v5/{PROJECT}/backup-migration-jobs?name=n&status=FAILED{ids}&description=d&create_at=c\
             &completed_at=e&enterprise_project_id=p&tags=t&limit=3&offset=4&sort_key=name&sort_dir=asc"
        )
    );
}

#[test]
fn sends_the_language_as_a_header() {
    let server = MockServer::start();
    let mock = server.mock(|when, then| {
        when.header("X-Language", "zh-cn")
            .query_param_missing("language");
        then.status(200).body(r#"{"jobs":[],"count":0}"#);
    });
    let client = builder(&server).language(Language::ZhCn).build().unwrap();
    client.list(&ListJobs::new()).unwrap();
    mock.assert();
}

#[test]
fn rejects_eleven_instance_ids_before_sending() {
    let server = MockServer::start();
    let mock = server.mock(|when, then| {
        when.any_request();
        then.status(200).body(r#"{"jobs":[],"count":0}"#);
    });
    let ids = (0..11).map(|id| id.to_string());
    let error = client(&server)
        .list(&ListJobs::new().dbs_instance_ids(ids))
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.parameter()),
        (ErrorKind::InvalidInput, Some("dbs_instance_ids"))
    );
    assert!(
        error.to_string().contains("11") && error.to_string().contains("10"),
        "{error}"
    );
    assert_eq!(error.attempts(), 0);
    mock.assert_calls(0);
}
