//! `drs-backup-jobs completions`: what a shell needs to complete the command line.

use std::io::{self, Write as _};

use clap::CommandFactory as _;

use crate::args::{Cli, CompletionsArgs};
use crate::failure::Failure;

pub(crate) fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    // Into memory first: clap_complete panics on a closed pipe.
    let mut script = Vec::new();
    let mut command = Cli::command();
    clap_complete::generate(args.shell, &mut command, "drs-backup-jobs", &mut script);
    io::stdout().write_all(&script)?;
    Ok(())
}
