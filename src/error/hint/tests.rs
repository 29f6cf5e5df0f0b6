use super::*;
use crate::error::TransportError;

const NOW: i64 = 1_734_312_607_000; // 2024-12-16T01:30:07Z

#[track_caller]
fn assert_hint(error: Error, url: &str, times: Times, expected: &str) {
    let error = error.with_request("GET", url.into(), Responder::Drs, times);
    let hint = error.hint().unwrap_or_default();
    assert!(hint.contains(expected), "{error}: {hint:?}");
    assert!(!hint.contains('\n') && !hint.ends_with('.'), "{hint}");
}

fn at(local: i64) -> Times {
    Times {
        local,
        ..Times::default()
    }
}

#[test]
fn tls_hints_fit_what_is_wrong_with_the_certificate() {
    for (source, expected) in [
        (
            "invalid peer certificate: certificate expired: verification time 2 (UNIX)",
            "has expired, or this machine's date, 2024-12-16, is wrong",
        ),
        (
            "invalid peer certificate: certificate not valid yet: verification time 1",
            "is not valid yet, or this machine's date, 2024-12-16, is wrong",
        ),
        (
            "SSL certificate problem: certificate is not yet valid",
            "is not valid yet",
        ),
        (
            "SSL certificate problem: certificate has expired",
            "has expired",
        ),
        (
            "invalid peer certificate: certificate not valid for name \"h\"",
            "another host",
        ),
        (
            "SSL: no alternative certificate subject name matches target host name 'h'",
            "another host",
        ),
        (
            "invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))",
            "presents a CA certificate as its own",
        ),
        ("invalid peer certificate: UnknownIssuer", "--ca-file"),
        ("unable to get local issuer certificate", "--ca-file"),
        (
            "received corrupt message of type InvalidContentType",
            "does not speak TLS on this port",
        ),
        ("SSL routines::wrong version number", "does not speak TLS"),
        ("handshake failure", "private certificate authority"),
    ] {
        let error = TransportError::new(TransportErrorKind::Tls, "the TLS handshake failed")
            .with_source(source);
        assert_hint(error.into(), "https://h/", at(NOW), expected);
    }
    let error = TransportError::new(TransportErrorKind::Tls, "the TLS handshake failed")
        .with_source("invalid peer certificate: UnknownIssuer")
        .with_configured_roots(true);
    let expected = "does not end in one of the configured root certificates";
    assert_hint(error.into(), "https://h/", at(NOW), expected);
}

#[test]
fn transport_hints_fit_the_kind() {
    use TransportErrorKind as K;
    for (kind, message, url, expected) in [
        (K::Protocol, "", "http://h:443/", "https://"),
        (K::Protocol, "", "https://h/", "HTTP/1.1"),
        (K::Proxy, "407", "https://h/", "user and password"),
        (
            K::Proxy,
            "it requires NTLM, Negotiate (status 407)",
            "https://h/",
            "supports NTLM",
        ),
        (K::Proxy, "403", "https://h/", "NO_PROXY"),
        (K::Connect, "", "https://h/", "needs a proxy"),
        (
            K::Connect,
            "cannot connect to the proxy p:3128",
            "https://h/",
            "address of the proxy",
        ),
        (K::Timeout, "", "https://h/", "longer timeout"),
        (K::BodyTooLarge, "", "https://h/", "smaller page size"),
    ] {
        let error = TransportError::new(kind, message);
        assert_hint(error.into(), url, at(NOW), expected);
    }
}

fn api(responder: Responder, status: u16, code: &str, message: &str) -> Error {
    ApiError {
        responder,
        status,
        code: (!code.is_empty()).then(|| code.into()),
        message: message.into(),
        ..ApiError::default()
    }
    .into()
}

#[test]
fn response_hints_fit_who_responded_and_what() {
    use Responder::{Drs, Gateway, Iam, Proxy};
    const HTTPS_PORT: &str = "The plain HTTP request was sent to HTTPS port";
    let url = "https://h/v5/p/backup-migration-jobs?limit=512&offset=0&sort_key=created_at";
    for (responder, status, code, message, expected) in [
        (Proxy, 400, "", "400 Bad Request", "headers too long"),
        (
            Proxy,
            413,
            "",
            "Request Entity Too Large",
            "headers too long",
        ),
        (Proxy, 431, "", "", "headers too long"),
        (
            Proxy,
            400,
            "",
            HTTPS_PORT,
            "begin the endpoint with https://",
        ),
        (
            Proxy,
            400,
            "",
            "Client sent an HTTP request to an HTTPS server.",
            "https://",
        ),
        (Proxy, 503, "", "", "retry later"),
        (
            Iam,
            401,
            "401",
            "The username or password is wrong.",
            "account (domain)",
        ),
        (Iam, 401, "401", "The password has expired.", "has expired"),
        (Iam, 401, "401", "Your MFA code is needed.", "multi-factor"),
        (Iam, 401, "401", "auth receipt", "multi-factor"),
        (Iam, 401, "401", "The account is locked.", "wait 15 minutes"),
        (
            Iam,
            401,
            "401",
            "The domain does not exist.",
            "HW_DOMAIN_NAME",
        ),
        (Iam, 404, "404", "", "scheme and host only"),
        (Iam, 403, "403", "", "set the project id"),
        (Drs, 400, "DRS.M00210", "", "--page-size"),
        (Drs, 400, "DRS.M00007", "Invalid limit.", "--page-size"),
        (Drs, 400, "DRS.M00007", "Invalid sort_key.", "--sort-key"),
        (Drs, 400, "DRS.M00007", "", "check the filters"),
        (Drs, 403, "DRS.M00261", "", "check the project id"),
        (Gateway, 401, "APIGW.0301", "", "24 hours"),
        (Gateway, 429, "APIGW.0308", "", "request rate"),
    ] {
        assert_hint(
            api(responder, status, code, message),
            url,
            at(NOW),
            expected,
        );
    }
    let beyond = url.replace("offset=0", "offset=65535");
    let error = api(Drs, 400, "DRS.M00211", "Invalid offset.");
    assert_hint(error, &beyond, at(NOW), "beyond offset 65534");
}

#[test]
fn clock_skew_is_described_for_signed_requests() {
    let minute = 60_000;
    let rejected = || {
        api(
            Responder::Gateway,
            401,
            "APIGW.0301",
            "verify aksk signature fail",
        )
    };
    for (local, expected) in [
        (NOW - 17 * minute, "17 minutes behind"),
        (NOW + 61 * minute, "1 hour 1 minute ahead of"),
        (NOW + (2 * 1440 + 125) * minute, "2 days 2 hours ahead of"),
        (NOW + 3 * minute, "24 hours"),
    ] {
        let times = Times {
            local,
            server: Some(NOW),
            is_signed: true,
        };
        assert_hint(rejected(), "https://h/", times, expected);
    }
    let unsigned = Times {
        local: 0,
        server: Some(NOW),
        is_signed: false,
    };
    assert_hint(rejected(), "https://h/", unsigned, "24 hours");
}
