//! What goes wrong on demand: in process, and on a real socket.

use std::time::Duration;

use drs_backup_jobs::emulator::{Emulator, Fault, Faults, ManualClock, RecordedRequest};
use drs_backup_jobs::transport::TransportErrorKind;
use drs_backup_jobs::{Error, ErrorKind, JobPage, ListJobs, RetryPolicy};

use crate::emulator_http::{JOBS, Raw};

/// One request in process, to an emulator with these faults.
#[track_caller]
fn in_process(faults: &str) -> Result<JobPage<'static>, Error> {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .jobs(3)
        .clock(clock.clone())
        .faults(faults.parse().unwrap())
        .build();
    let client = emulator
        .client()
        .clock(clock)
        .timeout(Duration::from_secs(5))
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    client.list(&ListJobs::new())
}

#[test]
fn reports_each_fault_in_process_as_a_transport_does() {
    for (faults, kind) in [
        ("503", ErrorKind::Service),
        ("500", ErrorKind::Service),
        ("429", ErrorKind::Throttled),
        ("401", ErrorKind::Authentication),
        ("403", ErrorKind::Permission),
        ("404", ErrorKind::NotFound),
        ("302", ErrorKind::Redirect),
        ("html", ErrorKind::Service),
        ("reset", ErrorKind::ConnectionLost),
        ("abort-body", ErrorKind::ConnectionLost),
        ("delay:6s", ErrorKind::Timeout),
        ("slow-body:6s", ErrorKind::Timeout),
        ("truncate", ErrorKind::Decode),
        ("extra-bytes", ErrorKind::BodyTooLarge),
        ("length:+1", ErrorKind::ConnectionLost),
        ("length:-1", ErrorKind::Decode),
        ("invalid-count", ErrorKind::Decode),
        ("garbage", ErrorKind::Protocol),
    ] {
        let error = in_process(faults).unwrap_err();
        assert_eq!(error.kind(), kind, "{faults}: {error}");
    }
}

/// The same over a real socket, by the default transport and the system's clock.
#[cfg(feature = "ureq")]
#[track_caller]
fn over_http(faults: &str) -> Result<JobPage<'static>, Error> {
    use drs_backup_jobs::transport::Ureq;

    let emulator = Emulator::builder()
        .jobs(3)
        .faults(faults.parse().unwrap())
        .build();
    let server = emulator.serve("127.0.0.1:0").unwrap();
    let client = emulator
        .client()
        .endpoint(server.url())
        .transport(Ureq::new())
        .timeout(Duration::from_millis(if faults.ends_with("ms") {
            150
        } else {
            10_000
        }))
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    client.list(&ListJobs::new())
}

#[cfg(feature = "ureq")]
#[test]
fn reports_each_fault_over_http_as_in_process() {
    for faults in [
        "503",
        "429:2s",
        "302",
        "html",
        "reset",
        "abort-body",
        "delay:500ms",
        "slow-body:500ms",
        "truncate",
        "extra-bytes",
        "length:+1",
        "length:-1",
        "invalid-count",
        "garbage",
        "ok",
        "type-drift",
        "unknown-fields",
        "extra-bytes:100",
    ] {
        let kind = |response: Result<JobPage<'_>, Error>| {
            response
                .map(|page| page.jobs.len())
                .map_err(|error| (error.kind(), error.retry_after()))
        };
        let in_process = in_process(&faults.replace("500ms", "6s"));
        assert_eq!(kind(over_http(faults)), kind(in_process), "{faults}");
    }
}

#[test]
fn tolerates_faults_that_leave_a_valid_page() {
    for faults in [
        "",
        "ok",
        "delay:4s",
        "slow-body:4s",
        "type-drift",
        "unknown-fields",
        "extra-bytes:100",
    ] {
        let page = in_process(faults).unwrap();
        assert_eq!((page.jobs.len(), page.count), (3, 3), "{faults}");
    }
}

#[test]
fn sends_retry_after_in_whole_seconds() {
    let error = in_process("429:1500ms").unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(2)));
    assert_eq!(in_process("429").unwrap_err().retry_after(), None);
}

#[test]
fn sets_and_clears_faults_at_run_time() {
    let emulator = Emulator::demo();
    let client = emulator
        .client()
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let fails = || client.list(&ListJobs::new()).is_err();
    assert!(!fails());
    emulator.set_faults(Faults::new().at(2..=2, Fault::Reset));
    assert!(!fails());
    assert!(fails());
    emulator.set_faults(Faults::new().at(1..=u64::MAX, Fault::Reset));
    assert!(fails());
    emulator.set_faults(Faults::new());
    assert!(!fails());
    let statuses: Vec<_> = emulator
        .requests()
        .iter()
        .map(RecordedRequest::status)
        .collect();
    assert_eq!(statuses, [Some(200), Some(200), None, None, Some(200)]);
}

#[test]
fn delays_responses_by_the_emulators_clock() {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .clock(clock.clone())
        .latency(Duration::from_millis(120))
        .build();
    let client = emulator.client().clock(clock.clone()).build().unwrap();
    client.list(&ListJobs::new()).unwrap();
    assert_eq!(clock.total_slept(), Duration::from_millis(120));
    let hurried = emulator
        .client()
        .clock(clock.clone())
        .timeout(Duration::from_millis(100))
        .build()
        .unwrap();
    let error = hurried.list(&ListJobs::new()).unwrap_err();
    let transport = error.transport().expect("no response");
    assert_eq!(transport.kind(), TransportErrorKind::Timeout);
    assert_eq!(clock.total_slept(), Duration::from_millis(220));
}

/// What comes back on a socket, all of it, from an emulator that does this to the first request.
#[track_caller]
fn on_a_socket(faults: &str) -> (String, String) {
    let emulator = Emulator::builder()
        .jobs(3)
        .clock(ManualClock::new())
        .faults(faults.parse().unwrap())
        .build();
    let server = emulator.serve("127.0.0.1:0").unwrap();
    let mut raw = Raw::to(&server);
    raw.send(format!(
        "GET {JOBS} HTTP/1.1\r\nHost: h\r\nX-Auth-Token: t\r\nConnection: close\r\n\r\n"
    ));
    let all = raw.rest();
    match all.split_once("\r\n\r\n") {
        Some((head, body)) => (head.to_owned() + "\r\n", body.to_owned()),
        None => (all, String::new()),
    }
}

#[test]
fn sends_a_slow_body_over_its_whole_duration_whatever_its_length() {
    for (query, faults) in [("", "slow-body:2s"), ("?limit=0", "slow-body:2s")] {
        let clock = ManualClock::new();
        let emulator = Emulator::builder()
            .jobs(3)
            .clock(clock.clone())
            .faults(faults.parse().unwrap())
            .build();
        let server = emulator.serve("127.0.0.1:0").unwrap();
        let mut raw = Raw::to(&server);
        raw.send(format!(
            "GET {JOBS}{query} HTTP/1.1\r\nHost: h\r\nX-Auth-Token: t\r\nConnection: close\r\n\r\n"
        ));
        assert!(raw.rest().starts_with("HTTP/1.1 200 "));
        assert_eq!(clock.total_slept(), Duration::from_secs(2), "{query}");
    }
}

#[test]
fn clamps_faults_to_their_bounds() {
    for (fault, status) in [
        (Fault::status(0), 200),
        (Fault::status(199), 200),
        (Fault::status(600), 599),
        (Fault::status(u16::MAX), 599),
        (Fault::Html(100), 200),
        (Fault::Html(999), 599),
        (Fault::status(204), 204),
        (Fault::Html(304), 304),
    ] {
        let emulator = Emulator::builder()
            .faults(Faults::new().then(fault.clone()))
            .build();
        let server = emulator.serve("127.0.0.1:0").unwrap();
        let mut raw = Raw::to(&server);
        let response = raw.get(JOBS);
        assert_eq!(response.status, status, "{fault:?}");
        let has_body = !matches!(status, 204 | 304);
        assert_eq!(!response.body.is_empty(), has_body, "{fault:?}");
        // The connection is sound still.
        assert_eq!(raw.get(JOBS).status, 200, "{fault:?}");
    }
    let emulator = Emulator::builder()
        .faults(Faults::new().then(Fault::ExtraBytes(usize::MAX)))
        .build();
    let client = emulator.client().retry(RetryPolicy::none());
    let error = client.build().unwrap().list(&ListJobs::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BodyTooLarge);
}

fn announced(head: &str) -> usize {
    let line = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: "));
    line.unwrap().parse().unwrap()
}

#[test]
fn applies_each_fault_to_the_bytes_on_the_socket() {
    let (head, whole) = on_a_socket("");
    assert_eq!(announced(&head), whole.len());

    assert_eq!(on_a_socket("reset"), (String::new(), String::new()));
    assert_eq!(on_a_socket("garbage").0, "SSH-2.0-emulator\r\n");

    let (head, body) = on_a_socket("abort-body");
    assert_eq!(
        (announced(&head), body.as_str()),
        (whole.len(), &whole[..whole.len() / 2])
    );
    let (head, body) = on_a_socket("truncate");
    assert_eq!(
        (announced(&head), body.len()),
        (body.len(), whole.len() / 2)
    );
    let (head, body) = on_a_socket("length:+7");
    assert_eq!((announced(&head), &body), (whole.len() + 7, &whole));
    let (head, body) = on_a_socket("length:-7");
    assert_eq!((announced(&head), &body), (whole.len() - 7, &whole));
    let (head, body) = on_a_socket("extra-bytes:1000");
    assert_eq!(
        (announced(&head), body.trim_end()),
        (whole.len() + 1000, whole.as_str())
    );
    let (_, body) = on_a_socket("slow-body:2s");
    assert_eq!(body, whole);

    let (head, body) = on_a_socket("html:504");
    assert!(
        head.starts_with("HTTP/1.1 504 ") && head.contains("text/html"),
        "{head}"
    );
    assert!(body.starts_with("<!DOCTYPE html>"), "{body}");
    let (head, body) = on_a_socket("429:2s");
    assert!(head.contains("Retry-After: 2\r\n"), "{head}");
    assert!(body.contains("\"error_code\":\"APIGW.0308\""), "{body}");
    let (head, _) = on_a_socket("302");
    assert!(
        head.contains("Location: https://elsewhere.invalid/"),
        "{head}"
    );
}

#[test]
fn drifts_types_as_sister_operations_do() {
    let (_, body) = on_a_socket("type-drift");
    let page: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(page["count"], "3");
    let job = &page["jobs"][0];
    assert!(job["create_time"].is_number() && job["name"].is_null());
    let status = job["status"].as_str().unwrap();
    assert_eq!(status, status.to_lowercase());

    let (_, body) = on_a_socket("unknown-fields");
    let page: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert!(page["x_unknown"]["nested"].is_array() && page["jobs"][0]["x_unknown"].is_object());
}
