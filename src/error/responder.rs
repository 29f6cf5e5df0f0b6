//! Who responded to a request.

use core::fmt;

/// Who sent a response: DRS, IAM, the metadata service, the gateway or a proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Responder {
    /// The Data Replication Service.
    #[default]
    Drs,
    /// Identity and Access Management: logins and the lookup of projects.
    Iam,
    /// The API gateway in front of the services: codes that begin with `APIGW.` or `APIG.`.
    Gateway,
    /// A proxy or load balancer in between: responses that are not JSON.
    Proxy,
}

impl Responder {
    /// Returns the name that errors show, such as `DRS` or `the gateway`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drs => "DRS",
            Self::Iam => "IAM",
            Self::Gateway => "the gateway",
            Self::Proxy => "a proxy",
        }
    }

    /// Who wrote a response to a request that was sent to `service`, by its error code and body.
    pub(crate) fn classify(service: Self, code: Option<&str>, body: &[u8]) -> Self {
        let starts_with = |prefix: &str| {
            code.and_then(|code| code.get(..prefix.len()))
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        if starts_with("APIGW.") || starts_with("APIG.") {
            Self::Gateway
        } else if starts_with("DRS.") {
            Self::Drs
        } else if code.is_none() && !matches!(start_of(body), None | Some(b'{')) {
            Self::Proxy
        } else {
            service
        }
    }
}

/// The first byte after a byte order mark and white space.
fn start_of(body: &[u8]) -> Option<&u8> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.trim_ascii_start().first()
}

impl fmt::Display for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classifies_by_code_then_by_the_form_of_the_body() {
        use Responder::{Drs, Gateway, Iam, Proxy};
        for (service, code, body, expected) in [
            (Drs, Some("DRS.M00202"), "{}", Drs),
            (Drs, Some("APIGW.0301"), "{}", Gateway),
            (Iam, Some("apig.0308"), "{}", Gateway),
            (Iam, Some("401"), "{}", Iam),
            (Iam, None, "", Iam),
            (Drs, None, " {\"message\":\"x\"}", Drs),
            (Drs, None, "\u{feff}{", Drs),
            (Drs, None, "<html>", Proxy),
            (Iam, None, " upstream connect error", Proxy),
        ] {
            let responder = Responder::classify(service, code, body.as_bytes());
            assert_eq!(responder, expected, "{code:?} {body}");
        }
    }
}
