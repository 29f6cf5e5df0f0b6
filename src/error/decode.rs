//! Where a response departs from what the service documents.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use super::MAX_ID_CHARS;
use crate::redact::Redactor;

/// An error in a response body: its position, and what was expected there.
///
/// ```
/// use drs_backup_jobs::JobPage;
///
/// let body = br#"{"count": 1, "jobs": [{"id": "a", "name": "n" "status": "SUCCESS"}]}"#;
/// let error = JobPage::parse(body).unwrap_err();
/// assert_eq!((error.path(), error.offset()), ("jobs[0]", 46));
/// assert_eq!(error.job_id(), Some("a"));
/// assert_eq!(
///     error.to_string(),
///     "cannot decode the response: jobs[0] (id a) at byte 46: expected `,` or `}`",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(Box<DecodeErrorParts>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DecodeErrorParts {
    pub(crate) path: String,
    pub(crate) offset: usize,
    pub(crate) expected: &'static str,
    pub(crate) job_id: Option<String>,
    pub(crate) is_html: bool,
    pub(crate) is_truncated: bool,
}

impl DecodeError {
    pub(crate) fn new(parts: DecodeErrorParts) -> Self {
        Self(Box::new(parts))
    }

    /// A body that is not what was expected, as a whole.
    pub(crate) fn unexpected(expected: &'static str) -> Self {
        Self::new(DecodeErrorParts {
            expected,
            ..DecodeErrorParts::default()
        })
    }

    pub(crate) fn with_offset(mut self, offset: usize) -> Self {
        self.0.offset = offset;
        self
    }

    /// Cleans the one text that comes from the response: it can repeat a secret.
    pub(crate) fn redact(&mut self, redactor: &Redactor) {
        if let Some(id) = &mut self.0.job_id {
            *id = redactor.clean(id, MAX_ID_CHARS);
        }
    }

    /// Returns the JSON path of the value, such as `jobs[3].status`; empty at the top level. A key
    /// that the service does not document is shown as `*`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Returns the byte at which decoding failed, from 0; the length of the body if it is
    /// truncated.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// Returns what was expected there, such as `a string`.
    #[must_use]
    pub fn expected(&self) -> &str {
        self.0.expected
    }

    /// Returns the id of the job that could not be decoded, if it comes before the error; at most
    /// 128 characters.
    #[must_use]
    pub fn job_id(&self) -> Option<&str> {
        self.0.job_id.as_deref()
    }

    /// Returns whether the body is truncated: the beginning of a longer text, as after a lost
    /// connection. The client retries this.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.0.is_truncated
    }

    /// Returns whether the body is HTML: a proxy or a login page responded, not the service.
    #[must_use]
    pub fn is_html(&self) -> bool {
        self.0.is_html
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot decode the response: ")?;
        let parts = &*self.0;
        if parts.is_html {
            return f
                .write_str("the response is HTML, not JSON (a proxy or a login page responded)");
        }
        if !parts.path.is_empty() {
            write!(f, "{} ", parts.path)?;
        }
        if let Some(id) = &parts.job_id {
            write!(f, "(id {id}) ")?;
        }
        write!(f, "at byte {}: expected {}", parts.offset, parts.expected)?;
        if parts.is_truncated {
            f.write_str(" (the response is truncated)")?;
        }
        Ok(())
    }
}

impl core::error::Error for DecodeError {}
