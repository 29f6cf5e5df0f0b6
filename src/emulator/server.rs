//! The emulator over HTTP/1.1: one thread that takes connections, one for each connection.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::io;
use std::net::{
    IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs,
};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::Emulator;
use super::connection::{self, Patience};

/// How many connections are held at once; the next is answered 503 and closed.
const MOST_CONNECTIONS: usize = 256;
/// How long a stop waits for connections to end.
const STOP_WAIT: Duration = Duration::from_secs(2);

/// An [`Emulator`] that listens for HTTP connections, until it is stopped or dropped.
///
/// It speaks plain HTTP/1.1 with connections kept alive, for 60 seconds of silence at most, and
/// holds 256 of them at once.
pub struct Server {
    address: SocketAddr,
    running: Arc<Running>,
    acceptor: Option<JoinHandle<()>>,
}

/// What the threads of a server share.
pub(super) struct Running {
    patience: Patience,
    is_stopping: AtomicBool,
    connections: Mutex<HashMap<u64, TcpStream>>,
    one_ended: Condvar,
}

impl Server {
    pub(super) fn bind(
        emulator: Emulator,
        address: impl ToSocketAddrs,
        patience: Patience,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let running = Arc::new(Running {
            patience,
            is_stopping: AtomicBool::new(false),
            connections: Mutex::new(HashMap::new()),
            one_ended: Condvar::new(),
        });
        let acceptor = thread::Builder::new().name("drs-emulator".into()).spawn({
            let running = Arc::clone(&running);
            move || accept(&listener, &emulator, &running)
        })?;
        Ok(Self {
            address,
            running,
            acceptor: Some(acceptor),
        })
    }

    /// Where it listens, with the port that was given to it if it asked for port 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The endpoint to give to clients, such as `http://127.0.0.1:40123`. Of a server that listens
    /// on every address it is the one for this machine.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.reachable())
    }

    /// Stops listening, breaks every connection, and waits for their threads, two seconds at most.
    pub fn stop(self) {
        drop(self);
    }

    fn join(&mut self) {
        if let Some(acceptor) = self.acceptor.take() {
            // The acceptor does not panic; if it did, it has ended all the same.
            let _ = acceptor.join();
        }
    }

    fn reachable(&self) -> SocketAddr {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        SocketAddr::new(ip, self.address.port())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running.is_stopping.store(true, Ordering::SeqCst);
        // The acceptor sleeps until someone connects. If nobody can, it is left to itself.
        if self.acceptor.is_some()
            && TcpStream::connect_timeout(&self.reachable(), STOP_WAIT).is_ok()
        {
            self.join();
        }
        self.running.end_connections();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Running {
    pub(super) fn patience(&self) -> Patience {
        self.patience
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::SeqCst)
    }

    fn connections(&self) -> MutexGuard<'_, HashMap<u64, TcpStream>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn end_connections(&self) {
        let connections = self.connections();
        for connection in connections.values() {
            // It may have ended by itself.
            let _ = connection.shutdown(Shutdown::Both);
        }
        let waited = self
            .one_ended
            .wait_timeout_while(connections, STOP_WAIT, |open| !open.is_empty());
        drop(waited);
    }
}

/// A connection's place among those held; gives it up when dropped, however its thread ends.
struct Place {
    running: Arc<Running>,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.running.connections().remove(&self.number);
        self.running.one_ended.notify_all();
    }
}

fn accept(listener: &TcpListener, emulator: &Emulator, running: &Arc<Running>) {
    for number in 0_u64.. {
        let accepted = listener.accept();
        if running.is_stopping() {
            return;
        }
        let Ok((stream, _)) = accepted else {
            // Mostly too many open files: others must end first.
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        let Ok(held) = stream.try_clone() else {
            continue;
        };
        {
            let mut connections = running.connections();
            if connections.len() >= MOST_CONNECTIONS {
                drop(connections);
                connection::turn_away(stream, emulator);
                continue;
            }
            connections.insert(number, held);
        }
        let place = Place {
            running: Arc::clone(running),
            number,
        };
        let emulator = emulator.clone();
        let spawned = thread::Builder::new()
            .name(format!("drs-emulator-{number}"))
            .spawn(move || {
                connection::serve(stream, &emulator, &place.running);
                drop(place);
            });
        // Without a thread the closure, and with it stream and place, is dropped already.
        drop(spawned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    const LONG: Duration = Duration::from_secs(60);

    /// What comes back on a connection on which these bytes came, and no more.
    #[track_caller]
    fn answer_of_the_impatient(patience: Patience, bytes: &[u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        // Sent before anyone reads: how fast the sender is does not matter.
        stream.write_all(bytes).unwrap();
        let running = Running {
            patience,
            is_stopping: AtomicBool::new(false),
            connections: Mutex::default(),
            one_ended: Condvar::new(),
        };
        let accepted = listener.accept().unwrap().0;
        connection::serve(accepted, &Emulator::demo(), &running);
        let mut answer = String::new();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn a_silent_connection_is_ended_without_a_word() {
        let patience = Patience {
            idle: Duration::from_millis(30),
            exchange: LONG,
        };
        assert_eq!(answer_of_the_impatient(patience, b""), "");
        let one = answer_of_the_impatient(patience, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        assert!(one.starts_with("HTTP/1.1 404 "), "{one}");
        assert_eq!(one.matches("HTTP/1.1").count(), 1, "{one}");
    }

    #[test]
    fn a_request_that_does_not_come_to_its_end_is_refused() {
        for bytes in [
            &b"G"[..],
            b"GET / HTTP/1.1\r\nHost: h\r\n",
            b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc",
        ] {
            let patience = Patience {
                idle: LONG,
                exchange: Duration::from_millis(30),
            };
            let answer = answer_of_the_impatient(patience, bytes);
            assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        }
    }
}
