//! Watches in the emulator's own time. A scripted day: what a watch, two runs with a state file and
//! the library's wait report agrees with the script. And polls that fail.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use drs_backup_jobs::emulator::{Change, EmulatedJob, Emulator, ManualClock, Script};
use drs_backup_jobs::{Client, Clock as _, JobStatus, ListJobs, RetryPolicy, Wait, WaitOutcome};

use super::quota::Quota;
use super::report::{Form, Report};
use super::session::{End, Options, Session};
use super::state_file::StateFile;
use crate::output::Style;
use crate::time::Zone;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const INTERVAL: Duration = Duration::from_secs(600);
/// Longer than the interval: no poll finds two changes, whatever the time it takes.
const PACE: Duration = Duration::from_secs(610);

/// What becomes of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    status: String,
    error_log: Option<String>,
}

/// A change of the script, and the event that reports it.
struct Step {
    at: Duration,
    change: Change,
    event: String,
    after: BTreeMap<String, State>,
}

/// The jobs in the morning, and the changes of the day.
fn day(mut seed: u64) -> (Vec<EmulatedJob>, Vec<Step>) {
    let mut below = move |limit: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % limit
    };
    let mut jobs = BTreeMap::new();
    let mut morning = Vec::new();
    for number in 0..40 {
        let id = format!("job-{number:03}");
        let status = ["TRANSFERRING", "TRANSFERRING", "SUCCESS", "FAILED"][below(4)];
        let job = EmulatedJob::new(&*id)
            .status(status)
            .create_time("2024-08-19T02:00:00Z");
        morning.push(job);
        let state = State {
            status: status.to_owned(),
            error_log: None,
        };
        jobs.insert(id, state);
    }
    let mut steps = Vec::new();
    let mut at = PACE;
    let mut added = 0;
    while at + PACE < DAY {
        let ids: Vec<String> = jobs.keys().cloned().collect();
        let id = ids[below(ids.len())].clone();
        let is_running = |state: &State| !["SUCCESS", "FAILED"].contains(&&*state.status);
        let is_running = is_running(&jobs[&id]);
        let mut set = |status: &str, error_log: Option<&str>| {
            let state = State {
                status: status.to_owned(),
                error_log: error_log.map(str::to_owned),
            };
            jobs.insert(id.clone(), state);
        };
        let (change, event) = match below(5) {
            0 if is_running => {
                set("SUCCESS", None);
                (
                    Change::status(&*id, JobStatus::Success),
                    format!("finished {id}"),
                )
            }
            1 if is_running => {
                set("FAILED", Some("no space"));
                (Change::fail(&*id, "no space"), format!("finished {id}"))
            }
            2 if is_running && jobs[&id].status != "PAUSED" => {
                jobs.get_mut(&id).unwrap().status = "PAUSED".to_owned();
                (Change::status(&*id, "PAUSED"), format!("updated {id}"))
            }
            3 if jobs.len() > 20 && below(3) == 0 => {
                jobs.remove(&id);
                (Change::remove(&*id), format!("removed {id}"))
            }
            4 => {
                added += 1;
                let id = format!("new-{added:03}");
                let state = State {
                    status: "TRANSFERRING".to_owned(),
                    error_log: None,
                };
                jobs.insert(id.clone(), state);
                let job = EmulatedJob::new(&*id).create_time("2024-08-19T03:00:00Z");
                (Change::add(job), format!("added {id}"))
            }
            _ => continue,
        };
        steps.push(Step {
            at,
            change,
            event,
            after: jobs.clone(),
        });
        at += PACE + Duration::from_secs(u64::try_from(below(300)).unwrap());
    }
    (morning, steps)
}

/// A service on which the day passes as its clients sleep.
fn service(seed: u64) -> (Client, ManualClock, Vec<Step>, Vec<EmulatedJob>) {
    let (morning, steps) = day(seed);
    let clock = ManualClock::new();
    let script = steps.iter().fold(Script::new(), |script, step| {
        script.after(step.at, step.change.clone())
    });
    let mut builder = Emulator::builder().clock(clock.clone()).script(script);
    for job in morning.clone() {
        builder = builder.job(job);
    }
    let client = builder
        .build()
        .client()
        .clock(clock.clone())
        .build()
        .unwrap();
    (client, clock, steps, morning)
}

#[derive(Clone, Default)]
struct Output(Rc<RefCell<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output {
    fn lines(&self) -> Vec<serde_json::Value> {
        let bytes = self.0.borrow();
        let lines = std::str::from_utf8(&bytes).unwrap().lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The events as `finished job-007`.
    fn events(&self) -> Vec<String> {
        let lines = self.lines();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        lines
            .iter()
            .map(|event| format!("{} {}", text(&event["event"]), text(&event["job"]["id"])))
            .collect()
    }

    fn names(&self) -> Vec<String> {
        let lines = self.lines();
        let name = |event: &serde_json::Value| event["event"].as_str().unwrap().to_owned();
        lines.iter().map(name).collect()
    }
}

/// A session of the command over this service, which writes JSON lines.
fn session(client: &Client, clock: &ManualClock, options: Options) -> (Session, Output) {
    let output = Output::default();
    let watch = client.watch(ListJobs::new()).interval(INTERVAL);
    let session = Session::new(
        Wait::new(watch),
        Report::new(Form::Jsonl, output.clone(), Style::PLAIN, Zone::utc()),
        Arc::new(clock.clone()),
        Quota::new(INTERVAL),
        || 0,
        options,
    );
    (session, output)
}

fn changes_for(timeout: Duration) -> Options {
    Options {
        changes_only: true,
        timeout: Some(timeout),
        ..Options::default()
    }
}

#[test]
fn a_watch_reports_every_change_of_the_day_once_and_in_order() {
    for seed in 0..2 {
        let (client, clock, steps, _) = service(seed);
        let (mut session, output) = session(&client, &clock, changes_for(DAY));
        assert!(matches!(session.run().unwrap(), End::TimedOut));
        let script: Vec<_> = steps.iter().map(|step| step.event.clone()).collect();
        assert!(script.len() > 80);
        assert_eq!(output.events(), script, "seed {seed}");
    }
}

/// What changed between two moments of a day, as one poll after both must report it.
fn net_changes(before: &BTreeMap<String, State>, after: &BTreeMap<String, State>) -> Vec<String> {
    let is_finished = |state: &State| ["SUCCESS", "FAILED"].contains(&&*state.status);
    let mut changes = Vec::new();
    for (id, now) in after {
        match before.get(id) {
            None => changes.push(format!("added {id}")),
            Some(then) if then == now => {}
            Some(then) if is_finished(now) && !is_finished(then) => {
                changes.push(format!("finished {id}"));
            }
            Some(_) => changes.push(format!("updated {id}")),
        }
    }
    let removed = before.keys().filter(|id| !after.contains_key(*id));
    changes.extend(removed.map(|id| format!("removed {id}")));
    changes.sort();
    changes
}

#[test]
fn two_runs_with_a_state_file_report_what_changed_in_between() {
    for seed in 0..2 {
        let (client, clock, steps, morning) = service(seed);
        let path = std::env::temp_dir().join(format!("scripted-day-{}-{seed}", std::process::id()));
        let run = |timeout| {
            let output = Output::default();
            let (file, saved) = StateFile::open(&path, "a day".into()).unwrap();
            let mut watch = client.watch(ListJobs::new()).interval(INTERVAL);
            let has_saved_jobs = saved.is_some();
            if let Some(saved) = saved {
                watch = watch.with_known(saved);
            }
            let mut session = Session::new(
                Wait::new(watch),
                Report::new(Form::Jsonl, output.clone(), Style::PLAIN, Zone::utc()),
                Arc::new(clock.clone()),
                Quota::new(INTERVAL),
                || 0,
                changes_for(timeout),
            );
            session.keep_state(file, has_saved_jobs);
            session.run().unwrap();
            output.events()
        };
        let first = run(8 * HOUR);
        clock.advance(8 * HOUR);
        let began_again = clock.now();
        let second = run(8 * HOUR);
        // A third run, with nothing in between.
        assert_eq!(run(Duration::from_millis(1)), Vec::<String>::new());
        let _ = std::fs::remove_file(&path);

        let events =
            |steps: &[Step]| -> Vec<_> { steps.iter().map(|step| step.event.clone()).collect() };
        // The last poll of the first run may be up to an interval before its end.
        let reported = first.len();
        assert_eq!(first, events(&steps[..reported]), "seed {seed}");
        assert!(steps[reported].at + INTERVAL >= 8 * HOUR, "seed {seed}");

        let missed = steps.partition_point(|step| step.at <= began_again);
        let before = steps[..reported].last().map(|step| step.after.clone());
        let before = before.unwrap_or_else(|| states(&morning));
        let mut expected = net_changes(&before, &steps[missed - 1].after);
        let in_between = expected.len();
        let mut found = second[..in_between].to_vec();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "seed {seed}");
        let later = second.len() - in_between;
        assert_eq!(
            second[in_between..],
            events(&steps[missed..missed + later]),
            "seed {seed}"
        );
        assert_eq!(missed + later, steps.len(), "seed {seed}");
    }
}

fn states(jobs: &[EmulatedJob]) -> BTreeMap<String, State> {
    jobs.iter()
        .map(|emulated| {
            let state = State {
                status: emulated.job.status.as_str().to_owned(),
                error_log: None,
            };
            (emulated.id().to_owned(), state)
        })
        .collect()
}

#[test]
fn waiting_in_the_command_and_in_the_library_end_as_the_script_does() {
    for seed in 0..2 {
        let (client, _, steps, morning) = service(seed);
        let watch = client.watch(ListJobs::new()).interval(INTERVAL);
        let outcomes = watch.wait(DAY).unwrap();
        let (client, clock, _, _) = service(seed);
        let options = Options {
            until_finished: true,
            timeout: Some(DAY),
            ..Options::default()
        };
        let (mut session, _) = session(&client, &clock, options);
        let end = session.run().unwrap();

        // By the script: a job stays finished though it be removed later.
        let mut expected: BTreeMap<String, String> = BTreeMap::new();
        for (id, state) in states(&morning) {
            let mut last = state;
            let mut is_removed = false;
            for step in &steps {
                match step.after.get(&id) {
                    Some(state) => last = state.clone(),
                    None => is_removed = true,
                }
            }
            let outcome = match &*last.status {
                "SUCCESS" | "FAILED" => "finished",
                _ if is_removed => "removed",
                _ => "running",
            };
            expected.insert(id, format!("{outcome} {}", last.status));
        }
        let found: BTreeMap<String, String> = outcomes
            .iter()
            .map(|outcome| {
                let job = outcome.job();
                (
                    job.id.to_string(),
                    format!("{} {}", outcome.name(), job.status),
                )
            })
            .collect();
        assert_eq!(found, expected, "seed {seed}");

        let count = |what: &str| {
            expected
                .values()
                .filter(|outcome| outcome.starts_with(what))
                .count()
        };
        let (removed, running) = (count("removed"), count("running"));
        let (succeeded, failed) = (count("finished SUCCESS"), count("finished FAILED"));
        let is_expired = matches!(end, End::TimedOut);
        assert_eq!(is_expired, running > 0, "seed {seed}: {end:?}");
        let summary = session.summary().unwrap();
        assert!(
            summary.starts_with(&format!(
                "{} of 40 finished, {succeeded} succeeded",
                succeeded + failed
            )),
            "seed {seed}: {summary}"
        );
        let waited = outcomes.iter().map(|outcome| &outcome.job().id);
        let waited: Vec<_> = waited.collect();
        let failures = session
            .failures()
            .filter(|outcome| waited.contains(&&outcome.job().id));
        let failures: Vec<&WaitOutcome> = failures.collect();
        assert_eq!(failures.len(), failed + removed, "seed {seed}");
    }
}

/// A session over two jobs, with faults instead of a script.
fn faulty(faults: &str, options: Options) -> (Session, Output, ManualClock) {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .clock(clock.clone())
        .job(EmulatedJob::new("a"))
        .job(EmulatedJob::new("b").status(JobStatus::Success))
        .faults(faults.parse().unwrap())
        .build();
    let retry = RetryPolicy::default().retries(0);
    let client = emulator
        .client()
        .clock(clock.clone())
        .retry(retry)
        .build()
        .unwrap();
    let (session, output) = session(&client, &clock, options);
    (session, output, clock)
}

fn until_finished(timeout: Duration) -> Options {
    Options {
        until_finished: true,
        timeout: Some(timeout),
        ..Options::default()
    }
}

#[test]
fn refused_credentials_end_a_wait_but_not_a_watch() {
    let (mut session, _, _) = faulty("401@2", until_finished(DAY));
    assert!(matches!(session.run().unwrap(), End::PollFailed(_)));

    let (mut session, output, _) = faulty("401@2", changes_for(HOUR));
    assert!(matches!(session.run().unwrap(), End::TimedOut));
    assert_eq!(output.names(), ["poll_failed"]);

    // The first poll shows whether the watch is set up right.
    let (mut session, _, clock) = faulty("401@1", changes_for(HOUR));
    assert!(matches!(session.run().unwrap(), End::PollFailed(_)));
    assert_eq!(clock.total_slept(), Duration::ZERO);
}

#[test]
fn transient_errors_end_neither_unless_every_poll_fails() {
    let (mut session, output, _) = faulty("503@1-3", until_finished(DAY));
    assert!(matches!(session.run().unwrap(), End::TimedOut));
    assert_eq!(
        output.names()[..4],
        ["poll_failed", "poll_failed", "poll_failed", "added"]
    );
    assert_eq!(
        session.summary().unwrap(),
        "1 of 2 finished, 1 succeeded, 1 still running"
    );

    for options in [until_finished(HOUR), changes_for(HOUR)] {
        let (mut session, _, _) = faulty("503@*", options);
        assert!(matches!(session.run().unwrap(), End::PollFailed(_)));
        assert_eq!(session.summary(), None);
    }
}
