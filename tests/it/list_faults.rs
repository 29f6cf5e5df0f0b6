//! Services that misbehave, one kind after the other, each in four forms: a list is complete, or an
//! error says that it may not be.

use std::sync::{Arc, Mutex, MutexGuard};

use drs_backup_jobs::transport::{Request, ResponseBody, ResponseHead, TransportError};
use drs_backup_jobs::{Client, Error, ErrorKind, Jobs, ListJobs, RetryPolicy, SortKey, Transport};

use crate::polls::number;

/// A job of the list: its id, and the value it is sorted by.
type Row = (String, String);

/// What one request gets: some rows, and a count.
type Respond = dyn FnMut(usize, usize) -> (Vec<Row>, usize) + Send;

/// A service that responds as a function of offset and limit.
#[derive(Clone)]
struct Service {
    respond: Arc<Mutex<Box<Respond>>>,
    urls: Arc<Mutex<Vec<String>>>,
}

impl Service {
    fn new(respond: impl FnMut(usize, usize) -> (Vec<Row>, usize) + Send + 'static) -> Self {
        Self {
            respond: Arc::new(Mutex::new(Box::new(respond))),
            urls: Arc::default(),
        }
    }

    /// A list that `change` changes before each request, with a right count. It gets the number of
    /// the request, from 1.
    fn changing(
        mut list: Vec<Row>,
        mut change: impl FnMut(&mut Vec<Row>, usize) + Send + 'static,
    ) -> Self {
        let mut requests = 0;
        Self::new(move |offset, limit| {
            requests += 1;
            change(&mut list, requests);
            (cut(&list, offset, limit), list.len())
        })
    }

    /// These responses in turn, whatever is requested; the last for ever.
    fn scripted(responses: &[(&str, usize)]) -> Self {
        let mut responses: Vec<(Vec<Row>, usize)> = responses
            .iter()
            .map(|(ids, count)| (ids.chars().map(|id| row(&id.to_string())).collect(), *count))
            .rev()
            .collect();
        Self::new(move |_, _| {
            if responses.len() > 1 {
                responses.pop().unwrap()
            } else {
                responses[0].clone()
            }
        })
    }

    fn client(&self) -> Client {
        Client::builder()
            .endpoint("https://drs.example.com")
            .project_id("p")
            .token("t")
            .transport(self.clone())
            .clock(crate::model::Still)
            .jitter(|| 0.5)
            .retry(RetryPolicy::none())
            .build()
            .unwrap()
    }

    fn jobs(&self, page_size: u32) -> Jobs {
        self.client().jobs(ListJobs::new()).page_size(page_size)
    }

    fn urls(&self) -> MutexGuard<'_, Vec<String>> {
        self.urls.lock().unwrap()
    }
}

impl Transport for Service {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let url = request.url();
        self.urls().push(url.into());
        let (offset, limit) = (number(url, "offset="), number(url, "limit="));
        let (rows, count) = (self.respond.lock().unwrap())(offset, limit);
        let jobs: Vec<String> = rows
            .iter()
            .map(|(id, value)| {
                format!(
                    r#"{{"id":"{id}","name":"{value}","description":"{value}","create_time":"{value}"}}"#
                )
            })
            .collect();
        let text = format!(r#"{{"count":{count},"jobs":[{}]}}"#, jobs.join(","));
        body.write(text.as_bytes())?;
        Ok(ResponseHead::new(200))
    }
}

fn row(id: &str) -> Row {
    (id.into(), id.into())
}

fn rows(ids: std::ops::Range<usize>) -> Vec<Row> {
    ids.map(|id| row(&id.to_string())).collect()
}

fn cut(list: &[Row], offset: usize, limit: usize) -> Vec<Row> {
    list.iter().skip(offset).take(limit).cloned().collect()
}

/// The ids that were yielded, and how it ended.
fn list(jobs: &mut Jobs) -> (Vec<String>, Result<(), Error>) {
    let mut ids = Vec::new();
    for job in jobs {
        match job {
            Ok(job) => ids.push(job.id.into_owned()),
            Err(error) => return (ids, Err(error)),
        }
    }
    (ids, Ok(()))
}

/// All of the jobs `0..n`, each once, perhaps with others.
#[track_caller]
fn assert_complete(name: &str, service: &Service, page_size: u32, n: usize) {
    let (ids, end) = list(&mut service.jobs(page_size));
    assert!(end.is_ok(), "{name}: {end:?}");
    for (id, _) in rows(0..n) {
        let times = ids.iter().filter(|known| **known == id).count();
        assert_eq!(times, 1, "{name}: {id}");
    }
}

#[track_caller]
fn assert_incomplete(name: &str, jobs: &mut Jobs) -> Vec<String> {
    let (ids, end) = list(jobs);
    let error = end.expect_err(name);
    assert_eq!(error.kind(), ErrorKind::Incomplete, "{name}: {error}");
    assert!(jobs.next().is_none());
    ids
}

#[test]
fn a_list_that_changes_is_listed() {
    let front = |list: &mut Vec<Row>, n: usize| list.insert(0, row(&format!("new {n}")));
    assert_complete(
        "one added per request",
        &Service::changing(rows(0..350), front),
        100,
        350,
    );

    // Two replicas respond in turn, one of which lacks the last three jobs that were added.
    let (mut list, mut n) = (rows(0..350), 0);
    let replicas = Service::new(move |offset, limit| {
        n += 1;
        front(&mut list, n);
        let behind = if n % 2 == 0 { n.min(3) } else { 0 };
        (cut(&list[behind..], offset, limit), list.len() - behind)
    });
    assert_complete("replicas", &replicas, 100, 350);

    let back = |list: &mut Vec<Row>, n: usize| list.push(row(&format!("new {n}")));
    assert_complete(
        "added at the end",
        &Service::changing(rows(0..350), back),
        100,
        350,
    );

    let mut old = rows(0..350);
    old.extend((0..40).map(|n| row(&format!("old {n}"))));
    old.rotate_right(40);
    let removed = |list: &mut Vec<Row>, n: usize| {
        if n <= 40 {
            list.remove(0);
        }
    };
    assert_complete(
        "removed per request",
        &Service::changing(old, removed),
        100,
        350,
    );
}

/// Groups of 40 jobs with one sort value, which `order` sorts for each request: it gets the number
/// of the request, the offset and the index of a job in its group.
fn shuffling(order: impl Fn(usize, usize, usize) -> usize + Send + 'static) -> Service {
    let mut requests = 0;
    Service::new(move |offset, limit| {
        requests += 1;
        let mut list: Vec<Row> = (0..350)
            .map(|id| (id.to_string(), format!("group {}", id / 40)))
            .collect();
        for group in list.chunks_mut(40) {
            group.sort_by_key(|(id, _)| order(requests, offset, id.parse::<usize>().unwrap() % 40));
        }
        (cut(&list, offset, limit), list.len())
    })
}

#[test]
fn ties_in_an_order_that_changes_lose_no_job() {
    let per_request = |request, _, index| (index * 17 + request * 7) % 40;
    assert_complete("per request", &shuffling(per_request), 100, 350);
    let reversed = |request, _, index| if request % 2 == 0 { index } else { 40 - index };
    assert_complete("reversed in turn", &shuffling(reversed), 100, 350);
    let per_offset = |_, offset, index| (index * 23 + offset * 11) % 40;
    assert_complete("per offset", &shuffling(per_offset), 100, 350);
    for key in [SortKey::Name, SortKey::Description] {
        let service = shuffling(per_request);
        let query = ListJobs::new().sort_key(key);
        let (ids, end) = list(&mut service.client().jobs(query).page_size(100));
        assert!(end.is_ok());
        assert_eq!(ids.len(), 350);
    }
}

#[test]
fn a_query_is_sorted_by_create_time_unless_it_names_another_key() {
    let service = Service::scripted(&[("a", 1)]);
    list(&mut service.jobs(100)).1.unwrap();
    let by_name = ListJobs::new().sort_key(SortKey::Name).sort_dir("asc");
    list(&mut service.client().jobs(by_name)).1.unwrap();
    let one_page = ListJobs::new().limit(5).offset(0);
    service.client().list(&one_page).unwrap();
    let urls = service.urls();
    assert!(urls[0].ends_with("limit=100&offset=0&sort_key=created_at"));
    assert!(urls[1].ends_with("limit=512&offset=0&sort_key=name&sort_dir=asc"));
    assert!(
        urls[2].ends_with("?limit=5&offset=0"),
        "one page is sent as it is"
    );
}

#[test]
fn a_count_that_contradicts_the_content_is_an_error() {
    for count in [1, 35, 350] {
        let service = Service::scripted(&[("", count)]);
        let mut jobs = service.jobs(512);
        assert!(assert_incomplete("empty", &mut jobs).is_empty());
        assert_eq!(service.urls().len(), 2, "it is requested once more");
    }
    // After a gap the head is empty.
    let service = Service::scripted(&[("abcd", 9), ("", 9)]);
    let ids = assert_incomplete("empty after a page", &mut service.jobs(4));
    assert_eq!(ids.len(), 4);
    // Nothing follows the first page.
    let service = Service::new(|offset, limit| (cut(&rows(0..100), offset, limit.min(100)), 350));
    let service_cut_short = Service::new(move |offset, limit| {
        let list = if offset == 0 { rows(0..350) } else { vec![] };
        (cut(&list, offset, limit), 350)
    });
    let ids = assert_incomplete("cut short", &mut service_cut_short.jobs(100));
    assert_eq!(ids.len(), 100);
    // A count that is too high, by itself, is not: the list says where it ends.
    assert_complete("too high", &service, 50, 100);
}

#[test]
fn no_conclusion_is_drawn_from_one_response() {
    let service = Service::scripted(&[("a", 2), ("a", 2), ("ba", 2), ("a", 2), ("ba", 2)]);
    let (ids, end) = list(&mut service.jobs(4));
    assert!(end.is_ok(), "{end:?}");
    assert_eq!(ids, ["a", "b"]);

    for count in [0, 1, 2, 99] {
        let service = Service::new(move |offset, limit| (cut(&rows(0..1), offset, limit), count));
        assert_complete(&format!("a list of one, count {count}"), &service, 100, 1);
    }

    // One job a page: an error, and no longer when the service sends pages again.
    let cap = Arc::new(Mutex::new(1));
    let limit_of = Arc::clone(&cap);
    let service = Service::new(move |offset, limit| {
        let cap = *limit_of.lock().unwrap();
        (cut(&rows(0..50), offset, limit.min(cap)), 50)
    });
    let mut jobs = service.jobs(20);
    let mut ids = assert_incomplete("one job a page", &mut jobs);
    assert_eq!(ids, ["0"]);
    *cap.lock().unwrap() = 512;
    jobs.resume();
    let (more, end) = list(&mut jobs);
    assert!(end.is_ok(), "{end:?}");
    ids.extend(more);
    assert_eq!(ids.len(), 50);

    // The list shrinks to one job while it is read.
    let shrinking = Service::changing(rows(0..9), |list, request| {
        if request == 2 {
            list.drain(1..);
        }
    });
    assert_complete("shrinks to one", &shrinking, 4, 1);
}

#[test]
fn pages_cut_at_a_usual_length_that_is_also_their_count_are_listed() {
    for cap in [10, 20, 50, 100, 200, 500] {
        let service = Service::new(move |offset, limit| {
            let page = cut(&rows(0..1050), offset, limit.min(cap));
            let count = page.len();
            (page, count)
        });
        assert_complete(&format!("cut at {cap}"), &service, 512, 1050);
    }
}

#[test]
fn a_service_that_never_repeats_itself_ends_with_an_error() {
    let mut next = 0;
    let mut fresh = move |n: usize| {
        next += n;
        rows(next - n..next)
    };
    let new_ids = Service::new(move |_, limit| (fresh(limit), 350));
    assert_incomplete("new ids in every response", &mut new_ids.jobs(100));
    assert!(new_ids.urls().len() <= 65, "{}", new_ids.urls().len());

    let mut request = 0;
    let faster_than_pages = Service::new(move |offset, limit| {
        request += 1;
        let newest_first: Vec<Row> = rows(0..3000 + request * 150).into_iter().rev().collect();
        (cut(&newest_first, offset, limit), newest_first.len())
    });
    assert_incomplete(
        "grows by more than a page per request",
        &mut faster_than_pages.jobs(100),
    );

    let same_page = Service::new(|_, limit| (cut(&rows(0..350), 0, limit), 350));
    let ids = assert_incomplete("the offset is ignored", &mut same_page.jobs(100));
    assert_eq!(ids.len(), 100);

    // A growing head that is never read to its end.
    let mut request = 0;
    let head = Service::new(move |offset, limit| {
        request += 1;
        let mut list: Vec<Row> = (0..300).map(|n| row(&format!("{request} {n}"))).collect();
        list.extend(rows(0..50));
        let offset = if offset == 0 { 0 } else { 300 };
        (cut(&list, offset, limit), 350)
    });
    let mut jobs = head.jobs(100);
    assert_incomplete("another head in each response", &mut jobs);
    jobs.resume();
    assert_incomplete("and again", &mut jobs);
}

#[test]
fn five_passes_that_end_short_are_an_error_that_can_be_resumed() {
    // Seven jobs with one create time, in pages of three, which the service shuffles; it never sends
    // the last one until it is repaired.
    let is_repaired = Arc::new(Mutex::new(false));
    let repaired = Arc::clone(&is_repaired);
    let service = Service::new(move |offset, limit| {
        let mut list: Vec<Row> = (0..7).map(|id| (id.to_string(), "tie".into())).collect();
        if !*repaired.lock().unwrap() {
            list[6] = list[5].clone();
        }
        (cut(&list, offset, limit), 7)
    });
    let mut jobs = service.jobs(3);
    let mut ids = assert_incomplete("five passes", &mut jobs);
    assert_eq!(ids.len(), 6);
    *is_repaired.lock().unwrap() = true;
    jobs.resume();
    let (more, end) = list(&mut jobs);
    assert!(end.is_ok(), "{end:?}");
    ids.extend(more);
    assert_eq!(ids.len(), 7);
    let limits: Vec<usize> = service
        .urls()
        .iter()
        .map(|url| number(url, "limit="))
        .collect();
    assert!(limits.contains(&2) && limits.contains(&3), "{limits:?}");
}

#[test]
fn a_listing_takes_few_requests() {
    for (jobs, page_size, expected) in [
        (0, 512, 1),
        (511, 512, 1),
        (512, 512, 3),
        (1021, 512, 3),
        (5000, 512, 11),
        (5000, 100, 53),
    ] {
        let service = Service::changing(rows(0..jobs), |_, _| {});
        assert_complete("still", &service, page_size, jobs);
        let requests = service.urls().len();
        assert!(requests <= expected, "{requests} for {jobs} at {page_size}");
    }
    let service = Service::changing(rows(0..3), |_, _| {});
    list(&mut service.client().jobs(ListJobs::new())).1.unwrap();
    assert_eq!(
        number(&service.urls()[0], "limit="),
        512,
        "if no size is set"
    );
}
