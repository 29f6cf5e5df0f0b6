//! Who may ask: what the gateway in front of the service checks.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::incoming::Incoming;
use super::query::Limits;
use super::refusal::Refusal;
#[cfg(feature = "aksk")]
use super::signature::{self, KnownKey};
use crate::credentials::{Credentials, Secret};
use crate::header;
use crate::timestamp::Timestamp;

/// The longest token by the service's OpenAPI description.
const LONGEST_TOKEN: usize = 50_000;

/// How many tokens that were given for logins are kept; the oldest are forgotten first.
const MOST_ISSUED: usize = 1000;
/// How long after its end such a token is kept, to be refused with that end.
const LONG_PAST: Duration = Duration::from_secs(3600);
/// Begins every token that is given for a login: one that is forgotten is known by it.
const ISSUED: &str = "emulated-";

/// Which tokens and signatures are taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate {
    /// Told none, any token that is not empty is taken, and any signature of the right form.
    tokens: Vec<AcceptedToken>,
    /// Those given for logins, the oldest first.
    issued: VecDeque<IssuedToken>,
    #[cfg(feature = "aksk")]
    keys: Vec<KnownKey>,
    /// Whether anything was ever told: a gate whose last token was revoked takes none.
    is_told: bool,
}

#[derive(Clone, Debug)]
struct AcceptedToken {
    token: Secret,
    expires_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct IssuedToken {
    accepted: AcceptedToken,
    project_id: String,
}

/// Who was let in, as far as it matters which project is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visitor<'a> {
    /// Whoever may see every project there is.
    OfEvery,
    /// Whoever may see this project alone.
    Of(&'a str),
}

impl Visitor<'_> {
    pub(super) fn may_see(self, project_id: &str) -> bool {
        match self {
            Self::OfEvery => true,
            Self::Of(only) => only == project_id,
        }
    }
}

impl Gate {
    /// Takes this token until it expires; from now on no other than those told.
    pub(super) fn accept_token(&mut self, token: Secret, expires_at: Option<Timestamp>) {
        self.revoke_token(token.expose_secret());
        self.tokens.push(AcceptedToken { token, expires_at });
    }

    /// A token for a login, which is taken for this project until it expires.
    pub(super) fn issue_token(
        &mut self,
        request_id: &str,
        project_id: String,
        expires_at: Option<Timestamp>,
        now: Option<Timestamp>,
    ) -> Secret {
        let token = Secret::from(format!("{ISSUED}{request_id}"));
        self.issued.retain(|known| !known.is_long_past(now));
        while self.issued.len() >= MOST_ISSUED {
            self.issued.pop_front();
        }
        self.issued.push_back(IssuedToken {
            accepted: AcceptedToken {
                token: token.clone(),
                expires_at,
            },
            project_id,
        });
        token
    }

    /// Takes the signatures of this key; from now on none but those of keys that were told.
    #[cfg(feature = "aksk")]
    pub(super) fn accept_key(&mut self, key: KnownKey) {
        self.is_told = true;
        self.keys.retain(|known| known.id() != key.id());
        self.keys.push(key);
    }

    /// Takes this token no longer, nor any that was not told.
    pub(super) fn revoke_token(&mut self, token: &str) {
        self.is_told = true;
        self.tokens
            .retain(|known| known.token.expose_secret() != token);
        self.issued
            .retain(|known| known.accepted.token.expose_secret() != token);
    }

    /// What is taken as of now, for any project: the first token that is, else the first key that
    /// is not locked; `None` if nothing is that was told.
    pub(super) fn a_credential(
        &self,
        now: Option<Timestamp>,
        limits: Limits,
    ) -> Option<Credentials> {
        if !self.is_told {
            return Some(Credentials::token("emulated"));
        }
        let is_taken = |token: &&str| {
            token.bytes().all(|byte| byte.is_ascii_graphic())
                && self.admit_token(token, now, limits).is_ok()
        };
        let mut told = self.tokens.iter().map(|known| known.token.expose_secret());
        if let Some(token) = told.find(is_taken) {
            return Some(Credentials::token(token));
        }
        #[cfg(feature = "aksk")]
        {
            let now = now?.unix_millis();
            let key = self.keys.iter().find(|known| !known.is_locked(now))?;
            Some(key.key().clone().into())
        }
        #[cfg(not(feature = "aksk"))]
        None
    }

    /// Lets a request pass, or refuses it as the gateway does.
    pub(super) fn admit(
        &mut self,
        incoming: &Incoming<'_>,
        now: Option<Timestamp>,
        limits: Limits,
    ) -> Result<Visitor<'_>, Refusal> {
        if let Some(token) = incoming.header(header::AUTH_TOKEN) {
            return self.admit_token(token.trim(), now, limits);
        }
        let Some(authorization) = incoming.header(header::AUTHORIZATION) else {
            return Err(Refusal::unauthenticated("x-auth-token not found"));
        };
        let Some(claim) = Claim::read(authorization) else {
            return Err(Refusal::unauthenticated(
                "verify aksk signature fail, the header Authorization is malformed",
            ));
        };
        self.admit_signature(incoming, &claim, now)?;
        Ok(Visitor::OfEvery)
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
    ) -> Result<Visitor<'_>, Refusal> {
        if token.is_empty() {
            return Err(Refusal::unauthenticated("x-auth-token not found"));
        }
        if limits == Limits::Documented && token.len() > LONGEST_TOKEN {
            return Err(Refusal::unauthenticated("decrypt token fail"));
        }
        let is_meant = |known: &AcceptedToken| known.token.expose_secret() == token;
        if let Some(known) = self.tokens.iter().find(|known| is_meant(known)) {
            return known.admit(now).map(|()| Visitor::OfEvery);
        }
        if let Some(known) = self.issued.iter().find(|known| is_meant(&known.accepted)) {
            let only = Visitor::Of(&known.project_id);
            return known.accepted.admit(now).map(|()| only);
        }
        if self.is_told || token.starts_with(ISSUED) {
            return Err(Refusal::unauthenticated("decrypt token fail"));
        }
        Ok(Visitor::OfEvery)
    }
}

impl AcceptedToken {
    fn admit(&self, now: Option<Timestamp>) -> Result<(), Refusal> {
        match self.expires_at {
            Some(end) if now.is_none_or(|now| now >= end) => Err(Refusal::unauthenticated(
                format!("token expires, expires_at: {end}"),
            )),
            _ => Ok(()),
        }
    }
}

impl IssuedToken {
    /// Whether it ended so long ago that nobody need be told when.
    fn is_long_past(&self, now: Option<Timestamp>) -> bool {
        let ended = |end| now?.duration_since(end);
        let since_end = self.accepted.expires_at.and_then(ended);
        since_end.is_some_and(|since| since > LONG_PAST)
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

    #[test]
    fn tokens_of_logins_do_not_pile_up_and_those_forgotten_are_not_taken() {
        let at = |seconds: u64| Timestamp::from_unix(Duration::from_secs(seconds));
        let mut gate = Gate::default();
        let first = gate.issue_token("0", "p".into(), at(100), at(0));
        for number in 1..=MOST_ISSUED {
            gate.issue_token(&format!("{number}"), "p".into(), at(100), at(0));
        }
        assert_eq!(gate.issued.len(), MOST_ISSUED);
        let refused = |gate: &Gate, token: &Secret, now: u64| {
            let admitted = gate.admit_token(token.expose_secret(), at(now), Limits::Documented);
            admitted.is_err()
        };
        assert!(
            refused(&gate, &first, 0),
            "it is forgotten, but no stranger"
        );
        let last = gate.issue_token("last", "p".into(), at(8000), at(7000));
        assert_eq!(gate.issued.len(), 1, "the others ended long ago");
        assert!(!refused(&gate, &last, 7999) && refused(&gate, &last, 8000));
    }
}
