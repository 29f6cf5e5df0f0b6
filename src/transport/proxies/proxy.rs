//! One proxy, and the URL that names it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::percent;
use crate::secret::Secret;
use crate::url::Authority;

/// One proxy.
#[derive(Clone)]
pub(in crate::transport) struct Proxy {
    host: String,
    port: u16,
    login: Option<(String, Secret)>,
}

impl Proxy {
    pub(super) fn parse(url: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        if !scheme.eq_ignore_ascii_case("http") {
            return Err("has a scheme other than http, which is the only one for proxies");
        }
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (login, authority) = match authority.rsplit_once('@') {
            Some((login, authority)) => (Some(login), authority),
            None => (None, authority),
        };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
        if authority.is_empty() || !authority.bytes().all(fits) {
            return Err(
                "has no host, or one that cannot be; expected a form like http://user:password@host:port",
            );
        }
        let Authority { host, port } =
            Authority::parse(authority).ok_or("has no host, or a port that is no number")?;
        let login = match login {
            None => None,
            Some(login) => {
                let (user, password) = login.split_once(':').unwrap_or((login, ""));
                let decode = |text| decoded(text).ok_or("has a login that cannot be read");
                Some((decode(user)?.expose_secret().into(), decode(password)?))
            }
        };
        Ok(Self {
            host: host.into(),
            port: port.unwrap_or(80),
            login,
        })
    }

    /// The host; an IPv6 address in brackets.
    pub(in crate::transport) fn host(&self) -> &str {
        &self.host
    }

    pub(in crate::transport) fn port(&self) -> u16 {
        self.port
    }

    /// User and password, as they are.
    pub(in crate::transport) fn login(&self) -> Option<(&str, &Secret)> {
        let (user, password) = self.login.as_ref()?;
        Some((user, password))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = if self.login.is_some() { "***@" } else { "" };
        write!(f, "http://{login}{}:{}", self.host, self.port)
    }
}

/// A part of a login as it is; `None` if it is not encoded, no UTF-8, or holds what no header may.
fn decoded(text: &str) -> Option<Secret> {
    if percent::decode(text).any(|byte| byte.is_none()) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    bytes.extend(percent::decode(text).flatten());
    Secret::from_utf8(bytes).filter(|part| !part.expose_secret().contains(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxys_url_is_read_in_all_its_forms() {
        for (url, host, port, login) in [
            ("proxy.test", "proxy.test", 80, None),
            ("http://proxy.test:3128", "proxy.test", 3128, None),
            ("HTTP://10.0.0.1:3128/", "10.0.0.1", 3128, None),
            ("http://[::1]:3128", "[::1]", 3128, None),
            ("http://me@p:1", "p", 1, Some(("me", ""))),
            ("http://me:a%40b%3ac@p:1", "p", 1, Some(("me", "a@b:c"))),
            ("http://me:a@b@p:1", "p", 1, Some(("me", "a@b"))),
        ] {
            let proxy = Proxy::parse(url).unwrap();
            assert_eq!((proxy.host(), proxy.port()), (host, port), "{url}");
            let read = proxy
                .login()
                .map(|(user, secret)| (user, secret.expose_secret()));
            assert_eq!(read, login, "{url}");
        }
    }
}
