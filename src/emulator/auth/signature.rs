//! Access keys, and whether one of them signed a request.

use alloc::vec::Vec;

use crate::credentials::{AccessKey, Canonical};
use crate::emulator::request::RecordedRequest;
use crate::header;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The largest difference between the date of a signature and the clock, in milliseconds.
const LEEWAY: i64 = 15 * 60 * 1000;
/// The maximum number of failures in a row; one more locks the key.
const FAILURES: u32 = 5;
/// How long a key stays locked, in milliseconds.
const LOCKED_FOR: i64 = 5 * 60 * 1000;

/// An accepted access key, and how often it failed.
#[derive(Clone, Debug)]
pub(crate) struct KnownKey {
    key: AccessKey,
    failures: u32,
    locked_until: Option<i64>,
}

impl KnownKey {
    pub(crate) fn new(key: AccessKey) -> Self {
        Self {
            key,
            failures: 0,
            locked_until: None,
        }
    }

    pub(super) fn id(&self) -> &str {
        self.key.parts().0.expose_secret()
    }

    /// Whether this key signed the request; else why not.
    pub(super) fn verify(
        &mut self,
        request: &RecordedRequest,
        authorization: &Authorization<'_>,
        now: Option<Timestamp>,
    ) -> Result<(), &'static str> {
        let now = now.map(Timestamp::unix_millis);
        let now = now.ok_or("the date of the signature is out of range")?;
        if self.locked_until.is_some_and(|until| now < until) {
            return Err("the ak is locked after too many failures");
        }
        let outcome = self.compare(request, authorization, now);
        self.failures = match outcome {
            Ok(()) => 0,
            Err(_) => self.failures.saturating_add(1),
        };
        if self.failures > FAILURES {
            self.failures = 0;
            self.locked_until = Some(now.saturating_add(LOCKED_FOR));
        }
        outcome
    }

    fn compare(
        &self,
        request: &RecordedRequest,
        authorization: &Authorization<'_>,
        now: i64,
    ) -> Result<(), &'static str> {
        let (_, secret, security_token) = self.key.parts();
        let date = request.header(header::SDK_DATE).unwrap_or_default();
        let signed_at =
            Timestamp::parse_sdk_date(date).ok_or("the header X-Sdk-Date is malformed")?;
        if signed_at.unix_millis().abs_diff(now) > LEEWAY.unsigned_abs() {
            return Err("the date of the signature is out of range");
        }
        let expiry = self.key.expiry().map(Timestamp::unix_millis);
        if expiry.is_some_and(|end| now >= end) {
            return Err("the security token has expired");
        }
        let mut headers = Vec::new();
        for name in authorization.signed_headers.split(';') {
            let value = request.header(name).ok_or("a signed header was not sent")?;
            headers.push((name, value));
        }
        let is_signed = |name: &str| {
            let mut signed = headers.iter().map(|(signed, _)| signed);
            signed.any(|signed| signed.eq_ignore_ascii_case(name))
        };
        if !is_signed(header::HOST) || !is_signed(header::SDK_DATE) {
            return Err("the headers Host and X-Sdk-Date must be signed");
        }
        let token = request.header(header::SECURITY_TOKEN);
        if token != security_token.map(Secret::expose_secret) {
            return Err("the security token does not belong to the ak");
        }
        if token.is_some() && !is_signed(header::SECURITY_TOKEN) {
            return Err("the header X-Security-Token must be signed");
        }
        let canonical = Canonical::new(request.method(), request.target(), headers.into_iter());
        if canonical.signature(secret, date).as_deref() == Some(authorization.signature) {
            Ok(())
        } else {
            Err("the signature does not match")
        }
    }
}

/// The parts of a header `Authorization`:
/// `SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`.
pub(super) struct Authorization<'a> {
    /// The id of the access key.
    pub(super) key_id: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// Parses a header of this form, whose signature is 64 hexadecimal digits.
    pub(super) fn parse(header: &'a str) -> Option<Self> {
        let members = header.trim().strip_prefix("SDK-HMAC-SHA256 ")?;
        let mut members = members.split(',').map(str::trim);
        let mut member = |key: &str| {
            let value = members.next()?.strip_prefix(key)?;
            (!value.is_empty()).then_some(value)
        };
        let authorization = Self {
            key_id: member("Access=")?,
            signed_headers: member("SignedHeaders=")?,
            signature: member("Signature=")?,
        };
        let signature = authorization.signature;
        let is_whole =
            signature.len() == 64 && signature.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_whole && members.next().is_none()).then_some(authorization)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    #[test]
    fn accepts_only_well_formed_signatures() {
        let hex = "0123456789abcdef".repeat(4);
        let good =
            format!("SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature={hex}");
        assert!(Authorization::parse(&good).is_some());
        for bad in [
            String::new(),
            good.replace("SDK-HMAC-SHA256", "Basic"),
            good.replace("Access=AK", "Access="),
            good.replace("Access=AK, ", ""),
            good.replace("SignedHeaders=host;x-sdk-date", "SignedHeaders="),
            good.replace(&hex, &hex[1..]),
            good.replace(&hex, &hex.replace('0', "g")),
            good.clone() + ", More=x",
        ] {
            assert!(Authorization::parse(&bad).is_none(), "{bad}");
        }
    }
}
