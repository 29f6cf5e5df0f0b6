//! Jobs for the tests of the outputs: one of each kind, and what may go wrong with them.

use drs_backup_jobs::{EngineType, Job, JobStatus, Timestamp};

/// An hour and a half after the running job was created.
pub(super) const NOW: Timestamp = match Timestamp::from_unix_millis(1_724_049_000_000) {
    Some(now) => now,
    None => panic!("a valid time"),
};

pub(super) fn jobs() -> Vec<Job<'static>> {
    let mut failed = job(
        "1667845a-6291-4e2a-95b0-190c0abjb703",
        "备份迁移任务-订单库-华北-4",
        JobStatus::Failed,
        "2024-08-19 03:00:00",
        Some("1724040000000"),
    );
    failed.error_log = Some("The backup file is damaged:\n第 3 段校验失败".into());
    failed.description = Some("订单库迁移, \"第二批\"".into());
    vec![
        job(
            "0667845a-6291-4e2a-95b0-190c0abjb703",
            "DRS-6813",
            JobStatus::Success,
            "2024-08-19T02:27:15Z",
            Some("2024-08-19T02:29:03Z"),
        ),
        failed,
        job(
            "running",
            "DRS-7000",
            JobStatus::Transferring,
            "2024-08-19T05:00:00Z",
            None,
        ),
        job("odd", "", JobStatus::from("PAUSED"), "soon", None),
    ]
}

pub(super) fn job(
    id: &'static str,
    name: &'static str,
    status: JobStatus,
    create_time: &'static str,
    finish_time: Option<&'static str>,
) -> Job<'static> {
    let mut job = Job::new(id);
    job.name = name.into();
    job.status = status;
    job.engine_type = EngineType::SqlServer;
    job.create_time = create_time.into();
    job.finish_time = finish_time.map(Into::into);
    job.enterprise_project_id = Some("0".into());
    job
}
