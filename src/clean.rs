//! Cleans the values that people and tools write into environment variables and files.
//!
//! Every value from outside passes through here, so that a line end, a byte order mark or a pair
//! of quotes is never sent to the service, which would count it as a failed login or signature.

#[cfg(any(feature = "ureq", feature = "curl"))]
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::redact::is_harmless;
use crate::secret::{Secret, broken_word_rule};

/// A value without what surrounds it: white space, line ends, a byte order mark, and one pair of
/// matching quotes.
#[derive(Clone, Copy)]
pub(crate) struct Cleaned<'a> {
    pub(crate) text: &'a str,
    /// Whether a pair of quotes was removed. The error says so if the value is refused.
    pub(crate) was_quoted: bool,
}

/// What the error of a refused value says about its quotes.
pub(crate) const QUOTES_REMOVED: &str = "one pair of quotes around the value was removed";

/// What a value must consist of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Printable ASCII without spaces, not in quotes: a token, a key, an id, a URL, a region.
    Word,
    /// Text without control characters: a name, a password.
    Text,
}

/// Cleans a value. White space within quotes is kept, because it is intentional.
pub(crate) fn clean(text: &str) -> Cleaned<'_> {
    let is_mark = |ch| ch == '\u{feff}';
    let text = text.trim_matches(|ch: char| ch.is_whitespace() || is_mark(ch));
    let unquoted = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    match unquoted('"').or_else(|| unquoted('\'')) {
        Some(inner) => Cleaned {
            text: inner.trim_matches(|ch| matches!(ch, '\r' | '\n') || is_mark(ch)),
            was_quoted: true,
        },
        None => Cleaned {
            text,
            was_quoted: false,
        },
    }
}

impl Cleaned<'_> {
    /// Refuses a value that breaks `rule`. The error is the rule, never the value.
    pub(crate) fn check(self, rule: Rule) -> Result<(), String> {
        let Some(broken) = rule.broken_by(self.text) else {
            return Ok(());
        };
        Err(if self.was_quoted {
            alloc::format!("{broken} ({QUOTES_REMOVED})")
        } else {
            String::from(broken)
        })
    }
}

impl Rule {
    /// The part of the rule that `text` breaks, if it breaks any.
    pub(crate) fn broken_by(self, text: &str) -> Option<&'static str> {
        match self {
            Self::Word => broken_word_rule(text),
            Self::Text if text.is_empty() => Some("must not be empty"),
            Self::Text => {
                (!text.chars().all(is_harmless)).then_some("must not contain control characters")
            }
        }
    }
}

/// The text of a file in UTF-8 or UTF-16, whose bytes are overwritten. Invalid bytes become U+FFFD,
/// which no [`Word`](Rule::Word) may hold, so that an invalid comment does not make the file
/// unusable.
pub(crate) fn decode(bytes: Vec<u8>) -> Secret {
    let text = match Encoding::of(&bytes) {
        Encoding::Utf8 => {
            // Large enough for the whole text: growing would leave a copy in memory.
            let mut text = String::with_capacity(3 * bytes.len());
            for chunk in bytes.utf8_chunks() {
                text.push_str(chunk.valid());
                if !chunk.invalid().is_empty() {
                    text.push(char::REPLACEMENT_CHARACTER);
                }
            }
            text
        }
        Encoding::Utf16(unit) => from_utf16(&bytes, unit),
    };
    // Overwrites the bytes, whatever they are.
    drop(Secret::from_utf8(bytes));
    Secret::from(text)
}

/// PEM as it is in files and variables: UTF-16 becomes UTF-8, and what surrounds the blocks goes.
/// Bytes that are not text stay as they are, for the parser to refuse.
#[cfg(any(feature = "ureq", feature = "curl"))]
pub(crate) fn pem(bytes: &[u8]) -> Cow<'_, [u8]> {
    match Encoding::of(bytes) {
        Encoding::Utf16(unit) => {
            let text = from_utf16(bytes, unit);
            Cow::Owned(Vec::from(clean(&text).text))
        }
        Encoding::Utf8 => match core::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(clean(text).text.as_bytes()),
            Err(_) => Cow::Borrowed(bytes),
        },
    }
}

enum Encoding {
    Utf8,
    Utf16(fn([u8; 2]) -> u16),
}

impl Encoding {
    /// The encoding by the byte order mark. UTF-16 without one begins with an ASCII character in
    /// every file that matters here: half of its first two bytes are zero, which no text in UTF-8
    /// has.
    fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0xff, 0xfe, ..] | [1..=0x7f, 0, ..] => Self::Utf16(u16::from_le_bytes),
            [0xfe, 0xff, ..] | [0, 1..=0x7f, ..] => Self::Utf16(u16::from_be_bytes),
            _ => Self::Utf8,
        }
    }
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, rest) = bytes.as_chunks::<2>();
    // A unit of two bytes becomes three at most: growing would leave a copy behind.
    let mut text = String::with_capacity(3 * pairs.len() + 3);
    for ch in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        text.push(ch.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    if !rest.is_empty() {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_cleaned(given: &str, expected: &str, was_quoted: bool) {
        let cleaned = clean(given);
        assert_eq!((cleaned.text, cleaned.was_quoted), (expected, was_quoted));
    }

    #[test]
    fn removes_what_surrounds_a_value_and_one_pair_of_quotes() {
        for given in ["v", " v\t", "v\r\n", "\u{feff}v", "\r\n\u{feff} v\u{a0}\r"] {
            assert_cleaned(given, "v", false);
        }
        for given in ["\"v\"", "'v'\r\n", "\u{feff}\"v\r\n\"", "\"\u{feff}v\""] {
            assert_cleaned(given, "v", true);
        }
        assert_cleaned("\"'v'\"", "'v'", true);
        assert_cleaned("' v '", " v ", true);
        assert_cleaned("\"v'", "\"v'", false);
        assert_cleaned("\"", "\"", false);
        assert_cleaned("''", "", true);
        assert_cleaned("", "", false);
    }

    #[test]
    fn a_broken_rule_is_named_with_the_quotes_that_were_removed() {
        let broken = |given, rule| clean(given).check(rule).unwrap_err();
        assert_eq!(broken("", Rule::Word), "must not be empty");
        assert_eq!(broken("", Rule::Text), "must not be empty");
        assert_eq!(
            broken("'a b'", Rule::Word),
            "must be printable ASCII without spaces (one pair of quotes around the value was \
             removed)"
        );
        assert_eq!(
            broken("a\u{202e}b", Rule::Text),
            "must not contain control characters"
        );
        clean("'a b\" 备'").check(Rule::Text).unwrap();
    }

    #[test]
    fn decodes_utf_8_and_utf_16_with_and_without_a_mark() {
        let utf16 = |text: &str, to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect();
        for text in ["k = 备😀\r\n", "\u{feff}k = 备😀"] {
            for bytes in [
                Vec::from(text),
                utf16(text, u16::to_le_bytes),
                utf16(text, u16::to_be_bytes),
            ] {
                assert_eq!(decode(bytes).expose_secret(), text);
            }
        }
        for (bytes, expected) in [
            (&b"a\xffb\xe5\xa4"[..], "a\u{fffd}b\u{fffd}"),
            (b"\xff\xfea\0\x3d\xd8", "\u{feff}a\u{fffd}"),
            (b"\xff\xfea\0b", "\u{feff}a\u{fffd}"),
            (b"\xfe\xff", "\u{feff}"),
            (b"", ""),
            (b"\0", "\0"),
        ] {
            assert_eq!(decode(bytes.to_vec()).expose_secret(), expected);
        }
    }

    #[cfg(any(feature = "ureq", feature = "curl"))]
    #[test]
    fn pem_is_decoded_and_cleaned_and_other_bytes_stay() {
        let pem_of = |bytes: &[u8]| String::from_utf8_lossy(&pem(bytes)).into_owned();
        let text = "-----BEGIN CERTIFICATE-----\r\nAA==\r\n-----END CERTIFICATE-----";
        for around in [
            ["", ""],
            ["\u{feff}", "\r\n"],
            ["\"", "\"\n"],
            ["'", "\r\n'"],
        ] {
            let given = alloc::format!("{}{text}{}", around[0], around[1]);
            assert_eq!(pem_of(given.as_bytes()), text);
            let given: Vec<u8> = given.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert_eq!(pem_of(&given), text);
        }
        assert_eq!(&*pem(b"\xe9 \"x\""), b"\xe9 \"x\"");
    }
}
