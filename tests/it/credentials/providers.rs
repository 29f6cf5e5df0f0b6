//! Access keys that change: from a provider function, and from the ECS metadata service.

use std::sync::Mutex;

use super::*;
use drs_backup_jobs::{AccessKey, EcsMetadata};

const SECRET: &str = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc";
const MINUTE: Duration = Duration::from_secs(60);

/// An emulator that accepts the keys `K0` to `K9`, and its clock.
fn keyed() -> (Emulator, ManualClock) {
    let clock = ManualClock::new();
    let temporary = AccessKey::new("TEMP", SECRET).security_token("s");
    let mut builder = emulator().clock(clock.clone()).access_key(temporary);
    for number in 0..10 {
        builder = builder.access_key(AccessKey::new(format!("K{number}"), SECRET));
    }
    (builder.project(REGION, "p4").build(), clock)
}

/// The ids of the keys that signed the requests to the service.
fn signers(emulator: &Emulator) -> Vec<String> {
    let requests = emulator.requests();
    let authorizations = requests
        .iter()
        .filter(|request| request.path().starts_with("/v5/"))
        .filter_map(|request| request.header("Authorization"));
    let ids = authorizations.filter_map(|header| header.split("Access=").nth(1)?.split(',').next());
    ids.map(str::to_owned).collect()
}

fn after(clock: &ManualClock, time: Duration) -> Timestamp {
    use drs_backup_jobs::Clock as _;
    Timestamp::from_unix(clock.unix_time() + time).unwrap()
}

/// A client whose provider returns `K0`, `K1` and so on, each valid for `life`, and its calls.
fn counting(
    emulator: &Emulator,
    clock: &ManualClock,
    life: Option<Duration>,
) -> (Client, Arc<AtomicU32>) {
    let calls = Arc::new(AtomicU32::new(0));
    let (counter, time) = (calls.clone(), clock.clone());
    let credentials = Credentials::access_key_provider(move || {
        let number = counter.fetch_add(1, Ordering::SeqCst);
        let key = AccessKey::new(format!("K{number}"), SECRET);
        Ok::<_, Error>(match life {
            Some(life) => key.expires_at(after(&time, life)),
            None => key,
        })
    });
    let client = client(emulator, clock).credentials(credentials);
    (client.build().unwrap(), calls)
}

#[test]
fn a_provided_key_is_kept_and_finds_its_project() {
    let (emulator, clock) = keyed();
    let (client, calls) = counting(&emulator, &clock, None);
    assert_eq!(calls.load(Ordering::SeqCst), 0, "building calls nothing");
    for _ in 0..3 {
        assert_eq!(list(&client.clone()).unwrap(), 3);
        clock.advance(24 * HOUR);
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(client.resolve_project_id().unwrap(), "p4");
    assert!(!format!("{client:?}").contains("K0"), "{client:?}");
}

#[test]
fn a_key_is_renewed_five_minutes_before_it_expires_or_after_half_of_a_short_life() {
    for (life, almost) in [(HOUR, 55 * 60 - 1), (8 * MINUTE, 4 * 60 - 1)] {
        let (emulator, clock) = keyed();
        let (client, _) = counting(&emulator, &clock, Some(life));
        list(&client).unwrap();
        clock.advance(Duration::from_secs(almost));
        list(&client).unwrap();
        clock.advance(Duration::from_secs(1));
        list(&client).unwrap();
        assert_eq!(signers(&emulator), ["K0", "K0", "K1"]);
    }
}

#[test]
fn ten_threads_obtain_one_key() {
    let (emulator, clock) = keyed();
    let (client, calls) = counting(&emulator, &clock, Some(HOUR));
    let start = Barrier::new(10);
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                start.wait();
                list(&client.clone()).unwrap();
            });
        }
    });
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(signers(&emulator), ["K0"; 10]);
}

#[test]
fn a_failed_renewal_does_not_matter_before_the_key_expires() {
    use std::error::Error as _;
    let (emulator, clock) = keyed();
    let first = Mutex::new(Some(
        AccessKey::new("K0", SECRET).expires_at(after(&clock, HOUR)),
    ));
    let credentials = Credentials::access_key_provider(move || {
        let first = first.lock().unwrap().take();
        first.ok_or("the vault is sealed")
    });
    let client = client(&emulator, &clock).credentials(credentials);
    let client = client.build().unwrap();
    for minutes in [0, 56, 3] {
        clock.advance(minutes * MINUTE);
        list(&client).unwrap();
    }
    clock.advance(MINUTE);
    let error = list(&client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert_eq!(
        error.to_string(),
        "cannot obtain an access key from the access key provider"
    );
    assert_eq!(error.source().unwrap().to_string(), "the vault is sealed");
    assert_eq!(signers(&emulator), ["K0"; 3]);
}

#[test]
fn obtains_another_key_once_after_a_401_and_repeats_the_request_with_it() {
    for (keys, sent) in [
        (["BAD", "K1", "K2"], &["BAD", "K1"][..]),
        (["BAD", "WORSE", "K2"], &["BAD", "WORSE"]),
        // The same key would be another failure on the way to its lock.
        (["BAD", "BAD", "K2"], &["BAD"]),
    ] {
        let (emulator, clock) = keyed();
        let calls = AtomicU32::new(0);
        let credentials = Credentials::access_key_provider(move || {
            let number = calls.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Error>(AccessKey::new(keys[number as usize], SECRET))
        });
        let client = client(&emulator, &clock).project_id("p4");
        let client = client.credentials(credentials).build().unwrap();
        let result = list(&client);
        assert_eq!(result.is_ok(), sent.contains(&"K1"), "{keys:?}");
        if let Err(error) = result {
            assert_eq!(error.kind(), ErrorKind::Authentication);
        }
        assert_eq!(signers(&emulator), sent);
    }
}

#[test]
fn refuses_a_key_that_cannot_sign_before_sending() {
    let (emulator, clock) = keyed();
    for (key, expected) in [
        (
            AccessKey::new("K0", "'hunter2'"),
            "invalid secret access key: must not begin or end with a quotation mark",
        ),
        (
            AccessKey::new("K0", SECRET).expires_at(after(&clock, Duration::ZERO)),
            "it expired at 2024-08-20T00:00:00Z",
        ),
    ] {
        let credentials = Credentials::access_key_provider(move || Ok::<_, Error>(key.clone()));
        let client = client(&emulator, &clock).project_id("p4");
        let error = list(&client.credentials(credentials).build().unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot use the access key from the access key provider: {expected}")
        );
    }
    assert_eq!(emulator.request_count(), 0);
}

#[test]
fn the_metadata_service_provides_keys_and_renews_them() {
    let clock = ManualClock::new();
    let emulator = emulator()
        .clock(clock.clone())
        .token("no other")
        .project(REGION, "p4")
        .metadata_key_lifetime(HOUR)
        .build();
    let metadata = EcsMetadata::new()
        .endpoint(Emulator::ENDPOINT)
        .transport(emulator.clone());
    let client = client(&emulator, &clock).credentials(metadata);
    let client = client.build().unwrap();
    assert_eq!(emulator.request_count(), 0, "building sends nothing");
    assert_eq!(list(&client).unwrap(), 3);
    clock.advance(54 * MINUTE);
    list(&client).unwrap();
    clock.advance(MINUTE);
    list(&client).unwrap();
    let obtained = [
        "PUT /meta-data/latest/api/token 200",
        "GET /openstack/latest/securitykey 200",
    ];
    assert_trace(
        &emulator,
        &[
            obtained[0],
            obtained[1],
            "GET /v3/projects 200",
            "GET /v5/p4 200",
            "GET /v5/p4 200",
            obtained[0],
            obtained[1],
            "GET /v5/p4 200",
        ],
    );
    let requests = emulator.requests();
    let ttl = requests[0].header("X-Metadata-Token-Ttl-Seconds");
    assert_eq!(ttl, Some("21600"));
    assert!(requests[1].header("X-Metadata-Token").is_some());
    assert!(requests[3].header("X-Security-Token").is_some());
}

#[test]
fn the_emulator_rejects_a_key_that_expired() {
    let clock = ManualClock::new();
    let key = AccessKey::new("K0", SECRET).expires_at(after(&clock, MINUTE));
    let emulator = emulator()
        .clock(clock.clone())
        .access_key(key.clone())
        .build();
    let client = client(&emulator, &clock).project_id("p").credentials(key);
    let client = client.build().unwrap();
    list(&client).unwrap();
    clock.advance(MINUTE);
    let error = list(&client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.to_string().contains("token has expired"), "{error}");
}

/// A metadata service that responds with these statuses and bodies, one after another.
#[derive(Clone, Default)]
struct Metadata {
    responses: Arc<Mutex<Vec<(u16, &'static str)>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Metadata {
    fn new(responses: &[(u16, &'static str)]) -> Self {
        let responses = responses.iter().rev().copied().collect();
        Self {
            responses: Arc::new(Mutex::new(responses)),
            ..Self::default()
        }
    }

    /// The first page of a client that uses it.
    fn list(&self) -> Result<usize, Error> {
        let (emulator, clock) = keyed();
        let metadata = EcsMetadata::new().transport(self.clone());
        let client = client(&emulator, &clock).project_id("p4");
        list(&client.credentials(metadata).build().unwrap())
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Transport for Metadata {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        assert!(request.timeout() <= Duration::from_secs(3));
        let token = request.headers().get("X-Metadata-Token").unwrap_or("-");
        self.requests.lock().unwrap().push(format!(
            "{} {} {token}",
            request.method(),
            request.url().trim_start_matches("http://169.254.169.254/")
        ));
        let (status, text) = self.responses.lock().unwrap().pop().unwrap();
        if status == 0 {
            let kind = drs_backup_jobs::transport::TransportErrorKind::Timeout;
            return Err(TransportError::new(kind, "no response"));
        }
        body.write(text.as_bytes())?;
        Ok(ResponseHead::new(status))
    }
}

const KEY: &str = r#"{"credential":{"access":"TEMP","secret":"MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc","securitytoken":"s","expires_at":"2024-08-20T12:00:00.000000Z","more":[1]}}"#;
const PUT: &str = "PUT meta-data/latest/api/token -";

#[test]
fn a_metadata_service_without_tokens_is_used_without_one() {
    for status in [404, 405, 503] {
        let service = Metadata::new(&[(status, "<html>"), (200, KEY)]);
        assert_eq!(service.list().unwrap(), 3);
        let expected = [PUT, "GET openstack/latest/securitykey -"];
        assert_eq!(service.requests(), expected);
    }
}

#[test]
fn a_rejected_metadata_token_is_renewed_once() {
    let rejected = (401, "expired");
    let service = Metadata::new(&[(200, "one"), rejected, (200, "two\r\n"), rejected]);
    let error = service.list().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert_eq!(
        error.to_string(),
        "cannot obtain an access key from the ECS metadata service at http://169.254.169.254: it \
         responded 401: expired"
    );
    assert_eq!(
        service.requests(),
        [
            PUT,
            "GET openstack/latest/securitykey one",
            PUT,
            "GET openstack/latest/securitykey two"
        ]
    );
}

#[test]
fn errors_of_the_metadata_service_name_it_and_say_what_to_do() {
    const AT: &str = "the ECS metadata service at http://169.254.169.254";
    const NO_AGENCY: &str = "Please configure Cloud Service Agency first";
    for (responses, kind, expected) in [
        (
            &[(200, "t"), (401, NO_AGENCY)][..],
            ErrorKind::Credentials,
            format!(
                "cannot obtain an access key from {AT}: this server has no agency; set a cloud \
                 service agency for it in the ECS console"
            ),
        ),
        (
            &[(200, "hunter2-token"), (500, "hunter2-token failed")],
            ErrorKind::Credentials,
            format!("cannot obtain an access key from {AT}: it responded 500: *** failed"),
        ),
        (&[(0, "")], ErrorKind::Timeout, format!("cannot reach {AT}")),
        (
            &[(200, "hunter2\u{1}")],
            ErrorKind::Credentials,
            "invalid token from the ECS metadata service: must be printable ASCII without spaces"
                .to_owned(),
        ),
        (
            &[(404, ""), (200, r#"{"credential":{"access":"hunter2"}}"#)],
            ErrorKind::Credentials,
            "cannot use the response of the ECS metadata service: it has no access, secret and \
             securitytoken in credential"
                .to_owned(),
        ),
        (
            &[
                (404, ""),
                (
                    200,
                    r#"{"credential":{"access":"hunter2","secret":"a b","securitytoken":"s"}}"#,
                ),
            ],
            ErrorKind::Credentials,
            "cannot use the access key from the ECS metadata service: invalid secret access key: \
             must be printable ASCII without spaces"
                .to_owned(),
        ),
    ] {
        let error = Metadata::new(responses).list().unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.kind(), kind);
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[cfg(any(feature = "ureq", feature = "curl"))]
#[test]
fn a_metadata_address_must_be_link_local_or_loopback_or_encrypted() {
    for (endpoint, is_accepted) in [
        ("http://169.254.169.254/", true),
        ("http://[fe80::a9fe:a9fe]", true),
        ("http://127.0.0.1:8080", true),
        ("https://metadata.example.com", true),
        ("http://metadata.example.com", false),
        ("http://10.0.0.1", false),
        ("http://169.254.169.254.example.com", false),
        ("169.254.169.254", false),
    ] {
        let client = Client::builder().region(REGION);
        let metadata = EcsMetadata::new().endpoint(endpoint);
        let client = client.credentials(metadata).build();
        assert_eq!(client.is_ok(), is_accepted, "{endpoint}");
        if let Err(error) = client {
            assert_eq!(error.parameter(), Some("ecs_metadata_endpoint"));
        }
    }
}

#[cfg(any(feature = "ureq", feature = "curl"))]
#[test]
fn the_built_in_transport_reaches_a_metadata_service_over_http() {
    use crate::transport::{BUILT_IN, Setup};
    use drs_backup_jobs::transport::Proxies;

    let emulator = emulator().token("no other").build();
    let server = emulator.serve("127.0.0.1:0").unwrap();
    for built_in in BUILT_IN {
        let transport = || {
            built_in.with(Setup {
                proxies: Some(Proxies::none()),
                ..Setup::default()
            })
        };
        for metadata in [
            EcsMetadata::new(),
            EcsMetadata::new().transport(transport()),
        ] {
            let client = Client::builder()
                .endpoint(server.url())
                .project_id("p4")
                .transport(transport())
                .credentials(metadata.endpoint(server.url()))
                .build()
                .unwrap();
            assert_eq!(list(&client).unwrap(), 3, "{}", built_in.name);
        }
    }
}
