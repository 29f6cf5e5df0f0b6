//! From the bytes of an answer to values.
//!
//! [`JobPage::parse`], [`Job::parse`] and [`ApiError::parse`](crate::ApiError::parse) need no
//! dependency and are what the client uses. They are strict where a lenient reader would take what
//! no service means to say, and lenient where the service has been seen to drift:
//!
//! - The text must be JSON by RFC 8259 and UTF-8 throughout, values that are skipped included.
//!   These may nest 128 deep.
//! - Keys may come in any order. Unknown keys are skipped; a known key may come once in an object.
//! - `jobs` is required, and `null` is an empty list. `count` is required: an integer that fits a
//!   `u64`, or its digits in a string.
//! - In a job `id` is required and not empty. `name`, `status`, `engine_type` and `create_time`
//!   read as `""` when they are missing or null, the others as `None`.
//! - An integer within `i64` or `u64` in the place of a text is taken as its digits.
//! - Anything else is an error that tells the JSON path, the byte and what was expected.
//!
//! With the features `serde_json` and `miniserde` the functions of these names read the same pages
//! by the same rules through those libraries. The built-in reader is the fastest of the three and
//! the only one that needs nothing; the others are for a program that trusts its parser alone, and
//! they hold the built-in one to account in this crate's tests.
//!
//! No bytes make them panic; what they allocate is in proportion to the body, and nothing recurses.

use alloc::vec::Vec;

use crate::error::DecodeError;
use crate::job::{Job, JobPage};
#[cfg(any(feature = "serde_json", feature = "miniserde"))]
use crate::json::Cursor;
use crate::json::{self, Expected};

mod api_error;
#[cfg(any(feature = "serde", feature = "miniserde"))]
pub(crate) mod draft;
mod field;
#[cfg(test)]
mod independence;
mod job;
#[cfg(feature = "miniserde")]
mod miniserde;
mod page;
#[cfg(feature = "serde_json")]
mod serde_json;
mod shape;

#[cfg(feature = "miniserde")]
pub use self::miniserde::miniserde;
#[cfg(feature = "serde_json")]
pub use self::serde_json::serde_json;

impl<'a> JobPage<'a> {
    /// Reads one answer of the operation. Texts without an escape are borrowed from `body`.
    ///
    /// ```
    /// use drs_backup_jobs::{JobPage, JobStatus};
    ///
    /// let page = JobPage::parse(br#"{"jobs": [{"id": "a", "status": "SUCCESS"}], "count": 35}"#)?;
    /// assert_eq!(page.count, 35);
    /// assert_eq!(page.jobs[0].status, JobStatus::Success);
    ///
    /// let error = JobPage::parse(br#"{"jobs": [{"id": "a", "name": []}], "count": 1}"#).unwrap_err();
    /// assert_eq!((error.path(), error.offset()), ("jobs[0].name", 30));
    /// # Ok::<(), drs_backup_jobs::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When `body` departs from the [rules](crate::decode): where, and what was expected there.
    pub fn parse(body: &'a [u8]) -> Result<Self, DecodeError> {
        json::whole(body, page::read)
    }
}

impl<'a> Job<'a> {
    /// Reads one job by itself, such as a line of the command's `jsonl` output. Texts without an
    /// escape are borrowed from `body`.
    ///
    /// # Errors
    ///
    /// When `body` departs from the [rules](crate::decode) for a job.
    pub fn parse(body: &'a [u8]) -> Result<Self, DecodeError> {
        json::whole(body, |cursor| {
            let mut job = Job::new("");
            job::read(cursor, &mut job, None)?;
            Ok(job)
        })
    }

    /// Reads a bare array of jobs, as tools save it that keep no count. Texts without an escape are
    /// borrowed from `body`.
    ///
    /// ```
    /// use drs_backup_jobs::Job;
    ///
    /// let jobs = Job::parse_array(br#"[{"id": "a"}, {"id": "b"}]"#)?;
    /// assert_eq!(jobs[1].id, "b");
    ///
    /// let error = Job::parse_array(br#"[{"id": "a"}, {"id": 5.0}]"#).unwrap_err();
    /// assert_eq!(error.path(), "[1].id");
    /// # Ok::<(), drs_backup_jobs::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When `body` is no array, or departs from the [rules](crate::decode) for jobs.
    pub fn parse_array(body: &'a [u8]) -> Result<Vec<Self>, DecodeError> {
        json::whole(body, |cursor| page::read_array(cursor, Expected::Array))
    }
}

/// Holds `body` to the rules that other parsers do not keep, and lets one of them read it. What
/// either refuses the built-in reader reads again: it knows the place.
#[cfg(any(feature = "serde_json", feature = "miniserde"))]
fn through<'a, T>(
    body: &'a [u8],
    parse: impl FnOnce(&'a str) -> Option<T>,
) -> Result<T, DecodeError> {
    json::whole(body, |cursor: &mut Cursor<'a>| {
        let text = cursor.rest();
        json::scan_page(cursor)?;
        cursor.end()?;
        parse(text).ok_or(Expected::Readable)
    })
    .map_err(|refusal| JobPage::parse(body).err().unwrap_or(refusal))
}
