//! Values that are skipped, but still validated, and numbers.

use super::{Cursor, ErrorCode, MAX_DEPTH};

/// The arrays and objects around a value, innermost last: one bit each, set for an object. Neither
/// recursion nor allocation, whatever the depth.
#[derive(Default)]
struct Containers {
    objects: u128,
    depth: usize,
}

const _: () = assert!(MAX_DEPTH == u128::BITS as usize);

impl Containers {
    fn enter(&mut self, is_object: bool) -> Result<(), ErrorCode> {
        if self.depth == MAX_DEPTH {
            return Err(ErrorCode::TooDeep);
        }
        self.objects = self.objects << 1 | u128::from(is_object);
        self.depth += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.objects >>= 1;
        self.depth -= 1;
    }

    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }
}

/// A number as it was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number<'a> {
    pub(crate) text: &'a str,
    /// Whether it has neither a fraction nor an exponent.
    pub(crate) is_integer: bool,
}

impl<'a> Cursor<'a> {
    /// Skips one value, which nests at most [`MAX_DEPTH`] deep.
    pub(crate) fn skip_value(&mut self) -> Result<(), ErrorCode> {
        let mut containers = Containers::default();
        loop {
            let mut first = match self.peek() {
                Some(b'{') => {
                    containers.enter(true)?;
                    self.eat("{");
                    true
                }
                Some(b'[') => {
                    containers.enter(false)?;
                    self.eat("[");
                    true
                }
                _ => {
                    self.skip_scalar()?;
                    false
                }
            };
            // To the next value: in this container, or after it.
            loop {
                if containers.depth == 0 {
                    return Ok(());
                }
                let goes_on = if containers.in_object() {
                    self.next_member(&mut first)? && {
                        self.skip_key()?;
                        true
                    }
                } else {
                    self.next_element(&mut first)?
                };
                if goes_on {
                    break;
                }
                containers.leave();
            }
        }
    }

    /// Skips the key under the cursor and its colon.
    fn skip_key(&mut self) -> Result<(), ErrorCode> {
        self.eat("\"");
        self.skip_string_tail()?;
        self.expect(":", ErrorCode::ExpectedColon)
    }

    /// Skips a string, a number or a literal.
    pub(crate) fn skip_scalar(&mut self) -> Result<(), ErrorCode> {
        match self.byte() {
            Some(b'"') => {
                self.eat("\"");
                self.skip_string_tail()
            }
            Some(b'-' | b'0'..=b'9') => self.number().map(drop),
            _ if self.eat("true") || self.eat("false") || self.eat("null") => Ok(()),
            _ => Err(ErrorCode::ExpectedValue),
        }
    }

    /// Reads the number under the cursor.
    pub(crate) fn number(&mut self) -> Result<Number<'a>, ErrorCode> {
        let start = *self;
        self.eat("-");
        if self.eat("0") {
            if matches!(self.byte(), Some(b'0'..=b'9')) {
                return Err(ErrorCode::LeadingZero);
            }
        } else {
            self.digits()?;
        }
        let integer_end = self.remaining();
        if self.eat(".") {
            self.digits()?;
        }
        if self.eat("e") || self.eat("E") {
            let _ = self.eat("+") || self.eat("-");
            self.digits()?;
        }
        Ok(Number {
            text: start.until(*self),
            is_integer: integer_end == self.remaining(),
        })
    }

    /// Skips one digit or more.
    fn digits(&mut self) -> Result<(), ErrorCode> {
        let after = self.rest.trim_start_matches(|ch: char| ch.is_ascii_digit());
        if after.len() == self.rest.len() {
            return Err(ErrorCode::ExpectedDigit);
        }
        self.rest = after;
        Ok(())
    }
}
