//! What `--until-done` waits for: the end of every job of the first look.

use std::collections::BTreeMap;

use drs_backup_jobs::{Job, JobStatus};

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
            _ if job.is_finished() => Self::Failed,
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

    /// Looks up what became of the jobs waited for: `job` gives each as the last look showed it, or
    /// none. Events would not do, since one that matches the filters neither before nor after is
    /// not told. An end stays an end, though the job be deleted.
    pub(super) fn look_up<'a>(&mut self, job: impl Fn(&str) -> Option<&'a Job<'static>>) {
        for (id, end) in &mut self.0 {
            if *end == End::Running {
                *end = job(id).map_or(End::Gone, End::of);
            }
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

    /// What becomes of a goal of `first` when a later look shows `jobs`.
    fn goal(first: &[Job<'static>], jobs: &[Job<'static>]) -> Goal {
        let mut goal = Goal::new(first.iter());
        goal.look_up(|id| jobs.iter().find(|job| job.id == id));
        goal
    }

    #[test]
    fn the_goal_is_reached_when_every_job_of_the_first_look_ended() {
        let first = [
            job("a", JobStatus::Transferring),
            job("b", JobStatus::Success),
        ];
        let later = job("later", JobStatus::Transferring);
        let waiting = goal(&first, &[first[0].clone(), first[1].clone(), later.clone()]);
        assert!(!waiting.is_reached());
        let reached = goal(
            &first,
            &[job("a", JobStatus::Success), first[1].clone(), later],
        );
        assert!(reached.is_reached());
        assert_eq!(reached.code(), DONE);
        assert_eq!(reached.summary(), "2 succeeded");
    }

    #[test]
    fn a_job_that_failed_or_is_gone_is_no_success() {
        let first = [job("a", JobStatus::Transferring)];
        for now in [
            &[job("a", JobStatus::Failed)][..],
            &[job("a", JobStatus::PrecheckFailed)],
            &[],
        ] {
            let goal = goal(&first, now);
            assert!(goal.is_reached());
            assert_eq!(goal.code(), SOME_FAILED, "{now:?}");
        }
    }

    #[test]
    fn an_end_stays_an_end_though_the_job_is_deleted_afterwards() {
        let goal = goal(&[job("a", JobStatus::Success)], &[]);
        assert_eq!((goal.is_reached(), goal.code()), (true, DONE));
    }
}
