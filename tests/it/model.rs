//! A list service in memory that changes between requests: what the walk is held against.
//!
//! Everything it does is drawn from one source of numbers, a seed or the bytes of a fuzzer, so a
//! history can be told again.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use drs_backup_jobs::transport::{
    Request, ResponseBody, ResponseHead, TransportError, TransportErrorKind,
};
use drs_backup_jobs::{Client, Clock, Error, ErrorKind, ListJobs, RetryPolicy, Transport};

/// Where a history's numbers come from.
#[derive(Clone, Debug)]
pub(crate) enum Chance {
    Seed(u64),
    Bytes(Vec<u8>),
}

impl Chance {
    pub(crate) fn bytes(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.iter().rev().copied().collect())
    }

    /// Whether nothing more can happen: a seed never runs dry.
    fn is_used_up(&self) -> bool {
        matches!(self, Self::Bytes(bytes) if bytes.is_empty())
    }

    /// A number below `bound`; 0 when the bytes are used up.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let drawn = match self {
            Self::Seed(state) => {
                // SplitMix64.
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = *state;
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                (z >> 32) as u32
            }
            Self::Bytes(bytes) => {
                let low = bytes.pop().unwrap_or(0);
                if bound > 256 {
                    u32::from(low) << 8 | u32::from(bytes.pop().unwrap_or(0))
                } else {
                    u32::from(low)
                }
            }
        };
        drawn % bound.max(1)
    }
}

/// How the service counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Right,
    /// Never more than 9 999, as the OpenAPI description says, scaled to the lists here.
    Clipped,
    Zero,
}

/// The list and what happens to it.
#[derive(Clone, Debug)]
pub(crate) struct World {
    chance: Chance,
    list: Vec<u32>,
    next_id: u32,
    /// The most jobs that a page holds.
    pub(crate) page_cap: usize,
    count: Count,
    /// Of a hundred moments between requests, in how many something happens.
    pub(crate) unrest: u32,
    with_moves: bool,
    with_failures: bool,
    /// Jobs that have been in the list all along.
    stayed: BTreeSet<u32>,
    pub(crate) page_size: u32,
    /// Requests that were answered.
    pub(crate) requests: u32,
}

impl World {
    pub(crate) fn new(mut chance: Chance, with_moves: bool) -> Self {
        let sizes = [0, 1, 2, 3, 10, 100, 500, 2001];
        let most = sizes[chance.below(8) as usize];
        let length = chance.below(most);
        let page_size = [2, 3, 5, 10, 20, 50, 100][chance.below(7) as usize];
        let page_cap = [512, 512, 512, 512, 7, 3, 2, 1][chance.below(8) as usize];
        let count =
            [Count::Right, Count::Right, Count::Clipped, Count::Zero][chance.below(4) as usize];
        let unrest = [0, 5, 30, 60, 90][chance.below(5) as usize];
        let with_failures = chance.below(4) == 3;
        Self {
            chance,
            list: (0..length).collect(),
            next_id: length,
            page_cap,
            count,
            unrest,
            with_moves,
            with_failures,
            stayed: (0..length).collect(),
            page_size,
            requests: 0,
        }
    }

    /// A list of this length that holds still.
    pub(crate) fn still(length: u32, page_size: u32) -> Self {
        let mut world = Self::new(Chance::bytes(&[]), false);
        world.list = (0..length).collect();
        world.stayed = (0..length).collect();
        world.page_size = page_size;
        world
    }

    pub(crate) fn with_count(mut self, count: Count) -> Self {
        self.count = count;
        self
    }

    pub(crate) fn with_page_cap(mut self, page_cap: usize) -> Self {
        self.page_cap = page_cap;
        self
    }

    pub(crate) fn stayed(&self) -> &BTreeSet<u32> {
        &self.stayed
    }

    /// What happens to the list between two requests.
    fn change(&mut self) {
        while !self.chance.is_used_up() && self.chance.below(100) < self.unrest {
            let length = u32::try_from(self.list.len()).unwrap();
            let place = self.chance.below(length.max(1)) as usize;
            match self.chance.below(if self.with_moves { 6 } else { 5 }) {
                0 | 1 if length > 0 => {
                    let id = self.list.remove(place);
                    self.stayed.remove(&id);
                }
                2 => self.insert(0),
                3 => self.insert(place),
                4 if length > 0 => {
                    // The jobs around one place go together, as when a batch is cleaned up.
                    let end = (place + 1 + self.chance.below(8) as usize).min(self.list.len());
                    for id in self.list.drain(place..end) {
                        self.stayed.remove(&id);
                    }
                }
                5 if length > 0 => {
                    let id = self.list.remove(place);
                    self.list.insert(0, id);
                }
                _ => {}
            }
        }
    }

    fn insert(&mut self, place: usize) {
        self.list.insert(place, self.next_id);
        self.next_id += 1;
    }

    /// One answer: the ids and the count.
    pub(crate) fn page(&mut self, offset: usize, limit: usize) -> (Vec<u32>, usize) {
        self.requests += 1;
        self.change();
        let start = offset.min(self.list.len());
        let end = start
            .saturating_add(limit.min(self.page_cap))
            .min(self.list.len());
        let count = match self.count {
            Count::Right => self.list.len(),
            Count::Clipped => self.list.len().min(999),
            Count::Zero => 0,
        };
        (self.list[start..end].to_vec(), count)
    }
}

/// The world as a transport.
#[derive(Clone)]
pub(crate) struct Service(Arc<Mutex<World>>);

impl Service {
    pub(crate) fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        Client::builder()
            .endpoint("https://drs.example.com")
            .project_id("p")
            .token("t")
            .transport(self.clone())
            .clock(Still)
            .jitter(|| 0.5)
            .retry(RetryPolicy::none())
            .build()
            .unwrap()
    }
}

impl Transport for Service {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let mut world = self.world();
        if world.with_failures && !world.chance.is_used_up() && world.chance.below(10) == 0 {
            return Err(TransportError::new(
                TransportErrorKind::ConnectionLost,
                "drawn from the history",
            ));
        }
        let number = |name: &str| -> usize {
            let (_, rest) = request.url().split_once(name).unwrap();
            rest.split('&').next().unwrap().parse().unwrap()
        };
        let (ids, count) = world.page(number("offset="), number("limit="));
        let mut text = format!("{{\"count\":{count},\"jobs\":[");
        for (at, id) in ids.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(text, "{comma}{{\"id\":\"{id}\",\"status\":\"SUCCESS\"}}").unwrap();
        }
        text.push_str("]}");
        body.write(text.as_bytes())?;
        Ok(ResponseHead::new(200))
    }
}

/// A clock that stands still: nothing here waits.
struct Still;

impl Clock for Still {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn unix_time(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) {}
}

/// What came of a walk.
pub(crate) struct Walked {
    pub(crate) ids: Vec<u32>,
    /// Why it ended without having promised anything.
    pub(crate) incomplete: Option<Error>,
}

/// Walks the world with the library's walk, resuming after each failure on the way.
pub(crate) fn walk(service: &Service) -> Walked {
    let page_size = service.world().page_size;
    let mut jobs = service.client().jobs(ListJobs::new()).page_size(page_size);
    let mut ids = Vec::new();
    loop {
        match jobs.next() {
            Some(Ok(job)) => ids.push(job.id.parse().unwrap()),
            Some(Err(error)) if error.kind() == ErrorKind::ConnectionLost => jobs.resume(),
            Some(Err(error)) => {
                return Walked {
                    ids,
                    incomplete: Some(error),
                };
            }
            None => {
                return Walked {
                    ids,
                    incomplete: None,
                };
            }
        }
    }
}

/// How many of the jobs that stayed all along the walk did not yield.
pub(crate) fn lost(world: &World, ids: &[u32]) -> usize {
    let yielded: BTreeSet<u32> = ids.iter().copied().collect();
    world.stayed().difference(&yielded).count()
}

/// The promise, over one history without moves; panics when it is broken. Whether the walk ended
/// without an error, and so had to keep it.
pub(crate) fn check_promise(chance: &Chance) -> bool {
    let service = Service::new(World::new(chance.clone(), false));
    let walked = walk(&service);
    let world = service.world();
    let distinct: BTreeSet<u32> = walked.ids.iter().copied().collect();
    assert_eq!(
        distinct.len(),
        walked.ids.len(),
        "an id was yielded twice: {chance:?}"
    );
    match &walked.incomplete {
        None => assert_eq!(lost(&world, &walked.ids), 0, "jobs were lost: {chance:?}"),
        Some(error) => assert_eq!(error.kind(), ErrorKind::Incomplete, "{chance:?}: {error}"),
    }
    // Sixty-four answers without a new job end a walk.
    let bound = 64 * (world.next_id + 2);
    assert!(
        world.requests <= bound,
        "{} requests for {} jobs: {chance:?}",
        world.requests,
        world.next_id
    );
    walked.incomplete.is_none()
}
