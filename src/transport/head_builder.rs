//! Builds a [`ResponseHead`] and rejects a response whose end is ambiguous.

use alloc::format;
use alloc::string::String;

use super::route::invalid_response;
use super::{ResponseHead, TransportError};
use crate::header;

/// Collects the headers of one response, and what is wrong with them.
pub(super) struct HeadBuilder {
    head: ResponseHead,
    length: Option<String>,
    has_transfer_coding: bool,
    fault: Option<&'static str>,
}

impl HeadBuilder {
    pub(super) fn new(status: u16) -> Self {
        Self {
            head: ResponseHead::new(status),
            length: None,
            has_transfer_coding: false,
            fault: None,
        }
    }

    pub(super) fn push(&mut self, name: &str, value: &[u8]) {
        let Ok(value) = core::str::from_utf8(value) else {
            if name.eq_ignore_ascii_case(header::CONTENT_LENGTH) {
                self.fault = Some(INVALID_LENGTH);
            }
            return;
        };
        let value = value.trim_matches([' ', '\t']);
        if name.eq_ignore_ascii_case(header::CONTENT_LENGTH) {
            // HTTP clients parse `31, 5`, `+31` or `31 abc` differently, and a proxy in between may
            // have used another length.
            let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
            if !is_number || value.parse::<i64>().is_err() {
                self.fault = Some(INVALID_LENGTH);
            }
            if *self.length.get_or_insert_with(|| value.into()) != value {
                self.fault = Some("two different Content-Length headers");
            }
        } else if name.eq_ignore_ascii_case(header::TRANSFER_ENCODING) {
            if !value.eq_ignore_ascii_case("chunked") {
                self.fault = Some("a Transfer-Encoding other than chunked");
            }
            self.has_transfer_coding = true;
        } else if name.eq_ignore_ascii_case(header::CONTENT_ENCODING)
            && !value.eq_ignore_ascii_case("identity")
        {
            self.fault = Some("a compressed body, although the request accepts none");
        }
        self.head.push_header(name, value);
    }

    /// Call after the last header and before the body is read.
    pub(super) fn check(&self) -> Result<(), TransportError> {
        let fault = if self.length.is_some() && self.has_transfer_coding {
            // A client that takes the one and a proxy that takes the other disagree about where
            // the next response begins.
            "both Content-Length and Transfer-Encoding"
        } else if let Some(fault) = self.fault {
            fault
        } else {
            return Ok(());
        };
        let status = self.head.status();
        Err(invalid_response(format!("status {status} with {fault}")))
    }

    pub(super) fn finish(self) -> ResponseHead {
        self.head
    }
}

const INVALID_LENGTH: &str = "a Content-Length that is not a number below 2^63";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::TransportErrorKind;

    #[track_caller]
    fn assert_fault(headers: &[(&str, &[u8])], expected: Option<&str>) {
        let mut builder = HeadBuilder::new(200);
        for (name, value) in headers {
            builder.push(name, value);
        }
        match (builder.check(), expected) {
            (Ok(()), None) => assert_eq!(builder.finish().status(), 200),
            (Err(error), Some(expected)) => {
                assert_eq!(error.kind(), TransportErrorKind::Protocol);
                assert!(format!("{error}").contains(expected), "{error}");
            }
            (other, expected) => panic!("{other:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn rejects_ambiguous_lengths_and_compressed_bodies() {
        let length = ("content-length", &b"3"[..]);
        assert_fault(&[length, ("Content-Length", b" 3")], None);
        assert_fault(&[length, ("Content-Length", b"4")], Some("two different"));
        assert_fault(&[("transfer-encoding", b"Chunked")], None);
        assert_fault(&[length, ("Transfer-Encoding", b"chunked")], Some("both"));
        assert_fault(
            &[("transfer-encoding", b"gzip, chunked")],
            Some("other than"),
        );
        assert_fault(&[("content-encoding", b"gzip")], Some("compressed"));
        assert_fault(&[("Content-Encoding", b" Identity ")], None);
        assert_fault(&[("x-request-id", b"\xff")], None);
    }

    #[test]
    fn rejects_lengths_that_are_not_one_number() {
        for length in [
            &b"31, 5"[..],
            b"31, 31",
            b"+31",
            b"-31",
            b"31 abc",
            b"0x1f",
            b"",
            b"3\xff",
            b"9223372036854775808",
            b"99999999999999999999999",
        ] {
            assert_fault(&[("Content-Length", length)], Some("not a number"));
        }
        assert_fault(&[("Content-Length", b"9223372036854775807")], None);
        assert_fault(&[("Content-Length", b"007")], None);
    }
}
