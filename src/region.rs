//! Regions and their endpoints.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::error::Error;
use crate::url::Endpoint;

/// A region of Huawei Cloud, such as `cn-north-4`.
///
/// An unknown region works too: its endpoints follow the same pattern.
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
pub struct Region(Cow<'static, str>);

impl Region {
    /// The regions that had the service when this version was released.
    pub const KNOWN: &'static [Self] = &[
        Self::known("cn-north-1"),
        Self::known("cn-north-2"),
        Self::known("cn-north-4"),
        Self::known("cn-north-9"),
        Self::known("cn-north-11"),
        Self::known("cn-north-12"),
        Self::known("cn-east-2"),
        Self::known("cn-east-3"),
        Self::known("cn-east-4"),
        Self::known("cn-east-5"),
        Self::known("cn-south-1"),
        Self::known("cn-south-2"),
        Self::known("cn-south-4"),
        Self::known("cn-southwest-2"),
        Self::known("cn-southwest-3"),
        Self::known("ap-southeast-1"),
        Self::known("ap-southeast-2"),
        Self::known("ap-southeast-3"),
        Self::known("ap-southeast-4"),
        Self::known("ap-southeast-5"),
        Self::known("sa-brazil-1"),
        Self::known("la-south-2"),
        Self::known("la-north-2"),
        Self::known("na-mexico-1"),
        Self::known("af-south-1"),
        Self::known("af-north-1"),
        Self::known("tr-west-1"),
        Self::known("eu-west-0"),
        Self::known("eu-west-101"),
        Self::known("ru-moscow-1"),
        Self::known("ru-northwest-2"),
        Self::known("ae-ad-1"),
        Self::known("my-kualalumpur-1"),
        Self::known("me-east-1"),
    ];

    const fn known(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// Parses the name of a region.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the name is empty, longer
    /// than 48 characters, contains anything but lower-case letters, digits and hyphens, or begins
    /// or ends with a hyphen: it becomes part of a host name.
    pub fn new(name: impl Into<String>) -> Result<Self, Error> {
        let name = name.into();
        let fits = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if name.is_empty()
            || name.len() > 48
            || !name.bytes().all(fits)
            || name.starts_with('-')
            || name.ends_with('-')
        {
            return Err(Error::invalid(
                "region",
                name,
                "must consist of a-z, 0-9 and -, such as cn-north-4",
            ));
        }
        Ok(Self(Cow::Owned(name)))
    }

    /// Returns the region's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the region is one of [`KNOWN`](Self::KNOWN).
    #[must_use]
    pub fn is_known(&self) -> bool {
        Self::KNOWN.contains(self)
    }

    /// Returns the endpoint of the Data Replication Service in this region, under the domain
    /// `myhuaweicloud.com`, or `myhuaweicloud.eu` for a region named `eu-west-1…`.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint {
        self.endpoint_of("drs", self.domain())
    }

    /// Returns the endpoint of IAM in this region, for logins and the lookup of a project's id.
    #[must_use]
    pub fn iam_endpoint(&self) -> Endpoint {
        self.endpoint_of("iam", self.domain())
    }

    /// Returns the endpoint of the Data Replication Service in this region of another cloud, such
    /// as `https://drs.sa-east-1.cloud.example.com` under the domain `cloud.example.com`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if `domain` is not the name of a
    /// domain.
    pub fn endpoint_in(&self, domain: &str) -> Result<Endpoint, Error> {
        check_domain(domain).map(|()| self.endpoint_of("drs", domain))
    }

    /// Returns the endpoint of IAM in this region of another cloud: see
    /// [`endpoint_in`](Self::endpoint_in).
    ///
    /// # Errors
    ///
    /// Those of [`endpoint_in`](Self::endpoint_in).
    pub fn iam_endpoint_in(&self, domain: &str) -> Result<Endpoint, Error> {
        check_domain(domain).map(|()| self.endpoint_of("iam", domain))
    }

    fn domain(&self) -> &'static str {
        if self.0.starts_with("eu-west-1") {
            "myhuaweicloud.eu"
        } else {
            "myhuaweicloud.com"
        }
    }

    fn endpoint_of(&self, service: &str, domain: &str) -> Endpoint {
        Endpoint::from_url(alloc::format!("https://{service}.{}.{domain}", self.0))
    }

    /// Returns known names similar to `name`, the most similar first, at most three: for a hint.
    #[must_use]
    pub fn nearest(name: &str) -> Vec<&'static str> {
        let mut near: Vec<_> = Self::KNOWN
            .iter()
            .filter_map(|known| match &known.0 {
                Cow::Borrowed(known) => Some((edits(name, known), *known)),
                Cow::Owned(_) => None,
            })
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

/// Whether this is the name of a domain, which becomes the end of a host name.
pub(crate) fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty()
            && label.bytes().all(fits)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 200 && name.bytes().any(|byte| byte == b'.') && name.split('.').all(is_label)
}

fn check_domain(name: &str) -> Result<(), Error> {
    if is_domain(name) {
        return Ok(());
    }
    Err(Error::input(
        "cloud_domain",
        "must be the name of a domain, like myhuaweicloud.com",
    ))
}

/// The edit distance between two names (Levenshtein).
fn edits(a: &str, b: &str) -> usize {
    // No longer name is similar to any region; this bounds the work.
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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn endpoints_follow_the_pattern_with_one_exception() {
        let endpoint = |name: &str| Region::new(name).unwrap().endpoint().to_string();
        assert_eq!(
            endpoint("cn-north-4"),
            "https://drs.cn-north-4.myhuaweicloud.com"
        );
        assert_eq!(
            endpoint("eu-west-101"),
            "https://drs.eu-west-101.myhuaweicloud.eu"
        );
        let region = Region::new("cn-north-4").unwrap();
        assert_eq!(
            region.endpoint_in("cloud.example.com").unwrap().as_str(),
            "https://drs.cn-north-4.cloud.example.com"
        );
        assert_eq!(
            region
                .iam_endpoint_in("cloud.example.com")
                .unwrap()
                .as_str(),
            "https://iam.cn-north-4.cloud.example.com"
        );
        for domain in [
            "", "com", "a..b", "a.b/", "a.b:1", "-a.b", "a.b#", "é.com", "a b.c",
        ] {
            let error = region.endpoint_in(domain).unwrap_err();
            assert_eq!(error.parameter(), Some("cloud_domain"), "{domain}");
        }
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
    fn refuses_a_region_that_cannot_be_part_of_a_host() {
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
    fn finds_similar_names() {
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
}
