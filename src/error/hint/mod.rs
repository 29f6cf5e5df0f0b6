//! What to do next, in one line that fits the cause.
//!
//! Pure functions of an error. Causes that only a message shows, such as an expired certificate,
//! are recognised by phrases of rustls, OpenSSL, libcurl and the servers.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString as _};
use core::fmt::Write as _;

use super::{ApiError, Cause, Error, ErrorKind, Responder, Sent, Times, TransportErrorKind};
use crate::timestamp::Timestamp;

/// How far from the service's time a signature is accepted.
const SIGNATURE_TOLERANCE_MILLIS: u64 = 15 * 60 * 1000;

pub(super) fn of(error: &Error) -> Option<Cow<'static, str>> {
    let sent = error.0.sent.as_ref();
    match &error.0.cause {
        Cause::Api(api) => {
            if api.kind() == ErrorKind::Authentication
                && let Some(skew) = sent.and_then(|sent| clock_skew(&sent.times))
            {
                return Some(skew.into());
            }
            of_api(api, sent).map(Cow::Borrowed)
        }
        Cause::Incomplete { source, .. } => of(source.as_ref()?),
        Cause::Transport(_) => of_transport(error, sent),
        Cause::Redirect { .. } => Some(
            "if the address belongs to the service, set it as the endpoint; otherwise a network's login page may redirect the request"
                .into(),
        ),
        Cause::Decode(_) => Some(
            match error.responder() {
                Some(Responder::Proxy) => {
                    "check the endpoint and the proxy: the body is not JSON, so a proxy or a network's login page responded instead of the service"
                }
                Some(Responder::Iam) => "check the IAM endpoint: the response is not one of IAM",
                _ => "check the endpoint: the response is not one of DRS",
            }
            .into(),
        ),
        _ => None,
    }
}

/// The hint for an error response; `sent` is the request, if known.
pub(super) fn of_api(error: &ApiError, sent: Option<&Sent>) -> Option<&'static str> {
    let mentions = |phrases: &[&str]| contains_any(&error.message, phrases);
    let kind = error.kind();
    Some(match (error.code.as_deref(), error.responder, kind) {
        _ if mentions(&[
            "plain HTTP request was sent to HTTPS",
            "HTTP request to an HTTPS server",
        ]) =>
        {
            "begin the endpoint with https://: the port expects TLS"
        }
        (_, Responder::Proxy, ErrorKind::BadRequest)
            if matches!(error.status, 400 | 413 | 431 | 494) =>
        {
            "a proxy rejected the request, perhaps because the token makes its headers too long: use an access key, or connect without the proxy (NO_PROXY)"
        }
        (_, Responder::Iam, _) if error.status == 404 => {
            "check the IAM endpoint: scheme and host only, such as https://iam.cn-north-4.myhuaweicloud.com"
        }
        (_, Responder::Iam, ErrorKind::Authentication) => of_login(error),
        (_, Responder::Iam, ErrorKind::Permission) => {
            "the user lacks a permission for IAM: contact the account's administrator, or set the project id to avoid the lookup"
        }
        (Some("DRS.M00261"), ..) => {
            "check the project id: the token must be scoped to this project, in this region"
        }
        (.., ErrorKind::BadRequest) => of_parameters(error, sent),
        (.., ErrorKind::Authentication) => {
            "the token, key or signature was rejected: a token lasts 24 hours and is for one project; do not retry a key, more than five failures in a row lock it for five minutes"
        }
        (.., ErrorKind::Permission) => {
            "the user lacks a permission for DRS in this project: contact the account's administrator"
        }
        (.., ErrorKind::Throttled) => {
            "reduce the request rate: the gateway allows about 200 requests in five minutes"
        }
        (.., ErrorKind::NotFound) => "check the endpoint, the region and the project id",
        (_, Responder::Proxy, _) if error.status == 407 => {
            "the proxy requires a user and password: set them in the proxy's URL (HTTPS_PROXY)"
        }
        (.., ErrorKind::Service) if error.status >= 500 => {
            "retry later; if it fails again, contact the service's support with the request id"
        }
        _ => return None,
    })
}

/// The hint for a login or a project lookup that IAM rejected.
fn of_login(error: &ApiError) -> &'static str {
    let mentions = |phrases: &[&str]| contains_any(&error.message, phrases);
    if mentions(&["lock"]) {
        "the user is locked after failed logins: wait 15 minutes before the next attempt"
    } else if mentions(&[
        "expire",
        "must be changed",
        "change the password",
        "change your password",
    ]) {
        "the password has expired: change it in the console, then log in again"
    } else if mentions(&[
        "MFA",
        "receipt",
        "virtual",
        "multi-factor",
        "verification code",
    ]) {
        "the user needs multi-factor authentication: use an access key, or a user without it"
    } else if mentions(&["domain", "account"]) {
        "check the account name: IAM calls it domain, and it is not the user name of an IAM user (HW_DOMAIN_NAME)"
    } else if mentions(&["disabled"]) {
        "the user is disabled: contact the account's administrator"
    } else {
        "check the account (domain), user and password, or the access key; repeated failures lock them"
    }
}

/// The hint for parameters that the service rejected.
fn of_parameters(error: &ApiError, sent: Option<&Sent>) -> &'static str {
    let query = sent.map_or("", |sent| {
        sent.url.split_once('?').map_or("", |(_, query)| query)
    });
    let parameter = |name: &str| {
        query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    };
    let is_beyond = parameter("offset")
        .and_then(|offset| offset.parse::<u64>().ok())
        .is_some_and(|offset| offset >= 65_535);
    let mentions = |phrases: &[&str]| contains_any(&error.message, phrases);
    if is_beyond {
        return "the service lists no job beyond offset 65534: narrow the filters, such as by name or status";
    }
    if mentions(&["sort"]) && parameter("sort_key").is_some() {
        return "the service rejects this sort key: use another, or none (sort_key, --sort-key)";
    }
    if mentions(&["limit", "page size", "page_size"])
        || matches!(error.code.as_deref(), Some("DRS.M00210" | "DRS.M00211"))
    {
        return "the service rejects this page size: use a smaller one, such as 100 (page_size, limit, --page-size)";
    }
    "check the filters against the service's API page"
}

fn of_transport(error: &Error, sent: Option<&Sent>) -> Option<Cow<'static, str>> {
    let transport = error.transport()?;
    let text = with_sources(transport);
    let mentions = |phrases: &[&str]| contains_any(&text, phrases);
    let is_http = sent.is_some_and(|sent| sent.url.starts_with("http://"));
    Some(match transport.kind() {
        TransportErrorKind::Tls => return Some(of_tls(&text, transport.has_configured_roots(), sent)),
        // A TLS server rejects plain HTTP with an alert, or closes the connection.
        TransportErrorKind::Protocol if is_http => {
            "if the port expects TLS, begin the endpoint with https://".into()
        }
        TransportErrorKind::Protocol => {
            "the server does not speak HTTP/1.1 on this port: check the endpoint".into()
        }
        TransportErrorKind::Proxy if mentions(&["requires NTLM"]) => {
            "only Basic authentication to proxies is supported: use a local proxy that supports NTLM or Kerberos".into()
        }
        TransportErrorKind::Proxy if mentions(&["407"]) => {
            "check the user and password in the proxy's URL (HTTPS_PROXY)".into()
        }
        TransportErrorKind::Proxy => {
            "check the proxy (HTTPS_PROXY), or connect to the host without it (NO_PROXY)".into()
        }
        TransportErrorKind::Connect if mentions(&["to the proxy"]) => {
            "check the address of the proxy (HTTPS_PROXY), or connect without it (NO_PROXY)".into()
        }
        TransportErrorKind::Connect => {
            "check the region or the endpoint, and whether this network needs a proxy (HTTPS_PROXY)".into()
        }
        TransportErrorKind::Timeout => "retry later, or set a longer timeout".into(),
        TransportErrorKind::BodyTooLarge => {
            "use a smaller page size, or raise the maximum (max_body)".into()
        }
        _ => return None,
    })
}

fn of_tls(text: &str, has_configured_roots: bool, sent: Option<&Sent>) -> Cow<'static, str> {
    let mentions = |phrases: &[&str]| contains_any(text, phrases);
    let today = || {
        let local = sent.and_then(|sent| Timestamp::from_unix_millis(sent.times.local));
        local.map_or_else(String::new, |local| {
            let text = local.to_string();
            format!(", {},", text.get(..10).unwrap_or_default())
        })
    };
    if mentions(&["not valid yet", "not yet valid", "NotValidYet"]) {
        format!(
            "the server's certificate is not valid yet, or this machine's date{} is wrong",
            today()
        )
        .into()
    } else if mentions(&["expired"]) {
        format!(
            "the server's certificate has expired, or this machine's date{} is wrong",
            today()
        )
        .into()
    } else if mentions(&[
        "not valid for name",
        "NotValidForName",
        "hostname mismatch",
        "does not match target",
        "no alternative certificate",
        "IP address mismatch",
    ]) {
        "the certificate is for another host: check the host in the endpoint".into()
    } else if mentions(&["CaUsedAsEndEntity"]) {
        "the server presents a CA certificate as its own: install a certificate on the server that this CA signed; a CA certificate is not accepted for a server".into()
    } else if mentions(&[
        "UnknownIssuer",
        "unknown issuer",
        "local issuer",
        "self-signed",
        "self signed",
        "unknown ca",
    ]) {
        if has_configured_roots {
            "the server's chain does not end in one of the configured root certificates: add the certificate that signed it; a file can hold several".into()
        } else {
            "the certificate's issuer is not trusted: if this network uses a private certificate authority, set its root certificate (root_certificates, --ca-file)".into()
        }
    } else if mentions(&[
        "InvalidContentType",
        "wrong version number",
        "packet length too long",
        "unknown protocol",
        "corrupt message",
    ]) {
        "the server does not speak TLS on this port: check the port, or begin the endpoint with http:// for plain HTTP".into()
    } else {
        "if this network uses a private certificate authority, set its root certificate (root_certificates, --ca-file)".into()
    }
}

/// The hint for a signature whose time is too far from the service's.
fn clock_skew(times: &Times) -> Option<String> {
    let server = times.server.filter(|_| times.is_signed)?;
    let skew = times.local.abs_diff(server);
    if skew < SIGNATURE_TOLERANCE_MILLIS {
        return None;
    }
    let direction = if times.local < server {
        "behind"
    } else {
        "ahead of"
    };
    Some(format!(
        "this machine's clock is {} {direction} the service's: correct it; a signature is valid for 15 minutes",
        in_words(skew / 60_000)
    ))
}

/// `2 days 3 hours`, `1 hour 1 minute`: the two largest units.
fn in_words(minutes: u64) -> String {
    let mut words = String::new();
    let parts = [
        (minutes / 1440, "day"),
        (minutes % 1440 / 60, "hour"),
        (minutes % 60, "minute"),
    ];
    for (number, unit) in parts.into_iter().filter(|(number, _)| *number > 0).take(2) {
        let space = if words.is_empty() { "" } else { " " };
        let plural = if number == 1 { "" } else { "s" };
        // Writing to a `String` cannot fail.
        let _ = write!(words, "{space}{number} {unit}{plural}");
    }
    words
}

/// The text of an error and of all below it.
fn with_sources(error: &dyn core::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(below) = source {
        let _ = write!(text, ": {below}");
        source = below.source();
    }
    text
}

/// Whether `text` contains one of the phrases, whatever the case.
fn contains_any(text: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| {
        text.as_bytes()
            .windows(phrase.len())
            .any(|part| part.eq_ignore_ascii_case(phrase.as_bytes()))
    })
}

#[cfg(test)]
mod tests;
