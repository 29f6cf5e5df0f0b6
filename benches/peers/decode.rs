//! Decoding a page against serde_json, sonic-rs and simd-json: `cargo bench --bench decode`.
//!
//! Built for any machine, as most programs are. With `RUSTFLAGS="-C target-cpu=native"` all are built
//! for this one, as sonic-rs recommends.

use std::hint::black_box;

use drs_backup_jobs::JobPage;

#[path = "../shared/borrowed.rs"]
mod borrowed;
#[path = "../shared/corpus.rs"]
mod corpus;
#[path = "../shared/goal.rs"]
mod goal;
#[path = "../shared/ratios.rs"]
mod ratios;

fn main() {
    for corpus in corpus::all() {
        let body = corpus.body.as_bytes();
        let mut copy = Vec::new();
        ratios::print(
            corpus.name,
            body.len(),
            &mut || drop(black_box(JobPage::parse(black_box(body)).unwrap())),
            &mut [
                (
                    "serde_json borrowed",
                    Some(corpus.goals.serde_json),
                    &mut || {
                        let page: borrowed::Page<'_> =
                            serde_json::from_slice(black_box(body)).unwrap();
                        drop(black_box(page));
                    },
                ),
                (
                    "sonic-rs borrowed",
                    Some(corpus.goals.sonic_rs),
                    &mut || {
                        let page: borrowed::Page<'_> =
                            sonic_rs::from_slice(black_box(body)).unwrap();
                        drop(black_box(page));
                    },
                ),
                // It parses in place, so it needs a copy.
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
