//! Any bytes as the body of an error: a readable error with the code that is in it.

use drs_backup_jobs::ApiError;

pub(crate) fn run(data: &[u8]) {
    let error = ApiError::parse(502, data);
    assert_eq!(error.status, 502);
    let texts = [
        (Some(&error.message), 1000),
        (error.code.as_ref(), 128),
        (error.request_id.as_ref(), 128),
        (error.encoded_authorization_message.as_ref(), 16_000),
    ];
    for (text, most) in texts {
        let Some(text) = text else { continue };
        assert!(!text.contains(char::is_control), "{text:?}");
        assert!(text.chars().count() <= most, "{text:?}");
        assert!(text.len() <= 3 * data.len(), "{text:?}");
    }
    assert_ne!(error.code.as_deref(), Some(""));
    if error.code.is_some() {
        let text = String::from_utf8_lossy(data)
            .replace('\0', "")
            .to_ascii_uppercase();
        let origins = ["CODE", "APIGW.", "APIG.", "DRS.", "\\"];
        assert!(
            origins.iter().any(|origin| text.contains(origin)),
            "a code from nowhere: {error:?}"
        );
    }
    check_value(data, &error);
    // A success is not searched: what is not an object has no code.
    let success = ApiError::parse(200, data);
    if success.code.is_some() {
        assert!(data.contains(&b'{'), "{success:?}");
    }
}

/// In valid JSON a code is found by its key, and damage around it does not hide it.
fn check_value(data: &[u8], error: &ApiError) {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(data) else {
        return;
    };
    let is_page = value.get("jobs").is_some();
    let Some(code) = value["error_code"].as_str().filter(|_| !is_page) else {
        return;
    };
    if code.trim().is_empty() || code.contains(char::is_control) {
        return;
    }
    assert!(error.code.is_some(), "{code:?} is lost");
    let damaged = [
        [b"\xef\xbb\xbf".as_slice(), data].concat(),
        [data, b"\0\xff}trailing"].concat(),
        [b"\r\n\0 ".as_slice(), data].concat(),
    ];
    for body in damaged {
        assert_eq!(ApiError::parse(502, &body).code, error.code, "{code:?}");
    }
}
