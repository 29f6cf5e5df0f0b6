//! What every transport guarantees, on a raw socket: connections, lengths, the limit, deadlines.

#[cfg(target_os = "linux")]
use std::collections::HashSet;
use std::io;
use std::net::Shutdown;
#[cfg(target_os = "linux")]
use std::net::{TcpListener, TcpStream};
#[cfg(target_os = "linux")]
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
#[cfg(target_os = "linux")]
use std::thread;
use std::time::{Duration, Instant};

use drs_backup_jobs::credentials::Login;
#[cfg(feature = "curl")]
use drs_backup_jobs::transport::Curl;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use drs_backup_jobs::transport::Tls;
use drs_backup_jobs::transport::{
    Proxies, Request, ResponseBody, ResponseHead, Transport, TransportError,
    TransportErrorKind as Kind,
};
#[cfg(feature = "ureq")]
use drs_backup_jobs::transport::{Ureq, UreqBuilder};
use drs_backup_jobs::{Client, ListJobs, RetryPolicy};

use crate::server::{Closed, Server};

pub(crate) const LONG: Duration = Duration::from_secs(30);

/// A built-in transport and how to build it.
#[derive(Clone, Copy)]
pub(crate) struct BuiltIn {
    pub(crate) name: &'static str,
    pub(crate) knows_tls: bool,
    /// Whether `http` connections are kept.
    pub(crate) keeps_connections: bool,
    make: fn(Setup) -> Arc<dyn Transport>,
}

/// The settings of a test.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) proxies: Option<Proxies>,
    pub(crate) roots: Option<String>,
    pub(crate) connect_timeout: Option<Duration>,
}

impl BuiltIn {
    pub(crate) fn with(self, setup: Setup) -> Arc<dyn Transport> {
        (self.make)(setup)
    }
}

/// Every built-in transport: each test of this suite holds for each of them.
pub(crate) const BUILT_IN: &[BuiltIn] = &[
    #[cfg(feature = "ureq")]
    BuiltIn {
        name: "ureq",
        knows_tls: cfg!(feature = "rustls"),
        keeps_connections: true,
        make: |setup| set_up(Ureq::builder(), setup),
    },
    #[cfg(feature = "native-tls")]
    BuiltIn {
        name: "ureq with native-tls",
        knows_tls: true,
        keeps_connections: true,
        make: |setup| set_up(Ureq::builder().tls(Tls::Native), setup),
    },
    #[cfg(feature = "curl")]
    BuiltIn {
        name: "curl",
        knows_tls: true,
        keeps_connections: false,
        make: |setup| {
            let mut builder = Curl::builder();
            if let Some(proxies) = setup.proxies {
                builder = builder.proxies(proxies);
            }
            if let Some(roots) = setup.roots {
                builder = builder.root_certificates(roots);
            }
            if let Some(timeout) = setup.connect_timeout {
                builder = builder.connect_timeout(timeout);
            }
            Arc::new(builder.build().unwrap())
        },
    },
];

#[cfg(feature = "ureq")]
fn set_up(mut builder: UreqBuilder, setup: Setup) -> Arc<dyn Transport> {
    if let Some(proxies) = setup.proxies {
        builder = builder.proxies(proxies);
    }
    if let Some(roots) = setup.roots {
        builder = builder.root_certificates(roots);
    }
    if let Some(timeout) = setup.connect_timeout {
        builder = builder.connect_timeout(timeout);
    }
    Arc::new(builder.build().unwrap())
}

pub(crate) fn transports() -> impl Iterator<Item = (&'static str, Arc<dyn Transport>)> {
    let each = BUILT_IN.iter();
    each.map(|built_in| (built_in.name, built_in.with(Setup::default())))
}

/// The outcome of one request.
pub(crate) struct Outcome {
    pub(crate) result: Result<ResponseHead, TransportError>,
    pub(crate) body: Vec<u8>,
    pub(crate) elapsed: Duration,
}

impl Outcome {
    #[track_caller]
    pub(crate) fn assert_response(&self, status: u16, body: &[u8]) {
        match &self.result {
            Ok(head) => assert_eq!((head.status(), &*self.body), (status, body)),
            Err(error) => panic!("{error:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn assert_failure(&self, kind: Kind) {
        match &self.result {
            Ok(head) => panic!("{head:?}, expected {kind:?}"),
            Err(error) => assert_eq!(error.kind(), kind, "{error:?}"),
        }
    }
}

/// Sends the request for a page to `endpoint`, without a client.
pub(crate) fn send(
    transport: &dyn Transport,
    endpoint: &str,
    timeout: Duration,
    limit: usize,
) -> Outcome {
    let parts = ListJobs::new().limit(1).request(endpoint, "p").unwrap();
    let mut body = ResponseBody::new(limit);
    let start = Instant::now();
    let result = transport.send(&Request::new(&parts, b"", timeout), &mut body);
    Outcome {
        result,
        body: body.as_bytes().to_vec(),
        elapsed: start.elapsed(),
    }
}

/// Checks up to three times. On a busy machine the test itself may be late, while a transport that
/// misses its deadline is late each time.
pub(crate) fn persistently<T, E>(check: impl Fn() -> Result<T, E>) -> Result<T, E> {
    check().or_else(|_| check()).or_else(|_| check())
}

fn get(transport: &dyn Transport, server: &Server) -> Outcome {
    send(transport, &server.url(), LONG, 1 << 20)
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

#[test]
#[cfg(target_os = "linux")]
fn requests_to_an_address_start_no_thread() {
    for built_in in BUILT_IN {
        let transport = built_in.with(Setup::default());
        let server = Server::responding(OK);
        let url = server.url();
        let threads = threads_started_by(move || {
            for _ in 0..100 {
                send(&*transport, &url, LONG, 2).assert_response(200, b"{}");
            }
        });
        assert_eq!(threads, 0, "{}", built_in.name);
        assert_eq!(server.requests().len(), 100);
        let connections = if built_in.keeps_connections { 1 } else { 100 };
        assert_eq!(server.connections(), connections, "{}", built_in.name);
    }
}

/// Each is short-lived: not every one is seen, but of two in the same moment both would be.
#[test]
#[cfg(all(feature = "ureq", target_os = "linux"))]
fn requests_to_a_name_start_one_thread_each_which_ends() {
    let server = Server::responding(OK);
    let url = server.url().replace("127.0.0.1", "localhost");
    let transport = Ureq::builder().proxies(Proxies::none()).build().unwrap();
    let threads = threads_started_by(move || {
        for _ in 0..1000 {
            send(&transport, &url, LONG, 2).assert_response(200, b"{}");
        }
    });
    assert!((1..=1000).contains(&threads), "{threads}");
    assert_eq!(server.connections(), 1);
}

/// ureq panics where the system gives no thread. A minimum stack that no machine has makes that
/// happen, in a process of its own: std reads the variable once.
#[test]
#[cfg(all(feature = "ureq", target_os = "linux"))]
fn a_lookup_without_a_thread_is_a_connect_error() {
    const CHILD: &str = "DRS_TEST_WITHOUT_THREADS";
    if std::env::var_os(CHILD).is_some() {
        let transport = Ureq::builder().proxies(Proxies::none()).build().unwrap();
        let outcome = send(&transport, "http://localhost:1", LONG, 2);
        let Err(error) = outcome.result else { return };
        let source = std::error::Error::source(&error).unwrap().to_string();
        println!("{:?}: {error}: {source}", error.kind());
        return;
    }
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .arg("transport::a_lookup_without_a_thread_is_a_connect_error")
        .env(CHILD, "1")
        .env("RUST_MIN_STACK", (1_u64 << 50).to_string())
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&child.stdout);
    let expected = "Connect: cannot look up the address of localhost: the system provides no more";
    assert!(shown.contains(expected), "{child:?}");
    assert!(child.status.success(), "{child:?}");
}

/// The number of threads seen that `run` started: they inherit the name of the thread that starts
/// them.
#[cfg(target_os = "linux")]
fn threads_started_by(run: impl FnOnce() + Send + 'static) -> usize {
    const NAME: &str = "counted-sender";
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock();
    let done = Arc::new(AtomicBool::new(false));
    let sender = thread::Builder::new().name(NAME.into()).spawn({
        let done = Arc::clone(&done);
        move || {
            run();
            done.store(true, Ordering::SeqCst);
        }
    });
    let sender = sender.unwrap();
    let mut seen = HashSet::new();
    while !done.load(Ordering::SeqCst) && !sender.is_finished() {
        for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
            let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            if name.trim() == NAME {
                seen.insert(task.file_name());
            }
        }
    }
    sender.join().unwrap();
    seen.len().saturating_sub(1)
}

#[test]
#[cfg(feature = "ureq")]
fn an_agent_of_the_callers_follows_no_redirect_and_holds_the_deadline() {
    let config = ureq::Agent::config_builder().proxy(None).build();
    let transport = Ureq::from(ureq::Agent::new_with_config(config));
    for status in [302, 404, 500] {
        let server = Server::responding(format!(
            "HTTP/1.1 {status} X\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"
        ));
        get(&transport, &server).assert_response(status, b"");
        assert_eq!(server.requests().len(), 1);
    }
    let server = Server::start(|peer| {
        peer.request()?;
        peer.stall()
    });
    for host in ["127.0.0.1", "localhost"] {
        let url = server.url().replace("127.0.0.1", host);
        let timeout = Duration::from_millis(500);
        let outcome = send(&transport, &url, timeout, 100);
        outcome.assert_failure(Kind::Timeout);
        assert!(outcome.elapsed < LONG / 2, "{:?}", outcome.elapsed);
    }
}

#[test]
fn posts_a_login_and_returns_its_token() {
    for (name, transport) in transports() {
        let posted = Arc::new(Mutex::new(String::new()));
        let server = Server::start({
            let posted = Arc::clone(&posted);
            move |peer| {
                while let Some(head) = peer.request()? {
                    if head.starts_with("GET ") {
                        let page = r#"{"count":0,"jobs":[]}"#;
                        peer.send(format!(
                            "HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{page}"
                        ))?;
                        continue;
                    }
                    let length = head.to_ascii_lowercase();
                    let (_, length) = length.split_once("content-length: ").unwrap();
                    let body = peer.body(length.split_once('\r').unwrap().0.parse().unwrap())?;
                    *posted.lock().unwrap() = format!("{head}{}", String::from_utf8_lossy(&body));
                    peer.send(
                        "HTTP/1.1 201 Created\r\nX-Subject-Token: MIItoken\r\nContent-Length: 2\r\n\r\n{}",
                    )?;
                }
                Ok(())
            }
        });
        let client = Client::builder()
            .endpoint(server.url())
            .iam_endpoint(server.url())
            .project_id("p")
            .credentials(Login::new("account", "user", "open sesame"))
            .transport(transport)
            .retry(RetryPolicy::none())
            .timeout(LONG)
            .build()
            .unwrap();
        client.list(&ListJobs::new()).unwrap();

        let posted = posted.lock().unwrap();
        assert!(
            posted.starts_with("POST /v3/auth/tokens"),
            "{name}: {posted}"
        );
        assert!(posted.contains("open sesame"), "{name}: {posted}");
        assert!(posted.ends_with('}'), "{name}: {posted}");
        let lower = posted.to_ascii_lowercase();
        assert!(
            !lower.contains("expect:") && !lower.contains("chunked"),
            "{name}: {posted}"
        );
        let requests = server.requests();
        assert!(requests[1].contains("MIItoken"), "{name}: {requests:?}");
        for request in requests {
            let request = request.to_ascii_lowercase();
            let encodings = request.matches("accept-encoding").count();
            assert_eq!(encodings, 1, "{name}: {request}");
            assert!(
                request.contains("accept-encoding: identity\r\n"),
                "{name}: {request}"
            );
        }
    }
}

#[test]
fn a_body_shorter_than_its_content_length_is_a_lost_connection() {
    for (name, transport) in transports() {
        let server = Server::start(|peer| {
            peer.request()?;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}")
        });
        let outcome = get(&*transport, &server);
        outcome.assert_failure(Kind::ConnectionLost);
        assert_eq!(outcome.body, b"{}", "{name}");
    }
}

#[test]
fn a_truncated_chunked_body_is_a_lost_connection() {
    for (name, transport) in transports() {
        for cut in ["", "5\r\n", "2\r\n{}\r\n", "2\r\n{}"] {
            let server = Server::start(move |peer| {
                peer.request()?;
                peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
                peer.send(cut)
            });
            let outcome = get(&*transport, &server);
            outcome.assert_failure(Kind::ConnectionLost);
            assert!(outcome.body.len() <= 2, "{name}: {cut:?}");
        }
    }
}

#[test]
fn accepts_a_body_at_the_limit_and_rejects_one_over_it() {
    for (_, transport) in transports() {
        for framing in [
            "Content-Length: 1000\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n3e8\r\n",
            "Connection: close\r\n\r\n",
        ] {
            // One server a request: it closes the connection after a response, which could end a
            // request that is sent at that moment.
            let start = || {
                Server::start(move |peer| {
                    peer.request()?;
                    peer.send(format!("HTTP/1.1 200 OK\r\n{framing}"))?;
                    peer.send([b'x'; 1000])?;
                    if framing.starts_with('T') {
                        peer.send("\r\n0\r\n\r\n")?;
                    }
                    Ok(())
                })
            };
            let server = start();
            let outcome = send(&*transport, &server.url(), LONG, 1000);
            outcome.assert_response(200, &[b'x'; 1000]);
            let server = start();
            let outcome = send(&*transport, &server.url(), LONG, 999);
            outcome.assert_failure(Kind::BodyTooLarge);
            assert!(outcome.body.len() <= 999);
        }
    }
}

#[test]
fn does_not_reuse_a_connection_that_the_peer_closed() {
    for (name, transport) in transports() {
        let (sending, ended) = mpsc::channel();
        let server = Server::start(move |peer| {
            peer.request()?;
            peer.send(OK)?;
            // On loopback the end has arrived once this returns.
            peer.stream.shutdown(Shutdown::Write)?;
            sending.send(()).map_err(io::Error::other)?;
            peer.stall()
        });
        for n in 1..=3 {
            send(&*transport, &server.url(), LONG, 2).assert_response(200, b"{}");
            ended.recv_timeout(LONG).unwrap();
            assert_eq!(server.connections(), n, "{name}");
        }
    }
}

#[test]
fn returns_redirects_and_does_not_follow_them() {
    for (name, transport) in transports() {
        let other = Server::responding(OK);
        for status in [301, 302, 303, 307, 308] {
            let server = Server::responding(format!(
                "HTTP/1.1 {status} Moved\r\nLocation: {}/there\r\nContent-Length: 0\r\n\r\n",
                other.url()
            ));
            let outcome = get(&*transport, &server);
            outcome.assert_response(status, b"");
            let location = outcome.result.as_ref().unwrap().location();
            assert_eq!(location, Some(format!("{}/there", other.url()).as_str()));
        }
        assert_eq!(other.connections(), 0, "{name}");
    }
}

#[test]
fn returns_responses_of_any_status() {
    for (_, transport) in transports() {
        for status in [200, 204, 206, 304, 400, 401, 404, 429, 500, 503, 599] {
            let server = Server::responding(format!(
                "HTTP/1.1 {status} X\r\nX-Request-Id: r-{status}\r\nContent-Length: 0\r\n\r\n"
            ));
            let outcome = get(&*transport, &server);
            outcome.assert_response(status, b"");
            let head = outcome.result.as_ref().unwrap();
            assert_eq!(head.request_id(), Some(format!("r-{status}").as_str()));
        }
    }
}

#[test]
fn the_deadline_holds_to_the_last_byte_of_the_body() {
    let timeout = Duration::from_secs(1);
    for (name, transport) in transports() {
        for sent in ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}"] {
            let server = Server::start(move |peer| {
                peer.request()?;
                peer.send(sent)?;
                peer.stall()
            });
            let in_time = persistently(|| {
                let outcome = send(&*transport, &server.url(), timeout, 100);
                outcome.assert_failure(Kind::Timeout);
                assert!(outcome.elapsed >= timeout, "{name}");
                let is_in_time = outcome.elapsed <= timeout + timeout / 10;
                is_in_time.then_some(()).ok_or(outcome.elapsed)
            });
            assert_eq!(in_time, Ok(()), "{name}");
        }
        let server = Server::responding(OK);
        send(&*transport, &server.url(), Duration::ZERO, 100).assert_failure(Kind::Timeout);
        assert_eq!(server.connections(), 0);
        send(&*transport, &server.url(), Duration::MAX, 100).assert_response(200, b"{}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn connecting_ends_at_the_deadline_and_at_the_connect_timeout() {
    // Linux does not respond to a connection attempt while too many wait to be accepted.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let waiting: Vec<_> = (0..5000)
        .map_while(|_| TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok())
        .collect();
    assert!(waiting.len() < 5000, "the system accepts every connection");

    let short = Duration::from_secs(1);
    for built_in in BUILT_IN {
        for (connect_timeout, timeout) in [(None, short), (Some(short), LONG)] {
            let transport = built_in.with(Setup {
                connect_timeout,
                ..Setup::default()
            });
            let in_time = persistently(|| {
                let outcome = send(&*transport, &format!("http://{address}"), timeout, 1);
                outcome.assert_failure(Kind::Timeout);
                let is_in_time = outcome.elapsed <= short + short / 10;
                is_in_time.then_some(()).ok_or(outcome.elapsed)
            });
            assert_eq!(in_time, Ok(()), "{}", built_in.name);
        }
    }
}

#[test]
fn unreachable_hosts_and_failed_lookups_are_connect_errors() {
    for (_, transport) in transports() {
        let closed = Closed::new();
        send(&*transport, &closed.url(), LONG, 1).assert_failure(Kind::Connect);
        // The system rejects a name this long without a request.
        let nowhere = format!("http://{}.invalid", "x".repeat(64));
        send(&*transport, &nowhere, LONG, 1).assert_failure(Kind::Connect);
    }
}

#[cfg(all(feature = "ureq", not(feature = "rustls")))]
#[test]
fn an_https_url_without_rustls_names_the_feature() {
    let transport = Ureq::new();
    let outcome = send(&transport, "https://127.0.0.1:1", LONG, 1);
    outcome.assert_failure(Kind::Unsupported);
    let text = outcome.result.unwrap_err().to_string();
    assert!(text.contains("the feature rustls"), "{text}");
}

#[cfg(feature = "rustls")]
#[test]
fn rustls_is_the_default_tls() {
    let shown = format!("{:?}", Ureq::new());
    assert!(
        shown.contains("Rustls") && !shown.contains("tls: Native"),
        "{shown}"
    );
    assert_eq!(Tls::default(), Tls::Rustls);
}
