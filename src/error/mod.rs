//! The errors of this crate, in one type.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::time::Duration;

mod api;
mod decode;
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

use crate::redact::Redactor;

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
    tries: Option<Tries>,
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

/// What was spent before giving up.
#[derive(Clone, Copy, Debug)]
struct Tries {
    attempts: u32,
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
    /// A parameter whose value breaks `rule`: prints `invalid <parameter>: <rule>`.
    pub(crate) fn input(parameter: &'static str, rule: impl Into<Cow<'static, str>>) -> Self {
        Cause::Invalid {
            parameter,
            value: None,
            rule: rule.into(),
        }
        .into()
    }

    /// As [`input`](Self::input), with the value, which must not be secret: prints
    /// `invalid <parameter> <value>: <rule>`.
    pub(crate) fn invalid(
        parameter: &'static str,
        value: impl fmt::Debug,
        rule: impl Into<Cow<'static, str>>,
    ) -> Self {
        Cause::Invalid {
            parameter,
            value: Some(alloc::format!("{value:?}")),
            rule: rule.into(),
        }
        .into()
    }

    /// A parameter that was not set: prints `missing <parameter>: <remedy>`.
    pub(crate) fn missing(parameter: &'static str, remedy: impl Into<Cow<'static, str>>) -> Self {
        Cause::Missing {
            parameter,
            remedy: remedy.into(),
        }
        .into()
    }

    /// No credentials are configured: prints `no credentials: <why>`.
    pub(crate) fn no_credentials(why: impl Into<Cow<'static, str>>) -> Self {
        Cause::NoCredentials(why.into()).into()
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

    /// Names the request that failed, unless one is named already.
    pub(crate) fn with_request(
        mut self,
        method: &'static str,
        url: String,
        responder: Responder,
        times: Times,
    ) -> Self {
        if self.0.sent.is_none() {
            self.0.sent = Some(Sent {
                method,
                url,
                responder,
                times,
            });
        }
        self
    }

    pub(crate) fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.0.request_id = request_id;
        self
    }

    /// Sets the delay that the service requests, for programs that send requests themselves and use
    /// [`RetryPolicy::delay`](crate::RetryPolicy::delay): see
    /// [`ResponseHead::retry_after_delay`](crate::transport::ResponseHead::retry_after_delay).
    #[must_use]
    pub fn with_retry_after(mut self, retry_after: impl Into<Option<Duration>>) -> Self {
        self.0.retry_after = retry_after.into();
        self
    }

    /// Adds what was done to an input that the error may come from.
    #[cfg(feature = "std")]
    pub(crate) fn with_note(mut self, note: impl Into<Cow<'static, str>>) -> Self {
        self.0.note = Some(note.into());
        self
    }

    pub(crate) fn with_tries(mut self, attempts: u32, elapsed: Duration) -> Self {
        self.0.tries = Some(Tries { attempts, elapsed });
        self
    }

    /// Cleans every text that may come from a peer: masks secrets, removes control
    /// characters, bounds the length.
    pub(crate) fn redact(mut self, redactor: &Redactor) -> Self {
        match &mut self.0.cause {
            Cause::Credentials { why, .. } => *why = redactor.clean(why, 1000).into(),
            Cause::Api(error) => error.redact(redactor),
            Cause::Redirect {
                location: Some(location),
                ..
            } => *location = redactor.clean(location, 200),
            Cause::Decode(error) => error.redact(redactor),
            Cause::Transport(error) => error.redact(redactor),
            _ => {}
        }
        if let Some(id) = &mut self.0.request_id {
            *id = redactor.clean(id, MAX_ID_CHARS);
        }
        if let Some(sent) = &mut self.0.sent {
            sent.url = redactor.clean(&sent.url, MAX_URL_CHARS);
        }
        self
    }

    /// The kind of failure.
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

    /// Whether the same request may succeed later. These failures are retried by the client's
    /// [`RetryPolicy`](crate::RetryPolicy).
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

    /// The error in the response, if there was one.
    #[must_use]
    pub fn api(&self) -> Option<&ApiError> {
        match &self.0.cause {
            Cause::Api(error) => Some(error),
            Cause::Incomplete { source, .. } => source.as_ref()?.api(),
            _ => None,
        }
    }

    /// Where the response departs from what the service documents, if that was the failure.
    #[must_use]
    pub fn decode(&self) -> Option<&DecodeError> {
        match &self.0.cause {
            Cause::Decode(error) => Some(error),
            _ => None,
        }
    }

    /// Why there was no complete response, if that was the failure.
    #[must_use]
    pub fn transport(&self) -> Option<&TransportError> {
        match &self.0.cause {
            Cause::Transport(error) => Some(error),
            _ => None,
        }
    }

    /// The parameter that was rejected before anything was sent: the name of a setter of
    /// [`ClientBuilder`](crate::ClientBuilder), [`ListJobs`](crate::ListJobs) or another builder.
    #[must_use]
    pub fn parameter(&self) -> Option<&'static str> {
        match &self.0.cause {
            Cause::Invalid { parameter, .. } | Cause::Missing { parameter, .. } => Some(parameter),
            _ => None,
        }
    }

    /// The HTTP status of the response, if there was one and it was not a success.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &self.0.cause {
            Cause::Redirect { status, .. } => Some(*status),
            _ => self.api().map(|error| error.status),
        }
    }

    /// The method of the request that failed, such as `GET`.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        self.0.sent.as_ref().map(|sent| sent.method)
    }

    /// The URL of the request that failed; that of a login without its query.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.0.sent.as_ref().map(|sent| sent.url.as_str())
    }

    /// Who sent the response that is an error or could not be decoded.
    #[must_use]
    pub fn responder(&self) -> Option<Responder> {
        match &self.0.cause {
            Cause::Api(error) => Some(error.responder),
            Cause::Redirect { .. } | Cause::Decode(_) => Some(self.0.sent.as_ref()?.responder),
            Cause::Incomplete { source, .. } => source.as_ref()?.responder(),
            _ => None,
        }
    }

    /// The id of the request, which the service's support needs.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        let of_api = || self.api()?.request_id.as_deref();
        self.0.request_id.as_deref().or_else(of_api)
    }

    /// The delay that the service requests before the next attempt (`Retry-After`).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The number of attempts; 0 if no request was sent. Attempts of a login that the request
    /// needed count too.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.tries.map_or(0, |tries| tries.attempts)
    }

    /// The time from the start of the call to the end of the last attempt.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.tries.map_or(Duration::ZERO, |tries| tries.elapsed)
    }

    /// Returns what to do next, in one line, if the cause is known.
    #[must_use]
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        hint::of(self)
    }
}

impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        Self(Box::new(Inner {
            cause,
            sent: None,
            request_id: None,
            retry_after: None,
            tries: None,
            note: None,
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

/// The longest URL that an error keeps.
const MAX_URL_CHARS: usize = 8000;

/// The longest URL that an error's text shows; [`Error::url`] has all of it.
const MAX_SHOWN_URL: usize = 200;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.cause {
            Cause::Invalid {
                parameter,
                value,
                rule,
            } => {
                write!(f, "invalid {parameter}")?;
                if let Some(value) = value {
                    write!(f, " {value}")?;
                }
                write!(f, ": {rule}")?;
            }
            Cause::Missing { parameter, remedy } => write!(f, "missing {parameter}: {remedy}")?,
            Cause::NoCredentials(why) => write!(f, "no credentials: {why}")?,
            Cause::Credentials { why, .. } | Cause::Incomplete { why, .. } => f.write_str(why)?,
            Cause::Api(error) => error.write_without_request_id(f)?,
            Cause::Redirect { status, location } => {
                let responder = self.responder().unwrap_or_default();
                write!(f, "{responder} responded {status}, a redirect")?;
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
        self.write_circumstances(f)
    }
}

impl Error {
    /// Writes ` (GET https://host/path, request id 1f, 3 attempts in 2.1 s)`, as far as known; for a
    /// response that cannot be decoded also who sent it.
    fn write_circumstances(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = " (";
        if let (Cause::Decode(_), Some(responder)) = (&self.0.cause, self.responder()) {
            write!(f, "{separator}{responder}")?;
            separator = ", ";
        }
        if let Some(note) = &self.0.note {
            write!(f, "{separator}{note}")?;
            separator = ", ";
        }
        if let Some(Sent { method, url, .. }) = &self.0.sent {
            let (shown, more) = match url.char_indices().nth(MAX_SHOWN_URL) {
                Some((end, _)) => (url.get(..end).unwrap_or_default(), "…"),
                None => (url.as_str(), ""),
            };
            write!(f, "{separator}{method} {shown}{more}")?;
            separator = ", ";
        }
        let is_source_shown = matches!(self.0.cause, Cause::Incomplete { .. });
        if let (Some(id), false) = (self.request_id(), is_source_shown) {
            write!(f, "{separator}request id {id}")?;
            separator = ", ";
        }
        match self.0.tries {
            // In whole tenths: formatting a float would link ten kilobytes into small programs.
            Some(Tries { attempts, elapsed }) if attempts > 1 => {
                let (seconds, tenths) = (elapsed.as_secs(), elapsed.subsec_millis() / 100);
                write!(f, "{separator}{attempts} attempts in {seconds}.{tenths} s)")
            }
            _ if separator == ", " => f.write_str(")"),
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
    use alloc::string::ToString as _;

    #[test]
    fn is_send_and_sync() {
        fn check<T: Send + Sync + 'static>() {}
        check::<Error>();
    }

    fn lost() -> Error {
        TransportError::new(TransportErrorKind::ConnectionLost, "connection lost").into()
    }

    #[test]
    fn prints_the_number_of_attempts_if_there_were_several() {
        assert_eq!(
            lost().with_tries(1, Duration::ZERO).to_string(),
            "connection lost"
        );
        assert_eq!(
            lost()
                .with_tries(3, Duration::from_millis(2140))
                .to_string(),
            "connection lost (3 attempts in 2.1 s)"
        );
    }

    #[test]
    fn prints_the_request_and_its_id() {
        let url = "https://h/v5/p/backup-migration-jobs?limit=1";
        let named =
            |error: Error| error.with_request("GET", url.into(), Responder::Drs, Times::default());
        assert_eq!(
            named(lost()).to_string(),
            "connection lost (GET https://h/v5/p/backup-migration-jobs?limit=1)"
        );
        let error = named(lost())
            .with_request_id(Some("r-1".into()))
            .with_tries(2, Duration::from_secs(1));
        assert_eq!(
            error.to_string(),
            "connection lost (GET https://h/v5/p/backup-migration-jobs?limit=1, request id r-1, \
             2 attempts in 1.0 s)"
        );
        assert_eq!((error.method(), error.url()), (Some("GET"), Some(url)));
        let decode = DecodeError::unexpected("an object").with_offset(9);
        assert_eq!(
            named(decode.into()).to_string(),
            "cannot decode the response: at byte 9: expected an object \
             (DRS, GET https://h/v5/p/backup-migration-jobs?limit=1)"
        );
    }

    #[test]
    fn shortens_a_long_url_in_the_text_alone() {
        let url = alloc::format!("https://h/{}", "é".repeat(400));
        let error = lost().with_request("GET", url.clone(), Responder::Drs, Times::default());
        assert!(error.to_string().ends_with("é…)"), "{error}");
        assert!(error.to_string().chars().count() < 250);
        assert_eq!(error.url(), Some(url.as_str()));
    }

    #[test]
    fn prints_input_errors_in_three_forms() {
        assert_eq!(
            Error::input("endpoint", "must have a host").to_string(),
            "invalid endpoint: must have a host"
        );
        assert_eq!(
            Error::invalid("limit", 0, "must be at least 2").to_string(),
            "invalid limit 0: must be at least 2"
        );
        assert_eq!(
            Error::missing("endpoint", "set a region").to_string(),
            "missing endpoint: set a region"
        );
    }
}
