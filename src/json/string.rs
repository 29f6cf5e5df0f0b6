//! Strings: borrowed up to the first escape, owned from there on.

use alloc::borrow::Cow;
use alloc::string::String;

use super::{Cursor, Expected};

impl<'a> Cursor<'a> {
    /// Reads the string under the cursor.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<Cow<'a, str>, Expected> {
        if self.eat("\"") {
            self.string_tail()
        } else {
            Err(Expected::String)
        }
    }

    /// Reads on in a string whose opening quote was read.
    #[inline]
    pub(crate) fn string_tail(&mut self) -> Result<Cow<'a, str>, Expected> {
        let plain = self.plain();
        if self.eat("\"") {
            Ok(Cow::Borrowed(plain))
        } else {
            self.unescape(plain).map(Cow::Owned)
        }
    }

    /// Goes over a string whose opening quote was read, holding it to the same rules.
    #[inline]
    pub(crate) fn skip_string_tail(&mut self) -> Result<(), Expected> {
        loop {
            self.plain();
            if self.eat("\"") {
                return Ok(());
            }
            self.escape()?;
        }
    }

    /// Reads a string with escapes, of which `plain` was read and the cursor stands on what ended
    /// it.
    #[cold]
    fn unescape(&mut self, plain: &str) -> Result<String, Expected> {
        // Room for as much again, but never for more than is there.
        let mut text = String::with_capacity((2 * plain.len() + 32).min(plain.len() + self.left()));
        text.push_str(plain);
        loop {
            text.push(self.escape()?);
            text.push_str(self.plain());
            if self.eat("\"") {
                return Ok(text);
            }
        }
    }

    /// Reads up to the next quote, backslash or control character, or to the end.
    #[inline]
    fn plain(&mut self) -> &'a str {
        let length = plain_length(self.rest.as_bytes());
        // A special byte is ASCII, so the cut stands on a boundary.
        let Some((plain, rest)) = self.rest.split_at_checked(length) else {
            return "";
        };
        self.rest = rest;
        plain
    }
}

/// How many bytes come before the first quote, backslash or control character.
#[inline]
fn plain_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    let mut chunks = bytes;
    while let Some((chunk, rest)) = chunks.split_first_chunk::<8>() {
        let special = special_bytes(u64::from_le_bytes(*chunk));
        if special != 0 {
            return length + special.trailing_zeros() as usize / 8;
        }
        chunks = rest;
        length += 8;
    }
    length
        + chunks
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
            .unwrap_or(chunks.len())
}

/// Marks the high bit of special bytes among eight. Borrows run upwards only, so the lowest mark
/// is always true; those above it may not be.
#[inline]
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES << 7;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = zero(word ^ (ONES * u64::from(b'"')));
    let backslash = zero(word ^ (ONES * u64::from(b'\\')));
    (control | quote | backslash) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for length in 0..40 {
            for at in 0..length {
                for byte in 0..=255_u8 {
                    let mut bytes = vec![0xe5; length];
                    bytes[at] = byte;
                    let special = byte < 0x20 || byte == b'"' || byte == b'\\';
                    let expected = if special { at } else { length };
                    assert_eq!(plain_length(&bytes), expected, "{byte:#04x} at {at}");
                }
            }
        }
    }

    #[test]
    fn a_special_byte_hides_none_before_it() {
        let specials = [0, 1, 0x1f, b'"', b'\\'];
        let plains = [
            b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0x9f, 0xa2, 0xdc, 0xff,
        ];
        for special in specials {
            for next in specials.into_iter().chain(plains) {
                for before in plains {
                    for at in 0..20 {
                        let mut bytes = vec![before; at];
                        bytes.extend([special, next, next, next]);
                        assert_eq!(plain_length(&bytes), at);
                    }
                }
            }
        }
    }
}
