//! Decoding a page against serde_json, sonic-rs and simd-json: `cargo bench --bench decode`.

use std::hint::black_box;

use drs_backup_jobs::JobPage;

#[path = "../shared/borrowed.rs"]
mod borrowed;
#[path = "../shared/corpus.rs"]
mod corpus;
#[path = "../shared/ratios.rs"]
mod ratios;

fn main() {
    let goals = [(3.7, 2.0), (3.3, 1.8), (2.5, 1.7), (2.0, 1.1), (2.2, 1.3)];
    for (corpus, (by_serde_json, by_sonic)) in corpus::all().iter().zip(goals) {
        let body = corpus.body.as_bytes();
        let mut copy = Vec::new();
        ratios::print(
            corpus.name,
            body.len(),
            &mut || drop(black_box(JobPage::parse(black_box(body)).unwrap())),
            &mut [
                ("serde_json borrowed", Some(by_serde_json), &mut || {
                    let page: borrowed::Page<'_> = serde_json::from_slice(black_box(body)).unwrap();
                    drop(black_box(page));
                }),
                ("sonic-rs borrowed", Some(by_sonic), &mut || {
                    let page: borrowed::Page<'_> = sonic_rs::from_slice(black_box(body)).unwrap();
                    drop(black_box(page));
                }),
                // It parses in place, so what it is given is a copy.
                ("simd-json, its copy", None, &mut || {
                    copy.clear();
                    copy.extend_from_slice(black_box(body));
                    let page: borrowed::Page<'_> = simd_json::from_slice(&mut copy).unwrap();
                    drop(black_box(page));
                }),
            ],
        );
    }
}
