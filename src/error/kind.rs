//! The kinds of failure.

/// The kind of an [`Error`](super::Error), by what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A parameter was rejected before anything was sent. Not retried.
    InvalidInput,
    /// No credentials are configured: neither the builder nor the environment nor a profile has
    /// any. Not retried.
    NoCredentials,
    /// Credentials could not be obtained: a token provider, file, environment variable or profile
    /// failed. Not retried.
    Credentials,
    /// The token, access key or signature was rejected (mostly 401). Not retried with the same
    /// credentials: more than five failures in a row lock an access key for five minutes.
    Authentication,
    /// The caller lacks a permission (mostly 403). Not retried.
    Permission,
    /// Throttled: too many requests (429). Retried, after `Retry-After` if sent.
    Throttled,
    /// The service rejected a parameter (mostly 400). Not retried.
    BadRequest,
    /// The path or the project does not exist (mostly 404). Not retried.
    NotFound,
    /// The service failed. 500, 502, 503 and 504 are retried, other statuses are not.
    Service,
    /// The response is a redirect, which is never followed: it would carry the token to another
    /// host. Not retried.
    Redirect,
    /// The response is not what the service documents. Not retried, unless it was truncated.
    Decode,
    /// The host's name could not be resolved, or no connection could be established. Retried.
    Connect,
    /// The time limit was exceeded. Retried while the deadline allows.
    Timeout,
    /// The TLS handshake failed or the certificate was rejected. Not retried.
    Tls,
    /// The connection was lost before the response was complete. Retried.
    ConnectionLost,
    /// The response is not valid HTTP, or a proxy refused to forward the request. Not retried,
    /// except for a proxy's 502, 503 and 504.
    Protocol,
    /// The response exceeds the client's maximum size. Not retried.
    BodyTooLarge,
    /// A listing cannot guarantee that it found every job, or a wait found no job to wait for. Not
    /// retried; the message states the reason.
    Incomplete,
    /// The client's cancel token (`ClientBuilder::cancel_token`) was cancelled. Not retried.
    Cancelled,
}
