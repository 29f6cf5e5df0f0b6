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
    pub(crate) fn unescape(&mut self, plain: &str) -> Result<String, Expected> {
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
    pub(crate) fn plain(&mut self) -> &'a str {
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
#[expect(
    clippy::inline_always,
    reason = "strings are short: a call costs as much again"
)]
#[inline(always)]
fn plain_length(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((chunk, behind)) = rest.split_first_chunk::<16>() {
        if has_special(chunk) {
            let (low, high) = halves(chunk);
            let special = special_bytes(low);
            let before = bytes.len() - rest.len();
            return before
                + if special != 0 {
                    special.trailing_zeros() as usize / 8
                } else {
                    8 + special_bytes(high).trailing_zeros() as usize / 8
                };
        }
        rest = behind;
    }
    bytes.len() - rest.len()
        + rest
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
            .unwrap_or(rest.len())
}

/// Whether there is a special byte among sixteen. Shaped so that LLVM makes it a few vector
/// instructions: no early end, and subtraction that saturates for "less than".
#[inline]
fn has_special(chunk: &[u8; 16]) -> bool {
    let mut special = 0;
    for &byte in chunk {
        special |= 0x20_u8.saturating_sub(byte);
        special |= if byte == b'"' { 0xff } else { 0 };
        special |= if byte == b'\\' { 0xff } else { 0 };
    }
    special != 0
}

#[inline]
fn halves(chunk: &[u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(*chunk);
    #[expect(clippy::cast_possible_truncation, reason = "a half is wanted")]
    (both as u64, (both >> 64) as u64)
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
