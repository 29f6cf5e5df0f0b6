//! The plain data types through serde and miniserde.

use std::borrow::Cow;

use drs_backup_jobs::{ApiError, EngineType, Job, JobPage, JobStatus, SortKey, Timestamp};

fn job() -> Job<'static> {
    let mut job = Job::new("a\"b");
    job.name = "备份".into();
    job.status = JobStatus::PrecheckFailed;
    job.engine_type = EngineType::SqlServer;
    job.error_log = Some("line\n".into());
    job
}

const WRITTEN: &str = r#"{"id":"a\"b","name":"备份","status":"PRECHECK FAILED","engine_type":"sqlserver","error_log":"line\n","create_time":""}"#;

#[test]
fn a_job_serializes_under_the_names_of_the_service() {
    assert_eq!(serde_json::to_string(&job()).unwrap(), WRITTEN);
    assert_eq!(miniserde::json::to_string(&job()), WRITTEN);
    let read: Job<'_> = serde_json::from_str(WRITTEN).unwrap();
    assert_eq!(read, job());
    let read: Job<'static> = miniserde::json::from_str(WRITTEN).unwrap();
    assert_eq!(read, job());
    assert_eq!(Job::parse(WRITTEN.as_bytes()).unwrap(), job());
}

#[test]
fn a_page_serializes_without_its_request_id() {
    let mut page = JobPage::parse(br#"{"jobs":[{"id":"a"}],"count":7}"#).unwrap();
    page.request_id = Some("r".into());
    let written = r#"{"count":7,"jobs":[{"id":"a","name":"","status":"","engine_type":"","create_time":""}]}"#;
    assert_eq!(serde_json::to_string(&page).unwrap(), written);
    assert_eq!(miniserde::json::to_string(&page), written);
    let read: JobPage<'_> = serde_json::from_str(written).unwrap();
    assert_eq!(read.request_id, None);
    let read: JobPage<'static> = miniserde::json::from_str(written).unwrap();
    assert_eq!((read.count, read.jobs.len()), (7, 1));
}

#[test]
fn rejects_arrays_and_repeated_keys() {
    for text in [
        r#"["a","n"]"#,
        "null",
        r#"{"id":"a","id":"a"}"#,
        r#"{"id":"a","name":null,"name":null}"#,
        r#"{"id":""}"#,
        r#"{"name":"n"}"#,
        r#"{"id":1.5}"#,
        r#"{"id":-0}"#,
        r#"{"id":true}"#,
    ] {
        assert!(serde_json::from_str::<Job<'_>>(text).is_err(), "{text}");
        assert!(
            miniserde::json::from_str::<Job<'static>>(text).is_err(),
            "{text}"
        );
    }
}

#[test]
fn a_page_has_each_of_its_keys_once_and_a_count_in_digits() {
    for text in [
        r#"{"count":1,"count":1,"jobs":[]}"#,
        r#"{"jobs":null,"jobs":null,"count":0}"#,
        r#"{"count":null,"jobs":[]}"#,
        r#"{"count":-1,"jobs":[]}"#,
        r#"{"count":"01","jobs":[]}"#,
        r#"{"jobs":[]}"#,
        r#"{"count":0}"#,
    ] {
        assert!(serde_json::from_str::<JobPage<'_>>(text).is_err(), "{text}");
        assert!(
            miniserde::json::from_str::<JobPage<'static>>(text).is_err(),
            "{text}"
        );
    }
    let text = r#"{"count":"35","jobs":null,"\n":[1]}"#;
    let page: JobPage<'_> = serde_json::from_str(text).unwrap();
    assert_eq!((page.count, page.jobs.len()), (35, 0));
    let page: JobPage<'static> = miniserde::json::from_str(text).unwrap();
    assert_eq!((page.count, page.jobs.len()), (35, 0));
}

#[test]
fn serde_borrows_texts_without_an_escape_optional_ones_too() {
    let body = r#"{"count":1,"jobs":[{"id":"a","name":"b\n","error_log":"c"}]}"#;
    let page: JobPage<'_> = serde_json::from_str(body).unwrap();
    let job = &page.jobs[0];
    assert!(matches!(job.id, Cow::Borrowed("a")));
    assert!(matches!(&job.name, Cow::Owned(name) if name == "b\n"));
    assert!(matches!(job.error_log, Some(Cow::Borrowed("c"))));
}

#[test]
fn statuses_keys_and_times_serialize_as_texts() {
    for (text, status) in [
        ("\"success\"", JobStatus::Success),
        ("\"PAUSED\"", JobStatus::from("PAUSED")),
    ] {
        assert_eq!(serde_json::from_str::<JobStatus>(text).unwrap(), status);
        assert_eq!(
            miniserde::json::from_str::<JobStatus>(text).unwrap(),
            status
        );
    }
    assert_eq!(
        serde_json::to_string(&JobStatus::Success).unwrap(),
        "\"SUCCESS\""
    );
    assert_eq!(
        miniserde::json::to_string(&SortKey::CreatedAt),
        "\"created_at\""
    );
    let time = Timestamp::parse("2024-08-19T02:27:15Z").unwrap();
    let written = "\"2024-08-19T02:27:15Z\"";
    assert_eq!(serde_json::to_string(&time).unwrap(), written);
    assert_eq!(miniserde::json::to_string(&time), written);
    for text in [
        written,
        "\"2024-08-19 02:27:15\"",
        "1724034435000",
        "\"1724034435\"",
    ] {
        assert_eq!(
            serde_json::from_str::<Timestamp>(text).unwrap(),
            time,
            "{text}"
        );
        assert_eq!(
            miniserde::json::from_str::<Timestamp>(text).unwrap(),
            time,
            "{text}"
        );
    }
    for text in ["\"yesterday\"", "null", "-1", "[]"] {
        assert!(serde_json::from_str::<Timestamp>(text).is_err(), "{text}");
        assert!(
            miniserde::json::from_str::<Timestamp>(text).is_err(),
            "{text}"
        );
    }
}

#[test]
fn an_api_error_serializes_under_the_names_of_its_fields() {
    let error = ApiError::parse(401, br#"{"error_code":"APIGW.0301","error_msg":"m"}"#);
    assert_eq!(
        serde_json::to_string(&error).unwrap(),
        r#"{"status":401,"code":"APIGW.0301","message":"m"}"#
    );
}
