//! The default transport: the blocking HTTP client `ureq`, kept to the contract of [`Transport`].

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use ::ureq::config::AutoHeaderValue;
use ::ureq::{Agent, http};

use super::answer::AnswerHeaders;
use super::proxies::{Proxies, Proxy};
use super::{
    Method, Request, ResponseBody, ResponseHead, Transport, TransportError, TransportErrorKind,
};
use crate::error::Error;

mod connector;
mod failure;
mod resolver;
mod tls;

pub use tls::Tls;

/// Sends requests with [`ureq`](https://docs.rs/ureq), a blocking HTTP/1.1 client.
///
/// Connections are kept and used again, over all clones. No thread is started but for looking up
/// the name of a host or a proxy, and the answer to that is kept for half a minute. TLS is rustls
/// with Mozilla's roots unless the builder says otherwise; [`Proxies`] says which proxies are used.
#[derive(Clone, Debug)]
pub struct Ureq {
    agent: Agent,
    /// What this crate set up itself; an agent that was brought along is left its own way.
    settings: Option<Arc<Settings>>,
}

#[derive(Debug)]
struct Settings {
    connect_timeout: Duration,
    proxies: Proxies,
    tls: Tls,
}

impl Ureq {
    /// A transport with the builder's defaults.
    #[must_use]
    pub fn new() -> Self {
        let settings = Settings::from(&UreqBuilder::default());
        Self::with(settings, &[])
    }

    /// Begins a transport; [`UreqBuilder::build`] ends it.
    pub fn builder() -> UreqBuilder {
        UreqBuilder::default()
    }

    fn with(settings: Settings, roots: &[tls::Certificate]) -> Self {
        let config = Agent::config_builder()
            .proxy(None)
            .max_idle_connections(IDLE_CONNECTIONS)
            .max_idle_connections_per_host(IDLE_CONNECTIONS);
        let config = tls::configure(config, settings.tls, roots).build();
        let agent = Agent::with_parts(config, connector::chain(), resolver::CachingResolver::new());
        Self {
            agent,
            settings: Some(Arc::new(settings)),
        }
    }

    /// Adds to a request what holds for it alone.
    fn configure(
        &self,
        request: http::Request<()>,
        proxy: Option<&Proxy>,
        time_left: Duration,
    ) -> Result<http::Request<()>, TransportError> {
        let mut config = self
            .agent
            .configure_request(request)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // Another crate may have enabled decompression for the whole program.
            .accept_encoding(AutoHeaderValue::None)
            .timeout_global(Some(time_left));
        if let Some(settings) = self.settings.as_deref() {
            config = config
                .timeout_resolve(Some(settings.connect_timeout))
                .timeout_connect(Some(settings.connect_timeout))
                .proxy(proxy.map(connector::to_ureq).transpose()?);
        }
        Ok(config.build())
    }
}

/// As many as a busy program has threads: fewer, and they would close each other's connections.
const IDLE_CONNECTIONS: usize = 32;

/// Longer deadlines are taken for this one: adding them to the time of day could overflow.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Default for Ureq {
    fn default() -> Self {
        Self::new()
    }
}

/// Takes an agent of one's own, with its proxy, TLS, name resolution and pool. Redirects, statuses
/// and the deadline are set for each request, whatever the agent says. An agent that was not made
/// with a resolver of its own starts a thread for each request.
impl From<Agent> for Ureq {
    fn from(agent: Agent) -> Self {
        Self {
            agent,
            settings: None,
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
            return Err(failure::out_of_time());
        }
        let time_left = request.timeout().min(LONGEST);
        let mut proxy = None;
        if let Some(settings) = self.settings.as_deref() {
            settings.tls.check(request.url())?;
            proxy = settings.proxies.choose(request.url())?;
        }
        let mut outgoing = http::Request::builder()
            .method(request.method().as_str())
            .uri(request.url());
        for (name, value) in request.headers().iter() {
            outgoing = outgoing.header(name, value);
        }
        let outgoing = outgoing.body(()).map_err(|error| unsendable(&error))?;
        let outgoing = self.configure(outgoing, proxy, time_left)?;
        let answer = if request.method() == Method::Get && request.body().is_empty() {
            self.agent.run(outgoing)
        } else {
            self.agent.run(outgoing.map(|()| request.body()))
        };
        let answer = answer.map_err(failure::from_ureq)?;
        let (parts, incoming) = answer.into_parts();
        let mut headers = AnswerHeaders::new(parts.status.as_u16());
        for (name, value) in &parts.headers {
            headers.take(name.as_str(), value.as_bytes());
        }
        headers.check()?;
        body.read_from(incoming.into_reader(), failure::from_reader)?;
        Ok(headers.into_head())
    }
}

/// The request is none that HTTP knows. What ureq says of it holds no header's value.
fn unsendable(error: &http::Error) -> TransportError {
    TransportError::new(
        TransportErrorKind::InvalidRequest,
        format!("the request cannot be sent: {error}"),
    )
}

/// Sets up a [`Ureq`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct UreqBuilder {
    connect_timeout: Duration,
    proxies: Option<Proxies>,
    root_certificates: Option<Vec<u8>>,
    tls: Tls,
}

impl Default for UreqBuilder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            proxies: None,
            root_certificates: None,
            tls: Tls::default(),
        }
    }
}

impl UreqBuilder {
    /// How long looking up a name may take, and then again how long connecting, the proxy and the
    /// TLS handshake included; 10 seconds unless set. The time left of the request bounds both.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Which proxies are used; those of the environment unless set, as
    /// [`Proxies::from_env`] reads them.
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = Some(proxies);
        self
    }

    /// Certificate authorities in PEM form, one or many: they alone are trusted, in the place of
    /// those that the TLS library brings. Given again, they add up.
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        let all = self.root_certificates.get_or_insert_with(Vec::new);
        all.extend_from_slice(&crate::clean::pem(pem.as_ref()));
        all.push(b'\n');
        self
    }

    /// Which TLS library is used: rustls unless set.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// The transport.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the root certificates hold
    /// no certificate or one that is broken, or when the TLS library asked for is not built in.
    pub fn build(self) -> Result<Ureq, Error> {
        self.tls.check_choice()?;
        let roots = match &self.root_certificates {
            Some(pem) => tls::certificates(pem)?,
            None => Vec::new(),
        };
        Ok(Ureq::with(Settings::from(&self), &roots))
    }
}

impl From<&UreqBuilder> for Settings {
    fn from(builder: &UreqBuilder) -> Self {
        Self {
            connect_timeout: builder.connect_timeout.min(LONGEST),
            proxies: builder.proxies.clone().unwrap_or_else(Proxies::from_env),
            tls: builder.tls,
        }
    }
}
