//! The command line.

#![expect(
    clippy::doc_markdown,
    reason = "these texts are the help, printed as they stand"
)]

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use drs_backup_jobs::emulator::Faults;

use crate::duration;
use crate::filters::Filters;
use crate::output::{Format, Style};
use crate::terminal;

/// Lists and watches the backup migration jobs of Huawei Cloud's Data Replication Service.
#[derive(Debug, Parser)]
#[command(
    name = "drs-backup-jobs",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  drs-backup-jobs list --demo                         look around, without an account
  drs-backup-jobs list --demo --output timeline       when jobs ran, overlapped and failed
  drs-backup-jobs list --help                         what a real list needs, and every filter"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    verbosity: Verbosity,
}

impl Cli {
    /// Whether requests are shown: -v stands before the subcommand or behind it.
    pub(crate) fn is_verbose(&self) -> bool {
        let behind = match &self.command {
            Command::List(args) => args.verbosity.verbose,
            Command::Watch(args) => args.verbosity.verbose,
            Command::Decode(_) | Command::Emulate(_) | Command::Completions(_) => false,
        };
        self.verbosity.verbose || behind
    }
}

#[derive(Debug, Args)]
struct Verbosity {
    /// Show each request of list and watch on standard error, secrets left out
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    List(Box<ListArgs>),
    Watch(Box<WatchArgs>),
    Decode(DecodeArgs),
    Emulate(EmulateArgs),
    Completions(CompletionsArgs),
}

/// List the jobs: every one of them, or one page
///
/// Without --limit the whole list is walked, page by page, so that no job is lost and none comes
/// twice, though the list changes meanwhile; it is sorted by created_at unless --sort-key says
/// otherwise. With --limit exactly one request is sent, as the operation has it.
///
/// Needed are a region, a project id and credentials; --demo needs nothing. Credentials never stand
/// on the command line, where others can read them: they are a token (--token-file, HW_AUTH_TOKEN),
/// an access key (HUAWEICLOUD_SDK_AK and _SK, or HW_ACCESS_KEY and HW_SECRET_KEY), a user
/// (HW_USER_NAME, HW_USER_PASSWORD, HW_DOMAIN_NAME), or an access key in the profile
/// ~/.huaweicloud/credentials, looked for in this order. With a user or an access key IAM is asked
/// for the project id if it is not given.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  drs-backup-jobs list --demo
  drs-backup-jobs list --region cn-north-4 --project-id 054ba152… --status FAILED --errors
  drs-backup-jobs list --output csv > jobs.csv
  drs-backup-jobs list --output jsonl | jq -r 'select(.status == \"FAILED\").id'
  drs-backup-jobs list --limit 10 --offset 20 --dry-run

Exit codes: 0 done, 1 the service or the network refused, 2 wrong usage.")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    verbosity: Verbosity,

    #[command(flatten)]
    pub(crate) filters: Filters,

    #[command(flatten)]
    pub(crate) paging: Paging,

    #[command(flatten)]
    pub(crate) service: ServiceArgs,

    /// How long one page may take, retries included
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration::parse_positive)]
    pub(crate) timeout: Duration,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Watch the jobs: what appears, changes, ends or is gone
///
/// The whole list is walked at each look and compared with the look before. On a terminal the jobs
/// under way are shown in place; otherwise each event is a line. With --until-done it ends when
/// every job of the first look has ended.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  drs-backup-jobs watch --status TRANSFERRING
  drs-backup-jobs watch --status TRANSFERRING --until-done --timeout 2h && echo all went well
  drs-backup-jobs watch --output jsonl | jq -c 'select(.event == \"ended\")'

Exit codes: 0 done; with --until-done 0 all jobs succeeded, 3 some did not, 4 time ran out;
1 the service or the network refused, 2 wrong usage.")]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    verbosity: Verbosity,

    #[command(flatten)]
    pub(crate) filters: Filters,

    #[command(flatten)]
    pub(crate) watching: Watching,

    #[command(flatten)]
    pub(crate) service: ServiceArgs,

    /// The form of what is printed [default: live on a terminal, lines otherwise]
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    pub(crate) output: Option<WatchFormat>,

    /// Draw with ASCII characters only
    #[arg(long, help_heading = "Output")]
    pub(crate) ascii: bool,
}

/// How a watch tells what it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WatchFormat {
    /// The jobs under way, redrawn in place, with what happened above them
    Live,
    /// One event a line
    Lines,
    /// One event a line, as JSON: {"event":…,"time":…,"job":{…}}
    Jsonl,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Watching")]
pub(crate) struct Watching {
    /// The time from one look to the next
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration::parse_positive)]
    pub(crate) interval: Duration,

    /// End when every job of the first look has ended; one that had failed before counts as failed,
    /// so name those under way: --status TRANSFERRING
    #[arg(long)]
    pub(crate) until_done: bool,

    /// End after this time; a request under way may take as long again, a minute at most
    #[arg(long, value_name = "DURATION", value_parser = duration::parse_positive)]
    pub(crate) timeout: Option<Duration>,
}

/// Run an emulator of the service over HTTP, for tests and demos
///
/// Prints its URL first, and serves until it is told to stop with Ctrl-C or SIGTERM. Any token that
/// is not empty is taken, and any project id; the same seed gives the same jobs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  drs-backup-jobs emulate --jobs 500
  drs-backup-jobs emulate --listen 127.0.0.1:8080 --latency 20ms
  drs-backup-jobs emulate --faults '503,503,ok,reset%10'

And in another terminal:
  curl -H 'X-Auth-Token: any' 'http://127.0.0.1:8080/v5/any/backup-migration-jobs?limit=1'")]
pub(crate) struct EmulateArgs {
    /// Where to listen; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: String,

    /// How many jobs there are
    #[arg(long, value_name = "N", default_value_t = 35)]
    pub(crate) jobs: u32,

    /// What the jobs are made from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// What goes wrong with which answer, such as 503,ok,429:2s,reset@7,truncate%5
    ///
    /// Faults with commas between them, one for each request to come; after one may stand @7 (the
    /// seventh request), @3-5, @* (every request) or %5 (five in a hundred). They are: a status (503,
    /// 429:2s with Retry-After), html, reset, cut, late:500ms, slow:2s, truncate, overlong,
    /// length:+10, drift, mistype, unknown, garbage, and ok for none.
    #[arg(
        long,
        value_name = "FAULTS",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) faults: Faults,

    /// How long each answer takes
    #[arg(long, value_name = "DURATION", default_value = "0ms", value_parser = duration::parse)]
    pub(crate) latency: Duration,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Paging")]
pub(crate) struct Paging {
    /// Jobs a request of the walk asks for, 2 to 512
    #[arg(
        long,
        value_name = "N",
        default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(2..=512)
    )]
    pub(crate) page_size: u32,

    /// Send exactly one request, for at most this many jobs
    #[arg(long, value_name = "N", conflicts_with = "page_size")]
    pub(crate) limit: Option<u32>,

    /// Leave out this many jobs at the head of the list
    #[arg(long, value_name = "N", requires = "limit")]
    pub(crate) offset: Option<u32>,
}

/// Where the service is, who asks, and how patiently.
#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct ServiceArgs {
    /// The region, such as cn-north-4 [env: HW_REGION_NAME]
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,

    /// The service's address, in the place of the region's
    /// [env: HUAWEICLOUD_SDK_REGION_DRS_<REGION>]
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,

    /// The project in this region whose jobs are meant [env: HUAWEICLOUD_SDK_PROJECT_ID]
    #[arg(long, value_name = "ID")]
    pub(crate) project_id: Option<String>,

    /// A file with the token, - for standard input [env: HW_AUTH_TOKEN, the token itself]
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,

    /// Certificate authorities to trust in the place of the built-in ones, in PEM form
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// How often a request that failed for a passing reason is sent again; 0 asks once
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) retries: u32,

    /// Ask an emulator of the service on this machine: nothing else is needed
    #[arg(
        long,
        conflicts_with_all = ["region", "endpoint", "project_id", "token_file", "ca_file"]
    )]
    pub(crate) demo: bool,

    /// Print the requests, secrets as ***, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Print a saved answer like a list
///
/// Reads an answer of the service ({"count":…,"jobs":[…]}), a bare array of jobs, or one job a
/// line, and prints its jobs in any format. What cannot be read is named with line and column.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  drs-backup-jobs decode answer.json
  curl -s … | drs-backup-jobs decode --output csv
  drs-backup-jobs decode yesterday.jsonl --output timeline

Exit codes: 0 done, 1 what was read is no list of jobs, 2 wrong usage, or a file that cannot be read.")]
pub(crate) struct DecodeArgs {
    /// The file; standard input if there is none, or if it is -
    pub(crate) file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Print the completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  drs-backup-jobs completions bash > /etc/bash_completion.d/drs-backup-jobs
  drs-backup-jobs completions zsh > ~/.zfunc/_drs-backup-jobs
  drs-backup-jobs completions fish > ~/.config/fish/completions/drs-backup-jobs.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// The form of what is printed [default: table on a terminal, jsonl otherwise]
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    output: Option<Format>,

    /// Show under each row of a table why the job failed
    #[arg(long)]
    pub(crate) errors: bool,

    /// Draw with ASCII characters only
    #[arg(long)]
    ascii: bool,
}

impl OutputArgs {
    pub(crate) fn format(&self) -> Format {
        self.output.unwrap_or_else(|| {
            if terminal::is_stdout() {
                Format::Table
            } else {
                Format::Jsonl
            }
        })
    }

    pub(crate) fn style(&self) -> Style {
        terminal::stdout_style(self.ascii)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
