//! The ids met so far, whole.

use alloc::vec::Vec;

use crate::job::Job;

/// The ids met so far. Each is kept with the batch that met it last: a gap in one batch must not be
/// taken for closed because another batch met the same job.
#[derive(Debug, Default)]
pub(super) struct Seen {
    ids: Ids,
    batch: u32,
}

impl Seen {
    pub(super) fn next_batch(&mut self) {
        self.batch = self.batch.saturating_add(1);
    }

    pub(super) fn in_this_batch(&self, id: &str) -> bool {
        self.ids.batch_of(id) == Some(self.batch)
    }

    /// Notes the ids of `jobs`, and leaves in it those that are new to the whole walk.
    pub(super) fn retain_new(&mut self, jobs: &mut Vec<Job<'_>>) {
        self.ids.retain_new(jobs, self.batch);
    }
}

#[cfg(feature = "std")]
use hashed::Ids;
#[cfg(not(feature = "std"))]
use sorted::Ids;

#[cfg(feature = "std")]
mod hashed {
    use alloc::string::String;
    use std::collections::HashMap;
    use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};

    use super::{Job, Vec};

    /// Ids one behind the other in one text, found by their hash. An allocation of its own for
    /// each would cost a walk more than all the rest: they stay, while the jobs around them go.
    /// Looking an id up waits for memory, so a slot of the table is kept to eight bytes.
    #[derive(Debug, Default)]
    pub(super) struct Ids {
        text: String,
        met: Vec<Met>,
        /// Which of `met`, by its hash or the next number that was free.
        numbers: HashMap<u32, u32, BuildHasherDefault<Spread>>,
        hasher: RandomState,
    }

    #[derive(Debug)]
    struct Met {
        /// Where it ends in the text; it begins where the one before it ends.
        end: usize,
        batch: u32,
    }

    impl Ids {
        pub(super) fn batch_of(&self, id: &str) -> Option<u32> {
            self.find(self.hash(id), id)
        }

        fn find(&self, mut key: u32, id: &str) -> Option<u32> {
            loop {
                let number = *self.numbers.get(&key)?;
                if self.text_of(number) == Some(id) {
                    return self.met.get(number as usize).map(|id| id.batch);
                }
                key = key.wrapping_add(1);
            }
        }

        /// Notes the ids of `jobs` with the batch, and leaves in it those that are new.
        pub(super) fn retain_new(&mut self, jobs: &mut Vec<Job<'_>>, batch: u32) {
            let keys: Vec<u32> = jobs.iter().map(|job| self.hash(&job.id)).collect();
            // A look-up does little but wait for memory. Made in a row, with nothing between them,
            // those of a page wait at the same time, and find room made for what is new.
            let known = keys.iter().filter(|key| self.numbers.contains_key(key));
            let new = jobs.len().saturating_sub(known.count());
            self.numbers.reserve(new);
            let mut keys = keys.into_iter();
            jobs.retain(|job| {
                let key = keys.next();
                key.is_some_and(|key| self.insert(key, &job.id, batch))
            });
        }

        /// Notes the id, of this hash, with the batch; whether it is new.
        fn insert(&mut self, mut key: u32, id: &str, batch: u32) -> bool {
            // The offsets of the service end long before: that many ids fit in no memory either.
            let next = u32::try_from(self.met.len()).unwrap_or(u32::MAX);
            loop {
                let number = *self.numbers.entry(key).or_insert(next);
                if number == next {
                    self.text.push_str(id);
                    let end = self.text.len();
                    self.met.push(Met { end, batch });
                    return true;
                }
                // Two ids can have one hash: the ids themselves decide.
                if self.text_of(number) == Some(id) {
                    if let Some(id) = self.met.get_mut(number as usize) {
                        id.batch = batch;
                    }
                    return false;
                }
                key = key.wrapping_add(1);
            }
        }

        fn text_of(&self, number: u32) -> Option<&str> {
            let number = number as usize;
            let before = number
                .checked_sub(1)
                .and_then(|before| self.met.get(before));
            let start = before.map_or(0, |id| id.end);
            self.text.get(start..self.met.get(number)?.end)
        }

        #[expect(clippy::cast_possible_truncation, reason = "half of a hash is one")]
        fn hash(&self, id: &str) -> u32 {
            self.hasher.hash_one(id) as u32
        }
    }

    /// Keys that are hashes already. A map looks at both ends of a hash, so it stands at both.
    #[derive(Default)]
    struct Spread(u64);

    impl Hasher for Spread {
        fn finish(&self) -> u64 {
            self.0
        }

        fn write_u32(&mut self, key: u32) {
            self.0 = u64::from(key) << 32 | u64::from(key);
        }

        fn write(&mut self, bytes: &[u8]) {
            for &byte in bytes {
                self.0 = self.0.rotate_left(8) ^ u64::from(byte);
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use alloc::format;

        #[test]
        fn ids_with_one_hash_are_told_apart() {
            let mut ids = Ids::default();
            for round in 0..3 {
                for id in ["a", "b", "", "ab"] {
                    assert_eq!(ids.insert(u32::MAX, id, round), round == 0, "{id}");
                }
            }
            for (batch, id) in (7..).zip(["a", "b", "", "ab"]) {
                ids.insert(u32::MAX, id, batch);
            }
            for (batch, id) in (7..).zip(["a", "b", "", "ab"]) {
                assert_eq!(ids.find(u32::MAX, id), Some(batch), "{id}");
            }
            assert_eq!(ids.find(u32::MAX, "c"), None);
            assert_eq!(ids.met.len(), 4);
            assert_eq!(ids.text, "abab");
            assert!(ids.insert(u32::MAX, "ba", 0));
        }

        #[test]
        fn each_id_is_new_once() {
            let mut ids = Ids::default();
            for round in 0..3 {
                for page in 0..50 {
                    let id = |number| format!("job-{}", page * 100 + number);
                    let mut jobs: Vec<_> = (0..100).map(|number| Job::new(id(number))).collect();
                    ids.retain_new(&mut jobs, round);
                    assert_eq!(jobs.len(), if round == 0 { 100 } else { 0 });
                    assert_eq!(ids.batch_of(&id(99)), Some(round));
                }
            }
            assert_eq!(ids.batch_of("job-5000"), None);
        }
    }
}

#[cfg(not(feature = "std"))]
mod sorted {
    use alloc::boxed::Box;
    use alloc::collections::BTreeMap;

    use super::{Job, Vec};

    /// Ids in order: there is no source of chance for hashing here.
    #[derive(Debug, Default)]
    pub(super) struct Ids(BTreeMap<Box<str>, u32>);

    impl Ids {
        pub(super) fn batch_of(&self, id: &str) -> Option<u32> {
            self.0.get(id).copied()
        }

        /// Notes the ids of `jobs` with the batch, and leaves in it those that are new.
        pub(super) fn retain_new(&mut self, jobs: &mut Vec<Job<'_>>, batch: u32) {
            jobs.retain(|job| self.0.insert((&*job.id).into(), batch).is_none());
        }
    }
}
