//! Cancelling a client from another thread.

use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use drs_backup_jobs::transport::{Request, ResponseBody, ResponseHead, TransportError};
use drs_backup_jobs::{
    CancelToken, Client, ClientBuilder, Error, ErrorKind, ListJobs, RetryPolicy, Transport,
};

use crate::polls::{self, Polls, Reply};

const HOUR: Duration = Duration::from_secs(3600);

/// Fails each request in this way, and says that it was sent.
#[derive(Clone)]
struct Failing {
    status: u16,
    retry_after: &'static str,
    sent: Sender<()>,
}

impl Transport for Failing {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        assert!(
            request
                .cancel_token()
                .is_some_and(|token| !token.is_cancelled())
        );
        self.sent.send(()).unwrap();
        if self.status == 200 {
            return polls::write_page(body, 1, [("a", "TRANSFERRING")]);
        }
        let mut head = ResponseHead::new(self.status);
        head.push_header("Retry-After", self.retry_after);
        Ok(head)
    }
}

fn builder(token: &CancelToken) -> ClientBuilder {
    Client::builder()
        .endpoint("https://drs.example.com")
        .project_id("p")
        .token("t")
        .timeout(HOUR * 2)
        .cancel_token(token.clone())
}

/// Runs `call` on a thread with the system's clock, cancels after its first request, and returns how
/// long it took to return and what.
fn cancel_during<T: Send>(
    status: u16,
    configure: impl Fn(ClientBuilder) -> ClientBuilder,
    call: impl Fn(Client) -> T + Sync,
) -> (Duration, T) {
    let token = CancelToken::new();
    let (sent, requests) = channel();
    let transport = Failing {
        status,
        retry_after: "3600",
        sent,
    };
    let client = configure(builder(&token).transport(transport))
        .build()
        .unwrap();
    thread::scope(|scope| {
        let call = &call;
        let caller = scope.spawn(move || call(client));
        requests.recv().unwrap();
        let cancelled_at = Instant::now();
        token.cancel();
        let result = caller.join().unwrap();
        let took = cancelled_at.elapsed();
        assert!(requests.try_recv().is_err(), "a further request was sent");
        (took, result)
    })
}

/// The best of five, so that a busy machine does not fail the test; a sleep that continues takes an
/// hour.
#[track_caller]
fn assert_prompt<T: Send>(run: impl Fn() -> (Duration, T)) -> T {
    for _ in 0..4 {
        let (took, result) = run();
        if took < Duration::from_millis(100) {
            return result;
        }
    }
    let (took, result) = run();
    assert!(took < Duration::from_millis(100), "{took:?}");
    result
}

#[track_caller]
fn assert_cancelled<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[test]
fn ends_the_delay_between_retries_within_100_ms() {
    assert_cancelled(assert_prompt(|| {
        let list = |client: Client| client.list(&ListJobs::new());
        cancel_during(503, |builder| builder, list)
    }));
}

#[test]
fn ends_the_sleep_between_polls_within_100_ms() {
    assert_cancelled(assert_prompt(|| {
        let wait = |client: Client| client.watch(ListJobs::new()).interval(HOUR).wait(HOUR * 2);
        cancel_during(200, |builder| builder, wait)
    }));
    let items = assert_prompt(|| {
        let iterate = |client: Client| {
            let watch = client.watch(ListJobs::new()).interval(HOUR);
            watch
                .map(|item| item.map_err(|error| error.kind()))
                .collect::<Vec<_>>()
        };
        cancel_during(200, |builder| builder, iterate)
    });
    // The job added by the first poll, unless it was cancelled before; then the end.
    let last = items.last().unwrap();
    assert_eq!(last.as_ref().unwrap_err(), &ErrorKind::Cancelled);
    assert!(items.len() <= 2, "{items:?}");
}

#[test]
fn ends_the_wait_for_a_rate_limit_slot_within_100_ms() {
    assert_cancelled(assert_prompt(|| {
        let list_twice = |client: Client| {
            drop(client.list(&ListJobs::new()));
            client.list(&ListJobs::new())
        };
        cancel_during(
            200,
            |builder| builder.min_request_interval(HOUR),
            list_twice,
        )
    }));
}

#[test]
fn a_cancelled_client_sends_nothing() {
    let polls = Polls::new([Reply::List(&[("a", "SUCCESS")])]);
    let token = CancelToken::new();
    let client = polls.builder().cancel_token(token.clone()).build().unwrap();
    client.list(&ListJobs::new()).unwrap();
    token.cancel();
    let other_project = client.with_project("q");
    assert_cancelled(client.list(&ListJobs::new()));
    assert_cancelled(other_project.list(&ListJobs::new()));
    assert_cancelled(client.jobs(ListJobs::new()).next().unwrap());
    assert_cancelled(client.watch(ListJobs::new()).poll());
    assert_cancelled(client.wait(ListJobs::new(), HOUR));
    assert_eq!(polls.urls().len(), 1);
    assert_eq!(polls.slept(), Duration::ZERO);
    let error = client.list(&ListJobs::new()).unwrap_err();
    assert!(!error.is_transient());
    assert!(error.to_string().contains("cancelled"), "{error}");
}

/// Cancels in the middle of the first request, then fails it as an interrupted transport does.
struct Interrupted(CancelToken);

impl Transport for Interrupted {
    fn send(
        &self,
        _request: &Request<'_>,
        _body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        assert!(!self.0.is_cancelled(), "a further request was sent");
        self.0.cancel();
        Err(polls::lost())
    }
}

#[test]
fn the_error_of_an_interrupted_request_is_cancelled() {
    let token = CancelToken::new();
    let client = builder(&token)
        .transport(Interrupted(token.clone()))
        .retry(RetryPolicy::default())
        .build()
        .unwrap();
    assert_cancelled(client.list(&ListJobs::new()));
}

#[cfg(feature = "ureq")]
#[test]
fn ureq_ends_a_request_in_flight_within_100_ms() {
    use std::io::Read as _;
    use std::net::TcpListener;

    use drs_backup_jobs::transport::{Proxies, Ureq};

    let ureq = Ureq::builder().proxies(Proxies::none()).build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    assert_cancelled(assert_prompt(|| {
        let token = CancelToken::new();
        let client = builder(&token).endpoint(&*endpoint).transport(ureq.clone());
        let client = client.build().unwrap();
        thread::scope(|scope| {
            let caller = scope.spawn(move || client.list(&ListJobs::new()));
            let (mut stalled, _) = listener.accept().unwrap();
            assert!(
                stalled.read(&mut [0; 64]).unwrap() > 0,
                "the request is sent"
            );
            let cancelled_at = Instant::now();
            token.cancel();
            let result = caller.join().unwrap();
            (cancelled_at.elapsed(), result)
        })
    }));
    // Another client of the same transport continues.
    let client = builder(&CancelToken::new())
        .endpoint(&*endpoint)
        .transport(ureq);
    let client = client.build().unwrap();
    thread::scope(|scope| {
        let caller = scope.spawn(move || client.list(&ListJobs::new()));
        let (mut connection, _) = listener.accept().unwrap();
        let mut received = [0; 4096];
        assert!(connection.read(&mut received).unwrap() > 0);
        let body = r#"{"count":0,"jobs":[]}"#;
        let response = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        std::io::Write::write_all(&mut connection, response.as_bytes()).unwrap();
        assert_eq!(caller.join().unwrap().unwrap().count, 0);
    });
}
