//! Writing path and query: `cargo bench --bench encode`. The peers are in `benches/peers`.
#![allow(missing_docs, reason = "criterion's macro documents nothing")]
#![allow(clippy::unwrap_used, reason = "the query is our own")]

use std::hint::black_box;

use criterion::{Criterion, Throughput};

#[path = "shared/query.rs"]
mod query;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let query = query::all_parameters();
    let mut out = String::new();
    query
        .write_path_and_query(query::PROJECT, &mut out)
        .unwrap();
    let mut group = criterion.benchmark_group("path and query");
    group.throughput(Throughput::Bytes(out.len() as u64));
    group.bench_function("built-in", |bencher| {
        bencher.iter(|| {
            out.clear();
            black_box(&query)
                .write_path_and_query(query::PROJECT, &mut out)
                .unwrap();
            black_box(out.len())
        });
    });
    group.finish();
    criterion.final_summary();
}
