//! The admin interface over plain sockets, and the same by methods.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use drs_backup_jobs::emulator::{
    AdminAccess, Change, EmulatedJob, Emulator, ManualClock, Script, Server,
};
use drs_backup_jobs::{Client, JobStatus, ListJobs, RetryPolicy};
use serde_json::{Value, json};

use crate::emulator_http::{JOBS, Raw};

fn served(emulator: &Emulator) -> (Server, Raw) {
    let server = emulator.serve("127.0.0.1:0").unwrap();
    let raw = Raw::to(&server);
    (server, raw)
}

fn empty() -> Emulator {
    Emulator::builder().clock(ManualClock::new()).build()
}

#[track_caller]
fn ids(list: &Value) -> Vec<&str> {
    let jobs = list["jobs"].as_array().expect("a list of jobs");
    assert_eq!(list["count"], jobs.len());
    jobs.iter().map(|job| job["id"].as_str().unwrap()).collect()
}

#[test]
fn get_jobs_lists_every_job_with_all_fields() {
    let emulator = empty();
    emulator.add(EmulatedJob::new("b").name("nightly"));
    emulator.add(
        EmulatedJob::new("a")
            .status("FAILED")
            .error_log("disk full")
            .instance_id("i1in04")
            .tag("env", "prod"),
    );
    let (_server, mut raw) = served(&emulator);
    assert!(raw.get("/__admin/jobs").body.ends_with("}\n"));
    let (status, list) = raw.json("GET", "/__admin/jobs", "");
    assert_eq!((status, ids(&list)), (200, vec!["a", "b"]));
    assert_eq!(
        list["jobs"][0],
        json!({
            "id": "a", "name": "DRS-a", "status": "FAILED", "engine_type": "sqlserver",
            "error_log": "disk full", "create_time": "2024-08-19T02:27:15Z",
            "enterprise_project_id": "0", "instance_id": "i1in04", "db_type": "sqlserver",
            "tags": {"env": "prod"},
        })
    );
}

#[test]
fn post_jobs_adds_one_job_an_array_or_a_page() {
    let emulator = empty();
    let (_server, mut raw) = served(&emulator);
    let (status, added) = raw.json("POST", "/__admin/jobs", r#"{"id":"a","name":"orders"}"#);
    assert_eq!((status, ids(&added)), (201, vec!["a"]));
    let a = emulator.job("a").unwrap().job;
    assert_eq!(
        (a.name.as_ref(), a.status),
        ("orders", JobStatus::Transferring)
    );
    assert_eq!(a.create_time, "2024-08-20T00:00:00Z", "now, by the clock");

    let array = r#"[{"id":"b","status":"SUCCESS"},{"id":"c","tags":{"env":"prod"}}]"#;
    assert_eq!(ids(&raw.json("POST", "/__admin/jobs", array).1), ["b", "c"]);
    let page = r#"{"count":1,"jobs":[{"id":"d","create_time":1716879012121}]}"#;
    assert_eq!(ids(&raw.json("POST", "/__admin/jobs", page).1), ["d"]);
    let (_, list) = raw.json("GET", "/__admin/jobs", "");
    assert_eq!(
        ids(&list),
        ["d", "b", "c", "a"],
        "the first is the head of the list"
    );
    let b = emulator.job("b").unwrap().job;
    assert_eq!(b.finish_time.as_deref(), Some("2024-08-20T00:00:00Z"));
    assert_eq!(
        emulator.job("c").unwrap().tags,
        [("env".into(), "prod".into())]
    );
    assert_eq!(emulator.job("d").unwrap().job.create_time, "1716879012121");

    // What one emulator lists, another one takes.
    let other = empty();
    let (_server, mut raw) = served(&other);
    raw.json("POST", "/__admin/jobs", &list.to_string());
    assert_eq!(other.jobs(), emulator.jobs());
    // A job without an id gets one.
    let (_, added) = raw.json("POST", "/__admin/jobs", "{}");
    assert!(!ids(&added)[0].is_empty());
}

#[test]
fn post_jobs_replaces_jobs_with_the_same_ids_at_the_head_of_the_list() {
    let emulator = Emulator::builder()
        .jobs(3)
        .job(EmulatedJob::new("a"))
        .job(EmulatedJob::new("b"))
        .job(EmulatedJob::new("a").name("the second"))
        .build();
    let [a, b, newest, middle, oldest] = &emulator.jobs()[..] else {
        panic!("five jobs");
    };
    assert_eq!((a.job.name.as_ref(), b.id()), ("the second", "b"));
    let (_server, mut raw) = served(&emulator);
    // A sample job alone, then several of both kinds.
    raw.json(
        "POST",
        "/__admin/jobs",
        &json!({"id": oldest.id()}).to_string(),
    );
    assert_eq!((emulator.len(), emulator.jobs()[0].id()), (5, oldest.id()));
    let array = json!([
        {"id": middle.id()}, {"id": "a", "name": "the third"}, {"id": "c"}, {"id": "a"},
    ]);
    let (status, _) = raw.json("POST", "/__admin/jobs", &array.to_string());
    assert_eq!(status, 201);
    let (_, list) = raw.json("GET", "/__admin/jobs", "");
    let expected = [middle.id(), "a", "c", oldest.id(), "b", newest.id()];
    assert_eq!(ids(&list), expected);
    assert_eq!(list["jobs"][1]["name"], "the third");
    // Each can be found, moved and removed.
    for id in expected {
        emulator.apply(Change::move_to(id, 5));
        assert_eq!(emulator.jobs()[5].id(), id);
        assert!(emulator.remove(id).is_some(), "{id}");
        assert!(emulator.job(id).is_none(), "{id}");
        emulator.insert(5, EmulatedJob::new(id));
    }
    assert_eq!(emulator.len(), 6);
}

#[test]
fn patch_job_fails_a_job_and_sets_its_finish_time() {
    let emulator = empty();
    emulator.add(EmulatedJob::new("a/1 备").description("kept"));
    let (_server, mut raw) = served(&emulator);
    let target = "/__admin/jobs/a%2F1%20%E5%A4%87";
    let patch = r#"{"status":"FAILED","error_log":"disk full"}"#;
    let (status, job) = raw.json("PATCH", target, patch);
    assert_eq!(status, 200);
    assert_eq!(job["finish_time"], "2024-08-20T00:00:00Z");
    let job = emulator.job("a/1 备").unwrap().job;
    assert_eq!(job.status, JobStatus::Failed);
    assert_eq!(job.error_log.as_deref(), Some("disk full"));
    assert_eq!(job.description.as_deref(), Some("kept"));
    // A status that is not final clears both, a given finish time is kept, null clears.
    raw.json("PATCH", target, r#"{"status":"TRANSFERRING"}"#);
    let job = emulator.job("a/1 备").unwrap().job;
    assert!(job.finish_time.is_none() && job.error_log.is_none());
    let patch = r#"{"status":"success","finish_time":"2024-08-21T00:00:00Z","description":null}"#;
    let (_, job) = raw.json("PATCH", target, patch);
    assert_eq!(job["finish_time"], "2024-08-21T00:00:00Z");
    assert_eq!(
        (&job["status"], &job["description"]),
        (&json!("SUCCESS"), &Value::Null)
    );
    // Those that only filters use can be set and cleared, too.
    let patch = r#"{"instance_id":"i1in04","ip":"10.0.0.1","tags":{"env":"prod"}}"#;
    let (_, job) = raw.json("PATCH", target, patch);
    assert_eq!(
        (&job["instance_id"], &job["ip"], &job["tags"]),
        (
            &json!("i1in04"),
            &json!("10.0.0.1"),
            &json!({"env": "prod"})
        )
    );
    let patch = r#"{"instance_id":null,"ip":null,"tags":null}"#;
    let (_, job) = raw.json("PATCH", target, patch);
    for name in ["instance_id", "ip", "tags"] {
        assert!(job.get(name).is_none(), "{name}");
    }
}

#[test]
fn a_change_by_method_is_the_same_as_by_patch() {
    let emulator = empty();
    emulator.add(EmulatedJob::new("a"));
    let (_server, mut raw) = served(&emulator);
    let patch = r#"{"status":"FAILED","error_log":"disk full"}"#;
    raw.json("PATCH", "/__admin/jobs/a", patch);
    let patched = emulator.job("a");
    emulator.reset();
    assert!(emulator.is_empty());
    emulator.add(EmulatedJob::new("a"));
    emulator.apply(Change::fail("a", "disk full"));
    assert_eq!(emulator.job("a"), patched);
}

#[test]
fn delete_job_removes_it_and_returns_it() {
    let emulator = Emulator::demo();
    let id = emulator.jobs()[3].id().to_owned();
    let (_server, mut raw) = served(&emulator);
    let (status, job) = raw.json("DELETE", &format!("/__admin/jobs/{id}"), "");
    assert_eq!((status, job["id"].as_str()), (200, Some(id.as_str())));
    assert_eq!((emulator.len(), emulator.job(&id)), (34, None));
    emulator.add(EmulatedJob::new("jobs/1"));
    let (status, job) = raw.json("DELETE", "/__admin/jobs/jobs/1", "");
    assert_eq!((status, &job["id"]), (200, &json!("jobs/1")));
    assert_eq!(
        raw.json("DELETE", &format!("/__admin/jobs/{id}"), "").0,
        404
    );
}

#[test]
fn put_faults_replaces_the_faults() {
    let emulator = Emulator::demo();
    let (_server, mut raw) = served(&emulator);
    // As text, as a JSON string, and none.
    for body in ["503, ok,reset@9", r#""503,ok,reset@9""#] {
        let (status, set) = raw.json("PUT", "/__admin/faults", body);
        assert_eq!((status, set), (200, json!({"faults": "503,ok,reset@9"})));
        assert_eq!(raw.get(JOBS).status, 503);
        assert_eq!(raw.get(JOBS).status, 200);
    }
    raw.json("PUT", "/__admin/faults", "503@*");
    assert_eq!(raw.get(JOBS).status, 503);
    assert_eq!(raw.json("PUT", "/__admin/faults", "").0, 200);
    assert_eq!(raw.get(JOBS).status, 200);
}

#[test]
fn get_requests_shows_requests_without_secrets_and_delete_clears_them() {
    let emulator = empty();
    let (_server, mut raw) = served(&emulator);
    raw.send(format!(
        "GET {JOBS}?limit=1&dbs_instance_ids=a&dbs_instance_ids=%E5%A4%87 HTTP/1.1\r\n\
         Host: h\r\nX-Language: zh-cn\r\nX-Auth-Token: MIIsecret\r\nCookie: MIIsecret\r\n\
         Authorization: MIIsecret\r\nX-Security-Token: MIIsecret\r\n\r\n"
    ));
    assert_eq!(raw.response().status, 200);
    let login = r#"{"auth":{"identity":{"password":{"user":{"password":"MIIsecret"}}}}}"#;
    raw.json("POST", "/v3/auth/tokens", login);
    let (status, list) = raw.json("GET", "/__admin/requests", "");
    assert_eq!((status, &list["count"]), (200, &json!(2)));
    assert!(!list.to_string().contains("MIIsecret"), "{list}");
    let request = &list["requests"][0];
    assert_eq!(request["method"], "GET");
    assert_eq!(request["path"], JOBS);
    assert_eq!(request["status"], 200);
    assert_eq!(
        request["parameters"],
        json!({"limit": ["1"], "dbs_instance_ids": ["a", "备"]})
    );
    assert_eq!(request["headers"]["x-language"], "zh-cn");
    assert_eq!(request["headers"]["x-auth-token"], "***");
    assert_eq!(raw.json("DELETE", "/__admin/requests", "").0, 200);
    let (_, list) = raw.json("GET", "/__admin/requests", "");
    assert_eq!(list, json!({"count": 0, "requests": []}));
}

#[test]
fn post_reset_restores_everything_as_built() {
    let clock = ManualClock::new();
    let second = Duration::from_secs(1);
    let emulator = Emulator::builder()
        .jobs(3)
        .clock(clock.clone())
        .token("t")
        .rate_limit(2, second * 3600)
        .faults("503".parse().unwrap())
        .script(Script::new().after(second, Change::add(EmulatedJob::new("later"))))
        .build();
    let (_server, mut raw) = served(&emulator);
    let before = emulator.jobs();
    for _ in 0..2 {
        // The fault is the first one again, and the script starts again.
        assert_eq!(emulator.jobs(), before);
        let statuses: Vec<u16> = (0..4).map(|_| raw.get(JOBS).status).collect();
        assert_eq!(statuses, [503, 200, 200, 429]);
        clock.advance(second);
        assert!(emulator.job("later").is_some());
        emulator.remove(before[1].id());
        emulator.revoke_token("t");
        emulator.set_faults("404@*".parse().unwrap());
        assert_eq!(raw.json("POST", "/__admin/reset", "").0, 200);
        assert_eq!(emulator.request_count(), 0);
    }
}

#[test]
fn rejects_invalid_requests_with_a_reason() {
    let emulator = Emulator::builder().project_id("a").project_id("b").build();
    emulator.add(EmulatedJob::new("j"));
    let before = emulator.jobs();
    let (_server, mut raw) = served(&emulator);
    for (method, target, body, status, reason) in [
        ("GET", "/__admin/", "", 404, "no such path"),
        ("GET", "/__admin/jobs/", "", 404, "no such path"),
        ("GET", "/__admin/nothing", "", 404, "no such path"),
        ("PUT", "/__admin/jobs", "", 405, "GET, POST"),
        ("GET", "/__admin/jobs/j", "", 405, "PATCH, DELETE"),
        ("GET", "/__admin/reset", "", 405, "POST"),
        ("POST", "/__admin/jobs", "", 400, "invalid JSON"),
        ("POST", "/__admin/jobs", "{", 400, "invalid JSON"),
        ("POST", "/__admin/jobs", "1", 400, "must be an object"),
        ("POST", "/__admin/jobs", "[{},1]", 400, "must be an object"),
        ("POST", "/__admin/jobs", r#"{"id":""}"#, 400, "invalid id"),
        ("POST", "/__admin/jobs", r#"{"id":null}"#, 400, "invalid id"),
        (
            "POST",
            "/__admin/jobs",
            r#"[{"id":"x"},{"nmae":"n"}]"#,
            400,
            "unknown member \"nmae\"",
        ),
        (
            "POST",
            "/__admin/jobs",
            r#"{"tags":["env"]}"#,
            400,
            "invalid tags",
        ),
        ("POST", "/__admin/jobs", r#"{"ip":1}"#, 400, "invalid ip"),
        (
            "POST",
            "/__admin/jobs?project=c",
            "{}",
            404,
            "must be one of a, b",
        ),
        ("PATCH", "/__admin/jobs/none", "{}", 404, "\"none\""),
        ("PATCH", "/__admin/jobs/j", "[]", 400, "must be an object"),
        (
            "PATCH",
            "/__admin/jobs/j",
            r#"{"id":"k"}"#,
            400,
            "id cannot be changed",
        ),
        (
            "PATCH",
            "/__admin/jobs/j",
            r#"{"state":"FAILED"}"#,
            400,
            "status",
        ),
        ("PATCH", "/__admin/jobs/%ff", "{}", 400, "UTF-8"),
        ("PUT", "/__admin/faults", "503,rset", 400, "rset"),
    ] {
        let (received, error) = raw.json(method, target, body);
        assert_eq!(received, status, "{method} {target} {body}: {error}");
        let message = error["error"].as_str().unwrap();
        assert!(message.contains(reason), "{message:?} lacks {reason:?}");
    }
    assert_eq!(
        emulator.jobs(),
        before,
        "a rejected request changes nothing"
    );
}

#[test]
fn admin_requests_are_not_requests_of_the_service() {
    let emulator = Emulator::builder()
        .jobs(1)
        .token("t")
        .faults("reset@*".parse().unwrap())
        .latency(Duration::from_secs(3600))
        .build();
    let (_server, mut raw) = served(&emulator);
    assert_eq!(raw.json("GET", "/__admin/jobs", "").0, 200);
    assert_eq!(emulator.request_count(), 0);
}

#[test]
fn can_be_disabled() {
    let emulator = Emulator::builder().admin(AdminAccess::Off).build();
    let (_server, mut raw) = served(&emulator);
    let (status, body) = raw.json("GET", "/__admin/jobs", "");
    assert_eq!((status, &body["error_code"]), (404, &json!("APIGW.0101")));
    assert_eq!(emulator.request_count(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn is_open_to_this_machine_alone_unless_configured() {
    use std::net::UdpSocket;
    // The address of this machine in its network, by a route and without a packet.
    let probe = UdpSocket::bind("0.0.0.0:0").unwrap();
    if probe.connect("192.0.2.1:9").is_err() {
        return crate::not_checked("the admin interface from elsewhere", "a network");
    }
    let ip = probe.local_addr().unwrap().ip();
    for (access, status) in [(AdminAccess::Loopback, 403), (AdminAccess::Anyone, 200)] {
        let emulator = Emulator::builder().admin(access).build();
        let server = emulator.serve("0.0.0.0:0").unwrap();
        assert_eq!(Raw::to(&server).json("GET", "/__admin/jobs", "").0, 200);
        let elsewhere = (ip, server.address().port());
        let mut raw = Raw::to_address(elsewhere.into());
        assert_eq!(raw.json("GET", "/__admin/jobs", "").0, status, "{access:?}");
        assert_eq!(raw.get(JOBS).status, 200, "the service is open");
    }
}

#[test]
fn fifty_parallel_tests_share_one_emulator_each_with_its_own_project() {
    let builder = (0..50).fold(Emulator::builder().jobs(5), |builder, number| {
        builder.project_id(format!("p{number}"))
    });
    let emulator = builder.rate_limit(40, Duration::from_secs(3600)).build();
    let server = emulator.serve("127.0.0.1:0").unwrap();
    let all: Vec<Vec<String>> = thread::scope(|scope| {
        let tests: Vec<_> = (0..50)
            .map(|number| {
                let (emulator, server) = (&emulator, &server);
                scope.spawn(move || one_of_fifty(number, emulator, server))
            })
            .collect();
        tests.into_iter().map(|test| test.join().unwrap()).collect()
    });
    let distinct: BTreeSet<&String> = all.iter().flatten().collect();
    assert_eq!(
        distinct.len(),
        all.concat().len(),
        "no project has a job of another"
    );
}

/// A test with a separate project; returns the ids it saw.
fn one_of_fifty(number: usize, emulator: &Emulator, server: &Server) -> Vec<String> {
    let project = format!("p{number}");
    let emulator = emulator.for_project(&project).unwrap();
    let mut raw = Raw::to(server);
    let admin = |path: &str| format!("/__admin/{path}?project={project}");
    let job = format!(r#"{{"id":"job-{number}","name":"of {number}"}}"#);
    assert_eq!(raw.json("POST", &admin("jobs"), &job).0, 201);
    // Every other test has faults, which the others do not suffer.
    let faults = if number.is_multiple_of(2) { "503" } else { "" };
    raw.json("PUT", &admin("faults"), faults);
    let client = emulator
        .client()
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let first = client.list(&ListJobs::new());
    assert_eq!(first.is_err(), number.is_multiple_of(2), "{first:?}");

    let ids = |client: &Client| -> Vec<String> {
        let jobs = client.jobs(ListJobs::new());
        jobs.map(|job| job.unwrap().id.into_owned()).collect()
    };
    let seen = ids(&client);
    assert_eq!(seen.len(), 6);
    let patch = r#"{"status":"FAILED","error_log":"disk full"}"#;
    raw.json("PATCH", &admin(&format!("jobs/job-{number}")), patch);
    let failed = client
        .list(&ListJobs::new().status(JobStatus::Failed))
        .unwrap();
    assert!(
        failed
            .jobs
            .iter()
            .any(|job| job.id == format!("job-{number}"))
    );
    let (_, requests) = raw.json("GET", &admin("requests"), "");
    let own = format!("/v5/{project}/backup-migration-jobs");
    let requests = requests["requests"].as_array().unwrap();
    assert!(requests.len() >= 3 && requests.iter().all(|request| request["path"] == own));
    seen
}
