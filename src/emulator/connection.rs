//! One HTTP/1.1 connection: requests read, answers written, until one side ends it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use super::Emulator;
use super::incoming::Incoming;
use super::refusal::{Refusal, Tongue};
use super::reply::{Reply, reason_phrase};
use super::server::Running;

/// The longest head of a request: a token of 50 000 characters fits with room to spare.
const LONGEST_HEAD: usize = 128 << 10;
/// The longest path and query.
const LONGEST_TARGET: usize = 32 << 10;
/// The longest body of a request.
const LONGEST_BODY: usize = 1 << 20;
/// How many headers a request may have.
const MOST_HEADERS: usize = 100;
/// How long a connection may be silent between requests.
const IDLE: Duration = Duration::from_secs(60);
/// How long a request may take from its first byte to its last, and an answer to be taken.
const EXCHANGE: Duration = Duration::from_secs(30);

/// Answers the requests of a connection until it ends.
pub(super) fn serve(stream: TcpStream, emulator: &Emulator, running: &Running) {
    // Answers are written whole: waiting to fill a packet would only delay them.
    let is_ready = stream
        .set_nodelay(true)
        .and_then(|()| stream.set_write_timeout(Some(EXCHANGE)));
    if is_ready.is_err() {
        return;
    }
    let mut connection = Connection {
        stream,
        unread: Vec::new(),
    };
    loop {
        let goes_on = match connection.read_request() {
            Ok(Some(read)) => connection.answer(&read, emulator, running),
            Ok(None) => Ok(false),
            Err(Unreadable::Refused(refusal)) => {
                let reply = emulator.refuse(&refusal);
                connection
                    .write(&reply, Method::Other, false)
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
    };
    // The acceptor must not wait for those it turns away.
    let is_ready = connection
        .stream
        .set_write_timeout(Some(Duration::from_millis(50)));
    if is_ready.is_ok() {
        // Whoever is turned away may be gone already.
        let _ = connection.write(&emulator.refuse(&refusal), Method::Other, false);
    }
}

struct Connection {
    stream: TcpStream,
    /// What came after the last request: the next one may be in it already.
    unread: Vec<u8>,
}

/// A request read whole.
struct ReadRequest {
    bytes: Vec<u8>,
    head_len: usize,
    keep_alive: bool,
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
                deadline = Some(Instant::now() + EXCHANGE);
            }
            if !self.read_more(deadline)? {
                return if self.unread.is_empty() {
                    Ok(None)
                } else {
                    Err(Unreadable::Gone)
                };
            }
        };
        let deadline = deadline.unwrap_or_else(|| Instant::now() + EXCHANGE);

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
        let patience = deadline.map_or(IDLE, |deadline| {
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
        let (head, body) = read
            .bytes
            .split_at_checked(read.head_len)
            .unwrap_or_default();
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let (method, reply) = match parsed.parse(head) {
            Ok(httparse::Status::Complete(_)) => {
                let method = parsed.method.unwrap_or_default();
                let reply = match texts(parsed.headers) {
                    Some(headers) => emulator.answer(&Incoming::new(
                        method,
                        parsed.path.unwrap_or_default(),
                        headers,
                        body,
                    )),
                    None => emulator.refuse(&Refusal::unreadable(400, "a header is no UTF-8")),
                };
                (
                    if method == "HEAD" {
                        Method::Head
                    } else {
                        Method::Other
                    },
                    reply,
                )
            }
            // The head was read before: it cannot fail now.
            _ => return Ok(false),
        };
        emulator.pause(emulator.shared.latency, || running.is_stopping());
        let keep_alive = read.keep_alive && !running.is_stopping();
        self.write(&reply, method, keep_alive)?;
        Ok(keep_alive)
    }

    fn write(&mut self, reply: &Reply, method: Method, keep_alive: bool) -> io::Result<()> {
        let mut out = head_text(reply, reply.body.len(), keep_alive).into_bytes();
        if method != Method::Head {
            out.extend_from_slice(&reply.body);
        }
        self.stream.write_all(&out)
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
    for (name, value) in &reply.headers {
        head.push_str(name);
        head.push_str(": ");
        head.push_str(value);
        head.push_str("\r\n");
    }
    let connection = if keep_alive {
        ""
    } else {
        "Connection: close\r\n"
    };
    head + &format!("Content-Length: {announced}\r\n{connection}\r\n")
}

/// The length of the head, its empty line included; bytes before `searched` hold no end.
fn head_end(bytes: &[u8], searched: usize) -> Option<usize> {
    // Three bytes back: an empty line may have come in two parts.
    let from = searched.saturating_sub(3);
    let tail = bytes.get(from..)?;
    tail.iter().enumerate().find_map(|(at, byte)| {
        let rest = tail.get(at + 1..)?;
        let line_end = if rest.starts_with(b"\r\n") {
            2
        } else if rest.starts_with(b"\n") {
            1
        } else {
            return None;
        };
        (*byte == b'\n').then_some(from + at + 1 + line_end)
    })
}

/// Where a request ends, and whether another may follow.
struct Framing {
    body_len: usize,
    keep_alive: bool,
    expects_continue: bool,
}

impl Framing {
    fn of(head: &[u8]) -> Result<Self, Refusal> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        match parsed.parse(head) {
            Ok(httparse::Status::Complete(_)) => {}
            Err(httparse::Error::TooManyHeaders) => {
                return Err(Refusal::unreadable(494, "there are too many headers"));
            }
            Err(httparse::Error::Version) => {
                return Err(Refusal::unreadable(
                    505,
                    "only HTTP/1.1 and HTTP/1.0 are spoken",
                ));
            }
            _ => return Err(Refusal::unreadable(400, "this is no HTTP request")),
        }
        if parsed.path.unwrap_or_default().len() > LONGEST_TARGET {
            return Err(Refusal::unreadable(414, "path and query are too long"));
        }
        let values = |name: &'static str| {
            parsed
                .headers
                .iter()
                .filter(move |header| header.name.eq_ignore_ascii_case(name))
                .map(|header| header.value.trim_ascii())
        };
        let is_1_1 = parsed.version == Some(1);
        if is_1_1 && values("Host").count() != 1 {
            return Err(Refusal::unreadable(
                400,
                "exactly one header Host is needed",
            ));
        }
        if values("Transfer-Encoding").next().is_some() {
            return Err(Refusal::unreadable(411, "a body needs a Content-Length"));
        }
        let mut lengths = values("Content-Length");
        let length = lengths.next().unwrap_or(b"0");
        if lengths.any(|other| other != length) {
            return Err(Refusal::unreadable(400, "there are two lengths"));
        }
        let is_number = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
        let body_len = core::str::from_utf8(length)
            .ok()
            .filter(|_| is_number)
            .ok_or_else(|| Refusal::unreadable(400, "the Content-Length is no number"))?
            // Digits that are no usize are too many.
            .parse()
            .unwrap_or(usize::MAX);
        if body_len > LONGEST_BODY {
            return Err(Refusal::unreadable(413, "the body is too long"));
        }
        let connection_says = |word: &str| {
            values("Connection").any(|value| {
                value
                    .split(|byte| *byte == b',')
                    .any(|token| token.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
            })
        };
        // A client of HTTP/1.0 would have to be told; it can as well connect anew.
        let keep_alive = is_1_1 && !connection_says("close");
        let expects_continue =
            values("Expect").any(|value| value.eq_ignore_ascii_case(b"100-continue"));
        Ok(Self {
            body_len,
            keep_alive,
            expects_continue,
        })
    }
}

/// The headers as texts; `None` when one is no UTF-8.
fn texts<'h>(headers: &[httparse::Header<'h>]) -> Option<Vec<(&'h str, &'h str)>> {
    headers
        .iter()
        .map(|header| Some((header.name, core::str::from_utf8(header.value).ok()?)))
        .collect()
}

impl Emulator {
    /// The answer to what could not be read as a request.
    fn refuse(&self, refusal: &Refusal) -> Reply {
        self.complete(|_, request_id, _| refusal.reply(Tongue::English, request_id))
    }
}
