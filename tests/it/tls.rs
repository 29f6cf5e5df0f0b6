//! TLS, against nginx: which certificates a transport trusts, and how failed handshakes end.

use std::io::Read as _;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use drs_backup_jobs::transport::TransportErrorKind::{self as Kind, ConnectionLost, Timeout, Tls};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

use crate::daemon::Daemon;
use crate::server::Server;
use crate::transport::{BUILT_IN, LONG, Setup, persistently, send};

const PAGE: &str = r#"{"count":0,"jobs":[]}"#;

/// A private certificate authority, as in companies.
pub(crate) struct Authority {
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

pub(crate) static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // With rcgen's default name, which every certificate has, the others would look self-signed.
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
pub(crate) struct Identity {
    certificate: String,
    key: String,
}

impl Identity {
    /// For these hosts, signed by the private authority.
    pub(crate) fn signed(hosts: &[&str], set: fn(&mut CertificateParams)) -> Self {
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

    /// The settings of a TLS server with this certificate.
    pub(crate) fn server_config(&self) -> Arc<rustls::ServerConfig> {
        use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key);
        Arc::new(config.unwrap())
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

/// A server with a valid certificate for each of these names.
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
fn trusts_a_private_authority_that_is_configured() {
    let Some(server) = good_server() else { return };
    for built_in in BUILT_IN.iter().filter(|built_in| built_in.knows_tls) {
        for host in ["localhost", "127.0.0.1"] {
            let url = format!("https://{host}:{}", server.address().port());
            let transport = built_in.with(trusting(&AUTHORITY.pem));
            for _ in 0..3 {
                send(&*transport, &url, LONG, 100).assert_response(200, PAGE.as_bytes());
            }
            let other = built_in.with(Setup::default());
            send(&*other, &url, LONG, 100).assert_failure(Tls);
        }
    }
}

#[test]
fn trusts_only_the_authorities_that_are_configured() {
    let other = Identity::self_signed(&["localhost"]);
    let Some(server) = good_server() else { return };
    let url = format!("https://localhost:{}", server.address().port());
    for built_in in BUILT_IN.iter().filter(|built_in| built_in.knows_tls) {
        let wrong = built_in.with(trusting(&other.certificate));
        send(&*wrong, &url, LONG, 100).assert_failure(Tls);
        for bundle in [
            format!("{}\n{}", other.certificate, AUTHORITY.pem),
            // As files written on Windows and joined.
            format!("\u{feff}{}\u{feff}{}", other.certificate, AUTHORITY.pem).replace('\n', "\r\n"),
            format!("# ours\n{}trailing text", AUTHORITY.pem),
        ] {
            let both = built_in.with(trusting(&bundle));
            send(&*both, &url, LONG, 100).assert_response(200, PAGE.as_bytes());
        }
    }
}

#[test]
fn rejects_expired_self_signed_and_foreign_certificates() {
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
fn failed_handshakes_have_the_same_kind_on_every_transport() {
    const TIME: Duration = Duration::from_secs(2);
    type Serve = fn(&mut crate::server::Peer) -> std::io::Result<()>;
    let faults: [(&str, Serve, Kind); 7] = [
        (
            "resets in the handshake",
            |peer| peer.stream.peek(&mut [0; 8]).map(drop),
            ConnectionLost,
        ),
        (
            "closes in the handshake",
            |peer| peer.stream.read(&mut [0; 4096]).map(drop),
            ConnectionLost,
        ),
        ("closes at once", |_| Ok(()), ConnectionLost),
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
fn libcurl_is_the_systems_and_has_tls() {
    use drs_backup_jobs::transport::Curl;
    Curl::new().unwrap();
}

#[test]
fn rejects_root_certificates_that_are_not_certificates() {
    let block = |content: &str| {
        format!("-----BEGIN CERTIFICATE-----\n{content}\n-----END CERTIFICATE-----\n")
    };
    for pem in [
        String::new(),
        "hello".into(),
        block("!"),
        block("aGVsbG8="),
        AUTHORITY.pem.replace("-----END", "----END"),
        format!("{}{}", AUTHORITY.pem, block("aGVsbG8=")),
    ] {
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        {
            use drs_backup_jobs::transport::Ureq;
            let error = Ureq::builder().root_certificates(&pem).build().unwrap_err();
            assert_eq!(error.parameter(), Some("root_certificates"), "{pem:?}");
        }
        #[cfg(feature = "curl")]
        {
            use drs_backup_jobs::transport::Curl;
            let error = Curl::builder().root_certificates(&pem).build().unwrap_err();
            assert_eq!(error.parameter(), Some("root_certificates"), "{pem:?}");
        }
    }
}

#[test]
#[cfg(all(feature = "ureq", not(feature = "native-tls")))]
fn rejects_a_tls_library_that_is_not_built_in() {
    use drs_backup_jobs::transport::{Tls, Ureq};
    let error = Ureq::builder().tls(Tls::Native).build().unwrap_err();
    assert!(error.to_string().contains("feature native-tls"), "{error}");
}

#[test]
#[cfg(all(feature = "rustls", feature = "native-tls"))]
fn rustls_is_the_default_beside_native_tls() {
    use drs_backup_jobs::transport::{Tls, Ureq};
    let rustls = Ureq::builder().tls(Tls::Rustls).build().unwrap();
    let native = Ureq::builder().tls(Tls::Native).build().unwrap();
    let rustls = offered_ciphers(&rustls);
    assert_ne!(offered_ciphers(&native), rustls, "they offer the same");
    let built = Ureq::builder().build().unwrap();
    for default in [Ureq::new(), Ureq::default(), built] {
        assert_eq!(offered_ciphers(&default), rustls);
    }
}

/// The ciphers that a transport's client hello offers, which the TLS library decides.
#[cfg(all(feature = "rustls", feature = "native-tls"))]
fn offered_ciphers(transport: &dyn drs_backup_jobs::Transport) -> Vec<u8> {
    let (sending, received) = std::sync::mpsc::channel();
    let server = Server::start(move |peer| {
        // The headers of record and hello, the version, the random bytes, the session id's length.
        let mut head = [0; 5 + 4 + 2 + 32 + 1];
        peer.stream.read_exact(&mut head)?;
        let mut session = vec![0; head[43].into()];
        peer.stream.read_exact(&mut session)?;
        let mut length = [0; 2];
        peer.stream.read_exact(&mut length)?;
        let mut ciphers = vec![0; u16::from_be_bytes(length).into()];
        peer.stream.read_exact(&mut ciphers)?;
        sending.send(ciphers).map_err(std::io::Error::other)
    });
    let url = server.url().replace("http:", "https:");
    send(transport, &url, LONG, 100).assert_failure(ConnectionLost);
    received.recv_timeout(LONG).unwrap()
}
