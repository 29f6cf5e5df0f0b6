//! A request and a response, whether over a socket or in process.

use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::IpAddr;

use serde_json::Value;

use crate::header;
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
