//! URLs: the one parser of a URL's authority, the one rule for loopback, and endpoints.

use alloc::string::String;
use core::fmt;
use core::net::IpAddr;

use crate::error::Error;
use crate::text;

/// The host and port of a URL, without user info.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Authority<'a> {
    /// The host as written; an IPv6 address keeps its brackets.
    pub(crate) host: &'a str,
    pub(crate) port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Parses `host`, `host:port`, `[address]` or `[address]:port`; `None` if the host is empty or
    /// the port is not a number up to 65535.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut bytes = text.bytes();
        let bracket = bytes.rposition(|byte| byte == b']').unwrap_or_default();
        let (before, behind) = text.split_at_checked(bracket)?;
        let (host, port) = match text::split_once(behind, ":") {
            None => (text, None),
            Some((end, port)) => {
                let host = text.get(..before.len() + end.len())?;
                // `u16::from_str` also takes a leading `+`.
                if !port.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                (host, Some(port.parse().ok()?))
            }
        };
        (!host.is_empty()).then_some(Self { host, port })
    }

    /// The host without the brackets of an IPv6 address.
    pub(crate) fn bare_host(&self) -> &'a str {
        self.host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(self.host)
    }

    /// The host as an address, if it is one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.bare_host().parse().ok()
    }

    /// Whether the host is this machine: `localhost`, `127.0.0.0/8`, `[::1]` or their IPv4-mapped
    /// forms.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.address() {
            Some(address) => address.to_canonical().is_loopback(),
            None => self.host.eq_ignore_ascii_case("localhost"),
        }
    }
}

/// The parts of a URL, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SplitUrl<'a> {
    pub(crate) scheme: &'a str,
    /// Host, port and user info, as written.
    pub(crate) authority: &'a str,
    /// Path, query and fragment.
    #[cfg_attr(
        not(feature = "aksk"),
        expect(dead_code, reason = "only signing needs it")
    )]
    pub(crate) rest: &'a str,
}

impl<'a> SplitUrl<'a> {
    /// Splits `scheme://authority/rest`; `None` if there is no scheme.
    pub(crate) fn new(url: &'a str) -> Option<Self> {
        let (scheme, rest) = text::split_once(url, "://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        Some(Self {
            scheme,
            authority,
            rest,
        })
    }

    pub(crate) fn is_https(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("https")
    }

    /// The authority's host and port; `None` where [`Authority::parse`] finds none.
    pub(crate) fn host_and_port(&self) -> Option<Authority<'a>> {
        let authority = self.authority;
        Authority::parse(text::rsplit_once(authority, b'@').map_or(authority, |(_, host)| host))
    }
}

/// The endpoint of a service: scheme and host, optionally a port and a path prefix that a gateway
/// requires; no trailing slash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    url: String,
}

impl Endpoint {
    /// Parses an endpoint such as `https://drs.cn-north-4.myhuaweicloud.com`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if it is not an `http` or `https`
    /// URL, has no host, or contains user info, a query, a fragment, a space or a control character.
    pub fn parse(url: &str) -> Result<Self, Error> {
        // The text is not repeated if it contains user info, which may hold a password.
        let refuse = |why: &str| {
            Err(Error::input(
                "endpoint",
                alloc::format!("{why}, such as https://drs.cn-north-4.myhuaweicloud.com"),
            ))
        };
        let Some((scheme, rest)) = text::split_once(url, "://") else {
            return refuse("must begin with https://");
        };
        let scheme = if scheme.eq_ignore_ascii_case("https") {
            "https"
        } else if scheme.eq_ignore_ascii_case("http") {
            "http"
        } else {
            return refuse("must begin with https:// or http://");
        };
        let rest = rest.trim_end_matches('/');
        let authority = rest.split('/').next().unwrap_or_default();
        if authority.bytes().any(|byte| byte == b'@') {
            return refuse("must not contain user or password");
        }
        if rest
            .bytes()
            .any(|byte| byte <= b' ' || byte >= 0x7f || b"?#\\\"<>^`{|}".contains(&byte))
        {
            return refuse("must consist of scheme, host, port and path, in ASCII");
        }
        if Authority::parse(authority).is_none_or(|authority| authority.port == Some(0)) {
            return refuse("must have a host, and a port from 1 to 65535 if any");
        }
        Ok(Self {
            url: alloc::format!("{scheme}://{rest}"),
        })
    }

    /// The endpoint of a URL that is known to be valid.
    pub(crate) fn from_url(url: String) -> Self {
        Self { url }
    }

    /// Returns the endpoint as a URL without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Returns whether the scheme is `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        SplitUrl::new(&self.url).is_some_and(|url| url.is_https())
    }

    /// Returns whether the endpoint is on this machine: `localhost`, `127.0.0.0/8`, `[::1]` or an
    /// IPv4-mapped form of these.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        SplitUrl::new(&self.url)
            .and_then(|url| url.host_and_port())
            .is_some_and(|host| host.is_loopback())
    }
}

impl Endpoint {
    /// Whether the host is a link-local address (`169.254.0.0/16`, `fe80::/10`), which no router
    /// forwards.
    #[cfg(all(feature = "std", feature = "aksk"))]
    pub(crate) fn is_link_local(&self) -> bool {
        let host = SplitUrl::new(&self.url).and_then(|url| url.host_and_port());
        match host.and_then(|host| host.address()) {
            Some(IpAddr::V4(address)) => address.is_link_local(),
            Some(IpAddr::V6(address)) => address.is_unicast_link_local(),
            None => false,
        }
    }
}

impl AsRef<str> for Endpoint {
    fn as_ref(&self) -> &str {
        &self.url
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.url)
    }
}

impl core::str::FromStr for Endpoint {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        Self::parse(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn parses_endpoints_strictly() {
        for (given, read) in [
            ("https://h", "https://h"),
            ("HTTPS://h/", "https://h"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("https://gw.example.com/drs//", "https://gw.example.com/drs"),
            ("http://[::1]:80", "http://[::1]:80"),
        ] {
            assert_eq!(Endpoint::parse(given).unwrap().as_str(), read);
        }
        for given in [
            "",
            "h",
            "drs.example.com",
            "ftp://h",
            "https://",
            "https:///",
            "https://:80",
            "https://h:x",
            "https://h:99999",
            "https://h:",
            "https://u:p@h",
            "https://h?x",
            "https://h#x",
            "https://h x",
            "https://h\r\nX: y",
            "https://é",
            "https://h\\@evil",
            "://h",
        ] {
            let error = Endpoint::parse(given).unwrap_err();
            assert!(
                error.to_string().starts_with("invalid endpoint: "),
                "{given}: {error}"
            );
        }
        assert!(
            !Endpoint::parse("https://u:hunter2@h")
                .unwrap_err()
                .to_string()
                .contains("hunter2")
        );
    }

    #[test]
    fn distinguishes_loopback_addresses_from_lookalikes() {
        for (url, expected) in [
            ("http://localhost", true),
            ("http://LOCALHOST:1/x", true),
            ("http://127.0.0.1:80", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:8080", true),
            ("http://[::ffff:127.0.0.1]", true),
            ("http://[::ffff:10.0.0.1]", false),
            ("http://127.0.0.1.evil.com", false),
            ("http://localhost.evil.com", false),
            ("http://10.0.0.1", false),
            ("http://[::2]", false),
            ("https://drs.cn-north-4.myhuaweicloud.com", false),
        ] {
            assert_eq!(
                Endpoint::parse(url).unwrap().is_loopback(),
                expected,
                "{url}"
            );
        }
    }
}
