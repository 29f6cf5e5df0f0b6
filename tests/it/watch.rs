//! Watching: what changed since the last look, and waiting for the end.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use drs_backup_jobs::transport::{
    Request, ResponseBody, ResponseHead, TransportError, TransportErrorKind,
};
use drs_backup_jobs::{
    Client, ClientBuilder, Clock, Error, ErrorKind, Event, JobStatus, ListJobs, RetryPolicy,
    Transport, WaitOutcome,
};

/// Gives one list a look, the last for ever; a look without a list fails.
#[derive(Clone)]
struct Looks {
    lists: Arc<Mutex<VecDeque<Look>>>,
    urls: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
enum Look {
    /// Ids and statuses; the finish time of a job that finished is its look's.
    List(&'static [(&'static str, &'static str)]),
    Broken,
    Refused,
}
use Look::{Broken, List, Refused};

impl Looks {
    fn new(lists: impl IntoIterator<Item = Look>) -> Self {
        Self {
            lists: Arc::new(Mutex::new(lists.into_iter().collect())),
            urls: Arc::default(),
        }
    }

    fn client(&self, clock: &Paused) -> Client {
        self.builder(clock).build().unwrap()
    }

    fn builder(&self, clock: &Paused) -> ClientBuilder {
        Client::builder()
            .endpoint("https://drs.example.com")
            .project_id("p")
            .token("t")
            .transport(self.clone())
            .clock(clock.clone())
            .jitter(|| 0.5)
            .retry(RetryPolicy::none())
    }
}

impl Transport for Looks {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        self.urls.lock().unwrap().push(request.url().into());
        let mut lists = self.lists.lock().unwrap();
        let look = if lists.len() > 1 {
            lists.pop_front().unwrap()
        } else {
            lists[0].clone()
        };
        match look {
            Broken => Err(TransportError::new(
                TransportErrorKind::ConnectionLost,
                "broken",
            )),
            Refused => Ok(ResponseHead::new(401)),
            List(jobs) => {
                let texts: Vec<String> = jobs
                    .iter()
                    .map(|(id, status)| {
                        let finish = if *status == "TRANSFERRING" {
                            ""
                        } else {
                            "2024-08-19"
                        };
                        format!(r#"{{"id":"{id}","status":"{status}","finish_time":"{finish}"}}"#)
                    })
                    .collect();
                let text = format!(r#"{{"count":{},"jobs":[{}]}}"#, jobs.len(), texts.join(","));
                body.write(text.as_bytes())?;
                Ok(ResponseHead::new(200))
            }
        }
    }
}

/// A clock that stands still but for sleeping.
#[derive(Clone, Default)]
struct Paused(Arc<Mutex<Duration>>);

impl Clock for Paused {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    fn unix_time(&self) -> Duration {
        self.now()
    }

    fn sleep(&self, duration: Duration) {
        *self.0.lock().unwrap() += duration;
    }
}

/// An event or an error in few words.
fn text(event: &Event) -> String {
    match event {
        Event::Updated { from, to } => format!("{} {} -> {}", to.id, from.status, to.status),
        Event::Finished { from, to } => {
            format!("{} finished {} -> {}", to.id, from.status, to.status)
        }
        Event::Removed(job) => format!("{} removed", job.id),
        event => format!("{} {} {}", event.job().id, event.name(), event.job().status),
    }
}

fn item_text(item: &Result<Event, Error>) -> String {
    match item {
        Ok(event) => text(event),
        Err(error) => format!("failed {:?}", error.kind()),
    }
}

#[test]
fn each_look_tells_what_changed_since_the_one_before() {
    let looks = Looks::new([
        List(&[("a", "TRANSFERRING"), ("b", "SUCCESS")]),
        List(&[("a", "TRANSFERRING"), ("b", "SUCCESS")]),
        List(&[("c", "TRANSFERRING"), ("a", "SUCCESS"), ("b", "FAILED")]),
        List(&[("c", "PAUSED")]),
        List(&[("c", "PRECHECK FAILED")]),
        List(&[]),
    ]);
    let clock = Paused::default();
    let mut watch = looks.client(&clock).watch(ListJobs::new());
    for expected in [
        &["a added TRANSFERRING", "b added SUCCESS"][..],
        &[],
        &[
            "c added TRANSFERRING",
            "a finished TRANSFERRING -> SUCCESS",
            "b SUCCESS -> FAILED",
        ],
        &["c TRANSFERRING -> PAUSED", "a removed", "b removed"],
        &["c finished PAUSED -> PRECHECK FAILED"],
        &["c removed"],
        &[],
    ] {
        let events: Vec<String> = watch.poll().unwrap().iter().map(text).collect();
        assert_eq!(events, expected);
    }
    assert_eq!(clock.now(), Duration::ZERO, "a look does not sleep");
}

#[test]
fn a_failed_look_is_told_and_makes_no_job_gone() {
    let looks = Looks::new([
        List(&[("a", "TRANSFERRING")]),
        Broken,
        Broken,
        List(&[("a", "SUCCESS")]),
        List(&[]),
    ]);
    let clock = Paused::default();
    let watch = looks
        .client(&clock)
        .watch(ListJobs::new())
        .interval(Duration::from_secs(7));
    let events: Vec<String> = watch.take(5).map(|item| item_text(&item)).collect();
    assert_eq!(
        events,
        [
            "a added TRANSFERRING",
            "failed ConnectionLost",
            "failed ConnectionLost",
            "a finished TRANSFERRING -> SUCCESS",
            "a removed"
        ]
    );
    assert_eq!(
        clock.now(),
        Duration::from_secs(28),
        "four pauses between five looks"
    );
}

/// A list that takes several pages, and what becomes of requests.
#[derive(Clone)]
struct Long(Arc<Mutex<LongList>>);

struct LongList {
    jobs: Vec<(u32, &'static str)>,
    /// How many requests are answered until one breaks.
    breaks_after: Option<u32>,
    /// Pages after the first hold nothing, though there is more.
    is_cut_short: bool,
}

impl Long {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(LongList {
            jobs: (0..150).map(|id| (id, "TRANSFERRING")).collect(),
            breaks_after: None,
            is_cut_short: false,
        })))
    }

    fn list(&self) -> MutexGuard<'_, LongList> {
        self.0.lock().unwrap()
    }
}

impl Transport for Long {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let mut list = self.list();
        if list.breaks_after == Some(0) {
            return Err(TransportError::new(
                TransportErrorKind::ConnectionLost,
                "broken",
            ));
        }
        list.breaks_after = list.breaks_after.map(|left| left - 1);
        let number = |name: &str| -> usize {
            let (_, after) = request.url().split_once(name).unwrap();
            after.split('&').next().unwrap().parse().unwrap()
        };
        let (limit, offset) = (number("limit="), number("offset="));
        let limit = if list.is_cut_short && offset > 0 {
            0
        } else {
            limit
        };
        let page = list.jobs.iter().skip(offset).take(limit);
        let jobs: Vec<String> = page
            .map(|(id, status)| format!(r#"{{"id":"{id}","status":"{status}"}}"#))
            .collect();
        let count = list.jobs.len();
        let text = format!(r#"{{"count":{count},"jobs":[{}]}}"#, jobs.join(","));
        body.write(text.as_bytes())?;
        Ok(ResponseHead::new(200))
    }
}

#[test]
fn a_look_that_fails_after_its_first_page_makes_no_job_gone_and_leaves_no_trace() {
    // A poll is three requests: two pages, and the head once more.
    let broken = (1..=2).map(|answered| (Some(answered), ErrorKind::ConnectionLost));
    for (breaks_after, kind) in broken.chain([(None, ErrorKind::Incomplete)]) {
        let long = Long::new();
        let client = Looks::new([]).builder(&Paused::default());
        let client = client.transport(long.clone()).build().unwrap();
        let mut watch = client.watch(ListJobs::new()).page_size(100);
        assert_eq!(watch.poll().unwrap().len(), 150);

        // Changes on the first page, which is read, and after it.
        long.list().jobs[3].1 = "SUCCESS";
        long.list().jobs.remove(140);
        long.list().breaks_after = breaks_after;
        long.list().is_cut_short = breaks_after.is_none();
        assert_eq!(watch.poll().unwrap_err().kind(), kind);
        let known = watch.get("3").unwrap();
        assert_eq!(known.status.as_str(), "TRANSFERRING", "what was known");
        assert!(watch.get("140").is_some(), "what was known stays known");

        long.list().breaks_after = None;
        long.list().is_cut_short = false;
        let events: Vec<String> = watch.poll().unwrap().iter().map(text).collect();
        assert_eq!(
            events,
            ["3 finished TRANSFERRING -> SUCCESS", "140 removed"],
            "compared with the last look that was whole"
        );
    }
}

#[test]
fn a_look_asks_for_pages_of_the_size_it_is_told() {
    let looks = Looks::new([List(&[("a", "PAUSED")])]);
    let watch = looks.client(&Paused::default()).watch(ListJobs::new());
    let mut watch = watch.page_size(512);
    watch.poll().unwrap();
    assert!(looks.urls.lock().unwrap()[0].contains("limit=512&"));
    let mut refused = watch.page_size(513);
    assert_eq!(refused.poll().unwrap_err().parameter(), Some("page_size"));
}

#[test]
fn a_job_is_looked_up_whether_or_not_it_matches() {
    let looks = Looks::new([List(&[("a", "PAUSED")]), List(&[])]);
    let query = ListJobs::new().status(JobStatus::Failed);
    let mut watch = looks.client(&Paused::default()).watch(query);
    assert!(watch.get("a").is_none(), "nothing was looked at");
    watch.poll().unwrap();
    assert_eq!(watch.get("a").unwrap().status, JobStatus::from("PAUSED"));
    assert_eq!(watch.jobs().count(), 0);
    watch.poll().unwrap();
    assert!(watch.get("a").is_none());
}

#[test]
fn credentials_that_were_refused_are_not_shown_again_for_five_minutes() {
    let looks = Looks::new([Refused]);
    let clock = Paused::default();
    let watch = looks
        .client(&clock)
        .watch(ListJobs::new())
        .interval(Duration::from_secs(1));
    let events: Vec<String> = watch.take(3).map(|item| item_text(&item)).collect();
    assert_eq!(events, ["failed Authentication"; 3]);
    assert_eq!(clock.now(), Duration::from_secs(600));
}

#[test]
fn filters_that_an_ending_job_would_fall_out_of_are_not_sent_but_applied() {
    let looks = Looks::new([
        List(&[("a", "TRANSFERRING"), ("b", "SUCCESS")]),
        List(&[("a", "SUCCESS"), ("b", "FAILED")]),
        List(&[("b", "FAILED")]),
    ]);
    let query = ListJobs::new()
        .status(JobStatus::Transferring)
        .completed_at("")
        .name("x");
    let mut watch = looks.client(&Paused::default()).watch(query);
    let mut look = || watch.poll().unwrap().iter().map(text).collect::<Vec<_>>();
    assert_eq!(look(), ["a added TRANSFERRING"]);
    assert_eq!(look(), ["a finished TRANSFERRING -> SUCCESS"]);
    assert_eq!(
        look(),
        [""; 0],
        "it matches no more, so its end is the last that is told of it"
    );
    let urls = looks.urls.lock().unwrap();
    assert!(
        urls.iter()
            .all(|url| url.contains("?name=x&limit=512&offset=0&sort_key=created_at")),
        "{urls:?}"
    );
}

#[test]
fn a_wait_is_over_when_every_job_of_its_first_look_ended_or_is_gone() {
    let looks = Looks::new([
        List(&[
            ("a", "TRANSFERRING"),
            ("b", "TRANSFERRING"),
            ("c", "FAILED"),
            ("d", "TRANSFERRING"),
        ]),
        List(&[
            ("a", "SUCCESS"),
            ("b", "TRANSFERRING"),
            ("c", "FAILED"),
            ("d", "PAUSED"),
            ("e", "TRANSFERRING"),
        ]),
        Broken,
        List(&[
            ("c", "FAILED"),
            ("d", "PRECHECK FAILED"),
            ("e", "TRANSFERRING"),
        ]),
    ]);
    let clock = Paused::default();
    let waited = looks
        .client(&clock)
        .wait(ListJobs::new(), Duration::from_secs(3600))
        .unwrap();
    let told: Vec<String> = waited
        .iter()
        .map(|waited| match waited {
            WaitOutcome::Finished(job) => format!("{} {}", job.id, job.status),
            WaitOutcome::Removed(job) => format!("{} removed", job.id),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        ["a SUCCESS", "b removed", "c FAILED", "d PRECHECK FAILED"]
    );
    assert_eq!(
        waited.iter().filter(|waited| waited.is_success()).count(),
        1
    );
    // Four polls, and one more that confirms the removal.
    assert_eq!(clock.now(), Duration::from_secs(40));
}

#[test]
fn a_wait_ends_with_its_time_and_tells_which_jobs_still_run() {
    let looks = Looks::new([List(&[("a", "SUCCESS"), ("b", "TRANSFERRING")])]);
    let clock = Paused::default();
    let watch = looks
        .client(&clock)
        .watch(ListJobs::new())
        .interval(Duration::from_secs(40));
    let waited = watch.wait(Duration::from_secs(60)).unwrap();
    assert!(
        matches!(&*waited, [WaitOutcome::Finished(_), WaitOutcome::Running(job)] if job.id == "b")
    );
    assert_eq!(clock.now(), Duration::from_secs(60));
}

#[test]
fn a_wait_for_nothing_or_without_a_single_look_is_an_error() {
    let wait = |looks| {
        let client = Looks::new(looks).client(&Paused::default());
        client
            .wait(ListJobs::new(), Duration::from_secs(60))
            .unwrap_err()
            .kind()
    };
    assert_eq!(wait(vec![List(&[])]), ErrorKind::Incomplete);
    assert_eq!(wait(vec![Broken]), ErrorKind::ConnectionLost);
    assert_eq!(wait(vec![Refused]), ErrorKind::Authentication);
    assert_eq!(
        wait(vec![List(&[("a", "TRANSFERRING")]), Refused]),
        ErrorKind::Authentication
    );
}
