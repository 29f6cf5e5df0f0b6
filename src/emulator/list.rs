//! The list of jobs: its order, its changes, and the pages cut from it.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::filter::SortValue;
use super::job::EmulatedJob;
use super::query::{PageQuery, Selection};
use super::seeded::Lot;
use crate::job::SortDir;

/// The jobs. The list's head is the vector's end, so that a new job, which comes first in the
/// list, costs nothing; positions count from the head all the same.
#[derive(Debug)]
pub(super) struct List {
    lot: Lot,
    entries: Vec<Entry>,
    /// What the last selections picked, so that a walk does not filter and sort anew for each page.
    picked: VecDeque<(Selection, Arc<[u32]>)>,
}

#[derive(Debug)]
enum Entry {
    /// A job that is made from the seed whenever it is looked at.
    Seeded(u32),
    Placed(Box<EmulatedJob>),
}

/// How many selections are remembered: as many walks as are likely to go on at once.
const REMEMBERED: usize = 4;

/// Some jobs of a selection, and how many there are in all.
pub(super) struct Cut {
    pub(super) jobs: Vec<EmulatedJob>,
    pub(super) total: u64,
}

impl List {
    /// A list of the jobs of a lot, the newest first.
    pub(super) fn new(lot: Lot) -> Self {
        Self {
            lot,
            entries: (0..lot.jobs).map(Entry::Seeded).collect(),
            picked: VecDeque::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Every job, from the head of the list.
    pub(super) fn iter(&self) -> impl Iterator<Item = EmulatedJob> + '_ {
        self.entries.iter().rev().map(|entry| self.job(entry))
    }

    pub(super) fn get(&self, id: &str) -> Option<EmulatedJob> {
        let at = self.find(id)?;
        self.entries.get(at).map(|entry| self.job(entry))
    }

    /// Puts a job at a position, or at the end of a list that is shorter; a job of the same id is
    /// taken out.
    pub(super) fn insert(&mut self, position: usize, job: EmulatedJob) {
        self.remove(job.id());
        let at = self.entries.len().saturating_sub(position);
        self.entries.insert(at, Entry::Placed(Box::new(job)));
        self.picked.clear();
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<EmulatedJob> {
        let at = self.find(id)?;
        let job = self.entries.get(at).map(|entry| self.job(entry));
        self.entries.remove(at);
        self.picked.clear();
        job
    }

    /// Changes a job where it stands; whether there was one. What the change makes of its id is
    /// undone: an id is for ever.
    pub(super) fn update(
        &mut self,
        id: &str,
        change: impl FnOnce(EmulatedJob) -> EmulatedJob,
    ) -> bool {
        let Some(at) = self.find(id) else {
            return false;
        };
        let lot = self.lot;
        let Some(entry) = self.entries.get_mut(at) else {
            return false;
        };
        let mut job = change(made(lot, entry));
        job.job.id = alloc::borrow::Cow::Owned(id.into());
        *entry = Entry::Placed(Box::new(job));
        self.picked.clear();
        true
    }

    /// The page a query asks for, of `most` jobs at most.
    pub(super) fn cut(&mut self, query: &PageQuery, most: usize) -> Cut {
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX).min(most);
        let offset = usize::try_from(query.offset).unwrap_or(usize::MAX);
        let everything = query.selection.sort.is_none() && query.selection.filter.is_empty();
        if everything {
            let entries = self.entries.iter().rev().skip(offset).take(limit);
            return Cut {
                jobs: entries.map(|entry| self.job(entry)).collect(),
                total: self.entries.len() as u64,
            };
        }
        let picked = self.pick(&query.selection);
        let jobs = picked
            .iter()
            .skip(offset)
            .take(limit)
            .filter_map(|at| self.entries.get(usize::try_from(*at).ok()?))
            .map(|entry| self.job(entry))
            .collect();
        Cut {
            jobs,
            total: picked.len() as u64,
        }
    }

    /// Where in `entries` the jobs of a selection stand, in the selection's order.
    fn pick(&mut self, selection: &Selection) -> Arc<[u32]> {
        if let Some((_, picked)) = self.picked.iter().find(|(known, _)| known == selection) {
            return Arc::clone(picked);
        }
        let matching = self
            .entries
            .iter()
            .enumerate()
            .rev()
            .filter_map(|(at, entry)| {
                let job = self.job(entry);
                let at = u32::try_from(at).ok()?;
                selection.filter.matches(&job).then_some((at, job))
            });
        let picked: Arc<[u32]> = match &selection.sort {
            None => matching.map(|(at, _)| at).collect(),
            Some((key, direction)) => {
                let mut keyed: Vec<(SortValue, u32)> = matching
                    .map(|(at, job)| (SortValue::of(&job, key), at))
                    .collect();
                // Stable sorts: equals keep the list's own order, whichever way.
                match direction {
                    SortDir::Asc => keyed.sort_by(|a, b| a.0.cmp(&b.0)),
                    _ => keyed.sort_by(|a, b| Reverse(&a.0).cmp(&Reverse(&b.0))),
                }
                keyed.into_iter().map(|(_, at)| at).collect()
            }
        };
        if self.picked.len() >= REMEMBERED {
            self.picked.pop_front();
        }
        self.picked
            .push_back((selection.clone(), Arc::clone(&picked)));
        picked
    }

    fn find(&self, id: &str) -> Option<usize> {
        // From the head: tests and scripts mostly mean a job that is new.
        self.entries.iter().rposition(|entry| match entry {
            Entry::Seeded(index) => self.lot.has_id(*index, id),
            Entry::Placed(job) => job.id() == id,
        })
    }

    fn job(&self, entry: &Entry) -> EmulatedJob {
        made(self.lot, entry)
    }
}

fn made(lot: Lot, entry: &Entry) -> EmulatedJob {
    match entry {
        Entry::Seeded(index) => lot.job(*index),
        Entry::Placed(job) => (**job).clone(),
    }
}
