//! Jobs, pages of jobs, and the texts of the service that have known values.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::text_enum::text_enum;
use crate::timestamp::Timestamp;

/// Defines [`Job`] and [`Field`] from one table. Decoding, serde, miniserde, the command's CSV and
/// the emulator are all driven by it: a tenth field is one more entry here.
macro_rules! job {
    (
        $(#[$meta:meta])*
        Job { $($(#[$field_meta:meta])* $variant:ident $field:ident: $type:ty,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub struct Job<'a> {
            $($(#[$field_meta])* pub $field: $type,)+
        }

        impl<'a> Job<'a> {
            /// The names of a job's fields on the wire, in the order of the service's API page.
            ///
            /// ```
            /// use drs_backup_jobs::Job;
            ///
            /// assert_eq!(Job::FIELD_NAMES[0], "id");
            /// ```
            pub const FIELD_NAMES: [&'static str; Field::COUNT] = [$(stringify!($field)),+];

            /// A job that has no value in any field, not even an id.
            pub(crate) const EMPTY: Self = Self { $($field: FieldValue::EMPTY),+ };

            /// Returns the fields of the job with their names on the wire, in the order of
            /// [`FIELD_NAMES`](Self::FIELD_NAMES). The value is `None` for an optional field that
            /// the job lacks.
            ///
            /// ```
            /// use drs_backup_jobs::Job;
            ///
            /// let job = Job::new("a");
            /// assert_eq!(job.fields().next(), Some(("id", Some("a"))));
            /// assert!(job.fields().any(|field| field == ("error_log", None)));
            /// ```
            pub fn fields(&self) -> impl Iterator<Item = (&'static str, Option<&str>)> {
                Self::FIELD_NAMES.into_iter().zip([$(self.$field.as_text()),+])
            }

            /// Sets one field.
            // Inlined, so that a borrowed text stays in registers while a page is decoded.
            #[inline(always)]
            pub(crate) fn set(&mut self, field: Field, text: Cow<'a, str>) {
                match field {
                    $(Field::$variant => self.$field = FieldValue::from_text(text),)+
                }
            }

            /// Copies the borrowed texts, so that the job can outlive the body it was decoded from.
            #[must_use]
            pub fn into_owned(self) -> Job<'static> {
                Job { $($field: self.$field.into_static(),)+ }
            }
        }

        /// A field that the service documents.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Field {
            $($variant,)+
        }

        impl Field {
            /// Every field, in the order of [`Job::FIELD_NAMES`].
            pub(crate) const ALL: [Self; Self::COUNT] = [$(Self::$variant),+];

            /// How many there are.
            pub(crate) const COUNT: usize = [$(Self::$variant),+].len();

            /// The field of this name on the wire.
            pub(crate) fn from_name(name: &str) -> Option<Self> {
                Self::find(|known, _| known == name)
            }

            /// The first field that `is_wanted` accepts by its name, which it gets without quotes
            /// and in quotes.
            #[inline]
            pub(crate) fn find(mut is_wanted: impl FnMut(&str, &str) -> bool) -> Option<Self> {
                $(if is_wanted(stringify!($field), concat!("\"", stringify!($field), "\"")) {
                    return Some(Self::$variant);
                })+
                None
            }
        }
    };
}

job! {
    /// One backup migration job: `OfflineTaskInfo` of the service's [API page].
    ///
    /// Texts without an escape are borrowed from the response body;
    /// [`into_owned`](Self::into_owned) copies them. The service documents every field as a string,
    /// and its time formats have drifted before, so times are kept as text;
    /// [`created_at`](Self::created_at) and [`finished_at`](Self::finished_at) parse them.
    ///
    /// [API page]: https://support.huaweicloud.com/intl/en-us/api-drs/en-us_topic_0000002060148284.html
    Job {
        /// The job's id: opaque text, never empty in a decoded job. (The service's own example is not a
        /// valid UUID.)
        Id id: Cow<'a, str>,
        /// The job's name; empty if the response has none.
        Name name: Cow<'a, str>,
        /// The job's status; [`JobStatus::Other`] with an empty text if the response has none.
        Status status: JobStatus,
        /// The database engine; [`EngineType::Other`] with an empty text if the response has none.
        EngineType engine_type: EngineType,
        /// Why the job failed.
        ErrorLog error_log: Option<Cow<'a, str>>,
        /// The description by the user or the service: often the name of the target instance.
        Description description: Option<Cow<'a, str>>,
        /// When the job was created, as the service wrote it, usually `2024-08-19T02:27:15Z`; empty if
        /// the response has none.
        CreateTime create_time: Cow<'a, str>,
        /// When the job finished, as the service wrote it; `None` while it runs.
        FinishTime finish_time: Option<Cow<'a, str>>,
        /// The enterprise project the job belongs to; `0` is the default one.
        EnterpriseProjectId enterprise_project_id: Option<Cow<'a, str>>,
    }
}

/// Some of a job's fields.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FieldSet(u16);

const _: () = assert!(Field::COUNT <= u16::BITS as usize);

impl FieldSet {
    /// Adds a field; `false` if the set had it before.
    #[inline]
    pub(crate) fn insert(&mut self, field: Field) -> bool {
        let before = self.0;
        self.0 |= 1 << field as u8;
        self.0 != before
    }

    #[inline]
    pub(crate) fn contains(self, field: Field) -> bool {
        self.0 & 1 << field as u8 != 0
    }
}

/// The value of a field: a text, an optional text, or a text with known values.
trait FieldValue<'a>: Sized {
    type Static;

    const EMPTY: Self;

    fn from_text(text: Cow<'a, str>) -> Self;

    fn as_text(&self) -> Option<&str>;

    fn into_static(self) -> Self::Static;
}

impl<'a> FieldValue<'a> for Cow<'a, str> {
    type Static = Cow<'static, str>;

    const EMPTY: Self = Cow::Borrowed("");

    #[inline]
    fn from_text(text: Cow<'a, str>) -> Self {
        text
    }

    fn as_text(&self) -> Option<&str> {
        Some(self)
    }

    fn into_static(self) -> Self::Static {
        // The value of most jobs needs no allocation per job.
        match &*self {
            "" => Cow::Borrowed(""),
            DEFAULT_ENTERPRISE_PROJECT => Cow::Borrowed(DEFAULT_ENTERPRISE_PROJECT),
            _ => Cow::Owned(Cow::into_owned(self)),
        }
    }
}

const DEFAULT_ENTERPRISE_PROJECT: &str = "0";

impl<'a> FieldValue<'a> for Option<Cow<'a, str>> {
    type Static = Option<Cow<'static, str>>;

    const EMPTY: Self = None;

    #[inline]
    fn from_text(text: Cow<'a, str>) -> Self {
        Some(text)
    }

    fn as_text(&self) -> Option<&str> {
        self.as_deref()
    }

    fn into_static(self) -> Self::Static {
        self.map(FieldValue::into_static)
    }
}

macro_rules! text_enum_field {
    ($($name:ident)+) => {$(
        impl<'a> FieldValue<'a> for $name {
            type Static = Self;

            const EMPTY: Self = Self::EMPTY;

            #[inline]
            fn from_text(text: Cow<'a, str>) -> Self {
                Self::from_cow(text)
            }

            fn as_text(&self) -> Option<&str> {
                Some(self.as_str())
            }

            fn into_static(self) -> Self {
                self
            }
        }
    )+};
}

text_enum_field! { JobStatus EngineType }

impl<'a> Job<'a> {
    /// Creates a job with this id and no other values, for tests and for programs that build pages.
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
            ..Self::EMPTY
        }
    }

    /// Returns whether the job has finished, successfully or not: see [`JobStatus::is_finished`].
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.status.is_finished()
    }

    /// Returns [`create_time`](Self::create_time) as a point in time; `None` if it is not a time,
    /// or is a placeholder (a year before 2000 or after 2199).
    #[must_use]
    pub fn created_at(&self) -> Option<Timestamp> {
        actual_time(&self.create_time)
    }

    /// Returns [`finish_time`](Self::finish_time) as a point in time; `None` while the job runs, if
    /// it is not a time, or is a placeholder such as `1970-01-01` or `9999-12-31`.
    #[must_use]
    pub fn finished_at(&self) -> Option<Timestamp> {
        actual_time(self.finish_time.as_deref()?)
    }

    /// Returns the time from creation to finish; `None` while the job runs, if either time is
    /// missing, or if the job finished before it was created.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        self.finished_at()?.duration_since(self.created_at()?)
    }
}

/// Parses a time, without placeholders: services write `0001-01-01`, `1970-01-01` or `9999-12-31`
/// for "not yet".
fn actual_time(text: &str) -> Option<Timestamp> {
    /// 2000-01-01T00:00:00Z and 2200-01-01T00:00:00Z.
    const YEARS: core::ops::Range<i64> = 946_684_800_000..7_258_118_400_000;

    Timestamp::parse(text).filter(|time| YEARS.contains(&time.unix_millis()))
}

/// The fields that serializers write.
#[cfg(any(feature = "serde", feature = "miniserde"))]
impl Job<'_> {
    /// The fields that the job has.
    pub(crate) fn present_fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.fields().filter_map(|(name, text)| Some((name, text?)))
    }
}

/// One response of the operation: a page of jobs and the total number of jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct JobPage<'a> {
    /// The total number of jobs that match the query, by the service's count. It can be capped (the
    /// OpenAPI description allows at most 9 998) or out of date:
    /// [`Client::jobs`](crate::Client::jobs) lists every job without relying on it.
    pub count: u64,
    /// The jobs of this page, in the service's order.
    pub jobs: Vec<Job<'a>>,
    /// The request id (`X-Request-Id`), which the service's support needs. Set by the client; it is
    /// not part of the body.
    pub request_id: Option<String>,
}

impl JobPage<'_> {
    /// Copies the borrowed texts, so that the page can outlive the body it was decoded from.
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
    /// The status of a job.
    ///
    /// Texts are matched case-insensitively (a similar operation of the service writes them in
    /// lower case).
    JobStatus {
        /// `TRANSFERRING`: running.
        Transferring = "TRANSFERRING",
        /// `SUCCESS`: finished successfully.
        Success = "SUCCESS",
        /// `FAILED`: finished with an error; [`Job::error_log`] may say why.
        Failed = "FAILED",
        /// `PRECHECK FAILED` (with a space): rejected before any data was transferred.
        PrecheckFailed = "PRECHECK FAILED",
    }
}

impl JobStatus {
    /// Returns whether a job of this status has finished: `SUCCESS`, `FAILED` or `PRECHECK FAILED`.
    /// An unknown status counts as not finished.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::PrecheckFailed)
    }
}

text_enum! {
    /// The database engine of a job.
    EngineType {
        /// `sqlserver`: Microsoft SQL Server, the only documented engine.
        SqlServer = "sqlserver",
    }
}

text_enum! {
    /// The column the service sorts by.
    ///
    /// Use [`CreatedAt`](Self::CreatedAt) for a list that changes: the values of the other columns
    /// can change during the listing.
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
    /// The sort direction.
    ///
    /// The operation's page documents no values; similar operations of the service accept these
    /// two, `desc` by default.
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
    fn matches_known_texts_case_insensitively_and_keeps_others() {
        assert_eq!(
            JobStatus::from("precheck failed"),
            JobStatus::PrecheckFailed
        );
        assert_eq!(JobStatus::from("Success"), JobStatus::Success);
        for text in ["SUCCESS\0", "PAUSED", "", "PRECHECK_FAILED"] {
            let status = JobStatus::from(text);
            assert!(matches!(&status, JobStatus::Other(other) if other.as_str() == text));
            assert_eq!(status.as_str(), text);
        }
        assert_eq!(EngineType::from("SQLServer"), EngineType::SqlServer);
        for status in JobStatus::KNOWN {
            assert_eq!(&JobStatus::from(status.as_str()), status);
        }
    }

    #[test]
    fn only_three_documented_statuses_are_finished() {
        let finished: Vec<_> = JobStatus::KNOWN
            .iter()
            .map(JobStatus::is_finished)
            .collect();
        assert_eq!(finished, [false, true, true, true]);
        assert!(!JobStatus::from("PAUSED").is_finished());
    }

    #[test]
    fn duration_runs_from_creation_to_finish() {
        let mut job = Job::new("a");
        job.create_time = "2024-08-19T02:27:15Z".into();
        assert_eq!(job.duration(), None);
        job.finish_time = Some("2024-08-19 02:29:03".into());
        assert_eq!(job.duration(), Some(Duration::from_secs(108)));
        job.finish_time = Some("2024-08-19T02:27:14Z".into());
        assert_eq!(job.duration(), None);
    }

    #[test]
    fn the_table_of_fields_agrees_with_itself() {
        let mut job = Job::EMPTY;
        for name in Job::FIELD_NAMES {
            job.set(Field::from_name(name).unwrap(), name.into());
        }
        let fields: Vec<_> = job.fields().collect();
        assert_eq!(fields, Job::FIELD_NAMES.map(|name| (name, Some(name))));
        assert_eq!(job.clone().into_owned(), job);
        assert_eq!(Field::from_name("ID"), None);
        assert_eq!(
            Job::new("a").fields().filter_map(|(_, text)| text).count(),
            5
        );
    }
}
