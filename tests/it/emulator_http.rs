//! The emulator over HTTP, spoken to byte by byte: no client of ours in between.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use drs_backup_jobs::emulator::{EmulatedJob, Emulator, Server};

/// A connection that can send anything.
pub(crate) struct Raw {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct RawAnswer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl RawAnswer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

impl Raw {
    #[track_caller]
    pub(crate) fn to(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    #[track_caller]
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    #[track_caller]
    pub(crate) fn get(&mut self, target: &str) -> RawAnswer {
        self.send(format!(
            "GET {target} HTTP/1.1\r\nHost: h\r\nX-Auth-Token: t\r\n\r\n"
        ));
        self.answer()
    }

    #[track_caller]
    pub(crate) fn answer(&mut self) -> RawAnswer {
        self.answer_to("GET")
    }

    #[track_caller]
    fn answer_to(&mut self, method: &str) -> RawAnswer {
        let end = loop {
            let found = self
                .unread
                .windows(4)
                .position(|bytes| bytes == b"\r\n\r\n");
            if let Some(at) = found {
                break at + 4;
            }
            assert!(self.read_more(), "the connection ended in a head");
        };
        let head = String::from_utf8(self.unread.drain(..end).collect()).unwrap();
        let mut answer = RawAnswer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body: String::new(),
        };
        if method != "HEAD" {
            let length = answer.header("Content-Length").unwrap().parse().unwrap();
            while self.unread.len() < length {
                assert!(self.read_more(), "the connection ended in a body");
            }
            answer.body = String::from_utf8(self.unread.drain(..length).collect()).unwrap();
        }
        answer
    }

    fn read_more(&mut self) -> bool {
        let mut chunk = [0; 4096];
        let read = self.stream.read(&mut chunk).unwrap_or(0);
        self.unread.extend_from_slice(&chunk[..read]);
        read > 0
    }

    /// Everything until the other side ends the connection.
    pub(crate) fn rest(&mut self) -> String {
        while self.read_more() {}
        String::from_utf8(std::mem::take(&mut self.unread)).unwrap()
    }

    /// Whether the other side has ended the connection, and sent nothing more before.
    pub(crate) fn is_over(&mut self) -> bool {
        self.unread.is_empty() && !self.read_more()
    }
}

pub(crate) const JOBS: &str = "/v5/p/backup-migration-jobs";

#[track_caller]
fn demo() -> Server {
    Emulator::demo().serve("127.0.0.1:0").unwrap()
}

#[test]
fn one_connection_serves_many_requests_also_sent_at_once() {
    let emulator = Emulator::demo();
    let server = emulator.serve("127.0.0.1:0").unwrap();
    assert!(server.url().starts_with("http://127.0.0.1:"));
    let mut raw = Raw::to(&server);
    let first = raw.get(&format!("{JOBS}?limit=1"));
    assert_eq!(first.status, 200);
    assert_eq!(first.header("Content-Type"), Some("application/json"));
    assert!(
        first.body.starts_with("{\"jobs\":[{\"id\":\""),
        "{}",
        first.body
    );
    let request = format!("GET {JOBS}?limit=0 HTTP/1.1\r\nHost: h\r\nX-Auth-Token: t\r\n\r\n");
    raw.send(request.repeat(3));
    for _ in 0..3 {
        assert_eq!(raw.answer().body, "{\"jobs\":[],\"count\":35}");
    }
    assert_eq!(emulator.request_count(), 4);
}

#[test]
fn every_answer_bears_an_id_of_its_own() {
    let server = demo();
    let mut raw = Raw::to(&server);
    let mut ids: Vec<String> = ["/", JOBS, "/x?%", "/v5/p/backup-migration-jobs?limit=x"]
        .iter()
        .map(|target| raw.get(target).header("X-Request-Id").unwrap().to_owned())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    assert!(ids.iter().all(|id| id.len() == 32));
}

#[test]
fn refusals_have_the_status_code_and_shape_of_whoever_refuses() {
    let server = demo();
    let mut raw = Raw::to(&server);
    let ids = |count| format!("{JOBS}?{}", "dbs_instance_ids=i&".repeat(count));
    let project = |length| format!("/v5/{}/backup-migration-jobs", "p".repeat(length));
    let long = |key: &str, length: usize| format!("{JOBS}?{key}={}", "%E5%A4%87".repeat(length));
    for (target, status, code) in [
        ("/", 404, "APIGW.0101"),
        ("/v5//backup-migration-jobs", 404, "APIGW.0101"),
        ("/v5/a/b/backup-migration-jobs", 404, "APIGW.0101"),
        ("/v5/p/backup-migration-jobs/", 404, "APIGW.0101"),
        (&format!("{JOBS}?name=%"), 400, "APIGW.0201"),
        (&format!("{JOBS}?name=%ff"), 400, "APIGW.0201"),
        (&ids(11), 400, "DRS.10000009"),
        (&ids(10), 200, ""),
        (&project(129), 400, "DRS.10000009"),
        (&project(128), 200, ""),
        (&format!("{JOBS}?status=PAUSED"), 400, "DRS.10000009"),
        (&format!("{JOBS}?sort_key=size"), 400, "DRS.10000009"),
        (&format!("{JOBS}?sort_dir=up"), 400, "DRS.10000009"),
        (&format!("{JOBS}?limit=-1"), 400, "DRS.M00210"),
        (&format!("{JOBS}?limit=%2B1"), 400, "DRS.M00210"),
        (&format!("{JOBS}?limit=ten"), 400, "DRS.M00210"),
        (
            &format!("{JOBS}?offset=99999999999999999999"),
            400,
            "DRS.M00211",
        ),
        (&long("name", 129), 400, "DRS.10000009"),
        (&long("tags", 513), 400, "DRS.10000009"),
        (&long("dbs_instance_ids", 129), 400, "DRS.10000009"),
        (&long("name", 128), 200, ""),
        (&long("tags", 512), 200, ""),
        (&long("unknown", 600), 200, ""),
    ] {
        let answer = raw.get(target);
        let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        let told = (answer.status, body["error_code"].as_str().unwrap_or(""));
        assert_eq!(told, (status, code), "{target}: {}", answer.body);
        if code.starts_with("APIGW") {
            assert_eq!(body["request_id"].as_str(), answer.header("X-Request-Id"));
        }
    }
}

#[test]
fn without_a_token_or_a_signature_nobody_passes() {
    let server = demo();
    let mut raw = Raw::to(&server);
    let signature = format!(
        "Authorization: SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature={}\r\n",
        "0".repeat(64)
    );
    for (header, status) in [
        ("", 401),
        ("X-Auth-Token:\r\n", 401),
        ("X-Auth-Token: \r\n", 401),
        ("Authorization: Basic x\r\n", 401),
        ("X-Auth-Token: t\r\n", 200),
        ("x-auth-token: t\r\n", 200),
        (signature.as_str(), 200),
    ] {
        raw.send(format!("GET {JOBS} HTTP/1.1\r\nHost: h\r\n{header}\r\n"));
        assert_eq!(raw.answer().status, status, "{header}");
    }
}

#[test]
fn a_signature_passes_nobody_once_a_token_was_told() {
    let emulator = Emulator::builder().token("t").build();
    let server = emulator.serve("127.0.0.1:0").unwrap();
    let mut raw = Raw::to(&server);
    raw.send(format!(
        "GET {JOBS} HTTP/1.1\r\nHost: h\r\nAuthorization: SDK-HMAC-SHA256 Access=AK, \
         SignedHeaders=host, Signature={}\r\n\r\n",
        "0".repeat(64)
    ));
    assert_eq!(raw.answer().status, 401);
    assert_eq!(raw.get(JOBS).status, 200);
}

#[test]
fn messages_come_in_the_language_asked_for() {
    let server = demo();
    let mut raw = Raw::to(&server);
    for (language, expected) in [
        ("zh-cn", "参数错误：limit必须是0到65534之间的整数。"),
        (
            "en-us",
            "Parameter error: limit must be a number from 0 to 65534.",
        ),
        (
            "fr",
            "Parameter error: limit must be a number from 0 to 65534.",
        ),
    ] {
        raw.send(format!(
            "GET {JOBS}?limit=x HTTP/1.1\r\nHost: h\r\nX-Auth-Token: t\r\nX-Language: {language}\r\n\r\n"
        ));
        let body = raw.answer().body;
        assert!(body.contains(expected), "{body}");
    }
}

#[test]
fn other_methods_are_refused_and_head_gets_no_body() {
    let server = demo();
    let mut raw = Raw::to(&server);
    for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        raw.send(format!(
            "{method} {JOBS} HTTP/1.1\r\nHost: h\r\nX-Auth-Token: t\r\nContent-Length: 0\r\n\r\n"
        ));
        let answer = raw.answer_to(method);
        assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET")));
    }
    assert_eq!(raw.get(JOBS).status, 200);
}

#[test]
fn what_is_no_request_is_refused_and_the_connection_ended() {
    let server = demo();
    let long_target = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(40_000));
    let long_head = format!("GET / HTTP/1.1\r\nHost: h\r\nX: {}", "x".repeat(140_000));
    let many = format!(
        "GET / HTTP/1.1\r\nHost: h\r\n{}\r\n",
        "X: y\r\n".repeat(101)
    );
    for (bytes, status) in [
        ("\x16\x03\x01\x02\r\n\r\n", 400),
        ("GET\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n",
            400,
        ),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
            400,
        ),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            400,
        ),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n",
            413,
        ),
        (
            "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
            411,
        ),
        (&long_target, 414),
        (&long_head, 494),
        (&many, 494),
    ] {
        let mut raw = Raw::to(&server);
        raw.send(bytes);
        let answer = raw.answer();
        assert_eq!(answer.status, status, "{}", answer.body);
        assert_eq!(answer.header("Connection"), Some("close"));
        assert!(raw.is_over());
    }
}

#[test]
fn a_token_of_the_longest_documented_length_passes() {
    let server = demo();
    for (length, status) in [(50_000, 200), (50_001, 401)] {
        let mut raw = Raw::to(&server);
        let token = "t".repeat(length);
        raw.send(format!(
            "GET {JOBS} HTTP/1.1\r\nHost: h\r\nX-Auth-Token: {token}\r\n\r\n"
        ));
        assert_eq!(raw.answer().status, status);
    }
}

#[test]
fn a_connection_ends_when_the_client_asks_or_speaks_http_1_0() {
    let server = demo();
    for request in [
        format!("GET {JOBS} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
        format!("GET {JOBS} HTTP/1.0\r\n\r\n"),
    ] {
        let mut raw = Raw::to(&server);
        raw.send(request);
        assert_eq!(raw.answer().header("Connection"), Some("close"));
        assert!(raw.is_over());
    }
}

#[test]
fn a_request_may_come_byte_by_byte_and_its_body_is_skipped() {
    let server = demo();
    let mut raw = Raw::to(&server);
    for byte in format!("POST {JOBS} HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc").bytes() {
        raw.send([byte]);
    }
    assert_eq!(raw.answer().status, 405);
    assert_eq!(raw.get(JOBS).status, 200);
}

#[test]
fn a_stop_breaks_idle_connections_and_waits_for_none() {
    let server = Emulator::new().serve("127.0.0.1:0").unwrap();
    let mut raw = Raw::to(&server);
    assert_eq!(raw.get(JOBS).status, 200);
    let mut half = Raw::to(&server);
    half.send("GET / HT");
    let begun = Instant::now();
    server.stop();
    assert!(begun.elapsed() < Duration::from_secs(1), "a stop took long");
    assert!(raw.is_over() && half.is_over());
}

#[test]
fn a_stop_ends_an_answer_that_would_take_long() {
    let emulator = Emulator::builder()
        .job(EmulatedJob::new("a"))
        .latency(Duration::from_secs(3600))
        .build();
    let server = emulator.serve("127.0.0.1:0").unwrap();
    let mut raw = Raw::to(&server);
    raw.send(format!("GET {JOBS} HTTP/1.1\r\nHost: h\r\n\r\n"));
    while emulator.request_count() == 0 {
        std::thread::yield_now();
    }
    let begun = Instant::now();
    server.stop();
    assert!(begun.elapsed() < Duration::from_secs(1), "a stop took long");
    assert!(raw.is_over());
}

#[test]
fn a_connection_too_many_is_told_so() {
    let server = demo();
    let mut held: Vec<Raw> = (0..256).map(|_| Raw::to(&server)).collect();
    // Each has its thread once it was answered.
    assert!(held.iter_mut().all(|raw| raw.get(JOBS).status == 200));
    let mut one_more = Raw::to(&server);
    one_more.send(format!("GET {JOBS} HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_eq!(one_more.answer().status, 503);
    assert!(one_more.is_over());
}
