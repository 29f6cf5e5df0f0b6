//! Reading files that hold secrets, and inputs that can be read only once.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::authenticator::Context;
use crate::cancel::CancelToken;
use crate::clean;
use crate::error::{Error, TransportError, TransportErrorKind};
use crate::secret::Secret;

/// A file that holds a secret. Anything but a regular file is read once.
pub(super) struct InputFile {
    path: PathBuf,
    limit: u64,
    once: ReadOnce,
}

impl InputFile {
    /// A file of at most `limit` bytes: a path to an endless input must not fill the memory.
    pub(super) fn new(path: PathBuf, limit: u64) -> Self {
        let opened = path.clone();
        Self {
            path,
            limit,
            once: ReadOnce::new(move || Ok(Box::new(File::open(opened)?)), limit),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file's metadata; `None` if the input is read once, and may no longer exist.
    pub(super) fn metadata(&self) -> io::Result<Option<Metadata>> {
        if self.once.is_started() {
            return Ok(None);
        }
        let metadata = std::fs::metadata(&self.path)?;
        // A directory can be opened; the error of reading it says what it is.
        Ok((metadata.is_file() || metadata.is_dir()).then_some(metadata))
    }

    /// The text of the file, waiting for it within `limits` if it is read once.
    pub(super) fn text(&self, limits: InputLimits<'_>) -> Result<Secret, ReadFailure> {
        match self.metadata() {
            Ok(None) => self.once.text(limits),
            Ok(Some(metadata)) => File::open(&self.path)
                .and_then(|file| read(file, metadata.len(), self.limit))
                .map(clean::decode)
                .map_err(|error| ReadFailure::Failed(Arc::new(error))),
            Err(error) => Err(ReadFailure::Failed(Arc::new(error))),
        }
    }
}

/// How long to wait for an input, and what ends the wait.
#[derive(Clone, Copy)]
pub(crate) struct InputLimits<'a> {
    pub(crate) remaining: Duration,
    pub(crate) cancel_token: Option<&'a CancelToken>,
}

impl<'a> InputLimits<'a> {
    /// The limits of a request: its deadline and its cancel token.
    pub(super) fn of(context: &Context<'a>) -> Self {
        Self {
            remaining: context.deadline.remaining(context.clock),
            cancel_token: context.cancel_token,
        }
    }

    fn is_cancelled(&self) -> bool {
        self.cancel_token.is_some_and(CancelToken::is_cancelled)
    }
}

/// Why an input could not be read.
pub(super) enum ReadFailure {
    /// The deadline passed; the text may come later.
    TimedOut,
    Cancelled,
    Failed(Arc<io::Error>),
}

impl ReadFailure {
    /// The error about the input called `name`.
    pub(super) fn into_error(self, name: &str) -> Error {
        match self {
            Self::TimedOut => TransportError::new(
                TransportErrorKind::Timeout,
                format!("cannot read the {name}: its writer did not close it before the deadline"),
            )
            .into(),
            Self::Cancelled => Error::cancelled(),
            Self::Failed(error) => {
                Error::credentials(format!("cannot read the {name}"), Some(error.into()))
            }
        }
    }
}

/// An input that can be read only once, and that may keep its reader waiting: a pipe, a FIFO,
/// standard input. It is read at the first use, and its text is cached.
///
/// Opening and reading such an input cannot be interrupted, so a thread does it: the only one that
/// this crate starts for credentials. A request that needs the text waits for it until the deadline
/// of the request; the thread ends when the writer closes the input, at the latest with the
/// program.
pub(super) struct ReadOnce {
    shared: Arc<Shared>,
    limit: u64,
}

struct Shared {
    state: Mutex<State>,
    is_done: Condvar,
}

enum State {
    NotRead(Box<Open>),
    Reading,
    Read(Result<Secret, Arc<io::Error>>),
}

type Open = dyn FnOnce() -> io::Result<Box<dyn Read>> + Send;

impl ReadOnce {
    /// Creates an input that `open` opens when it is needed.
    pub(super) fn new(
        open: impl FnOnce() -> io::Result<Box<dyn Read>> + Send + 'static,
        limit: u64,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(State::NotRead(Box::new(open))),
                is_done: Condvar::new(),
            }),
            limit,
        }
    }

    /// The text of the input, waiting for it within `limits`.
    pub(super) fn text(&self, limits: InputLimits<'_>) -> Result<Secret, ReadFailure> {
        let _guard = limits.cancel_token.map(|token| {
            let shared = Arc::clone(&self.shared);
            token.on_cancel(move || {
                // The holder of the lock may be about to wait, and would miss the notification.
                drop(shared.lock());
                shared.is_done.notify_all();
            })
        });
        let mut state = self.shared.lock();
        if matches!(*state, State::NotRead(_))
            && let State::NotRead(open) = core::mem::replace(&mut *state, State::Reading)
        {
            let shared = Arc::clone(&self.shared);
            let limit = self.limit;
            let thread = move || {
                let bytes = open().and_then(|input| read(input, limit, limit));
                *shared.lock() = State::Read(bytes.map(clean::decode).map_err(Arc::new));
                shared.is_done.notify_all();
            };
            let builder = std::thread::Builder::new().name(String::from("credential-input"));
            if let Err(error) = builder.spawn(thread) {
                *state = State::Read(Err(Arc::new(error)));
            }
        }
        let (state, _) = self
            .shared
            .is_done
            .wait_timeout_while(state, limits.remaining, |state| {
                matches!(state, State::Reading) && !limits.is_cancelled()
            })
            .unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Read(text) => text.clone().map_err(ReadFailure::Failed),
            _ if limits.is_cancelled() => Err(ReadFailure::Cancelled),
            State::Reading | State::NotRead(_) => Err(ReadFailure::TimedOut),
        }
    }

    fn is_started(&self) -> bool {
        !matches!(*self.shared.lock(), State::NotRead(_))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads at most `limit` bytes, of which `expected` are likely.
fn read(input: impl Read, expected: u64, limit: u64) -> io::Result<Vec<u8>> {
    let most = limit.saturating_add(1);
    // Large enough for the whole input, so that growing leaves no partial copy in memory; and one
    // byte more, for the read that detects the end.
    let room = usize::try_from(expected.min(most)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(room.saturating_add(1));
    let mut result = input.take(most).read_to_end(&mut bytes).map(|_| ());
    if bytes.len() as u64 > limit {
        let why = format!("it is longer than {limit} bytes");
        result = Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    match result {
        Ok(()) => Ok(bytes),
        Err(error) => {
            // Overwrites the bytes, which the error does not contain.
            drop(Secret::from_utf8(bytes));
            Err(error)
        }
    }
}
