//! The bounds of deadlines as the documentation of the transports states them, where they are wider
//! than the timeout itself.

use std::sync::Arc;
use std::time::Duration;

use drs_backup_jobs::transport::{Proxies, Transport, TransportErrorKind as Kind};

use crate::server::{Peer, Server};
use crate::transport::{BUILT_IN, Setup, persistently, send};

const TIMEOUT: Duration = Duration::from_secs(1);

fn direct(built_in: &crate::transport::BuiltIn) -> Arc<dyn Transport> {
    built_in.with(Setup {
        proxies: Some(Proxies::none()),
        ..Setup::default()
    })
}

/// Sends the head when most of the timeout has passed, then stalls in the body.
fn late_head_then_stall(peer: &mut Peer) -> std::io::Result<()> {
    peer.request()?;
    std::thread::sleep(TIMEOUT * 8 / 10);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}")?;
    peer.stall()
}

#[test]
fn a_late_head_and_a_stalled_body_end_in_time_for_a_name_and_within_twice_for_an_address() {
    for built_in in BUILT_IN {
        let transport = direct(built_in);
        let server = Server::start(late_head_then_stall);
        let is_ureq = built_in.name.starts_with("ureq");
        for (host, bound) in [
            ("localhost", TIMEOUT),
            ("127.0.0.1", if is_ureq { 2 * TIMEOUT } else { TIMEOUT }),
        ] {
            let url = server.url().replace("127.0.0.1", host);
            let in_time = persistently(|| {
                let sent = send(&*transport, &url, TIMEOUT, 100);
                sent.assert_failure(Kind::Timeout);
                assert_eq!(sent.body, b"{}");
                let is_in_time = sent.elapsed <= bound + bound / 10;
                is_in_time.then_some(()).ok_or(sent.elapsed)
            });
            assert_eq!(in_time, Ok(()), "{}: {host}", built_in.name);
        }
    }
}

#[test]
fn a_body_that_drips_past_the_deadline_ends_with_the_next_read() {
    const DRIP: Duration = Duration::from_millis(100);
    for built_in in BUILT_IN {
        let transport = direct(built_in);
        let server = Server::start(|peer| {
            peer.request()?;
            std::thread::sleep(TIMEOUT * 8 / 10);
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")?;
            peer.repeat("x", DRIP)
        });
        for host in ["localhost", "127.0.0.1"] {
            let url = server.url().replace("127.0.0.1", host);
            let in_time = persistently(|| {
                let sent = send(&*transport, &url, TIMEOUT, 100);
                sent.assert_failure(Kind::Timeout);
                let is_in_time = sent.elapsed <= TIMEOUT + TIMEOUT / 10 + DRIP;
                is_in_time.then_some(()).ok_or(sent.elapsed)
            });
            assert_eq!(in_time, Ok(()), "{}: {host}", built_in.name);
        }
    }
}

/// ureq's connect timeout restarts with every byte of the proxy's response.
#[test]
fn a_proxy_that_drips_delays_a_request_until_it_stalls_or_ends() {
    // Ten bytes in twice the timeout.
    const DRIPS: usize = 10;
    const DRIP: Duration = TIMEOUT.checked_div(5).unwrap();
    fn drip(peer: &mut Peer, end: &str) -> std::io::Result<()> {
        peer.request()?;
        peer.send("HTTP/1.1 200 OK\r\nX: ")?;
        for _ in 0..DRIPS {
            std::thread::sleep(DRIP);
            peer.send("x")?;
        }
        peer.send(end)?;
        peer.stall()
    }
    let ends: [fn(&mut Peer) -> std::io::Result<()>; 2] = [
        // The tunnel stands: the deadline, which has passed, ends the request at once.
        |peer| drip(peer, "\r\n\r\n"),
        // Silence ends it by the timeout of connecting.
        |peer| drip(peer, ""),
    ];
    for built_in in BUILT_IN {
        for (serve, silence) in ends.into_iter().zip([Duration::ZERO, TIMEOUT]) {
            let proxy = Server::start(serve);
            let transport = built_in.with(Setup {
                proxies: Some(Proxies::all(&proxy.url()).unwrap()),
                ..Setup::default()
            });
            let is_ureq = built_in.name.starts_with("ureq");
            let drips = DRIP * u32::try_from(DRIPS).unwrap();
            let bound = if is_ureq { drips + silence } else { TIMEOUT };
            let in_time = persistently(|| {
                let sent = send(&*transport, "http://127.0.0.1:9", TIMEOUT, 100);
                sent.assert_failure(Kind::Timeout);
                let is_in_time = sent.elapsed <= bound + bound / 10;
                is_in_time.then_some(()).ok_or(sent.elapsed)
            });
            assert_eq!(in_time, Ok(()), "{}", built_in.name);
        }
    }
}

#[test]
fn a_proxy_that_opens_the_tunnel_late_does_not_extend_the_deadline() {
    let proxy = Server::start(|peer| {
        peer.request()?;
        std::thread::sleep(TIMEOUT * 8 / 10);
        peer.send("HTTP/1.1 200 OK\r\n\r\n")?;
        peer.stall()
    });
    for built_in in BUILT_IN {
        let transport = built_in.with(Setup {
            proxies: Some(Proxies::all(&proxy.url()).unwrap()),
            ..Setup::default()
        });
        let in_time = persistently(|| {
            let sent = send(&*transport, "http://127.0.0.1:9", TIMEOUT, 100);
            sent.assert_failure(Kind::Timeout);
            let is_in_time = sent.elapsed <= TIMEOUT + TIMEOUT / 10;
            is_in_time.then_some(()).ok_or(sent.elapsed)
        });
        assert_eq!(in_time, Ok(()), "{}", built_in.name);
        send(&*transport, "http://127.0.0.1:9", Duration::ZERO, 100).assert_failure(Kind::Timeout);
    }
}
