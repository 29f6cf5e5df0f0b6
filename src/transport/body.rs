//! The body of a response, in a buffer with a limit.

use alloc::vec::Vec;
use core::fmt;

use super::{TransportError, TransportErrorKind};

/// The body of a response, with a maximum length.
///
/// A buffer that the client lends to the transport and reuses. The limit is checked here, so that
/// no transport can forget it.
pub struct ResponseBody {
    /// The bytes received, followed by room that an earlier response used.
    bytes: Vec<u8>,
    length: usize,
    limit: usize,
}

impl ResponseBody {
    /// The client's default limit: 16 MiB. A page of 512 jobs with every text at its documented
    /// length is 1 MiB.
    pub const DEFAULT_LIMIT: usize = 16 << 20;

    /// Creates an empty body that accepts at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            length: 0,
            limit,
        }
    }

    /// Removes the bytes and keeps the capacity for the next response.
    pub fn clear(&mut self) {
        self.length = 0;
    }

    /// Returns the bytes received so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Appends `bytes`.
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::BodyTooLarge`] if they exceed the limit; then nothing is appended.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        if bytes.len() > self.remaining() {
            return Err(self.too_large());
        }
        self.append(bytes);
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) {
        self.bytes.truncate(self.length);
        self.bytes.extend_from_slice(bytes);
        self.length = self.bytes.len();
    }

    /// Like [`write`](Self::write), but appends what fits before it fails.
    #[cfg(feature = "curl")]
    pub(super) fn write_up_to_limit(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        match bytes.split_at_checked(self.remaining()) {
            Some((bytes, rest)) if !rest.is_empty() => {
                self.append(bytes);
                Err(self.too_large())
            }
            _ => self.write(bytes),
        }
    }

    /// Appends what `reader` returns until its end, and stops one byte past the limit.
    ///
    /// # Errors
    ///
    /// [`TransportErrorKind::BodyTooLarge`] past the limit. `on_failure` converts an error of the
    /// reader, since only the transport knows what it means. What was read before is kept, up to
    /// the limit.
    #[cfg(feature = "std")]
    pub fn read_from(
        &mut self,
        mut reader: impl std::io::Read,
        on_failure: impl FnOnce(std::io::Error) -> TransportError,
    ) -> Result<(), TransportError> {
        loop {
            if self.length > self.limit {
                self.length = self.limit;
                return Err(self.too_large());
            }
            if self.length == self.bytes.len() {
                let doubled = self.length.saturating_mul(2).max(8 << 10);
                self.bytes
                    .resize(doubled.min(self.limit.saturating_add(1)), 0);
            }
            let room = self.bytes.get_mut(self.length..).unwrap_or_default();
            match reader.read(room) {
                Ok(0) => return Ok(()),
                Ok(read) => self.length += read.min(room.len()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(on_failure(error)),
            }
        }
    }

    fn remaining(&self) -> usize {
        // The length never exceeds the limit: no underflow.
        self.limit - self.length
    }

    fn too_large(&self) -> TransportError {
        let text = alloc::format!(
            "cannot receive the response: its body is longer than the limit of {} bytes",
            self.limit
        );
        TransportError::new(TransportErrorKind::BodyTooLarge, text)
    }
}

/// Without the bytes, which may hold what an earlier request received.
impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody")
            .field("length", &self.length)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_up_to_the_limit_and_not_one_byte_more() {
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

    #[cfg(feature = "curl")]
    #[test]
    fn keeps_what_fits_of_a_piece_that_is_too_long() {
        let mut body = ResponseBody::new(4);
        body.write_up_to_limit(b"abc").unwrap();
        body.write_up_to_limit(b"de").unwrap_err();
        assert_eq!(body.as_bytes(), b"abcd");
        body.write_up_to_limit(b"").unwrap();
        body.write_up_to_limit(b"e").unwrap_err();
    }

    #[cfg(feature = "std")]
    #[test]
    fn reads_up_to_the_limit_and_not_one_byte_more() {
        let fail = |_| unreachable!("the reader does not fail");
        let mut body = ResponseBody::new(4);
        body.read_from(&b"abcd"[..], fail).unwrap();
        body.clear();
        let error = body.read_from(std::io::repeat(b'x'), fail).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::BodyTooLarge);
        assert_eq!(body.as_bytes(), b"xxxx");
    }

    #[cfg(feature = "std")]
    #[test]
    fn reuses_the_room_of_an_earlier_response_and_does_not_show_it() {
        let fail = |_| unreachable!("the reader does not fail");
        let mut body = ResponseBody::new(1 << 20);
        body.read_from(&b"earlier"[..], fail).unwrap();
        body.clear();
        body.read_from(&b"now"[..], fail).unwrap();
        body.write(b"!").unwrap();
        assert_eq!(body.as_bytes(), b"now!");
        let shown = alloc::format!("{body:?}");
        assert_eq!(shown, "ResponseBody { length: 4, limit: 1048576, .. }");
    }

    /// Claims to have read more than there was room for.
    #[cfg(feature = "std")]
    struct Boastful;

    #[cfg(feature = "std")]
    impl std::io::Read for Boastful {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            Ok(buffer.len() + 1)
        }
    }

    #[cfg(feature = "std")]
    #[test]
    fn a_reader_that_claims_too_much_breaks_no_limit() {
        let fail = |_| unreachable!("the reader does not fail");
        let mut body = ResponseBody::new(4);
        let error = body.read_from(Boastful, fail).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::BodyTooLarge);
        assert_eq!(body.as_bytes(), [0; 4]);
    }
}
