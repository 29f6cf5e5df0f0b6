//! Why no whole answer came back.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use super::BoxError;

/// No whole answer came back: what kind of failure, in words, and what lies below.
pub struct TransportError {
    kind: TransportErrorKind,
    message: String,
    source: Option<BoxError>,
}

/// What kept an answer from coming back whole, by what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The host's name was not found, or no connection could be made. Nothing was sent. Retried.
    Connect,
    /// Time ran out. Retried while the deadline allows.
    Timeout,
    /// The connection broke, or the body ended too early. Retried.
    ConnectionLost,
    /// The TLS handshake failed, or the certificate was refused. Not retried.
    Tls,
    /// The proxy refused to pass the request on. Not retried.
    Proxy,
    /// What came back is no HTTP. Not retried.
    Protocol,
    /// The answer is longer than [`ResponseBody`](crate::transport::ResponseBody) takes. Not retried.
    BodyTooLarge,
    /// The request cannot be sent as it is. Not retried.
    InvalidRequest,
    /// The transport was built without what the request needs, such as TLS. Not retried.
    Unsupported,
}

impl TransportErrorKind {
    /// Whether the same request may get through if it is sent again.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Connect | Self::Timeout | Self::ConnectionLost)
    }
}

impl TransportError {
    /// A failure of this kind, in words that hold no secret.
    #[must_use]
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// The same, with what lies below, whose text the message should not repeat.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn core::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportError")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field(
                "source",
                &self
                    .source
                    .as_ref()
                    .map(|source| alloc::format!("{source}")),
            )
            .finish()
    }
}

impl core::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
