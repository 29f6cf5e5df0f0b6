//! The requests received, for the assertions of tests.

use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde_json::{Value, json};

use crate::emulator::message::{Request, percent_decode};
use crate::header;

/// The most requests that are kept; the oldest are dropped first.
const MOST_REQUESTS: usize = 10_000;
/// The most memory they take: a token can be 50 000 characters long.
const MOST_BYTES: usize = 16 << 20;

/// A request that an [`Emulator`](crate::emulator::Emulator) received, and the status of its
/// response.
///
/// `Debug` shows the values of a few harmless headers; all others may be secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    method: String,
    path: String,
    raw_query: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    status: Option<u16>,
}

impl RecordedRequest {
    pub(super) fn new(request: &Request<'_>, status: Option<u16>) -> Self {
        let owned = |(name, value): &(&str, &str)| (String::from(*name), String::from(*value));
        let parameters = request.parameters().unwrap_or_default();
        Self {
            method: request.method.into(),
            path: percent_decode(request.path).map_or_else(|| request.path.into(), Cow::into_owned),
            raw_query: request.query.into(),
            query: parameters
                .into_iter()
                .map(|(key, value)| (key.into_owned(), value.into_owned()))
                .collect(),
            headers: request.headers.iter().map(owned).collect(),
            status,
        }
    }

    /// About how many bytes it takes.
    fn size(&self) -> usize {
        let pairs = self.query.iter().chain(&self.headers);
        let texts: usize = pairs.map(|(key, value)| key.len() + value.len()).sum();
        size_of::<Self>() + self.path.len() + self.raw_query.len() + texts
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
        &self.raw_query
    }

    /// Returns the query parameters, percent-decoded, in the order sent; none if the query is invalid.
    #[must_use]
    pub fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// Returns the first value of a query parameter.
    #[must_use]
    pub fn param(&self, key: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value.as_str())
    }

    /// Returns every value of a query parameter, in the order sent.
    pub fn params<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.query
            .iter()
            .filter(move |(known, _)| known == key)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the first value of a header, secrets included; names match case-insensitively.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
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

    /// The headers, with `***` for each value that may be a secret.
    fn redacted_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| {
            let is_harmless = NOT_SECRET
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name));
            (
                name.as_str(),
                if is_harmless { value.as_str() } else { "***" },
            )
        })
    }

    /// The request for the admin interface, secrets redacted. A parameter can be repeated, so that
    /// each has an array of values.
    pub(crate) fn to_json(&self) -> Value {
        let mut parameters: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (key, value) in &self.query {
            parameters.entry(key).or_default().push(value);
        }
        let headers: BTreeMap<String, &str> = self
            .redacted_headers()
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect();
        json!({
            "method": self.method,
            "path": self.path,
            "query": self.raw_query,
            "parameters": parameters,
            "headers": headers,
            "status": self.status,
        })
    }
}

/// Headers that hold no secret.
const NOT_SECRET: &[&str] = &[
    header::ACCEPT,
    header::ACCEPT_ENCODING,
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
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("headers", &self.redacted_headers().collect::<Vec<_>>())
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The last requests, each with the index of its project.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    requests: VecDeque<(usize, RecordedRequest)>,
    bytes: usize,
}

impl RequestLog {
    pub(super) fn push(&mut self, project: usize, request: RecordedRequest) {
        self.bytes += request.size();
        self.requests.push_back((project, request));
        while self.requests.len() > MOST_REQUESTS || self.bytes > MOST_BYTES {
            let Some((_, oldest)) = self.requests.pop_front() else {
                return;
            };
            self.bytes -= oldest.size();
        }
    }

    /// The requests of one project, or all.
    pub(crate) fn of(&self, project: Option<usize>) -> Vec<RecordedRequest> {
        let requests = self.requests.iter();
        let chosen = requests.filter(|(of, _)| project.is_none_or(|project| project == *of));
        chosen.map(|(_, request)| request.clone()).collect()
    }

    /// Removes the requests of one project, or all.
    pub(crate) fn clear(&mut self, project: Option<usize>) {
        let Some(project) = project else {
            *self = Self::default();
            return;
        };
        self.requests.retain(|(of, _)| *of != project);
        self.bytes = self
            .requests
            .iter()
            .map(|(_, request)| request.size())
            .sum();
    }
}
