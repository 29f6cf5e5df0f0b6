//! Where an answer departs from what the service documents.

use alloc::string::String;
use core::fmt;

use crate::redact::Redactor;

/// A body is not what it should be: where, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    path: String,
    offset: usize,
    expected: &'static str,
}

impl DecodeError {
    pub(crate) fn new(path: String, offset: usize, expected: &'static str) -> Self {
        Self {
            path,
            offset,
            expected,
        }
    }

    /// The JSON path of the value, such as `jobs[3].status`; empty at the top.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The byte at which reading failed, from 0; the length of the body if it ended too early.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// What was expected there, such as `a string`.
    #[must_use]
    pub fn expected(&self) -> &str {
        self.expected
    }
}

impl DecodeError {
    /// Masks secrets: a peer may write a key that repeats what it was sent.
    pub(crate) fn redact(&mut self, redactor: &Redactor) {
        self.path = redactor.clean(&self.path, 200);
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{} ", self.path)?;
        }
        write!(f, "at byte {}: expected {}", self.offset, self.expected)
    }
}

impl core::error::Error for DecodeError {}
