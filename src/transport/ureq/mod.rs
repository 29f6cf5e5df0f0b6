//! The default transport: the blocking HTTP client `ureq`, through its stable API only.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ::ureq::{Agent, http};

use self::settings::{Timeouts, agent_config, request_config};
use self::ureq_error::{NOT_VALID_HTTP, from_ureq, without_thread_panic};
use super::head_builder::HeadBuilder;
use super::proxies::{Proxies, Proxy};
use super::route::{self, Route};
use super::{
    Method, Request, ResponseBody, ResponseHead, Transport, TransportError, TransportErrorKind,
};
use crate::cancel::{CancelGuard, CancelToken};
use crate::header;
use crate::url::Authority;

mod builder;
mod settings;
mod tls;
mod ureq_error;

pub use builder::UreqBuilder;
pub use tls::Tls;

/// Sends requests with [`ureq`](https://docs.rs/ureq), a blocking HTTP/1.1 client.
///
/// TLS is rustls with Mozilla's roots by default; [`Proxies`] says which proxies are used. ureq
/// never sends a request twice by itself.
///
/// # Connections
///
/// Plain `http` connections are kept for 15 seconds and shared by all clones. Bytes that arrive on
/// a kept connection before the next request close it. A `POST` (a login) always makes a new
/// connection.
///
/// **Every `https` request makes its own connection** by default. ureq buffers received bytes below
/// TLS and does not check that buffer before it reuses a connection: if a server sends two
/// responses in one burst, the second would be taken for the response to the next request. The cost
/// is two round trips a request (TCP, and TLS 1.3 with a resumed session). It applies from the
/// second page on, and a page holds 512 jobs.
/// [`keep_tls_connections`](UreqBuilder::keep_tls_connections) removes it for programs that trust
/// the servers and proxies in between.
///
/// # Deadlines
///
/// - A request to a **host name** ends within its timeout.
/// - A request to an **IP address** starts no thread. In return, connecting, sending, the wait for
///   the head and each wait for more of the body have the timeout each, and the deadline is checked
///   between two reads of the body. If the head comes late and the body then stalls, the request
///   ends within twice its timeout. A connection that was slow to open
///   ([`connect_timeout`](UreqBuilder::connect_timeout)) adds at most that much to the wait for the
///   head.
/// - A **proxy** that sends its response to `CONNECT` byte by byte can delay a request by up to the
///   connect timeout per byte. Once it is silent or done, the deadline holds.
///
/// # Cancelling
///
/// A [`CancelToken`](crate::CancelToken) interrupts requests in flight, but no name lookup and no
/// connecting, and no request of an agent of the caller (`Ureq::from`). Clients
/// with other tokens that share the transport retry theirs.
///
/// # Threads
///
/// The system's name lookup cannot be interrupted. Each request to a host name, also on a kept
/// connection, therefore starts one thread for the lookup; through a proxy, each new connection
/// does. If the lookup outlasts the deadline, the call returns in time and the thread ends when the
/// system gives up. If the system provides no thread, the request fails with
/// [`TransportErrorKind::Connect`]. Inside ureq this is a panic, which is caught: the panic hook
/// runs, and a program built with `panic = "abort"` ends. Use an IP address or `Curl` where that
/// matters.
#[derive(Clone)]
pub struct Ureq {
    sender: Arc<dyn Sender>,
    /// The sender, if its agents are this crate's, for `Debug`. As a method of the trait that would
    /// be linked into every program.
    built: Option<Arc<Built>>,
}

/// Sends by agents of this crate or by the caller's: a program links only what it builds.
trait Sender: Send + Sync {
    fn send(
        self: Arc<Self>,
        exchange: &Exchange<'_>,
        outgoing: http::Request<()>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError>;
}

/// Agents that this crate configures, one for each scheme. The first request of each makes one, with
/// its own settings; later requests use request-level settings.
struct Built {
    connect_timeout: Duration,
    proxies: Proxies,
    tls: Tls,
    tls_config: tls::Config,
    has_configured_roots: bool,
    idle_tls_connections: usize,
    http: Mutex<Option<Agent>>,
    /// Set by the first `https` request that gets a response and ran without request-level
    /// settings: only then does ureq keep the TLS setup. Without that each connection would load
    /// the roots again (0.4 ms with rustls, 36 ms with native TLS).
    https: Mutex<Option<Agent>>,
}

/// The headers that count, with ureq's keys. A loop over all headers would need their names as text,
/// which takes 1 kB in a program.
static HEADERS: [(&str, http::HeaderName); 8] = [
    (header::CONTENT_LENGTH, http::header::CONTENT_LENGTH),
    (header::TRANSFER_ENCODING, http::header::TRANSFER_ENCODING),
    (header::CONTENT_ENCODING, http::header::CONTENT_ENCODING),
    (header::RETRY_AFTER, http::header::RETRY_AFTER),
    (header::DATE, http::header::DATE),
    (header::LOCATION, http::header::LOCATION),
    (
        header::REQUEST_ID,
        http::HeaderName::from_static("x-request-id"),
    ),
    (
        header::SUBJECT_TOKEN,
        http::HeaderName::from_static("x-subject-token"),
    ),
];

/// A busy program has about this many threads. With fewer kept connections they would close each
/// other's.
const IDLE_CONNECTIONS: usize = 32;

/// Longer timeouts are cut to this: added to the time of day they could overflow.
const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Built {
    /// The agent of a scheme, if there is one yet.
    fn agent(&self, is_https: bool) -> MutexGuard<'_, Option<Agent>> {
        let agent = if is_https { &self.https } else { &self.http };
        // It is valid at every moment, also after a panic elsewhere.
        agent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_agent(
        &self,
        is_https: bool,
        timeouts: &Timeouts,
        proxy: Option<::ureq::Proxy>,
    ) -> Agent {
        let idle = if is_https {
            self.idle_tls_connections
        } else {
            IDLE_CONNECTIONS
        };
        let config = self.tls_config.apply(agent_config(idle, timeouts, proxy));
        Agent::new_with_config(config.build())
    }
}

impl Ureq {
    /// A transport with the builder's defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::with(
            &UreqBuilder::default(),
            tls::Config::new(Tls::default(), &[]),
        )
    }

    /// Returns a builder.
    pub fn builder() -> UreqBuilder {
        UreqBuilder::default()
    }

    fn with(builder: &UreqBuilder, tls_config: tls::Config) -> Self {
        let proxies = builder.proxies.clone();
        let built = Arc::new(Built {
            connect_timeout: builder.connect_timeout.min(MAX_TIMEOUT),
            proxies: proxies.unwrap_or_else(Proxies::from_env),
            tls: builder.tls,
            tls_config,
            has_configured_roots: builder.root_certificates.is_some(),
            idle_tls_connections: if builder.keep_tls_connections {
                IDLE_CONNECTIONS
            } else {
                0
            },
            http: Mutex::default(),
            https: Mutex::default(),
        });
        Self {
            sender: built.clone(),
            built: Some(built),
        }
    }
}

impl Default for Ureq {
    fn default() -> Self {
        Self::new()
    }
}

/// Uses an agent with the caller's own proxy, TLS and pool. Redirects, statuses and timeouts are
/// set for each request, whatever the agent says; connecting has the request's timeout. Each new
/// TLS connection loads the roots again, unless the agent has made one before.
impl From<Agent> for Ureq {
    fn from(agent: Agent) -> Self {
        Self {
            sender: Arc::new(agent),
            built: None,
        }
    }
}

impl Transport for Ureq {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        if request.timeout().is_zero() {
            return Err(route::timed_out());
        }
        let timeout = request.timeout().min(MAX_TIMEOUT);
        let deadline = Instant::now() + timeout;
        let outgoing = to_http(request)?;
        let exchange = Exchange {
            request,
            timeout,
            deadline,
        };
        Arc::clone(&self.sender).send(&exchange, outgoing, body)
    }
}

impl Sender for Built {
    fn send(
        self: Arc<Self>,
        exchange: &Exchange<'_>,
        outgoing: http::Request<()>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let url = exchange.request.url();
        let proxy = self.proxies.proxy_for(url)?;
        let route = Route::new(url, proxy.map(Proxy::authority));
        exchange
            .run_built(&self, proxy, outgoing, &route, body)
            .map_err(|error| error.with_configured_roots(self.has_configured_roots))
    }
}

/// The caller's agent.
impl Sender for Agent {
    fn send(
        self: Arc<Self>,
        exchange: &Exchange<'_>,
        outgoing: http::Request<()>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let configured = self.config().proxy();
        let proxy = configured.filter(|proxy| !proxy.is_no_proxy(outgoing.uri()));
        let authority = proxy.map(|proxy| Authority {
            host: proxy.host(),
            port: Some(proxy.port()),
        });
        let route = Route::new(exchange.request.url(), authority);
        let timeouts = Timeouts::new(&route, exchange.timeout, exchange.timeout);
        let proxy = configured.cloned();
        exchange.run_on(&self, outgoing, &timeouts, proxy, &route, body)
    }
}

/// One request being sent.
struct Exchange<'a> {
    request: &'a Request<'a>,
    timeout: Duration,
    deadline: Instant,
}

impl Exchange<'_> {
    fn on_cancel(&self, hook: impl FnOnce() + Send + 'static) -> Option<CancelGuard> {
        let token = self.request.cancel_token()?;
        Some(token.on_cancel(hook))
    }

    fn is_cancelled(&self) -> bool {
        let token = self.request.cancel_token();
        token.is_some_and(CancelToken::is_cancelled)
    }

    fn run_built(
        &self,
        built: &Arc<Built>,
        proxy: Option<&Proxy>,
        outgoing: http::Request<()>,
        route: &Route<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let timeouts = Timeouts::new(route, self.timeout, built.connect_timeout);
        let proxy = match proxy {
            Some(proxy) => Some(to_ureq(proxy, route)?),
            None => None,
        };
        let is_https = route.is_https();
        if is_https {
            built.tls.check_built_in()?;
        }
        let kept = built.agent(is_https).clone();
        let is_new = kept.is_none();
        let agent = kept.unwrap_or_else(|| built.new_agent(is_https, &timeouts, proxy.clone()));
        let (interrupted, owner) = (agent.clone(), Arc::clone(built));
        let guard = self.on_cancel(move || {
            // Other clients may share this transport: their later requests get a new agent, and
            // those in flight fail with an error that is retried.
            owner.agent(is_https).take();
            interrupted.shutdown();
        });
        if !is_new {
            return self.run_on(&agent, outgoing, &timeouts, proxy, route, body);
        }
        let result = self.run(&agent, outgoing, route, body);
        drop(guard);
        if result.is_ok() && !self.is_cancelled() {
            // If another thread was first, this agent and its connection are dropped.
            built.agent(is_https).get_or_insert(agent);
        }
        result
    }

    /// Runs on an agent with request-level settings. A request that must not be sent twice gets a
    /// new connection: if a kept one is lost, it is unknown whether the server acted on the
    /// request, and a stale response could be taken for a login's.
    fn run_on(
        &self,
        agent: &Agent,
        outgoing: http::Request<()>,
        timeouts: &Timeouts,
        proxy: Option<::ureq::Proxy>,
        route: &Route<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let mut config = request_config(agent, outgoing, timeouts, proxy);
        if !self.request.method().is_idempotent() {
            config = config.max_idle_age(Duration::ZERO);
        }
        self.run(agent, config.build(), route, body)
    }

    fn run(
        &self,
        agent: &Agent,
        outgoing: http::Request<()>,
        route: &Route<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let request = self.request;
        // Cancelled before the agent could be shut down.
        if self.is_cancelled() {
            return Err(TransportError::new(
                TransportErrorKind::ConnectionLost,
                "the request was cancelled",
            ));
        }
        let response = without_thread_panic(route, || {
            if request.method() == Method::Get && request.body().is_empty() {
                agent.run(outgoing)
            } else {
                agent.run(outgoing.map(|()| request.body()))
            }
        })?;
        let (parts, incoming) = response
            .map_err(|error| from_ureq(error, route))?
            .into_parts();
        let mut head = HeadBuilder::new(parts.status.as_u16());
        for (name, key) in &HEADERS {
            for value in parts.headers.get_all(key) {
                head.push(name, value.as_bytes());
            }
        }
        head.check()?;
        let reader = UntilDeadline {
            reader: incoming.into_reader(),
            deadline: self.deadline,
        };
        // ureq's own errors travel inside an `io::Error`; the conversion takes them out.
        body.read_from(reader, |error| from_ureq(error.into(), route))?;
        Ok(head.finish())
    }
}

/// Reads until a deadline. ureq has a separate timeout for each read.
struct UntilDeadline<R> {
    reader: R,
    deadline: Instant,
}

impl<R: Read> Read for UntilDeadline<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if Instant::now() >= self.deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.reader.read(buffer)
    }
}

/// The request in ureq's type. The error holds no header's value.
fn to_http(request: &Request<'_>) -> Result<http::Request<()>, TransportError> {
    fill_http(request)
        .ok_or_else(|| TransportError::new(TransportErrorKind::InvalidRequest, NOT_VALID_HTTP))
}

/// As [`to_http`]. Not by http's builder, which moves the whole request at every step.
fn fill_http(request: &Request<'_>) -> Option<http::Request<()>> {
    let mut outgoing = http::Request::new(());
    *outgoing.method_mut() = match request.method() {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
    };
    *outgoing.uri_mut() = http::Uri::try_from(request.url()).ok()?;
    let headers = outgoing.headers_mut();
    for (name, value) in request.headers().iter() {
        let name = http::HeaderName::from_bytes(name.as_bytes()).ok()?;
        let value = http::HeaderValue::from_str(value.as_str()).ok()?;
        headers.try_append(name, value).ok()?;
    }
    Some(outgoing)
}

/// The proxy as ureq's type. Its `uri` and `Debug` show user info: print neither.
fn to_ureq(proxy: &Proxy, route: &Route<'_>) -> Result<::ureq::Proxy, TransportError> {
    ::ureq::Proxy::new(proxy.url()).map_err(|error| from_ureq(error, route))
}

impl fmt::Debug for Ureq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Ureq");
        match &self.built {
            Some(built) => shown
                .field("connect_timeout", &built.connect_timeout)
                .field("proxies", &built.proxies)
                .field("tls", &built.tls)
                .finish(),
            // ureq shows the first letter of a proxy's user.
            None => shown.finish_non_exhaustive(),
        }
    }
}
