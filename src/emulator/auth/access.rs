//! Access: which tokens and signatures the gateway accepts.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::signature::{self, Claim, KnownKey};
use crate::emulator::limits::Limits;
use crate::emulator::message::{ErrorResponse, Request};
use crate::header;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The token of the emulator's own clients, always accepted.
pub(crate) const CLIENT_TOKEN: &str = "emulator-client";

/// The longest token of the service's OpenAPI description.
const LONGEST_TOKEN: usize = 50_000;
/// The most issued tokens that are kept; the oldest are dropped first.
pub(super) const MOST_ISSUED: usize = 1000;
/// Begins the id of every key that the metadata service issues, so that a dropped one is not taken
/// for any other key.
pub(super) const ISSUED_KEY_PREFIX: &str = "METADATA";
/// Begins every issued token, so that a dropped one is not taken for any other token.
const ISSUED_PREFIX: &str = "emulated-";

/// The tokens and access keys that are accepted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    /// Whether a token or key was ever configured. Otherwise every token that is not empty is
    /// accepted, and every well-formed signature.
    is_restricted: bool,
    tokens: Vec<AcceptedToken>,
    /// Those issued for logins, the oldest first.
    issued: VecDeque<AcceptedToken>,
    keys: Vec<KnownKey>,
    /// Those issued by the metadata service, the oldest first.
    pub(super) issued_keys: Vec<KnownKey>,
    /// How long an issued key is valid, if not the default.
    pub(crate) key_lifetime: Option<Duration>,
    /// Tokens for the metadata service itself.
    pub(super) metadata_tokens: VecDeque<AcceptedToken>,
}

#[derive(Clone, Debug)]
pub(super) struct AcceptedToken {
    pub(super) token: Secret,
    pub(super) expires_at: Option<Timestamp>,
    /// The only project that an issued token is for.
    pub(super) project_id: Option<String>,
}

impl AcceptedToken {
    pub(super) fn has_expired(&self, now: Option<Timestamp>) -> bool {
        self.expires_at
            .is_some_and(|end| now.is_none_or(|now| now >= end))
    }
}

/// Keeps an issued token, and drops the oldest if there are too many.
pub(super) fn push_issued(issued: &mut VecDeque<AcceptedToken>, token: AcceptedToken) {
    while issued.len() >= MOST_ISSUED {
        issued.pop_front();
    }
    issued.push_back(token);
}

impl Access {
    /// Accepts this token until it expires.
    pub(crate) fn accept_token(&mut self, token: Secret, expires_at: Option<Timestamp>) {
        self.revoke_token(token.expose_secret());
        self.tokens.push(AcceptedToken {
            token,
            expires_at,
            project_id: None,
        });
    }

    /// Accepts the signatures of this key.
    pub(crate) fn accept_key(&mut self, key: KnownKey) {
        self.is_restricted = true;
        self.keys.retain(|known| known.id() != key.id());
        self.keys.push(key);
    }

    /// Rejects this token from now on.
    pub(crate) fn revoke_token(&mut self, token: &str) {
        self.is_restricted = true;
        let is_other = |known: &AcceptedToken| known.token.expose_secret() != token;
        self.tokens.retain(is_other);
        self.issued.retain(is_other);
    }

    /// Issues a token for a login, for this project only.
    pub(super) fn issue_token(
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
    pub(crate) fn authenticate(
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
            Some(claim) if claim.access.starts_with(ISSUED_KEY_PREFIX) => {
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

#[cfg(test)]
mod tests {
    use super::*;

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
