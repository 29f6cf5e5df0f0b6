//! A fault, the schedule of faults, and which request suffers which.

use alloc::vec::Vec;
use core::ops::RangeInclusive;
use core::time::Duration;

use crate::emulator::random::Random;

/// A fault of one response.
///
/// In process, a fault becomes the error that a transport reports for it: the kind in parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// An error response of the service or its gateway with this status, and `Retry-After` in whole
    /// seconds. A status from 300 to 399 redirects to another host. A status below 200 is sent as
    /// 200, one above 599 as 599; 204 and 304 have no body.
    Status(u16, Option<Duration>),
    /// An HTML page of a proxy with this status, within the same bounds.
    Html(u16),
    /// The connection is closed before the response (`ConnectionLost`).
    Reset,
    /// The connection is closed in the middle of the body (`ConnectionLost`).
    AbortBody,
    /// The response begins after this delay (`Timeout` if less time remains).
    Delay(Duration),
    /// The body is sent in pieces during this time (`Timeout` if less time remains).
    SlowBody(Duration),
    /// The body is cut to half its length, and `Content-Length` matches it: truncated JSON.
    Truncate,
    /// This many spaces follow the body, at most 256 MiB (`BodyTooLarge` above the client's limit).
    ExtraBytes(usize),
    /// `Content-Length` differs by this many bytes: above the true length the body seems to end
    /// early (`ConnectionLost`), below it the body is cut. The connection is closed afterwards.
    Length(i64),
    /// Types differ from the documentation as in similar operations of the service: `count` is a
    /// string, statuses are in lower case, `create_time` is a number, other texts are `null`.
    TypeDrift,
    /// `count` is an object, which no client can use.
    InvalidCount,
    /// Undocumented fields in the page and in each job.
    UnknownFields,
    /// Bytes that are not HTTP (`Protocol`).
    Garbage,
}

/// The maximum number of extra bytes, so that the emulator does not run out of memory.
pub(super) const MAX_EXTRA_BYTES: usize = 256 << 20;

impl Fault {
    /// Returns [`Fault::Status`] without `Retry-After`.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status(status, None)
    }
}

/// A schedule of faults: which request gets which [`Fault`].
///
/// A request suffers at most one fault. Faults with a position take precedence over those in order,
/// and those over faults with a probability. Requests are counted from 1 since the faults were
/// [set](crate::emulator::Emulator::set_faults). Probabilities are drawn from the emulator's seed.
///
/// The text form is a comma-separated list of:
///
/// | text | fault |
/// |---|---|
/// | `503` | [`Status`](Fault::Status) |
/// | `429:2s` | `Status` with `Retry-After: 2` |
/// | `html`, `html:504` | [`Html`](Fault::Html) with status 502 or the given one |
/// | `reset` | [`Reset`](Fault::Reset) |
/// | `abort-body` | [`AbortBody`](Fault::AbortBody) |
/// | `delay:500ms` | [`Delay`](Fault::Delay) |
/// | `slow-body:2s` | [`SlowBody`](Fault::SlowBody) |
/// | `truncate` | [`Truncate`](Fault::Truncate) |
/// | `extra-bytes`, `extra-bytes:1000` | [`ExtraBytes`](Fault::ExtraBytes): 17 MiB or the given number |
/// | `length:+10`, `length:-10` | [`Length`](Fault::Length) |
/// | `type-drift` | [`TypeDrift`](Fault::TypeDrift) |
/// | `invalid-count` | [`InvalidCount`](Fault::InvalidCount) |
/// | `unknown-fields` | [`UnknownFields`](Fault::UnknownFields) |
/// | `garbage` | [`Garbage`](Fault::Garbage) |
/// | `ok` | no fault for the next request in order |
///
/// A suffix gives the position or the probability: `@3` (the third request), `@3-5` (the third to
/// the fifth), `@*` (every request), `%5` (five percent of the requests). Without one a fault is for
/// the next request in order. Durations are those of
/// [`parse_duration`](crate::emulator::parse_duration).
///
/// ```
/// use drs_backup_jobs::emulator::{Fault, Faults};
///
/// let faults: Faults = "503,ok,reset@4,truncate%5".parse()?;
/// let same = Faults::new()
///     .then(Fault::status(503))
///     .then_ok()
///     .at(4..=4, Fault::Reset)
///     .with_probability(5, Fault::Truncate);
/// assert_eq!(faults, same);
/// # Ok::<(), drs_backup_jobs::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    pub(super) rules: Vec<Rule>,
}

/// One entry. Without a fault, the request gets the response of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) fault: Option<Fault>,
    pub(super) when: When,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum When {
    InOrder,
    At(RangeInclusive<u64>),
    Probability { percent: u8 },
}

impl Faults {
    /// Creates an empty list of faults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fault for the next request in order.
    #[must_use]
    pub fn then(self, fault: Fault) -> Self {
        self.with(Some(fault), When::InOrder)
    }

    /// Adds no fault for the next request in order.
    #[must_use]
    pub fn then_ok(self) -> Self {
        self.with(None, When::InOrder)
    }

    /// Adds a fault for the requests with these numbers, counted from 1.
    #[must_use]
    pub fn at(self, numbers: RangeInclusive<u64>, fault: Fault) -> Self {
        self.with(Some(fault), When::At(numbers))
    }

    /// Adds a fault for a percentage of the requests, at most 100.
    #[must_use]
    pub fn with_probability(self, percent: u8, fault: Fault) -> Self {
        let percent = percent.min(100);
        self.with(Some(fault), When::Probability { percent })
    }

    fn with(mut self, fault: Option<Fault>, when: When) -> Self {
        self.rules.push(Rule { fault, when });
        self
    }
}

/// The faults that remain, and the number of requests so far.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    rules: Vec<Rule>,
    seed: u64,
    requests: u64,
}

impl Schedule {
    pub(crate) fn new(faults: Faults, seed: u64) -> Self {
        Self {
            rules: faults.rules,
            seed,
            requests: 0,
        }
    }

    /// The fault of the next request.
    pub(crate) fn next(&mut self) -> Option<Fault> {
        self.requests = self.requests.saturating_add(1);
        let number = self.requests;
        let is_due =
            |rule: &&Rule| matches!(&rule.when, When::At(numbers) if numbers.contains(&number));
        let positioned = self.rules.iter().find(is_due);
        if let Some(rule) = positioned {
            return rule.fault.clone();
        }
        let mut rules = self.rules.iter();
        if let Some(at) = rules.position(|rule| rule.when == When::InOrder) {
            return self.rules.remove(at).fault;
        }
        let mut random = Random::of(self.seed, number);
        let drawn = self.rules.iter().find(|rule| match rule.when {
            When::Probability { percent } => random.percent(percent.into()),
            _ => false,
        });
        drawn.and_then(|rule| rule.fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(faults: &str, requests: usize) -> Vec<Option<Fault>> {
        let mut schedule = Schedule::new(faults.parse().unwrap(), 1);
        (0..requests).map(|_| schedule.next()).collect()
    }

    #[test]
    fn position_takes_precedence_over_order_and_order_over_probability() {
        let (e503, reset) = (Some(Fault::status(503)), Some(Fault::Reset));
        assert_eq!(
            drawn("503,ok,503,reset@2", 5),
            [e503.clone(), reset.clone(), None, e503.clone(), None]
        );
        assert_eq!(drawn("503@*", 2), [e503.clone(), e503.clone()]);
        assert_eq!(drawn("reset@2-3", 4), [None, reset.clone(), reset, None]);
        assert_eq!(drawn("503%100", 1), [e503]);
    }

    #[test]
    fn draws_near_the_probability_and_the_same_for_the_same_seed() {
        let hit = |faults: &str| drawn(faults, 1000).iter().flatten().count();
        assert!((70..130).contains(&hit("503%10")), "{}", hit("503%10"));
        assert_eq!(hit("503%0"), 0);
        assert_eq!(drawn("503%50", 20), drawn("503%50", 20));
    }
}
