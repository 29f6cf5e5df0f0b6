//! A server on a raw socket, which answers byte for byte what a test wants, right or wrong.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Listens on a free port of the loopback address until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stopped: AtomicBool,
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

impl Server {
    /// Serves each connection by `serve`, in a thread of its own; the connection ends with it.
    pub(crate) fn start(
        serve: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let serve = Arc::new(serve);
        let accepting = named("server", {
            let shared = Arc::clone(&shared);
            move || {
                while let Ok((stream, _)) = listener.accept() {
                    if shared.stopped.load(Ordering::SeqCst) {
                        return;
                    }
                    shared.connections.fetch_add(1, Ordering::SeqCst);
                    stream.set_nodelay(true).unwrap();
                    let mut peer = Peer {
                        stream,
                        read: Vec::new(),
                        shared: Arc::clone(&shared),
                    };
                    let serve = Arc::clone(&serve);
                    // A client that goes away in the midst of it all is what is tested here.
                    named("peer", move || drop(serve(&mut peer)));
                }
            }
        });
        Self {
            address,
            shared,
            accepting: Some(accepting),
        }
    }

    /// Answers every request, as long as the connection lasts, with these bytes.
    pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |peer| {
            while peer.request()?.is_some() {
                peer.send(&answer)?;
            }
            Ok(())
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections were made so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The heads of the requests read so far, as far as they are kept.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }
}

/// A port that is taken, so that no other test is given it, but on which nobody listens.
pub(crate) struct Closed {
    /// One end of a connection: its port is the one.
    held: TcpStream,
    _listener: TcpListener,
}

impl Closed {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self {
            held: TcpStream::connect(listener.local_addr().unwrap()).unwrap(),
            _listener: listener,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.held.local_addr().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            accepting.join().unwrap();
        }
    }
}

/// One connection, as the server sees it.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    /// What was read beyond the last request.
    read: Vec<u8>,
    shared: Arc<Shared>,
}

impl Peer {
    /// Reads one request's head; `None` when the client has no more.
    pub(crate) fn request(&mut self) -> io::Result<Option<String>> {
        let mut chunk = [0; 4096];
        loop {
            if let Some(end) = self.read.windows(4).position(|end| end == b"\r\n\r\n") {
                let head = self.read.drain(..end + 4).collect();
                let head = String::from_utf8(head).map_err(io::Error::other)?;
                let mut kept = self.shared.requests.lock().unwrap();
                if kept.len() < KEPT {
                    kept.push(head.clone());
                }
                return Ok(Some(head));
            }
            match self.stream.read(&mut chunk)? {
                0 => return Ok(None),
                n => self.read.extend(&chunk[..n]),
            }
        }
    }

    /// Reads this much of a request's body, or as much as there is.
    pub(crate) fn body(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut chunk = [0; 4096];
        while self.read.len() < length {
            match self.stream.read(&mut chunk)? {
                0 => break,
                n => self.read.extend(&chunk[..n]),
            }
        }
        let length = length.min(self.read.len());
        Ok(self.read.drain(..length).collect())
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Says nothing more until the client closes the connection.
    pub(crate) fn stall(&mut self) -> io::Result<()> {
        while self.stream.read(&mut [0; 1024])? > 0 {}
        Ok(())
    }

    /// Sends these bytes again and again, after a pause each time, until the client has gone.
    pub(crate) fn repeat(&mut self, bytes: impl AsRef<[u8]>, pause: Duration) -> io::Result<()> {
        loop {
            thread::sleep(pause);
            self.send(&bytes)?;
        }
    }

    /// Has the connection reset, not closed, once it is dropped: leaves part of the request unread.
    pub(crate) fn will_reset(&mut self) -> io::Result<()> {
        self.stream.peek(&mut [0]).map(drop)
    }
}

/// So many heads are kept: what a server remembers must not look like a leak of the client's.
const KEPT: usize = 1000;

/// Threads are told apart by name, so that a test can count those of the client.
fn named(name: &str, run: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    thread::Builder::new().name(name.into()).spawn(run).unwrap()
}
