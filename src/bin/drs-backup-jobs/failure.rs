//! Failures of the command: message, hints and exit code.

use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

use drs_backup_jobs::{Error, ErrorKind};

/// The exit codes of the command besides `0`, which is success.
pub(crate) const REFUSED: u8 = 1;
pub(crate) const USAGE: u8 = 2;
pub(crate) const JOBS_FAILED: u8 = 3;
pub(crate) const TIMEOUT: u8 = 4;

/// Why the command ends early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A message, its hints and the exit code.
    Message {
        code: u8,
        message: String,
        hints: Vec<String>,
    },
    /// Standard output cannot be written.
    Output(io::Error),
}

impl Failure {
    /// Invalid usage.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(USAGE, message.into())
    }

    /// A request failed, or its response cannot be decoded.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::new(REFUSED, message.into())
    }

    /// The time limit of the whole run has expired.
    pub(crate) fn timeout(message: impl Into<String>) -> Self {
        Self::new(TIMEOUT, message.into())
    }

    fn new(code: u8, message: String) -> Self {
        Self::Message {
            code,
            message,
            hints: Vec::new(),
        }
    }

    /// Adds a hint.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Message { hints, .. } = &mut self {
            hints.push(hint.into());
        }
        self
    }

    /// Replaces the hints by this one.
    pub(crate) fn with_hint_instead(mut self, hint: impl Into<String>) -> Self {
        if let Self::Message { hints, .. } = &mut self {
            hints.clear();
        }
        self.with_hint(hint)
    }

    /// Prints the failure on standard error and returns the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            // The reader has closed the output: `| head` is not an error.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Self::Output(error) => {
                print_message(
                    "error",
                    &format!("cannot write to standard output: {error}"),
                );
                ExitCode::FAILURE
            }
            Self::Message {
                code,
                message,
                hints,
            } => {
                print_message("error", message);
                for hint in hints {
                    print_message(" hint", hint);
                }
                ExitCode::from(*code)
            }
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut message = with_causes(&error);
        if let Some((parameter, flag)) = error.parameter().and_then(flag_of)
            && let Some((form, rest)) = message.split_once(parameter)
            && matches!(form, "invalid " | "missing ")
        {
            message = format!("{form}{flag}{rest}");
        }
        let hint = error.hint();
        let code = match error.kind() {
            ErrorKind::InvalidInput | ErrorKind::NoCredentials | ErrorKind::Credentials => USAGE,
            _ => REFUSED,
        };
        Self::Message {
            code,
            message,
            hints: hint.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// The options and variables that set what the library calls `parameter`.
fn flag_of(parameter: &str) -> Option<(&str, &'static str)> {
    let flag = match parameter {
        "region" => "region (--region, HW_REGION_NAME)",
        "endpoint" => "endpoint (--endpoint)",
        "iam_endpoint" => "IAM endpoint (HUAWEICLOUD_SDK_IAM_ENDPOINT, HW_AUTH_URL)",
        "project_id" => "project ID (--project-id, HUAWEICLOUD_SDK_PROJECT_ID)",
        "root_certificates" => "certificate authorities (--ca-file)",
        _ => return None,
    };
    Some((parameter, flag))
}

/// An error's message, followed by those of its sources.
pub(crate) fn with_causes(error: &Error) -> String {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let written = write!(message, ": {cause}");
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
        source = cause.source();
    }
    message
}

/// Prints a message on standard error, without control characters.
pub(crate) fn print_message(kind: &str, message: &str) {
    use io::Write as _;
    let message = crate::output::text::one_line(message);
    // Standard error may be closed; there is nowhere else to report it.
    let _ = writeln!(io::stderr(), "{kind}: {message}");
}
