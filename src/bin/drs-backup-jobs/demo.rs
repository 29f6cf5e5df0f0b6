//! `--demo`: a service of our own, on this machine, in a time of its own.

use std::sync::Arc;
use std::time::Duration;

use drs_backup_jobs::Clock;
use drs_backup_jobs::clock::SystemClock;
use drs_backup_jobs::emulator::{Emulator, Script, Server};

use crate::failure::{Failure, say};

/// When the demo plays, since 1970: 2024-08-19T04:12:00Z, just after the last of the emulator's
/// jobs has ended. By today's date those under way would have been so for years.
const BEGINS: Duration = Duration::from_secs(1_724_040_720);

const JOBS: u32 = 35;

/// The service that a demo asks, while it lives.
#[derive(Debug)]
pub(crate) struct Demo {
    server: Server,
    clock: Arc<DemoClock>,
}

impl Demo {
    /// Starts it; its list changes by `life`.
    pub(crate) fn start(life: Script) -> Result<Self, Failure> {
        let clock = Arc::new(DemoClock(SystemClock::new()));
        let server = Emulator::builder()
            .jobs(JOBS)
            .script(life)
            .clock(Arc::clone(&clock))
            .build()
            .serve("127.0.0.1:0")
            .map_err(|error| Failure::refused(format!("the emulator cannot listen: {error}")))?;
        say(
            "note",
            &format!("these jobs are made up, by an emulator on {}", server.url()),
        );
        Ok(Self { server, clock })
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }
}

/// The system's clock, set back to when the demo begins.
#[derive(Debug)]
struct DemoClock(SystemClock);

impl Clock for DemoClock {
    fn now(&self) -> Duration {
        self.0.now()
    }

    fn unix_time(&self) -> Duration {
        BEGINS + self.0.now()
    }

    fn sleep(&self, duration: Duration) {
        self.0.sleep(duration);
    }
}
