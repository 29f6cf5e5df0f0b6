//! The loop that sends a request and retries it by the retry policy.
//!
//! Every request of a client goes through it, both to the service and to IAM. The order within one
//! attempt is fixed: authenticate, take a rate-limit slot, send. A slot taken before a slow login
//! would be used late, and several logins that end together would start their requests at once.
//! After a wait for the slot, the request is authenticated again: a signature is valid for 15
//! minutes, and the token may have been renewed.

use alloc::string::String;
use alloc::sync::Arc;
use core::time::Duration;

#[cfg(feature = "log")]
use super::call_error::shown_url;
#[cfg(feature = "std")]
use super::rate_limit::RateLimiter;
use super::retry::{Attempt, RetryPolicy};
#[cfg(feature = "std")]
use crate::cancel::CancelToken;
use crate::clock::{Clock, Deadline, Jitter};
#[cfg(feature = "std")]
use crate::credentials::RequestSender;
use crate::credentials::{Context, Decode, OutgoingRequest, Response};
#[cfg(feature = "std")]
use crate::error::Responder;
use crate::error::{Error, ErrorKind, MAX_ID_CHARS};
use crate::header;
use crate::transport::{Request, RequestParts, ResponseBody, Transport};

/// What all requests of a client and its clones share.
pub(crate) struct SendLoop {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) jitter: Arc<Jitter>,
    pub(crate) retry: RetryPolicy,
    pub(crate) user_agent: String,
    pub(crate) timeout: Duration,
    pub(crate) max_body: usize,
    #[cfg(feature = "std")]
    pub(crate) rate_limiter: RateLimiter,
    #[cfg(feature = "std")]
    pub(crate) cancel_token: Option<CancelToken>,
}

impl SendLoop {
    /// The deadline of a page that begins now.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::new(&*self.clock, self.timeout)
    }

    pub(crate) fn response_body(&self) -> ResponseBody {
        ResponseBody::new(self.max_body)
    }

    /// Fails if the client is cancelled: its sleeps returned early, and no request may follow.
    #[cfg_attr(
        not(feature = "std"),
        expect(
            clippy::unnecessary_wraps,
            clippy::unused_self,
            reason = "nothing cancels"
        )
    )]
    pub(crate) fn check_cancelled(&self) -> Result<(), Error> {
        #[cfg(feature = "std")]
        if let Some(token) = &self.cancel_token
            && token.is_cancelled()
        {
            return Err(Error::cancelled());
        }
        Ok(())
    }

    /// Adds the headers that every request has, to DRS and to IAM.
    pub(crate) fn add_common_headers(&self, parts: &mut RequestParts) -> Result<(), Error> {
        let headers = parts.headers_mut();
        // Some servers compress by default; a compressed body is rejected.
        headers.push(header::ACCEPT_ENCODING, "identity")?;
        headers.push(header::USER_AGENT, self.user_agent.as_str())
    }

    /// What an authenticator may use.
    pub(crate) fn context<'a>(
        &'a self,
        project_id: Option<&'a str>,
        deadline: Deadline,
    ) -> Context<'a> {
        Context {
            #[cfg(feature = "std")]
            sender: self,
            #[cfg(feature = "std")]
            cancel_token: self.cancel_token.as_ref(),
            clock: &*self.clock,
            deadline,
            project_id,
        }
    }

    /// Prepares to send `request`.
    pub(crate) fn call<'a>(&'a self, request: OutgoingRequest<'a>, deadline: Deadline) -> Call<'a> {
        Call {
            send_loop: self,
            request,
            deadline,
            sent: request.parts.clone(),
            attempts: 0,
            may_refresh: true,
        }
    }
}

#[cfg(feature = "std")]
impl RequestSender for SendLoop {
    fn send(
        &self,
        request: OutgoingRequest<'_>,
        deadline: Deadline,
        decode: &mut Decode<'_>,
    ) -> Result<(), Error> {
        let mut body = self.response_body();
        self.call(request, deadline).run(&mut body, decode)
    }
}

/// One request and its attempts.
pub(crate) struct Call<'a> {
    pub(super) send_loop: &'a SendLoop,
    pub(super) request: OutgoingRequest<'a>,
    pub(super) deadline: Deadline,
    /// The request of the last attempt, with what authenticated it.
    pub(super) sent: RequestParts,
    pub(super) attempts: u32,
    /// Credentials are renewed once in a call: a second rejection is final.
    may_refresh: bool,
}

impl Call<'_> {
    /// Sends the request until `decode` accepts a response, or an error is final.
    pub(crate) fn run(
        mut self,
        body: &mut ResponseBody,
        decode: &mut Decode<'_>,
    ) -> Result<(), Error> {
        loop {
            let response = self.send(body)?;
            match decode(&response, body.as_bytes()) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    let error = self.undecodable(&response, body.as_bytes(), error);
                    self.retry(error)?;
                }
            }
        }
    }

    /// Sends the request until a response is successful, or an error is final.
    pub(crate) fn send(&mut self, body: &mut ResponseBody) -> Result<Response, Error> {
        loop {
            match self.attempt(body) {
                Ok(response) => return Ok(response),
                Err(Failure::Final(error)) => return Err(self.finish(error)),
                Err(Failure::Attempt(error)) => self.retry(error)?,
            }
        }
    }

    /// Makes the request ready to be sent once more after `error`: renews the credentials or waits.
    /// Returns the error if there will be no further attempt.
    pub(crate) fn retry(&mut self, error: Error) -> Result<(), Error> {
        if error.kind() == ErrorKind::Authentication && self.may_refresh {
            self.may_refresh = false;
            match self
                .request
                .authenticator
                .refresh(&self.sent, &self.context())
            {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) => return Err(self.finish(error)),
            }
        }
        let delay = self.send_loop.retry.delay(&Attempt {
            number: self.attempts,
            error: &error,
            idempotent: self.sent.method().is_idempotent(),
            remaining: self.deadline.remaining(&*self.send_loop.clock),
            jitter: (self.send_loop.jitter)(),
        });
        match delay {
            Some(delay) => {
                self.send_loop.clock.sleep(delay);
                Ok(())
            }
            None => Err(self.finish(error)),
        }
    }

    fn context(&self) -> Context<'_> {
        self.send_loop
            .context(self.request.project_id, self.deadline)
    }

    fn authenticate(&mut self) -> Result<(), Error> {
        let mut parts = self.request.parts.clone();
        self.send_loop.add_common_headers(&mut parts)?;
        let authenticator = self.request.authenticator;
        authenticator.apply(&mut parts, &self.context())?;
        self.sent = parts;
        Ok(())
    }

    fn attempt(&mut self, body: &mut ResponseBody) -> Result<Response, Failure> {
        let send_loop = self.send_loop;
        let clock = &*send_loop.clock;
        send_loop.check_cancelled()?;
        self.authenticate()?;
        #[cfg(feature = "std")]
        if self.request.service == Responder::Drs {
            let remaining = self.deadline.remaining(clock);
            let Some(waited) = send_loop.rate_limiter.wait(clock, remaining) else {
                return Err(self
                    .timed_out(
                        "cannot send the request: the rate limit allows it only after the deadline",
                    )
                    .into());
            };
            if !waited.is_zero() {
                send_loop.check_cancelled()?;
                self.authenticate()?;
            }
        }
        send_loop.check_cancelled()?;
        let remaining = self.deadline.remaining(clock);
        if remaining.is_zero() {
            return Err(self
                .timed_out("cannot send the request: the deadline passed")
                .into());
        }
        self.attempts = self.attempts.saturating_add(1);
        body.clear();
        let sent_at = clock.now();
        let request = Request::new(&self.sent, self.request.body, remaining);
        #[cfg(feature = "std")]
        let request = request.with_cancel_token(send_loop.cancel_token.as_ref());
        let outcome = send_loop.transport.send(&request, body);
        let took = clock.now().saturating_sub(sent_at);
        let outcome = match outcome {
            Ok(head) if head.is_success() => {
                let request_id = head
                    .request_id()
                    .map(|id| self.redactor(Some(&head)).clean(id, MAX_ID_CHARS));
                Ok(Response { head, request_id })
            }
            Ok(head) => Err(self.refusal(&head, body.as_bytes())),
            Err(error) => Err(self.complete(error.into(), None)),
        };
        self.log(&outcome, body, took);
        if outcome.is_err() {
            // The transport may have been interrupted.
            send_loop.check_cancelled()?;
        }
        outcome.map_err(Failure::Attempt)
    }

    /// Logs one line per request, without secrets.
    #[cfg_attr(
        not(feature = "log"),
        expect(unused_variables, clippy::unused_self, reason = "nothing is logged")
    )]
    fn log(&self, outcome: &Result<Response, Error>, body: &ResponseBody, took: Duration) {
        #[cfg(feature = "log")]
        if log::log_enabled!(log::Level::Debug) {
            let url = self.redactor(None).clean(shown_url(&self.sent), 8000);
            let (method, bytes) = (self.sent.method(), body.as_bytes().len());
            let millis = took.as_millis();
            match outcome {
                Ok(response) => log::debug!(
                    "{method} {url} returned {} with {bytes} bytes in {millis} ms, request id {}",
                    response.head.status(),
                    response.request_id.as_deref().unwrap_or("-"),
                ),
                Err(error) => match error.status() {
                    Some(status) => log::debug!(
                        "{method} {url} returned {status} with {bytes} bytes in {millis} ms, \
                         request id {}",
                        error.request_id().unwrap_or("-"),
                    ),
                    None => log::debug!("{method} {url} failed after {millis} ms: {error}"),
                },
            }
        }
    }
}

/// Why an attempt failed.
enum Failure {
    /// The request was sent: the retry policy decides.
    Attempt(Error),
    /// The request could not be sent.
    Final(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}
