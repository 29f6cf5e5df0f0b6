//! Strings: borrowed up to the first escape, owned from there on; and written with their quotes.

use alloc::borrow::Cow;
use alloc::string::String;
#[cfg(feature = "std")]
use core::fmt::Write as _;

use super::scan::literal_length;
use super::{Cursor, ErrorCode};

impl<'a> Cursor<'a> {
    /// Reads the string under the cursor.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Cow<'a, str>, ErrorCode> {
        if self.eat("\"") {
            self.string_tail()
        } else {
            Err(ErrorCode::ExpectedString)
        }
    }

    /// Reads the rest of a string whose opening quote was read.
    #[inline]
    fn string_tail(&mut self) -> Result<Cow<'a, str>, ErrorCode> {
        let literal = self.literal();
        if self.eat("\"") {
            Ok(Cow::Borrowed(literal))
        } else {
            self.unescape(literal).map(Cow::Owned)
        }
    }

    /// Skips the rest of a string whose opening quote was read, held to the same rules.
    #[inline]
    pub(crate) fn skip_string_tail(&mut self) -> Result<(), ErrorCode> {
        loop {
            self.literal();
            if self.eat("\"") {
                return Ok(());
            }
            self.escape()?;
        }
    }

    /// Reads the rest of a string with escapes. `literal` was read, and the cursor is at the byte
    /// that ended it.
    #[cold]
    pub(crate) fn unescape(&mut self, literal: &str) -> Result<String, ErrorCode> {
        // As long as the string is before it is unescaped: one allocation is enough.
        let start = *self;
        self.skip_string_tail()?;
        let mut text = String::with_capacity(literal.len() + start.until(*self).len());
        *self = start;
        text.push_str(literal);
        loop {
            text.push(self.escape()?);
            text.push_str(self.literal());
            if self.eat("\"") {
                return Ok(text);
            }
        }
    }

    /// Reads up to the next quote, backslash or control character, or to the end.
    #[inline]
    pub(crate) fn literal(&mut self) -> &'a str {
        self.cut(literal_length(self.rest.as_bytes()))
    }

    /// Reads `length` bytes, up to one that ends literal text, or to the end. Such a byte is ASCII,
    /// so the cut is at a character boundary.
    #[inline]
    fn cut(&mut self, length: usize) -> &'a str {
        let Some((literal, rest)) = self.rest.split_at_checked(length) else {
            return "";
        };
        self.rest = rest;
        literal
    }

    /// Reads the escape under the cursor. An error leaves the cursor at the backslash, or at
    /// whatever else is there.
    fn escape(&mut self) -> Result<char, ErrorCode> {
        let start = *self;
        let escape = self.read_escape();
        if escape.is_err() {
            *self = start;
        }
        escape
    }

    fn read_escape(&mut self) -> Result<char, ErrorCode> {
        if !self.eat("\\") {
            return Err(match self.byte() {
                None => ErrorCode::UnterminatedString,
                Some(_) => ErrorCode::ControlCharacter,
            });
        }
        let escaped = match self.byte() {
            Some(b'n') => '\n',
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.eat("u");
                return self.unicode_escape();
            }
            _ => return Err(ErrorCode::InvalidEscape),
        };
        self.rest = self.rest.get(1..).unwrap_or_default();
        Ok(escaped)
    }

    /// Reads what follows `\u`: one code unit, or the two of a surrogate pair. Services cut
    /// messages at a number of code units, so half a pair is not an error: it becomes U+FFFD, and
    /// the text after it is read separately.
    fn unicode_escape(&mut self) -> Result<char, ErrorCode> {
        let unit = self.hex_digits()?;
        let mut scalar = unit;
        if (0xd800..0xdc00).contains(&unit) {
            let mut ahead = *self;
            if ahead.eat("\\u")
                && let Ok(low @ 0xdc00..0xe000) = ahead.hex_digits()
            {
                *self = ahead;
                scalar = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            }
        }
        Ok(char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex_digits(&mut self) -> Result<u32, ErrorCode> {
        let (digits, rest) = self
            .rest
            .split_at_checked(4)
            .ok_or(ErrorCode::InvalidHexDigits)?;
        let mut unit = 0;
        for byte in digits.bytes() {
            let digit = char::from(byte).to_digit(16);
            unit = unit << 4 | digit.ok_or(ErrorCode::InvalidHexDigits)?;
        }
        self.rest = rest;
        Ok(unit)
    }
}

/// Writes a text with its quotes, escaped where JSON requires it and nowhere else.
#[cfg(feature = "std")]
pub(crate) fn quote_into(out: &mut String, text: &str) {
    out.push('"');
    let mut literal_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(text.get(literal_from..at).unwrap_or_default());
        out.push_str(short);
        if short.is_empty() {
            let written = write!(out, "\\u{byte:04x}");
            debug_assert!(written.is_ok(), "writing to a String cannot fail");
        }
        literal_from = at + 1;
    }
    out.push_str(text.get(literal_from..).unwrap_or_default());
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "std")]
    #[test]
    fn quoted_text_parses_back_to_itself() {
        let text: String = ('\0'..='\u{2ff}')
            .chain(['\u{2028}', '备', '\u{feff}', '😀', '\u{10ffff}'])
            .collect();
        let mut out = String::new();
        quote_into(&mut out, &text);
        assert_eq!(::serde_json::from_str::<String>(&out).unwrap(), text);
        assert_eq!(Cursor::new(&out).string().unwrap(), text);
    }

    #[test]
    fn any_pair_of_code_units_is_decoded_as_utf_16() {
        // Every boundary of the surrogates, and one value inside of each range.
        let units = [
            0, 0x41, 0xd7ff, 0xd800, 0xd9ab, 0xdbff, 0xdc00, 0xdead, 0xdfff, 0xe000, 0xffff,
        ];
        for first in units {
            for second in units {
                for third in units {
                    let text = alloc::format!("\"\\u{first:04x}\\u{second:04X}\\u{third:04x}\"");
                    let expected = String::from_utf16_lossy(&[first, second, third]);
                    assert_eq!(Cursor::new(&text).string().unwrap(), expected, "{text}");
                    assert_eq!(Cursor::new(&text).skip_scalar(), Ok(()), "{text}");
                }
            }
        }
    }
}
