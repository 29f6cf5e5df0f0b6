//! Single characters as JSON, HTML and URLs escape them.

/// The character that an escape at the start of `text` stands for, and the escape's length.
pub(super) fn decode(text: &str) -> Option<(char, usize)> {
    match text.as_bytes().first()? {
        b'\\' => decode_backslash(text),
        b'%' => decode_percent(text),
        b'&' => decode_entity(text),
        _ => None,
    }
}

/// `\"`, `\/`, `\n`, `\u5bc6`, surrogate pairs, and the forms of other languages: `\x27`,
/// `\u{5bc6}`, `\'`.
fn decode_backslash(text: &str) -> Option<(char, usize)> {
    let rest = text.get(1..)?;
    let ch = match rest.chars().next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'x' => return Some((char::from_u32(hex(rest.get(1..3)?)?)?, 4)),
        'u' => return decode_unicode(text),
        ch if ch.is_ascii_punctuation() => ch,
        _ => return None,
    };
    Some((ch, 2))
}

fn decode_unicode(text: &str) -> Option<(char, usize)> {
    if let Some(braced) = text.strip_prefix("\\u{") {
        let digits = braced.split_once('}')?.0;
        return Some((char::from_u32(hex(digits)?)?, digits.len() + 4));
    }
    let unit = |at: usize| {
        let escape = text.get(at..at + 6)?;
        hex(escape.strip_prefix("\\u")?)
    };
    let first = unit(0)?;
    if let Some(ch) = char::from_u32(first) {
        return Some((ch, 6));
    }
    let second = unit(6).filter(|second| (0xdc00..0xe000).contains(second))?;
    // Of a low surrogate, this makes a number that is no character.
    let high = first.checked_sub(0xd800)?;
    let ch = char::from_u32(0x10000 + (high << 10) + (second - 0xdc00))?;
    Some((ch, 12))
}

/// `%2F`, and `%E5%AF%86` for a character of several bytes.
fn decode_percent(text: &str) -> Option<(char, usize)> {
    let byte = |index: usize| {
        let escape = text.get(3 * index..3 * index + 3)?;
        u8::try_from(hex(escape.strip_prefix('%')?)?).ok()
    };
    let first = byte(0)?;
    let length = match first {
        0..=0x7f => 1,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    let mut bytes = [first, 0, 0, 0];
    for (index, slot) in bytes.iter_mut().enumerate().take(length).skip(1) {
        *slot = byte(index)?;
    }
    let decoded = core::str::from_utf8(bytes.get(..length)?).ok()?;
    Some((decoded.chars().next()?, 3 * length))
}

/// `&amp;`, `&#34;`, `&#x22;`; the semicolon may be missing, as browsers allow.
fn decode_entity(text: &str) -> Option<(char, usize)> {
    let rest = text.get(1..)?;
    let numeric = rest.strip_prefix('#');
    let name = numeric.unwrap_or(rest);
    let length = name
        .bytes()
        .take(12)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    let (name, behind) = name.split_at_checked(length)?;
    let ch = match numeric {
        Some(_) => match name.strip_prefix(['x', 'X']) {
            Some(digits) => char::from_u32(hex(digits)?)?,
            None => char::from_u32(name.parse().ok()?)?,
        },
        None => named(name)?,
    };
    let semicolon = usize::from(behind.starts_with(';'));
    Some((ch, text.len() - behind.len() + semicolon))
}

/// Names of HTML and the character of each: one text, since a `match` takes twice the code.
const ENTITIES: &str = "amp& AMP& lt< LT< gt> GT> quot\" QUOT\" apos' nbsp\u{a0} excl! num# dollar$ \
    percnt% lpar( rpar) ast* midast* plus+ comma, hyphen- dash- period. sol/ colon: \
    semi; equals= quest? commat@ lsqb[ lbrack[ bsol\\ rsqb] rbrack] Hat^ lowbar_ \
    UnderBar_ grave` DiacriticalGrave` lcub{ lbrace{ verbar| vert| VerticalLine| \
    rcub} rbrace} Tab\t NewLine\n";

/// HTML's names of ASCII characters. Servers write Latin letters literally or as numbers.
fn named(name: &str) -> Option<char> {
    ENTITIES.split(' ').find_map(|entity| {
        let mut rest = entity.strip_prefix(name)?.chars();
        let ch = rest.next()?;
        rest.next().is_none().then_some(ch)
    })
}

/// Parses one to eight hexadecimal digits, without a sign.
fn hex(digits: &str) -> Option<u32> {
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_decoded(escape: &str, expected: char) {
        for behind in ["", ",", "\\", "密"] {
            let text = alloc::format!("{escape}{behind}");
            assert_eq!(decode(&text), Some((expected, escape.len())), "{text}");
        }
    }

    #[test]
    fn decodes_the_escapes_of_json_and_of_programming_languages() {
        for (escape, expected) in [
            ("\\b", '\u{8}'),
            ("\\f", '\u{c}'),
            ("\\n", '\n'),
            ("\\r", '\r'),
            ("\\t", '\t'),
            ("\\\"", '"'),
            ("\\/", '/'),
            ("\\'", '\''),
            ("\\x27", '\''),
            ("\\u5bC6", '密'),
            ("\\u{27}", '\''),
            ("\\u{1f600}", '😀'),
            ("\\ud83d\\ude00", '😀'),
            ("\\uD800\\uDC00", '\u{10000}'),
            ("\\udbff\\udfff", '\u{10ffff}'),
        ] {
            assert_decoded(escape, expected);
        }
    }

    #[test]
    fn decodes_the_escapes_of_urls_and_of_html() {
        for (escape, expected) in [
            ("%2F", '/'),
            ("%2f", '/'),
            ("%7f", '\u{7f}'),
            ("%C3%A9", 'é'),
            ("%E5%AF%86", '密'),
            ("%f0%9f%98%80", '😀'),
            ("&amp;", '&'),
            ("&amp", '&'),
            ("&NewLine;", '\n'),
            ("&#34;", '"'),
            ("&#34", '"'),
            ("&#0034;", '"'),
            ("&#x22;", '"'),
            ("&#X5bc6;", '密'),
        ] {
            assert_decoded(escape, expected);
        }
    }

    #[test]
    fn what_resembles_an_escape_is_none() {
        const TEXTS: &str = r"a \ \q \密 \x2 \xzz \u \u12 \u{ \u{12 \u{} \u{110000} \u{+27} \ud83d \ud83d\n
            \ud83d\u0041 \ud83d\ue000 \ude00 \ude00\ud83d \udc00\udc00 % %2 %zz %+1 %80 %C3 %C3%28 %E5%AF
            & &; &# &#; &#x; &#x110000; &nosuch; &am; &ampere;";
        for text in TEXTS.split_whitespace().chain([""]) {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
