//! Whether to send a request again, and when: a pure decision.

use core::time::Duration;

use crate::error::Error;
use crate::timestamp::Timestamp;
use crate::transport::ResponseHead;

/// When a failed request is sent again.
///
/// Failures that may pass ([`Error::is_transient`]) are tried again after a pause drawn evenly
/// between nothing and an upper bound that doubles with each attempt ("full jitter"), or after
/// what the service asks for with `Retry-After`, whichever is longer. The client's
/// [timeout](crate::ClientBuilder::timeout) bounds a page with all its attempts: a pause that would
/// outlast it is not begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    retries: u32,
    base_delay: Duration,
    max_delay: Duration,
    #[cfg(feature = "std")]
    min_interval: Duration,
}

impl Default for RetryPolicy {
    /// Four retries; pauses of up to 0.2, 0.4, 0.8 and 1.6 seconds; no interval between requests.
    fn default() -> Self {
        Self {
            retries: 4,
            base_delay: Duration::from_millis(200),
            max_delay: Duration::from_secs(20),
            #[cfg(feature = "std")]
            min_interval: Duration::ZERO,
        }
    }
}

impl RetryPolicy {
    /// Asks once.
    #[must_use]
    pub fn none() -> Self {
        Self::default().retries(0)
    }

    /// At most this many attempts after the first.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// The upper bound of the first pause.
    #[must_use]
    pub fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay;
        self
    }

    /// What the upper bound of a pause grows to at most.
    #[must_use]
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// The least time from the start of one request to the start of the next, over all clones of a
    /// client. The gateway lets about 200 requests pass in five minutes: an interval of 1.5
    /// seconds keeps a large walk under that, which no retry can wait out.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn min_interval(mut self, interval: Duration) -> Self {
        self.min_interval = interval;
        self
    }

    #[cfg(feature = "std")]
    pub(crate) fn interval(&self) -> Duration {
        self.min_interval
    }

    /// How long to pause before the next attempt; `None` to give up.
    ///
    /// `attempts` were made so far, the last of which failed with `error`; `remaining` is what
    /// remains until the deadline; `jitter` lies between 0 and 1. A request that is not idempotent
    /// is repeated only when the service cannot have acted on it.
    #[must_use]
    pub fn pause(
        &self,
        attempts: u32,
        error: &Error,
        is_idempotent: bool,
        remaining: Duration,
        jitter: f64,
    ) -> Option<Duration> {
        let may_repeat = is_idempotent || error.is_before_any_effect();
        if attempts > self.retries || !error.is_transient() || !may_repeat {
            return None;
        }
        let doublings = attempts.saturating_sub(1).min(31);
        let bound = self
            .base_delay
            .saturating_mul(1 << doublings)
            .min(self.max_delay);
        let jitter = if jitter.is_nan() {
            1.0
        } else {
            jitter.clamp(0.0, 1.0)
        };
        let pause = scale(bound, jitter).max(error.retry_after().unwrap_or_default());
        (pause < remaining).then_some(pause)
    }
}

/// `duration` times a factor from 0 to 1; never panics, though a `Duration` can be longer than an
/// `f64` tells apart.
fn scale(duration: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor)
        .unwrap_or(duration)
        .min(duration)
}

/// The pause that `Retry-After` asks for: seconds, or an HTTP date measured against the answer's
/// own `Date`, so that no two clocks are compared. A date in the past is no pause; anything else
/// is ignored.
pub(crate) fn retry_after(head: &ResponseHead) -> Option<Duration> {
    let text = head.retry_after()?.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Duration::from_secs);
    }
    let until = Timestamp::parse_http(text)?;
    let answered = Timestamp::parse_http(head.date()?.trim())?;
    Some(until.duration_since(answered).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ApiError;
    use crate::transport::{TransportError, TransportErrorKind};

    const LONG: Duration = Duration::from_secs(3600);

    fn answered(status: u16) -> Error {
        ApiError {
            status,
            ..ApiError::default()
        }
        .into()
    }

    fn failed(kind: TransportErrorKind) -> Error {
        TransportError::new(kind, "").into()
    }

    #[test]
    fn each_status_is_retried_or_not() {
        for status in 100..=999 {
            let repeats = matches!(status, 429 | 500 | 502 | 503 | 504);
            let pause = RetryPolicy::default().pause(1, &answered(status), true, LONG, 1.0);
            assert_eq!(
                pause,
                repeats.then_some(Duration::from_millis(200)),
                "{status}"
            );
            // The service may have acted on what it then failed at; it has not on what it turned away.
            let unsafe_pause = RetryPolicy::default().pause(1, &answered(status), false, LONG, 1.0);
            assert_eq!(
                unsafe_pause.is_some(),
                matches!(status, 429 | 503),
                "{status}"
            );
        }
    }

    #[test]
    fn refused_credentials_are_not_shown_again_whatever_the_status() {
        for code in ["APIGW.0301", "APIGW.0302", "DRS.M00103"] {
            let mut refusal = ApiError::default();
            (refusal.status, refusal.code) = (503, Some(code.into()));
            let pause = RetryPolicy::default().pause(1, &refusal.into(), true, LONG, 0.0);
            assert_eq!(pause, None, "{code}");
        }
    }

    #[test]
    fn each_transport_error_is_retried_or_not() {
        use TransportErrorKind as K;
        for (kind, safe, not_safe) in [
            (K::Connect, true, true),
            (K::Timeout, true, false),
            (K::ConnectionLost, true, false),
            (K::Tls, false, false),
            (K::Proxy, false, false),
            (K::Protocol, false, false),
            (K::BodyTooLarge, false, false),
            (K::InvalidRequest, false, false),
            (K::Unsupported, false, false),
        ] {
            let pause = |is_idempotent| {
                RetryPolicy::default()
                    .pause(1, &failed(kind), is_idempotent, LONG, 0.5)
                    .is_some()
            };
            assert_eq!((pause(true), pause(false)), (safe, not_safe), "{kind:?}");
        }
    }

    #[test]
    fn other_errors_are_not_retried() {
        for error in [
            Error::input("limit", ""),
            Error::credentials("", None),
            Error::redirect(302, None),
            crate::error::DecodeError::new(alloc::string::String::new(), 0, "").into(),
        ] {
            assert_eq!(
                RetryPolicy::default().pause(1, &error, true, LONG, 0.0),
                None,
                "{error:?}"
            );
        }
    }

    #[test]
    fn the_bound_doubles_up_to_its_limit_and_the_jitter_draws_below_it() {
        let policy = RetryPolicy::default()
            .retries(u32::MAX)
            .max_delay(Duration::from_secs(1));
        let pause = |attempts, jitter| {
            policy
                .pause(attempts, &answered(503), true, LONG, jitter)
                .unwrap()
        };
        for (attempts, millis) in [
            (1, 200),
            (2, 400),
            (3, 800),
            (4, 1000),
            (5, 1000),
            (u32::MAX, 1000),
        ] {
            assert_eq!(pause(attempts, 1.0), Duration::from_millis(millis));
            assert_eq!(pause(attempts, 0.5), Duration::from_millis(millis / 2));
            assert_eq!(pause(attempts, 0.0), Duration::ZERO);
        }
        for odd in [f64::NAN, f64::INFINITY, 2.0] {
            assert_eq!(pause(1, odd), Duration::from_millis(200));
        }
        assert_eq!(pause(1, -1.0), Duration::ZERO);
        let endless = policy.max_delay(Duration::MAX).base_delay(Duration::MAX);
        assert_eq!(
            endless.pause(9, &answered(503), true, Duration::MAX, 1.0),
            None
        );
    }

    #[test]
    fn attempts_and_the_deadline_end_it() {
        let policy = RetryPolicy::default().retries(2);
        let pause = |attempts, left| policy.pause(attempts, &answered(503), true, left, 1.0);
        assert!(pause(2, LONG).is_some());
        assert_eq!(pause(3, LONG), None);
        assert_eq!(pause(1, Duration::from_millis(200)), None);
        assert_eq!(
            RetryPolicy::none().pause(1, &answered(503), true, LONG, 0.0),
            None
        );
    }

    #[test]
    fn retry_after_is_waited_for_unless_it_outlasts_the_deadline() {
        let error = answered(429).with_retry_after(Some(Duration::from_secs(3)));
        let pause = |left| RetryPolicy::default().pause(1, &error, true, left, 1.0);
        assert_eq!(pause(LONG), Some(Duration::from_secs(3)));
        assert_eq!(pause(Duration::from_secs(3)), None);
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (value, date, seconds) in [
            ("3", None, Some(3)),
            (" 120 ", None, Some(120)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(date), Some(10)),
            ("Sun, 06 Nov 1994 08:49:27 GMT", Some(date), Some(0)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", None, None),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some("now"), None),
            ("99999999999999999999", None, None),
            ("-1", None, None),
            ("1.5", None, None),
            ("soon", Some(date), None),
            ("", None, None),
        ] {
            let mut head = ResponseHead::new(429);
            head.push_header("Retry-After", value);
            if let Some(date) = date {
                head.push_header("Date", date);
            }
            assert_eq!(
                retry_after(&head),
                seconds.map(Duration::from_secs),
                "{value:?}"
            );
        }
    }
}
