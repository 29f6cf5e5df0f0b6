//! Text that is expected to come next, compared at once.

use super::Cursor;

/// What is compared first: two vector registers of the smallest machine.
const HEAD: usize = 32;

/// What is compared only if a prefix is longer than that, as long keys behind white space are.
const TAIL: usize = 16;

/// The text expected before the next value: punctuation, white space, a key, and the quote that
/// opens a string.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prefix {
    head: Part<HEAD>,
    tail: Part<TAIL>,
    length: usize,
}

/// Some of the expected bytes, and all ones for each that counts.
#[derive(Clone, Copy, Debug)]
struct Part<const N: usize> {
    bytes: [u8; N],
    mask: [u8; N],
}

impl Prefix {
    /// A prefix that no text has.
    pub(crate) const NONE: Self = Self {
        head: Part::EMPTY,
        tail: Part::EMPTY,
        length: 0,
    };

    /// The text between two cursors, if it is short enough to be compared at once.
    pub(crate) fn between(from: Cursor<'_>, to: Cursor<'_>) -> Self {
        let text = from.until(to).as_bytes();
        if text.len() > HEAD + TAIL {
            return Self::NONE;
        }
        let (head, tail) = text.split_at_checked(HEAD).unwrap_or((text, b""));
        Self {
            head: Part::new(head),
            tail: Part::new(tail),
            length: text.len(),
        }
    }
}

impl<const N: usize> Part<N> {
    const EMPTY: Self = Self {
        bytes: [0; N],
        mask: [0; N],
    };

    fn new(text: &[u8]) -> Self {
        let mut part = Self::EMPTY;
        for ((byte, mask), text) in part.bytes.iter_mut().zip(&mut part.mask).zip(text) {
            *byte = *text;
            *mask = 0xff;
        }
        part
    }

    /// Whether `text` differs. There is no early exit, so that LLVM makes it a few vector
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
    /// Skips `prefix` if the text continues with it; never [`Prefix::NONE`], and never near the end
    /// of the text.
    #[inline]
    pub(crate) fn eat_prefix(&mut self, prefix: &Prefix) -> bool {
        let Some((head, behind)) = self.rest.as_bytes().split_first_chunk() else {
            return false;
        };
        if prefix.head.differs_from(head) || prefix.length == 0 {
            return false;
        }
        if prefix.length > HEAD
            && behind
                .first_chunk()
                .is_none_or(|tail| prefix.tail.differs_from(tail))
        {
            return false;
        }
        match self.rest.get(prefix.length..) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}
