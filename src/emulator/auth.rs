//! Who may ask: what the gateway in front of the service checks.

use alloc::format;
use alloc::vec::Vec;

use super::incoming::Incoming;
use super::query::Limits;
use super::refusal::Refusal;
#[cfg(feature = "aksk")]
use super::signature::{self, KnownKey};
use crate::credentials::Secret;
use crate::timestamp::Timestamp;

/// The longest token by the service's OpenAPI description.
const LONGEST_TOKEN: usize = 50_000;

/// Which tokens and signatures are taken.
#[derive(Debug, Default)]
pub(super) struct Gate {
    /// Told none, any token that is not empty is taken, and any signature of the right form.
    tokens: Vec<AcceptedToken>,
    #[cfg(feature = "aksk")]
    keys: Vec<KnownKey>,
    /// Whether anything was ever told: a gate whose last token was revoked takes none.
    is_told: bool,
}

#[derive(Debug)]
struct AcceptedToken {
    token: Secret,
    expires_at: Option<Timestamp>,
}

impl Gate {
    /// Takes this token until it expires; from now on no other than those told.
    pub(super) fn accept_token(&mut self, token: Secret, expires_at: Option<Timestamp>) {
        self.revoke_token(token.expose());
        self.tokens.push(AcceptedToken { token, expires_at });
    }

    /// Takes this token, which was given for a login, until it expires.
    pub(super) fn issue_token(&mut self, token: Secret, expires_at: Option<Timestamp>) {
        self.tokens.push(AcceptedToken { token, expires_at });
    }

    /// Takes the signatures of this key; from now on none but those of keys that were told.
    #[cfg(feature = "aksk")]
    pub(super) fn accept_key(&mut self, key: KnownKey) {
        self.is_told = true;
        self.keys.retain(|known| known.id != key.id);
        self.keys.push(key);
    }

    /// Takes this token no longer, nor any that was not told.
    pub(super) fn revoke_token(&mut self, token: &str) {
        self.is_told = true;
        self.tokens.retain(|known| known.token.expose() != token);
    }

    /// A token that is taken; `None` if every token is, or none.
    pub(super) fn a_token(&self) -> Option<Secret> {
        self.tokens.first().map(|known| known.token.clone())
    }

    /// Lets a request pass, or refuses it as the gateway does.
    pub(super) fn admit(
        &mut self,
        incoming: &Incoming<'_>,
        now: Option<Timestamp>,
        limits: Limits,
    ) -> Result<(), Refusal> {
        if let Some(token) = incoming.header("X-Auth-Token") {
            return self.admit_token(token.trim(), now, limits);
        }
        let Some(authorization) = incoming.header("Authorization") else {
            return Err(Refusal::unauthenticated("x-auth-token not found"));
        };
        let Some(claim) = Claim::read(authorization) else {
            return Err(Refusal::unauthenticated(
                "verify aksk signature fail, the header Authorization is malformed",
            ));
        };
        self.admit_signature(incoming, &claim, now)
    }

    #[cfg(feature = "aksk")]
    fn admit_signature(
        &mut self,
        incoming: &Incoming<'_>,
        claim: &Claim<'_>,
        now: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        if self.is_told {
            signature::admit(&mut self.keys, incoming, claim, now)
        } else {
            Ok(())
        }
    }

    #[cfg(not(feature = "aksk"))]
    fn admit_signature(
        &mut self,
        _incoming: &Incoming<'_>,
        _claim: &Claim<'_>,
        _now: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        if self.is_told {
            Err(Refusal::unauthenticated(
                "verify aksk signature fail, ak not exist",
            ))
        } else {
            Ok(())
        }
    }

    fn admit_token(
        &self,
        token: &str,
        now: Option<Timestamp>,
        limits: Limits,
    ) -> Result<(), Refusal> {
        if token.is_empty() {
            return Err(Refusal::unauthenticated("x-auth-token not found"));
        }
        if limits == Limits::Documented && token.len() > LONGEST_TOKEN {
            return Err(Refusal::unauthenticated("decrypt token fail"));
        }
        let known = self
            .tokens
            .iter()
            .find(|known| known.token.expose() == token);
        let Some(known) = known else {
            return if self.is_told {
                Err(Refusal::unauthenticated("decrypt token fail"))
            } else {
                Ok(())
            };
        };
        match known.expires_at {
            Some(end) if now.is_none_or(|now| now >= end) => Err(Refusal::unauthenticated(
                format!("token expires, expires_at: {end}"),
            )),
            _ => Ok(()),
        }
    }
}

/// What a header `SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…` claims.
#[cfg_attr(
    not(feature = "aksk"),
    expect(dead_code, reason = "without the feature only the form is looked at")
)]
pub(super) struct Claim<'a> {
    pub(super) access: &'a str,
    pub(super) signed_headers: &'a str,
    pub(super) signature: &'a str,
}

impl<'a> Claim<'a> {
    /// Reads a header of this form, with 64 hexadecimal digits at its end.
    fn read(header: &'a str) -> Option<Self> {
        let members = header.trim().strip_prefix("SDK-HMAC-SHA256 ")?;
        let mut members = members.split(',').map(str::trim);
        let mut member = |key: &str| {
            let value = members.next()?.strip_prefix(key)?;
            (!value.is_empty()).then_some(value)
        };
        let claim = Self {
            access: member("Access=")?,
            signed_headers: member("SignedHeaders=")?,
            signature: member("Signature=")?,
        };
        let signature = claim.signature;
        let is_whole =
            signature.len() == 64 && signature.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_whole && members.next().is_none()).then_some(claim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_signatures_of_the_right_form_are_taken() {
        let hex = "0123456789abcdef".repeat(4);
        let good =
            format!("SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature={hex}");
        assert!(Claim::read(&good).is_some());
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
            assert!(Claim::read(&bad).is_none(), "{bad}");
        }
    }
    use alloc::string::String;
}
