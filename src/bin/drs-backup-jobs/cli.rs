//! The command line.

use clap::{Args, Parser, Subcommand};

use crate::completions::CompletionsArgs;
use crate::decode::DecodeArgs;
use crate::emulate::EmulateArgs;
use crate::get::GetArgs;
use crate::help;
use crate::list::ListArgs;
use crate::man::ManArgs;
use crate::watch::WatchArgs;

/// List and watch the backup migration jobs of Huawei Cloud's Data Replication Service
#[derive(Debug, Parser)]
#[command(
    name = "drs-backup-jobs",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = help::ROOT,
    after_long_help = help::ROOT_LONG
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    verbosity: Verbosity,
}

impl Cli {
    /// Whether requests are logged: -v is accepted before and after the command's name.
    pub(crate) fn is_verbose(&self) -> bool {
        let after_name = match &self.command {
            Command::List(args) => args.verbosity.verbose,
            Command::Watch(args) => args.verbosity.verbose,
            Command::Get(args) => args.verbosity.verbose,
            Command::Emulate(args) => args.verbosity.verbose,
            _ => false,
        };
        self.verbosity.verbose || after_name
    }
}

#[derive(Debug, Args)]
pub(crate) struct Verbosity {
    /// Log each request to standard error, without secrets
    #[arg(short, long, help_heading = "Connection")]
    verbose: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    List(Box<ListArgs>),
    Watch(Box<WatchArgs>),
    Get(Box<GetArgs>),
    Decode(DecodeArgs),
    Emulate(EmulateArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}
