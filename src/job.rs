//! What the service answers: jobs, and pages of them.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::text_enum::text_enum;
use crate::timestamp::Timestamp;

/// One backup migration job: `OfflineTaskInfo` of the service's [API page].
///
/// Texts are borrowed from the answer wherever they hold no escape; [`into_owned`](Self::into_owned)
/// frees a job from it. The service documents every field as a string, so times stay texts beside
/// their typed form ([`created_at`](Self::created_at), [`finished_at`](Self::finished_at)): the
/// service's formats have drifted before.
///
/// [API page]: https://support.huaweicloud.com/intl/en-us/api-drs/en-us_topic_0000002060148284.html
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Job<'a> {
    /// The job's id: opaque text, never empty. (The service's own example is no valid UUID.)
    pub id: Cow<'a, str>,
    /// The job's name; empty when the service left it out.
    pub name: Cow<'a, str>,
    /// How far the job is; [`JobStatus::Other`] with an empty text when the service left it out.
    pub status: JobStatus,
    /// The database engine; [`EngineType::Other`] with an empty text when the service left it out.
    pub engine_type: EngineType,
    /// When the job was created, as the service wrote it, usually `2024-08-19T02:27:15Z`; empty
    /// when the service left it out.
    pub create_time: Cow<'a, str>,
    /// Why the job failed.
    pub error_log: Option<Cow<'a, str>>,
    /// What the user wrote of the job, or the service: often the name of the target instance.
    pub description: Option<Cow<'a, str>>,
    /// When the job ended, as the service wrote it; `None` while it runs.
    pub finish_time: Option<Cow<'a, str>>,
    /// The enterprise project the job belongs to; `0` is the default one.
    pub enterprise_project_id: Option<Cow<'a, str>>,
}

impl<'a> Job<'a> {
    /// A job of which only the id is known, for tests and for those who build answers.
    ///
    /// ```
    /// use drs_backup_jobs::{Job, JobStatus};
    ///
    /// let mut job = Job::new("0667845a-6291-4e2a-95b0-190c0abjb703");
    /// job.status = JobStatus::Success;
    /// assert!(job.is_finished());
    /// ```
    #[must_use]
    pub fn new(id: impl Into<Cow<'a, str>>) -> Self {
        Self {
            id: id.into(),
            name: Cow::Borrowed(""),
            status: JobStatus::Other(String::new()),
            engine_type: EngineType::Other(String::new()),
            create_time: Cow::Borrowed(""),
            error_log: None,
            description: None,
            finish_time: None,
            enterprise_project_id: None,
        }
    }

    /// Whether the job has come to its end, good or bad: see [`JobStatus::is_finished`].
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.status.is_finished()
    }

    /// [`create_time`](Self::create_time) as a point in time, if it can be read as one.
    #[must_use]
    pub fn created_at(&self) -> Option<Timestamp> {
        Timestamp::parse(&self.create_time)
    }

    /// [`finish_time`](Self::finish_time) as a point in time, if there is one and it can be read.
    #[must_use]
    pub fn finished_at(&self) -> Option<Timestamp> {
        Timestamp::parse(self.finish_time.as_deref()?)
    }

    /// How long the job took from creation to finish; `None` while it runs, when a time cannot be
    /// read, or when the finish lies before the creation.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        self.finished_at()?.duration_since(self.created_at()?)
    }

    /// The same job, owning its texts.
    #[must_use]
    pub fn into_owned(self) -> Job<'static> {
        Job {
            id: owned(self.id),
            name: owned(self.name),
            status: self.status,
            engine_type: self.engine_type,
            create_time: owned(self.create_time),
            error_log: self.error_log.map(owned),
            description: self.description.map(owned),
            finish_time: self.finish_time.map(owned),
            enterprise_project_id: self.enterprise_project_id.map(owned),
        }
    }
}

/// What serialisers write.
#[cfg(any(feature = "serde", feature = "miniserde"))]
impl Job<'_> {
    /// The members a job has, under the service's names and in the order of its page. Those that
    /// the service requires are always there.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("id", Some(&*self.id)),
            ("name", Some(&*self.name)),
            ("status", Some(self.status.as_str())),
            ("engine_type", Some(self.engine_type.as_str())),
            ("error_log", self.error_log.as_deref()),
            ("description", self.description.as_deref()),
            ("create_time", Some(&*self.create_time)),
            ("finish_time", self.finish_time.as_deref()),
            (
                "enterprise_project_id",
                self.enterprise_project_id.as_deref(),
            ),
        ]
        .into_iter()
        .filter_map(|(key, text)| Some((key, text?)))
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    // What most jobs have in common need not be allocated for each.
    match &*text {
        "" => Cow::Borrowed(""),
        DEFAULT_ENTERPRISE_PROJECT => Cow::Borrowed(DEFAULT_ENTERPRISE_PROJECT),
        _ => Cow::Owned(text.into_owned()),
    }
}

const DEFAULT_ENTERPRISE_PROJECT: &str = "0";

/// One answer of the operation: some jobs, and how many there are in all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct JobPage<'a> {
    /// How many jobs match the query in all, as the service counts. It can be clipped (the OpenAPI
    /// description allows at most 9 999) or late: to have every job, walk with
    /// [`Client::jobs`](crate::Client::jobs).
    pub count: u64,
    /// The jobs of this page, in the service's order.
    pub jobs: Vec<Job<'a>>,
    /// The id the service gave the request (`X-Request-Id`), which its support asks for. Set by
    /// the client; it is no part of the body.
    pub request_id: Option<String>,
}

impl JobPage<'_> {
    /// The same page, owning its texts.
    #[must_use]
    pub fn into_owned(self) -> JobPage<'static> {
        JobPage {
            count: self.count,
            jobs: self.jobs.into_iter().map(Job::into_owned).collect(),
            request_id: self.request_id,
        }
    }
}

text_enum! {
    /// How far a job is.
    ///
    /// Texts are matched whatever their case (a sister operation writes them in lower case).
    JobStatus {
        /// `TRANSFERRING`: under way.
        Transferring = "TRANSFERRING",
        /// `SUCCESS`: ended well.
        Success = "SUCCESS",
        /// `FAILED`: ended badly; [`Job::error_log`] may say why.
        Failed = "FAILED",
        /// `PRECHECK FAILED` (with a space): refused before any data moved.
        PrecheckFailed = "PRECHECK FAILED",
    }
}

impl JobStatus {
    /// Whether a job of this status has come to its end: `SUCCESS`, `FAILED` or `PRECHECK FAILED`.
    /// An unknown status counts as not ended.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::PrecheckFailed)
    }
}

text_enum! {
    /// The database engine of a job.
    EngineType {
        /// `sqlserver`: Microsoft SQL Server, the one engine documented.
        SqlServer = "sqlserver",
    }
}

text_enum! {
    /// What the service sorts by.
    ///
    /// For a walk over a list that may change meanwhile take [`CreatedAt`](Self::CreatedAt): the
    /// other keys can change under the walk.
    SortKey {
        /// `name`
        Name = "name",
        /// `db_type`
        DbType = "db_type",
        /// `inst_id`
        InstId = "inst_id",
        /// `ip`
        Ip = "ip",
        /// `created_at`
        CreatedAt = "created_at",
        /// `description`
        Description = "description",
        /// `tag_value`
        TagValue = "tag_value",
    }
}

text_enum! {
    /// Which way the service sorts. The operation's page documents no values; sister operations
    /// take these two, `desc` by default.
    SortDir {
        /// `asc`: smallest first.
        Asc = "asc",
        /// `desc`: largest first.
        Desc = "desc",
    }
}

text_enum! {
    /// The language of the service's messages (`X-Language`).
    Language {
        /// `en-us`
        EnUs = "en-us",
        /// `zh-cn`
        ZhCn = "zh-cn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_texts_match_whatever_their_case_and_others_are_kept() {
        assert_eq!(
            JobStatus::from("precheck failed"),
            JobStatus::PrecheckFailed
        );
        assert_eq!(JobStatus::from("Success"), JobStatus::Success);
        assert_eq!(
            JobStatus::from("SUCCESS\0"),
            JobStatus::Other("SUCCESS\0".into())
        );
        assert_eq!(JobStatus::from("PAUSED").as_str(), "PAUSED");
        assert_eq!(EngineType::from("SQLServer"), EngineType::SqlServer);
        for status in JobStatus::KNOWN {
            assert_eq!(&JobStatus::from(status.as_str()), status);
        }
    }

    #[test]
    fn only_the_three_documented_ends_are_ends() {
        let ended: Vec<_> = JobStatus::KNOWN
            .iter()
            .map(JobStatus::is_finished)
            .collect();
        assert_eq!(ended, [false, true, true, true]);
        assert!(!JobStatus::from("PAUSED").is_finished());
    }

    #[test]
    fn the_duration_of_a_job_runs_from_creation_to_finish() {
        let mut job = Job::new("a");
        job.create_time = "2024-08-19T02:27:15Z".into();
        assert_eq!(job.duration(), None);
        job.finish_time = Some("2024-08-19 02:29:03".into());
        assert_eq!(job.duration(), Some(Duration::from_secs(108)));
        job.finish_time = Some("2024-08-19T02:27:14Z".into());
        assert_eq!(job.duration(), None);
    }
}
