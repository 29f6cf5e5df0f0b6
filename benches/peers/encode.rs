//! Writing path and query against percent-encoding, form_urlencoded and url:
//! `cargo bench --bench encode`.

use std::hint::black_box;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

#[path = "../shared/goal.rs"]
mod goal;
#[path = "../shared/query.rs"]
mod query;
#[path = "../shared/ratios.rs"]
mod ratios;

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

fn main() {
    let query = query::all_parameters();
    let pairs = query::pairs();
    let path = format!("/v5/{}/backup-migration-jobs", query::PROJECT);
    let mut expected = String::new();
    query
        .write_path_and_query(query::PROJECT, &mut expected)
        .unwrap();
    let (mut ours, mut percent, mut form) = (String::new(), String::new(), String::new());
    ratios::print(
        "path and query",
        expected.len(),
        &mut || {
            ours.clear();
            black_box(&query)
                .write_path_and_query(query::PROJECT, &mut ours)
                .unwrap();
            black_box(&ours);
        },
        &mut [
            ("percent-encoding", Some(1.2), &mut || {
                percent.clear();
                percent.push_str(&path);
                let mut separator = '?';
                for (key, value) in black_box(&pairs) {
                    percent.push(separator);
                    percent.push_str(key);
                    percent.push('=');
                    percent.extend(utf8_percent_encode(value, RESERVED));
                    separator = '&';
                }
                assert_eq!(percent, expected);
            }),
            ("form_urlencoded", None, &mut || {
                form.clear();
                form.push_str(&path);
                form.push('?');
                let start = form.len();
                let mut out =
                    form_urlencoded::Serializer::for_suffix(std::mem::take(&mut form), start);
                out.extend_pairs(black_box(&pairs));
                form = out.finish();
                black_box(&form);
            }),
            ("url", Some(2.5), &mut || {
                let mut url = url::Url::parse("https://h").unwrap();
                url.set_path(&path);
                url.query_pairs_mut().extend_pairs(black_box(&pairs));
                black_box(&url);
            }),
        ],
    );
}
