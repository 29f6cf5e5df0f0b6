//! The command line.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::output::{Format, Style};
use crate::terminal;

/// Lists and watches the backup migration jobs of Huawei Cloud's Data Replication Service.
#[derive(Debug, Parser)]
#[command(
    name = "drs-backup-jobs",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Show each request on standard error, secrets left out
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Decode(DecodeArgs),
    Completions(CompletionsArgs),
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
  drs-backup-jobs decode yesterday.jsonl --output timeline")]
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
