//! Credentials: what authenticates a request, and where it comes from.
//!
//! | credentials | sources | sent |
//! |---|---|---|
//! | token | [`Credentials::token`], [`token_provider`](Credentials::token_provider), a file (`token_file`), a reader (`token_reader`), the environment (`HW_AUTH_TOKEN`) | `X-Auth-Token` |
//! | user and password | `Login`, the environment (`HW_USER_NAME`, `HW_USER_PASSWORD`, `HW_DOMAIN_NAME`) | `POST /v3/auth/tokens` to IAM once a day, then `X-Auth-Token` |
//! | access key (AK/SK) | `AccessKey`, the environment (`HUAWEICLOUD_SDK_AK` and `_SK`, or `HW_ACCESS_KEY` and `HW_SECRET_KEY`), a profile file (`ak`, `sk`) | `Authorization` with the signature, `X-Sdk-Date`, `X-Project-Id`, `Host`; never the secret key |
//! | temporary access key | the same with its security token, a provider (`access_key_provider`), the metadata service of a cloud server (`ecs_metadata`) | the same and `X-Security-Token` |
//!
//! `Environment` lists all variables. Everything but a fixed token, a token provider and a fixed
//! access key needs the feature `std`; access keys need the feature `aksk`.
//!
//! A token is valid for one project. An access key signs for every project that its user may
//! access. With a login, or with an access key and a region, the project id is optional: one
//! request to IAM finds it.

use alloc::sync::Arc;
use core::fmt;

use crate::error::{BoxError, Error};

#[cfg(feature = "aksk")]
mod access_key;
mod authenticator;
#[cfg(feature = "std")]
mod environment;
#[cfg(feature = "std")]
mod iam;
#[cfg(feature = "std")]
mod input;
#[cfg(feature = "std")]
mod login;
#[cfg(feature = "std")]
mod login_session;
#[cfg(all(feature = "std", feature = "aksk"))]
mod metadata;
#[cfg(feature = "std")]
mod profile;
#[cfg(all(feature = "std", feature = "aksk"))]
mod project_lookup;
#[cfg(all(feature = "std", feature = "aksk"))]
mod provider;
mod session;
#[cfg(feature = "aksk")]
mod sign;
#[cfg(feature = "std")]
mod single_flight;
mod token;
#[cfg(feature = "std")]
mod token_file;

pub use crate::secret::Secret;
#[cfg(feature = "aksk")]
pub use access_key::AccessKey;
#[cfg(feature = "std")]
pub(crate) use authenticator::RequestSender;
pub(crate) use authenticator::{Authenticator, Context, Decode, OutgoingRequest, Response};
#[cfg(feature = "std")]
pub use environment::Environment;
#[cfg(feature = "std")]
pub(crate) use iam::parse_endpoint as parse_iam_endpoint;
#[cfg(feature = "std")]
pub(crate) use input::InputLimits;
#[cfg(feature = "std")]
pub use login::Login;
#[cfg(feature = "std")]
pub(crate) use login::Project;
#[cfg(all(feature = "std", feature = "aksk"))]
pub use metadata::EcsMetadata;
#[cfg(all(feature = "std", feature = "aksk"))]
use provider::{KeyProvider, ProvidedKeys};
use session::{CredentialKind, FixedToken};
pub(crate) use session::{Session, SessionConfig, missing_project_id};
#[cfg(all(feature = "aksk", feature = "emulator"))]
pub(crate) use sign::Canonical;
use token::{TokenProvider, Tokens};
#[cfg(feature = "std")]
use token_file::{TokenFile, TokenReader};

/// The credentials of a [`Client`](crate::Client): a token, a login or an access key.
#[derive(Clone)]
pub struct Credentials(Arc<dyn CredentialKind>);

impl Credentials {
    fn from_kind(kind: impl CredentialKind + 'static) -> Self {
        Self(Arc::new(kind))
    }

    /// Starts a session for one client.
    pub(crate) fn start(&self, config: &SessionConfig) -> Result<Session, Error> {
        self.0.start(config)
    }

    /// Uses a token from IAM: the value of `X-Subject-Token` in its [response to a login][page]. It
    /// is valid for 24 hours at most.
    ///
    /// [page]: https://support.huaweicloud.com/intl/en-us/api-iam/iam_30_0001.html
    #[must_use]
    pub fn token(token: impl Into<Secret>) -> Self {
        Self::from_kind(FixedToken(token.into()))
    }

    /// Uses the token that a function returns. The function is called before each request, and again
    /// after a request had to wait for the rate limit, so it should cache the token. If the service
    /// rejects the token, the function is called again, and the request is retried once if it
    /// returns another token.
    #[must_use]
    pub fn token_provider<F, S, E>(provider: F) -> Self
    where
        F: Fn() -> Result<S, E> + Send + Sync + 'static,
        S: Into<Secret>,
        E: Into<BoxError>,
    {
        Self::from_kind(Tokens::new(TokenProvider::new(provider)))
    }

    /// Uses the token in a file, in UTF-8 or UTF-16. White space, a line end, a byte order mark and
    /// a pair of quotes around the token are removed.
    ///
    /// A regular file is read at the first request, when it has changed since (by its length or the
    /// time of its last change), and when the service rejects the token; the request is then
    /// retried if the file holds another one. To renew the token, write it to a new file and rename
    /// that file, so that a partial token is never read.
    ///
    /// Anything else, such as a pipe, a FIFO, `/dev/stdin` or `/dev/fd/3`, is read once, at the
    /// first request, and its token is cached. A thread reads it, because opening and reading a
    /// pipe cannot be interrupted; the request fails at its deadline
    /// ([`ErrorKind::Timeout`](crate::ErrorKind::Timeout)) if the writer has not closed the pipe by
    /// then.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn token_file(path: impl Into<std::path::PathBuf>) -> Self {
        Self::from_kind(Tokens::new(TokenFile::new(path.into())))
    }

    /// Uses the token from a reader such as standard input, which is read once, to its end, at the
    /// first request: see [`token_file`](Self::token_file).
    #[cfg(feature = "std")]
    #[must_use]
    pub fn token_reader(reader: impl std::io::Read + Send + 'static) -> Self {
        Self::from_kind(Tokens::new(TokenReader::new(reader)))
    }

    /// Logs in at IAM: see [`Login`], which can also set a project.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn login(
        account: impl Into<alloc::string::String>,
        user: impl Into<alloc::string::String>,
        password: impl Into<Secret>,
    ) -> Self {
        Login::new(account, user, password).into()
    }

    /// Signs with an access key (AK/SK): see [`AccessKey`], which can also set the security token
    /// of a temporary key.
    #[cfg(feature = "aksk")]
    #[must_use]
    pub fn access_key(id: impl Into<Secret>, secret: impl Into<Secret>) -> Self {
        AccessKey::new(id, secret).into()
    }

    /// Signs with the access key that a function returns, such as a temporary key of an agency.
    ///
    /// The function is called at the first request. A key that [expires](AccessKey::expires_at) is
    /// renewed five minutes before it expires, or after half of its lifetime if it was valid for
    /// less than ten minutes. If the renewal fails, the key is used until it expires. After the
    /// service rejects a key the function is called once more, and the request is retried if it
    /// returns another key. Clones and threads share a key; one of them calls the function while
    /// the others wait.
    ///
    /// ```
    /// use drs_backup_jobs::{AccessKey, Client, Credentials, Error, Timestamp};
    ///
    /// # fn assume_agency() -> Result<(String, String, String, String), Error> {
    /// #     Ok(("ak".into(), "sk".into(), "token".into(), "2024-08-20T00:00:00Z".into()))
    /// # }
    /// let credentials = Credentials::access_key_provider(|| {
    ///     let (id, secret, token, end) = assume_agency()?;
    ///     let key = AccessKey::new(id, secret).security_token(token);
    ///     Ok::<_, Error>(match Timestamp::parse(&end) {
    ///         Some(end) => key.expires_at(end),
    ///         None => key,
    ///     })
    /// });
    /// let builder = Client::builder().region("cn-north-4").credentials(credentials);
    /// ```
    #[cfg(all(feature = "std", feature = "aksk"))]
    #[must_use]
    pub fn access_key_provider<F, E>(provider: F) -> Self
    where
        F: Fn() -> Result<AccessKey, E> + Send + Sync + 'static,
        E: Into<BoxError>,
    {
        Self::from_kind(ProvidedKeys::new(KeyProvider(provider)))
    }

    /// Signs with temporary access keys from the metadata service of the Elastic Cloud Server that
    /// the program runs on: see [`EcsMetadata`].
    #[cfg(all(feature = "std", feature = "aksk"))]
    #[must_use]
    pub fn ecs_metadata() -> Self {
        EcsMetadata::new().into()
    }
}

#[cfg(feature = "std")]
impl From<Login> for Credentials {
    fn from(login: Login) -> Self {
        Self::from_kind(login)
    }
}

#[cfg(feature = "aksk")]
impl From<AccessKey> for Credentials {
    fn from(key: AccessKey) -> Self {
        Self::from_kind(key)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Credentials").field(&self.0).finish()
    }
}
