//! Jobs and pages in the making, for the visitors of serde and miniserde.
//!
//! The built-in reader shares none of this: where the three agree, three have read.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::job::{EngineType, Job, JobPage, JobStatus};

/// The members of a job that the service documents.
const KEYS: [&str; 9] = [
    "id",
    "name",
    "status",
    "engine_type",
    "error_log",
    "description",
    "create_time",
    "finish_time",
    "enterprise_project_id",
];

/// Which member of a job a key names.
pub(crate) fn member(key: &str) -> Option<usize> {
    KEYS.iter().position(|&known| known == key)
}

/// A value with its key seen; within, `None` is `null`.
type Given<T> = Option<Option<T>>;

/// A job of which some members are read.
#[derive(Default)]
pub(crate) struct JobDraft<'a> {
    texts: [Given<Cow<'a, str>>; 9],
}

impl<'a> JobDraft<'a> {
    /// Whether the object had this member already.
    pub(crate) fn has(&self, member: usize) -> bool {
        self.texts.get(member).is_some_and(Option::is_some)
    }

    pub(crate) fn set(&mut self, member: usize, text: Option<Cow<'a, str>>) {
        if let Some(slot) = self.texts.get_mut(member) {
            *slot = Some(text);
        }
    }

    /// The job, if it has an id.
    pub(crate) fn finish(self) -> Option<Job<'a>> {
        let [
            id,
            name,
            status,
            engine_type,
            error_log,
            description,
            create_time,
            finish_time,
            enterprise_project_id,
        ] = self.texts.map(Option::flatten);
        let mut job = Job::new(id.filter(|id| !id.is_empty())?);
        job.name = name.unwrap_or_default();
        job.status = JobStatus::from(status.map(Cow::into_owned).unwrap_or_default());
        job.engine_type = EngineType::from(engine_type.map(Cow::into_owned).unwrap_or_default());
        job.error_log = error_log;
        job.description = description;
        job.create_time = create_time.unwrap_or_default();
        job.finish_time = finish_time;
        job.enterprise_project_id = enterprise_project_id;
        Some(job)
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
