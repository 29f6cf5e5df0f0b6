//! Faults: what goes wrong, and at which request.

use alloc::vec::Vec;
use core::time::Duration;

use super::random::Random;

/// Something that goes wrong with one answer.
///
/// In process a fault becomes what a transport would make of it, named here in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The service, or the gateway, answers with this status and an error in its shape, and asks
    /// with `Retry-After` for this pause, in whole seconds. A status from 300 to 399 redirects to
    /// another host. One below 200 is sent as 200, one above 599 as 599; 204 and 304 have no body.
    Status(u16, Option<Duration>),
    /// A proxy on the way answers with this status, within the same bounds, and a page of HTML.
    Html(u16),
    /// The connection ends before an answer (`ConnectionLost`).
    Reset,
    /// The connection ends in the middle of the body (`ConnectionLost`).
    AbortBody,
    /// The answer begins this much later (`Timeout` if there is less time left).
    Delay(Duration),
    /// The body takes this long, trickling in (`Timeout` if there is less time left).
    SlowBody(Duration),
    /// The body is half of what it should be, and announced as that: no JSON.
    Truncate,
    /// This many spaces follow the body, 256 MiB at most (`BodyTooLarge` past the client's cap).
    ExtraBytes(usize),
    /// `Content-Length` is off by so many bytes: with too many the body seems to end early
    /// (`ConnectionLost`), with too few it is cut short. The connection ends afterwards.
    Length(i64),
    /// Types drift, as sister operations of the service were seen to do: `count` is a text,
    /// statuses are in lower case, `create_time` is a number, other texts are `null`.
    TypeDrift,
    /// `count` is an object: nothing a client could make sense of.
    InvalidCount,
    /// Fields that nobody knows, in the answer and in each job.
    UnknownFields,
    /// What comes back is no HTTP (`Protocol`).
    Garbage,
}

/// The most spaces that are sent: beyond, the emulator's own memory would be what is tested.
pub(super) const MAX_EXTRA_BYTES: usize = 256 << 20;

impl Fault {
    /// This status, without `Retry-After`.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status(status, None)
    }
}

/// Which [`Fault`] happens to which request.
///
/// A fault without a place happens to the next request that has none yet, in the order given; one
/// with a place to the request of this number, counted from 1 since the faults were
/// [set](super::Emulator::set_faults); one with a chance to so many requests in a hundred, drawn
/// from the emulator's seed. A request suffers one fault: a place goes before the order, the order
/// before chance.
///
/// It can be written as text, faults with commas between them:
///
/// | text | fault |
/// |---|---|
/// | `503` | [`Status`](Fault::Status) |
/// | `429:2s` | the same with `Retry-After: 2` |
/// | `html`, `html:504` | [`Html`](Fault::Html), of status 502 or this one |
/// | `reset` | [`Reset`](Fault::Reset) |
/// | `cut` | [`Cut`](Fault::AbortBody) |
/// | `late:500ms` | [`Late`](Fault::Delay) |
/// | `slow:2s` | [`Slow`](Fault::SlowBody) |
/// | `truncate` | [`Truncate`](Fault::Truncate) |
/// | `overlong`, `overlong:1000` | [`Overlong`](Fault::ExtraBytes), by 17 MiB or this many bytes |
/// | `length:+10`, `length:-10` | [`Length`](Fault::Length) |
/// | `drift` | [`Drift`](Fault::TypeDrift) |
/// | `mistype` | [`Mistype`](Fault::InvalidCount) |
/// | `unknown` | [`Unknown`](Fault::UnknownFields) |
/// | `garbage` | [`Garbage`](Fault::Garbage) |
/// | `ok` | none: lets a request pass, in the order |
///
/// After a fault may stand `@3` (the third request), `@3-5` (the third to the fifth), `@*` (every
/// request) or `%5` (five in a hundred). Durations are `500ms`, `10s`, `2m`, `1h`.
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

/// One fault of a schedule, `None` for a request that passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) fault: Option<Fault>,
    pub(super) place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    InOrder,
    At { first: u64, last: u64 },
    Chance { percent: u8 },
}

impl Faults {
    /// No faults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing ever goes wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The next request in the order suffers this.
    #[must_use]
    pub fn then(self, fault: Fault) -> Self {
        self.with(Some(fault), Place::InOrder)
    }

    /// The next request in the order passes.
    #[must_use]
    pub fn then_ok(self) -> Self {
        self.with(None, Place::InOrder)
    }

    /// The requests of these numbers, counted from 1, suffer this.
    #[must_use]
    pub fn at(self, numbers: core::ops::RangeInclusive<u64>, fault: Fault) -> Self {
        let (first, last) = numbers.into_inner();
        self.with(Some(fault), Place::At { first, last })
    }

    /// So many requests in a hundred suffer this, drawn from the emulator's seed; more than 100
    /// are 100.
    #[must_use]
    pub fn with_probability(self, percent: u8, fault: Fault) -> Self {
        let percent = percent.min(100);
        self.with(Some(fault), Place::Chance { percent })
    }

    pub(super) fn with(mut self, fault: Option<Fault>, place: Place) -> Self {
        self.rules.push(Rule { fault, place });
        self
    }
}

/// Faults on their way: how many requests there were, and how far the order has come.
#[derive(Debug)]
pub(super) struct Schedule {
    faults: Faults,
    seed: u64,
    asked: u64,
    /// How many rules, of any place, lie behind.
    passed: usize,
}

impl Schedule {
    pub(super) fn new(faults: Faults, seed: u64) -> Self {
        Self {
            faults,
            seed,
            asked: 0,
            passed: 0,
        }
    }

    /// What happens to the next request.
    pub(super) fn next(&mut self) -> Option<Fault> {
        self.asked = self.asked.saturating_add(1);
        let rules = &self.faults.rules;
        let placed = rules.iter().find(|rule| {
            matches!(rule.place, Place::At { first, last } if (first..=last).contains(&self.asked))
        });
        if let Some(rule) = placed {
            return rule.fault.clone();
        }
        let in_order = rules
            .iter()
            .enumerate()
            .skip(self.passed)
            .find(|(_, rule)| rule.place == Place::InOrder);
        if let Some((at, rule)) = in_order {
            self.passed = at + 1;
            return rule.fault.clone();
        }
        self.passed = rules.len();
        let mut random = Random::of(self.seed, self.asked);
        rules
            .iter()
            .find(|rule| match rule.place {
                Place::Chance { percent } => random.percent(percent.into()),
                _ => false,
            })
            .and_then(|rule| rule.fault.clone())
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
    fn order_place_and_chance_each_have_their_turn() {
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
    fn chance_keeps_near_its_share_and_repeats_with_the_seed() {
        let hit = |faults: &str| drawn(faults, 1000).iter().flatten().count();
        assert!((70..130).contains(&hit("503%10")), "{}", hit("503%10"));
        assert_eq!(hit("503%0"), 0);
        assert_eq!(drawn("503%50", 20), drawn("503%50", 20));
    }
}
