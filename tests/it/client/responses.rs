//! How responses are handled, good and bad.

use drs_backup_jobs::{Error, ErrorKind, JobStatus, ListJobs};
use httpmock::MockServer;

use super::{TOKEN, client};

#[track_caller]
fn refused(status: u16, headers: &[(&str, &str)], body: &str) -> Error {
    let server = MockServer::start();
    let mock = server.mock(|when, then| {
        when.any_request();
        let mut then = then.status(status).body(body);
        for (name, value) in headers {
            then = then.header(*name, *value);
        }
    });
    let error = client(&server).list(&ListJobs::new()).unwrap_err();
    mock.assert_calls(1);
    error
}

#[test]
fn error_responses_keep_code_message_and_request_id() {
    use ErrorKind::{Authentication, BadRequest, NotFound, Permission, Service, Throttled};
    for (status, body, kind, code, message, id) in [
        (
            400,
            r#"{"error_code":"DRS.M00202","error_msg":"参数错误"}"#,
            BadRequest,
            Some("DRS.M00202"),
            "参数错误",
            "of-head",
        ),
        (
            400,
            r#"{"error_code":"DRS.10000001","error_msg":"Failed."}"#,
            Service,
            Some("DRS.10000001"),
            "Failed.",
            "of-head",
        ),
        (
            401,
            r#"{"error_msg":"Incorrect IAM authentication information","error_code":"APIGW.0301","request_id":"of-body"}"#,
            Authentication,
            Some("APIGW.0301"),
            "Incorrect IAM authentication information",
            "of-body",
        ),
        (
            401,
            r#"{"error":{"code":401,"message":"The username or password is wrong.","title":"Unauthorized"}}"#,
            Authentication,
            Some("401"),
            "The username or password is wrong.",
            "of-head",
        ),
        (
            403,
            r#"{"errorCode":"DRS.M00102","errorMsg":"no"}"#,
            Permission,
            Some("DRS.M00102"),
            "no",
            "of-head",
        ),
        (
            404,
            r#"{"error_code":"APIGW.0101","error_msg":"The API does not exist"}"#,
            NotFound,
            Some("APIGW.0101"),
            "The API does not exist",
            "of-head",
        ),
        (
            429,
            r#"{"error_msg":"policy user over ratelimit","error_code":"APIGW.0308","request_id":"of-body"}"#,
            Throttled,
            Some("APIGW.0308"),
            "policy user over ratelimit",
            "of-body",
        ),
        (
            500,
            r#"{"code":"X.1","message":"m"}"#,
            Service,
            Some("X.1"),
            "m",
            "of-head",
        ),
        (
            200,
            r#"{"error_code":"DRS.M00202","error_msg":"late"}"#,
            BadRequest,
            Some("DRS.M00202"),
            "late",
            "of-head",
        ),
        (503, "", Service, None, "", "of-head"),
    ] {
        let error = refused(status, &[("X-Request-Id", "of-head")], body);
        assert_eq!(error.kind(), kind, "{body}");
        let api = error.api().unwrap();
        assert_eq!(
            (api.status, api.code.as_deref(), &*api.message),
            (status, code, message),
            "{body}"
        );
        assert_eq!(error.request_id(), Some(id), "{body}");
        assert!(
            error.to_string().contains(id) && error.to_string().contains(message),
            "{error}"
        );
    }
}

#[test]
fn an_html_response_of_a_proxy_becomes_an_excerpt() {
    let page = format!(
        "<html>\r\n<head><title>502 Bad Gateway</title></head>{}</html>",
        "x".repeat(100_000)
    );
    let error = refused(502, &[("Content-Type", "text/html")], &page);
    assert_eq!(error.kind(), ErrorKind::Service);
    let message = &error.api().unwrap().message;
    assert!(
        message.contains("502 Bad Gateway") && message.len() < 1000,
        "{message}"
    );
    assert!(!message.contains(['\r', '\n']), "{message}");
}

#[test]
fn does_not_follow_redirects() {
    let server = MockServer::start();
    let other = server.mock(|when, then| {
        when.path("/other");
        then.status(200).body(r#"{"jobs":[],"count":0}"#);
    });
    server.mock(|when, then| {
        when.path_prefix("/v5");
        then.status(302)
            .header("Location", server.url("/other?ticket=x"));
    });
    let error = client(&server).list(&ListJobs::new()).unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Redirect, Some(302))
    );
    assert!(
        error.to_string().contains("/other") && !error.to_string().contains("ticket"),
        "{error}"
    );
    other.assert_calls(0);
}

#[test]
fn an_empty_body_is_an_error() {
    let error = refused(200, &[("X-Request-Id", "r")], "");
    assert_eq!(
        (error.kind(), error.request_id()),
        (ErrorKind::Decode, Some("r"))
    );
    assert_eq!(error.decode().unwrap().offset(), 0);
}

#[test]
fn decodes_pages_of_no_job_and_of_512() {
    for length in [0, 512] {
        let server = MockServer::start();
        let jobs: Vec<String> = (0..length)
            .map(|id| format!(r#"{{"id":"{id}"}}"#))
            .collect();
        server.mock(|when, then| {
            when.any_request();
            then.status(200).body(format!(
                r#"{{"count":{length},"jobs":[{}]}}"#,
                jobs.join(",")
            ));
        });
        let page = client(&server).list(&ListJobs::new().limit(512)).unwrap();
        assert_eq!((page.jobs.len(), page.count), (length, length as u64));
    }
}

#[test]
fn keeps_unknown_values_and_skips_unknown_members() {
    let server = MockServer::start();
    server.mock(|when, then| {
        when.any_request();
        then.status(200).body(
            r#"{"new":[{"a":null}],"count":"1","jobs":[{"id":7,"status":"PAUSED","engine_type":"oracle","extra":{"x":[1]}}]}"#,
        );
    });
    let page = client(&server).list(&ListJobs::new()).unwrap();
    assert_eq!(page.jobs[0].id, "7");
    assert_eq!(page.jobs[0].status, JobStatus::from("PAUSED"));
    assert_eq!(page.jobs[0].engine_type.as_str(), "oracle");
    assert!(!page.jobs[0].is_finished());
}

#[test]
fn masks_a_token_that_the_service_repeats() {
    let body =
        format!(r#"{{"error_code":"APIGW.0301","error_msg":"decrypt token fail: {TOKEN}"}}"#);
    let error = refused(401, &[], &body);
    let shown = format!("{error} {error:?} {:?}", error.api());
    assert!(
        shown.contains("decrypt token fail: ***") && !shown.contains(TOKEN),
        "{shown}"
    );
}
