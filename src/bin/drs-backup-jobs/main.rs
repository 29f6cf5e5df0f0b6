//! The command `drs-backup-jobs`: lists and watches backup migration jobs.
//!
//! Built on the library alone. Data goes to standard output, everything else to standard error.
//! Exit codes: 0 done, 1 the service or the network refused, 2 wrong usage; `watch --until-done`
//! adds 3 for jobs that failed and 4 for time that ran out.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser as _;

mod args;
mod completions;
mod connect;
mod decode;
mod demo;
mod dry_run;
mod duration;
mod emulate;
mod failure;
mod filters;
mod list;
mod output;
mod progress;
mod saved;
mod terminal;
mod verbose;
mod watch;

use args::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let is_verbose = cli.is_verbose();
    if is_verbose {
        verbose::start();
    }
    let outcome = match &cli.command {
        Command::List(args) => list::run(args, is_verbose),
        Command::Watch(args) => {
            return watch::run(args, is_verbose).unwrap_or_else(|failure| failure.report());
        }
        Command::Decode(args) => decode::run(args),
        Command::Emulate(args) => emulate::run(args),
        Command::Completions(args) => completions::run(args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
