//! Requests: method, URL, headers, body and timeout.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

#[cfg(feature = "std")]
use crate::cancel::CancelToken;
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
    /// The method as in the request line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    /// Whether sending the request twice has the same effect as sending it once.
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

/// The headers of a request, in the order they are sent. Secret values print as `***`.
#[derive(Clone, Default)]
pub struct Headers(Vec<(&'static str, Value)>);

#[derive(Clone)]
enum Value {
    Plain(Cow<'static, str>),
    Secret(Secret),
}

impl Headers {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(8))
    }

    /// Iterates over names and values. A value shows whether it is secret.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, HeaderValue<'_>)> {
        self.0.iter().map(|(name, value)| {
            let value = match value {
                Value::Plain(text) => HeaderValue {
                    text,
                    is_secret: false,
                },
                Value::Secret(secret) => HeaderValue {
                    text: secret.expose_secret(),
                    is_secret: true,
                },
            };
            (*name, value)
        })
    }

    /// Returns the value of the first header with this name, even if it is secret. Names match
    /// case-insensitively.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.text)
    }

    /// Whether the value of the header with this name is secret.
    #[must_use]
    pub fn is_secret(&self, name: &str) -> bool {
        self.iter()
            .any(|(known, value)| known.eq_ignore_ascii_case(name) && value.is_secret)
    }

    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter().filter_map(|(_, value)| match value {
            Value::Secret(secret) => Some(secret),
            Value::Plain(_) => None,
        })
    }

    /// Removes every header with this name.
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
/// servers disagree about the meaning of other bytes.
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
            alloc::format!("must not begin or end with a space to be sent in the header {name}"),
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
        f.debug_map().entries(self.iter()).finish()
    }
}

/// The value of a header: a string slice that prints as `***` if it is secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HeaderValue<'a> {
    text: &'a str,
    is_secret: bool,
}

impl<'a> HeaderValue<'a> {
    /// Returns the text, even if it is secret. Do not log it.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Whether the value is a token, a signature or another secret.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.is_secret
    }

    fn shown(&self) -> &'a str {
        if self.is_secret { "***" } else { self.text }
    }
}

impl fmt::Display for HeaderValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.shown())
    }
}

impl fmt::Debug for HeaderValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown().fmt(f)
    }
}

/// A request as the core builds it, without body and timeout.
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

    /// The URL with encoded path and query.
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

/// A request for a transport to send.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    parts: &'a RequestParts,
    body: &'a [u8],
    timeout: Duration,
    #[cfg(feature = "std")]
    cancel_token: Option<&'a CancelToken>,
}

impl<'a> Request<'a> {
    /// Creates a request from its parts, its body and its timeout.
    #[must_use]
    pub fn new(parts: &'a RequestParts, body: &'a [u8], timeout: Duration) -> Self {
        Self {
            parts,
            body,
            timeout,
            #[cfg(feature = "std")]
            cancel_token: None,
        }
    }

    #[cfg(feature = "std")]
    pub(crate) fn with_cancel_token(self, cancel_token: Option<&'a CancelToken>) -> Self {
        Self {
            cancel_token,
            ..self
        }
    }

    /// The token that cancels the request, if the client has one. A transport that can interrupt a
    /// request in flight does so when the token is cancelled, by [`CancelToken::on_cancel`] or by
    /// polling [`CancelToken::is_cancelled`]; the error it returns is replaced by
    /// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled).
    #[cfg(feature = "std")]
    #[must_use]
    pub fn cancel_token(&self) -> Option<&'a CancelToken> {
        self.cancel_token
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.parts.method
    }

    /// The URL with encoded path and query.
    #[must_use]
    pub fn url(&self) -> &'a str {
        &self.parts.url
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &'a Headers {
        &self.parts.headers
    }

    /// The body, empty for `GET`. It may hold a password.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The time from now until the last byte of the response must be received.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The same request with another timeout: for a transport that wraps another.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
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
    fn rejects_values_that_could_start_another_header_and_does_not_show_them() {
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
    fn secret_values_print_as_stars_and_are_marked() {
        let mut headers = Headers::new();
        headers.push("X-Language", "en-us").unwrap();
        headers
            .push_secret("X-Auth-Token", Secret::new("MIIsecret"))
            .unwrap();
        let parts = RequestParts::new(Method::Get, "https://h/".into(), headers);
        assert!(parts.headers().is_secret("x-auth-token"));
        let values: Vec<_> = parts.headers().iter().map(|(_, value)| value).collect();
        assert_eq!(
            values
                .iter()
                .map(HeaderValue::is_secret)
                .collect::<Vec<_>>(),
            [false, true]
        );
        assert_eq!(alloc::format!("{} {}", values[0], values[1]), "en-us ***");
        assert_eq!(values[1].as_str(), "MIIsecret");
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
