//! Responses and error responses, whether over a socket or in process.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

use serde_json::{Value, json};

use crate::header;
use crate::job::Language;

/// A response without `Content-Length`, which depends on how the response is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

impl Response {
    pub(super) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::from([(header::CONTENT_TYPE, content_type.into())]),
            body: body.into(),
        }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    pub(super) fn push_header(&mut self, name: &'static str, value: impl Into<String>) {
        self.headers.push((name, value.into()));
    }
}

/// The usual phrase for a status; clients ignore it.
pub(super) fn reason_phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

/// An error of the service or its gateway.
#[derive(Clone, Debug)]
pub(super) struct ErrorResponse {
    status: u16,
    code: &'static str,
    english: String,
    /// `None` for the gateway, which knows no other language than English.
    chinese: Option<String>,
    /// The method that the path accepts, if another was sent.
    allow: Option<&'static str>,
}

impl ErrorResponse {
    /// An error of the gateway.
    pub(super) fn gateway(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            english: message.into(),
            chinese: None,
            allow: None,
        }
    }

    /// An error of the service.
    pub(super) fn new(
        status: u16,
        code: &'static str,
        english: impl Into<String>,
        chinese: impl Into<String>,
    ) -> Self {
        Self {
            chinese: Some(chinese.into()),
            ..Self::gateway(status, code, english)
        }
    }

    pub(super) fn unauthenticated(why: &str) -> Self {
        let message = format!("Incorrect IAM authentication information: {why}");
        Self::gateway(401, "APIGW.0301", message)
    }

    pub(super) fn no_such_path() -> Self {
        let message = "The API does not exist or has not been published in the environment";
        Self::gateway(404, "APIGW.0101", message)
    }

    pub(super) fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::bad_request(405, "the method is not allowed")
        }
    }

    pub(super) fn bad_request(status: u16, why: &str) -> Self {
        Self::gateway(status, "APIGW.0201", format!("Bad request: {why}"))
    }

    pub(super) fn badly_encoded() -> Self {
        Self::bad_request(400, "path and query must be percent-encoded UTF-8")
    }

    /// More requests than the quota within its period.
    pub(super) fn throttled(limit: u32, period: Duration) -> Self {
        const UNITS: [(&str, u128); 3] =
            [("hour", 3_600_000), ("minute", 60_000), ("second", 1000)];
        let millis = period.as_millis();
        let mut units = UNITS.into_iter();
        let whole = units.find(|(_, length)| millis.is_multiple_of(*length));
        let (unit, length) = whole.unwrap_or(("millisecond", 1));
        let policy = format!(
            "policy user over ratelimit,limit:{limit},time:{} {unit}",
            millis / length
        );
        let message = format!("The throttling threshold has been reached: {policy}");
        Self::gateway(429, "APIGW.0308", message)
    }

    /// A project that is unknown, or not the token's.
    pub(super) fn wrong_project() -> Self {
        Self::new(
            403,
            "DRS.M00261",
            "The project ID does not match the token.",
            "项目ID与token不匹配。",
        )
    }

    pub(super) fn parameter(name: &str, english: &str, chinese: &str) -> Self {
        let code = match name {
            "limit" => "DRS.M00210",
            "offset" => "DRS.M00211",
            _ => "DRS.10000009",
        };
        Self::new(
            400,
            code,
            format!("Parameter error: {name} {english}."),
            format!("参数错误：{name}{chinese}。"),
        )
    }

    /// The response. The body of a gateway's error holds the request id, that of the service's does
    /// not.
    pub(super) fn to_response(&self, language: &Language, request_id: &str) -> Response {
        let message = match (language, &self.chinese) {
            (Language::ZhCn, Some(chinese)) => chinese,
            _ => &self.english,
        };
        let body = match self.chinese {
            Some(_) => json!({"error_code": self.code, "error_msg": message}),
            None => json!({
                "error_code": self.code, "error_msg": message, "request_id": request_id,
            }),
        };
        let mut response = Response::json(self.status, &body);
        if let Some(allow) = self.allow {
            response.push_header(header::ALLOW, allow);
        }
        response
    }
}
