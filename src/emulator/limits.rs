//! Limits of the service: documented lengths, the reported count, the request quota.

use alloc::format;
use core::time::Duration;

use super::response::ErrorResponse;

/// Which of the service's documented limits the emulator enforces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limits {
    /// Those of the service's OpenAPI description: `limit` and `offset` below 65 535, `count` at
    /// most 9 998, texts of at most 128 characters (`description` and `tags`: 512), a token of at
    /// most 50 000.
    #[default]
    Documented,
    /// None of these, so that a list can be longer than the service can page through. Still at most
    /// ten instance ids and 512 jobs per page.
    None,
}

/// Rejects a value longer than documented.
pub(super) fn checked_length<'v>(
    key: &str,
    value: &'v str,
    most: usize,
    limits: Limits,
) -> Result<&'v str, ErrorResponse> {
    if limits == Limits::Documented && value.chars().count() > most {
        return Err(ErrorResponse::parameter(
            key,
            &format!("is longer than {most} characters"),
            &format!("的长度超过{most}个字符"),
        ));
    }
    Ok(value)
}

/// The maximum `count` in the service's OpenAPI description.
const MAX_COUNT: u64 = 9_998;

/// Which `count` a page reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Count {
    /// The number of jobs that match the query, at most 9 998 under [`Limits::Documented`].
    #[default]
    Exact,
    /// The exact number, but at most this one: some services stop counting at a maximum.
    Clipped(u64),
    /// The number of jobs in the page.
    PageLocal,
    /// The exact number plus this one, like a cached count after deletions.
    TooHigh(u64),
}

impl Count {
    pub(super) fn report(self, total: u64, page: usize, limits: Limits) -> u64 {
        match (self, limits) {
            (Self::Exact, Limits::Documented) => total.min(MAX_COUNT),
            (Self::Exact, Limits::None) => total,
            (Self::Clipped(most), _) => total.min(most),
            (Self::PageLocal, _) => page as u64,
            (Self::TooHigh(difference), _) => total.saturating_add(difference),
        }
    }
}

/// A maximum number of requests per period, counted as the gateway does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    limit: u32,
    period: Duration,
    /// The end of the current period, and the number of requests that remain in it.
    end: Duration,
    remaining: u32,
}

impl Quota {
    pub(crate) fn new(limit: u32, period: Duration) -> Self {
        Self {
            limit,
            period,
            end: Duration::ZERO,
            remaining: 0,
        }
    }

    /// Counts a request, or rejects it. A period begins with the first request after the end of the
    /// previous one.
    pub(super) fn take(&mut self, now: Duration) -> Result<(), ErrorResponse> {
        if now >= self.end {
            self.end = now.saturating_add(self.period);
            self.remaining = self.limit;
        }
        let remaining = self.remaining.checked_sub(1);
        self.remaining =
            remaining.ok_or_else(|| ErrorResponse::throttled(self.limit, self.period))?;
        Ok(())
    }
}
