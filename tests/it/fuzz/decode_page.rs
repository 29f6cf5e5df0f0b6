//! Any bytes: the built-in parser follows the rules as the reference does, and the other decoders
//! give the same page wherever it does.

use drs_backup_jobs::decode::Decoder;
use drs_backup_jobs::{DecodeError, Job, JobPage};

use super::reference;

/// A first byte that no JSON text has: a page is built from the bytes that follow.
const BUILT: u8 = 0xff;

pub(crate) fn run(data: &[u8]) {
    match data.split_first() {
        Some((&BUILT, choices)) => check(&super::page_builder::build(choices)),
        _ => check(data),
    }
}

fn check(body: &[u8]) {
    let built_in = JobPage::parse(body);
    let expected = reference::page(body);
    assert_eq!(
        built_in.as_ref().ok().map(as_reference),
        expected,
        "{built_in:?}"
    );
    for decoder in [Decoder::SerdeJson, Decoder::Miniserde] {
        let page = decoder.decode(body);
        match (&built_in, &page) {
            // The one text that the others accept and the built-in parser does not.
            (Err(error), Ok(_)) => assert!(error.expected().contains("deep"), "{error}"),
            _ => assert_eq!(page, built_in, "{decoder:?}"),
        }
    }
    match built_in {
        Ok(page) => check_serialized(&page),
        Err(error) => check_error(&error, body),
    }
    if let Err(error) = Job::parse(body) {
        check_error(&error, body);
    }
    if let Err(error) = Job::parse_array(body) {
        check_error(&error, body);
    }
}

fn as_reference(page: &JobPage<'_>) -> reference::Page {
    let fields = |job: &Job<'_>| {
        let mut fields: Vec<_> = job
            .fields()
            .filter_map(|(name, text)| Some((name, text?.to_owned())))
            .collect();
        fields.sort();
        fields
    };
    reference::Page {
        count: page.count,
        jobs: page.jobs.iter().map(fields).collect(),
    }
}

fn check_error(error: &DecodeError, body: &[u8]) {
    assert!(error.offset() <= body.len(), "{error}");
    assert!(!error.expected().is_empty());
    let rest = &body[error.offset()..];
    if error.is_truncated() {
        // At the end, or in an escape or a literal there.
        assert!(rest.len() < 6, "{error}");
    } else {
        assert!(!rest.is_empty() || error.is_html(), "{error}");
    }
    if let Some(id) = error.job_id() {
        assert!(!id.contains(char::is_control) && id.chars().count() <= 128);
    }
    let known = |segment: &str| {
        let name = segment.split('[').next().unwrap();
        let rest = &segment[name.len()..];
        (["", "*", "jobs", "count"].contains(&name) || Job::FIELD_NAMES.contains(&name))
            && rest
                .bytes()
                .all(|byte| matches!(byte, b'[' | b']' | b'0'..=b'9'))
    };
    assert!(error.path().split('.').all(known), "{error}");
}

/// A serialized page parses back to the same page.
fn check_serialized(page: &JobPage<'_>) {
    let text = serde_json::to_string(page).unwrap();
    assert_eq!(text, miniserde::json::to_string(page));
    assert_eq!(&JobPage::parse(text.as_bytes()).unwrap(), page);
    assert_eq!(&serde_json::from_str::<JobPage<'_>>(&text).unwrap(), page);
    let by_miniserde: JobPage<'static> = miniserde::json::from_str(&text).unwrap();
    assert_eq!(&by_miniserde, page);
}
