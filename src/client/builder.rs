//! The settings of a client.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

#[cfg(feature = "std")]
use super::build::DEFAULT_TIMEOUT;
#[cfg(feature = "std")]
use crate::cancel::CancelToken;
use crate::client::retry::RetryPolicy;
use crate::clock::{Clock, Jitter};
use crate::credentials::Credentials;
#[cfg(feature = "std")]
use crate::credentials::{Environment, InputLimits};
use crate::decode::Decoder;
use crate::error::BoxError;
#[cfg(feature = "std")]
use crate::error::Error;
use crate::job::Language;
use crate::secret::Secret;
use crate::transport::Transport;

/// Builds a [`Client`](crate::Client).
///
/// Required are a region or an endpoint, credentials, and with a token the project id. Everything
/// else has a default.
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) project_id: Option<String>,
    #[cfg(feature = "std")]
    pub(super) project_name: Option<String>,
    #[cfg(feature = "std")]
    pub(super) iam_endpoint: Option<String>,
    pub(super) cloud_domain: Option<String>,
    pub(super) credentials: Option<Credentials>,
    pub(super) language: Option<Language>,
    pub(super) user_agent: Option<String>,
    pub(super) timeout: Option<Duration>,
    pub(super) max_body: Option<usize>,
    pub(super) retry: Option<RetryPolicy>,
    #[cfg(feature = "std")]
    pub(super) min_request_interval: Duration,
    pub(super) transport: Option<Arc<dyn Transport>>,
    pub(super) clock: Option<Arc<dyn Clock>>,
    pub(super) jitter: Option<Arc<Jitter>>,
    #[cfg(feature = "std")]
    pub(super) cancel_token: Option<CancelToken>,
    pub(super) allow_http: bool,
    pub(super) decoder: Decoder,
}

impl ClientBuilder {
    /// Sets the region whose jobs are listed, such as `cn-north-4`. It determines the endpoints.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets the service's endpoint, such as `https://drs.cn-north-4.myhuaweicloud.com`. Takes
    /// precedence over the region's.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Sets the domain of a region's endpoints in another cloud, such as `cloud.example.com`;
    /// default `myhuaweicloud.com`. Endpoints that are set take precedence.
    pub fn cloud_domain(mut self, domain: impl Into<String>) -> Self {
        self.cloud_domain = Some(domain.into());
        self
    }

    /// Sets the id of the project whose jobs are listed. Each region has its own projects.
    pub fn project_id(mut self, project_id: impl Into<String>) -> Self {
        self.project_id = Some(project_id.into());
        self
    }

    /// Sets the name of the project whose jobs are listed. IAM resolves it to an id, once. If
    /// neither id nor name is set, the default is the region's default project, which has the name
    /// of the region. For logins and access keys; a token requires the id.
    #[cfg(feature = "std")]
    pub fn project_name(mut self, name: impl Into<String>) -> Self {
        self.project_name = Some(name.into());
        self
    }

    /// Sets the endpoint of IAM, such as `https://iam.cn-north-4.myhuaweicloud.com`, for logins and
    /// the lookup of a project's id. Takes precedence over the region's.
    #[cfg(feature = "std")]
    pub fn iam_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.iam_endpoint = Some(endpoint.into());
        self
    }

    /// Sets what is not set yet from the environment and its profile file: region, endpoints,
    /// project and credentials. Setters that were called before take precedence, even over invalid
    /// variables. Credentials are searched for only if none are set.
    ///
    /// ```no_run
    /// use drs_backup_jobs::{Client, credentials::Environment};
    ///
    /// let client = Client::builder().environment(&Environment::from_process())?.build()?;
    /// # Ok::<(), drs_backup_jobs::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoCredentials`](crate::ErrorKind::NoCredentials) if neither variables nor the
    /// profile file hold any; [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) if they are
    /// incomplete, if a value is invalid, or if a variable requests what this client cannot do. The
    /// error names the variables and files.
    #[cfg(feature = "std")]
    pub fn environment(mut self, environment: &Environment) -> Result<Self, Error> {
        environment.check_supported()?;
        let mut found = None;
        if self.credentials.is_none() {
            let searched = environment.find(InputLimits {
                remaining: self.timeout.unwrap_or(DEFAULT_TIMEOUT),
                cancel_token: self.cancel_token.as_ref(),
            })?;
            self.credentials = Some(searched.credentials.clone());
            found = Some(searched);
        }
        let has_project = self.project_id.is_some() || self.project_name.is_some();
        if let (true, Some(found)) = (environment.has_named_profile(), &mut found) {
            self.iam_endpoint = self.iam_endpoint.or(found.iam_endpoint.take());
            if !has_project {
                self.project_id = found.project_id.take();
            }
        }
        if self.region.is_none() {
            self.region = environment.checked_region()?;
        }
        if self.cloud_domain.is_none() {
            self.cloud_domain = environment.checked_cloud_domain()?;
        }
        if let (None, Some(region)) = (&self.endpoint, &self.region) {
            self.endpoint = environment.checked_endpoint(region)?;
        }
        if self.iam_endpoint.is_none() {
            self.iam_endpoint = environment.checked_iam_endpoint()?;
        }
        if self.project_id.is_none() && self.project_name.is_none() {
            self.project_id = environment.checked_project_id()?;
            self.project_name = environment.checked_project_name()?;
        }
        if let Some(found) = found {
            self.iam_endpoint = self.iam_endpoint.or(found.iam_endpoint);
            if self.project_id.is_none() && self.project_name.is_none() {
                self.project_id = found.project_id;
            }
        }
        Ok(self)
    }

    /// Authenticates with a token from IAM: see [`Credentials::token`].
    pub fn token(self, token: impl Into<Secret>) -> Self {
        self.credentials(Credentials::token(token))
    }

    /// Authenticates with the token that a function returns: see [`Credentials::token_provider`].
    pub fn token_provider<F, S, E>(self, source: F) -> Self
    where
        F: Fn() -> Result<S, E> + Send + Sync + 'static,
        S: Into<Secret>,
        E: Into<BoxError>,
    {
        self.credentials(Credentials::token_provider(source))
    }

    /// Authenticates with the token in a file: see [`Credentials::token_file`].
    #[cfg(feature = "std")]
    pub fn token_file(self, path: impl Into<std::path::PathBuf>) -> Self {
        self.credentials(Credentials::token_file(path))
    }

    /// Sets the credentials that authenticate the requests.
    pub fn credentials(mut self, credentials: impl Into<Credentials>) -> Self {
        self.credentials = Some(credentials.into());
        self
    }

    /// Sets the language of the service's messages. That of a query takes precedence.
    pub fn language(mut self, language: impl Into<Language>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// Sets the header `User-Agent`; default `drs-backup-jobs/` and the version.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// Sets the timeout of one page, including all retries, delays and a login; default 60 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the maximum size of a response body in bytes; default 16 MiB.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// Sets when failed requests are retried; default [`RetryPolicy::default`].
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Sets the minimum time from the start of one request to the start of the next, over all
    /// clones of the client; default none. The gateway allows about 200 requests in five minutes:
    /// an interval of 1.5 seconds keeps a long listing below that limit; retries cannot, because
    /// they end at the timeout of a page. Requests to IAM do not count.
    #[cfg(feature = "std")]
    pub fn min_request_interval(mut self, interval: Duration) -> Self {
        self.min_request_interval = interval;
        self
    }

    /// Sets the transport that sends the requests; default a `Ureq` with its own defaults.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Sets the clock that returns the time and sleeps; default the system's. Required without the
    /// feature `std`.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Sets the jitter of retries: a function that returns a number from 0 to 1; default random.
    /// Required without the feature `std`.
    pub fn jitter(mut self, jitter: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.jitter = Some(Arc::new(jitter));
        self
    }

    /// Selects the parser that decodes pages, for a program that links `serde_json` or `miniserde`
    /// anyway. The pages are the same. If the selected parser fails, the built-in parser is used,
    /// and its error is returned.
    ///
    /// Default: [`Decoder::BuiltIn`].
    pub fn decoder(mut self, decoder: Decoder) -> Self {
        self.decoder = decoder;
        self
    }

    /// Sets the token that cancels the client's work: see [`CancelToken`].
    #[cfg(feature = "std")]
    pub fn cancel_token(mut self, token: CancelToken) -> Self {
        self.cancel_token = Some(token);
        self
    }

    /// Allows endpoints with plain `http`, which sends the token without encryption; default false:
    /// only `https` and loopback addresses are allowed.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("region", &self.region)
            .field("project_id", &self.project_id)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}
