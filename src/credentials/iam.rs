//! The requests to IAM: a token for a login, and the id of a project.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
#[cfg(feature = "aksk")]
use alloc::vec::Vec;
use core::time::Duration;

use super::authenticator::{Authenticator, Context, OutgoingRequest};
use super::login::Login;
#[cfg(feature = "aksk")]
use super::session::missing_project_id;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Responder};
use crate::header;
use crate::json::{self, Cursor, Document, ErrorCode};
#[cfg(feature = "aksk")]
use crate::percent;
use crate::redact::Redactor;
use crate::secret::Secret;
use crate::timestamp::Timestamp;
use crate::transport::{Headers, Method, RequestParts, ResponseHead};
use crate::url::Endpoint;

/// Parses an endpoint of IAM, without the version of its API that Terraform's variables name in the
/// path.
pub(crate) fn parse_endpoint(url: &str) -> Result<Endpoint, Error> {
    let url = url.trim_end_matches('/');
    Endpoint::parse(url.strip_suffix("/v3").unwrap_or(url))
}

/// The result of a login.
pub(super) struct Grant {
    pub(super) token: Secret,
    /// When the token was requested, by the monotonic clock.
    pub(super) requested_at: Duration,
    /// How long the token lasts, if IAM says so. Computed from two times of IAM, since the clock of
    /// this machine may be wrong; it is used only if IAM does not say when the token was issued.
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
    let url = format!("{endpoint}/v3/auth/tokens?nocatalog=true");
    let parts = RequestParts::new(Method::Post, url, headers()?);
    let body = login.body();
    let request = OutgoingRequest {
        parts: &parts,
        body: body.expose_secret().as_bytes(),
        authenticator: login,
        service: Responder::Iam,
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
                login,
                requested_at,
                context.clock,
            )?);
            Ok(())
        })
        .map_err(|error| match login.note() {
            Some(note) if error.kind() == ErrorKind::Authentication => {
                error.with_note(String::from(note))
            }
            _ => error,
        })?;
    grant.ok_or_else(no_token)
}

/// The maximum number of characters of a project's name or id that an error shows.
const MAX_SHOWN_NAME: usize = 64;

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

/// Reads the response to a login. Only the token is required; other fields that are missing or have
/// an undocumented type are unknown.
fn read_grant(
    head: &ResponseHead,
    body: &[u8],
    login: &Login,
    requested_at: Duration,
    clock: &dyn Clock,
) -> Result<Grant, Error> {
    let token = head.subject_token().filter(|token| !token.is_empty());
    let token = token.ok_or_else(no_token)?.clone();
    let text = json::text(body);
    let TokenBody {
        issued_at,
        expires_at,
        project,
    } = json::parse(&text, &DOCUMENT, read_token_body).unwrap_or_default();
    if let (Some(expected), Some(found)) = (login.requested_project_name(), project.name.as_deref())
        && found != expected
    {
        let mut redactor = Redactor::default();
        redactor.add(&token);
        login.redact(&mut redactor);
        let found = redactor.clean(found, MAX_SHOWN_NAME);
        let why = format!(
            "cannot use the token of the login: it is for the project {found:?} instead of {expected:?}"
        );
        return Err(Error::credentials(why, None));
    }
    let time = |text: Option<Cow<'_, str>>| text.as_deref().and_then(Timestamp::parse);
    let issued_at = time(issued_at).or_else(|| Timestamp::from_unix(clock.unix_time()));
    Ok(Grant {
        token,
        requested_at,
        lifetime: time(expires_at)
            .zip(issued_at)
            .and_then(|(end, start)| end.duration_since(start))
            .filter(|lifetime| !lifetime.is_zero()),
        project_id: project.id.filter(|id| !id.is_empty()).map(Arc::from),
    })
}

/// The id of the one project of this name.
#[cfg(feature = "aksk")]
pub(super) fn find_project(
    endpoint: &Endpoint,
    name: &str,
    authenticator: &dyn Authenticator,
    context: &Context<'_>,
) -> Result<Arc<str>, Error> {
    let mut url = format!("{endpoint}/v3/projects?name=");
    percent::encode_into(&mut url, name);
    let parts = RequestParts::new(Method::Get, url, headers()?);
    let request = OutgoingRequest {
        parts: &parts,
        body: b"",
        authenticator,
        service: Responder::Iam,
        project_id: None,
    };
    let mut id = None;
    context
        .sender
        .send(request, context.deadline, &mut |_, body| {
            let text = json::text(body);
            let projects = json::parse(&text, &DOCUMENT, read_projects)?;
            let clean = |text: &str| {
                let mut redactor = Redactor::default();
                authenticator.redact(&mut redactor);
                redactor.clean(text, MAX_SHOWN_NAME)
            };
            let chosen = choose(&projects, name, &clean);
            id = Some(chosen.map_err(|why| Error::credentials(why, None))?);
            Ok(())
        })?;
    id.ok_or_else(missing_project_id)
}

/// The id of the only project with this name: a service that ignores the filter must not make the
/// client list the jobs of another project.
#[cfg(feature = "aksk")]
fn choose(
    projects: &[Project<'_>],
    name: &str,
    clean: &dyn Fn(&str) -> String,
) -> Result<Arc<str>, String> {
    /// How many names or ids an error shows.
    const SHOWN: usize = 10;
    let is_named = |project: &&Project<'_>| match &project.name {
        Some(found) => found == name,
        // The request named it: the only project in the response need not repeat the name.
        None => projects.len() == 1,
    };
    let named: Vec<_> = projects
        .iter()
        .filter(is_named)
        .map(|project| project.id.as_deref().filter(|id| !id.is_empty()))
        .collect();
    let list = |texts: &mut dyn Iterator<Item = &str>| {
        let shown: Vec<_> = texts
            .take(SHOWN)
            .map(|text| format!("{:?}", clean(text)))
            .collect();
        shown.join(", ")
    };
    match *named {
        [Some(id)] => Ok(id.into()),
        [None] => Err(format!(
            "cannot use the project {name:?}: IAM lists it without an id; set the project id"
        )),
        [] => {
            let found = list(
                &mut projects
                    .iter()
                    .filter_map(|project| project.name.as_deref()),
            );
            let found = match &*found {
                "" => "no project",
                found => found,
            };
            Err(format!(
                "cannot find the project {name:?}: IAM lists {found}; set the project id"
            ))
        }
        _ => Err(format!(
            "cannot choose the project {name:?}: IAM lists {} of that name, with the ids {}; set the project id",
            named.len(),
            list(&mut named.iter().copied().flatten()),
        )),
    }
}

/// The parts of IAM's responses that an error may show.
const DOCUMENT: Document = Document {
    is_known_key: |key| {
        matches!(
            key,
            "token" | "issued_at" | "expires_at" | "project" | "projects" | "id" | "name"
        )
    },
    job_depth: None,
};

/// `{"token":{"issued_at":…,"expires_at":…,"project":{"id":…,"name":…}}}`, with other members.
#[derive(Default)]
struct TokenBody<'a> {
    issued_at: Option<Cow<'a, str>>,
    expires_at: Option<Cow<'a, str>>,
    project: Project<'a>,
}

/// A project, in either response.
#[derive(Default)]
struct Project<'a> {
    id: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
}

fn read_token_body<'a>(cursor: &mut Cursor<'a>) -> Result<TokenBody<'a>, ErrorCode> {
    let mut read = TokenBody::default();
    members(cursor, &mut |key, cursor| match key {
        "token" => members(cursor, &mut |key, cursor| {
            match key {
                "issued_at" => read.issued_at = scalar(cursor)?,
                "expires_at" => read.expires_at = scalar(cursor)?,
                "project" => read.project = Project::read(cursor)?,
                _ => cursor.skip_value()?,
            }
            Ok(())
        }),
        _ => cursor.skip_value(),
    })?;
    Ok(read)
}

impl<'a> Project<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ErrorCode> {
        let mut project = Self::default();
        members(cursor, &mut |key, cursor| {
            match key {
                "id" => project.id = scalar(cursor)?,
                "name" => project.name = scalar(cursor)?,
                _ => cursor.skip_value()?,
            }
            Ok(())
        })?;
        Ok(project)
    }
}

/// `{"projects":[{"id":…,"name":…}]}`.
#[cfg(feature = "aksk")]
fn read_projects<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<Project<'a>>, ErrorCode> {
    let mut projects = Vec::new();
    cursor.each_member(|key, cursor| match key {
        "projects" => {
            if cursor.eat("null") {
                return Ok(());
            }
            cursor.expect("[", ErrorCode::ExpectedArrayOrNull)?;
            let mut is_first = true;
            while cursor.next_element(&mut is_first)? {
                projects.push(Project::read(cursor)?);
            }
            Ok(())
        }
        _ => cursor.skip_value(),
    })?;
    Ok(projects)
}

/// Reads the members of an object, or skips a value that is none.
fn members<'a>(
    cursor: &mut Cursor<'a>,
    read: &mut dyn FnMut(&str, &mut Cursor<'a>) -> Result<(), ErrorCode>,
) -> Result<(), ErrorCode> {
    match cursor.peek() {
        Some(b'{') => cursor.each_member(read),
        _ => cursor.skip_value(),
    }
}

/// Reads a string, or a number as its text; skips any other value.
pub(super) fn scalar<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Cow<'a, str>>, ErrorCode> {
    match cursor.peek() {
        Some(b'"') => cursor.string().map(Some),
        Some(b'-' | b'0'..=b'9') => Ok(Some(cursor.number()?.text.into())),
        _ => cursor.skip_value().map(|()| None),
    }
}
