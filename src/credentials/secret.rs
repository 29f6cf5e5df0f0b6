//! The one type that tokens, passwords and secret keys live in.

use alloc::string::String;
use core::fmt;

/// A token, a password or a secret key.
///
/// It prints as `***`, and its memory is overwritten when it is dropped, as a best effort: copies
/// that the operating system, the allocator or an HTTP client made are out of reach.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret in.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself. Mind where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Replaces every occurrence of the secret in `text`: a service may repeat what it was sent.
    pub(crate) fn redact(&self, text: &mut String) {
        if !self.is_empty() && text.contains(self.expose()) {
            *text = text.replace(self.expose(), "***");
        }
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let mut bytes = core::mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        // Keeps the compiler from leaving out writes to memory that is freed next.
        core::hint::black_box(&bytes);
    }
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
    fn a_secret_that_is_repeated_to_us_is_taken_out() {
        let mut text = String::from("bad token s3cret (s3cret)");
        Secret::new("s3cret").redact(&mut text);
        Secret::new("").redact(&mut text);
        assert_eq!(text, "bad token *** (***)");
    }
}
