//! One HTTP/1.1 connection: requests in, responses out, until one side closes it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use super::admin;
use crate::emulator::faults::{Delivery, Ending};
use crate::emulator::handle::Emulator;
use crate::emulator::message::{ErrorResponse, Request, Response, reason_phrase};
use crate::header;

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
    loop {
        let goes_on = match connection.read_request() {
            Ok(Ok((head, body))) => connection.respond(&head, &body, emulator, is_stopping),
            Ok(Err(Malformed(status, why))) => {
                let error = ErrorResponse::bad_request(status, why);
                let response = emulator.reject(&error).response;
                let written = connection.write(&response, response.body.len(), false, true);
                written.map(|()| false)
            }
            Err(_) => return,
        };
        if !matches!(goes_on, Ok(true)) || is_stopping() {
            break;
        }
    }
    connection.close();
}

struct Connection {
    stream: TcpStream,
    /// Received after the last request: the next one may be in it.
    unread: Vec<u8>,
}

impl Connection {
    /// The next request and its body; an error if the client sends no more.
    fn read_request(&mut self) -> io::Result<Result<(Head, Vec<u8>), Malformed>> {
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
        let rest = self.unread.split_off(head.len + head.body_len);
        let mut body = core::mem::replace(&mut self.unread, rest);
        body.drain(..head.len);
        Ok(Ok((head, body)))
    }

    fn read_more(&mut self) -> io::Result<()> {
        let mut chunk = [0; 8192];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    let received = chunk.get(..read).unwrap_or_default();
                    self.unread.extend_from_slice(received);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Responds to a request; returns whether the connection stays open.
    fn respond(
        &mut self,
        head: &Head,
        body: &[u8],
        emulator: &Emulator,
        is_stopping: &dyn Fn() -> bool,
    ) -> io::Result<bool> {
        let headers = head.headers.iter();
        let headers = headers.map(|(name, value)| (&**name, &**value)).collect();
        let mut request = Request::new(&head.method, &head.target, headers, body);
        request.peer = Some(self.stream.peer_addr()?.ip());
        let delivery = match admin::respond(emulator, &request) {
            Some(response) => Delivery::whole(response, Duration::ZERO),
            None => emulator.respond(&request),
        };
        log_request(head, &delivery);

        emulator.sleep(delivery.delay, is_stopping);
        if is_stopping() {
            return Ok(false);
        }
        let stays_open = head.keep_alive && delivery.ending == Ending::Whole;
        let mut response = delivery.response;
        let mut announced = response.body.len();
        match delivery.ending {
            Ending::Whole => {}
            Ending::Reset => return Ok(false),
            Ending::AbortBody(length) => response.body.truncate(length),
            Ending::WrongLength(length) => announced = length,
            Ending::Garbage => {
                self.stream.write_all(b"SSH-2.0-emulator\r\n")?;
                return Ok(false);
            }
        }
        let is_head = head.method == "HEAD";
        if is_head || delivery.body_duration.is_zero() {
            self.write(&response, announced, stays_open, !is_head)?;
        } else {
            self.write(&response, announced, stays_open, false)?;
            let sleep = |duration| emulator.sleep(duration, is_stopping);
            self.write_slowly(&response.body, delivery.body_duration, sleep)?;
        }
        Ok(stays_open && !is_stopping())
    }

    /// Writes a response that announces a body of this length, and the body if wanted.
    fn write(
        &mut self,
        response: &Response,
        announced: usize,
        stays_open: bool,
        with_body: bool,
    ) -> io::Result<()> {
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
        let mut bytes = (head + "\r\n").into_bytes();
        if with_body {
            bytes.extend_from_slice(&response.body);
        }
        self.stream.write_all(&bytes)
    }

    /// Writes a body in pieces, over this long.
    fn write_slowly(
        &mut self,
        body: &[u8],
        duration: Duration,
        sleep: impl Fn(Duration),
    ) -> io::Result<()> {
        const MOST_PIECES: usize = 20;
        let mut remaining = duration;
        let pieces = body.chunks(body.len().div_ceil(MOST_PIECES).max(1));
        for (piece, after) in pieces.clone().zip((1..=pieces.len()).rev()) {
            let step = remaining / u32::try_from(after).unwrap_or(1);
            sleep(step);
            self.stream.write_all(piece)?;
            remaining = remaining.saturating_sub(step);
        }
        // An empty body takes its time too.
        sleep(remaining);
        Ok(())
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

/// Logs one line: method, target and status. Headers and bodies, which hold secrets, are left out.
#[cfg(feature = "log")]
fn log_request(head: &Head, delivery: &Delivery) {
    let Head { method, target, .. } = head;
    match delivery.status() {
        Some(status) => log::debug!("{method} {target} {status}"),
        None => log::debug!("{method} {target} no response"),
    }
}

#[cfg(not(feature = "log"))]
fn log_request(_: &Head, _: &Delivery) {}

/// The longest head: a token of 50 000 characters fits.
const LONGEST_HEAD: usize = 128 << 10;
/// The longest path and query.
const LONGEST_TARGET: usize = 32 << 10;
/// The longest body: an array of jobs for the admin interface can be long.
const LONGEST_BODY: usize = 16 << 20;
/// The most headers in a request.
const MOST_HEADERS: usize = 100;

/// Why a request is rejected before it is read whole: a status and a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Malformed(u16, &'static str);

/// A parsed head.
#[derive(Clone, Debug)]
struct Head {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    /// The length of the head itself.
    len: usize,
    body_len: usize,
    keep_alive: bool,
    expects_continue: bool,
}

impl Head {
    /// Parses the head that the bytes begin with; `None` if it is not complete.
    fn parse(bytes: &[u8]) -> Result<Option<Self>, Malformed> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let len = match parsed.parse(bytes) {
            Ok(httparse::Status::Complete(len)) => len,
            Ok(httparse::Status::Partial) if bytes.len() > LONGEST_HEAD => {
                return Err(Malformed(494, "the headers are too long"));
            }
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => {
                return Err(Malformed(494, "too many headers"));
            }
            Err(httparse::Error::Version) => {
                return Err(Malformed(505, "the version must be HTTP/1.1 or HTTP/1.0"));
            }
            Err(_) => return Err(Malformed(400, "not an HTTP request")),
        };
        let target = parsed.path.unwrap_or_default();
        if target.len() > LONGEST_TARGET {
            return Err(Malformed(414, "path and query are too long"));
        }
        let values = |name: &'static str| {
            parsed
                .headers
                .iter()
                .filter(move |header| header.name.eq_ignore_ascii_case(name))
                .map(|header| header.value.trim_ascii())
        };
        let is_1_1 = parsed.version == Some(1);
        if is_1_1 && values(header::HOST).count() != 1 {
            return Err(Malformed(400, "exactly one Host header is required"));
        }
        if values(header::TRANSFER_ENCODING).next().is_some() {
            return Err(Malformed(411, "a body requires Content-Length"));
        }
        let mut lengths = values(header::CONTENT_LENGTH);
        let length = lengths.next().unwrap_or(b"0");
        let is_number = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
        if !is_number || lengths.any(|other| other != length) {
            return Err(Malformed(400, "Content-Length must be one number"));
        }
        // Digits that do not fit are too many.
        let body_len = core::str::from_utf8(length).map(str::parse);
        let body_len = body_len.ok().and_then(Result::ok).unwrap_or(usize::MAX);
        if body_len > LONGEST_BODY {
            return Err(Malformed(413, "the body is too long"));
        }
        let closes = values(header::CONNECTION).any(|value| {
            let mut tokens = value.split(|byte| *byte == b',');
            tokens.any(|token| token.trim_ascii().eq_ignore_ascii_case(b"close"))
        });
        let expects_continue =
            values(header::EXPECT).any(|value| value.eq_ignore_ascii_case(b"100-continue"));
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        Ok(Some(Self {
            method: parsed.method.unwrap_or_default().into(),
            target: target.into(),
            len,
            body_len,
            // HTTP/1.0 keeps a connection only if both sides say so; reconnecting is simpler.
            keep_alive: is_1_1 && !closes,
            expects_continue,
            headers: parsed
                .headers
                .iter()
                .map(|header| (header.name.into(), text(header.value)))
                .collect(),
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
        assert_eq!((&*head.method, &*head.target), ("POST", "/v5?a=b"));
        assert!(head.expects_continue);
        let mut random = Random::new(2);
        for _ in 0..20_000 {
            let mut bytes = HEAD.to_vec();
            for _ in 0..=random.below(4) {
                let at = usize::try_from(random.below(bytes.len() as u64)).unwrap();
                bytes[at] = random.next().to_be_bytes()[0];
            }
            if let Ok(Some(head)) = Head::parse(&bytes) {
                assert!(head.body_len <= LONGEST_BODY);
            }
        }
    }
}
