//! The headers of a request, and the rule for their values.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::error::Error;
use crate::header;
use crate::secret::Secret;

/// The headers of a request, in the order they are sent. Secret values print as `***`.
#[derive(Clone, Default)]
pub struct Headers(Vec<(&'static str, Value)>);

#[derive(Clone)]
enum Value {
    Plain(Cow<'static, str>),
    Secret(Secret),
}

impl Headers {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(8))
    }

    /// Iterates over names and values. A value shows whether it is secret.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, HeaderValue<'_>)> {
        self.0.iter().map(|(name, value)| {
            let value = match value {
                Value::Plain(text) => HeaderValue {
                    text,
                    is_secret: false,
                },
                Value::Secret(secret) => HeaderValue {
                    text: secret.expose_secret(),
                    is_secret: true,
                },
            };
            (*name, value)
        })
    }

    /// Returns the value of the first header with this name, even if it is secret. Names match
    /// case-insensitively.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.text)
    }

    /// Returns whether the value of the header with this name is secret.
    #[must_use]
    pub fn is_secret(&self, name: &str) -> bool {
        self.iter()
            .any(|(known, value)| known.eq_ignore_ascii_case(name) && value.is_secret)
    }

    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter().filter_map(|(_, value)| match value {
            Value::Secret(secret) => Some(secret),
            Value::Plain(_) => None,
        })
    }

    /// Removes every header with this name.
    #[cfg(feature = "aksk")]
    pub(crate) fn remove(&mut self, name: &str) {
        self.0
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    pub(crate) fn push(
        &mut self,
        name: &'static str,
        value: impl Into<String>,
    ) -> Result<(), Error> {
        let value = value.into();
        check_value(name, &value)?;
        self.0.push((name, Value::Plain(value.into())));
        Ok(())
    }

    pub(crate) fn push_secret(&mut self, name: &'static str, value: Secret) -> Result<(), Error> {
        check_value(name, value.expose_secret())?;
        self.0.push((name, Value::Secret(value)));
        Ok(())
    }
}

/// Header values must be printable ASCII: a control character could start another header, and
/// servers disagree about the meaning of other bytes.
fn check_value(name: &'static str, value: &str) -> Result<(), Error> {
    if let Some(at) = value
        .bytes()
        .position(|byte| !matches!(byte, b' '..=b'~' | b'\t'))
    {
        return Err(Error::input(
            parameter_of(name),
            alloc::format!(
                "must be printable ASCII to be sent in the header {name}; byte {at} is not"
            ),
        ));
    }
    if value.trim_matches([' ', '\t']).len() != value.len() {
        return Err(Error::input(
            parameter_of(name),
            alloc::format!("must not begin or end with a space to be sent in the header {name}"),
        ));
    }
    Ok(())
}

/// The setter of this crate that a header's value comes from.
fn parameter_of(header: &'static str) -> &'static str {
    match header {
        header::AUTH_TOKEN => "token",
        header::LANGUAGE => "language",
        header::USER_AGENT => "user_agent",
        #[cfg(any(feature = "aksk", feature = "emulator"))]
        header::PROJECT_ID => "project_id",
        #[cfg(feature = "aksk")]
        header::SECURITY_TOKEN => "security_token",
        #[cfg(any(feature = "aksk", feature = "emulator"))]
        header::AUTHORIZATION => "access_key",
        #[cfg(any(feature = "aksk", feature = "emulator"))]
        header::HOST => "endpoint",
        other => other,
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// The value of a header: a string slice that prints as `***` if it is secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HeaderValue<'a> {
    text: &'a str,
    is_secret: bool,
}

impl<'a> HeaderValue<'a> {
    /// Returns the text, even if it is secret. Do not log it.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Returns whether the value is a token, a signature or another secret.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.is_secret
    }

    fn shown(&self) -> &'a str {
        if self.is_secret { "***" } else { self.text }
    }
}

impl fmt::Display for HeaderValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.shown())
    }
}

impl fmt::Debug for HeaderValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn rejects_values_that_could_start_another_header_and_does_not_show_them() {
        let mut headers = Headers::new();
        for value in [
            "se\rcret",
            "se\ncret",
            "se\0cret",
            "se\u{7f}cret",
            "sécret",
            " secret",
            "secret\t",
        ] {
            let error = headers
                .push_secret("X-Auth-Token", Secret::new(value))
                .unwrap_err();
            assert_eq!(error.parameter(), Some("token"));
            assert!(!error.to_string().contains("cret"), "{error}");
        }
        assert_eq!(headers.iter().count(), 0);
    }
}
