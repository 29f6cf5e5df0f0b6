//! Pages through `miniserde`.

use super::through;
use crate::error::DecodeError;
use crate::job::JobPage;

/// Reads one answer of the operation through `miniserde`, by the same [rules](crate::decode) and
/// with the same results as [`JobPage::parse`], but for one: numbers beyond the range of an `f64`
/// (`1e400`) are refused even where they are skipped. For programs that have miniserde already and
/// let no other parser touch what comes from the network.
///
/// Texts are copied: miniserde lends none.
///
/// # Errors
///
/// When `body` departs from the rules; the built-in reader tells where.
pub fn miniserde(body: &[u8]) -> Result<JobPage<'static>, DecodeError> {
    through(body, |text| ::miniserde::json::from_str(text).ok())
}
