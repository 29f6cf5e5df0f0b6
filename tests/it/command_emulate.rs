//! `drs-backup-jobs emulate`: a service for other programs.

use std::io::Read as _;
use std::net::SocketAddr;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::command::{Run, command, first_line, wait_for};
use crate::emulator_http::{JOBS, Raw};

/// A running emulator, killed with the test.
struct Emulate {
    child: Child,
    url: String,
}

impl Emulate {
    #[track_caller]
    fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).spawn().unwrap();
        let url = first_line(&mut child);
        assert!(url.starts_with("http://127.0.0.1:"), "{url:?}");
        Self { child, url }
    }

    #[track_caller]
    fn raw(&self) -> Raw {
        let address = self.url.strip_prefix("http://").unwrap();
        Raw::to_address(address.parse::<SocketAddr>().unwrap())
    }

    #[track_caller]
    fn ids(&self, project: &str) -> Vec<String> {
        let (_, jobs) = self
            .raw()
            .json("GET", &format!("/__admin/jobs?project={project}"), "");
        let jobs = jobs["jobs"].as_array().unwrap();
        jobs.iter()
            .map(|job| job["id"].as_str().unwrap().to_owned())
            .collect()
    }

    fn list(&self, arguments: &[&str]) -> Command {
        let mut list = command(arguments);
        list.args(["--endpoint", &self.url, "--project-id", "any"])
            .env("HW_AUTH_TOKEN", "any");
        list
    }
}

impl Drop for Emulate {
    fn drop(&mut self) {
        // It may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn prints_the_url_first_and_serves() {
    let emulate = Emulate::start(&["emulate", "--jobs", "120"]);
    let listed = Run::of(emulate.list(&["list"])).done();
    assert_eq!(listed.lines().count(), 120);
}

#[test]
fn an_address_it_cannot_listen_on_is_refused_with_what_to_use_instead() {
    let emulate = Emulate::start(&["emulate"]);
    let used = emulate.url.strip_prefix("http://").unwrap();
    for (address, hint) in [(used, "use another port"), ("nonsense", "127.0.0.1:8080")] {
        let run = Run::of(command(&["emulate", "--listen", address]));
        run.assert_refused(2, &["cannot listen on", address, hint]);
    }
}

#[test]
fn same_seed_gives_the_same_jobs() {
    let listed = |seed| {
        let emulate = Emulate::start(&["emulate", "--jobs", "20", "--seed", seed]);
        Run::of(emulate.list(&["list"])).done()
    };
    assert_eq!(listed("1"), listed("1"));
    assert_ne!(listed("1"), listed("2"));
}

#[test]
fn sample_jobs_are_created_before_the_given_time() {
    let emulate = Emulate::start(&["emulate", "--jobs", "3", "--now", "2030-01-01T00:00:00Z"]);
    let listed = Run::of(emulate.list(&["list", "--columns", "create_time", "-o", "tsv"])).done();
    for time in listed.lines().skip(1) {
        assert!(time.starts_with("2029-12-31T23:"), "{listed}");
    }
    assert_eq!(listed.lines().count(), 4, "{listed}");
}

#[cfg(unix)]
#[test]
fn exits_with_0_on_a_signal() {
    for signal in ["-TERM", "-INT"] {
        let mut emulate = Emulate::start(&["emulate"]);
        let sent = Command::new("sh")
            .args(["-c", &format!("kill {signal} {}", emulate.child.id())])
            .status();
        assert!(sent.unwrap().success());
        assert_eq!(wait_for(&mut emulate.child), Some(0), "{signal}");
    }
}

#[test]
fn applies_faults_to_the_requests_given() {
    let emulate = Emulate::start(&["emulate", "--faults", "503,ok,type-drift@3"]);
    Run::of(emulate.list(&["list", "--retries", "0"])).assert_refused(1, &["503"]);
    assert_eq!(Run::of(emulate.list(&["list"])).done().lines().count(), 35);
    let drifted = Run::of(emulate.list(&["list", "--limit", "3"])).done();
    assert_eq!(drifted.lines().count(), 3, "{drifted}");
    for faults in ["503@", "nonsense", "ok%101"] {
        let run = Run::of(command(&["emulate", "--faults", faults]));
        run.assert_refused(2, &["--faults"]);
    }
}

/// A file with this text, removed with the test.
struct File(std::path::PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let name = format!("drs-backup-jobs-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn lists_the_jobs_of_a_file_in_any_form_that_decode_reads() {
    for (form, text) in [
        (
            "page",
            r#"{"count":2,"jobs":[{"id":"a","name":"n"},{"id":"b","status":"FAILED"}]}"#,
        ),
        (
            "array",
            r#"[{"id":"a"},{"id":"b","create_time":1716879012121}]"#,
        ),
        ("lines", "{\"id\":\"a\"}\n\n{\"id\":\"b\"}\n"),
    ] {
        let file = File::new(form, text);
        let emulate = Emulate::start(&["emulate", "--file", file.path()]);
        assert_eq!(emulate.ids("any"), ["a", "b"], "{form}");
        let with_samples = Emulate::start(&["emulate", "--file", file.path(), "--jobs", "3"]);
        assert_eq!(with_samples.ids("any").len(), 5);
    }
    let broken = File::new("broken", r#"[{"id":"a"},{"id":}]"#);
    let run = Run::of(command(&["emulate", "--file", broken.path()]));
    run.assert_refused(1, &[broken.path(), "line 1, column 19"]);
    let run = Run::of(command(&["emulate", "--file", "/nonexistent/jobs.json"]));
    run.assert_refused(2, &["/nonexistent/jobs.json"]);
}

#[test]
fn projects_have_their_own_lists_and_others_are_rejected() {
    let emulate = Emulate::start(&["emulate", "--projects", "a,b", "--jobs", "4"]);
    let mut raw = emulate.raw();
    assert_eq!(
        raw.json("POST", "/__admin/jobs?project=b", r#"{"id":"of b"}"#)
            .0,
        201
    );
    let (a, b) = (emulate.ids("a"), emulate.ids("b"));
    assert_eq!((a.len(), b.len()), (4, 5));
    assert!(!a.iter().any(|id| b.contains(id)));
    assert_eq!(raw.get("/v5/b/backup-migration-jobs").status, 200);
    assert_eq!(raw.get("/v5/c/backup-migration-jobs").status, 403);
}

#[test]
fn accepts_the_configured_token_user_and_access_key_alone() {
    let emulate = Emulate::start(&[
        "emulate",
        "--token",
        "secret",
        "--user",
        "account:user:pass:word",
        "--access-key",
        "AK:SECRETKEY",
        "--projects",
        "p",
    ]);
    let list = |variables: &[(&str, &str)]| {
        let mut list = command(&["list", "--retries", "0", "--endpoint", &emulate.url]);
        list.args(["--project-id", "p"]);
        list.env("HUAWEICLOUD_SDK_IAM_ENDPOINT", &emulate.url);
        list.envs(variables.iter().copied());
        Run::of(list)
    };
    let key = |secret| [("HUAWEICLOUD_SDK_AK", "AK"), ("HUAWEICLOUD_SDK_SK", secret)];
    let user = |password| {
        [
            ("HW_DOMAIN_NAME", "account"),
            ("HW_USER_NAME", "user"),
            ("HW_USER_PASSWORD", password),
        ]
    };
    assert_eq!(
        list(&[("HW_AUTH_TOKEN", "secret")]).done().lines().count(),
        35
    );
    list(&key("SECRETKEY")).done();
    list(&user("pass:word")).done();
    list(&[("HW_AUTH_TOKEN", "other")]).assert_refused(1, &["401"]);
    list(&key("OTHERKEY")).assert_refused(1, &["401"]);
    list(&user("word")).assert_refused(1, &["401"]);
    for bad in [
        ["--user", "password"],
        ["--user", "a::p"],
        ["--access-key", "AK"],
        ["--access-key", "AK:"],
    ] {
        Run::of(command(&["emulate", bad[0], bad[1]])).assert_refused(2, &[bad[0]]);
    }
}

#[test]
fn limits_the_rate_and_misbehaves_as_configured() {
    let emulate = Emulate::start(&["emulate", "--rate-limit", "2/1h", "--count", "+5"]);
    let mut raw = emulate.raw();
    assert!(
        raw.get(&format!("{JOBS}?limit=0"))
            .body
            .contains("\"count\":40")
    );
    assert_eq!(raw.get(JOBS).status, 200);
    let throttled = raw.get(JOBS);
    assert_eq!(throttled.status, 429);
    assert!(
        throttled.body.contains("limit:2,time:1 hour"),
        "{}",
        throttled.body
    );
    assert!(throttled.body.contains("APIGW.0308"));
    for bad in ["200", "/5m", "200/", "200/5", "-1/5m", "200/0s"] {
        let limit = format!("--rate-limit={bad}");
        Run::of(command(&["emulate", &limit])).assert_refused(2, &["--rate-limit"]);
    }

    let file = File::new("ties", &{
        let jobs: Vec<String> = (0..20)
            .map(|number| format!("{{\"id\":\"{number}\"}}"))
            .collect();
        jobs.join("\n")
    });
    let emulate = Emulate::start(&[
        "emulate",
        "--file",
        file.path(),
        "--unstable-ties",
        "--page-cap",
        "15",
        "--growth",
        "1",
        "--replica-lag",
        "1h",
    ]);
    let mut raw = emulate.raw();
    let mut bodies = Vec::new();
    for _ in 0..2 {
        let body = raw.get(&format!("{JOBS}?limit=100")).body;
        assert_eq!(body.matches("\"id\"").count(), 15);
        bodies.push(body);
    }
    assert_ne!(bodies[0], bodies[1]);
    assert!(bodies[0].contains("\"count\":21"), "grown");
    assert!(bodies[1].contains("\"count\":20"), "the replica lags");
}

#[test]
fn random_changes_happen_and_durations_stay_plausible() {
    let emulate = Emulate::start(&["emulate", "--random-changes", "1ms"]);
    let mut raw = emulate.raw();
    let before = emulate.ids("any");
    let deadline = Instant::now() + Duration::from_secs(20);
    while emulate.ids("any") == before {
        assert!(Instant::now() < deadline, "nothing changed");
    }
    let (_, list) = raw.json("GET", "/__admin/jobs", "");
    for job in list["jobs"].as_array().unwrap() {
        let job = drs_backup_jobs::Job::parse(job.to_string().as_bytes())
            .map(drs_backup_jobs::Job::into_owned);
        let duration = job.unwrap().duration().unwrap_or_default();
        assert!(duration < Duration::from_secs(86_400), "{duration:?}");
    }
}

#[test]
fn verbose_logs_a_line_per_request_without_secrets() {
    let emulate = Emulate::start(&[
        "emulate",
        "-v",
        "--faults",
        "reset@2",
        "--token",
        "MIIsecret",
    ]);
    let mut raw = emulate.raw();
    raw.send(format!(
        "GET {JOBS}?limit=1 HTTP/1.1\r\nHost: h\r\nX-Auth-Token: MIIsecret\r\n\r\n"
    ));
    assert_eq!(raw.response().status, 200);
    raw.send(format!(
        "GET {JOBS} HTTP/1.1\r\nHost: h\r\nX-Auth-Token: MIIsecret\r\n\r\n"
    ));
    assert!(raw.is_over());
    let mut raw = emulate.raw();
    assert_eq!(raw.get(JOBS).status, 401);
    raw.json("GET", "/__admin/jobs", "");
    let mut emulate = emulate;
    emulate.child.kill().unwrap();
    let mut log = String::new();
    emulate
        .child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    for line in [
        &format!("GET {JOBS}?limit=1 200\n"),
        &format!("GET {JOBS} no response\n"),
        &format!("GET {JOBS} 401\n"),
        "GET /__admin/jobs 200\n",
    ] {
        assert!(log.contains(line), "{line:?} in {log}");
    }
    assert!(!log.contains("MIIsecret"), "{log}");
}

#[test]
fn no_admin_disables_the_admin_interface() {
    let emulate = Emulate::start(&["emulate", "--no-admin"]);
    let (status, body) = emulate.raw().json("GET", "/__admin/jobs", "");
    assert_eq!(
        (status, body["error_code"].as_str()),
        (404, Some("APIGW.0101"))
    );
    let both = Run::of(command(&["emulate", "--no-admin", "--remote-admin"]));
    both.assert_refused(2, &["--remote-admin"]);
}
