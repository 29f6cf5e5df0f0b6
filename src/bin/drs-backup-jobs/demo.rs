//! `--demo`: sample data of the last 24 hours, served by the emulator on this machine.

use std::sync::Arc;
use std::time::Duration;

use drs_backup_jobs::clock::SystemClock;
use drs_backup_jobs::emulator::{EmulatedJob, Emulator, Script, Server};
use drs_backup_jobs::{Clock, Timestamp};

use crate::failure::{Failure, print_message};
use crate::time::{self, Moment, Zone};

const JOBS: u32 = 35;
const SPAN_MILLIS: i64 = 24 * 3_600_000;

/// The emulator that serves the sample data, until dropped.
#[derive(Debug)]
pub(crate) struct Demo {
    server: Server,
    clock: Arc<DemoClock>,
}

impl Demo {
    /// Starts it, at the system's time or at `now`; the jobs change by `script`.
    pub(crate) fn start(now: Option<Moment>, script: Script) -> Result<Self, Failure> {
        let system = SystemClock::new();
        let mut begin = time::now(&system);
        if let Some(moment) = now {
            begin = moment.start(begin, &Zone::local());
        }
        let clock = Arc::new(DemoClock {
            system,
            begin: Duration::from_millis(u64::try_from(begin.unix_millis()).unwrap_or_default()),
        });
        let mut builder = Emulator::builder().script(script).clock(Arc::clone(&clock));
        for job in sample_jobs(begin) {
            builder = builder.job(job);
        }
        let server = builder
            .build()
            .serve("127.0.0.1:0")
            .map_err(|error| Failure::refused(format!("cannot start the emulator: {error}")))?;
        print_message(
            "note",
            &format!("sample data, served by an emulator on {}", server.url()),
        );
        Ok(Self { server, clock })
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }
}

/// The emulator's jobs, spread over the 24 hours before `now`, from the oldest to the newest.
fn sample_jobs(now: Timestamp) -> Vec<EmulatedJob> {
    let seeded = Emulator::builder().jobs(JOBS).build().jobs();
    let step = SPAN_MILLIS / i64::from(JOBS);
    let seconds = |millis: i64| {
        let time = Timestamp::from_unix_millis(millis.div_euclid(1000) * 1000);
        time.map_or_else(String::new, |time| time.to_string())
    };
    let mut jobs: Vec<(i64, EmulatedJob)> = Vec::new();
    for (age, mut seeded) in (1..).zip(seeded) {
        let job = &mut seeded.job;
        let duration = job.duration().unwrap_or_default();
        let duration = i64::try_from(duration.as_millis()).unwrap_or_default();
        // A job of the last hours has finished by now.
        let latest = now.unix_millis() - duration;
        let created = (now.unix_millis() - age * step + step / 2).min(latest - age * 1000);
        job.create_time = seconds(created).into();
        if job.is_finished() {
            job.finish_time = Some(seconds(created + duration).into());
        }
        jobs.push((created, seeded));
    }
    jobs.sort_by_key(|(created, _)| *created);
    jobs.into_iter().map(|(_, job)| job).collect()
}

/// The system's clock, shifted to when the demo begins.
#[derive(Debug)]
struct DemoClock {
    system: SystemClock,
    begin: Duration,
}

impl Clock for DemoClock {
    fn now(&self) -> Duration {
        self.system.now()
    }

    fn unix_time(&self) -> Duration {
        self.begin + self.system.now()
    }

    fn sleep(&self, duration: Duration) {
        self.system.sleep(duration);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_jobs_lie_in_the_last_24_hours_and_depend_on_now_alone() {
        let now = Timestamp::parse("2024-08-19T12:00:00Z").unwrap();
        let jobs = sample_jobs(now);
        assert_eq!(jobs, sample_jobs(now));
        assert_eq!(jobs.len(), 35);
        assert!(jobs.is_sorted_by_key(|job| job.job.created_at()));
        for EmulatedJob { job, .. } in &jobs {
            let created = job.created_at().unwrap();
            assert!(now.duration_since(created).unwrap() < Duration::from_secs(86_400 + 7_200));
            assert!(
                job.finished_at().is_none_or(|finished| finished <= now),
                "{job:?}"
            );
        }
    }
}
