//! What can go wrong, in one type that tells what to do about it.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::time::Duration;

mod api;
mod decode;
mod transport;

pub use api::ApiError;
pub use decode::DecodeError;
pub use transport::{TransportError, TransportErrorKind};

/// Why a request, a page or a walk failed.
///
/// [`kind`](Self::kind) is there to match on; [`api`](Self::api), [`decode`](Self::decode) and
/// [`transport`](Self::transport) give the details; the text says what was wrong and where, and
/// after several attempts how many there were. No error carries a token, a password or a key.
pub struct Error(Box<Inner>);

struct Inner {
    cause: Cause,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    tries: Option<Tries>,
}

/// What was spent before giving up.
#[derive(Clone, Copy, Debug)]
struct Tries {
    attempts: u32,
    elapsed: Duration,
}

pub(crate) type BoxError = Box<dyn core::error::Error + Send + Sync>;

enum Cause {
    Input {
        parameter: &'static str,
        why: Cow<'static, str>,
    },
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

/// What kind of failure an [`Error`] is, by what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A parameter was refused before anything was sent. Not retried.
    InvalidInput,
    /// No token or signature could be had: a closure, a file, the environment or a profile did not
    /// give one. Not retried.
    Credentials,
    /// The service did not accept the token, the key or the signature (mostly 401). Not retried
    /// with the same credentials: five failures in a row lock an access key for five minutes.
    Authentication,
    /// The caller may not do this (mostly 403). Not retried.
    Permission,
    /// Too many requests (429). Retried, after `Retry-After` when the service sends it.
    Throttled,
    /// The service refused a parameter (mostly 400). Not retried.
    BadRequest,
    /// No such address, project or job (mostly 404). Not retried.
    NotFound,
    /// The service failed. 500, 502, 503 and 504 are retried, other statuses are not.
    Service,
    /// The service answered with a redirect, which is never followed: it would carry the token to
    /// another host. Not retried.
    Redirect,
    /// The answer is not what the service documents. Not retried.
    Decode,
    /// No connection could be made, or the host's name was not found. Retried.
    Connect,
    /// Time ran out. Retried while the deadline allows.
    Timeout,
    /// The TLS handshake failed or the certificate was refused. Not retried.
    Tls,
    /// The connection broke before the answer was whole. Retried.
    ConnectionLost,
    /// What came back is no HTTP, or a proxy refused to pass the request on. Not retried.
    Protocol,
    /// The answer is longer than the client takes. Not retried.
    BodyTooLarge,
    /// A walk cannot promise that it saw every job, or a wait that it saw every end. Not retried;
    /// the text says what to do.
    Incomplete,
    /// The client's [cancel token](crate::ClientBuilder::cancel_token) was cancelled. Not retried.
    Cancelled,
}

impl Error {
    pub(crate) fn input(parameter: &'static str, why: impl Into<Cow<'static, str>>) -> Self {
        Cause::Input {
            parameter,
            why: why.into(),
        }
        .into()
    }

    pub(crate) fn credentials(why: impl Into<Cow<'static, str>>, source: Option<BoxError>) -> Self {
        Cause::Credentials {
            why: why.into(),
            source,
        }
        .into()
    }

    pub(crate) fn redirect(status: u16, location: Option<String>) -> Self {
        Cause::Redirect { status, location }.into()
    }

    pub(crate) fn incomplete(why: impl Into<Cow<'static, str>>, source: Option<Self>) -> Self {
        Cause::Incomplete {
            why: why.into(),
            source,
        }
        .into()
    }

    #[cfg(feature = "std")]
    pub(crate) fn cancelled() -> Self {
        Cause::Cancelled.into()
    }

    pub(crate) fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.0.request_id = request_id;
        self
    }

    pub(crate) fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.0.retry_after = retry_after;
        self
    }

    pub(crate) fn with_tries(mut self, attempts: u32, elapsed: Duration) -> Self {
        self.0.tries = Some(Tries { attempts, elapsed });
        self
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match &self.0.cause {
            Cause::Input { .. } => ErrorKind::InvalidInput,
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

    /// Whether the same request may succeed if it is sent again a while later. These are the
    /// failures that the client's [`RetryPolicy`](crate::RetryPolicy) tries again.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match &self.0.cause {
            Cause::Api(error) => {
                // A refused key stays refused, whatever the status it comes with: asking again
                // could lock it.
                matches!(error.status, 429 | 500 | 502 | 503 | 504)
                    && !matches!(
                        error.kind(),
                        ErrorKind::Authentication | ErrorKind::Permission
                    )
            }
            Cause::Transport(error) => error.kind().is_transient(),
            _ => false,
        }
    }

    /// Whether the service cannot have acted on the request: it was not reached, or turned it away.
    pub(crate) fn is_before_any_effect(&self) -> bool {
        match &self.0.cause {
            Cause::Api(error) => matches!(error.status, 429 | 503),
            Cause::Transport(error) => error.kind() == TransportErrorKind::Connect,
            _ => false,
        }
    }

    /// What the service answered, if it answered with an error.
    #[must_use]
    pub fn api(&self) -> Option<&ApiError> {
        match &self.0.cause {
            Cause::Api(error) => Some(error),
            Cause::Incomplete { source, .. } => source.as_ref()?.api(),
            _ => None,
        }
    }

    /// Where the answer departs from what the service documents, if that was the failure.
    #[must_use]
    pub fn decode(&self) -> Option<&DecodeError> {
        match &self.0.cause {
            Cause::Decode(error) => Some(error),
            _ => None,
        }
    }

    /// What happened on the way, if the request did not get through.
    #[must_use]
    pub fn transport(&self) -> Option<&TransportError> {
        match &self.0.cause {
            Cause::Transport(error) => Some(error),
            _ => None,
        }
    }

    /// The parameter that was refused before anything was sent.
    #[must_use]
    pub fn parameter(&self) -> Option<&'static str> {
        match &self.0.cause {
            Cause::Input { parameter, .. } => Some(parameter),
            _ => None,
        }
    }

    /// The HTTP status of the answer, if there was one and it was not a success.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &self.0.cause {
            Cause::Redirect { status, .. } => Some(*status),
            _ => self.api().map(|error| error.status),
        }
    }

    /// The id the service gave the request, which its support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        let of_api = || self.api()?.request_id.as_deref();
        self.0.request_id.as_deref().or_else(of_api)
    }

    /// How long the service asked to wait before the next request (`Retry-After`).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How many times the request was sent; 0 when it was not.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.tries.map_or(0, |tries| tries.attempts)
    }

    /// The time from the first attempt to the end of the last.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.tries.map_or(Duration::ZERO, |tries| tries.elapsed)
    }

    /// What to do about it, in one line, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        self.api().and_then(ApiError::hint)
    }
}

impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        Self(Box::new(Inner {
            cause,
            request_id: None,
            retry_after: None,
            tries: None,
        }))
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        Cause::Api(error).into()
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Cause::Decode(error).into()
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        Cause::Transport(error).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.cause {
            Cause::Input { parameter, why } => write!(f, "{parameter} {why}")?,
            Cause::Credentials { why, .. } | Cause::Incomplete { why, .. } => f.write_str(why)?,
            Cause::Api(error) => error.fmt(f)?,
            Cause::Redirect { status, location } => {
                write!(f, "the service answered {status}, a redirect")?;
                if let Some(location) = location {
                    write!(f, " to {location}")?;
                }
                f.write_str(", which is not followed: it would carry the token to another host")?;
            }
            Cause::Decode(error) => error.fmt(f)?,
            Cause::Transport(error) => error.fmt(f)?,
            #[cfg(feature = "std")]
            Cause::Cancelled => f.write_str("cancelled by the program")?,
        }
        if let (Some(id), None) = (&self.0.request_id, self.api()) {
            write!(f, " (request id {id})")?;
        }
        match self.0.tries {
            // In whole tenths: formatting a float would link ten kilobytes into small programs.
            Some(Tries { attempts, elapsed }) if attempts > 1 => write!(
                f,
                ", after {attempts} attempts in {}.{} s",
                elapsed.as_secs(),
                elapsed.subsec_millis() / 100
            ),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("message", &alloc::format!("{self}"))
            .field("attempts", &self.attempts())
            .field("elapsed", &self.elapsed())
            .field("retry_after", &self.retry_after())
            .field("source", &core::error::Error::source(self))
            .finish()
    }
}

impl core::error::Error for Error {
    /// What lies below, where the text does not repeat it.
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
    use alloc::string::ToString as _;

    #[test]
    fn errors_travel_between_threads() {
        fn travels<T: Send + Sync + 'static>() {}
        travels::<Error>();
    }

    #[test]
    fn the_text_tells_attempts_only_when_there_were_several() {
        let error = || Error::from(TransportError::new(TransportErrorKind::Connect, "refused"));
        assert_eq!(error().with_tries(1, Duration::ZERO).to_string(), "refused");
        assert_eq!(
            error()
                .with_tries(3, Duration::from_millis(2140))
                .to_string(),
            "refused, after 3 attempts in 2.1 s"
        );
    }
}
