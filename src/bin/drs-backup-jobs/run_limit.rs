//! `--timeout`: the time limit of the whole run.

use std::time::{Duration, Instant};

use drs_backup_jobs::transport::{Request, ResponseBody, ResponseHead, TransportError};
use drs_backup_jobs::{CancelToken, Transport};

/// The time limit of a run. Delays between retries end with it, and so does a request in flight.
#[derive(Clone, Debug)]
pub(crate) struct RunLimit {
    limit: Duration,
    start: Instant,
    token: CancelToken,
}

impl RunLimit {
    /// A limit that counts from now on.
    pub(crate) fn start(limit: Duration) -> Self {
        let token = CancelToken::new();
        let timer = token.clone();
        // The thread ends with the program.
        std::thread::spawn(move || {
            std::thread::sleep(limit);
            timer.cancel();
        });
        Self {
            limit,
            start: Instant::now(),
            token,
        }
    }

    /// The limit as given.
    pub(crate) fn duration(&self) -> Duration {
        self.limit
    }

    /// Cancelled when the limit is reached.
    pub(crate) fn cancel_token(&self) -> CancelToken {
        self.token.clone()
    }

    pub(crate) fn is_reached(&self) -> bool {
        self.remaining().is_zero()
    }

    fn remaining(&self) -> Duration {
        self.limit.saturating_sub(self.start.elapsed())
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
