//! Whether a bench runs as a test, and whether a ratio reaches its goal.
#![allow(dead_code, reason = "each bench uses a part of it")]

/// Whether everything runs once, as under `cargo test` or with `--test`.
pub(crate) fn is_test() -> bool {
    let has = |wanted| std::env::args().any(|argument| argument == wanted);
    has("--test") || !has("--bench")
}

pub(crate) fn at_least(ratio: f64, goal: f64) -> String {
    verdict(ratio, goal, ratio >= goal)
}

pub(crate) fn at_most(ratio: f64, goal: f64) -> String {
    verdict(ratio, goal, ratio <= goal)
}

fn verdict(ratio: f64, goal: f64, is_reached: bool) -> String {
    let verdict = if is_reached { "reached" } else { "MISSED" };
    format!("{ratio:.2} x (goal {goal:.1}, {verdict})")
}
