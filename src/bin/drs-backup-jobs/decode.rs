//! `drs-backup-jobs decode`: saved responses, printed as `list` prints.

use std::cmp::Ordering;
use std::io::{self, BufWriter, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use drs_backup_jobs::clock::SystemClock;
use drs_backup_jobs::{Job, SortDir, SortKey};

use crate::args::{JobFilters, OutputArgs};
use crate::failure::{Failure, JOBS_FAILED, print_message};
use crate::help;
use crate::list::is_failed;
use crate::output::{Printer, jobs_in_words};
use crate::saved::{self, Cause, Problem};
use crate::time;

/// Print saved responses as list does
///
/// Reads responses of the service ({"count":…,"jobs":[…]}), arrays of jobs and single jobs, any
/// number in a file, in UTF-8 or UTF-16. Reports what cannot be decoded with file, line and column,
/// and prints the rest.
#[derive(Debug, Args)]
#[command(next_line_help = true, after_help = help::DECODE, after_long_help = help::DECODE_LONG)]
pub(crate) struct DecodeArgs {
    /// Files to decode, - for standard input [default: standard input]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    filters: JobFilters,

    #[command(flatten)]
    output: OutputArgs,

    /// Exit with code 3 if a listed job failed
    #[arg(long, help_heading = "Output")]
    exit_code: bool,
}

pub(crate) fn run(args: &DecodeArgs) -> Result<ExitCode, Failure> {
    if args.files.is_empty() && io::stdin().is_terminal() {
        return Err(
            Failure::usage("cannot decode standard input: it is a terminal")
                .with_hint("pass a file, or pipe a response: curl … | drs-backup-jobs decode"),
        );
    }
    let zone = args.output.zone();
    let layout = args.output.layout(zone.clone())?;
    let now = time::now(&SystemClock::new());
    let selection = args.filters.selection_of_saved(now, &zone)?;
    let order = args.filters.sort_key.as_deref().map(order).transpose()?;
    let is_for_people = layout.format.is_for_people();

    let standard_input = [PathBuf::from("-")];
    let files = if args.files.is_empty() {
        &standard_input[..]
    } else {
        &args.files[..]
    };
    let mut jobs: Vec<Job<'static>> = Vec::new();
    let mut count = None;
    let mut failures = Vec::new();
    let mut is_empty_of_errors = true;
    for file in files {
        let (shown, body) = read(file)?;
        let decoded = saved::read(&body);
        is_empty_of_errors &= decoded.problems.is_empty() || !decoded.jobs.is_empty();
        count = decoded.count();
        jobs.extend(decoded.jobs);
        let problems = decoded.problems.len();
        let explained = decoded.problems.into_iter().take(MAX_EXPLAINED);
        failures.extend(explained.map(|problem| explain(&shown, problem)));
        if problems > MAX_EXPLAINED {
            let more = problems - MAX_EXPLAINED;
            failures.push(Failure::refused(format!(
                "cannot decode {shown}: {more} more places"
            )));
        }
    }
    // The count of a response applies only to the jobs of that response.
    let count = count.filter(|_| files.len() == 1 && selection.is_everything());
    let undecided = jobs
        .iter()
        .filter(|job| selection.is_undecided(job))
        .count();
    let is_any = !jobs.is_empty();
    jobs.retain(|job| selection.contains(job, now));
    if let Some(order) = order {
        jobs.sort_by(order);
        if args.filters.sort_dir.as_deref().map(SortDir::from) != Some(SortDir::Asc) {
            jobs.reverse();
        }
    }
    let has_failed = jobs.iter().any(is_failed);

    let mut printer = Printer::new(BufWriter::new(io::stdout().lock()), layout, now);
    if is_empty_of_errors || is_any {
        printer.print(jobs)?;
        printer.finish(count)?;
    }
    let mut failures = failures.into_iter();
    if let Some(first) = failures.next() {
        // The last one is reported by the caller, with the exit code.
        let last = failures.fold(first, |before, next| {
            before.report();
            next
        });
        return Err(last);
    }
    if is_for_people && printer.count() == 0 {
        print_message(
            "note",
            if is_any {
                "no job matches"
            } else {
                "the input contains no jobs"
            },
        );
    }
    if undecided > 0 {
        print_message(
            "note",
            &format!(
                "includes {} without a known time",
                jobs_in_words(undecided as u64)
            ),
        );
    }
    printer.print_notes(count);
    Ok(if args.exit_code && has_failed {
        ExitCode::from(JOBS_FAILED)
    } else {
        ExitCode::SUCCESS
    })
}

/// Every job of a file, or why it cannot be decoded.
pub(crate) fn jobs_of(file: &Path) -> Result<Vec<Job<'static>>, Failure> {
    let (shown, body) = read(file)?;
    let decoded = saved::read(&body);
    match decoded.problems.into_iter().next() {
        Some(problem) => Err(explain(&shown, problem)),
        None => Ok(decoded.jobs),
    }
}

/// How many problems of a file are explained.
const MAX_EXPLAINED: usize = 20;

/// A file's name for messages, and what it holds.
fn read(file: &Path) -> Result<(String, Vec<u8>), Failure> {
    let (shown, body) = if file == Path::new("-") {
        let mut body = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut body);
        ("standard input".to_owned(), read.map(|_| body))
    } else {
        (file.display().to_string(), std::fs::read(file))
    };
    body.map(|body| (shown.clone(), body))
        .map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))
}

fn explain(shown: &str, problem: Problem) -> Failure {
    let Problem {
        line,
        column,
        element,
        cause,
    } = problem;
    match cause {
        Cause::Refusal(error) => Failure::refused(format!("{shown}: {error}")).with_hint(
            error
                .hint()
                .unwrap_or("pass a list of jobs: this is an error response of the service"),
        ),
        Cause::Invalid(error) => {
            let what = if error.is_html() {
                "the response is HTML, not JSON (a proxy or a login page responded)".to_owned()
            } else {
                let path = match (element, error.path()) {
                    (None, "") => String::new(),
                    (None, path) => format!("{path}: "),
                    (Some(index), "") => format!("[{index}]: "),
                    (Some(index), path) => format!("[{index}].{path}: "),
                };
                let job = match error.job_id() {
                    Some(id) => format!(" (job {id})"),
                    None => String::new(),
                };
                format!("{path}expected {}{job}", error.expected())
            };
            Failure::refused(format!(
                "cannot decode {shown}: line {line}, column {column}: {what}"
            ))
            .with_hint("decode reads responses of the service, arrays of jobs, and single jobs")
        }
    }
}

/// How `--sort-key` orders saved jobs, ascending.
fn order(key: &str) -> Result<fn(&Job<'_>, &Job<'_>) -> Ordering, Failure> {
    match SortKey::from(key) {
        SortKey::CreatedAt => {
            Ok(|a, b| (a.created_at(), &a.create_time).cmp(&(b.created_at(), &b.create_time)))
        }
        SortKey::Name => Ok(|a, b| a.name.cmp(&b.name)),
        SortKey::Description => Ok(|a, b| a.description.cmp(&b.description)),
        _ => Err(Failure::usage(format!(
            "invalid --sort-key {key:?}: saved jobs can be sorted by created_at, name or description"
        ))),
    }
}
