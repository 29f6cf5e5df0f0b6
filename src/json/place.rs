//! Whole texts, and where in them a fault lies.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Cursor, Expected, MAX_DEPTH};
use crate::error::DecodeError;

/// Reads all of `body` with `read`, behind which only white space may come.
pub(crate) fn whole<'a, T>(
    body: &'a [u8],
    read: impl FnOnce(&mut Cursor<'a>) -> Result<T, Expected>,
) -> Result<T, DecodeError> {
    let text = match core::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => return Err(at(body, error.valid_up_to(), Expected::Utf8)),
    };
    let mut cursor = Cursor::new(text);
    read(&mut cursor)
        .and_then(|value| cursor.end().map(|()| value))
        .map_err(|expected| at(body, body.len() - cursor.left(), expected))
}

#[cold]
fn at(body: &[u8], offset: usize, expected: Expected) -> DecodeError {
    let valid = match core::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => core::str::from_utf8(body.get(..error.valid_up_to()).unwrap_or_default())
            .unwrap_or_default(),
    };
    DecodeError::new(path(valid, offset), offset, expected.as_str())
}

/// An array or object on the way to a fault.
struct Level {
    /// The next element's index; `None` in an object.
    index: Option<usize>,
    /// How much of the path leads to the container itself.
    path_length: usize,
}

/// The path of the value at `offset`, or of the object or array around it. The text is sound up
/// to there, or where it is not, the path ends.
fn path(text: &str, offset: usize) -> String {
    let mut path = String::new();
    // The first fault may have been bad UTF-8, which says nothing of the nesting before it.
    let mut levels = Vec::new();
    let mut cursor = Cursor::new(text);
    loop {
        let opening = cursor.peek();
        if text.len() - cursor.left() >= offset {
            return path;
        }
        let mut first = matches!(opening, Some(b'{' | b'['));
        if first {
            if levels.len() >= MAX_DEPTH + 3 {
                return path;
            }
            let is_array = cursor.eat("[");
            let _ = is_array || cursor.eat("{");
            levels.push(Level {
                index: is_array.then_some(0),
                path_length: path.len(),
            });
        } else if cursor.skip_scalar().is_err() || text.len() - cursor.left() > offset {
            return path;
        }
        loop {
            let Some(level) = levels.last_mut() else {
                return path;
            };
            path.truncate(level.path_length);
            cursor.peek();
            if text.len() - cursor.left() >= offset {
                return path;
            }
            let goes_on = match &mut level.index {
                None => cursor.next_member(&mut first).and_then(|goes_on| {
                    if goes_on {
                        push_key(&mut path, &mut cursor)?;
                    }
                    Ok(goes_on)
                }),
                Some(index) => cursor.next_element(&mut first).inspect(|goes_on| {
                    if *goes_on {
                        path.push_str(&index_text(*index));
                        *index += 1;
                    }
                }),
            };
            match goes_on {
                Ok(true) => break,
                Ok(false) => {
                    levels.pop();
                }
                Err(_) => return path,
            }
        }
    }
}

fn index_text(index: usize) -> String {
    format!("[{index}]")
}

/// Reads a key and its colon, and appends the key to the path, unless the fault lies within it.
fn push_key(path: &mut String, cursor: &mut Cursor<'_>) -> Result<(), Expected> {
    const LONGEST: usize = 64;
    let key = cursor.string()?;
    let is_plain = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '-');
    let is_name = !key.is_empty() && key.chars().all(is_plain);
    let mut shown: String = key
        .chars()
        .take(LONGEST)
        .map(|ch| if ch.is_control() { '\u{fffd}' } else { ch })
        .collect();
    if key.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    if !is_name {
        shown = format!("[\"{shown}\"]");
    } else if !path.is_empty() {
        path.push('.');
    }
    path.push_str(&shown);
    cursor.demand(":", Expected::Colon)
}
