//! What an emulator holds behind its lock.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;

use super::auth::Gate;
use super::fault::Schedule;
use super::iam::Iam;
use super::life::Life;
use super::list::List;
use super::query::Limits;
use super::random::mix;
use super::record::RecordedRequest;

/// How many requests are kept for assertions; the oldest are forgotten first.
const REMEMBERED_REQUESTS: usize = 10_000;
/// How many bytes these may take: a token can be 50 000 long.
const REMEMBERED_BYTES: usize = 16 << 20;

#[derive(Debug)]
pub(super) struct State {
    pub(super) list: List,
    pub(super) life: Life,
    pub(super) faults: Schedule,
    pub(super) gate: Gate,
    pub(super) iam: Iam,
    pub(super) limits: Limits,
    pub(super) page_cap: usize,
    pub(super) count_cap: Option<u64>,
    pub(super) seed: u64,
    pub(super) requests: VecDeque<RecordedRequest>,
    pub(super) requests_size: usize,
    /// How many requests there have been, forgotten ones included.
    pub(super) request_count: u64,
}

impl State {
    /// Takes the number of the request that has just come in, counted from 1.
    pub(super) fn count_request(&mut self) -> u64 {
        self.request_count = self.request_count.saturating_add(1);
        self.request_count
    }

    /// The id of a request: 32 hexadecimal digits, as the service's own.
    pub(super) fn request_id(&self, number: u64) -> String {
        let high = mix(self.seed ^ mix(number));
        format!("{high:016x}{:016x}", mix(high ^ number))
    }

    pub(super) fn requests(&self) -> impl Iterator<Item = &RecordedRequest> {
        self.requests.iter()
    }

    pub(super) fn clear_requests(&mut self) {
        self.requests.clear();
        self.requests_size = 0;
    }

    pub(super) fn remember(&mut self, request: RecordedRequest) {
        self.requests_size += request.size();
        self.requests.push_back(request);
        while self.requests.len() > REMEMBERED_REQUESTS || self.requests_size > REMEMBERED_BYTES {
            let Some(oldest) = self.requests.pop_front() else {
                return;
            };
            self.requests_size -= oldest.size();
        }
    }
}
