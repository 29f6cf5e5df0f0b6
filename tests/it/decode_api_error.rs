//! Error bodies, in every shape that the service, the gateway, IAM and proxies send.

use drs_backup_jobs::ApiError;

fn error(code: &str, message: &str) -> ApiError {
    let mut error = ApiError::parse(400, b"");
    error.code = (!code.is_empty()).then(|| code.to_owned());
    message.clone_into(&mut error.message);
    error
}

#[test]
fn every_shape_has_its_code_and_message() {
    for (body, code, message) in [
        (
            r#"{"error_code":"DRS.M00202","error_msg":"参数错误"}"#,
            "DRS.M00202",
            "参数错误",
        ),
        (
            r#" { "error_msg" : "Failed." , "error_code" : "DRS.10000001" } "#,
            "DRS.10000001",
            "Failed.",
        ),
        (
            r#"{"error":{"code":401,"message":"wrong","title":"Unauthorized"}}"#,
            "401",
            "wrong",
        ),
        (
            r#"{"error":{"title":"Unauthorized","code":"401"}}"#,
            "401",
            "Unauthorized",
        ),
        (r#"{"code":"X.1","message":"m"}"#, "X.1", "m"),
        (r#"{"code":-5,"message":"m"}"#, "-5", "m"),
        (
            r#"{"code":"first","error_code":"X.5","message":"first","error_msg":"m"}"#,
            "first",
            "first",
        ),
        (r#"{"errorCode":"X.2","errorMsg":"m"}"#, "X.2", "m"),
        (
            r#"{"error":{"error_code":"X.3","error_msg":"m"}}"#,
            "X.3",
            "m",
        ),
        (r#"{"forbidden":{"code":403,"message":"m"}}"#, "403", "m"),
        (
            r#"{"error":{"code":1,"message":"in"},"error_code":"out"}"#,
            "out",
            "in",
        ),
        (
            r#"{"error_code":null,"code":"","errorCode":"X.4","error_msg":[1]}"#,
            "X.4",
            "[1]",
        ),
        (
            r#"{"error":true,"code":1.5e3,"message":false}"#,
            "1.5e3",
            "false",
        ),
        (r#"{"error":"invalid_request"}"#, "", "invalid_request"),
        (
            r#"{"error_msg":"two\nlines\u001b[31m"}"#,
            "",
            "two lines [31m",
        ),
    ] {
        assert_eq!(
            ApiError::parse(400, body.as_bytes()),
            error(code, message),
            "{body}"
        );
    }
}

#[test]
fn finds_request_id_and_encoded_reason_at_the_top_and_nested() {
    for body in [
        r#"{"error_msg":"m","error_code":"APIGW.0301","request_id":"r","encoded_authorization_message":"e"}"#,
        r#"{"request_id":"r","error":{"code":"APIGW.0301","message":"m","encoded_authorization_message":"e"}}"#,
        r#"{"error":{"code":"APIGW.0301","message":"m","requestId":"r"},"encoded_authorization_message":"e"}"#,
    ] {
        let error = ApiError::parse(401, body.as_bytes());
        assert_eq!(error.status, 401);
        assert_eq!(error.code.as_deref(), Some("APIGW.0301"));
        assert_eq!(error.message, "m");
        assert_eq!(error.request_id.as_deref(), Some("r"));
        assert_eq!(error.encoded_authorization_message.as_deref(), Some("e"));
    }
}

#[test]
fn a_body_in_no_shape_leaves_one_line_without_tags_or_control_characters() {
    let html = "\r\n<!DOCTYPE html><html><head><title>502 Bad Gateway</title>\
                <style>h1 {color: red}</style><SCRIPT>alert('<b>')</SCRIPT></head>\n\
                <body><center><h1>no\u{1b} upstream</h1></center><!-- <p>hidden</p> --><hr>nginx</body>";
    for (body, message) in [
        (&b""[..], ""),
        (b" \n\t ", ""),
        (html.as_bytes(), "502 Bad Gateway no upstream nginx"),
        (
            b"upstream\r\n\r\n timed   out\0\x1b[31m",
            "upstream timed out [31m",
        ),
        (b"bad \xff\xfe bytes", "bad bytes"),
        (b"\xe8\xb6\x85\xe6\x97\xb6", "超时"),
        (b"a < b", "a < b"),
        (b"<", ""),
        (b"<html", ""),
        (b"[]", "[]"),
        (b"{\"jobs\":[", "{\"jobs\":["),
    ] {
        let parsed = ApiError::parse(400, body);
        assert_eq!((parsed.code, parsed.message.as_str()), (None, message));
    }
}

#[test]
fn a_truncated_body_keeps_what_it_has() {
    for (body, code, message, request_id) in [
        (r#"{"error_code":"X.1","error_msg":"#, "X.1", "", None),
        (
            r#"{"error_msg":"The token has exp"#,
            "",
            "The token has exp",
            None,
        ),
        (
            r#"{"error_code":"X.1","request_id":"r","error_msg":"备"#,
            "X.1",
            "备",
            Some("r"),
        ),
        (
            r#"{"error":{"code":401,"message":"wrong","title":"Unau"#,
            "401",
            "wrong",
            None,
        ),
    ] {
        let found = ApiError::parse(503, body.as_bytes());
        assert_eq!(found.code.as_deref().unwrap_or_default(), code, "{body}");
        assert_eq!(found.message, message, "{body}");
        assert_eq!(found.request_id.as_deref(), request_id, "{body}");
    }
}

#[test]
fn finds_code_message_and_request_id_in_what_is_not_json() {
    for body in [
        "<html><p>{\"error_code\":\"APIGW.0301\",\"error_msg\":\"m\",\"request_id\":\"r\"}</p></html>",
        "{'error_code': 'APIGW.0301', 'error_msg': 'm', 'request_id': 'r'}",
        "<e><error_code>APIGW.0301</error_code><error_msg>m</error_msg><request_id>r</request_id></e>",
        "{&quot;error_code&quot;:&quot;APIGW.0301&quot;,&quot;error_msg&quot;:&quot;m&quot;,&quot;request_id&quot;:&quot;r&quot;}",
        "error_code=APIGW.0301&error_msg=m&request_id=r",
        "error_code: APIGW.0301, error_msg: m, request_id: r",
        "\"{\\\"error_code\\\":\\\"APIGW.0301\\\",\\\"error_msg\\\":\\\"m\\\",\\\"request_id\\\":\\\"r\\\"}\"",
    ] {
        let error = ApiError::parse(503, body.as_bytes());
        assert_eq!(error.code.as_deref(), Some("APIGW.0301"), "{body}");
        assert_eq!(error.message, "m", "{body}");
        assert_eq!(error.request_id.as_deref(), Some("r"), "{body}");
    }
    let error = ApiError::parse(503, b"<h1>Denied</h1><p>APIGW.0301</p>");
    assert_eq!(error.code.as_deref(), Some("APIGW.0301"));
    assert_eq!(error.message, "Denied APIGW.0301");
}

#[test]
fn message_and_request_id_are_bounded() {
    let long = "备".repeat(5000);
    let body = format!(
        r#"{{"error_code":"{long}","error_msg":"{long}","request_id":"{long}","encoded_authorization_message":"{long}"}}"#
    );
    let error = ApiError::parse(403, body.as_bytes());
    let lengths = [
        error.message,
        error.request_id.unwrap(),
        error.code.unwrap(),
        error.encoded_authorization_message.unwrap(),
    ]
    .map(|text| text.chars().count());
    assert_eq!(lengths, [1000, 128, 128, 5000]);
}

#[test]
fn an_excerpt_has_at_most_two_hundred_characters() {
    for (letter, count) in [("a", 200), ("备", 200), ("a", 201), ("备", 1_000_000)] {
        let message = ApiError::parse(502, letter.repeat(count).as_bytes()).message;
        let expected = match count {
            200 => letter.repeat(200),
            _ => letter.repeat(199) + "…",
        };
        assert!(message == expected, "{count} times {letter}: {message}");
    }
}

#[test]
fn a_success_without_a_page_but_with_a_code_is_an_error() {
    let body = br#"{"error_code":"DRS.M00202","error_msg":"m"}"#;
    assert!(drs_backup_jobs::JobPage::parse(body).is_err());
    assert!(ApiError::parse(200, body).code.is_some());
    let nested = br#"{"error":{"code":"X.1","message":"m"}}"#;
    assert_eq!(ApiError::parse(200, nested).code.as_deref(), Some("X.1"));
    for no_error in [
        r#"{"jobs":[],"total":0}"#,
        r#"{"jobs":[],"code":"X.1"}"#,
        r#"{"jobs":[{"error_log":"APIGW.0301"}"#,
    ] {
        assert!(ApiError::parse(200, no_error.as_bytes()).code.is_none());
    }
}
