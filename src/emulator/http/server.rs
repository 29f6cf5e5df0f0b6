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
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

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
    /// Disconnected when every thread has ended: each holds a sender. A lock makes it `Sync`.
    ended: Mutex<Receiver<()>>,
}

/// What the threads of a server share.
#[derive(Default)]
struct Running {
    is_stopping: AtomicBool,
    connections: Mutex<HashMap<u64, TcpStream>>,
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
        let (alive, ended) = mpsc::channel();
        thread::Builder::new().name("drs-emulator".into()).spawn({
            let running = Arc::clone(&running);
            move || accept(&listener, &emulator, &running, &alive)
        })?;
        Ok(Server {
            address,
            running,
            ended: Mutex::new(ended),
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
        // Wakes the accepting thread, which then closes all connections.
        let woken = TcpStream::connect_timeout(&self.reachable(), STOP_WAIT);
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        // No message is ever sent, so this waits until the last thread has ended.
        let _ = woken.is_ok_and(|_| ended.recv_timeout(STOP_WAIT).is_ok());
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
}

fn accept(listener: &TcpListener, emulator: &Emulator, running: &Arc<Running>, alive: &Sender<()>) {
    for number in 0_u64.. {
        let accepted = listener.accept();
        if running.is_stopping() {
            break;
        }
        let Ok((stream, held)) = accepted.and_then(|(stream, _)| {
            let held = stream.try_clone()?;
            Ok((stream, held))
        }) else {
            // Mostly too many open files: other connections must end first.
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        running.connections().insert(number, held);
        let name = format!("drs-emulator-{number}");
        let (emulator, alive) = (emulator.clone(), alive.clone());
        let spawned = thread::Builder::new().name(name).spawn({
            let running = Arc::clone(running);
            move || {
                let is_stopping = || running.is_stopping();
                connection::serve(stream, &emulator, TIMEOUT, &is_stopping);
                running.connections().remove(&number);
                drop(alive);
            }
        });
        if spawned.is_err() {
            running.connections().remove(&number);
        }
    }
    for connection in running.connections().values() {
        // It may be closed already.
        let _ = connection.shutdown(Shutdown::Both);
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
