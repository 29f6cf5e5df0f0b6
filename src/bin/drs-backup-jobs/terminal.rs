//! The terminal, if there is one.

use std::io::IsTerminal as _;

use terminal_size::{Height, Width, terminal_size};

use crate::output::Style;

pub(crate) fn is_stdout() -> bool {
    std::io::stdout().is_terminal()
}

pub(crate) fn is_stderr() -> bool {
    std::io::stderr().is_terminal()
}

/// The style of standard output: coloured and cut to the width on a terminal; `NO_COLOR` disables the
/// colours.
pub(crate) fn stdout_style(ascii: bool) -> Style {
    style(is_stdout(), ascii)
}

/// As [`stdout_style`], for standard error.
pub(crate) fn stderr_style(ascii: bool) -> Style {
    style(is_stderr(), ascii)
}

fn style(is_terminal: bool, ascii: bool) -> Style {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    Style {
        color: is_terminal && !is_dumb && !is_set("NO_COLOR"),
        ascii,
        width: is_terminal.then(|| columns_and_rows().0),
    }
}

/// The size of the terminal; 80 by 24 if unknown.
pub(crate) fn columns_and_rows() -> (usize, usize) {
    match terminal_size() {
        Some((Width(columns), Height(rows))) if columns > 0 && rows > 0 => {
            (columns.into(), rows.into())
        }
        _ => (80, 24),
    }
}
