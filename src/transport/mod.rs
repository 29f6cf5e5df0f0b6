//! How a request gets to the service and its answer back.
//!
//! [`Transport`] is the one door between this crate and the network. Ready made: `Ureq` (feature
//! `ureq`, the default), `Curl` (feature `curl`, the system's libcurl) and `Emulator` (feature
//! `emulator`, the service in memory). Any blocking HTTP client becomes one in a few lines; what
//! it must keep to is said at [`Transport::send`].
//!
//! `Ureq` and `Curl` keep to these rules alike, and one suite of tests holds both to them:
//!
//! - **Redirects** are answers. They are never followed, not even to the same host.
//! - **Deadlines** hold from the name to the last byte of the body, whatever the peer or the proxy
//!   does in between: stalling, dripping, answering without end. Connecting has a bound of its own.
//! - **Lengths**: a body that ends early is an error. So is an answer with two lengths, with a
//!   length beside chunks, or compressed though nobody asked for it; headers of more than 64 KiB;
//!   and a body over the client's cap.
//! - **TLS** certificates are always checked, against Mozilla's roots with rustls and against the
//!   system's with `Tls::Native` and `Curl`; roots that are given (`root_certificates`) are trusted
//!   in the place of those. There is no switch that turns the check off.
//! - **Proxies** are used as `Proxies` says: by default those of the environment, never for this
//!   machine itself, and always through a tunnel, so that of an `https` request a proxy learns host
//!   and port alone.
//! - **Threads**: none is started for a request to an address. A name is looked up in a short-lived
//!   thread, by `Ureq` once in half a minute, by libcurl once in a minute for each of its handles.
//!   The system's lookup cannot be interrupted: if it outlasts the deadline, the call returns in
//!   time and the thread ends when the system gives up; with `Ureq` there is one for a name at most.

mod body;
#[cfg(feature = "curl")]
mod curl;
#[cfg(any(feature = "ureq", feature = "curl"))]
mod head_builder;
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
#[cfg(any(feature = "ureq", feature = "curl"))]
pub use proxies::Proxies;
pub use request::{Headers, Method, Request, RequestParts};
pub use response::ResponseHead;

/// Sends one request and receives one answer.
pub trait Transport: Send + Sync {
    /// Sends `request`, writes the answer's body to `body` and gives back its head.
    ///
    /// The client relies on a transport for this:
    ///
    /// - it sends method, URL, headers and body as they are given;
    /// - an answer of any status is an answer, not an error;
    /// - redirects are not followed: they would carry `X-Auth-Token` to another host;
    /// - it is done, or has failed with [`TransportErrorKind::Timeout`], when
    ///   [`Request::timeout`] is over;
    /// - a body that ends before its announced length, or a chunked body cut off, is
    ///   [`TransportErrorKind::ConnectionLost`], never a short success;
    /// - no error text holds a header's value.
    ///
    /// # Errors
    ///
    /// When no whole answer came back: see [`TransportErrorKind`].
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
