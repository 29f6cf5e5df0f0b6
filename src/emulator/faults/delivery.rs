//! How a response is delivered: whole, or as a fault damages it.

use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::time::Duration;

use serde_json::{Value, json};

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
            Fault::TypeDrift | Fault::InvalidCount | Fault::UnknownFields => {
                let page: Option<Value> = serde_json::from_slice(body).ok();
                if let Some(altered) = page.and_then(|page| altered(fault, &page)) {
                    *body = altered.to_string().into();
                }
            }
            Fault::Status(..) | Fault::Html(_) => {}
        }
    }

    /// The status that is sent, if one is.
    pub(crate) fn status(&self) -> Option<u16> {
        self.instead.is_none().then_some(self.response.status)
    }
}

/// A page as the fault alters it; `None` if the body is not a page.
fn altered(fault: &Fault, page: &Value) -> Option<Value> {
    let (count, jobs) = (page.get("count")?, page.get("jobs")?.as_array()?);
    Some(match fault {
        Fault::TypeDrift => {
            let jobs: Vec<Value> = jobs.iter().map(drifted).collect();
            json!({"count": count.to_string(), "jobs": jobs})
        }
        Fault::InvalidCount => json!({"count": {}, "jobs": jobs}),
        _ => {
            let unknown = json!({"nested": [1, -2.5e3, true, null, "备"]});
            let mut jobs = jobs.clone();
            for job in jobs.iter_mut().filter_map(Value::as_object_mut) {
                job.insert("x_unknown".into(), unknown.clone());
            }
            json!({"x_unknown": unknown, "count": count, "jobs": jobs})
        }
    })
}

fn drifted(job: &Value) -> Value {
    let text = |name| job.get(name).and_then(Value::as_str);
    json!({
        "id": text("id"),
        "status": text("status").map(str::to_ascii_lowercase),
        "name": null,
        "description": null,
        "error_log": null,
        "engine_type": text("engine_type").map(str::to_ascii_uppercase),
        "create_time": text("create_time").and_then(Timestamp::parse).map(Timestamp::unix_millis),
        "finish_time": text("finish_time").map(|time| time.replacen('T', " ", 1)),
        "enterprise_project_id": 0,
    })
}

/// The response of a fault that replaces the service's response.
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
