//! Decoding a page: the built-in decoder, and what it is compared with.
//!
//! `cargo bench --features full --bench decode` prints criterion's figures and then the ratios.
#![allow(missing_docs, reason = "criterion's macro documents nothing")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "the bodies are our own"
)]

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use drs_backup_jobs::JobPage;
use drs_backup_jobs::decode::Decoder;

#[path = "shared/borrowed.rs"]
mod borrowed;
#[path = "shared/corpus.rs"]
mod corpus;
#[path = "shared/goal.rs"]
mod goal;
#[path = "shared/ratios.rs"]
mod ratios;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for corpus in corpus::all() {
        let body = corpus.body.as_bytes();
        let mut group = criterion.benchmark_group(corpus.name);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function("built-in", |bencher| {
            bencher.iter(|| JobPage::parse(black_box(body)).unwrap());
        });
        group.bench_function("Decoder::SerdeJson", |bencher| {
            bencher.iter(|| Decoder::SerdeJson.decode(black_box(body)).unwrap());
        });
        group.bench_function("Decoder::Miniserde", |bencher| {
            bencher.iter(|| Decoder::Miniserde.decode(black_box(body)).unwrap());
        });
        group.finish();
    }
    criterion.final_summary();

    for corpus in corpus::all() {
        let body = corpus.body.as_bytes();
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
                ("Decoder::SerdeJson", None, &mut || {
                    drop(black_box(
                        Decoder::SerdeJson.decode(black_box(body)).unwrap(),
                    ));
                }),
                ("Decoder::Miniserde", None, &mut || {
                    drop(black_box(
                        Decoder::Miniserde.decode(black_box(body)).unwrap(),
                    ));
                }),
            ],
        );
    }
}
