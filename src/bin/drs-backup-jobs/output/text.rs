//! Texts on a terminal: their width, and which characters are safe to print.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How many columns `text` takes: Chinese takes two a character.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// `text` on one line, safe for a terminal: without escape sequences, line breaks, marks that
/// change the direction of writing, and invisible characters.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_harmful) {
        text.chars()
            .filter_map(|ch| {
                Some(match ch {
                    '\n' | '\r' | '\t' => ' ',
                    // Chooses how the character before it is drawn: without it the text stays.
                    '\u{fe00}'..='\u{fe0f}' => return None,
                    ch if is_harmful(ch) => char::REPLACEMENT_CHARACTER,
                    ch => ch,
                })
            })
            .collect::<String>()
            .into()
    } else {
        text.into()
    }
}

/// Equivalent JSON for a terminal: control characters in its strings are escaped.
pub(crate) fn escaped_json(json: &str) -> Cow<'_, str> {
    // Of ASCII control characters only DEL can be unescaped in a string; line breaks are between
    // strings.
    let is_raw = |ch: char| ch == '\u{7f}' || !ch.is_ascii() && is_harmful(ch);
    if !json.contains(is_raw) {
        return json.into();
    }
    let mut out = String::with_capacity(json.len() + 64);
    for ch in json.chars() {
        if is_raw(ch) {
            for unit in ch.encode_utf16(&mut [0; 2]) {
                let written = write!(out, "\\u{unit:04x}");
                debug_assert!(written.is_ok(), "writing to a String cannot fail");
            }
        } else {
            out.push(ch);
        }
    }
    out.into()
}

/// Whether `ch` is not safe for a terminal: control characters, marks that change the direction of
/// writing, and characters of no width, which are invisible in a name. Combining accents are kept:
/// languages need them.
fn is_harmful(ch: char) -> bool {
    ch.is_control()
        || matches!(ch,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// `text` in at most `columns`, with `mark` at its end if something was cut off.
pub(crate) fn cut<'a>(text: &'a str, columns: usize, mark: &str) -> Cow<'a, str> {
    // A text can be long and yet take no column at all: only so much of it is measured.
    let longest = columns.saturating_mul(8).saturating_add(64);
    if text.len() <= longest && width(text) <= columns {
        return text.into();
    }
    let mut kept = String::new();
    for ch in text.chars().take(longest) {
        kept.push(ch);
        if width(&kept) + width(mark) > columns {
            kept.pop();
            break;
        }
    }
    if width(&kept) + width(mark) <= columns {
        kept.push_str(mark);
    }
    kept.into()
}

/// Appends `text` and spaces up to `columns`.
pub(crate) fn push_padded(out: &mut String, text: &str, columns: usize) {
    out.push_str(text);
    push_spaces(out, columns.saturating_sub(width(text)));
}

pub(crate) fn push_spaces(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

/// `text` in lines of at most `columns`, broken at spaces, and between Chinese characters.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = Vec::new();
    let (mut line, mut line_width) = (String::new(), 0);
    for word in pieces(text) {
        let trimmed = width(word.trim_end());
        if line_width > 0 && line_width + trimmed > columns {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            line_width = 0;
        }
        if trimmed <= columns {
            line.push_str(word);
            line_width += width(word);
            continue;
        }
        // A word longer than a line: a path, a base64 text.
        for ch in word.chars() {
            let wide = ch.width().unwrap_or(0);
            if line_width + wide > columns {
                lines.push(std::mem::take(&mut line));
                line_width = 0;
            }
            line.push(ch);
            line_width += wide;
        }
    }
    if !line.trim_end().is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// The pieces between which a line may be broken, spaces at their ends.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut before: Option<char> = None;
        let at = rest.char_indices().find_map(|(at, ch)| {
            let is_break = before.is_some_and(|before| {
                (before == ' ' && ch != ' ')
                    || (ch != ' ' && (is_wide(before) || is_wide(ch)) && !is_closing(ch))
            });
            before = Some(ch);
            is_break.then_some(at)
        });
        let (piece, tail) = rest.split_at_checked(at.unwrap_or(rest.len()))?;
        rest = tail;
        (!piece.is_empty()).then_some(piece)
    })
}

fn is_wide(ch: char) -> bool {
    ch.width() == Some(2)
}

/// Punctuation that does not begin a line.
fn is_closing(ch: char) -> bool {
    matches!(
        ch,
        '，' | '。' | '、' | '；' | '：' | '！' | '？' | '）' | '】' | '》' | ',' | '.' | ')'
    )
}

/// A duration in its two largest units: `48s`, `1m 48s`, `2h 05m`, `3d 04h`.
pub(crate) fn took(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    if days > 0 {
        format!("{days}d {:02}h", hours % 24)
    } else if hours > 0 {
        format!("{hours}h {:02}m", minutes % 60)
    } else if minutes > 0 {
        format!("{minutes}m {:02}s", seconds % 60)
    } else if seconds > 0 {
        format!("{seconds}s")
    } else {
        format!("{}ms", duration.subsec_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_is_two_columns_wide() {
        for (text, columns) in [
            ("", 0),
            ("DRS-6813", 8),
            ("备份", 4),
            ("备份 a", 6),
            ("é", 1),
        ] {
            assert_eq!(width(text), columns, "{text:?}");
        }
    }

    #[test]
    fn replaces_terminal_control_characters() {
        for (text, shown) in [
            ("plain 备份", "plain 备份"),
            ("two\nlines\tand", "two lines and"),
            ("\u{1b}[31mred", "\u{fffd}[31mred"),
            ("a\u{202e}b\u{9b}c\u{7f}", "a\u{fffd}b\u{fffd}c\u{fffd}"),
        ] {
            assert_eq!(one_line(text), shown);
        }
    }

    #[test]
    fn cuts_a_text_to_its_columns() {
        for (text, columns, shown) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("备份任务", 8, "备份任务"),
            ("备份任务", 7, "备份任…"),
            ("备份任务", 6, "备份…"),
            ("备份任务", 1, "…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(cut(text, columns, "…"), shown, "{text:?} in {columns}");
            assert!(width(&cut(text, columns, "...")) <= columns);
        }
        let weightless = "\u{301}".repeat(100_000);
        assert!(cut(&weightless, 10, "…").len() < 1000);
    }

    #[test]
    fn breaks_lines_at_spaces_and_between_chinese_characters() {
        for (text, columns, lines) in [
            ("", 10, vec![""]),
            ("one two three", 7, vec!["one two", "three"]),
            ("one two three", 8, vec!["one two", "three"]),
            ("abcdefghij k", 4, vec!["abcd", "efgh", "ij k"]),
            ("备份任务失败。重试", 8, vec!["备份任务", "失败。重", "试"]),
            ("备份任务。", 8, vec!["备份任", "务。"]),
        ] {
            assert_eq!(wrap(text, columns), lines, "{text:?} in {columns}");
        }
    }

    #[test]
    fn a_duration_shows_its_two_largest_units() {
        for (seconds, shown) in [
            (0, "0ms"),
            (48, "48s"),
            (108, "1m 48s"),
            (3600, "1h 00m"),
            (7_500, "2h 05m"),
            (273_600, "3d 04h"),
        ] {
            assert_eq!(took(Duration::from_secs(seconds)), shown);
        }
        assert_eq!(took(Duration::from_millis(120)), "120ms");
    }
}
