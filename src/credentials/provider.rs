//! Access keys that change: from a provider function or another source, renewed before they expire.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::access_key::AccessKey;
use super::authenticator::{Authenticator, Context};
use super::project_lookup;
use super::session::{CredentialKind, Session, SessionConfig};
use super::single_flight::SingleFlight;
use crate::error::{BoxError, Error};
use crate::redact::Redactor;
use crate::transport::RequestParts;

/// How long before its expiry a key is renewed; after half of its remaining lifetime if that is
/// less than twice as long.
const MARGIN: Duration = Duration::from_secs(300);

/// The number of recent keys whose ids are redacted: a response to a request that was signed with
/// the previous key may still arrive.
const RECENT_KEYS: usize = 3;

/// Supplies access keys.
pub(super) trait KeySource: Send + Sync {
    /// The name of the source, for `Debug` and errors.
    const NAME: &str;

    /// Refuses settings with which no key can be obtained. Sends nothing.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Obtains the current key.
    fn key(&self, context: &Context<'_>) -> Result<AccessKey, Error>;
}

/// Credentials whose access key comes from a source. All clients share the source and its key.
pub(super) struct ProvidedKeys<S>(Arc<Shared<S>>);

struct Shared<S> {
    source: S,
    current: SingleFlight<Provided>,
    recent: Mutex<VecDeque<AccessKey>>,
}

/// A key and its times.
struct Provided {
    key: AccessKey,
    /// When the key is renewed and when it expires, since 1970. A key without an expiry is used
    /// until the service rejects it.
    renewal_and_expiry: Option<(Duration, Duration)>,
}

impl Provided {
    fn is_fresh(&self, now: Duration) -> bool {
        self.renewal_and_expiry
            .is_none_or(|(renewal, _)| now < renewal)
    }

    fn is_valid(&self, now: Duration) -> bool {
        self.renewal_and_expiry
            .is_none_or(|(_, expiry)| now < expiry)
    }
}

impl<S: KeySource> ProvidedKeys<S> {
    pub(super) fn new(source: S) -> Self {
        Self(Arc::new(Shared {
            source,
            current: SingleFlight::new(),
            recent: Mutex::new(VecDeque::new()),
        }))
    }
}

impl<S: KeySource> Shared<S> {
    /// Obtains a key from the source.
    fn provide(&self, context: &Context<'_>) -> Result<Provided, Error> {
        let key = self.source.key(context)?;
        key.check()
            .map_err(|error| invalid::<S>(&format!("{error}")))?;
        let renewal_and_expiry = match key.expiry() {
            None => None,
            Some(time) => {
                let millis = u64::try_from(time.unix_millis()).unwrap_or_default();
                let end = Duration::from_millis(millis);
                let lifetime = end.saturating_sub(context.clock.unix_time());
                if lifetime.is_zero() {
                    return Err(invalid::<S>(&format!("it expired at {time}")));
                }
                Some((end.saturating_sub(MARGIN.min(lifetime / 2)), end))
            }
        };
        let mut recent = self.recent();
        recent.truncate(RECENT_KEYS - 1);
        recent.push_front(key.clone());
        Ok(Provided {
            key,
            renewal_and_expiry,
        })
    }

    /// The current key, renewed in time. While it is valid, a failed renewal does not matter.
    fn current(&self, context: &Context<'_>) -> Result<Arc<Provided>, Error> {
        let now = context.clock.unix_time();
        let remaining = || context.deadline.remaining(context.clock);
        self.current
            .get(
                |provided| provided.is_fresh(now),
                remaining(),
                || self.provide(context),
            )
            .or_else(|error| {
                self.current.get(
                    |provided| provided.is_valid(now),
                    remaining(),
                    || Err(error),
                )
            })
    }

    fn recent(&self) -> MutexGuard<'_, VecDeque<AccessKey>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn invalid<S: KeySource>(why: &str) -> Error {
    let why = format!("cannot use the access key from {}: {why}", S::NAME);
    Error::credentials(why, None)
}

impl<S: KeySource + 'static> CredentialKind for ProvidedKeys<S> {
    fn start(&self, config: &SessionConfig) -> Result<Session, Error> {
        self.0.source.check()?;
        let keys: Arc<dyn Authenticator> = Arc::new(Self(self.0.clone()));
        Ok(project_lookup::start(keys, config))
    }
}

impl<S: KeySource> Authenticator for ProvidedKeys<S> {
    fn apply(&self, request: &mut RequestParts, context: &Context<'_>) -> Result<(), Error> {
        let provided = self.0.current(context)?;
        let now = context.clock.unix_time();
        provided.key.sign_for(request, context.project_id, now)
    }

    fn refresh(&self, rejected: &RequestParts, context: &Context<'_>) -> Result<bool, Error> {
        // Another thread may have obtained another key since: then that is the new one.
        let is_other = |provided: &Provided| !provided.key.has_signed(rejected);
        let renewed =
            self.0
                .current
                .get(is_other, context.deadline.remaining(context.clock), || {
                    self.0.provide(context)
                });
        // Without another key, the rejection is the error to report.
        Ok(renewed.is_ok_and(|provided| is_other(&provided)))
    }

    fn redact(&self, redactor: &mut Redactor) {
        for key in self.0.recent().iter() {
            key.redact(redactor);
        }
    }
}

impl<S: KeySource> fmt::Debug for ProvidedKeys<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "access key from {}", S::NAME)
    }
}

/// A function that returns the access key.
pub(super) struct KeyProvider<F>(pub(super) F);

impl<F, E> KeySource for KeyProvider<F>
where
    F: Fn() -> Result<AccessKey, E> + Send + Sync,
    E: Into<BoxError>,
{
    const NAME: &str = "the access key provider";

    fn key(&self, _context: &Context<'_>) -> Result<AccessKey, Error> {
        (self.0)().map_err(|error| {
            let why = "cannot obtain an access key from the access key provider";
            Error::credentials(why, Some(error.into()))
        })
    }
}
