//! A job of the emulator: the fields of a response, and those that only filters and sorting use.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::job::{EngineType, Job, JobStatus};
use crate::timestamp::Timestamp;

/// A job of an [`Emulator`](crate::emulator::Emulator): the [`Job`] of a response, and the values
/// that the service filters and sorts by but does not return.
///
/// ```
/// use drs_backup_jobs::JobStatus;
/// use drs_backup_jobs::emulator::EmulatedJob;
///
/// let job = EmulatedJob::new("job-1")
///     .name("orders, nightly")
///     .status(JobStatus::Failed)
///     .error_log("the backup file is damaged")
///     .instance_id("3f5a0c9b1d2e4f60a1b2c3d4e5f60718in04")
///     .tag("env", "prod");
/// assert_eq!(job.job.name, "orders, nightly");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmulatedJob {
    /// The fields of a response.
    pub job: Job<'static>,
    /// The target instance: for the filter `dbs_instance_ids` and the sort key `inst_id`.
    pub instance_id: String,
    /// The instance's address: for the sort key `ip`, compared as text.
    pub ip: String,
    /// The database type: for the sort key `db_type`.
    pub db_type: String,
    /// Keys and values: for the filter `tags` and the sort key `tag_value`, which compares values.
    pub tags: Vec<(String, String)>,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident($given:ident: $type:ty): $($field:ident).+ = $value:expr;)+) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $given: impl Into<$type>) -> Self {
            let $given: $type = $given.into();
            self.$($field).+ = $value;
            self
        }
    )+};
}

impl EmulatedJob {
    /// Creates a running `sqlserver` job with this id, the name `DRS-` and the id, created at
    /// 2024-08-19T02:27:15Z, in the default enterprise project.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        let name = format!("DRS-{id}");
        let mut job = Job::new(id);
        job.name = name.into();
        job.status = JobStatus::Transferring;
        job.engine_type = EngineType::SqlServer;
        job.create_time = "2024-08-19T02:27:15Z".into();
        job.enterprise_project_id = Some("0".into());
        Self::from(job)
    }

    /// Returns the job's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.job.id
    }

    setters! {
        /// Sets the status, and nothing else: see [`finished`](Self::finished).
        status(status: JobStatus): job.status = status;
        /// Sets the database engine.
        engine_type(engine: EngineType): job.engine_type = engine;
        /// Sets the name.
        name(text: String): job.name = Cow::Owned(text);
        /// Sets `create_time`, in any form.
        create_time(text: String): job.create_time = Cow::Owned(text);
        /// Sets `finish_time`, in any form.
        finish_time(text: String): job.finish_time = Some(Cow::Owned(text));
        /// Sets the reason of a failure.
        error_log(text: String): job.error_log = Some(Cow::Owned(text));
        /// Sets the description.
        description(text: String): job.description = Some(Cow::Owned(text));
        /// Sets the enterprise project.
        enterprise_project_id(text: String): job.enterprise_project_id = Some(Cow::Owned(text));
        /// Sets the target instance.
        instance_id(text: String): instance_id = text;
        /// Sets the instance's address.
        ip(text: String): ip = text;
        /// Sets the database type.
        db_type(text: String): db_type = text;
    }

    /// Adds a tag.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((key.into(), value.into()));
        self
    }

    /// Sets a final status and the finish time.
    #[must_use]
    pub fn finished(self, status: impl Into<JobStatus>, at: Timestamp) -> Self {
        self.status(status).finish_time(format!("{at}"))
    }

    /// Sets the status as the service does: a final status sets the finish time, any other status
    /// clears finish time and error log.
    pub(crate) fn set_status(&mut self, status: JobStatus, now: &str) {
        if status.is_finished() {
            self.job.finish_time = Some(Cow::Owned(now.into()));
        } else {
            self.job.finish_time = None;
            self.job.error_log = None;
        }
        self.job.status = status;
    }

    /// The job as JSON: the fields of the service, and the additional fields that are set.
    pub(crate) fn to_json(&self) -> Value {
        let mut members = members(&self.job);
        for (name, value) in [
            ("instance_id", &self.instance_id),
            ("ip", &self.ip),
            ("db_type", &self.db_type),
        ] {
            if !value.is_empty() {
                members.insert(name.into(), value.as_str().into());
            }
        }
        if !self.tags.is_empty() {
            let tags = self.tags.iter().cloned();
            members.insert("tags".into(), tags.collect());
        }
        members.into()
    }

    /// The job with the members of a JSON object as its values; `null` clears a field.
    ///
    /// A final status sets the finish time, another one clears it and the error log, unless the
    /// object has these members.
    pub(crate) fn patched(mut self, patch: &Map<String, Value>, now: &str) -> Result<Self, String> {
        if let Some(status) = patch.get("status").and_then(Value::as_str) {
            self.set_status(status.into(), now);
        }
        let mut members = members(&self.job);
        for (name, value) in patch {
            match name.as_str() {
                "instance_id" => self.instance_id = parse(name, value, "a string")?,
                "ip" => self.ip = parse(name, value, "a string")?,
                "db_type" => self.db_type = parse(name, value, "a string")?,
                "tags" => {
                    let tags: BTreeMap<_, _> = parse(name, value, "an object of strings")?;
                    self.tags = tags.into_iter().collect();
                }
                name if Job::FIELD_NAMES.contains(&name) => {
                    members.insert(name.into(), value.clone());
                }
                name => {
                    let known = Job::FIELD_NAMES.join(", ");
                    return Err(format!(
                        "unknown member {name:?}: must be one of {known}, instance_id, ip, db_type, tags"
                    ));
                }
            }
        }
        // By the decoder, so that a test can set values of types that the service does not
        // document.
        let members = Value::from(members).to_string();
        let job =
            Job::parse(members.as_bytes()).map_err(|error| format!("invalid job: {error}"))?;
        self.job = job.into_owned();
        Ok(self)
    }
}

/// The fields that a job has, as members of a JSON object.
fn members(job: &Job<'_>) -> Map<String, Value> {
    job.present_fields()
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

/// The value of a member, or the default for `null`.
fn parse<T: DeserializeOwned + Default>(
    name: &str,
    value: &Value,
    expected: &str,
) -> Result<T, String> {
    let parsed = Option::<T>::deserialize(value).map(Option::unwrap_or_default);
    parsed.map_err(|_| format!("invalid {name}: must be {expected}"))
}

impl From<Job<'_>> for EmulatedJob {
    /// The job without instance, address and tags.
    fn from(job: Job<'_>) -> Self {
        Self {
            job: job.into_owned(),
            instance_id: String::new(),
            ip: String::new(),
            db_type: "sqlserver".into(),
            tags: Vec::new(),
        }
    }
}
