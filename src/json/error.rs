//! What can be wrong with a text, and where in it.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Cursor, MAX_DEPTH};
use crate::error::{DecodeError, DecodeErrorParts};
use crate::text;

/// What is wrong at the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    ExpectedValue,
    ExpectedEnd,
    ExpectedObject,
    ExpectedArray,
    ExpectedArrayOrNull,
    ExpectedKey,
    ExpectedColon,
    ExpectedCommaOrBrace,
    ExpectedCommaOrBracket,
    ExpectedString,
    UnterminatedString,
    ControlCharacter,
    InvalidEscape,
    InvalidHexDigits,
    ExpectedDigit,
    LeadingZero,
    TooDeep,
    DuplicateKey,
    InvalidCount,
    MissingCount,
    MissingJobs,
    TooManyJobs,
    InvalidId,
    MissingId,
}

impl ErrorCode {
    /// What was expected instead: ends the sentence "expected …".
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::ExpectedValue => "a value",
            Self::ExpectedEnd => "the end of the text",
            Self::ExpectedObject => "an object",
            Self::ExpectedArray => "an array",
            Self::ExpectedArrayOrNull => "an array or null",
            Self::ExpectedKey => "a key in quotes",
            Self::ExpectedColon => "`:`",
            Self::ExpectedCommaOrBrace => "`,` or `}`",
            Self::ExpectedCommaOrBracket => "`,` or `]`",
            Self::ExpectedString => "a string",
            Self::UnterminatedString => "the closing quote of a string",
            Self::ControlCharacter => "an escape instead of a control character",
            Self::InvalidEscape => "one of the escapes `\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u`",
            Self::InvalidHexDigits => "four hexadecimal digits after `\\u`",
            Self::ExpectedDigit => "a digit",
            Self::LeadingZero => "no digit after a leading zero",
            Self::TooDeep => "a value nested at most 128 deep",
            Self::DuplicateKey => "a key that the object does not have yet",
            Self::InvalidCount => {
                "an integer from 0 to 18446744073709551615, or its digits in a string"
            }
            Self::MissingCount => "a member `count` in this object",
            Self::MissingJobs => "a member `jobs` in this object",
            Self::TooManyJobs => "at most 65535 jobs in a page",
            Self::InvalidId => "an id: a string that is not empty, or an integer",
            Self::MissingId => "a member `id` in this object",
        }
    }
}

/// What an error may say about a text.
pub(crate) struct Document {
    /// Whether a path may show this key. Any other is shown as `*`: it could be anything, a secret
    /// too.
    pub(crate) is_known_key: fn(&str) -> bool,
    /// How many arrays and objects surround a job; `None` if the text holds no jobs.
    pub(crate) job_depth: Option<usize>,
}

/// The error of a text in which parsing failed at `at`.
#[cold]
pub(super) fn locate(
    text: &str,
    at: Cursor<'_>,
    code: ErrorCode,
    document: &Document,
) -> DecodeError {
    let offset = text.len() - at.remaining();
    let mut path = Path::new(text, document);
    path.follow_to(offset);
    DecodeError::new(DecodeErrorParts {
        path: path.text,
        offset,
        expected: code.expected(),
        job_id: path.job_id,
        is_html: text.trim_ascii_start().starts_with('<'),
        is_truncated: ends_early(at.rest),
    })
}

/// Whether the text ends in the middle of what parsing failed on.
fn ends_early(rest: &str) -> bool {
    let is_escape = rest == "\\"
        || rest.strip_prefix("\\u").is_some_and(|digits| {
            digits.len() < 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
    rest.is_empty()
        || is_escape
        || ["true", "false", "null"]
            .iter()
            .any(|literal| literal.starts_with(rest))
}

/// The way to a byte of a text.
struct Path<'a> {
    text: String,
    job_id: Option<String>,
    levels: Vec<Level>,
    source: &'a str,
    document: &'a Document,
}

/// An array or object on the way.
#[derive(Clone, Copy)]
struct Level {
    /// The next element's index; `None` in an object.
    index: Option<usize>,
    /// How much of the path leads to the container itself.
    path_length: usize,
    is_job: bool,
}

impl<'a> Path<'a> {
    fn new(source: &'a str, document: &'a Document) -> Self {
        Self {
            text: String::new(),
            job_id: None,
            levels: Vec::new(),
            source,
            document,
        }
    }

    /// Goes to the value at `offset`, or to the object or array around it. The text is valid up to
    /// there, or where it is not, the path ends.
    fn follow_to(&mut self, offset: usize) {
        let mut cursor = Cursor::new(self.source);
        loop {
            let opening = cursor.peek();
            if self.position(cursor) >= offset {
                return;
            }
            let mut first = matches!(opening, Some(b'{' | b'['));
            if first {
                // The containers of a page, and a skipped value in them.
                if self.levels.len() >= MAX_DEPTH + 3 {
                    return;
                }
                let is_array = cursor.eat("[");
                let _ = is_array || cursor.eat("{");
                let is_job = Some(self.levels.len()) == self.document.job_depth
                    && !self.text.starts_with('*');
                self.levels.push(Level {
                    index: is_array.then_some(0),
                    path_length: self.text.len(),
                    is_job,
                });
            } else if cursor.skip_scalar().is_err() || self.position(cursor) > offset {
                return;
            }
            // To the next value: in this container, or after it.
            loop {
                let Some(&level) = self.levels.last() else {
                    return;
                };
                self.text.truncate(level.path_length);
                cursor.peek();
                let is_there = self.position(cursor) >= offset;
                // Before the first element, an error is about that element; elsewhere it is about
                // the container.
                if is_there && !(first && level.index.is_some()) {
                    return;
                }
                self.push_index();
                if is_there {
                    return;
                }
                let goes_on = match level.index {
                    Some(_) => cursor.next_element(&mut first),
                    None => self.next_key(&mut cursor, &mut first),
                };
                match goes_on {
                    Ok(true) => break,
                    Ok(false) => {
                        self.text.truncate(level.path_length);
                        self.levels.pop();
                        if level.is_job {
                            self.job_id = None;
                        }
                    }
                    Err(_) => {
                        if level.index.is_some() {
                            self.text.truncate(level.path_length);
                        }
                        return;
                    }
                }
            }
        }
    }

    fn position(&self, cursor: Cursor<'_>) -> usize {
        self.source.len() - cursor.remaining()
    }

    /// Whether the innermost container is a job.
    fn is_in_job(&self) -> bool {
        self.levels.last().is_some_and(|level| level.is_job)
    }

    /// Appends the index of the next element, if the innermost container is an array.
    fn push_index(&mut self) {
        if let Some(index) = self
            .levels
            .last_mut()
            .and_then(|level| level.index.as_mut())
        {
            self.text.push_str(&index_text(*index));
            *index += 1;
        }
    }

    /// Moves to the next member's value, and appends its key to the path. Keeps the value if it is a
    /// job's id.
    fn next_key(&mut self, cursor: &mut Cursor<'_>, first: &mut bool) -> Result<bool, ErrorCode> {
        if !cursor.next_member(first)? {
            return Ok(false);
        }
        let key = cursor.string()?;
        if !self.text.is_empty() {
            self.text.push('.');
        }
        let is_known = (self.document.is_known_key)(&key);
        self.text.push_str(if is_known { &key } else { "*" });
        cursor.colon()?;
        if key == "id" && self.is_in_job() {
            self.job_id = job_id(*cursor);
        }
        Ok(true)
    }
}

fn index_text(index: usize) -> String {
    let mut text = String::from("[");
    text::push_number(&mut text, index);
    text.push(']');
    text
}

/// The id under the cursor, cut to what a line can hold.
fn job_id(mut cursor: Cursor<'_>) -> Option<String> {
    const LONGEST: usize = 128;
    let id = match cursor.byte() {
        Some(b'"') => cursor.string().ok()?,
        _ => cursor.number().ok()?.text.into(),
    };
    let id: String = id
        .chars()
        .take(LONGEST)
        .map(|ch| if ch.is_control() { ' ' } else { ch })
        .collect();
    (!id.is_empty()).then_some(id)
}
