//! The emulator in process: what it answers to which question.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use drs_backup_jobs::emulator::{
    Count, EmulatedJob, Emulator, EmulatorBuilder, Limits, ManualClock,
};
use drs_backup_jobs::transport::{Request, ResponseBody, ResponseHead, Transport, TransportError};
use drs_backup_jobs::{ErrorKind, JobStatus, ListJobs, RetryPolicy, SortDir, SortKey, Timestamp};
use serde_json::Value;

/// An answer as it came, before the library made anything of it.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    pub(crate) body: Value,
}

impl Answer {
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

/// Passes requests on to an emulator and keeps the last answer.
struct Tap {
    emulator: Emulator,
    last: Arc<Mutex<Option<Answer>>>,
}

impl Transport for Tap {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let head = self.emulator.send(request, body)?;
        *self.last.lock().unwrap() = Some(Answer {
            status: head.status(),
            request_id: head.request_id().map(String::from),
            body: serde_json::from_slice(body.as_bytes()).unwrap(),
        });
        Ok(head)
    }
}

/// Asks an emulator in process and gives back what it answered, be it an error.
#[track_caller]
pub(crate) fn ask(emulator: &Emulator, query: &ListJobs) -> Answer {
    ask_as(emulator, "a-token", query)
}

#[track_caller]
fn ask_as(emulator: &Emulator, token: &str, query: &ListJobs) -> Answer {
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
    // Only the answer counts here, not what the client makes of it.
    let _ = client.list(query);
    let answer = last.lock().unwrap().take();
    answer.expect("an answer")
}

fn three() -> Emulator {
    Emulator::builder()
        .job(EmulatedJob::new("c"))
        .job(EmulatedJob::new("b"))
        .job(EmulatedJob::new("a"))
        .build()
}

#[test]
fn without_limit_ten_jobs_come_and_the_count_tells_them_all() {
    let answer = ask(&Emulator::demo(), &ListJobs::new());
    assert_eq!((answer.ids().len(), answer.count()), (10, 35));
}

#[test]
fn the_newest_job_comes_first_and_each_has_its_place() {
    let emulator = three();
    assert_eq!(ask(&emulator, &ListJobs::new()).ids(), ["a", "b", "c"]);
    emulator.add(EmulatedJob::new("new"));
    emulator.insert(2, EmulatedJob::new("amid"));
    emulator.insert(99, EmulatedJob::new("last"));
    let everything = ["new", "a", "amid", "b", "c", "last"];
    assert_eq!(ask(&emulator, &ListJobs::new()).ids(), everything);
    assert_eq!(emulator.remove("a").unwrap().id(), "a");
    assert_eq!(emulator.remove("a"), None);
    let rest = ask(&emulator, &ListJobs::new().offset(1).limit(2));
    assert_eq!((rest.ids(), rest.count()), (vec!["amid", "b"], 5));
}

#[test]
fn no_page_holds_more_than_512_jobs() {
    let emulator = Emulator::builder().jobs(600).build();
    let page = |limit, offset| ask(&emulator, &ListJobs::new().limit(limit).offset(offset));
    assert_eq!(page(2000, 0).ids().len(), 512);
    assert_eq!(page(2000, 512).ids().len(), 88);
    assert_eq!(page(2000, 600).ids().len(), 0);
    assert_eq!(page(0, 0).ids().len(), 0);
    let capped = Emulator::builder().jobs(5).page_cap(1).build();
    assert_eq!(ask(&capped, &ListJobs::new().limit(3)).ids().len(), 1);
}

#[test]
fn counts_are_clipped_as_the_openapi_description_says() {
    let count = |limits| {
        let emulator = Emulator::builder().jobs(20_000).limits(limits).build();
        ask(&emulator, &ListJobs::new()).count()
    };
    assert_eq!(count(Limits::Documented), 9_998);
    assert_eq!(count(Limits::None), 20_000);
    let emulator = Emulator::builder()
        .jobs(20)
        .count(Count::Clipped(0))
        .build();
    assert_eq!(ask(&emulator, &ListJobs::new()).count(), 0);
}

#[test]
fn limit_and_offset_stay_below_65535_unless_there_are_no_limits() {
    let strict = Emulator::demo();
    let free = Emulator::builder().jobs(35).limits(Limits::None).build();
    let at = |number| ListJobs::new().offset(number);
    assert_eq!(ask(&strict, &at(65_534)).status, 200);
    assert_eq!(ask(&strict, &at(65_535)).code(), (400, "DRS.M00211"));
    assert_eq!(ask(&free, &at(u32::MAX)).status, 200);
    let most = |number| ListJobs::new().limit(number);
    assert_eq!(ask(&strict, &most(65_535)).code(), (400, "DRS.M00210"));
    assert_eq!(ask(&free, &most(u32::MAX)).ids().len(), 35);
}

#[test]
fn jobs_are_sorted_by_each_documented_key_both_ways_and_equals_keep_their_order() {
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
        ask(&emulator, &query).ids().concat()
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
        let default = ask(&emulator, &ListJobs::new().sort_key(key.clone()));
        assert_eq!(default.ids().concat(), descending, "{key}");
    }
    let equal = three();
    for direction in [SortDir::Asc, SortDir::Desc] {
        let query = ListJobs::new().sort_dir(direction);
        assert_eq!(ask(&equal, &query).ids(), ["a", "b", "c"]);
    }
}

#[test]
fn what_is_asked_again_after_a_change_is_answered_anew() {
    let emulator = three();
    let running = ListJobs::new().status(JobStatus::Transferring);
    assert_eq!(ask(&emulator, &running).ids().len(), 3);
    assert!(emulator.update("b", |job| job.status(JobStatus::Failed)));
    assert!(!emulator.update("none", |job| job));
    assert_eq!(ask(&emulator, &running).ids(), ["a", "c"]);
}

#[test]
fn told_tokens_are_taken_and_others_refused_like_the_gateway_does() {
    let emulator = Emulator::builder().token("good").project_id("p").build();
    let code = |token| {
        let answer = ask_as(&emulator, token, &ListJobs::new());
        assert_eq!(
            answer.body["request_id"].as_str(),
            answer
                .request_id
                .as_deref()
                .filter(|_| answer.status != 200)
        );
        (answer.code().0, answer.code().1.to_owned())
    };
    assert_eq!(code("good"), (200, String::new()));
    assert_eq!(code("bad"), (401, "APIGW.0301".into()));
    emulator.accept_token("bad", None);
    emulator.revoke_token("good");
    assert_eq!(code("good").0, 401);
    assert_eq!(code("bad").0, 200);
    emulator.revoke_token("bad");
    assert_eq!(code("bad").0, 401, "without any token left nobody passes");
}

#[test]
fn a_client_made_by_the_emulator_passes_whatever_it_was_told() {
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
fn a_token_is_taken_until_it_expires() {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .clock(clock.clone())
        .token_expiring_at("t", Timestamp::parse("2024-08-20T00:00:02Z").unwrap())
        .build();
    let asked = || ask_as(&emulator, "t", &ListJobs::new());
    clock.advance(Duration::from_millis(1999));
    assert_eq!(asked().status, 200);
    clock.advance(Duration::from_millis(1));
    let refused = asked();
    assert_eq!(refused.code(), (401, "APIGW.0301"));
    let message = refused.body["error_msg"].as_str().unwrap();
    assert!(
        message.ends_with("token expires, expires_at: 2024-08-20T00:00:02Z"),
        "{message}"
    );
}

#[test]
fn another_project_than_the_one_told_is_refused() {
    let emulator = Emulator::builder().project_id("项目 1").build();
    assert_eq!(ask(&emulator, &ListJobs::new()).status, 200);
    let client = emulator.client().project_id("p2").build().unwrap();
    let error = client.list(&ListJobs::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
    let refused = error.api().unwrap();
    assert_eq!(
        (refused.status, refused.code.as_deref()),
        (403, Some("DRS.M00261"))
    );
}

#[test]
fn requests_are_kept_for_assertions_and_their_secrets_are_not_printed() {
    let emulator = three();
    ask_as(
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
fn requests_with_long_tokens_do_not_fill_the_memory() {
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
