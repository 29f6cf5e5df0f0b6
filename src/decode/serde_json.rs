//! Pages through `serde_json`.

use super::through;
use crate::error::DecodeError;
use crate::job::JobPage;

/// Reads one answer of the operation through `serde_json`, by the same [rules](crate::decode) and
/// with the same results as [`JobPage::parse`]: for programs that let no other parser touch what
/// comes from the network. It reads the body twice and takes about four times as long.
///
/// Texts without an escape are borrowed from `body`.
///
/// # Errors
///
/// When `body` departs from the rules; the built-in reader tells where. A build that turns on
/// `serde_json`'s feature `arbitrary_precision` makes it refuse integers in the place of texts.
pub fn serde_json(body: &[u8]) -> Result<JobPage<'_>, DecodeError> {
    through(body, |text| ::serde_json::from_str(text).ok())
}
