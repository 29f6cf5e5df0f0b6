//! How a request gets to the service and its answer back.
//!
//! [`Transport`] is the one door between this crate and the network. Ready made: `Ureq` (feature
//! `ureq`, the default) and [`Emulator`](crate::emulator::Emulator) (feature `emulator`). Any
//! blocking HTTP client becomes one in a few lines; what it must keep to is said at
//! [`Transport::send`].

#[cfg(feature = "ureq")]
mod answer;
mod body;
mod error;
mod head;
#[cfg(feature = "ureq")]
mod proxies;
mod request;
#[cfg(feature = "ureq")]
mod ureq;

#[cfg(feature = "ureq")]
pub use self::ureq::{Tls, Ureq, UreqBuilder};
pub use body::ResponseBody;
pub use error::{TransportError, TransportErrorKind};
pub use head::Head;
#[cfg(feature = "ureq")]
pub use proxies::Proxies;
pub use request::{Headers, Method, Request, RequestParts};

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
    ///   [`Request::time_left`] is over;
    /// - a body that ends before its announced length, or a chunked body cut off, is
    ///   [`TransportErrorKind::Broken`], never a short success;
    /// - no error text holds a header's value.
    ///
    /// # Errors
    ///
    /// When no whole answer came back: see [`TransportErrorKind`].
    fn send(&self, request: &Request<'_>, body: &mut ResponseBody) -> Result<Head, TransportError>;
}

impl<T: Transport + ?Sized> Transport for alloc::sync::Arc<T> {
    fn send(&self, request: &Request<'_>, body: &mut ResponseBody) -> Result<Head, TransportError> {
        (**self).send(request, body)
    }
}
