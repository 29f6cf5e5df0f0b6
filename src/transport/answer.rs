//! What every transport checks of an answer's headers before it reads the body.

use alloc::format;

use super::{Head, TransportError, TransportErrorKind};

/// Takes the headers of an answer one by one; gives the head, or says why the body cannot be
/// trusted to be what the service sent.
pub(super) struct AnswerHeaders {
    head: Head,
    has_length: bool,
    has_transfer_coding: bool,
    is_encoded: bool,
}

impl AnswerHeaders {
    pub(super) fn new(status: u16) -> Self {
        Self {
            head: Head::new(status),
            has_length: false,
            has_transfer_coding: false,
            is_encoded: false,
        }
    }

    pub(super) fn take(&mut self, name: &str, value: &[u8]) {
        let Ok(value) = core::str::from_utf8(value) else {
            return;
        };
        if name.eq_ignore_ascii_case("Content-Length") {
            self.has_length = true;
        } else if name.eq_ignore_ascii_case("Transfer-Encoding") {
            self.has_transfer_coding = true;
        } else if name.eq_ignore_ascii_case("Content-Encoding") {
            self.is_encoded |= !value.trim().eq_ignore_ascii_case("identity");
        }
        self.head.header(name, value);
    }

    pub(super) fn finish(self) -> Result<Head, TransportError> {
        let fault = if self.has_length && self.has_transfer_coding {
            // Who takes the one and who the other do not agree where the next answer begins.
            "has both Content-Length and Transfer-Encoding"
        } else if self.is_encoded {
            "is compressed, which was not asked for"
        } else {
            return Ok(self.head);
        };
        Err(TransportError::new(
            TransportErrorKind::Protocol,
            format!("the answer {fault} (status {})", self.head.status()),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_fault(headers: &[(&str, &[u8])], expected: Option<&str>) {
        let mut answer = AnswerHeaders::new(200);
        for (name, value) in headers {
            answer.take(name, value);
        }
        match (answer.finish(), expected) {
            (Ok(head), None) => assert_eq!(head.status(), 200),
            (Err(error), Some(expected)) => {
                assert_eq!(error.kind(), TransportErrorKind::Protocol);
                assert!(format!("{error}").contains(expected), "{error}");
            }
            (other, expected) => panic!("{other:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn an_answer_with_two_lengths_or_a_compressed_body_is_refused() {
        let length = ("content-length", &b"3"[..]);
        assert_fault(&[length], None);
        assert_fault(&[("transfer-encoding", b"chunked")], None);
        assert_fault(&[length, ("Transfer-Encoding", b"chunked")], Some("both"));
        assert_fault(&[("content-encoding", b"gzip")], Some("compressed"));
        assert_fault(&[("Content-Encoding", b" Identity ")], None);
        assert_fault(&[("x-request-id", b"\xff")], None);
    }
}
