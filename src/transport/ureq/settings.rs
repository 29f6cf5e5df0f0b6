//! The settings of ureq, by its stable API, for an agent and for one request.

use core::time::Duration;

use ::ureq::config::{AutoHeaderValue, ConfigBuilder};
use ::ureq::typestate::{AgentScope, HttpCrateScope};
use ::ureq::{Agent, http};

use crate::transport::route::Route;

/// Applies the settings of one request to a ureq configuration, of an agent or of a request. A
/// macro, because ureq's trait for the two is private.
macro_rules! configure {
    ($config:expr, $timeouts:ident, $proxy:ident) => {
        $config
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // Another crate may have enabled decompression for the whole program.
            .accept_encoding(AutoHeaderValue::None)
            .timeout_global($timeouts.global)
            .timeout_per_call(None)
            .timeout_resolve($timeouts.lookup)
            .timeout_connect($timeouts.connect)
            .timeout_send_request($timeouts.send)
            .timeout_send_body($timeouts.send)
            .timeout_recv_response($timeouts.receive)
            .timeout_recv_body($timeouts.receive)
            .proxy($proxy)
    };
}

/// ureq's timeouts for one request.
#[derive(Default)]
pub(super) struct Timeouts {
    global: Option<Duration>,
    lookup: Option<Duration>,
    connect: Option<Duration>,
    send: Option<Duration>,
    receive: Option<Duration>,
}

impl Timeouts {
    /// Any timeout that covers the lookup makes ureq start a thread for it, even for an address.
    pub(super) fn new(route: &Route<'_>, timeout: Duration, connect_timeout: Duration) -> Self {
        if route.needs_no_lookup() {
            return Self {
                connect: Some(connect_timeout.min(timeout)),
                send: Some(timeout),
                receive: Some(timeout),
                ..Self::default()
            };
        }
        Self {
            global: Some(timeout),
            lookup: Some(connect_timeout),
            connect: Some(connect_timeout),
            ..Self::default()
        }
    }
}

/// The configuration of an agent.
pub(super) fn agent_config(
    idle_connections: usize,
    timeouts: &Timeouts,
    proxy: Option<::ureq::Proxy>,
) -> ConfigBuilder<AgentScope> {
    configure!(Agent::config_builder(), timeouts, proxy)
        // Requests bring their own; ureq would send its own to a proxy.
        .user_agent(AutoHeaderValue::None)
        .max_idle_connections(idle_connections)
        .max_idle_connections_per_host(idle_connections)
}

/// Adds the request-level settings to those of the agent.
pub(super) fn request_config(
    agent: &Agent,
    request: http::Request<()>,
    timeouts: &Timeouts,
    proxy: Option<::ureq::Proxy>,
) -> ConfigBuilder<HttpCrateScope<()>> {
    configure!(agent.configure_request(request), timeouts, proxy)
}
