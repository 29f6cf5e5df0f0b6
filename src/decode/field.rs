//! Which members of a job an object has had.

use crate::job::Field;

/// The members an object has had so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen(u16);

impl Seen {
    /// Notes a member; `false` if it was there before.
    #[inline]
    pub(crate) fn insert(&mut self, field: Field) -> bool {
        let before = self.0;
        self.0 |= 1 << field as u8;
        self.0 != before
    }

    #[inline]
    pub(crate) fn has(self, field: Field) -> bool {
        self.0 & 1 << field as u8 != 0
    }
}
