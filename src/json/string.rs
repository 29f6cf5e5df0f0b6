//! Strings: borrowed up to the first escape, owned from there on.

use alloc::borrow::Cow;
use alloc::string::String;

use super::special::{is_plain, plain_length};
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

    /// As [`plain`](Self::plain), for a text that is likely to be `length` long: to know that is
    /// quicker than to find it out.
    #[inline]
    pub(crate) fn plain_guessed(&mut self, length: usize) -> &'a str {
        let bytes = self.rest.as_bytes();
        let length = if bytes.get(length) == Some(&b'"') && is_plain(bytes, length) {
            length
        } else {
            plain_length(bytes)
        };
        self.cut(length)
    }

    /// Reads up to the next quote, backslash or control character, or to the end.
    #[inline]
    pub(crate) fn plain(&mut self) -> &'a str {
        self.cut(plain_length(self.rest.as_bytes()))
    }

    /// Reads `length` bytes, up to a special one or to the end. A special byte is ASCII, so the cut
    /// stands on a boundary.
    #[inline]
    fn cut(&mut self, length: usize) -> &'a str {
        let Some((plain, rest)) = self.rest.split_at_checked(length) else {
            return "";
        };
        self.rest = rest;
        plain
    }
}
