//! What the service, the gateway in front of it, IAM or a proxy says when it refuses.

use alloc::string::String;
use core::fmt;

use super::ErrorKind;

/// An answer that is an error, in whichever of the service's shapes it came.
///
/// Codes that begin with `DRS.` are the service's, those with `APIGW.` or `APIG.` the gateway's in
/// front of it, bare numbers IAM's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status of the answer; 0 when it is not known.
    pub status: u16,
    /// The code, such as `DRS.M00202`, `APIGW.0301` or IAM's `401`, as text.
    pub code: Option<String>,
    /// What the service says, in the language asked for; for a body that is none of the service's
    /// shapes a short excerpt of it; empty when there was none.
    pub message: String,
    /// The id of the request, from the body or from `X-Request-Id`: support asks for it.
    pub request_id: Option<String>,
    /// With a refusal by policy: the reason, encoded. IAM decodes it for those who may see it.
    pub encoded_authorization_message: Option<String>,
}

impl ApiError {
    /// What kind of failure this is: by the code where it is known, else by the status.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        let code = self.code.as_deref().unwrap_or_default();
        let by_code = match code.split_once('.') {
            Some(("APIGW" | "APIG", code)) => match code {
                "0101" => Some(ErrorKind::NotFound),
                "0301" | "0303" | "0307" => Some(ErrorKind::Authentication),
                "0302" => Some(ErrorKind::Permission),
                "0308" => Some(ErrorKind::Throttled),
                _ => None,
            },
            Some(("DRS", code)) => match code {
                "M00100" | "M00103" => Some(ErrorKind::Authentication),
                "M00102" | "M00261" => Some(ErrorKind::Permission),
                "M00101" | "10000010" => Some(ErrorKind::NotFound),
                "M00002" | "M00004" | "M00007" | "M00105" | "M00200" | "M00201" | "M00202"
                | "M00210" | "M00211" | "10000009" => Some(ErrorKind::BadRequest),
                "10000001" => Some(ErrorKind::Service),
                _ => None,
            },
            _ => None,
        };
        by_code.unwrap_or(match self.status {
            401 => ErrorKind::Authentication,
            403 => ErrorKind::Permission,
            404 => ErrorKind::NotFound,
            429 => ErrorKind::Throttled,
            400 | 405 | 406 | 411 | 413..=415 | 422 | 431 | 494 => ErrorKind::BadRequest,
            _ => ErrorKind::Service,
        })
    }

    /// Visits every text in it that a service wrote.
    pub(crate) fn for_each_text(&mut self, mut visit: impl FnMut(&mut String)) {
        visit(&mut self.message);
        let others = [
            &mut self.code,
            &mut self.request_id,
            &mut self.encoded_authorization_message,
        ];
        others.into_iter().flatten().for_each(visit);
    }

    /// What to do about it, in one line, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match (self.code.as_deref(), self.kind()) {
            (Some("DRS.M00261"), _) => {
                "check the project id: the token must be scoped to this project, in this region"
            }
            (Some("DRS.M00210" | "DRS.M00211"), _) => {
                "check limit and offset: the service takes each below 65535"
            }
            (_, ErrorKind::Authentication) => {
                "the token, key or signature was not accepted: a token lasts 24 hours and belongs to one project; do not try a key again blindly, five failures lock it for five minutes"
            }
            (_, ErrorKind::Permission) => {
                "the user needs a permission for DRS in this project: ask its administrator"
            }
            (_, ErrorKind::Throttled) => {
                "ask less often: the gateway allows about 200 requests in five minutes"
            }
            (_, ErrorKind::BadRequest) => "check the filters against the service's API page",
            (_, ErrorKind::NotFound) => "check the endpoint, the region and the project id",
            (_, ErrorKind::Service) if self.status >= 500 => {
                "the service failed: try again later; with the request id its support can look"
            }
            _ => return None,
        })
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the service answered")?;
        // An answer that was saved has lost its status.
        if self.status != 0 {
            write!(f, " {}", self.status)?;
        }
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
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
    fn codes_and_statuses_map_to_kinds() {
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
    fn the_text_holds_all_that_support_asks_for() {
        let mut shown = error(400, "DRS.M00202");
        shown.message = "Invalid.".into();
        shown.request_id = Some("r-1".into());
        assert_eq!(
            shown.to_string(),
            "the service answered 400 DRS.M00202: Invalid. (request id r-1)"
        );
        assert_eq!(error(502, "").to_string(), "the service answered 502");
        assert_eq!(
            error(0, "DRS.M00202").to_string(),
            "the service answered DRS.M00202"
        );
    }

    #[test]
    fn a_hint_is_one_line() {
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
