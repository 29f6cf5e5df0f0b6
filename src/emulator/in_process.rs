//! The emulator as a transport: requests of the same process, without a connection.

use super::Emulator;
use super::delivery::End;
use super::incoming::Incoming;
use super::reply::Reply;
use crate::transport::{
    Head, Request, ResponseBody, Transport, TransportError, TransportErrorKind,
};

impl Transport for Emulator {
    fn send(&self, request: &Request<'_>, body: &mut ResponseBody) -> Result<Head, TransportError> {
        let headers = request.headers().iter().collect();
        let incoming = Incoming::new(
            request.method().as_str(),
            request.url(),
            headers,
            request.body(),
        );
        let delivery = self.answer(&incoming);
        let takes = delivery.late.saturating_add(delivery.over);
        if takes > request.time_left() {
            self.pause(request.time_left(), || false);
            return fail(TransportErrorKind::Timeout, "the answer took too long");
        }
        self.pause(takes, || false);
        let Reply {
            status,
            headers,
            body: reply,
        } = delivery.reply;
        let mut head = Head::new(status);
        for (name, value) in &headers {
            head.header(name, value);
        }
        let cut_to = |length: usize| reply.get(..length).unwrap_or(&reply);
        match delivery.end {
            End::Whole => body.write(&reply)?,
            End::Reset => {
                return fail(
                    TransportErrorKind::Broken,
                    "the connection ended before an answer",
                );
            }
            End::Cut(length) => {
                body.write(cut_to(length))?;
                return fail(
                    TransportErrorKind::Broken,
                    "the connection ended in the body",
                );
            }
            End::Announced(length) => {
                body.write(cut_to(length))?;
                if length > reply.len() {
                    return fail(TransportErrorKind::Broken, "the body ended too early");
                }
            }
            End::Garbage => {
                return fail(TransportErrorKind::Protocol, "what came back is no HTTP");
            }
        }
        Ok(head)
    }
}

fn fail<T>(kind: TransportErrorKind, why: &'static str) -> Result<T, TransportError> {
    Err(TransportError::new(kind, why))
}
