//! How a response is delivered: whole, or as a fault damages it.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

use serde_json::{Map, Value, json};

use super::fault::{Fault, MAX_EXTRA_BYTES};
use crate::emulator::response::{ErrorResponse, Response, reason_phrase};
use crate::header;
use crate::job::Language;
use crate::timestamp::Timestamp;

/// A response and the way it is sent.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) response: Response,
    /// The time until the response begins.
    pub(crate) delay: Duration,
    /// The time the body takes.
    pub(crate) body_duration: Duration,
    /// The announced length of the body, if it is not the true one. The connection is closed after
    /// the body.
    pub(crate) announced: Option<usize>,
    /// What is sent instead of the response before the connection is closed.
    pub(crate) instead: Option<&'static [u8]>,
}

impl Delivery {
    pub(crate) fn whole(response: Response, delay: Duration) -> Self {
        Self {
            response,
            delay,
            body_duration: Duration::ZERO,
            announced: None,
            instead: None,
        }
    }

    /// Applies a fault; one that replaces the response has done so already.
    pub(crate) fn apply(&mut self, fault: &Fault) {
        let body = &mut self.response.body;
        let half = body.len() / 2;
        match fault {
            Fault::Reset => self.instead = Some(b""),
            Fault::AbortBody => {
                self.announced = Some(body.len());
                body.truncate(half);
            }
            Fault::Delay(delay) => self.delay = self.delay.saturating_add(*delay),
            Fault::SlowBody(duration) => self.body_duration = *duration,
            Fault::Truncate => body.truncate(half),
            Fault::ExtraBytes(bytes) => {
                let bytes = (*bytes).min(MAX_EXTRA_BYTES);
                body.resize(body.len().saturating_add(bytes), b' ');
            }
            Fault::Length(difference) => {
                let difference = isize::try_from(*difference).unwrap_or(isize::MAX);
                self.announced = Some(body.len().saturating_add_signed(difference));
            }
            Fault::Garbage => self.instead = Some(b"SSH-2.0-emulator\r\n"),
            Fault::TypeDrift => alter(body, drift_count, drift_job),
            Fault::InvalidCount => {
                let invalid = |page: &mut Members| set(page, "count", json!({}));
                alter(body, invalid, |_| {});
            }
            Fault::UnknownFields => alter(body, add_unknown, add_unknown),
            Fault::Status(..) | Fault::Html(_) => {}
        }
    }

    /// The status that is sent, if one is.
    pub(crate) fn status(&self) -> Option<u16> {
        self.instead.is_none().then_some(self.response.status)
    }
}

type Members = Map<String, Value>;

/// Alters a page and each of its jobs; other bodies stay.
fn alter(body: &mut Vec<u8>, page: impl Fn(&mut Members), job: impl Fn(&mut Members)) {
    let Ok(Value::Object(mut members)) = serde_json::from_slice(body) else {
        return;
    };
    let Some(Value::Array(jobs)) = members.get_mut("jobs") else {
        return;
    };
    jobs.iter_mut()
        .filter_map(Value::as_object_mut)
        .for_each(job);
    page(&mut members);
    *body = Value::from(members).to_string().into();
}

fn set(members: &mut Members, name: &str, value: impl Into<Value>) {
    members.insert(name.into(), value.into());
}

fn add_unknown(members: &mut Members) {
    set(
        members,
        "x_unknown",
        json!({"nested": [1, -2.5e3, true, null, "备"]}),
    );
}

fn drift_count(page: &mut Members) {
    let count = page.get("count").map(Value::to_string);
    set(page, "count", count);
}

fn drift_job(job: &mut Members) {
    let text = |name| job.get(name).and_then(Value::as_str).unwrap_or_default();
    let status = text("status").to_ascii_lowercase();
    let engine = text("engine_type").to_ascii_uppercase();
    let created = Timestamp::parse(text("create_time")).map_or(0, Timestamp::unix_millis);
    let finished = text("finish_time").replacen('T', " ", 1);
    set(job, "status", status);
    set(job, "engine_type", engine);
    set(job, "create_time", created);
    set(
        job,
        "finish_time",
        (!finished.is_empty()).then_some(finished),
    );
    set(job, "enterprise_project_id", 0);
    for name in ["name", "description", "error_log"] {
        set(job, name, Value::Null);
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
        403 => {
            let message = "The IAM user is not allowed to access the API";
            ErrorResponse::gateway(403, "APIGW.0302", message)
        }
        404 => ErrorResponse::no_such_path(),
        429 => ErrorResponse::throttled(200, Duration::from_secs(300)),
        413 | 414 | 494 | 502 | 504 => ErrorResponse::bad_request(status, reason_phrase(status)),
        _ => ErrorResponse::new(status, "DRS.10000001", "Failed.", "失败。"),
    }
}
