//! Files that hold secrets.

use alloc::vec::Vec;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use crate::secret::Secret;

/// The text of a file, which must be UTF-8 and no longer than `limit` bytes: a path that leads to
/// something endless must not fill the memory.
pub(super) fn read(path: &Path, limit: u64) -> io::Result<Secret> {
    let file = File::open(path)?;
    let most = limit.saturating_add(1);
    let length = file.metadata().map_or(0, |file| file.len().min(most));
    // Room for all of it, so that no half of it is left behind by growing; and one byte more, into
    // which nothing is read at the end.
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    let read = file.take(most).read_to_end(&mut bytes);
    let is_too_long = bytes.len() as u64 > limit;
    // A secret from here on, whatever comes of it. The bytes are not part of an error, either.
    let secret = Secret::from_utf8(bytes);
    read?;
    let refuse = |why| io::Error::new(io::ErrorKind::InvalidData, why);
    if is_too_long {
        return Err(refuse(alloc::format!("it is longer than {limit} bytes")));
    }
    secret.ok_or_else(|| refuse("it is not UTF-8".into()))
}
