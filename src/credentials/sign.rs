//! `SDK-HMAC-SHA256`: the canonical request and its signature, without I/O.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::percent;
use crate::secret::Secret;

pub(crate) const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// The canonical form of a request, which client and service compute alike.
pub(crate) struct Canonical {
    /// The canonical request.
    pub(crate) text: String,
    /// The names of its headers, joined with `;`.
    pub(crate) signed_headers: String,
}

impl Canonical {
    /// Of a request without a body. `target` is path and query as sent; `headers` are those to sign.
    pub(crate) fn new<'n, 'v>(
        method: &str,
        target: &str,
        headers: impl Iterator<Item = (&'n str, &'v str)>,
    ) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers: Vec<(String, &'v str)> = headers
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim()))
            .collect();
        headers.sort_unstable();

        let mut text = String::with_capacity(512);
        text.push_str(method);
        text.push('\n');
        path_into(&mut text, path);
        text.push('\n');
        query_into(&mut text, query);
        text.push('\n');
        let mut signed_headers = String::with_capacity(64);
        for (name, value) in &headers {
            for part in [name, ":", value, "\n"] {
                text.push_str(part);
            }
            if !signed_headers.is_empty() {
                signed_headers.push(';');
            }
            signed_headers.push_str(name);
        }
        text.push('\n');
        text.push_str(&signed_headers);
        text.push('\n');
        hex_into(&mut text, &Sha256::digest(b""));
        Self {
            text,
            signed_headers,
        }
    }

    /// The signature with `secret` and `date`, in hexadecimal digits; `None` for an invalid key.
    pub(crate) fn signature(&self, secret: &Secret, date: &str) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).ok()?;
        mac.update(self.string_to_sign(date).as_bytes());
        let mut signature = String::with_capacity(64);
        hex_into(&mut signature, &mac.finalize().into_bytes());
        Some(signature)
    }

    fn string_to_sign(&self, date: &str) -> String {
        let mut text = alloc::format!("{ALGORITHM}\n{date}\n");
        hex_into(&mut text, &Sha256::digest(self.text.as_bytes()));
        text
    }
}

/// The path, with each segment encoded and the final `/` that is signed but not sent.
fn path_into(out: &mut String, path: &str) {
    for (at, segment) in path.split('/').enumerate() {
        if at > 0 {
            out.push('/');
        }
        recode_into(out, segment);
    }
    if !path.ends_with('/') {
        out.push('/');
    }
}

/// The pairs of a query, sorted by key, then by value, both decoded: the service decodes them first,
/// and `/` sorts after `-` while `%2F` sorts before it.
fn query_into(out: &mut String, query: &str) {
    let mut pairs: Vec<(&str, &str)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    pairs.sort_by(|a, b| {
        decoded(a.0)
            .cmp(decoded(b.0))
            .then_with(|| decoded(a.1).cmp(decoded(b.1)))
    });
    for (at, (key, value)) in pairs.into_iter().enumerate() {
        if at > 0 {
            out.push('&');
        }
        recode_into(out, key);
        out.push('=');
        recode_into(out, value);
    }
}

/// Removes percent-encoding. A `%` that does not begin an escape stays.
fn decoded(text: &str) -> impl Iterator<Item = u8> {
    percent::decode(text).map(|byte| byte.unwrap_or(b'%'))
}

/// Encodes a text again, as the encoder of this crate does.
fn recode_into(out: &mut String, text: &str) {
    for byte in decoded(text) {
        percent::encode_byte_into(out, byte);
    }
}

fn hex_into(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let written = write!(out, "{byte:02x}");
        debug_assert!(written.is_ok(), "writing to a String cannot fail");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const SECRET: &str = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc";
    const PATH: &str = "/v5/054ba152d480d55b2f5dc0069e7ddef0/backup-migration-jobs";

    #[track_caller]
    fn assert_signature(
        target: &str,
        headers: &[(&str, &str)],
        canonical: Option<&str>,
        hash: Option<&str>,
        signed_headers: &str,
        signature: &str,
    ) {
        let date = headers
            .iter()
            .find(|(name, _)| *name == "X-Sdk-Date")
            .map(|(_, date)| *date)
            .unwrap();
        let made = Canonical::new("GET", target, headers.iter().copied());
        if let Some(canonical) = canonical {
            assert_eq!(made.text, canonical);
        }
        if let Some(hash) = hash {
            assert_eq!(
                made.string_to_sign(date),
                format!("SDK-HMAC-SHA256\n{date}\n{hash}")
            );
        }
        assert_eq!(made.signed_headers, signed_headers);
        assert_eq!(
            made.signature(&Secret::new(SECRET), date).as_deref(),
            Some(signature)
        );
    }

    #[test]
    fn signs_the_smallest_request_like_the_official_sdk() {
        assert_signature(
            &format!("{PATH}?limit=1"),
            &[
                ("X-Sdk-Date", "20241216T013007Z"),
                ("Host", "drs.cn-north-4.myhuaweicloud.com"),
            ],
            Some(
                "GET\n/v5/054ba152d480d55b2f5dc0069e7ddef0/backup-migration-jobs/\nlimit=1\n\
                 host:drs.cn-north-4.myhuaweicloud.com\nx-sdk-date:20241216T013007Z\n\n\
                 host;x-sdk-date\n\
                 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            Some("d15b40800d0a9c2352a3ace214967c4292b1a0208c2c5ed6e93dd7e4da3c40e9"),
            "host;x-sdk-date",
            "3e75fedfd05d86ddc6a8f995aefeefe2b5668f84f998ab086be73e384de7feb3",
        );
    }

    #[test]
    fn signs_chinese_reserved_characters_and_an_empty_value_like_the_official_sdk() {
        use crate::list_jobs::ListJobs;
        let mut target = String::new();
        ListJobs::new()
            .name("备份 迁移~*/+&=%25")
            .description("目标RDS实例名称:rds-sqlserver2022-stand")
            .tags("a=b,c/d")
            .create_at("2024-08-19T02:27:15Z")
            .enterprise_project_id("")
            .write_path_and_query("054ba152d480d55b2f5dc0069e7ddef0", &mut target)
            .unwrap();
        assert_signature(
            &target,
            &[
                ("Content-Type", "application/json"),
                ("X-Language", "zh-cn"),
                ("X-Project-Id", "054ba152d480d55b2f5dc0069e7ddef0"),
                ("X-Sdk-Date", "20241216T013007Z"),
                ("Host", "drs.cn-north-4.myhuaweicloud.com"),
            ],
            Some(
                "GET\n/v5/054ba152d480d55b2f5dc0069e7ddef0/backup-migration-jobs/\n\
                 create_at=2024-08-19T02%3A27%3A15Z&description=%E7%9B%AE%E6%A0%87RDS%E5%AE%9E%E4%BE%8B%E5%90%8D%E7%A7%B0%3Ards-sqlserver2022-stand\
                 &enterprise_project_id=&name=%E5%A4%87%E4%BB%BD%20%E8%BF%81%E7%A7%BB~%2A%2F%2B%26%3D%2525&tags=a%3Db%2Cc%2Fd\n\
                 content-type:application/json\nhost:drs.cn-north-4.myhuaweicloud.com\n\
                 x-language:zh-cn\nx-project-id:054ba152d480d55b2f5dc0069e7ddef0\n\
                 x-sdk-date:20241216T013007Z\n\n\
                 content-type;host;x-language;x-project-id;x-sdk-date\n\
                 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            Some("52bcdcbc3944ce7c535ebcc7e641a1358b1cf7de6182c921d138f8109743548c"),
            "content-type;host;x-language;x-project-id;x-sdk-date",
            "30488a1bb375bd9e67b3038fdfc02ea59d124e70b4f3beaa0cf01537473b7fc5",
        );
    }

    #[test]
    fn signs_the_worked_example_of_the_guide() {
        assert_signature(
            "/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0",
            &[
                ("Content-Type", "application/json"),
                ("Host", "service.region.example.com"),
                ("X-Sdk-Date", "20191115T033655Z"),
            ],
            None,
            None,
            "content-type;host;x-sdk-date",
            "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe",
        );
    }

    #[track_caller]
    fn assert_query(query: &str, expected: &str) {
        let mut out = String::new();
        query_into(&mut out, query);
        assert_eq!(out, expected);
    }

    #[test]
    fn sorts_pairs_by_their_decoded_text() {
        assert_query("", "");
        assert_query("b=1&a=2&a=1&c", "a=1&a=2&b=1&c=");
        // `-` is 2D and `/` is 2F, but `%` is 25.
        assert_query("id=a%2Fb&id=a-b&id=a", "id=a&id=a-b&id=a%2Fb");
        // Sorted by key before value, although `=` sorts after `-`.
        assert_query("a-b=1&a=2", "a=2&a-b=1");
        assert_query("id=%E5%A4%87&id=~&id=%7B", "id=%7B&id=~&id=%E5%A4%87");
    }

    #[test]
    fn signs_the_canonical_form_of_another_encoding() {
        assert_query("&&a=%7e%2f%zz%&=x", "=x&a=~%2F%25zz%25");
        assert_query("a=b=c&%C3%28=+", "a=b%3Dc&%C3%28=%2B");
        let mut out = String::new();
        path_into(&mut out, "/gw(1)/v5/p%2fq");
        assert_eq!(out, "/gw%281%29/v5/p%2Fq/");
        out.clear();
        path_into(&mut out, "");
        assert_eq!(out, "/");
    }

    #[test]
    fn signs_header_values_without_surrounding_spaces() {
        let canonical = Canonical::new("GET", "/", [("B", " x "), ("a", "y")].into_iter());
        assert!(
            canonical.text.contains("\na:y\nb:x\n\na;b\n"),
            "{}",
            canonical.text
        );
    }
}
