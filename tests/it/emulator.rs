//! The emulator in process: pages, limits, access and recorded requests.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use drs_backup_jobs::emulator::{
    Count, EmulatedJob, Emulator, EmulatorBuilder, Limits, ManualClock,
};
use drs_backup_jobs::transport::{Request, ResponseBody, ResponseHead, Transport, TransportError};
use drs_backup_jobs::{ErrorKind, JobStatus, ListJobs, RetryPolicy, SortDir, SortKey, Timestamp};
use serde_json::Value;

/// A response before the library decodes it.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    pub(crate) body: Value,
}

impl Listed {
    #[track_caller]
    pub(crate) fn ids(&self) -> Vec<&str> {
        let jobs = self.body["jobs"].as_array().expect("a list of jobs");
        jobs.iter().map(|job| job["id"].as_str().unwrap()).collect()
    }

    pub(crate) fn count(&self) -> u64 {
        self.body["count"].as_u64().expect("a count")
    }

    pub(crate) fn code(&self) -> (u16, &str) {
        (self.status, self.body["error_code"].as_str().unwrap_or(""))
    }
}

/// Forwards requests to an emulator and keeps the last response.
struct Tap {
    emulator: Emulator,
    last: Arc<Mutex<Option<Listed>>>,
}

impl Transport for Tap {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let head = self.emulator.send(request, body)?;
        *self.last.lock().unwrap() = Some(Listed {
            status: head.status(),
            request_id: head.request_id().map(String::from),
            body: serde_json::from_slice(body.as_bytes()).unwrap(),
        });
        Ok(head)
    }
}

/// The response of an emulator in process, also an error.
#[track_caller]
pub(crate) fn list(emulator: &Emulator, query: &ListJobs) -> Listed {
    list_as(emulator, "a-token", query)
}

#[track_caller]
fn list_as(emulator: &Emulator, token: &str, query: &ListJobs) -> Listed {
    let last = Arc::new(Mutex::new(None));
    let client = emulator
        .client()
        .token(token)
        .retry(RetryPolicy::none())
        .transport(Tap {
            emulator: emulator.clone(),
            last: Arc::clone(&last),
        })
        .build()
        .unwrap();
    // The response counts here, not how the client decodes it.
    let _ = client.list(query);
    let response = last.lock().unwrap().take();
    response.expect("a response")
}

fn three() -> Emulator {
    Emulator::builder()
        .job(EmulatedJob::new("c"))
        .job(EmulatedJob::new("b"))
        .job(EmulatedJob::new("a"))
        .build()
}

#[test]
fn lists_ten_jobs_and_counts_all_without_a_limit() {
    let response = list(&Emulator::demo(), &ListJobs::new());
    assert_eq!((response.ids().len(), response.count()), (10, 35));
}

#[test]
fn lists_new_jobs_first_and_inserted_ones_at_their_position() {
    let emulator = three();
    assert_eq!(list(&emulator, &ListJobs::new()).ids(), ["a", "b", "c"]);
    emulator.add(EmulatedJob::new("new"));
    emulator.insert(2, EmulatedJob::new("amid"));
    emulator.insert(99, EmulatedJob::new("last"));
    let everything = ["new", "a", "amid", "b", "c", "last"];
    assert_eq!(list(&emulator, &ListJobs::new()).ids(), everything);
    assert_eq!(emulator.remove("a").unwrap().id(), "a");
    assert_eq!(emulator.remove("a"), None);
    let rest = list(&emulator, &ListJobs::new().offset(1).limit(2));
    assert_eq!((rest.ids(), rest.count()), (vec!["amid", "b"], 5));
}

#[test]
fn caps_pages_at_512_jobs_or_as_configured() {
    let emulator = Emulator::builder().jobs(600).build();
    let page = |limit, offset| list(&emulator, &ListJobs::new().limit(limit).offset(offset));
    assert_eq!(page(2000, 0).ids().len(), 512);
    assert_eq!(page(2000, 512).ids().len(), 88);
    assert_eq!(page(2000, 600).ids().len(), 0);
    assert_eq!(page(0, 0).ids().len(), 0);
    let capped = Emulator::builder().jobs(5).page_cap(1).build();
    assert_eq!(list(&capped, &ListJobs::new().limit(3)).ids().len(), 1);
}

#[test]
fn clips_counts_as_the_openapi_description_says() {
    let count = |limits| {
        let emulator = Emulator::builder().jobs(20_000).limits(limits).build();
        list(&emulator, &ListJobs::new()).count()
    };
    assert_eq!(count(Limits::Documented), 9_998);
    assert_eq!(count(Limits::None), 20_000);
    let emulator = Emulator::builder()
        .jobs(20)
        .count(Count::Clipped(0))
        .build();
    assert_eq!(list(&emulator, &ListJobs::new()).count(), 0);
}

#[test]
fn rejects_limit_and_offset_above_65534_unless_unlimited() {
    let strict = Emulator::demo();
    let free = Emulator::builder().jobs(35).limits(Limits::None).build();
    let at = |number| ListJobs::new().offset(number);
    assert_eq!(list(&strict, &at(65_534)).status, 200);
    assert_eq!(list(&strict, &at(65_535)).code(), (400, "DRS.M00211"));
    assert_eq!(list(&free, &at(u32::MAX)).status, 200);
    let most = |number| ListJobs::new().limit(number);
    assert_eq!(list(&strict, &most(65_535)).code(), (400, "DRS.M00210"));
    assert_eq!(list(&free, &most(u32::MAX)).ids().len(), 35);
}

#[test]
fn sorts_by_each_documented_key_and_keeps_the_order_of_ties() {
    let emulator = Emulator::builder()
        .job(
            EmulatedJob::new("a")
                .name("n1")
                .db_type("t2")
                .instance_id("i1")
                .ip("10.0.0.2")
                .create_time("2024-01-02T00:00:00Z")
                .description("d1")
                .tag("k", "v2"),
        )
        .job(
            EmulatedJob::new("b")
                .name("n2")
                .db_type("t1")
                .instance_id("i2")
                .ip("10.0.0.1")
                // The same moment in another form sorts by the moment.
                .create_time("1704067200000")
                .description("d2")
                .tag("z", "v1"),
        )
        .build();
    let sorted = |key: &SortKey, direction: SortDir| {
        let query = ListJobs::new().sort_key(key.clone()).sort_dir(direction);
        list(&emulator, &query).ids().concat()
    };
    for (key, ascending, descending) in [
        (SortKey::Name, "ab", "ba"),
        (SortKey::DbType, "ba", "ab"),
        (SortKey::InstId, "ab", "ba"),
        (SortKey::Ip, "ba", "ab"),
        (SortKey::CreatedAt, "ba", "ab"),
        (SortKey::Description, "ab", "ba"),
        (SortKey::TagValue, "ba", "ab"),
    ] {
        assert_eq!(sorted(&key, SortDir::Asc), ascending, "{key}");
        assert_eq!(sorted(&key, SortDir::Desc), descending, "{key}");
        let default = list(&emulator, &ListJobs::new().sort_key(key.clone()));
        assert_eq!(default.ids().concat(), descending, "{key}");
    }
    let equal = three();
    for direction in [SortDir::Asc, SortDir::Desc] {
        let query = ListJobs::new().sort_dir(direction);
        assert_eq!(list(&equal, &query).ids(), ["a", "b", "c"]);
    }
}

#[test]
fn lists_the_current_jobs_after_a_change() {
    let emulator = three();
    let running = ListJobs::new().status(JobStatus::Transferring);
    assert_eq!(list(&emulator, &running).ids().len(), 3);
    assert!(emulator.update("b", |job| job.status(JobStatus::Failed)));
    assert!(!emulator.update("none", |job| job));
    assert_eq!(list(&emulator, &running).ids(), ["a", "c"]);
}

#[test]
fn accepts_configured_tokens_and_rejects_others_as_the_gateway() {
    let emulator = Emulator::builder().token("good").project_id("p").build();
    let code = |token| {
        let response = list_as(&emulator, token, &ListJobs::new());
        assert_eq!(
            response.body["request_id"].as_str(),
            response
                .request_id
                .as_deref()
                .filter(|_| response.status != 200)
        );
        (response.code().0, response.code().1.to_owned())
    };
    assert_eq!(code("good"), (200, String::new()));
    assert_eq!(code("bad"), (401, "APIGW.0301".into()));
    emulator.accept_token("bad", None);
    emulator.revoke_token("good");
    assert_eq!(code("good").0, 401);
    assert_eq!(code("bad").0, 200);
    emulator.revoke_token("bad");
    assert_eq!(code("bad").0, 401, "no token is left");
}

#[test]
fn accepts_its_own_client_with_every_setting() {
    type Set = fn(EmulatorBuilder) -> EmulatorBuilder;
    let settings: [Set; 14] = [
        |emulator| emulator,
        |emulator| emulator.token("good").project_id("p"),
        |emulator| emulator.project("cn-north-4", "p4"),
        |emulator| emulator.project("cn-north-4", "p4").project_id("p"),
        |emulator| emulator.project_id("p").project("cn-north-4", "p4"),
        |emulator| emulator.token_expiring_at("old", old()).token("good"),
        |emulator| emulator.token_expiring_at("old", old()),
        |emulator| emulator.token_expiring_at("old", old()).user("a", "u", "p"),
        |emulator| emulator.user("a", "u", "p"),
        |emulator| emulator.user("a", "u", "p").token("good"),
        |emulator| emulator.token("no header holds\nthis").token("good"),
        |emulator| emulator.token("t".repeat(50_001)).token("good"),
        |emulator| {
            let long = emulator.token("t".repeat(50_001));
            long.limits(Limits::None)
        },
        |emulator| {
            emulator
                .page_cap(1)
                .count(Count::Clipped(0))
                .latency(Duration::from_secs(1))
        },
    ];
    for (at, set) in settings.into_iter().enumerate() {
        let emulator = set(Emulator::builder().clock(ManualClock::new())).build();
        let client = emulator.client().build().unwrap();
        let listed = client.list(&ListJobs::new());
        assert!(listed.is_ok(), "setting {at}: {listed:?}");
    }
    let emulator = Emulator::builder().token("good").build();
    emulator.revoke_token("good");
    let client = emulator.client().build().unwrap();
    assert_eq!(client.list(&ListJobs::new()).unwrap().count, 0);
}

fn old() -> Timestamp {
    Timestamp::parse("2024-08-19T00:00:00Z").unwrap()
}

#[test]
fn accepts_a_token_until_it_expires() {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .clock(clock.clone())
        .token_expiring_at("t", Timestamp::parse("2024-08-20T00:00:02Z").unwrap())
        .build();
    let listed = || list_as(&emulator, "t", &ListJobs::new());
    clock.advance(Duration::from_millis(1999));
    assert_eq!(listed().status, 200);
    clock.advance(Duration::from_millis(1));
    let rejected = listed();
    assert_eq!(rejected.code(), (401, "APIGW.0301"));
    let message = rejected.body["error_msg"].as_str().unwrap();
    assert!(
        message.ends_with("token expires, expires_at: 2024-08-20T00:00:02Z"),
        "{message}"
    );
}

#[test]
fn rejects_projects_that_are_not_configured() {
    let emulator = Emulator::builder().project_id("项目1").build();
    assert_eq!(list(&emulator, &ListJobs::new()).status, 200);
    let client = emulator.client().project_id("p2").build().unwrap();
    let error = client.list(&ListJobs::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    let rejected = error.api().unwrap();
    assert_eq!(
        (rejected.status, rejected.code.as_deref()),
        (403, Some("DRS.M00261"))
    );
}

#[test]
fn records_requests_and_hides_secrets_in_debug_output() {
    let emulator = three();
    list_as(
        &emulator,
        "MIIsecret",
        &ListJobs::new().name("备 份").dbs_instance_ids(["x", "y"]),
    );
    let requests = emulator.requests();
    let [request] = requests.as_slice() else {
        panic!("one request, not {requests:?}");
    };
    assert_eq!(request.method(), "GET");
    assert_eq!(
        request.path(),
        "/v5/054ba152d480d55b2f5dc0069e7ddef0/backup-migration-jobs"
    );
    assert_eq!(request.param("name"), Some("备 份"));
    assert_eq!(
        request.params("dbs_instance_ids").collect::<Vec<_>>(),
        ["x", "y"]
    );
    assert_eq!(request.header("x-auth-token"), Some("MIIsecret"));
    assert_eq!(request.status(), Some(200));
    assert!(!format!("{requests:?} {emulator:?}").contains("MIIsecret"));
    emulator.clear_requests();
    assert!(emulator.requests().is_empty());
}

#[test]
fn bounds_the_memory_of_recorded_requests() {
    let emulator = Emulator::new();
    let token = "t".repeat(50_000);
    let client = emulator.client().token(token).build().unwrap();
    for _ in 0..400 {
        client.list(&ListJobs::new()).unwrap();
    }
    let kept = emulator.requests().len();
    assert!((200..400).contains(&kept), "{kept} requests of 50 kB");
    assert_eq!(emulator.request_count(), 400);
}
