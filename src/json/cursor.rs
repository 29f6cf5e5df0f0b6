//! The cursor: white space, punctuation, literals, and the walk over objects and arrays.

use alloc::borrow::Cow;

use super::Expected;

/// A place in a text. What was read lies before it; a fault leaves it where reading failed.
///
/// It holds the rest as a `&str`, not bytes and an index: cutting at an ASCII byte that was just
/// seen then needs no second check.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    pub(super) rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// The text that is left.
    #[cfg(any(feature = "serde_json", feature = "miniserde"))]
    pub(crate) fn rest(&self) -> &'a str {
        self.rest
    }

    /// The bytes that are left.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    /// The byte under the cursor.
    #[inline]
    pub(crate) fn byte(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    /// Goes over white space and tells the byte behind it.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        // Compact texts have none: one comparison settles it.
        if self.byte().is_some_and(|byte| byte <= b' ') {
            self.skip_blanks();
        }
        self.byte()
    }

    #[inline(never)]
    fn skip_blanks(&mut self) {
        let blank = |byte: &&u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        let length = self.rest.as_bytes().iter().take_while(blank).count();
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    /// Goes over `token` if the text goes on with it.
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

    /// Goes over white space and then `token`.
    #[inline]
    pub(crate) fn demand(&mut self, token: &str, expected: Expected) -> Result<(), Expected> {
        self.peek();
        if self.eat(token) {
            Ok(())
        } else {
            Err(expected)
        }
    }

    /// Moves to the next key of the object whose `{` was read; `false` once its `}` is read.
    /// `first` is true before the first member, and false from then on.
    #[inline]
    pub(crate) fn next_member(&mut self, first: &mut bool) -> Result<bool, Expected> {
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
            _ if !is_first => return Err(Expected::CommaOrBrace),
            _ => {}
        }
        if self.byte() == Some(b'"') {
            Ok(true)
        } else {
            Err(Expected::Key)
        }
    }

    /// Reads the key under the cursor and its colon, up to the value.
    #[inline]
    pub(crate) fn key(&mut self) -> Result<Cow<'a, str>, Expected> {
        let key = self.string()?;
        self.colon()?;
        Ok(key)
    }

    /// Goes over the colon behind a key, up to the value.
    #[inline]
    pub(crate) fn colon(&mut self) -> Result<(), Expected> {
        self.demand(":", Expected::Colon)?;
        self.peek();
        Ok(())
    }

    /// Moves to the next element of the array whose `[` was read; `false` once its `]` is read.
    #[inline]
    pub(crate) fn next_element(&mut self, first: &mut bool) -> Result<bool, Expected> {
        let is_first = core::mem::replace(first, false);
        match self.peek() {
            Some(b']') => {
                // `[1,]` comes here only before its comma, which demands a value behind it.
                self.eat("]");
                return Ok(false);
            }
            Some(b',') if !is_first => {
                self.eat(",");
                if self.peek() == Some(b']') {
                    return Err(Expected::Value);
                }
            }
            _ if !is_first => return Err(Expected::CommaOrBracket),
            _ => {}
        }
        Ok(true)
    }

    /// Goes over white space to the end of the text.
    pub(crate) fn end(&mut self) -> Result<(), Expected> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(Expected::End),
        }
    }
}
