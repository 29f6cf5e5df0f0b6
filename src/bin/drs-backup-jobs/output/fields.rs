//! A job's fields under their names on the wire, in the order of the service's page.

use drs_backup_jobs::Job;

pub(crate) const NAMES: [&str; 9] = [
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

/// Each field's name and value; `None` for what the job lacks.
pub(crate) fn of<'a>(job: &'a Job<'_>) -> impl Iterator<Item = (&'static str, Option<&'a str>)> {
    let values: [Option<&str>; 9] = [
        Some(&job.id),
        Some(&job.name),
        Some(job.status.as_str()),
        Some(job.engine_type.as_str()),
        job.error_log.as_deref(),
        job.description.as_deref(),
        Some(&job.create_time),
        job.finish_time.as_deref(),
        job.enterprise_project_id.as_deref(),
    ];
    NAMES.into_iter().zip(values)
}
