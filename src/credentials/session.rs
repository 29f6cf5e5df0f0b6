//! Credentials in use by a client: what they keep from one request to the next.

#[cfg(feature = "std")]
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
#[cfg(feature = "std")]
use core::time::Duration;

#[cfg(feature = "aksk")]
use super::AccessKey;
use super::token::{self, TokenSource};
use super::{Credentials, Kind, Secret};
#[cfg(feature = "std")]
use super::{
    iam::{self, Grant},
    kept::Kept,
    login::{Login, Project},
};
#[cfg(all(feature = "std", feature = "aksk"))]
use crate::client::send::Sender;
use crate::client::send::{Deadline, Wire};
use crate::error::Error;
use crate::header;
use crate::transport::RequestParts;
#[cfg(feature = "std")]
use crate::url::Endpoint;

/// How long before its end a token is no longer used, if that is not more than half of its life.
#[cfg(feature = "std")]
const MARGIN: Duration = Duration::from_secs(300);

/// What credentials need to know of the client that uses them.
#[derive(Clone, Default)]
pub(crate) struct Surroundings {
    /// Where IAM is asked, if that is known.
    #[cfg(feature = "std")]
    pub(crate) iam: Option<Endpoint>,
    /// The client's project, or the region's own.
    #[cfg(feature = "std")]
    pub(crate) project: Option<Project>,
}

/// Credentials in use. All clones of a client share one session, and with it one token.
pub(crate) enum Session {
    Token(Secret),
    TokenSource(TokenSource),
    #[cfg(feature = "std")]
    Login(Box<LoginSession>),
    #[cfg(feature = "aksk")]
    AccessKey {
        key: AccessKey,
        #[cfg(feature = "std")]
        lookup: Option<Box<ProjectLookup>>,
    },
}

#[cfg(feature = "std")]
pub(crate) struct LoginSession {
    login: Login,
    iam: Endpoint,
    grant: Kept<Grant>,
}

/// How a project's id is found by its name.
#[cfg(all(feature = "std", feature = "aksk"))]
pub(crate) struct ProjectLookup {
    iam: Endpoint,
    name: String,
    id: Kept<Arc<str>>,
}

/// Says what is in use, and nothing of it.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => f.write_str("token ***"),
            Self::TokenSource(source) => write!(f, "token from {}", source.what),
            #[cfg(feature = "std")]
            Self::Login(session) => session.login.fmt(f),
            #[cfg(feature = "aksk")]
            Self::AccessKey { key, .. } => key.fmt(f),
        }
    }
}

impl Session {
    /// Takes credentials into use.
    #[cfg_attr(
        not(feature = "std"),
        expect(
            unused_variables,
            clippy::needless_pass_by_value,
            clippy::unnecessary_wraps,
            reason = "nothing asks IAM"
        )
    )]
    pub(crate) fn begin(
        credentials: Credentials,
        surroundings: Surroundings,
    ) -> Result<Self, Error> {
        Ok(match credentials.0 {
            Kind::Token(token) => Self::Token(token),
            Kind::TokenSource(source) => Self::TokenSource(source),
            #[cfg(feature = "std")]
            Kind::Login(login) => Self::Login(Box::new(LoginSession::begin(login, surroundings)?)),
            #[cfg(feature = "aksk")]
            Kind::AccessKey(key) => Self::AccessKey {
                key,
                #[cfg(feature = "std")]
                lookup: match surroundings {
                    Surroundings {
                        iam: Some(iam),
                        project: Some(Project::Name(name)),
                    } => Some(Box::new(ProjectLookup {
                        iam,
                        name,
                        id: Kept::new(),
                    })),
                    _ => None,
                },
            },
        })
    }

    /// Whether [`project_id`](Self::project_id) can be asked for.
    pub(crate) fn knows_project(&self) -> bool {
        match self {
            Self::Token(_) | Self::TokenSource(_) => false,
            #[cfg(feature = "std")]
            Self::Login(_) => true,
            #[cfg(all(feature = "std", feature = "aksk"))]
            Self::AccessKey { lookup, .. } => lookup.is_some(),
            #[cfg(all(not(feature = "std"), feature = "aksk"))]
            Self::AccessKey { .. } => false,
        }
    }

    /// The id of the project the credentials are for; IAM is asked once.
    #[cfg_attr(
        not(feature = "std"),
        expect(unused_variables, reason = "nothing asks IAM")
    )]
    pub(crate) fn project_id(&self, wire: &Wire, deadline: Deadline) -> Result<Arc<str>, Error> {
        match self {
            #[cfg(feature = "std")]
            Self::Login(session) => session.project_id(wire, deadline),
            #[cfg(all(feature = "std", feature = "aksk"))]
            Self::AccessKey {
                key,
                lookup: Some(lookup),
            } => lookup.project_id(key, wire, deadline),
            _ => Err(Error::input(
                "project_id",
                "is missing: the service needs the tenant's project in this region",
            )),
        }
    }

    /// Adds to a request what authenticates it.
    #[cfg_attr(
        not(all(feature = "std", feature = "aksk")),
        expect(unused_variables, reason = "not all credentials are built in")
    )]
    pub(crate) fn authorize(
        &self,
        parts: &mut RequestParts,
        project_id: &str,
        wire: &Wire,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let token = match self {
            Self::Token(token) => token.clone(),
            Self::TokenSource(source) => source.read()?,
            #[cfg(feature = "std")]
            Self::Login(session) => session.fresh_token(wire, deadline)?,
            #[cfg(feature = "aksk")]
            Self::AccessKey { key, .. } => {
                return key.sign(parts, project_id, wire.clock.unix_time());
            }
        };
        parts.headers_mut().push_secret(header::AUTH_TOKEN, token)
    }

    /// Refuses at once what no request could be authenticated with; asks nobody for anything.
    #[cfg_attr(
        not(feature = "aksk"),
        expect(unused_variables, reason = "only a key signs the whole request")
    )]
    pub(crate) fn check(
        &self,
        parts: &mut RequestParts,
        project_id: &str,
        wire: &Wire,
    ) -> Result<(), Error> {
        match self {
            Self::Token(token) => match token::flaw(token) {
                Some(why) => Err(Error::credentials(alloc::format!("the token {why}"), None)),
                None => Ok(()),
            },
            #[cfg(feature = "aksk")]
            Self::AccessKey { key, .. } => key.sign(parts, project_id, wire.clock.unix_time()),
            _ => Ok(()),
        }
    }

    /// Takes out of a text what the service may repeat of the credentials though no header is that
    /// and nothing else: the id of a key, which stands within one.
    #[cfg_attr(
        not(feature = "aksk"),
        expect(
            unused_variables,
            clippy::ptr_arg,
            clippy::unused_self,
            reason = "only a key has an id"
        )
    )]
    pub(crate) fn redact(&self, text: &mut String) {
        #[cfg(feature = "aksk")]
        if let Self::AccessKey { key, .. } = self {
            key.redact(text);
        }
    }

    /// After the service did not accept what authenticates `rejected`: whether there is something
    /// else to authenticate with now. A key has nothing else: five failures would lock it.
    #[cfg_attr(
        not(feature = "std"),
        expect(
            unused_variables,
            clippy::unnecessary_wraps,
            reason = "only a login takes time, and can fail"
        )
    )]
    pub(crate) fn has_renewed(
        &self,
        rejected: &RequestParts,
        wire: &Wire,
        deadline: Deadline,
    ) -> Result<bool, Error> {
        let rejected = rejected.headers().get(header::AUTH_TOKEN);
        match self {
            Self::TokenSource(source) => Ok(source
                .read()
                .is_ok_and(|token| rejected != Some(token.expose_secret()))),
            #[cfg(feature = "std")]
            Self::Login(session) => session
                .token_other_than(rejected, wire, deadline)
                .map(|token| rejected != Some(token.expose_secret())),
            _ => Ok(false),
        }
    }
}

#[cfg(feature = "std")]
impl LoginSession {
    fn begin(login: Login, surroundings: Surroundings) -> Result<Self, Error> {
        let login = login.or_project(surroundings.project);
        login.check()?;
        let iam = surroundings.iam.ok_or_else(|| {
            Error::input(
                "iam_endpoint",
                "is missing: a login needs a region, such as cn-north-4, or the endpoint of IAM",
            )
        })?;
        Ok(Self {
            login,
            iam,
            grant: Kept::new(),
        })
    }

    /// A token that has some time to go.
    fn fresh_token(&self, wire: &Wire, deadline: Deadline) -> Result<Secret, Error> {
        let now = wire.clock.now();
        // Without an end it is kept until the service no longer takes it.
        let is_fresh = |grant: &Grant| {
            grant.lifetime.is_none_or(|lifetime| {
                let used = now.saturating_sub(grant.asked_at);
                used < lifetime.saturating_sub(MARGIN.min(lifetime / 2))
            })
        };
        Ok(self.grant(is_fresh, wire, deadline)?.token.clone())
    }

    /// The token that came after the rejected one. If another thread has it already, that is it.
    fn token_other_than(
        &self,
        rejected: Option<&str>,
        wire: &Wire,
        deadline: Deadline,
    ) -> Result<Secret, Error> {
        let is_other = |grant: &Grant| rejected != Some(grant.token.expose_secret());
        Ok(self.grant(is_other, wire, deadline)?.token.clone())
    }

    fn project_id(&self, wire: &Wire, deadline: Deadline) -> Result<Arc<str>, Error> {
        if let Some(id) = self.login.known_project_id() {
            return Ok(id.into());
        }
        let has_project = |grant: &Grant| grant.project_id.is_some();
        let grant = self.grant(has_project, wire, deadline)?;
        grant.project_id.clone().ok_or_else(|| {
            Error::credentials(
                "IAM's answer to the login names no project: set the project's id",
                None,
            )
        })
    }

    fn grant(
        &self,
        is_good: impl Fn(&Grant) -> bool,
        wire: &Wire,
        deadline: Deadline,
    ) -> Result<Arc<Grant>, Error> {
        self.grant
            .get(is_good, deadline.remaining(&*wire.clock), || {
                iam::log_in(&self.iam, &self.login, wire, deadline)
            })
    }
}

#[cfg(all(feature = "std", feature = "aksk"))]
impl ProjectLookup {
    fn project_id(
        &self,
        key: &AccessKey,
        wire: &Wire,
        deadline: Deadline,
    ) -> Result<Arc<str>, Error> {
        let id = self.id.get(
            |_| true,
            deadline.remaining(&*wire.clock),
            || {
                let signer = Signer { key, wire };
                iam::project_named(&self.iam, &self.name, &signer, wire, deadline)
            },
        )?;
        Ok(Arc::clone(&id))
    }
}

/// Who signs a request that belongs to no project.
#[cfg(all(feature = "std", feature = "aksk"))]
struct Signer<'a> {
    key: &'a AccessKey,
    wire: &'a Wire,
}

#[cfg(all(feature = "std", feature = "aksk"))]
impl Sender for Signer<'_> {
    fn make_ready(&self, parts: &mut RequestParts, _deadline: Deadline) -> Result<(), Error> {
        self.key.sign_for(parts, None, self.wire.clock.unix_time())
    }

    fn has_renewed(&self, _rejected: &RequestParts, _deadline: Deadline) -> Result<bool, Error> {
        Ok(false)
    }

    fn redact(&self, text: &mut String) {
        self.key.redact(text);
    }
}

#[cfg(test)]
#[cfg(feature = "emulator")]
mod tests {
    use super::*;
    use crate::client::RetryPolicy;
    use crate::emulator::{Emulator, ManualClock};
    use crate::transport::{Request, ResponseBody, ResponseHead, Transport, TransportError};
    use alloc::vec::Vec;
    use std::sync::OnceLock;

    /// Answers no login before nine threads wait for it.
    struct Crowded {
        emulator: Emulator,
        session: OnceLock<Arc<LoginSession>>,
    }

    impl Transport for Crowded {
        fn send(
            &self,
            request: &Request<'_>,
            body: &mut ResponseBody,
        ) -> Result<ResponseHead, TransportError> {
            self.session.wait().grant.until_waiting(9);
            self.emulator.send(request, body)
        }
    }

    /// What ten threads get that need the token of one login at once, and how often IAM was asked.
    fn ten_at_once(password: &str) -> (Vec<Result<Secret, Error>>, u64) {
        let emulator = Emulator::builder().user("a", "u", "right").build();
        let session = LoginSession::begin(
            Login::new("a", "u", password).project_id("p"),
            Surroundings {
                iam: Endpoint::parse(Emulator::ENDPOINT).ok(),
                project: None,
            },
        );
        let session = Arc::new(session.unwrap());
        let crowded = Crowded {
            emulator: emulator.clone(),
            session: OnceLock::from(Arc::clone(&session)),
        };
        let wire = Wire {
            transport: Arc::new(crowded),
            clock: Arc::new(ManualClock::new()),
            jitter: Arc::new(|| 1.0),
            retry: RetryPolicy::none(),
            user_agent: "test".into(),
            timeout: Duration::from_secs(60),
            max_body: ResponseBody::DEFAULT_LIMIT,
        };
        let results = std::thread::scope(|scope| {
            let ask = || session.fresh_token(&wire, wire.deadline());
            let threads: Vec<_> = (0..10).map(|_| scope.spawn(ask)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        (results, emulator.request_count())
    }

    #[test]
    fn ten_threads_log_in_once() {
        let (results, asked) = ten_at_once("right");
        assert_eq!(asked, 1);
        let first = results[0].as_ref().unwrap();
        assert!(results.iter().all(|token| token.as_ref().unwrap() == first));
    }

    #[test]
    fn ten_threads_with_a_wrong_password_fail_once_at_iam() {
        let (results, asked) = ten_at_once("hunter2");
        assert_eq!(asked, 1);
        let statuses = results
            .iter()
            .map(|token| token.as_ref().unwrap_err().status());
        assert!(statuses.into_iter().all(|status| status == Some(401)));
    }
}
