//! The system's libcurl, kept to the contract of [`Transport`].

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;
use core::time::Duration;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ::curl::easy::{Auth, Easy, HttpVersion, List};

use self::incoming::Incoming;
use super::proxies::{Proxies, Proxy};
use super::{Method, Request, ResponseBody, ResponseHead, Transport, TransportError};
use crate::error::Error;

mod failure;
mod incoming;

/// Sends requests with the system's libcurl, its TLS and its roots.
///
/// For programs that link libcurl anyway, or are updated with their system. Connections are kept
/// and used again, over all clones. [`Proxies`] says which proxies are used.
#[derive(Clone)]
pub struct Curl {
    shared: Arc<Shared>,
}

struct Shared {
    settings: CurlBuilder,
    proxies: Proxies,
    /// Handles that no request uses, each with the connections it keeps.
    idle: Mutex<Vec<Easy>>,
}

/// So many handles are kept when no request uses them.
const IDLE_HANDLES: usize = 32;

/// Longer deadlines are taken for this one: libcurl counts milliseconds in what may be 32 bits.
const LONGEST: Duration = Duration::from_secs(24 * 24 * 60 * 60);

impl Curl {
    /// A transport with the builder's defaults.
    ///
    /// # Errors
    ///
    /// As [`CurlBuilder::build`].
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Begins a transport; [`CurlBuilder::build`] ends it.
    pub fn builder() -> CurlBuilder {
        CurlBuilder::default()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Easy>> {
        // A list of handles is whole at every moment: a panic elsewhere does not spoil it.
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
        let time_left = request.timeout();
        easy.timeout(milliseconds(time_left))?;
        easy.connect_timeout(milliseconds(settings.connect_timeout.min(time_left)))?;
        easy.ssl_verify_peer(true)?;
        easy.ssl_verify_host(true)?;
        if let Some(roots) = &settings.root_certificates {
            easy.ssl_cainfo_blob(roots)?;
            // Where nothing can be: left alone, the system's folder of roots is searched too.
            easy.capath(Path::new("/dev/null"))?;
        }
        // Both set, so that libcurl does not look into the environment by itself.
        easy.noproxy("")?;
        match proxy {
            None => easy.proxy("")?,
            Some(proxy) => {
                easy.proxy(&format!("http://{}:{}", proxy.host(), proxy.port()))?;
                easy.http_proxy_tunnel(true)?;
                if let Some((user, password)) = proxy.login() {
                    easy.proxy_auth(Auth::new().basic(true))?;
                    easy.proxy_username(user)?;
                    easy.proxy_password(password.expose_secret())?;
                }
            }
        }
        let mut headers = List::new();
        for (name, value) in request.headers().iter() {
            let line = match value {
                // To libcurl `name:` takes a header away.
                "" => format!("{name};"),
                value => format!("{name}: {value}"),
            };
            headers.append(&line)?;
        }
        if request.method() != Method::Get || !request.body().is_empty() {
            easy.post(true)?;
            easy.post_fields_copy(request.body())?;
            // Or a second may be lost waiting for leave to send the body.
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

/// In whole milliseconds, as libcurl counts; rounded up, and one more, since it may end one early:
/// no time must be left then for another try. None would be no limit.
fn milliseconds(duration: Duration) -> Duration {
    let millis = duration.min(LONGEST).as_micros().div_ceil(1000) + 1;
    u64::try_from(millis).map_or(LONGEST, Duration::from_millis)
}

impl Transport for Curl {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        if request.timeout().is_zero() {
            return Err(failure::out_of_time());
        }
        let proxy = self.shared.proxies.choose(request.url())?;
        let taken = self.idle().pop();
        let mut easy = taken.unwrap_or_else(Easy::new);
        let answer = match self.set_up(&mut easy, request, proxy) {
            Ok(()) => receive(&mut easy, request, body),
            Err(error) => Err(failure::unsendable(&error, request)),
        };
        // Forgets the headers and the login, and keeps the connection.
        easy.reset();
        let mut idle = self.idle();
        if idle.len() < IDLE_HANDLES {
            idle.push(easy);
        }
        drop(idle);
        answer
    }
}

fn receive(
    easy: &mut Easy,
    request: &Request<'_>,
    body: &mut ResponseBody,
) -> Result<ResponseHead, TransportError> {
    let incoming = RefCell::new(Incoming::new(body));
    let result = {
        let mut transfer = easy.transfer();
        transfer
            .header_function(|line| incoming.borrow_mut().header(line))
            .and_then(|()| {
                transfer.write_function(|data| {
                    let is_taken = incoming.borrow_mut().data(data);
                    // To libcurl, less than it gave is a failure.
                    Ok(if is_taken { data.len() } else { 0 })
                })
            })
            .and_then(|()| transfer.perform())
    };
    let incoming = incoming.into_inner();
    match result {
        Ok(()) => incoming.finish(),
        Err(error) => Err(incoming.into_fault().unwrap_or_else(|| {
            let tunnel = easy.http_connectcode().unwrap_or_default();
            failure::from_curl(&error, tunnel, request)
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

/// Sets up a [`Curl`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct CurlBuilder {
    connect_timeout: Duration,
    proxies: Option<Proxies>,
    root_certificates: Option<Vec<u8>>,
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
    /// How long connecting may take, looking up the name, the proxy and the TLS handshake
    /// included; 10 seconds unless set. The time left of the request bounds it too.
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
    /// the system's. Given again, they add up.
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        let all = self.root_certificates.get_or_insert_with(Vec::new);
        all.extend_from_slice(&crate::clean::pem(pem.as_ref()));
        all.push(b'\n');
        self
    }

    /// The transport.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when libcurl is not the
    /// system's (the crate `curl` quietly builds one of its own, without TLS, where the system's
    /// development package is missing), when it knows no TLS or is too old (before 7.77) to be
    /// given roots, or when the root certificates hold none.
    pub fn build(mut self) -> Result<Curl, Error> {
        check_libcurl()?;
        if let Some(roots) = &self.root_certificates {
            check_roots(roots)?;
        }
        let proxies = self.proxies.take();
        let shared = Shared {
            proxies: proxies.unwrap_or_else(Proxies::from_env),
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
        "is of no use: libcurl was built along with this program, without TLS, because the \
         system's development package was missing; install it (Debian: libcurl4-openssl-dev) and \
         build again"
    } else if !version.feature_ssl() {
        "is of no use: the system's libcurl knows no TLS; install one that does (Debian: \
         libcurl4-openssl-dev)"
    } else {
        return Ok(());
    };
    Err(Error::input("curl", fault))
}

fn check_roots(pem: &[u8]) -> Result<(), Error> {
    let refused = |why: &'static str| Err(Error::input("root_certificates", why));
    if !pem.windows(PEM_BEGIN.len()).any(|part| part == PEM_BEGIN) {
        return refused("hold no certificate in PEM form");
    }
    if Easy::new().ssl_cainfo_blob(pem).is_err() {
        return refused("need libcurl 7.77 or newer");
    }
    Ok(())
}

const PEM_BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
