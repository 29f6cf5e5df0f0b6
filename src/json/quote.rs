//! Texts written as JSON strings.

use alloc::string::String;
use core::fmt::Write as _;

/// Writes a text with its quotes, escaped where JSON asks for it and nowhere else.
pub(crate) fn quote_into(out: &mut String, text: &str) {
    out.push('"');
    let mut plain_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(text.get(plain_from..at).unwrap_or_default());
        out.push_str(short);
        if short.is_empty() {
            let written = write!(out, "\\u{byte:04x}");
            debug_assert!(written.is_ok(), "writing to a String cannot fail");
        }
        plain_from = at + 1;
    }
    out.push_str(text.get(plain_from..).unwrap_or_default());
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_reads_back_whatever_it_holds() {
        let text: String = ('\0'..='\u{2ff}')
            .chain(['\u{2028}', '备', '\u{feff}', '😀', '\u{10ffff}'])
            .collect();
        let mut out = String::new();
        quote_into(&mut out, &text);
        assert_eq!(::serde_json::from_str::<String>(&out).unwrap(), text);
    }
}
