//! Signals that end the program, each with its own exit code.

use std::sync::{Arc, Mutex, PoisonError};

use crate::failure::Failure;

type Hook = Box<dyn FnOnce() + Send>;

/// Handles SIGINT and SIGTERM: runs a hook, then exits with 128 and the signal's number (130, 143).
/// Elsewhere than on Unix it handles Ctrl-C, with 130.
///
/// SIGHUP is not handled, so that `nohup` works.
#[derive(Clone)]
pub(crate) struct Signals {
    hook: Arc<Mutex<Option<Hook>>>,
}

impl Signals {
    /// To be called before any other thread is started: a thread that was there before would still
    /// end the program without the hook.
    pub(crate) fn handle() -> Result<Self, Failure> {
        let signals = Self {
            hook: Arc::default(),
        };
        start(signals.clone())?;
        Ok(signals)
    }

    /// Sets what is run before the program exits.
    pub(crate) fn before_exit(&self, hook: impl FnOnce() + Send + 'static) {
        *self.hook.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(hook));
    }

    fn exit(&self, code: i32) -> ! {
        let hook = self
            .hook
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(hook) = hook {
            hook();
        }
        std::process::exit(code)
    }
}

/// A dedicated thread waits for the signals, which are blocked in all others: `ctrlc` does not
/// report which signal it was, and a handler that does more than set a flag needs `unsafe`.
#[cfg(unix)]
fn start(signals: Signals) -> Result<(), Failure> {
    use nix::sys::signal::{SigSet, Signal};

    let handled = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]);
    handled.thread_block().map_err(|error| cannot(&error))?;
    let wait = move || {
        // It fails only for a set without a valid signal.
        if let Ok(signal) = handled.wait() {
            signals.exit(128 + signal as i32);
        }
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(wait)
        .map_err(|error| cannot(&error))?;
    Ok(())
}

#[cfg(not(unix))]
fn start(signals: Signals) -> Result<(), Failure> {
    const INTERRUPTED: i32 = 130;
    ctrlc::set_handler(move || signals.exit(INTERRUPTED)).map_err(|error| cannot(&error))
}

fn cannot(error: &dyn std::error::Error) -> Failure {
    Failure::refused(format!("cannot handle signals: {error}"))
}
