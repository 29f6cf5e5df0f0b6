//! The head of a request on a connection.

use alloc::string::String;
use alloc::vec::Vec;

use crate::header;

/// The longest head: a token of 50 000 characters fits.
const LONGEST_HEAD: usize = 128 << 10;
/// The longest path and query.
const LONGEST_TARGET: usize = 32 << 10;
/// The longest body: an array of jobs for the admin interface can be long.
const LONGEST_BODY: usize = 16 << 20;
/// The most headers in a request.
const MOST_HEADERS: usize = 100;

/// Why a request is rejected before it is read whole: a status and a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub(super) u16, pub(super) &'static str);

/// A parsed head.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    /// The length of the head itself.
    pub(super) len: usize,
    pub(super) body_len: usize,
    pub(super) keep_alive: bool,
    pub(super) expects_continue: bool,
}

impl Head {
    /// Parses the head that the bytes begin with; `None` if it is not complete.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let len = match parsed.parse(bytes) {
            Ok(httparse::Status::Complete(len)) => len,
            Ok(httparse::Status::Partial) if bytes.len() > LONGEST_HEAD => {
                return Err(Malformed(494, "the headers are too long"));
            }
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => {
                return Err(Malformed(494, "too many headers"));
            }
            Err(httparse::Error::Version) => {
                return Err(Malformed(505, "the version must be HTTP/1.1 or HTTP/1.0"));
            }
            Err(_) => return Err(Malformed(400, "not an HTTP request")),
        };
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
        Ok(Some(Self {
            method: parsed.method.unwrap_or_default().into(),
            target: target.into(),
            len,
            body_len,
            // HTTP/1.0 keeps a connection only if both sides say so; reconnecting is simpler.
            keep_alive: is_1_1 && !closes,
            expects_continue,
            headers: parsed
                .headers
                .iter()
                .map(|header| (header.name.into(), text(header.value)))
                .collect(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::random::Random;

    #[test]
    fn parses_or_rejects_any_bytes() {
        const HEAD: &[u8] = b"POST /v5?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\
            Connection: keep-alive, close\r\nExpect: 100-continue\r\n\r\n";
        let head = Head::parse(HEAD).unwrap().unwrap();
        assert_eq!(head.len, HEAD.len());
        assert!((0..HEAD.len()).all(|end| matches!(Head::parse(&HEAD[..end]), Ok(None))));
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
            if let Ok(Some(head)) = Head::parse(&bytes) {
                assert!(head.body_len <= LONGEST_BODY);
            }
        }
    }
}
