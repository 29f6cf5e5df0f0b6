//! Jobs that were decoded and wait to be yielded.

use alloc::borrow::Cow;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use crate::job::{EngineType, Job, JobStatus};

/// The jobs of a page that wait, their texts one behind the other in a buffer that is used again.
///
/// A job gets texts of its own only when it is yielded. Were they all made at once, the hundreds of
/// small allocations of a page would leave the allocator's quick paths, and cost a walk half as
/// much again.
#[derive(Debug, Default)]
pub(super) struct Pending {
    text: String,
    /// Where the texts of the first job begin.
    start: usize,
    jobs: VecDeque<Packed>,
}

#[derive(Debug)]
struct Packed {
    status: JobStatus,
    engine_type: EngineType,
    /// Where each text ends, in the order they are written; `None` for one that the job lacks.
    ends: [Option<usize>; 7],
}

impl Pending {
    /// Takes the jobs of a page, in the place of those that waited.
    pub(super) fn fill(&mut self, jobs: Vec<Job<'_>>) {
        self.text.clear();
        self.start = 0;
        self.jobs.clear();
        self.jobs.extend(jobs.into_iter().map(|job| {
            let texts = [
                Some(&*job.id),
                Some(&*job.name),
                Some(&*job.create_time),
                job.error_log.as_deref(),
                job.description.as_deref(),
                job.finish_time.as_deref(),
                job.enterprise_project_id.as_deref(),
            ];
            Packed {
                ends: texts.map(|text| {
                    self.text.push_str(text?);
                    Some(self.text.len())
                }),
                status: job.status,
                engine_type: job.engine_type,
            }
        }));
    }
}

impl Iterator for Pending {
    type Item = Job<'static>;

    fn next(&mut self) -> Option<Job<'static>> {
        let packed = self.jobs.pop_front()?;
        let [
            id,
            name,
            create_time,
            error_log,
            description,
            finish_time,
            enterprise_project_id,
        ] = packed.ends.map(|end| {
            let start = core::mem::replace(&mut self.start, end?);
            self.text.get(start..self.start).map(Cow::Borrowed)
        });
        let job = Job {
            id: id.unwrap_or_default(),
            name: name.unwrap_or_default(),
            status: packed.status,
            engine_type: packed.engine_type,
            create_time: create_time.unwrap_or_default(),
            error_log,
            description,
            finish_time,
            enterprise_project_id,
        };
        Some(job.into_owned())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.jobs.len(), Some(self.jobs.len()))
    }
}

impl ExactSizeIterator for Pending {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_come_out_as_they_went_in_page_after_page() {
        let mut full = Job::new("a");
        full.name = "备份".into();
        full.status = JobStatus::from("PAUSED");
        full.engine_type = EngineType::SqlServer;
        full.create_time = "2024-08-19T02:27:15Z".into();
        full.error_log = Some("".into());
        full.description = Some("d".into());
        full.finish_time = Some("f".into());
        full.enterprise_project_id = Some("0".into());
        let mut some = Job::new("b");
        some.finish_time = Some("f".into());

        let mut pending = Pending::default();
        for page in [
            alloc::vec![full.clone(), some.clone(), full],
            alloc::vec![some],
        ] {
            pending.fill(page.clone());
            assert_eq!(pending.len(), page.len());
            assert_eq!(pending.by_ref().collect::<Vec<_>>(), page);
            assert_eq!(pending.next(), None);
        }
    }
}
