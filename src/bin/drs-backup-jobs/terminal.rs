//! What there is to draw on.

use std::io::IsTerminal as _;

use crate::output::Style;

pub(crate) fn is_stdout() -> bool {
    std::io::stdout().is_terminal()
}

/// How to draw on standard output: in colour and cut to its width when it is a terminal, unless
/// `NO_COLOR` forbids the colour.
pub(crate) fn stdout_style(ascii: bool) -> Style {
    let is_terminal = is_stdout();
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    Style {
        color: is_terminal && !is_dumb && !is_set("NO_COLOR"),
        ascii,
        width: if is_terminal {
            Some(width().unwrap_or(80))
        } else {
            None
        },
    }
}

/// The columns of the terminal that standard output is.
fn width() -> Option<usize> {
    comfy_table::Table::new()
        .width()
        .map(usize::from)
        .filter(|width| *width > 0)
}
