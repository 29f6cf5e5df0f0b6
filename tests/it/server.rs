//! A server on a raw socket, which sends the bytes that a test wants.

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
    /// Serves each connection by `serve`, in a separate thread; the connection ends with it.
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
                    // Tests make clients close the connection at any moment.
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

    /// Responds to every request with these bytes, while the connection lasts.
    pub(crate) fn responding(response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        Self::start(move |peer| {
            while peer.request()?.is_some() {
                peer.send(&response)?;
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

    /// The number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The heads of the requests so far, at most [`KEPT`].
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }
}

/// A port that is in use, so that no other test gets it, but on which nobody listens.
pub(crate) struct Closed {
    /// One end of a connection, which holds the port.
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
    /// Bytes after the last request.
    read: Vec<u8>,
    shared: Arc<Shared>,
}

impl Peer {
    /// Reads one request's head; `None` at the end of the connection.
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

    /// Reads a request's body of this length, or what there is.
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

    /// Sends nothing more until the client closes the connection.
    pub(crate) fn stall(&mut self) -> io::Result<()> {
        while self.stream.read(&mut [0; 1024])? > 0 {}
        Ok(())
    }

    /// Sends these bytes after each delay, until the client closes the connection.
    pub(crate) fn repeat(&mut self, bytes: impl AsRef<[u8]>, delay: Duration) -> io::Result<()> {
        loop {
            thread::sleep(delay);
            self.send(&bytes)?;
        }
    }

    /// Makes the connection reset instead of close when it is dropped, by leaving part of the
    /// request unread.
    pub(crate) fn will_reset(&mut self) -> io::Result<()> {
        self.stream.peek(&mut [0]).map(drop)
    }
}

/// The number of heads kept: the server's memory must not appear as a leak of the client.
const KEPT: usize = 1000;

/// Named, so that a test can count the client's threads.
fn named(name: &str, run: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    thread::Builder::new().name(name.into()).spawn(run).unwrap()
}
