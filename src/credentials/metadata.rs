//! Temporary access keys from the metadata service of an Elastic Cloud Server (ECS).

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::sync::OnceLock;

use super::Credentials;
use super::access_key::AccessKey;
use super::authenticator::Context;
use super::provider::{KeySource, ProvidedKeys};
use crate::clean::clean;
use crate::error::{ApiError, Error, TransportError, TransportErrorKind};
use crate::header;
use crate::json::{self, Cursor, Document, ErrorCode};
use crate::redact::Redactor;
use crate::secret::Secret;
use crate::timestamp::Timestamp;
use crate::transport::{
    Headers, Method, Request, RequestParts, ResponseBody, ResponseHead, Transport,
};
use crate::url::Endpoint;

/// The address of the metadata service, the same on every server.
const ENDPOINT: &str = "http://169.254.169.254";
/// The timeout of connecting and of each request.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The maximum length of a response.
const MAX_BODY: usize = 64 << 10;
/// The lifetime of a token for the metadata service, in seconds: its maximum.
const TOKEN_TTL: &str = "21600";

/// Temporary access keys from the metadata service of an Elastic Cloud Server (ECS).
///
/// For programs that run on such a server and have no keys. The server needs an agency (a *cloud
/// service agency* for ECS) that may list DRS jobs.
///
/// The key is obtained at the first request, renewed before it expires, and once after the service
/// rejects it: see [`Credentials::access_key_provider`]. Requests to the metadata service use no
/// proxy and take three seconds at most.
///
/// ```no_run
/// use drs_backup_jobs::{Client, Credentials};
///
/// let client = Client::builder()
///     .region("cn-north-4")
///     .credentials(Credentials::ecs_metadata())
///     .build()?;
/// # Ok::<(), drs_backup_jobs::Error>(())
/// ```
#[derive(Clone)]
pub struct EcsMetadata {
    endpoint: Cow<'static, str>,
    transport: Option<Arc<dyn Transport>>,
}

impl Default for EcsMetadata {
    fn default() -> Self {
        Self::new()
    }
}

impl EcsMetadata {
    /// Uses the metadata service of the server that the program runs on.
    #[must_use]
    pub fn new() -> Self {
        Self {
            endpoint: Cow::Borrowed(ENDPOINT),
            transport: None,
        }
    }

    /// Sets the address of the metadata service, for tests; default `http://169.254.169.254`. With
    /// `http` it must be a link-local or loopback address.
    #[must_use]
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Cow::Owned(url.into());
        self
    }

    /// Sets the transport for requests to the metadata service; default the built-in transport,
    /// without a proxy.
    #[must_use]
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }
}

impl fmt::Debug for EcsMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EcsMetadata")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl From<EcsMetadata> for Credentials {
    fn from(metadata: EcsMetadata) -> Self {
        let default_transport = OnceLock::new();
        Self::from_kind(ProvidedKeys::new(MetadataKeys {
            metadata,
            default_transport,
        }))
    }
}

/// The key source of [`EcsMetadata`].
struct MetadataKeys {
    metadata: EcsMetadata,
    /// Built at the first use.
    default_transport: OnceLock<Arc<dyn Transport>>,
}

impl KeySource for MetadataKeys {
    const NAME: &str = "the ECS metadata service";

    fn check(&self) -> Result<(), Error> {
        self.endpoint()?;
        self.transport().map(|_| ())
    }

    fn key(&self, context: &Context<'_>) -> Result<AccessKey, Error> {
        let call = Call {
            endpoint: self.endpoint()?,
            transport: self.transport()?,
            context,
        };
        match call.key() {
            // The token may have expired.
            Err(Failure::Status(error)) if error.status == 401 && !is_missing_agency(&error) => {
                call.key()
            }
            outcome => outcome,
        }
        .map_err(|failure| call.error(failure))
    }
}

impl MetadataKeys {
    fn endpoint(&self) -> Result<Endpoint, Error> {
        let refuse = |why| Error::input("ecs_metadata_endpoint", why);
        let endpoint = Endpoint::parse(clean(&self.metadata.endpoint).text)
            .map_err(|_| refuse("must be a URL such as http://169.254.169.254"))?;
        if endpoint.is_https() || endpoint.is_loopback() || endpoint.is_link_local() {
            return Ok(endpoint);
        }
        Err(refuse(
            "must be a link-local or loopback address: the key would be sent without encryption",
        ))
    }

    fn transport(&self) -> Result<&dyn Transport, Error> {
        if let Some(transport) = &self.metadata.transport {
            return Ok(&**transport);
        }
        if self.default_transport.get().is_none() {
            let _ = self.default_transport.set(default_transport()?);
        }
        let transport = self.default_transport.get();
        transport
            .map(|transport| &**transport)
            .ok_or_else(missing_transport)
    }
}

fn default_transport() -> Result<Arc<dyn Transport>, Error> {
    #[cfg(feature = "ureq")]
    let builder = crate::transport::Ureq::builder();
    #[cfg(all(feature = "curl", not(feature = "ureq")))]
    let builder = crate::transport::Curl::builder();
    #[cfg(any(feature = "ureq", feature = "curl"))]
    return Ok(Arc::new(
        builder
            .proxies(crate::transport::Proxies::none())
            .connect_timeout(TIMEOUT)
            .build()?,
    ));
    #[cfg(not(any(feature = "ureq", feature = "curl")))]
    Err(missing_transport())
}

fn missing_transport() -> Error {
    Error::missing(
        "transport",
        "the ECS metadata service needs one: set it, or enable the feature ureq",
    )
}

/// The requests that obtain one key.
struct Call<'a> {
    endpoint: Endpoint,
    transport: &'a dyn Transport,
    context: &'a Context<'a>,
}

/// Why a request to the metadata service failed.
enum Failure {
    Transport(TransportError),
    Status(ApiError),
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl Call<'_> {
    fn key(&self) -> Result<AccessKey, Failure> {
        let token = self.token()?;
        let mut headers = Headers::new();
        if let Some(token) = &token {
            headers.push_secret(header::METADATA_TOKEN, token.clone())?;
        }
        let path = "/openstack/latest/securitykey";
        let (head, body) = self.send(Method::Get, path, headers)?;
        if !head.is_success() {
            return Err(status(&head, &body, token.as_ref()));
        }
        let document = Document {
            is_known_key: |key| {
                matches!(
                    key,
                    "credential" | "access" | "secret" | "securitytoken" | "expires_at"
                )
            },
            job_depth: None,
        };
        let text = json::text(body.as_bytes());
        let key = json::parse(&text, &document, Key::read).map_err(Error::from)?;
        key.into_access_key().ok_or_else(|| {
            let why = "cannot use the response of the ECS metadata service: \
                       it has no access, secret and securitytoken in credential";
            Failure::Other(Error::credentials(why, None))
        })
    }

    /// Obtains a token for the metadata service; `None` if it issues none.
    fn token(&self) -> Result<Option<Secret>, Failure> {
        let mut headers = Headers::new();
        headers.push(header::METADATA_TOKEN_TTL, TOKEN_TTL)?;
        let (head, body) = self.send(Method::Put, "/meta-data/latest/api/token", headers)?;
        if matches!(head.status(), 404 | 405 | 503) {
            return Ok(None);
        }
        if !head.is_success() {
            return Err(status(&head, &body, None));
        }
        let text = core::str::from_utf8(body.as_bytes()).unwrap_or_default();
        let token = Secret::from(clean(text).text);
        super::token::check(&token).map_err(|rule| {
            let why = format!("invalid token from the ECS metadata service: {rule}");
            Failure::Other(Error::credentials(why, None))
        })?;
        Ok(Some(token))
    }

    /// Sends a request, within three seconds and the deadline of the page.
    fn send(
        &self,
        method: Method,
        path: &str,
        headers: Headers,
    ) -> Result<(ResponseHead, ResponseBody), Failure> {
        let remaining = self.context.deadline.remaining(self.context.clock);
        if remaining.is_zero() {
            let why = "cannot send the request: the deadline passed";
            let error = TransportError::new(TransportErrorKind::Timeout, why);
            return Err(Failure::Transport(error));
        }
        let parts = RequestParts::new(method, format!("{}{path}", self.endpoint), headers);
        let mut body = ResponseBody::new(MAX_BODY);
        let request = Request::new(&parts, b"", remaining.min(TIMEOUT));
        let outcome = self.transport.send(&request, &mut body);
        #[cfg(feature = "log")]
        match &outcome {
            Ok(head) => log::debug!("{method} {} returned {}", parts.url(), head.status()),
            Err(error) => log::debug!("{method} {} failed: {error}", parts.url()),
        }
        match outcome {
            Ok(head) => Ok((head, body)),
            Err(error) => Err(Failure::Transport(error)),
        }
    }

    fn error(&self, failure: Failure) -> Error {
        let service = format!("the ECS metadata service at {}", self.endpoint);
        match failure {
            // The kind of the transport's error, so that a watch continues after a timeout.
            Failure::Transport(error) => {
                let why = format!("cannot reach {service}");
                TransportError::new(error.kind(), why)
                    .with_source(error)
                    .into()
            }
            Failure::Status(error) if is_missing_agency(&error) => Error::credentials(
                format!(
                    "cannot obtain an access key from {service}: this server has no agency; set a \
                     cloud service agency for it in the ECS console"
                ),
                None,
            ),
            Failure::Status(ApiError {
                status, message, ..
            }) => {
                let separator = if message.is_empty() { "" } else { ": " };
                let why = format!(
                    "cannot obtain an access key from {service}: it responded {status}{separator}{message}"
                );
                Error::credentials(why, None)
            }
            Failure::Other(error) => error,
        }
    }
}

/// The failure for a response that is not successful.
fn status(head: &ResponseHead, body: &ResponseBody, token: Option<&Secret>) -> Failure {
    let mut error = ApiError::parse(head.status(), body.as_bytes());
    let mut redactor = Redactor::default();
    if let Some(token) = token {
        redactor.add(token);
    }
    error.message = redactor.clean(&error.message, 1000);
    Failure::Status(error)
}

/// Whether the response says that the server has no agency. Another token would not help.
fn is_missing_agency(error: &ApiError) -> bool {
    error.message.to_ascii_lowercase().contains("agency")
}

/// `{"credential":{"access":…,"secret":…,"securitytoken":…,"expires_at":…}}`.
#[derive(Default)]
struct Key {
    id: Option<Secret>,
    secret: Option<Secret>,
    security_token: Option<Secret>,
    expires_at: Option<Timestamp>,
}

impl Key {
    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ErrorCode> {
        let mut read = Self::default();
        cursor.each_member(|key, cursor| match key {
            "credential" => cursor.each_member(|key, cursor| {
                let secret = |cursor: &mut Cursor<'_>| {
                    cursor.string().map(|text| Some(text.as_ref().into()))
                };
                match key {
                    "access" => read.id = secret(cursor)?,
                    "secret" => read.secret = secret(cursor)?,
                    "securitytoken" => read.security_token = secret(cursor)?,
                    "expires_at" => {
                        read.expires_at =
                            super::iam::scalar(cursor)?.and_then(|text| Timestamp::parse(&text));
                    }
                    _ => cursor.skip_value()?,
                }
                Ok(())
            }),
            _ => cursor.skip_value(),
        })?;
        Ok(read)
    }

    fn into_access_key(self) -> Option<AccessKey> {
        let key = AccessKey::new(self.id?, self.secret?).security_token(self.security_token?);
        Some(match self.expires_at {
            Some(time) => key.expires_at(time),
            None => key,
        })
    }
}
