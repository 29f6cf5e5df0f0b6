//! Where a token comes from when it may change: a function or a file.

use alloc::sync::Arc;

use crate::error::{BoxError, Error};
use crate::secret::Secret;

/// Gives the token as it is now.
#[derive(Clone)]
pub(crate) struct TokenSource {
    read: Arc<dyn Fn() -> Result<Secret, Error> + Send + Sync>,
    /// What it is, in words for `Debug`.
    pub(crate) what: &'static str,
}

impl TokenSource {
    pub(crate) fn function<F, S, E>(source: F) -> Self
    where
        F: Fn() -> Result<S, E> + Send + Sync + 'static,
        S: Into<Secret>,
        E: Into<BoxError>,
    {
        Self {
            read: Arc::new(move || match source() {
                Ok(token) => checked(token.into(), || {
                    "the function that supplies the token".into()
                }),
                Err(error) => Err(Error::credentials(
                    "no token could be had",
                    Some(error.into()),
                )),
            }),
            what: "a function",
        }
    }

    #[cfg(feature = "std")]
    pub(crate) fn file(path: std::path::PathBuf) -> Self {
        Self {
            read: Arc::new(move || read_file(&path)),
            what: "a file",
        }
    }

    pub(crate) fn read(&self) -> Result<Secret, Error> {
        (self.read)()
    }
}

/// Why a text can be no token, if it can be none.
pub(super) fn flaw(token: &Secret) -> Option<&'static str> {
    if token.is_empty() {
        Some("is empty")
    } else if !token
        .expose_secret()
        .bytes()
        .all(|byte| byte.is_ascii_graphic())
    {
        Some("holds a space, a control character or one that is not ASCII")
    } else {
        None
    }
}

/// Refuses what can be no token, with the name of what gave it, and never shows it.
fn checked(token: Secret, from: impl Fn() -> alloc::string::String) -> Result<Secret, Error> {
    let why = match flaw(&token) {
        None => return Ok(token),
        Some(_) if token.is_empty() => "gave an empty token".into(),
        Some(why) => alloc::format!("gave no token: it {why}"),
    };
    Err(Error::credentials(alloc::format!("{} {why}", from()), None))
}

/// The longest file that is read. Tokens are documented to have at most 50 000 bytes.
#[cfg(feature = "std")]
const LONGEST_FILE: u64 = 256 << 10;

#[cfg(feature = "std")]
fn read_file(path: &std::path::Path) -> Result<Secret, Error> {
    let from = || alloc::format!("the token file {}", path.display());
    let text = super::file::read(path, LONGEST_FILE).map_err(|error| {
        Error::credentials(
            alloc::format!("{} cannot be read", from()),
            Some(error.into()),
        )
    })?;
    checked(Secret::from(text.expose_secret().trim()), from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString as _};

    #[track_caller]
    fn assert_refused(given: &str, expected: &str) {
        let given = String::from(given);
        let source = TokenSource::function(move || Ok::<_, BoxError>(given.clone()));
        assert_eq!(source.read().unwrap_err().to_string(), expected);
    }

    #[test]
    fn what_can_be_no_token_is_refused_and_not_shown() {
        assert_refused(
            "",
            "the function that supplies the token gave an empty token",
        );
        for given in ["MII\nX: y", "MII\0", "MII hunter2", "MIIé", "\u{7f}"] {
            assert_refused(
                given,
                "the function that supplies the token gave no token: it holds a space, a control \
                 character or one that is not ASCII",
            );
        }
    }

    #[test]
    fn the_functions_own_failure_is_the_source_of_the_error() {
        use core::error::Error as _;
        let source = TokenSource::function(|| Err::<String, _>("the vault is sealed"));
        let error = source.read().unwrap_err();
        assert_eq!(error.to_string(), "no token could be had");
        assert_eq!(error.source().unwrap().to_string(), "the vault is sealed");
    }
}
