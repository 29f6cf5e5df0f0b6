//! One HTTP/1.1 connection: requests in, responses out, until one side closes it.

use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use super::admin;
use super::head::{Head, Malformed, head_end};
use super::message::{Request, Response, reason_phrase};
use crate::emulator::faults::{Delivery, Ending};
use crate::emulator::handle::Emulator;
use crate::emulator::service::ErrorResponse;
use crate::header;

/// The longest head: a token of 50 000 characters fits.
const LONGEST_HEAD: usize = 128 << 10;

/// How long the server waits for the client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeouts {
    /// For the next request.
    pub(super) idle: Duration,
    /// For a request from its first byte to its last, and for a write.
    pub(super) exchange: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(60),
            exchange: Duration::from_secs(30),
        }
    }
}

/// Serves a connection until it is closed or the server stops.
pub(super) fn serve(
    stream: TcpStream,
    emulator: &Emulator,
    timeouts: Timeouts,
    is_stopping: &dyn Fn() -> bool,
) {
    // Responses are written whole: waiting to fill a packet would only delay them.
    let is_ready = stream
        .set_nodelay(true)
        .and_then(|()| stream.set_write_timeout(Some(timeouts.exchange)));
    if is_ready.is_err() {
        return;
    }
    let mut connection = Connection {
        stream,
        unread: Vec::new(),
        timeouts,
    };
    loop {
        let goes_on = match connection.read_request() {
            Ok(Some((head, body))) => connection.respond(&head, &body, emulator, is_stopping),
            Ok(None) => Ok(false),
            Err(Unread::Malformed(Malformed(status, why))) => {
                let error = ErrorResponse::bad_request(status, why);
                let response = emulator.reject(&error).response;
                let written = connection.write(&response, response.body.len(), false, true);
                written.map(|()| false)
            }
            Err(Unread::Closed) => return,
        };
        if !matches!(goes_on, Ok(true)) || is_stopping() {
            break;
        }
    }
    connection.close();
}

/// Responds 503 on a connection above the limit and closes it.
pub(super) fn turn_away(stream: TcpStream, emulator: &Emulator) {
    let error = ErrorResponse::new(503, "APIGW.0201", "Too many connections", "连接数过多");
    // The acceptor must not wait long, and the client may be gone.
    let timeout = Some(Duration::from_millis(50));
    let is_ready = stream
        .set_write_timeout(timeout)
        .and_then(|()| stream.set_read_timeout(timeout));
    let mut connection = Connection {
        stream,
        unread: Vec::new(),
        timeouts: Timeouts::default(),
    };
    if is_ready.is_ok() {
        let response = emulator.reject(&error).response;
        let _ = connection.write(&response, response.body.len(), false, true);
        // A request that is not read would make the system drop the response.
        let _ = connection.stream.shutdown(Shutdown::Write);
        let _ = connection.stream.read(&mut [0; 8192]);
    }
}

struct Connection {
    stream: TcpStream,
    /// Received after the last request: the next one may be in it.
    unread: Vec<u8>,
    timeouts: Timeouts,
}

/// Why there is no request.
enum Unread {
    /// The client gets an error response.
    Malformed(Malformed),
    /// The client is gone.
    Closed,
}

impl From<Malformed> for Unread {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                Self::Malformed(Malformed(408, "the request took too long"))
            }
            _ => Self::Closed,
        }
    }
}

impl Connection {
    /// The next request; `None` if the client has closed its side or is silent.
    fn read_request(&mut self) -> Result<Option<(Head, Vec<u8>)>, Unread> {
        let mut searched = 0;
        let mut deadline = None;
        let head_len = loop {
            if let Some(end) = head_end(&self.unread, searched) {
                break end;
            }
            if self.unread.len() > LONGEST_HEAD {
                return Err(Malformed(494, "the headers are too long").into());
            }
            searched = self.unread.len();
            if searched > 0 && deadline.is_none() {
                deadline = Some(Instant::now() + self.timeouts.exchange);
            }
            if !self.read_more(deadline)? {
                let is_between = self.unread.is_empty();
                return is_between.then_some(None).ok_or(Unread::Closed);
            }
        };
        let deadline = deadline.unwrap_or_else(|| Instant::now() + self.timeouts.exchange);

        let head = Head::parse(self.unread.get(..head_len).unwrap_or_default())?;
        if head.expects_continue && self.unread.len() == head_len {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        while self.unread.len() < head_len + head.body_len {
            if !self.read_more(Some(deadline))? {
                return Err(Unread::Closed);
            }
        }
        let rest = self.unread.split_off(head_len + head.body_len);
        let mut body = core::mem::replace(&mut self.unread, rest);
        body.drain(..head_len);
        Ok(Some((head, body)))
    }

    /// Waits for bytes until the deadline, without one for the idle time; `false` at the end of what
    /// the client sends.
    fn read_more(&mut self, deadline: Option<Instant>) -> Result<bool, Unread> {
        let timeout = deadline.map_or(self.timeouts.idle, |deadline| {
            deadline.saturating_duration_since(Instant::now())
        });
        // A timeout of zero would be none.
        let timeout = timeout.max(Duration::from_millis(1));
        self.stream.set_read_timeout(Some(timeout))?;
        let mut chunk = [0; 8192];
        loop {
            return match self.stream.read(&mut chunk) {
                Ok(read) => {
                    let received = chunk.get(..read).unwrap_or_default();
                    self.unread.extend_from_slice(received);
                    Ok(read > 0)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // Silence between requests is not an error.
                Err(_) if deadline.is_none() => Ok(false),
                Err(error) => Err(error.into()),
            };
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
