//! The cursor: white space, punctuation, objects and arrays.

use alloc::borrow::Cow;

use super::ErrorCode;

/// A position in a text. An error leaves it where parsing failed.
///
/// It holds the rest as a `&str`, not bytes and an index: slicing at an ASCII byte that was just
/// seen then needs no second check.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    pub(super) rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// How many bytes remain.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The text from here to a later position.
    pub(crate) fn until(&self, later: Cursor<'_>) -> &'a str {
        let length = self.remaining().saturating_sub(later.remaining());
        self.rest.get(..length).unwrap_or_default()
    }

    /// The byte under the cursor.
    #[inline]
    pub(crate) fn byte(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    /// Skips white space and returns the byte after it.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        // Compact texts have none: one comparison settles it.
        if self.byte().is_some_and(|byte| byte <= b' ') {
            self.skip_white_space();
        }
        self.byte()
    }

    #[inline(never)]
    fn skip_white_space(&mut self) {
        let bytes = self.rest.as_bytes();
        let mut length = 0;
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(length) {
            length += 1;
            // Indentation: up to eight spaces at once.
            if let Some(word) = bytes.get(length..).and_then(<[u8]>::first_chunk) {
                let others = u64::from_le_bytes(*word) ^ u64::from_le_bytes([b' '; 8]);
                length += others.trailing_zeros() as usize / 8;
            }
        }
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    /// Skips `token` if the text continues with it.
    #[inline]
    pub(crate) fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Skips white space and then `token`.
    #[inline]
    pub(crate) fn expect(&mut self, token: &str, otherwise: ErrorCode) -> Result<(), ErrorCode> {
        self.peek();
        if self.eat(token) {
            Ok(())
        } else {
            Err(otherwise)
        }
    }

    /// Moves to the next key of the object whose `{` was read; `false` once its `}` is read.
    /// `first` is true before the first member, and false from then on.
    #[inline]
    pub(crate) fn next_member(&mut self, first: &mut bool) -> Result<bool, ErrorCode> {
        let is_first = core::mem::replace(first, false);
        match self.peek() {
            Some(b'}') => {
                self.eat("}");
                return Ok(false);
            }
            Some(b',') if !is_first => {
                self.eat(",");
                self.peek();
            }
            _ if !is_first => return Err(ErrorCode::ExpectedCommaOrBrace),
            _ => {}
        }
        if self.byte() == Some(b'"') {
            Ok(true)
        } else {
            Err(ErrorCode::ExpectedKey)
        }
    }

    /// Reads the key under the cursor and its colon, up to the value.
    #[inline]
    pub(crate) fn key(&mut self) -> Result<Cow<'a, str>, ErrorCode> {
        let key = self.string()?;
        self.colon()?;
        Ok(key)
    }

    /// Skips the colon after a key, up to the value.
    #[inline]
    pub(crate) fn colon(&mut self) -> Result<(), ErrorCode> {
        self.expect(":", ErrorCode::ExpectedColon)?;
        self.peek();
        Ok(())
    }

    /// Moves to the next element of the array whose `[` was read; `false` once its `]` is read.
    #[inline]
    pub(crate) fn next_element(&mut self, first: &mut bool) -> Result<bool, ErrorCode> {
        let is_first = core::mem::replace(first, false);
        match self.peek() {
            Some(b']') => {
                // `[1,]` gets here only before its comma, which requires a value after it.
                self.eat("]");
                return Ok(false);
            }
            Some(b',') if !is_first => {
                self.eat(",");
                if self.peek() == Some(b']') {
                    return Err(ErrorCode::ExpectedValue);
                }
            }
            _ if !is_first => return Err(ErrorCode::ExpectedCommaOrBracket),
            _ => {}
        }
        Ok(true)
    }

    /// Reads an object; `read` reads or skips the value of each key.
    #[cfg(feature = "std")]
    pub(crate) fn each_member(
        &mut self,
        mut read: impl FnMut(&str, &mut Self) -> Result<(), ErrorCode>,
    ) -> Result<(), ErrorCode> {
        self.expect("{", ErrorCode::ExpectedObject)?;
        let mut first = true;
        while self.next_member(&mut first)? {
            let key = self.key()?;
            read(&key, self)?;
        }
        Ok(())
    }

    /// Skips white space to the end of the text.
    pub(crate) fn end(&mut self) -> Result<(), ErrorCode> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(ErrorCode::ExpectedEnd),
        }
    }
}
