//! The client: one service, one project, one way of sending.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

#[cfg(feature = "std")]
use crate::cancel::CancelToken;
#[cfg(feature = "std")]
use crate::client::rate_limit::Pacing;
#[cfg(feature = "std")]
use crate::client::send::out_of_time;
use crate::client::send::{Answer, Deadline, Sender, Wire, api_error};
use crate::clock::Clock;
use crate::credentials::{Credentials, Session, Surroundings};
use crate::error::Error;
use crate::job::{JobPage, Language};
use crate::list_jobs::ListJobs;
use crate::transport::{RequestParts, ResponseBody};
use crate::url::Endpoint;

mod builder;
#[cfg(feature = "std")]
mod rate_limit;
mod retry;
pub(crate) mod send;

pub use builder::ClientBuilder;
pub use retry::RetryPolicy;

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
    session: Arc<Session>,
    /// `None` when the credentials tell it.
    project_id: Option<Arc<str>>,
}

struct Shared {
    wire: Wire,
    endpoint: Endpoint,
    language: Option<Language>,
    surroundings: Surroundings,
    #[cfg(feature = "std")]
    pacing: Pacing,
    #[cfg(feature = "std")]
    cancel_token: Option<CancelToken>,
}

impl Client {
    /// Begins a client; [`ClientBuilder::build`] ends it.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// The project whose jobs are listed. If it was left to the credentials, IAM is asked for it,
    /// once.
    ///
    /// # Errors
    ///
    /// None when the id was given; else any that a request can have.
    pub fn resolve_project_id(&self) -> Result<String, Error> {
        let id = self.project(self.shared.wire.deadline())?;
        Ok(String::from(&*id))
    }

    /// A client for another project in the same region, which shares connections, credentials,
    /// their token and pacing with this one: one process can walk many projects so, on as many
    /// threads as it likes.
    ///
    /// An access key signs for every project that its user may see. A token is for one project
    /// only, so with a login each project needs its own: see
    /// [`with_credentials`](Self::with_credentials).
    ///
    /// ```no_run
    /// use std::sync::Mutex;
    ///
    /// use drs_backup_jobs::{Client, Error, JobStatus, ListJobs};
    ///
    /// # fn walk(client: &Client, project_ids: Vec<String>) {
    /// // Four threads take one project after another.
    /// let left = Mutex::new(project_ids.into_iter());
    /// std::thread::scope(|scope| {
    ///     for _ in 0..4 {
    ///         scope.spawn(|| -> Result<(), Error> {
    ///             loop {
    ///                 let next = left.lock().ok().and_then(|mut left| left.next());
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

    /// A client with other credentials, which shares connections and pacing with this one. Its
    /// project is the same if that was given; else the credentials tell it.
    ///
    /// ```no_run
    /// use drs_backup_jobs::{Client, Credentials, Error, ListJobs, Secret};
    ///
    /// # fn walk(client: &Client, projects: Vec<(String, Secret)>) -> Result<(), Error> {
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
    /// As those of [`ClientBuilder::build`].
    pub fn with_credentials(&self, credentials: impl Into<Credentials>) -> Result<Self, Error> {
        let session = Session::begin(credentials.into(), self.shared.surroundings.clone())?;
        let client = Self {
            session: Arc::new(session),
            ..self.clone()
        };
        client.check()?;
        Ok(client)
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
        self.check_cancelled()?;
        let wire = &self.shared.wire;
        let deadline = wire.deadline();
        let project_id = &*self.project(deadline)?;
        let request = self.request(query, project_id)?;
        let asker = Asker {
            client: self,
            project_id,
        };
        let Answer {
            head,
            sent,
            request_id,
        } = wire.send(&request, b"", &asker, deadline, body)?;
        let body = body.as_bytes();
        match JobPage::parse(body) {
            Ok(mut page) => {
                page.request_id = request_id;
                Ok(page)
            }
            Err(error) => {
                let refusal = api_error(&head, body, &sent, &asker);
                if refusal.code.is_none() {
                    return Err(Error::from(error).with_request_id(request_id));
                }
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

    /// Sleeps, unless the client is cancelled before or meanwhile.
    pub(crate) fn sleep(&self, duration: Duration) -> Result<(), Error> {
        #[cfg(feature = "std")]
        if let Some(token) = &self.shared.cancel_token {
            self.clock().sleep_unless_cancelled(duration, token);
            return self.check_cancelled();
        }
        self.clock().sleep(duration);
        Ok(())
    }

    #[cfg_attr(
        not(feature = "std"),
        expect(
            clippy::unnecessary_wraps,
            clippy::unused_self,
            reason = "nothing cancels"
        )
    )]
    fn check_cancelled(&self) -> Result<(), Error> {
        #[cfg(feature = "std")]
        if let Some(token) = &self.shared.cancel_token
            && token.is_cancelled()
        {
            return Err(Error::cancelled());
        }
        Ok(())
    }

    /// The request for one page, but for what authenticates it.
    fn request(&self, query: &ListJobs, project_id: &str) -> Result<RequestParts, Error> {
        let shared = &self.shared;
        query.request_to(&shared.endpoint, project_id, shared.language.as_ref())
    }

    fn project(&self, deadline: Deadline) -> Result<Arc<str>, Error> {
        match &self.project_id {
            Some(id) => Ok(id.clone()),
            None => self.session.project_id(&self.shared.wire, deadline),
        }
    }

    /// Refuses at once what no request could be made of, not at the first page.
    fn check(&self) -> Result<(), Error> {
        let project_id = match &self.project_id {
            Some(id) => id,
            None if self.session.knows_project() => "unknown-yet",
            None => {
                return Err(Error::input(
                    "project_id",
                    "is missing: the service needs the tenant's project in this region",
                ));
            }
        };
        let wire = &self.shared.wire;
        let mut parts = self.request(&ListJobs::new(), project_id)?;
        wire.name_itself(&mut parts)?;
        self.session.check(&mut parts, project_id, wire)
    }
}

/// A client that asks for a page of one project.
struct Asker<'a> {
    client: &'a Client,
    project_id: &'a str,
}

impl Sender for Asker<'_> {
    fn make_ready(&self, parts: &mut RequestParts, deadline: Deadline) -> Result<(), Error> {
        let shared = &*self.client.shared;
        #[cfg(feature = "std")]
        {
            let clock = &*shared.wire.clock;
            if !shared.pacing.wait(clock, deadline.remaining(clock)) {
                return Err(out_of_time(
                    "its turn under the minimum interval lies beyond the deadline",
                ));
            }
        }
        self.client
            .session
            .authorize(parts, self.project_id, &shared.wire, deadline)
    }

    fn has_renewed(&self, rejected: &RequestParts, deadline: Deadline) -> Result<bool, Error> {
        let wire = &self.client.shared.wire;
        self.client.session.has_renewed(rejected, wire, deadline)
    }

    fn redact(&self, text: &mut String) {
        self.client.session.redact(text);
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.shared.endpoint.as_str())
            .field("project_id", &self.project_id)
            .field("credentials", &self.session)
            .field("timeout", &self.shared.wire.timeout)
            .field("retry", &self.shared.wire.retry)
            .finish_non_exhaustive()
    }
}
