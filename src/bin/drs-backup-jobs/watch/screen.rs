//! A view at the bottom of a terminal, redrawn in place, with permanent lines above it.
//!
//! The cursor rests at the start of the view's first line, so a redraw erases what is below the
//! cursor and never moves up to erase. The usual way, to move up by the rows of the last drawing,
//! counts rows of a width that no longer holds after a resize, and erases permanent lines.
//!
//! A resize reflows the text and may move the cursor off its line. tmux (3.3 to 3.7) moves it up by a
//! line for each line, in the screen or the history, that it broke into three rows and then joins to
//! two, if the third begins with a wide character and the second has one column to spare. What is
//! printed next overwrites lines, and a lower screen loses those below the cursor; plain output suffers
//! the same. Two things keep that from happening here:
//!
//! - No row is wider than [`MAX_COLUMNS`], so that none is broken into three.
//! - For lines of other programs, and terminals of fewer than 40 columns: after a change of the width
//!   nothing is erased. The next drawing begins below everything, and the view before it stays.

use std::io::{self, Write};

/// The widest row that a terminal of 40 columns breaks into two, wide characters included: a row of 40
/// columns holds at least 39 of them.
pub(super) const MAX_COLUMNS: usize = 78;

/// Erases the line of the cursor and everything below, and leaves the cursor where it is. Erasing
/// "to the end of the screen" from the top left corner is avoided: tmux then pushes the whole screen
/// into its history, and the view with it.
const ERASE: &str = "\r\x1b[K\n\x1b[J\x1b[A";

/// Moves to the last row, wherever the cursor is, and begins a new line below it.
const BELOW_EVERYTHING: &str = "\x1b[999B\r\n";

/// Without automatic line breaks, a line whose width the terminal counts differently still takes
/// one row, as the way back to the first line assumes.
const NO_WRAP: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";

#[derive(Debug)]
pub(super) struct Screen<W: Write> {
    out: W,
    is_drawn: bool,
    /// Whether the cursor may be anywhere.
    is_place_lost: bool,
}

impl<W: Write> Screen<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            is_drawn: false,
            is_place_lost: false,
        }
    }

    /// Replaces or removes the view, and prints permanent lines above it. Each line of the view
    /// must be narrower than the terminal, and the view lower. No line may be wider than
    /// [`MAX_COLUMNS`].
    pub(super) fn draw(&mut self, permanent: &[String], view: &[String]) -> io::Result<()> {
        // One write, so that a resize rarely comes in between.
        let mut bytes = String::new();
        if self.is_place_lost {
            bytes.push_str(BELOW_EVERYTHING);
        } else if self.is_drawn {
            bytes.push_str(ERASE);
        }
        for line in permanent {
            bytes.push_str(line);
            bytes.push_str("\r\n");
        }
        if !view.is_empty() {
            bytes.push_str(NO_WRAP);
            bytes.push_str(&view.join("\r\n"));
            bytes.push('\r');
            if let Some(rows_up) = view.len().checked_sub(1).filter(|rows| *rows > 0) {
                bytes.push_str("\x1b[");
                bytes.push_str(&rows_up.to_string());
                bytes.push('A');
            }
            bytes.push_str(WRAP);
        }
        self.is_drawn = !view.is_empty();
        self.is_place_lost = false;
        self.out.write_all(bytes.as_bytes())?;
        self.out.flush()
    }

    /// A resize may have moved the cursor: the next drawing erases nothing.
    pub(super) fn lose_place(&mut self) {
        self.is_place_lost = true;
    }

    pub(super) fn is_place_lost(&self) -> bool {
        self.is_place_lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(steps: &[(&[&str], &[&str])]) -> String {
        let owned = |lines: &[&str]| {
            lines
                .iter()
                .map(|line| (*line).to_owned())
                .collect::<Vec<_>>()
        };
        let mut screen = Screen::new(Vec::new());
        for (permanent, view) in steps {
            screen.draw(&owned(permanent), &owned(view)).unwrap();
        }
        String::from_utf8(screen.out).unwrap()
    }

    #[test]
    fn the_cursor_rests_on_the_first_line_of_the_view() {
        assert_eq!(
            drawn(&[(&["event"], &["", "one", "two"])]),
            "event\r\n\x1b[?7l\r\none\r\ntwo\r\x1b[2A\x1b[?7h"
        );
        assert_eq!(drawn(&[(&[], &["one"])]), "\x1b[?7lone\r\x1b[?7h");
    }

    #[test]
    fn after_a_resize_the_next_drawing_erases_nothing() {
        let mut screen = Screen::new(Vec::new());
        screen.draw(&[], &["one".into()]).unwrap();
        screen.lose_place();
        let drawn = screen.out.len();
        screen.draw(&["event".into()], &["two".into()]).unwrap();
        assert_eq!(
            std::str::from_utf8(&screen.out[drawn..]).unwrap(),
            "\x1b[999B\r\nevent\r\n\x1b[?7ltwo\r\x1b[?7h"
        );
        assert!(!screen.is_place_lost());
    }

    #[test]
    fn a_redraw_erases_only_from_the_cursor_downwards() {
        let shown = drawn(&[(&[], &["one"]), (&["event"], &["two"]), (&[], &[])]);
        assert_eq!(
            shown,
            "\x1b[?7lone\r\x1b[?7h\r\x1b[K\n\x1b[J\x1b[Aevent\r\n\x1b[?7ltwo\r\x1b[?7h\r\x1b[K\n\x1b[J\x1b[A"
        );
    }
}
