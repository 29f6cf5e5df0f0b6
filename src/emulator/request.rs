//! Requests, whether over a socket or in process, and those received until now.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use serde_json::{Value, json};

use crate::header;
use crate::percent;
use crate::timestamp::Timestamp;

/// The maximum number of requests that are kept; the oldest are dropped first.
const MAX_REQUESTS: usize = 10_000;
/// The maximum memory that they take: a token can be 50 000 characters long.
const MAX_BYTES: usize = 16 << 20;

/// A request that an [`Emulator`](crate::emulator::Emulator) received, and the status of its
/// response.
///
/// `Debug` shows the values of a few harmless headers; all others may be secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    method: String,
    /// Path and query as sent.
    target: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    /// Whether path and query are percent-encoded UTF-8.
    is_well_encoded: bool,
    status: Option<u16>,
}

/// When a request was received.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// By the clock's `now`.
    pub(super) elapsed: Duration,
    /// By the wall clock; `None` beyond the year 9999.
    pub(super) wall: Option<Timestamp>,
}

/// A request, when it was received, and the id of its response.
#[derive(Debug)]
pub(super) struct Received<'a> {
    pub(super) request: &'a RecordedRequest,
    pub(super) body: &'a [u8],
    pub(super) moment: Moment,
    pub(super) request_id: &'a str,
}

impl Received<'_> {
    /// The expiry of a token or key that is issued now; `None` after the year 9999.
    pub(super) fn expires_after(&self, lifetime: Duration) -> Option<Timestamp> {
        let lifetime = i64::try_from(lifetime.as_millis()).ok()?;
        Timestamp::from_unix_millis(self.moment.wall?.unix_millis().checked_add(lifetime)?)
    }
}

impl RecordedRequest {
    /// `target` is path and query, or a whole URL, as clients send it to a proxy and in process.
    pub(super) fn new(method: &str, target: &str, headers: Vec<(String, String)>) -> Self {
        let target = match target.split_once("://") {
            Some((scheme, rest)) if !scheme.contains(['/', '?']) => rest
                .find(['/', '?'])
                .and_then(|at| rest.get(at..))
                .unwrap_or("/"),
            _ => target,
        };
        let target = target.split_once('#').map_or(target, |(before, _)| before);
        let (raw_path, raw_query) = target.split_once('?').unwrap_or((target, ""));
        let path = percent_decode(raw_path);
        let query = form_decode(raw_query);
        Self {
            method: method.into(),
            is_well_encoded: path.is_some() && query.is_some(),
            path: path.unwrap_or_else(|| raw_path.into()),
            query: query.unwrap_or_default(),
            target: target.into(),
            headers,
            status: None,
        }
    }

    /// About how many bytes it takes.
    fn size(&self) -> usize {
        let pairs = self.query.iter().chain(&self.headers);
        let texts: usize = pairs.map(|(key, value)| key.len() + value.len()).sum();
        size_of::<Self>() + self.path.len() + self.target.len() + texts
    }

    /// Returns the method, such as `GET`.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Returns the path, percent-decoded.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the query as sent, percent-encoded, without the question mark.
    #[must_use]
    pub fn raw_query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// Returns the query parameters, percent-decoded, in the order sent; none if the query is invalid.
    #[must_use]
    pub fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// Returns the first value of a query parameter.
    #[must_use]
    pub fn param(&self, key: &str) -> Option<&str> {
        first(&self.query, |known| known == key)
    }

    /// Returns every value of a query parameter, in the order sent.
    pub fn params<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let pairs = self.query.iter().filter(move |(known, _)| known == key);
        pairs.map(|(_, value)| value.as_str())
    }

    /// Returns the first value of a header, even if it is secret; names match case-insensitively.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, |known| known.eq_ignore_ascii_case(name))
    }

    /// Returns the names of the headers, in the order sent.
    pub fn header_names(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|(name, _)| name.as_str())
    }

    /// Returns the status of the response; `None` if a fault prevented one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// Path and query as sent.
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// The path as sent, in which an encoded `/` is part of a segment.
    pub(super) fn raw_path(&self) -> &str {
        let target = self.target.split_once('?');
        target.map_or(&self.target, |(path, _)| path)
    }

    pub(super) fn is_well_encoded(&self) -> bool {
        self.is_well_encoded
    }

    /// The request for the admin interface, with `***` for the values of headers that may be
    /// secrets. A parameter can be repeated, so that each has an array of values.
    pub(super) fn to_json(&self) -> Value {
        let mut parameters: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (key, value) in &self.query {
            parameters.entry(key).or_default().push(value);
        }
        let mut headers = BTreeMap::new();
        for (name, value) in &self.headers {
            let mut harmless = NOT_SECRET.iter();
            let is_harmless = harmless.any(|known| known.eq_ignore_ascii_case(name));
            let shown = if is_harmless { value } else { "***" };
            headers.insert(name.to_ascii_lowercase(), shown);
        }
        json!({
            "method": self.method,
            "path": self.path,
            "query": self.raw_query(),
            "parameters": parameters,
            "headers": headers,
            "status": self.status,
        })
    }
}

fn first(pairs: &[(String, String)], is_wanted: impl Fn(&str) -> bool) -> Option<&str> {
    let mut pairs = pairs.iter();
    let (_, value) = pairs.find(|(key, _)| is_wanted(key))?;
    Some(value)
}

/// Removes percent-encoding; `None` if it is invalid or does not encode UTF-8.
pub(super) fn percent_decode(text: &str) -> Option<String> {
    String::from_utf8(percent::decode(text).collect::<Option<_>>()?).ok()
}

/// The parameters of a query, in which `+` is a space too, as HTML forms encode it.
fn form_decode(query: &str) -> Option<Vec<(String, String)>> {
    let decode = |text: &str| percent_decode(&text.replace('+', " "));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(key)?, decode(value)?))
        })
        .collect()
}

/// Headers that hold no secret.
const NOT_SECRET: &[&str] = &[
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::HOST,
    header::USER_AGENT,
    header::LANGUAGE,
    header::PROJECT_ID,
    header::SDK_DATE,
];

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordedRequest {}", self.to_json())
    }
}

/// The last requests, each with the index of its project.
#[derive(Debug, Default)]
pub(super) struct RequestLog {
    requests: VecDeque<(usize, RecordedRequest)>,
    bytes: usize,
}

impl RequestLog {
    pub(super) fn push(&mut self, project: usize, request: RecordedRequest, status: Option<u16>) {
        self.bytes += request.size();
        self.requests
            .push_back((project, RecordedRequest { status, ..request }));
        while self.requests.len() > MAX_REQUESTS || self.bytes > MAX_BYTES {
            let Some((_, oldest)) = self.requests.pop_front() else {
                return;
            };
            self.bytes -= oldest.size();
        }
    }

    /// The requests of one project, or all.
    pub(super) fn of(&self, project: Option<usize>) -> Vec<RecordedRequest> {
        let requests = self.requests.iter();
        let chosen = requests.filter(|(of, _)| project.is_none_or(|project| project == *of));
        chosen.map(|(_, request)| request.clone()).collect()
    }

    /// Removes the requests of one project, or all.
    pub(super) fn clear(&mut self, project: Option<usize>) {
        let is_other = |of: usize| project.is_some_and(|project| project != of);
        self.requests.retain(|(of, _)| is_other(*of));
        self.bytes = self
            .requests
            .iter()
            .map(|(_, request)| request.size())
            .sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn decodes_what_the_encoder_of_this_crate_writes() {
        let text: String = ('\0'..='\u{17f}').chain(['备', '😀']).collect();
        let mut encoded = String::new();
        crate::percent::encode_into(&mut encoded, &text);
        assert_eq!(percent_decode(&encoded).as_deref(), Some(text.as_str()));
        let pairs = form_decode(&format!("{encoded}={encoded}&&a"));
        let expected = [(text.clone(), text), ("a".into(), String::new())];
        assert_eq!(pairs.as_deref(), Some(&expected[..]));
    }

    #[test]
    fn rejects_invalid_percent_encoding() {
        for text in ["%", "a%4", "%4g", "%g4", "%+1", "%ff", "%e5%a4"] {
            assert_eq!(form_decode(text), None, "{text}");
        }
        assert_eq!(form_decode("a+b").unwrap()[0].0, "a b");
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
            let request = RecordedRequest::new("GET", target, Vec::new());
            let parts = (request.raw_path(), request.raw_query());
            assert_eq!(parts, (path, query), "{target}");
        }
    }
}
