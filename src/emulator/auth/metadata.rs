//! The metadata service of a cloud server: temporary access keys for programs that hold none.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use serde_json::json;

use super::access::{AcceptedToken, Access, ISSUED_KEY_PREFIX, MOST_ISSUED, push_issued};
use super::identity::{later, micros};
use super::signature::KnownKey;
use crate::credentials::AccessKey;
use crate::emulator::message::{ErrorResponse, Request, Response};
use crate::header;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// How long a key is valid unless configured.
pub(crate) const KEY_LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// The longest life of a token, in seconds.
const LONGEST_TTL: u64 = 21_600;

/// `PUT /meta-data/latest/api/token`: a token for the metadata service only.
pub(crate) fn metadata_token(
    access: &mut Access,
    request: &Request<'_>,
    request_id: &str,
    now: Option<Timestamp>,
) -> Result<Response, ErrorResponse> {
    if request.method != "PUT" {
        return Err(ErrorResponse::method_not_allowed("PUT"));
    }
    let ttl = request
        .header(header::METADATA_TOKEN_TTL)
        .unwrap_or_default();
    let ttl = ttl
        .parse()
        .ok()
        .filter(|ttl| (1..=LONGEST_TTL).contains(ttl));
    let Some(ttl) = ttl else {
        let why = "X-Metadata-Token-Ttl-Seconds must be 1 to 21600";
        return Ok(error(400, why));
    };
    let token = format!("metadata-{request_id}");
    push_issued(
        &mut access.metadata_tokens,
        AcceptedToken {
            token: Secret::from(token.as_str()),
            expires_at: now.and_then(|now| later(now, Duration::from_secs(ttl))),
            project_id: None,
        },
    );
    Ok(Response::new(200, "text/plain", token))
}

/// `GET /openstack/latest/securitykey`: a temporary access key of the server's agency. A token is
/// not required, but a wrong one is rejected.
pub(crate) fn security_key(
    access: &mut Access,
    request: &Request<'_>,
    request_id: &str,
    now: Option<Timestamp>,
) -> Result<Response, ErrorResponse> {
    if request.method != "GET" {
        return Err(ErrorResponse::method_not_allowed("GET"));
    }
    if let Some(token) = request.header(header::METADATA_TOKEN) {
        let mut known = access.metadata_tokens.iter();
        let known = known.find(|known| known.token.expose_secret() == token);
        if known.is_none_or(|known| known.has_expired(now)) {
            return Ok(error(401, "Invalid or expired metadata token"));
        }
    }
    let lifetime = access.key_lifetime.unwrap_or(KEY_LIFETIME);
    let expires_at = now.and_then(|now| later(now, lifetime));
    let part = |name: &str| format!("{name}{request_id}");
    let (id, secret, token) = (part(ISSUED_KEY_PREFIX), part("secret-"), part("session-"));
    let key = AccessKey::new(&id, &secret).security_token(&token);
    let key = match expires_at {
        Some(time) => key.expires_at(time),
        None => key,
    };
    while access.issued_keys.len() >= MOST_ISSUED {
        access.issued_keys.remove(0);
    }
    access.issued_keys.push(KnownKey::new(key));
    let body = json!({"credential": {
        "access": id,
        "secret": secret,
        "securitytoken": token,
        "expires_at": expires_at.map(micros),
    }});
    Ok(Response::json(200, &body))
}

fn error(status: u16, message: &str) -> Response {
    Response::new(status, "text/plain", String::from(message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn at(seconds: u64) -> Option<Timestamp> {
        Timestamp::from_unix(Duration::from_secs(seconds))
    }

    fn request<'a>(method: &'a str, headers: &[(&'a str, &'a str)]) -> Request<'a> {
        Request::new(method, "/", Vec::from(headers), b"")
    }

    #[test]
    fn a_token_needs_a_time_to_live_within_bounds() {
        let mut access = Access::default();
        for (ttl, status) in [
            ("1", 200),
            ("21600", 200),
            ("0", 400),
            ("21601", 400),
            ("", 400),
        ] {
            let headers = [(header::METADATA_TOKEN_TTL, ttl)];
            let response = metadata_token(&mut access, &request("PUT", &headers), "r", at(0));
            assert_eq!(response.unwrap().status, status, "{ttl:?}");
        }
        assert!(metadata_token(&mut access, &request("GET", &[]), "r", at(0)).is_err());
        assert!(security_key(&mut access, &request("PUT", &[]), "r", at(0)).is_err());
    }

    #[test]
    fn rejects_an_unknown_or_expired_token_but_takes_none() {
        let mut access = Access::default();
        let headers = [(header::METADATA_TOKEN_TTL, "60")];
        metadata_token(&mut access, &request("PUT", &headers), "r", at(0)).unwrap();
        for (token, now, status) in [
            (Some("metadata-r"), 59, 200),
            (Some("metadata-r"), 60, 401),
            (Some("metadata-s"), 0, 401),
            (None, 0, 200),
        ] {
            let headers: Vec<_> = token
                .map(|token| (header::METADATA_TOKEN, token))
                .into_iter()
                .collect();
            let response = security_key(&mut access, &request("GET", &headers), "k", at(now));
            assert_eq!(response.unwrap().status, status, "{token:?} at {now}");
        }
    }

    #[test]
    fn issued_keys_are_bounded() {
        let mut access = Access::default();
        for number in 0..MOST_ISSUED + 5 {
            let id = format!("{number}");
            security_key(&mut access, &request("GET", &[]), &id, at(0)).unwrap();
        }
        assert_eq!(access.issued_keys.len(), MOST_ISSUED);
        assert_eq!(access.issued_keys[0].id(), "METADATA5");
    }
}
