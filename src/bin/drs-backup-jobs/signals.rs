//! Signals that end the program, each with its own exit code.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::failure::Failure;

type Hook = Box<dyn FnOnce() + Send>;

/// Ends the program on SIGINT and SIGTERM: runs a hook, then exits with 128 and the signal's number
/// (130, 143).
#[derive(Clone)]
pub(crate) struct Signals {
    hook: Arc<Mutex<Option<Hook>>>,
}

impl Signals {
    /// To be called before any other thread is started, as [`Blocked::new`].
    pub(crate) fn handle() -> Result<Self, Failure> {
        let signals = Self {
            hook: Arc::default(),
        };
        let blocked = Blocked::new()?;
        let handler = signals.clone();
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || handler.exit(blocked.wait()))
            .map_err(|error| cannot(&error))?;
        Ok(signals)
    }

    /// Sets what is run before the program exits.
    pub(crate) fn before_exit(&self, hook: impl FnOnce() + Send + 'static) {
        *self.hook.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(hook));
    }

    fn exit(&self, code: i32) {
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

/// SIGINT and SIGTERM, which no longer end the program but are waited for. SIGHUP still ends it, so
/// that `nohup` works.
///
/// They are blocked and waited for because a handler that does more than set a flag needs `unsafe`.
#[cfg(unix)]
pub(crate) struct Blocked(nix::sys::signal::SigSet);

#[cfg(unix)]
impl Blocked {
    /// To be called before any other thread is started: one that was there before would still end
    /// the program.
    pub(crate) fn new() -> Result<Self, Failure> {
        use nix::sys::signal::{SigSet, Signal};

        let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]);
        signals.thread_block().map_err(|error| cannot(&error))?;
        Ok(Self(signals))
    }

    /// Waits for a signal, and returns its exit code.
    pub(crate) fn wait(&self) -> i32 {
        // It fails only for a set without a valid signal.
        let signal = self.0.wait().unwrap_or(nix::sys::signal::Signal::SIGTERM);
        128 + signal as i32
    }
}

/// Ctrl-C and the like, which no longer end the program but are waited for.
#[cfg(not(unix))]
pub(crate) struct Blocked(std::sync::mpsc::Receiver<()>);

#[cfg(not(unix))]
impl Blocked {
    pub(crate) fn new() -> Result<Self, Failure> {
        let (sender, receiver) = std::sync::mpsc::channel();
        let notify = move || {
            // Without a receiver the program is ending.
            let _ = sender.send(());
        };
        ctrlc::set_handler(notify).map_err(|error| cannot(&error))?;
        Ok(Self(receiver))
    }

    /// Waits for Ctrl-C, and returns its exit code.
    pub(crate) fn wait(&self) -> i32 {
        // The sender lives as long as the handler, which is as long as the program.
        let _ = self.0.recv();
        130
    }
}

fn cannot(error: &dyn std::error::Error) -> Failure {
    Failure::refused(format!("cannot handle signals: {error}"))
}
