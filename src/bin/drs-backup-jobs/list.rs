//! `drs-backup-jobs list`: every job, or one page of them.

use std::io::{self, BufWriter, Write};

use drs_backup_jobs::emulator::Script;

use crate::args::ListArgs;
use crate::connect::{Connection, connect};
use crate::failure::{Failure, say};
use crate::output::{Format, Printer, jobs_in_words};
use crate::progress::Progress;
use crate::terminal;

pub(crate) fn run(args: &ListArgs, verbose: bool) -> Result<(), Failure> {
    let connection = connect(&args.service, args.timeout, Script::new())?;
    args.filters.note_unknown_values();
    if let Some(dry_run) = &connection.dry_run {
        ask_for_nothing(args, &connection)?;
        return Ok(dry_run.print()?);
    }
    let format = args.output.format();
    let mut printer = Printer::new(
        BufWriter::new(io::stdout().lock()),
        format,
        args.output.style(),
        args.output.errors,
    );
    let total = if let Some(limit) = args.paging.limit {
        Some(one_page(args, limit, &connection, &mut printer)?)
    } else {
        // A bar must share the terminal neither with jobs that stream nor with the lines of -v.
        let is_streaming_here = format.streams() && terminal::is_stdout();
        let progress = if terminal::is_stderr() && !is_streaming_here && !verbose {
            Progress::start()?
        } else {
            Progress::none()
        };
        walk(args, &connection, &mut printer, &progress)?;
        None
    };
    if format.is_for_people() && printer.count() == 0 {
        say("note", "no job matches");
    }
    printer.sum_up(total);
    Ok(())
}

/// One request; gives the service's count.
fn one_page(
    args: &ListArgs,
    limit: u32,
    connection: &Connection,
    printer: &mut Printer<impl Write>,
) -> Result<u64, Failure> {
    let mut query = args.filters.query().limit(limit);
    if let Some(offset) = args.paging.offset {
        query = query.offset(offset);
    }
    let page = connection
        .client
        .list(&query)
        .map_err(|error| connection.failure(error))?;
    printer.print(page.jobs)?;
    printer.finish(Some(page.count))?;
    Ok(page.count)
}

/// Every job. What came before a failure is printed all the same.
fn walk(
    args: &ListArgs,
    connection: &Connection,
    printer: &mut Printer<impl Write>,
    progress: &Progress,
) -> Result<(), Failure> {
    let mut pages = connection
        .client
        .jobs(args.filters.query_of_walk())
        .page_size(args.paging.page_size)
        .pages();
    progress.set(0, None);
    let mut failed = None;
    while let Some(page) = pages.next() {
        match page {
            Ok(page) => {
                printer.print(page.jobs)?;
                progress.set(printer.count(), pages.total());
            }
            Err(error) => failed = Some(error),
        }
    }
    progress.clear();
    let Some(error) = failed else {
        return Ok(printer.finish(None)?);
    };
    let failure = connection.failure(error);
    if printer.count() == 0 {
        return Err(failure);
    }
    match printer.finish(None) {
        // Nobody reads on; that the list failed is told all the same.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
        _ => {}
    }
    Err(failure.with_hint(format!(
        "the list is not complete: {} came before this",
        jobs_in_words(printer.count())
    )))
}

/// Goes the same way in a dry run, where every answer is an empty list.
fn ask_for_nothing(args: &ListArgs, connection: &Connection) -> Result<(), Failure> {
    let mut nowhere = Printer::new(io::sink(), Format::Jsonl, args.output.style(), false);
    match args.paging.limit {
        Some(limit) => one_page(args, limit, connection, &mut nowhere).map(|_| ()),
        None => walk(args, connection, &mut nowhere, &Progress::none()),
    }
}
