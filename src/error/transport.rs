//! Failures of a transport: no complete response was received.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use super::BoxError;
use crate::redact::Redactor;

/// The longest text of an error that may come from a peer.
const MAX_CHARS: usize = 1000;

/// A failure of a transport: no complete response was received.
///
/// Match on [`kind`](Self::kind). The message names the host or the proxy, never user info, a
/// header's value or a query.
pub struct TransportError {
    kind: TransportErrorKind,
    message: String,
    /// The status of the proxy that refused the tunnel.
    proxy_status: Option<u16>,
    source: Option<BoxError>,
    has_configured_roots: bool,
}

/// The kinds of [`TransportError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The name lookup failed or no connection could be made. Nothing was sent. Retried.
    Connect,
    /// The timeout passed. Retried while the deadline allows.
    Timeout,
    /// The connection was closed or reset before the response was complete. Retried.
    ConnectionLost,
    /// The TLS handshake failed or the certificate was rejected. Not retried.
    Tls,
    /// The proxy refused the tunnel to the host. Nothing was sent to the host. Retried if the
    /// proxy's status is 502, 503 or 504.
    Proxy,
    /// The response is not valid HTTP. Not retried.
    Protocol,
    /// The body is longer than [`ResponseBody`](crate::transport::ResponseBody) accepts. Not
    /// retried.
    BodyTooLarge,
    /// The request is not valid HTTP, or the configured proxy cannot be used. Not retried.
    InvalidRequest,
    /// The transport was built without a feature that the request needs, such as TLS. Not retried.
    Unsupported,
}

impl TransportErrorKind {
    /// Returns whether the same request may succeed if it is sent again.
    /// [`TransportError::is_transient`] also considers a proxy's status.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Connect | Self::Timeout | Self::ConnectionLost)
    }
}

impl TransportError {
    /// Creates an error of this kind. The message must hold no secret.
    #[must_use]
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            proxy_status: None,
            source: None,
            has_configured_roots: false,
        }
    }

    /// Adds the underlying error, whose text the message should not repeat.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn core::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds the status that a proxy responded with instead of opening the tunnel.
    #[must_use]
    pub fn with_proxy_status(mut self, status: u16) -> Self {
        self.proxy_status = Some(status);
        self
    }

    /// Returns the kind of the failure.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Returns the status that a proxy responded with instead of opening the tunnel, such as 407.
    #[must_use]
    pub fn proxy_status(&self) -> Option<u16> {
        self.proxy_status
    }

    /// Returns whether the same request may succeed if it is sent again: by its kind, or because a
    /// proxy responded 502, 503 or 504 to the request for a tunnel.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind.is_transient() || matches!(self.proxy_status, Some(502..=504))
    }

    /// Whether nothing was sent to the host: sending the request again cannot act twice.
    pub(crate) fn is_before_sending(&self) -> bool {
        matches!(
            self.kind,
            TransportErrorKind::Connect | TransportErrorKind::Proxy
        )
    }

    /// Records whether root certificates are configured, which changes the meaning of an unknown
    /// issuer.
    #[cfg(any(feature = "ureq", feature = "curl", test))]
    pub(crate) fn with_configured_roots(mut self, has_configured_roots: bool) -> Self {
        self.has_configured_roots = has_configured_roots;
        self
    }

    pub(super) fn has_configured_roots(&self) -> bool {
        self.has_configured_roots
    }

    /// Masks secrets in the message and in all sources: a reason phrase or an alert may repeat what
    /// was sent. A source without secrets keeps its type.
    pub(crate) fn redact(&mut self, redactor: &Redactor) {
        self.message = redactor.clean(&self.message, MAX_CHARS);
        let mut next = core::error::Error::source(self);
        let mut text = String::new();
        let mut is_masked = false;
        while let Some(source) = next {
            let (shown, debug) = (alloc::format!("{source}"), alloc::format!("{source:?}"));
            let cleaned = redactor.clean(&shown, MAX_CHARS);
            is_masked |= cleaned != shown || redactor.clean(&debug, MAX_CHARS) != debug;
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(&cleaned);
            next = source.source();
        }
        if is_masked {
            self.source = Some(text.into());
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = self.source.as_ref();
        f.debug_struct("TransportError")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("proxy_status", &self.proxy_status)
            .field("source", &source.map(|source| alloc::format!("{source}")))
            .field("has_configured_roots", &self.has_configured_roots)
            .finish()
    }
}

impl core::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_is_overloaded_is_transient_and_one_that_refuses_is_not() {
        for (status, expected) in [(407, false), (403, false), (502, true), (504, true)] {
            let error =
                TransportError::new(TransportErrorKind::Proxy, "").with_proxy_status(status);
            assert_eq!(error.is_transient(), expected, "{status}");
        }
        assert!(!TransportError::new(TransportErrorKind::Proxy, "").is_transient());
        assert!(TransportError::new(TransportErrorKind::ConnectionLost, "").is_transient());
    }
}
