//! Access: which tokens and signatures the gateway accepts.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::identity::User;
use super::signature::{Authorization, KnownKey};
use crate::emulator::limits::Limits;
use crate::emulator::request::{Received, RecordedRequest};
use crate::emulator::response::ErrorResponse;
use crate::header;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The token of the emulator's own clients, always accepted.
pub(crate) const CLIENT_TOKEN: &str = "emulator-client";

/// The maximum length of a token in the service's OpenAPI description.
const MAX_TOKEN_LENGTH: usize = 50_000;
/// The maximum number of issued tokens, and of issued keys, that are kept; the oldest are dropped
/// first.
pub(super) const MAX_ISSUED: usize = 1000;
/// The start of every issued token, and of the id of every issued key. Without it, a dropped one
/// would be accepted like any other token if none is configured.
pub(super) const ISSUED_TOKEN_PREFIX: &str = "emulated-";
pub(super) const ISSUED_KEY_PREFIX: &str = "METADATA";
/// The default lifetime of an issued token or key, as documented.
pub(super) const LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// The tokens and access keys that are accepted, and the users who can log in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    /// Whether a token or key was ever configured. Otherwise every token that is not empty is
    /// accepted, and every well-formed signature.
    is_restricted: bool,
    tokens: Vec<AcceptedToken>,
    keys: Vec<KnownKey>,
    /// The users who can log in; if there is none, every user with a password.
    pub(crate) users: Vec<User>,
    /// The lifetime of a token for a login, if it is not the default.
    pub(crate) token_lifetime: Option<Duration>,
    /// The lifetime of a key of the metadata service, if it is not the default.
    pub(crate) key_lifetime: Option<Duration>,
    /// Those issued for logins, the oldest first.
    pub(super) issued: VecDeque<AcceptedToken>,
    /// Those issued by the metadata service, the oldest first.
    pub(super) issued_keys: VecDeque<KnownKey>,
}

#[derive(Clone, Debug)]
pub(super) struct AcceptedToken {
    pub(super) token: Secret,
    pub(super) expires_at: Option<Timestamp>,
    /// The only project that an issued token is for.
    pub(super) project_id: Option<String>,
}

/// Keeps an issued token or key, and drops the oldest if there are too many.
pub(super) fn push_issued<T>(issued: &mut VecDeque<T>, new: T) {
    if issued.len() >= MAX_ISSUED {
        issued.pop_front();
    }
    issued.push_back(new);
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

    /// Authenticates a request as the gateway does; returns the only project that the token is for,
    /// if there is one.
    pub(crate) fn authenticate(
        &mut self,
        received: &Received<'_>,
        limits: Limits,
    ) -> Result<Option<String>, ErrorResponse> {
        let request = received.request;
        let now = received.moment.wall;
        if let Some(token) = request.header(header::AUTH_TOKEN) {
            return self.check_token(token.trim(), now, limits);
        }
        let authorization = request
            .header(header::AUTHORIZATION)
            .ok_or_else(|| ErrorResponse::unauthenticated("x-auth-token not found"))?;
        self.check_signature(request, authorization, now)
            .map_err(|why| format!("verify aksk signature fail, {why}"))
            .map_err(|why| ErrorResponse::unauthenticated(&why))?;
        Ok(None)
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
        if limits == Limits::Documented && token.len() > MAX_TOKEN_LENGTH {
            return Err(unknown());
        }
        let mut known = self.tokens.iter().chain(&self.issued);
        match known.find(|known| known.token.expose_secret() == token) {
            Some(known) => match known.expires_at {
                Some(end) if now.is_none_or(|now| now >= end) => {
                    let why = format!("token expires, expires_at: {end}");
                    Err(ErrorResponse::unauthenticated(&why))
                }
                _ => Ok(known.project_id.clone()),
            },
            None if self.is_restricted || token.starts_with(ISSUED_TOKEN_PREFIX) => Err(unknown()),
            None => Ok(None),
        }
    }

    fn check_signature(
        &mut self,
        request: &RecordedRequest,
        header: &str,
        now: Option<Timestamp>,
    ) -> Result<(), &'static str> {
        let authorization =
            Authorization::parse(header).ok_or("the header Authorization is malformed")?;
        let mut keys = self.keys.iter_mut().chain(&mut self.issued_keys);
        match keys.find(|key| key.id() == authorization.key_id) {
            Some(key) => key.verify(request, &authorization, now),
            None if self.is_restricted || authorization.key_id.starts_with(ISSUED_KEY_PREFIX) => {
                Err("ak not exist")
            }
            None => Ok(()),
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
        let token = |number: usize| format!("{ISSUED_TOKEN_PREFIX}{number}");
        for number in 0..=MAX_ISSUED {
            let issued = AcceptedToken {
                token: token(number).into(),
                expires_at: at(100),
                project_id: None,
            };
            push_issued(&mut access.issued, issued);
        }
        assert_eq!(access.issued.len(), MAX_ISSUED);
        let is_accepted = |token: &str, now| {
            let checked = access.check_token(token, at(now), Limits::Documented);
            checked.is_ok()
        };
        assert!(!is_accepted(&token(0), 0), "dropped, not any token");
        let last = token(MAX_ISSUED);
        assert!(is_accepted(&last, 99) && !is_accepted(&last, 100));
    }
}
