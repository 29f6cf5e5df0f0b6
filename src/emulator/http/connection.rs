//! One HTTP/1.1 connection: requests in, responses out, until one side closes it.

use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use super::admin;
use super::head::{Head, Malformed};
use crate::emulator::error_response::ErrorResponse;
use crate::emulator::faults::{Delivery, Ending};
use crate::emulator::handle::Emulator;
use crate::emulator::message::{Request, Response, reason_phrase};
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
