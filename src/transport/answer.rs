//! What every transport checks of an answer's headers before it reads the body.

use alloc::format;
use alloc::string::String;

use super::{ResponseHead, TransportError, TransportErrorKind};

/// Takes the headers of an answer one by one; gives the head, or says why the body cannot be
/// trusted to be what the service sent.
pub(super) struct AnswerHeaders {
    head: ResponseHead,
    length: Option<String>,
    fault: Option<&'static str>,
    has_transfer_coding: bool,
}

impl AnswerHeaders {
    pub(super) fn new(status: u16) -> Self {
        Self {
            head: ResponseHead::new(status),
            length: None,
            fault: None,
            has_transfer_coding: false,
        }
    }

    pub(super) fn take(&mut self, name: &str, value: &[u8]) {
        let Ok(value) = core::str::from_utf8(value) else {
            return;
        };
        let value = value.trim_matches([' ', '\t']);
        if name.eq_ignore_ascii_case("Content-Length") {
            let known = self.length.get_or_insert_with(|| value.into());
            if known.as_str() != value {
                self.fault = Some("has two lengths");
            }
        } else if name.eq_ignore_ascii_case("Transfer-Encoding") {
            self.has_transfer_coding = true;
        } else if name.eq_ignore_ascii_case("Content-Encoding")
            && !value.eq_ignore_ascii_case("identity")
        {
            self.fault = Some("is compressed, which was not asked for");
        }
        self.head.push_header(name, value);
    }

    /// To be asked once all headers are there, and before the body is read.
    pub(super) fn check(&self) -> Result<(), TransportError> {
        let fault = if self.length.is_some() && self.has_transfer_coding {
            // Who takes the one and who the other do not agree where the next answer begins.
            "has both Content-Length and Transfer-Encoding"
        } else if let Some(fault) = self.fault {
            fault
        } else {
            return Ok(());
        };
        Err(TransportError::new(
            TransportErrorKind::Protocol,
            format!("the answer {fault} (status {})", self.head.status()),
        ))
    }

    pub(super) fn into_head(self) -> ResponseHead {
        self.head
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
        match (answer.check(), expected) {
            (Ok(()), None) => assert_eq!(answer.into_head().status(), 200),
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
        assert_fault(&[length, ("Content-Length", b" 3")], None);
        assert_fault(&[length, ("Content-Length", b"4")], Some("two lengths"));
        assert_fault(&[("transfer-encoding", b"chunked")], None);
        assert_fault(&[length, ("Transfer-Encoding", b"chunked")], Some("both"));
        assert_fault(&[("content-encoding", b"gzip")], Some("compressed"));
        assert_fault(&[("Content-Encoding", b" Identity ")], None);
        assert_fault(&[("x-request-id", b"\xff")], None);
    }
}
