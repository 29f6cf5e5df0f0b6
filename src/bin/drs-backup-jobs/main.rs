//! The command `drs-backup-jobs`: lists and watches backup migration jobs.
//!
//! Built on the public library API only. Data goes to standard output, everything else to standard
//! error. Exit codes: 0 done, 1 request failed, 2 usage error, 3 jobs failed, 4 timeout.
#![forbid(unsafe_code)]

use std::process::ExitCode;

mod args;
mod cli;
mod completions;
mod connect;
mod decode;
mod demo;
mod dry_run;
mod emulate;
mod failure;
mod get;
mod help;
mod list;
mod man;
mod output;
mod progress;
mod request_count;
mod run_limit;
mod saved;
mod selection;
mod signals;
mod suggestions;
mod terminal;
mod time;
mod verbose;
mod watch;

use cli::Command;

fn main() -> ExitCode {
    let cli = suggestions::parse();
    let is_verbose = cli.is_verbose();
    if is_verbose {
        verbose::start();
    }
    let outcome = match &cli.command {
        Command::List(args) => list::run(args, is_verbose),
        Command::Watch(args) => watch::run(args, is_verbose),
        Command::Get(args) => get::run(args),
        Command::Decode(args) => decode::run(args),
        Command::Emulate(args) => emulate::run(args).map(|()| ExitCode::SUCCESS),
        Command::Completions(args) => completions::run(args).map(|()| ExitCode::SUCCESS),
        Command::Man(args) => man::run(args).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|failure| failure.report())
}
