//! The metadata service of a cloud server: temporary access keys for programs that hold none.

use alloc::format;
use core::time::Duration;

use serde_json::json;

use super::access::{Access, ISSUED_KEY_PREFIX, LIFETIME, push_issued};
use super::identity::micros;
use super::signature::KnownKey;
use crate::credentials::AccessKey;
use crate::emulator::request::Received;
use crate::emulator::response::Response;
use crate::header;
use crate::timestamp::Timestamp;

/// The start of every token; the time at which it expires follows.
const TOKEN_PREFIX: &str = "metadata-";
/// The maximum lifetime of a token, in seconds.
const MAX_TTL: u64 = 21_600;

/// `PUT /meta-data/latest/api/token`: a token for the metadata service only.
pub(crate) fn metadata_token(received: &Received<'_>) -> Response {
    let ttl = received.request.header(header::METADATA_TOKEN_TTL);
    let ttl = ttl.and_then(|ttl| ttl.parse().ok());
    let Some(ttl) = ttl.filter(|ttl| (1..=MAX_TTL).contains(ttl)) else {
        return error(400, "X-Metadata-Token-Ttl-Seconds must be 1 to 21600");
    };
    let lifetime = Duration::from_secs(ttl);
    let end = received.expires_after(lifetime).map(Timestamp::unix_millis);
    let token = format!(
        "{TOKEN_PREFIX}{}-{}",
        end.unwrap_or_default(),
        received.request_id
    );
    Response::new(200, "text/plain", token)
}

impl Access {
    /// `GET /openstack/latest/securitykey`: a temporary access key of the server's agency. A token
    /// is not required, but a wrong one is rejected.
    pub(crate) fn issue_security_key(&mut self, received: &Received<'_>) -> Response {
        if let Some(token) = received.request.header(header::METADATA_TOKEN) {
            let now = received.moment.wall.map(Timestamp::unix_millis);
            if token_end(token).is_none_or(|end| now.is_none_or(|now| now >= end)) {
                return error(401, "Invalid or expired metadata token");
            }
        }
        let expires_at = received.expires_after(self.key_lifetime.unwrap_or(LIFETIME));
        let part = |name: &str| format!("{name}{}", received.request_id);
        let (id, secret, token) = (part(ISSUED_KEY_PREFIX), part("secret-"), part("session-"));
        let mut key = AccessKey::new(&id, &secret).security_token(&token);
        if let Some(time) = expires_at {
            key = key.expires_at(time);
        }
        push_issued(&mut self.issued_keys, KnownKey::new(key));
        let body = json!({"credential": {
            "access": id,
            "secret": secret,
            "securitytoken": token,
            "expires_at": expires_at.map(micros),
        }});
        Response::json(200, &body)
    }
}

/// When a token expires, in milliseconds since 1970: the tokens are not kept.
fn token_end(token: &str) -> Option<i64> {
    let (end, _) = token.strip_prefix(TOKEN_PREFIX)?.split_once('-')?;
    end.parse().ok()
}

fn error(status: u16, message: &str) -> Response {
    Response::new(status, "text/plain", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::auth::access::MAX_ISSUED;
    use crate::emulator::request::{Moment, RecordedRequest};

    type Operation = fn(&mut Access, &Received<'_>) -> Response;

    /// The status of an operation at this time, with a header if it has a value.
    fn status(
        (access, operation): (&mut Access, Operation),
        (name, value): (&str, Option<&str>),
        request_id: &str,
        seconds: u64,
    ) -> u16 {
        let header = value.map(|value| (name.into(), value.into()));
        let request = RecordedRequest::new("", "/", header.into_iter().collect());
        let elapsed = Duration::from_secs(seconds);
        let received = Received {
            request: &request,
            body: b"",
            moment: Moment {
                elapsed,
                wall: Timestamp::from_unix(elapsed),
            },
            request_id,
        };
        operation(access, &received).status
    }

    #[test]
    fn a_token_needs_a_time_to_live_within_bounds() {
        let mut access = Access::default();
        for (ttl, expected) in [
            (Some("1"), 200),
            (Some("21600"), 200),
            (Some("0"), 400),
            (Some("21601"), 400),
            (Some(""), 400),
            (None, 400),
        ] {
            let operation = (
                &mut access,
                (|_, received| metadata_token(received)) as Operation,
            );
            let header = (header::METADATA_TOKEN_TTL, ttl);
            assert_eq!(status(operation, header, "r", 0), expected, "{ttl:?}");
        }
    }

    #[test]
    fn rejects_an_unknown_or_expired_token_but_takes_none() {
        let mut access = Access::default();
        let issue = (
            &mut access,
            (|_, received| metadata_token(received)) as Operation,
        );
        status(issue, (header::METADATA_TOKEN_TTL, Some("60")), "r", 0);
        for (token, now, expected) in [
            (Some("metadata-60000-r"), 59, 200),
            (Some("metadata-60000-r"), 60, 401),
            (Some("metadata-s"), 0, 401),
            (Some("60000-r"), 0, 401),
            (None, 0, 200),
        ] {
            let operation = (&mut access, Access::issue_security_key as Operation);
            let header = (header::METADATA_TOKEN, token);
            assert_eq!(
                status(operation, header, "k", now),
                expected,
                "{token:?} at {now}"
            );
        }
    }

    #[test]
    fn issued_keys_are_bounded() {
        let mut access = Access::default();
        for number in 0..MAX_ISSUED + 5 {
            let operation = (&mut access, Access::issue_security_key as Operation);
            status(operation, ("", None), &format!("{number}"), 0);
        }
        assert_eq!(access.issued_keys.len(), MAX_ISSUED);
        assert_eq!(access.issued_keys[0].id(), "METADATA5");
    }
}
