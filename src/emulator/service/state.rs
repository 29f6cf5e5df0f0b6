//! The state of an emulator: its projects, who has access, what was requested.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use crate::clock::Clock;
use crate::emulator::auth::{Access, KnownProject};
use crate::emulator::faults::{Faults, Schedule};
use crate::emulator::jobs::{Jobs, JobsSetup};
use crate::emulator::limits::{Count, Limits, Quota};
use crate::emulator::random::mix;
use crate::emulator::request::RequestLog;

/// What an emulator is built from, and reset to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    pub(crate) jobs: JobsSetup,
    /// At least one when built.
    pub(crate) projects: Vec<KnownProject>,
    pub(crate) access: Access,
    pub(crate) faults: Faults,
    pub(crate) quota: Option<Quota>,
    pub(crate) limits: Limits,
    /// The maximum number of jobs in a page; 512 by default.
    pub(crate) page_cap: Option<usize>,
    pub(crate) count: Count,
    pub(crate) latency: Duration,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) setup: Setup,
    pub(crate) projects: Vec<Project>,
    pub(crate) access: Access,
    pub(crate) log: RequestLog,
    /// How many requests were received, also before a reset: request ids do not repeat.
    serial: u64,
}

/// What belongs to one project.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) jobs: Jobs,
    pub(crate) faults: Schedule,
    pub(super) quota: Option<Quota>,
    pub(crate) request_count: u64,
}

impl Setup {
    /// The seed of a project: each project has different jobs.
    pub(crate) fn seed(&self, project: usize) -> u64 {
        match project {
            0 => self.jobs.sample.seed,
            _ => mix(self.jobs.sample.seed ^ mix(project as u64)),
        }
    }

    fn project(&self, index: usize, clock: &dyn Clock) -> Project {
        let seed = self.seed(index);
        Project {
            jobs: Jobs::new(self.jobs.clone(), seed, clock),
            faults: Schedule::new(self.faults.clone(), seed),
            quota: self.quota,
            request_count: 0,
        }
    }

    /// The index of the project with this id.
    pub(crate) fn find_project(&self, id: &str) -> Option<usize> {
        let mut projects = self.projects.iter();
        projects.position(|project| project.has_id(id))
    }
}

impl State {
    pub(crate) fn new(setup: Setup, clock: &dyn Clock) -> Self {
        let indices = 0..setup.projects.len();
        Self {
            projects: indices.map(|index| setup.project(index, clock)).collect(),
            access: setup.access.clone(),
            log: RequestLog::default(),
            serial: 0,
            setup,
        }
    }

    /// The setup, and one project or all, each with its index.
    pub(crate) fn select(
        &mut self,
        project: Option<usize>,
    ) -> (&Setup, impl Iterator<Item = (usize, &mut Project)>) {
        let projects = self.projects.iter_mut().enumerate();
        let selected = projects.filter(move |(index, _)| project.is_none_or(|only| only == *index));
        (&self.setup, selected)
    }

    /// Restores one project as built, or everything.
    pub(crate) fn reset(&mut self, project: Option<usize>, clock: &dyn Clock) {
        self.log.clear(project);
        if project.is_none() {
            self.access = self.setup.access.clone();
        }
        let (setup, projects) = self.select(project);
        for (index, project) in projects {
            *project = setup.project(index, clock);
        }
    }

    /// The id of the request just received: 32 hexadecimal digits, as the service's.
    pub(crate) fn next_request_id(&mut self) -> String {
        self.serial = self.serial.wrapping_add(1);
        let high = mix(self.setup.seed(0) ^ mix(self.serial));
        format!("{high:016x}{:016x}", mix(high ^ self.serial))
    }
}
