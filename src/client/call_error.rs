//! The errors of a request: who responded and what, completed and cleaned once.

use alloc::string::String;
use core::time::Duration;

use super::send::Call;
use crate::credentials::Response;
use crate::error::{ApiError, Error, Responder, Times, TransportError, TransportErrorKind};
use crate::header;
use crate::redact::Redactor;
use crate::timestamp::Timestamp;
use crate::transport::{Method, RequestParts, ResponseHead};

impl Call<'_> {
    /// The error of a successful response whose body cannot be decoded. If the body is an error of
    /// the service, returns that error.
    pub(crate) fn undecodable(&self, response: &Response, body: &[u8], error: Error) -> Error {
        let head = &response.head;
        let refusal = self.api_error(head, body);
        if error.decode().is_some() && refusal.code.is_some() {
            let responder = refusal.responder;
            return self.complete(refusal.into(), Some((head, responder)));
        }
        let responder = Responder::classify(self.request.service, None, body);
        self.complete(error, Some((head, responder)))
    }

    /// The error of a request that could not be sent before the deadline.
    pub(super) fn timed_out(&self, why: &str) -> Error {
        let error = TransportError::new(TransportErrorKind::Timeout, why);
        self.complete(error.into(), None)
    }

    /// Adds the attempts of this call to those of a request that it depended on, such as a login.
    pub(super) fn finish(&self, error: Error) -> Error {
        let attempts = self.attempts.saturating_add(error.attempts());
        error.with_attempts(attempts, self.deadline.elapsed(&*self.send_loop.clock))
    }

    /// The error of a response that is not successful.
    pub(super) fn refusal(&self, head: &ResponseHead, body: &[u8]) -> Error {
        let (error, responder) = if (300..400).contains(&head.status()) {
            // Shown without its query, which may hold anything.
            let location = head.location().map(|location| {
                let end = location.find(['?', '#']).unwrap_or(location.len());
                String::from(location.get(..end).unwrap_or_default())
            });
            let error = Error::redirect(head.status(), location);
            (error, self.request.service)
        } else {
            let error = self.api_error(head, body);
            let responder = error.responder;
            (error.into(), responder)
        };
        self.complete(error, Some((head, responder)))
            .with_retry_after(head.retry_after_delay(self.send_loop.clock.unix_time()))
    }

    /// The error in a body, whatever the status.
    fn api_error(&self, head: &ResponseHead, body: &[u8]) -> ApiError {
        let mut error = ApiError::parse_redacted(head.status(), body, &self.redactor(Some(head)));
        error.responder = Responder::classify(self.request.service, error.code.as_deref(), body);
        error.request_id = error
            .request_id
            .or_else(|| head.request_id().map(Into::into));
        error
    }

    /// Completes the error of an attempt: the request, who responded, the request id. Then cleans
    /// all of it, once.
    pub(super) fn complete(
        &self,
        error: Error,
        response: Option<(&ResponseHead, Responder)>,
    ) -> Error {
        let sent = &self.sent;
        let head = response.map(|(head, _)| head);
        let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let times = Times {
            local: millis(self.send_loop.clock.unix_time()),
            server: head
                .and_then(ResponseHead::timestamp)
                .map(Timestamp::unix_millis),
            is_signed: sent.headers().get(header::SDK_DATE).is_some(),
        };
        let responder = response.map_or(self.request.service, |(_, responder)| responder);
        // An API error has its own, from the body or the head.
        let request_id = head.filter(|_| error.api().is_none());
        let request_id = request_id
            .and_then(ResponseHead::request_id)
            .map(Into::into);
        error
            .with_request(
                sent.method().as_str(),
                shown_url(sent).into(),
                responder,
                times,
            )
            .with_request_id(request_id)
            .redact(&self.redactor(head))
    }

    /// All that a response may repeat: what was sent, and the token that IAM issued.
    pub(super) fn redactor(&self, head: Option<&ResponseHead>) -> Redactor {
        let mut redactor = Redactor::default();
        for secret in self.sent.headers().secrets() {
            redactor.add(secret);
        }
        if let Some(token) = head.and_then(ResponseHead::subject_token) {
            redactor.add(token);
        }
        self.request.authenticator.redact(&mut redactor);
        redactor
    }
}

/// The URL that errors and log lines show; for a login, without its query.
pub(super) fn shown_url(request: &RequestParts) -> &str {
    let url = request.url();
    match request.method() {
        Method::Post => url.split('?').next().unwrap_or_default(),
        Method::Get | Method::Put => url,
    }
}
