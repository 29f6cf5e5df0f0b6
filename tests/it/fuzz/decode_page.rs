//! Any bytes: three decoders agree, and the plain libraries but for a written list of differences.

use drs_backup_jobs::{DecodeError, Job, JobPage, decode};

/// A first byte that no JSON text has asks for a page built from the bytes that follow.
const BUILT: u8 = 0xff;

pub(crate) fn run(data: &[u8]) {
    match data.split_first() {
        Some((&BUILT, choices)) => check(&super::page_builder::build(choices)),
        _ => check(data),
    }
}

fn check(body: &[u8]) {
    let built_in = JobPage::parse(body);
    let by_serde_json = decode::serde_json(body);
    let by_miniserde = decode::miniserde(body);
    if let Err(error) = &built_in {
        check_place(error, body);
    }
    assert_eq!(by_serde_json, built_in, "serde_json");
    if built_in.is_err() || !has_huge_number(body) {
        assert_eq!(by_miniserde, built_in, "miniserde");
    }
    check_plain_serde_json(&built_in, body);
    check_plain_miniserde(&built_in, body);
    if let Ok(page) = built_in {
        check_written(&page);
    }
    if let Err(error) = Job::parse(body) {
        check_place(&error, body);
    }
}

fn check_place(error: &DecodeError, body: &[u8]) {
    assert!(error.offset() <= body.len(), "{error}");
    assert!(!error.path().contains(char::is_control), "{error}");
    assert!(!error.expected().is_empty());
    assert!(error.path().len() <= 132 * 280, "{error}");
}

/// Without the scan `serde_json` takes invalid UTF-8, lone surrogates and any depth, all three in
/// values that are skipped.
fn check_plain_serde_json(built_in: &Result<JobPage<'_>, DecodeError>, body: &[u8]) {
    match (built_in, serde_json::from_slice::<JobPage<'_>>(body)) {
        (Ok(page), plain) => assert_eq!(&plain.unwrap(), page),
        (Err(error), Ok(_)) => assert!(
            ["UTF-8", "surrogate", "deep"]
                .iter()
                .any(|known| error.expected().contains(known)),
            "serde_json takes it: {error}"
        ),
        (Err(_), Err(_)) => {}
    }
}

/// Without the scan miniserde takes any depth in values that are skipped; it refuses numbers
/// beyond an `f64` there.
fn check_plain_miniserde(built_in: &Result<JobPage<'_>, DecodeError>, body: &[u8]) {
    let Ok(text) = std::str::from_utf8(body) else {
        return;
    };
    match (
        built_in,
        miniserde::json::from_str::<JobPage<'static>>(text),
    ) {
        (Ok(page), Ok(plain)) => assert_eq!(&plain, page),
        (Ok(_), Err(_)) => assert!(has_huge_number(body), "miniserde refuses it"),
        (Err(error), Ok(_)) => {
            assert!(
                error.expected().contains("deep"),
                "miniserde takes it: {error}"
            );
        }
        (Err(_), Err(_)) => {}
    }
}

/// Whether a number near the end of `f64`'s range or beyond it stands outside of strings.
fn has_huge_number(body: &[u8]) -> bool {
    let mut in_string = false;
    let mut escaped = false;
    let mut number = String::new();
    for &byte in body.iter().chain(b" ") {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        if matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E') {
            number.push(char::from(byte));
            continue;
        }
        if number.parse::<f64>().is_ok_and(|value| value.abs() > 1e308) {
            return true;
        }
        number.clear();
        in_string = byte == b'"';
    }
    false
}

/// What is written reads back as the same page, and a plain value holds the same texts.
fn check_written(page: &JobPage<'_>) {
    let text = serde_json::to_string(page).unwrap();
    assert_eq!(text, miniserde::json::to_string(page));
    assert_eq!(&JobPage::parse(text.as_bytes()).unwrap(), page);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["count"], page.count);
    for (job, value) in page.jobs.iter().zip(value["jobs"].as_array().unwrap()) {
        assert!(!job.id.is_empty());
        assert_eq!(value["id"], *job.id);
        assert_eq!(value["name"], *job.name);
        assert_eq!(value["status"], job.status.as_str());
        assert_eq!(value["engine_type"], job.engine_type.as_str());
        assert_eq!(value["create_time"], *job.create_time);
        for (key, text) in [
            ("error_log", &job.error_log),
            ("description", &job.description),
            ("finish_time", &job.finish_time),
            ("enterprise_project_id", &job.enterprise_project_id),
        ] {
            assert_eq!(
                value.get(key).and_then(|text| text.as_str()),
                text.as_deref()
            );
        }
    }
}
