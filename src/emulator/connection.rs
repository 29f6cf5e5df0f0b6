//! One HTTP/1.1 connection: requests read, answers written, until one side ends it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use super::Emulator;
use super::delivery::{Delivery, End};
use super::framing::{Framing, MOST_HEADERS, head_end, texts};
use super::incoming::Incoming;
use super::refusal::Refusal;
use super::reply::{Reply, reason_phrase};
use super::server::Running;
use crate::header;

/// The longest head of a request: a token of 50 000 characters fits with room to spare.
const LONGEST_HEAD: usize = 128 << 10;

/// How long the server waits for the other side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// How long a connection may be silent between requests.
    pub(super) idle: Duration,
    /// How long a request may take from its first byte to its last, and an answer to be taken.
    pub(super) exchange: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(60),
            exchange: Duration::from_secs(30),
        }
    }
}

/// Answers the requests of a connection until it ends.
pub(super) fn serve(stream: TcpStream, emulator: &Emulator, running: &Running) {
    // Answers are written whole: waiting to fill a packet would only delay them.
    let patience = running.patience();
    let is_ready = stream
        .set_nodelay(true)
        .and_then(|()| stream.set_write_timeout(Some(patience.exchange)));
    if is_ready.is_err() {
        return;
    }
    let mut connection = Connection {
        stream,
        unread: Vec::new(),
        patience,
    };
    loop {
        let goes_on = match connection.read_request() {
            Ok(Some(read)) => connection.answer(&read, emulator, running),
            Ok(None) => Ok(false),
            Err(Unreadable::Refused(refusal)) => {
                let refused = emulator.refuse(&refusal);
                connection
                    .write(&refused.reply, Method::Other, false)
                    .map(|()| false)
            }
            Err(Unreadable::Gone) => return,
        };
        if !matches!(goes_on, Ok(true)) || running.is_stopping() {
            break;
        }
    }
    connection.close();
}

/// Answers 503 on a connection for which there is no room.
pub(super) fn turn_away(stream: TcpStream, emulator: &Emulator) {
    let refusal = Refusal::new(503, "APIGW.0201", "Too many connections", "连接数过多");
    let mut connection = Connection {
        stream,
        unread: Vec::new(),
        patience: Patience::default(),
    };
    // The acceptor must not wait long for those it turns away, nor mind if they are gone already.
    let patience = Some(Duration::from_millis(50));
    let is_ready = connection
        .stream
        .set_write_timeout(patience)
        .and_then(|()| connection.stream.set_read_timeout(patience));
    if is_ready.is_ok() {
        let refused = emulator.refuse(&refusal);
        let _ = connection.write(&refused.reply, Method::Other, false);
        // A request that was not read would make the system throw the answer away.
        let _ = connection.stream.shutdown(Shutdown::Write);
        let _ = connection.stream.read(&mut [0; 8192]);
    }
}

struct Connection {
    stream: TcpStream,
    /// What came after the last request: the next one may be in it already.
    unread: Vec<u8>,
    patience: Patience,
}

/// A request read whole.
struct ReadRequest {
    bytes: Vec<u8>,
    head_len: usize,
    keep_alive: bool,
}

impl ReadRequest {
    fn ask(&self, emulator: &Emulator) -> Option<(Method, Delivery)> {
        let (head, body) = self.bytes.split_at_checked(self.head_len)?;
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        parsed.parse(head).ok()?;
        let (method, target) = (parsed.method?, parsed.path?);
        let delivery = match texts(parsed.headers) {
            Some(headers) => emulator.answer(&Incoming::new(method, target, headers, body)),
            None => emulator.refuse(&Refusal::unreadable(400, "a header is no UTF-8")),
        };
        Some((Method::of(method), delivery))
    }
}

/// Why there is no request to answer.
enum Unreadable {
    /// The other side is to be told.
    Refused(Refusal),
    /// There is no other side any more.
    Gone,
}

impl From<Refusal> for Unreadable {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                Self::Refused(Refusal::unreadable(408, "the request took too long"))
            }
            _ => Self::Gone,
        }
    }
}

/// What matters of a method when an answer is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Head,
    Other,
}

impl Method {
    fn of(method: &str) -> Self {
        if method == "HEAD" {
            Self::Head
        } else {
            Self::Other
        }
    }
}

impl Connection {
    /// The next request; `None` when the other side has none left.
    fn read_request(&mut self) -> Result<Option<ReadRequest>, Unreadable> {
        let mut searched = 0;
        let mut deadline = None;
        let head_len = loop {
            if let Some(end) = head_end(&self.unread, searched) {
                break end;
            }
            if self.unread.len() > LONGEST_HEAD {
                return Err(Refusal::unreadable(494, "the headers are too long").into());
            }
            searched = self.unread.len();
            if searched > 0 && deadline.is_none() {
                deadline = Some(Instant::now() + self.patience.exchange);
            }
            if !self.read_more(deadline)? {
                return if self.unread.is_empty() {
                    Ok(None)
                } else {
                    Err(Unreadable::Gone)
                };
            }
        };
        let deadline = deadline.unwrap_or_else(|| Instant::now() + self.patience.exchange);

        let head = self.unread.get(..head_len).unwrap_or_default();
        let framing = Framing::of(head)?;
        if framing.expects_continue && self.unread.len() == head_len {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let whole = head_len + framing.body_len;
        while self.unread.len() < whole {
            if !self.read_more(Some(deadline))? {
                return Err(Unreadable::Gone);
            }
        }
        let rest = self.unread.split_off(whole);
        Ok(Some(ReadRequest {
            bytes: core::mem::replace(&mut self.unread, rest),
            head_len,
            keep_alive: framing.keep_alive,
        }))
    }

    /// Waits for bytes until the deadline, or as long as a connection may be silent; `false` at the
    /// end of what the other side sends.
    fn read_more(&mut self, deadline: Option<Instant>) -> Result<bool, Unreadable> {
        let patience = deadline.map_or(self.patience.idle, |deadline| {
            deadline.saturating_duration_since(Instant::now())
        });
        // A timeout of zero would mean none.
        self.stream
            .set_read_timeout(Some(patience.max(Duration::from_millis(1))))?;
        let mut chunk = [0; 8192];
        loop {
            return match self.stream.read(&mut chunk) {
                Ok(read) => {
                    self.unread
                        .extend_from_slice(chunk.get(..read).unwrap_or_default());
                    Ok(read > 0)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // Silence between requests is no fault of anybody's.
                Err(_) if deadline.is_none() => Ok(false),
                Err(error) => Err(error.into()),
            };
        }
    }

    /// Answers a request; whether the connection goes on.
    fn answer(
        &mut self,
        read: &ReadRequest,
        emulator: &Emulator,
        running: &Running,
    ) -> io::Result<bool> {
        // The head was parsed before: there is a request.
        let Some((method, delivery)) = read.ask(emulator) else {
            return Ok(false);
        };
        emulator.pause(delivery.late, || running.is_stopping());
        if running.is_stopping() {
            return Ok(false);
        }
        let goes_on = read.keep_alive && delivery.end == End::Whole;
        let Delivery {
            reply, over, end, ..
        } = &delivery;
        match end {
            End::Whole if over.is_zero() => self.write(reply, method, goes_on)?,
            End::Whole => {
                let head = head_text(reply, reply.body.len(), goes_on);
                self.stream.write_all(head.as_bytes())?;
                if method != Method::Head {
                    self.trickle(&reply.body, *over, emulator, running)?;
                }
            }
            End::Reset => {}
            End::Cut(length) => {
                self.write_announced(reply, reply.body.len(), reply.body.get(..*length))?;
            }
            End::Announced(length) => self.write_announced(reply, *length, Some(&reply.body))?,
            End::Garbage => self.stream.write_all(b"SSH-2.0-emulator\r\n")?,
        }
        Ok(goes_on && !running.is_stopping())
    }

    fn write(&mut self, reply: &Reply, method: Method, keep_alive: bool) -> io::Result<()> {
        let mut out = head_text(reply, reply.body.len(), keep_alive).into_bytes();
        if method != Method::Head {
            out.extend_from_slice(&reply.body);
        }
        self.stream.write_all(&out)
    }

    /// Writes a body that is not as long as is said of it.
    fn write_announced(
        &mut self,
        reply: &Reply,
        announced: usize,
        body: Option<&[u8]>,
    ) -> io::Result<()> {
        let mut out = head_text(reply, announced, false).into_bytes();
        out.extend_from_slice(body.unwrap_or_default());
        self.stream.write_all(&out)
    }

    /// Writes a body piece by piece, over so much time.
    fn trickle(
        &mut self,
        body: &[u8],
        over: Duration,
        emulator: &Emulator,
        running: &Running,
    ) -> io::Result<()> {
        const MOST_PIECES: usize = 20;
        let pieces = body.chunks(body.len().div_ceil(MOST_PIECES).max(1));
        let mut left = over;
        let mut pieces_left = u32::try_from(pieces.len()).unwrap_or(u32::MAX);
        for piece in pieces {
            let pause = left / pieces_left.max(1);
            emulator.pause(pause, || running.is_stopping());
            self.stream.write_all(piece)?;
            left = left.saturating_sub(pause);
            pieces_left = pieces_left.saturating_sub(1);
        }
        // A body of nothing takes its time too.
        emulator.pause(left, || running.is_stopping());
        Ok(())
    }

    /// Ends the connection so that the last answer is not lost: bytes that were not read would
    /// make the system throw it away, so they are read, within bounds.
    fn close(mut self) {
        let is_ready = self.stream.shutdown(Shutdown::Write).and_then(|()| {
            self.stream
                .set_read_timeout(Some(Duration::from_millis(100)))
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

/// Status line and headers of an answer that announces a body of this length.
fn head_text(reply: &Reply, announced: usize, keep_alive: bool) -> String {
    let mut head = format!(
        "HTTP/1.1 {} {}\r\n",
        reply.status,
        reason_phrase(reply.status)
    );
    let mut line = |name: &str, value: &str| {
        for part in [name, ": ", value, "\r\n"] {
            head.push_str(part);
        }
    };
    for (name, value) in &reply.headers {
        line(name, value);
    }
    line(header::CONTENT_LENGTH, &format!("{announced}"));
    if !keep_alive {
        line(header::CONNECTION, "close");
    }
    head + "\r\n"
}
