//! The head of an answer: its status and the few headers the core needs.

use alloc::string::String;
use core::fmt;

use crate::header;
use crate::secret::Secret;

/// Status and headers of an answer. Only the headers that the core needs are kept.
#[derive(Clone, Default)]
pub struct ResponseHead {
    status: u16,
    request_id: Option<String>,
    retry_after: Option<String>,
    date: Option<String>,
    location: Option<String>,
    subject_token: Option<Secret>,
}

impl ResponseHead {
    /// The head of an answer with this status.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// Takes a header of the answer: call it for each, whatever its name; what the core does not
    /// need is dropped. Of a repeated header the first counts.
    pub fn push_header(&mut self, name: &str, value: &str) {
        let slot = match name {
            name if name.eq_ignore_ascii_case(header::REQUEST_ID) => &mut self.request_id,
            name if name.eq_ignore_ascii_case(header::RETRY_AFTER) => &mut self.retry_after,
            name if name.eq_ignore_ascii_case(header::DATE) => &mut self.date,
            name if name.eq_ignore_ascii_case(header::LOCATION) => &mut self.location,
            name if name.eq_ignore_ascii_case(header::SUBJECT_TOKEN) => {
                self.subject_token.get_or_insert_with(|| Secret::new(value));
                return;
            }
            _ => return,
        };
        slot.get_or_insert_with(|| value.into());
    }

    /// The status, such as 200.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is one of success: 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// `X-Request-Id`.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// `Retry-After`, as it came.
    #[must_use]
    pub fn retry_after(&self) -> Option<&str> {
        self.retry_after.as_deref()
    }

    /// `Date`, as it came.
    #[must_use]
    pub fn date(&self) -> Option<&str> {
        self.date.as_deref()
    }

    /// `Location`, as it came.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// `X-Subject-Token`: the token in IAM's answer to a login.
    #[must_use]
    pub fn subject_token(&self) -> Option<&Secret> {
        self.subject_token.as_ref()
    }
}

impl fmt::Debug for ResponseHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseHead")
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .field("retry_after", &self.retry_after)
            .field("date", &self.date)
            .field("location", &self.location)
            .field("subject_token", &self.subject_token)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_known_whatever_their_case_and_the_first_counts() {
        let mut head = ResponseHead::new(429);
        for (name, value) in [
            ("x-request-id", "a"),
            ("X-REQUEST-ID", "b"),
            ("retry-after", "3"),
            ("Server", "x"),
        ] {
            head.push_header(name, value);
        }
        assert_eq!(head.request_id(), Some("a"));
        assert_eq!(head.retry_after(), Some("3"));
        assert!(!head.is_success());
    }

    #[test]
    fn the_token_of_a_login_is_not_printed() {
        let mut head = ResponseHead::new(201);
        head.push_header("x-subject-token", "MIIsecret");
        assert_eq!(
            head.subject_token().map(Secret::expose_secret),
            Some("MIIsecret")
        );
        assert!(!alloc::format!("{head:?}").contains("MIIsecret"));
    }
}
