//! A view at the bottom of a terminal, redrawn in place, with permanent lines above it.
//!
//! The cursor rests at the start of the view's first line, so a redraw erases what is below the
//! cursor and never moves up to erase. Terminals keep the cursor on its line when a resize reflows
//! the text, so permanent lines, which are above the cursor, survive any sequence of resizes. The
//! usual way, to move up by the rows of the last drawing, counts rows of a width that no longer
//! holds, and erases permanent lines or leaves parts of the view.
//!
//! A terminal narrower than the view's lines breaks them into more rows, and may scroll the first of
//! those away: then they stay in the history as a copy of some rows of the view. Permanent lines are
//! never among what is erased.

use std::io::{self, Write};

/// Erases the line of the cursor and everything below, and leaves the cursor where it is. Erasing
/// "to the end of the screen" from the top left corner is avoided: tmux then pushes the whole screen
/// into its history, and the view with it.
const ERASE: &str = "\r\x1b[K\n\x1b[J\x1b[A";

/// Without automatic line breaks, a line whose width the terminal counts differently still takes
/// one row, as the way back to the first line assumes.
const NO_WRAP: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";

#[derive(Debug)]
pub(super) struct Screen<W: Write> {
    out: W,
    is_drawn: bool,
}

impl<W: Write> Screen<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            is_drawn: false,
        }
    }

    /// Replaces the view, and prints permanent lines above it. Each line of the view must be
    /// narrower than the terminal, and the view lower.
    pub(super) fn draw(&mut self, permanent: &[String], view: &[String]) -> io::Result<()> {
        // One write, so that a resize rarely comes in between.
        let mut bytes = String::new();
        if self.is_drawn {
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
        self.out.write_all(bytes.as_bytes())?;
        self.out.flush()
    }

    /// Takes the view down. Permanent lines stay.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.draw(&[], &[])
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
    fn a_redraw_erases_only_from_the_cursor_downwards() {
        let shown = drawn(&[(&[], &["one"]), (&["event"], &["two"]), (&[], &[])]);
        assert_eq!(
            shown,
            "\x1b[?7lone\r\x1b[?7h\r\x1b[K\n\x1b[J\x1b[Aevent\r\n\x1b[?7ltwo\r\x1b[?7h\r\x1b[K\n\x1b[J\x1b[A"
        );
    }
}
