//! A service for tests of polls: one response for each request, and a clock that only sleeps move.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use drs_backup_jobs::transport::{
    Request, ResponseBody, ResponseHead, TransportError, TransportErrorKind,
};
use drs_backup_jobs::{Client, ClientBuilder, Clock, RetryPolicy, Transport};

/// One response of the service.
#[derive(Clone)]
pub(crate) enum Reply {
    /// The whole list: ids and statuses.
    List(&'static [(&'static str, &'static str)]),
    /// A page with this `count`: ids and statuses.
    Page(u64, Vec<(String, &'static str)>),
    /// The connection is lost.
    Lost,
    /// An error status, with `Retry-After` if it is not 0.
    Status(u16, u32),
}

/// Sends the replies in turn, the last for ever, and keeps what was requested.
#[derive(Clone)]
pub(crate) struct Polls {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    urls: Arc<Mutex<Vec<String>>>,
    clock: PausedClock,
}

impl Polls {
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            replies: Arc::new(Mutex::new(replies.into_iter().collect())),
            urls: Arc::default(),
            clock: PausedClock::default(),
        }
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder()
            .endpoint("https://drs.example.com")
            .project_id("p")
            .token("t")
            .transport(self.clone())
            .clock(self.clock.clone())
            .jitter(|| 0.5)
            .retry(RetryPolicy::none())
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        self.urls.lock().unwrap().clone()
    }

    /// The offsets that were requested.
    pub(crate) fn offsets(&self) -> Vec<usize> {
        self.urls()
            .iter()
            .map(|url| number(url, "offset="))
            .collect()
    }

    pub(crate) fn slept(&self) -> Duration {
        self.clock.now()
    }

    pub(crate) fn set(&self, replies: impl IntoIterator<Item = Reply>) {
        *self.replies() = replies.into_iter().collect();
        self.urls.lock().unwrap().clear();
    }

    fn replies(&self) -> MutexGuard<'_, VecDeque<Reply>> {
        self.replies.lock().unwrap()
    }

    fn next_reply(&self) -> Reply {
        let mut replies = self.replies();
        if replies.len() > 1 {
            replies.pop_front().unwrap()
        } else {
            replies[0].clone()
        }
    }
}

/// The number behind `name` in the query of `url`.
pub(crate) fn number(url: &str, name: &str) -> usize {
    let (_, rest) = url.split_once(name).unwrap();
    rest.split('&').next().unwrap().parse().unwrap()
}

/// Writes a page. Create times are those of the ids; a finished job has a finish time.
pub(crate) fn write_page<'a>(
    body: &mut ResponseBody,
    count: u64,
    jobs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<ResponseHead, TransportError> {
    let jobs: Vec<String> = jobs
        .into_iter()
        .map(|(id, status)| {
            let finish_time = if matches!(status, "TRANSFERRING" | "PAUSED") {
                ""
            } else {
                "2024-08-19"
            };
            format!(
                r#"{{"id":"{id}","status":"{status}","create_time":"{id}","finish_time":"{finish_time}"}}"#
            )
        })
        .collect();
    let text = format!(r#"{{"count":{count},"jobs":[{}]}}"#, jobs.join(","));
    body.write(text.as_bytes())?;
    Ok(ResponseHead::new(200))
}

pub(crate) fn lost() -> TransportError {
    TransportError::new(TransportErrorKind::ConnectionLost, "lost")
}

impl Transport for Polls {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        self.urls.lock().unwrap().push(request.url().into());
        match self.next_reply() {
            Reply::Lost => Err(lost()),
            Reply::Status(status, retry_after) => {
                let mut head = ResponseHead::new(status);
                if retry_after > 0 {
                    head.push_header("Retry-After", &retry_after.to_string());
                }
                Ok(head)
            }
            Reply::List(jobs) => write_page(body, jobs.len() as u64, jobs.iter().copied()),
            Reply::Page(count, jobs) => write_page(
                body,
                count,
                jobs.iter().map(|(id, status)| (&**id, *status)),
            ),
        }
    }
}

/// A clock that only sleeps move.
#[derive(Clone, Default)]
pub(crate) struct PausedClock(Arc<Mutex<Duration>>);

impl Clock for PausedClock {
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
