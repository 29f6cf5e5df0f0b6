//! Percent encoding of paths, queries and signatures, and its inverse.

#![expect(
    clippy::indexing_slicing,
    reason = "bytes index tables of 256, made at compile time"
)]

use alloc::string::String;

/// Appends `text` encoded: unreserved bytes (RFC 3986: `A-Z a-z 0-9 - _ . ~`) as they are, every
/// other byte as `%` and two upper-case hexadecimal digits. A space is `%20`, never `+`.
pub(crate) fn encode_into(out: &mut String, text: &str) {
    let mut rest = text;
    loop {
        // Unreserved bytes are ASCII, so both cuts are at character boundaries.
        let kept = kept_length(rest.as_bytes());
        let (plain, tail) = rest.split_at(kept);
        out.push_str(plain);
        if tail.is_empty() {
            return;
        }
        let escaped = tail.bytes().position(is_unreserved).unwrap_or(tail.len());
        let (reserved, tail) = tail.split_at(escaped);
        for byte in reserved.bytes() {
            out.push_str(escape(byte));
        }
        rest = tail;
    }
}

/// The same for one byte, which need not be a character.
#[cfg(feature = "aksk")]
pub(crate) fn encode_byte_into(out: &mut String, byte: u8) {
    if is_unreserved(byte) {
        out.push(char::from(byte));
    } else {
        out.push_str(escape(byte));
    }
}

/// Decodes a text to its bytes; `None` for a `%` that begins no escape, after which decoding
/// continues with the next byte. A `+` is not a space.
#[cfg(any(
    feature = "aksk",
    feature = "emulator",
    feature = "ureq",
    feature = "curl",
    test
))]
pub(crate) fn decode(text: &str) -> impl Iterator<Item = Option<u8>> {
    /// The byte that two hexadecimal digits stand for.
    fn escaped(digits: &[u8]) -> Option<u8> {
        let [high, low, ..] = digits else {
            return None;
        };
        let digit = |byte: u8| char::from(byte).to_digit(16);
        u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
    }
    let mut rest = text.as_bytes();
    core::iter::from_fn(move || {
        let (byte, mut tail) = rest.split_first()?;
        let mut decoded = Some(*byte);
        if *byte == b'%' {
            decoded = escaped(tail);
            if decoded.is_some() {
                tail = tail.get(2..).unwrap_or_default();
            }
        }
        rest = tail;
        Some(decoded)
    })
}

fn escape(byte: u8) -> &'static str {
    let at = usize::from(byte) * 3;
    ESCAPES.get(at..at + 3).unwrap_or_default()
}

/// How many bytes come before the first that is escaped.
fn kept_length(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    // Eight at a time without an early end: ids and names are long and hold nothing to escape.
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        if !chunk
            .iter()
            .fold(true, |kept, &byte| kept & is_unreserved(byte))
        {
            break;
        }
        rest = behind;
    }
    let kept = rest.iter().take_while(|&&byte| is_unreserved(byte)).count();
    bytes.len() - rest.len() + kept
}

const fn is_unreserved(byte: u8) -> bool {
    UNRESERVED[byte as usize]
}

const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// `%00%01…%FF`: the escape of a byte is one slice.
const ESCAPES: &str = {
    const BYTES: [u8; 768] = {
        let digits = b"0123456789ABCDEF";
        let mut bytes = [b'%'; 768];
        let mut byte = 0;
        while byte < 256 {
            bytes[byte * 3 + 1] = digits[byte >> 4];
            bytes[byte * 3 + 2] = digits[byte & 15];
            byte += 1;
        }
        bytes
    };
    match core::str::from_utf8(&BYTES) {
        Ok(text) => text,
        Err(_) => panic!("the table is ASCII"),
    }
};

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::ToString as _};
    use core::fmt::Write as _;

    #[track_caller]
    fn assert_encoded(text: &str, expected: &str) {
        let mut out = String::new();
        encode_into(&mut out, text);
        assert_eq!(out, expected);
    }

    #[test]
    fn encodes_every_byte_as_rfc_3986_says() {
        for byte in 0..=255_u8 {
            let escape = ESCAPES.get(usize::from(byte) * 3..usize::from(byte) * 3 + 3);
            assert_eq!(escape, Some(format!("%{byte:02X}").as_str()));
            let kept = byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
            assert_eq!(is_unreserved(byte), kept, "byte {byte:#04x}");
        }
        for ch in ('\0'..='\u{7f}').chain(['é', '备', '😀']) {
            let mut expected = String::new();
            for byte in ch.to_string().bytes() {
                if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                    expected.push(char::from(byte));
                } else {
                    write!(expected, "%{byte:02X}").unwrap();
                }
            }
            assert_encoded(&ch.to_string(), &expected);
        }
    }

    #[test]
    fn decodes_what_it_encodes_and_reports_invalid_escapes() {
        let text: String = ('\0'..='\u{17f}').chain(['备', '😀']).collect();
        let mut encoded = String::new();
        encode_into(&mut encoded, &text);
        let decoded: Option<alloc::vec::Vec<u8>> = decode(&encoded).collect();
        assert_eq!(decoded.as_deref(), Some(text.as_bytes()));
        let read: alloc::vec::Vec<Option<u8>> = decode("%e5%zz%4%+1%").collect();
        let z = Some(b'z');
        let expected = [
            Some(0xe5),
            None,
            z,
            z,
            None,
            Some(b'4'),
            None,
            Some(b'+'),
            Some(b'1'),
            None,
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn encodes_alternating_runs() {
        assert_encoded("", "");
        assert_encoded("PRECHECK FAILED", "PRECHECK%20FAILED");
        assert_encoded("备份 a+b", "%E5%A4%87%E4%BB%BD%20a%2Bb");
    }
}
