//! Requests, responses and error responses, whether over a socket or in process.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use serde_json::{Value, json};

use crate::header;
use crate::job::Language;
use crate::percent;

/// A query parameter, decoded.
pub(crate) type Parameter<'a> = (Cow<'a, str>, Cow<'a, str>);

/// A request, borrowed from the buffer it was read into.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Percent-encoded, as sent.
    pub(crate) path: &'a str,
    /// Percent-encoded, without the question mark; empty if there is none.
    pub(crate) query: &'a str,
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    pub(crate) body: &'a [u8],
    /// The other end of the connection; `None` in process.
    pub(crate) peer: Option<IpAddr>,
}

impl<'a> Request<'a> {
    /// `target` is path and query, or a whole URL, as clients send it to a proxy and in process.
    pub(crate) fn new(
        method: &'a str,
        target: &'a str,
        headers: Vec<(&'a str, &'a str)>,
        body: &'a [u8],
    ) -> Self {
        let target = match target.split_once("://") {
            Some((scheme, rest)) if !scheme.contains(['/', '?']) => rest
                .find(['/', '?'])
                .and_then(|at| rest.get(at..))
                .unwrap_or("/"),
            _ => target,
        };
        let target = target.split_once('#').map_or(target, |(before, _)| before);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method,
            path,
            query,
            headers,
            body,
            peer: None,
        }
    }

    /// The first value of a header; names match case-insensitively.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    /// The query parameters in the order sent; `None` if one is not percent-encoded UTF-8.
    pub(crate) fn parameters(&self) -> Option<Vec<Parameter<'a>>> {
        self.query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((form_decode(key)?, form_decode(value)?))
            })
            .collect()
    }
}

/// Removes percent-encoding; `None` if it is invalid or does not encode UTF-8.
pub(crate) fn percent_decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let bytes = percent::decode(text).collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// As [`percent_decode`]; in a query `+` is a space too, as HTML forms encode it.
fn form_decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('+') {
        return percent_decode(text);
    }
    percent_decode(&text.replace('+', " ")).map(|decoded| Cow::Owned(decoded.into_owned()))
}

/// A response without `Content-Length`, which belongs to the way it is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::from([(header::CONTENT_TYPE, content_type.into())]),
            body: body.into(),
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    pub(crate) fn push_header(&mut self, name: &'static str, value: impl Into<String>) {
        self.headers.push((name, value.into()));
    }
}

/// The usual phrase for a status; clients ignore it.
pub(crate) fn reason_phrase(status: u16) -> &'static str {
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

type Text = Cow<'static, str>;

/// An error of the service, or of the gateway if its code begins with `APIG`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ErrorResponse {
    status: u16,
    code: Text,
    english: Text,
    chinese: Text,
    /// The method that the path accepts, if another was sent.
    allow: Option<&'static str>,
}

impl ErrorResponse {
    pub(crate) fn new(
        status: u16,
        code: impl Into<Text>,
        english: impl Into<Text>,
        chinese: impl Into<Text>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            english: english.into(),
            chinese: chinese.into(),
            allow: None,
        }
    }

    pub(crate) fn unauthenticated(why: &str) -> Self {
        Self::new(
            401,
            "APIGW.0301",
            format!("Incorrect IAM authentication information: {why}"),
            format!("IAM认证信息不正确：{why}"),
        )
    }

    pub(crate) fn no_such_path() -> Self {
        Self::new(
            404,
            "APIGW.0101",
            "The API does not exist or has not been published in the environment",
            "API不存在或未发布到环境",
        )
    }

    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(
                405,
                "APIGW.0201",
                "The method is not allowed",
                "请求方法不允许",
            )
        }
    }

    pub(crate) fn bad_request(status: u16, why: &str) -> Self {
        Self::new(
            status,
            "APIGW.0201",
            format!("Bad request: {why}"),
            format!("请求不合法：{why}"),
        )
    }

    pub(crate) fn invalid_query() -> Self {
        Self::bad_request(400, "the query is not percent-encoded UTF-8")
    }

    /// More requests than the quota within its period.
    pub(crate) fn throttled(limit: u32, period: Duration) -> Self {
        let seconds = period.as_secs();
        let (time, unit) = match seconds {
            0 => (period.as_millis(), "millisecond"),
            _ if seconds.is_multiple_of(3600) => (u128::from(seconds / 3600), "hour"),
            _ if seconds.is_multiple_of(60) => (u128::from(seconds / 60), "minute"),
            _ => (u128::from(seconds), "second"),
        };
        let why = format!("policy user over ratelimit,limit:{limit},time:{time} {unit}");
        Self::new(
            429,
            "APIGW.0308",
            format!("The throttling threshold has been reached: {why}"),
            format!("已达到流控阈值：{why}"),
        )
    }

    /// A project that is unknown, or not the token's.
    pub(crate) fn wrong_project() -> Self {
        Self::new(
            403,
            "DRS.M00261",
            "The project ID does not match the token.",
            "项目ID与token不匹配。",
        )
    }

    pub(crate) fn parameter(name: &str, english: &str, chinese: &str) -> Self {
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

    /// The response; the gateway's shape holds the request id, the service's does not.
    pub(crate) fn to_response(&self, language: &Language, request_id: &str) -> Response {
        let message = match language {
            Language::ZhCn => &self.chinese,
            _ => &self.english,
        };
        let body = if self.code.starts_with("APIG") {
            json!({"error_code": self.code, "error_msg": message, "request_id": request_id})
        } else {
            json!({"error_code": self.code, "error_msg": message})
        };
        let mut response = Response::json(self.status, &body);
        if let Some(allow) = self.allow {
            response.push_header(header::ALLOW, allow);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_the_encoder_of_this_crate_writes() {
        let text: String = ('\0'..='\u{17f}').chain(['备', '😀']).collect();
        let mut encoded = String::new();
        crate::percent::encode_into(&mut encoded, &text);
        assert_eq!(percent_decode(&encoded).as_deref(), Some(text.as_str()));
        assert_eq!(form_decode(&encoded).as_deref(), Some(text.as_str()));
    }

    #[test]
    fn rejects_invalid_percent_encoding() {
        for text in ["%", "a%4", "%4g", "%g4", "%+1", "%ff", "%e5%a4"] {
            assert_eq!(form_decode(text), None, "{text}");
        }
        assert_eq!(form_decode("a+b").as_deref(), Some("a b"));
        assert_eq!(percent_decode("a+b").as_deref(), Some("a+b"));
    }

    #[test]
    fn accepts_a_path_or_a_whole_url_as_target() {
        for (target, path, query) in [
            ("/v5/p/x?a=b", "/v5/p/x", "a=b"),
            ("https://h:1/v5?a=b?c", "/v5", "a=b?c"),
            ("https://h?a", "", "a"),
            ("https://h", "/", ""),
            ("/p?u=http://h/x", "/p", "u=http://h/x"),
            ("*", "*", ""),
            ("/a#b?c", "/a", ""),
        ] {
            let request = Request::new("GET", target, Vec::new(), b"");
            assert_eq!((request.path, request.query), (path, query), "{target}");
        }
    }
}
