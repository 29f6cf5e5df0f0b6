//! Access keys, against the emulator, which verifies what they sign.

use super::*;
use drs_backup_jobs::AccessKey;

const SECRET: &str = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc";

fn keyed() -> (Emulator, ManualClock) {
    let clock = ManualClock::new();
    let emulator = emulator()
        .clock(clock.clone())
        .access_key(AccessKey::new("AK", SECRET))
        .access_key(AccessKey::new("TEMP", SECRET).security_token("session"))
        .project(REGION, "p4")
        .build();
    (emulator, clock)
}

fn key(emulator: &Emulator, clock: &ManualClock, key: AccessKey) -> Client {
    client(emulator, clock).credentials(key).build().unwrap()
}

/// Every character that the encoder, the sorter or a proxy could stumble over.
fn hard_to_encode() -> ListJobs {
    ListJobs::new()
        .name("备份 迁移~*/+&=%25")
        .description("a/b-c d")
        .dbs_instance_ids(["b/", "b-", "a", "~", "é"])
        .tags("a=b,c/d")
        .enterprise_project_id("")
        .create_at("2024-08-19T02:27:15Z")
        .limit(10)
}

#[test]
fn a_key_signs_for_the_project_of_its_region() {
    let (emulator, clock) = keyed();
    let client = key(&emulator, &clock, AccessKey::new("AK", SECRET));
    assert_eq!(list(&client).unwrap(), 3);
    client.list(&hard_to_encode()).unwrap();
    assert_trace(
        &emulator,
        &["GET /v3/projects 200", "GET /v5/p4 200", "GET /v5/p4 200"],
    );
    let requests = emulator.requests();
    assert_eq!(requests[0].raw_query(), "name=cn-north-4");
    assert_eq!(requests[0].header("X-Project-Id"), None);
    assert_eq!(requests[1].header("X-Project-Id"), Some("p4"));
    assert_eq!(requests[1].header("X-Auth-Token"), None);
    assert_eq!(requests[1].header("X-Sdk-Date"), Some("20240820T000000Z"));
}

#[cfg(any(feature = "ureq", feature = "curl"))]
#[test]
fn signatures_and_logins_work_over_http_on_every_transport() {
    use crate::transport::{BUILT_IN, Setup};
    use drs_backup_jobs::transport::Proxies;

    let emulator = emulator()
        .access_key(AccessKey::new("AK", SECRET))
        .access_key(AccessKey::new("TEMP", SECRET).security_token("session"))
        .user("account", "user", "pa\"ss\\wörd\u{1}密码")
        .project(REGION, "p4")
        .build();
    let server = emulator.serve("127.0.0.1:0").unwrap();
    for built_in in BUILT_IN {
        let temporary = AccessKey::new("TEMP", SECRET).security_token("session");
        for credentials in [
            Credentials::access_key("AK", SECRET),
            temporary.into(),
            login().into(),
        ] {
            let client = Client::builder()
                .endpoint(server.url())
                .iam_endpoint(server.url())
                .project_name(REGION)
                .transport(built_in.with(Setup {
                    proxies: Some(Proxies::none()),
                    ..Setup::default()
                }))
                .credentials(credentials)
                .build()
                .unwrap();
            assert_eq!(list(&client).unwrap(), 3, "{client:?} on {}", built_in.name);
            client.list(&hard_to_encode()).unwrap();
        }
    }
}

#[test]
fn the_emulators_client_signs_if_only_keys_are_configured() {
    let temporary = AccessKey::new("TEMP", SECRET).security_token("session");
    for keys in [
        vec![AccessKey::new("AK", SECRET)],
        vec![temporary, AccessKey::new("AK", SECRET)],
    ] {
        let builder = keys
            .into_iter()
            .fold(emulator(), EmulatorBuilder::access_key);
        let emulator = builder.build();
        assert_eq!(list(&emulator.client().build().unwrap()).unwrap(), 3);
    }
    // A key that is locked is passed over, and where all are, a login is what is left.
    for more in [&["BK"][..], &[]] {
        let clock = ManualClock::new();
        let mut builder = emulator()
            .clock(clock.clone())
            .access_key(AccessKey::new("AK", SECRET));
        for id in more {
            builder = builder.access_key(AccessKey::new(*id, SECRET));
        }
        let emulator = builder.build();
        let wrong = key(&emulator, &clock, AccessKey::new("AK", "wrong")).with_project("p");
        for _ in 0..6 {
            list(&wrong).unwrap_err();
        }
        assert_eq!(list(&emulator.client().build().unwrap()).unwrap(), 3);
    }
}

#[test]
fn a_temporary_key_needs_its_token() {
    let (emulator, clock) = keyed();
    let good = AccessKey::new("TEMP", SECRET).security_token("session");
    assert_eq!(list(&key(&emulator, &clock, good)).unwrap(), 3);
    for bad in [
        AccessKey::new("TEMP", SECRET),
        AccessKey::new("TEMP", SECRET).security_token("other"),
    ] {
        let error = list(&key(&emulator, &clock, bad)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
    }
}

#[test]
fn sends_a_wrong_secret_once() {
    let (emulator, clock) = keyed();
    let client = key(&emulator, &clock, AccessKey::new("AK", "wrong")).with_project("p4");
    let error = list(&client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(error.attempts(), 1);
    assert!(
        error.to_string().contains("verify aksk signature fail"),
        "{error}"
    );
    assert_eq!(emulator.request_count(), 1);
}

#[test]
fn a_locked_key_is_refused_until_five_minutes_have_passed() {
    let (emulator, clock) = keyed();
    let wrong = key(&emulator, &clock, AccessKey::new("AK", "wrong")).with_project("p4");
    let right = key(&emulator, &clock, AccessKey::new("AK", SECRET)).with_project("p4");
    for _ in 0..5 {
        list(&wrong).unwrap_err();
    }
    list(&right).unwrap();
    for _ in 0..6 {
        list(&wrong).unwrap_err();
    }
    let error = list(&right).unwrap_err();
    assert!(error.to_string().contains("locked"), "{error}");
    clock.advance(Duration::from_secs(299));
    list(&right).unwrap_err();
    clock.advance(Duration::from_secs(1));
    list(&right).unwrap();
}

#[test]
fn sends_a_date_out_of_range_once() {
    let (emulator, _) = keyed();
    for (ahead, is_taken) in [(0, true), (900, true), (901, false)] {
        let fast = ManualClock::new();
        fast.advance(Duration::from_secs(ahead));
        let client = key(&emulator, &fast, AccessKey::new("AK", SECRET)).with_project("p4");
        emulator.clear_requests();
        let result = list(&client);
        assert_eq!(result.is_ok(), is_taken, "{ahead} seconds ahead");
        assert_eq!(emulator.requests().len(), 1);
        if let Err(error) = result {
            assert_eq!(error.kind(), ErrorKind::Authentication);
            assert!(error.to_string().contains("out of range"), "{error}");
        }
    }
}

#[test]
fn signs_each_attempt_again() {
    let (emulator, clock) = keyed();
    emulator.set_faults(Faults::new().at(1..=1, Fault::status(503)));
    let client = client(&emulator, &clock)
        .project_id("p4")
        .retry(RetryPolicy::default().base_delay(Duration::from_secs(20)))
        .timeout(Duration::from_secs(60))
        .credentials(AccessKey::new("AK", SECRET))
        .build()
        .unwrap();
    list(&client).unwrap();
    let requests = emulator.requests();
    let dates: Vec<_> = requests
        .iter()
        .map(|request| request.header("X-Sdk-Date").unwrap())
        .collect();
    assert_eq!(dates, ["20240820T000000Z", "20240820T000020Z"]);
    assert_ne!(
        requests[0].header("Authorization"),
        requests[1].header("Authorization")
    );
}

#[test]
fn a_project_found_by_name_bears_that_name_and_errors_say_which_were_found() {
    struct Projects(&'static str);
    impl Transport for Projects {
        fn send(
            &self,
            request: &Request<'_>,
            body: &mut ResponseBody,
        ) -> Result<ResponseHead, TransportError> {
            assert!(request.url().contains("/v3/projects"), "{request:?}");
            body.write(self.0.as_bytes())?;
            Ok(ResponseHead::new(200))
        }
    }
    let resolve = |projects| {
        let client = Client::builder()
            .region(REGION)
            .transport(Projects(projects))
            .credentials(AccessKey::new("AK-of-the-test", SECRET))
            .build()
            .unwrap();
        client.resolve_project_id()
    };
    for (projects, expected) in [
        (r#"{"projects":[{"id":"p","name":"cn-north-4"}]}"#, "p"),
        (r#"{"projects":[{"id":"p"}]}"#, "p"),
        // A service that ignores the filter.
        (
            r#"{"projects":[{"id":"x","name":"cn-north-4_dev"},{"name":"cn-north-4","id":7,"extra":[]}]}"#,
            "7",
        ),
    ] {
        assert_eq!(resolve(projects).unwrap(), expected);
    }
    for (projects, expected) in [
        (
            r#"{"projects":null}"#,
            "cannot find the project \"cn-north-4\": IAM lists no project; set the project id",
        ),
        (
            r#"{"projects":[{"id":"p","name":"AK-of-the-test"},{"id":"q","name":"CN-NORTH-4"},{"id":"r"}]}"#,
            "cannot find the project \"cn-north-4\": IAM lists \"***\", \"CN-NORTH-4\"; set the \
             project id",
        ),
        (
            r#"{"projects":[{"name":"cn-north-4"}]}"#,
            "cannot use the project \"cn-north-4\": IAM lists it without an id; set the project id",
        ),
        (
            r#"{"projects":[{"id":null,"name":"cn-north-4"}]}"#,
            "cannot use the project \"cn-north-4\": IAM lists it without an id; set the project id",
        ),
        (
            r#"{"projects":[{"id":"p","name":"cn-north-4"},{"id":"q\u0007","name":"cn-north-4"}]}"#,
            "cannot choose the project \"cn-north-4\": IAM lists 2 of that name, with the ids \
             \"p\", \"q \"; set the project id",
        ),
    ] {
        let error = resolve(projects).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        let request = "(GET https://iam.cn-north-4.myhuaweicloud.com/v3/projects?name=cn-north-4)";
        assert_eq!(error.to_string(), format!("{expected} {request}"));
    }
}

#[cfg(any(feature = "ureq", feature = "curl"))]
#[test]
fn refuses_a_project_id_that_no_header_can_hold_before_signing() {
    let of = |credentials: Credentials| {
        Client::builder()
            .endpoint(Emulator::ENDPOINT)
            .project_id("项目")
            .credentials(credentials)
            .build()
    };
    let error = of(Credentials::access_key("AK", SECRET)).unwrap_err();
    assert_eq!(error.parameter(), Some("project_id"));
    // A request with a token has it only in the path, where any text can be encoded.
    let client = of(Credentials::token("t")).unwrap();
    let error = client.with_credentials(AccessKey::new("AK", SECRET));
    assert_eq!(error.unwrap_err().parameter(), Some("project_id"));
}

#[test]
fn a_project_of_another_region_is_refused_by_the_service() {
    let (emulator, clock) = keyed();
    let client = key(&emulator, &clock, AccessKey::new("AK", SECRET)).with_project("p9");
    let error = list(&client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert_eq!(error.api().unwrap().code.as_deref(), Some("DRS.M00261"));
}

#[cfg(any(feature = "ureq", feature = "curl"))]
#[test]
fn refuses_a_key_without_project_or_region_at_build() {
    let error = Client::builder()
        .endpoint(Emulator::ENDPOINT)
        .credentials(AccessKey::new("AK", SECRET))
        .build()
        .unwrap_err();
    assert_eq!(error.parameter(), Some("project_id"));
}

#[test]
fn environment_and_profile_suffice_for_a_client() {
    use drs_backup_jobs::credentials::Environment;
    let (emulator, clock) = keyed();
    let profile =
        std::env::temp_dir().join(format!("drs-backup-jobs-{}-profile", std::process::id()));
    std::fs::write(
        &profile,
        format!("[basic]\nak = AK\nsk = {SECRET}\nproject_id = p4\n"),
    )
    .unwrap();
    let file = profile.to_str().unwrap().to_owned();
    let environment = Environment::from_fn(move |name| match name {
        "HW_REGION_NAME" => Some(REGION.into()),
        "HUAWEICLOUD_SDK_REGION_DRS_CN_NORTH_4" | "HUAWEICLOUD_SDK_IAM_ENDPOINT" => {
            Some(Emulator::ENDPOINT.into())
        }
        "HUAWEICLOUD_SDK_CREDENTIALS_FILE" => Some(file.clone()),
        _ => None,
    });
    let client = Client::builder()
        .transport(emulator.clone())
        .clock(clock)
        .environment(&environment)
        .unwrap()
        .build()
        .unwrap();
    std::fs::remove_file(profile).unwrap();
    assert_eq!(client.resolve_project_id().unwrap(), "p4");
    assert_eq!(list(&client).unwrap(), 3);
    assert_eq!(emulator.request_count(), 1);
}
