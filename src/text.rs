//! Operations on texts. In std these are generic; here each is compiled once. Substring search and
//! formatting of std would add 3 kB to a program.

use alloc::string::String;

/// The place of the first `word` in a text. `word` is not empty.
pub(crate) fn find(text: &str, word: &str) -> Option<usize> {
    places(text, word).next()
}

/// The places of `word` in a text. `word` is not empty.
pub(crate) fn places(text: &str, word: &str) -> impl Iterator<Item = usize> {
    let windows = text.as_bytes().windows(word.len().max(1)).enumerate();
    windows
        .filter(move |(_, window)| *window == word.as_bytes())
        .map(|(at, _)| at)
}

/// The texts before and after the first `word` in a text. `word` is not empty.
pub(crate) fn split_once<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let at = find(text, word)?;
    Some((text.get(..at)?, text.get(at + word.len()..)?))
}

/// The texts before and after the last `byte`, an ASCII character.
pub(crate) fn rsplit_once(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = text.bytes().rposition(|other| other == byte)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Appends a number in decimal digits.
pub(crate) fn push_number(out: &mut String, number: usize) {
    if number >= 10 {
        push_number(out, number / 10);
    }
    let digit = u8::try_from(number % 10).unwrap_or_default();
    out.push(char::from(b'0' + digit));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_first_word() {
        assert_eq!(find("备ab ab", "ab"), Some(3));
        assert_eq!(find("a", "ab"), None);
        assert_eq!(find("", "a"), None);
        assert_eq!(split_once("a://b://c", "://"), Some(("a", "b://c")));
        assert_eq!(split_once("a", "://"), None);
        assert_eq!(rsplit_once("备@b@", b'@'), Some(("备@b", "")));
        assert_eq!(rsplit_once("a", b'@'), None);
    }

    #[test]
    fn writes_numbers_in_decimal() {
        for number in [0, 7, 10, 65_535, usize::MAX] {
            let mut out = String::from("x");
            push_number(&mut out, number);
            assert_eq!(out, alloc::format!("x{number}"));
        }
    }
}
