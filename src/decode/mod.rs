//! From bytes to values.
use crate::error::{ApiError, DecodeError};
use crate::job::{Job, JobPage};
impl<'a> JobPage<'a> {
    /// Page.
    pub fn parse(_body: &'a [u8]) -> Result<Self, DecodeError> {
        Err(DecodeError::new(
            alloc::string::String::new(),
            0,
            "a decoder",
        ))
    }
}
impl<'a> Job<'a> {
    /// Job.
    pub fn parse(_body: &'a [u8]) -> Result<Self, DecodeError> {
        Err(DecodeError::new(
            alloc::string::String::new(),
            0,
            "a decoder",
        ))
    }
}
impl ApiError {
    /// Error.
    #[must_use]
    pub fn parse(status: u16, _body: &[u8]) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }
}
