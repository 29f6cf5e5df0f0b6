//! Escapes in strings.

use super::{Cursor, Expected};

impl Cursor<'_> {
    /// Reads the escape under the cursor. On a fault the cursor stands on its backslash, or on
    /// whatever else is in its place.
    pub(crate) fn escape(&mut self) -> Result<char, Expected> {
        let start = *self;
        let read = self.read_escape();
        if read.is_err() {
            *self = start;
        }
        read
    }

    fn read_escape(&mut self) -> Result<char, Expected> {
        if !self.eat("\\") {
            return Err(match self.byte() {
                None => Expected::ClosingQuote,
                Some(_) => Expected::NoControl,
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
            _ => return Err(Expected::Escape),
        };
        self.rest = self.rest.get(1..).unwrap_or_default();
        Ok(escaped)
    }

    /// Reads what follows `\u`: one code unit, or the two of a surrogate pair.
    fn unicode_escape(&mut self) -> Result<char, Expected> {
        let unit = self.hex_digits()?;
        let scalar = match unit {
            0xd800..=0xdbff => {
                if !self.eat("\\u") {
                    return Err(Expected::LowSurrogate);
                }
                match self.hex_digits()? {
                    low @ 0xdc00..=0xdfff => 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00),
                    _ => return Err(Expected::LowSurrogate),
                }
            }
            _ => unit,
        };
        char::from_u32(scalar).ok_or(Expected::NoLowSurrogate)
    }

    fn hex_digits(&mut self) -> Result<u32, Expected> {
        let (digits, rest) = self.rest.split_at_checked(4).ok_or(Expected::HexDigits)?;
        let mut unit = 0;
        for byte in digits.bytes() {
            let digit = char::from(byte).to_digit(16).ok_or(Expected::HexDigits)?;
            unit = unit << 4 | digit;
        }
        self.rest = rest;
        Ok(unit)
    }
}
