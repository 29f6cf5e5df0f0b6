//! Regions and the service's endpoints in them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::error::Error;

/// A region of Huawei Cloud, such as `cn-north-4`.
///
/// A region that this version does not know works too, by the pattern of the others.
///
/// ```
/// use drs_backup_jobs::Region;
///
/// let region = Region::new("cn-north-4")?;
/// assert_eq!(region.endpoint().as_str(), "https://drs.cn-north-4.myhuaweicloud.com");
/// assert_eq!(Region::nearest("cn-nort-4").first(), Some(&"cn-north-4"));
/// # Ok::<(), drs_backup_jobs::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region(String);

impl Region {
    /// The regions where the service was known to run when this version was made.
    pub const KNOWN: &'static [&'static str] = &[
        "cn-north-1",
        "cn-north-2",
        "cn-north-4",
        "cn-north-9",
        "cn-north-11",
        "cn-north-12",
        "cn-east-2",
        "cn-east-3",
        "cn-east-4",
        "cn-east-5",
        "cn-south-1",
        "cn-south-2",
        "cn-south-4",
        "cn-southwest-2",
        "cn-southwest-3",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "sa-brazil-1",
        "la-south-2",
        "la-north-2",
        "na-mexico-1",
        "af-south-1",
        "af-north-1",
        "tr-west-1",
        "eu-west-0",
        "eu-west-101",
        "ru-moscow-1",
        "ru-northwest-2",
        "ae-ad-1",
        "my-kualalumpur-1",
        "me-east-1",
    ];

    /// The region of this name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the name is empty or holds
    /// anything but lower-case letters, digits and hyphens: it becomes part of a host name.
    pub fn new(name: impl Into<String>) -> Result<Self, Error> {
        let name = name.into();
        let fits = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if name.is_empty()
            || name.len() > 48
            || !name.bytes().all(fits)
            || name.starts_with('-')
            || name.ends_with('-')
        {
            return Err(Error::input(
                "region",
                alloc::format!(
                    "is {name:?}, but a region is made of a-z, 0-9 and -, like cn-north-4"
                ),
            ));
        }
        Ok(Self(name))
    }

    /// The region's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the region is one of [`KNOWN`](Self::KNOWN).
    #[must_use]
    pub fn is_known(&self) -> bool {
        Self::KNOWN.contains(&self.as_str())
    }

    /// Where the Data Replication Service answers in this region.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint_of("drs")
    }

    /// Where IAM answers in this region: for login and for the project's id.
    #[must_use]
    pub fn iam_endpoint(&self) -> Endpoint {
        self.endpoint_of("iam")
    }

    fn endpoint_of(&self, service: &str) -> Endpoint {
        // The one region under another domain.
        let domain = if self.0 == "eu-west-101" {
            "myhuaweicloud.eu"
        } else {
            "myhuaweicloud.com"
        };
        Endpoint {
            url: alloc::format!("https://{service}.{}.{domain}", self.0),
        }
    }

    /// Known names that look like `name`, the nearest first, at most three: for a hint.
    #[must_use]
    pub fn nearest(name: &str) -> Vec<&'static str> {
        let mut near: Vec<_> = Self::KNOWN
            .iter()
            .map(|&known| (edits(name, known), known))
            .filter(|(edits, known)| *edits <= 1 + known.len() / 4)
            .collect();
        near.sort_unstable();
        near.into_iter().take(3).map(|(_, known)| known).collect()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl core::str::FromStr for Region {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::new(name)
    }
}

/// How many characters must be put in, taken out or replaced to make `b` of `a` (Levenshtein).
fn edits(a: &str, b: &str) -> usize {
    // Nothing longer than this comes near any region: the work stays bounded.
    let a: Vec<char> = a.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=a.len()).collect();
    for (i, y) in b.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (x, above) in a.iter().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal + usize::from(*x != y);
            diagonal = *above;
            left = replaced.min(diagonal + 1).min(left + 1);
            *above = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Where a service answers: scheme, host, port if need be, and a path in front of the service's
/// own if a gateway wants one; no trailing slash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    url: String,
}

impl Endpoint {
    /// Reads an endpoint like `https://drs.cn-north-4.myhuaweicloud.com`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when it is no `http` or `https`
    /// URL, has no host, or holds a user, a query, a fragment, a space or a control character.
    pub fn parse(url: &str) -> Result<Self, Error> {
        // The given text is not repeated when it holds a user: a password may stand there.
        let refuse = |why: &str| {
            Err(Error::input(
                "endpoint",
                alloc::format!(
                    "{why}; expected a form like https://drs.cn-north-4.myhuaweicloud.com"
                ),
            ))
        };
        let Some((scheme, rest)) = url.split_once("://") else {
            return refuse("has no scheme");
        };
        let scheme = if scheme.eq_ignore_ascii_case("https") {
            "https"
        } else if scheme.eq_ignore_ascii_case("http") {
            "http"
        } else {
            return refuse("has a scheme that is neither http nor https");
        };
        let rest = rest.trim_end_matches('/');
        let authority = rest.split('/').next().unwrap_or_default();
        if authority.contains('@') {
            return refuse("names a user");
        }
        if rest
            .bytes()
            .any(|byte| byte <= b' ' || byte >= 0x7f || b"?#\\\"<>^`{|}".contains(&byte))
        {
            return refuse("holds a character that may not stand there");
        }
        let Some(host) = host_of(authority) else {
            return refuse("has no host, or a port that is no number");
        };
        if host.is_empty() {
            return refuse("has no host");
        }
        Ok(Self {
            url: alloc::format!("{scheme}://{rest}"),
        })
    }

    /// The endpoint as a URL without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Whether what is sent there is encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.starts_with("https:")
    }

    /// Whether the endpoint is on this machine: `localhost`, `127.0.0.0/8` or `[::1]`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let host = host_of(rest.split('/').next().unwrap_or_default()).unwrap_or_default();
        if let Ok(address) = host.parse::<core::net::Ipv4Addr>() {
            return address.is_loopback();
        }
        host.eq_ignore_ascii_case("localhost") || host == "[::1]"
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

/// The host of `host`, `host:port` or `[address]:port`, if the port is one.
pub(crate) fn host_of(authority: &str) -> Option<&str> {
    let port_at = match authority.rfind(']') {
        Some(bracket) => authority
            .get(bracket..)?
            .find(':')
            .map(|colon| bracket + colon),
        None => authority.find(':'),
    };
    let Some((host, port)) = port_at.and_then(|at| authority.split_at_checked(at)) else {
        return Some(authority);
    };
    let port = port.strip_prefix(':')?;
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    is_port.then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn endpoints_follow_the_pattern_but_for_the_one_exception() {
        let endpoint = |name: &str| Region::new(name).unwrap().endpoint().to_string();
        assert_eq!(
            endpoint("cn-north-4"),
            "https://drs.cn-north-4.myhuaweicloud.com"
        );
        assert_eq!(
            endpoint("eu-west-101"),
            "https://drs.eu-west-101.myhuaweicloud.eu"
        );
        assert_eq!(
            endpoint("xx-moon-9"),
            "https://drs.xx-moon-9.myhuaweicloud.com"
        );
        assert_eq!(
            Region::new("cn-north-4").unwrap().iam_endpoint().as_str(),
            "https://iam.cn-north-4.myhuaweicloud.com"
        );
    }

    #[test]
    fn a_region_that_cannot_be_part_of_a_host_is_refused() {
        for name in [
            "",
            "CN-NORTH-4",
            "cn north",
            "a.b",
            "a/b",
            "-a",
            "a-",
            "evil.com#",
            &"a".repeat(49),
        ] {
            assert!(Region::new(name).is_err(), "{name}");
        }
    }

    #[test]
    fn the_nearest_names_are_found() {
        assert_eq!(Region::nearest("cn-nrth-4").first(), Some(&"cn-north-4"));
        assert_eq!(
            Region::nearest("ap-southest-1").first(),
            Some(&"ap-southeast-1")
        );
        assert!(Region::nearest("zzzzzzzzzzzz").is_empty());
        assert!(Region::nearest(&"x".repeat(100_000)).is_empty());
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("abc", ""), 3);
    }

    #[test]
    fn endpoints_are_read_strictly() {
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
                error.to_string().starts_with("endpoint "),
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
    fn loopback_is_told_from_what_only_looks_like_it() {
        for (url, expected) in [
            ("http://localhost", true),
            ("http://LOCALHOST:1/x", true),
            ("http://127.0.0.1:80", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:8080", true),
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
