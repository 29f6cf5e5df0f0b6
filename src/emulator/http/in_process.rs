//! The emulator as the transport of clients in the same process.

use crate::emulator::handle::Emulator;
use crate::emulator::request::RecordedRequest;
use crate::transport::{
    Request, ResponseBody, ResponseHead, Transport, TransportError, TransportErrorKind,
};

impl Transport for Emulator {
    fn send(
        &self,
        request: &Request<'_>,
        body: &mut ResponseBody,
    ) -> Result<ResponseHead, TransportError> {
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.into(), value.as_str().into()));
        let (method, url) = (request.method().as_str(), request.url());
        let received = RecordedRequest::new(method, url, headers.collect());
        let delivery = self.respond(&received, request.body());
        let takes = delivery.delay.saturating_add(delivery.body_duration);
        if takes > request.timeout() {
            self.sleep(request.timeout(), || false);
            let why = "cannot receive the response: timed out";
            return Err(TransportError::new(TransportErrorKind::Timeout, why));
        }
        self.sleep(takes, || false);
        let response = delivery.response;
        let lost = |why| TransportError::new(TransportErrorKind::ConnectionLost, why);
        match delivery.instead {
            None => {}
            Some([]) => return Err(lost("cannot receive the response: connection closed")),
            Some(_) => {
                let why = "cannot receive the response: not HTTP";
                return Err(TransportError::new(TransportErrorKind::Protocol, why));
            }
        }
        let announced = delivery.announced.unwrap_or(response.body.len());
        body.write(response.body.get(..announced).unwrap_or(&response.body))?;
        if announced > response.body.len() {
            return Err(lost(
                "cannot receive the response: connection closed before it was complete",
            ));
        }
        let mut head = ResponseHead::new(response.status);
        for (name, value) in &response.headers {
            head.push_header(name, value);
        }
        Ok(head)
    }
}
