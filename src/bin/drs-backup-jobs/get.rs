//! `drs-backup-jobs get`: one job, with all its fields.

use std::io::{self, BufWriter, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use drs_backup_jobs::emulator::Script;
use drs_backup_jobs::{Job, ListJobs};

use crate::args::{OutputArgs, ServiceArgs, values};
use crate::cli::Verbosity;
use crate::connect::{Connection, connect};
use crate::failure::Failure;
use crate::help;
use crate::output::{self, Printer, shown_name};
use crate::run_limit::RunLimit;
use crate::terminal;

/// Print one job with all its fields
///
/// The service has no request for a single job, so jobs are listed until this one is found. On a
/// terminal, prints one field per line unless --output is given.
#[derive(Debug, Args)]
#[command(next_line_help = true, after_help = help::GET, after_long_help = help::GET_LONG)]
pub(crate) struct GetArgs {
    /// ID of the job
    #[arg(value_name = "ID")]
    id: String,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    service: ServiceArgs,

    #[command(flatten)]
    pub(crate) verbosity: Verbosity,

    /// Time limit of the whole run [default: none]
    #[arg(long, value_name = "DURATION", value_parser = values::positive_duration, help_heading = "Connection")]
    timeout: Option<Duration>,
}

pub(crate) fn run(args: &GetArgs) -> Result<ExitCode, Failure> {
    let zone = args.output.zone();
    let layout = args.output.layout(zone.clone())?;
    let connection = connect(
        &args.service,
        args.timeout.map(RunLimit::start),
        Script::new(),
    )?;
    if let Some(dry_run) = &connection.dry_run {
        let first = connection.client.jobs(ListJobs::new()).next();
        if let Some(Err(error)) = first {
            return Err(connection.failure(error));
        }
        dry_run.print()?;
        return Ok(ExitCode::SUCCESS);
    }
    let job = find(&args.id, &connection)?;
    let mut out = BufWriter::new(io::stdout().lock());
    if args.output.is_default() && terminal::is_stdout() {
        output::write_fields(&mut out, &job, &layout, connection.now())?;
        out.flush()?;
    } else if layout.format == output::Format::Json {
        output::write_object(&mut out, &job, &layout, connection.now())?;
        out.flush()?;
    } else {
        let mut printer = Printer::new(out, layout, connection.now());
        printer.print(vec![job])?;
        printer.finish(None)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Lists jobs until the one with this ID.
fn find(id: &str, connection: &Connection) -> Result<Job<'static>, Failure> {
    let mut listed = 0u64;
    let mut namesake = None;
    for job in connection.client.jobs(ListJobs::new()).page_size(512) {
        let job = job.map_err(|error| connection.failure(error))?;
        if job.id == id {
            return Ok(job);
        }
        if let Some(failure) = connection.timed_out() {
            return Err(failure);
        }
        listed += 1;
        if job.name == id {
            namesake = Some(job);
        }
    }
    let failure = Failure::refused(format!(
        "cannot find a job with ID {id:?} among {}",
        output::jobs_in_words(listed)
    ));
    Err(match namesake {
        Some(job) => failure.with_hint(format!(
            "the job named {} has ID {}",
            shown_name(&job),
            job.id
        )),
        None => failure.with_hint(
            "drs-backup-jobs list --columns id,name lists the IDs; deleted jobs are not listed",
        ),
    })
}
