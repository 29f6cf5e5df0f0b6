//! A strict JSON reader (RFC 8259) without dependencies, and a writer of strings.
//!
//! A [`Cursor`] walks over a text; what it reads is borrowed wherever it holds no escape. Text is
//! checked for UTF-8 once, before. On a fault the cursor stays where reading failed, so a fault is
//! no more than what was [`Expected`] there: [`place`] turns both into an error with a JSON path,
//! by a second look at the text that a text without fault never pays for.

mod cursor;
mod escape;
mod expected;
mod lead;
mod number;
#[cfg(feature = "std")]
mod object;
mod place;
#[cfg(feature = "std")]
mod quote;
#[cfg(any(feature = "serde_json", feature = "miniserde"))]
mod scan;
mod skip;
mod special;
mod string;

pub(crate) use cursor::Cursor;
pub(crate) use expected::Expected;
pub(crate) use lead::Lead;
pub(crate) use place::whole;
#[cfg(feature = "std")]
pub(crate) use quote::quote_into;
#[cfg(any(feature = "serde_json", feature = "miniserde"))]
pub(crate) use scan::scan_page;

/// How deep a value that is skipped may nest.
pub(crate) const MAX_DEPTH: usize = 128;
