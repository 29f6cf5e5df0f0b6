//! Numbers: held to the grammar, valued only where an integer is wanted.

use super::{Cursor, Expected};

/// A number as it was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number<'a> {
    pub(crate) text: &'a str,
    /// Whether it has neither a fraction nor an exponent.
    pub(crate) is_integer: bool,
}

impl<'a> Cursor<'a> {
    /// Reads the number under the cursor, which must be an integer that fits 64 bits, signed or
    /// not; `-0` is none.
    pub(crate) fn integer(&mut self) -> Result<&'a str, Expected> {
        let start = *self;
        let Number { text, is_integer } = self.number()?;
        let fits = match text.strip_prefix('-') {
            Some(digits) => digits
                .parse::<u64>()
                .is_ok_and(|magnitude| magnitude <= i64::MIN.unsigned_abs()),
            None => text.parse::<u64>().is_ok(),
        };
        if is_integer && fits && text != "-0" {
            return Ok(text);
        }
        *self = start;
        Err(Expected::Integer)
    }

    /// Reads the number under the cursor.
    pub(crate) fn number(&mut self) -> Result<Number<'a>, Expected> {
        let start = self.rest;
        self.eat("-");
        if self.eat("0") {
            if matches!(self.byte(), Some(b'0'..=b'9')) {
                return Err(Expected::NoLeadingZero);
            }
        } else {
            self.digits()?;
        }
        let whole = self.left();
        if self.eat(".") {
            self.digits()?;
        }
        if self.eat("e") || self.eat("E") {
            let _ = self.eat("+") || self.eat("-");
            self.digits()?;
        }
        let text = start.get(..start.len() - self.left()).unwrap_or_default();
        Ok(Number {
            text,
            is_integer: whole == self.left(),
        })
    }

    /// Goes over one digit or more.
    fn digits(&mut self) -> Result<(), Expected> {
        let after = self.rest.trim_start_matches(|ch: char| ch.is_ascii_digit());
        if after.len() == self.rest.len() {
            return Err(Expected::Digit);
        }
        self.rest = after;
        Ok(())
    }
}
