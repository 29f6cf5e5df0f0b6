//! Files that hold secrets.

use alloc::string::String;
use alloc::vec::Vec;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::Secret;

/// The text of a file, which must be UTF-8 and no longer than `limit` bytes: a path that leads to
/// something endless must not fill the memory.
pub(super) fn read(path: &Path, limit: u64) -> io::Result<Secret> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            alloc::format!("it is longer than {limit} bytes"),
        ));
    }
    // The bytes are not part of this error: they may be the secret.
    String::from_utf8(bytes)
        .map(Secret::from)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}
