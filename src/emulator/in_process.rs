//! The emulator as a transport: requests of the same process, without a connection.

use super::Emulator;
use super::delivery::End;
use super::incoming::Incoming;
use super::reply::Reply;
use crate::transport::{
    Request, ResponseBody, ResponseHead, Transport, TransportError, TransportErrorKind,
};

impl Transport for Emulator {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let headers = request.headers().iter().collect();
        let incoming = Incoming::new(
            request.method().as_str(),
            request.url(),
            headers,
            request.body(),
        );
        let delivery = self.answer(&incoming);
        let takes = delivery.late.saturating_add(delivery.over);
        if takes > request.timeout() {
            self.pause(request.timeout(), || false);
            return fail(TransportErrorKind::Timeout, "the answer took too long");
        }
        self.pause(takes, || false);
        let Reply {
            status,
            headers,
            body: reply,
        } = delivery.reply;
        let mut head = ResponseHead::new(status);
        for (name, value) in &headers {
            head.push_header(name, value);
        }
        let cut_to = |length: usize| reply.get(..length).unwrap_or(&reply);
        match delivery.end {
            End::Whole => body.write(&reply)?,
            End::Reset => {
                return fail(
                    TransportErrorKind::ConnectionLost,
                    "the connection ended before an answer",
                );
            }
            End::Cut(length) => {
                body.write(cut_to(length))?;
                return fail(
                    TransportErrorKind::ConnectionLost,
                    "the connection ended in the body",
                );
            }
            End::Announced(length) => {
                body.write(cut_to(length))?;
                if length > reply.len() {
                    return fail(
                        TransportErrorKind::ConnectionLost,
                        "the body ended too early",
                    );
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
