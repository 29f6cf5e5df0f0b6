//! `drs-backup-jobs emulate`: the service in memory, over HTTP.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use drs_backup_jobs::AccessKey;
use drs_backup_jobs::clock::SystemClock;
use drs_backup_jobs::emulator::{
    AdminAccess, Count, Emulator, EmulatorBuilder, Faults, Script, parse_duration,
};

use crate::args::values;
use crate::cli::Verbosity;
use crate::decode;
use crate::failure::{Failure, print_message};
use crate::signals::Blocked;
use crate::time::{self, Moment, Zone};

/// Run an emulator of the service over HTTP, for tests and demos
///
/// Prints its URL first and serves until Ctrl-C or SIGTERM. By default accepts any token that is not
/// empty and any project ID; the same seed gives the same jobs.
///
/// The admin interface changes and shows its state while it runs; ?project=ID selects a project:
/// GET and POST /__admin/jobs, PATCH and DELETE /__admin/jobs/ID, PUT /__admin/faults, GET and DELETE
/// /__admin/requests, POST /__admin/reset.
#[derive(Debug, Args)]
#[command(
    next_line_help = true,
    after_help = "\
Examples:
  drs-backup-jobs emulate --listen 127.0.0.1:8080 --random-changes 5s -v
  drs-backup-jobs emulate --file jobs.json --token secret --rate-limit 200/5m
  drs-backup-jobs emulate --faults '503,503,ok,reset%10' --unstable-ties

And in another terminal, with U=http://127.0.0.1:8080:
  curl -H 'X-Auth-Token: any' \"$U/v5/any/backup-migration-jobs?limit=1\"
  curl -d '{\"id\": \"job-1\"}' $U/__admin/jobs
  curl -X PATCH -d '{\"status\": \"FAILED\"}' $U/__admin/jobs/job-1"
)]
pub(crate) struct EmulateArgs {
    #[command(flatten)]
    pub(crate) verbosity: Verbosity,

    /// Address to listen on; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: String,

    /// Disable the admin interface
    #[arg(long, conflicts_with = "remote_admin")]
    no_admin: bool,

    /// Open the admin interface to other machines
    #[arg(long)]
    remote_admin: bool,

    #[command(flatten)]
    jobs: JobsArgs,

    #[command(flatten)]
    access: AccessArgs,

    #[command(flatten)]
    behavior: BehaviorArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Jobs")]
struct JobsArgs {
    /// Jobs to list, in any form that decode reads
    #[arg(long, value_name = "JOBS")]
    file: Option<PathBuf>,

    /// Number of sample jobs [default: 35, with --file 0]
    #[arg(long, value_name = "N", value_parser = values::number)]
    jobs: Option<u32>,

    /// Seed of sample jobs, faults and changes
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Time of the newest sample job [default: 2024-08-19T02:27:15Z, with
    /// --random-changes now]
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    now: Option<Moment>,

    /// Time between random changes of the list
    #[arg(long, value_name = "DURATION", value_parser = values::positive_duration)]
    random_changes: Option<Duration>,

    /// Projects, each with its own list; others are rejected
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    projects: Vec<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Access")]
struct AccessArgs {
    /// Token to accept, repeatable; others are rejected
    #[arg(long, value_name = "TOKEN")]
    token: Vec<String>,

    /// User who can log in, repeatable; others are rejected
    #[arg(long, value_name = "ACCOUNT:NAME:PASSWORD", value_parser = user)]
    user: Vec<[String; 3]>,

    /// Access key to accept, repeatable; others are rejected
    #[arg(long, value_name = "ID:SECRET[:SECURITY_TOKEN]", value_parser = access_key)]
    access_key: Vec<AccessKey>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Behaviour")]
struct BehaviorArgs {
    /// Faults of the responses, such as 503,ok,429:2s,reset@7,truncate%5
    ///
    /// One fault for each of the next requests, separated by commas; a suffix selects other
    /// requests: @7 (the seventh), @3-5, @* (every one), %5 (five percent). Faults: a status (503,
    /// 429:2s with Retry-After), html, reset, abort-body, delay:500ms, slow-body:2s, truncate,
    /// extra-bytes, length:+10, type-drift, invalid-count, unknown-fields, garbage, ok for none.
    #[arg(
        long,
        value_name = "FAULTS",
        default_value = "",
        hide_default_value = true
    )]
    faults: Faults,

    /// Time each response takes
    #[arg(long, value_name = "DURATION", default_value = "0ms", value_parser = values::duration)]
    latency: Duration,

    /// Maximum requests per project and period, such as 200/5m; more get 429
    #[arg(long, value_name = "N/DURATION", value_parser = rate_limit)]
    rate_limit: Option<(u32, Duration)>,

    /// Reorder jobs with equal sort values for each request
    #[arg(long)]
    unstable_ties: bool,

    /// Maximum jobs in a page, regardless of the request's limit
    #[arg(long, value_name = "N", default_value_t = 512)]
    page_cap: usize,

    /// Reported count: exact, page (page length), 20 (maximum), +20 (excess)
    #[arg(long, value_name = "COUNT", default_value = "exact", value_parser = count)]
    count: Count,

    /// Jobs added before each page
    #[arg(long, value_name = "N", default_value = "0", value_parser = values::number)]
    growth: u32,

    /// Lag of a replica that serves pages in turn; repeatable
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    replica_lag: Vec<Duration>,
}

pub(crate) fn run(args: &EmulateArgs) -> Result<(), Failure> {
    // Before a thread is started and the URL is printed: its reader may send a signal at once.
    let stopped = Blocked::new()?;
    let emulator = builder(args)?.build();
    let server = emulator.serve(&args.listen).map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::AddrInUse => "use another port; port 0 is any free one",
            _ => "use an address of this machine and a port, such as 127.0.0.1:8080",
        };
        Failure::usage(format!("cannot listen on {}: {error}", args.listen)).with_hint(hint)
    })?;
    let url = server.url();
    let mut out = io::stdout().lock();
    writeln!(out, "{url}")?;
    out.flush()?;
    let AccessArgs {
        token,
        user,
        access_key,
    } = &args.access;
    if token.is_empty() && user.is_empty() && access_key.is_empty() {
        let project = args.jobs.projects.first().map_or("any", String::as_str);
        let list = format!("drs-backup-jobs list --endpoint {url} --project-id {project}");
        print_message("note", &format!("try: HW_AUTH_TOKEN=any {list}"));
    }
    // A server ends when it is stopped, so the exit code is 0.
    stopped.wait();
    server.stop();
    Ok(())
}

fn builder(args: &EmulateArgs) -> Result<EmulatorBuilder, Failure> {
    let EmulateArgs {
        jobs,
        access,
        behavior,
        ..
    } = args;
    let mut builder = Emulator::builder()
        .seed(jobs.seed)
        .jobs(
            jobs.jobs
                .unwrap_or(if jobs.file.is_some() { 0 } else { 35 }),
        )
        .faults(behavior.faults.clone())
        .latency(behavior.latency)
        .page_cap(behavior.page_cap)
        .count(behavior.count)
        .growth(behavior.growth);
    if let Some(file) = &jobs.file {
        // The last job added comes first.
        let jobs = decode::jobs_of(file)?.into_iter().rev();
        builder = jobs.fold(builder, EmulatorBuilder::job);
    }
    let now = time::now(&SystemClock::new());
    if let Some(every) = jobs.random_changes {
        // Running jobs finish now, so they must not have started years ago.
        builder = builder
            .script(Script::new().random_changes(every))
            .newest_job_at(now);
    }
    if let Some(moment) = jobs.now {
        builder = builder.newest_job_at(moment.start(now, &Zone::local()));
    }
    builder = jobs
        .projects
        .iter()
        .fold(builder, EmulatorBuilder::project_id);
    builder = access
        .token
        .iter()
        .fold(builder, |builder, token| builder.token(token.as_str()));
    for [account, name, password] in &access.user {
        builder = builder.user(account, name, password.as_str());
    }
    builder = access
        .access_key
        .iter()
        .cloned()
        .fold(builder, EmulatorBuilder::access_key);
    if let Some((requests, period)) = behavior.rate_limit {
        builder = builder.rate_limit(requests, period);
    }
    if behavior.unstable_ties {
        builder = builder.unstable_ties(jobs.seed);
    }
    builder = behavior
        .replica_lag
        .iter()
        .copied()
        .fold(builder, EmulatorBuilder::replica);
    Ok(match args {
        EmulateArgs { no_admin: true, .. } => builder.admin(AdminAccess::Off),
        EmulateArgs {
            remote_admin: true, ..
        } => builder.admin(AdminAccess::Anyone),
        _ => builder,
    })
}

fn rate_limit(text: &str) -> Result<(u32, Duration), String> {
    const RULE: &str = "must be requests and a period, such as 200/5m";
    let (requests, period) = text.split_once('/').ok_or(RULE)?;
    let period = parse_duration(period).map_err(|_| RULE)?;
    let requests = requests.parse().map_err(|_| RULE)?;
    if period.is_zero() {
        return Err("the period must be longer than zero".to_owned());
    }
    Ok((requests, period))
}

/// The account's own user has the account's name, so that `NAME:PASSWORD` is enough for it.
fn user(text: &str) -> Result<[String; 3], String> {
    let parts: Vec<&str> = text.splitn(3, ':').collect();
    match *parts.as_slice() {
        [account, name, password] if ![account, name, password].contains(&"") => {
            Ok([account, name, password].map(str::to_owned))
        }
        [name, password] if ![name, password].contains(&"") => {
            Ok([name, name, password].map(str::to_owned))
        }
        // Without the value, which holds a password.
        _ => Err("must be ACCOUNT:NAME:PASSWORD, or NAME:PASSWORD".to_owned()),
    }
}

fn access_key(text: &str) -> Result<AccessKey, String> {
    let mut parts = text.splitn(3, ':').filter(|part| !part.is_empty());
    let (Some(id), Some(secret)) = (parts.next(), parts.next()) else {
        return Err("must be ID:SECRET or ID:SECRET:SECURITY_TOKEN".to_owned());
    };
    let key = AccessKey::new(id, secret);
    Ok(match parts.next() {
        Some(token) => key.security_token(token),
        None => key,
    })
}

fn count(text: &str) -> Result<Count, String> {
    const RULE: &str = "must be exact, page, a maximum such as 20, or an excess such as +20";
    match text {
        "exact" => Ok(Count::Exact),
        "page" => Ok(Count::PageLocal),
        _ => {
            let excess = text.strip_prefix('+');
            let number = excess.unwrap_or(text).parse().map_err(|_| RULE)?;
            Ok(match excess {
                Some(_) => Count::TooHigh(number),
                None => Count::Clipped(number),
            })
        }
    }
}
