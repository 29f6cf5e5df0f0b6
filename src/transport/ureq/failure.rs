//! What ureq reports, as a [`TransportError`].
//!
//! Texts are our own: ureq's may repeat a URL, and its types stay out of our errors' sources.

use std::io;
use std::string::ToString as _;

use ::ureq::{Error, Timeout};

use crate::transport::{TransportError, TransportErrorKind};

pub(super) fn out_of_time() -> TransportError {
    let text = "time ran out before the whole answer was there";
    TransportError::new(TransportErrorKind::Timeout, text)
}

/// What ended the reading of a body.
pub(super) fn from_reader(error: io::Error) -> TransportError {
    // ureq's own errors travel in an `io::Error`; this takes them out again.
    from_ureq(Error::from(error))
}

pub(super) fn from_ureq(error: Error) -> TransportError {
    use TransportErrorKind as Kind;
    let (kind, text) = match error {
        Error::Other(ours) => {
            return match ours.downcast::<TransportError>() {
                Ok(ours) => *ours,
                Err(foreign) => TransportError::new(Kind::ConnectionLost, "the exchange failed")
                    .with_source(foreign),
            };
        }
        Error::Io(error) => return from_io(error),
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
            (Kind::Timeout, "time ran out before there was a connection")
        }
        Error::Timeout(_) => return out_of_time(),
        Error::HostNotFound => (Kind::Connect, "the host's address was not found"),
        Error::ConnectionFailed => (Kind::Connect, "no connection could be made"),
        Error::TlsRequired => (
            Kind::Unsupported,
            "https needs the feature rustls, or an agent that knows TLS",
        ),
        Error::BadUri(_) | Error::Http(_) => {
            (Kind::InvalidRequest, "the URL or a header is none for HTTP")
        }
        Error::RequireHttpsOnly(_) => (
            Kind::InvalidRequest,
            "the agent is set to https only, and the URL is not",
        ),
        Error::InvalidProxyUrl => (Kind::InvalidRequest, "the proxy's URL cannot be used"),
        Error::ConnectProxyFailed(_) => (Kind::Proxy, "the proxy refused to pass the request on"),
        Error::LargeResponseHeader(..) => (Kind::Protocol, "the answer's headers are too large"),
        // What was received is kept in the text, but never what was sent.
        Error::Protocol(error) => {
            return TransportError::new(
                Kind::Protocol,
                "what came back is no HTTP that can be used",
            )
            .with_source(error.to_string());
        }
        tls if is_tls(&tls) => return tls_failure(tls),
        other => {
            return TransportError::new(Kind::ConnectionLost, "the exchange failed")
                .with_source(other.to_string());
        }
    };
    TransportError::new(kind, text)
}

fn from_io(error: io::Error) -> TransportError {
    use TransportErrorKind as Kind;
    use io::ErrorKind as Io;
    let (kind, text) = match error.kind() {
        Io::ConnectionRefused
        | Io::HostUnreachable
        | Io::NetworkUnreachable
        | Io::NetworkDown
        | Io::AddrNotAvailable => (Kind::Connect, "no connection could be made"),
        Io::TimedOut | Io::WouldBlock => return out_of_time(),
        Io::UnexpectedEof => (
            Kind::ConnectionLost,
            "the connection was closed before the whole answer was there",
        ),
        // What TLS cannot make sense of, once the handshake is done.
        Io::InvalidData => (Kind::Tls, "what came back is not what TLS expects"),
        _ => (Kind::ConnectionLost, "the connection broke"),
    };
    TransportError::new(kind, text).with_source(error)
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

/// Whatever went wrong in a handshake, but for the deadline.
pub(super) fn tls_failure(error: Error) -> TransportError {
    let failure = |text| TransportError::new(TransportErrorKind::Tls, text);
    match error {
        Error::Timeout(_) | Error::Other(_) => from_ureq(error),
        Error::Io(error) => failure("the TLS handshake failed").with_source(error),
        other => failure("the TLS handshake failed").with_source(other.to_string()),
    }
}
