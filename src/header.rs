//! The names of the headers that are sent and read.

#[cfg(feature = "emulator")]
pub(crate) const ACCEPT: &str = "Accept";
pub(crate) const ACCEPT_ENCODING: &str = "Accept-Encoding";
#[cfg(feature = "emulator")]
pub(crate) const ALLOW: &str = "Allow";
#[cfg(any(feature = "aksk", feature = "emulator"))]
pub(crate) const AUTHORIZATION: &str = "Authorization";
pub(crate) const AUTH_TOKEN: &str = "X-Auth-Token";
#[cfg(feature = "emulator")]
pub(crate) const CONNECTION: &str = "Connection";
#[cfg(any(feature = "ureq", feature = "curl"))]
pub(crate) const CONTENT_ENCODING: &str = "Content-Encoding";
#[cfg(any(feature = "ureq", feature = "curl", feature = "emulator"))]
pub(crate) const CONTENT_LENGTH: &str = "Content-Length";
pub(crate) const CONTENT_TYPE: &str = "Content-Type";
pub(crate) const DATE: &str = "Date";
#[cfg(feature = "emulator")]
pub(crate) const EXPECT: &str = "Expect";
#[cfg(any(feature = "aksk", feature = "emulator"))]
pub(crate) const HOST: &str = "Host";
pub(crate) const LANGUAGE: &str = "X-Language";
pub(crate) const LOCATION: &str = "Location";
#[cfg(all(feature = "std", feature = "aksk"))]
pub(crate) const METADATA_TOKEN: &str = "X-Metadata-Token";
#[cfg(all(feature = "std", feature = "aksk"))]
pub(crate) const METADATA_TOKEN_TTL: &str = "X-Metadata-Token-Ttl-Seconds";
#[cfg(any(feature = "aksk", feature = "emulator"))]
pub(crate) const PROJECT_ID: &str = "X-Project-Id";
pub(crate) const REQUEST_ID: &str = "X-Request-Id";
pub(crate) const RETRY_AFTER: &str = "Retry-After";
pub(crate) const SDK_DATE: &str = "X-Sdk-Date";
#[cfg(feature = "aksk")]
pub(crate) const SECURITY_TOKEN: &str = "X-Security-Token";
pub(crate) const SUBJECT_TOKEN: &str = "X-Subject-Token";
#[cfg(any(feature = "ureq", feature = "curl", feature = "emulator"))]
pub(crate) const TRANSFER_ENCODING: &str = "Transfer-Encoding";
pub(crate) const USER_AGENT: &str = "User-Agent";
