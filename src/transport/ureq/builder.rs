//! The builder of the default transport.

use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::{Tls, Ureq, tls};
use crate::error::Error;
use crate::transport::{Proxies, roots};

/// Builds a [`Ureq`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct UreqBuilder {
    pub(super) connect_timeout: Duration,
    pub(super) proxies: Option<Proxies>,
    pub(super) root_certificates: Option<String>,
    pub(super) tls: Tls,
    pub(super) keep_tls_connections: bool,
}

impl Default for UreqBuilder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            proxies: None,
            root_certificates: None,
            tls: Tls::default(),
            keep_tls_connections: false,
        }
    }
}

impl UreqBuilder {
    /// Sets the timeout of a name lookup, and of connecting, which includes the proxy and the TLS
    /// handshake. Each can take this long. Default: 10 seconds. The request's timeout bounds both.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets which proxies are used. Default: [`Proxies::from_env`].
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = Some(proxies);
        self
    }

    /// Trusts these certificate authorities instead of the TLS library's: one or more PEM
    /// certificates. Each call adds to the calls before.
    pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        let bundles = self.root_certificates.get_or_insert_default();
        roots::append_bundle(bundles, pem.as_ref());
        self
    }

    /// Sets the TLS library. Default: rustls.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// Keeps TLS connections for 15 seconds and reuses them. Default: off, because ureq may then
    /// take an unsolicited response of a faulty server for the response to the next request (see
    /// [`Ureq`](Ureq#connections)).
    pub fn keep_tls_connections(mut self, keep: bool) -> Self {
        self.keep_tls_connections = keep;
        self
    }

    /// Builds the transport.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the root certificates
    /// contain none or one that is not valid, or if the feature of the TLS library is not enabled.
    pub fn build(self) -> Result<Ureq, Error> {
        self.tls.check_choice()?;
        let roots = match &self.root_certificates {
            Some(bundles) => tls::check_roots(roots::parse(bundles)?)?,
            None => Vec::new(),
        };
        let tls_config = tls::Config::new(self.tls, &roots);
        Ok(Ureq::with(&self, tls_config))
    }
}
