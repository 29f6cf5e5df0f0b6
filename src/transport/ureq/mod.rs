//! The default transport: the blocking HTTP client `ureq`, through its stable API only.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ::ureq::{Agent, http};

use self::exchange::{Exchange, to_http};
use self::settings::{Timeouts, agent_config};
use super::proxies::{Proxies, Proxy};
use super::route::{self, Route};
use super::{Request, ResponseBody, ResponseHead, Transport, TransportError};
use crate::url::Authority;

mod builder;
mod exchange;
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
/// [`TransportErrorKind::Connect`](crate::transport::TransportErrorKind::Connect). Inside ureq this
/// is a panic, which is caught: the panic hook runs, and a program built with `panic = "abort"`
/// ends. Use an IP address or `Curl` where that matters.
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
    /// Creates a transport with the builder's defaults.
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
        let outgoing = exchange.configured(&self, outgoing, &timeouts, proxy);
        exchange.run(&self, outgoing, &route, body)
    }
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
