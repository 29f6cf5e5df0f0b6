//! Tokens in files, pipes and readers.

use alloc::boxed::Box;
use alloc::format;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::authenticator::Context;
use super::input::{InputFile, InputLimits, ReadFailure, ReadOnce};
use super::token::{TokenSource, refused};
use crate::clean::{Rule, clean};
use crate::error::Error;
use crate::secret::Secret;

/// The maximum length of an input. A token has at most 50 000 bytes, as documented; UTF-16 doubles
/// them.
const MAX_INPUT: u64 = 256 << 10;

/// A token in a file.
///
/// A regular file is read when it is first needed, when it has changed, and when the service
/// rejects its token. Anything else (a pipe, a FIFO, `/dev/stdin`, `/dev/fd/3`) is read once.
pub(super) struct TokenFile {
    file: InputFile,
    current: Mutex<Option<(Version, Secret)>>,
}

/// The metadata that changes when a file is written or replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version {
    modified: Option<SystemTime>,
    length: u64,
}

impl TokenFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            file: InputFile::new(path, MAX_INPUT),
            current: Mutex::new(None),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Version, Secret)>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenSource for TokenFile {
    const NAME: &str = "a file";

    fn token(&self, context: &Context<'_>) -> Result<Secret, Error> {
        let limits = InputLimits::of(context);
        let name = || format!("token file {}", self.file.path().display());
        let metadata = self
            .file
            .metadata()
            .map_err(|error| ReadFailure::Failed(Arc::new(error)).into_error(&name()))?;
        let Some(metadata) = metadata else {
            // Without the lock, so that each request waits until its own deadline.
            return cleaned(self.file.text(limits), &name());
        };
        // Taken before the file is read: a change after this is detected at the next request.
        let version = Version {
            modified: metadata.modified().ok(),
            length: metadata.len(),
        };
        let mut current = self.lock();
        if let Some((known, token)) = &*current
            && *known == version
        {
            return Ok(token.clone());
        }
        let token = cleaned(self.file.text(limits), &name())?;
        *current = Some((version, token.clone()));
        Ok(token)
    }

    /// A regular file is read again the next time, whether it has changed or not.
    fn forget(&self) {
        *self.lock() = None;
    }
}

/// A token from a reader such as standard input, which is read once.
pub(super) struct TokenReader(ReadOnce);

impl TokenReader {
    pub(super) fn new(reader: impl Read + Send + 'static) -> Self {
        Self(ReadOnce::new(move || Ok(Box::new(reader)), MAX_INPUT))
    }
}

impl TokenSource for TokenReader {
    const NAME: &str = "a reader";

    fn token(&self, context: &Context<'_>) -> Result<Secret, Error> {
        let limits = InputLimits::of(context);
        cleaned(self.0.text(limits), "token input")
    }
}

/// The token in the text of the input called `name`.
fn cleaned(text: Result<Secret, ReadFailure>, name: &str) -> Result<Secret, Error> {
    let text = text.map_err(|failure| failure.into_error(name))?;
    let token = clean(text.expose_secret());
    token
        .check(Rule::Word)
        .map_err(|rule| refused(&format!("in the {name}"), &rule))?;
    Ok(Secret::from(token.text))
}
