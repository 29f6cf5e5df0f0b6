//! Text that is expected to come next, compared at once.

use super::Cursor;

/// How much of a prefix is compared first: two vector registers of the smallest machine.
const HEAD: usize = 32;

/// How much is compared after it if a prefix is longer, such as a long key after white space.
const TAIL: usize = 16;

/// The text expected before the next value: punctuation, white space, a key, and the quote that
/// opens a string.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prefix<'a> {
    /// Where it was seen, and all that follows there.
    seen: &'a [u8],
    length: usize,
}

impl<'a> Prefix<'a> {
    /// A prefix that no text has.
    pub(crate) const NONE: Self = Self {
        seen: &[],
        length: 0,
    };

    /// The text between two cursors, if it is short enough to be compared at once.
    pub(crate) fn between(from: Cursor<'a>, to: Cursor<'_>) -> Self {
        let length = from.until(to).len();
        if length > HEAD + TAIL {
            return Self::NONE;
        }
        Self {
            seen: from.rest.as_bytes(),
            length,
        }
    }
}

impl<'a> Cursor<'a> {
    /// Skips `prefix` if the text continues with it; never [`Prefix::NONE`], and never near the end
    /// of the text.
    #[inline]
    pub(crate) fn eat_prefix(&mut self, prefix: &Prefix<'a>) -> bool {
        let (text, seen, length) = (self.rest.as_bytes(), prefix.seen, prefix.length);
        if !agree::<HEAD>(text, seen, 0, length) {
            return false;
        }
        if length > HEAD && !agree::<TAIL>(text, seen, HEAD, length - HEAD) {
            return false;
        }
        match self.rest.get(length..) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

/// Whether two texts agree in `length` bytes from `start` on, or in `N` if that is less; `false` if
/// either has fewer than `N` bytes there.
#[inline]
fn agree<const N: usize>(text: &[u8], seen: &[u8], start: usize, length: usize) -> bool {
    let (Some(text), Some(seen), Some(mask)) = (
        chunk::<N>(text, start),
        chunk::<N>(seen, start),
        chunk::<N>(MASKS.as_flattened(), HEAD - length.min(N)),
    ) else {
        return false;
    };
    // No early exit, so that LLVM makes it a few vector instructions.
    let mut difference = 0;
    for ((byte, wanted), mask) in text.iter().zip(seen).zip(mask) {
        difference |= (byte ^ wanted) & mask;
    }
    difference == 0
}

#[inline]
fn chunk<const N: usize>(bytes: &[u8], start: usize) -> Option<&[u8; N]> {
    bytes.get(start..)?.first_chunk()
}

/// From `HEAD - length` on, all ones for each of `length` bytes, and then zeros.
static MASKS: [[u8; HEAD]; 2] = [[0xff; HEAD], [0; HEAD]];

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn a_prefix_is_compared_to_its_last_byte() {
        let text: String = ('!'..='~').collect();
        for length in 0..=HEAD + TAIL + 1 {
            let from = Cursor::new(&text);
            let to = Cursor::new(&text[length..]);
            let prefix = Prefix::between(from, to);
            for differs_at in 0..=HEAD + TAIL {
                let mut other = text.clone();
                other.replace_range(differs_at..=differs_at, " ");
                let mut cursor = Cursor::new(&other);
                let agrees = length <= HEAD + TAIL && differs_at >= length;
                assert_eq!(cursor.eat_prefix(&prefix), agrees, "{length} {differs_at}");
                let eaten = if agrees { length } else { 0 };
                assert_eq!(cursor.remaining(), text.len() - eaten);
            }
        }
        assert!(!Cursor::new(&text).eat_prefix(&Prefix::NONE));
    }
}
