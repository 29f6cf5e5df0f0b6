//! IAM, as far as a client needs it: a token for a login, and the id of a project.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::sync::Arc;
use core::time::Duration;

use super::login::Login;
use crate::client::send::{Answer, Deadline, Sender, Wire};
use crate::error::Error;
use crate::header;
use crate::json::{self, Cursor, Expected};
#[cfg(feature = "aksk")]
use crate::percent;
use crate::secret::Secret;
use crate::timestamp::Timestamp;
use crate::transport::{Headers, Method, RequestParts};
use crate::url::Endpoint;

/// What a login gives.
pub(super) struct Grant {
    pub(super) token: Secret,
    /// When it was asked for, by the clock that never goes backwards.
    pub(super) asked_at: Duration,
    /// How long the token lasts, if IAM says so in a way that can be read. Reckoned between two
    /// times of IAM's, as this machine's calendar may be wrong; it is asked only if the first of
    /// them is missing.
    pub(super) lifetime: Option<Duration>,
    pub(super) project_id: Option<Arc<str>>,
}

/// Logs in. The request is no idempotent one, so it is repeated only when it cannot have got
/// through: a wrong password must not count twice.
pub(super) fn log_in(
    endpoint: &Endpoint,
    login: &Login,
    wire: &Wire,
    deadline: Deadline,
) -> Result<Grant, Error> {
    let url = alloc::format!("{endpoint}/v3/auth/tokens?nocatalog=true");
    let mut headers = Headers::new();
    headers.push(header::CONTENT_TYPE, "application/json;charset=utf8")?;
    let request = RequestParts::new(Method::Post, url, headers);
    let request_body = login.body();
    let mut body = wire.response_body();
    let asked_at = wire.clock.now();
    let Answer {
        head, request_id, ..
    } = wire.send(
        &request,
        request_body.expose_secret().as_bytes(),
        &Applicant(login),
        deadline,
        &mut body,
    )?;
    let Some(token) = head.subject_token().filter(|token| !token.is_empty()) else {
        return Err(Error::credentials(
            "IAM answered the login without a token in X-Subject-Token",
            None,
        )
        .with_request_id(request_id));
    };
    let Told {
        issued_at,
        expires_at,
        project_id,
    } = json::whole(body.as_bytes(), read_grant)
        .map_err(|error| Error::from(error).with_request_id(request_id))?;
    let time = |text: Option<Cow<'_, str>>| text.as_deref().and_then(Timestamp::parse);
    let issued_at = time(issued_at).or_else(|| Timestamp::from_unix(wire.clock.unix_time()));
    Ok(Grant {
        token: token.clone(),
        asked_at,
        lifetime: time(expires_at)
            .zip(issued_at)
            .and_then(|(end, start)| end.duration_since(start))
            .filter(|lifetime| !lifetime.is_zero()),
        project_id: project_id.map(Arc::from),
    })
}

/// Who has nothing to authenticate with yet, and a password in the body.
struct Applicant<'a>(&'a Login);

impl Sender for Applicant<'_> {
    fn make_ready(&self, _parts: &mut RequestParts, _deadline: Deadline) -> Result<(), Error> {
        Ok(())
    }

    fn has_renewed(&self, _rejected: &RequestParts, _deadline: Deadline) -> Result<bool, Error> {
        Ok(false)
    }

    fn redact(&self, text: &mut String) {
        self.0.redact(text);
    }
}

/// The id of the one project of this name.
#[cfg(feature = "aksk")]
pub(super) fn project_named(
    endpoint: &Endpoint,
    name: &str,
    sender: &dyn Sender,
    wire: &Wire,
    deadline: Deadline,
) -> Result<Arc<str>, Error> {
    let mut url = alloc::format!("{endpoint}/v3/projects?name=");
    percent::encode_into(&mut url, name);
    let mut headers = Headers::new();
    headers.push(header::CONTENT_TYPE, "application/json;charset=utf8")?;
    let request = RequestParts::new(Method::Get, url, headers);
    let mut body = wire.response_body();
    let request_id = wire
        .send(&request, b"", sender, deadline, &mut body)?
        .request_id;
    let error = match json::whole(body.as_bytes(), read_projects) {
        Ok(Projects {
            count: 1,
            first: Some(id),
        }) => return Ok(id.into()),
        Ok(Projects { count: 1, .. }) => Error::credentials(
            alloc::format!("IAM tells no id of the project named {name:?}: set the project's id"),
            None,
        ),
        Ok(Projects { count, .. }) => Error::credentials(
            alloc::format!(
                "IAM knows {count} projects named {name:?} where one must match: set the project's id"
            ),
            None,
        ),
        Err(error) => error.into(),
    };
    Err(error.with_request_id(request_id))
}

/// `{"token":{"issued_at":…,"expires_at":…,"project":{"id":…}}}`, in whatever else IAM says.
#[derive(Default)]
struct Told<'a> {
    issued_at: Option<Cow<'a, str>>,
    expires_at: Option<Cow<'a, str>>,
    project_id: Option<Cow<'a, str>>,
}

fn read_grant<'a>(cursor: &mut Cursor<'a>) -> Result<Told<'a>, Expected> {
    let mut told = Told::default();
    cursor.each_member(|key, cursor| match key {
        "token" => cursor.each_member(|key, cursor| match key {
            "issued_at" => {
                told.issued_at = cursor.string_or_null()?;
                Ok(())
            }
            "expires_at" => {
                told.expires_at = cursor.string_or_null()?;
                Ok(())
            }
            "project" => cursor.each_member(|key, cursor| match key {
                "id" => {
                    told.project_id = cursor.string_or_null()?;
                    Ok(())
                }
                _ => cursor.skip_value(),
            }),
            _ => cursor.skip_value(),
        }),
        _ => cursor.skip_value(),
    })?;
    Ok(told)
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
