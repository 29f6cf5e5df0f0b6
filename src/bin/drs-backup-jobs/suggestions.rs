//! Parsing of the command line, with suggestions for options that do not exist.

use std::{env, process};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory as _, Parser as _};

use crate::cli::Cli;

/// What to use instead of options of other programs, and of those that are left out on purpose.
const INSTEAD: &[(&[&str], &str)] = &[
    (
        &["token", "auth-token", "x-auth-token"],
        "set HW_AUTH_TOKEN or use --token-file; a token on the command line is visible to other users",
    ),
    (
        &[
            "ak",
            "sk",
            "access-key",
            "secret-key",
            "secret",
            "security-token",
        ],
        "set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK; keys on the command line are visible to other users",
    ),
    (
        &[
            "user",
            "username",
            "user-name",
            "password",
            "domain",
            "domain-name",
        ],
        "set HW_USER_NAME, HW_USER_PASSWORD and HW_DOMAIN_NAME; a password on the command line is visible to other users",
    ),
    (&["project", "project-name"], "use --project-id"),
    (&["json"], "use --output json, or jsonl for one job a line"),
    (&["jsonl", "ndjson"], "use --output jsonl"),
    (&["csv"], "use --output csv"),
    (&["tsv"], "use --output tsv"),
    (&["table"], "use --output table"),
    (&["wide"], "use --output wide"),
    (&["timeline"], "use --output timeline"),
    (&["format", "out", "fmt"], "use --output"),
    (&["fields", "field", "column", "select"], "use --columns"),
    (&["no-header", "noheader", "noheaders"], "use --no-headers"),
    (&["failures", "fail", "only-failed"], "use --failed"),
    (&["error", "reasons", "reason", "error-log"], "use --errors"),
    (&["state-filter", "statuses", "phase"], "use --status"),
    (
        &["from", "after", "start", "start-time", "begin"],
        "use --since",
    ),
    (&["to", "before", "end", "end-time"], "use --until"),
    (&["last"], "use --since, such as --since 24h"),
    (
        &["sort", "sort-by", "order-by"],
        "use --sort-key and --sort-dir",
    ),
    (
        &["order", "reverse", "desc", "asc"],
        "use --sort-dir asc or --sort-dir desc",
    ),
    (&["all"], "all jobs are listed unless --limit is given"),
    (
        &["page", "page-number"],
        "use --limit and --offset; without them all jobs are listed",
    ),
    (&["max", "max-items", "count", "head"], "use --limit"),
    (&["url", "host", "server"], "use --endpoint"),
    (
        &["instance", "instance-id", "instances"],
        "use --dbs-instance-ids",
    ),
    (
        &["until-done", "wait", "exit-when-done"],
        "use watch --until-finished",
    ),
    (
        &["max-time", "connect-timeout", "page-timeout"],
        "use --timeout or --request-timeout",
    ),
    (&["retry"], "use --retries"),
    (&["cacert", "ca", "ca-cert", "ca-bundle"], "use --ca-file"),
    (
        &[
            "insecure",
            "no-verify",
            "no-check-certificate",
            "skip-verify",
        ],
        "certificates are always verified; use --ca-file to trust a private authority",
    ),
    (&["proxy"], "set HTTPS_PROXY"),
    (&["debug", "trace"], "use --verbose"),
    (
        &["local", "timezone", "tz"],
        "times are local; set TZ for another zone, or use --utc",
    ),
    (
        &["color", "no-color", "colour", "no-colour"],
        "set NO_COLOR=1 to disable colours",
    ),
];

/// Parses the command line. Help and errors end the program, as clap has it.
pub(crate) fn parse() -> Cli {
    Cli::try_parse().unwrap_or_else(|error| {
        let error = with_suggestion(error);
        let code = error.exit_code();
        // A closed stream is not an error.
        let _ = error.print();
        process::exit(code)
    })
}

/// Replaces clap's guess at an unknown option by the one in [`INSTEAD`], and leaves out guesses that
/// only share a few letters, and the advice to pass an option as a value.
fn with_suggestion(mut error: clap::Error) -> clap::Error {
    if error.kind() != ErrorKind::UnknownArgument {
        return error;
    }
    let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let given = given
        .trim_start_matches('-')
        .to_lowercase()
        .replace('_', "-");
    let given = given.split('=').next().unwrap_or_default().to_owned();
    let instead = INSTEAD.iter().find(|(names, _)| names.contains(&&*given));
    if let Some((_, advice)) = instead.filter(|(_, advice)| is_offered(advice)) {
        error.remove(ContextKind::SuggestedArg);
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![(*advice).into()]),
        );
        return error;
    }
    error.remove(ContextKind::Suggested);
    let is_far = match error.get(ContextKind::SuggestedArg) {
        Some(ContextValue::String(guess)) => {
            let guess = guess.trim_start_matches('-');
            let guess = guess.split([' ', '=']).next().unwrap_or_default();
            !guess.starts_with(&given) && strsim::levenshtein(&given, guess) > 1 + given.len() / 4
        }
        _ => false,
    };
    if is_far {
        error.remove(ContextKind::SuggestedArg);
    }
    error
}

/// Whether the command that is being run has the option that `advice` names, if it names one.
fn is_offered(advice: &str) -> bool {
    let mut words = advice.split([' ', ',', ';']);
    let Some(option) = words.find_map(|word| word.strip_prefix("--")) else {
        return true;
    };
    let root = Cli::command();
    let command = env::args()
        .skip(1)
        .find_map(|argument| root.find_subcommand(argument));
    command
        .unwrap_or(&root)
        .get_arguments()
        .any(|argument| argument.get_long() == Some(option))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_help_of_an_option_exceeds_two_lines_of_80_columns() {
        let mut root = Cli::command().term_width(80);
        root.build();
        let names: Vec<String> = root
            .get_subcommands()
            .map(|command| command.get_name().to_owned())
            .collect();
        for name in names.iter().filter(|name| *name != "help") {
            let command = root.find_subcommand_mut(name).unwrap();
            for help in [command.render_help(), command.render_long_help()] {
                let help = help.to_string();
                let mut option = "";
                let mut count = 0;
                for line in help.lines() {
                    assert!(line.chars().count() <= 80, "{name}: {line}");
                    if line.trim_start().starts_with('-') {
                        (option, count) = (line, 0);
                    } else if line.find(|ch| ch != ' ') == Some(10) {
                        count += 1;
                        // An explanation of the grammar of faults is an example, not a help line.
                        assert!(
                            count <= 2 || option.contains("--faults"),
                            "{name}: {option}: {line}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn no_alternative_names_an_option_that_exists() {
        let root = Cli::command();
        // The emulator's options are different: its --token is not a secret.
        for command in root
            .get_subcommands()
            .filter(|command| command.get_name() != "emulate")
        {
            for argument in command.get_arguments().filter_map(clap::Arg::get_long) {
                let is_listed = INSTEAD.iter().any(|(names, _)| names.contains(&argument));
                assert!(!is_listed, "{} --{argument}", command.get_name());
            }
        }
    }
}
