//! Requests: method, URL, body and timeout.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use super::Headers;
#[cfg(feature = "std")]
use crate::cancel::CancelToken;

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
    /// Returns the method as in the request line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    /// Returns whether sending the request twice has the same effect as sending it once.
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

    /// Returns the method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// Returns the URL with encoded path and query.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the headers.
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

    /// Returns the token that cancels the request, if the client has one. A transport that can
    /// interrupt a request in flight does so when the token is cancelled, by
    /// [`CancelToken::on_cancel`] or by polling [`CancelToken::is_cancelled`]; the error it returns
    /// is replaced by [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled).
    #[cfg(feature = "std")]
    #[must_use]
    pub fn cancel_token(&self) -> Option<&'a CancelToken> {
        self.cancel_token
    }

    /// Returns the method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.parts.method
    }

    /// Returns the URL with encoded path and query.
    #[must_use]
    pub fn url(&self) -> &'a str {
        &self.parts.url
    }

    /// Returns the headers.
    #[must_use]
    pub fn headers(&self) -> &'a Headers {
        &self.parts.headers
    }

    /// Returns the body, empty for `GET`. It may hold a password.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Returns the time from now until the last byte of the response must be received.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Returns the same request with another timeout: for a transport that wraps another.
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
    use crate::secret::Secret;
    use crate::transport::HeaderValue;
    use alloc::vec::Vec;

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
