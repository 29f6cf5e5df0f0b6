#![allow(
    clippy::format_collect,
    reason = "an encoding is shortest character by character"
)]

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::*;

const SECRETS: [&str; 8] = [
    "hunter2-hunter2",
    "MIIDkgYJKoZIhvcNAQcC+/9==",
    "p\"a\\s/s<w>&o'rd",
    "密码密码密码密码",
    "corr3ct h0rse\tb&ttery",
    "a%41b&amp;c\\u0041",
    "😀😀😀😀😀😀😀😀",
    "%25%25%25%25\\\\\\\\",
];

fn redactor(secrets: &[&str]) -> Redactor {
    let mut redactor = Redactor::default();
    for secret in secrets {
        redactor.add(&Secret::new(*secret));
    }
    redactor
}

fn json(secret: &str) -> String {
    serde_json::to_string(secret)
        .unwrap()
        .trim_matches('"')
        .into()
}

fn json_escaped(secret: &str) -> String {
    secret
        .encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect()
}

fn percent(secret: &str) -> String {
    secret.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn each_char(secret: &str, encode: impl Fn(char) -> String) -> String {
    secret.chars().map(encode).collect()
}

fn html_named(secret: &str) -> String {
    each_char(secret, |ch| match ch {
        '&' => "&amp;".into(),
        '<' => "&lt;".into(),
        '>' => "&gt;".into(),
        '"' => "&quot;".into(),
        '\'' => "&apos;".into(),
        '/' => "&sol;".into(),
        '\\' => "&bsol;".into(),
        '%' => "&percnt;".into(),
        '+' => "&plus;".into(),
        '=' => "&equals;".into(),
        ch => ch.into(),
    })
}

/// Base64 as its definition has it, bit by bit.
fn base64(bytes: &[u8], digits: &[u8; 64]) -> String {
    let bits: Vec<u8> = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
        .collect();
    let digit = |six: &[u8]| {
        let value = (0..6).fold(0, |value, bit| value << 1 | six.get(bit).unwrap_or(&0));
        char::from(digits[usize::from(value)])
    };
    let mut text: String = bits.chunks(6).map(digit).collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Every form in which a peer may repeat a secret.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let mut forms = Vec::from([
        ("raw", secret.to_string()),
        ("json", json(secret)),
        ("json, slashes", json(secret).replace('/', "\\/")),
        ("json, all escaped", json_escaped(secret)),
        ("percent", percent(secret)),
        ("percent, lower case", percent(secret).to_lowercase()),
        (
            "form",
            each_char(secret, |ch| match ch {
                ' ' => "+".into(),
                ch if ch.is_ascii_alphanumeric() => ch.into(),
                ch => percent(ch.encode_utf8(&mut [0; 4])),
            }),
        ),
        ("html, named", html_named(secret)),
        (
            "html, decimal",
            each_char(secret, |ch| format!("&#{};", u32::from(ch))),
        ),
        (
            "html, padded",
            each_char(secret, |ch| format!("&#{:05};", u32::from(ch))),
        ),
        (
            "html, hex",
            each_char(secret, |ch| format!("&#x{:x};", u32::from(ch))),
        ),
        (
            "html, upper hex",
            each_char(secret, |ch| format!("&#X{:X};", u32::from(ch))),
        ),
        (
            "rust",
            each_char(secret, |ch| format!("\\u{{{:x}}}", u32::from(ch))),
        ),
        ("debug", format!("{secret:?}").trim_matches('"').into()),
        ("json twice", json(&json(secret))),
        ("percent twice", percent(secret).replace('%', "%25")),
        ("html twice", html_named(&html_named(secret))),
        ("html in json", json(&html_named(secret))),
        ("json in html", html_named(&json(secret))),
        ("split by tabs", each_char(secret, |ch| format!("{ch}\t"))),
        (
            "split by escaped tabs",
            each_char(secret, |ch| format!("{ch}\\u0009")),
        ),
        ("split by NUL", each_char(secret, |ch| format!("{ch}\0"))),
        (
            "split by direction marks",
            each_char(secret, |ch| format!("{ch}\u{202e}")),
        ),
        (
            "json, split",
            each_char(secret, |ch| json(&format!("{ch}\r\n"))),
        ),
    ]);
    for before in ["", "u", "us", "use", "user:"] {
        let text = format!("{before}{secret}");
        forms.push(("base64", base64(text.as_bytes(), STANDARD)));
        let longer = format!("{text}@host");
        forms.push(("base64, longer", base64(longer.as_bytes(), STANDARD)));
        forms.push(("base64, url", base64(longer.as_bytes(), URL_SAFE)));
        let unpadded = base64(text.as_bytes(), URL_SAFE).replace('=', "");
        forms.push(("base64, url, unpadded", unpadded));
        let escaped = base64(longer.as_bytes(), STANDARD).replace('/', "\\/");
        forms.push(("base64 in json", escaped));
        let in_url = base64(text.as_bytes(), STANDARD)
            .replace('+', "%2B")
            .replace('/', "%2F");
        forms.push(("base64 in a URL", in_url));
        let lines: Vec<String> = base64(longer.as_bytes(), STANDARD)
            .chars()
            .map(String::from)
            .collect();
        forms.push(("base64, split", lines.join("\r\n")));
    }
    forms
}

#[test]
fn masks_every_secret_in_every_form() {
    for secret in SECRETS {
        let redactor = redactor(&[secret, "another secret"]);
        for (form, text) in forms(secret) {
            for (before, behind) in [
                ("", ""),
                ("token ", " is bad"),
                ("<i>", "</i>"),
                ("(", ")."),
            ] {
                let cleaned = redactor.clean(&format!("{before}{text}{behind}"), 1000);
                if form.contains("split") {
                    // The separator also follows the secret; of base64, a digit of each edge
                    // remains.
                    assert!(cleaned.contains("***"), "{form}: {cleaned:?}");
                    let rest = cleaned.len() - before.len() - behind.len();
                    assert!(
                        rest < 80 && !cleaned.contains(secret),
                        "{form}: {cleaned:?}"
                    );
                } else {
                    let expected = format!("{before}***{behind}");
                    assert_eq!(cleaned, expected, "{form} of {secret}");
                }
            }
        }
    }
}

#[test]
fn leaves_other_texts_as_they_are() {
    let redactor = redactor(&["hunter2-hunter2", "MIIDkgYJKoZIhvcNAQcC", "corr3ct h0rse"]);
    for text in [
        "",
        "hunter2",
        "hunter2-hunter3",
        "%41%zz &nosuch; \\q \\u12 \\ud800 & % \\",
        "令牌无效",
        "a+b/c==",
        "hunter2+hunter2",
        "corr3ct-h0rse",
        &base64(b"hunter2-hunter3", STANDARD),
    ] {
        assert_eq!(redactor.clean(text, 1000), text);
    }
    // What separates a secret from the text before it is not part of it.
    assert_eq!(redactor.clean("\\nhunter2-hunter2", 99), "\\n***");
    assert_eq!(
        redactor.clean("a\r\nb\u{1b}[31m\u{202e}c", 1000),
        "a  b [31m c"
    );
}

#[test]
fn does_not_search_for_secrets_of_fewer_than_eight_characters() {
    let redactor = redactor(&["", "t", "1234567", "密码密码密码密"]);
    assert_eq!(
        redactor.clean("tt 1234567 密码密码密码密", 99),
        "tt 1234567 密码密码密码密"
    );
}

#[test]
fn masks_the_start_of_a_secret_where_the_text_was_cut() {
    let redactor = redactor(&["MIIDkgYJKoZIhvcNAQcC", "hunter-2😀"]);
    for (text, expected) in [
        ("bad token MIIDkgYJKoZ", "bad token ***"),
        ("bad token MIIDkgYJKoZ…", "bad token ***…"),
        ("bad token MIIDkgYJ…", "bad token ***…"),
        ("bad token MIIDkgYJ&#7", "bad token ***"),
        ("bad token MIIDkgYJ\\u00…", "bad token ***…"),
        ("bad token MIIDkgY…", "bad token MIIDkgY…"),
        ("MIIDkgYJKoZ is not it", "MIIDkgYJKoZ is not it"),
        ("MIIDkgYJxyz", "MIIDkgYJxyz"),
        // The longest escape, but for its last character, and a longer text.
        ("hunter-2\\ud83d\\ude0", "***"),
        ("hunter-2\\ud83d\\ude0x", "hunter-2\\ud83d\\ude0x"),
    ] {
        assert_eq!(redactor.clean(text, 1000), expected);
    }
}

#[test]
fn searches_the_longest_text_that_is_kept_and_cuts_longer_ones_at_a_character() {
    let redactor = redactor(&[]);
    let longest = "x".repeat(16_000);
    assert_eq!(redactor.clean(&longest, 16_000), longest);
    let cleaned = redactor.clean(&"密".repeat(MAX_SEARCHED), MAX_SEARCHED);
    assert_eq!(cleaned, format!("{}…", "密".repeat(MAX_SEARCHED / 3)));
}

#[test]
fn bounds_the_text_after_masking() {
    let redactor = redactor(&["MIIDkgYJKoZIhvcNAQcC"]);
    let text = "MIIDkgYJKoZIhvcNAQcC ".repeat(100);
    let cleaned = redactor.clean(&text, 10);
    assert_eq!(cleaned, "*** *** *…");
    assert_eq!(redactor.clean("密码", 2), "密码");
    assert_eq!(redactor.clean("密码密", 2), "密…");
    // A secret that lies across the end of what is searched does not show its start.
    for before in 0..40 {
        let text = format!(
            "{}MIIDkgYJKoZIhvcNAQcC{}",
            "x".repeat(MAX_SEARCHED - before),
            "y".repeat(99)
        );
        let cleaned = redactor.clean(&text, 1_000_000);
        assert!(!cleaned.contains("MIIDkgYJ"), "{before}");
        assert!(cleaned.ends_with('…'));
    }
    let huge = "\\u0041".repeat(3_000_000);
    assert_eq!(redactor.clean(&huge, 1000).chars().count(), 1000);
}
