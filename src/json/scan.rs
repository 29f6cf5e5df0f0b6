//! Where literal text in a string ends: at the next quote, backslash or control character.

/// How many bytes come before the first quote, backslash or control character.
#[expect(
    clippy::inline_always,
    reason = "strings are short: a call costs as much again"
)]
#[inline(always)]
pub(super) fn literal_length(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((chunk, behind)) = rest.split_first_chunk::<16>() {
        if has_end(chunk) {
            let (low, high) = halves(chunk);
            let in_low = ends(low);
            let before = bytes.len() - rest.len();
            return before
                + if in_low != 0 {
                    in_low.trailing_zeros() as usize / 8
                } else {
                    8 + ends(high).trailing_zeros() as usize / 8
                };
        }
        rest = behind;
    }
    bytes.len() - rest.len()
        + rest
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
            .unwrap_or(rest.len())
}

/// Whether a byte that ends literal text is among these. Shaped so that LLVM makes it a few vector
/// instructions: no early exit, and saturating subtraction for "less than".
#[expect(
    clippy::inline_always,
    reason = "strings are short: a call costs as much again"
)]
#[inline(always)]
fn has_end(chunk: &[u8; 16]) -> bool {
    let mut ends = 0;
    for &byte in chunk {
        // As in `ends`.
        let quote_or_control = 0x21_u8.saturating_sub(byte ^ 2);
        let backslash = if byte == b'\\' { 0xff } else { 0 };
        ends |= quote_or_control | backslash;
    }
    ends != 0
}

#[inline]
fn halves(chunk: &[u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(*chunk);
    #[expect(clippy::cast_possible_truncation, reason = "a half is wanted")]
    (both as u64, (both >> 64) as u64)
}

/// Sets the high bit of each of eight bytes that ends literal text. Borrows run upwards only, so
/// the lowest bit set is always right; those above it may not be.
#[inline]
fn ends(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES << 7;
    // With bit 1 flipped, a quote is 0x20, and control characters stay below it.
    let quote_or_control = (word ^ (ONES * 2)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES);
    (quote_or_control | backslash) & !word & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn finds_the_first_end_at_every_position() {
        for length in 0..40 {
            for at in 0..length {
                for byte in 0..=255_u8 {
                    let mut bytes = vec![0xe5; length];
                    bytes[at] = byte;
                    let special = byte < 0x20 || byte == b'"' || byte == b'\\';
                    let expected = if special { at } else { length };
                    assert_eq!(literal_length(&bytes), expected, "{byte:#04x} at {at}");
                }
            }
        }
    }

    #[test]
    fn an_end_hides_none_before_it() {
        let specials = [0, 1, 0x1f, b'"', b'\\'];
        let plains = [
            b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0x9f, 0xa2, 0xdc, 0xff,
        ];
        for special in specials {
            for next in specials.into_iter().chain(plains) {
                for before in plains {
                    for at in 0..20 {
                        let mut bytes = vec![before; at];
                        bytes.extend([special, next, next, next]);
                        assert_eq!(literal_length(&bytes), at);
                    }
                }
            }
        }
    }
}
