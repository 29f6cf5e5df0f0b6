//! Proxies: tinyproxy for what a real one does, and one of our own that keeps what it sees.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use drs_backup_jobs::transport::TransportErrorKind::{
    self as Kind, ConnectionLost, Protocol, Proxy, Timeout,
};
use drs_backup_jobs::transport::{Proxies, Transport};
use drs_backup_jobs::{Client, ListJobs, RetryPolicy};

use crate::daemon::Daemon;
use crate::server::{Peer, Server};
use crate::tls::{AUTHORITY, good_server};
use crate::transport::{BUILT_IN, BuiltIn, LONG, Setup, persistently, send};

const PAGE: &str = r#"{"count":0,"jobs":[]}"#;
const TOKEN: &str = "MIIsecretToken";
const PASSWORD: &str = "open sesame";

fn page_server() -> Server {
    Server::answering(format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{PAGE}",
        PAGE.len()
    ))
}

/// Has `name` stand for the environment variable of that name, and no other be set.
#[cfg(target_os = "linux")]
fn environment(variables: Vec<(&'static str, String)>) -> Proxies {
    Proxies::from_fn(move |name| {
        let found = variables.iter().find(|(known, _)| *known == name)?;
        Some(found.1.clone())
    })
}

fn through(built_in: &BuiltIn, proxies: Proxies) -> Arc<dyn Transport> {
    built_in.with(Setup {
        proxies: Some(proxies),
        roots: built_in.knows_tls.then(|| AUTHORITY.pem.clone()),
        ..Setup::default()
    })
}

/// The servers to reach: one over `http`, and one over `https` where that is known.
fn targets<'a>(
    plain: &'a Server,
    tls: &'a Daemon,
    built_in: &BuiltIn,
) -> Vec<(&'a str, SocketAddr)> {
    let mut targets = vec![("http", plain.address())];
    if built_in.knows_tls {
        targets.push(("https", tls.address()));
    }
    targets
}

#[test]
fn a_real_proxy_passes_requests_on_with_and_without_a_login() {
    let Some(open) = Daemon::tinyproxy("") else {
        return;
    };
    let Some(locked) = Daemon::tinyproxy(&format!("BasicAuth me {}", PASSWORD.replace(' ', "-")))
    else {
        return;
    };
    let Some(tls) = good_server() else { return };
    let password = PASSWORD.replace(' ', "%2d");
    let plain = page_server();
    for built_in in BUILT_IN {
        for (proxy, url) in [
            (&open, format!("http://{}", open.address())),
            (
                &locked,
                format!("http://me:{password}@{}", locked.address()),
            ),
        ] {
            let transport = through(built_in, Proxies::all(&url).unwrap());
            for (scheme, target) in targets(&plain, &tls, built_in) {
                let sent = send(&*transport, &format!("{scheme}://{target}"), LONG, 100);
                sent.assert_answer(200, PAGE.as_bytes());
                let asked = format!("CONNECT {target} HTTP/1.1");
                assert!(proxy.log().contains(&asked), "{asked}: {}", proxy.log());
            }
        }
        for login in ["", "me:wrong@", "you:open-sesame@"] {
            let url = format!("http://{login}{}", locked.address());
            let transport = through(built_in, Proxies::all(&url).unwrap());
            for (scheme, target) in targets(&plain, &tls, built_in) {
                let sent = send(&*transport, &format!("{scheme}://{target}"), LONG, 100);
                sent.assert_failure(Proxy);
                let error = sent.result.unwrap_err().to_string();
                assert!(error.contains("the proxy asks for a login"), "{error}");
            }
        }
    }
    let seen = plain.requests().concat().to_ascii_lowercase();
    assert!(
        !seen.contains("proxy-"),
        "meant for the proxy alone: {seen}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_real_proxy_is_found_in_the_environment_and_exceptions_are_kept() {
    let Some(proxy) = Daemon::tinyproxy("") else {
        return;
    };
    let Some(tls) = good_server() else { return };
    let plain = page_server();
    for built_in in BUILT_IN {
        for (scheme, target) in targets(&plain, &tls, built_in) {
            // Not the loopback address by its text, but the same host: Linux takes it for that.
            let url = format!("{scheme}://0.0.0.0:{}", target.port());
            let tunnels = || proxy.log().matches("CONNECT 0.0.0.0").count();
            let variable = if scheme == "http" {
                "http_proxy"
            } else {
                "HTTPS_PROXY"
            };
            let proxy_url = || format!("http://{}", proxy.address());
            for (is_proxied, variables) in [
                (true, vec![(variable, proxy_url())]),
                (true, vec![("ALL_PROXY", proxy_url())]),
                (
                    false,
                    vec![
                        ("NO_PROXY", "10.0.0.0/8,0.0.0.0/8".into()),
                        (variable, proxy_url()),
                    ],
                ),
            ] {
                let before = tunnels();
                let transport = through(built_in, environment(variables));
                send(&*transport, &url, LONG, 100).assert_answer(200, PAGE.as_bytes());
                assert_eq!(
                    tunnels() - before,
                    usize::from(is_proxied),
                    "{} {scheme}",
                    built_in.name
                );
            }
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn https_proxy_does_not_capture_http_and_loopback_is_spared() {
    let nobody = || "http://127.0.0.1:1".to_owned();
    let plain = page_server();
    for built_in in BUILT_IN {
        let https = through(built_in, environment(vec![("HTTPS_PROXY", nobody())]));
        let url = format!("http://0.0.0.0:{}", plain.address().port());
        send(&*https, &url, LONG, 100).assert_answer(200, PAGE.as_bytes());

        let all = through(built_in, environment(vec![("ALL_PROXY", nobody())]));
        send(&*all, &plain.url(), LONG, 100).assert_answer(200, PAGE.as_bytes());
        send(&*all, &url, LONG, 100).assert_failure(Kind::Connect);
        let none = through(built_in, Proxies::none());
        send(&*none, &url, LONG, 100).assert_answer(200, PAGE.as_bytes());
    }
}

/// A proxy that passes everything on to `target`, and keeps all that clients say to it.
fn eavesdropper(target: SocketAddr) -> (Server, Arc<Mutex<Vec<u8>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let proxy = Server::start({
        let heard = Arc::clone(&heard);
        move |peer| {
            let connect = peer.request()?.unwrap_or_default();
            heard.lock().unwrap().extend(connect.as_bytes());
            let mut onward = TcpStream::connect(target)?;
            peer.send("HTTP/1.1 200 Connected\r\n\r\n")?;
            let (mut back, mut client) = (onward.try_clone()?, peer.stream.try_clone()?);
            thread::spawn(move || io::copy(&mut back, &mut client));
            let mut chunk = [0; 4096];
            loop {
                let n = peer.stream.read(&mut chunk)?;
                if n == 0 {
                    return Ok(());
                }
                heard.lock().unwrap().extend(&chunk[..n]);
                onward.write_all(&chunk[..n])?;
            }
        }
    });
    (proxy, heard)
}

fn client(transport: Arc<dyn Transport>, endpoint: String) -> Client {
    Client::builder()
        .endpoint(endpoint)
        .project_id("p")
        .token(TOKEN)
        .transport(transport)
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}

#[test]
fn of_https_the_proxy_learns_host_and_port_and_never_the_token() {
    let Some(tls) = good_server() else { return };
    for built_in in BUILT_IN.iter().filter(|built_in| built_in.knows_tls) {
        let (proxy, heard) = eavesdropper(tls.address());
        let url = format!(
            "http://me:{}@{}",
            PASSWORD.replace(' ', "%20"),
            proxy.address()
        );
        let transport = through(built_in, Proxies::all(&url).unwrap());
        let client = client(transport, format!("https://{}", tls.address()));
        assert_eq!(client.list(&ListJobs::new()).unwrap().count, 0);

        let heard = heard.lock().unwrap();
        let heard = String::from_utf8_lossy(&heard);
        assert!(
            heard.starts_with(&format!("CONNECT {} HTTP/1.1\r\n", tls.address())),
            "{heard}"
        );
        assert!(
            heard.contains("Proxy-Authorization: Basic bWU6b3BlbiBzZXNhbWU=\r\n"),
            "{heard}"
        );
        for secret in [TOKEN, "X-Auth-Token", "x-auth-token", "/v5/"] {
            assert!(
                !heard.contains(secret),
                "{}: {secret}: {heard}",
                built_in.name
            );
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn connections_through_a_proxy_are_kept_and_never_mixed_with_others() {
    let server = page_server();
    for built_in in BUILT_IN {
        let before = server.connections();
        let (proxy, _) = eavesdropper(server.address());
        let proxies = Proxies::all(&proxy.url()).unwrap().no_proxy("127.0.0.1");
        let transport = through(built_in, proxies);
        let indirect = format!("http://0.0.0.0:{}", server.address().port());
        for url in [&indirect, &server.url(), &indirect, &server.url()] {
            send(&*transport, url, LONG, 100).assert_answer(200, PAGE.as_bytes());
        }
        assert_eq!(proxy.connections(), 1, "{}", built_in.name);
        assert_eq!(server.connections() - before, 2, "{}", built_in.name);
    }
}

#[test]
fn a_proxy_that_does_not_do_its_part_has_its_outcome_and_no_error_holds_a_secret() {
    const TIME: Duration = Duration::from_secs(2);
    type Serve = fn(&mut Peer) -> io::Result<()>;
    let faults: [(&str, Serve, Kind); 9] = [
        (
            "refuses",
            |peer| answer(peer, "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"),
            Proxy,
        ),
        (
            "asks for a login",
            |peer| {
                answer(
                    peer,
                    "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n",
                )
            },
            Proxy,
        ),
        (
            "finds no host",
            |peer| {
                answer(
                    peer,
                    "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
                )
            },
            Proxy,
        ),
        ("closes", |peer| peer.request().map(drop), ConnectionLost),
        ("resets", Peer::will_reset, ConnectionLost),
        (
            "closes inside its answer",
            |peer| answer(peer, "HTTP/1.1 200 Conn"),
            ConnectionLost,
        ),
        (
            "speaks something else",
            |peer| answer(peer, "220 smtp\r\n\r\n"),
            Protocol,
        ),
        (
            "stalls",
            |peer| {
                peer.request()?;
                peer.stall()
            },
            Timeout,
        ),
        (
            "drips",
            |peer| {
                peer.request()?;
                peer.send("HTTP/1.1 200 OK\r\nX: ")?;
                peer.repeat("x", Duration::from_millis(300))
            },
            Timeout,
        ),
    ];
    thread::scope(|scope| {
        for built_in in BUILT_IN {
            for (what, serve, kind) in faults {
                scope.spawn(move || {
                    let proxy = Server::start(serve);
                    let url = format!("http://me:hunter2@{}", proxy.address());
                    let transport = through(built_in, Proxies::all(&url).unwrap());
                    let what = format!("{}: a proxy that {what}", built_in.name);

                    let in_time = persistently(|| {
                        let sent = send(&*transport, "http://127.0.0.1:9", TIME, 100);
                        let error = sent.result.expect_err(&what);
                        assert_eq!(error.kind(), kind, "{what}: {error:?}");
                        let is_in_time = sent.elapsed <= TIME + TIME / 10;
                        is_in_time.then_some(()).ok_or(sent.elapsed)
                    });
                    assert_eq!(in_time, Ok(()), "{what}");

                    let client = client(transport, "http://127.0.0.1:9".into());
                    if kind != Timeout {
                        let error = client.list(&ListJobs::new()).unwrap_err();
                        let shown = format!("{error} {error:?}");
                        for secret in [TOKEN, "hunter2", "bWU6aHVudGVyMg"] {
                            assert!(!shown.contains(secret), "{what}: {shown}");
                        }
                    }
                });
            }
        }
    });
}

fn answer(peer: &mut Peer, bytes: &str) -> io::Result<()> {
    peer.request()?;
    peer.send(bytes)
}
