//! Names to addresses, without a thread for each request.

use alloc::string::{String, ToString as _};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::io;
use std::net::ToSocketAddrs as _;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ::ureq::Error;
use ::ureq::config::Config;
use ::ureq::http::Uri;
use ::ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ::ureq::unversioned::transport::NextTimeout;

use crate::transport::{TransportError, TransportErrorKind};

/// Takes addresses as they are; looks names up and keeps the answer for [`LIFETIME`].
///
/// The system's lookup cannot be given a deadline, so it runs in a thread of its own, one for a
/// name at most: whoever asks for the same name meanwhile waits for the same answer, each as long
/// as its own deadline lets it.
pub(super) struct CachingResolver {
    known: Mutex<Vec<Arc<Lookup>>>,
    system: fn(&str) -> io::Result<Vec<IpAddr>>,
}

/// A lookup under way, or its answer.
struct Lookup {
    host: String,
    answer: Mutex<Option<Answer>>,
    answered: Condvar,
}

struct Answer {
    addresses: Result<Vec<IpAddr>, String>,
    at: Instant,
}

/// How long an answer is used.
const LIFETIME: Duration = Duration::from_secs(30);

/// How many names are kept, the oldest going first.
const CAPACITY: usize = 64;

/// As many addresses of one host as ureq tries.
const MAX_ADDRESSES: usize = 16;

impl CachingResolver {
    pub(super) fn new() -> Self {
        Self {
            known: Mutex::default(),
            system: |host| {
                let found = (host, 0).to_socket_addrs()?;
                Ok(found.map(|address| address.ip()).collect())
            },
        }
    }

    /// The addresses of `host`; `None` when there is no answer within `timeout`.
    fn addresses(
        &self,
        host: &str,
        timeout: Duration,
    ) -> Option<Result<Vec<IpAddr>, TransportError>> {
        let addresses = match self.lookup(host, Instant::now()) {
            Ok(lookup) => lookup.wait(timeout)?,
            Err(error) => Err(error.to_string()),
        };
        Some(addresses.map_err(|error| {
            let text = alloc::format!("the address of {host} was not found");
            TransportError::new(TransportErrorKind::Connect, text).with_source(error)
        }))
    }

    /// The lookup of `host` that is known, or one begun now.
    fn lookup(&self, host: &str, now: Instant) -> io::Result<Arc<Lookup>> {
        let mut known = lock(&self.known);
        known.retain(|lookup| lookup.is_of_use(now));
        if let Some(lookup) = known.iter().find(|lookup| lookup.host == host) {
            return Ok(Arc::clone(lookup));
        }
        let lookup = Arc::new(Lookup {
            host: host.into(),
            answer: Mutex::new(None),
            answered: Condvar::new(),
        });
        let system = self.system;
        let job = Arc::clone(&lookup);
        std::thread::Builder::new()
            .name("drs-resolve".into())
            .spawn(move || {
                let addresses = system(&job.host).map_err(|error| error.to_string());
                *lock(&job.answer) = Some(Answer {
                    addresses,
                    at: Instant::now(),
                });
                job.answered.notify_all();
            })?;
        if known.len() >= CAPACITY {
            known.remove(0);
        }
        known.push(Arc::clone(&lookup));
        Ok(lookup)
    }
}

impl Lookup {
    fn wait(&self, timeout: Duration) -> Option<Result<Vec<IpAddr>, String>> {
        let (answer, _) = self
            .answered
            .wait_timeout_while(lock(&self.answer), timeout, |answer| answer.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        answer.as_ref().map(|answer| answer.addresses.clone())
    }

    /// Whether the next to ask may have this answer: a failure is for those alone who waited.
    fn is_of_use(&self, now: Instant) -> bool {
        lock(&self.answer).as_ref().is_none_or(|answer| {
            answer.addresses.is_ok() && now.saturating_duration_since(answer.at) < LIFETIME
        })
    }
}

/// What these locks guard is whole at every moment: a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Resolver for CachingResolver {
    fn resolve(
        &self,
        uri: &Uri,
        _config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let Some(host) = uri.host() else {
            return Err(Error::HostNotFound);
        };
        let port = uri.port_u16().unwrap_or_else(|| {
            if uri.scheme_str() == Some("https") {
                443
            } else {
                80
            }
        });
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let mut resolved = self.empty();
        if let Ok(address) = bare.parse() {
            resolved.push(SocketAddr::new(address, port));
            return Ok(resolved);
        }
        let found = self
            .addresses(host, *timeout.after)
            .ok_or(Error::Timeout(timeout.reason))?
            .map_err(|error| Error::Other(error.into()))?;
        for address in found.into_iter().take(MAX_ADDRESSES) {
            resolved.push(SocketAddr::new(address, port));
        }
        if resolved.is_empty() {
            return Err(Error::HostNotFound);
        }
        Ok(resolved)
    }
}

impl fmt::Debug for CachingResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CachingResolver")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;
    use core::sync::atomic::{AtomicUsize, Ordering};

    const LONG: Duration = Duration::from_secs(60);

    fn resolver(system: fn(&str) -> io::Result<Vec<IpAddr>>) -> CachingResolver {
        CachingResolver {
            system,
            ..CachingResolver::new()
        }
    }

    fn resolve(resolver: &CachingResolver, uri: &str) -> Result<Vec<SocketAddr>, Error> {
        let uri = uri.parse().unwrap();
        let found = resolver.resolve(&uri, &Config::default(), NextTimeout::default())?;
        Ok(found.to_vec())
    }

    #[test]
    fn literal_addresses_are_not_looked_up() {
        let resolver = resolver(|_| panic!("looked up"));
        for (uri, expected) in [
            ("http://127.0.0.1/", "127.0.0.1:80"),
            ("https://127.0.0.1/", "127.0.0.1:443"),
            ("http://[::1]:8080/", "[::1]:8080"),
        ] {
            assert_eq!(
                resolve(&resolver, uri).unwrap(),
                [expected.parse().unwrap()]
            );
        }
        assert!(lock(&resolver.known).is_empty());
    }

    #[test]
    fn a_name_is_looked_up_once_in_half_a_minute() {
        static LOOKUPS: AtomicUsize = AtomicUsize::new(0);
        let resolver = resolver(|_| {
            LOOKUPS.fetch_add(1, Ordering::Relaxed);
            Ok([Ipv4Addr::LOCALHOST.into()].into())
        });
        for port in ["", ":1", ":2"] {
            let uri = alloc::format!("http://h.test{port}/");
            assert_eq!(resolve(&resolver, &uri).unwrap().len(), 1);
        }
        assert_eq!(LOOKUPS.load(Ordering::Relaxed), 1);

        let later = Instant::now() + LIFETIME;
        let lookup = resolver.lookup("h.test", later).unwrap();
        assert!(lookup.wait(LONG).unwrap().is_ok());
        assert_eq!(LOOKUPS.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_failure_is_not_kept() {
        static LOOKUPS: AtomicUsize = AtomicUsize::new(0);
        let resolver = resolver(|_| match LOOKUPS.fetch_add(1, Ordering::Relaxed) {
            0 => Err(io::Error::other("no such name")),
            _ => Ok([Ipv4Addr::LOCALHOST.into()].into()),
        });
        let error = resolver.addresses("h.test", LONG).unwrap().unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Connect);
        assert_eq!(error.to_string(), "the address of h.test was not found");
        assert!(resolver.addresses("h.test", LONG).unwrap().is_ok());
    }

    #[test]
    fn a_lookup_that_does_not_come_back_holds_nobody_and_is_not_begun_again() {
        static LOOKUPS: AtomicUsize = AtomicUsize::new(0);
        let resolver = resolver(|_| {
            LOOKUPS.fetch_add(1, Ordering::Relaxed);
            std::thread::park_timeout(Duration::from_secs(5));
            Err(io::Error::other("too late"))
        });
        for _ in 0..3 {
            let start = Instant::now();
            assert!(
                resolver
                    .addresses("h.test", Duration::from_millis(20))
                    .is_none()
            );
            assert!(start.elapsed() < Duration::from_secs(2));
        }
        assert_eq!(lock(&resolver.known).len(), 1);
        assert!(LOOKUPS.load(Ordering::Relaxed) <= 1);
    }

    #[test]
    fn the_names_that_are_kept_are_bounded() {
        let resolver = resolver(|_| Ok([Ipv4Addr::LOCALHOST.into()].into()));
        for n in 0..CAPACITY + 10 {
            let host = alloc::format!("h{n}.test");
            assert!(resolver.addresses(&host, LONG).unwrap().is_ok());
        }
        let known = lock(&resolver.known);
        assert_eq!(known.len(), CAPACITY);
        assert_eq!(
            known.first().map(|first| first.host.as_str()),
            Some("h10.test")
        );
    }
}
