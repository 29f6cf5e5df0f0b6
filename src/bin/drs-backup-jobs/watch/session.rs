//! One watch from its first poll to its end.
//!
//! What a poll found, whether the wait is over and how long to sleep is decided by the library's
//! [`Wait`]. This loop prints, saves, sleeps and keeps the deadline.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use drs_backup_jobs::{
    Clock, Error, ErrorKind, Event, JobStatus, Timestamp, Totals, Wait, WaitOutcome, WaitStatus,
};

use super::quota::{Quota, least_delay};
use super::report::Report;
use super::state_file::StateFile;
use super::summary;
use super::view::{MAX_RUNNING, Polling, Running, Snapshot};
use crate::failure::{Failure, with_causes};
use crate::output::shown_name;
use crate::time;

/// A watch that runs.
pub(super) struct Session {
    wait: Wait,
    report: Report,
    clock: Arc<dyn Clock>,
    quota: Quota,
    /// How many requests were sent so far.
    request_count: Box<dyn Fn() -> u64>,
    state: Option<StateFile>,
    /// Whether the first poll reports what changed since an earlier run.
    has_saved_jobs: bool,
    options: Options,
    failed_polls: FailedPolls,
    /// The jobs that failed while they were watched.
    failed_jobs: BTreeSet<String>,
    /// Whether an event was printed.
    has_reported: bool,
    /// The jobs that are waited for, and those added later, after the last poll.
    totals: Totals,
    new: Totals,
}

/// The settings from the command line.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    /// The jobs to watch; all that match if there are none.
    pub(super) ids: Vec<String>,
    pub(super) until_finished: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) changes_only: bool,
}

/// How a watch ended.
#[derive(Debug)]
pub(super) enum End {
    /// Every job is finished or removed.
    Finished,
    /// No job matches, so there is nothing to wait for.
    NothingToWaitFor,
    /// The time limit has expired.
    TimedOut,
    /// A poll failed with an error that is not transient, or every poll failed until the time limit
    /// expired.
    PollFailed(Error),
}

/// The polls that failed since the last one that succeeded.
#[derive(Debug, Default)]
struct FailedPolls {
    times: u32,
    cause: Option<(ErrorKind, Option<u16>)>,
    reason: String,
}

impl Session {
    pub(super) fn new(
        wait: Wait,
        report: Report,
        clock: Arc<dyn Clock>,
        quota: Quota,
        request_count: impl Fn() -> u64 + 'static,
        options: Options,
    ) -> Self {
        Self {
            wait,
            report,
            clock,
            quota,
            request_count: Box::new(request_count),
            state: None,
            has_saved_jobs: false,
            options,
            failed_polls: FailedPolls::default(),
            failed_jobs: BTreeSet::new(),
            has_reported: false,
            totals: Totals::default(),
            new: Totals::default(),
        }
    }

    /// Saves the jobs of each poll. `has_saved_jobs` if the wait begins with those of an earlier
    /// run.
    pub(super) fn keep_state(&mut self, state: StateFile, has_saved_jobs: bool) {
        self.state = Some(state);
        self.has_saved_jobs = has_saved_jobs;
    }

    /// Polls until the end.
    pub(super) fn run(&mut self) -> Result<End, Failure> {
        let timeout = self.options.timeout;
        let deadline = timeout.map(|timeout| self.clock.now().saturating_add(timeout));
        let mut last_error = None;
        loop {
            let is_first = !self.wait.is_started();
            let requests_before = (self.request_count)();
            let state = self.wait.poll();
            let requests = (self.request_count)().saturating_sub(requests_before);
            let delay = state.delay.max(least_delay(requests));
            // Only the library treats a wait without jobs as an error.
            let error = state.error.filter(|_| state.status != WaitStatus::Empty);
            let has_failed = error.is_some();
            match error {
                Some(error) if error.kind() == ErrorKind::Cancelled => {
                    return Ok(self.timed_out(Some(last_error.unwrap_or(error))));
                }
                Some(error)
                    if state.status == WaitStatus::Failed
                        && (is_first || self.options.until_finished) =>
                {
                    return Ok(End::PollFailed(error));
                }
                Some(error) => {
                    self.report_failed_poll(&error, delay)?;
                    last_error = Some(error);
                }
                None => self.report_poll(&state.events, is_first, requests)?,
            }
            (self.totals, self.new) = (state.totals, state.new);
            self.show(delay)?;
            if self.options.until_finished {
                match state.status {
                    WaitStatus::Done => return Ok(End::Finished),
                    WaitStatus::Empty => return Ok(End::NothingToWaitFor),
                    _ => {}
                }
            }
            let now = self.clock.now();
            let remaining = deadline.map(|deadline| deadline.saturating_sub(now));
            match remaining {
                // The service must not be polled again before the time limit expires.
                Some(remaining) if remaining <= delay && has_failed => {
                    return Ok(self.timed_out(last_error));
                }
                Some(remaining) if remaining <= delay => {
                    self.clock.sleep(remaining);
                    // A last poll finds what finished since the one before.
                    if remaining.is_zero() || !self.options.until_finished {
                        return Ok(self.timed_out(last_error));
                    }
                }
                _ => self.clock.sleep(delay),
            }
        }
    }

    fn timed_out(&self, error: Option<Error>) -> End {
        match error {
            Some(error) if !self.wait.is_started() => End::PollFailed(error),
            _ => End::TimedOut,
        }
    }

    fn now(&self) -> Timestamp {
        time::now(&*self.clock)
    }

    fn report_failed_poll(&mut self, error: &Error, delay: Duration) -> Result<(), Failure> {
        let reason = with_causes(error);
        // Each message has a different request id.
        let cause = Some((error.kind(), error.status()));
        let is_new_failure = cause != self.failed_polls.cause;
        let time = self.now();
        self.report
            .failed_poll(&reason, delay, is_new_failure, time)?;
        self.failed_polls = FailedPolls {
            times: self.failed_polls.times.saturating_add(1),
            cause,
            reason,
        };
        Ok(())
    }

    /// Prints what a poll found, then saves it: after a crash in between, the next run reports it
    /// again.
    fn report_poll(
        &mut self,
        events: &[Event],
        is_first: bool,
        requests: u64,
    ) -> Result<(), Failure> {
        let failed_polls = std::mem::take(&mut self.failed_polls).times;
        self.report.recovery(failed_polls, self.now());
        if is_first {
            self.check_ids()?;
        }
        // The first jobs of the watch are not a change, and the live view shows them.
        let begins = is_first && !self.has_saved_jobs;
        let skips_added = begins && (self.options.changes_only || self.report.is_live());
        let time = self.now();
        for event in events {
            if skips_added && matches!(event, Event::Added(_)) {
                continue;
            }
            if !begins && has_failed(event) {
                self.failed_jobs.insert(event.job().id.to_string());
            }
            self.report.event(event, time)?;
            self.has_reported = true;
        }
        if let Some(state) = &self.state
            && (is_first || !events.is_empty())
        {
            state.save(self.wait.watch().jobs())?;
        }
        if let Some(note) = self.quota.note(requests) {
            self.report.note(&note)?;
        }
        Ok(())
    }

    /// A job that is named but not listed can never finish: the name is wrong.
    fn check_ids(&mut self) -> Result<(), Failure> {
        let outcomes: BTreeSet<&str> = self.wait.outcomes().map(|job| &*job.job().id).collect();
        let is_known = |id: &str| self.wait.watch().get(id).is_some() || outcomes.contains(id);
        let ids = self.options.ids.iter();
        let missing: Vec<&str> = ids.map(|id| &**id).filter(|id| !is_known(id)).collect();
        let Some(first) = missing.first() else {
            return Ok(());
        };
        let message = match missing.len() {
            1 => format!("no job has the id {first:?}"),
            _ => format!("no jobs have the ids {}", missing.join(", ")),
        };
        if self.options.until_finished {
            return Err(Failure::refused(message)
                .with_hint("drs-backup-jobs list shows the ids of all jobs in the project"));
        }
        Ok(self.report.note(&format!("{message} yet"))?)
    }

    fn show(&mut self, delay: Duration) -> Result<(), Failure> {
        let snapshot = || {
            let mut running: Vec<_> = self
                .wait
                .outcomes()
                .chain(self.wait.new_jobs())
                .filter(|outcome| matches!(outcome, WaitOutcome::Running(_)))
                .map(|outcome| (outcome.job().created_at(), outcome.job()))
                .collect();
            // The longest first; those of an unknown beginning last.
            running.sort_by_key(|(since, _)| (since.is_none(), *since));
            let at = self.clock.now();
            let next = at.saturating_add(delay);
            Snapshot {
                totals: self.wait.is_started().then_some(self.totals),
                new: self.new,
                running_count: running.len(),
                running: running
                    .into_iter()
                    .take(MAX_RUNNING)
                    .map(|(since, job)| Running {
                        name: shown_name(job).into_owned(),
                        status: job.status.clone(),
                        since,
                    })
                    .collect(),
                polling: match self.failed_polls.times {
                    0 => Polling::Succeeded { at, next },
                    times => Polling::Failed {
                        times,
                        reason: self.failed_polls.reason.clone(),
                        next,
                    },
                },
            }
        };
        Ok(self.report.show(snapshot)?)
    }

    /// Removes the live view, if there is one.
    pub(super) fn close(&self) {
        self.report.close();
    }

    /// What the end of the watch says: nothing if no poll has succeeded, or if there was nothing to
    /// report, as in a run from cron that found no change.
    pub(super) fn summary(&self) -> Option<String> {
        let has_news = self.options.until_finished || self.report.is_live() || self.has_reported;
        let is_due = self.wait.is_started() && has_news;
        is_due.then(|| summary::totals(&self.totals, &self.new))
    }

    /// Whether every job that was waited for finished with success.
    pub(super) fn has_succeeded(&self) -> bool {
        self.totals.succeeded == self.totals.total()
    }

    /// The jobs to name at the end: those that a wait counts as failed, else those that failed
    /// while they were watched.
    pub(super) fn failures(&self) -> impl Iterator<Item = &WaitOutcome> {
        let outcomes = self.wait.outcomes().chain(self.wait.new_jobs());
        outcomes.filter(|outcome| match outcome {
            WaitOutcome::Finished(job) => {
                !outcome.is_success()
                    && (self.options.until_finished || self.failed_jobs.contains(&*job.id))
            }
            WaitOutcome::Removed(_) => self.options.until_finished,
            _ => false,
        })
    }
}

/// Whether an event shows that a job failed.
fn has_failed(event: &Event) -> bool {
    let job = event.job();
    let is_removed = matches!(event, Event::Removed(_));
    job.is_finished() && job.status != JobStatus::Success && !is_removed
}
