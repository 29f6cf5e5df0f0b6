//! Any bytes as the body of an error: something readable comes of it.

use drs_backup_jobs::ApiError;

pub(crate) fn run(data: &[u8]) {
    let error = ApiError::parse(502, data);
    assert_eq!(error.status, 502);
    let texts = [
        Some(&error.message),
        error.code.as_ref(),
        error.request_id.as_ref(),
        error.encoded_authorization_message.as_ref(),
    ];
    for text in texts.into_iter().flatten() {
        assert!(!text.contains(char::is_control), "{text:?}");
        assert!(text.len() <= 3 * data.len(), "{text:?}");
    }
    assert_ne!(error.code.as_deref(), Some(""));
    let known = ["code", "Code"];
    let value: Option<serde_json::Value> = serde_json::from_slice(data).ok();
    if error.code.is_some() {
        let text = String::from_utf8_lossy(data);
        assert!(
            text.contains('\\') || known.iter().any(|key| text.contains(key)),
            "a code from nowhere"
        );
    } else if let Some(code) = value
        .as_ref()
        .and_then(|value| value["error_code"].as_str())
    {
        assert!(code.is_empty(), "{code:?} is lost");
    }
}
