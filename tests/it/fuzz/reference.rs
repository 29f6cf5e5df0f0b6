//! The rules of decoding, written once more on top of `serde_json` and the standard library: what
//! structure is, `serde_json` decides; what becomes of damaged text, `from_utf8_lossy` and
//! `decode_utf16`.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

const MAX_DEPTH: usize = 128;

/// A page as name and text of each field.
#[derive(Debug, PartialEq)]
pub(crate) struct Page {
    pub(crate) count: u64,
    pub(crate) jobs: Vec<Vec<(&'static str, String)>>,
}

/// The page of a body; `None` if it departs from the rules.
pub(crate) fn page(body: &[u8]) -> Option<Page> {
    let text = Text::new(body);
    let Members(members) = serde_json::from_str(&text.repaired).ok()?;
    let mut count = None;
    let mut jobs = None;
    let mut has_error = false;
    for (key, value) in members {
        match key.as_str() {
            "count" => {
                let value: u64 = text.count(value)?;
                if count.replace(value).is_some() {
                    return None;
                }
            }
            "jobs" => {
                if jobs.replace(text.jobs(value)?).is_some() {
                    return None;
                }
            }
            key => {
                has_error |=
                    ["error", "error_code", "errorCode"].contains(&key) && value.get() != "null";
                if depth(value.get()) > MAX_DEPTH {
                    return None;
                }
            }
        }
    }
    let count = count?;
    let jobs = match jobs {
        None if count == 0 && !has_error => Vec::new(),
        jobs => jobs?,
    };
    Some(Page { count, jobs })
}

/// A body as text, twice: as it is, and with every lone surrogate replaced. Both have one length.
struct Text {
    original: String,
    repaired: String,
}

impl Text {
    fn new(body: &[u8]) -> Self {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let original = String::from_utf8_lossy(body).into_owned();
        let repaired = repaired(&original);
        assert_eq!(original.len(), repaired.len());
        Self { original, repaired }
    }

    fn count(&self, value: &RawValue) -> Option<u64> {
        let text = match serde_json::from_str::<String>(value.get()) {
            Ok(text) => text,
            Err(_) => self.original(value).to_owned(),
        };
        let digits = match text.split_once('.') {
            Some((digits, zeros)) if !zeros.is_empty() && zeros.trim_matches('0').is_empty() => {
                digits
            }
            Some(_) => return None,
            None => &text,
        };
        let count: u64 = digits.parse().ok()?;
        (count.to_string() == digits).then_some(count)
    }

    fn jobs(&self, value: &RawValue) -> Option<Vec<Vec<(&'static str, String)>>> {
        let jobs: Option<Vec<&RawValue>> = serde_json::from_str(value.get()).ok()?;
        let jobs = jobs.unwrap_or_default();
        jobs.into_iter().map(|job| self.job(job)).collect()
    }

    fn job(&self, value: &RawValue) -> Option<Vec<(&'static str, String)>> {
        let Members(members) = serde_json::from_str(value.get()).ok()?;
        let mut fields: Vec<(&'static str, Option<String>)> = Vec::new();
        for (key, value) in members {
            let raw = value.get();
            let text = serde_json::from_str::<String>(raw).ok();
            if text.is_none() && depth(raw) > MAX_DEPTH {
                return None;
            }
            let names = drs_backup_jobs::Job::FIELD_NAMES;
            let Some(name) = names.into_iter().find(|name| *name == key) else {
                continue;
            };
            if fields.iter().any(|(seen, _)| *seen == name) {
                return None;
            }
            let is_integer = raw.bytes().all(|byte| matches!(byte, b'-' | b'0'..=b'9'));
            if name == "id" && text.as_deref().map_or(!is_integer, str::is_empty) {
                return None;
            }
            let is_null = raw == "null";
            let text = text.or_else(|| (!is_null).then(|| self.original(value).to_owned()));
            let text = text.map(|text| documented(name, text));
            fields.push((name, text));
        }
        let mut given: Vec<(&'static str, String)> = fields
            .into_iter()
            .filter_map(|(name, text)| Some((name, text?)))
            .collect();
        given.iter().find(|(name, _)| *name == "id")?;
        for required in ["name", "status", "engine_type", "create_time"] {
            if !given.iter().any(|(name, _)| *name == required) {
                given.push((required, String::new()));
            }
        }
        given.sort();
        Some(given)
    }

    /// The text of a value as the body has it.
    fn original(&self, value: &RawValue) -> &str {
        let start = value.get().as_ptr() as usize - self.repaired.as_ptr() as usize;
        &self.original[start..start + value.get().len()]
    }
}

/// A known status or engine as it is documented, whatever its case.
fn documented(name: &str, text: String) -> String {
    let known: &[&str] = match name {
        "status" => &["TRANSFERRING", "SUCCESS", "FAILED", "PRECHECK FAILED"],
        "engine_type" => &["sqlserver"],
        _ => &[],
    };
    known
        .iter()
        .find(|known| known.eq_ignore_ascii_case(&text))
        .map_or(text, ToString::to_string)
}

/// The members of an object, repeated keys included.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Collect).map(Self)
    }
}

/// How deep arrays and objects nest in a valid value.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut in_string = false;
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => drop(bytes.next()),
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The text with `\ufffd` for every escape of a surrogate that has no partner.
fn repaired(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut in_string = false;
    while let Some(ch) = rest.chars().next() {
        if in_string && let Some((units, length)) = unicode_escapes(rest) {
            let mut at = 0;
            for unit in char::decode_utf16(units.iter().copied()) {
                let width = unit.as_ref().map_or(1, |ch| ch.len_utf16());
                for escape in 0..width {
                    let start = (at + escape) * 6;
                    out.push_str(if unit.is_err() {
                        "\\ufffd"
                    } else {
                        &rest[start..start + 6]
                    });
                }
                at += width;
            }
            rest = &rest[length..];
            continue;
        }
        let mut length = ch.len_utf8();
        if ch == '"' {
            in_string = !in_string;
        } else if ch == '\\' && in_string {
            length += rest[length..].chars().next().map_or(0, char::len_utf8);
        }
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// The code units of consecutive `\uXXXX` at the start of a text.
fn unicode_escapes(text: &str) -> Option<(Vec<u16>, usize)> {
    let mut units = Vec::new();
    let mut rest = text;
    while let Some(digits) = rest.strip_prefix("\\u").and_then(|rest| rest.get(..4))
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        units.push(u16::from_str_radix(digits, 16).unwrap());
        rest = &rest[6..];
    }
    (!units.is_empty()).then(|| (units, text.len() - rest.len()))
}
