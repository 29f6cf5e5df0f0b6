//! Access: which tokens and signatures the gateway accepts.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::http::message::Request;
use super::service::{ErrorResponse, Limits};
use crate::header;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

mod identity;
mod metadata;
mod signature;

pub(super) use identity::{ANY_PROJECT_ID, ProjectName, User, Users, list_projects, log_in};
pub(super) use metadata::{metadata_token, security_key};
pub(super) use signature::KnownKey;

/// The token of the emulator's own clients, always accepted.
pub(super) const CLIENT_TOKEN: &str = "emulator-client";

/// The longest token of the service's OpenAPI description.
const LONGEST_TOKEN: usize = 50_000;
/// The most issued tokens that are kept; the oldest are dropped first.
const MOST_ISSUED: usize = 1000;
/// Begins every issued token, so that a dropped one is not taken for any other token.
const ISSUED_PREFIX: &str = "emulated-";

/// The tokens and access keys that are accepted.
#[derive(Clone, Debug, Default)]
pub(super) struct Access {
    /// Whether a token or key was ever configured. Otherwise every token that is not empty is
    /// accepted, and every well-formed signature.
    is_restricted: bool,
    tokens: Vec<AcceptedToken>,
    /// Those issued for logins, the oldest first.
    issued: VecDeque<AcceptedToken>,
    keys: Vec<KnownKey>,
    /// Those issued by the metadata service, the oldest first.
    issued_keys: Vec<KnownKey>,
    /// How long an issued key is valid, if not the default.
    pub(super) key_lifetime: Option<Duration>,
    /// Tokens for the metadata service itself.
    metadata_tokens: VecDeque<AcceptedToken>,
}

#[derive(Clone, Debug)]
struct AcceptedToken {
    token: Secret,
    expires_at: Option<Timestamp>,
    /// The only project that an issued token is for.
    project_id: Option<String>,
}

impl AcceptedToken {
    fn has_expired(&self, now: Option<Timestamp>) -> bool {
        self.expires_at
            .is_some_and(|end| now.is_none_or(|now| now >= end))
    }
}

/// Keeps an issued token, and drops the oldest if there are too many.
fn push_issued(issued: &mut VecDeque<AcceptedToken>, token: AcceptedToken) {
    while issued.len() >= MOST_ISSUED {
        issued.pop_front();
    }
    issued.push_back(token);
}

impl Access {
    /// Accepts this token until it expires.
    pub(super) fn accept_token(&mut self, token: Secret, expires_at: Option<Timestamp>) {
        self.revoke_token(token.expose_secret());
        self.tokens.push(AcceptedToken {
            token,
            expires_at,
            project_id: None,
        });
    }

    /// Accepts the signatures of this key.
    pub(super) fn accept_key(&mut self, key: KnownKey) {
        self.is_restricted = true;
        self.keys.retain(|known| known.id() != key.id());
        self.keys.push(key);
    }

    /// Rejects this token from now on.
    pub(super) fn revoke_token(&mut self, token: &str) {
        self.is_restricted = true;
        let is_other = |known: &AcceptedToken| known.token.expose_secret() != token;
        self.tokens.retain(is_other);
        self.issued.retain(is_other);
    }

    /// Issues a token for a login, for this project alone.
    fn issue_token(
        &mut self,
        request_id: &str,
        project_id: String,
        expires_at: Option<Timestamp>,
    ) -> Secret {
        let token = Secret::from(format!("{ISSUED_PREFIX}{request_id}"));
        let issued = AcceptedToken {
            token: token.clone(),
            expires_at,
            project_id: Some(project_id),
        };
        push_issued(&mut self.issued, issued);
        token
    }

    /// Authenticates a request as the gateway does; returns the only project that the token is for,
    /// if there is one.
    pub(super) fn authenticate(
        &mut self,
        request: &Request<'_>,
        now: Option<Timestamp>,
        limits: Limits,
    ) -> Result<Option<String>, ErrorResponse> {
        if let Some(token) = request.header(header::AUTH_TOKEN) {
            return self.check_token(token.trim(), now, limits);
        }
        let authorization = request
            .header(header::AUTHORIZATION)
            .ok_or_else(|| ErrorResponse::unauthenticated("x-auth-token not found"))?;
        let checked = match Claim::parse(authorization) {
            None => Err("the header Authorization is malformed"),
            Some(claim) if metadata::is_issued(claim.access) => {
                signature::check(&mut self.issued_keys, request, &claim, now)
            }
            Some(_) if !self.is_restricted => Ok(()),
            Some(claim) => signature::check(&mut self.keys, request, &claim, now),
        };
        checked.map(|()| None).map_err(|why| {
            ErrorResponse::unauthenticated(&format!("verify aksk signature fail, {why}"))
        })
    }

    fn check_token(
        &self,
        token: &str,
        now: Option<Timestamp>,
        limits: Limits,
    ) -> Result<Option<String>, ErrorResponse> {
        if token.is_empty() {
            return Err(ErrorResponse::unauthenticated("x-auth-token not found"));
        }
        if token == CLIENT_TOKEN {
            return Ok(None);
        }
        let unknown = || ErrorResponse::unauthenticated("decrypt token fail");
        if limits == Limits::Documented && token.len() > LONGEST_TOKEN {
            return Err(unknown());
        }
        let mut known = self.tokens.iter().chain(&self.issued);
        match known.find(|known| known.token.expose_secret() == token) {
            Some(known) => match known.expires_at {
                Some(end) if known.has_expired(now) => {
                    let why = format!("token expires, expires_at: {end}");
                    Err(ErrorResponse::unauthenticated(&why))
                }
                _ => Ok(known.project_id.clone()),
            },
            None if self.is_restricted || token.starts_with(ISSUED_PREFIX) => Err(unknown()),
            None => Ok(None),
        }
    }
}

/// The parts of `SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`.
struct Claim<'a> {
    access: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    /// Parses a header of this form, whose signature is 64 hexadecimal digits.
    fn parse(header: &'a str) -> Option<Self> {
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
    fn accepts_only_well_formed_signatures() {
        let hex = "0123456789abcdef".repeat(4);
        let good =
            format!("SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature={hex}");
        assert!(Claim::parse(&good).is_some());
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
            assert!(Claim::parse(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn issued_tokens_are_bounded_and_dropped_ones_rejected() {
        let at = |seconds: u64| Timestamp::from_unix(Duration::from_secs(seconds));
        let mut access = Access::default();
        let first = access.issue_token("0", "p".into(), at(100));
        for number in 1..=MOST_ISSUED {
            access.issue_token(&format!("{number}"), "p".into(), at(100));
        }
        assert_eq!(access.issued.len(), MOST_ISSUED);
        let last = access.issue_token("last", "p".into(), at(100));
        let is_accepted = |token: &Secret, now| {
            let checked = access.check_token(token.expose_secret(), at(now), Limits::Documented);
            checked.is_ok()
        };
        assert!(!is_accepted(&first, 0), "dropped, not any token");
        assert!(is_accepted(&last, 99) && !is_accepted(&last, 100));
    }
}
