//! TLS, against nginx: whom a transport trusts, and what it makes of a handshake gone wrong.

use std::sync::LazyLock;
use std::time::Duration;

use drs_backup_jobs::transport::TransportErrorKind::{self as Kind, Timeout, Tls};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

use crate::daemon::Daemon;
use crate::server::Server;
use crate::transport::{BUILT_IN, LONG, Setup, persistently, send};

const PAGE: &str = r#"{"count":0,"jobs":[]}"#;

/// A private certificate authority, as companies have one.
pub(crate) struct Authority {
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

pub(crate) static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Under the name that all certificates have by default the others would look self-signed.
    params
        .distinguished_name
        .push(DnType::CommonName, "Tests of drs-backup-jobs");
    let key = KeyPair::generate().unwrap();
    Authority {
        pem: params.self_signed(&key).unwrap().pem(),
        issuer: Issuer::new(params, key),
    }
});

/// A certificate and its key.
struct Identity {
    certificate: String,
    key: String,
}

impl Identity {
    /// For these hosts, signed by the private authority.
    fn signed(hosts: &[&str], set: fn(&mut CertificateParams)) -> Self {
        Self::new(hosts, set, |params, key| {
            params.signed_by(key, &AUTHORITY.issuer)
        })
    }

    fn self_signed(hosts: &[&str]) -> Self {
        Self::new(hosts, |_| (), CertificateParams::self_signed)
    }

    fn new(
        hosts: &[&str],
        set: fn(&mut CertificateParams),
        sign: fn(&CertificateParams, &KeyPair) -> Result<rcgen::Certificate, rcgen::Error>,
    ) -> Self {
        let hosts: Vec<String> = hosts.iter().map(|&host| host.into()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        set(&mut params);
        let key = KeyPair::generate().unwrap();
        Self {
            certificate: sign(&params, &key).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    fn served(&self) -> Option<Daemon> {
        let page = format!("return 200 '{PAGE}';");
        let server =
            format!("ssl_certificate cert; ssl_certificate_key key; location / {{ {page} }}");
        Daemon::nginx(
            "ssl",
            &server,
            &[("cert", &self.certificate), ("key", &self.key)],
        )
    }
}

/// A server that is what it should be, known by each of these names.
pub(crate) fn good_server() -> Option<Daemon> {
    Identity::signed(&["localhost", "127.0.0.1", "0.0.0.0"], |_| ()).served()
}

fn trusting(roots: &str) -> Setup {
    Setup {
        roots: Some(roots.into()),
        ..Setup::default()
    }
}

#[test]
fn a_private_authority_is_trusted_once_it_is_given() {
    let Some(server) = good_server() else { return };
    for built_in in BUILT_IN.iter().filter(|built_in| built_in.knows_tls) {
        for host in ["localhost", "127.0.0.1"] {
            let url = format!("https://{host}:{}", server.address().port());
            let transport = built_in.with(trusting(&AUTHORITY.pem));
            for _ in 0..3 {
                send(&*transport, &url, LONG, 100).assert_answer(200, PAGE.as_bytes());
            }
            let unaware = built_in.with(Setup::default());
            send(&*unaware, &url, LONG, 100).assert_failure(Tls);
        }
    }
}

#[test]
fn the_authorities_that_are_given_are_the_only_ones() {
    let stranger = Identity::self_signed(&["localhost"]);
    let Some(server) = good_server() else { return };
    let url = format!("https://localhost:{}", server.address().port());
    for built_in in BUILT_IN.iter().filter(|built_in| built_in.knows_tls) {
        let wrong = built_in.with(trusting(&stranger.certificate));
        send(&*wrong, &url, LONG, 100).assert_failure(Tls);
        let bundle = format!("{}\n{}", stranger.certificate, AUTHORITY.pem);
        let both = built_in.with(trusting(&bundle));
        send(&*both, &url, LONG, 100).assert_answer(200, PAGE.as_bytes());
    }
}

#[test]
fn a_certificate_that_does_not_vouch_for_the_host_is_refused() {
    let expired: fn(&mut CertificateParams) = |params| params.not_after = date_time_ymd(2000, 1, 1);
    for (what, identity) in [
        ("self-signed", Identity::self_signed(&["localhost"])),
        (
            "for another host",
            Identity::signed(&["other.test"], |_| ()),
        ),
        ("expired", Identity::signed(&["localhost"], expired)),
    ] {
        let Some(server) = identity.served() else {
            return;
        };
        let url = format!("https://localhost:{}", server.address().port());
        for built_in in BUILT_IN.iter().filter(|built_in| built_in.knows_tls) {
            let transport = built_in.with(trusting(&AUTHORITY.pem));
            let sent = send(&*transport, &url, LONG, 100);
            let Err(error) = &sent.result else {
                panic!("{}: a certificate {what} was accepted", built_in.name);
            };
            assert_eq!(error.kind(), Tls, "{}: {what}: {error:?}", built_in.name);
        }
    }
}

#[test]
fn a_handshake_that_goes_wrong_is_a_failure_of_tls_and_holds_to_the_deadline() {
    const TIME: Duration = Duration::from_secs(2);
    type Serve = fn(&mut crate::server::Peer) -> std::io::Result<()>;
    let faults: [(&str, Serve, Kind); 6] = [
        (
            "closes in the handshake",
            |peer| peer.stream.peek(&mut [0; 8]).map(drop),
            Tls,
        ),
        ("closes at once", |_| Ok(()), Tls),
        (
            "speaks plain HTTP",
            |peer| {
                peer.send(format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{PAGE}"
                ))?;
                peer.stall()
            },
            Tls,
        ),
        (
            "speaks something else",
            |peer| peer.repeat("220 smtp ready\r\n", Duration::from_millis(50)),
            Tls,
        ),
        ("stalls", crate::server::Peer::stall, Timeout),
        (
            "drips",
            |peer| {
                peer.send([0x16, 3, 3, 0x20, 0, 2, 0, 0x1f, 0xfc])?;
                peer.repeat([3], Duration::from_millis(300))
            },
            Timeout,
        ),
    ];
    std::thread::scope(|scope| {
        for built_in in BUILT_IN.iter().filter(|built_in| built_in.knows_tls) {
            for (what, serve, kind) in faults {
                scope.spawn(move || {
                    let server = Server::start(serve);
                    let url = server.url().replace("http:", "https:");
                    let transport = built_in.with(trusting(&AUTHORITY.pem));
                    let what = format!("{}: a peer that {what}", built_in.name);
                    let in_time = persistently(|| {
                        let sent = send(&*transport, &url, TIME, 100);
                        let error = sent.result.expect_err(&what);
                        assert_eq!(error.kind(), kind, "{what}: {error:?}");
                        let is_in_time = sent.elapsed <= TIME + TIME / 10;
                        is_in_time.then_some(()).ok_or(sent.elapsed)
                    });
                    assert_eq!(in_time, Ok(()), "{what}");
                });
            }
        }
    });
}

#[test]
#[cfg(feature = "curl")]
fn libcurl_is_the_systems_and_knows_tls() {
    use drs_backup_jobs::transport::Curl;
    Curl::new().unwrap();
    let error = Curl::builder().root_certificates("hello").build();
    assert_eq!(error.unwrap_err().parameter(), Some("root_certificates"));
}

#[test]
#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn root_certificates_that_are_none_are_refused() {
    use drs_backup_jobs::transport::Ureq;
    for pem in [
        "",
        "hello",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    ] {
        let error = Ureq::builder().root_certificates(pem).build().unwrap_err();
        assert_eq!(error.parameter(), Some("root_certificates"), "{pem:?}");
    }
}

#[test]
#[cfg(all(feature = "ureq", not(feature = "native-tls")))]
fn a_tls_library_that_is_not_built_in_is_refused() {
    use drs_backup_jobs::transport::{Tls, Ureq};
    let error = Ureq::builder().tls(Tls::Native).build().unwrap_err();
    assert!(error.to_string().contains("feature native-tls"), "{error}");
}

#[test]
#[cfg(all(feature = "rustls", feature = "native-tls"))]
fn rustls_stays_the_default_where_the_systems_tls_is_built_in_too() {
    use drs_backup_jobs::transport::{Tls, Ureq};
    let rustls = Ureq::builder().tls(Tls::Rustls).build().unwrap();
    let native = Ureq::builder().tls(Tls::Native).build().unwrap();
    let rustls = offered_ciphers(&rustls);
    assert_ne!(
        offered_ciphers(&native),
        rustls,
        "they cannot be told apart"
    );
    let built = Ureq::builder().build().unwrap();
    for default in [Ureq::new(), Ureq::default(), built] {
        assert_eq!(offered_ciphers(&default), rustls);
    }
}

/// What a transport's greeting offers: its library, and no more, decides that.
#[cfg(all(feature = "rustls", feature = "native-tls"))]
fn offered_ciphers(transport: &dyn drs_backup_jobs::Transport) -> Vec<u8> {
    use std::io::Read as _;
    let (telling, told) = std::sync::mpsc::channel();
    let server = Server::start(move |peer| {
        // The heads of the record and of the greeting, its version, its random number, and how
        // long the session's id is.
        let mut head = [0; 5 + 4 + 2 + 32 + 1];
        peer.stream.read_exact(&mut head)?;
        let mut session = vec![0; head[43].into()];
        peer.stream.read_exact(&mut session)?;
        let mut length = [0; 2];
        peer.stream.read_exact(&mut length)?;
        let mut ciphers = vec![0; u16::from_be_bytes(length).into()];
        peer.stream.read_exact(&mut ciphers)?;
        telling.send(ciphers).map_err(std::io::Error::other)
    });
    let url = server.url().replace("http:", "https:");
    send(transport, &url, LONG, 100).assert_failure(Tls);
    told.recv_timeout(LONG).unwrap()
}
