//! From the settings of a builder to a client.

use alloc::sync::Arc;
use core::time::Duration;

use super::builder::ClientBuilder;
use super::{Client, Shared};
#[cfg(feature = "std")]
use crate::client::rate_limit::RateLimiter;
use crate::client::send::SendLoop;
#[cfg(feature = "std")]
use crate::clock::CancellableClock;
use crate::clock::{Clock, Jitter};
#[cfg(feature = "std")]
use crate::credentials::Project;
use crate::credentials::SessionConfig;
use crate::error::Error;
use crate::region::Region;
use crate::transport::{ResponseBody, Transport};
use crate::url::Endpoint;

const USER_AGENT: &str = concat!("drs-backup-jobs/", env!("CARGO_PKG_VERSION"));
pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

impl ClientBuilder {
    /// Builds the client. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if a setting is missing or
    /// invalid, with its name in [`Error::parameter`];
    /// [`ErrorKind::NoCredentials`](crate::ErrorKind::NoCredentials) if no credentials are set,
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) if they are invalid.
    pub fn build(mut self) -> Result<Client, Error> {
        // Fields are taken, not moved: a builder without one field is dropped field by field at
        // every `?`, which takes 1 kB in a program.
        let region = self.region.take().map(Region::new).transpose()?;
        let domain = self.cloud_domain.take();
        let endpoint = match (&self.endpoint, &region, &domain) {
            (Some(endpoint), ..) => Endpoint::parse(endpoint)?,
            (None, Some(region), Some(domain)) => region.endpoint_in(domain)?,
            (None, Some(region), None) => region.endpoint(),
            (None, None, _) => {
                return Err(Error::missing(
                    "endpoint",
                    "set a region, such as cn-north-4, or an endpoint",
                ));
            }
        };
        self.check_encrypted("endpoint", &endpoint)?;
        let session_config = self.session_config(region.as_ref(), domain.as_deref())?;
        let Some(credentials) = self.credentials.take() else {
            return Err(Error::no_credentials(
                "set a token, a login or an access key",
            ));
        };
        let session = credentials.start(&session_config)?;
        let send_loop = self.send_loop()?;
        let client = Client {
            shared: Arc::new(Shared {
                send_loop,
                decoder: self.decoder,
                endpoint,
                language: self.language.take(),
                session_config,
            }),
            session,
            project_id: self.project_id.take().map(Arc::from),
        };
        client.check()?;
        Ok(client)
    }

    fn send_loop(&mut self) -> Result<SendLoop, Error> {
        let transport = match self.transport.take() {
            Some(transport) => transport,
            None => fallback::transport()?,
        };
        let clock = match self.clock.take() {
            Some(clock) => clock,
            None => fallback::clock()?,
        };
        #[cfg(feature = "std")]
        let clock = match &self.cancel_token {
            Some(token) => Arc::new(CancellableClock::new(clock, token.clone())),
            None => clock,
        };
        let jitter = match self.jitter.take() {
            Some(jitter) => jitter,
            None => fallback::jitter()?,
        };
        Ok(SendLoop {
            #[cfg(feature = "std")]
            rate_limiter: RateLimiter::new(self.min_request_interval),
            #[cfg(feature = "std")]
            cancel_token: self.cancel_token.take(),
            transport,
            clock,
            jitter,
            retry: self.retry.take().unwrap_or_default(),
            user_agent: self.user_agent.take().unwrap_or_else(|| USER_AGENT.into()),
            timeout: self.timeout.unwrap_or(DEFAULT_TIMEOUT),
            max_body: self.max_body.unwrap_or(ResponseBody::DEFAULT_LIMIT),
        })
    }

    /// The part of the configuration that credentials depend on.
    #[cfg(feature = "std")]
    fn session_config(
        &mut self,
        region: Option<&Region>,
        domain: Option<&str>,
    ) -> Result<SessionConfig, Error> {
        let iam_endpoint = match (&self.iam_endpoint, region, domain) {
            (Some(url), ..) => {
                let Ok(iam) = crate::credentials::parse_iam_endpoint(url) else {
                    return Err(Error::input(
                        "iam_endpoint",
                        "must be a URL such as https://iam.cn-north-4.myhuaweicloud.com",
                    ));
                };
                self.check_encrypted("iam_endpoint", &iam)?;
                Some(iam)
            }
            (None, Some(region), Some(domain)) => Some(region.iam_endpoint_in(domain)?),
            (None, Some(region), None) => Some(region.iam_endpoint()),
            (None, None, _) => None,
        };
        let project = match (&self.project_id, self.project_name.take(), region) {
            (Some(id), ..) => Some(Project::Id(id.clone())),
            (None, Some(name), _) => Some(Project::Name(name)),
            (None, None, Some(region)) => Some(Project::Name(region.as_str().into())),
            (None, None, None) => None,
        };
        Ok(SessionConfig {
            iam_endpoint,
            project,
        })
    }

    #[cfg(not(feature = "std"))]
    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "only a login and a project lookup use it"
    )]
    fn session_config(
        &mut self,
        _region: Option<&Region>,
        _domain: Option<&str>,
    ) -> Result<SessionConfig, Error> {
        Ok(SessionConfig::default())
    }

    fn check_encrypted(&self, name: &'static str, endpoint: &Endpoint) -> Result<(), Error> {
        if endpoint.is_https() || endpoint.is_loopback() || self.allow_http {
            return Ok(());
        }
        Err(Error::input(
            name,
            "must begin with https://; plain HTTP sends the token without encryption",
        ))
    }
}

/// The defaults that depend on features.
#[cfg_attr(
    any(feature = "std", feature = "ureq"),
    expect(
        clippy::unnecessary_wraps,
        reason = "without the feature there is no default"
    )
)]
mod fallback {
    use super::{Arc, Clock, Error, Jitter, Transport};

    pub(super) fn transport() -> Result<Arc<dyn Transport>, Error> {
        #[cfg(feature = "ureq")]
        return Ok(Arc::new(crate::transport::Ureq::new()));
        #[cfg(not(feature = "ureq"))]
        Err(Error::missing(
            "transport",
            "set one, or enable the feature ureq",
        ))
    }

    pub(super) fn clock() -> Result<Arc<dyn Clock>, Error> {
        #[cfg(feature = "std")]
        return Ok(Arc::new(crate::clock::SystemClock::new()));
        #[cfg(not(feature = "std"))]
        Err(Error::missing(
            "clock",
            "set one, or enable the feature std",
        ))
    }

    pub(super) fn jitter() -> Result<Arc<Jitter>, Error> {
        #[cfg(feature = "std")]
        return Ok(Arc::new(crate::clock::random_jitter));
        #[cfg(not(feature = "std"))]
        Err(Error::missing(
            "jitter",
            "set one, or enable the feature std",
        ))
    }
}

#[cfg(test)]
#[cfg(not(feature = "ureq"))]
mod tests {
    use super::*;
    use crate::transport::{Request, ResponseHead, TransportError};

    struct Nowhere;

    impl Transport for Nowhere {
        fn send(
            &self,
            _request: &Request<'_>,
            _body: &mut ResponseBody,
        ) -> Result<ResponseHead, TransportError> {
            Ok(ResponseHead::new(200))
        }
    }

    fn missing(builder: ClientBuilder) -> Option<&'static str> {
        let builder = builder.endpoint("https://h").project_id("p").token("t");
        builder.build().err().and_then(|error| error.parameter())
    }

    #[test]
    fn names_the_settings_that_no_feature_provides() {
        assert_eq!(missing(Client::builder()), Some("transport"));
        let with_transport = Client::builder().transport(Nowhere);
        if cfg!(feature = "std") {
            assert_eq!(missing(with_transport), None);
            return;
        }
        assert_eq!(missing(with_transport.clone()), Some("clock"));
        let with_clock = with_transport.clock(StandingStill);
        assert_eq!(missing(with_clock.clone()), Some("jitter"));
        assert_eq!(missing(with_clock.jitter(|| 0.0)), None);
    }

    struct StandingStill;

    impl Clock for StandingStill {
        fn now(&self) -> Duration {
            Duration::ZERO
        }

        fn unix_time(&self) -> Duration {
            Duration::ZERO
        }

        fn sleep(&self, _duration: Duration) {}
    }
}
