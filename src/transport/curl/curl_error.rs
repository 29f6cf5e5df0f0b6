//! Converts libcurl's errors to [`TransportError`].

use alloc::format;
use alloc::string::String;

use crate::redact::Redactor;
use crate::text;
use crate::transport::route::{self, HEADERS_TOO_LARGE, NOT_HTTP, Route, invalid_response};
use crate::transport::{Request, TransportError, TransportErrorKind as Kind};

/// An option that libcurl did not accept.
pub(super) fn from_option(error: &::curl::Error, request: &Request<'_>) -> TransportError {
    TransportError::new(Kind::InvalidRequest, "cannot send the request")
        .with_source(described(error, request))
}

/// The failure of a transfer. `is_connected`: whether the connection was established, including
/// TLS.
pub(super) fn from_transfer(
    error: &::curl::Error,
    is_connected: bool,
    route: &Route<'_>,
    request: &Request<'_>,
) -> TransportError {
    let text = described(error, request);
    let converted = match error {
        e if e.is_operation_timedout() && is_connected => return route::timed_out(),
        e if e.is_operation_timedout() => return route.connect_timed_out(),
        e if e.is_couldnt_resolve_host() || e.is_couldnt_resolve_proxy() => route.lookup_failed(),
        e if e.is_couldnt_connect() => route.connect_failed(),
        e if e.is_ssl_connect_error() && is_closed(&text) => route::connection_closed(),
        e if e.is_ssl_connect_error()
            || e.is_peer_failed_verification()
            || e.is_ssl_cacert()
            || e.is_ssl_certproblem()
            || e.is_ssl_cipher()
            || e.is_ssl_cacert_badfile()
            || e.is_ssl_issuer_error()
            || e.is_use_ssl_failed() =>
        {
            route.tls_failed()
        }
        e if e.is_url_malformed() => TransportError::new(
            Kind::InvalidRequest,
            "cannot send the request: its URL is not valid HTTP",
        ),
        // A response without a status line, and one that libcurl cannot parse (8).
        e if e.is_unsupported_protocol() || e.code() == 8 || is_bad_chunk(e) => {
            invalid_response(NOT_HTTP)
        }
        // Headers beyond libcurl's own limit: 27 before 8.6, then 100.
        e if e.is_out_of_memory() || e.code() == 100 => invalid_response(HEADERS_TOO_LARGE),
        e if e.is_partial_file() || e.is_got_nothing() => route::connection_closed(),
        _ => route::connection_lost(),
    };
    converted.with_source(text)
}

/// Whether the text of a failed handshake says that the peer ended the connection: libcurl has one
/// code for every failure in the handshake.
fn is_closed(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["unexpected eof", "reset by peer", "ssl_error_syscall"]
        .iter()
        .any(|reason| text::find(&text, reason).is_some())
}

/// libcurl reports an invalid chunk as a failure to receive.
fn is_bad_chunk(error: &::curl::Error) -> bool {
    let is_about_chunks = |text: &str| text::find(text, "chunk").is_some();
    error.is_recv_error() && error.extra_description().is_some_and(is_about_chunks)
}

/// libcurl's text, without the request's secrets: it may repeat what the peer sent, and the peer
/// may repeat the request.
fn described(error: &::curl::Error, request: &Request<'_>) -> String {
    let text = match error.extra_description() {
        Some(more) => format!("{} ({more})", error.description()),
        None => error.description().into(),
    };
    let mut redactor = Redactor::default();
    for secret in request.headers().secrets() {
        redactor.add(secret);
    }
    redactor.clean(&text, 1000)
}
