//! Access keys, and whether a request bears the signature of one.

use alloc::format;
use alloc::vec::Vec;

use super::auth::Claim;
use super::incoming::Incoming;
use super::refusal::Refusal;
use crate::credentials::{AccessKey, Canonical, Secret};
use crate::header;
use crate::timestamp::Timestamp;

/// How far the date of a signature may lie from the service's, in milliseconds.
const LEEWAY: i64 = 15 * 60 * 1000;
/// How many failures in a row a key may have; one more locks it.
const FAILURES: u32 = 5;
/// How long a key stays locked, in milliseconds.
const LOCKED_FOR: i64 = 5 * 60 * 1000;

/// An access key that is known, and how often it failed.
#[derive(Clone, Debug)]
pub(super) struct KnownKey {
    key: AccessKey,
    failures: u32,
    locked_until: Option<i64>,
}

impl KnownKey {
    pub(super) fn new(key: AccessKey) -> Self {
        Self {
            key,
            failures: 0,
            locked_until: None,
        }
    }

    pub(super) fn key(&self) -> &AccessKey {
        &self.key
    }

    pub(super) fn id(&self) -> &str {
        self.key.parts().0.expose_secret()
    }

    pub(super) fn is_locked(&self, now: i64) -> bool {
        self.locked_until.is_some_and(|until| now < until)
    }

    fn verify(
        &mut self,
        incoming: &Incoming<'_>,
        claim: &Claim<'_>,
        now: i64,
    ) -> Result<(), &'static str> {
        if self.is_locked(now) {
            return Err("the ak is locked after too many failures");
        }
        let outcome = self.compare(incoming, claim, now);
        if outcome.is_ok() {
            self.failures = 0;
        } else {
            self.failures = self.failures.saturating_add(1);
            if self.failures > FAILURES {
                self.failures = 0;
                self.locked_until = Some(now.saturating_add(LOCKED_FOR));
            }
        }
        outcome
    }

    fn compare(
        &self,
        incoming: &Incoming<'_>,
        claim: &Claim<'_>,
        now: i64,
    ) -> Result<(), &'static str> {
        let (_, secret, security_token) = self.key.parts();
        let date = incoming.header(header::SDK_DATE).unwrap_or_default();
        let signed_at =
            Timestamp::parse_sdk_date(date).ok_or("the header X-Sdk-Date is malformed")?;
        if signed_at.unix_millis().abs_diff(now) > LEEWAY.unsigned_abs() {
            return Err("the date of the signature is out of range");
        }
        let mut headers = Vec::new();
        for name in claim.signed_headers.split(';') {
            let value = incoming
                .header(name)
                .ok_or("a signed header was not sent")?;
            headers.push((name, value));
        }
        let is_signed = |name: &str| {
            let mut signed = headers.iter().map(|(signed, _)| signed);
            signed.any(|signed| signed.eq_ignore_ascii_case(name))
        };
        if !is_signed(header::HOST) || !is_signed(header::SDK_DATE) {
            return Err("the headers Host and X-Sdk-Date must be signed");
        }
        let token = incoming.header(header::SECURITY_TOKEN);
        if token != security_token.map(Secret::expose_secret) {
            return Err("the security token does not belong to the ak");
        }
        if token.is_some() && !is_signed(header::SECURITY_TOKEN) {
            return Err("the header X-Security-Token must be signed");
        }
        let target = format!("{}?{}", incoming.path, incoming.query);
        let canonical = Canonical::new(incoming.method, &target, headers.into_iter());
        if canonical.signature(secret, date).as_deref() == Some(claim.signature) {
            Ok(())
        } else {
            Err("the signature does not match")
        }
    }
}

/// Lets a request pass that one of the keys signed.
pub(super) fn admit(
    keys: &mut [KnownKey],
    incoming: &Incoming<'_>,
    claim: &Claim<'_>,
    now: Option<Timestamp>,
) -> Result<(), Refusal> {
    let refuse = |why: &str| Refusal::unauthenticated(format!("verify aksk signature fail, {why}"));
    let key = keys.iter_mut().find(|key| key.id() == claim.access);
    let key = key.ok_or_else(|| refuse("ak not exist"))?;
    let now = now.ok_or_else(|| refuse("the date of the signature is out of range"))?;
    key.verify(incoming, claim, now.unix_millis())
        .map_err(refuse)
}
