//! The client of one project.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use crate::client::send::SendLoop;
use crate::clock::{Clock, Deadline};
use crate::credentials::{
    Authenticator as _, Credentials, OutgoingRequest, Session, SessionConfig, missing_project_id,
};
use crate::decode::Decoder;
use crate::error::{DecodeError, Error, Responder};
use crate::job::{JobPage, Language};
use crate::list_jobs::ListJobs;
use crate::transport::{RequestParts, ResponseBody};
use crate::url::Endpoint;

mod build;
mod builder;
mod call_error;
#[cfg(feature = "std")]
mod rate_limit;
mod retry;
pub(crate) mod send;

pub use builder::ClientBuilder;
pub use retry::{Attempt, RetryPolicy};

/// Lists the backup migration jobs of a project.
///
/// A client is cheap to clone and can be used by many threads at once. Clones share connections,
/// credentials and the rate limit. There is no global state, and no thread except those in which a
/// transport resolves names.
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
    session: Session,
    /// `None` if the credentials determine it.
    project_id: Option<Arc<str>>,
}

struct Shared {
    send_loop: SendLoop,
    decoder: Decoder,
    endpoint: Endpoint,
    language: Option<Language>,
    session_config: SessionConfig,
}

impl Client {
    /// Returns a builder.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Returns the id of the project whose jobs are listed. If it was not set, it is looked up at
    /// IAM, once.
    ///
    /// # Errors
    ///
    /// None if the id was set. Otherwise, any error of a request.
    pub fn resolve_project_id(&self) -> Result<String, Error> {
        let id = self.project(self.shared.send_loop.deadline())?;
        Ok(String::from(&*id))
    }

    /// Returns a client for another project in the same region. It shares connections, credentials,
    /// their token and the rate limit with this client. One process can list many projects in this
    /// way, on any number of threads.
    ///
    /// An access key signs for every project that its user may access. A token is for one project,
    /// so each project needs its own: see
    /// [`with_credentials`](Self::with_credentials).
    ///
    /// ```no_run
    /// use std::sync::Mutex;
    ///
    /// use drs_backup_jobs::{Client, Error, JobStatus, ListJobs};
    ///
    /// # fn list_all(client: &Client, project_ids: Vec<String>) {
    /// // Four threads take one project after another.
    /// let remaining = Mutex::new(project_ids.into_iter());
    /// std::thread::scope(|scope| {
    ///     for _ in 0..4 {
    ///         scope.spawn(|| -> Result<(), Error> {
    ///             loop {
    ///                 let next = remaining.lock().ok().and_then(|mut remaining| remaining.next());
    ///                 let Some(project_id) = next else { return Ok(()) };
    ///                 let client = client.with_project(&project_id);
    ///                 for job in client.jobs(ListJobs::new().status(JobStatus::Failed)) {
    ///                     println!("{project_id} {}", job?.name);
    ///                 }
    ///             }
    ///         });
    ///     }
    /// });
    /// # }
    /// ```
    #[must_use]
    pub fn with_project(&self, project_id: impl Into<String>) -> Self {
        Self {
            project_id: Some(project_id.into().into()),
            ..self.clone()
        }
    }

    /// Returns a client with other credentials. It shares connections and the rate limit with this
    /// client. The project is the same if it was set; otherwise the credentials determine it.
    ///
    /// ```no_run
    /// use drs_backup_jobs::{Client, Credentials, Error, ListJobs, Secret};
    ///
    /// # fn list_all(client: &Client, projects: Vec<(String, Secret)>) -> Result<(), Error> {
    /// for (project_id, token) in projects {
    ///     let credentials = Credentials::token(token);
    ///     let client = client.with_project(project_id).with_credentials(credentials)?;
    ///     for job in client.jobs(ListJobs::new()) {
    ///         println!("{}", job?.name);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`ClientBuilder::build`].
    pub fn with_credentials(&self, credentials: impl Into<Credentials>) -> Result<Self, Error> {
        let session = credentials.into().start(&self.shared.session_config)?;
        let client = Self {
            session,
            ..self.clone()
        };
        client.check()?;
        Ok(client)
    }

    /// Returns the service's endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.shared.endpoint
    }

    /// Returns one page, as the operation does: one request and its retries.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind) but [`Incomplete`](crate::ErrorKind::Incomplete).
    pub fn list(&self, query: &ListJobs) -> Result<JobPage<'static>, Error> {
        let mut body = self.response_body();
        self.page(query, &mut body).map(JobPage::into_owned)
    }

    /// Returns one page that borrows from the buffer it was received in.
    pub(crate) fn page<'b>(
        &self,
        query: &ListJobs,
        body: &'b mut ResponseBody,
    ) -> Result<JobPage<'b>, Error> {
        let send_loop = &self.shared.send_loop;
        let deadline = send_loop.deadline();
        let project_id = &*self.project(deadline)?;
        let parts = self.request(query, project_id)?;
        let request = OutgoingRequest {
            parts: &parts,
            body: b"",
            authenticator: &self.session,
            service: Responder::Drs,
            project_id: Some(project_id),
        };
        let mut call = send_loop.call(request, deadline);
        let response = call.send(body)?;
        let bytes = body.as_bytes();
        let first_error = match self.shared.decoder.decode_bounded(bytes) {
            Ok(mut page) => {
                page.request_id = response.request_id;
                return Ok(page);
            }
            Err(error) => call.undecodable(&response, bytes, error.into()),
        };
        // The first page borrows from `body`, which a retry would overwrite: retries are received
        // in a second buffer, which is allocated only if a page cannot be decoded.
        call.retry(first_error)?;
        let mut page = None;
        call.run(&mut self.response_body(), &mut |response, bytes| {
            let decoded = page.insert(self.shared.decoder.decode_bounded(bytes)?.into_owned());
            decoded.request_id.clone_from(&response.request_id);
            Ok(())
        })?;
        page.ok_or_else(|| DecodeError::unexpected("a page").into())
    }

    pub(crate) fn response_body(&self) -> ResponseBody {
        self.shared.send_loop.response_body()
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.shared.send_loop.clock
    }

    /// Sleeps. Returns an error if the client is cancelled before or during the sleep.
    pub(crate) fn sleep(&self, duration: Duration) -> Result<(), Error> {
        self.clock().sleep(duration);
        self.shared.send_loop.check_cancelled()
    }

    /// The request for one page, not yet authenticated.
    fn request(&self, query: &ListJobs, project_id: &str) -> Result<RequestParts, Error> {
        let shared = &self.shared;
        query.request_to(&shared.endpoint, project_id, shared.language.as_ref())
    }

    fn project(&self, deadline: Deadline) -> Result<Arc<str>, Error> {
        match &self.project_id {
            Some(id) => Ok(id.clone()),
            None => self
                .session
                .project_id(&self.shared.send_loop.context(None, deadline)),
        }
    }

    /// Rejects at build time settings that no request can be built from. A missing project is
    /// reported last, because other errors are more likely to be the cause.
    fn check(&self) -> Result<(), Error> {
        let send_loop = &self.shared.send_loop;
        let project_id = self.project_id.as_deref().unwrap_or("unresolved");
        let mut parts = self.request(&ListJobs::new(), project_id)?;
        send_loop.add_common_headers(&mut parts)?;
        let context = send_loop.context(Some(project_id), send_loop.deadline());
        self.session.check(&mut parts, &context)?;
        if self.project_id.is_none() && !self.session.resolves_project() {
            return Err(missing_project_id());
        }
        Ok(())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.shared.endpoint.as_str())
            .field("project_id", &self.project_id)
            .field("credentials", &self.session)
            .field("timeout", &self.shared.send_loop.timeout)
            .field("retry", &self.shared.send_loop.retry)
            .finish_non_exhaustive()
    }
}
