//! The TLS library of a connection and the certificate authorities it trusts.

use alloc::vec::Vec;

use ::ureq::config::ConfigBuilder;
use ::ureq::typestate::AgentScope;

use crate::error::Error;
use crate::transport::roots::RootCertificate;
use crate::transport::{TransportError, TransportErrorKind};

/// The TLS library of a [`Ureq`](super::Ureq).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tls {
    /// rustls with Mozilla's roots, both compiled in. Needs the feature `rustls`.
    #[default]
    Rustls,
    /// The system's TLS library and roots. Needs the feature `native-tls`.
    Native,
}

impl Tls {
    fn is_built_in(self) -> bool {
        match self {
            Self::Rustls => cfg!(feature = "rustls"),
            Self::Native => cfg!(feature = "native-tls"),
        }
    }

    fn feature(self) -> &'static str {
        match self {
            Self::Rustls => "rustls",
            Self::Native => "native-tls",
        }
    }

    /// Rejects a library that was chosen and is not built in. The default passes: without it
    /// `http` still works.
    pub(super) fn check_choice(self) -> Result<(), Error> {
        if self == Self::default() || self.is_built_in() {
            return Ok(());
        }
        let feature = self.feature();
        Err(Error::input(
            "tls",
            alloc::format!("{self:?} requires the feature {feature}"),
        ))
    }

    /// Rejects an `https` request without the library for it.
    pub(super) fn check_built_in(self) -> Result<(), TransportError> {
        if self.is_built_in() {
            return Ok(());
        }
        let feature = self.feature();
        Err(TransportError::new(
            TransportErrorKind::Unsupported,
            alloc::format!("cannot send the request: https needs the feature {feature}"),
        ))
    }
}

/// Rejects root certificates in a build without TLS.
pub(super) fn check_roots(roots: Vec<RootCertificate>) -> Result<Vec<RootCertificate>, Error> {
    if cfg!(any(feature = "rustls", feature = "native-tls")) {
        return Ok(roots);
    }
    let why = "require the feature rustls or native-tls";
    Err(Error::input("root_certificates", why))
}

/// ureq's TLS settings, made once: clones of them share connections.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
pub(super) struct Config(::ureq::tls::TlsConfig);

#[cfg(any(feature = "rustls", feature = "native-tls"))]
impl Config {
    pub(super) fn new(tls: Tls, roots: &[RootCertificate]) -> Self {
        use ::ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
        let (provider, default_roots) = match tls {
            Tls::Rustls => (TlsProvider::Rustls, RootCerts::WebPki),
            Tls::Native => (TlsProvider::NativeTls, RootCerts::PlatformVerifier),
        };
        let roots = if roots.is_empty() {
            default_roots
        } else {
            let roots = roots.iter().map(|root| Certificate::from_der(&root.der));
            let roots: Vec<_> = roots.map(|root| root.to_owned()).collect();
            RootCerts::new_with_certs(&roots)
        };
        let config = TlsConfig::builder().provider(provider).root_certs(roots);
        Self(config.build())
    }

    pub(super) fn apply(&self, config: ConfigBuilder<AgentScope>) -> ConfigBuilder<AgentScope> {
        config.tls_config(self.0.clone())
    }
}

/// The same without TLS.
#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
pub(super) struct Config;

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
impl Config {
    pub(super) fn new(_tls: Tls, _roots: &[RootCertificate]) -> Self {
        Self
    }

    #[expect(clippy::unused_self, reason = "the same signature as with TLS")]
    pub(super) fn apply(&self, config: ConfigBuilder<AgentScope>) -> ConfigBuilder<AgentScope> {
        config
    }
}
