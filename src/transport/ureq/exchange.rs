//! One request over an agent, from its conversion to the body of its response.

use alloc::sync::Arc;
use core::time::Duration;
use std::io::{self, Read};
use std::time::Instant;

use ::ureq::{Agent, http};

use super::Built;
use super::settings::{Timeouts, request_config};
use super::ureq_error::{NOT_VALID_HTTP, from_ureq, without_thread_panic};
use crate::cancel::{CancelGuard, CancelToken};
use crate::header;
use crate::transport::head_builder::HeadBuilder;
use crate::transport::proxies::Proxy;
use crate::transport::route::Route;
use crate::transport::{
    Method, Request, ResponseBody, ResponseHead, TransportError, TransportErrorKind,
};

/// The headers that are kept, with ureq's keys. A loop over all headers would need their names as
/// text, which takes 1 kB in a program.
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

/// One request being sent.
pub(super) struct Exchange<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) timeout: Duration,
    pub(super) deadline: Instant,
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

    pub(super) fn run_built(
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
        let (agent, outgoing) = match kept {
            Some(agent) => {
                let outgoing = self.configured(&agent, outgoing, &timeouts, proxy);
                (agent, outgoing)
            }
            None => (built.new_agent(is_https, &timeouts, proxy), outgoing),
        };
        let (interrupted, owner) = (agent.clone(), Arc::clone(built));
        let guard = self.on_cancel(move || {
            // Other clients may share this transport: their later requests get a new agent, and
            // those in flight fail with an error that is retried.
            owner.agent(is_https).take();
            interrupted.shutdown();
        });
        let result = self.run(&agent, outgoing, route, body);
        drop(guard);
        if is_new && result.is_ok() && !self.is_cancelled() {
            // If another thread was first, this agent and its connection are dropped.
            built.agent(is_https).get_or_insert(agent);
        }
        result
    }

    /// The request with request-level settings. One that must not be sent twice gets a new
    /// connection: if a kept one is lost, it is unknown whether the server acted on the request,
    /// and a stale response could be taken for a login's.
    pub(super) fn configured(
        &self,
        agent: &Agent,
        outgoing: http::Request<()>,
        timeouts: &Timeouts,
        proxy: Option<::ureq::Proxy>,
    ) -> http::Request<()> {
        let mut config = request_config(agent, outgoing, timeouts, proxy);
        if !self.request.method().is_idempotent() {
            config = config.max_idle_age(Duration::ZERO);
        }
        config.build()
    }

    pub(super) fn run(
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
pub(super) fn to_http(request: &Request<'_>) -> Result<http::Request<()>, TransportError> {
    fill_http(request)
        .ok_or_else(|| TransportError::new(TransportErrorKind::InvalidRequest, NOT_VALID_HTTP))
}

/// Like [`to_http`]. Not by http's builder, which moves the whole request at every step.
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
