//! `drs-backup-jobs watch`: what changes in the list, as it changes.

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use drs_backup_jobs::emulator::Script;
use drs_backup_jobs::{Error, Event, Timestamp};

use crate::connect::connect;
use crate::failure::{Failure, say};
use crate::terminal;

mod args;
mod goal;
mod lines;
mod live;
mod report;
mod wire;

pub(crate) use args::WatchArgs;
use args::{WatchFormat, Watching};

use goal::Goal;
use live::Live;
use report::Report;

/// As large as the service makes pages: a look should cost few of the requests that the gateway
/// lets pass.
const PAGE_SIZE: u32 = 512;

/// How often something happens in a demo.
const DEMO_PACE: Duration = Duration::from_secs(2);

/// All jobs succeeded, or nobody asked for that.
const DONE: u8 = 0;
const SOME_FAILED: u8 = 3;
const TIME_RAN_OUT: u8 = 4;

pub(crate) fn run(args: &WatchArgs, verbose: bool) -> Result<ExitCode, Failure> {
    let Watching {
        interval,
        until_finished: until_done,
        timeout,
        ..
    } = args.watching;
    let format = chosen_format(args, verbose)?;
    let mut service = args.service.clone();
    let limit = timeout.unwrap_or(service.request_timeout);
    service.request_timeout = limit.min(service.request_timeout);
    let connection = connect(&service, None, Script::new().random_changes(DEMO_PACE))?;
    args.filters.note_unknown_values();
    let mut watch = connection
        .client
        .watch(args.filters.query_of_all())
        .page_size(PAGE_SIZE)
        .interval(interval);
    if let Some(dry_run) = &connection.dry_run {
        watch.poll().map_err(|error| connection.failure(error))?;
        dry_run.print()?;
        return Ok(ExitCode::SUCCESS);
    }
    let style = terminal::stdout_style(args.display.ascii);
    let mut report = match format {
        WatchFormat::Live => Report::live(Live::start(style)?, style),
        WatchFormat::Lines => Report::lines(style),
        WatchFormat::Jsonl => Report::jsonl(style),
    };
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));

    let now = || Timestamp::from_unix(connection.clock.unix_time());
    let tell = |report: &mut Report, event: Result<&Event, &Error>| match report.event(event, now())
    {
        // Nobody reads on, but somebody waits for the exit code.
        Err(error) if until_done && error.kind() == io::ErrorKind::BrokenPipe => {
            report.mute();
            Ok(())
        }
        told => told,
    };
    let mut goal: Option<Goal> = None;
    let code = loop {
        let looked = watch.poll();
        let pause = watch.delay_after(looked.as_ref().err());
        match looked {
            Ok(events) => {
                let is_first = goal.is_none();
                let goal = goal.get_or_insert_with(|| Goal::new(watch.jobs()));
                goal.look_up(|id| watch.get(id));
                if !(is_first && matches!(format, WatchFormat::Live)) {
                    for event in &events {
                        tell(&mut report, Ok(event))?;
                    }
                }
                report.looked(&watch, now());
                if until_done {
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
            Err(error) if ends_the_watch(&error, goal.is_none(), until_done) => {
                report.close();
                return Err(connection.failure(error));
            }
            Err(error) => tell(&mut report, Err(&error))?,
        }
        let is_time = wait(pause, deadline, until_done, || report.redraw(&watch, now()));
        if !is_time {
            break if until_done { TIME_RAN_OUT } else { DONE };
        }
    };
    report.close();
    if until_done {
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

/// The form that was asked for, or the one that suits where it goes.
fn chosen_format(args: &WatchArgs, verbose: bool) -> Result<WatchFormat, Failure> {
    match args.output {
        Some(WatchFormat::Live) if !Live::can_be_drawn() => Err(Failure::usage(
            "--output live needs a terminal on which lines can be redrawn",
        )
        .with_hint("--output lines, one event a line, goes anywhere")),
        Some(format) => Ok(format),
        None if Live::can_be_drawn() && !verbose => Ok(WatchFormat::Live),
        None => Ok(WatchFormat::Lines),
    }
}

/// Sleeps until the next look, doing `meanwhile` every second; `false` when the time of the watch
/// is over. If it is over before the next look is due, there is a last look then, if one is wanted.
fn wait(
    pause: Duration,
    deadline: Option<Instant>,
    has_last_look: bool,
    mut meanwhile: impl FnMut(),
) -> bool {
    let start = Instant::now();
    let left = deadline.map(|deadline| deadline.saturating_duration_since(start));
    if left.is_some_and(|left| left.is_zero()) {
        return false;
    }
    let sleep = left.map_or(pause, |left| left.min(pause));
    loop {
        let step = sleep.saturating_sub(start.elapsed());
        if step.is_zero() {
            return sleep == pause || has_last_look;
        }
        std::thread::sleep(step.min(Duration::from_secs(1)));
        meanwhile();
    }
}
