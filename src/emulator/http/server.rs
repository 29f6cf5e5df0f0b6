//! The HTTP/1.1 server: one thread accepts connections, one serves each of them.

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

use super::connection::{self, TIMEOUT};
use crate::emulator::handle::Emulator;

/// How long a stop waits for connections to end.
const STOP_WAIT: Duration = Duration::from_secs(2);

/// An HTTP server of an [`Emulator`], until it is stopped or dropped.
///
/// It speaks HTTP/1.1 without TLS. A connection is closed after 60 seconds without a byte.
pub struct Server {
    address: SocketAddr,
    running: Arc<Running>,
    acceptor: Option<JoinHandle<()>>,
}

/// What the threads of a server share.
#[derive(Default)]
struct Running {
    is_stopping: AtomicBool,
    connections: Mutex<HashMap<u64, TcpStream>>,
    one_ended: Condvar,
}

impl Emulator {
    /// Serves HTTP at an address, such as `127.0.0.1:0` (any free port), on background threads,
    /// until the [`Server`] is stopped or dropped. The server includes the admin interface.
    ///
    /// # Errors
    ///
    /// If the address cannot be bound or a thread cannot be started.
    pub fn serve(&self, address: impl ToSocketAddrs) -> io::Result<Server> {
        let emulator = self.clone();
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let running = Arc::new(Running::default());
        let acceptor = thread::Builder::new().name("drs-emulator".into()).spawn({
            let running = Arc::clone(&running);
            move || accept(&listener, &emulator, &running)
        })?;
        Ok(Server {
            address,
            running,
            acceptor: Some(acceptor),
        })
    }
}

impl Server {
    /// Returns the address it listens on, with the port chosen for port 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the endpoint for clients on this machine, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.reachable())
    }

    /// Stops listening, closes every connection, and waits for their threads, at most two seconds.
    pub fn stop(self) {
        drop(self);
    }

    fn join(&mut self) {
        if let Some(acceptor) = self.acceptor.take() {
            // If the acceptor panicked, it is finished too.
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
        // The acceptor waits for a connection. If this one fails, the acceptor keeps waiting.
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
    fn is_stopping(&self) -> bool {
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
            // It may be closed already.
            let _ = connection.shutdown(Shutdown::Both);
        }
        let waited = self
            .one_ended
            .wait_timeout_while(connections, STOP_WAIT, |open| !open.is_empty());
        drop(waited);
    }
}

/// The place of an open connection, freed however its thread ends.
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
            // Mostly too many open files: other connections must end first.
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        let Ok(held) = stream.try_clone() else {
            continue;
        };
        running.connections().insert(number, held);
        let place = Place {
            running: Arc::clone(running),
            number,
        };
        let emulator = emulator.clone();
        let spawned = thread::Builder::new()
            .name(format!("drs-emulator-{number}"))
            .spawn(move || {
                let is_stopping = || place.running.is_stopping();
                connection::serve(stream, &emulator, TIMEOUT, &is_stopping);
                drop(place);
            });
        // Without a thread the closure, and with it stream and place, is dropped.
        drop(spawned);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    #[test]
    fn closes_a_connection_without_a_whole_request_in_time() {
        for (bytes, responses) in [
            (&b""[..], 0),
            (b"GET / HTTP/1.1\r\nHost: h\r\n", 0),
            (
                b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc",
                0,
            ),
            (b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", 1),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            // Sent before the server reads, so that the speed of the sender does not matter.
            stream.write_all(bytes).unwrap();
            let accepted = listener.accept().unwrap().0;
            let timeout = Duration::from_millis(30);
            connection::serve(accepted, &Emulator::demo(), timeout, &|| false);
            let mut sent = String::new();
            stream.read_to_string(&mut sent).unwrap();
            assert_eq!(sent.matches("HTTP/1.1 404 ").count(), responses, "{sent}");
        }
    }
}
