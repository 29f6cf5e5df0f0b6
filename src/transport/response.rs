//! The head of a response: its status and the few headers that the core needs.

use alloc::string::String;
use core::fmt;
use core::time::Duration;

use crate::header;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// Status and headers of a response. Only the headers that the core needs are kept.
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
    /// Creates the head of a response with this status.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// Adds a header. Call it for every header; those that the core does not need are dropped. If a
    /// header is repeated, the first value is used.
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

    /// Returns the status, such as 200.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns whether the status is 200 to 299.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the value of `X-Request-Id`.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns the value of `Retry-After`, unparsed.
    #[must_use]
    pub fn retry_after(&self) -> Option<&str> {
        self.retry_after.as_deref()
    }

    /// Returns the delay that `Retry-After` requests, parsed: seconds, also with a fraction, or a
    /// date in one of HTTP's three forms. A date is compared with the response's own `Date`, so
    /// that the clocks of two machines are not mixed, or without one with `unix_time`, the local
    /// time since 1970-01-01T00:00:00Z. A date in the past is a delay of zero; an invalid value is
    /// ignored.
    ///
    /// ```
    /// use core::time::Duration;
    ///
    /// use drs_backup_jobs::transport::ResponseHead;
    ///
    /// let mut head = ResponseHead::new(429);
    /// head.push_header("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT");
    /// let local_time = Duration::from_secs(784_111_770);
    /// assert_eq!(head.retry_after_delay(local_time), Some(Duration::from_secs(7)));
    /// ```
    #[must_use]
    pub fn retry_after_delay(&self, unix_time: Duration) -> Option<Duration> {
        let text = self.retry_after()?.trim();
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            return parse_seconds(text);
        }
        let until = Timestamp::parse_http(text)?;
        let now = self
            .timestamp()
            .or_else(|| Timestamp::from_unix(unix_time))?;
        Some(until.duration_since(now).unwrap_or_default())
    }

    /// `Date`, parsed.
    pub(crate) fn timestamp(&self) -> Option<Timestamp> {
        Timestamp::parse_http(self.date()?.trim())
    }

    /// Returns the value of `Date`, unparsed.
    #[must_use]
    pub fn date(&self) -> Option<&str> {
        self.date.as_deref()
    }

    /// Returns the value of `Location`, unparsed.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// Returns the value of `X-Subject-Token`: the token in IAM's response to a login.
    #[must_use]
    pub fn subject_token(&self) -> Option<&Secret> {
        self.subject_token.as_ref()
    }
}

/// Parses `3`, `1.5`, to the nanosecond. Whole digits beyond 64 bits are invalid.
fn parse_seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let mut nanos = 0;
    let digits = fraction.bytes().chain(core::iter::repeat(b'0')).take(9);
    for digit in digits {
        nanos = nanos * 10 + u32::from(digit - b'0');
    }
    Some(Duration::new(whole.parse().ok()?, nanos))
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
    fn header_names_are_case_insensitive_and_the_first_of_a_name_counts() {
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
    fn parses_retry_after_in_seconds_and_in_three_date_forms() {
        const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        // Ten seconds before `DATE`, by the local clock.
        let local = Duration::from_secs(784_111_767);
        for (value, date, millis) in [
            ("3", None, Some(3000)),
            (" 120 ", None, Some(120_000)),
            ("1.5", None, Some(1500)),
            ("0.25", Some(DATE), Some(250)),
            ("2.", None, Some(2000)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(DATE), Some(10_000)),
            ("Sunday, 06-Nov-94 08:49:47 GMT", Some(DATE), Some(10_000)),
            ("Sun Nov  6 08:49:47 1994", Some(DATE), Some(10_000)),
            (
                "Sun, 06 Nov 1994 08:49:47 GMT",
                Some("Sunday, 06-Nov-94 08:49:37 GMT"),
                Some(10_000),
            ),
            ("Sun, 06 Nov 1994 08:49:27 GMT", Some(DATE), Some(0)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", None, Some(20_000)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some("now"), Some(20_000)),
            ("99999999999999999999", None, None),
            ("-1", None, None),
            ("+1", None, None),
            ("1e3", None, None),
            ("1.5.5", None, None),
            (".5", None, None),
            ("3 s", None, None),
            ("soon", Some(DATE), None),
            ("", None, None),
        ] {
            let mut head = ResponseHead::new(429);
            head.push_header("Retry-After", value);
            if let Some(date) = date {
                head.push_header("Date", date);
            }
            assert_eq!(
                head.retry_after_delay(local),
                millis.map(Duration::from_millis),
                "{value:?}"
            );
        }
    }

    #[test]
    fn debug_does_not_show_the_token_of_a_login() {
        let mut head = ResponseHead::new(201);
        head.push_header("x-subject-token", "MIIsecret");
        assert_eq!(
            head.subject_token().map(Secret::expose_secret),
            Some("MIIsecret")
        );
        let shown = alloc::format!("{head:?}");
        assert!(shown.contains("201") && !shown.contains("MIIsecret"));
    }
}
