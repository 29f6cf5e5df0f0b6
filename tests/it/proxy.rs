//! Proxies: tinyproxy, and one that records what it receives.

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
use crate::server::{Closed, Peer, Server};
use crate::tls::{AUTHORITY, good_server};
use crate::transport::{BUILT_IN, BuiltIn, LONG, Setup, persistently, send};

const PAGE: &str = r#"{"count":0,"jobs":[]}"#;
const TOKEN: &str = "MIIsecretToken";
const PASSWORD: &str = "open sesame";

fn page_server() -> Server {
    Server::responding(format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{PAGE}",
        PAGE.len()
    ))
}

/// An environment with these variables alone.
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

/// The servers to reach: one by `http`, and one by `https` where there is TLS.
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
fn tinyproxy_forwards_requests_with_and_without_a_login() {
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
                sent.assert_response(200, PAGE.as_bytes());
                let connect = format!("CONNECT {target} HTTP/1.1");
                assert!(proxy.log().contains(&connect), "{}", proxy.log());
            }
        }
        for login in ["", "me:wrong@", "you:open-sesame@"] {
            let url = format!("http://{login}{}", locked.address());
            let transport = through(built_in, Proxies::all(&url).unwrap());
            for (scheme, target) in targets(&plain, &tls, built_in) {
                let sent = send(&*transport, &format!("{scheme}://{target}"), LONG, 100);
                sent.assert_failure(Proxy);
                let error = sent.result.unwrap_err().to_string();
                assert!(error.contains("requires a user and password"), "{error}");
            }
        }
    }
    let seen = plain.requests().concat().to_ascii_lowercase();
    assert!(!seen.contains("proxy-"), "only for the proxy: {seen}");
}

#[test]
#[cfg(target_os = "linux")]
fn uses_the_proxies_of_the_environment_except_for_no_proxy() {
    let Some(proxy) = Daemon::tinyproxy("") else {
        return;
    };
    let Some(tls) = good_server() else { return };
    let plain = page_server();
    for built_in in BUILT_IN {
        for (scheme, target) in targets(&plain, &tls, built_in) {
            // Linux connects this address to the loopback host, but it is not a loopback address.
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
                send(&*transport, &url, LONG, 100).assert_response(200, PAGE.as_bytes());
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
fn https_proxy_does_not_apply_to_http_nor_to_loopback() {
    let closed = || "http://127.0.0.1:1".to_owned();
    let plain = page_server();
    for built_in in BUILT_IN {
        let https = through(built_in, environment(vec![("HTTPS_PROXY", closed())]));
        let url = format!("http://0.0.0.0:{}", plain.address().port());
        send(&*https, &url, LONG, 100).assert_response(200, PAGE.as_bytes());

        let all = through(built_in, environment(vec![("ALL_PROXY", closed())]));
        send(&*all, &plain.url(), LONG, 100).assert_response(200, PAGE.as_bytes());
        send(&*all, &url, LONG, 100).assert_failure(Kind::Connect);
        let none = through(built_in, Proxies::none());
        send(&*none, &url, LONG, 100).assert_response(200, PAGE.as_bytes());
    }
}

/// A proxy that forwards everything to `target` and records all that clients send.
fn recorder(target: SocketAddr) -> (Server, Arc<Mutex<Vec<u8>>>) {
    let received = Arc::new(Mutex::new(Vec::new()));
    let proxy = Server::start({
        let received = Arc::clone(&received);
        move |peer| {
            let connect = peer.request()?.unwrap_or_default();
            received.lock().unwrap().extend(connect.as_bytes());
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
                received.lock().unwrap().extend(&chunk[..n]);
                onward.write_all(&chunk[..n])?;
            }
        }
    });
    (proxy, received)
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
fn a_proxy_learns_host_and_port_of_https_and_never_the_token() {
    let Some(tls) = good_server() else { return };
    for built_in in BUILT_IN.iter().filter(|built_in| built_in.knows_tls) {
        let (proxy, received) = recorder(tls.address());
        let url = format!(
            "http://me:{}@{}",
            PASSWORD.replace(' ', "%20"),
            proxy.address()
        );
        let transport = through(built_in, Proxies::all(&url).unwrap());
        let client = client(transport, format!("https://{}", tls.address()));
        assert_eq!(client.list(&ListJobs::new()).unwrap().count, 0);

        let received = received.lock().unwrap();
        let received = String::from_utf8_lossy(&received);
        assert!(
            received.starts_with(&format!("CONNECT {} HTTP/1.1\r\n", tls.address())),
            "{received}"
        );
        assert!(
            received.contains("Proxy-Authorization: Basic bWU6b3BlbiBzZXNhbWU=\r\n"),
            "{received}"
        );
        for secret in [TOKEN, "X-Auth-Token", "x-auth-token", "/v5/"] {
            assert!(
                !received.contains(secret),
                "{}: {secret}: {received}",
                built_in.name
            );
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn keeps_connections_through_a_proxy_apart_from_others() {
    let server = page_server();
    for built_in in BUILT_IN {
        let before = server.connections();
        let (proxy, _) = recorder(server.address());
        let proxies = Proxies::all(&proxy.url()).unwrap().no_proxy("127.0.0.1");
        let transport = through(built_in, proxies);
        let indirect = format!("http://0.0.0.0:{}", server.address().port());
        for url in [&indirect, &server.url(), &indirect, &server.url()] {
            send(&*transport, url, LONG, 100).assert_response(200, PAGE.as_bytes());
        }
        // One of two requests each.
        let each = if built_in.keeps_connections { 1 } else { 2 };
        assert_eq!(proxy.connections(), each, "{}", built_in.name);
        assert_eq!(server.connections() - before, 2 * each, "{}", built_in.name);
    }
}

#[test]
fn faults_of_a_proxy_have_the_same_outcome_on_every_transport() {
    const TIME: Duration = Duration::from_secs(2);
    type Serve = fn(&mut Peer) -> io::Result<()>;
    let faults: [(&str, Serve, Kind); 11] = [
        (
            "refuses",
            |peer| respond(peer, 403, "Content-Length: 2\r\n\r\nno"),
            Proxy,
        ),
        (
            "requires a login",
            |peer| {
                respond(
                    peer,
                    407,
                    "Proxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n",
                )
            },
            Proxy,
        ),
        (
            "requires NTLM",
            |peer| {
                respond(
                    peer,
                    407,
                    "Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n",
                )
            },
            Proxy,
        ),
        (
            "redirects",
            |peer| respond(peer, 302, "Location: http://127.0.0.1:1/\r\n\r\n"),
            Proxy,
        ),
        (
            "reaches no host",
            |peer| respond(peer, 502, "Content-Length: 0\r\n\r\n"),
            Proxy,
        ),
        (
            "is overloaded",
            |peer| respond(peer, 503, "Content-Length: 0\r\n\r\n"),
            Proxy,
        ),
        ("closes", |peer| peer.request().map(drop), ConnectionLost),
        ("resets", Peer::will_reset, ConnectionLost),
        (
            "closes inside its response",
            |peer| {
                peer.request()?;
                peer.send("HTTP/1.1 200 Conn")
            },
            ConnectionLost,
        ),
        (
            "is not HTTP",
            |peer| {
                peer.request()?;
                peer.send("220 smtp\r\n\r\n")
            },
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

fn respond(peer: &mut Peer, status: u16, rest: &str) -> io::Result<()> {
    peer.request()?;
    peer.send(format!("HTTP/1.1 {status} X\r\n{rest}"))
}

/// All texts of an error.
fn shown(error: &dyn std::error::Error) -> String {
    let mut shown = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(error) = source {
        shown = format!("{shown} {error} {error:?}");
        source = error.source();
    }
    shown
}

#[test]
fn errors_name_the_proxy_and_never_its_user_info() {
    let closed = Closed::new();
    let address = closed.url().replace("http://", "");
    for built_in in BUILT_IN {
        // The first has no listener, the second no address.
        for host in [address.as_str(), &format!("{}.invalid:1", "x".repeat(64))] {
            let url = format!("http://hunter1:hunter2@{host}");
            let transport = through(built_in, Proxies::all(&url).unwrap());
            let sent = send(&*transport, "http://127.0.0.1:9", LONG, 100);
            sent.assert_failure(Kind::Connect);
            let text = shown(&sent.result.unwrap_err());
            assert!(!text.contains("hunter"), "{}: {text}", built_in.name);
            let name = format!("the proxy {}", host.trim_end_matches(":1"));
            assert!(text.contains(&name), "{}: {text}", built_in.name);
            let text = format!("{transport:?}", transport = Proxies::all(&url).unwrap());
            assert!(!text.contains("hunter"), "{text}");
        }
    }
}

#[test]
fn a_refused_tunnel_says_what_to_do_and_whether_it_is_retried() {
    for (status, headers, expected, requests) in [
        (407, "Proxy-Authenticate: NTLM\r\n", "NTLM", 1),
        (407, "", "set them in the proxy's URL", 1),
        (403, "", "refuses the tunnel", 1),
        (502, "", "cannot reach the host", 3),
        (503, "", "cannot reach the host", 3),
        (504, "", "cannot reach the host", 3),
    ] {
        for built_in in BUILT_IN {
            let proxy = Server::start(move |peer| {
                respond(peer, status, &format!("{headers}Content-Length: 0\r\n\r\n"))
            });
            let transport = through(built_in, Proxies::all(&proxy.url()).unwrap());
            let client = Client::builder()
                .endpoint("http://127.0.0.1:9")
                .project_id("p")
                .token(TOKEN)
                .transport(transport)
                .retry(RetryPolicy::default().retries(2).base_delay(Duration::ZERO))
                .build()
                .unwrap();
            let error = client.list(&ListJobs::new()).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(expected), "{}: {text}", built_in.name);
            assert!(text.contains(&format!("(status {status})")), "{text}");
            let found = error.transport().unwrap().proxy_status();
            assert_eq!(found, Some(status), "{}", built_in.name);
            assert_eq!(error.is_transient(), requests > 1, "{text}");
            assert_eq!(proxy.requests().len(), requests, "{}", built_in.name);
        }
    }
}

#[test]
fn a_proxy_password_is_decoded_exactly_once() {
    let server = page_server();
    for built_in in BUILT_IN {
        // `a%41b`, `p:@/ é`, `%`
        for (encoded, base64) in [
            ("a%2541b", "bWU6YSU0MWI="),
            ("p%3A%40%2F%20%C3%A9", "bWU6cDpALyDDqQ=="),
            ("%25", "bWU6JQ=="),
        ] {
            let (proxy, received) = recorder(server.address());
            let url = format!("http://me:{encoded}@{}", proxy.address());
            let transport = through(built_in, Proxies::all(&url).unwrap());
            send(&*transport, &server.url(), LONG, 100).assert_response(200, PAGE.as_bytes());
            let received = String::from_utf8_lossy(&received.lock().unwrap()).into_owned();
            let header = format!("Proxy-Authorization: Basic {base64}\r\n");
            assert!(received.contains(&header), "{}: {received}", built_in.name);
            assert!(!received.contains("User-Agent: ureq"), "{received}");
        }
    }
}
