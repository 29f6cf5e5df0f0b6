//! A login in use: one token for all clones and threads of a client, renewed before it expires.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use super::authenticator::{Authenticator, Context};
use super::iam::{self, Grant};
use super::login::Login;
use super::session::{
    CredentialKind, ResolveProject, Session, SessionConfig, apply_token, uses_token,
};
use super::single_flight::SingleFlight;
use crate::error::Error;
use crate::redact::Redactor;
use crate::transport::RequestParts;
use crate::url::Endpoint;

/// How long before its expiry a token is renewed; after half of its lifetime if that is less than
/// twice as long.
const MARGIN: Duration = Duration::from_secs(300);

/// A login in use by one client.
struct LoginSession {
    login: Login,
    iam_endpoint: Endpoint,
    grant: SingleFlight<Grant>,
}

impl CredentialKind for Login {
    fn start(&self, config: &SessionConfig) -> Result<Session, Error> {
        let session = Arc::new(LoginSession::new(self.clone(), config)?);
        Ok(Session::new(session.clone()).with_project(session))
    }
}

impl LoginSession {
    fn new(login: Login, config: &SessionConfig) -> Result<Self, Error> {
        let login = login.or_project(config.project.clone());
        login.check()?;
        let iam_endpoint = config.iam_endpoint.clone().ok_or_else(|| {
            Error::missing(
                "iam_endpoint",
                "a login needs a region, such as cn-north-4, or the endpoint of IAM",
            )
        })?;
        Ok(Self {
            login,
            iam_endpoint,
            grant: SingleFlight::new(),
        })
    }

    /// Returns the cached grant if it is `usable`, else logs in.
    fn grant(
        &self,
        usable: impl Fn(&Grant) -> bool,
        context: &Context<'_>,
    ) -> Result<Arc<Grant>, Error> {
        let remaining = context.deadline.remaining(context.clock);
        self.grant.get(usable, remaining, || {
            iam::log_in(&self.iam_endpoint, &self.login, context)
        })
    }

    /// A grant whose token does not expire soon.
    fn fresh_grant(&self, context: &Context<'_>) -> Result<Arc<Grant>, Error> {
        let now = context.clock.now();
        // A token whose expiry is unknown is used until the service rejects it.
        let is_fresh = |grant: &Grant| {
            grant.lifetime.is_none_or(|lifetime| {
                let used = now.saturating_sub(grant.requested_at);
                used < lifetime.saturating_sub(MARGIN.min(lifetime / 2))
            })
        };
        self.grant(is_fresh, context)
    }
}

impl Authenticator for LoginSession {
    fn apply(&self, request: &mut RequestParts, context: &Context<'_>) -> Result<(), Error> {
        apply_token(request, self.fresh_grant(context)?.token.clone())
    }

    fn refresh(&self, rejected: &RequestParts, context: &Context<'_>) -> Result<bool, Error> {
        // Another thread may have logged in since: then its token is the new one.
        let is_other = |grant: &Grant| !uses_token(rejected, &grant.token);
        let grant = self.grant(is_other, context)?;
        Ok(is_other(&grant))
    }

    /// Texts in IAM's responses, such as a project's id, may repeat the password.
    fn redact(&self, redactor: &mut Redactor) {
        self.login.redact(redactor);
    }
}

impl ResolveProject for LoginSession {
    fn project_id(&self, context: &Context<'_>) -> Result<Arc<str>, Error> {
        if let Some(id) = self.login.requested_project_id() {
            return Ok(id.into());
        }
        let grant = self.grant(|grant| grant.project_id.is_some(), context)?;
        grant.project_id.clone().ok_or_else(|| {
            Error::credentials(
                "cannot find the project id: IAM's response to the login names no project; set the project id",
                None,
            )
        })
    }
}

impl fmt::Debug for LoginSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.login.fmt(f)
    }
}

/// Authenticates the login request itself: the password is in the body.
impl Authenticator for Login {
    fn apply(&self, _request: &mut RequestParts, _context: &Context<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn redact(&self, redactor: &mut Redactor) {
        redactor.add(self.password());
    }
}

#[cfg(test)]
#[cfg(feature = "emulator")]
mod tests {
    use super::*;
    use crate::emulator::{Emulator, ManualClock};
    use crate::list_jobs::ListJobs;
    use crate::transport::{Request, ResponseBody, ResponseHead, Transport, TransportError};
    use alloc::vec::Vec;

    /// Delays each login until nine threads wait for its token.
    struct DelayedLogin {
        emulator: Emulator,
        session: Arc<LoginSession>,
    }

    impl Transport for DelayedLogin {
        fn send(
            &self,
            request: &Request<'_>,
            body: &mut ResponseBody,
        ) -> Result<ResponseHead, TransportError> {
            if request.url().contains("/v3/auth/tokens") {
                self.session.grant.until_waiting(9);
            }
            self.emulator.send(request, body)
        }
    }

    /// Starts a session that the test has created, and whose fields it can read.
    #[derive(Debug)]
    struct ExistingSession(Arc<LoginSession>);

    impl CredentialKind for ExistingSession {
        fn start(&self, _config: &SessionConfig) -> Result<Session, Error> {
            Ok(Session::new(self.0.clone()))
        }
    }

    /// The results of ten threads that need the token of one login at once, and the number of
    /// logins that reached IAM.
    fn ten_at_once(password: &str) -> (Vec<Result<(), Error>>, usize) {
        let emulator = Emulator::builder()
            .user("a", "u", "right")
            .project_id("p")
            .build();
        let config = SessionConfig {
            iam_endpoint: Endpoint::parse(Emulator::ENDPOINT).ok(),
            project: None,
        };
        let login = Login::new("a", "u", password).project_id("p");
        let session = Arc::new(LoginSession::new(login, &config).unwrap());
        let client = emulator
            .client()
            .credentials(super::super::Credentials::from_kind(ExistingSession(
                session.clone(),
            )))
            .transport(DelayedLogin {
                emulator: emulator.clone(),
                session,
            })
            .clock(ManualClock::new())
            .retry(crate::RetryPolicy::none())
            .build()
            .unwrap();
        let results = std::thread::scope(|scope| {
            let list = || client.list(&ListJobs::new()).map(|_| ());
            let threads: Vec<_> = (0..10).map(|_| scope.spawn(list)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        let requests = emulator.requests();
        let logins = requests
            .iter()
            .filter(|request| request.path() == "/v3/auth/tokens");
        (results, logins.count())
    }

    #[test]
    fn ten_threads_log_in_once() {
        let (results, logins) = ten_at_once("right");
        assert_eq!(logins, 1);
        assert!(results.iter().all(Result::is_ok), "{results:?}");
    }

    #[test]
    fn ten_threads_with_a_wrong_password_send_one_login() {
        let (results, logins) = ten_at_once("hunter2");
        assert_eq!(logins, 1);
        let statuses = results
            .iter()
            .map(|result| result.as_ref().unwrap_err().status());
        assert!(statuses.into_iter().all(|status| status == Some(401)));
    }
}
