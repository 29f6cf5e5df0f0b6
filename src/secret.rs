//! The type of tokens, passwords and secret keys.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A token, a password or a secret key.
///
/// `Debug` prints `***`; there is no `Display`. The memory is overwritten when it is dropped, as a
/// best effort: copies that the operating system, the allocator or an HTTP client made are out of
/// reach. Comparison takes a time that does not depend on the contents.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// Returns the secret itself. Do not print or log it.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }

    /// Returns whether the secret is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Wraps bytes; returns `None` if they are not UTF-8, and overwrites them.
    #[cfg(feature = "std")]
    pub(crate) fn from_utf8(bytes: Vec<u8>) -> Option<Self> {
        String::from_utf8(bytes)
            .map(Self)
            .map_err(|error| wipe(error.into_bytes()))
            .ok()
    }
}

/// Takes a time that depends only on the lengths, so that it does not reveal how many characters of
/// a guess are right.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        let (own, others) = (self.0.as_bytes(), other.0.as_bytes());
        let pairs = own.iter().zip(others);
        let difference = pairs.fold(0, |sum, (a, b)| core::hint::black_box(sum | (a ^ b)));
        own.len() == others.len() && difference == 0
    }
}

impl Eq for Secret {}

impl Drop for Secret {
    fn drop(&mut self) {
        wipe(core::mem::take(&mut self.0).into_bytes());
    }
}

/// The part of the rule for tokens and keys that `text` breaks, if it breaks any: the service would
/// count it as a failed login or signature.
pub(crate) fn broken_word_rule(text: &str) -> Option<&'static str> {
    let is_quote = |ch| matches!(ch, '"' | '\'');
    if text.is_empty() {
        Some("must not be empty")
    } else if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Some("must be printable ASCII without spaces")
    } else if text.starts_with(is_quote) || text.ends_with(is_quote) {
        Some("must not begin or end with a quotation mark")
    } else {
        None
    }
}

/// Overwrites bytes that were secret.
fn wipe(mut bytes: Vec<u8>) {
    bytes.fill(0);
    // Keeps the compiler from leaving out writes to memory that is freed next.
    core::hint::black_box(&bytes);
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self(secret.into())
    }
}

impl From<&String> for Secret {
    fn from(secret: &String) -> Self {
        Self(secret.clone())
    }
}

impl From<Box<str>> for Secret {
    fn from(secret: Box<str>) -> Self {
        Self(secret.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_three_stars() {
        assert_eq!(
            alloc::format!("{:?} {:#?}", Secret::new("x"), Secret::new("")),
            "*** ***"
        );
    }

    #[test]
    fn tells_an_empty_secret() {
        assert!(Secret::new("").is_empty());
        assert!(!Secret::new(" ").is_empty());
    }

    #[test]
    fn compares_every_byte_and_the_length() {
        let secret = Secret::new("hunter2");
        assert_eq!(secret, Secret::new("hunter2"));
        for other in [
            "", "hunter", "hunter22", "Hunter2", "hunter3", "hunt\0r2", "uhnter2",
        ] {
            assert_ne!(secret, Secret::new(other));
        }
        assert_eq!(Secret::new(""), Secret::new(""));
    }

    #[cfg(feature = "std")]
    #[test]
    fn any_text_and_bytes_that_are_one_make_a_secret() {
        let text = String::from("x");
        for secret in [
            Secret::from(&text),
            Secret::from(text.clone().into_boxed_str()),
            Secret::from_utf8(text.clone().into()).unwrap(),
        ] {
            assert_eq!(secret, Secret::from(text.as_str()));
        }
        assert_eq!(Secret::from_utf8(b"\xff".into()), None);
    }
}
