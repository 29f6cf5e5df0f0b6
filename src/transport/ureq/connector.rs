//! How a connection is made: through a proxy or not, with TLS or not.
//!
//! The links are ureq's, each wrapped so that its failures say which step failed; but for the one
//! that asks a proxy for a tunnel. ureq's begins its timeout anew with every byte the proxy sends.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use std::io::{Read, Write as _};

use ::ureq::unversioned::transport::time::{Duration, Instant};
use ::ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, NextTimeout, TcpConnector, Transport,
    TransportAdapter,
};
use ::ureq::{Error, ProxyProtocol};

use super::failure;
use crate::secret::Secret;
use crate::transport::proxies::{Proxy, refusal};
use crate::transport::{TransportError, TransportErrorKind};

pub(super) fn chain() -> impl Connector {
    let chain = ().chain(Tunnel).chain(Tcp::default());
    #[cfg(feature = "rustls")]
    let chain = chain.chain(Handshake(
        ::ureq::unversioned::transport::RustlsConnector::default(),
    ));
    #[cfg(feature = "native-tls")]
    let chain = chain.chain(Handshake(
        ::ureq::unversioned::transport::NativeTlsConnector::default(),
    ));
    chain.chain(Strict)
}

/// The proxy in ureq's terms: there it is part of what tells pooled connections apart.
pub(super) fn to_ureq(proxy: &Proxy) -> Result<::ureq::Proxy, TransportError> {
    let mut builder = ::ureq::Proxy::builder(ProxyProtocol::Http)
        .host(proxy.host())
        .port(proxy.port());
    if let Some((user, password)) = proxy.login() {
        builder = builder.username(user).password(password.expose_secret());
    }
    builder.build().map_err(failure::from_ureq)
}

/// Opens a socket, if no proxy was asked to.
#[derive(Debug, Default)]
struct Tcp(TcpConnector);

impl<In: Transport> Connector<In> for Tcp {
    type Out = <TcpConnector as Connector<In>>::Out;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        self.0
            .connect(details, chained)
            .map_err(|error| match error {
                Error::Io(error) => {
                    let text = match details.uri.authority() {
                        Some(authority) => {
                            alloc::format!("no connection to {authority} could be made")
                        }
                        None => "no connection could be made".into(),
                    };
                    let failure = TransportError::new(TransportErrorKind::Connect, text);
                    Error::Other(failure.with_source(error).into())
                }
                other => other,
            })
    }
}

/// Asks the proxy for a tunnel to the host (`CONNECT`), for `http` as for `https`: a proxy that
/// reads the request itself would be handed the token.
#[derive(Debug)]
struct Tunnel;

impl<In: Transport> Connector<In> for Tunnel {
    type Out = Either<In, Box<dyn Transport>>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        if let Some(transport) = chained {
            return Ok(Some(Either::A(transport)));
        }
        let Some(proxy) = details.config.proxy() else {
            return Ok(None);
        };
        let addrs = details
            .resolver
            .resolve(proxy.uri(), details.config, time_left(details)?)?;
        let to_proxy = ConnectionDetails {
            uri: proxy.uri(),
            addrs,
            now: (details.current_time)(),
            timeout: time_left(details)?,
            ..again(details)
        };
        let Some(socket) = Connector::<()>::connect(&Tcp::default(), &to_proxy, None)? else {
            return Err(Error::ConnectionFailed);
        };
        let mut proxied = TransportAdapter::new(socket, details.current_time.clone());
        proxied.set_timeout(time_left(details)?);
        proxied.write_all(connect_request(details, proxy)?.as_bytes())?;
        let status = read_status(&mut proxied)?;
        if !(200..300).contains(&status) {
            return Err(Error::Other(refusal(status).into()));
        }
        Ok(Some(Either::B(Box::new(proxied.into_inner()))))
    }
}

fn connect_request(
    details: &ConnectionDetails<'_>,
    proxy: &::ureq::Proxy,
) -> Result<String, Error> {
    let Some(host) = details.uri.host() else {
        return Err(Error::HostNotFound);
    };
    let port = match details.uri.port_u16() {
        Some(port) => port,
        None if details.needs_tls() => 443,
        None => 80,
    };
    let mut request = alloc::format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if let Some(user) = proxy.username() {
        let authorization = basic_authorization(user, proxy.password().unwrap_or_default());
        request.push_str("Proxy-Authorization: ");
        request.push_str(authorization.expose_secret());
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    Ok(request)
}

/// The value of `Proxy-Authorization` for a login (RFC 7617).
fn basic_authorization(user: &str, password: &str) -> Secret {
    let login = Secret::new(alloc::format!("{user}:{password}"));
    let mut value = String::from("Basic ");
    for group in login.expose_secret().as_bytes().chunks(3) {
        let bits = group
            .iter()
            .chain(&[0; 2])
            .take(3)
            .fold(0, |bits, byte| bits << 8 | u32::from(*byte));
        for place in 0..4 {
            value.push(if place <= group.len() {
                base64_digit(bits >> (18 - 6 * place) & 63)
            } else {
                '='
            });
        }
    }
    Secret::new(value)
}

fn base64_digit(value: u32) -> char {
    let offset = |base: u8, from: u32| {
        u8::try_from(value.saturating_sub(from)).map_or('=', |n| char::from(base.wrapping_add(n)))
    };
    match value {
        0..26 => offset(b'A', 0),
        26..52 => offset(b'a', 26),
        52..62 => offset(b'0', 52),
        62 => '+',
        _ => '/',
    }
}

/// Reads the proxy's answer to its last byte and no further: what follows is the host's.
fn read_status(proxied: &mut impl Read) -> Result<u16, Error> {
    const LONGEST_HEAD: usize = 16 << 10;
    let failure = |kind, text| Error::Other(TransportError::new(kind, text).into());
    let mut head = Vec::new();
    let mut byte = [0];
    while head.len() < LONGEST_HEAD && proxied.read(&mut byte)? > 0 {
        head.extend(byte);
        if head.ends_with(b"\r\n\r\n") {
            return status_of(&head).ok_or_else(|| {
                let text = "what the proxy answered is no HTTP";
                failure(TransportErrorKind::Protocol, text)
            });
        }
    }
    Err(if head.len() == LONGEST_HEAD {
        let text = "the headers of the proxy's answer are too large";
        failure(TransportErrorKind::Protocol, text)
    } else {
        let text = "the proxy closed the connection before it had answered";
        failure(TransportErrorKind::ConnectionLost, text)
    })
}

fn status_of(head: &[u8]) -> Option<u16> {
    let line = core::str::from_utf8(head.split(|byte| *byte == b'\r').next()?).ok()?;
    let (version, rest) = line.split_once(' ')?;
    let status = rest.get(..3)?;
    (version.starts_with("HTTP/1.") && status.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| status.parse().ok())?
}

/// What is left of the time for connecting, of which the steps before took their part.
fn time_left(details: &ConnectionDetails<'_>) -> Result<NextTimeout, Error> {
    let mut timeout = details.timeout;
    let now = (details.current_time)();
    if let (Duration::Exact(limit), Instant::Exact(start), Instant::Exact(now)) =
        (timeout.after, details.now, now)
    {
        let left = limit.saturating_sub(now.saturating_duration_since(start));
        if left.is_zero() {
            return Err(Error::Timeout(timeout.reason));
        }
        timeout.after = Duration::Exact(left);
    }
    Ok(timeout)
}

/// The same details for a link of the chain that needs no address.
fn again<'a>(details: &ConnectionDetails<'a>) -> ConnectionDetails<'a> {
    ConnectionDetails {
        uri: details.uri,
        addrs: details.resolver.empty(),
        config: details.config,
        request_level: details.request_level,
        resolver: details.resolver,
        now: details.now,
        timeout: details.timeout,
        current_time: details.current_time.clone(),
        run_connector: details.run_connector.clone(),
        register_shutdown: details.register_shutdown.clone(),
    }
}

/// Secures the connection, if the URL is an `https` one.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[derive(Debug)]
struct Handshake<C>(C);

#[cfg(any(feature = "rustls", feature = "native-tls"))]
impl<In: Transport, C: Connector<In>> Connector<In> for Handshake<C> {
    type Out = C::Out;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let details = ConnectionDetails {
            // ureq keeps the TLS setup of an agent, but makes a new one, roots and all, for each
            // connection of a request with settings of its own. Ours differ in the deadline alone.
            request_level: false,
            ..again(details)
        };
        self.0
            .connect(&details, chained)
            .map_err(|error| Error::Other(failure::tls_failure(error).into()))
    }
}

/// Has a connection that breaks fail. ureq takes a reset, or an end of TLS without its farewell,
/// for the end of a body whose length was not announced.
#[derive(Debug)]
struct Strict;

impl<In: Transport> Connector<In> for Strict {
    type Out = StrictTransport<In>;

    fn connect(
        &self,
        _details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(StrictTransport))
    }
}

#[derive(Debug)]
struct StrictTransport<T>(T);

impl<T: Transport> Transport for StrictTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.0.await_input(timeout).map_err(|error| match error {
            Error::Timeout(_) => error,
            broken => Error::Other(failure::from_ureq(broken).into()),
        })
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_status(answer: &[u8], expected: Result<u16, TransportErrorKind>) {
        let status = read_status(&mut &answer[..]);
        assert_eq!(
            status.map_err(|error| failure::from_ureq(error).kind()),
            expected
        );
    }

    #[test]
    fn the_proxys_answer_is_read_to_its_end_and_no_further() {
        let mut answer = &b"HTTP/1.1 200 OK\r\nVia: x\r\n\r\nnext"[..];
        assert_eq!(read_status(&mut answer).unwrap(), 200);
        assert_eq!(answer, b"next");
    }

    #[test]
    fn a_proxy_that_answers_oddly_is_refused() {
        use TransportErrorKind::{ConnectionLost, Protocol};
        assert_status(b"HTTP/1.0 407 Who?\r\n\r\n", Ok(407));
        assert_status(b"HTTP/1.1 200\r\n\r\n", Ok(200));
        assert_status(b"SSH-2.0-OpenSSH_9\r\n\r\n", Err(Protocol));
        assert_status(b"HTTP/1.1 +20 OK\r\n\r\n", Err(Protocol));
        assert_status(b"HTTP/1.1 2\r\n\r\n", Err(Protocol));
        assert_status(b"\xff\r\n\r\n", Err(Protocol));
        assert_status(b"HTTP/1.1 200 OK\r\n", Err(ConnectionLost));
        assert_status(b"", Err(ConnectionLost));
        assert_status(&b"x".repeat(20 << 10), Err(Protocol));
    }

    #[test]
    fn logins_are_encoded_as_the_rfc_has_it() {
        for (user, password, expected) in [
            (
                "Aladdin",
                "open sesame",
                "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            ),
            ("", "", "Basic Og=="),
            ("a", "", "Basic YTo="),
            ("ab", "", "Basic YWI6"),
            ("??>", "~~~", "Basic Pz8+On5+fg=="),
            ("\u{e9}", "\u{ff}?", "Basic w6k6w78/"),
        ] {
            assert_eq!(
                basic_authorization(user, password).expose_secret(),
                expected
            );
        }
    }
}
