//! What a poll found.

use crate::job::Job;

/// A change that a poll found.
///
/// With the feature `serde` an event is serialized as `{"event":"finished","job":{…},"from":{…}}`:
/// the [name](Self::name), the job as it is now, and the job as the poll before showed it where
/// there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A job that the poll before did not list. The first poll reports every job so.
    Added(Job<'static>),
    /// A job that differs from what the poll before listed, but did not finish since then.
    Updated {
        /// The job as the poll before listed it.
        from: Job<'static>,
        /// The job now.
        to: Job<'static>,
    },
    /// A job that finished since the poll before, with success or not.
    Finished {
        /// The job as the poll before listed it.
        from: Job<'static>,
        /// The job now.
        to: Job<'static>,
    },
    /// A job that is no longer listed: it was deleted. If it is listed again later, because the
    /// service was behind, the poll reports it as [`Added`](Self::Added).
    Removed(Job<'static>),
}

impl Event {
    /// The job as it is now; for [`Removed`](Self::Removed) as it was last listed.
    #[must_use]
    pub fn job(&self) -> &Job<'static> {
        match self {
            Self::Added(job)
            | Self::Updated { to: job, .. }
            | Self::Finished { to: job, .. }
            | Self::Removed(job) => job,
        }
    }

    /// The job as the poll before listed it, for an update or a finish.
    #[must_use]
    pub fn previous(&self) -> Option<&Job<'static>> {
        match self {
            Self::Updated { from, .. } | Self::Finished { from, .. } => Some(from),
            Self::Added(_) | Self::Removed(_) => None,
        }
    }

    /// `added`, `updated`, `finished` or `removed`.
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
