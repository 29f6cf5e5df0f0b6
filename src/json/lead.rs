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
    bytes: [u8; HEAD + TAIL],
    /// All ones for each byte that counts.
    mask: [u8; HEAD + TAIL],
    length: usize,
}

impl Lead {
    /// A lead that nothing follows.
    pub(crate) const NONE: Self = Self {
        bytes: [0; HEAD + TAIL],
        mask: [0; HEAD + TAIL],
        length: 0,
    };

    /// The text between two places, if it is short enough to be compared at once.
    pub(crate) fn between(from: Cursor<'_>, to: Cursor<'_>) -> Self {
        let mut lead = Self::NONE;
        let length = from.left().saturating_sub(to.left());
        let text = from.rest.as_bytes().get(..length).unwrap_or_default();
        if let (Some(bytes), Some(mask)) =
            (lead.bytes.get_mut(..length), lead.mask.get_mut(..length))
        {
            bytes.copy_from_slice(text);
            mask.fill(0xff);
            lead.length = length;
        }
        lead
    }
}

impl Cursor<'_> {
    /// Goes over `lead` if the text goes on with it; never over [`Lead::NONE`].
    #[inline]
    pub(crate) fn eat_lead(&mut self, lead: &Lead) -> bool {
        let Some(ahead) = self.rest.as_bytes().first_chunk::<{ HEAD + TAIL }>() else {
            return false;
        };
        if differs::<0, HEAD>(ahead, lead)
            || lead.length == 0
            || lead.length > HEAD && differs::<HEAD, { HEAD + TAIL }>(ahead, lead)
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

/// Whether a byte that counts differs in `FROM..TO`. There is no early end, so that LLVM makes it a
/// few vector instructions.
#[inline]
fn differs<const FROM: usize, const TO: usize>(ahead: &[u8; HEAD + TAIL], lead: &Lead) -> bool {
    let mut difference = 0;
    for ((byte, wanted), mask) in ahead
        .iter()
        .zip(&lead.bytes)
        .zip(&lead.mask)
        .take(TO)
        .skip(FROM)
    {
        difference |= (byte ^ wanted) & mask;
    }
    difference != 0
}
