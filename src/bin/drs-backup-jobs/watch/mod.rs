//! `drs-backup-jobs watch`: what changes in the list, as it changes.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use drs_backup_jobs::emulator::Script;
use drs_backup_jobs::{Error, ErrorKind, Event, Timestamp};

use crate::args::{WatchArgs, WatchFormat};
use crate::connect::connect;
use crate::failure::{Failure, say};
use crate::terminal;

mod goal;
mod live;
mod report;

use goal::Goal;
use live::Live;
use report::Report;

/// How long one page may take: --timeout is for the whole watch.
const PAGE_TIMEOUT: Duration = Duration::from_secs(60);

/// How often something happens in a demo.
const DEMO_PACE: Duration = Duration::from_secs(2);

/// The pause after the service did not accept who asks: five such failures in a row lock an access
/// key for as long.
const LOCK: Duration = Duration::from_secs(300);

/// All jobs succeeded, or nobody asked for that.
const DONE: u8 = 0;
const SOME_FAILED: u8 = 3;
const TIME_RAN_OUT: u8 = 4;

pub(crate) fn run(args: &WatchArgs, verbose: bool) -> Result<ExitCode, Failure> {
    let connection = connect(&args.service, PAGE_TIMEOUT, Script::new().busy(DEMO_PACE))?;
    args.filters.note_unknown_values();
    let mut watch = connection.client.watch(args.filters.query_of_walk());
    if let Some(dry_run) = &connection.dry_run {
        watch.look().map_err(|error| connection.failure(error))?;
        dry_run.print()?;
        return Ok(ExitCode::SUCCESS);
    }
    let format = args.output.unwrap_or(if terminal::is_stdout() && !verbose {
        WatchFormat::Live
    } else {
        WatchFormat::Lines
    });
    let style = terminal::stdout_style(args.ascii);
    let mut report = match format {
        WatchFormat::Live => Report::live(Live::start(style)?, style),
        WatchFormat::Lines => Report::lines(style),
        WatchFormat::Jsonl => Report::jsonl(),
    };
    let deadline = args
        .watching
        .timeout
        .and_then(|timeout| Instant::now().checked_add(timeout));

    let now = || Timestamp::from_unix(connection.clock.unix_time());
    let mut goal: Option<Goal> = None;
    let code = loop {
        let looked = watch.look();
        let pause = pause_after(looked.as_ref().err(), args.watching.interval);
        match looked {
            Ok(events) => {
                let is_first = goal.is_none();
                let goal = goal.get_or_insert_with(|| Goal::new(watch.jobs()));
                for event in &events {
                    goal.see(event);
                    if !(is_first && matches!(format, WatchFormat::Live)) {
                        report.event(event, now())?;
                    }
                }
                report.looked(&watch, now());
                if args.watching.until_done {
                    if goal.is_empty() {
                        report.close();
                        return Err(Failure::refused(
                            "no job matches, so there is none to wait for",
                        )
                        .with_hint("check the filters: drs-backup-jobs list takes the same"));
                    }
                    if goal.is_reached() {
                        break goal.code();
                    }
                }
            }
            Err(error) if ends_the_watch(&error, goal.is_none(), args.watching.until_done) => {
                report.close();
                return Err(connection.failure(error));
            }
            Err(error) => report.event(&Event::LookFailed(error), now())?,
        }
        if !wait(pause, deadline, || report.redraw(&watch, now())) {
            break if args.watching.until_done {
                TIME_RAN_OUT
            } else {
                DONE
            };
        }
    };
    report.close();
    if args.watching.until_done {
        match &goal {
            Some(goal) => say("note", &goal.summary()),
            None => say("note", "no look succeeded before the time ran out"),
        }
    }
    Ok(ExitCode::from(code))
}

/// Whether there is no point in looking again: the first look tells whether the watch is set up
/// right, and a wait that somebody's script hangs on should not outlast what will not pass.
fn ends_the_watch(error: &Error, is_first: bool, until_done: bool) -> bool {
    (is_first || until_done) && !error.is_transient()
}

fn pause_after(error: Option<&Error>, interval: Duration) -> Duration {
    match error.map(Error::kind) {
        Some(ErrorKind::Authentication) => interval.max(LOCK),
        _ => interval,
    }
}

/// Sleeps until the next look, doing `meanwhile` every second; `false` if the time of the watch runs out first.
fn wait(pause: Duration, deadline: Option<Instant>, mut meanwhile: impl FnMut()) -> bool {
    let next = Instant::now() + pause;
    loop {
        let now_is = Instant::now();
        let left = next.saturating_duration_since(now_is);
        let left_of_watch = deadline.map(|deadline| deadline.saturating_duration_since(now_is));
        if left_of_watch.is_some_and(|left| left.is_zero()) {
            return false;
        }
        if left.is_zero() {
            return true;
        }
        let step = left.min(left_of_watch.unwrap_or(left));
        std::thread::sleep(step.min(Duration::from_secs(1)));
        meanwhile();
    }
}
