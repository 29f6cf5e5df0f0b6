//! The client: one service, one project, one way of sending.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use crate::clock::{Clock, Jitter};
use crate::credentials::{Credentials, Secret};
use crate::error::{ApiError, BoxError, Error};
use crate::job::{JobPage, Language};
use crate::list_jobs::ListJobs;
#[cfg(feature = "std")]
use crate::pacing::Pacing;
use crate::region::{Endpoint, Region};
use crate::retry::RetryPolicy;
use crate::transport::{RequestParts, ResponseBody, Transport};
#[cfg(feature = "std")]
use crate::wire::out_of_time;
use crate::wire::{Deadline, Sender, Wire};

/// Lists the backup migration jobs of a project.
///
/// A client is cheap to clone and may be used by many threads at once; clones share connections,
/// credentials and pacing. It starts no threads and keeps no global state.
///
/// ```no_run
/// use drs_backup_jobs::{Client, ListJobs};
///
/// let client = Client::builder()
///     .region("cn-north-4")
///     .project_id("054ba152d480d55b2f5dc0069e7ddef0")
///     .token(std::env::var("HW_AUTH_TOKEN")?)
///     .build()?;
/// let page = client.list(&ListJobs::new().limit(1))?;
/// println!("{} of {}", page.jobs.len(), page.count);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    project_id: Arc<str>,
}

struct Shared {
    wire: Wire,
    credentials: Credentials,
    endpoint: Endpoint,
    language: Option<Language>,
    #[cfg(feature = "std")]
    pacing: Pacing,
}

impl Client {
    /// Begins a client; [`ClientBuilder::build`] ends it.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// The project whose jobs are listed.
    #[must_use]
    pub fn project_id(&self) -> &str {
        &self.project_id
    }

    /// Where the service is asked.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.shared.endpoint
    }

    /// One page, just as the operation gives it: one request, and its retries.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind) but [`Incomplete`](crate::ErrorKind::Incomplete).
    pub fn list(&self, query: &ListJobs) -> Result<JobPage<'static>, Error> {
        let mut body = self.response_body();
        self.page(query, &mut body).map(JobPage::into_owned)
    }

    /// One page, borrowed from the buffer it is received in.
    pub(crate) fn page<'b>(
        &self,
        query: &ListJobs,
        body: &'b mut ResponseBody,
    ) -> Result<JobPage<'b>, Error> {
        let wire = &self.shared.wire;
        let deadline = wire.deadline();
        let head = wire.send(&self.request(query)?, b"", self, deadline, body)?;
        let request_id = head.request_id().map(String::from);
        let body = body.as_bytes();
        match JobPage::parse(body) {
            Ok(mut page) => {
                page.request_id = request_id;
                Ok(page)
            }
            Err(error) => {
                let mut refusal = ApiError::parse(head.status(), body);
                if refusal.code.is_none() {
                    return Err(Error::from(error).with_request_id(request_id));
                }
                refusal.request_id = refusal.request_id.or(request_id);
                Err(refusal.into())
            }
        }
    }

    pub(crate) fn response_body(&self) -> ResponseBody {
        self.shared.wire.response_body()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.shared.wire.clock
    }

    /// The request for one page, but for what authenticates it.
    fn request(&self, query: &ListJobs) -> Result<RequestParts, Error> {
        let shared = &self.shared;
        query.request_to(&shared.endpoint, &self.project_id, shared.language.as_ref())
    }
}

impl Sender for Client {
    #[cfg_attr(
        not(feature = "std"),
        expect(unused_variables, reason = "only pacing and logins take time")
    )]
    fn make_ready(&self, parts: &mut RequestParts, deadline: Deadline) -> Result<(), Error> {
        let shared = &*self.shared;
        #[cfg(feature = "std")]
        {
            let clock = &*shared.wire.clock;
            if !shared.pacing.wait(clock, deadline.time_left(clock)) {
                return Err(out_of_time(
                    "its turn under the minimum interval lies beyond the deadline",
                ));
            }
        }
        shared.credentials.authorize(parts)
    }

    fn has_renewed(&self, rejected: &RequestParts, _deadline: Deadline) -> Result<bool, Error> {
        Ok(self.shared.credentials.have_changed(rejected))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.shared.endpoint.as_str())
            .field("project_id", &self.project_id)
            .field("credentials", &self.shared.credentials)
            .field("timeout", &self.shared.wire.timeout)
            .field("retry", &self.shared.wire.retry)
            .finish_non_exhaustive()
    }
}

/// Sets up a [`Client`].
///
/// Needed are a region or an endpoint, a project id, and credentials.
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    region: Option<String>,
    endpoint: Option<String>,
    project_id: Option<String>,
    credentials: Option<Credentials>,
    language: Option<Language>,
    user_agent: Option<String>,
    timeout: Option<Duration>,
    max_body: Option<usize>,
    retry: Option<RetryPolicy>,
    transport: Option<Arc<dyn Transport>>,
    clock: Option<Arc<dyn Clock>>,
    jitter: Option<Arc<Jitter>>,
    allow_http: bool,
}

impl ClientBuilder {
    /// The region whose jobs are listed, such as `cn-north-4`: it gives the endpoint.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Where the service answers, such as `https://drs.cn-north-4.myhuaweicloud.com`. It goes
    /// before the region's.
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// The project whose jobs are listed: the tenant's project in this one region.
    pub fn project_id(mut self, project_id: impl Into<String>) -> Self {
        self.project_id = Some(project_id.into());
        self
    }

    /// A token from IAM: see [`Credentials::token`].
    pub fn token(self, token: impl Into<Secret>) -> Self {
        self.credentials(Credentials::token(token))
    }

    /// A token that a function supplies: see [`Credentials::token_from`].
    pub fn token_from<F, S, E>(self, source: F) -> Self
    where
        F: Fn() -> Result<S, E> + Send + Sync + 'static,
        S: Into<Secret>,
        E: Into<BoxError>,
    {
        self.credentials(Credentials::token_from(source))
    }

    /// What authenticates the requests.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// The language of the service's messages, for queries that name none.
    pub fn language(mut self, language: impl Into<Language>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// What the client calls itself (`User-Agent`); `drs-backup-jobs/` and its version if not set.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// How long one page may take, with all retries and the pauses between them; 60 seconds if not
    /// set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The longest answer that is taken, in bytes; 16 MiB if not set.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// When failed requests are sent again.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = Some(retry);
        self
    }

    /// What carries the requests; a `Ureq` with its defaults if not set.
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// What tells the time and waits; the system's clock if not set. Needed without the feature
    /// `std`.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// What spreads retries in time: a function that gives a number from 0 to 1; random if not
    /// set. Needed without the feature `std`.
    pub fn jitter(mut self, jitter: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.jitter = Some(Arc::new(jitter));
        self
    }

    /// Lets the token travel unencrypted to an `http` endpoint. Without it only `https` and
    /// endpoints on this machine are taken.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when something is missing or cannot be used, with the name of
    /// what it is; [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) when there are none.
    pub fn build(self) -> Result<Client, Error> {
        let endpoint = match (&self.endpoint, self.region) {
            (Some(endpoint), _) => Endpoint::parse(endpoint)?,
            (None, Some(region)) => Region::new(region)?.endpoint(),
            (None, None) => {
                return Err(Error::input(
                    "endpoint",
                    "is missing: set a region, such as cn-north-4, or an endpoint",
                ));
            }
        };
        if !(endpoint.is_https() || endpoint.is_loopback() || self.allow_http) {
            return Err(Error::input(
                "endpoint",
                "is plain http, over which anyone can read the token: use https, or allow_http",
            ));
        }
        let project_id = match self.project_id {
            Some(id) if !id.is_empty() => id,
            Some(_) => {
                return Err(Error::input(
                    "project_id",
                    "is empty: the service needs the tenant's project in this region",
                ));
            }
            None => {
                return Err(Error::input(
                    "project_id",
                    "is missing: the service needs the tenant's project in this region",
                ));
            }
        };
        let credentials = self.credentials.ok_or_else(|| {
            Error::credentials("no credentials were given: set a token, for one", None)
        })?;
        let retry = self.retry.unwrap_or_default();
        let client = Client {
            shared: Arc::new(Shared {
                #[cfg(feature = "std")]
                pacing: Pacing::new(retry.interval()),
                wire: Wire {
                    transport: self.transport.map_or_else(fallback::transport, Ok)?,
                    clock: self.clock.map_or_else(fallback::clock, Ok)?,
                    jitter: self.jitter.map_or_else(fallback::jitter, Ok)?,
                    retry,
                    user_agent: self.user_agent.unwrap_or_else(|| USER_AGENT.into()),
                    timeout: self.timeout.unwrap_or(DEFAULT_TIMEOUT),
                    max_body: self.max_body.unwrap_or(ResponseBody::DEFAULT_LIMIT),
                },
                credentials,
                endpoint,
                language: self.language,
            }),
            project_id: project_id.into(),
        };
        // What no request could be made of is refused here, not at the first page.
        let mut parts = client.request(&ListJobs::new())?;
        client.shared.wire.name_itself(&mut parts)?;
        client.shared.credentials.check(&mut parts)?;
        Ok(client)
    }
}

const USER_AGENT: &str = concat!("drs-backup-jobs/", env!("CARGO_PKG_VERSION"));
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// What the builder falls back on, as far as the features bring it.
#[cfg_attr(
    any(feature = "std", feature = "ureq"),
    expect(
        clippy::unnecessary_wraps,
        reason = "without the feature there is none"
    )
)]
mod fallback {
    use super::{Arc, Clock, Error, Jitter, Transport};

    pub(super) fn transport() -> Result<Arc<dyn Transport>, Error> {
        #[cfg(feature = "ureq")]
        return Ok(Arc::new(crate::transport::Ureq::new()));
        #[cfg(not(feature = "ureq"))]
        Err(Error::input(
            "transport",
            "is missing: set one, or enable the feature ureq",
        ))
    }

    pub(super) fn clock() -> Result<Arc<dyn Clock>, Error> {
        #[cfg(feature = "std")]
        return Ok(Arc::new(crate::clock::SystemClock::new()));
        #[cfg(not(feature = "std"))]
        Err(Error::input(
            "clock",
            "is missing: set one, or enable the feature std",
        ))
    }

    pub(super) fn jitter() -> Result<Arc<Jitter>, Error> {
        #[cfg(feature = "std")]
        return Ok(Arc::new(crate::clock::random_jitter));
        #[cfg(not(feature = "std"))]
        Err(Error::input(
            "jitter",
            "is missing: set one, or enable the feature std",
        ))
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
