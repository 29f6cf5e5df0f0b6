//! Tokens that may change: their sources, and how a client uses them.

use alloc::sync::Arc;
use core::fmt;

use super::authenticator::{Authenticator, Context};
use super::session::{CredentialKind, Session, SessionConfig, apply_token, uses_token};
use crate::error::{BoxError, Error};
use crate::secret::{Secret, broken_word_rule};
use crate::transport::RequestParts;

/// Supplies the current token.
pub(super) trait TokenSource: Send + Sync {
    /// The name of the source, for `Debug`.
    const NAME: &str;

    fn token(&self, context: &Context<'_>) -> Result<Secret, Error>;

    /// Forgets a token that the service rejected.
    fn forget(&self) {}
}

/// Credentials whose token comes from a source. All clients share the source.
pub(super) struct Tokens<S>(Arc<S>);

impl<S: TokenSource> Tokens<S> {
    pub(super) fn new(source: S) -> Self {
        Self(Arc::new(source))
    }
}

impl<S: TokenSource + 'static> CredentialKind for Tokens<S> {
    fn start(&self, _config: &SessionConfig) -> Result<Session, Error> {
        Ok(Session::new(Arc::new(Self(self.0.clone()))))
    }
}

impl<S: TokenSource> Authenticator for Tokens<S> {
    fn apply(&self, request: &mut RequestParts, context: &Context<'_>) -> Result<(), Error> {
        apply_token(request, self.0.token(context)?)
    }

    fn refresh(&self, rejected: &RequestParts, context: &Context<'_>) -> Result<bool, Error> {
        self.0.forget();
        // Without another token, the rejection is the error to report.
        let token = self.0.token(context);
        Ok(token.is_ok_and(|token| !uses_token(rejected, &token)))
    }
}

impl<S: TokenSource> fmt::Debug for Tokens<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token from {}", S::NAME)
    }
}

/// A function that returns the token.
pub(super) struct TokenProvider<F>(F);

impl<F, S, E> TokenProvider<F>
where
    F: Fn() -> Result<S, E>,
    S: Into<Secret>,
    E: Into<BoxError>,
{
    pub(super) fn new(provider: F) -> Self {
        Self(provider)
    }

    fn provide(&self) -> Result<Secret, Error> {
        let token = (self.0)().map_err(|error| {
            let why = "cannot obtain a token from the token provider";
            Error::credentials(why, Some(error.into()))
        })?;
        let token = token.into();
        check(&token).map_err(|rule| refused("from the token provider", rule))?;
        Ok(token)
    }
}

impl<F, S, E> TokenSource for TokenProvider<F>
where
    F: Fn() -> Result<S, E> + Send + Sync,
    S: Into<Secret>,
    E: Into<BoxError>,
{
    const NAME: &str = "a provider";

    fn token(&self, _context: &Context<'_>) -> Result<Secret, Error> {
        self.provide()
    }
}

/// Rejects an invalid token. The error is the rule that the token breaks, never the token.
pub(super) fn check(token: &Secret) -> Result<(), &'static str> {
    broken_word_rule(token.expose_secret()).map_or(Ok(()), Err)
}

pub(super) fn refused(origin: &str, rule: &str) -> Error {
    Error::credentials(alloc::format!("invalid token {origin}: {rule}"), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString as _};

    #[track_caller]
    fn assert_refused(token: &str, rule: &str) {
        let token = String::from(token);
        let provider = TokenProvider::new(move || Ok::<_, BoxError>(token.clone()));
        assert_eq!(
            provider.provide().unwrap_err().to_string(),
            alloc::format!("invalid token from the token provider: {rule}")
        );
    }

    #[test]
    fn refuses_an_invalid_token_without_showing_it() {
        assert_refused("", "must not be empty");
        for token in ["MII\nX: y", "MII\0", "MII hunter2", "MIIé", "\u{7f}"] {
            assert_refused(token, "must be printable ASCII without spaces");
        }
        for token in ["\"MII\"", "'MII", "MII\""] {
            assert_refused(token, "must not begin or end with a quotation mark");
        }
    }

    #[test]
    fn the_error_of_a_provider_is_the_source() {
        use core::error::Error as _;
        let provider = TokenProvider::new(|| Err::<String, _>("the vault is sealed"));
        let error = provider.provide().unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot obtain a token from the token provider"
        );
        assert_eq!(error.source().unwrap().to_string(), "the vault is sealed");
    }
}
