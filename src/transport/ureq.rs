//! ureq
use super::*;
/// Ureq.
#[derive(Debug, Clone)]
pub struct Ureq;
/// Builder.
#[derive(Debug, Clone)]
pub struct UreqBuilder;
impl Ureq {
    /// New.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}
impl Transport for Ureq {
    fn send(
        &self,
        _request: &Request<'_>,
        _body: &mut ResponseBody,
    ) -> Result<Head, TransportError> {
        Err(TransportError::new(
            TransportErrorKind::Unsupported,
            "not yet",
        ))
    }
}
