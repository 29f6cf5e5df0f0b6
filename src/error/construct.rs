//! How this crate creates errors, and adds to them what becomes known later.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::time::Duration;

use super::{
    ApiError, Attempts, BoxError, Cause, DecodeError, Error, Inner, MAX_ID_CHARS, Responder, Sent,
    Times, TransportError,
};
use crate::redact::Redactor;

/// The longest URL that an error keeps.
const MAX_URL_CHARS: usize = 8000;

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

    /// Like [`input`](Self::input), with the value, which must not be secret: prints
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

    pub(crate) fn with_attempts(mut self, number: u32, elapsed: Duration) -> Self {
        self.0.attempts = Some(Attempts { number, elapsed });
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
}

impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        Self(Box::new(Inner {
            cause,
            sent: None,
            request_id: None,
            retry_after: None,
            attempts: None,
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
