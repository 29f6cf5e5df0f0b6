//! Objects of which a few members are wanted.

use super::{Cursor, Expected};

impl Cursor<'_> {
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
}
