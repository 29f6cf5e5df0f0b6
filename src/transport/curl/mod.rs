//! A transport by the system's libcurl.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;
use core::time::Duration;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ::curl::easy::{Auth, Easy, HttpVersion, List};

use self::receiver::Receiver;
use super::proxies::{Proxies, Proxy};
use super::route::{self, Route};
use super::{Method, Request, ResponseBody, ResponseHead, Transport, TransportError, roots};
use crate::cancel::CancelToken;
use crate::error::Error;

mod curl_error;
mod receiver;

/// Sends requests with the system's libcurl, its TLS library and its roots.
///
/// For programs that link libcurl anyway or rely on the system's updates. [`Proxies`] says which
/// proxies are used.
///
/// **Every request makes its own connection.** On a kept connection that is lost, libcurl sends the
/// request a second time by itself, even a `POST`, and versions up to 7.88 (Debian 12) take a
/// response that arrived while the connection was idle for the response to the next request. Only
/// closing connections prevents both. The cost is one round trip per request, and with TLS one or
/// two more. Name lookups (60 seconds) and TLS sessions are kept.
///
/// A [`CancelToken`] interrupts a request within about a second.
///
/// libcurl resolves names in a separate thread, at most one per minute and handle; requests to IP
/// addresses start none.
#[derive(Clone)]
pub struct Curl {
    shared: Arc<Shared>,
}

struct Shared {
    settings: CurlBuilder,
    proxies: Proxies,
    /// All root certificates as PEM, if the builder was given any.
    roots: Option<String>,
    /// Handles that no request uses, each with its name lookups and TLS sessions.
    idle: Mutex<Vec<Easy>>,
}

/// The number of handles that are kept while no request uses them.
const IDLE_HANDLES: usize = 32;

/// Longer timeouts are cut to this: libcurl counts milliseconds in what may be 32 bits.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 24 * 60 * 60);

impl Curl {
    /// Creates a transport with the builder's defaults.
    ///
    /// # Errors
    ///
    /// See [`CurlBuilder::build`].
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Returns a builder.
    pub fn builder() -> CurlBuilder {
        CurlBuilder::default()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Easy>> {
        // A list of handles is always valid, even after a panic elsewhere.
        let idle = self.shared.idle.lock();
        idle.unwrap_or_else(PoisonError::into_inner)
    }

    fn set_up(
        &self,
        easy: &mut Easy,
        request: &Request<'_>,
        proxy: Option<&Proxy>,
    ) -> Result<(), ::curl::Error> {
        let settings = &self.shared.settings;
        easy.url(request.url())?;
        easy.path_as_is(true)?;
        easy.http_version(HttpVersion::V11)?;
        easy.http_09_allowed(false)?;
        easy.follow_location(false)?;
        // libcurl then checks about once a second whether the request is cancelled.
        easy.progress(request.cancel_token().is_some())?;
        let timeout = request.timeout();
        easy.timeout(milliseconds(timeout))?;
        easy.connect_timeout(milliseconds(settings.connect_timeout.min(timeout)))?;
        // No connection is kept: see the type's documentation.
        easy.fresh_connect(true)?;
        easy.forbid_reuse(true)?;
        easy.ssl_verify_peer(true)?;
        easy.ssl_verify_host(true)?;
        if let Some(roots) = &self.shared.roots {
            easy.ssl_cainfo_blob(roots.as_bytes())?;
            // Not a folder: by default, the system's folder of roots is searched, too.
            easy.capath(Path::new("/dev/null"))?;
        }
        // Both set, so that libcurl does not read the environment.
        easy.noproxy("")?;
        match proxy {
            None => easy.proxy("")?,
            Some(proxy) => {
                easy.proxy(proxy.url())?;
                easy.http_proxy_tunnel(true)?;
                easy.proxy_auth(Auth::new().basic(true))?;
            }
        }
        let mut headers = List::new();
        for (name, value) in request.headers().iter() {
            let line = match value.as_str() {
                // To libcurl `name:` removes a header.
                "" => format!("{name};"),
                value => format!("{name}: {value}"),
            };
            headers.append(&line)?;
        }
        if request.method() != Method::Get || !request.body().is_empty() {
            easy.post(true)?;
            easy.post_fields_copy(request.body())?;
            // Without this libcurl may wait a second for `100 Continue`.
            headers.append("Expect:")?;
        }
        if request.method() == Method::Put
            || (request.method() == Method::Get && !request.body().is_empty())
        {
            easy.custom_request(request.method().as_str())?;
        }
        easy.http_headers(headers)
    }
}

/// Whole milliseconds, as libcurl counts, rounded up; and one more, because libcurl may end one
/// early, and the time remaining would allow another attempt. Zero would mean no limit.
fn milliseconds(duration: Duration) -> Duration {
    // The crate cuts what is left of a millisecond.
    duration.min(MAX_TIMEOUT) + Duration::from_nanos(1_999_999)
}

impl Transport for Curl {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        if request.timeout().is_zero() {
            return Err(route::timed_out());
        }
        let proxy = self.shared.proxies.proxy_for(request.url())?;
        let route = Route::new(request.url(), proxy.map(Proxy::authority));
        let idle = self.idle().pop();
        let mut easy = idle.unwrap_or_else(Easy::new);
        let result = match self.set_up(&mut easy, request, proxy) {
            Ok(()) => receive(&mut easy, request, &route, body),
            Err(error) => Err(curl_error::from_option(&error, request)),
        };
        // Removes headers and passwords, and keeps name lookups and TLS sessions.
        easy.reset();
        let mut idle = self.idle();
        if idle.len() < IDLE_HANDLES {
            idle.push(easy);
        }
        drop(idle);
        result.map_err(|error| error.with_configured_roots(self.shared.roots.is_some()))
    }
}

fn receive(
    easy: &mut Easy,
    request: &Request<'_>,
    route: &Route<'_>,
    body: &mut ResponseBody,
) -> Result<ResponseHead, TransportError> {
    let receiver = RefCell::new(Receiver::new(route, body));
    let result = {
        let mut transfer = easy.transfer();
        transfer
            .progress_function(|_, _, _, _| {
                let token = request.cancel_token();
                !token.is_some_and(CancelToken::is_cancelled)
            })
            .and_then(|()| transfer.header_function(|line| receiver.borrow_mut().header(line)))
            .and_then(|()| {
                transfer.write_function(|data| {
                    let goes_on = receiver.borrow_mut().data(data);
                    // libcurl ends a transfer if fewer bytes are taken than it offers.
                    Ok(if goes_on { data.len() } else { 0 })
                })
            })
            .and_then(|()| transfer.perform())
    };
    let receiver = receiver.into_inner();
    match result {
        Ok(()) => receiver.finish(),
        Err(error) => Err(receiver.into_fault().unwrap_or_else(|| {
            // The time until the request could be sent; zero before.
            let is_connected = easy.pretransfer_time().is_ok_and(|time| !time.is_zero());
            curl_error::from_transfer(&error, is_connected, route, request)
        })),
    }
}

impl fmt::Debug for Curl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Curl")
            .field("connect_timeout", &self.shared.settings.connect_timeout)
            .field("proxies", &self.shared.proxies)
            .finish_non_exhaustive()
    }
}

/// Builds a [`Curl`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct CurlBuilder {
    connect_timeout: Duration,
    proxies: Option<Proxies>,
    root_certificates: Option<String>,
}

impl Default for CurlBuilder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            proxies: None,
            root_certificates: None,
        }
    }
}

impl CurlBuilder {
    /// Sets the timeout of connecting, which includes name lookup, proxy and TLS handshake.
    /// Default: 10 seconds. The request's timeout also bounds it.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets which proxies are used. Default: [`Proxies::from_env`].
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = Some(proxies);
        self
    }

    /// Trusts these certificate authorities instead of the system's: one or more PEM certificates.
    /// Each call adds to the calls before.
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        let bundles = self.root_certificates.get_or_insert_default();
        roots::append_bundle(bundles, pem.as_ref());
        self
    }

    /// Builds the transport.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if libcurl is not the system's
    /// (the crate `curl` builds one without TLS where the system's development package is missing),
    /// if it has no TLS, if it is too old for own roots (before 7.77), or if the root certificates
    /// contain none or one that is not valid.
    pub fn build(mut self) -> Result<Curl, Error> {
        check_libcurl()?;
        let roots = self
            .root_certificates
            .take()
            .map(|bundles| check_roots(&bundles))
            .transpose()?;
        let proxies = self.proxies.take();
        let shared = Shared {
            proxies: proxies.unwrap_or_else(Proxies::from_env),
            roots,
            settings: self,
            idle: Mutex::default(),
        };
        Ok(Curl {
            shared: Arc::new(shared),
        })
    }
}

fn check_libcurl() -> Result<(), Error> {
    let version = ::curl::Version::get();
    let fault = if version.vendored() {
        "cannot be used: libcurl was built along with this program, without TLS, because the \
         system's development package was missing; install it (Debian: libcurl4-openssl-dev) and \
         build again"
    } else if !version.feature_ssl() {
        "cannot be used: the system's libcurl has no TLS; install one that has (Debian: \
         libcurl4-openssl-dev)"
    } else {
        return Ok(());
    };
    Err(Error::input("curl", fault))
}

/// Only the certificates of the bundles, as PEM.
fn check_roots(bundles: &str) -> Result<String, Error> {
    let certificates = roots::parse(bundles)?;
    let pem: String = certificates.iter().map(|root| root.pem.as_str()).collect();
    if Easy::new().ssl_cainfo_blob(pem.as_bytes()).is_err() {
        let why = "require libcurl 7.77 or newer";
        return Err(Error::input("root_certificates", why));
    }
    Ok(pem)
}
