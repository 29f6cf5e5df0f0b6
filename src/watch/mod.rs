//! What changed since the last poll, and waiting for jobs to finish.
//!
//! `poll` compares one complete listing with the last; `wait` is the state machine that decides
//! when the jobs of a watch are finished. Neither reads a clock: [`Watch`]'s iterator and
//! [`Watch::wait`] sleep, between polls only.

use core::time::Duration;

use crate::client::Client;
use crate::error::Error;
use crate::list_jobs::ListJobs;

mod event;
mod poll;
#[cfg(feature = "serde")]
mod serialize;
mod wait;

pub use event::Event;
pub use poll::Watch;
pub use wait::{Totals, Wait, WaitOutcome, WaitState, WaitStatus};

impl Client {
    /// Watches the jobs that match `query`: see [`Watch`].
    pub fn watch(&self, query: ListJobs) -> Watch {
        Watch::new(self.clone(), query)
    }

    /// Waits until every job that matches `query` now is finished, or until `timeout`: see
    /// [`Watch::wait`], where the interval can differ from 10 seconds.
    ///
    /// # Errors
    ///
    /// Those of [`Watch::wait`].
    pub fn wait(
        &self,
        query: ListJobs,
        timeout: Duration,
    ) -> Result<alloc::vec::Vec<WaitOutcome>, Error> {
        self.watch(query).wait(timeout)
    }
}
