//! Which TLS library secures the connection, and which authorities are trusted.

use alloc::vec::Vec;

use ::ureq::config::ConfigBuilder;
use ::ureq::typestate::AgentScope;

use crate::error::Error;
use crate::transport::{TransportError, TransportErrorKind};

/// The TLS library of a [`Ureq`](super::Ureq).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tls {
    /// rustls with Mozilla's roots, both compiled in: the feature `rustls`.
    #[default]
    Rustls,
    /// The system's TLS and the system's roots: the feature `native-tls`.
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

    /// Refuses a library that was asked for and is not there. Rustls is what nobody asked for:
    /// without it `http` still works.
    pub(super) fn check_choice(self) -> Result<(), Error> {
        if self == Self::Rustls || self.is_built_in() {
            return Ok(());
        }
        let feature = self.feature();
        Err(Error::input(
            "tls",
            alloc::format!("is {self:?}, which needs the feature {feature}"),
        ))
    }

    /// Refuses an `https` URL that this build cannot secure.
    pub(super) fn check(self, url: &str) -> Result<(), TransportError> {
        let is_https = url
            .get(..6)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
        if !is_https || self.is_built_in() {
            return Ok(());
        }
        let feature = self.feature();
        Err(TransportError::new(
            TransportErrorKind::Unsupported,
            alloc::format!(
                "https needs the feature {feature}, which this program was built without"
            ),
        ))
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod settings {
    use ::ureq::tls::{PemItem, RootCerts, TlsConfig, TlsProvider};

    use super::{AgentScope, ConfigBuilder, Error, Tls, Vec};

    pub(in crate::transport::ureq) type Certificate = ::ureq::tls::Certificate<'static>;

    pub(in crate::transport::ureq) fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, Error> {
        let mut found = Vec::new();
        for item in ::ureq::tls::parse_pem(pem) {
            match item {
                Ok(PemItem::Certificate(certificate)) => found.push(certificate),
                Ok(_) => {}
                Err(_) => return Err(refused("hold a broken PEM block")),
            }
        }
        if found.is_empty() {
            return Err(refused("hold no certificate in PEM form"));
        }
        Ok(found)
    }

    fn refused(why: &'static str) -> Error {
        Error::input("root_certificates", why)
    }

    pub(in crate::transport::ureq) fn configure(
        config: ConfigBuilder<AgentScope>,
        tls: Tls,
        roots: &[Certificate],
    ) -> ConfigBuilder<AgentScope> {
        let (provider, own_roots) = match tls {
            Tls::Rustls => (TlsProvider::Rustls, RootCerts::WebPki),
            Tls::Native => (TlsProvider::NativeTls, RootCerts::PlatformVerifier),
        };
        let roots = if roots.is_empty() {
            own_roots
        } else {
            RootCerts::new_with_certs(roots)
        };
        let tls = TlsConfig::builder().provider(provider).root_certs(roots);
        config.tls_config(tls.build())
    }
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
mod settings {
    use super::{AgentScope, ConfigBuilder, Error, Tls, Vec};

    /// There is none without TLS.
    pub(in crate::transport::ureq) enum Certificate {}

    pub(in crate::transport::ureq) fn certificates(_pem: &[u8]) -> Result<Vec<Certificate>, Error> {
        let why = "are of no use without the feature rustls or native-tls";
        Err(Error::input("root_certificates", why))
    }

    pub(in crate::transport::ureq) fn configure(
        config: ConfigBuilder<AgentScope>,
        _tls: Tls,
        _roots: &[Certificate],
    ) -> ConfigBuilder<AgentScope> {
        config
    }
}

pub(super) use settings::{Certificate, certificates, configure};
