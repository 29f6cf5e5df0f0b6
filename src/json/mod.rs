//! A strict JSON parser (RFC 8259) without dependencies, tolerant of damaged text, and a writer of
//! strings.
//!
//! [`text`] turns a body into a `&str`: a byte order mark is skipped and invalid UTF-8 replaced, in
//! a copy that a valid body never needs. A [`Cursor`] then moves over the text, and strings without
//! an escape are borrowed from it. On an error the cursor stays where parsing failed, so an error
//! is no more than an [`ErrorCode`]; [`parse`] turns both into a [`DecodeError`] with a JSON path,
//! by a second pass over the text that a valid text never pays for.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::error::DecodeError;

mod cursor;
mod error;
mod prefix;
mod scan;
mod string;
mod value;

pub(crate) use cursor::Cursor;
pub(crate) use error::{Document, ErrorCode};
pub(crate) use prefix::Prefix;
#[cfg(feature = "std")]
pub(crate) use string::quote_into;

/// How deep a value that is skipped may nest.
pub(crate) const MAX_DEPTH: usize = 128;

/// The text of a body: without a byte order mark, and with U+FFFD for invalid UTF-8.
pub(crate) fn text(body: &[u8]) -> Cow<'_, str> {
    let body = without_byte_order_mark(body);
    match core::str::from_utf8(body) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(body),
    }
}

fn without_byte_order_mark(body: &[u8]) -> &[u8] {
    match body {
        [0xef, 0xbb, 0xbf, behind @ ..] => behind,
        _ => body,
    }
}

/// Parses a whole text with `read`: nothing but white space may follow. Offsets in the error count
/// from the start of the text; [`in_body`] turns them into those of a body.
pub(crate) fn parse<'a, T>(
    text: &'a str,
    document: &Document,
    read: impl FnOnce(&mut Cursor<'a>) -> Result<T, ErrorCode>,
) -> Result<T, DecodeError> {
    let mut cursor = Cursor::new(text);
    read(&mut cursor)
        .and_then(|value| cursor.end().map(|()| value))
        .map_err(|code| error::locate(text, cursor, code, document))
}

/// An error in the [`text`] of a body, with the offset in the body.
#[cold]
pub(crate) fn in_body(error: DecodeError, body: &[u8]) -> DecodeError {
    let in_text = error.offset();
    let start = body.len() - without_byte_order_mark(body).len();
    let mut offset = start;
    let mut left = in_text;
    for chunk in body.get(start..).unwrap_or_default().utf8_chunks() {
        let valid = chunk.valid().len();
        if left < valid || chunk.invalid().is_empty() {
            break;
        }
        let replaced = valid + char::REPLACEMENT_CHARACTER.len_utf8();
        if left < replaced {
            offset += valid;
            left = 0;
            break;
        }
        offset += valid + chunk.invalid().len();
        left -= replaced;
    }
    error.with_offset(offset + left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::DecodeErrorParts;

    fn error_at(offset: usize) -> DecodeError {
        DecodeError::new(DecodeErrorParts {
            offset,
            ..DecodeErrorParts::default()
        })
    }

    #[test]
    fn offsets_in_replaced_text_map_back_to_the_body() {
        for body in [
            &b""[..],
            b"abc",
            b"\xef\xbb\xbfabc",
            b"\xffa\xe5\xa4b\xf0\x9f\x98",
            b"\xef\xbb\xbfa\xffb",
            "备\u{fffd}b".as_bytes(),
        ] {
            let text = text(body);
            for (in_text, ch) in text.char_indices() {
                let offset = in_body(error_at(in_text), body).offset();
                let rest = &body[offset..];
                if ch == char::REPLACEMENT_CHARACTER {
                    assert_eq!(String::from_utf8_lossy(rest).chars().next(), Some(ch));
                } else {
                    let mut bytes = [0; 4];
                    assert!(rest.starts_with(ch.encode_utf8(&mut bytes).as_bytes()));
                }
            }
            assert_eq!(in_body(error_at(text.len()), body).offset(), body.len());
        }
    }
}
