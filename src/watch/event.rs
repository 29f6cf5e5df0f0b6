//! What a poll found.

use crate::job::Job;

/// A change that a poll found.
///
/// With the feature `serde` an event is serialized as `{"event":"finished","job":{…},"from":{…}}`:
/// the [name](Self::name), the job as it is now, and the job of the previous poll, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A job that the previous poll did not list. The first poll reports every job as added.
    Added(Job<'static>),
    /// A job that differs from the previous poll, but did not finish since then.
    Updated {
        /// The job in the previous poll.
        from: Job<'static>,
        /// The job in this poll.
        to: Job<'static>,
    },
    /// A job that finished since the previous poll, with success or not.
    Finished {
        /// The job in the previous poll.
        from: Job<'static>,
        /// The job in this poll.
        to: Job<'static>,
    },
    /// A job that is no longer listed: it was deleted. If it is listed again later, because a
    /// response was out of date, the poll reports it as [`Added`](Self::Added).
    Removed(Job<'static>),
}

impl Event {
    /// Returns the job as it is now; for [`Removed`](Self::Removed) as it was last listed.
    #[must_use]
    pub fn job(&self) -> &Job<'static> {
        match self {
            Self::Added(job)
            | Self::Updated { to: job, .. }
            | Self::Finished { to: job, .. }
            | Self::Removed(job) => job,
        }
    }

    /// Returns the job in the previous poll, for [`Updated`](Self::Updated) and
    /// [`Finished`](Self::Finished).
    #[must_use]
    pub fn previous(&self) -> Option<&Job<'static>> {
        match self {
            Self::Updated { from, .. } | Self::Finished { from, .. } => Some(from),
            Self::Added(_) | Self::Removed(_) => None,
        }
    }

    /// Returns the name of the event: `added`, `updated`, `finished` or `removed`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Added(_) => "added",
            Self::Updated { .. } => "updated",
            Self::Finished { .. } => "finished",
            Self::Removed(_) => "removed",
        }
    }
}
