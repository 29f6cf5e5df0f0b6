//! Converts ureq's errors to [`TransportError`].
//!
//! The messages are our own: ureq's may repeat a URL, and its types stay out of the sources.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::string::ToString as _;

use ::ureq::{Error, Timeout};

use crate::text;
use crate::transport::route::{self, HEADERS_TOO_LARGE, NOT_HTTP, Route, invalid_response};
use crate::transport::{TransportError, TransportErrorKind};

pub(super) const NOT_VALID_HTTP: &str =
    "cannot send the request: its URL or a header is not valid HTTP";

pub(super) fn from_ureq(error: Error, route: &Route<'_>) -> TransportError {
    let invalid_request = |text| TransportError::new(TransportErrorKind::InvalidRequest, text);
    match Reason::of(&error) {
        Some(Reason::Lookup) => return route.lookup_failed().with_source(error.into_io()),
        Some(Reason::ProxyStatus(status)) => return route.tunnel_refused(status, &[]),
        Some(Reason::ProxyClosed | Reason::ClosedInHandshake) => {
            return route::connection_closed();
        }
        None => {}
    }
    match error {
        Error::Io(error) => from_io(error, route),
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => route.connect_timed_out(),
        Error::Timeout(_) => route::timed_out(),
        Error::HostNotFound => route.lookup_failed(),
        Error::ConnectionFailed => route.connect_failed(),
        Error::ConnectProxyFailed(_) => TransportError::new(
            TransportErrorKind::Proxy,
            "cannot connect through the proxy",
        ),
        Error::TlsRequired => TransportError::new(
            TransportErrorKind::Unsupported,
            "cannot send the request: https needs the feature rustls or an agent with TLS",
        ),
        Error::BadUri(_) | Error::Http(_) => invalid_request(NOT_VALID_HTTP),
        Error::RequireHttpsOnly(_) => {
            invalid_request("cannot send the request: the agent allows https only")
        }
        Error::InvalidProxyUrl => {
            invalid_request("cannot send the request: the proxy's URL is invalid")
        }
        Error::LargeResponseHeader(..) => invalid_response(HEADERS_TOO_LARGE),
        // Its text holds what was received, never what was sent.
        Error::Protocol(error) => invalid_response(NOT_HTTP).with_source(error.to_string()),
        tls if is_tls(&tls) => route.tls_failed().with_source(tls.to_string()),
        other => route::connection_lost().with_source(other.to_string()),
    }
}

fn from_io(error: io::Error, route: &Route<'_>) -> TransportError {
    use io::ErrorKind as Io;
    match error.kind() {
        Io::ConnectionRefused
        | Io::HostUnreachable
        | Io::NetworkUnreachable
        | Io::NetworkDown
        | Io::PermissionDenied
        | Io::AddrNotAvailable => route.connect_failed().with_source(error),
        Io::TimedOut | Io::WouldBlock => route::timed_out(),
        Io::UnexpectedEof => route::connection_closed().with_source(error),
        // rustls reports violations of TLS in this way, in the handshake and after it.
        Io::InvalidData => route.tls_failed().with_source(error),
        _ => route::connection_lost().with_source(error),
    }
}

fn is_tls(error: &Error) -> bool {
    match error {
        Error::Tls(_) => true,
        #[cfg(feature = "rustls")]
        Error::Rustls(_) => true,
        #[cfg(feature = "native-tls")]
        Error::NativeTls(_) => true,
        _ => false,
    }
}

/// Reasons that ureq, std or the TLS library report only as text. The tests of the transports cause
/// each of them, so that they fail when a new version changes the text.
#[derive(Debug, PartialEq)]
enum Reason {
    /// The system's lookup found no address.
    Lookup,
    /// The proxy responded with this status instead of opening the tunnel.
    ProxyStatus(u16),
    /// The proxy closed the connection instead of responding.
    ProxyClosed,
    /// OpenSSL found the connection closed or reset in the handshake.
    #[cfg_attr(
        not(feature = "native-tls"),
        expect(dead_code, reason = "rustls has a kind for it")
    )]
    ClosedInHandshake,
}

impl Reason {
    fn of(error: &Error) -> Option<Self> {
        match error {
            Error::Io(error) if is_failed_lookup(error) => Some(Self::Lookup),
            Error::ConnectProxyFailed(text) => {
                if text::find(text, "did not respond").is_some() {
                    return Some(Self::ProxyClosed);
                }
                let (_, status) = text::split_once(text, "responded ")?;
                Some(Self::ProxyStatus(status.get(..3)?.parse().ok()?))
            }
            #[cfg(feature = "native-tls")]
            Error::NativeTls(error) => {
                let text = error.to_string().to_ascii_lowercase();
                let is_closed = text.contains("unexpected eof") || text.contains("reset by peer");
                is_closed.then_some(Self::ClosedInHandshake)
            }
            _ => None,
        }
    }
}

fn is_failed_lookup(error: &io::Error) -> bool {
    match error.raw_os_error() {
        None => error.to_string().starts_with("failed to lookup address"),
        // WSAHOST_NOT_FOUND to WSANO_DATA.
        Some(code) => cfg!(windows) && (11001..=11004).contains(&code),
    }
}

/// Runs a request, and converts the panic of ureq if the system provides no thread for the lookup.
/// Other panics are resumed: they are bugs.
pub(super) fn without_thread_panic<T>(
    route: &Route<'_>,
    run: impl FnOnce() -> T,
) -> Result<T, TransportError> {
    // The agent's pool is not locked when ureq starts a thread.
    catch_unwind(AssertUnwindSafe(run)).or_else(|panic| {
        let text = panic.downcast_ref::<std::string::String>();
        match text {
            Some(text) if text::find(text, "failed to spawn thread").is_some() => Err(route
                .lookup_failed()
                .with_source("the system provides no more threads")),
            _ => resume_unwind(panic),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_reasons_from_texts() {
        let proxy = |text: &str| Error::ConnectProxyFailed(text.into());
        for (error, expected) in [
            (
                proxy("proxy server responded 407/407"),
                Some(Reason::ProxyStatus(407)),
            ),
            (
                proxy("proxy server did not respond"),
                Some(Reason::ProxyClosed),
            ),
            (proxy("proxy server responded"), None),
            (proxy("proxy server responded 4é"), None),
            (Error::HostNotFound, None),
            (Error::Io(io::ErrorKind::ConnectionReset.into()), None),
        ] {
            assert_eq!(Reason::of(&error), expected, "{error}");
        }
    }
}
