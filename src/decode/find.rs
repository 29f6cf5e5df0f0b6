//! Error codes and values in a text that is not valid JSON: truncated, quoted within HTML or XML,
//! written with other quotes or none.
//!
//! The code decides whether a request may be retried: a rejected access key is locked after more
//! than five failures, whatever the format of the response.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::json::Cursor;
use crate::text;

/// The value that the text gives a key, as in `"key": "value"`, `key=value` or `<key>value</key>`.
pub(super) fn find_value<'a>(text: &'a str, key: &str) -> Option<Cow<'a, str>> {
    text::places(text, key).find_map(|at| {
        let (before, after) = (text.get(..at)?, text.get(at + key.len()..)?);
        let quoted = before.ends_with(QUOTES);
        // A word of prose, or the end of a longer name.
        let is_name = quoted || key.contains(|ch: char| ch == '_' || ch.is_ascii_uppercase());
        if !is_name || before.ends_with(|ch: char| ch.is_ascii_alphanumeric() || ch == '_') {
            return None;
        }
        let after = trim_quotes(after).trim_start();
        let value = after.strip_prefix([':', '=', '>'])?.trim_start();
        let value = value_at(value)?;
        (!value.trim().is_empty() && value != "null").then_some(value)
    })
}

const QUOTES: [char; 3] = ['"', '\'', ';'];

/// The text without quotes at its start, which may be escaped as in JSON or HTML.
fn trim_quotes(text: &str) -> &str {
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start_matches(['"', '\'', '\\']);
        let trimmed = trimmed.strip_prefix("&quot;").unwrap_or(trimmed);
        if trimmed.len() == rest.len() {
            return rest;
        }
        rest = trimmed;
    }
}

/// The value at the start of a text; without its closing quote it runs to the end.
fn value_at(text: &str) -> Option<Cow<'_, str>> {
    if text.starts_with('"')
        && let Ok(value) = Cursor::new(text).string()
    {
        return Some(value);
    }
    let value = trim_quotes(text);
    let ends: &[char] = if value.len() == text.len() {
        &[',', ';', '}', ']', '<', '&', '"', '\'', ' ']
    } else {
        &['"', '\'', '\\', '<', '&']
    };
    value.split(ends).next().map(Cow::Borrowed)
}

/// The first text in the form of a code of the gateway or of the service: `APIGW.0301`.
pub(super) fn find_code(text: &str) -> Option<Cow<'_, str>> {
    let upper = text.to_ascii_uppercase();
    ["APIGW.", "APIG.", "DRS."]
        .iter()
        .filter_map(|prefix| {
            text::places(&upper, prefix)
                .find_map(|at| Some((at, code_at(&upper, at, prefix.len())?)))
        })
        .min()
        .map(|(_, code)| Cow::Owned(code))
}

fn code_at(text: &str, at: usize, prefix: usize) -> Option<String> {
    let (before, code) = text.split_at_checked(at)?;
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric();
    let length = code
        .bytes()
        .skip(prefix)
        .take_while(|byte| is_part(byte))
        .count();
    let code = code.get(..prefix + length)?;
    let digits = code.bytes().filter(u8::is_ascii_digit).count();
    (digits >= 3 && !before.as_bytes().last().is_some_and(is_part)).then(|| code.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_values_however_they_are_written() {
        for text in [
            r#"{"error_code":"APIGW.0301","error_msg":"cut of"#,
            "{'error_code': 'APIGW.0301'}",
            r#"{\"error_code\":\"APIGW.0301\"}"#,
            "{&quot;error_code&quot;:&quot;APIGW.0301&quot;}",
            "error_code=APIGW.0301&error_msg=x",
            "<error><error_code>APIGW.0301</error_code></error>",
            r#"{"error_code":APIGW.0301}"#,
            r#"{"error_code":"APIGW\u002e0301","#,
            r#"{"error_code":"APIGW.0301"#,
            r#"{"error_code":null,"x":{"error_code" : "APIGW.0301"}}"#,
        ] {
            assert_eq!(
                find_value(text, "error_code").unwrap(),
                "APIGW.0301",
                "{text}"
            );
        }
        for text in [
            "",
            "error_code",
            "error_code:",
            "my_error_code=1",
            "error_code 5",
        ] {
            assert_eq!(find_value(text, "error_code"), None, "{text}");
        }
        assert_eq!(find_value("status code: 502", "code"), None);
        assert_eq!(find_value(r#"["code": 502"#, "code").unwrap(), "502");
    }

    #[test]
    fn finds_codes_in_prose_but_not_in_other_words() {
        for (text, code) in [
            (
                "APIGW.0301: Incorrect IAM authentication information",
                "APIGW.0301",
            ),
            ("<p>apigw.0301</p>", "APIGW.0301"),
            ("(DRS.M00202) then APIG.0101", "DRS.M00202"),
        ] {
            assert_eq!(find_code(text).unwrap(), code, "{text}");
        }
        for text in [
            "",
            "DRS.",
            "see DRS. Then",
            "XAPIGW.0301",
            "APIGW.03",
            "apigw.example.com",
        ] {
            assert_eq!(find_code(text), None, "{text}");
        }
    }
}
