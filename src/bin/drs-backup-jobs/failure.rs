//! How the command fails: what it says, and with which exit code.

use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

use drs_backup_jobs::{Error, ErrorKind};

/// Why the command ends early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was asked for something that cannot be done: what, and what to do instead.
    Usage {
        message: String,
        hint: Option<String>,
    },
    /// The service or the network refused, or an answer cannot be read.
    Refused {
        message: String,
        hint: Option<String>,
    },
    /// Standard output takes no more.
    Output(io::Error),
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::Refused {
            message: message.into(),
            hint: None,
        }
    }

    /// The same, with what to do next.
    pub(crate) fn with_hint(mut self, next: impl Into<String>) -> Self {
        if let Self::Usage { hint, .. } | Self::Refused { hint, .. } = &mut self {
            *hint = Some(next.into());
        }
        self
    }

    /// Says what happened on standard error, and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            // Whoever read has seen enough: `| head` is no error.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Self::Output(error) => {
                say(
                    "error",
                    &format!("cannot write to standard output: {error}"),
                );
                ExitCode::FAILURE
            }
            Self::Usage { message, hint } => {
                say_with_hint(message, hint.as_deref());
                ExitCode::from(2)
            }
            Self::Refused { message, hint } => {
                say_with_hint(message, hint.as_deref());
                ExitCode::FAILURE
            }
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut message = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            let written = write!(message, ": {cause}");
            debug_assert!(written.is_ok(), "writing to a String cannot fail");
            source = cause.source();
        }
        let hint = error.hint().or(match error.kind() {
            ErrorKind::Connect => {
                Some("check the region or the endpoint, and whether this network needs a proxy (HTTPS_PROXY)")
            }
            ErrorKind::Timeout => Some("give it longer with --timeout, or try again later"),
            ErrorKind::Tls => {
                Some("if this network has an authority of its own, name its certificate with --ca-file")
            }
            ErrorKind::Decode => {
                Some("is the endpoint the service's? With -v each request is shown")
            }
            _ => None,
        });
        let hint = hint.map(Into::into);
        match error.kind() {
            ErrorKind::InvalidInput | ErrorKind::Credentials => Self::Usage { message, hint },
            _ => Self::Refused { message, hint },
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

fn say_with_hint(message: &str, hint: Option<&str>) {
    say("error", message);
    if let Some(hint) = hint {
        say(" hint", hint);
    }
}

/// One message on standard error; control characters a server sent stay out of the terminal.
pub(crate) fn say(kind: &str, message: &str) {
    use io::Write as _;
    let message = crate::output::text::one_line(message);
    // Standard error may be closed; there is nobody else to tell.
    let _ = writeln!(io::stderr(), "{kind}: {message}");
}
