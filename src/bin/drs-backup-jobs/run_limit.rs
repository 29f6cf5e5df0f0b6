//! `--timeout`: the time limit of the whole run.

use std::time::{Duration, Instant};

use drs_backup_jobs::transport::{Request, ResponseBody, ResponseHead, TransportError};
use drs_backup_jobs::{CancelToken, Transport};

use crate::failure::Failure;
use crate::output::text;

/// The time limit of a run. It ends delays between retries, and requests in flight.
#[derive(Clone, Debug)]
pub(crate) struct RunLimit {
    limit: Duration,
    /// How long after the limit a request in flight is cancelled.
    grace: Duration,
    start: Instant,
    token: CancelToken,
}

impl RunLimit {
    /// A limit that starts now.
    pub(crate) fn start(limit: Duration) -> Self {
        Self::with_grace(limit, Duration::ZERO)
    }

    /// A limit that starts now. A request in flight is cancelled only when `grace` has passed after
    /// it.
    pub(crate) fn with_grace(limit: Duration, grace: Duration) -> Self {
        let token = CancelToken::new();
        let timer = token.clone();
        // The thread ends with the program.
        std::thread::spawn(move || {
            std::thread::sleep(limit.saturating_add(grace));
            timer.cancel();
        });
        Self {
            limit,
            grace,
            start: Instant::now(),
            token,
        }
    }

    /// Cancelled when the limit is reached.
    pub(crate) fn cancel_token(&self) -> CancelToken {
        self.token.clone()
    }

    /// Whether the limit is reached. The timer may cancel a moment before `start` says so.
    pub(crate) fn is_reached(&self) -> bool {
        self.token.is_cancelled() || self.start.elapsed() >= self.limit
    }

    /// The failure of a run whose limit is reached.
    pub(crate) fn failure(&self) -> Failure {
        Failure::timeout(format!(
            "cannot finish within --timeout {}",
            text::took(self.limit)
        ))
    }

    fn remaining(&self) -> Duration {
        let end = self.limit.saturating_add(self.grace);
        end.saturating_sub(self.start.elapsed())
    }
}

/// A transport whose requests end with the run.
#[derive(Debug)]
pub(crate) struct Limited<T> {
    transport: T,
    limit: Option<RunLimit>,
}

impl<T> Limited<T> {
    pub(crate) fn new(transport: T, limit: Option<RunLimit>) -> Self {
        Self { transport, limit }
    }
}

impl<T: Transport> Transport for Limited<T> {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        match &self.limit {
            Some(limit) if limit.remaining() < request.timeout() => {
                // Zero would be no limit to some clients.
                let timeout = limit.remaining().max(Duration::from_millis(1));
                self.transport.send(&request.with_timeout(timeout), body)
            }
            _ => self.transport.send(request, body),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_has_cancelled_is_reached() {
        let limit = RunLimit::start(Duration::from_secs(3600));
        assert!(!limit.is_reached());
        limit.cancel_token().cancel();
        assert!(limit.is_reached());
    }
}
