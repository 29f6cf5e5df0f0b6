//! Receives a response from libcurl's callbacks: header lines, then pieces of the body.

use alloc::string::String;
use alloc::vec::Vec;

use crate::transport::head_builder::HeadBuilder;
use crate::transport::route::{self, HEADERS_TOO_LARGE, NOT_HTTP, Route, invalid_response};
use crate::transport::{ResponseBody, ResponseHead, TransportError};

/// Collects one response; the first fault ends the transfer.
pub(super) struct Receiver<'a> {
    route: &'a Route<'a>,
    /// Whether the head now received is the proxy's response to `CONNECT`.
    is_tunnel: bool,
    status: u16,
    head: Option<HeadBuilder>,
    header_bytes: usize,
    has_whole_head: bool,
    /// The proxy's `Proxy-Authenticate` headers.
    schemes: Vec<String>,
    body: &'a mut ResponseBody,
    fault: Option<TransportError>,
}

/// The same limit as ureq's.
const MAX_HEADER_BYTES: usize = 64 << 10;

impl<'a> Receiver<'a> {
    pub(super) fn new(route: &'a Route<'a>, body: &'a mut ResponseBody) -> Self {
        Self {
            route,
            is_tunnel: route.has_proxy(),
            status: 0,
            head: None,
            header_bytes: 0,
            has_whole_head: false,
            schemes: Vec::new(),
            body,
            fault: None,
        }
    }

    /// Processes one line; returns whether to continue. A proxy's response to `CONNECT` and interim
    /// responses come first; the last response is used.
    pub(super) fn header(&mut self, line: &[u8]) -> bool {
        let result = self.try_header(line);
        self.keep_fault(result)
    }

    fn try_header(&mut self, line: &[u8]) -> Result<(), TransportError> {
        if line.starts_with(b"HTTP/") {
            self.header_bytes = 0;
            self.has_whole_head = false;
            self.status = parse_status(line).ok_or_else(|| invalid_response(NOT_HTTP))?;
            self.head = Some(HeadBuilder::new(self.status));
        }
        self.header_bytes = self.header_bytes.saturating_add(line.len());
        if self.header_bytes > MAX_HEADER_BYTES {
            return Err(invalid_response(HEADERS_TOO_LARGE));
        }
        let Some(head) = &mut self.head else {
            return Err(invalid_response(NOT_HTTP));
        };
        let line = line.trim_ascii_end();
        if line.is_empty() {
            return self.end_head();
        }
        // Trailers follow the body and hold nothing that is needed.
        if !self.has_whole_head {
            let mut parts = line.splitn(2, |byte| *byte == b':');
            if let (Some(name), Some(value)) = (parts.next(), parts.next())
                && let Ok(name) = core::str::from_utf8(name)
            {
                if self.is_tunnel && name.eq_ignore_ascii_case("Proxy-Authenticate") {
                    self.schemes.push(String::from_utf8_lossy(value).into());
                }
                head.push(name, value);
            }
        }
        Ok(())
    }

    fn end_head(&mut self) -> Result<(), TransportError> {
        self.has_whole_head = true;
        match self.status {
            100..=199 => Ok(()),
            // The body of this head is the tunnel.
            200..=299 if self.is_tunnel => {
                self.is_tunnel = false;
                Ok(())
            }
            status if self.is_tunnel => Err(self.route.tunnel_refused(status, &self.schemes)),
            _ => self.head.as_ref().map_or(Ok(()), HeadBuilder::check),
        }
    }

    /// Processes a piece of the body; returns whether to continue.
    pub(super) fn data(&mut self, data: &[u8]) -> bool {
        let result = self.body.write_up_to_limit(data);
        self.keep_fault(result)
    }

    fn keep_fault(&mut self, result: Result<(), TransportError>) -> bool {
        match result {
            Ok(()) => true,
            Err(fault) => {
                self.fault = Some(fault);
                false
            }
        }
    }

    /// The fault that ended the transfer, if it was found here.
    pub(super) fn into_fault(self) -> Option<TransportError> {
        self.fault
    }

    /// The head, once libcurl has received the whole response.
    pub(super) fn finish(self) -> Result<ResponseHead, TransportError> {
        match self.head {
            // libcurl takes a response that ends inside its headers for a whole one.
            Some(_) if !self.has_whole_head => Err(route::connection_closed()),
            Some(head) => Ok(head.finish()),
            None => Err(invalid_response(NOT_HTTP)),
        }
    }
}

fn parse_status(line: &[u8]) -> Option<u16> {
    let line = core::str::from_utf8(line).ok()?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}
