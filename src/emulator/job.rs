//! A job as the emulator keeps it: what the wire shows, and what only filters and sorting see.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::job::{EngineType, Job, JobStatus};
use crate::timestamp::Timestamp;

/// A job of an [`Emulator`](super::Emulator): the [`Job`] it answers with, and what the service
/// filters and sorts by but does not show.
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
    /// What the wire shows.
    pub job: Job<'static>,
    /// The instance the backup goes to: what `dbs_instance_ids` asks for, and the sort key
    /// `inst_id`.
    pub instance_id: String,
    /// The instance's address: the sort key `ip`, compared as text.
    pub ip: String,
    /// The kind of database: the sort key `db_type`.
    pub db_type: String,
    /// Keys and values: what `tags` asks for; the sort key `tag_value` compares the values.
    pub tags: Vec<(String, String)>,
}

impl EmulatedJob {
    /// A running `sqlserver` job with this id, named `DRS-` and the id, created at
    /// 2024-08-19T02:27:15Z, in the default enterprise project.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        let name = alloc::format!("DRS-{id}");
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

    /// The job's id.
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

    /// Sets the status, and nothing else: see [`ended`](Self::ended).
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

    /// Sets when the job was created, in any form.
    #[must_use]
    pub fn create_time(mut self, time: impl Into<String>) -> Self {
        self.job.create_time = text(time);
        self
    }

    /// Sets when the job ended, in any form.
    #[must_use]
    pub fn finish_time(mut self, time: impl Into<String>) -> Self {
        self.job.finish_time = Some(text(time));
        self
    }

    /// Sets why the job failed.
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

    /// Sets the instance the backup goes to.
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

    /// Sets the kind of database.
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

    /// Ends the job: status and finish time together.
    #[must_use]
    pub fn ended(self, status: impl Into<JobStatus>, at: Timestamp) -> Self {
        self.status(status).finish_time(alloc::format!("{at}"))
    }
}

impl From<Job<'_>> for EmulatedJob {
    /// The job as it is, of no known instance, address or tag.
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
