//! A job of the emulator: the fields of a response, and those that only filters and sorting use.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

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

impl EmulatedJob {
    /// Returns a running `sqlserver` job with this id, the name `DRS-` and the id, created at
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
        Self {
            job,
            instance_id: String::new(),
            ip: String::new(),
            db_type: "sqlserver".into(),
            tags: Vec::new(),
        }
    }

    /// Returns the job's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.job.id
    }

    /// Sets the name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.job.name = text(name);
        self
    }

    /// Sets the status alone: see [`finished`](Self::finished).
    #[must_use]
    pub fn status(mut self, status: impl Into<JobStatus>) -> Self {
        self.job.status = status.into();
        self
    }

    /// Sets the database engine.
    #[must_use]
    pub fn engine_type(mut self, engine: impl Into<EngineType>) -> Self {
        self.job.engine_type = engine.into();
        self
    }

    /// Sets `create_time`, in any form.
    #[must_use]
    pub fn create_time(mut self, time: impl Into<String>) -> Self {
        self.job.create_time = text(time);
        self
    }

    /// Sets `finish_time`, in any form.
    #[must_use]
    pub fn finish_time(mut self, time: impl Into<String>) -> Self {
        self.job.finish_time = Some(text(time));
        self
    }

    /// Sets the reason of a failure.
    #[must_use]
    pub fn error_log(mut self, error_log: impl Into<String>) -> Self {
        self.job.error_log = Some(text(error_log));
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.job.description = Some(text(description));
        self
    }

    /// Sets the enterprise project.
    #[must_use]
    pub fn enterprise_project_id(mut self, id: impl Into<String>) -> Self {
        self.job.enterprise_project_id = Some(text(id));
        self
    }

    /// Sets the target instance.
    #[must_use]
    pub fn instance_id(mut self, id: impl Into<String>) -> Self {
        self.instance_id = id.into();
        self
    }

    /// Sets the instance's address.
    #[must_use]
    pub fn ip(mut self, ip: impl Into<String>) -> Self {
        self.ip = ip.into();
        self
    }

    /// Sets the database type.
    #[must_use]
    pub fn db_type(mut self, db_type: impl Into<String>) -> Self {
        self.db_type = db_type.into();
        self
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

    /// Sets the status as the service does: with a final status the job gets a finish time, with
    /// another one it loses finish time and error log.
    pub(crate) fn set_status(&mut self, status: JobStatus, now: &str) {
        if status.is_finished() {
            self.job.finish_time = Some(text(now));
        } else {
            self.job.finish_time = None;
            self.job.error_log = None;
        }
        self.job.status = status;
    }

    /// The job as JSON: the service's fields, and those beyond them that are set.
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
            members.insert("tags".into(), tags.collect::<Value>());
        }
        members.into()
    }

    /// The job with the members of a JSON object set, `null` clearing one.
    ///
    /// A final status sets the finish time, another one clears it and the error log, unless the
    /// object has these members.
    pub(crate) fn patched(mut self, patch: &Map<String, Value>, now: &str) -> Result<Self, String> {
        if let Some(status) = patch.get("status").and_then(Value::as_str) {
            self.set_status(status.into(), now);
        }
        let fields = self.job.fields();
        let mut shown: Map<String, Value> = fields
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        for (name, value) in patch {
            let hidden = match name.as_str() {
                "instance_id" => &mut self.instance_id,
                "ip" => &mut self.ip,
                "db_type" => &mut self.db_type,
                "tags" => {
                    self.tags = tags(value)?;
                    continue;
                }
                _ if shown.contains_key(name) => {
                    shown.insert(name.clone(), value.clone());
                    continue;
                }
                _ => return Err(unknown_member(name)),
            };
            *hidden = value
                .as_str()
                .ok_or_else(|| format!("invalid {name}: must be a string"))?
                .into();
        }
        // Through the decoder, so that a test can set values of drifted types.
        let shown = Value::from(shown).to_string();
        let job = Job::parse(shown.as_bytes()).map_err(|error| format!("invalid job: {error}"))?;
        self.job = job.into_owned();
        Ok(self)
    }
}

/// The fields that a job has, as members of a JSON object.
pub(crate) fn members(job: &Job<'_>) -> Map<String, Value> {
    let fields = job.fields();
    fields
        .filter_map(|(name, value)| Some((name.into(), value?.into())))
        .collect()
}

fn unknown_member(name: &str) -> String {
    format!(
        "unknown member {name:?}: must be one of {}, instance_id, ip, db_type, tags",
        Job::FIELD_NAMES.join(", ")
    )
}

fn tags(value: &Value) -> Result<Vec<(String, String)>, String> {
    let pairs = value.as_object().map(|object| {
        let pairs = object.iter();
        pairs
            .map(|(key, value)| Some((key.clone(), value.as_str()?.into())))
            .collect()
    });
    pairs
        .flatten()
        .ok_or_else(|| "invalid tags: must be an object of strings".into())
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

fn text(text: impl Into<String>) -> Cow<'static, str> {
    Cow::Owned(text.into())
}
