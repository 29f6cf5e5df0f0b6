//! What libcurl reports, as a [`TransportError`].

use alloc::format;
use alloc::string::String;

use crate::transport::proxies::refusal;
use crate::transport::{Request, TransportError, TransportErrorKind};

pub(super) fn out_of_time() -> TransportError {
    let text = "time ran out before the whole answer was there";
    TransportError::new(TransportErrorKind::Timeout, text)
}

/// An option that libcurl did not take.
pub(super) fn unsendable(error: &::curl::Error, request: &Request<'_>) -> TransportError {
    let text = "the request cannot be sent";
    TransportError::new(TransportErrorKind::InvalidRequest, text)
        .with_source(described(error, request))
}

/// What ended a transfer, if nothing of ours did. `tunnel` is the proxy's status when it was asked
/// for a tunnel, or 0.
pub(super) fn from_curl(
    error: &::curl::Error,
    tunnel: u32,
    request: &Request<'_>,
) -> TransportError {
    use TransportErrorKind as Kind;
    if let Ok(tunnel @ 300..) = u16::try_from(tunnel) {
        return refusal(tunnel);
    }
    let (kind, text) = match error {
        e if e.is_operation_timedout() => return out_of_time(),
        e if e.is_couldnt_resolve_host() => (Kind::Connect, "the host's address was not found"),
        e if e.is_couldnt_resolve_proxy() => (Kind::Connect, "the proxy's address was not found"),
        e if e.is_couldnt_connect() => (Kind::Connect, "no connection could be made"),
        e if e.is_ssl_connect_error()
            || e.is_peer_failed_verification()
            || e.is_ssl_cacert()
            || e.is_ssl_certproblem()
            || e.is_ssl_cipher()
            || e.is_ssl_cacert_badfile()
            || e.is_ssl_issuer_error()
            || e.is_use_ssl_failed() =>
        {
            (Kind::Tls, "the TLS handshake failed")
        }
        e if e.is_url_malformed() => (Kind::InvalidRequest, "the URL is none for HTTP"),
        // With these libcurl means an answer without a status line, and one it cannot make sense
        // of (8). Headers beyond its own limit it calls a lack of memory or, since 8.6, too large
        // (100).
        e if e.is_unsupported_protocol() || e.code() == 8 || is_bad_chunk(e) => {
            (Kind::Protocol, "what came back is no HTTP that can be used")
        }
        e if e.is_out_of_memory() || e.code() == 100 => {
            (Kind::Protocol, "the answer's headers are too large")
        }
        e if e.is_partial_file() || e.is_got_nothing() => (
            Kind::ConnectionLost,
            "the connection was closed before the whole answer was there",
        ),
        _ => (Kind::ConnectionLost, "the connection broke"),
    };
    TransportError::new(kind, text).with_source(described(error, request))
}

/// libcurl has no code of its own for chunks that cannot be: it reports them as a failure to
/// receive.
fn is_bad_chunk(error: &::curl::Error) -> bool {
    let is_about_chunks = |text: &str| text.contains("chunk");
    error.is_recv_error() && error.extra_description().is_some_and(is_about_chunks)
}

/// An error's text as libcurl has it. It may repeat what the peer sent, and the peer what it was
/// sent.
fn described(error: &::curl::Error, request: &Request<'_>) -> String {
    let mut text = match error.extra_description() {
        Some(more) => format!("{} ({more})", error.description()),
        None => error.description().into(),
    };
    for secret in request.headers().secrets() {
        secret.redact(&mut text);
    }
    text
}
