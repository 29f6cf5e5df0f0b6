//! Root certificates in PEM form, checked before a TLS library parses them: TLS libraries skip
//! invalid certificates without an error, and connections would fail later for another reason.

use alloc::string::String;
use alloc::vec::Vec;

use crate::clean;
use crate::error::Error;

/// One certificate of a bundle.
pub(super) struct RootCertificate {
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub(super) der: Vec<u8>,
    /// The certificate as one PEM block, without the text around it.
    #[cfg(feature = "curl")]
    pub(super) pem: String,
}

/// Appends a bundle to the bundles before it, without the byte order marks that joining files
/// leaves in the middle.
pub(super) fn append_bundle(bundles: &mut String, pem: &[u8]) {
    let pem = clean::pem(pem);
    let text = String::from_utf8_lossy(&pem);
    bundles.extend(text.chars().filter(|&c| c != '\u{feff}'));
    bundles.push('\n');
}

/// The certificates of bundles, at least one.
pub(super) fn parse(bundles: &str) -> Result<Vec<RootCertificate>, Error> {
    let mut found = Vec::new();
    let mut rest = bundles;
    while let Some((_, block)) = rest.split_once(BEGIN) {
        let invalid = |why: &str| {
            let text = alloc::format!(
                "must be valid: certificate number {} {why}",
                found.len() + 1
            );
            Error::input("root_certificates", text)
        };
        let (base64, after) = block
            .split_once("-----END ")
            .filter(|(base64, _)| !base64.contains("-----"))
            .ok_or_else(|| invalid("has no END line"))?;
        rest = after;
        let der = decode_base64(base64).ok_or_else(|| invalid("is not base64"))?;
        if !is_certificate(&der) {
            return Err(invalid("is not an X.509 certificate"));
        }
        found.push(RootCertificate {
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            der,
            #[cfg(feature = "curl")]
            pem: alloc::format!("{BEGIN}\n{}\n-----END CERTIFICATE-----\n", base64.trim()),
        });
    }
    if found.is_empty() {
        let why =
            "must contain a PEM certificate (a block that begins with -----BEGIN CERTIFICATE-----)";
        return Err(Error::input("root_certificates", why));
    }
    Ok(found)
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// The bytes of base64 with any white space; `None` if it is invalid.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut buffer, mut bits) = (0_u32, 0);
    let digits = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let mut padding = 0;
    for digit in digits {
        let value = match digit {
            b'=' => {
                padding += 1;
                continue;
            }
            _ if padding > 0 => return None,
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        buffer = buffer << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits & 0xff) as u8);
        }
    }
    (padding <= 2 && bits < 6).then_some(bytes)
}

/// Whether these bytes have the structure of a certificate (RFC 5280, 4.1).
fn is_certificate(der: &[u8]) -> bool {
    const INTEGER: u8 = 0x02;
    const BIT_STRING: u8 = 0x03;
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    let check = || {
        let (certificate, after) = element(der, SEQUENCE)?;
        let (signed, rest) = element(certificate, SEQUENCE)?;
        let (_, rest) = element(rest, SEQUENCE)?;
        let (_, rest) = element(rest, BIT_STRING)?;
        if !rest.is_empty() || !after.is_empty() {
            return None;
        }
        // Version 1 has no version field.
        let signed = element(signed, VERSION).map_or(signed, |(_, rest)| rest);
        // Serial number, signature algorithm, issuer, validity, subject, public key.
        let fields = [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE];
        fields
            .into_iter()
            .try_fold(signed, |rest, tag| Some(element(rest, tag)?.1))
    };
    check().is_some()
}

/// The content of a DER element with this tag, and what follows it.
fn element(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = input.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    if first < 0x80 {
        return rest.split_at_checked(first.into());
    }
    let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    if length.is_empty() || length.len() > 4 {
        return None;
    }
    let length = length
        .iter()
        .fold(0, |length, byte| length << 8 | usize::from(*byte));
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    /// The smallest that has the structure: all six fields empty.
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMBQwDQIBATAAMAAwADAAMAAwAAMBAA==\n-----END CERTIFICATE-----\n";

    fn parse_bytes(bundles: &[&[u8]]) -> Result<usize, Error> {
        let mut text = String::new();
        for bundle in bundles {
            append_bundle(&mut text, bundle);
        }
        parse(&text).map(|found| found.len())
    }

    fn utf_16(text: &str) -> Vec<u8> {
        let units = core::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn finds_every_certificate_of_a_bundle() {
        let twice = alloc::format!("# CA 1\r\n{CERTIFICATE}\u{feff}{CERTIFICATE}");
        let crlf = alloc::format!("\u{feff}{}", CERTIFICATE.replace('\n', "\r\n"));
        let key = "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n";
        let with_key = alloc::format!("{key}{CERTIFICATE}{key}");
        for (bundles, expected) in [
            (&[CERTIFICATE.as_bytes()][..], 1),
            (&[twice.as_bytes()], 2),
            (&[twice.as_bytes(), CERTIFICATE.as_bytes()], 3),
            (&[crlf.as_bytes()], 1),
            (&[with_key.as_bytes()], 1),
            (&[&utf_16(&twice), CERTIFICATE.as_bytes()], 3),
        ] {
            assert_eq!(parse_bytes(bundles).unwrap(), expected);
        }
    }

    #[test]
    fn rejects_what_a_tls_library_would_drop() {
        let begin = "-----BEGIN CERTIFICATE-----\n";
        let end = "-----END CERTIFICATE-----\n";
        for (bundle, expected) in [
            (String::new(), "must contain a PEM certificate"),
            ("hello".into(), "must contain a PEM certificate"),
            (alloc::format!("{begin}MA=="), "no END line"),
            (alloc::format!("{begin}MA==\n{CERTIFICATE}"), "no END line"),
            (alloc::format!("{begin}!\n{end}"), "not base64"),
            (alloc::format!("{begin}MA=A\n{end}"), "not base64"),
            (alloc::format!("{begin}aGVsbG8=\n{end}"), "not an X.509"),
            (alloc::format!("{begin}{end}"), "not an X.509"),
            (CERTIFICATE.replace("MBQw", "MBUw"), "not an X.509"),
            (
                alloc::format!("{CERTIFICATE}{begin}aGVsbG8=\n{end}"),
                "number 2",
            ),
        ] {
            let error = parse_bytes(&[bundle.as_bytes()]).unwrap_err();
            assert_eq!(error.parameter(), Some("root_certificates"), "{bundle}");
            assert!(error.to_string().contains(expected), "{bundle}: {error}");
        }
    }
}
