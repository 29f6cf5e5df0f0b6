//! The emulator over HTTP, byte by byte, without a client of this crate.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use drs_backup_jobs::emulator::{EmulatedJob, Emulator, Server};
use serde_json::Value;

/// A connection that can send anything.
pub(crate) struct Raw {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// A parsed response.
#[derive(Debug)]
pub(crate) struct RawResponse {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl RawResponse {
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
        Self::to_address(server.address())
    }

    #[track_caller]
    pub(crate) fn to_address(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
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
    pub(crate) fn get(&mut self, target: &str) -> RawResponse {
        self.send(format!(
            "GET {target} HTTP/1.1\r\nHost: h\r\nX-Auth-Token: t\r\n\r\n"
        ));
        self.response()
    }

    /// Sends a request with a body and returns status and parsed body of its response.
    #[track_caller]
    pub(crate) fn json(&mut self, method: &str, target: &str, body: &str) -> (u16, Value) {
        let length = body.len();
        self.send(format!(
            "{method} {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n{body}"
        ));
        let response = self.response();
        (
            response.status,
            serde_json::from_str(&response.body).unwrap(),
        )
    }

    #[track_caller]
    pub(crate) fn response(&mut self) -> RawResponse {
        self.response_to("GET")
    }

    #[track_caller]
    fn response_to(&mut self, method: &str) -> RawResponse {
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
        let mut response = RawResponse {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body: String::new(),
        };
        if method != "HEAD" {
            let length = response.header("Content-Length").unwrap().parse().unwrap();
            while self.unread.len() < length {
                assert!(self.read_more(), "the connection ended in a body");
            }
            response.body = String::from_utf8(self.unread.drain(..length).collect()).unwrap();
        }
        response
    }

    fn read_more(&mut self) -> bool {
        let mut chunk = [0; 4096];
        let read = self.stream.read(&mut chunk).unwrap_or(0);
        self.unread.extend_from_slice(&chunk[..read]);
        read > 0
    }

    /// Everything until the server closes the connection.
    pub(crate) fn rest(&mut self) -> String {
        while self.read_more() {}
        String::from_utf8(std::mem::take(&mut self.unread)).unwrap()
    }

    /// Whether the server has closed the connection and sent nothing before.
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
fn serves_many_requests_on_one_connection_also_pipelined() {
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
        assert_eq!(raw.response().body, "{\"jobs\":[],\"count\":35}");
    }
    assert_eq!(emulator.request_count(), 4);
}

#[test]
fn gives_every_response_a_distinct_request_id() {
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
fn errors_have_the_status_code_and_shape_of_gateway_or_service() {
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
        let response = raw.get(target);
        let body: serde_json::Value = serde_json::from_str(&response.body).unwrap();
        let received = (response.status, body["error_code"].as_str().unwrap_or(""));
        assert_eq!(received, (status, code), "{target}: {}", response.body);
        if code.starts_with("APIGW") {
            assert_eq!(body["request_id"].as_str(), response.header("X-Request-Id"));
        }
    }
}

#[test]
fn rejects_requests_without_token_or_signature() {
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
        assert_eq!(raw.response().status, status, "{header}");
    }
}

#[test]
fn rejects_signatures_once_a_token_is_configured() {
    let emulator = Emulator::builder().token("t").build();
    let server = emulator.serve("127.0.0.1:0").unwrap();
    let mut raw = Raw::to(&server);
    raw.send(format!(
        "GET {JOBS} HTTP/1.1\r\nHost: h\r\nAuthorization: SDK-HMAC-SHA256 Access=AK, \
         SignedHeaders=host, Signature={}\r\n\r\n",
        "0".repeat(64)
    ));
    assert_eq!(raw.response().status, 401);
    assert_eq!(raw.get(JOBS).status, 200);
}

#[test]
fn writes_messages_in_the_requested_language() {
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
        let body = raw.response().body;
        assert!(body.contains(expected), "{body}");
    }
}

#[test]
fn rejects_other_methods_and_sends_no_body_to_head() {
    let server = demo();
    let mut raw = Raw::to(&server);
    for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        raw.send(format!(
            "{method} {JOBS} HTTP/1.1\r\nHost: h\r\nX-Auth-Token: t\r\nContent-Length: 0\r\n\r\n"
        ));
        let response = raw.response_to(method);
        assert_eq!(
            (response.status, response.header("Allow")),
            (405, Some("GET"))
        );
    }
    assert_eq!(raw.get(JOBS).status, 200);
    for (target, allowed) in [
        ("/v3/auth/tokens", "POST"),
        ("/v3/projects", "GET"),
        ("/meta-data/latest/api/token", "PUT"),
        ("/openstack/latest/securitykey", "GET"),
    ] {
        raw.send(format!("PATCH {target} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let response = raw.response();
        let received = (response.status, response.header("Allow"));
        assert_eq!(received, (405, Some(allowed)), "{target}");
    }
}

#[test]
fn rejects_malformed_requests_and_closes_the_connection() {
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
        let response = raw.response();
        assert_eq!(response.status, status, "{}", response.body);
        assert_eq!(response.header("Connection"), Some("close"));
        assert!(raw.is_over());
    }
}

#[test]
fn accepts_a_token_of_the_longest_documented_length() {
    let server = demo();
    for (length, status) in [(50_000, 200), (50_001, 401)] {
        let mut raw = Raw::to(&server);
        let token = "t".repeat(length);
        raw.send(format!(
            "GET {JOBS} HTTP/1.1\r\nHost: h\r\nX-Auth-Token: {token}\r\n\r\n"
        ));
        assert_eq!(raw.response().status, status);
    }
}

#[test]
fn closes_the_connection_on_request_and_for_http_1_0() {
    let server = demo();
    for request in [
        format!("GET {JOBS} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
        format!("GET {JOBS} HTTP/1.0\r\n\r\n"),
    ] {
        let mut raw = Raw::to(&server);
        raw.send(request);
        assert_eq!(raw.response().header("Connection"), Some("close"));
        assert!(raw.is_over());
    }
}

#[test]
fn accepts_a_request_byte_by_byte_and_skips_its_body() {
    let server = demo();
    let mut raw = Raw::to(&server);
    for byte in format!("POST {JOBS} HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc").bytes() {
        raw.send([byte]);
    }
    assert_eq!(raw.response().status, 405);
    assert_eq!(raw.get(JOBS).status, 200);
}

#[test]
fn stop_closes_idle_connections_at_once() {
    let server = Emulator::new().serve("127.0.0.1:0").unwrap();
    let mut raw = Raw::to(&server);
    assert_eq!(raw.get(JOBS).status, 200);
    let mut half = Raw::to(&server);
    half.send("GET / HT");
    let start = Instant::now();
    server.stop();
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "stop took too long"
    );
    assert!(raw.is_over() && half.is_over());
}

#[test]
fn stop_cancels_a_delayed_response() {
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
    let start = Instant::now();
    server.stop();
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "stop took too long"
    );
    assert!(raw.is_over());
}

#[test]
fn serves_many_connections_at_once() {
    let server = demo();
    let mut connections: Vec<Raw> = (0..300).map(|_| Raw::to(&server)).collect();
    assert!(
        connections
            .iter_mut()
            .all(|raw| raw.get(JOBS).status == 200)
    );
}
