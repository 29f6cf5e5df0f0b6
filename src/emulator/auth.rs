//! Who may ask: what the gateway in front of the service checks.

use alloc::format;
use alloc::vec::Vec;

use super::incoming::Incoming;
use super::query::Limits;
use super::refusal::Refusal;
use crate::credentials::Secret;
use crate::timestamp::Timestamp;

/// The longest token by the service's OpenAPI description.
const LONGEST_TOKEN: usize = 50_000;

/// Which tokens and signatures are taken.
#[derive(Debug, Default)]
pub(super) struct Gate {
    /// Told none, any token that is not empty is taken, and any signature of the right form.
    tokens: Vec<AcceptedToken>,
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
        &self,
        incoming: &Incoming<'_>,
        now: Option<Timestamp>,
        limits: Limits,
    ) -> Result<(), Refusal> {
        if let Some(token) = incoming.header("X-Auth-Token") {
            return self.admit_token(token.trim(), now, limits);
        }
        match incoming.header("Authorization") {
            Some(signature) if !is_signature(signature) => Err(Refusal::unauthenticated(
                "verify aksk signature fail, the header Authorization is malformed",
            )),
            Some(_) if self.is_told => Err(Refusal::unauthenticated(
                "verify aksk signature fail, ak not exist",
            )),
            Some(_) => Ok(()),
            None => Err(Refusal::unauthenticated("x-auth-token not found")),
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
        if !self.is_told {
            return Ok(());
        }
        let Some(known) = self
            .tokens
            .iter()
            .find(|known| known.token.expose() == token)
        else {
            return Err(Refusal::unauthenticated("decrypt token fail"));
        };
        match known.expires_at {
            Some(end) if now.is_none_or(|now| now >= end) => Err(Refusal::unauthenticated(
                format!("token expires, expires_at: {end}"),
            )),
            _ => Ok(()),
        }
    }
}

/// Whether a header has the form `SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`, with
/// 64 hexadecimal digits at its end.
fn is_signature(header: &str) -> bool {
    let Some(members) = header.trim().strip_prefix("SDK-HMAC-SHA256 ") else {
        return false;
    };
    let mut members = members.split(',').map(str::trim);
    let mut member = |key: &str| members.next()?.strip_prefix(key);
    let access = member("Access=");
    let signed_headers = member("SignedHeaders=");
    let signature = member("Signature=");
    access.is_some_and(|access| !access.is_empty())
        && signed_headers.is_some_and(|names| !names.is_empty())
        && signature
            .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
        && members.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_signatures_of_the_right_form_are_taken() {
        let hex = "0123456789abcdef".repeat(4);
        let good =
            format!("SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature={hex}");
        assert!(is_signature(&good));
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
            assert!(!is_signature(&bad), "{bad}");
        }
    }
    use alloc::string::String;
}
