//! Error responses of the service, the gateway in front of it, IAM and proxies.

use alloc::string::String;
use core::fmt;

use super::{ErrorKind, Responder};
use crate::redact::Redactor;

/// An error response of the service, the gateway, IAM or a proxy, in any of their formats.
///
/// Codes that begin with `DRS.` are the service's, those with `APIGW.` or `APIG.` the gateway's in
/// front of it, bare numbers IAM's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ApiError {
    /// Who sent the response.
    pub responder: Responder,
    /// The HTTP status of the response; 0 if unknown, as for a saved body.
    pub status: u16,
    /// The code, such as `DRS.M00202`, `APIGW.0301` or IAM's `401`, as text.
    pub code: Option<String>,
    /// The message, in the language of the request, at most 1 000 characters. For a body in an
    /// unknown format, a short excerpt; empty if there is no body.
    pub message: String,
    /// The id of the request, from the body or from `X-Request-Id`, at most 128 characters. The
    /// service's support needs it.
    pub request_id: Option<String>,
    /// The encoded reason of a refusal by policy. IAM decodes it for authorised users.
    pub encoded_authorization_message: Option<String>,
}

impl ApiError {
    /// Returns the kind of failure: by the code if it is known, else by the status.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        let by_code = self.code.as_deref().and_then(|code| match code {
            // IAM's codes are statuses; a proxy can send them with another one.
            "401" => Some(ErrorKind::Authentication),
            "403" => Some(ErrorKind::Permission),
            code => kind_of_code(code),
        });
        by_code
            .or_else(|| self.rejection_in_message())
            .unwrap_or(match self.status {
                401 => ErrorKind::Authentication,
                403 => ErrorKind::Permission,
                404 => ErrorKind::NotFound,
                429 => ErrorKind::Throttled,
                400 | 405 | 406 | 411 | 413..=415 | 422 | 431 | 494 => ErrorKind::BadRequest,
                _ => ErrorKind::Service,
            })
    }

    /// A code that rejects the credentials, where a proxy has rewritten the body: it must forbid a
    /// retry there, too.
    fn rejection_in_message(&self) -> Option<ErrorKind> {
        self.message
            .split(|ch: char| !ch.is_ascii_alphanumeric() && ch != '.')
            .filter_map(kind_of_code)
            .find(|kind| matches!(kind, ErrorKind::Authentication | ErrorKind::Permission))
    }

    /// Cleans every text that the responder wrote, and bounds it.
    pub(crate) fn redact(&mut self, redactor: &Redactor) {
        self.message = redactor.clean(&self.message, 1000);
        for (text, max_chars) in [
            (&mut self.code, MAX_ID_CHARS),
            (&mut self.request_id, MAX_ID_CHARS),
            // IAM decodes it as a whole or not at all.
            (&mut self.encoded_authorization_message, 16_000),
        ] {
            if let Some(text) = text {
                *text = redactor.clean(text, max_chars);
            }
        }
    }

    /// Returns what to do next, in one line, if the cause is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        super::hint::of_api(self, None)
    }

    /// Writes all but the request id, which [`Error`](super::Error) writes after the request.
    pub(super) fn write_without_request_id(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} responded", self.responder)?;
        // A saved response has lost its status.
        if self.status != 0 {
            write!(f, " {}", self.status)?;
        }
        // IAM repeats the status as its code.
        if let Some(code) = &self.code
            && code.parse() != Ok(self.status)
        {
            write!(f, " {code}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

/// The longest code and request id that are kept.
pub(crate) const MAX_ID_CHARS: usize = 128;

/// The kind of failure of a known code. Some proxies change its case.
fn kind_of_code(code: &str) -> Option<ErrorKind> {
    let code = code.trim();
    let (service, number) = code.split_once('.')?;
    let is = |other: &&str| number.eq_ignore_ascii_case(other);
    let any = |numbers: &[&str]| numbers.iter().any(is);
    if service.eq_ignore_ascii_case("APIGW") || service.eq_ignore_ascii_case("APIG") {
        return Some(match number {
            "0101" => ErrorKind::NotFound,
            "0301" | "0303" | "0307" => ErrorKind::Authentication,
            "0302" => ErrorKind::Permission,
            "0308" => ErrorKind::Throttled,
            _ => return None,
        });
    }
    if !service.eq_ignore_ascii_case("DRS") {
        return None;
    }
    Some(if any(&["M00100", "M00103"]) {
        ErrorKind::Authentication
    } else if any(&["M00102", "M00261"]) {
        ErrorKind::Permission
    } else if any(&["M00101", "10000010"]) {
        ErrorKind::NotFound
    } else if any(&[
        "M00002", "M00004", "M00007", "M00105", "M00200", "M00201", "M00202", "M00210", "M00211",
        "10000009",
    ]) {
        ErrorKind::BadRequest
    } else if any(&["10000001"]) {
        ErrorKind::Service
    } else {
        return None;
    })
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_without_request_id(f)?;
        if let Some(id) = &self.request_id {
            write!(f, " (request id {id})")?;
        }
        Ok(())
    }
}

impl core::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    fn error(status: u16, code: &str) -> ApiError {
        ApiError {
            status,
            code: (!code.is_empty()).then(|| code.into()),
            ..ApiError::default()
        }
    }

    #[test]
    fn maps_codes_and_statuses_to_kinds() {
        use ErrorKind::{Authentication, BadRequest, NotFound, Permission, Service, Throttled};
        for (status, code, kind) in [
            (404, "APIGW.0101", NotFound),
            (400, "APIGW.0201", BadRequest),
            (413, "APIG.0201", BadRequest),
            (414, "APIGW.0201", BadRequest),
            (494, "APIGW.0201", BadRequest),
            (502, "APIGW.0201", Service),
            (504, "APIGW.0201", Service),
            (401, "APIGW.0301", Authentication),
            (403, "APIG.0302", Permission),
            (401, "APIGW.0303", Authentication),
            (401, "APIGW.0307", Authentication),
            (429, "APIGW.0308", Throttled),
            (422, "DRS.M00002", BadRequest),
            (422, "DRS.M00004", BadRequest),
            (400, "DRS.M00007", BadRequest),
            (403, "DRS.M00100", Authentication),
            (404, "DRS.M00101", NotFound),
            (403, "DRS.M00102", Permission),
            (401, "DRS.M00103", Authentication),
            (400, "DRS.M00105", BadRequest),
            (400, "DRS.M00202", BadRequest),
            (400, "DRS.M00210", BadRequest),
            (403, "DRS.M00261", Permission),
            (400, "DRS.10000001", Service),
            (400, "DRS.10000009", BadRequest),
            (400, "DRS.10000010", NotFound),
            (401, "401", Authentication),
            (403, "DRS.NEW", Permission),
            (429, "", Throttled),
            (500, "", Service),
            (503, "", Service),
            (400, "", BadRequest),
            (418, "", Service),
            (999, "", Service),
            (200, "DRS.M00202", BadRequest),
        ] {
            assert_eq!(error(status, code).kind(), kind, "{status} {code}");
        }
    }

    #[test]
    fn prints_all_that_support_asks_for() {
        let mut shown = error(400, "DRS.M00202");
        shown.message = "Invalid.".into();
        shown.request_id = Some("r-1".into());
        assert_eq!(
            shown.to_string(),
            "DRS responded 400 DRS.M00202: Invalid. (request id r-1)"
        );
        assert_eq!(error(502, "").to_string(), "DRS responded 502");
        assert_eq!(
            error(0, "DRS.M00202").to_string(),
            "DRS responded DRS.M00202"
        );
    }

    #[test]
    fn every_hint_is_one_line() {
        for status in 0..1000 {
            if let Some(hint) = error(status, "").hint() {
                assert!(!hint.contains('\n') && !hint.ends_with('.'), "{hint}");
            }
        }
        assert!(
            error(401, "APIGW.0301")
                .hint()
                .is_some_and(|hint| hint.contains("24 hours"))
        );
    }
}
