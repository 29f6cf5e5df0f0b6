//! One HTTP/1.1 connection: requests in, responses out, until one side closes it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use super::admin;
use crate::emulator::faults::Delivery;
use crate::emulator::handle::Emulator;
use crate::emulator::request::RecordedRequest;
use crate::emulator::response::{ErrorResponse, Response, reason_phrase};
use crate::header;
use crate::job::Language;

/// How long the server waits for the client to send or to receive.
pub(super) const TIMEOUT: Duration = Duration::from_secs(60);

/// Serves a connection until it is closed or the server stops.
pub(super) fn serve(
    stream: TcpStream,
    emulator: &Emulator,
    timeout: Duration,
    is_stopping: &dyn Fn() -> bool,
) {
    // Responses are written whole: waiting to fill a packet would only delay them.
    let is_ready = stream
        .set_nodelay(true)
        .and_then(|()| stream.set_write_timeout(Some(timeout)))
        .and_then(|()| stream.set_read_timeout(Some(timeout)));
    if is_ready.is_err() {
        return;
    }
    let mut connection = Connection {
        stream,
        unread: Vec::new(),
    };
    while !is_stopping() && matches!(connection.exchange(emulator, is_stopping), Ok(true)) {}
    connection.close();
}

struct Connection {
    stream: TcpStream,
    /// Received after the last request: the next one may be in it.
    unread: Vec<u8>,
}

impl Connection {
    /// Reads a request and sends its response; returns whether the connection stays open.
    fn exchange(
        &mut self,
        emulator: &Emulator,
        is_stopping: &dyn Fn() -> bool,
    ) -> io::Result<bool> {
        let (delivery, is_head, keep_alive) = match self.read_request()? {
            Ok((head, body)) => {
                let request = &head.request;
                let peer = self.stream.peer_addr()?.ip();
                let delivery = match admin::respond(emulator, request, &body, peer) {
                    Some(response) => Delivery::whole(response, Duration::ZERO),
                    None => emulator.respond(request, &body),
                };
                // Without headers and bodies, which hold secrets.
                #[cfg(feature = "log")]
                {
                    let status = delivery.status().map(|status| format!("{status}"));
                    let status = status.as_deref().unwrap_or("no response");
                    log::debug!("{} {} {status}", request.method(), request.target());
                }
                (delivery, request.method() == "HEAD", head.keep_alive)
            }
            Err(malformed) => {
                let response = malformed.to_response(&Language::EnUs, &emulator.new_id());
                (Delivery::whole(response, Duration::ZERO), false, false)
            }
        };

        let sleep = |duration| emulator.sleep(duration, is_stopping);
        sleep(delivery.delay);
        if is_stopping() {
            return Ok(false);
        }
        if let Some(instead) = delivery.instead {
            self.stream.write_all(instead)?;
            return Ok(false);
        }
        let stays_open = keep_alive && delivery.announced.is_none();
        let mut response = delivery.response;
        let announced = delivery.announced.unwrap_or(response.body.len());
        if is_head {
            response.body.clear();
        }
        let mut bytes = head_of(&response, announced, stays_open).into_bytes();
        if delivery.body_duration.is_zero() {
            bytes.append(&mut response.body);
            self.stream.write_all(&bytes)?;
        } else {
            self.stream.write_all(&bytes)?;
            self.write_slowly(&response.body, delivery.body_duration, sleep)?;
        }
        Ok(stays_open)
    }

    /// The next request and its body; an error if the client sends no more.
    fn read_request(&mut self) -> io::Result<Result<(Head, Vec<u8>), ErrorResponse>> {
        let head = loop {
            match Head::parse(&self.unread) {
                Ok(Some(head)) => break head,
                Ok(None) => self.read_more()?,
                Err(malformed) => return Ok(Err(malformed)),
            }
        };
        if head.expects_continue && self.unread.len() == head.len {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        while self.unread.len() < head.len + head.body_len {
            self.read_more()?;
        }
        let body = self.unread.drain(..head.len + head.body_len);
        let body = body.skip(head.len).collect();
        Ok(Ok((head, body)))
    }

    fn read_more(&mut self) -> io::Result<()> {
        let mut chunk = [0; 8192];
        let read = loop {
            match self.stream.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let received = chunk.get(..read).unwrap_or_default();
        self.unread.extend_from_slice(received);
        Ok(())
    }

    /// Writes a body in pieces, over this long, also if it is empty.
    fn write_slowly(
        &mut self,
        body: &[u8],
        duration: Duration,
        sleep: impl Fn(Duration),
    ) -> io::Result<()> {
        const PIECES: u32 = 20;
        let (mut rest, piece) = (body, body.len() / 20);
        for _ in 1..PIECES {
            sleep(duration / PIECES);
            let (sent, after) = rest.split_at_checked(piece).unwrap_or_default();
            self.stream.write_all(sent)?;
            rest = after;
        }
        sleep(duration.saturating_sub(duration / PIECES * (PIECES - 1)));
        self.stream.write_all(rest)
    }

    /// Closes the connection so that the last response is not lost: unread bytes would make the
    /// system drop it, so they are read, within bounds.
    fn close(mut self) {
        let is_ready = self.stream.shutdown(Shutdown::Write).and_then(|()| {
            let timeout = Duration::from_millis(100);
            self.stream.set_read_timeout(Some(timeout))
        });
        if is_ready.is_err() {
            return;
        }
        let mut chunk = [0; 8192];
        for _ in 0..64 {
            if !matches!(self.stream.read(&mut chunk), Ok(1..)) {
                return;
            }
        }
    }
}

/// The head of a response that announces a body of this length.
fn head_of(response: &Response, announced: usize, stays_open: bool) -> String {
    let status = response.status;
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason_phrase(status));
    let mut push = |name: &str, value: &str| {
        for part in [name, ": ", value, "\r\n"] {
            head.push_str(part);
        }
    };
    for (name, value) in &response.headers {
        push(name, value);
    }
    push(header::CONTENT_LENGTH, &format!("{announced}"));
    if !stays_open {
        push(header::CONNECTION, "close");
    }
    head + "\r\n"
}

/// The maximum length of a head: a token of 50 000 characters fits.
const MAX_HEAD_LENGTH: usize = 128 << 10;
/// The maximum length of path and query.
const MAX_TARGET_LENGTH: usize = 32 << 10;
/// The maximum length of a body: an array of jobs for the admin interface can be long.
const MAX_BODY_LENGTH: usize = 16 << 20;
/// The maximum number of headers in a request.
const MAX_HEADERS: usize = 100;

/// A parsed head.
#[derive(Debug)]
struct Head {
    request: RecordedRequest,
    /// The length of the head itself.
    len: usize,
    body_len: usize,
    keep_alive: bool,
    expects_continue: bool,
}

impl Head {
    /// Parses the head that the bytes begin with; `None` if it is not complete.
    fn parse(bytes: &[u8]) -> Result<Option<Self>, ErrorResponse> {
        let malformed = |status, why| Err(ErrorResponse::bad_request(status, why));
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let len = match parsed.parse(bytes) {
            Ok(httparse::Status::Complete(len)) => len,
            Ok(httparse::Status::Partial) if bytes.len() <= MAX_HEAD_LENGTH => return Ok(None),
            Ok(httparse::Status::Partial) => return malformed(494, "the headers are too long"),
            Err(httparse::Error::TooManyHeaders) => return malformed(494, "too many headers"),
            Err(httparse::Error::Version) => {
                return malformed(505, "the version must be HTTP/1.1 or HTTP/1.0");
            }
            Err(_) => return malformed(400, "not an HTTP request"),
        };
        let target = parsed.path.unwrap_or_default();
        if target.len() > MAX_TARGET_LENGTH {
            return malformed(414, "path and query are too long");
        }
        let headers: Vec<(String, String)> = parsed
            .headers
            .iter()
            .map(|header| (header.name, String::from_utf8_lossy(header.value)))
            .map(|(name, value)| (name.into(), value.into_owned()))
            .collect();
        let values = |name: &'static str| {
            let named = headers
                .iter()
                .filter(move |(known, _)| known.eq_ignore_ascii_case(name));
            named.map(|(_, value)| value.trim())
        };
        let is_1_1 = parsed.version == Some(1);
        if is_1_1 && values(header::HOST).count() != 1 {
            return malformed(400, "exactly one Host header is required");
        }
        if values(header::TRANSFER_ENCODING).next().is_some() {
            return malformed(411, "a body requires Content-Length");
        }
        let mut lengths = values(header::CONTENT_LENGTH);
        let length = lengths.next().unwrap_or("0");
        let is_number = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || lengths.any(|other| other != length) {
            return malformed(400, "Content-Length must be one number");
        }
        // Digits that do not fit are too many.
        let body_len = length.parse().unwrap_or(usize::MAX);
        if body_len > MAX_BODY_LENGTH {
            return malformed(413, "the body is too long");
        }
        let mut options = values(header::CONNECTION).flat_map(|value| value.split(','));
        let closes = options.any(|option| option.trim().eq_ignore_ascii_case("close"));
        let mut expected = values(header::EXPECT);
        let expects_continue = expected.any(|value| value.eq_ignore_ascii_case("100-continue"));
        let method = parsed.method.unwrap_or_default();
        Ok(Some(Self {
            len,
            body_len,
            // HTTP/1.0 keeps a connection only if both sides say so; reconnecting is simpler.
            keep_alive: is_1_1 && !closes,
            expects_continue,
            request: RecordedRequest::new(method, target, headers),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::random::Random;

    #[test]
    fn parses_or_rejects_any_bytes() {
        const HEAD: &[u8] = b"POST /v5?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\
            Connection: keep-alive, close\r\nExpect: 100-continue\r\n\r\n";
        let head = Head::parse(HEAD).unwrap().unwrap();
        assert_eq!(head.len, HEAD.len());
        assert!((0..HEAD.len()).all(|end| matches!(Head::parse(&HEAD[..end]), Ok(None))));
        assert_eq!((head.body_len, head.keep_alive), (12, false));
        let request = &head.request;
        assert_eq!((request.method(), request.target()), ("POST", "/v5?a=b"));
        assert!(head.expects_continue);
        let mut random = Random::new(2);
        for _ in 0..20_000 {
            let mut bytes = HEAD.to_vec();
            for _ in 0..=random.below(4) {
                let at = usize::try_from(random.below(bytes.len() as u64)).unwrap();
                bytes[at] = random.next().to_be_bytes()[0];
            }
            if let Ok(Some(head)) = Head::parse(&bytes) {
                assert!(head.body_len <= MAX_BODY_LENGTH);
            }
        }
    }
}
