//! The errors of this crate, in one type.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::time::Duration;

mod api;
mod construct;
mod decode;
mod display;
mod hint;
mod kind;
mod responder;
mod transport;

pub use api::ApiError;
pub(crate) use api::MAX_ID_CHARS;
pub use decode::DecodeError;
pub(crate) use decode::DecodeErrorParts;
pub use kind::ErrorKind;
pub use responder::Responder;
pub use transport::{TransportError, TransportErrorKind};

/// The error of this crate: why a request or a listing failed, or an input was rejected.
///
/// Match on [`kind`](Self::kind); [`api`](Self::api), [`decode`](Self::decode) and
/// [`transport`](Self::transport) give the details. The message states what failed and why, who
/// responded, the request, its id and the number of attempts; [`hint`](Self::hint) states what to
/// do next. No error contains a token, a password or a key.
pub struct Error(Box<Inner>);

struct Inner {
    cause: Cause,
    sent: Option<Sent>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    attempts: Option<Attempts>,
    note: Option<Cow<'static, str>>,
}

/// The request that failed, and when by which clock.
struct Sent {
    method: &'static str,
    url: String,
    responder: Responder,
    times: Times,
}

/// The local time when a request failed, and the server's by its `Date`: in milliseconds since
/// 1970. For hints on clocks, which are only built where they are read.
#[derive(Clone, Copy, Default)]
pub(crate) struct Times {
    pub(crate) local: i64,
    pub(crate) server: Option<i64>,
    /// Whether the request was signed: the signature carries the local time.
    pub(crate) is_signed: bool,
}

/// The number of attempts, and the time they took.
#[derive(Clone, Copy, Debug)]
struct Attempts {
    number: u32,
    elapsed: Duration,
}

pub(crate) type BoxError = Box<dyn core::error::Error + Send + Sync>;

enum Cause {
    Invalid {
        parameter: &'static str,
        value: Option<String>,
        rule: Cow<'static, str>,
    },
    Missing {
        parameter: &'static str,
        remedy: Cow<'static, str>,
    },
    NoCredentials(Cow<'static, str>),
    Credentials {
        why: Cow<'static, str>,
        source: Option<BoxError>,
    },
    Api(ApiError),
    Redirect {
        status: u16,
        location: Option<String>,
    },
    Decode(DecodeError),
    Transport(TransportError),
    Incomplete {
        why: Cow<'static, str>,
        source: Option<Error>,
    },
    #[cfg(feature = "std")]
    Cancelled,
}

impl Error {
    /// Returns the kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &self.0.cause {
            Cause::Invalid { .. } | Cause::Missing { .. } => ErrorKind::InvalidInput,
            Cause::NoCredentials(_) => ErrorKind::NoCredentials,
            Cause::Credentials { .. } => ErrorKind::Credentials,
            Cause::Api(error) => error.kind(),
            Cause::Redirect { .. } => ErrorKind::Redirect,
            Cause::Decode(_) => ErrorKind::Decode,
            Cause::Transport(error) => match error.kind() {
                TransportErrorKind::Connect => ErrorKind::Connect,
                TransportErrorKind::Timeout => ErrorKind::Timeout,
                TransportErrorKind::Tls => ErrorKind::Tls,
                TransportErrorKind::ConnectionLost => ErrorKind::ConnectionLost,
                TransportErrorKind::Proxy | TransportErrorKind::Protocol => ErrorKind::Protocol,
                TransportErrorKind::BodyTooLarge => ErrorKind::BodyTooLarge,
                TransportErrorKind::InvalidRequest | TransportErrorKind::Unsupported => {
                    ErrorKind::InvalidInput
                }
            },
            Cause::Incomplete { .. } => ErrorKind::Incomplete,
            #[cfg(feature = "std")]
            Cause::Cancelled => ErrorKind::Cancelled,
        }
    }

    /// Returns whether the same request may succeed later. These failures are retried by the
    /// client's [`RetryPolicy`](crate::RetryPolicy).
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match &self.0.cause {
            Cause::Api(error) => {
                // Rejected credentials stay rejected, whatever the status: a retry could lock a key.
                matches!(error.status, 429 | 500 | 502 | 503 | 504)
                    && !matches!(
                        error.kind(),
                        ErrorKind::Authentication | ErrorKind::Permission
                    )
            }
            Cause::Transport(error) => error.is_transient(),
            Cause::Decode(error) => error.is_truncated(),
            _ => false,
        }
    }

    /// Whether the service cannot have acted on the request: it was not reached, or rejected it.
    pub(crate) fn is_before_any_effect(&self) -> bool {
        match &self.0.cause {
            Cause::Api(error) => matches!(error.status, 429 | 503),
            Cause::Transport(error) => error.is_before_sending(),
            _ => false,
        }
    }

    /// Returns the error in the response, if there was one.
    #[must_use]
    pub fn api(&self) -> Option<&ApiError> {
        match &self.0.cause {
            Cause::Api(error) => Some(error),
            Cause::Incomplete { source, .. } => source.as_ref()?.api(),
            _ => None,
        }
    }

    /// Returns where the response departs from what the service documents, if that was the failure.
    #[must_use]
    pub fn decode(&self) -> Option<&DecodeError> {
        match &self.0.cause {
            Cause::Decode(error) => Some(error),
            _ => None,
        }
    }

    /// Returns why there was no complete response, if that was the failure.
    #[must_use]
    pub fn transport(&self) -> Option<&TransportError> {
        match &self.0.cause {
            Cause::Transport(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the parameter that was rejected before anything was sent: the name of a setter of
    /// [`ClientBuilder`](crate::ClientBuilder), [`ListJobs`](crate::ListJobs) or another builder.
    #[must_use]
    pub fn parameter(&self) -> Option<&'static str> {
        match &self.0.cause {
            Cause::Invalid { parameter, .. } | Cause::Missing { parameter, .. } => Some(parameter),
            _ => None,
        }
    }

    /// Returns the HTTP status of the response, if there was one and it was not a success.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &self.0.cause {
            Cause::Redirect { status, .. } => Some(*status),
            _ => self.api().map(|error| error.status),
        }
    }

    /// Returns the method of the request that failed, such as `GET`.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        self.0.sent.as_ref().map(|sent| sent.method)
    }

    /// Returns the URL of the request that failed; for a login, without its query.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.0.sent.as_ref().map(|sent| sent.url.as_str())
    }

    /// Returns who sent the response that is an error or could not be decoded.
    #[must_use]
    pub fn responder(&self) -> Option<Responder> {
        match &self.0.cause {
            Cause::Api(error) => Some(error.responder),
            Cause::Redirect { .. } | Cause::Decode(_) => Some(self.0.sent.as_ref()?.responder),
            Cause::Incomplete { source, .. } => source.as_ref()?.responder(),
            _ => None,
        }
    }

    /// Returns the id of the request, which the service's support needs.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        let of_api = || self.api()?.request_id.as_deref();
        self.0.request_id.as_deref().or_else(of_api)
    }

    /// Returns the delay that the service requests before the next attempt (`Retry-After`).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the number of attempts; 0 if no request was sent. Attempts of a login that the
    /// request needed count too.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts.map_or(0, |attempts| attempts.number)
    }

    /// Returns the time from the start of the call to the end of the last attempt.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0
            .attempts
            .map_or(Duration::ZERO, |attempts| attempts.elapsed)
    }

    /// Returns what to do next, in one line, if the cause is known.
    #[must_use]
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        hint::of(self)
    }
}

impl core::error::Error for Error {
    /// The underlying error, where the text does not repeat it.
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.0.cause {
            Cause::Credentials { source, .. } => source
                .as_deref()
                .map(|source| source as &(dyn core::error::Error + 'static)),
            Cause::Transport(error) => error.source(),
            Cause::Incomplete { source, .. } => source
                .as_ref()
                .map(|source| source as &(dyn core::error::Error + 'static)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_send_and_sync() {
        fn check<T: Send + Sync + 'static>() {}
        check::<Error>();
    }
}
