//! Who asks: what authenticates a request.
//!
//! | credential | where it may come from | what is sent |
//! |---|---|---|
//! | token | [`Credentials::token`], a function ([`token_provider`](Credentials::token_provider)), a file (`token_file`), the environment (`HW_AUTH_TOKEN`) | `X-Auth-Token` |
//! | user and password | `Login`, the environment (`HW_USER_NAME`, `HW_USER_PASSWORD`, and `HW_DOMAIN_NAME` or `HUAWEICLOUD_SDK_DOMAIN_ID`) | `POST /v3/auth/tokens` to IAM, once a day; then `X-Auth-Token` |
//! | access key (AK/SK) | `AccessKey`, the environment (`HUAWEICLOUD_SDK_AK` and `_SK`, or `HW_ACCESS_KEY` and `HW_SECRET_KEY`), a profile (`ak`, `sk`) | `Authorization` with the signature, `X-Sdk-Date`, `X-Project-Id`, `Host`; never the secret key |
//! | temporary access key | the same, with its token (`HUAWEICLOUD_SDK_SECURITY_TOKEN`, `HW_SECURITY_TOKEN`, `security_token`) | the same, and `X-Security-Token` |
//!
//! A login, files, environment and profile need the feature `std`; an access key needs the feature
//! `aksk`. With a login, and with an access key in a region, the project's id need not be given:
//! IAM is asked for it once.
//!
//! A token is for one project. An access key signs for every project that its user may see.

use alloc::sync::Arc;
use core::fmt;

use crate::error::{BoxError, Error};

#[cfg(feature = "aksk")]
mod access_key;
mod authenticator;
#[cfg(feature = "std")]
mod environment;
#[cfg(feature = "std")]
mod file;
#[cfg(feature = "std")]
mod iam;
#[cfg(feature = "std")]
mod login;
#[cfg(feature = "std")]
mod login_session;
#[cfg(feature = "std")]
mod profile;
#[cfg(all(feature = "std", feature = "aksk"))]
mod project_lookup;
mod session;
#[cfg(feature = "aksk")]
mod sign;
#[cfg(feature = "std")]
mod single_flight;
mod token;

pub use crate::secret::Secret;
#[cfg(feature = "aksk")]
pub use access_key::AccessKey;
#[cfg(feature = "std")]
pub(crate) use authenticator::RequestSender;
pub(crate) use authenticator::{Authenticator, Context, Decode, OutgoingRequest, Response};
#[cfg(feature = "std")]
pub use environment::Environment;
#[cfg(feature = "std")]
pub use login::Login;
#[cfg(feature = "std")]
pub(crate) use login::Project;
use session::{CredentialKind, FixedToken};
pub(crate) use session::{Session, SessionConfig, missing_project_id};
#[cfg(all(feature = "aksk", feature = "emulator"))]
pub(crate) use sign::Canonical;
use token::TokenSource;

/// What authenticates the requests of a [`Client`](crate::Client).
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

    /// A token from IAM: the value of `X-Subject-Token` in its [answer to a login][page]. It lasts
    /// 24 hours at most.
    ///
    /// [page]: https://support.huaweicloud.com/intl/en-us/api-iam/iam_30_0001.html
    #[must_use]
    pub fn token(token: impl Into<Secret>) -> Self {
        Self::from_kind(FixedToken(token.into()))
    }

    /// A token that a function supplies. It is asked before each request, so it should keep the
    /// token it has; when the service does not accept that token it is asked once more, and the
    /// request is repeated if the token has changed.
    #[must_use]
    pub fn token_provider<F, S, E>(source: F) -> Self
    where
        F: Fn() -> Result<S, E> + Send + Sync + 'static,
        S: Into<Secret>,
        E: Into<BoxError>,
    {
        Self::from_kind(TokenSource::function(source))
    }

    /// A token in a file, in which white space around it does not matter. The file is read before
    /// each request, so that whoever renews the token need only write it there; when the service
    /// does not accept the token the file is read once more, and the request is repeated if the
    /// token has changed. Write the new token beside the file and rename it, so that no half of it
    /// is read.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn token_file(path: impl Into<std::path::PathBuf>) -> Self {
        Self::from_kind(TokenSource::file(path.into()))
    }

    /// A login at IAM: see [`Login`], which takes the project it is for.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn login(
        account: impl Into<alloc::string::String>,
        user: impl Into<alloc::string::String>,
        password: impl Into<Secret>,
    ) -> Self {
        Login::new(account, user, password).into()
    }

    /// An access key (AK/SK): see [`AccessKey`], which takes the token of a temporary one.
    #[cfg(feature = "aksk")]
    #[must_use]
    pub fn access_key(id: impl Into<Secret>, secret: impl Into<Secret>) -> Self {
        AccessKey::new(id, secret).into()
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
