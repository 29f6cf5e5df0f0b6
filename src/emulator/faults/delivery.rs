//! How a response is delivered: whole, or as a fault damages it.

use alloc::format;
use core::time::Duration;

use super::fault::{Fault, MAX_EXTRA_BYTES};
use crate::emulator::message::{ErrorResponse, Response, reason_phrase};
use crate::header;
use crate::job::Language;

/// A response and the way it is sent.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) response: Response,
    /// The time until the response begins.
    pub(crate) delay: Duration,
    /// The time the body takes.
    pub(crate) body_duration: Duration,
    pub(crate) ending: Ending,
}

/// How the response ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Whole; the connection stays open.
    Whole,
    /// The connection is closed before the response.
    Reset,
    /// The connection is closed after this many bytes of the body.
    AbortBody(usize),
    /// The body is announced with this length; the connection is closed after it.
    WrongLength(usize),
    /// Bytes that are not HTTP are sent instead.
    Garbage,
}

impl Delivery {
    pub(crate) fn whole(response: Response, delay: Duration) -> Self {
        Self {
            response,
            delay,
            body_duration: Duration::ZERO,
            ending: Ending::Whole,
        }
    }

    /// Applies a fault of the delivery; those of the response itself are in it already.
    pub(crate) fn apply(&mut self, fault: &Fault) {
        let body = &mut self.response.body;
        let half = body.len() / 2;
        match fault {
            Fault::Reset => self.ending = Ending::Reset,
            Fault::AbortBody => self.ending = Ending::AbortBody(half),
            Fault::Delay(delay) => self.delay = self.delay.saturating_add(*delay),
            Fault::SlowBody(duration) => self.body_duration = *duration,
            Fault::Truncate => body.truncate(half),
            Fault::ExtraBytes(bytes) => {
                let bytes = (*bytes).min(MAX_EXTRA_BYTES);
                body.resize(body.len().saturating_add(bytes), b' ');
            }
            Fault::Length(difference) => {
                let difference = isize::try_from(*difference).unwrap_or(isize::MAX);
                self.ending = Ending::WrongLength(body.len().saturating_add_signed(difference));
            }
            Fault::Garbage => self.ending = Ending::Garbage,
            Fault::Status(..)
            | Fault::Html(_)
            | Fault::TypeDrift
            | Fault::InvalidCount
            | Fault::UnknownFields => {}
        }
    }

    /// The status that is sent, if one is.
    pub(crate) fn status(&self) -> Option<u16> {
        match self.ending {
            Ending::Reset | Ending::Garbage => None,
            _ => Some(self.response.status),
        }
    }
}

/// The response that replaces the service's because of a fault.
pub(crate) fn replacement(
    fault: &Fault,
    language: &Language,
    request_id: &str,
) -> Option<Response> {
    let mut response = match fault {
        Fault::Status(status, retry_after) => {
            let status = status.clamp(&200, &599);
            let mut response = error(*status).to_response(language, request_id);
            if let Some(delay) = retry_after {
                // Whole seconds, rounded up.
                let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
                response.push_header(header::RETRY_AFTER, format!("{seconds}"));
            }
            if (300..400).contains(status) {
                response.push_header(header::LOCATION, "https://elsewhere.invalid/login");
            }
            response
        }
        Fault::Html(status) => {
            let status = *status.clamp(&200, &599);
            let reason = reason_phrase(status);
            let page = format!(
                "<!DOCTYPE html>\n<html>\n<head><title>{status} {reason}</title></head>\n<body>\n\
                 <h1>{status} {reason}</h1>\n<p>The upstream server did not respond.</p>\n\
                 </body>\n</html>\n"
            );
            Response::new(status, "text/html", page)
        }
        _ => return None,
    };
    if matches!(response.status, 204 | 304) {
        // A body would be taken for the next response on the connection.
        response.body.clear();
    }
    Some(response)
}

/// The error that the service or its gateway sends with a status.
fn error(status: u16) -> ErrorResponse {
    match status {
        401 => ErrorResponse::unauthenticated("decrypt token fail"),
        403 => ErrorResponse::new(
            403,
            "APIGW.0302",
            "The IAM user is not allowed to access the API",
            "IAM用户不允许访问该API",
        ),
        404 => ErrorResponse::no_such_path(),
        429 => ErrorResponse::throttled(200, Duration::from_secs(300)),
        413 | 414 | 494 | 502 | 504 => ErrorResponse::bad_request(status, reason_phrase(status)),
        _ => ErrorResponse::new(status, "DRS.10000001", "Failed.", "失败。"),
    }
}
