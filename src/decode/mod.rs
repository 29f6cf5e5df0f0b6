//! Decoding of response bodies.
//!
//! The client decodes with [`JobPage::parse`] by default, and error responses with
//! [`ApiError::parse`](crate::ApiError::parse), which accepts any text. Neither needs a dependency.
//! The rules of [`JobPage::parse`], [`Job::parse`] and [`Job::parse_array`]:
//!
//! - **Structure is strict.** Between strings the body is JSON by RFC 8259, without trailing bytes;
//!   values that are skipped nest at most 128 deep. A repeated known key is an error, and so is a
//!   job without an `id` or with an empty one. `jobs` can be `null`, and can be missing if `count`
//!   is 0. Control characters in strings must be escaped.
//! - **Text is tolerant.** Services cut messages in the middle of a character, and one such text
//!   must not make the whole list fail. Invalid UTF-8 and lone surrogates become U+FFFD; a byte
//!   order mark before the body is skipped.
//! - **Types are tolerant.** Any other value of a field that is documented as a string is kept as
//!   its JSON text (`1.7E12`, `true`, `{"a":1}`). `null` and a missing field are `None`, or `""` for
//!   `name`, `status`, `engine_type` and `create_time`. An `id` is a string or an integer. `count`
//!   is an integer that fits a `u64`, also in a string or with a fraction of zeros (`35.0`).
//! - Keys come in any order, and unknown keys are skipped. Statuses and engines match
//!   case-insensitively.
//! - An error has the JSON path, the byte offset, what was expected there, and the id of the job if
//!   it could be read.
//!
//! No bytes cause a panic, nothing recurses, and memory is proportional to the body.
//! [`JobPage::parse`] accepts any number of jobs. The client accepts at most 65 535 in a page, so
//! that decoding a hostile body of 16 MiB takes less memory than the body itself.
//!
//! [`Decoder`] selects `serde_json` or `miniserde` instead, for programs that link one of them
//! anyway. The result is the same for every valid response. If the selected parser fails, the
//! built-in one is used.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::error::DecodeError;
use crate::job::{Field, Job, JobPage};
use crate::json::{self, Document, ErrorCode};

mod api_error;
mod find;
mod job;
mod layout;
mod page;

#[cfg(any(feature = "serde", feature = "miniserde"))]
pub(crate) use page::parse_count;

/// The parser that decodes pages of jobs.
///
/// Set it with [`ClientBuilder::decoder`](crate::ClientBuilder::decoder). All parsers give the same
/// page for every valid response, by the [rules](crate::decode) of this module. If another parser
/// fails, the built-in parser is used, and its error is returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Decoder {
    /// The parser of this crate: the fastest, without a dependency.
    #[default]
    BuiltIn,
    /// `serde_json`.
    #[cfg(feature = "serde_json")]
    SerdeJson,
    /// `miniserde`, which copies every text.
    #[cfg(feature = "miniserde")]
    Miniserde,
}

impl Decoder {
    /// Decodes one response of the operation.
    ///
    /// ```
    /// use drs_backup_jobs::decode::Decoder;
    ///
    /// let page = Decoder::BuiltIn.decode(br#"{"jobs": [{"id": "a"}], "count": 35}"#)?;
    /// assert_eq!(page.jobs[0].id, "a");
    /// # Ok::<(), drs_backup_jobs::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When `body` departs from the [rules](crate::decode).
    pub fn decode(self, body: &[u8]) -> Result<JobPage<'_>, DecodeError> {
        let page = match self {
            Self::BuiltIn => None,
            #[cfg(feature = "serde_json")]
            Self::SerdeJson => core::str::from_utf8(body)
                .ok()
                .and_then(|text| serde_json::from_str(text).ok()),
            #[cfg(feature = "miniserde")]
            Self::Miniserde => core::str::from_utf8(body)
                .ok()
                .and_then(|text| miniserde::json::from_str::<JobPage<'static>>(text).ok()),
        };
        match page {
            Some(page) => Ok(page),
            None => JobPage::parse(body),
        }
    }

    /// Like [`decode`](Self::decode), with at most 65 535 jobs. Decoding then takes less memory than
    /// the body, or at most 14 MB for a smaller body.
    pub(crate) fn decode_bounded(self, body: &[u8]) -> Result<JobPage<'_>, DecodeError> {
        const MAX_JOBS: usize = 65_535;
        const SMALLEST_JOB: usize = r#"{"id":1},"#.len();

        // The other parsers know no limit, and a body of this size can exceed it.
        if self == Self::BuiltIn || body.len() > MAX_JOBS * SMALLEST_JOB {
            return parse_page(body, MAX_JOBS);
        }
        self.decode(body)
    }
}

impl<'a> JobPage<'a> {
    /// Decodes one response of the operation. Texts without an escape are borrowed from `body`.
    ///
    /// ```
    /// use drs_backup_jobs::{JobPage, JobStatus};
    ///
    /// let page = JobPage::parse(br#"{"jobs": [{"id": "a", "status": "SUCCESS"}], "count": 35}"#)?;
    /// assert_eq!(page.count, 35);
    /// assert_eq!(page.jobs[0].status, JobStatus::Success);
    ///
    /// let error = JobPage::parse(br#"{"jobs": [{"id": "a", "name": ]}], "count": 1}"#).unwrap_err();
    /// assert_eq!((error.path(), error.offset()), ("jobs[0].name", 30));
    /// # Ok::<(), drs_backup_jobs::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When `body` departs from the [rules](crate::decode).
    pub fn parse(body: &'a [u8]) -> Result<Self, DecodeError> {
        parse_page(body, usize::MAX)
    }
}

fn parse_page(body: &[u8], limit: usize) -> Result<JobPage<'_>, DecodeError> {
    fn parse(text: &str, limit: usize) -> Result<JobPage<'_>, DecodeError> {
        json::parse(text, &document(2), |cursor| page::read(cursor, limit))
    }

    decode(
        body,
        |text| parse(text, limit),
        |text| parse(text, limit).map(JobPage::into_owned),
    )
}

impl<'a> Job<'a> {
    /// Decodes one job by itself, such as a line of the command's `jsonl` output. Texts without an
    /// escape are borrowed from `body`.
    ///
    /// # Errors
    ///
    /// When `body` departs from the [rules](crate::decode) for a job.
    pub fn parse(body: &'a [u8]) -> Result<Self, DecodeError> {
        fn parse(text: &str) -> Result<Job<'_>, DecodeError> {
            json::parse(text, &document(0), |cursor| {
                let mut job = Job::EMPTY;
                job::read(cursor, &mut job, None)?;
                Ok(job)
            })
        }

        decode(body, parse, |text| parse(text).map(Job::into_owned))
    }

    /// Decodes an array of jobs without a count, as tools save it. Texts without an escape are
    /// borrowed from `body`.
    ///
    /// ```
    /// use drs_backup_jobs::Job;
    ///
    /// let jobs = Job::parse_array(br#"[{"id": "a"}, {"id": "b"}]"#)?;
    /// assert_eq!(jobs[1].id, "b");
    ///
    /// let error = Job::parse_array(br#"[{"id": "a"}, {"id": 5.5}]"#).unwrap_err();
    /// assert_eq!(error.path(), "[1].id");
    /// # Ok::<(), drs_backup_jobs::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When `body` is not an array, or departs from the [rules](crate::decode) for jobs.
    pub fn parse_array(body: &'a [u8]) -> Result<Vec<Self>, DecodeError> {
        fn parse(text: &str) -> Result<Vec<Job<'_>>, DecodeError> {
            json::parse(text, &document(1), |cursor| {
                page::read_array(cursor, usize::MAX, ErrorCode::ExpectedArray)
            })
        }

        decode(body, parse, |text| {
            Ok(parse(text)?.into_iter().map(Job::into_owned).collect())
        })
    }
}

/// Parses a body as text. If the text is invalid UTF-8, it is repaired in a copy, and `parse_owned`
/// returns a value that does not borrow from the copy.
fn decode<'a, T>(
    body: &'a [u8],
    parse: impl FnOnce(&'a str) -> Result<T, DecodeError>,
    parse_owned: impl FnOnce(&str) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    match json::text(body) {
        Cow::Borrowed(text) => parse(text),
        Cow::Owned(text) => parse_owned(&text),
    }
    .map_err(|error| json::in_body(error, body))
}

/// What errors may show of a text in which `job_depth` arrays and objects surround a job.
fn document(job_depth: usize) -> Document {
    Document {
        is_known_key: |key| matches!(key, "count" | "jobs") || Field::from_name(key).is_some(),
        job_depth: Some(job_depth),
    }
}
