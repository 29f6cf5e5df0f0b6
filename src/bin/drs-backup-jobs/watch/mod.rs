//! `drs-backup-jobs watch`: what changes in the list, as it changes.
//!
//! [`session`] runs the library's [`Wait`] and hands what it finds to [`report`]: lines, JSON lines, or
//! the live view ([`live`]), whose lines are a function of a snapshot ([`view`]) and are drawn by
//! [`screen`]. Three threads: the main thread polls and sleeps, one waits for signals, one redraws and
//! ends the program when its output is closed.

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use drs_backup_jobs::emulator::Script;
use drs_backup_jobs::{ErrorKind, Wait, Watch};

use crate::connect::{Connection, connect};
use crate::failure::{Failure, JOBS_FAILED, TIMEOUT, print_message};
use crate::run_limit::RunLimit;
use crate::selection::Selection;
use crate::signals::Signals;
use crate::{terminal, time};

mod args;
mod event_lines;
mod json_event;
mod live;
mod quota;
mod reader;
mod report;
mod screen;
mod session;
#[cfg(test)]
mod session_tests;
mod state_file;
mod summary;
mod view;

pub(crate) use args::WatchArgs;
use args::{WatchFormat, Watching};
use live::Live;
use quota::Quota;
use report::{Form, Report};
use session::{End, Options, Session};
use state_file::StateFile;

/// As large as the service makes pages, so that a poll takes few requests.
const PAGE_SIZE: u32 = 512;

/// How much longer than `--timeout` a started poll may take.
const GRACE: Duration = Duration::from_secs(10);

/// How often the view is updated.
const TICK: Duration = Duration::from_millis(100);

/// How often something changes in a demo.
const DEMO_PACE: Duration = Duration::from_secs(2);

const DONE: u8 = 0;

pub(crate) fn run(args: &WatchArgs, verbose: bool) -> Result<ExitCode, Failure> {
    // Before anything starts a thread.
    let signals = Signals::handle()?;
    let format = format(args, verbose)?;
    let watching = &args.watching;
    let mut service = args.service.clone();
    let run_limit = watching.timeout.map(|timeout| {
        service.request_timeout = service.request_timeout.min(timeout);
        RunLimit::with_grace(timeout, timeout.min(GRACE))
    });
    let script = Script::new().random_changes(DEMO_PACE);
    let connection = connect(&service, run_limit, script)?;
    let zone = args.display.zone();
    let selection = args.filters.jobs.selection(connection.now(), &zone)?;
    args.filters.note_unknown_values();
    let scope = Scope { args, selection };
    let mut watch = scope.watch(&connection);
    if let Some(dry_run) = &connection.dry_run {
        watch.poll().map_err(|error| connection.failure(error))?;
        dry_run.print()?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut state = None;
    let mut has_saved_jobs = false;
    if let Some(path) = &watching.state {
        let (file, saved) = StateFile::open(path, scope.text(&connection)?)?;
        state = Some(file);
        has_saved_jobs = saved.is_some();
        if let Some(jobs) = saved {
            watch = watch.with_known(jobs);
        }
    }

    let style = terminal::stdout_style(args.display.ascii);
    let form = match format {
        WatchFormat::Live => {
            let clock = Arc::clone(&connection.clock);
            let live = Live::start(style, zone.clone(), clock)?;
            let view = live.clone();
            signals.before_exit(move || view.close());
            Form::Live(live)
        }
        WatchFormat::Lines => Form::Lines,
        WatchFormat::Jsonl => Form::Jsonl,
    };
    start_ticking(form.live())?;

    let requests = connection.requests.clone();
    let mut session = Session::new(
        Wait::new(watch),
        Report::new(form, io::stdout(), style, zone),
        Arc::clone(&connection.clock),
        Quota::new(watching.interval),
        move || requests.get(),
        Options {
            ids: args.ids.clone(),
            until_finished: watching.until_finished,
            timeout: watching.timeout,
            changes_only: watching.changes_only,
        },
    );
    if let Some(state) = state {
        session.keep_state(state, has_saved_jobs);
    }
    let end = session.run();
    session.close();
    let end = end?;
    print_summary(&session, args.display.ascii);
    finish(&session, end, args, &connection)
}

/// Starts the thread that redraws the view, and that ends the program when its output is closed. It
/// ends with the program.
fn start_ticking(live: Option<Live>) -> Result<(), Failure> {
    let tick = move || {
        loop {
            if reader::is_closed_within(TICK) {
                // A closed pipe is not an error: `| head` has read enough.
                std::process::exit(DONE.into());
            }
            if let Some(live) = &live {
                // A terminal that was closed is noticed above.
                let _ = live.tick();
            }
        }
    };
    thread::Builder::new()
        .name("tick".to_owned())
        .spawn(tick)
        .map_err(|error| Failure::refused(format!("cannot start a thread: {error}")))?;
    Ok(())
}

/// Which jobs are watched.
struct Scope<'a> {
    args: &'a WatchArgs,
    /// What the client selects by itself.
    selection: Selection,
}

impl Scope<'_> {
    fn watch(&self, connection: &Connection) -> Watch {
        let watch = connection
            .client
            .watch(self.args.filters.query())
            .page_size(PAGE_SIZE)
            .interval(self.args.watching.interval);
        if self.selection.is_everything() && self.args.ids.is_empty() {
            return watch;
        }
        let (ids, selection) = (self.args.ids.clone(), self.selection.clone());
        let clock = Arc::clone(&connection.clock);
        watch.matching(move |job| {
            (ids.is_empty() || ids.iter().any(|id| *id == job.id))
                && selection.contains(job, time::now(&*clock))
        })
    }

    /// What must be the same in each run with one state file: project, filters, ids.
    fn text(&self, connection: &Connection) -> Result<String, Failure> {
        let client = &connection.client;
        let project = client
            .resolve_project_id()
            .map_err(|error| connection.failure(error))?;
        let query = self.args.filters.query();
        let query = match query.request(client.endpoint(), &project) {
            Ok(request) => request.url().to_owned(),
            // More instance ids than one request may contain.
            Err(_) => format!("{} {project} {query:?}", client.endpoint()),
        };
        let mut parts = vec![query];
        if !self.selection.is_everything() {
            parts.push(format!("{:?}", self.args.filters.jobs));
        }
        parts.extend(self.args.ids.iter().cloned());
        Ok(parts.join(" "))
    }
}

/// Totals, then each failed job with its reason in full.
fn print_summary(session: &Session, ascii: bool) {
    let Some(totals) = session.summary() else {
        return;
    };
    print_message("note", &totals);
    let style = terminal::stderr_style(ascii);
    for outcome in session.failures() {
        for row in summary::failure_rows(outcome, style) {
            // Standard error may be closed.
            let _ = writeln!(io::stderr(), "{row}");
        }
    }
}

/// The exit code, or why the watch failed.
fn finish(
    session: &Session,
    end: End,
    args: &WatchArgs,
    connection: &Connection,
) -> Result<ExitCode, Failure> {
    let Watching {
        until_finished,
        timeout,
        ..
    } = args.watching;
    let request_timeout = args.service.request_timeout;
    let has_time_to_poll = timeout.is_none_or(|timeout| timeout > request_timeout);
    let code = match end {
        // Each poll had its time.
        End::PollFailed(error) if error.kind() == ErrorKind::Timeout && has_time_to_poll => {
            return Err(error.into());
        }
        End::PollFailed(error) => return Err(connection.failure(error)),
        End::NothingToWaitFor => {
            print_message("note", "no job matches, so there is nothing to wait for");
            DONE
        }
        End::TimedOut if until_finished => TIMEOUT,
        End::TimedOut => DONE,
        End::Finished if session.has_succeeded() => DONE,
        End::Finished => JOBS_FAILED,
    };
    Ok(ExitCode::from(code))
}

/// The format of `--output`, or the one that suits standard output.
fn format(args: &WatchArgs, verbose: bool) -> Result<WatchFormat, Failure> {
    match args.output {
        Some(WatchFormat::Live) if !Live::can_be_drawn() => Err(Failure::usage(
            "invalid --output live: standard output must be a terminal that can move its cursor",
        )
        .with_hint("--output lines prints one event a line anywhere")),
        Some(format) => Ok(format),
        // The lines of -v would be drawn over.
        None if Live::can_be_drawn() && !verbose => Ok(WatchFormat::Live),
        None => Ok(WatchFormat::Lines),
    }
}
