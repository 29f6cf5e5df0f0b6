//! Credentials in use by a client: what they keep from one request to the next.

use alloc::sync::Arc;
use core::fmt;

use super::Secret;
use super::authenticator::{Authenticator, Context};
#[cfg(feature = "std")]
use super::login::Project;
use super::token;
use crate::error::Error;
use crate::header;
use crate::redact::Redactor;
use crate::transport::RequestParts;
#[cfg(feature = "std")]
use crate::url::Endpoint;

/// One kind of credentials, not yet in use: [`Credentials`](super::Credentials) holds it as a trait
/// object, so that a program links only the kinds it constructs.
pub(crate) trait CredentialKind: fmt::Debug + Send + Sync {
    /// Starts a session for one client.
    fn start(&self, config: &SessionConfig) -> Result<Session, Error>;
}

/// The part of a client's configuration that credentials depend on.
#[derive(Clone, Default)]
pub(crate) struct SessionConfig {
    /// The endpoint of IAM, if known.
    #[cfg(feature = "std")]
    pub(crate) iam_endpoint: Option<Endpoint>,
    /// The client's project, else the region's default project.
    #[cfg(feature = "std")]
    pub(crate) project: Option<Project>,
}

/// Credentials in use. All clones of a client share one session, and with it one token.
#[derive(Clone)]
pub(crate) struct Session {
    authenticator: Arc<dyn Authenticator>,
    project: Option<Arc<dyn ResolveProject>>,
}

/// Finds the id of the project that the credentials are for.
pub(crate) trait ResolveProject: Send + Sync {
    fn project_id(&self, context: &Context<'_>) -> Result<Arc<str>, Error>;
}

impl Session {
    /// A session whose credentials do not know their project.
    pub(super) fn new(authenticator: Arc<dyn Authenticator>) -> Self {
        Self {
            authenticator,
            project: None,
        }
    }

    /// Returns the session with a `resolver` of its project id.
    #[cfg(feature = "std")]
    pub(super) fn with_project(mut self, resolver: Arc<dyn ResolveProject>) -> Self {
        self.project = Some(resolver);
        self
    }

    /// Whether [`project_id`](Self::project_id) can succeed.
    pub(crate) fn resolves_project(&self) -> bool {
        self.project.is_some()
    }

    /// The id of the project that the credentials are for; sends a request to IAM once.
    pub(crate) fn project_id(&self, context: &Context<'_>) -> Result<Arc<str>, Error> {
        match &self.project {
            Some(resolver) => resolver.project_id(context),
            None => Err(missing_project_id()),
        }
    }
}

/// The error of a client that knows no project and cannot find one.
pub(crate) fn missing_project_id() -> Error {
    Error::missing(
        "project_id",
        "set the id of the project, of which each region has its own",
    )
}

impl Authenticator for Session {
    fn check(&self, request: &mut RequestParts, context: &Context<'_>) -> Result<(), Error> {
        self.authenticator.check(request, context)
    }

    fn apply(&self, request: &mut RequestParts, context: &Context<'_>) -> Result<(), Error> {
        self.authenticator.apply(request, context)
    }

    fn refresh(&self, rejected: &RequestParts, context: &Context<'_>) -> Result<bool, Error> {
        self.authenticator.refresh(rejected, context)
    }

    fn redact(&self, redactor: &mut Redactor) {
        self.authenticator.redact(redactor);
    }
}

/// Names the kind of credentials, never a secret.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.authenticator.fmt(f)
    }
}

/// A token that does not change.
#[derive(Clone)]
pub(super) struct FixedToken(pub(super) Secret);

impl CredentialKind for FixedToken {
    fn start(&self, _config: &SessionConfig) -> Result<Session, Error> {
        Ok(Session::new(Arc::new(self.clone())))
    }
}

impl Authenticator for FixedToken {
    fn check(&self, _request: &mut RequestParts, _context: &Context<'_>) -> Result<(), Error> {
        token::check(&self.0)
            .map_err(|rule| Error::credentials(alloc::format!("invalid token: {rule}"), None))
    }

    fn apply(&self, request: &mut RequestParts, _context: &Context<'_>) -> Result<(), Error> {
        apply_token(request, self.0.clone())
    }
}

impl fmt::Debug for FixedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("token ***")
    }
}

pub(super) fn apply_token(request: &mut RequestParts, token: Secret) -> Result<(), Error> {
    request.headers_mut().push_secret(header::AUTH_TOKEN, token)
}

/// Whether `token` is the one that authenticated `request`.
pub(super) fn uses_token(request: &RequestParts, token: &Secret) -> bool {
    request.headers().get(header::AUTH_TOKEN) == Some(token.expose_secret())
}
