//! Building a client, and token providers.

use std::sync::Mutex;

use drs_backup_jobs::{Client, ErrorKind, ListJobs};
use httpmock::MockServer;

use super::PROJECT;

#[test]
fn rejects_invalid_settings_when_the_client_is_built() {
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
        (builder().user_agent("a\nb"), Some("user_agent")),
        (builder().language("zh\n"), Some("language")),
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
    let without = Client::builder().endpoint("https://h").project_id("p");
    let error = without.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoCredentials, "{error}");
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
fn calls_a_token_provider_once_more_after_a_401_and_retries_only_with_another_token() {
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
        let called = Mutex::new(0);
        let client = Client::builder()
            .endpoint(server.base_url())
            .project_id(PROJECT)
            .token_provider(move || {
                let mut called = called.lock().unwrap();
                *called += 1;
                Ok::<_, String>(if changes && *called > 1 { "new" } else { "old" })
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
fn a_failing_token_provider_fails_the_request_before_sending() {
    let client = Client::builder()
        .endpoint("http://127.0.0.1:1")
        .project_id(PROJECT)
        .token_provider(|| Err::<String, _>("the vault is sealed"))
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
