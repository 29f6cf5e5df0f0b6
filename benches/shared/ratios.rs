//! Ratios of alternating timings, so that a busy machine slows both sides.

use std::time::{Duration, Instant};

use crate::goal;

/// A peer: its name, the goal as a ratio if there is one, and the work.
pub(crate) type Peer<'a> = (&'a str, Option<f64>, &'a mut dyn FnMut());

/// Times `ours` against each peer and prints a row for each.
pub(crate) fn print(work: &str, bytes: usize, ours: &mut dyn FnMut(), peers: &mut [Peer<'_>]) {
    if goal::is_test() {
        ours();
        for (_, _, run) in peers {
            run();
        }
        return;
    }
    let mut best_of_ours = Duration::MAX;
    let mut best: Vec<Duration> = vec![Duration::MAX; peers.len()];
    let calls = calls_in_a_millisecond(ours);
    for _ in 0..200 {
        best_of_ours = best_of_ours.min(time(calls, ours));
        for ((_, _, run), best) in peers.iter_mut().zip(&mut best) {
            *best = (*best).min(time(calls, *run));
        }
    }
    let row = |name: &str, best: Duration, note: String| {
        let time = best.as_secs_f64() / f64::from(calls);
        let speed = bytes as f64 / time / 1e6;
        println!(
            "{work:26} {name:20} {:9.2} µs {speed:7.0} MB/s {note}",
            time * 1e6
        );
    };
    row("drs-backup-jobs", best_of_ours, String::new());
    for ((name, goal, _), best) in peers.iter().zip(best) {
        let ratio = best.as_secs_f64() / best_of_ours.as_secs_f64();
        let note = match goal {
            Some(goal) => goal::at_least(ratio, *goal),
            None => format!("{ratio:.2} x"),
        };
        row(name, best, note);
    }
}

fn calls_in_a_millisecond(run: &mut dyn FnMut()) -> u32 {
    let mut calls = 1;
    while time(calls, run) < Duration::from_millis(1) {
        calls *= 2;
    }
    calls
}

fn time(calls: u32, run: &mut dyn FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        run();
    }
    start.elapsed()
}
