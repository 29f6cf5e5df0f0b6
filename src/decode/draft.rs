//! Jobs and pages in the making, for the visitors of serde and miniserde.
//!
//! The built-in reader shares none of this: where the three agree, three have read.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::field::Seen;
use crate::job::{Field, Job, JobPage};

/// A job of which some members are read.
pub(crate) struct JobDraft<'a> {
    job: Job<'a>,
    seen: Seen,
}

impl<'a> JobDraft<'a> {
    pub(crate) fn new() -> Self {
        Self {
            job: Job::EMPTY,
            seen: Seen::default(),
        }
    }

    /// Whether the object had this member already.
    pub(crate) fn has(&self, field: Field) -> bool {
        self.seen.has(field)
    }

    pub(crate) fn set(&mut self, field: Field, text: Option<Cow<'a, str>>) {
        self.seen.insert(field);
        self.job.set(field, text);
    }

    /// The job, if it has an id.
    pub(crate) fn finish(self) -> Option<Job<'a>> {
        (!self.job.id.is_empty()).then_some(self.job)
    }
}

/// A page of which some members are read.
#[derive(Default)]
pub(crate) struct PageDraft<'a> {
    pub(crate) count: Option<u64>,
    pub(crate) jobs: Option<Vec<Job<'a>>>,
}

impl<'a> PageDraft<'a> {
    /// The page, if it has both its members.
    pub(crate) fn finish(self) -> Option<JobPage<'a>> {
        Some(JobPage {
            count: self.count?,
            jobs: self.jobs?,
            request_id: None,
        })
    }
}

/// The number that a text holds the digits of, written as JSON writes it.
pub(crate) fn count(text: &str) -> Option<u64> {
    let count: u64 = text.parse().ok()?;
    (alloc::format!("{count}") == text).then_some(count)
}

/// The digits of an integer, in the place of a text.
pub(crate) fn digits(integer: impl Into<i128>) -> String {
    alloc::format!("{}", integer.into())
}
