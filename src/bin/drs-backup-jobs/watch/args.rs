//! The options of `watch`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::args::{DisplayArgs, Filters, ServiceArgs, values};
use crate::cli::Verbosity;
use crate::help;

/// Watch jobs: report those added, updated, finished and removed
///
/// Each poll lists all jobs and compares them with the previous poll. On a terminal, running jobs are
/// displayed in place; elsewhere each event is a line.
#[derive(Debug, Args)]
#[command(next_line_help = true, after_help = help::WATCH, after_long_help = help::WATCH_LONG)]
pub(crate) struct WatchArgs {
    /// Watch only the jobs with these IDs
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<String>,

    #[command(flatten)]
    pub(crate) watching: Watching,

    #[command(flatten)]
    pub(crate) filters: Filters,

    #[command(flatten)]
    pub(crate) service: ServiceArgs,

    #[command(flatten)]
    pub(crate) verbosity: Verbosity,

    /// Output format: live, lines, jsonl [default: live on a terminal, lines otherwise]
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub(crate) output: Option<WatchFormat>,

    #[command(flatten)]
    pub(crate) display: DisplayArgs,
}

/// How events are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WatchFormat {
    /// Running jobs, redrawn in place, with events above them
    Live,
    /// One event a line
    Lines,
    /// One event a line, as JSON: {"event":…,"time":…,"job":{…}}
    Jsonl,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Watching")]
pub(crate) struct Watching {
    /// Time between polls; longer if polls would exceed half the rate limit
    /// [default: 10s]
    #[arg(long, value_name = "DURATION", default_value = "10s", hide_default_value = true, value_parser = values::positive_duration)]
    pub(crate) interval: Duration,

    /// End when every job of the first poll has finished
    #[arg(long)]
    pub(crate) until_finished: bool,

    /// Time limit of the whole run [default: none]
    #[arg(long, value_name = "DURATION", value_parser = values::positive_duration)]
    pub(crate) timeout: Option<Duration>,

    /// Report changes only, not the jobs of the first poll
    #[arg(long)]
    pub(crate) changes_only: bool,

    /// File that keeps the jobs: the next run reports changes since this one
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
}
