//! Responses that are stale, duplicate, pipelined or truncated, over plain TCP and TLS: each
//! request gets its own response or an error, and a login is never sent twice.

use std::io::{self, Read as _, Write as _};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use drs_backup_jobs::credentials::Login;
use drs_backup_jobs::{Client, ListJobs, RetryPolicy};
use rustls::{ServerConfig, ServerConnection};

use crate::server::{Peer, Server};
use crate::tls::{AUTHORITY, Identity};
use crate::transport::{BUILT_IN, BuiltIn, LONG, Setup};

/// A connection on which the server writes records of its choice, in plain text or over TLS.
struct Channel<'a> {
    peer: &'a mut Peer,
    tls: Option<ServerConnection>,
    received: Vec<u8>,
}

impl<'a> Channel<'a> {
    fn accept(peer: &'a mut Peer, config: Option<&Arc<ServerConfig>>) -> io::Result<Self> {
        let mut tls = config.map(|config| ServerConnection::new(Arc::clone(config)).unwrap());
        if let Some(tls) = &mut tls {
            while tls.is_handshaking() {
                tls.complete_io(&mut peer.stream)?;
            }
        }
        Ok(Self {
            peer,
            tls,
            received: Vec::new(),
        })
    }

    /// Reads one request and its body; `None` at the end of the connection.
    fn request(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(end) = self.received.windows(4).position(|end| end == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.received[..end + 4]).into_owned();
                let length = content_length(&head);
                if self.received.len() >= end + 4 + length {
                    self.received.drain(..end + 4 + length);
                    return Ok(Some(head));
                }
            }
            let mut chunk = [0; 4096];
            let n = match &mut self.tls {
                None => self.peer.stream.read(&mut chunk)?,
                Some(tls) => match tls.reader().read(&mut chunk) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        if tls.read_tls(&mut self.peer.stream)? == 0 {
                            return Ok(None);
                        }
                        tls.process_new_packets().map_err(io::Error::other)?;
                        continue;
                    }
                    n => n?,
                },
            };
            if n == 0 {
                return Ok(None);
            }
            self.received.extend(&chunk[..n]);
        }
    }

    /// Sends all parts in one burst, each in separate records.
    fn send(&mut self, parts: &[&str]) -> io::Result<()> {
        let mut burst = Vec::new();
        for part in parts {
            match &mut self.tls {
                None => burst.extend(part.as_bytes()),
                Some(tls) => {
                    tls.set_buffer_limit(None);
                    tls.writer().write_all(part.as_bytes())?;
                    while tls.wants_write() {
                        tls.write_tls(&mut burst)?;
                    }
                }
            }
        }
        self.peer.send(burst)
    }
}

fn content_length(head: &str) -> usize {
    let lower = head.to_ascii_lowercase();
    let length = lower.split_once("content-length: ");
    length.map_or(0, |(_, rest)| {
        rest.split_once('\r').unwrap().0.parse().unwrap()
    })
}

/// The offset of a request for a page.
fn offset(head: &str) -> u64 {
    let (_, rest) = head.split_once("offset=").unwrap();
    let end = rest.find(['&', ' ']).unwrap();
    rest[..end].parse().unwrap()
}

/// The response to the request for the page at `offset`: one job named after it.
fn page(offset: u64, size: usize) -> String {
    let text = "x".repeat(size);
    let body = format!(r#"{{"count":9,"jobs":[{{"id":"job-{offset}","description":"{text}"}}]}}"#);
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

const TIMEOUT_408: &str =
    "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// What a server does with the `n`th connection.
struct Fault {
    what: &'static str,
    serve: fn(&mut Channel<'_>, n: usize, size: usize, sent: &mpsc::Sender<()>) -> io::Result<()>,
}

/// Responds to every request as it should.
fn serve_well(channel: &mut Channel<'_>, size: usize, sent: &mpsc::Sender<()>) -> io::Result<()> {
    while let Some(head) = channel.request()? {
        channel.send(&[&page(offset(&head), size)])?;
        sent.send(()).map_err(io::Error::other)?;
    }
    Ok(())
}

/// Sends `parts` as the response to every request.
macro_rules! always {
    (|$offset:ident, $size:ident| $parts:expr) => {
        |channel, _, $size, sent| {
            while let Some(head) = channel.request()? {
                let $offset = offset(&head);
                let parts: Vec<String> = $parts.into();
                let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
                channel.send(&parts)?;
                sent.send(()).map_err(io::Error::other)?;
            }
            Ok(())
        }
    };
}

/// Responds to the first connection's first request by `first`, and to others as it should.
macro_rules! at_first {
    (|$channel:ident, $offset:ident, $size:ident| $first:expr) => {
        |$channel, n, $size, sent| {
            if n > 0 {
                return serve_well($channel, $size, sent);
            }
            let $offset = offset(&$channel.request()?.unwrap_or_default());
            $first?;
            sent.send(()).map_err(io::Error::other)
        }
    };
}

const FAULTS: &[Fault] = &[
    Fault {
        what: "responds as it should",
        serve: |channel, _, size, sent| serve_well(channel, size, sent),
    },
    Fault {
        what: "responds twice in one record",
        serve: always!(|offset, size| [page(offset, size).repeat(2)]),
    },
    Fault {
        what: "responds twice in two records",
        serve: always!(|offset, size| [page(offset, size), page(offset, size)]),
    },
    Fault {
        what: "sends head and body and a second response in three records",
        serve: always!(|offset, size| {
            let whole = page(offset, size);
            let (head, body) = whole.split_at(whole.find('{').unwrap());
            [head.into(), body.into(), page(offset, size)]
        }),
    },
    Fault {
        what: "sends the response to a request that it did not receive",
        serve: always!(|offset, size| [page(offset, size), page(offset + 1000, size)]),
    },
    Fault {
        what: "sends 408 along with the response",
        serve: always!(|offset, size| [page(offset, size), TIMEOUT_408.into()]),
    },
    Fault {
        what: "sends 408 on the idle connection",
        serve: |channel, _, size, sent| {
            while let Some(head) = channel.request()? {
                channel.send(&[&page(offset(&head), size)])?;
                channel.send(&[TIMEOUT_408])?;
                sent.send(()).map_err(io::Error::other)?;
            }
            Ok(())
        },
    },
    Fault {
        what: "sends another page on the idle connection",
        serve: |channel, _, size, sent| {
            while let Some(head) = channel.request()? {
                let offset = offset(&head);
                channel.send(&[&page(offset, size)])?;
                channel.send(&[&page(offset + 1000, size)])?;
                sent.send(()).map_err(io::Error::other)?;
            }
            Ok(())
        },
    },
    Fault {
        what: "closes after each response",
        serve: |channel, _, size, sent| {
            let offset = offset(&channel.request()?.unwrap_or_default());
            channel.send(&[&page(offset, size)])?;
            // On loopback the end has arrived once this returns.
            channel.peer.stream.shutdown(std::net::Shutdown::Write)?;
            sent.send(()).map_err(io::Error::other)?;
            channel.peer.stall()
        },
    },
    Fault {
        what: "closes when it receives a second request",
        serve: |channel, _, size, sent| {
            let offset = offset(&channel.request()?.unwrap_or_default());
            channel.send(&[&page(offset, size)])?;
            sent.send(()).map_err(io::Error::other)?;
            channel.request().map(drop)
        },
    },
    Fault {
        what: "closes inside a body of known length",
        serve: at_first!(|channel, offset, size| {
            let whole = page(offset, size);
            channel.send(&[&whole[..whole.len() - 9]])
        }),
    },
    Fault {
        what: "closes inside a chunked body",
        serve: at_first!(|channel, offset, size| {
            let whole = page(offset, size);
            let body = &whole[whole.find('{').unwrap()..];
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            channel.send(&[&format!("{head}{:x}\r\n{body}\r\n", body.len())])
        }),
    },
];

#[test]
fn every_request_gets_its_own_response_or_an_error() {
    let config = Identity::signed(&["127.0.0.1"], |_| ()).server_config();
    let wrong = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for built_in in BUILT_IN {
            for config in [None, Some(&config)] {
                if config.is_some() && !built_in.knows_tls {
                    continue;
                }
                let wrong = &wrong;
                scope.spawn(move || {
                    for fault in FAULTS {
                        // A page in one record, and one in many.
                        for size in [1, 50_000] {
                            if let Err(found) = check(built_in, config, fault, size) {
                                wrong.fetch_add(1, Ordering::Relaxed);
                                let scheme = if config.is_some() { "https" } else { "http" };
                                let name = built_in.name;
                                eprintln!(
                                    "{name}, {scheme}, {size}: a server that {}: {found}",
                                    fault.what
                                );
                            }
                        }
                    }
                });
            }
        }
    });
    assert_eq!(wrong.into_inner(), 0, "rows with another outcome");
}

/// Lists five pages one after the other. Each must be its own; transient failures are retried.
fn check(
    built_in: &BuiltIn,
    config: Option<&Arc<ServerConfig>>,
    fault: &'static Fault,
    size: usize,
) -> Result<(), String> {
    let (sending, sent) = mpsc::channel();
    let sending = std::sync::Mutex::new(sending);
    let connections = AtomicUsize::new(0);
    let server_config = config.map(Arc::clone);
    let server = Server::start(move |peer| {
        let n = connections.fetch_add(1, Ordering::SeqCst);
        let sending = sending.lock().unwrap().clone();
        let mut channel = Channel::accept(peer, server_config.as_ref())?;
        (fault.serve)(&mut channel, n, size, &sending)
    });
    let url = match config {
        None => server.url(),
        Some(_) => server.url().replace("http:", "https:"),
    };
    let transport = built_in.with(Setup {
        roots: config.map(|_| AUTHORITY.pem.clone()),
        ..Setup::default()
    });
    let client = Client::builder()
        .endpoint(url)
        .project_id("p")
        .token("MIIsecretToken")
        .transport(transport)
        .retry(RetryPolicy::default().retries(1).base_delay(Duration::ZERO))
        .timeout(LONG)
        .build()
        .unwrap();
    for offset in 0..5 {
        let page = client.list(&ListJobs::new().offset(offset));
        let page = page.map_err(|error| format!("page {offset}: {error:?}"))?;
        let id = &page.jobs[0].id;
        if *id != format!("job-{offset}") {
            return Err(format!("page {offset} is {id}"));
        }
        // What else the server sent has arrived.
        sent.recv_timeout(LONG)
            .map_err(|_| "the server is silent")?;
    }
    Ok(())
}

#[test]
#[cfg(feature = "rustls")]
fn keeps_tls_connections_only_if_configured() {
    use drs_backup_jobs::transport::{Proxies, Ureq};
    let config = Identity::signed(&["127.0.0.1"], |_| ()).server_config();
    for (keep, expected) in [(false, 5), (true, 1)] {
        let config = Arc::clone(&config);
        let server = Server::start(move |peer| {
            let mut channel = Channel::accept(peer, Some(&config))?;
            while let Some(head) = channel.request()? {
                channel.send(&[&page(offset(&head), 1)])?;
            }
            Ok(())
        });
        let transport = Ureq::builder()
            .proxies(Proxies::none())
            .root_certificates(&AUTHORITY.pem)
            .keep_tls_connections(keep)
            .build()
            .unwrap();
        let client = Client::builder()
            .endpoint(server.url().replace("http:", "https:"))
            .project_id("p")
            .token("MIIsecretToken")
            .transport(transport)
            .build()
            .unwrap();
        for offset in 0..5 {
            client.list(&ListJobs::new().offset(offset)).unwrap();
        }
        assert_eq!(server.connections(), expected, "keep: {keep}");
    }
}

/// What a server does with the second login, which the client sends after a 401 on the connection
/// that it has kept, if it keeps any.
const LOGIN_FAULTS: &[(&str, LoginFault)] = &[
    ("responds as it should", |channel| {
        channel.send(&[&login_response()])
    }),
    ("closes without a response", |_| Ok(())),
    ("closes inside the head", |channel| {
        channel.send(&["HTTP/1.1 201 Cre"])
    }),
    ("closes inside the body", |channel| {
        channel.send(&[
            "HTTP/1.1 201 Created\r\nX-Subject-Token: MIItokenB\r\nContent-Length: 9\r\n\r\n{",
        ])
    }),
    ("responds twice", |channel| {
        channel.send(&[&login_response(), &login_response()])
    }),
    ("is not HTTP", |channel| channel.send(&["220 smtp\r\n\r\n"])),
    ("responds 408", |channel| channel.send(&[TIMEOUT_408])),
    ("responds 500", |channel| {
        channel.send(&["HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"])
    }),
    ("redirects", |channel| {
        channel.send(&["HTTP/1.1 307 X\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"])
    }),
    ("requires a login itself", |channel| {
        channel.send(&["HTTP/1.1 401 X\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"])
    }),
];

type LoginFault = fn(&mut Channel<'_>) -> io::Result<()>;

fn login_response() -> String {
    let body = r#"{"token":{"expires_at":"2999-01-01T00:00:00.000000Z"}}"#;
    let head = "HTTP/1.1 201 Created\r\nX-Subject-Token: MIItokenOfTheSecondLogin";
    format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn a_login_server_receives_one_post_a_login_under_every_fault() {
    let config = Identity::signed(&["127.0.0.1"], |_| ()).server_config();
    for built_in in BUILT_IN {
        for config in [None, Some(&config)] {
            if config.is_some() && !built_in.knows_tls {
                continue;
            }
            for (what, fault) in LOGIN_FAULTS {
                let posts = count_posts(built_in, config, *fault);
                assert_eq!(posts, 2, "{}: a server that {what}", built_in.name);
            }
        }
    }
}

/// The number of logins that the server received: the first succeeds, its token is rejected, and
/// the second meets the fault.
fn count_posts(built_in: &BuiltIn, config: Option<&Arc<ServerConfig>>, fault: LoginFault) -> usize {
    let posts = Arc::new(AtomicUsize::new(0));
    let kept = Arc::new(AtomicBool::new(false));
    let server_config = config.map(Arc::clone);
    let server = Server::start({
        let posts = Arc::clone(&posts);
        let on_kept_connection = Arc::clone(&kept);
        move |peer| {
            let mut channel = Channel::accept(peer, server_config.as_ref())?;
            let mut is_new = true;
            while let Some(head) = channel.request()? {
                if head.starts_with("POST") && !is_new {
                    on_kept_connection.store(true, Ordering::SeqCst);
                }
                is_new = false;
                if head.starts_with("GET") {
                    let body = r#"{"error_code":"APIGW.0301","error_msg":"token expires"}"#;
                    let head = "HTTP/1.1 401 Unauthorized";
                    channel.send(&[&format!(
                        "{head}\r\nContent-Length: {}\r\n\r\n{body}",
                        body.len()
                    )])?;
                } else if posts.fetch_add(1, Ordering::SeqCst) == 0 {
                    channel.send(&[&login_response()])?;
                } else {
                    return fault(&mut channel);
                }
            }
            Ok(())
        }
    });
    let url = match config {
        None => server.url(),
        Some(_) => server.url().replace("http:", "https:"),
    };
    let transport = built_in.with(Setup {
        roots: config.map(|_| AUTHORITY.pem.clone()),
        ..Setup::default()
    });
    let client = Client::builder()
        .endpoint(&url)
        .iam_endpoint(&url)
        .project_id("p")
        .credentials(Login::new("account", "user", "open sesame"))
        .transport(transport)
        .retry(RetryPolicy::default().retries(3).base_delay(Duration::ZERO))
        .timeout(LONG)
        .build()
        .unwrap();
    client.list(&ListJobs::new()).unwrap_err();
    let is_kept = kept.load(Ordering::SeqCst);
    assert!(!is_kept, "{}: a login on a kept connection", built_in.name);
    posts.load(Ordering::SeqCst)
}
