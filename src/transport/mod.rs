//! Transports: the HTTP clients that send requests.
//!
//! [`Transport`] is the only way from this crate to the network. Built in are `Ureq` (feature
//! `ureq`, the default), `Curl` (feature `curl`, the system's libcurl) and `Emulator` (feature
//! `emulator`, the service in memory). Any blocking HTTP client becomes a transport in about thirty
//! lines: [`Transport::send`] lists what it must guarantee, and [a
//! guide](crate::guide::bring_your_own_transport) has an example.
//!
//! # Guarantees
//!
//! One test suite checks both network transports. Where they differ:
//!
//! | guarantee | `Ureq` with rustls | `Ureq` with native TLS | `Curl` |
//! |---|---|---|---|
//! | redirects are returned, never followed | yes | yes | yes |
//! | a `POST` is sent once | yes | yes | yes |
//! | a request is never sent twice by the HTTP client itself | yes | yes | yes: a connection for each request |
//! | a stale, duplicate or unsolicited response is never taken for another request's | yes: a TLS connection for each request¹ | yes: as with rustls¹ | yes: a connection for each request |
//! | `http` connections are kept | yes | yes | no |
//! | the deadline holds | names: yes; IP addresses: up to twice the timeout²; while a proxy sends its response to `CONNECT` byte by byte: no² | as with rustls | yes |
//! | a body shorter than its `Content-Length`, or a chunked body without its end, is an error | yes | yes | yes |
//! | a truncated body without length is an error | no³ | no³ | reset: yes; closed: no³ |
//! | two lengths, a length together with chunks, and a length that is not one number below 2^63 are errors | yes | yes | yes |
//! | a compressed body is an error (requests accept only `identity`) | yes⁴ | yes⁴ | yes |
//! | more than 64 KiB of headers, or a body over the client's limit, is an error | yes | yes | yes |
//! | TLS certificates are verified, without an option to turn it off | Mozilla's roots | the system's roots | the system's roots |
//! | an invalid root certificate is an error | yes | yes | yes |
//! | threads | names: one for each request; IP addresses: none | as with rustls | names: one a minute for each handle; IP addresses: none |
//! | an error never shows a header's value, a body or a proxy's user info | yes | yes | yes |
//! | a proxy's status (407, 503) is in the error | yes | yes | yes |
//! | a proxy that offers only NTLM or Negotiate is named | no: ureq shows only the status | no | yes |
//! | a proxy may respond to `CONNECT` with any 2xx and any number of headers | 200, at most 20 headers | as with rustls | yes |
//!
//! ¹ With `UreqBuilder::keep_tls_connections` and with a custom agent, TLS connections are kept,
//! and a second response that a faulty server sends in the same burst is taken for the next
//! request's. ² The documentation of `Ureq` states the bounds. ³ A truncated page is still
//! detected, because its JSON is truncated; the client retries it. ⁴ Unless another crate enables
//! ureq's feature `gzip` or `brotli`: then ureq decompresses it, within the client's limit.
//!
//! # Logs of dependencies
//!
//! This crate logs one line per request, without secrets. `ureq`, `ureq_proto` and `rustls` log
//! too: at debug level URLs and header names, **at trace level every byte, including tokens and
//! passwords**. Libraries cannot filter that; the program can. Set the log level for this crate
//! only, for example with `env_logger`:
//!
//! ```text
//! RUST_LOG=warn,drs_backup_jobs=debug
//! ```
//!
//! or by `log::set_max_level(log::LevelFilter::Debug)`, or with the features `max_level_debug` or
//! `release_max_level_debug` of the crate `log`, which remove trace logs at compile time.

mod body;
#[cfg(feature = "curl")]
mod curl;
#[cfg(any(feature = "ureq", feature = "curl"))]
mod head_builder;
mod headers;
#[cfg(any(feature = "ureq", feature = "curl"))]
mod proxies;
mod request;
mod response;
#[cfg(any(feature = "ureq", feature = "curl"))]
mod roots;
#[cfg(any(feature = "ureq", feature = "curl"))]
mod route;
#[cfg(feature = "ureq")]
mod ureq;

#[cfg(feature = "curl")]
pub use self::curl::{Curl, CurlBuilder};
#[cfg(feature = "ureq")]
pub use self::ureq::{Tls, Ureq, UreqBuilder};
pub use crate::error::{TransportError, TransportErrorKind};
pub use body::ResponseBody;
pub use headers::{HeaderValue, Headers};
#[cfg(any(feature = "ureq", feature = "curl"))]
pub use proxies::Proxies;
pub use request::{Method, Request, RequestParts};
pub use response::ResponseHead;

/// Sends one request and receives its response.
pub trait Transport: Send + Sync {
    /// Sends `request`, writes the response's body to `body` and returns its head.
    ///
    /// The client relies on this:
    ///
    /// - method, URL, headers and body are sent as they are, once;
    /// - a response of any status is returned, not an error;
    /// - redirects are not followed: they would send `X-Auth-Token` to another host;
    /// - after [`Request::timeout`] the call fails with [`TransportErrorKind::Timeout`];
    /// - a body that ends before its announced length, and a chunked body without its end, is
    ///   [`TransportErrorKind::ConnectionLost`], never a short success;
    /// - no error text holds a header's value.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if no complete response was received.
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError>;
}

impl<T: Transport + ?Sized> Transport for alloc::sync::Arc<T> {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        (**self).send(request, body)
    }
}
