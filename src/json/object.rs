//! Objects of which a few members are wanted.

use alloc::borrow::Cow;

use super::{Cursor, Expected};

impl<'a> Cursor<'a> {
    /// Reads an object; `read` reads the value of each of its keys, or skips it.
    pub(crate) fn each_member(
        &mut self,
        mut read: impl FnMut(&str, &mut Self) -> Result<(), Expected>,
    ) -> Result<(), Expected> {
        self.demand("{", Expected::Object)?;
        let mut is_first = true;
        while self.next_member(&mut is_first)? {
            let key = self.key()?;
            read(&key, self)?;
        }
        Ok(())
    }

    /// Reads a string, or `null` as none.
    pub(crate) fn string_or_null(&mut self) -> Result<Option<Cow<'a, str>>, Expected> {
        if self.eat("null") {
            return Ok(None);
        }
        self.string().map(Some)
    }
}
