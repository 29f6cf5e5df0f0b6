//! An access key: an AK/SK pair, permanent or temporary, that signs requests.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use super::authenticator::{Authenticator, Context};
#[cfg(feature = "std")]
use super::project_lookup;
use super::session::{CredentialKind, Session, SessionConfig};
use super::sign::{ALGORITHM, Canonical};
use crate::error::Error;
use crate::header;
use crate::redact::Redactor;
use crate::secret::{Secret, broken_word_rule};
use crate::timestamp::Timestamp;
use crate::transport::RequestParts;
use crate::url::SplitUrl;

/// An access key (AK/SK), which signs requests instead of sending a token.
///
/// The algorithm is `SDK-HMAC-SHA256`: see the [API Request Signing Guide][guide].
///
/// Pass it to a client as its [`Credentials`](super::Credentials). For other HTTP clients,
/// [`sign`](Self::sign) signs a request without sending it:
///
/// ```
/// use std::time::Duration;
///
/// use drs_backup_jobs::{AccessKey, ListJobs};
///
/// let key = AccessKey::new("QTWAOYTTINDUT2QVKYUC", "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc");
/// let project_id = "054ba152d480d55b2f5dc0069e7ddef0";
/// let mut request = ListJobs::new()
///     .limit(1)
///     .request("https://drs.cn-north-4.myhuaweicloud.com", project_id)?;
/// key.sign(&mut request, project_id, Duration::from_secs(1_734_312_607))?;
/// assert_eq!(request.headers().get("X-Sdk-Date"), Some("20241216T013007Z"));
/// assert!(request.headers().get("Authorization").is_some());
/// # Ok::<(), drs_backup_jobs::Error>(())
/// ```
///
/// [guide]: https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-introduction.html
#[derive(Clone)]
pub struct AccessKey {
    id: Secret,
    secret: Secret,
    security_token: Option<Secret>,
    expires_at: Option<Timestamp>,
}

impl AccessKey {
    /// Creates an access key from its id (AK) and its secret (SK).
    #[must_use]
    pub fn new(id: impl Into<Secret>, secret: impl Into<Secret>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
            security_token: None,
            expires_at: None,
        }
    }

    /// Sets the security token of a temporary key, which is sent and signed as `X-Security-Token`.
    #[must_use]
    pub fn security_token(mut self, token: impl Into<Secret>) -> Self {
        self.security_token = Some(token.into());
        self
    }

    /// Sets the time at which a temporary key expires. A key from a
    /// [provider](super::Credentials::access_key_provider) is renewed before that time; for any
    /// other key the setting has no effect.
    #[must_use]
    pub fn expires_at(mut self, time: Timestamp) -> Self {
        self.expires_at = Some(time);
        self
    }

    /// Signs a request without a body, as of `unix_time` since 1970-01-01T00:00:00Z: adds `Host`,
    /// `X-Project-Id`, `X-Sdk-Date`, with a temporary key `X-Security-Token`, and
    /// `Authorization`. All headers are signed but `User-Agent` and `Accept-Encoding`, which proxies
    /// rewrite. The service accepts the signature for 15 minutes. Signing a request again replaces
    /// these headers.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) if a part of the key is missing
    /// or invalid, [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the
    /// project id or the time cannot be sent.
    pub fn sign(
        &self,
        request: &mut RequestParts,
        project_id: &str,
        unix_time: Duration,
    ) -> Result<(), Error> {
        self.sign_for(request, Some(project_id), unix_time)
    }

    /// Like [`sign`](Self::sign), for a request that may have no project.
    pub(crate) fn sign_for(
        &self,
        request: &mut RequestParts,
        project_id: Option<&str>,
        unix_time: Duration,
    ) -> Result<(), Error> {
        self.check()?;
        let date = Timestamp::from_unix(unix_time)
            .ok_or_else(|| {
                Error::input(
                    "unix_time",
                    "must be before the year 10000: check the clock",
                )
            })?
            .to_sdk_date();
        let (authority, target) = match SplitUrl::new(request.url()) {
            Some(url) => (String::from(url.authority), String::from(url.rest)),
            None => return Err(Error::input("endpoint", "must begin with https://")),
        };
        let method = request.method().as_str();
        let headers = request.headers_mut();
        for name in OWNED {
            headers.remove(name);
        }
        headers.push(header::HOST, authority)?;
        if let Some(project_id) = project_id {
            headers.push(header::PROJECT_ID, project_id)?;
        }
        if let Some(token) = &self.security_token {
            headers.push_secret(header::SECURITY_TOKEN, token.clone())?;
        }
        headers.push(header::SDK_DATE, date.as_str())?;

        let signed = headers
            .iter()
            .filter(|(name, _)| {
                !UNSIGNED
                    .iter()
                    .any(|other| name.eq_ignore_ascii_case(other))
            })
            .map(|(name, value)| (name, value.as_str()));
        let canonical = Canonical::new(method, &target, signed);
        let signature = canonical
            .signature(&self.secret, &date)
            .ok_or_else(|| Error::credentials("cannot sign with the secret access key", None))?;
        let authorization = alloc::format!(
            "{ALGORITHM} Access={}, SignedHeaders={}, Signature={signature}",
            self.id.expose_secret(),
            canonical.signed_headers,
        );
        headers.push_secret(header::AUTHORIZATION, Secret::from(authorization))
    }

    #[cfg(feature = "std")]
    pub(crate) fn expiry(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// Whether this key, with its security token, signed the request.
    #[cfg(feature = "std")]
    pub(super) fn has_signed(&self, request: &RequestParts) -> bool {
        let headers = request.headers();
        let authorization = headers.get(header::AUTHORIZATION).unwrap_or_default();
        let id = authorization
            .split_once("Access=")
            .and_then(|(_, rest)| rest.split(',').next());
        let token = self.security_token.as_ref().map(Secret::expose_secret);
        id == Some(self.id.expose_secret()) && headers.get(header::SECURITY_TOKEN) == token
    }

    /// The id, the secret and the security token, to verify signatures.
    #[cfg(feature = "emulator")]
    pub(crate) fn parts(&self) -> (&Secret, &Secret, Option<&Secret>) {
        (&self.id, &self.secret, self.security_token.as_ref())
    }

    /// Rejects what cannot be a key: the service would count it as a failure.
    pub(super) fn check(&self) -> Result<(), Error> {
        for (what, part) in [
            ("access key id", Some(&self.id)),
            ("secret access key", Some(&self.secret)),
            ("security token", self.security_token.as_ref()),
        ] {
            let rule = part.and_then(|part| broken_word_rule(part.expose_secret()));
            if let Some(rule) = rule {
                return Err(Error::credentials(
                    alloc::format!("invalid {what}: {rule}"),
                    None,
                ));
            }
        }
        if self.id.expose_secret().contains([',', '=']) {
            return Err(Error::credentials(
                "invalid access key id: must not contain a comma or an equals sign",
                None,
            ));
        }
        Ok(())
    }
}

impl CredentialKind for AccessKey {
    fn start(&self, config: &SessionConfig) -> Result<Session, Error> {
        let key = Arc::new(self.clone());
        #[cfg(feature = "std")]
        return Ok(project_lookup::start(key, config));
        #[cfg(not(feature = "std"))]
        {
            let _ = config;
            Ok(Session::new(key))
        }
    }
}

impl Authenticator for AccessKey {
    fn check(&self, request: &mut RequestParts, context: &Context<'_>) -> Result<(), Error> {
        self.apply(request, context)
    }

    fn apply(&self, request: &mut RequestParts, context: &Context<'_>) -> Result<(), Error> {
        self.sign_for(request, context.project_id, context.clock.unix_time())
    }

    /// A response that rejects a key may contain its id, which is not a whole header value but part
    /// of `Authorization`.
    fn redact(&self, redactor: &mut Redactor) {
        redactor.add(&self.id);
    }
}

/// The headers that signing adds. If a request has them already, they belong to an earlier
/// signature.
const OWNED: [&str; 5] = [
    header::HOST,
    header::PROJECT_ID,
    header::SDK_DATE,
    header::SECURITY_TOKEN,
    header::AUTHORIZATION,
];

/// The headers that proxies rewrite: signed, they would invalidate the signature.
const UNSIGNED: [&str; 2] = [header::USER_AGENT, header::ACCEPT_ENCODING];

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.security_token {
            Some(_) => "AccessKey(***, temporary)",
            None => "AccessKey(***)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::list_jobs::ListJobs;
    use alloc::string::ToString as _;

    const SECRET: &str = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc";
    const NOW: Duration = Duration::from_secs(1_734_312_607);

    fn request(query: &ListJobs) -> RequestParts {
        query
            .request("https://drs.cn-north-4.myhuaweicloud.com", "p")
            .unwrap()
    }

    #[track_caller]
    fn assert_refused(key: &AccessKey, expected: &str) {
        let error = key
            .sign(&mut request(&ListJobs::new()), "p", NOW)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_temporary_key_sends_and_signs_its_token() {
        let mut parts = request(&ListJobs::new().language("zh-cn"));
        AccessKey::new("AK", SECRET)
            .security_token("session")
            .sign(&mut parts, "p", NOW)
            .unwrap();
        assert_eq!(parts.headers().get("x-security-token"), Some("session"));
        assert_eq!(parts.headers().get("x-project-id"), Some("p"));
        assert_eq!(
            parts.headers().get("host"),
            Some("drs.cn-north-4.myhuaweicloud.com")
        );
        let authorization = parts.headers().get("authorization").unwrap();
        assert!(
            authorization.starts_with(
                "SDK-HMAC-SHA256 Access=AK, SignedHeaders=content-type;host;x-language;\
                 x-project-id;x-sdk-date;x-security-token, Signature="
            ),
            "{authorization}"
        );
    }

    #[test]
    fn signing_again_replaces_the_first_signature() {
        let query = ListJobs::new().limit(1).language("zh-cn");
        let temporary = AccessKey::new("TEMP", SECRET).security_token("session");
        let permanent = AccessKey::new("AK", SECRET);
        let later = NOW + Duration::from_secs(20);
        for (first, second) in [(&permanent, &permanent), (&temporary, &permanent)] {
            let mut twice = request(&query);
            first.sign(&mut twice, "other", NOW).unwrap();
            second.sign(&mut twice, "p", later).unwrap();
            let mut once = request(&query);
            second.sign(&mut once, "p", later).unwrap();
            assert!(twice.headers().iter().eq(once.headers().iter()));
        }
    }

    #[test]
    fn signing_does_not_reorder_the_query() {
        let mut parts = request(&ListJobs::new().name("n").limit(1).description("d"));
        let sent = parts.url().to_string();
        AccessKey::new("AK", SECRET)
            .sign(&mut parts, "p", NOW)
            .unwrap();
        assert_eq!(parts.url(), sent);
    }

    #[test]
    fn refuses_an_invalid_key_without_showing_it() {
        for (key, expected) in [
            (
                AccessKey::new("", SECRET),
                "invalid access key id: must not be empty",
            ),
            (
                AccessKey::new("AK", ""),
                "invalid secret access key: must not be empty",
            ),
            (
                AccessKey::new("AK", "hunter2\n"),
                "invalid secret access key: must be printable ASCII without spaces",
            ),
            (
                AccessKey::new("AK, SignedHeaders=", SECRET),
                "invalid access key id: must be printable ASCII without spaces",
            ),
            (
                AccessKey::new("\"hunter2\"", SECRET),
                "invalid access key id: must not begin or end with a quotation mark",
            ),
            (
                AccessKey::new("A,K", SECRET),
                "invalid access key id: must not contain a comma or an equals sign",
            ),
            (
                AccessKey::new("AK", SECRET).security_token(""),
                "invalid security token: must not be empty",
            ),
        ] {
            assert_refused(&key, expected);
        }
    }

    #[test]
    fn refuses_a_time_beyond_the_year_9999() {
        let error = AccessKey::new("AK", SECRET)
            .sign(&mut request(&ListJobs::new()), "p", Duration::MAX)
            .unwrap_err();
        assert_eq!(error.parameter(), Some("unix_time"));
    }

    #[test]
    fn debug_shows_no_part_of_a_key() {
        let key = AccessKey::new("QTWAOYTTIN", SECRET).security_token("session");
        let mut parts = request(&ListJobs::new());
        key.sign(&mut parts, "p", NOW).unwrap();
        let shown = alloc::format!("{key:?} {parts:?}");
        for secret in [
            "QTWAOYTTIN",
            SECRET,
            "session",
            parts.headers().get("authorization").unwrap(),
        ] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
