//! A list service in memory that changes between requests: what pagination is tested against.
//!
//! Everything it does is drawn from one source of numbers, a seed or the bytes of a fuzzer, so that
//! a history can be repeated.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use drs_backup_jobs::transport::{
    Request, ResponseBody, ResponseHead, TransportError, TransportErrorKind,
};
use drs_backup_jobs::{Client, Clock, Error, ErrorKind, ListJobs, RetryPolicy, Transport};

/// Where the numbers of a history come from.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(all(feature = "serde_json", feature = "miniserde")),
    allow(dead_code, reason = "only the fuzz targets draw from bytes")
)]
pub(crate) enum Chance {
    Seed(u64),
    Bytes(Vec<u8>),
}

#[cfg_attr(
    not(all(feature = "serde_json", feature = "miniserde")),
    allow(dead_code, reason = "only the fuzz targets draw from bytes")
)]
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
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                (mix(*state) >> 32) as u32
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

/// The output function of `SplitMix64`.
fn mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What the service sends as `count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    Right,
    /// At most 999, for the 9 999 of the OpenAPI description.
    Clipped,
    Zero,
    /// The length of the page.
    PageLocal,
    /// Seven more than there are.
    TooHigh,
}

/// In which order the service lists jobs of one create time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TieOrder {
    Stable,
    /// Another for each request.
    PerQuery,
    /// Another for each offset, the same whenever it is requested again.
    PerOffset,
}

/// Which state of the list a request sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replicas {
    One,
    /// Each second request sees the list as it was some requests ago.
    Alternating,
    /// Requests see either state by chance.
    Random,
}

/// What kind of service it is.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) length: u32,
    pub(crate) page_size: u32,
    /// The most jobs that a page holds.
    pub(crate) page_cap: usize,
    pub(crate) count: Count,
    /// The least and the most jobs that share a create time.
    pub(crate) ties: (u32, u32),
    pub(crate) tie_order: TieOrder,
    /// Of a hundred moments between requests, in how many something happens.
    pub(crate) unrest: u32,
    /// How many jobs are added at the front between two requests.
    pub(crate) growth: u32,
    pub(crate) replicas: Replicas,
    /// How many requests the replica is behind.
    pub(crate) lag: usize,
    pub(crate) with_moves: bool,
    pub(crate) with_failures: bool,
    /// Of a hundred responses, how many hold no job, though `count` says that there are some.
    pub(crate) empties: u32,
}

impl Setup {
    /// A list of this length that holds still.
    pub(crate) fn still(length: u32, page_size: u32) -> Self {
        Self {
            length,
            page_size,
            page_cap: 512,
            count: Count::Right,
            ties: (1, 1),
            tie_order: TieOrder::Stable,
            unrest: 0,
            growth: 0,
            replicas: Replicas::One,
            lag: 0,
            with_moves: false,
            with_failures: false,
            empties: 0,
        }
    }

    /// Any service for which the promise holds.
    pub(crate) fn random(chance: &mut Chance) -> Self {
        let longest = [0, 1, 2, 3, 10, 100, 500, 2001][chance.below(8) as usize];
        let length = chance.below(longest);
        let page_size = [2, 3, 5, 10, 20, 50, 100][chance.below(7) as usize];
        let page_cap = [512, 512, 512, 512, 7, 3, 2, 1][chance.below(8) as usize];
        let counts = [
            Count::Right,
            Count::Right,
            Count::Clipped,
            Count::Zero,
            Count::TooHigh,
        ];
        let shortest_page = u32::try_from(page_cap).unwrap().min(page_size);
        let largest_tie = [1, 2, 5, 100][chance.below(4) as usize]
            .min(shortest_page - 1)
            .max(1);
        let orders = [TieOrder::Stable, TieOrder::PerQuery, TieOrder::PerOffset];
        let replicas = [
            Replicas::One,
            Replicas::One,
            Replicas::Alternating,
            Replicas::Random,
        ];
        Self {
            length,
            page_size,
            page_cap,
            count: counts[chance.below(5) as usize],
            ties: (1, largest_tie),
            tie_order: orders[chance.below(3) as usize],
            unrest: [0, 5, 30, 60, 90][chance.below(5) as usize],
            growth: 0,
            replicas: replicas[chance.below(4) as usize],
            lag: 1 + chance.below(5) as usize,
            with_moves: false,
            with_failures: chance.below(4) == 3,
            // After a page of one job, an empty one is the end of the list.
            empties: if page_cap > 1 && chance.below(4) == 3 {
                3
            } else {
                0
            },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListedJob {
    pub(crate) id: u32,
    /// The create time; only whether two are equal matters.
    time: u32,
}

/// The list, and what happens to it.
#[derive(Clone, Debug)]
pub(crate) struct World {
    chance: Chance,
    pub(crate) setup: Setup,
    list: Vec<ListedJob>,
    /// The list as it was, the newest first.
    past: VecDeque<Vec<ListedJob>>,
    next_id: u32,
    next_time: u32,
    /// Jobs that have been in the list all along.
    stayed: BTreeSet<u32>,
    /// Requests that got a response.
    pub(crate) requests: u32,
}

impl World {
    pub(crate) fn new(setup: Setup, mut chance: Chance) -> Self {
        let (least, most) = setup.ties;
        let mut list = Vec::new();
        let mut time = 0;
        while list.len() < setup.length as usize {
            time += 1;
            for _ in 0..least + chance.below(most - least + 1) {
                let id = u32::try_from(list.len()).unwrap();
                list.push(ListedJob { id, time });
            }
        }
        list.truncate(setup.length as usize);
        Self {
            chance,
            list,
            past: VecDeque::new(),
            next_id: setup.length,
            next_time: time + 1,
            stayed: (0..setup.length).collect(),
            requests: 0,
            setup,
        }
    }

    pub(crate) fn random(mut chance: Chance) -> Self {
        Self::new(Setup::random(&mut chance), chance)
    }

    pub(crate) fn stayed(&self) -> &BTreeSet<u32> {
        &self.stayed
    }

    pub(crate) fn ids_so_far(&self) -> u32 {
        self.next_id
    }

    /// What happens to the list between two requests.
    fn change(&mut self) {
        if self.setup.replicas != Replicas::One {
            self.past.push_front(self.list.clone());
            self.past.truncate(self.setup.lag);
        }
        if !self.chance.is_used_up() {
            for _ in 0..self.setup.growth {
                self.insert(0);
            }
        }
        while !self.chance.is_used_up() && self.chance.below(100) < self.setup.unrest {
            let length = u32::try_from(self.list.len()).unwrap();
            let place = self.chance.below(length.max(1)) as usize;
            match self.chance.below(if self.setup.with_moves { 6 } else { 5 }) {
                0 | 1 if length > 0 => {
                    let job = self.list.remove(place);
                    self.stayed.remove(&job.id);
                }
                2 => self.insert(0),
                3 => self.insert(place),
                4 if length > 0 => {
                    // The jobs around one place go together, as when a batch is cleaned up.
                    let end = (place + 1 + self.chance.below(8) as usize).min(self.list.len());
                    for job in self.list.drain(place..end) {
                        self.stayed.remove(&job.id);
                    }
                }
                5 if length > 0 => {
                    let id = self.list.remove(place).id;
                    let time = self.new_time();
                    self.list.insert(0, ListedJob { id, time });
                }
                _ => {}
            }
        }
    }

    fn new_time(&mut self) -> u32 {
        self.next_time += 1;
        self.next_time
    }

    /// Inserts a job with a unique create time, so at the end of a tie if `place` is within one.
    fn insert(&mut self, mut place: usize) {
        while place > 0
            && self.list.get(place).map(|job| job.time) == Some(self.list[place - 1].time)
        {
            place += 1;
        }
        let job = ListedJob {
            id: self.next_id,
            time: self.new_time(),
        };
        self.list.insert(place, job);
        self.next_id += 1;
    }

    /// One response: the jobs and the count.
    pub(crate) fn page(&mut self, offset: usize, limit: usize) -> (Vec<ListedJob>, usize) {
        self.requests += 1;
        self.change();
        let is_behind = match self.setup.replicas {
            Replicas::One => false,
            Replicas::Alternating => self.requests.is_multiple_of(2),
            Replicas::Random => self.chance.below(2) == 1,
        };
        let list = self.past.back().filter(|_| is_behind).unwrap_or(&self.list);
        let start = offset.min(list.len());
        let end = start
            .saturating_add(limit.min(self.setup.page_cap))
            .min(list.len());
        let seed = match self.setup.tie_order {
            TieOrder::Stable => None,
            TieOrder::PerQuery => Some(self.requests as usize),
            TieOrder::PerOffset => Some(offset),
        };
        let is_empty = self.setup.empties > 0 && self.chance.below(100) < self.setup.empties;
        let jobs = match seed {
            _ if is_empty => Vec::new(),
            Some(seed) => shuffled(list, start..end, seed as u64),
            None => list[start..end].to_vec(),
        };
        let count = match self.setup.count {
            // An empty list with a count of 0 is an empty list.
            _ if is_empty => list.len(),
            Count::Right => list.len(),
            Count::Clipped => list.len().min(999),
            Count::Zero => 0,
            Count::PageLocal => jobs.len(),
            Count::TooHigh => list.len() + 7,
        };
        (jobs, count)
    }
}

/// This part of the list, with the jobs of each create time in the order that `seed` gives.
fn shuffled(list: &[ListedJob], part: std::ops::Range<usize>, seed: u64) -> Vec<ListedJob> {
    let is_tied = |at: usize| list[at].time == list[at - 1].time;
    let (mut start, mut end) = (part.start, part.end);
    while start > 0 && start < list.len() && is_tied(start) {
        start -= 1;
    }
    while end > 0 && end < list.len() && is_tied(end) {
        end += 1;
    }
    let mut jobs = list[start..end].to_vec();
    for tie in jobs.chunk_by_mut(|a, b| a.time == b.time) {
        tie.sort_by_key(|job| mix(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(job.id)));
    }
    jobs[part.start - start..part.end - start].to_vec()
}

/// The world as a transport.
#[derive(Clone)]
pub(crate) struct Service(Arc<Mutex<World>>);

impl Service {
    pub(crate) fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    pub(crate) fn still(length: u32, page_size: u32) -> Self {
        Self::of(Setup::still(length, page_size))
    }

    pub(crate) fn of(setup: Setup) -> Self {
        Self::new(World::new(setup, Chance::Seed(0)))
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
        let fails = world.setup.with_failures && !world.chance.is_used_up();
        if fails && world.chance.below(10) == 0 {
            return Err(TransportError::new(
                TransportErrorKind::ConnectionLost,
                "drawn from the history",
            ));
        }
        let number = |name: &str| -> usize {
            let (_, rest) = request.url().split_once(name).unwrap();
            rest.split('&').next().unwrap().parse().unwrap()
        };
        let (jobs, count) = world.page(number("offset="), number("limit="));
        let mut text = format!("{{\"count\":{count},\"jobs\":[");
        for (at, ListedJob { id, time }) in jobs.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(
                text,
                "{comma}{{\"id\":\"{id}\",\"create_time\":\"{time}\"}}"
            )
            .unwrap();
        }
        text.push_str("]}");
        body.write(text.as_bytes())?;
        Ok(ResponseHead::new(200))
    }
}

/// A clock that stands still: nothing here waits.
pub(crate) struct Still;

impl Clock for Still {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn unix_time(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) {}
}

/// What came of a listing.
pub(crate) struct Listed {
    pub(crate) ids: Vec<u32>,
    /// Why it ended without a promise.
    pub(crate) error: Option<Error>,
}

impl Listed {
    /// How many of the jobs that stayed all along were not yielded.
    pub(crate) fn lost(&self, world: &World) -> usize {
        let yielded: BTreeSet<u32> = self.ids.iter().copied().collect();
        world.stayed().difference(&yielded).count()
    }

    pub(crate) fn has_duplicates(&self) -> bool {
        let distinct: BTreeSet<u32> = self.ids.iter().copied().collect();
        distinct.len() < self.ids.len()
    }
}

/// Lists all jobs of the world with the library, resuming after each transient failure.
pub(crate) fn list_all(service: &Service) -> Listed {
    let page_size = service.world().setup.page_size;
    let mut jobs = service.client().jobs(ListJobs::new()).page_size(page_size);
    let mut ids = Vec::new();
    loop {
        match jobs.next() {
            Some(Ok(job)) => ids.push(job.id.parse().unwrap()),
            Some(Err(error)) if error.kind() == ErrorKind::ConnectionLost => jobs.resume(),
            end => {
                return Listed {
                    ids,
                    error: end.and_then(Result::err),
                };
            }
        }
    }
}

/// The promise, over one history; panics when it is broken. Returns whether the listing ended
/// without an error, and so had to keep it.
pub(crate) fn check_promise(chance: &Chance) -> bool {
    let service = Service::new(World::random(chance.clone()));
    let listed = list_all(&service);
    let world = service.world();
    assert!(
        !listed.has_duplicates(),
        "an id was yielded twice: {chance:?}"
    );
    match &listed.error {
        None => assert_eq!(listed.lost(&world), 0, "jobs were lost: {chance:?}"),
        Some(error) => assert_eq!(error.kind(), ErrorKind::Incomplete, "{chance:?}: {error}"),
    }
    // 64 responses without a new job end a pass, and five passes a listing.
    let bound = 5 * 64 * (world.ids_so_far() + 2);
    assert!(
        world.requests <= bound,
        "{} requests for {} jobs: {chance:?}",
        world.requests,
        world.ids_so_far()
    );
    listed.error.is_none()
}
