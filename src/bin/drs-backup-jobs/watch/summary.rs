//! The end of a watch: totals, then each failed job with its reason in full.

use drs_backup_jobs::{Job, Totals, WaitOutcome};

use super::event_lines::{hanging, outcome as outcome_of};
use crate::output::{Style, shown_name, text};

/// `6 of 138 finished, 2 failed, 1 removed, 131 still running; 3 new, 1 failed`.
pub(super) fn totals(waited: &Totals, new: &Totals) -> String {
    let mut parts = vec![format!(
        "{} of {} finished",
        waited.finished(),
        waited.total()
    )];
    parts.extend(states(waited));
    let mut text = parts.join(", ");
    if new.total() > 0 {
        let mut parts = vec![format!("{} new", new.total())];
        parts.extend(states(new));
        text = format!("{text}; {}", parts.join(", "));
    }
    text
}

fn states(totals: &Totals) -> impl Iterator<Item = String> {
    [
        (totals.succeeded, "succeeded"),
        (totals.failed, "failed"),
        (totals.removed, "removed"),
        (totals.running, "still running"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, state)| format!("{count} {state}"))
}

/// A job that did not succeed: `✗ FAILED DRS-6813 (id) after 1m 48s: reason`, in rows that fit the
/// terminal where there is one.
pub(super) fn failure_rows(outcome: &WaitOutcome, style: Style) -> Vec<String> {
    let line = failure(outcome, style);
    let rows = match style.width {
        Some(columns) => hanging(&line, columns),
        None => vec![line],
    };
    let status = &outcome.job().status;
    rows.iter().map(|row| style.paint(row, status)).collect()
}

fn failure(outcome: &WaitOutcome, style: Style) -> String {
    let job = outcome.job();
    if matches!(outcome, WaitOutcome::Removed(_)) {
        return format!("- removed {}", name_and_id(job));
    }
    format!(
        "{} {} {}{}",
        style.mark(&job.status),
        text::one_line(job.status.as_str()),
        name_and_id(job),
        outcome_of(job)
    )
}

fn name_and_id(job: &Job<'_>) -> String {
    let name = shown_name(job);
    if job.name.is_empty() {
        name.into_owned()
    } else {
        format!("{name} ({})", text::one_line(&job.id))
    }
}
