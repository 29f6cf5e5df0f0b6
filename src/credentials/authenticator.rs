//! The interface between credentials and the loop that sends requests.

use alloc::string::String;
use core::fmt;

#[cfg(feature = "std")]
use crate::cancel::CancelToken;
use crate::clock::{Clock, Deadline};
use crate::error::{Error, Responder};
use crate::redact::Redactor;
use crate::transport::{RequestParts, ResponseHead};

/// Authenticates requests. The send loop calls it; it knows nothing of retries.
pub(crate) trait Authenticator: fmt::Debug + Send + Sync {
    /// Rejects credentials that no request could be authenticated with. Sends nothing.
    fn check(&self, _request: &mut RequestParts, _context: &Context<'_>) -> Result<(), Error> {
        Ok(())
    }

    /// Adds the headers that authenticate `request`. It may first send another request, such as a
    /// login.
    fn apply(&self, request: &mut RequestParts, context: &Context<'_>) -> Result<(), Error>;

    /// After a response rejected the credentials of the request `rejected`: whether other
    /// credentials are available now, so that the request can be sent once more. Never true for a
    /// fixed token or access key: more than five failures in a row lock a key.
    fn refresh(&self, _rejected: &RequestParts, _context: &Context<'_>) -> Result<bool, Error> {
        Ok(false)
    }

    /// Adds the secrets that a response may repeat and that are not a whole header value: a
    /// password in the body, the id of a key within `Authorization`.
    fn redact(&self, _redactor: &mut Redactor) {}
}

/// What an [`Authenticator`] may use.
pub(crate) struct Context<'a> {
    /// Sends requests to other services, such as IAM.
    #[cfg(feature = "std")]
    pub(crate) sender: &'a dyn RequestSender,
    /// Ends waits for an input that blocks.
    #[cfg(feature = "std")]
    pub(crate) cancel_token: Option<&'a CancelToken>,
    /// Current time, for signatures and the lifetime of tokens.
    #[cfg_attr(
        not(any(feature = "std", feature = "aksk")),
        expect(dead_code, reason = "a fixed token needs no time")
    )]
    pub(crate) clock: &'a dyn Clock,
    /// The time at which the page that the request belongs to must be complete.
    #[cfg_attr(not(feature = "std"), expect(dead_code, reason = "only a login sends"))]
    pub(crate) deadline: Deadline,
    /// The project that the request belongs to; `None` for a request to IAM.
    #[cfg_attr(
        not(feature = "aksk"),
        expect(dead_code, reason = "only a key signs it")
    )]
    pub(crate) project_id: Option<&'a str>,
}

/// The client's loop that sends a request and retries it. A trait although it has one
/// implementation: credentials must not depend on the client.
#[cfg(feature = "std")]
pub(crate) trait RequestSender {
    /// Sends `request` until `decode` accepts a successful response, or an error is final. `decode`
    /// gets the body of each successful response; if it fails because the body is truncated, the
    /// request is retried.
    fn send(
        &self,
        request: OutgoingRequest<'_>,
        deadline: Deadline,
        decode: &mut Decode<'_>,
    ) -> Result<(), Error>;
}

/// Decodes the body of a successful response and keeps what it found.
pub(crate) type Decode<'a> = dyn FnMut(&Response, &[u8]) -> Result<(), Error> + 'a;

/// A request that is not authenticated yet.
#[derive(Clone, Copy)]
pub(crate) struct OutgoingRequest<'a> {
    pub(crate) parts: &'a RequestParts,
    pub(crate) body: &'a [u8],
    pub(crate) authenticator: &'a dyn Authenticator,
    /// The service that the request is sent to. Only requests to DRS take a rate-limit slot: the
    /// gateway's quota is per service.
    pub(crate) service: Responder,
    /// The project that the request belongs to; `None` for a request to IAM.
    pub(crate) project_id: Option<&'a str>,
}

/// The head of a successful response.
pub(crate) struct Response {
    pub(crate) head: ResponseHead,
    /// `X-Request-Id`, redacted.
    pub(crate) request_id: Option<String>,
}
