//! Cleaning of the texts that errors, logs and `Debug` show: control characters and secrets.
//!
//! A peer may repeat what it was sent, in any form: raw, as JSON, HTML or a URL escapes it, in
//! base64, split by control characters. One [matcher] finds a secret in all of them. Texts
//! are parsed first, and then cleaned once, by [`Redactor::clean`].

use alloc::string::String;
use alloc::vec::Vec;

use crate::secret::Secret;

mod escape;
mod matcher;

/// The text that replaces a secret.
const MASK: &str = "***";

/// Shorter secrets are not searched for: `t` as a token would mask every t.
const MIN_SECRET_CHARS: usize = 8;

/// The maximum number of bytes that are searched. The rest is cut off.
const MAX_SEARCHED: usize = 16 * 1024;

/// The secrets that a text may repeat.
#[derive(Default)]
pub(crate) struct Redactor {
    secrets: Vec<Secret>,
}

impl Redactor {
    /// Adds a secret to search for.
    pub(crate) fn add(&mut self, secret: &Secret) {
        if secret
            .expose_secret()
            .chars()
            .nth(MIN_SECRET_CHARS - 1)
            .is_some()
        {
            self.secrets.push(secret.clone());
        }
    }

    /// The text with `***` for each secret and a space for each character that is not
    /// [harmless](is_harmless), cut to `max_chars` characters, the last of which is then `…`.
    pub(crate) fn clean(&self, text: &str, max_chars: usize) -> String {
        let mut end = text.len().min(MAX_SEARCHED);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let searched = text.get(..end).unwrap_or_default();
        let is_cut = end < text.len();
        let is_secret = matcher::find(searched, &self.secrets);
        let mut out = Bounded::new(max_chars);
        let mut follows_secret = false;
        for (at, ch) in searched.char_indices() {
            let is_secret = is_secret.get(at).copied().unwrap_or_default();
            if !is_secret {
                out.push(if is_harmless(ch) { ch } else { ' ' });
            } else if !follows_secret {
                out.push_str(MASK);
            }
            follows_secret = is_secret;
            if out.is_full() {
                break;
            }
        }
        out.finish(is_cut)
    }
}

/// A text of at most `max_chars` characters.
struct Bounded {
    text: String,
    chars: usize,
    max_chars: usize,
}

impl Bounded {
    fn new(max_chars: usize) -> Self {
        Self {
            text: String::new(),
            chars: 0,
            max_chars,
        }
    }

    fn push(&mut self, ch: char) {
        self.text.push(ch);
        self.chars += 1;
    }

    fn push_str(&mut self, text: &str) {
        text.chars().for_each(|ch| self.push(ch));
    }

    /// Whether the text is longer than `max_chars`.
    fn is_full(&self) -> bool {
        self.chars > self.max_chars
    }

    /// The text, cut if it is too long, or if it `is_cut` already.
    fn finish(mut self, is_cut: bool) -> String {
        if self.is_full() || (is_cut && !self.text.ends_with('…')) {
            let kept = self.max_chars.saturating_sub(1);
            if let Some((end, _)) = self.text.char_indices().nth(kept) {
                self.text.truncate(end);
            }
            self.text.push('…');
        }
        self.text
    }
}

/// Whether a terminal shows the character and does nothing else with it: no control character, and
/// none of those that change the direction of text.
pub(crate) fn is_harmless(ch: char) -> bool {
    !ch.is_control()
        && !matches!(ch, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        && !matches!(ch, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests;
