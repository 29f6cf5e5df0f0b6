//! The answer as libcurl hands it over: header lines, then pieces of the body.

use crate::transport::answer::AnswerHeaders;
use crate::transport::{ResponseBody, ResponseHead, TransportError, TransportErrorKind};

/// Takes what comes; the first fault ends the transfer.
pub(super) struct Incoming<'a> {
    headers: Option<AnswerHeaders>,
    /// How long the headers of this answer are so far.
    header_bytes: usize,
    has_all_headers: bool,
    body: &'a mut ResponseBody,
    fault: Option<TransportError>,
}

/// What ureq allows, too.
const MAX_HEADER_BYTES: usize = 64 << 10;

impl<'a> Incoming<'a> {
    pub(super) fn new(body: &'a mut ResponseBody) -> Self {
        Self {
            headers: None,
            header_bytes: 0,
            has_all_headers: false,
            body,
            fault: None,
        }
    }

    /// Takes one line; whether to go on. There may be several answers: a proxy's to the request
    /// for a tunnel, interim ones. The last counts.
    pub(super) fn header(&mut self, line: &[u8]) -> bool {
        if line.starts_with(b"HTTP/") {
            self.header_bytes = 0;
            self.has_all_headers = false;
            self.headers = status_of(line).map(AnswerHeaders::new);
        }
        self.header_bytes = self.header_bytes.saturating_add(line.len());
        if self.header_bytes > MAX_HEADER_BYTES {
            return self.fails("the answer's headers are too large");
        }
        let Some(headers) = &mut self.headers else {
            return self.fails("what came back is no HTTP that can be used");
        };
        let line = line.trim_ascii_end();
        if line.is_empty() {
            self.has_all_headers = true;
        } else if !self.has_all_headers {
            // After the body come trailers, which say nothing that is needed.
            let mut parts = line.splitn(2, |byte| *byte == b':');
            if let (Some(name), Some(value)) = (parts.next(), parts.next())
                && let Ok(name) = core::str::from_utf8(name)
            {
                headers.take(name, value);
            }
        }
        true
    }

    /// Takes a piece of the body; whether to go on.
    pub(super) fn data(&mut self, mut data: &[u8]) -> bool {
        let checked = self.headers.as_ref().map_or(Ok(()), AnswerHeaders::check);
        let taken = checked.and_then(|()| {
            self.body.read_from(&mut data, |error| {
                TransportError::new(TransportErrorKind::ConnectionLost, "the body was not taken")
                    .with_source(error)
            })
        });
        match taken {
            Ok(()) => true,
            Err(fault) => {
                self.fault = Some(fault);
                false
            }
        }
    }

    fn fails(&mut self, text: &str) -> bool {
        self.fault = Some(TransportError::new(TransportErrorKind::Protocol, text));
        false
    }

    /// What ended the transfer, if it was a fault seen here.
    pub(super) fn into_fault(self) -> Option<TransportError> {
        self.fault
    }

    /// The head, once libcurl has the whole answer.
    pub(super) fn finish(self) -> Result<ResponseHead, TransportError> {
        let Some(headers) = self.headers else {
            let text = "what came back is no HTTP that can be used";
            return Err(TransportError::new(TransportErrorKind::Protocol, text));
        };
        if !self.has_all_headers {
            // To libcurl an answer that ends inside a header line is a whole one.
            let text = "the connection was closed before the whole answer was there";
            return Err(TransportError::new(
                TransportErrorKind::ConnectionLost,
                text,
            ));
        }
        headers.check()?;
        Ok(headers.into_head())
    }
}

fn status_of(line: &[u8]) -> Option<u16> {
    let line = core::str::from_utf8(line).ok()?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}
