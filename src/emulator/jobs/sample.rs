//! Sample jobs: each a function of a seed and its number, so that a million take no memory until
//! they are listed.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec;

use super::emulated_job::EmulatedJob;
use crate::emulator::random::{Random, mix, unmix};
use crate::job::{EngineType, Job, JobStatus};
use crate::timestamp::Timestamp;

/// The default for the latest creation time: 2024-08-19T02:27:15Z.
const NEWEST_CREATED: i64 = 1_724_034_435_000;
/// The time from one job's creation to the next, in milliseconds.
const BETWEEN_JOBS: u64 = 97_000;
/// How many instances the jobs share.
const INSTANCES: u64 = 12;

/// The sample jobs of one seed, numbered from the oldest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) seed: u64,
    pub(crate) jobs: u32,
    /// The latest creation time of the jobs, in milliseconds since 1970.
    pub(crate) newest: i64,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            seed: 1,
            jobs: 0,
            newest: NEWEST_CREATED,
        }
    }
}

impl Sample {
    /// The id of a job. Its first half is one to one in `index`, so that ids do not repeat.
    pub(super) fn id(self, index: u32) -> String {
        let high = mix(mix(self.seed).wrapping_add(u64::from(index)));
        uuid(high, mix(high ^ self.seed))
    }

    /// The number of the job with this id, if it is one of the sample.
    pub(super) fn index_of(self, id: &str) -> Option<u32> {
        let digits = |range| u64::from_str_radix(id.get(range)?, 16).ok();
        let high = digits(0..8)? << 32 | digits(9..13)? << 16 | digits(14..18)?;
        let index = u32::try_from(unmix(high).wrapping_sub(mix(self.seed))).ok()?;
        (index < self.jobs && self.id(index) == id).then_some(index)
    }

    /// When the job with this number was created: one in each interval, anywhere in it.
    fn created(self, index: u32, random: &mut Random) -> i64 {
        let age = self.jobs.saturating_sub(1).saturating_sub(index);
        let before = u64::from(age) * BETWEEN_JOBS + random.below(BETWEEN_JOBS / 1000) * 1000;
        self.newest.saturating_sub_unsigned(before)
    }

    /// The job with this number. One beyond the sample is as new as its newest.
    pub(super) fn job(self, index: u32) -> EmulatedJob {
        // Not by setters: a filter builds a million jobs in this way.
        let mut random = Random::of(self.seed, u64::from(index));
        let instance = random.below(INSTANCES);
        let release = random.pick(&["2017", "2019", "2022"]);
        let database = random.pick(&["orders", "billing", "crm", "订单", "财务", "warehouse"]);

        let mut job = Job::new(self.id(index));
        job.engine_type = EngineType::SqlServer;
        job.name = match random.below(10) {
            0..6 => format!("DRS-{:04}", random.below(10_000)),
            6..8 => format!("{database} nightly {}", index % 1000),
            _ => format!("备份迁移-{database}-{:04}", index % 10_000),
        }
        .into();
        job.description = match random.below(10) {
            0..5 => Some(format!(
                "Destination RDS instance name: rds-sqlserver{release}-{instance:02}"
            )),
            5..8 => Some(format!(
                "目标实例名称：rds-sqlserver{release}-{instance:02}"
            )),
            8 => Some(format!("the \"{database}\" database,\nfull backup")),
            _ => None,
        }
        .map(Cow::Owned);
        job.enterprise_project_id = Some(if random.percent(10) {
            uuid(mix(self.seed), mix(!self.seed)).into()
        } else {
            "0".into()
        });

        let created = self.created(index, &mut random);
        job.create_time = time(Timestamp::from_unix_millis(created)).into();
        job.status = match random.below(20) {
            0..12 => JobStatus::Success,
            12..15 => JobStatus::Transferring,
            15..18 => JobStatus::Failed,
            _ => JobStatus::PrecheckFailed,
        };
        job.error_log = reason(&mut random, &job.status).map(Cow::Borrowed);
        if job.is_finished() {
            let seconds = 20 + random.below(7200);
            let finished = created.saturating_add_unsigned(seconds * 1000);
            job.finish_time = Some(time(Timestamp::from_unix_millis(finished)).into());
        }

        let mut tags = vec![("env".into(), random.pick(&["prod", "test", "dev"]).into())];
        if random.percent(30) {
            tags.push(("team".into(), random.pick(&["data", "运维"]).into()));
        }
        EmulatedJob {
            job,
            instance_id: instance_id(self.seed, instance),
            ip: format!("192.168.{}.{}", instance / 4, 10 + instance),
            db_type: String::from("sqlserver") + release,
            tags,
        }
    }
}

/// The error log of a job with this status, if it failed.
pub(super) fn reason(random: &mut Random, status: &JobStatus) -> Option<&'static str> {
    match status {
        JobStatus::Failed => Some(random.pick(FAILURES)),
        JobStatus::PrecheckFailed => Some(random.pick(PRECHECK_FAILURES)),
        _ => None,
    }
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

/// An instance id in the service's form: 32 digits and the engine's suffix.
fn instance_id(seed: u64, number: u64) -> String {
    let mut random = Random::of(!seed, number);
    format!("{:016x}{:016x}in04", random.next(), random.next())
}

/// 128 bits in the form of a UUID.
fn uuid(high: u64, low: u64) -> String {
    let digits = format!("{high:016x}{low:016x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    parts
        .map(|part| digits.get(part).unwrap_or_default())
        .join("-")
}

/// A time as jobs hold it; empty beyond the years 0 to 9999.
pub(super) fn time(time: Option<Timestamp>) -> String {
    time.map_or_else(String::new, |time| format!("{time}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn sample(seed: u64) -> Sample {
        Sample {
            seed,
            jobs: 500,
            newest: NEWEST_CREATED,
        }
    }

    #[test]
    fn an_id_gives_the_number_of_a_job_of_the_sample_alone() {
        let sample = sample(7);
        assert!((0..500).all(|index| sample.index_of(&sample.id(index)) == Some(index)));
        let first = sample.id(0);
        for other in [
            &sample.id(500),
            &first[1..],
            &first.replace('-', "+"),
            "备备备备备备备",
            "",
        ] {
            assert_eq!(sample.index_of(other), None, "{other}");
        }
    }

    #[test]
    fn ids_do_not_repeat() {
        let ids: HashSet<String> = (0..100_000).map(|index| sample(7).id(index)).collect();
        assert_eq!(ids.len(), 100_000);
    }

    #[test]
    fn same_seed_gives_same_jobs_and_another_seed_others() {
        assert_eq!(sample(1).job(5), sample(1).job(5));
        assert_ne!(sample(1).job(5), sample(2).job(5));
    }

    #[test]
    fn jobs_vary_and_fit_the_documented_lengths() {
        let jobs: std::vec::Vec<EmulatedJob> = (0..500).map(|index| sample(1).job(index)).collect();
        for status in JobStatus::KNOWN {
            assert!(jobs.iter().any(|job| job.job.status == *status), "{status}");
        }
        assert!(jobs.iter().any(|job| !job.job.name.is_ascii()));
        for EmulatedJob { job, .. } in &jobs {
            assert_eq!(job.is_finished(), job.finish_time.is_some());
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
    fn the_largest_sample_has_valid_jobs() {
        let sample = Sample {
            seed: u64::MAX,
            jobs: u32::MAX,
            newest: NEWEST_CREATED,
        };
        assert_eq!(sample.index_of(sample.job(9).id()), Some(9));
        assert!(sample.job(u32::MAX).job.created_at().is_some());
    }
}
