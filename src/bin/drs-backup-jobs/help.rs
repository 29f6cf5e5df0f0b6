//! The parts of the help below the options.

/// Joins literals with an empty line between them.
macro_rules! sections {
    ($first:expr $(, $rest:expr)*) => { concat!($first $(, "\n\n", $rest)*) };
}

macro_rules! environment {
    () => {
        "\
Environment variables:
  Region and endpoint
    HW_REGION_NAME                       region
    HW_CLOUD                             domain of all endpoints
    HUAWEICLOUD_SDK_REGION_DRS_<REGION>  endpoint of one region
  Project
    HUAWEICLOUD_SDK_PROJECT_ID           project ID; also HW_PROJECT_ID
    HW_PROJECT_NAME                      name of a project; IAM provides its ID
  Token
    HW_AUTH_TOKEN                        token of IAM
  Access key
    HUAWEICLOUD_SDK_AK                   access key; also HW_ACCESS_KEY
    HUAWEICLOUD_SDK_SK                   secret key; also HW_SECRET_KEY
    HUAWEICLOUD_SDK_SECURITY_TOKEN       token of a temporary access key; also
                                         HW_SECURITY_TOKEN
  User
    HW_USER_NAME, HW_USER_ID             user
    HW_USER_PASSWORD                     password
    HW_DOMAIN_NAME, HW_DOMAIN_ID         account; also HUAWEICLOUD_SDK_DOMAIN_ID
  IAM
    HUAWEICLOUD_SDK_IAM_ENDPOINT         endpoint of IAM; also HW_AUTH_URL
  Profile file
    HUAWEICLOUD_SDK_CREDENTIALS_FILE     path; default in HOME (Windows:
                                         USERPROFILE): .huaweicloud/credentials
  Refused, because not supported
    HW_ASSUME_ROLE_*, HW_INSECURE
  The same in Terraform's older form
    OS_REGION_NAME, OS_AUTH_URL, OS_AUTH_TOKEN, OS_ACCESS_KEY, OS_SECRET_KEY,
    OS_SECURITY_TOKEN, OS_USERNAME, OS_USER_ID, OS_PASSWORD, OS_DOMAIN_NAME,
    OS_DOMAIN_ID, OS_USER_DOMAIN_NAME, OS_USER_DOMAIN_ID, OS_PROJECT_ID,
    OS_PROJECT_NAME, OS_PROJECT_DOMAIN_NAME, OS_PROJECT_DOMAIN_ID, OS_TENANT_ID,
    OS_TENANT_NAME; refused: OS_ASSUME_ROLE_*, OS_AGENCY_*,
    OS_DELEGATED_PROJECT, OS_INSECURE
  Network
    HTTPS_PROXY, HTTP_PROXY, ALL_PROXY   proxy
    NO_PROXY                             hosts to connect to without a proxy
  Display
    TZ                                   time zone, such as Asia/Shanghai
    NO_COLOR                             disables colours"
    };
}

macro_rules! times {
    () => {
        "\
Times (--since, --until):
  90m, 24h, 7d                  this long ago
  22:30                         the latest 22:30, or the next after --since
  2024-08-19, today, yesterday  a day; --until includes all of it
  2024-08-19T22:30              local time (TZ), or UTC with --utc
  2024-08-19T22:30:00+08:00     time with an offset, or Z
  A job matches if it ran at any time in the span; running jobs run until now."
    };
}

macro_rules! formats {
    () => {
        "\
Formats (--output):
  table     columns that fit the terminal; default on a terminal
  wide      all columns, uncut
  json      one document in the service's form: {\"count\":…,\"jobs\":[…]}
  jsonl     one job per line, written as pages arrive; default otherwise
  csv, tsv  a header and a record per job
  timeline  a bar per job on an axis of time
  Times are local in table, wide and timeline, and unchanged in the others."
    };
}

macro_rules! credentials {
    () => {
        "\
Credentials are taken from --token-file, --profile or --ecs-metadata, else from
the environment, else from the profile file. They are not accepted on the
command line, where other users could see them. With an access key or a user,
IAM provides the project ID."
    };
}

/// The help of `-h`, `$short`, and that of `--help`, `$long`: with more sections between the examples
/// and the exit codes.
macro_rules! help {
    ($short:ident, $long:ident: $examples:literal, [$($section:expr),*], $exit_codes:literal) => {
        pub(crate) const $short: &str = sections!($examples, $exit_codes);
        pub(crate) const $long: &str = sections!($examples, $($section,)* $exit_codes);
    };
}

help!(
    ROOT, ROOT_LONG: "\
Examples:
  drs-backup-jobs list --demo                     list sample data, no account
  drs-backup-jobs list --failed --since 24h --errors
  drs-backup-jobs watch --status TRANSFERRING --until-finished
  drs-backup-jobs help list                       print all options of a command",
    [environment!()],
    "Exit codes: 0 done, 1 request failed, 2 usage error, 3 jobs failed, 4 timeout."
);

help!(
    LIST, LIST_LONG: "\
Examples:
  drs-backup-jobs list --failed --since 24h --errors
  drs-backup-jobs list --since 22:00 --until 06:00 --output timeline
  drs-backup-jobs list --status FAILED,SUCCESS --output csv > finished.csv
  drs-backup-jobs list --columns id,error_log --output tsv --no-headers
  drs-backup-jobs list --failed --since 24h --exit-code || alert",
    [times!(), formats!(), credentials!(), environment!()],
    "Exit codes: 0 done, 1 request failed, 2 usage error, 3 jobs failed
(--exit-code), 4 timeout."
);

help!(
    WATCH, WATCH_LONG: "\
Examples:
  drs-backup-jobs watch --status TRANSFERRING
  drs-backup-jobs watch --status TRANSFERRING --until-finished --timeout 2h
  drs-backup-jobs watch --output jsonl | jq -c 'select(.event == \"finished\")'
  drs-backup-jobs watch --state jobs.json --timeout 1m   changes since the last run (cron)",
    [
        "Resizing: events stay above the live view. tmux (3.3 to 3.7) can lose lines of
any program if it is narrower than 40 columns, or if lines of Chinese text
longer than 78 columns stand above.",
        times!(),
        credentials!(),
        environment!()
    ],
    "Exit codes: 0 done, 1 request failed, 2 usage error, 3 jobs failed
(--until-finished), 4 timeout."
);

help!(
    GET, GET_LONG: "\
Examples:
  drs-backup-jobs get 0667845a-6291-4e2a-95b0-190c0abjb703
  drs-backup-jobs get 0667845a-6291-4e2a-95b0-190c0abjb703 --output json",
    [credentials!(), environment!()],
    "Exit codes: 0 done, 1 request failed or no such job, 2 usage error, 4 timeout."
);

help!(
    DECODE, DECODE_LONG: "\
Examples:
  drs-backup-jobs decode response.json --failed --errors
  curl … | drs-backup-jobs decode --output csv
  drs-backup-jobs decode *.jsonl --since 2024-08-18 --output timeline",
    [times!(), formats!()],
    "Exit codes: 0 done, 1 invalid input, 2 usage error, 3 jobs failed (--exit-code)."
);

pub(crate) const COMPLETIONS: &str = "\
Examples:
  drs-backup-jobs completions bash > /etc/bash_completion.d/drs-backup-jobs
  drs-backup-jobs completions zsh > ~/.zfunc/_drs-backup-jobs
  drs-backup-jobs completions fish > ~/.config/fish/completions/drs-backup-jobs.fish";

pub(crate) const MAN: &str = "\
Examples:
  drs-backup-jobs man | man -l -
  drs-backup-jobs man list > drs-backup-jobs-list.1";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::{Arc, Mutex};

    use drs_backup_jobs::Client;
    use drs_backup_jobs::credentials::Environment;

    /// The variables that the library reads while `set` are set.
    fn read_variables(set: &'static [(&'static str, &'static str)]) -> BTreeSet<String> {
        let names = Arc::new(Mutex::new(BTreeSet::new()));
        let recorded = Arc::clone(&names);
        let environment = Environment::from_fn(move |name| {
            recorded.lock().unwrap().insert(name.to_owned());
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        });
        // Which variables are read is of interest, not whether they suffice.
        let _ = Client::builder().environment(&environment);
        let names = names.lock().unwrap();
        names.clone()
    }

    #[test]
    fn every_variable_that_the_library_reads_is_in_the_help() {
        let mut names = BTreeSet::new();
        for set in [
            &[][..],
            &[
                ("HW_REGION_NAME", "cn-north-4"),
                ("HW_AUTH_TOKEN", "0123456789"),
            ],
            &[("HW_USER_NAME", "u"), ("HW_USER_PASSWORD", "0123456789")],
            &[("HW_ACCESS_KEY", "a"), ("HW_SECRET_KEY", "0123456789")],
        ] {
            names.extend(read_variables(set));
        }
        assert!(names.len() > 30, "{names:?}");
        let words: Vec<&str> = environment!()
            .split(|ch: char| !ch.is_ascii_alphanumeric() && !matches!(ch, '_' | '*' | '<'))
            .collect();
        for name in names {
            let is_listed = words.iter().any(|word| {
                *word == name
                    || word
                        .strip_suffix(['*', '<'])
                        .is_some_and(|prefix| name.starts_with(prefix))
                    || word
                        .strip_suffix("<REGION")
                        .is_some_and(|prefix| name.starts_with(prefix))
            });
            assert!(is_listed, "{name} is not in the help");
        }
    }
}
