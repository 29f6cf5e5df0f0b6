//! `drs-backup-jobs man`: the manual pages.

use std::io::{self, Write as _};

use clap::{Args, CommandFactory as _};

use crate::cli::Cli;
use crate::failure::Failure;
use crate::help;

/// Print the manual page, or that of a command
#[derive(Debug, Args)]
#[command(after_help = help::MAN)]
pub(crate) struct ManArgs {
    /// Command to print the manual page of
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

pub(crate) fn run(args: &ManArgs) -> Result<(), Failure> {
    let mut root = Cli::command();
    root.build();
    let command = match &args.command {
        None => root,
        Some(name) => {
            let found = root
                .find_subcommand(name)
                .filter(|found| found.get_name() != "help");
            found.cloned().ok_or_else(|| {
                let names: Vec<&str> = root
                    .get_subcommands()
                    .map(clap::Command::get_name)
                    .collect();
                Failure::usage(format!("unknown command {name:?}"))
                    .with_hint(format!("the commands are {}", names.join(", ")))
            })?
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .source(concat!("drs-backup-jobs ", env!("CARGO_PKG_VERSION")))
        .manual("User Commands")
        .render(&mut page)?;
    io::stdout().write_all(&page)?;
    Ok(())
}
