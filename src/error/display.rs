//! The text of an error.

use core::fmt;

use super::{Attempts, Cause, Error, Sent};

/// The longest URL that an error's text shows; [`Error::url`] has all of it.
const MAX_SHOWN_URL: usize = 200;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.cause {
            Cause::Invalid {
                parameter,
                value,
                rule,
            } => {
                write!(f, "invalid {parameter}")?;
                if let Some(value) = value {
                    write!(f, " {value}")?;
                }
                write!(f, ": {rule}")?;
            }
            Cause::Missing { parameter, remedy } => write!(f, "missing {parameter}: {remedy}")?,
            Cause::NoCredentials(why) => write!(f, "no credentials: {why}")?,
            Cause::Credentials { why, .. } | Cause::Incomplete { why, .. } => f.write_str(why)?,
            Cause::Api(error) => error.write_without_request_id(f)?,
            Cause::Redirect { status, location } => {
                let responder = self.responder().unwrap_or_default();
                write!(f, "{responder} responded {status}, a redirect")?;
                if let Some(location) = location {
                    write!(f, " to {location}")?;
                }
                f.write_str(", which is not followed: it would carry the token to another host")?;
            }
            Cause::Decode(error) => error.fmt(f)?,
            Cause::Transport(error) => error.fmt(f)?,
            #[cfg(feature = "std")]
            Cause::Cancelled => f.write_str("cancelled by the program")?,
        }
        self.write_circumstances(f)
    }
}

impl Error {
    /// Writes ` (GET https://host/path, request id 1f, 3 attempts in 2.1 s)`, as far as known; for a
    /// response that cannot be decoded also who sent it.
    fn write_circumstances(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = " (";
        if let (Cause::Decode(_), Some(responder)) = (&self.0.cause, self.responder()) {
            write!(f, "{separator}{responder}")?;
            separator = ", ";
        }
        if let Some(note) = &self.0.note {
            write!(f, "{separator}{note}")?;
            separator = ", ";
        }
        if let Some(Sent { method, url, .. }) = &self.0.sent {
            let (shown, more) = match url.char_indices().nth(MAX_SHOWN_URL) {
                Some((end, _)) => (url.get(..end).unwrap_or_default(), "…"),
                None => (url.as_str(), ""),
            };
            write!(f, "{separator}{method} {shown}{more}")?;
            separator = ", ";
        }
        let is_source_shown = matches!(self.0.cause, Cause::Incomplete { .. });
        if let (Some(id), false) = (self.request_id(), is_source_shown) {
            write!(f, "{separator}request id {id}")?;
            separator = ", ";
        }
        match self.0.attempts {
            // In whole tenths: formatting a float would link ten kilobytes into small programs.
            Some(Attempts { number, elapsed }) if number > 1 => {
                let (seconds, tenths) = (elapsed.as_secs(), elapsed.subsec_millis() / 100);
                write!(f, "{separator}{number} attempts in {seconds}.{tenths} s)")
            }
            _ if separator == ", " => f.write_str(")"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind())
            .field("message", &alloc::format!("{self}"))
            .field("attempts", &self.attempts())
            .field("elapsed", &self.elapsed())
            .field("retry_after", &self.retry_after())
            .field("source", &core::error::Error::source(self))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{DecodeError, Responder, Times, TransportError, TransportErrorKind};
    use alloc::string::ToString as _;
    use core::time::Duration;

    fn lost() -> Error {
        TransportError::new(TransportErrorKind::ConnectionLost, "connection lost").into()
    }

    #[test]
    fn prints_the_number_of_attempts_if_there_were_several() {
        assert_eq!(
            lost().with_attempts(1, Duration::ZERO).to_string(),
            "connection lost"
        );
        assert_eq!(
            lost()
                .with_attempts(3, Duration::from_millis(2140))
                .to_string(),
            "connection lost (3 attempts in 2.1 s)"
        );
    }

    #[test]
    fn prints_the_request_and_its_id() {
        let url = "https://h/v5/p/backup-migration-jobs?limit=1";
        let named =
            |error: Error| error.with_request("GET", url.into(), Responder::Drs, Times::default());
        assert_eq!(
            named(lost()).to_string(),
            "connection lost (GET https://h/v5/p/backup-migration-jobs?limit=1)"
        );
        let error = named(lost())
            .with_request_id(Some("r-1".into()))
            .with_attempts(2, Duration::from_secs(1));
        assert_eq!(
            error.to_string(),
            "connection lost (GET https://h/v5/p/backup-migration-jobs?limit=1, request id r-1, \
             2 attempts in 1.0 s)"
        );
        assert_eq!((error.method(), error.url()), (Some("GET"), Some(url)));
        let decode = DecodeError::unexpected("an object").with_offset(9);
        assert_eq!(
            named(decode.into()).to_string(),
            "cannot decode the response: at byte 9: expected an object \
             (DRS, GET https://h/v5/p/backup-migration-jobs?limit=1)"
        );
    }

    #[test]
    fn shortens_a_long_url_in_the_text_alone() {
        let url = alloc::format!("https://h/{}", "é".repeat(400));
        let error = lost().with_request("GET", url.clone(), Responder::Drs, Times::default());
        assert!(error.to_string().ends_with("é…)"), "{error}");
        assert!(error.to_string().chars().count() < 250);
        assert_eq!(error.url(), Some(url.as_str()));
    }

    #[test]
    fn prints_input_errors_in_three_forms() {
        assert_eq!(
            Error::input("endpoint", "must have a host").to_string(),
            "invalid endpoint: must have a host"
        );
        assert_eq!(
            Error::invalid("limit", 0, "must be at least 2").to_string(),
            "invalid limit 0: must be at least 2"
        );
        assert_eq!(
            Error::missing("endpoint", "set a region").to_string(),
            "missing endpoint: set a region"
        );
    }
}
