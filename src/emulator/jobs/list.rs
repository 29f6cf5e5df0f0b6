//! A list of jobs: its order, its edits, and the pages cut from it.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use std::collections::HashSet;

use super::emulated_job::EmulatedJob;
use super::filter::{Selection, SortValue, sort_value};
use super::sample::Sample;
use super::script::{Change, Kind};
use crate::emulator::random::Random;
use crate::job::{SortDir, SortKey};

/// The jobs in the list's own order.
///
/// The head of the list is the end of the vector, so that a new job at the head costs nothing;
/// positions count from the head.
#[derive(Clone, Debug)]
pub(super) struct List {
    sample: Sample,
    entries: Vec<Entry>,
    /// The ids of the stored jobs, so that no search is needed for a new id.
    stored_ids: HashSet<String>,
    /// The last selection, so that a listing does not filter and sort again for each page.
    selected: Option<(Selection, Arc<[Selected]>)>,
}

#[derive(Clone, Debug)]
enum Entry {
    /// Built from the seed whenever it is needed.
    Sample(u32),
    /// Added, or changed since it was built from the seed.
    Stored(Box<EmulatedJob>),
}

/// A job of a selection.
#[derive(Clone, Copy, Debug)]
struct Selected {
    /// Its index in `entries`.
    entry: u32,
    /// Its rank; jobs with equal sort values share one.
    rank: u32,
}

/// The jobs of one page, and how many the query selects in all.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) jobs: Vec<EmulatedJob>,
    pub(crate) total: u64,
}

impl List {
    /// The `added` jobs, then the sample jobs, newest first.
    pub(super) fn new(sample: Sample, added: Vec<EmulatedJob>) -> Self {
        let mut list = Self {
            sample,
            entries: (0..sample.jobs).map(Entry::Sample).collect(),
            stored_ids: HashSet::new(),
            selected: None,
        };
        list.insert(0, added);
        list
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

    /// Makes a change, at this time of the wall clock; one of a job that is not listed has no
    /// effect.
    pub(super) fn apply(&mut self, change: Change, now: &str) {
        self.selected = None;
        match change.0 {
            Kind::Insert(position, jobs) => self.insert(position, jobs),
            Kind::Remove(id) => {
                if let Some(at) = self.find(&id) {
                    self.stored_ids.remove(&id);
                    self.entries.remove(at);
                }
            }
            Kind::MoveTo(id, position) => {
                if let Some(at) = self.find(&id) {
                    let entry = self.entries.remove(at);
                    let to = self.entries.len().saturating_sub(position);
                    self.entries.insert(to, entry);
                }
            }
            Kind::Replace(job) => self.replace(job),
            Kind::Status(id, status, error_log) => {
                if let Some(mut job) = self.get(&id) {
                    job.set_status(status, now);
                    if let Some(error_log) = error_log {
                        job = job.error_log(error_log);
                    }
                    self.replace(Box::new(job));
                }
            }
        }
    }

    /// Inserts jobs, the first of them nearest to the head. Jobs with the same ids are removed
    /// first, in one pass however many there are.
    fn insert(&mut self, position: usize, mut jobs: Vec<EmulatedJob>) {
        let mut ids = HashSet::new();
        jobs.retain(|job| ids.insert(String::from(job.id())));
        let numbers = ids.iter().filter_map(|id| self.sample.index_of(id));
        let numbers: HashSet<u32> = numbers.collect();
        if !numbers.is_empty() || ids.iter().any(|id| self.stored_ids.contains(id)) {
            self.entries.retain(|entry| match entry {
                Entry::Sample(number) => !numbers.contains(number),
                Entry::Stored(job) => !ids.contains(job.id()),
            });
        }
        self.stored_ids.extend(ids);
        let at = self.entries.len().saturating_sub(position);
        let jobs = jobs.into_iter().rev().map(Box::new).map(Entry::Stored);
        self.entries.splice(at..at, jobs);
    }

    fn replace(&mut self, job: Box<EmulatedJob>) {
        let at = self.find(job.id());
        if let Some(entry) = at.and_then(|at| self.entries.get_mut(at)) {
            self.stored_ids.insert(job.id().into());
            *entry = Entry::Stored(job);
        }
    }

    /// One page. With `ties` jobs of equal sort values are in random order, and a query without a
    /// sort key sorts by creation.
    pub(super) fn page(
        &mut self,
        selection: &Selection,
        (offset, limit): (usize, usize),
        ties: Option<Random>,
    ) -> Page {
        let mut selected = match (&selection.sort, &ties) {
            (None, Some(_)) => self.select(&Selection {
                sort: Some((SortKey::CreatedAt, SortDir::Desc)),
                ..selection.clone()
            }),
            _ => self.select(selection),
        };
        if let Some(mut random) = ties {
            let selected = Arc::make_mut(&mut selected);
            for ties in selected.chunk_by_mut(|a, b| a.rank == b.rank) {
                random.shuffle(ties);
            }
        }
        let end = offset.saturating_add(limit).min(selected.len());
        let page = selected.get(offset..end).unwrap_or_default().iter();
        Page {
            jobs: page
                .filter_map(|selected| self.entries.get(usize::try_from(selected.entry).ok()?))
                .map(|entry| self.job(entry))
                .collect(),
            total: selected.len() as u64,
        }
    }

    fn select(&mut self, selection: &Selection) -> Arc<[Selected]> {
        if let Some((known, selected)) = &self.selected
            && known == selection
        {
            return Arc::clone(selected);
        }
        let all = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let key = selection.sort.as_ref().map(|(key, _)| key);
        let mut keyed: Vec<(SortValue, u32)> = (0..all)
            .zip(&self.entries)
            .rev()
            .map(|(at, entry)| (self.job(entry), at))
            .filter(|(job, _)| selection.matches(job))
            .map(|(job, at)| (sort_value(&job, key), at))
            .collect();
        // Stable sorts: ties keep the list's own order in both directions.
        match selection.sort {
            None => {}
            Some((_, SortDir::Asc)) => keyed.sort_by(|a, b| a.0.cmp(&b.0)),
            Some(_) => keyed.sort_by(|a, b| b.0.cmp(&a.0)),
        }
        let selected: Arc<[Selected]> = (0..)
            .zip(keyed.chunk_by(|a, b| a.0 == b.0))
            .flat_map(|(rank, ties)| {
                let ties = ties.iter();
                ties.map(move |(_, entry)| Selected {
                    entry: *entry,
                    rank,
                })
            })
            .collect();
        self.selected = Some((selection.clone(), Arc::clone(&selected)));
        selected
    }

    fn find(&self, id: &str) -> Option<usize> {
        let number = self.sample.index_of(id);
        if number.is_none() && !self.stored_ids.contains(id) {
            return None;
        }
        // From the head: tests and scripts mostly name new jobs.
        self.entries.iter().rposition(|entry| match entry {
            Entry::Sample(index) => number == Some(*index),
            Entry::Stored(job) => job.id() == id,
        })
    }

    fn job(&self, entry: &Entry) -> EmulatedJob {
        match entry {
            Entry::Sample(index) => self.sample.job(*index),
            Entry::Stored(job) => (**job).clone(),
        }
    }
}
