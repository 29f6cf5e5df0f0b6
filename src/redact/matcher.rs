//! Finds secrets in a text, in any encoding.
//!
//! A needle, which is a secret or the part of its base64 form that does not depend on the text
//! around it, is compared with the text character by character. Each character may be literal or
//! [escaped](super::escape), and control characters and white space may be between any two. Since a
//! secret may itself contain text that resembles an escape, all interpretations are followed: the
//! state is the set of positions that the text may have been read to. For text that was escaped
//! twice, the search is repeated with one layer decoded.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::{MIN_SECRET_CHARS, escape, is_harmless};
use crate::secret::Secret;

/// For each byte of the text, whether it belongs to a secret. Empty without secrets.
pub(super) fn find(text: &str, secrets: &[Secret]) -> Vec<bool> {
    if secrets.is_empty() {
        return Vec::new();
    }
    let mut found = vec![false; text.len()];
    let mut mark = |range: Range<usize>| {
        if let Some(bytes) = found.get_mut(range) {
            bytes.fill(true);
        }
    };
    search(text, secrets, &mut mark);
    // One layer at a time: a secret may contain text that resembles an escape of another kind.
    for leader in ['\\', '%', '&'] {
        if let Some(decoded) = Decoded::new(text, leader) {
            search(&decoded.text, secrets, &mut |range| {
                mark(decoded.origin(&range));
            });
        }
    }
    found
}

/// A text with one layer of escapes of one kind decoded.
struct Decoded {
    text: String,
    /// For each byte of `text`, and its end, where it comes from.
    origins: Vec<usize>,
}

impl Decoded {
    /// Decodes the escapes that begin with `leader`; `None` if there are none.
    fn new(text: &str, leader: char) -> Option<Self> {
        if !text.chars().any(|ch| ch == leader) {
            return None;
        }
        let mut decoded = Self {
            text: String::new(),
            origins: Vec::new(),
        };
        let mut is_escaped = false;
        let mut at = 0;
        while let Some(rest) = text.get(at..)
            && let Some(raw) = rest.chars().next()
        {
            let escape = escape::decode(rest).filter(|_| raw == leader);
            is_escaped |= escape.is_some();
            let (ch, length) = escape.unwrap_or((raw, raw.len_utf8()));
            decoded.text.push(ch);
            decoded.origins.resize(decoded.text.len(), at);
            at += length;
        }
        decoded.origins.push(text.len());
        is_escaped.then_some(decoded)
    }

    /// Where a range of the decoded text comes from.
    fn origin(&self, range: &Range<usize>) -> Range<usize> {
        let of = |at: usize| self.origins.get(at).copied().unwrap_or_default();
        of(range.start)..of(range.end)
    }
}

fn search(text: &str, secrets: &[Secret], mark: &mut dyn FnMut(Range<usize>)) {
    // An excerpt that was cut ends so; the start of a secret before it counts as the secret.
    let text_end = text.trim_end_matches('…').len();
    let mut search = Search {
        text,
        text_end,
        places: Vec::new(),
        next: Vec::new(),
    };
    for secret in secrets {
        for needle in needles(secret.expose_secret(), text.len()) {
            let Some(first) = needle.text.expose_secret().chars().next() else {
                continue;
            };
            for (at, ch) in text.char_indices() {
                // Most places are ruled out by the first character.
                let may_begin =
                    is_same(ch, first, needle.is_base64) || matches!(ch, '\\' | '%' | '&');
                if may_begin && let Some(end) = search.match_at(at, &needle) {
                    mark(if needle.is_base64 {
                        extended(text, at..end)
                    } else {
                        at..end
                    });
                }
            }
        }
    }
}

struct Search<'t> {
    text: &'t str,
    text_end: usize,
    /// Where the text may have been read to; kept to save allocations.
    places: Vec<usize>,
    next: Vec<usize>,
}

impl Search<'_> {
    /// The end of the needle if the text has it at `start`. Its first characters at the end of the
    /// text are a match, too, if there are enough of them.
    fn match_at(&mut self, start: usize, needle: &Needle) -> Option<usize> {
        self.places.clear();
        self.places.push(start);
        for (matched, wanted) in needle.text.expose_secret().chars().enumerate() {
            self.next.clear();
            let mut index = 0;
            // Skipping adds places while they are visited.
            while let Some(&at) = self.places.get(index) {
                index += 1;
                // White space in a secret may be missing in the text.
                if is_skipped(wanted) {
                    push_new(&mut self.next, at);
                }
                for (ch, end) in readings(self.text, at) {
                    if is_same(ch, wanted, needle.is_base64) {
                        push_new(&mut self.next, end);
                    }
                    if is_skipped(ch) && matched > 0 {
                        push_new(&mut self.places, end);
                    }
                }
            }
            core::mem::swap(&mut self.places, &mut self.next);
            if self.places.is_empty() {
                let is_cut_off =
                    matched >= MIN_SECRET_CHARS && self.next.iter().any(|at| self.is_end(*at));
                return is_cut_off.then_some(self.text_end);
            }
        }
        self.places.iter().copied().max()
    }

    /// Whether nothing follows but, at most, an escape that was cut in two.
    fn is_end(&self, at: usize) -> bool {
        let rest = self.text.get(at..self.text_end).unwrap_or_default();
        let is_in_escape = |byte: &u8| byte.is_ascii_alphanumeric() || b"\\%&#{".contains(byte);
        rest.is_empty()
            || (rest.len() < 12
                && rest.starts_with(['\\', '%', '&'])
                && rest.as_bytes().iter().all(is_in_escape))
    }
}

/// The interpretations of the text at `at`: the literal character, and the escape that it begins,
/// each with its end.
fn readings(text: &str, at: usize) -> impl Iterator<Item = (char, usize)> {
    let rest = text.get(at..).unwrap_or_default();
    let raw = rest.chars().next().map(|ch| (ch, at + ch.len_utf8()));
    let escaped = escape::decode(rest).map(|(ch, length)| (ch, at + length));
    raw.into_iter().chain(escaped)
}

fn push_new(places: &mut Vec<usize>, place: usize) {
    if !places.contains(&place) {
        places.push(place);
    }
}

/// Whether a character may be between any two of a secret.
fn is_skipped(ch: char) -> bool {
    ch.is_whitespace() || !is_harmless(ch)
}

fn is_same(ch: char, wanted: char, is_base64: bool) -> bool {
    ch == wanted
        // HTML forms encode a space as `+`.
        || (ch == '+' && wanted == ' ')
        || (is_base64 && matches!((ch, wanted), ('-', '+') | ('_', '/')))
}

/// The whole base64 text around a match: the characters at its edges hold bits of the secret, too.
fn extended(text: &str, range: Range<usize>) -> Range<usize> {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
    let bytes = text.as_bytes();
    let before = bytes.get(..range.start).unwrap_or_default();
    let behind = bytes.get(range.end..).unwrap_or_default();
    let left = before
        .iter()
        .rev()
        .take_while(|byte| is_digit(byte))
        .count();
    let right = behind.iter().take_while(|byte| is_digit(byte)).count();
    range.start - left..range.end + right
}

/// A secret or its base64 form, as it is searched for.
struct Needle {
    text: Secret,
    is_base64: bool,
}

/// The secret, and the three forms that its base64 has by where it begins in a group of three bytes.
/// Of these only as much as a text of this length can hold: a token is long, a request id short.
fn needles(secret: &str, text_length: usize) -> [Needle; 4] {
    let bytes = secret.as_bytes();
    let bytes = bytes.get(..text_length + 2).unwrap_or(bytes);
    let raw = Needle {
        text: secret.trim_start_matches(is_skipped).into(),
        is_base64: false,
    };
    let base64 = |other_bits| Needle {
        text: base64(bytes, other_bits),
        is_base64: true,
    };
    [raw, base64(0), base64(4), base64(2)]
}

/// The base64 digits of `bytes`, but for those at the edges that depend on other bytes: a digit
/// before the first takes `other_bits` of them.
fn base64(bytes: &[u8], other_bits: i32) -> Secret {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // Large enough for all digits: growing would leave a copy in memory.
    let mut digits = String::with_capacity(2 * bytes.len());
    let (mut buffer, mut bits) = (0_u32, -other_bits);
    for &byte in bytes {
        buffer = buffer << 8 | u32::from(byte);
        bits += 8;
        while bits >= 6 {
            bits -= 6;
            let digit = DIGITS.get((buffer >> bits & 63) as usize);
            digits.extend(digit.copied().map(char::from));
        }
    }
    digits.into()
}
