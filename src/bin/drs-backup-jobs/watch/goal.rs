//! What `--until-done` waits for: the end of every job of the first look.

use std::collections::BTreeMap;

use drs_backup_jobs::{Event, Job, JobStatus};

use super::{DONE, SOME_FAILED};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Running,
    Succeeded,
    Failed,
    Gone,
}

impl End {
    fn of(job: &Job<'_>) -> Self {
        match job.status {
            JobStatus::Success => Self::Succeeded,
            _ if job.is_ended() => Self::Failed,
            _ => Self::Running,
        }
    }
}

/// The jobs of the first look, and how each came out.
#[derive(Debug)]
pub(super) struct Goal(BTreeMap<String, End>);

impl Goal {
    /// To be taken from the first look.
    pub(super) fn new<'a>(jobs: impl Iterator<Item = &'a Job<'static>>) -> Self {
        Self(jobs.map(|job| (job.id.to_string(), End::of(job))).collect())
    }

    /// What an event means for the jobs waited for. An end stays an end, though the job be deleted.
    pub(super) fn see(&mut self, event: &Event) {
        let (job, end) = match event {
            Event::Changed { to, .. } | Event::Ended { to, .. } => (to, End::of(to)),
            Event::Gone(job) => (job, End::Gone),
            _ => return,
        };
        if let Some(known @ End::Running) = self.0.get_mut(&*job.id) {
            *known = end;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether no job runs any more.
    pub(super) fn is_reached(&self) -> bool {
        self.count(End::Running) == 0
    }

    /// The exit code once the goal is reached.
    pub(super) fn code(&self) -> u8 {
        if self.count(End::Succeeded) == self.0.len() {
            DONE
        } else {
            SOME_FAILED
        }
    }

    /// `31 succeeded, 2 failed, 1 gone, 1 still under way`.
    pub(super) fn summary(&self) -> String {
        [
            (End::Succeeded, "succeeded"),
            (End::Failed, "failed"),
            (End::Gone, "gone"),
            (End::Running, "still under way"),
        ]
        .into_iter()
        .filter(|(end, _)| self.count(*end) > 0)
        .map(|(end, what)| format!("{} {what}", self.count(end)))
        .collect::<Vec<_>>()
        .join(", ")
    }

    fn count(&self, end: End) -> usize {
        self.0.values().filter(|known| **known == end).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(id: &'static str, status: JobStatus) -> Job<'static> {
        let mut job = Job::new(id);
        job.status = status;
        job
    }

    fn ended(id: &'static str, status: JobStatus) -> Event {
        Event::Ended {
            from: job(id, JobStatus::Transferring),
            to: job(id, status),
        }
    }

    #[test]
    fn the_goal_is_reached_when_every_job_of_the_first_look_ended() {
        let first = [
            job("a", JobStatus::Transferring),
            job("b", JobStatus::Success),
        ];
        let mut goal = Goal::new(first.iter());
        goal.see(&Event::Appeared(job("later", JobStatus::Transferring)));
        assert!(!goal.is_reached());
        goal.see(&ended("a", JobStatus::Success));
        assert!(goal.is_reached());
        assert_eq!(goal.code(), DONE);
        assert_eq!(goal.summary(), "2 succeeded");
    }

    #[test]
    fn a_job_that_failed_or_is_gone_is_no_success() {
        for event in [
            ended("a", JobStatus::Failed),
            ended("a", JobStatus::PrecheckFailed),
            Event::Gone(job("a", JobStatus::Transferring)),
        ] {
            let mut goal = Goal::new([job("a", JobStatus::Transferring)].iter());
            goal.see(&event);
            assert!(goal.is_reached());
            assert_eq!(goal.code(), SOME_FAILED, "{event:?}");
        }
    }

    #[test]
    fn an_end_stays_an_end_though_the_job_is_deleted_afterwards() {
        let mut goal = Goal::new([job("a", JobStatus::Success)].iter());
        goal.see(&Event::Gone(job("a", JobStatus::Success)));
        assert_eq!((goal.is_reached(), goal.code()), (true, DONE));
    }
}
