//! One proxy and its URL.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::percent;
use crate::secret::Secret;
use crate::text;
use crate::url::Authority;

/// One HTTP proxy.
#[derive(Clone)]
pub(in crate::transport) struct Proxy {
    host: String,
    port: u16,
    /// Scheme, user info, host and port; user and password percent-encoded.
    url: Secret,
    has_login: bool,
}

impl Proxy {
    /// Parses a proxy's URL. The reason of a failure completes a sentence that names the source,
    /// and never repeats the URL, which may hold a password.
    pub(super) fn parse(url: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text::split_once(url, "://").unwrap_or(("http", url));
        check_scheme(scheme)?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (login, authority) = match text::rsplit_once(authority, b'@') {
            Some((login, authority)) => (Some(login), authority),
            None => (None, authority),
        };
        if authority.contains(['/', '?', '#']) {
            return Err(
                "has a path, which a proxy's URL cannot have: remove what follows the port (a / ? \
                 or # in a password is written %2F, %3F or %23)",
            );
        }
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
        if authority.is_empty() || !authority.bytes().all(is_allowed) {
            return Err("has no valid host: expected the form http://user:password@host:port");
        }
        let Authority { host, port } = Authority::parse(authority)
            .ok_or("has no valid host or port: expected the form http://user:password@host:port")?;
        let port = port.unwrap_or(80);
        let mut url = String::from("http://");
        if let Some(login) = login {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            percent::encode_into(&mut url, decode(user)?.expose_secret());
            url.push(':');
            percent::encode_into(&mut url, decode(password)?.expose_secret());
            url.push('@');
        }
        url.push_str(host);
        url.push(':');
        text::push_number(&mut url, port.into());
        Ok(Self {
            host: host.into(),
            port,
            url: url.into(),
            has_login: login.is_some(),
        })
    }

    /// Host and port, without user info. An IPv6 address is in brackets.
    pub(in crate::transport) fn authority(&self) -> Authority<'_> {
        Authority {
            host: &self.host,
            port: Some(self.port),
        }
    }

    /// The URL with user and password, percent-encoded: the one form that ureq and every version of
    /// libcurl decode alike. Do not print it.
    pub(in crate::transport) fn url(&self) -> &str {
        self.url.expose_secret()
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = if self.has_login { "***@" } else { "" };
        write!(f, "http://{login}{}:{}", self.host, self.port)
    }
}

fn check_scheme(scheme: &str) -> Result<(), &'static str> {
    if scheme.eq_ignore_ascii_case("http") {
        return Ok(());
    }
    let lower = scheme.to_ascii_lowercase();
    Err(if lower.starts_with("socks") {
        "names a SOCKS proxy, which is not supported: use the proxy's HTTP port (http://host:port) \
         or a local HTTP proxy that forwards to it, such as privoxy"
    } else if lower == "https" {
        "names a proxy that is reached over TLS, which is not supported: use its plain port \
         (http://host:port); https requests stay encrypted from end to end"
    } else {
        "has a scheme other than http: expected the form http://user:password@host:port"
    })
}

/// The user or the password of a proxy's URL, decoded.
fn decode(text: &str) -> Result<Secret, &'static str> {
    if percent::decode(text).any(|byte| byte.is_none()) {
        return Err(
            "has a % in its user or password that is not followed by two hexadecimal digits: write \
             it as %25",
        );
    }
    let mut bytes = Vec::with_capacity(text.len());
    bytes.extend(percent::decode(text).flatten());
    Secret::from_utf8(bytes)
        .filter(|part| !part.expose_secret().contains(char::is_control))
        .ok_or("has a user or password that is not UTF-8 or holds a control character")
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn parses_every_form_of_a_proxy_url() {
        for (url, host, port, login) in [
            ("proxy.test", "proxy.test", 80, ""),
            ("http://proxy.test:3128", "proxy.test", 3128, ""),
            ("HTTP://10.0.0.1:3128/", "10.0.0.1", 3128, ""),
            ("http://[::1]:3128", "[::1]", 3128, ""),
            ("http://me@p:1", "p", 1, "me:@"),
            ("http://me:a%40b%3ac@p:1", "p", 1, "me:a%40b%3Ac@"),
            ("http://me:a@b@p:1", "p", 1, "me:a%40b@"),
            ("http://me:a/b@p:1", "p", 1, "me:a%2Fb@"),
            ("http://me:a%2541b@p:1", "p", 1, "me:a%2541b@"),
        ] {
            let proxy = Proxy::parse(url).unwrap();
            assert_eq!((&*proxy.host, proxy.port), (host, port), "{url}");
            assert_eq!(proxy.url(), format!("http://{login}{host}:{port}"), "{url}");
        }
    }

    #[test]
    fn errors_say_what_to_do_and_never_repeat_the_url() {
        for (url, expected) in [
            ("socks5://me:hunter2@p:1080", "SOCKS"),
            ("SOCKS5H://hunter2@p:1080", "privoxy"),
            ("https://me:hunter2@p:3128", "reached over TLS"),
            ("ftp://me:hunter2@p:1", "other than http"),
            ("http://me:hunter2%zz@p:1", "write it as %25"),
            ("http://me:hunter2%@p:1", "write it as %25"),
            ("http://me:hunter2@p:1/path", "a path"),
            ("http://me:hunter2@p:1/?q", "a path"),
            ("http://me:hunter2%ff@p:1", "not UTF-8"),
            ("http://me:hunter2%0d%0aX@p:1", "control character"),
            ("http://me:hunter2@p:x", "port"),
            ("http://me:hunter2@:1", "host"),
            ("http://", "host"),
        ] {
            let reason = Proxy::parse(url).unwrap_err();
            assert!(reason.contains(expected), "{url}: {reason}");
            assert!(!reason.contains("hunter2"), "{url}: {reason}");
        }
    }
}
