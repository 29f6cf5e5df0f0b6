//! The head of a request on a connection: where it ends, what it says, how long the body is.

use alloc::string::String;
use alloc::vec::Vec;

use crate::header;

/// The longest path and query.
const LONGEST_TARGET: usize = 32 << 10;
/// The longest body: an array of jobs for the admin interface can be long.
const LONGEST_BODY: usize = 16 << 20;
/// The most headers in a request.
const MOST_HEADERS: usize = 100;

/// The length of the head with its empty line; bytes before `searched` were searched already.
pub(super) fn head_end(bytes: &[u8], searched: usize) -> Option<usize> {
    // Three bytes back: an empty line may have arrived in two parts.
    let from = searched.saturating_sub(3);
    let tail = bytes.get(from..)?;
    tail.iter().enumerate().find_map(|(at, byte)| {
        let rest = tail.get(at + 1..)?;
        let line_end = if rest.starts_with(b"\r\n") {
            2
        } else if rest.starts_with(b"\n") {
            1
        } else {
            return None;
        };
        (*byte == b'\n').then_some(from + at + 1 + line_end)
    })
}

/// Why a request is rejected before it is read whole: a status and a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) u16, pub(super) &'static str);

/// A parsed head.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body_len: usize,
    pub(super) keep_alive: bool,
    pub(super) expects_continue: bool,
}

impl Head {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        match parsed.parse(bytes) {
            Ok(httparse::Status::Complete(_)) => {}
            Err(httparse::Error::TooManyHeaders) => {
                return Err(Malformed(494, "too many headers"));
            }
            Err(httparse::Error::Version) => {
                return Err(Malformed(505, "the version must be HTTP/1.1 or HTTP/1.0"));
            }
            _ => return Err(Malformed(400, "not an HTTP request")),
        }
        let target = parsed.path.unwrap_or_default();
        if target.len() > LONGEST_TARGET {
            return Err(Malformed(414, "path and query are too long"));
        }
        let values = |name: &'static str| {
            parsed
                .headers
                .iter()
                .filter(move |header| header.name.eq_ignore_ascii_case(name))
                .map(|header| header.value.trim_ascii())
        };
        let is_1_1 = parsed.version == Some(1);
        if is_1_1 && values(header::HOST).count() != 1 {
            return Err(Malformed(400, "exactly one Host header is required"));
        }
        if values(header::TRANSFER_ENCODING).next().is_some() {
            return Err(Malformed(411, "a body requires Content-Length"));
        }
        let mut lengths = values(header::CONTENT_LENGTH);
        let length = lengths.next().unwrap_or(b"0");
        let is_number = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
        if !is_number || lengths.any(|other| other != length) {
            return Err(Malformed(400, "Content-Length must be one number"));
        }
        // Digits that do not fit are too many.
        let body_len = core::str::from_utf8(length).map(str::parse);
        let body_len = body_len.ok().and_then(Result::ok).unwrap_or(usize::MAX);
        if body_len > LONGEST_BODY {
            return Err(Malformed(413, "the body is too long"));
        }
        let closes = values(header::CONNECTION).any(|value| {
            let mut tokens = value.split(|byte| *byte == b',');
            tokens.any(|token| token.trim_ascii().eq_ignore_ascii_case(b"close"))
        });
        let expects_continue =
            values(header::EXPECT).any(|value| value.eq_ignore_ascii_case(b"100-continue"));
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        Ok(Self {
            method: parsed.method.unwrap_or_default().into(),
            target: target.into(),
            body_len,
            // HTTP/1.0 keeps a connection only if both sides say so; reconnecting is simpler.
            keep_alive: is_1_1 && !closes,
            expects_continue,
            headers: parsed
                .headers
                .iter()
                .map(|header| (header.name.into(), text(header.value)))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::random::Random;

    #[test]
    fn finds_the_end_of_a_head_however_the_bytes_arrive() {
        let mut random = Random::new(1);
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..random.below(12))
                .map(|_| *random.pick(b"\r\na").unwrap())
                .collect();
            let whole = head_end(&bytes, 0);
            let mut searched = 0;
            let in_parts = (0..=bytes.len()).find_map(|received| {
                let found = head_end(&bytes[..received], searched);
                searched = received;
                found
            });
            assert_eq!(in_parts, whole, "{bytes:?}");
            let expected = (0..bytes.len()).find_map(|at| {
                [&b"\n\r\n"[..], b"\n\n"]
                    .iter()
                    .find(|end| bytes[at..].starts_with(end))
                    .map(|end| at + end.len())
            });
            assert_eq!(whole, expected, "{bytes:?}");
        }
    }

    #[test]
    fn parses_or_rejects_any_bytes() {
        const HEAD: &[u8] = b"POST /v5?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\
            Connection: keep-alive, close\r\nExpect: 100-continue\r\n\r\n";
        let head = Head::parse(HEAD).unwrap();
        assert_eq!((head.body_len, head.keep_alive), (12, false));
        assert_eq!((&*head.method, &*head.target), ("POST", "/v5?a=b"));
        assert!(head.expects_continue);
        let mut random = Random::new(2);
        for _ in 0..20_000 {
            let mut bytes = HEAD.to_vec();
            for _ in 0..=random.below(4) {
                let at = usize::try_from(random.below(bytes.len() as u64)).unwrap();
                bytes[at] = random.next().to_be_bytes()[0];
            }
            if let Ok(head) = Head::parse(&bytes) {
                assert!(head.body_len <= LONGEST_BODY);
            }
        }
    }
}
