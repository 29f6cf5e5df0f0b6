//! A request as it comes in, from a socket or from a client in the same process.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::refusal::Refusal;
use crate::percent;

/// A key of a query and its value, decoded.
pub(super) type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// A request: borrowed from wherever it was read.
#[derive(Clone)]
pub(super) struct Incoming<'a> {
    pub(super) method: &'a str,
    /// The path as it was sent, percent-encoded.
    pub(super) path: &'a str,
    /// The query as it was sent, without its question mark; empty if there is none.
    pub(super) query: &'a str,
    pub(super) headers: Vec<(&'a str, &'a str)>,
    pub(super) body: &'a [u8],
}

impl<'a> Incoming<'a> {
    /// A request to `target`: path and query, or a whole URL, as proxies and clients in the same
    /// process have it.
    pub(super) fn new(
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
        }
    }

    /// The value of a header, whatever the case of its name; of a repeated header the first.
    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }

    /// The pairs of the query, decoded, in the order they were sent.
    pub(super) fn query_pairs(&self) -> Result<Vec<Pair<'a>>, Refusal> {
        self.query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((decode(key, true)?, decode(value, true)?))
            })
            .collect::<Option<_>>()
            .ok_or_else(|| Refusal::unreadable(400, "the query is not percent-encoded UTF-8"))
    }
}

/// Takes percent-encoding off; `None` when it is broken or what it holds is no UTF-8. In a query
/// `+` is a space too, for the clients that encode it like a form.
pub(super) fn decode(text: &str, plus_is_space: bool) -> Option<Cow<'_, str>> {
    if !text
        .bytes()
        .any(|byte| byte == b'%' || (byte == b'+' && plus_is_space))
    {
        return Some(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    for (at, part) in text.split(|ch| ch == '+' && plus_is_space).enumerate() {
        if at > 0 {
            decoded.push(b' ');
        }
        for byte in percent::decode(part) {
            decoded.push(byte?);
        }
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_crates_encoder_writes_is_read_back() {
        let text: String = ('\0'..='\u{17f}').chain(['备', '😀']).collect();
        let mut encoded = String::new();
        crate::percent::encode_into(&mut encoded, &text);
        assert_eq!(decode(&encoded, true).as_deref(), Some(text.as_str()));
        assert_eq!(decode(&encoded, false).as_deref(), Some(text.as_str()));
    }

    #[test]
    fn broken_encodings_are_none() {
        for text in ["%", "a%4", "%4g", "%g4", "%+1", "%ff", "%e5%a4"] {
            assert_eq!(decode(text, true), None, "{text}");
        }
        assert_eq!(decode("a+b", true).as_deref(), Some("a b"));
        assert_eq!(decode("a+b", false).as_deref(), Some("a+b"));
    }

    #[test]
    fn a_target_is_a_path_or_a_whole_url() {
        for (target, path, query) in [
            ("/v5/p/x?a=b", "/v5/p/x", "a=b"),
            ("https://h:1/v5?a=b?c", "/v5", "a=b?c"),
            ("https://h?a", "", "a"),
            ("https://h", "/", ""),
            ("/p?u=http://h/x", "/p", "u=http://h/x"),
            ("*", "*", ""),
            ("/a#b?c", "/a", ""),
        ] {
            let incoming = Incoming::new("GET", target, Vec::new(), b"");
            assert_eq!((incoming.path, incoming.query), (path, query), "{target}");
        }
    }
}
