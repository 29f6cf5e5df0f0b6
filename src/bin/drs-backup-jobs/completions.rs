//! `drs-backup-jobs completions`: shell completion scripts.

use std::io::{self, Write as _};

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::help;

/// Print a shell completion script
#[derive(Debug, Args)]
#[command(after_help = help::COMPLETIONS)]
pub(crate) struct CompletionsArgs {
    /// Shell: bash, elvish, fish, powershell, zsh
    #[arg(hide_possible_values = true)]
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    // Into memory first: clap_complete panics on a closed pipe.
    let mut script = Vec::new();
    let mut command = Cli::command();
    clap_complete::generate(args.shell, &mut command, "drs-backup-jobs", &mut script);
    if args.shell == Shell::Bash {
        script = with_matching_states(&script);
    }
    io::stdout().write_all(&script)?;
    Ok(())
}

/// `clap_complete` 4.6 takes the hyphens of the program's name for separators of subcommands where it
/// defines the states of its script, and not where it enters them: subcommands would complete nothing.
fn with_matching_states(script: &[u8]) -> Vec<u8> {
    let script = String::from_utf8_lossy(script);
    let states = script.replace("drs__subcmd__backup__subcmd__jobs", "drs__backup__jobs");
    states.into_bytes()
}
