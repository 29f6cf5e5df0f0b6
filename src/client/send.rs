//! The way out: sends a request, and sends it again as the retry policy says.

use alloc::string::String;
use alloc::sync::Arc;
use core::time::Duration;

use super::retry::{self, RetryPolicy};
use crate::clock::{Clock, Jitter};
use crate::error::{ApiError, Error, ErrorKind};
use crate::header;
#[cfg(feature = "log")]
use crate::transport::Method;
use crate::transport::{
    Request, RequestParts, ResponseBody, ResponseHead, Transport, TransportError,
    TransportErrorKind,
};

/// What every request of a client goes through, to the service and to IAM alike.
pub(crate) struct Wire {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) jitter: Arc<Jitter>,
    pub(crate) retry: RetryPolicy,
    pub(crate) user_agent: String,
    pub(crate) timeout: Duration,
    pub(crate) max_body: usize,
}

/// The head of an answer of success, and what it answers.
pub(crate) struct Answer {
    pub(crate) head: ResponseHead,
    pub(crate) sent: RequestParts,
    /// `X-Request-Id`, without what is secret.
    pub(crate) request_id: Option<String>,
}

/// On whose behalf a request is sent.
pub(crate) trait Sender {
    /// Makes a request ready for one attempt: waits for its turn, adds what authenticates it.
    fn make_ready(&self, parts: &mut RequestParts, deadline: Deadline) -> Result<(), Error>;

    /// After the service did not accept what authenticates `rejected`: whether there is something
    /// else to authenticate with now.
    fn has_renewed(&self, rejected: &RequestParts, deadline: Deadline) -> Result<bool, Error>;

    /// Takes out of an answer what is secret in the request though no header is that and nothing
    /// else: a password in the body, the id of a key.
    fn redact(&self, text: &mut String);
}

/// By when a page must be there, with all that it takes: retries, pauses, a login.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    start: Duration,
    timeout: Duration,
}

impl Deadline {
    pub(crate) fn elapsed(self, clock: &dyn Clock) -> Duration {
        clock.now().saturating_sub(self.start)
    }

    pub(crate) fn remaining(self, clock: &dyn Clock) -> Duration {
        self.timeout.saturating_sub(self.elapsed(clock))
    }
}

impl Wire {
    /// The deadline of a page that begins now.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline {
            start: self.clock.now(),
            timeout: self.timeout,
        }
    }

    pub(crate) fn response_body(&self) -> ResponseBody {
        ResponseBody::new(self.max_body)
    }

    /// Adds what the client calls itself.
    pub(crate) fn name_itself(&self, parts: &mut RequestParts) -> Result<(), Error> {
        parts
            .headers_mut()
            .push(header::USER_AGENT, self.user_agent.as_str())
    }

    /// Sends a request on behalf of `sender` until there is an answer of success or an error to
    /// report.
    pub(crate) fn send(
        &self,
        request: &RequestParts,
        request_body: &[u8],
        sender: &dyn Sender,
        deadline: Deadline,
        body: &mut ResponseBody,
    ) -> Result<Answer, Error> {
        let clock = &*self.clock;
        let mut attempts = 0;
        let mut may_renew = true;
        loop {
            let mut parts = request.clone();
            self.name_itself(&mut parts)?;
            sender
                .make_ready(&mut parts, deadline)
                .map_err(|error| match error.kind() {
                    ErrorKind::Timeout if error.attempts() == 0 => {
                        error.with_tries(attempts, deadline.elapsed(clock))
                    }
                    _ => error,
                })?;
            let remaining = deadline.remaining(clock);
            if remaining.is_zero() {
                return Err(
                    out_of_time("the deadline passed before the request could be sent")
                        .with_tries(attempts, deadline.elapsed(clock)),
                );
            }
            attempts += 1;
            body.clear();
            let sent_at = clock.now();
            let answer = self
                .transport
                .send(&Request::new(&parts, request_body, remaining), body);
            let request_id = answer
                .as_ref()
                .ok()
                .and_then(|head| request_id(head, &parts, sender));
            let took = clock.now().saturating_sub(sent_at);
            log_exchange(&parts, &answer, request_id.as_deref(), body, took);
            let error = match answer {
                Ok(head) if head.is_success() => {
                    return Ok(Answer {
                        head,
                        sent: parts,
                        request_id,
                    });
                }
                Ok(head) => refusal(&head, body.as_bytes(), &parts, sender),
                Err(error) => error.into(),
            };
            if error.kind() == ErrorKind::Authentication && may_renew {
                may_renew = false;
                if sender.has_renewed(&parts, deadline)? {
                    continue;
                }
            }
            let pause = self.retry.pause(
                attempts,
                &error,
                parts.method().is_idempotent(),
                deadline.remaining(clock),
                (self.jitter)(),
            );
            match pause {
                Some(pause) => clock.sleep(pause),
                None => return Err(error.with_tries(attempts, deadline.elapsed(clock))),
            }
        }
    }
}

/// What a head that is no success says.
fn refusal(head: &ResponseHead, body: &[u8], sent: &RequestParts, sender: &dyn Sender) -> Error {
    if (300..400).contains(&head.status()) {
        // Shown without its query, which may hold anything, and not at any length.
        let shown = head.location().map(|location| {
            let end = location.find(['?', '#']).unwrap_or(location.len());
            let mut location = String::from(location.get(..end).unwrap_or_default());
            redact(&mut location, sent, sender);
            location
                .chars()
                .filter(|c| !c.is_control())
                .take(200)
                .collect()
        });
        return Error::redirect(head.status(), shown)
            .with_request_id(request_id(head, sent, sender));
    }
    let error = api_error(head, body, sent, sender);
    Error::from(error).with_retry_after(retry::retry_after(head))
}

/// What an answer says that is an error, whatever its status.
pub(crate) fn api_error(
    head: &ResponseHead,
    body: &[u8],
    sent: &RequestParts,
    sender: &dyn Sender,
) -> ApiError {
    // Redacted twice: before it is read, since an excerpt could cut a secret in two; and after,
    // since an escape in the body could hide one.
    let mut text = String::from_utf8_lossy(body).into_owned();
    redact(&mut text, sent, sender);
    let mut error = ApiError::parse(head.status(), text.as_bytes());
    error.for_each_text(|text| redact(text, sent, sender));
    error.request_id = error.request_id.or_else(|| request_id(head, sent, sender));
    error
}

/// `X-Request-Id`: who answers may repeat there what it was sent, or the token that it gives.
fn request_id(head: &ResponseHead, sent: &RequestParts, sender: &dyn Sender) -> Option<String> {
    let mut id = String::from(head.request_id()?);
    redact(&mut id, sent, sender);
    if let Some(token) = head.subject_token() {
        token.redact(&mut id);
    }
    Some(id)
}

/// A service may repeat what it was sent.
fn redact(text: &mut String, sent: &RequestParts, sender: &dyn Sender) {
    for secret in sent.headers().secrets() {
        secret.redact(text);
    }
    sender.redact(text);
}

pub(crate) fn out_of_time(why: &str) -> Error {
    TransportError::new(TransportErrorKind::Timeout, why).into()
}

/// One line a request, secrets left out.
#[cfg_attr(
    not(feature = "log"),
    expect(unused_variables, reason = "there is nobody to tell")
)]
fn log_exchange(
    parts: &RequestParts,
    answer: &Result<ResponseHead, TransportError>,
    request_id: Option<&str>,
    body: &ResponseBody,
    took: Duration,
) {
    #[cfg(feature = "log")]
    let url = match parts.method() {
        // The query of a login says nothing of use.
        Method::Post => parts.url().split('?').next().unwrap_or_default(),
        Method::Get => parts.url(),
    };
    #[cfg(feature = "log")]
    match answer {
        Ok(head) => log::debug!(
            "{} {} answered {} with {} bytes in {} ms, request id {}",
            parts.method(),
            url,
            head.status(),
            body.as_bytes().len(),
            took.as_millis(),
            request_id.unwrap_or("-"),
        ),
        Err(error) => log::debug!(
            "{} {} failed after {} ms: {error}",
            parts.method(),
            url,
            took.as_millis(),
        ),
    }
}
