//! Faults of a peer and their outcome: one table for every transport.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;
#[cfg(target_os = "linux")]
use std::time::Instant;

use drs_backup_jobs::transport::TransportErrorKind::{
    self as Kind, BodyTooLarge, Connect, ConnectionLost, Protocol, Timeout,
};
use drs_backup_jobs::{Client, Error, ListJobs, RetryPolicy, Transport};

use crate::server::{Closed, Peer, Server};
use crate::transport::{LONG, persistently, send, transports};

/// One row: a fault and its outcome.
struct Fault {
    what: &'static str,
    /// What the peer does with a connection; `None` if nobody listens.
    serve: Option<fn(&mut Peer) -> io::Result<()>>,
    outcome: Outcome,
    /// The length of the body received.
    kept: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Status(u16),
    /// At once, without waiting for the deadline.
    Fails(Kind),
    /// When the timeout has passed, and not much later.
    TimesOut,
    /// A body without length: ureq reports no reset, and returns what it received. The client finds
    /// that the JSON ends early, and retries.
    CutShort,
}

use Outcome::{CutShort, Fails, Status, TimesOut};

impl Outcome {
    /// Whether the client retries the request while time remains.
    fn is_retried(self) -> bool {
        matches!(self, Fails(Connect | ConnectionLost) | CutShort)
    }
}

const CAP: usize = 100_000;
const TIME: Duration = Duration::from_secs(2);
const TOKEN: &str = "MIIsecretToken";

const PAGE: &str = r#"{"count":0,"jobs":[]}"#;
const WITH_LENGTH: &str = "HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{\"count\":0,\"jobs\":[]}";

#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    // Ends early.
    Fault { what: "refuses the connection", outcome: Fails(Connect), kept: 0,
        serve: None },
    Fault { what: "resets before the headers", outcome: Fails(ConnectionLost), kept: 0,
        serve: Some(Peer::will_reset) },
    Fault { what: "closes before the headers", outcome: Fails(ConnectionLost), kept: 0,
        serve: Some(|peer| peer.request().map(drop)) },
    Fault { what: "resets inside the headers", outcome: Fails(ConnectionLost), kept: 0,
        serve: Some(|peer| { peer.will_reset()?; peer.send("HTTP/1.1 200 OK\r\nContent-") }) },
    Fault { what: "closes inside the headers", outcome: Fails(ConnectionLost), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n") }) },
    Fault { what: "closes inside a header", outcome: Fails(ConnectionLost), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nContent-") }) },
    Fault { what: "closes inside the status line", outcome: Fails(ConnectionLost), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 20") }) },
    Fault { what: "closes after a status line", outcome: Fails(ConnectionLost), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\n") }) },
    Fault { what: "closes after an interim response", outcome: Fails(ConnectionLost), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 102 Processing\r\n\r\n") }) },
    Fault { what: "resets inside a body of known length", outcome: Fails(ConnectionLost), kept: 2,
        serve: Some(|peer| { peer.will_reset()?; peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}") }) },
    Fault { what: "closes inside a body of known length", outcome: Fails(ConnectionLost), kept: 2,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}") }) },
    Fault { what: "resets between two chunks", outcome: Fails(ConnectionLost), kept: 2,
        serve: Some(|peer| { peer.will_reset()?; peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n") }) },
    Fault { what: "closes between two chunks", outcome: Fails(ConnectionLost), kept: 2,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n") }) },
    Fault { what: "closes inside a chunk", outcome: Fails(ConnectionLost), kept: 2,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}") }) },
    Fault { what: "closes inside the length of a chunk", outcome: Fails(ConnectionLost), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9") }) },
    Fault { what: "closes before the last chunk", outcome: Fails(ConnectionLost), kept: PAGE.len(),
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n{\"count\":0,\"jobs\":[]}\r\n0") }) },
    Fault { what: "resets inside a body of unknown length", outcome: CutShort, kept: 9,
        serve: Some(|peer| { peer.will_reset()?; peer.send("HTTP/1.1 200 OK\r\n\r\n{\"count\":") }) },
    Fault { what: "closes inside a body of unknown length", outcome: CutShort, kept: 9,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\n\r\n{\"count\":") }) },

    // Stalls.
    Fault { what: "stalls before the headers", outcome: TimesOut, kept: 0,
        serve: Some(|peer| { peer.request()?; peer.stall() }) },
    Fault { what: "stalls inside the headers", outcome: TimesOut, kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nContent-")?; peer.stall() }) },
    Fault { what: "stalls before the body", outcome: TimesOut, kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")?; peer.stall() }) },
    Fault { what: "stalls inside a body of known length", outcome: TimesOut, kept: 2,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}")?; peer.stall() }) },
    Fault { what: "stalls between two chunks", outcome: TimesOut, kept: 2,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n")?; peer.stall() }) },
    Fault { what: "stalls before the last line of a chunked body", outcome: TimesOut, kept: 2,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")?; peer.stall() }) },
    Fault { what: "stalls inside a body of unknown length", outcome: TimesOut, kept: 2,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\n\r\n{}")?; peer.stall() }) },
    Fault { what: "drips the headers", outcome: TimesOut, kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nX: ")?; peer.repeat("x", DRIP) }) },
    Fault { what: "drips the body", outcome: TimesOut, kept: 1,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")?; peer.repeat("x", DRIP) }) },
    Fault { what: "drips the chunks", outcome: TimesOut, kept: 1,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?; peer.repeat("1\r\nx\r\n", DRIP) }) },

    // Does not end.
    Fault { what: "sends endless headers", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\n")?; peer.repeat("X-More: of the same\r\n".repeat(100), AT_ONCE) }) },
    Fault { what: "sends a header of 10 MB", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nX: ")?; peer.send(vec![b'x'; 10_000_000])?; peer.send("\r\n\r\n") }) },
    Fault { what: "sends a status line of 10 MB", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 ")?; peer.send(vec![b'x'; 10_000_000])?; peer.send("\r\n\r\n") }) },
    Fault { what: "sends an endless body", outcome: Fails(BodyTooLarge), kept: CAP,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\n\r\n")?; peer.repeat([b'x'; 4096], AT_ONCE) }) },
    Fault { what: "sends endless chunks", outcome: Fails(BodyTooLarge), kept: CAP,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?; peer.repeat("5\r\nhello\r\n".repeat(100), AT_ONCE) }) },
    Fault { what: "announces more than the limit and sends it", outcome: Fails(BodyTooLarge), kept: CAP,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")?; peer.repeat([b'x'; 4096], AT_ONCE) }) },
    Fault { what: "sends interim responses without end", outcome: TimesOut, kept: 0,
        serve: Some(|peer| { peer.request()?; peer.repeat("HTTP/1.1 102 Processing\r\n\r\n", Duration::from_millis(5)) }) },
    Fault { what: "sends more than it announced", outcome: Status(200), kept: PAGE.len(),
        serve: Some(|peer| { peer.request()?; peer.send(WITH_LENGTH)?; peer.send("HTTP/1.1 200 OK\r\n") }) },

    // Is not HTTP, or malformed.
    Fault { what: "sends two lengths", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\n{}  ") }) },
    Fault { what: "sends a length beside chunks", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n") }) },
    Fault { what: "sends a list of lengths", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send(WITH_LENGTH.replace("21", "21, 5")) }) },
    Fault { what: "sends a length with a sign", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send(WITH_LENGTH.replace("21", "+21")) }) },
    Fault { what: "sends a length followed by text", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send(WITH_LENGTH.replace("21", "21 abc")) }) },
    Fault { what: "sends a length of 2^63", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send(WITH_LENGTH.replace("21", "9223372036854775808")) }) },
    Fault { what: "sends a length of 2^64", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send(WITH_LENGTH.replace("21", "18446744073709551616")) }) },
    Fault { what: "sends an empty length", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send(WITH_LENGTH.replace("21", "")) }) },
    Fault { what: "sends a length that is not a number", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}") }) },
    Fault { what: "sends a negative length", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}") }) },
    Fault { what: "sends a chunk whose length is not a number", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n") }) },
    Fault { what: "sends a chunk length that overflows", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n") }) },
    Fault { what: "sends a gzip body", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00") }) },
    Fault { what: "speaks HTTP/0.9", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send(PAGE) }) },
    Fault { what: "speaks SSH", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("SSH-2.0-OpenSSH_9.2p1\r\n\r\n") }) },
    Fault { what: "speaks TLS", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send(b"\x15\x03\x01\x00\x02\x02\x46") }) },
    Fault { what: "sends the request back", outcome: Fails(Protocol), kept: 0,
        serve: Some(|peer| { let head = peer.request()?.unwrap_or_default(); peer.send(head) }) },
    Fault { what: "responds with status 999", outcome: Status(999), kept: PAGE.len(),
        serve: Some(|peer| { peer.request()?; peer.send(WITH_LENGTH.replace("200", "999")) }) },
    Fault { what: "responds after many interim responses", outcome: Status(200), kept: PAGE.len(),
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 102 Processing\r\n\r\n".repeat(500))?; peer.send(WITH_LENGTH) }) },
    Fault { what: "redirects to another host", outcome: Status(302), kept: 0,
        serve: Some(|peer| { peer.request()?; peer.send("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:1/\r\nContent-Length: 0\r\n\r\n") }) },
];

/// Once within the timeout, and far from its end.
const DRIP: Duration = Duration::from_millis(1200);
const AT_ONCE: Duration = Duration::ZERO;

#[test]
fn every_fault_has_the_same_outcome_on_every_transport() {
    let wrong = AtomicUsize::new(0);
    thread::scope(|scope| {
        for (name, transport) in transports() {
            for fault in FAULTS {
                let (transport, wrong) = (Arc::clone(&transport), &wrong);
                let row = move || {
                    let found = fault
                        .check_alone(&*transport)
                        .and_then(|()| fault.check_in_client(transport));
                    if let Err(found) = found {
                        wrong.fetch_add(1, Ordering::Relaxed);
                        eprintln!("{name}: a peer that {}: {found}", fault.what);
                    }
                };
                let thread = thread::Builder::new().name(CLIENT_THREAD.into());
                thread.spawn_scoped(scope, row).unwrap();
            }
        }
    });
    assert_eq!(wrong.into_inner(), 0, "rows with another outcome");
    #[cfg(target_os = "linux")]
    {
        // The system may still be removing the threads of the scope.
        let give_up_at = Instant::now() + LONG;
        while client_threads() > 0 && Instant::now() < give_up_at {
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(client_threads(), 0, "threads left behind");
    }
}

/// Threads that a transport starts inherit the name.
const CLIENT_THREAD: &str = "fault-client";

#[cfg(target_os = "linux")]
fn client_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm"));
    tasks
        .filter_map(|task| name(task).ok())
        .filter(|name| name.trim() == CLIENT_THREAD)
        .count()
}

impl Fault {
    /// The peer and its URL.
    fn peer(&self) -> (Result<Server, Closed>, String) {
        if let Some(serve) = self.serve {
            let server = Server::start(serve);
            let url = server.url();
            return (Ok(server), url);
        }
        let closed = Closed::new();
        let url = closed.url();
        (Err(closed), url)
    }

    /// Checks kind, time and body of the transport alone.
    fn check_alone(&self, transport: &dyn Transport) -> Result<(), String> {
        if self.outcome == TimesOut {
            return persistently(|| self.try_alone(transport, TIME, TIME + TIME / 10));
        }
        self.try_alone(transport, LONG, LONG / 2)
    }

    fn try_alone(
        &self,
        transport: &dyn Transport,
        time: Duration,
        bound: Duration,
    ) -> Result<(), String> {
        let (_server, url) = self.peer();
        let sent = send(transport, &url, time, CAP);
        let is_right = match (&sent.result, self.outcome) {
            (Ok(head), Status(status)) => head.status() == status,
            (Ok(head), CutShort) => head.status() == 200,
            (Err(error), CutShort) => error.kind() == ConnectionLost,
            (Err(error), Fails(kind)) => error.kind() == kind,
            (Err(error), TimesOut) => error.kind() == Timeout && sent.elapsed >= time,
            _ => false,
        };
        if is_right && sent.elapsed <= bound && sent.body.len() == self.kept {
            return Ok(());
        }
        Err(format!(
            "{:?} after {:?} with {} bytes kept",
            sent.result,
            sent.elapsed,
            sent.body.len()
        ))
    }

    /// Checks whether the client retries, and that no error holds the token.
    fn check_in_client(&self, transport: Arc<dyn Transport>) -> Result<(), String> {
        let (server, url) = self.peer();
        let client = Client::builder()
            .endpoint(url)
            .project_id("p")
            .token(TOKEN)
            .transport(transport)
            .retry(RetryPolicy::default().retries(1).base_delay(Duration::ZERO))
            .timeout(if self.outcome == TimesOut {
                TIME / 4
            } else {
                LONG
            })
            .max_body(CAP)
            .build()
            .unwrap();
        let result = client.list(&ListJobs::new());
        let attempts = match (&result, &server) {
            (Err(error), _) if error.attempts() > 0 => error.attempts() as usize,
            (_, Ok(server)) => server.connections(),
            _ => 0,
        };
        let expected = if self.outcome.is_retried() { 2 } else { 1 };
        if attempts != expected {
            return Err(format!("{attempts} attempts: {result:?}"));
        }
        match (result, self.outcome) {
            (Ok(page), Status(200)) if page.jobs.is_empty() => Ok(()),
            (Err(error), outcome) if outcome != Status(200) => check_has_no_secret(&error),
            (result, _) => Err(format!("{result:?}")),
        }
    }
}

fn check_has_no_secret(error: &Error) -> Result<(), String> {
    let mut shown = format!("{error}\n{error:?}");
    let mut source = error.source();
    while let Some(error) = source {
        shown = format!("{shown}\n{error}\n{error:?}");
        source = error.source();
    }
    if shown.contains(TOKEN) {
        return Err(format!("the token is in the error: {shown}"));
    }
    Ok(())
}
