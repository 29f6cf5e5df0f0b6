//! How many requests the gateway has counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use drs_backup_jobs::Transport;
use drs_backup_jobs::transport::{Request, ResponseBody, ResponseHead, TransportError};

/// The number of requests for jobs, including retries. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestCount(Arc<AtomicU64>);

impl RequestCount {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A transport whose requests are counted. Those to IAM have another quota.
#[derive(Debug)]
pub(crate) struct Counted<T> {
    transport: T,
    count: RequestCount,
}

impl<T> Counted<T> {
    pub(crate) fn new(transport: T, count: RequestCount) -> Self {
        Self { transport, count }
    }
}

impl<T: Transport> Transport for Counted<T> {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        if request.url().contains("/backup-migration-jobs") {
            self.count.0.fetch_add(1, Ordering::Relaxed);
        }
        self.transport.send(request, body)
    }
}
