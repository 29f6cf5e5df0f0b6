//! The buffer a transport writes the answer's body to.

use alloc::vec::Vec;

use super::{TransportError, TransportErrorKind};

/// The body of an answer: a buffer the client lends to the transport and uses again, with a cap
/// that is kept here so that no transport can forget it.
#[derive(Debug)]
pub struct ResponseBody {
    bytes: Vec<u8>,
    limit: usize,
}

impl ResponseBody {
    /// The cap of a client that sets none: 16 MiB. A page of 512 jobs with every text at its
    /// documented length is 1 MiB.
    pub const DEFAULT_LIMIT: usize = 16 << 20;

    /// An empty body that takes at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
        }
    }

    /// Forgets what was written and keeps the room for the next answer.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// What was written so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Appends `bytes`.
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::BodyTooLarge`] when they do not fit under the cap; nothing is appended.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        // The length never exceeds the limit: no underflow.
        if bytes.len() > self.limit - self.bytes.len() {
            return Err(self.too_large());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends all that `reader` gives, and stops one byte past the cap.
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::BodyTooLarge`] past the cap; a failure of the reader is turned into a
    /// [`TransportError`] by `on_failure`, since only the transport knows what its reader means.
    /// What was read until then is kept, as far as the cap allows.
    #[cfg(feature = "std")]
    pub fn read_from(
        &mut self,
        reader: impl std::io::Read,
        on_failure: impl FnOnce(std::io::Error) -> TransportError,
    ) -> Result<(), TransportError> {
        use std::io::Read as _;
        let left = self.limit - self.bytes.len();
        let read = reader
            .take((left as u64).saturating_add(1))
            .read_to_end(&mut self.bytes);
        if self.bytes.len() > self.limit {
            self.bytes.truncate(self.limit);
            return Err(self.too_large());
        }
        read.map(|_| ()).map_err(on_failure)
    }

    fn too_large(&self) -> TransportError {
        TransportError::new(
            TransportErrorKind::BodyTooLarge,
            alloc::format!(
                "the answer is longer than the {} bytes the client takes",
                self.limit
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_holds_to_the_byte() {
        let mut body = ResponseBody::new(4);
        body.write(b"abc").unwrap();
        assert_eq!(
            body.write(b"de").unwrap_err().kind(),
            TransportErrorKind::BodyTooLarge
        );
        body.write(b"d").unwrap();
        assert_eq!(body.as_bytes(), b"abcd");
        body.clear();
        assert_eq!(body.as_bytes(), b"");
    }

    #[cfg(feature = "std")]
    #[test]
    fn the_cap_holds_for_readers_too() {
        let fail = |_| unreachable!("the reader does not fail");
        let mut body = ResponseBody::new(4);
        body.read_from(&b"abcd"[..], fail).unwrap();
        body.clear();
        let error = body.read_from(std::io::repeat(b'x'), fail).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::BodyTooLarge);
        assert_eq!(body.as_bytes(), b"xxxx");
    }
}
