//! The decision whether to retry a request, and when: no I/O, no clock.

use core::time::Duration;

use crate::error::Error;

/// Decides when a failed request is retried.
///
/// [Transient](Error::is_transient) failures are retried after a random delay between zero and an
/// upper bound that doubles with each attempt ("full jitter"), or after `Retry-After`, whichever is
/// longer. The client's [timeout](crate::ClientBuilder::timeout) bounds a page with all its
/// attempts: if a delay would exceed it, the error is returned at once.
///
/// | failure | retried |
/// |---|---|
/// | 429, 500, 502, 503, 504, also of a proxy | yes |
/// | connect failure, timeout, connection lost, truncated body | yes |
/// | any status with an error code that rejects the credentials | no; see below |
/// | other statuses, TLS and protocol errors, undecodable bodies | no |
///
/// A login (`POST`) is retried only if IAM cannot have acted on it: after a connect failure, 429
/// and 503. After a 401 the client renews the credentials once if it can, and sends the request
/// again with the new ones; that is independent of this policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    retries: u32,
    base_delay: Duration,
    max_delay: Duration,
}

/// One failed attempt: the input of [`RetryPolicy::delay`].
///
/// ```
/// use core::time::Duration;
///
/// use drs_backup_jobs::{ApiError, Attempt, Error, RetryPolicy};
///
/// let error = Error::from(ApiError::parse(503, b"")).with_retry_after(Duration::from_secs(2));
/// let delay = RetryPolicy::default().delay(&Attempt {
///     number: 1,
///     error: &error,
///     idempotent: true,
///     remaining: Duration::from_secs(60),
///     jitter: 0.5,
/// });
/// assert_eq!(delay, Some(Duration::from_secs(2)));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The number of the attempt that failed: 1 for the first.
    pub number: u32,
    /// The error of the attempt.
    pub error: &'a Error,
    /// Whether sending the request twice has the effect of sending it once: true for `GET`.
    pub idempotent: bool,
    /// The time remaining until the deadline.
    pub remaining: Duration,
    /// A random number from 0 to 1, new for each attempt. Values outside are clamped.
    pub jitter: f64,
}

impl Default for RetryPolicy {
    /// Four retries after delays of up to 0.2, 0.4, 0.8 and 1.6 seconds.
    fn default() -> Self {
        Self {
            retries: 4,
            base_delay: Duration::from_millis(200),
            max_delay: Duration::from_secs(20),
        }
    }
}

impl RetryPolicy {
    /// Returns a policy without retries.
    #[must_use]
    pub fn none() -> Self {
        Self::default().retries(0)
    }

    /// Sets the maximum number of retries after the first attempt; default 4.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sets the upper bound of the first delay; default 200 ms.
    #[must_use]
    pub fn base_delay(mut self, delay: Duration) -> Self {
        self.base_delay = delay;
        self
    }

    /// Sets the maximum that the upper bound grows to; default 20 s. `Retry-After` may exceed it.
    #[must_use]
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Returns the delay before the next attempt, or `None` if the error is final.
    #[must_use]
    pub fn delay(&self, attempt: &Attempt<'_>) -> Option<Duration> {
        let error = attempt.error;
        let may_repeat = attempt.idempotent || error.is_before_any_effect();
        if attempt.number > self.retries || !error.is_transient() || !may_repeat {
            return None;
        }
        let doublings = attempt.number.saturating_sub(1).min(31);
        let bound = self
            .base_delay
            .saturating_mul(1 << doublings)
            .min(self.max_delay);
        let delay = scale(bound, attempt.jitter).max(error.retry_after().unwrap_or_default());
        (delay < attempt.remaining).then_some(delay)
    }
}

/// `duration` times a factor, which is clamped to 0 to 1. By integers: std's conversion of a
/// fraction of seconds takes 0.8 kB in a program.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast clamps at 0, and `min` at 1, NaN included"
)]
fn scale(duration: Duration, factor: f64) -> Duration {
    const ONE: u32 = 1 << 16;
    let factor = (factor.min(1.0) * f64::from(ONE)) as u32;
    let product = duration.checked_mul(factor);
    product.map_or(duration, |product| product / ONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{ApiError, TransportError, TransportErrorKind};

    const LONG: Duration = Duration::from_secs(3600);

    /// The delay that the default policy gives an idempotent request.
    fn delay(number: u32, error: &Error, remaining: Duration, jitter: f64) -> Option<Duration> {
        RetryPolicy::default().delay(&Attempt {
            number,
            error,
            idempotent: true,
            remaining,
            jitter,
        })
    }

    fn responded(status: u16) -> Error {
        ApiError {
            status,
            ..ApiError::default()
        }
        .into()
    }

    fn failed(kind: TransportErrorKind) -> Error {
        TransportError::new(kind, "").into()
    }

    /// Whether the default policy retries a request that is idempotent, and one that is not.
    fn retried(error: &Error) -> (bool, bool) {
        let delay = |idempotent| {
            RetryPolicy::default().delay(&Attempt {
                number: 1,
                error,
                idempotent,
                remaining: LONG,
                jitter: 0.5,
            })
        };
        (delay(true).is_some(), delay(false).is_some())
    }

    #[test]
    fn retries_five_statuses_and_two_of_them_for_a_login() {
        for status in 100..=999 {
            let idempotent = matches!(status, 429 | 500 | 502 | 503 | 504);
            // A service that failed may have acted on the request; one that rejected it has not.
            let login = matches!(status, 429 | 503);
            assert_eq!(retried(&responded(status)), (idempotent, login), "{status}");
        }
    }

    #[test]
    fn a_credentials_code_forbids_a_retry_whatever_the_status() {
        for code in [
            "APIGW.0301",
            "apigw.0301",
            " APIG.0307 ",
            "APIGW.0302",
            "APIGW.0303",
            "DRS.M00100",
            "drs.m00103",
        ] {
            for status in [429, 500, 503] {
                let mut refusal = ApiError::default();
                (refusal.status, refusal.code) = (status, Some(code.into()));
                assert_eq!(retried(&refusal.into()), (false, false), "{status} {code}");
            }
        }
        for body in [
            r#"{"error_code":"APIGW.0301"}"#,
            r#"{"error":{"code":"APIGW.0301"}}"#,
            r#"{"error_code":"APIGW\u002e0301"}"#,
            r#"{"code":503,"message":"APIGW.0301: decrypt token fail"}"#,
            "upstream: APIGW.0301 verify aksk signature fail",
            "<html><b>APIGW.0301</b></html>",
        ] {
            let refusal = ApiError::parse(503, body.as_bytes());
            assert_eq!(retried(&refusal.into()), (false, false), "{body}");
        }
    }

    #[test]
    fn retries_three_kinds_of_transport_error_and_one_of_them_for_a_login() {
        use TransportErrorKind as K;
        for (kind, expected) in [
            (K::Connect, (true, true)),
            (K::Timeout, (true, false)),
            (K::ConnectionLost, (true, false)),
            (K::Tls, (false, false)),
            (K::Proxy, (false, false)),
            (K::Protocol, (false, false)),
            (K::BodyTooLarge, (false, false)),
            (K::InvalidRequest, (false, false)),
            (K::Unsupported, (false, false)),
        ] {
            assert_eq!(retried(&failed(kind)), expected, "{kind:?}");
        }
    }

    #[test]
    fn does_not_retry_other_errors() {
        for error in [
            Error::input("limit", ""),
            Error::credentials("", None),
            Error::no_credentials(""),
            Error::redirect(302, None),
            crate::error::DecodeError::unexpected("a page").into(),
        ] {
            assert_eq!(retried(&error), (false, false), "{error:?}");
        }
    }

    #[test]
    fn each_setter_keeps_what_the_others_set() {
        let (base_delay, max_delay) = (Duration::from_secs(1), Duration::from_secs(3));
        let expected = RetryPolicy {
            retries: 7,
            base_delay,
            max_delay,
        };
        let set = RetryPolicy::default;
        for policy in [
            set().retries(7).base_delay(base_delay).max_delay(max_delay),
            set().max_delay(max_delay).retries(7).base_delay(base_delay),
            set().base_delay(base_delay).max_delay(max_delay).retries(7),
        ] {
            assert_eq!(policy, expected);
        }
    }

    #[test]
    fn the_bound_doubles_up_to_its_maximum_and_jitter_scales_it() {
        let policy = RetryPolicy::default()
            .retries(u32::MAX)
            .max_delay(Duration::from_secs(1));
        let error = responded(503);
        let delay = |policy: &RetryPolicy, number, jitter| {
            policy.delay(&Attempt {
                number,
                error: &error,
                idempotent: true,
                remaining: Duration::MAX,
                jitter,
            })
        };
        let millis = |millis| Some(Duration::from_millis(millis));
        for (number, bound) in [
            (1, 200),
            (2, 400),
            (3, 800),
            (4, 1000),
            (5, 1000),
            (u32::MAX, 1000),
        ] {
            assert_eq!(delay(&policy, number, 1.0), millis(bound));
            assert_eq!(delay(&policy, number, 0.5), millis(bound / 2));
            assert_eq!(delay(&policy, number, 0.0), millis(0));
        }
        for outside in [f64::NAN, f64::INFINITY, 2.0] {
            assert_eq!(delay(&policy, 1, outside), millis(200));
        }
        assert_eq!(delay(&policy, 1, -1.0), millis(0));
        let endless = policy.max_delay(Duration::MAX).base_delay(Duration::MAX);
        assert_eq!(delay(&endless, 9, 1.0), None);
    }

    #[test]
    fn stops_at_the_maximum_of_retries_and_at_the_deadline() {
        let error = responded(503);
        assert!(delay(4, &error, LONG, 1.0).is_some());
        assert_eq!(delay(5, &error, LONG, 1.0), None);
        assert_eq!(delay(1, &error, Duration::from_millis(200), 1.0), None);
    }

    #[test]
    fn waits_for_retry_after_unless_it_exceeds_the_deadline() {
        let seconds = Duration::from_secs(3);
        let error = responded(429).with_retry_after(seconds);
        assert_eq!(delay(1, &error, LONG, 1.0), Some(seconds));
        assert_eq!(delay(1, &error, seconds, 1.0), None);
    }
}
