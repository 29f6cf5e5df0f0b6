//! Cleaning of the texts that errors, logs and `Debug` show.

/// Whether a terminal shows the character and does nothing else with it: no control character, and
/// none of those that change the direction of text.
pub(crate) fn is_harmless(ch: char) -> bool {
    !ch.is_control()
        && !matches!(ch, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        && !matches!(ch, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
