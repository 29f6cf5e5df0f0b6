//! Logins at IAM, against the emulator.

use super::*;

#[test]
fn one_login_obtains_token_and_project() {
    let (emulator, client, _) = logged_in(|emulator| emulator);
    assert_eq!(emulator.request_count(), 0, "building requests nothing");
    assert_eq!(list(&client).unwrap(), 3);
    assert_eq!(list(&client.clone()).unwrap(), 3);
    assert_eq!(client.resolve_project_id().unwrap(), "p4");
    assert_trace(
        &emulator,
        &[
            "POST /v3/auth/tokens 201",
            "GET /v5/p4 200",
            "GET /v5/p4 200",
        ],
    );
    let login = &emulator.requests()[0];
    assert_eq!(login.raw_query(), "nocatalog=true");
    assert_eq!(
        login.header("Content-Type"),
        Some("application/json;charset=utf8")
    );
    assert_eq!(login.header("X-Auth-Token"), None);
}

#[test]
fn the_project_of_a_login_takes_precedence_over_the_clients_and_that_over_the_regions() {
    type Set = fn(ClientBuilder) -> ClientBuilder;
    let cases: [(Login, Set, &str); 5] = [
        (login(), |client| client, "p4"),
        (login(), |client| client.project_name("other"), "p5"),
        (login(), |client| client.project_id("p5"), "p5"),
        (login().project_name("other"), |client| client, "p5"),
        (
            login().project_id("p5"),
            |client| client.project_name(REGION),
            "p5",
        ),
    ];
    for (login, set, expected) in cases {
        let (emulator, _, clock) = logged_in(|emulator| emulator);
        let client = set(client(&emulator, &clock)).credentials(login);
        let client = client.build().unwrap();
        assert_eq!(list(&client).unwrap(), 3);
        assert_eq!(client.resolve_project_id().unwrap(), expected);
    }
}

#[test]
fn sends_a_wrong_password_once_and_reports_the_error_of_iam() {
    let (emulator, client, _) = logged_in(|emulator| emulator);
    let client = client
        .with_credentials(Credentials::login("account", "user", "hunter2"))
        .unwrap();
    let error = list(&client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    let api = error.api().unwrap();
    assert_eq!(api.code.as_deref(), Some("401"));
    assert_eq!(api.message, "The username or password is wrong.");
    assert!(error.request_id().is_some());
    assert_trace(&emulator, &["POST /v3/auth/tokens 401"]);
}

#[test]
fn reports_the_error_of_iam_for_an_unknown_project() {
    let (emulator, _, clock) = logged_in(|emulator| emulator);
    let client = client(&emulator, &clock)
        .region("cn-north-1")
        .credentials(login())
        .build()
        .unwrap();
    let error = list(&client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("cn-north-1"), "{error}");
}

#[test]
fn renews_a_token_five_minutes_before_it_expires() {
    let (emulator, client, clock) = logged_in(|emulator| emulator);
    list(&client).unwrap();
    clock.advance(23 * HOUR + Duration::from_secs(54 * 60 + 59));
    list(&client).unwrap();
    assert_eq!(logins(&emulator), 1);
    clock.advance(Duration::from_secs(1));
    list(&client).unwrap();
    assert_eq!(logins(&emulator), 2);
    list(&client).unwrap();
    assert_eq!(logins(&emulator), 2);
}

#[test]
fn renews_a_short_lived_token_after_half_of_its_life() {
    let (emulator, client, clock) =
        logged_in(|emulator| emulator.token_lifetime(Duration::from_secs(60)));
    list(&client).unwrap();
    clock.advance(Duration::from_secs(29));
    list(&client).unwrap();
    assert_eq!(logins(&emulator), 1);
    clock.advance(Duration::from_secs(1));
    list(&client).unwrap();
    assert_eq!(logins(&emulator), 2);
}

#[test]
fn a_wrong_clock_does_not_cause_a_login_for_each_page() {
    let (emulator, _, _) = logged_in(|emulator| emulator);
    for shown in ["2024-08-22T00:00:00Z", "2000-01-01T00:00:00Z"] {
        let clock = ManualClock::starting_at(Timestamp::parse(shown).unwrap());
        let client = client(&emulator, &clock)
            .credentials(login())
            .build()
            .unwrap();
        emulator.clear_requests();
        for _ in 0..3 {
            list(&client).unwrap();
            clock.advance(HOUR);
        }
        assert_eq!(logins(&emulator), 1, "{shown}");
        // The lifetime is that between two times of IAM.
        clock.advance(21 * HOUR);
        list(&client).unwrap();
        assert_eq!(logins(&emulator), 2, "{shown}");
    }
}

#[test]
fn renews_a_revoked_token_once_and_repeats_the_request() {
    let (emulator, client, _) = logged_in(|emulator| emulator);
    list(&client).unwrap();
    let token = emulator.requests()[1]
        .header("X-Auth-Token")
        .unwrap()
        .to_owned();
    emulator.revoke_token(&token);
    assert_eq!(list(&client).unwrap(), 3);
    assert_trace(
        &emulator,
        &[
            "POST /v3/auth/tokens 201",
            "GET /v5/p4 200",
            "GET /v5/p4 401",
            "POST /v3/auth/tokens 201",
            "GET /v5/p4 200",
        ],
    );
}

#[test]
fn sends_no_third_request_if_two_tokens_are_rejected() {
    let (emulator, client, _) = logged_in(|emulator| {
        emulator.faults(
            Faults::new()
                .at(2..=2, Fault::status(401))
                .at(4..=4, Fault::status(401)),
        )
    });
    assert_eq!(list(&client).unwrap_err().status(), Some(401));
    assert_trace(
        &emulator,
        &[
            "POST /v3/auth/tokens 201",
            "GET /v5/p4 401",
            "POST /v3/auth/tokens 201",
            "GET /v5/p4 401",
        ],
    );
}

#[test]
fn reports_the_error_of_iam_if_the_renewal_fails() {
    let (emulator, client, _) = logged_in(|emulator| {
        emulator.faults(
            Faults::new()
                .at(2..=2, Fault::status(401))
                .at(3..=3, Fault::status(403)),
        )
    });
    assert_eq!(list(&client).unwrap_err().status(), Some(403));
    assert_eq!(emulator.request_count(), 3);
}

#[test]
fn retries_a_login_only_if_it_cannot_have_reached_iam() {
    for (fault, repeated) in [
        (Fault::status(503), true),
        (Fault::status(429), true),
        (Fault::status(500), false),
        (Fault::Reset, false),
        (Fault::Html(502), false),
    ] {
        let (emulator, client, _) =
            logged_in(|emulator| emulator.faults(Faults::new().at(1..=1, fault.clone())));
        assert_eq!(list(&client).is_ok(), repeated, "{fault:?}");
        assert_eq!(logins(&emulator), if repeated { 2 } else { 1 }, "{fault:?}");
    }
}

#[test]
fn a_login_ends_at_the_deadline_of_the_page() {
    let (emulator, _, clock) = logged_in(|emulator| {
        emulator.faults(Faults::new().at(1..=1, Fault::Delay(Duration::from_secs(61))))
    });
    let client = client(&emulator, &clock)
        .credentials(login())
        .timeout(Duration::from_secs(60))
        .build()
        .unwrap();
    let took = |error: Error| {
        assert_eq!(error.kind(), ErrorKind::Timeout);
        let slept = clock.total_slept();
        emulator.clear_requests();
        slept
    };
    assert_eq!(took(list(&client).unwrap_err()), Duration::from_secs(60));

    // What the login takes is not there for the page any more.
    emulator.set_faults(
        Faults::new()
            .at(1..=1, Fault::Delay(Duration::from_secs(40)))
            .at(2..=2, Fault::Delay(Duration::from_secs(21))),
    );
    assert_eq!(took(list(&client).unwrap_err()), Duration::from_secs(120));

    // Nor is what the page took there for the login that follows.
    list(&client).unwrap();
    let token = emulator.requests()[0]
        .header("X-Auth-Token")
        .map(str::to_owned);
    emulator.revoke_token(&token.unwrap());
    emulator.set_faults(
        Faults::new()
            .at(1..=1, Fault::Delay(Duration::from_secs(40)))
            .at(2..=2, Fault::Delay(Duration::from_secs(30))),
    );
    assert_eq!(took(list(&client).unwrap_err()), Duration::from_secs(180));
}

/// The results of ten threads that share a client and send a request at the same moment.
fn ten_at_once(client: &Client) -> Vec<Result<usize, Error>> {
    let start = Barrier::new(10);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..10)
            .map(|_| {
                scope.spawn(|| {
                    let client = client.clone();
                    start.wait();
                    list(&client)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

#[test]
fn ten_threads_log_in_once_after_an_expiry() {
    let (emulator, client, clock) = logged_in(|emulator| emulator);
    assert!(ten_at_once(&client).iter().all(Result::is_ok));
    assert_eq!(logins(&emulator), 1, "the first token");
    clock.advance(25 * HOUR);
    assert!(ten_at_once(&client).iter().all(Result::is_ok));
    assert_eq!(logins(&emulator), 2, "the token expired");
    let token = emulator
        .requests()
        .last()
        .unwrap()
        .header("X-Auth-Token")
        .unwrap()
        .to_owned();
    emulator.revoke_token(&token);
    assert!(ten_at_once(&client).iter().all(Result::is_ok));
    assert_eq!(logins(&emulator), 3, "the token was revoked");
}

/// IAM and the service, with a custom response to logins.
struct Iam {
    token: Option<&'static str>,
    body: &'static [u8],
}

impl Transport for Iam {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        if request.url().contains("/v5/") {
            body.write(br#"{"jobs":[],"count":0}"#)?;
            return Ok(ResponseHead::new(200));
        }
        let mut head = ResponseHead::new(201);
        head.push_header("X-Request-Id", "r-1");
        if let Some(token) = self.token {
            head.push_header("X-Subject-Token", token);
        }
        body.write(self.body)?;
        Ok(head)
    }
}

impl Iam {
    fn client(token: Option<&'static str>, body: &'static [u8]) -> ClientBuilder {
        let client = Client::builder().transport(Self { token, body });
        client.region(REGION).credentials(login())
    }
}

#[test]
fn a_response_without_a_token_is_an_error() {
    let client = Iam::client(None, b"{}").build().unwrap();
    assert_eq!(
        list(&client).unwrap_err().to_string(),
        "cannot log in: IAM's response has no token in X-Subject-Token (POST https://iam.cn-north-4.myhuaweicloud.com/v3/auth/tokens, request id r-1)"
    );
}

#[test]
fn a_login_succeeds_whatever_the_optional_fields() {
    for body in [
        &b""[..],
        b"null",
        b"[]",
        b"no JSON",
        b"\xff",
        b"{\"token\":1}",
        b"{\"token\":{}}",
        b"{\"token\":{\"expires_at\":1786876567,\"issued_at\":true,\"project\":null}}",
        b"{\"token\":{\"expires_at\":{\"at\":[]},\"project\":[{\"id\":\"p4\"}]}}",
        b"{\"token\":{\"project\":{\"id\":null,\"name\":null}}}",
    ] {
        let shown = String::from_utf8_lossy(body);
        let client = Iam::client(Some("t"), body);
        assert_eq!(
            list(&client.clone().project_id("p").build().unwrap()).unwrap(),
            0,
            "{shown}"
        );
        assert_eq!(
            list(&client.build().unwrap()).unwrap_err().to_string(),
            "cannot find the project id: IAM's response to the login names no project; set the \
             project id",
            "{shown}"
        );
    }
    let body = b"{\"token\":{\"project\":{\"id\":42,\"domain\":null}}}";
    let client = Iam::client(Some("t"), body).build().unwrap();
    assert_eq!(client.resolve_project_id().unwrap(), "42");
}

#[test]
fn the_expiry_of_a_token_may_be_a_number() {
    let emulator = emulator().build();
    for (expires_at, logins) in [
        ("1724124000", 1),
        ("1724123999", 2),
        ("\"1724124000000\"", 1),
    ] {
        struct Numbers {
            emulator: Emulator,
            expires_at: &'static str,
            logins: AtomicU32,
        }
        impl Transport for Numbers {
            fn send(
                &self,
                request: &Request<'_>,
                body: &mut ResponseBody,
            ) -> Result<ResponseHead, TransportError> {
                if request.url().contains("/v5/") {
                    return self.emulator.send(request, body);
                }
                self.logins.fetch_add(1, Ordering::SeqCst);
                let expires_at = self.expires_at;
                body.write(format!("{{\"token\":{{\"expires_at\":{expires_at}}}}}").as_bytes())?;
                let mut head = ResponseHead::new(201);
                head.push_header("X-Subject-Token", "t");
                Ok(head)
            }
        }
        let transport = Arc::new(Numbers {
            emulator: emulator.clone(),
            expires_at,
            logins: AtomicU32::new(0),
        });
        let clock = ManualClock::new();
        let client = Client::builder()
            .endpoint(Emulator::ENDPOINT)
            .iam_endpoint(Emulator::ENDPOINT)
            .project_id("p")
            .transport(transport.clone())
            .clock(clock.clone())
            .credentials(login())
            .build()
            .unwrap();
        list(&client).unwrap();
        // A second before the margin of five minutes begins, or when it begins.
        clock.advance(Duration::from_secs(11_699));
        list(&client).unwrap();
        assert_eq!(
            transport.logins.load(Ordering::SeqCst),
            logins,
            "{expires_at}"
        );
    }
}

#[test]
fn a_token_for_another_project_than_the_named_one_is_refused() {
    let body = br#"{"token":{"project":{"id":"p9","name":"other"}}}"#;
    let client = Iam::client(Some("TOKEN"), body);
    assert_eq!(
        list(&client.clone().build().unwrap())
            .unwrap_err()
            .to_string(),
        "cannot use the token of the login: it is for the project \"other\" instead of \
         \"cn-north-4\" (POST https://iam.cn-north-4.myhuaweicloud.com/v3/auth/tokens, request id r-1)"
    );
    let named = client.project_name("other").build().unwrap();
    assert_eq!(named.resolve_project_id().unwrap(), "p9");
}

#[test]
fn the_version_at_the_end_of_an_iam_endpoint_is_dropped() {
    for suffix in ["", "/", "/v3", "/v3/", "//v3//"] {
        let (emulator, _, clock) = logged_in(|emulator| emulator);
        let client = client(&emulator, &clock)
            .iam_endpoint(format!("{}{suffix}", Emulator::ENDPOINT))
            .credentials(login())
            .build()
            .unwrap();
        list(&client).unwrap();
        assert_trace(&emulator, &["POST /v3/auth/tokens 201", "GET /v5/p4 200"]);
    }
}

#[test]
fn refuses_a_login_without_iam_endpoint_or_project_at_build() {
    let build = |client: ClientBuilder| {
        let error = client.credentials(login()).build().unwrap_err();
        error.parameter().unwrap()
    };
    let client = || Client::builder().endpoint(Emulator::ENDPOINT);
    assert_eq!(build(client().project_id("p")), "iam_endpoint");
    assert_eq!(build(client().iam_endpoint("https://iam")), "project_id");
    let empty = client()
        .iam_endpoint("https://iam")
        .credentials(login().project_id(""));
    let error = empty.build().unwrap_err();
    assert_eq!(error.parameter(), Some("project_id"));
    assert_eq!(
        build(client().region(REGION).iam_endpoint("iam")),
        "iam_endpoint"
    );
    assert_eq!(
        build(
            client()
                .region(REGION)
                .iam_endpoint("http://iam.example.com")
        ),
        "iam_endpoint"
    );
}

#[test]
fn the_token_of_a_login_is_valid_for_its_project_only() {
    let (emulator, client, _) = logged_in(|emulator| emulator);
    list(&client).unwrap();
    // The token is kept, but another project needs a different one.
    let error = list(&client.with_project("p5")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert_eq!(error.api().unwrap().code.as_deref(), Some("DRS.M00261"));
    assert_eq!(logins(&emulator), 1);
    let other = client.with_credentials(login().project_id("p5")).unwrap();
    assert_eq!(other.resolve_project_id().unwrap(), "p5");
    assert_eq!(logins(&emulator), 1, "the id is known");
    list(&other).unwrap();
    assert_eq!(
        trace(&emulator)[3..],
        ["POST /v3/auth/tokens 201", "GET /v5/p5 200"]
    );
    let error = list(&client.with_project("p6")).unwrap_err();
    assert_eq!(error.api().unwrap().code.as_deref(), Some("DRS.M00261"));
}

#[test]
fn the_token_of_a_login_is_valid_for_its_project_only_if_none_is_configured_too() {
    let clock = ManualClock::new();
    let emulator = emulator().clock(clock.clone()).build();
    let client = client(&emulator, &clock)
        .credentials(login().project_id("p4"))
        .build()
        .unwrap();
    assert_eq!(list(&client).unwrap(), 3);
    let error = list(&client.with_project("p5")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
}

#[test]
fn a_project_without_a_name_has_any_name_that_no_other_has() {
    let clock = ManualClock::new();
    let emulator = emulator()
        .clock(clock.clone())
        .project("other", "p5")
        .project_id("p4")
        .build();
    for (name, expected) in [(REGION, "p4"), ("other", "p5"), ("any", "p4")] {
        let client = client(&emulator, &clock)
            .credentials(login().project_name(name))
            .build()
            .unwrap();
        assert_eq!(client.resolve_project_id().unwrap(), expected);
        assert_eq!(list(&client).unwrap(), 3);
    }
    let error = list(
        &client(&emulator, &clock)
            .token("t")
            .project_id("p6")
            .build()
            .unwrap(),
    );
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Permission);
}

#[test]
fn all_projects_of_a_client_share_its_rate_limit() {
    let clock = ManualClock::new();
    let emulator = emulator().clock(clock.clone()).token("t").build();
    let client = client(&emulator, &clock)
        .token("t")
        .project_id("p4")
        .retry(RetryPolicy::none())
        .min_request_interval(Duration::from_secs(2))
        .build()
        .unwrap();
    for project in ["p4", "p5", "p4"] {
        list(&client.with_project(project)).unwrap();
    }
    assert_eq!(clock.total_slept(), Duration::from_secs(4));
}
