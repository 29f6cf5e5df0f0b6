//! What is retried, when, and how often.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use drs_backup_jobs::{Clock, ErrorKind, ListJobs, RetryPolicy};
use httpmock::{HttpMockResponse, MockServer};

use super::{EXAMPLE, builder, respond_in_turn, response};

/// A clock that stands still, but for the sleeping it notes and does not do.
#[derive(Clone, Default)]
struct Sleepless(Arc<Mutex<Vec<Duration>>>);

impl Sleepless {
    fn slept(&self) -> Vec<Duration> {
        self.0.lock().unwrap().clone()
    }
}

impl Clock for Sleepless {
    fn now(&self) -> Duration {
        self.slept().iter().sum()
    }

    fn unix_time(&self) -> Duration {
        self.now()
    }

    fn sleep(&self, duration: Duration) {
        self.0.lock().unwrap().push(duration);
    }
}

#[test]
fn retries_transient_failures_after_the_delays_of_the_policy() {
    let server = MockServer::start();
    let throttled = HttpMockResponse::builder()
        .status(429)
        .header("Retry-After", "3")
        .body("{}")
        .build();
    respond_in_turn(
        &server,
        vec![
            Some(response(503, "")),
            Some(throttled),
            None,
            Some(response(200, EXAMPLE)),
        ],
    );
    let clock = Sleepless::default();
    let client = builder(&server)
        .clock(clock.clone())
        .jitter(|| 0.5)
        .build()
        .unwrap();

    assert_eq!(client.list(&ListJobs::new()).unwrap().count, 35);
    let millis = Duration::from_millis;
    assert_eq!(clock.slept(), [millis(100), millis(3000), millis(400)]);
}

#[test]
fn the_final_error_counts_the_attempts() {
    let server = MockServer::start();
    respond_in_turn(&server, vec![Some(response(503, ""))]);
    let clock = Sleepless::default();
    let retry = RetryPolicy::default().retries(2);
    let client = builder(&server)
        .clock(clock.clone())
        .jitter(|| 1.0)
        .retry(retry)
        .build()
        .unwrap();

    let error = client.list(&ListJobs::new()).unwrap_err();
    assert_eq!((error.attempts(), error.status()), (3, Some(503)));
    assert_eq!(error.elapsed(), Duration::from_millis(600));
    assert!(error.to_string().contains("3 attempts in 0.6 s"), "{error}");
}

#[test]
fn a_retry_after_beyond_the_deadline_is_final() {
    let server = MockServer::start();
    let throttled = HttpMockResponse::builder()
        .status(429)
        .header("Retry-After", "61")
        .body("")
        .build();
    respond_in_turn(&server, vec![Some(throttled)]);
    let clock = Sleepless::default();
    let client = builder(&server).clock(clock.clone()).build().unwrap();

    let error = client.list(&ListJobs::new()).unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Throttled, 1));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(61)));
    assert!(clock.slept().is_empty());
}

#[test]
fn does_not_retry_rejected_credentials_or_parameters() {
    for status in [400, 401, 403, 404] {
        let server = MockServer::start();
        let mock = server.mock(|when, then| {
            when.any_request();
            then.status(status).body("{}");
        });
        let error = builder(&server)
            .build()
            .unwrap()
            .list(&ListJobs::new())
            .unwrap_err();
        assert_eq!(error.attempts(), 1, "{status}");
        mock.assert_calls(1);
    }
}

#[test]
fn keeps_the_minimum_interval_over_all_clones() {
    let server = MockServer::start();
    respond_in_turn(&server, vec![Some(response(200, EXAMPLE))]);
    let clock = Sleepless::default();
    let client = builder(&server)
        .clock(clock.clone())
        .min_request_interval(Duration::from_millis(1500))
        .build()
        .unwrap();
    for _ in 0..3 {
        client.clone().list(&ListJobs::new()).unwrap();
    }
    assert_eq!(clock.slept(), [Duration::from_millis(1500); 2]);
}
