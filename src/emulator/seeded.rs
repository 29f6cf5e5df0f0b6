//! Jobs made from a seed: each a pure function of the seed and its number, so that a million of
//! them need no memory until they are asked for.

use alloc::format;
use alloc::string::String;

use super::job::EmulatedJob;
use super::random::{Random, mix};
use crate::job::JobStatus;
use crate::timestamp::Timestamp;

/// When the first job was created: 2024-08-19T02:27:15Z.
const FIRST_CREATED: i64 = 1_724_034_435_000;
/// The time from one job's creation to the next, in milliseconds.
const BETWEEN_JOBS: u64 = 97_000;
/// How many instances the jobs share.
const INSTANCES: u64 = 12;

/// The id of a job. Its first half is one to one in `index`: no two jobs of a seed share an id.
pub(super) fn id(seed: u64, index: u32) -> String {
    let high = mix(mix(seed).wrapping_add(u64::from(index)));
    let low = mix(high ^ seed);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// Whether this is the id of the job of this number.
pub(super) fn has_id(seed: u64, index: u32, given: &str) -> bool {
    // The first eight digits settle it for all but one job in four thousand million.
    let high = mix(mix(seed).wrapping_add(u64::from(index))) >> 32;
    let first = given
        .get(..8)
        .and_then(|first| u64::from_str_radix(first, 16).ok());
    first == Some(high) && id(seed, index) == given
}

/// The job of this number, counted from the oldest.
pub(super) fn job(seed: u64, index: u32) -> EmulatedJob {
    let mut random = Random::of(seed, u64::from(index));
    let instance = random.below(INSTANCES);
    let release = random.pick(&["2017", "2019", "2022"]).unwrap_or(&"2022");
    let database = random
        .pick(&["orders", "billing", "crm", "订单", "财务", "warehouse"])
        .unwrap_or(&"orders");

    let name = match random.below(10) {
        0..6 => format!("DRS-{:04}", random.below(10_000)),
        6..8 => format!("{database} nightly {}", index % 1000),
        _ => format!("备份迁移-{database}-{:04}", index % 10_000),
    };
    let mut job = EmulatedJob::new(id(seed, index))
        .name(name)
        .instance_id(instance_id(seed, instance))
        .ip(format!("192.168.{}.{}", instance / 4, 10 + instance))
        .db_type(format!("sqlserver{release}"))
        .tag(
            "env",
            *random.pick(&["prod", "test", "dev"]).unwrap_or(&"prod"),
        );
    if random.percent(30) {
        job = job.tag("team", *random.pick(&["data", "运维"]).unwrap_or(&"data"));
    }
    if random.percent(10) {
        job = job.enterprise_project_id(instance_id(seed, INSTANCES));
    }
    job = match random.below(10) {
        0..5 => job.description(format!(
            "Destination RDS instance name: rds-sqlserver{release}-{instance:02}"
        )),
        5..8 => job.description(format!(
            "目标实例名称：rds-sqlserver{release}-{instance:02}"
        )),
        8 => job.description(format!("the \"{database}\" database,\nfull backup")),
        _ => job,
    };

    let created = FIRST_CREATED.saturating_add_unsigned(
        (u64::from(index) * BETWEEN_JOBS).saturating_add(random.below(BETWEEN_JOBS / 1000) * 1000),
    );
    job = job.create_time(time(created));
    let status = match random.below(20) {
        0..12 => JobStatus::Success,
        12..15 => JobStatus::Transferring,
        15..18 => JobStatus::Failed,
        _ => JobStatus::PrecheckFailed,
    };
    job = match status {
        JobStatus::Failed => job.error_log(random.pick(FAILURES).copied().unwrap_or_default()),
        JobStatus::PrecheckFailed => {
            job.error_log(random.pick(PRECHECK_FAILURES).copied().unwrap_or_default())
        }
        _ => job,
    };
    if status.is_ended() {
        let seconds = 20 + random.below(7200);
        job = job.finish_time(time(created.saturating_add_unsigned(seconds * 1000)));
    }
    job.status(status)
}

const FAILURES: &[&str] = &[
    "The backup file \"full_0042.bak\" is damaged: page 1:8812 has a wrong checksum.",
    "The log chain is broken.\nUpload the missing log backup and start the task again.",
    "还原失败：目标实例磁盘空间不足。",
    "RESTORE could not open C:\\backup\\orders.bak (operating system error 5).",
];

const PRECHECK_FAILURES: &[&str] = &[
    "A database named [orders] is already on the destination instance.",
    "预检查未通过：备份文件的版本高于目标实例的版本。",
];

/// The id of an instance, in the form of the service's own: 32 digits and the engine's suffix.
fn instance_id(seed: u64, number: u64) -> String {
    let mut random = Random::of(!seed, number);
    format!("{:016x}{:016x}in04", random.next(), random.next())
}

fn time(millis: i64) -> String {
    // Past the year 9999 time stands still.
    Timestamp::from_unix_millis(millis)
        .map_or_else(|| "9999-12-31T23:59:59Z".into(), |time| format!("{time}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_do_not_repeat() {
        let ids: HashSet<String> = (0..100_000).map(|index| id(7, index)).collect();
        assert_eq!(ids.len(), 100_000);
    }

    #[test]
    fn the_same_seed_gives_the_same_jobs_and_another_seed_others() {
        assert_eq!(job(1, 5), job(1, 5));
        assert_ne!(job(1, 5), job(2, 5));
    }

    #[test]
    fn jobs_vary_and_fit_the_documented_lengths() {
        let jobs: std::vec::Vec<EmulatedJob> = (0..500).map(|index| job(1, index)).collect();
        for status in JobStatus::KNOWN {
            assert!(jobs.iter().any(|job| job.job.status == *status), "{status}");
        }
        assert!(jobs.iter().any(|job| !job.job.name.is_ascii()));
        for EmulatedJob { job, .. } in &jobs {
            assert_eq!(job.is_ended(), job.finish_time.is_some());
            assert_eq!(
                matches!(job.status, JobStatus::Failed | JobStatus::PrecheckFailed),
                job.error_log.is_some()
            );
            assert!(job.name.chars().count() <= 128 && job.id.len() <= 128);
            let long = |text: &Option<_>| {
                text.as_ref()
                    .is_some_and(|text: &alloc::borrow::Cow<'_, str>| text.chars().count() > 512)
            };
            assert!(!long(&job.description) && !long(&job.error_log));
        }
        let created: std::vec::Vec<_> = jobs.iter().map(|job| job.job.created_at()).collect();
        assert!(created.is_sorted(), "jobs are numbered from the oldest");
    }

    #[test]
    fn the_last_number_there_is_makes_a_job_too() {
        assert!(job(u64::MAX, u32::MAX).job.created_at().is_some());
    }
}
