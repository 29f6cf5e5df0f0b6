//! The loop that sends and retries, with test transports instead of a network.

use super::*;
use drs_backup_jobs::{AccessKey, Responder};
use std::collections::VecDeque;
use std::sync::Mutex;

const PAGE: &str = r#"{"jobs":[{"id":"a"}],"count":1}"#;

type SentHeaders = Vec<(String, String)>;

/// Returns the responses in turn, then the last one again, and keeps what it was sent.
#[derive(Clone, Default)]
struct Scripted {
    responses: Arc<Mutex<VecDeque<(u16, &'static str)>>>,
    sent: Arc<Mutex<Vec<SentHeaders>>>,
}

impl Scripted {
    fn new(responses: &[(u16, &'static str)]) -> Self {
        Self {
            responses: Arc::new(Mutex::new(responses.iter().copied().collect())),
            sent: Arc::default(),
        }
    }

    fn client(&self, credentials: impl Into<Credentials>) -> ClientBuilder {
        Client::builder()
            .region(REGION)
            .project_id("p")
            .credentials(credentials)
            .transport(self.clone())
            .clock(ManualClock::new())
            .jitter(|| 1.0)
    }

    fn requests(&self) -> usize {
        self.sent.lock().unwrap().len()
    }
}

impl Transport for Scripted {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_owned(), value.as_str().to_owned()));
        self.sent.lock().unwrap().push(headers.collect());
        let mut responses = self.responses.lock().unwrap();
        let (status, content) = match responses.len() {
            1 => responses[0],
            _ => responses.pop_front().unwrap(),
        };
        body.write(content.as_bytes())?;
        Ok(ResponseHead::new(status))
    }
}

fn token() -> Credentials {
    Credentials::token("a-token-of-many-characters")
}

#[test]
fn retries_a_truncated_body_like_a_lost_connection() {
    for end in [1, 10, 25, PAGE.len() - 1] {
        let transport = Scripted::new(&[(200, &PAGE[..end]), (200, &PAGE[..end]), (200, PAGE)]);
        let client = transport.client(token()).build().unwrap();
        let page = client.list(&ListJobs::new()).unwrap();
        assert_eq!((page.jobs.len(), transport.requests()), (1, 3), "{end}");
    }
    let transport = Scripted::new(&[(200, &PAGE[..20])]);
    let client = transport.client(token()).build().unwrap();
    let error = list(&client).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Decode, 5));
}

#[test]
fn counts_the_attempts_for_every_kind_of_error() {
    let retry = RetryPolicy::default().retries(2);
    for (responses, kind, attempts) in [
        (&[(200, "[]")][..], ErrorKind::Decode, 1),
        (
            &[(200, r#"{"error_code":"DRS.M00202"}"#)],
            ErrorKind::BadRequest,
            1,
        ),
        (&[(503, ""), (200, "[]")], ErrorKind::Decode, 2),
        (&[(302, "")], ErrorKind::Redirect, 1),
        (&[(400, "")], ErrorKind::BadRequest, 1),
        (&[(401, "")], ErrorKind::Authentication, 1),
        (&[(503, "")], ErrorKind::Service, 3),
        (&[(503, ""), (429, ""), (403, "")], ErrorKind::Permission, 3),
    ] {
        let transport = Scripted::new(responses);
        let client = transport.client(token()).retry(retry.clone());
        let error = list(&client.build().unwrap()).unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (kind, attempts),
            "{error}"
        );
        assert_eq!(transport.requests(), attempts as usize, "{error}");
    }
}

#[test]
fn counts_the_attempts_before_the_credentials_failed() {
    let calls = AtomicU32::new(0);
    let provider = move || match calls.fetch_add(1, Ordering::SeqCst) {
        0 => Ok("a-token-of-many-characters"),
        _ => Err("the vault is sealed"),
    };
    let transport = Scripted::new(&[(503, "")]);
    let client = transport.client(Credentials::token_provider(provider));
    let error = list(&client.build().unwrap()).unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Credentials, 1)
    );
    // The error is not about the request.
    assert_eq!(error.url(), None);
}

#[test]
fn names_who_responded_and_the_request() {
    const DRS: &str = "https://drs.cn-north-4.myhuaweicloud.com/v5/p/backup-migration-jobs";
    const IAM: &str = "https://iam.cn-north-4.myhuaweicloud.com/v3/auth/tokens";
    const PASSWORD: &str = r#"{"error":{"code":401,"message":"The username or password is wrong.","title":"Unauthorized"}}"#;
    for (credentials, response, responder, expected) in [
        (
            token(),
            (400, r#"{"error_code":"DRS.M00202","error_msg":"Invalid."}"#),
            Responder::Drs,
            format!("DRS responded 400 DRS.M00202: Invalid. (GET {DRS})"),
        ),
        (
            token(),
            (
                429,
                r#"{"error_code":"APIGW.0308","error_msg":"Over limit."}"#,
            ),
            Responder::Gateway,
            format!("the gateway responded 429 APIGW.0308: Over limit. (GET {DRS})"),
        ),
        (
            token(),
            (502, "<html><h1>Bad Gateway</h1></html>"),
            Responder::Proxy,
            format!("a proxy responded 502: Bad Gateway (GET {DRS})"),
        ),
        (
            Login::new("account", "user", "hunter2-hunter2").into(),
            (401, PASSWORD),
            Responder::Iam,
            format!("IAM responded 401: The username or password is wrong. (POST {IAM})"),
        ),
    ] {
        let transport = Scripted::new(&[response]);
        let client = transport.client(credentials).retry(RetryPolicy::none());
        let error = list(&client.build().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.responder(), Some(responder));
        assert!(error.hint().is_some(), "{error}");
    }
}

#[test]
fn sends_accept_encoding_identity_and_does_not_sign_it() {
    let transport = Scripted::new(&[(200, PAGE)]);
    let key = AccessKey::new("AK", "a-secret-key-of-many-characters");
    list(&transport.client(key).build().unwrap()).unwrap();
    let sent = transport.sent.lock().unwrap();
    let header = |name: &str| {
        let found = sent[0]
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).unwrap()
    };
    assert_eq!(header("Accept-Encoding"), "identity");
    let authorization = header("Authorization");
    assert!(authorization.contains("SignedHeaders=content-type;host;x-project-id;x-sdk-date,"));
}

#[cfg(any(feature = "ureq", feature = "curl"))]
#[test]
fn reports_a_missing_project_id_last() {
    let builder = || Client::builder().endpoint(Emulator::ENDPOINT);
    let kind = |builder: ClientBuilder| builder.build().unwrap_err().kind();
    assert_eq!(kind(builder()), ErrorKind::NoCredentials);
    assert_eq!(kind(builder().token("two words")), ErrorKind::Credentials);
    let invalid = builder().token("a-token").user_agent("a\nb");
    assert_eq!(invalid.build().unwrap_err().parameter(), Some("user_agent"));
    let error = builder().token("a-token").build().unwrap_err();
    assert_eq!(error.parameter(), Some("project_id"));
}

/// Holds logins back until all of them have arrived.
#[derive(Clone)]
struct SlowLogins {
    arrived: Arc<Barrier>,
    clock: ManualClock,
    slept_before_the_last_login: Arc<Mutex<Duration>>,
}

impl Transport for SlowLogins {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        if !request.url().contains("/v3/auth/tokens") {
            body.write(PAGE.as_bytes())?;
            return Ok(ResponseHead::new(200));
        }
        if self.arrived.wait().is_leader() {
            *self.slept_before_the_last_login.lock().unwrap() = self.clock.total_slept();
        }
        // No thread continues before the leader has checked.
        self.arrived.wait();
        let mut head = ResponseHead::new(201);
        head.push_header("X-Subject-Token", "a-token-of-many-characters");
        body.write(b"{}")?;
        Ok(head)
    }
}

#[test]
fn takes_a_rate_limit_slot_only_once_the_credentials_are_ready() {
    const CLIENTS: usize = 5;
    let clock = ManualClock::new();
    let transport = SlowLogins {
        arrived: Arc::new(Barrier::new(CLIENTS)),
        clock: clock.clone(),
        slept_before_the_last_login: Arc::default(),
    };
    let client = Client::builder()
        .region(REGION)
        .project_id("p")
        .token("a-token-of-many-characters")
        .transport(transport.clone())
        .clock(clock.clone())
        .min_request_interval(Duration::from_secs(2))
        .build()
        .unwrap();
    std::thread::scope(|scope| {
        for user in 0..CLIENTS {
            let login = Login::new("account", format!("user{user}"), "password");
            let client = client.with_credentials(login).unwrap();
            scope.spawn(move || list(&client).unwrap());
        }
    });
    assert_eq!(
        *transport.slept_before_the_last_login.lock().unwrap(),
        Duration::ZERO
    );
    assert!(clock.total_slept() >= Duration::from_secs(2));
}

#[test]
fn signs_again_after_a_wait_for_a_rate_limit_slot() {
    let transport = Scripted::new(&[(200, PAGE)]);
    let client = transport
        .client(AccessKey::new("AKIDEXAMPLE", "a-secret-key"))
        .min_request_interval(Duration::from_secs(20 * 60))
        .timeout(Duration::from_secs(60 * 60))
        .build()
        .unwrap();
    for _ in 0..3 {
        list(&client).unwrap();
    }
    let sent = transport.sent.lock().unwrap();
    let dates = sent.iter().map(|headers| {
        let date = headers.iter().find(|(name, _)| name == "X-Sdk-Date");
        date.unwrap().1.as_str()
    });
    // The time at which each is sent: a signature is valid for 15 minutes.
    let expected = ["20240820T000000Z", "20240820T002000Z", "20240820T004000Z"];
    assert_eq!(dates.collect::<Vec<_>>(), expected);
}
