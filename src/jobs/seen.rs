//! The ids met so far, whole.

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

    /// Notes the id; whether it is new to the whole walk.
    pub(super) fn insert(&mut self, id: &str) -> bool {
        self.ids.insert(id, self.batch)
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
    use std::collections::hash_map::Entry;
    use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};

    /// Ids one behind the other in one text, found by their hash. An allocation of its own for
    /// each would cost a walk more than all the rest: they stay, while the jobs around them go.
    #[derive(Debug, Default)]
    pub(super) struct Ids {
        text: String,
        /// By the id's hash, or the next number that was free.
        places: HashMap<u64, Place, BuildHasherDefault<AsItIs>>,
        hasher: RandomState,
    }

    #[derive(Debug)]
    struct Place {
        start: usize,
        end: usize,
        batch: u32,
    }

    impl Ids {
        pub(super) fn batch_of(&self, id: &str) -> Option<u32> {
            let mut key = self.hasher.hash_one(id);
            loop {
                let place = self.places.get(&key)?;
                if self.text.get(place.start..place.end) == Some(id) {
                    return Some(place.batch);
                }
                key = key.wrapping_add(1);
            }
        }

        /// Notes the id with the batch; whether it is new.
        pub(super) fn insert(&mut self, id: &str, batch: u32) -> bool {
            self.insert_from(self.hasher.hash_one(id), id, batch)
        }

        fn insert_from(&mut self, mut key: u64, id: &str, batch: u32) -> bool {
            loop {
                match self.places.entry(key) {
                    Entry::Vacant(free) => {
                        let start = self.text.len();
                        self.text.push_str(id);
                        let end = self.text.len();
                        free.insert(Place { start, end, batch });
                        return true;
                    }
                    Entry::Occupied(mut taken) => {
                        let place = taken.get_mut();
                        // Two ids can have one hash: the ids themselves decide.
                        if self.text.get(place.start..place.end) == Some(id) {
                            place.batch = batch;
                            return false;
                        }
                        key = key.wrapping_add(1);
                    }
                }
            }
        }
    }

    /// Keys that are hashes already.
    #[derive(Default)]
    struct AsItIs(u64);

    impl Hasher for AsItIs {
        fn finish(&self) -> u64 {
            self.0
        }

        fn write_u64(&mut self, key: u64) {
            self.0 = key;
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
                    assert_eq!(ids.insert_from(u64::MAX, id, round), round == 0, "{id}");
                }
            }
            assert_eq!(ids.places.len(), 4);
            assert_eq!(ids.text, "abab");
            assert!(ids.insert_from(u64::MAX, "ba", 0));
        }

        #[test]
        fn each_id_is_new_once() {
            let mut ids = Ids::default();
            for round in 0..3 {
                for number in 0..5000 {
                    let id = format!("job-{number}");
                    assert_eq!(ids.insert(&id, round), round == 0);
                    assert_eq!(ids.batch_of(&id), Some(round));
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

    /// Ids in order: there is no source of chance for hashing here.
    #[derive(Debug, Default)]
    pub(super) struct Ids(BTreeMap<Box<str>, u32>);

    impl Ids {
        pub(super) fn batch_of(&self, id: &str) -> Option<u32> {
            self.0.get(id).copied()
        }

        /// Notes the id with the batch; whether it is new.
        pub(super) fn insert(&mut self, id: &str, batch: u32) -> bool {
            self.0.insert(id.into(), batch).is_none()
        }
    }
}
