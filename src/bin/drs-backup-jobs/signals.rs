//! Signals that end the program, each with its own exit code.

use crate::failure::Failure;

#[cfg(unix)]
mod imp {
    use std::thread;

    use nix::sys::signal::{SigSet, Signal};

    use crate::failure::Failure;

    /// Signals that no longer end the program by themselves, because they wait for a handler.
    #[derive(Debug)]
    pub(crate) struct Signals(SigSet);

    impl Signals {
        /// To be called before any thread is started: each thread would still end the program.
        /// SIGHUP keeps its effect, so that `nohup` keeps its own.
        pub(crate) fn block() -> Result<Self, Failure> {
            let mut signals = SigSet::empty();
            signals.add(Signal::SIGINT);
            signals.add(Signal::SIGTERM);
            signals
                .thread_block()
                .map_err(|error| super::cannot_handle(&error))?;
            Ok(Self(signals))
        }

        /// Runs `close` on SIGINT and on SIGTERM, then exits with 128 and the signal's number.
        pub(crate) fn exit_after(
            self,
            close: impl FnOnce() + Send + 'static,
        ) -> Result<(), Failure> {
            let wait = move || {
                // It fails only for a set that holds no valid signal.
                let Ok(signal) = self.0.wait() else { return };
                close();
                std::process::exit(128 + signal as i32);
            };
            thread::Builder::new()
                .name("signals".to_owned())
                .spawn(wait)
                .map_err(|error| super::cannot_handle(&error))?;
            Ok(())
        }
    }
}

#[cfg(not(unix))]
mod imp {
    use crate::failure::Failure;

    /// Ctrl-C, which `ctrlc` does not tell from other requests to end.
    #[derive(Debug)]
    pub(crate) struct Signals;

    impl Signals {
        #[expect(clippy::unnecessary_wraps, reason = "it can fail on Unix")]
        pub(crate) fn block() -> Result<Self, Failure> {
            Ok(Self)
        }

        /// Runs `close` on Ctrl-C, then exits with 130.
        pub(crate) fn exit_after(
            self,
            close: impl FnOnce() + Send + 'static,
        ) -> Result<(), Failure> {
            let mut close = Some(close);
            ctrlc::set_handler(move || {
                if let Some(close) = close.take() {
                    close();
                }
                std::process::exit(130);
            })
            .map_err(|error| super::cannot_handle(&error))
        }
    }
}

pub(crate) use imp::Signals;

fn cannot_handle(error: &dyn std::error::Error) -> Failure {
    Failure::refused(format!("cannot handle signals: {error}"))
}
