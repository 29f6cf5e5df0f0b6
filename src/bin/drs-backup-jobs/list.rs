//! `drs-backup-jobs list`: all jobs, or one page of them.

#![expect(
    clippy::doc_markdown,
    reason = "these texts are the help, printed literally"
)]

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use drs_backup_jobs::emulator::Script;
use drs_backup_jobs::{Job, JobPage, Timestamp};

use crate::args::{Filters, OutputArgs, ServiceArgs, values};
use crate::cli::Verbosity;
use crate::connect::{Connection, connect};
use crate::failure::{Failure, JOBS_FAILED, print_message};
use crate::help;
use crate::output::{Format, Layout, Printer, jobs_in_words};
use crate::progress::Progress;
use crate::run_limit::RunLimit;
use crate::selection::Selection;
use crate::signals::Signals;
use crate::terminal;

/// List jobs: all of them, or one page
///
/// Without --limit, all pages are requested: every job is listed once, even if the list changes
/// during the run. Jobs are sorted by created_at unless --sort-key is given. With --limit, one
/// request is sent.
#[derive(Debug, Args)]
#[command(next_line_help = true, after_help = help::LIST, after_long_help = help::LIST_LONG)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    filters: Filters,

    #[command(flatten)]
    paging: Paging,

    #[command(flatten)]
    output: OutputArgs,

    /// Exit with code 3 if a listed job failed
    #[arg(long, help_heading = "Output")]
    exit_code: bool,

    #[command(flatten)]
    service: ServiceArgs,

    #[command(flatten)]
    pub(crate) verbosity: Verbosity,

    /// Time limit of the whole run [default: none]
    #[arg(long, value_name = "DURATION", value_parser = values::positive_duration, help_heading = "Connection")]
    timeout: Option<Duration>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Paging")]
struct Paging {
    /// Jobs per request when all are listed, 2 to 512 [default: 512]
    #[arg(
        long,
        value_name = "N",
        default_value_t = 512,
        hide_default_value = true,
        value_parser = clap::value_parser!(u32).range(2..=512)
    )]
    page_size: u32,

    /// Send one request for at most this many jobs
    #[arg(long, value_name = "N", conflicts_with = "page_size", value_parser = values::number)]
    limit: Option<u32>,

    /// Number of jobs to skip; requires --limit
    #[arg(long, value_name = "N", requires = "limit", value_parser = values::number)]
    offset: Option<u32>,
}

pub(crate) fn run(args: &ListArgs, is_verbose: bool) -> Result<ExitCode, Failure> {
    // Before anything starts a thread.
    let signals = Signals::handle()?;
    let zone = args.output.zone();
    let layout = args.output.layout(zone.clone())?;
    let connection = connect(
        &args.service,
        args.timeout.map(RunLimit::start),
        Script::new(),
    )?;
    let selection = args.filters.jobs.selection(connection.now(), &zone)?;
    args.filters.note_unknown_values();
    if let Some(dry_run) = &connection.dry_run {
        record_requests(args, &connection, layout)?;
        dry_run.print()?;
        return Ok(ExitCode::SUCCESS);
    }
    let is_for_people = layout.format.is_for_people();
    let is_streaming_here = layout.format.streams() && terminal::is_stdout();
    let mut listing = Listing {
        selection,
        now: connection.now(),
        undecided: 0,
        failed: 0,
        received: 0,
        printer: Printer::new(
            BufWriter::new(io::stdout().lock()),
            layout,
            connection.now(),
        ),
    };
    let total = if let Some(limit) = args.paging.limit {
        Some(one_page(args, limit, &connection, &mut listing)?)
    } else {
        // A progress bar must share the terminal neither with streamed jobs nor with the lines of -v.
        let progress = if terminal::is_stderr() && !is_streaming_here && !is_verbose {
            Progress::start(&signals)
        } else {
            Progress::none()
        };
        all_pages(args, &connection, &mut listing, &progress)?;
        None
    };
    let is_whole = listing.selection.is_everything();
    if is_for_people && listing.printer.count() == 0 && total.unwrap_or_default() == 0 {
        print_message("note", "no job matches");
    }
    if listing.undecided > 0 {
        print_message(
            "note",
            &format!(
                "includes {} without a known time",
                jobs_in_words(listing.undecided)
            ),
        );
    }
    listing.printer.print_notes(total.filter(|_| is_whole));
    Ok(if args.exit_code && listing.failed > 0 {
        ExitCode::from(JOBS_FAILED)
    } else {
        ExitCode::SUCCESS
    })
}

/// What is printed of the jobs received.
struct Listing<W: Write> {
    selection: Selection,
    now: Timestamp,
    undecided: u64,
    failed: u64,
    received: u64,
    printer: Printer<W>,
}

impl<W: Write> Listing<W> {
    fn take(&mut self, mut jobs: Vec<Job<'static>>) -> io::Result<()> {
        self.received += jobs.len() as u64;
        jobs.retain(|job| self.selection.contains(job, self.now));
        for job in &jobs {
            self.undecided += u64::from(self.selection.is_undecided(job));
            self.failed += u64::from(is_failed(job));
        }
        self.printer.print(jobs)
    }
}

/// Whether a job failed.
pub(crate) fn is_failed(job: &Job<'_>) -> bool {
    use drs_backup_jobs::JobStatus::{Failed, PrecheckFailed};
    matches!(job.status, Failed | PrecheckFailed)
}

fn request_page(
    args: &ListArgs,
    limit: u32,
    connection: &Connection,
) -> Result<JobPage<'static>, Failure> {
    let mut query = args.filters.query().limit(limit);
    if let Some(offset) = args.paging.offset {
        query = query.offset(offset);
    }
    let page = connection.client.list(&query);
    page.map_err(|error| connection.failure(error))
}

/// Prints one page and returns the service's count.
fn one_page(
    args: &ListArgs,
    limit: u32,
    connection: &Connection,
    listing: &mut Listing<impl Write>,
) -> Result<u64, Failure> {
    let page = request_page(args, limit, connection)?;
    listing.take(page.jobs)?;
    listing.printer.finish(Some(page.count))?;
    note_short_page(
        limit,
        args.paging.offset.unwrap_or_default(),
        listing,
        page.count,
    );
    Ok(page.count)
}

/// Explains why one request returned fewer jobs than requested.
fn note_short_page(limit: u32, offset: u32, listing: &Listing<impl Write>, count: u64) {
    let received = listing.received;
    let offset = u64::from(offset);
    if received == 0 && offset > 0 && offset >= count {
        print_message(
            "note",
            &format!(
                "--offset {offset} is beyond the end of the list: {} in all",
                jobs_in_words(count)
            ),
        );
    } else if received < u64::from(limit) && offset + received < count {
        print_message(
            "note",
            &format!(
                "the service returned {received} of the {limit} jobs requested; without --limit all jobs are listed"
            ),
        );
    }
    let printed = listing.printer.count();
    if printed < received {
        print_message(
            "note",
            &format!(
                "{printed} of the {} received match; without --limit all jobs are searched",
                jobs_in_words(received)
            ),
        );
    }
}

/// Lists every job. Jobs received before an error are printed, too.
fn all_pages(
    args: &ListArgs,
    connection: &Connection,
    listing: &mut Listing<impl Write>,
    progress: &Progress,
) -> Result<(), Failure> {
    let mut pages = connection
        .client
        .jobs(args.filters.query())
        .page_size(args.paging.page_size)
        .pages();
    progress.set(0, None);
    let mut failed = None;
    while let Some(page) = pages.next() {
        match page {
            Ok(page) => {
                listing.take(page.jobs)?;
                progress.set(listing.received, pages.total());
                failed = connection.timed_out();
                if failed.is_some() {
                    break;
                }
            }
            Err(error) => failed = Some(connection.failure(error)),
        }
    }
    progress.clear();
    let printer = &mut listing.printer;
    let Some(failure) = failed else {
        return Ok(printer.finish(None)?);
    };
    if printer.count() == 0 {
        return Err(failure);
    }
    match printer.finish(None) {
        // The reader has closed the output; the failure is still reported.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
        _ => {}
    }
    print_message(
        "note",
        &format!(
            "the list is not complete: {} received before the error",
            jobs_in_words(listing.received)
        ),
    );
    Err(failure)
}

/// The same requests as without --dry-run; every response is an empty list.
fn record_requests(
    args: &ListArgs,
    connection: &Connection,
    layout: Layout,
) -> Result<(), Failure> {
    let layout = Layout {
        format: Format::Jsonl,
        ..layout
    };
    let mut nowhere = Listing {
        selection: Selection::default(),
        now: connection.now(),
        undecided: 0,
        failed: 0,
        received: 0,
        printer: Printer::new(io::sink(), layout, connection.now()),
    };
    match args.paging.limit {
        // Without the notes of `one_page`: every offset is beyond the end of an empty list.
        Some(limit) => request_page(args, limit, connection).map(drop),
        None => all_pages(args, connection, &mut nowhere, &Progress::none()),
    }
}
