//! A request as a transport gets it.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::error::Error;
use crate::header;
use crate::secret::Secret;

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// `GET`: every request to the service itself.
    Get,
    /// `POST`: a login at IAM.
    Post,
    /// `PUT`: a token for the ECS metadata service.
    Put,
}

impl Method {
    /// The method as it is written in the request line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    /// Whether sending the request twice does no more than sending it once.
    #[must_use]
    pub fn is_idempotent(self) -> bool {
        self != Self::Post
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The headers of a request, in the order they are sent. Values that are secrets print as `***`.
#[derive(Clone, Default)]
pub struct Headers(Vec<(&'static str, Value)>);

#[derive(Clone)]
enum Value {
    Plain(Cow<'static, str>),
    Secret(Secret),
}

impl Value {
    fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(secret) => secret.expose_secret(),
        }
    }
}

impl Headers {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(8))
    }

    /// Each header's name and value, secrets included.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The value of a header, whatever the case of its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Whether a header's value must not be shown.
    #[must_use]
    pub fn is_secret(&self, name: &str) -> bool {
        self.0.iter().any(|(known, value)| {
            known.eq_ignore_ascii_case(name) && matches!(value, Value::Secret(_))
        })
    }

    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter().filter_map(|(_, value)| match value {
            Value::Secret(secret) => Some(secret),
            Value::Plain(_) => None,
        })
    }

    /// Takes out every header of this name.
    #[cfg(feature = "aksk")]
    pub(crate) fn remove(&mut self, name: &str) {
        self.0
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    pub(crate) fn push(
        &mut self,
        name: &'static str,
        value: impl Into<String>,
    ) -> Result<(), Error> {
        let value = value.into();
        check_value(name, &value)?;
        self.0.push((name, Value::Plain(value.into())));
        Ok(())
    }

    pub(crate) fn push_secret(&mut self, name: &'static str, value: Secret) -> Result<(), Error> {
        check_value(name, value.expose_secret())?;
        self.0.push((name, Value::Secret(value)));
        Ok(())
    }
}

/// Header values must be printable ASCII: a control character could start another header, and
/// what other bytes mean is not agreed on.
fn check_value(name: &'static str, value: &str) -> Result<(), Error> {
    if let Some(at) = value
        .bytes()
        .position(|byte| !matches!(byte, b' '..=b'~' | b'\t'))
    {
        return Err(Error::input(
            parameter_of(name),
            alloc::format!(
                "must be printable ASCII to be sent in the header {name}; byte {at} is not"
            ),
        ));
    }
    if value.trim_matches([' ', '\t']).len() != value.len() {
        return Err(Error::input(
            parameter_of(name),
            alloc::format!(
                "must not begin or end with a space, which the header {name} would lose"
            ),
        ));
    }
    Ok(())
}

/// The setter of this crate that a header's value comes from.
fn parameter_of(header: &'static str) -> &'static str {
    match header {
        header::AUTH_TOKEN => "token",
        header::LANGUAGE => "language",
        header::USER_AGENT => "user_agent",
        #[cfg(any(feature = "aksk", feature = "emulator"))]
        header::PROJECT_ID => "project_id",
        #[cfg(feature = "aksk")]
        header::SECURITY_TOKEN => "security_token",
        #[cfg(any(feature = "aksk", feature = "emulator"))]
        header::AUTHORIZATION => "access_key",
        #[cfg(any(feature = "aksk", feature = "emulator"))]
        header::HOST => "endpoint",
        other => other,
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.0.iter().map(|(name, value)| {
                (
                    name,
                    if matches!(value, Value::Secret(_)) {
                        "***"
                    } else {
                        value.as_str()
                    },
                )
            }))
            .finish()
    }
}

/// A request as the core builds it: method, URL, headers; owned, without I/O.
#[derive(Clone, Debug)]
pub struct RequestParts {
    method: Method,
    url: String,
    headers: Headers,
}

impl RequestParts {
    pub(crate) fn new(method: Method, url: String, headers: Headers) -> Self {
        Self {
            method,
            url,
            headers,
        }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The whole URL, path and query encoded.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    pub(crate) fn headers_mut(&mut self) -> &mut Headers {
        &mut self.headers
    }
}

/// A request as a transport sends it.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    parts: &'a RequestParts,
    body: &'a [u8],
    timeout: Duration,
}

impl<'a> Request<'a> {
    /// The request that `parts` describe, to be answered within `timeout`.
    #[must_use]
    pub fn new(parts: &'a RequestParts, body: &'a [u8], timeout: Duration) -> Self {
        Self {
            parts,
            body,
            timeout,
        }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.parts.method
    }

    /// The whole URL, path and query encoded.
    #[must_use]
    pub fn url(&self) -> &'a str {
        &self.parts.url
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &'a Headers {
        &self.parts.headers
    }

    /// The body; empty for `GET`. It may hold a password.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// How long the answer may take from now on, to its last byte.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.parts.method)
            .field("url", &self.parts.url)
            .field("headers", &self.parts.headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("timeout", &self.timeout)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn a_value_that_could_start_another_header_is_refused_and_not_shown() {
        let mut headers = Headers::new();
        for value in [
            "se\rcret",
            "se\ncret",
            "se\0cret",
            "se\u{7f}cret",
            "sécret",
            " secret",
            "secret\t",
        ] {
            let error = headers
                .push_secret("X-Auth-Token", Secret::new(value))
                .unwrap_err();
            assert_eq!(error.parameter(), Some("token"));
            assert!(!error.to_string().contains("cret"), "{error}");
        }
        assert_eq!(headers.iter().count(), 0);
    }

    #[test]
    fn secrets_print_as_stars() {
        let mut headers = Headers::new();
        headers.push("X-Language", "en-us").unwrap();
        headers
            .push_secret("X-Auth-Token", Secret::new("MIIsecret"))
            .unwrap();
        let parts = RequestParts::new(Method::Get, "https://h/".into(), headers);
        assert!(parts.headers().is_secret("x-auth-token"));
        assert_eq!(parts.headers().get("x-auth-token"), Some("MIIsecret"));
        let request = Request::new(&parts, b"{\"password\":\"hunter2\"}", Duration::ZERO);
        let shown = alloc::format!("{request:?}{parts:?}");
        assert!(shown.contains("en-us") && shown.contains("***"), "{shown}");
        assert!(
            !shown.contains("MIIsecret") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
