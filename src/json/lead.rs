//! Texts that are likely to come next, compared at once.

use super::Cursor;

/// What is compared first: two vector registers of the smallest machine.
const HEAD: usize = 32;

/// What is compared only where a lead is longer than that, as long keys behind white space are.
const TAIL: usize = 16;

/// What may lead to the next value: punctuation, white space, a key, and the quote that opens a
/// string.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lead {
    head: Part<HEAD>,
    tail: Part<TAIL>,
    length: usize,
}

/// Some of the bytes to come, and all ones for each that counts.
#[derive(Clone, Copy, Debug)]
struct Part<const N: usize> {
    bytes: [u8; N],
    mask: [u8; N],
}

impl Lead {
    /// A lead that nothing follows.
    pub(crate) const NONE: Self = Self {
        head: Part::EMPTY,
        tail: Part::EMPTY,
        length: 0,
    };

    /// The text between two places, if it is short enough to be compared at once.
    pub(crate) fn between(from: Cursor<'_>, to: Cursor<'_>) -> Self {
        let length = from.left().saturating_sub(to.left());
        let text = from.rest.as_bytes().get(..length).unwrap_or_default();
        if length > HEAD + TAIL {
            return Self::NONE;
        }
        let (head, tail) = text.split_at_checked(HEAD).unwrap_or((text, b""));
        Self {
            head: Part::of(head),
            tail: Part::of(tail),
            length,
        }
    }
}

impl<const N: usize> Part<N> {
    const EMPTY: Self = Self {
        bytes: [0; N],
        mask: [0; N],
    };

    fn of(text: &[u8]) -> Self {
        let mut part = Self::EMPTY;
        for ((byte, mask), text) in part.bytes.iter_mut().zip(&mut part.mask).zip(text) {
            *byte = *text;
            *mask = 0xff;
        }
        part
    }

    /// Whether `text` goes on otherwise. There is no early end, so that LLVM makes it a few vector
    /// instructions.
    #[inline]
    fn differs_from(&self, text: &[u8; N]) -> bool {
        let mut difference = 0;
        for ((byte, wanted), mask) in text.iter().zip(&self.bytes).zip(&self.mask) {
            difference |= (byte ^ wanted) & mask;
        }
        difference != 0
    }
}

impl Cursor<'_> {
    /// Goes over `lead` if the text goes on with it; never over [`Lead::NONE`], and never near the
    /// end of the text.
    #[inline]
    pub(crate) fn eat_lead(&mut self, lead: &Lead) -> bool {
        let Some((head, behind)) = self.rest.as_bytes().split_first_chunk() else {
            return false;
        };
        if lead.head.differs_from(head) || lead.length == 0 {
            return false;
        }
        if lead.length > HEAD
            && behind
                .first_chunk()
                .is_none_or(|tail| lead.tail.differs_from(tail))
        {
            return false;
        }
        match self.rest.get(lead.length..) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}
