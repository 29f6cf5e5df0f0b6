//! Who asks: what authenticates a request.

use alloc::sync::Arc;
use core::fmt;

use crate::error::{BoxError, Error};
use crate::transport::RequestParts;

#[cfg(feature = "aksk")]
mod access_key;
mod secret;
#[cfg(feature = "aksk")]
mod sign;

#[cfg(feature = "aksk")]
pub use access_key::AccessKey;
pub use secret::Secret;

/// What authenticates the requests of a [`Client`](crate::Client).
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    Token(Secret),
    TokenSource(Arc<TokenSource>),
}

type TokenSource = dyn Fn() -> Result<Secret, BoxError> + Send + Sync;

impl Credentials {
    /// A token from IAM: the value of `X-Subject-Token` in its answer to a login. It lasts 24
    /// hours at most.
    #[must_use]
    pub fn token(token: impl Into<Secret>) -> Self {
        Self(Kind::Token(token.into()))
    }

    /// A token that a function supplies. It is asked before each request, so it should keep the
    /// token it has; when the service does not accept that token it is asked once more, and the
    /// request is repeated if the token has changed.
    #[must_use]
    pub fn token_from<F, S, E>(source: F) -> Self
    where
        F: Fn() -> Result<S, E> + Send + Sync + 'static,
        S: Into<Secret>,
        E: Into<BoxError>,
    {
        Self(Kind::TokenSource(Arc::new(move || {
            source().map(Into::into).map_err(Into::into)
        })))
    }

    /// Adds to a request what authenticates it.
    pub(crate) fn authorize(&self, parts: &mut RequestParts) -> Result<(), Error> {
        let token = match &self.0 {
            Kind::Token(token) => token.clone(),
            Kind::TokenSource(source) => from_source(source.as_ref())?,
        };
        if token.is_empty() {
            return Err(Error::credentials("the token is empty", None));
        }
        parts.headers_mut().push_secret(AUTH_TOKEN, token)
    }

    /// Refuses at once what no request could be authenticated with; asks no function and no file.
    pub(crate) fn check(&self, parts: &mut RequestParts) -> Result<(), Error> {
        match &self.0 {
            Kind::Token(_) => self.authorize(parts),
            Kind::TokenSource(_) => Ok(()),
        }
    }

    /// Whether there is now something else to authenticate with than what `rejected` was sent
    /// with.
    pub(crate) fn have_changed(&self, rejected: &RequestParts) -> bool {
        match &self.0 {
            Kind::Token(_) => false,
            Kind::TokenSource(source) => from_source(source.as_ref())
                .is_ok_and(|token| rejected.headers().get(AUTH_TOKEN) != Some(token.expose())),
        }
    }
}

const AUTH_TOKEN: &str = "X-Auth-Token";

fn from_source(source: &TokenSource) -> Result<Secret, Error> {
    source().map_err(|error| Error::credentials("no token could be had", Some(error)))
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Token(_) => "Credentials(token ***)",
            Kind::TokenSource(_) => "Credentials(token from a function)",
        })
    }
}
