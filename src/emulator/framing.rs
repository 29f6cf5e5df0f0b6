//! Where a request begins and ends on a connection: HTTP/1.1's framing.

use alloc::vec::Vec;

use super::refusal::Refusal;
use crate::header;

/// The longest path and query.
const LONGEST_TARGET: usize = 32 << 10;
/// The longest body of a request.
const LONGEST_BODY: usize = 1 << 20;
/// How many headers a request may have.
pub(super) const MOST_HEADERS: usize = 100;

/// The length of the head, its empty line included; bytes before `searched` hold no end.
pub(super) fn head_end(bytes: &[u8], searched: usize) -> Option<usize> {
    // Three bytes back: an empty line may have come in two parts.
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

/// Where a request ends, and whether another may follow.
pub(super) struct Framing {
    pub(super) body_len: usize,
    pub(super) keep_alive: bool,
    pub(super) expects_continue: bool,
}

impl Framing {
    pub(super) fn of(head: &[u8]) -> Result<Self, Refusal> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        match parsed.parse(head) {
            Ok(httparse::Status::Complete(_)) => {}
            Err(httparse::Error::TooManyHeaders) => {
                return Err(Refusal::unreadable(494, "there are too many headers"));
            }
            Err(httparse::Error::Version) => {
                return Err(Refusal::unreadable(
                    505,
                    "only HTTP/1.1 and HTTP/1.0 are spoken",
                ));
            }
            _ => return Err(Refusal::unreadable(400, "this is no HTTP request")),
        }
        if parsed.path.unwrap_or_default().len() > LONGEST_TARGET {
            return Err(Refusal::unreadable(414, "path and query are too long"));
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
            return Err(Refusal::unreadable(
                400,
                "exactly one header Host is needed",
            ));
        }
        if values(header::TRANSFER_ENCODING).next().is_some() {
            return Err(Refusal::unreadable(411, "a body needs a Content-Length"));
        }
        let mut lengths = values(header::CONTENT_LENGTH);
        let length = lengths.next().unwrap_or(b"0");
        if lengths.any(|other| other != length) {
            return Err(Refusal::unreadable(400, "there are two lengths"));
        }
        let is_number = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
        let body_len = core::str::from_utf8(length)
            .ok()
            .filter(|_| is_number)
            .ok_or_else(|| Refusal::unreadable(400, "the Content-Length is no number"))?
            // Digits that are no usize are too many.
            .parse()
            .unwrap_or(usize::MAX);
        if body_len > LONGEST_BODY {
            return Err(Refusal::unreadable(413, "the body is too long"));
        }
        let connection_says = |word: &str| {
            values(header::CONNECTION).any(|value| {
                value
                    .split(|byte| *byte == b',')
                    .any(|token| token.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
            })
        };
        // A client of HTTP/1.0 would have to be told; it can as well connect anew.
        let keep_alive = is_1_1 && !connection_says("close");
        let expects_continue =
            values(header::EXPECT).any(|value| value.eq_ignore_ascii_case(b"100-continue"));
        Ok(Self {
            body_len,
            keep_alive,
            expects_continue,
        })
    }
}

/// The headers as texts; `None` when one is no UTF-8.
pub(super) fn texts<'h>(headers: &[httparse::Header<'h>]) -> Option<Vec<(&'h str, &'h str)>> {
    headers
        .iter()
        .map(|header| Some((header.name, core::str::from_utf8(header.value).ok()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::random::Random;

    #[test]
    fn the_end_of_a_head_is_found_however_the_bytes_come_in() {
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
    fn whatever_bytes_come_there_is_a_request_or_a_refusal() {
        const HEAD: &[u8] = b"POST /v5?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\
            Connection: keep-alive, close\r\nExpect: 100-continue\r\n\r\n";
        let sound = Framing::of(HEAD).unwrap();
        assert_eq!((sound.body_len, sound.keep_alive), (12, false));
        assert!(sound.expects_continue);
        let mut random = Random::new(2);
        for _ in 0..20_000 {
            let mut bytes = HEAD.to_vec();
            for _ in 0..=random.below(4) {
                let at = usize::try_from(random.below(bytes.len() as u64)).unwrap();
                bytes[at] = random.next().to_be_bytes()[0];
            }
            if let Ok(framing) = Framing::of(&bytes) {
                assert!(framing.body_len <= LONGEST_BODY);
            }
        }
    }
}
