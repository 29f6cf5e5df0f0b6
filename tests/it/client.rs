//! The client over real HTTP, against a mock of the service.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use drs_backup_jobs::{
    Client, ClientBuilder, Clock, EngineType, Error, ErrorKind, JobStatus, Language, ListJobs,
    RetryPolicy, SortDir, SortKey,
};
use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};

const PROJECT: &str = "054ba152d480d55b2f5dc0069e7ddef0";
const TOKEN: &str = "MIIQmAYJKoZIhvcNAQcCoIIQiTCCEIUCAQExDTALBglghkgBZQMEAgEw";

/// The service's own example of an answer.
const EXAMPLE: &str = r#"{
  "jobs" : [ {
    "id" : "0667845a-6291-4e2a-95b0-190c0abjb703",
    "name" : "DRS-6813",
    "status" : "SUCCESS",
    "description": "Destination RDS instance name: rds-sqlserver2022-stand",
    "engine_type" : "sqlserver",
    "create_time" : "2024-08-19T02:27:15Z",
    "finish_time" : "2024-08-19T02:29:03Z",
    "enterprise_project_id" : "0"
  } ],
  "count" : 35
}"#;

fn builder(server: &MockServer) -> ClientBuilder {
    Client::builder()
        .endpoint(server.base_url())
        .project_id(PROJECT)
        .token(TOKEN)
}

fn client(server: &MockServer) -> Client {
    builder(server).retry(RetryPolicy::none()).build().unwrap()
}

/// A clock that stands still, but for the sleeping it notes and does not do.
#[derive(Clone, Default)]
struct Sleepless(Arc<Mutex<Vec<Duration>>>);

impl Sleepless {
    fn slept(&self) -> Vec<Duration> {
        self.0.lock().unwrap().clone()
    }
}

impl Clock for Sleepless {
    fn now(&self) -> Duration {
        self.slept().iter().sum()
    }

    fn unix_time(&self) -> Duration {
        self.now()
    }

    fn sleep(&self, duration: Duration) {
        self.0.lock().unwrap().push(duration);
    }
}

/// Answers every request with `answers` in turn, then with the last of them; `None` breaks the
/// connection off.
fn answer_in_turn(server: &MockServer, answers: Vec<Option<HttpMockResponse>>) {
    let turn = Mutex::new(0);
    server.mock(|when, then| {
        when.any_request();
        then.respond_with(move |_: &HttpMockRequest| {
            let mut turn = turn
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            let answer = answers[(*turn).min(answers.len() - 1)].clone();
            *turn += 1;
            drop(turn);
            answer.unwrap_or_else(|| panic!("the connection is broken off on purpose"))
        });
    });
}

fn answer(status: u16, body: &str) -> HttpMockResponse {
    HttpMockResponse::builder()
        .status(status)
        .body(body)
        .build()
}

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
fn the_seeds_example_goes_over_the_wire_byte_for_byte() {
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
fn each_parameter_goes_over_the_wire_alone() {
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
fn all_parameters_go_over_the_wire_together_with_ten_ids_in_order() {
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
fn the_language_is_sent_as_a_header() {
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
fn eleven_instance_ids_are_refused_before_anything_is_sent() {
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
fn each_refusal_of_the_service_keeps_its_code_its_message_and_its_request_id() {
    use ErrorKind::{Authentication, NotFound, Parameter, Permission, Service, Throttled};
    for (status, body, kind, code, message, id) in [
        (
            400,
            r#"{"error_code":"DRS.M00202","error_msg":"参数错误"}"#,
            Parameter,
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
            Parameter,
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
fn an_html_answer_of_a_proxy_is_kept_as_an_excerpt() {
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
fn a_redirect_is_an_error_that_says_so_and_is_not_followed() {
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
fn an_empty_body_is_no_page() {
    let error = refused(200, &[("X-Request-Id", "r")], "");
    assert_eq!(
        (error.kind(), error.request_id()),
        (ErrorKind::Decode, Some("r"))
    );
    assert_eq!(error.decode().unwrap().offset(), 0);
}

#[test]
fn lists_of_no_job_and_of_the_most_jobs_are_read() {
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
fn what_this_version_does_not_know_is_kept_or_passed_over() {
    let server = MockServer::start();
    server.mock(|when, then| {
        when.any_request();
        then.status(200).body(
            r#"{"new":[{"a":null}],"count":"1","jobs":[{"id":7,"status":"PAUSED","engine_type":"oracle","extra":{"x":[1]}}]}"#,
        );
    });
    let page = client(&server).list(&ListJobs::new()).unwrap();
    assert_eq!(page.jobs[0].id, "7");
    assert_eq!(page.jobs[0].status, JobStatus::Other("PAUSED".into()));
    assert_eq!(page.jobs[0].engine_type.as_str(), "oracle");
    assert!(!page.jobs[0].is_ended());
}

#[test]
fn failures_that_may_pass_are_tried_again_after_the_pauses_that_the_policy_draws() {
    let server = MockServer::start();
    let throttled = HttpMockResponse::builder()
        .status(429)
        .header("Retry-After", "3")
        .body("{}")
        .build();
    answer_in_turn(
        &server,
        vec![
            Some(answer(503, "")),
            Some(throttled),
            None,
            Some(answer(200, EXAMPLE)),
        ],
    );
    let clock = Sleepless::default();
    let client = builder(&server)
        .clock(clock.clone())
        .jitter(|| 0.5)
        .build()
        .unwrap();

    assert_eq!(client.list(&ListJobs::new()).unwrap().count, 35);
    let millis = Duration::from_millis;
    assert_eq!(clock.slept(), [millis(100), millis(3000), millis(400)]);
}

#[test]
fn what_was_tried_is_in_the_final_error() {
    let server = MockServer::start();
    answer_in_turn(&server, vec![Some(answer(503, ""))]);
    let clock = Sleepless::default();
    let retry = RetryPolicy::default().retries(2);
    let client = builder(&server)
        .clock(clock.clone())
        .jitter(|| 1.0)
        .retry(retry)
        .build()
        .unwrap();

    let error = client.list(&ListJobs::new()).unwrap_err();
    assert_eq!((error.attempts(), error.status()), (3, Some(503)));
    assert_eq!(error.elapsed(), Duration::from_millis(600));
    assert!(
        error.to_string().contains("after 3 attempts in 0.6 s"),
        "{error}"
    );
}

#[test]
fn a_retry_after_beyond_the_deadline_ends_it_at_once() {
    let server = MockServer::start();
    let throttled = HttpMockResponse::builder()
        .status(429)
        .header("Retry-After", "61")
        .body("")
        .build();
    answer_in_turn(&server, vec![Some(throttled)]);
    let clock = Sleepless::default();
    let client = builder(&server).clock(clock.clone()).build().unwrap();

    let error = client.list(&ListJobs::new()).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Throttled, 1));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(61)));
    assert!(clock.slept().is_empty());
}

#[test]
fn refusals_of_who_asks_and_of_what_are_not_repeated() {
    for status in [400, 401, 403, 404] {
        let server = MockServer::start();
        let mock = server.mock(|when, then| {
            when.any_request();
            then.status(status).body("{}");
        });
        let error = builder(&server)
            .build()
            .unwrap()
            .list(&ListJobs::new())
            .unwrap_err();
        assert_eq!(error.attempts(), 1, "{status}");
        mock.assert_calls(1);
    }
}

#[test]
fn requests_keep_the_least_interval_over_all_clones() {
    let server = MockServer::start();
    answer_in_turn(&server, vec![Some(answer(200, EXAMPLE))]);
    let clock = Sleepless::default();
    let retry = RetryPolicy::default().min_interval(Duration::from_millis(1500));
    let client = builder(&server)
        .clock(clock.clone())
        .retry(retry)
        .build()
        .unwrap();
    for _ in 0..3 {
        client.clone().list(&ListJobs::new()).unwrap();
    }
    assert_eq!(clock.slept(), [Duration::from_millis(1500); 2]);
}

#[test]
fn a_token_that_the_service_repeats_in_an_error_is_taken_out() {
    let body =
        format!(r#"{{"error_code":"APIGW.0301","error_msg":"decrypt token fail: {TOKEN}"}}"#);
    let error = refused(401, &[], &body);
    let shown = format!("{error} {error:?} {:?}", error.api());
    assert!(
        shown.contains("decrypt token fail: ***") && !shown.contains(TOKEN),
        "{shown}"
    );
}

#[test]
fn what_no_request_can_be_made_of_is_refused_when_the_client_is_built() {
    let builder = || {
        Client::builder()
            .endpoint("https://h")
            .project_id("p")
            .token("t")
    };
    for (builder, parameter) in [
        (
            Client::builder().project_id("p").token("t"),
            Some("endpoint"),
        ),
        (builder().endpoint("drs.example.com"), Some("endpoint")),
        (
            builder().endpoint("http://drs.example.com"),
            Some("endpoint"),
        ),
        (
            Client::builder()
                .region("Atlantis!")
                .project_id("p")
                .token("t"),
            Some("region"),
        ),
        (
            Client::builder().region("cn-north-4").token("t"),
            Some("project_id"),
        ),
        (builder().project_id(""), Some("project_id")),
        (builder().token("a\r\nX-Evil: b"), None),
        (builder().token(""), None),
        (builder().token("two words"), None),
        (
            Client::builder().endpoint("https://h").project_id("p"),
            None,
        ),
        (builder().user_agent("a\nb"), Some("User-Agent")),
        (builder().language("zh\n"), Some("X-Language")),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.parameter(), parameter, "{error}");
        let expected = if parameter.is_some() {
            ErrorKind::InvalidInput
        } else {
            ErrorKind::Credentials
        };
        assert_eq!(error.kind(), expected, "{error}");
    }
    assert!(
        builder()
            .endpoint("http://drs.example.com")
            .allow_http(true)
            .build()
            .is_ok()
    );
    assert!(builder().endpoint("http://127.0.0.1:1").build().is_ok());
}

#[test]
fn a_token_from_a_function_is_asked_anew_once_and_the_request_repeated_only_if_it_changed() {
    for (changes, calls) in [(true, 2), (false, 1)] {
        let server = MockServer::start();
        let old = server.mock(|when, then| {
            when.header("X-Auth-Token", "old");
            then.status(401)
                .body(r#"{"error_code":"APIGW.0307","error_msg":"token expires"}"#);
        });
        let new = server.mock(|when, then| {
            when.header("X-Auth-Token", "new");
            then.status(401).body("{}");
        });
        let asked = Mutex::new(0);
        let client = Client::builder()
            .endpoint(server.base_url())
            .project_id(PROJECT)
            .token_from(move || {
                let mut asked = asked.lock().unwrap();
                *asked += 1;
                Ok::<_, String>(if changes && *asked > 1 { "new" } else { "old" })
            })
            .build()
            .unwrap();
        let error = client.list(&ListJobs::new()).unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Authentication, calls)
        );
        old.assert_calls(1);
        new.assert_calls(usize::from(changes));
    }
}

#[test]
fn a_function_that_has_no_token_to_give_fails_the_request_before_it_is_sent() {
    let client = Client::builder()
        .endpoint("http://127.0.0.1:1")
        .project_id(PROJECT)
        .token_from(|| Err::<String, _>("the vault is sealed"))
        .build()
        .unwrap();
    let error = client.list(&ListJobs::new()).unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Credentials, 0)
    );
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "the vault is sealed");
}
