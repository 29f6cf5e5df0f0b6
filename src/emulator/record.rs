//! What was asked: for the assertions of tests.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::incoming::{Incoming, decode};
use crate::header;

/// A request that an [`Emulator`](super::Emulator) was asked, whatever came of it.
///
/// Its `Debug` shows the values of few headers: all others may be secrets.
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
    pub(super) fn new(incoming: &Incoming<'_>, status: Option<u16>) -> Self {
        let pairs = incoming.query_pairs().unwrap_or_default();
        Self {
            method: incoming.method.into(),
            path: decode(incoming.path, false)
                .map_or_else(|| incoming.path.into(), alloc::borrow::Cow::into_owned),
            raw_query: incoming.query.into(),
            query: pairs
                .into_iter()
                .map(|(key, value)| (key.into_owned(), value.into_owned()))
                .collect(),
            headers: incoming
                .headers
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
            status,
        }
    }

    /// How many bytes it takes, about.
    pub(super) fn size(&self) -> usize {
        let pairs = self.query.iter().chain(&self.headers);
        let texts: usize = pairs.map(|(key, value)| key.len() + value.len()).sum();
        size_of::<Self>() + self.path.len() + self.raw_query.len() + texts
    }

    /// The method, such as `GET`.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path, decoded.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query as it was sent, encoded, without its question mark.
    #[must_use]
    pub fn raw_query(&self) -> &str {
        &self.raw_query
    }

    /// The keys and values of the query, decoded, in the order they were sent; none if the query
    /// could not be decoded.
    #[must_use]
    pub fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// The first value of a key of the query.
    #[must_use]
    pub fn param(&self, key: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value.as_str())
    }

    /// Every value of a key of the query, in the order they were sent.
    pub fn params<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.query
            .iter()
            .filter(move |(known, _)| known == key)
            .map(|(_, value)| value.as_str())
    }

    /// The first value of a header, whatever the case of its name, secrets included.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The names of the headers, in the order they were sent.
    pub fn header_names(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|(name, _)| name.as_str())
    }

    /// The status it was answered with; `None` when a fault left it without one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }
}

/// Headers that are known to hold no secret.
const SHOWN: &[&str] = &[
    header::ACCEPT,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::HOST,
    header::USER_AGENT,
    header::LANGUAGE,
    header::SDK_DATE,
];

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| {
                let is_shown = SHOWN.iter().any(|known| known.eq_ignore_ascii_case(name));
                (name.as_str(), if is_shown { value.as_str() } else { "***" })
            })
            .collect();
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("headers", &headers)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
