//! Help, manual pages, completions and suggestions.

use crate::command::{Run, command};

const COMMANDS: [&str; 7] = [
    "list",
    "watch",
    "get",
    "decode",
    "emulate",
    "completions",
    "man",
];

#[test]
fn help_is_printed_by_command_and_by_option() {
    for name in COMMANDS {
        let by_command = Run::of(command(&["help", name])).done();
        let by_option = Run::of(command(&[name, "--help"])).done();
        assert_eq!(by_command, by_option, "{name}");
        assert!(by_command.contains("Examples:"), "{by_command}");
    }
    let root = Run::of(command(&["help"])).done();
    assert_eq!(root, Run::of(command(&["--help"])).done());
    for name in COMMANDS {
        assert!(root.contains(&format!("\n  {name} ")), "{name} in {root}");
    }
}

#[test]
fn help_lists_every_variable() {
    for name in ["list", "watch", "get"] {
        let help = Run::of(command(&[name, "--help"])).done();
        for variable in [
            "HW_REGION_NAME",
            "HUAWEICLOUD_SDK_REGION_DRS_<REGION>",
            "HUAWEICLOUD_SDK_PROJECT_ID",
            "HW_PROJECT_ID",
            "HW_AUTH_TOKEN",
            "HUAWEICLOUD_SDK_AK",
            "HUAWEICLOUD_SDK_SK",
            "HUAWEICLOUD_SDK_SECURITY_TOKEN",
            "HUAWEICLOUD_SDK_CREDENTIALS_FILE",
            "HTTPS_PROXY",
            "NO_PROXY",
            "TZ",
            "NO_COLOR",
        ] {
            assert!(help.contains(variable), "{variable} in the help of {name}");
        }
    }
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let root = Run::of(command(&["man"])).done();
    assert!(root.contains(".TH drs-backup-jobs 1"), "{root}");
    assert!(root.contains("HW_REGION_NAME"), "{root}");
    for name in COMMANDS {
        let page = Run::of(command(&["man", name])).done();
        assert!(
            page.contains(&format!(".TH drs-backup-jobs-{name} 1")),
            "{page}"
        );
    }
    let unknown = Run::of(command(&["man", "lsit"]));
    unknown.assert_refused(2, &["unknown command \"lsit\"", "list, watch, get"]);
}

#[test]
fn completions_complete_values() {
    for (shell, values) in [
        (
            "bash",
            &[
                "TRANSFERRING SUCCESS FAILED PRECHECK-FAILED",
                "created_at",
                "cn-north-4",
                "timeline",
            ][..],
        ),
        (
            "zsh",
            &["PRECHECK-FAILED", "created_at", "cn-north-4", "timeline"],
        ),
        (
            "fish",
            &["PRECHECK-FAILED", "created_at", "cn-north-4", "timeline"],
        ),
    ] {
        let script = Run::of(command(&["completions", shell])).done();
        for value in values {
            assert!(
                script.contains(value),
                "{value} in the completions of {shell}"
            );
        }
    }
}

#[test]
fn bash_completes_options_and_values_of_subcommands() {
    const CALL: &str = r#"
complete() { FUNCTION=$2; }
eval "$SCRIPT"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
"$FUNCTION" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
echo "${COMPREPLY[@]}"
"#;
    let script = Run::of(command(&["completions", "bash"])).done();
    for (words, expected) in [
        (&["l"][..], "list\n"),
        (
            &["list", "--status", ""],
            "TRANSFERRING SUCCESS FAILED PRECHECK-FAILED\n",
        ),
        (&["list", "--status", "F"], "FAILED\n"),
        (&["list", "-o", "t"], "table tsv timeline\n"),
        (&["list", "--region", "cn-north-4"], "cn-north-4\n"),
        (&["list", "--sort-key", "cr"], "created_at\n"),
        (&["list", "--columns", "fi"], "finish_time\n"),
        (&["decode", "--sinc"], "--since\n"),
        (&["watch", "--until-f"], "--until-finished\n"),
        (&["get", "--prof"], "--profile\n"),
    ] {
        let completed = std::process::Command::new("bash")
            .args(["--norc", "-c", CALL, "bash", "drs-backup-jobs"])
            .args(words)
            .env("SCRIPT", &script)
            .output();
        let Ok(completed) = completed else {
            crate::not_checked("completions in bash", "bash");
            return;
        };
        let shown = String::from_utf8(completed.stdout).unwrap();
        assert_eq!(shown, expected, "{words:?}");
    }
}

#[test]
fn suggests_what_to_use_instead_of_an_unknown_option() {
    for (arguments, expected) in [
        (&["list", "--json"][..], "tip: use --output json"),
        (
            &["list", "--token", "secret"],
            "tip: set HW_AUTH_TOKEN or use --token-file",
        ),
        (&["list", "--password=secret"], "HW_USER_PASSWORD"),
        (&["list", "--ak", "x"], "HUAWEICLOUD_SDK_AK"),
        (&["list", "--statsu", "FAILED"], "'--status'"),
        (&["list", "--sinse", "24h"], "'--since'"),
        (&["list", "--from", "24h"], "tip: use --since"),
        (&["list", "--sort", "name"], "tip: use --sort-key"),
        (&["list", "--project", "p"], "tip: use --project-id"),
        (&["list", "--all"], "tip: all jobs are listed"),
        (
            &["list", "--insecure"],
            "tip: certificates are always verified",
        ),
        (
            &["watch", "--until-done"],
            "tip: use watch --until-finished",
        ),
        (&["decode", "--json"], "tip: use --output json"),
        (&["list", "-o", "jsno"], "similar value exists: 'json'"),
        (&["lst"], "'list'"),
    ] {
        Run::of(command(arguments)).assert_refused(2, &[expected]);
    }
    for arguments in [
        // Nothing near it; no option of this command; no advice to pass an option as a file.
        &["list", "--xyzzy"][..],
        &["emulate", "--json"],
        &["decode", "--xyzzy"],
        &["watch", "--xyzzy"],
    ] {
        let run = Run::of(command(arguments));
        run.assert_refused(2, &["unexpected argument"]);
        assert!(!run.stderr.contains("tip:"), "{run:#?}");
    }
}

#[test]
fn a_secret_given_as_an_unknown_option_is_not_repeated() {
    for arguments in [
        &["list", "--token", "planted"][..],
        &["list", "--token=planted"],
        &["list", "--sk=planted"],
        &["watch", "--password=planted"],
    ] {
        let run = Run::of(command(arguments));
        run.assert_refused(2, &["unexpected argument"]);
        assert!(!run.stderr.contains("planted"), "{run:#?}");
    }
}
