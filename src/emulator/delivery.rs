//! How an answer gets to whoever asked: whole, or as a fault has it.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use super::fault::{Fault, MAX_EXTRA_BYTES};
use super::refusal::{Refusal, Tongue};
use super::reply::{Reply, reason_phrase};
use crate::header;

/// An answer and the way it goes out.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) reply: Reply,
    /// How long it is until the answer begins.
    pub(super) late: Duration,
    /// How long the body takes.
    pub(super) over: Duration,
    pub(super) end: End,
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing: the answer is whole.
    Whole,
    /// It ends before the answer.
    Reset,
    /// It ends after so many bytes of the body.
    Cut(usize),
    /// It ends after a body that was announced as so long.
    Announced(usize),
    /// Instead of an answer comes something else.
    Garbage,
}

impl Delivery {
    pub(super) fn whole(reply: Reply, late: Duration) -> Self {
        Self {
            reply,
            late,
            over: Duration::ZERO,
            end: End::Whole,
        }
    }

    /// Does a fault to an answer that is whole so far.
    pub(super) fn suffer(&mut self, fault: &Fault) {
        let body = &mut self.reply.body;
        let half = body.len() / 2;
        match fault {
            Fault::Reset => self.end = End::Reset,
            Fault::AbortBody => self.end = End::Cut(half),
            Fault::Delay(delay) => self.late = self.late.saturating_add(*delay),
            Fault::SlowBody(span) => self.over = *span,
            Fault::Truncate => body.truncate(half),
            Fault::ExtraBytes(spaces) => {
                let spaces = (*spaces).min(MAX_EXTRA_BYTES);
                body.resize(body.len().saturating_add(spaces), b' ');
            }
            Fault::Length(difference) => {
                let difference = isize::try_from(*difference).unwrap_or(isize::MAX);
                self.end = End::Announced(body.len().saturating_add_signed(difference));
            }
            Fault::Garbage => self.end = End::Garbage,
            // These are in the answer itself.
            Fault::Status(..)
            | Fault::Html(_)
            | Fault::TypeDrift
            | Fault::InvalidCount
            | Fault::UnknownFields => {}
        }
    }

    /// The status that goes out, if one does.
    pub(super) fn status(&self) -> Option<u16> {
        match self.end {
            End::Reset | End::Garbage => None,
            _ => Some(self.reply.status),
        }
    }
}

/// What comes in the place of an answer, if the fault puts something there.
pub(super) fn instead(fault: &Fault, tongue: Tongue, request_id: &str) -> Option<Reply> {
    match fault {
        Fault::Status(status, pause) => {
            let status = sendable(*status);
            let mut reply = failure(status).reply(tongue, request_id);
            if let Some(pause) = pause {
                // In whole seconds, and never less than was asked for.
                let seconds = pause.as_secs() + u64::from(pause.subsec_nanos() > 0);
                reply.push_header(header::RETRY_AFTER, format!("{seconds}"));
            }
            if (300..400).contains(&status) {
                reply.push_header(header::LOCATION, "https://elsewhere.invalid/login");
            }
            Some(with_a_body_if_any(reply))
        }
        Fault::Html(status) => {
            let status = sendable(*status);
            let reply = Reply::new(status, "text/html", html(status));
            Some(with_a_body_if_any(reply))
        }
        _ => None,
    }
}

/// The next status that an answer can have which is the last: below 200 another one follows.
fn sendable(status: u16) -> u16 {
    status.clamp(200, 599)
}

/// Takes the body off an answer that by its status has none: what follows on the connection would
/// be taken for the next one.
fn with_a_body_if_any(mut reply: Reply) -> Reply {
    if matches!(reply.status, 204 | 304) {
        reply.body.clear();
    }
    reply
}

/// The refusal that the service or its gateway sends with a status.
fn failure(status: u16) -> Refusal {
    match status {
        401 => Refusal::unauthenticated("decrypt token fail"),
        403 => Refusal::new(
            403,
            "APIGW.0302",
            "The IAM user is not allowed to access the API",
            "IAM用户不允许访问该API",
        ),
        404 => Refusal::no_such_path(),
        429 => Refusal::new(
            429,
            "APIGW.0308",
            "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:5 minute",
            "已达到流控阈值：policy user over ratelimit,limit:200,time:5 minute",
        ),
        413 | 414 | 494 | 502 | 504 => Refusal::unreadable(status, reason_phrase(status)),
        _ => Refusal::new(status, "DRS.10000001", "Failed.", "失败。"),
    }
}

fn html(status: u16) -> String {
    let reason = reason_phrase(status);
    format!(
        "<!DOCTYPE html>\n<html>\n<head><title>{status} {reason}</title></head>\n\
         <body>\n<h1>{status} {reason}</h1>\n<p>The proxy got no answer.</p>\n</body>\n</html>\n"
    )
}
