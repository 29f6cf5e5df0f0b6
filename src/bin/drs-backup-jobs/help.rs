//! The parts of the help that stand below the options.

/// Joins literals with an empty line between them.
macro_rules! sections {
    ($first:expr $(, $rest:expr)*) => { concat!($first $(, "\n\n", $rest)*) };
}

macro_rules! environment {
    () => {
        "\
Environment variables:
  Region and endpoint
    HW_REGION_NAME                             region
    HUAWEICLOUD_SDK_REGION_DRS_<REGION>        endpoint of one region
    HW_CLOUD                                   domain of all endpoints
  Project
    HUAWEICLOUD_SDK_PROJECT_ID, HW_PROJECT_ID  project ID
    HW_PROJECT_NAME                            project name, resolved by IAM
  Token
    HW_AUTH_TOKEN                              token of IAM
  Access key
    HUAWEICLOUD_SDK_AK, HW_ACCESS_KEY          access key
    HUAWEICLOUD_SDK_SK, HW_SECRET_KEY          secret key
    HUAWEICLOUD_SDK_SECURITY_TOKEN, HW_SECURITY_TOKEN
                                               token of a temporary access key
  User
    HW_USER_NAME, HW_USER_ID                   user name or ID
    HW_USER_PASSWORD                           password
    HW_DOMAIN_NAME, HW_DOMAIN_ID, HUAWEICLOUD_SDK_DOMAIN_ID
                                               account
  IAM
    HW_AUTH_URL, HUAWEICLOUD_SDK_IAM_ENDPOINT  endpoint of IAM
  Credentials file
    HUAWEICLOUD_SDK_CREDENTIALS_FILE           path [default: ~/.huaweicloud/credentials]
  Refused, because they are not supported
    HW_ASSUME_ROLE_*, HW_INSECURE
  Network
    HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
  Display
    TZ                                         time zone
    NO_COLOR                                   disables colours
  The OS_* forms of Terraform's HW_* variables are read as well."
    };
}

macro_rules! times {
    () => {
        "\
Times (--since, --until):
  90m, 24h, 7d                  this long ago
  22:30                         the latest 22:30; with --until the first after --since
  2024-08-19, today, yesterday  the day; --until includes all of it
  2024-08-19T22:30              local time (TZ), or UTC with --utc
  2024-08-19T22:30:00+08:00     time with an offset, or Z
  A job is listed if it ran at any moment of the span; a running job lasts until now."
    };
}

macro_rules! formats {
    () => {
        "\
Formats (--output):
  table     columns that fit the terminal; default on a terminal
  wide      all columns, uncut
  json      one document in the service's form: {\"count\":…,\"jobs\":[…]}
  jsonl     one job a line, written as pages arrive; default otherwise
  csv, tsv  a header and a record per job
  timeline  a bar per job on an axis of time
  Times are local in table, wide and timeline, and the service's own text elsewhere."
    };
}

macro_rules! credentials {
    () => {
        "\
Credentials are used in this order: --token-file, --profile or --ecs-metadata; environment; credentials
file. They are never accepted on the command line, where other users could see them. With an access
key or a user, IAM provides the project ID."
    };
}

pub(crate) const ROOT: &str = "\
Examples:
  drs-backup-jobs list --demo                        list sample data, without an account
  drs-backup-jobs list --failed --since 24h --errors
  drs-backup-jobs watch --status TRANSFERRING --until-finished
  drs-backup-jobs help list                          all options of a command

Exit codes: 0 done, 1 request failed, 2 usage error, 3 jobs failed, 4 timeout.";

pub(crate) const ROOT_LONG: &str = sections!(
    "\
Examples:
  drs-backup-jobs list --demo                        list sample data, without an account
  drs-backup-jobs list --failed --since 24h --errors
  drs-backup-jobs watch --status TRANSFERRING --until-finished
  drs-backup-jobs help list                          all options of a command",
    environment!(),
    "Exit codes: 0 done, 1 request failed, 2 usage error, 3 jobs failed, 4 timeout."
);

pub(crate) const LIST: &str = "\
Examples:
  drs-backup-jobs list --failed --since 24h --errors
  drs-backup-jobs list --since 22:00 --until 06:00 --output timeline
  drs-backup-jobs list --status FAILED,PRECHECK-FAILED --output csv > failed.csv
  drs-backup-jobs list --columns id,error_log --output tsv --no-headers
  drs-backup-jobs list --failed --since 24h --exit-code || alert

Exit codes: 0 done, 1 request failed, 2 usage error, 3 jobs failed (--exit-code), 4 timeout.";

pub(crate) const LIST_LONG: &str = sections!(
    "\
Examples:
  drs-backup-jobs list --failed --since 24h --errors
  drs-backup-jobs list --since 22:00 --until 06:00 --output timeline
  drs-backup-jobs list --status FAILED,PRECHECK-FAILED --output csv > failed.csv
  drs-backup-jobs list --columns id,error_log --output tsv --no-headers
  drs-backup-jobs list --failed --since 24h --exit-code || alert",
    times!(),
    formats!(),
    credentials!(),
    environment!(),
    "Exit codes: 0 done, 1 request failed, 2 usage error, 3 jobs failed (--exit-code), 4 timeout."
);

pub(crate) const WATCH: &str = "\
Examples:
  drs-backup-jobs watch --status TRANSFERRING
  drs-backup-jobs watch --status TRANSFERRING --until-finished --timeout 2h
  drs-backup-jobs watch --output jsonl | jq -c 'select(.event == \"finished\")'

Exit codes: 0 done, 1 request failed, 2 usage error, 3 jobs failed (--until-finished), 4 timeout.";

pub(crate) const WATCH_LONG: &str = sections!(
    "\
Examples:
  drs-backup-jobs watch --status TRANSFERRING
  drs-backup-jobs watch --status TRANSFERRING --until-finished --timeout 2h
  drs-backup-jobs watch --output jsonl | jq -c 'select(.event == \"finished\")'",
    times!(),
    credentials!(),
    environment!(),
    "Exit codes: 0 done, 1 request failed, 2 usage error, 3 jobs failed (--until-finished), 4 timeout."
);

pub(crate) const GET: &str = "\
Examples:
  drs-backup-jobs get 0667845a-6291-4e2a-95b0-190c0abjb703
  drs-backup-jobs get 0667845a-6291-4e2a-95b0-190c0abjb703 --output json | jq -r .error_log

Exit codes: 0 done, 1 request failed or no such job, 2 usage error, 4 timeout.";

pub(crate) const GET_LONG: &str = sections!(
    "\
Examples:
  drs-backup-jobs get 0667845a-6291-4e2a-95b0-190c0abjb703
  drs-backup-jobs get 0667845a-6291-4e2a-95b0-190c0abjb703 --output json | jq -r .error_log",
    credentials!(),
    environment!(),
    "Exit codes: 0 done, 1 request failed or no such job, 2 usage error, 4 timeout."
);

pub(crate) const DECODE: &str = "\
Examples:
  drs-backup-jobs decode response.json --failed --errors
  curl … | drs-backup-jobs decode --output csv
  drs-backup-jobs decode *.jsonl --since 2024-08-18 --output timeline

Exit codes: 0 done, 1 invalid input, 2 usage error, 3 jobs failed (--exit-code).";

pub(crate) const DECODE_LONG: &str = sections!(
    "\
Examples:
  drs-backup-jobs decode response.json --failed --errors
  curl … | drs-backup-jobs decode --output csv
  drs-backup-jobs decode *.jsonl --since 2024-08-18 --output timeline",
    times!(),
    formats!(),
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
