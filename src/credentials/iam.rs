//! IAM, as far as a client needs it: a token for a login, and the id of a project.

use alloc::borrow::Cow;
use alloc::sync::Arc;
use core::time::Duration;

#[cfg(feature = "aksk")]
use super::authenticator::Authenticator;
use super::authenticator::{Context, OutgoingRequest};
use super::login::Login;
#[cfg(feature = "aksk")]
use super::session::missing_project_id;
use crate::clock::Clock;
use crate::error::Error;
use crate::header;
use crate::json::{self, Cursor, Expected};
#[cfg(feature = "aksk")]
use crate::percent;
use crate::secret::Secret;
use crate::timestamp::Timestamp;
use crate::transport::{Headers, Method, RequestParts, ResponseHead};
use crate::url::Endpoint;

/// What a login gives.
pub(super) struct Grant {
    pub(super) token: Secret,
    /// When it was requested, by the clock that never goes backwards.
    pub(super) requested_at: Duration,
    /// How long the token lasts, if IAM says so in a way that can be read. Reckoned between two
    /// times of IAM's, as this machine's calendar may be wrong; it is asked only if the first of
    /// them is missing.
    pub(super) lifetime: Option<Duration>,
    pub(super) project_id: Option<Arc<str>>,
}

/// Logs in. The request is not idempotent, so it is retried only when it cannot have reached IAM:
/// a wrong password must not count twice.
pub(super) fn log_in(
    endpoint: &Endpoint,
    login: &Login,
    context: &Context<'_>,
) -> Result<Grant, Error> {
    let url = alloc::format!("{endpoint}/v3/auth/tokens?nocatalog=true");
    let parts = RequestParts::new(Method::Post, url, headers()?);
    let body = login.body();
    let request = OutgoingRequest {
        parts: &parts,
        body: body.expose_secret().as_bytes(),
        authenticator: login,
        project_id: None,
    };
    let requested_at = context.clock.now();
    let mut grant = None;
    context
        .sender
        .send(request, context.deadline, &mut |response, body| {
            grant = Some(read_grant(
                &response.head,
                body,
                requested_at,
                context.clock,
            )?);
            Ok(())
        })?;
    grant.ok_or_else(no_token)
}

fn headers() -> Result<Headers, Error> {
    let mut headers = Headers::new();
    headers.push(header::CONTENT_TYPE, "application/json;charset=utf8")?;
    Ok(headers)
}

fn no_token() -> Error {
    Error::credentials(
        "cannot log in: IAM's response has no token in X-Subject-Token",
        None,
    )
}

fn read_grant(
    head: &ResponseHead,
    body: &[u8],
    requested_at: Duration,
    clock: &dyn Clock,
) -> Result<Grant, Error> {
    let token = head.subject_token().filter(|token| !token.is_empty());
    let token = token.ok_or_else(no_token)?.clone();
    let TokenBody {
        issued_at,
        expires_at,
        project_id,
    } = json::whole(body, read_token_body)?;
    let time = |text: Option<Cow<'_, str>>| text.as_deref().and_then(Timestamp::parse);
    let issued_at = time(issued_at).or_else(|| Timestamp::from_unix(clock.unix_time()));
    Ok(Grant {
        token,
        requested_at,
        lifetime: time(expires_at)
            .zip(issued_at)
            .and_then(|(end, start)| end.duration_since(start))
            .filter(|lifetime| !lifetime.is_zero()),
        project_id: project_id.map(Arc::from),
    })
}

/// The id of the one project of this name.
#[cfg(feature = "aksk")]
pub(super) fn project_named(
    endpoint: &Endpoint,
    name: &str,
    authenticator: &dyn Authenticator,
    context: &Context<'_>,
) -> Result<Arc<str>, Error> {
    let mut url = alloc::format!("{endpoint}/v3/projects?name=");
    percent::encode_into(&mut url, name);
    let parts = RequestParts::new(Method::Get, url, headers()?);
    let request = OutgoingRequest {
        parts: &parts,
        body: b"",
        authenticator,
        project_id: None,
    };
    let mut id = None;
    context
        .sender
        .send(request, context.deadline, &mut |_, body| {
            id = Some(match json::whole(body, read_projects)? {
                Projects {
                    count: 1,
                    first: Some(id),
                } => Ok(id.into()),
                Projects { count: 1, .. } => Err(alloc::format!(
                    "IAM returns no id for the project named {name:?}: set the project id"
                )),
                Projects { count, .. } => Err(alloc::format!(
                    "IAM knows {count} projects named {name:?} where one must match: set the project id"
                )),
            }
            .map_err(|why| Error::credentials(why, None))?);
            Ok(())
        })?;
    id.ok_or_else(missing_project_id)
}

/// `{"token":{"issued_at":…,"expires_at":…,"project":{"id":…}}}`, in whatever else IAM says.
#[derive(Default)]
struct TokenBody<'a> {
    issued_at: Option<Cow<'a, str>>,
    expires_at: Option<Cow<'a, str>>,
    project_id: Option<Cow<'a, str>>,
}

fn read_token_body<'a>(cursor: &mut Cursor<'a>) -> Result<TokenBody<'a>, Expected> {
    let mut token = TokenBody::default();
    cursor.each_member(|key, cursor| match key {
        "token" => cursor.each_member(|key, cursor| match key {
            "issued_at" => {
                token.issued_at = cursor.string_or_null()?;
                Ok(())
            }
            "expires_at" => {
                token.expires_at = cursor.string_or_null()?;
                Ok(())
            }
            "project" => cursor.each_member(|key, cursor| match key {
                "id" => {
                    token.project_id = cursor.string_or_null()?;
                    Ok(())
                }
                _ => cursor.skip_value(),
            }),
            _ => cursor.skip_value(),
        }),
        _ => cursor.skip_value(),
    })?;
    Ok(token)
}

/// `{"projects":[{"id":…}]}`: how many there are, and the id of the first.
#[cfg(feature = "aksk")]
#[derive(Default)]
struct Projects<'a> {
    count: usize,
    first: Option<Cow<'a, str>>,
}

#[cfg(feature = "aksk")]
fn read_projects<'a>(cursor: &mut Cursor<'a>) -> Result<Projects<'a>, Expected> {
    let mut projects = Projects::default();
    cursor.each_member(|key, cursor| match key {
        "projects" => {
            if cursor.eat("null") {
                return Ok(());
            }
            cursor.demand("[", Expected::ArrayOrNull)?;
            let mut is_first = true;
            while cursor.next_element(&mut is_first)? {
                let mut id = None;
                cursor.each_member(|key, cursor| match key {
                    "id" => {
                        id = cursor.string_or_null()?;
                        Ok(())
                    }
                    _ => cursor.skip_value(),
                })?;
                projects.count = projects.count.saturating_add(1);
                projects.first = projects.first.take().or(id.filter(|id| !id.is_empty()));
            }
            Ok(())
        }
        _ => cursor.skip_value(),
    })?;
    Ok(projects)
}
