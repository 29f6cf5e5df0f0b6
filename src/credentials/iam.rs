//! IAM, as far as a client needs it: a token for a login, and the id of a project.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::sync::Arc;

use super::Secret;
use super::login::Login;
use crate::error::Error;
use crate::header;
use crate::json::{self, Cursor, Expected};
#[cfg(feature = "aksk")]
use crate::percent;
use crate::region::Endpoint;
use crate::timestamp::Timestamp;
use crate::transport::{Headers, Method, RequestParts};
use crate::wire::{Deadline, Sender, Wire};

/// What a login gives.
pub(super) struct Grant {
    pub(super) token: Secret,
    /// When the token ends, if IAM says so in a way that can be read.
    pub(super) expires_at: Option<Timestamp>,
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
    let head = wire
        .send(
            &request,
            request_body.expose().as_bytes(),
            &Applicant(login),
            deadline,
            &mut body,
        )?
        .head;
    let request_id = || head.request_id().map(String::from);
    let Some(token) = head.subject_token().filter(|token| !token.is_empty()) else {
        return Err(Error::credentials(
            "IAM answered the login without a token in X-Subject-Token",
            None,
        )
        .with_request_id(request_id()));
    };
    let answer = json::whole(body.as_bytes(), read_grant)
        .map_err(|error| Error::from(error).with_request_id(request_id()))?;
    Ok(Grant {
        token: token.clone(),
        expires_at: answer.expires_at.as_deref().and_then(Timestamp::parse),
        project_id: answer.project_id.map(Arc::from),
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
    let head = wire.send(&request, b"", sender, deadline, &mut body)?.head;
    let request_id = head.request_id().map(String::from);
    match json::whole(body.as_bytes(), read_projects) {
        Ok(Projects {
            count: 1,
            first: Some(id),
        }) => Ok(id.into()),
        Ok(Projects { count, .. }) => Err(Error::credentials(
            alloc::format!(
                "IAM knows {count} projects named {name:?} where one must match: set the project's id"
            ),
            None,
        )
        .with_request_id(request_id)),
        Err(error) => Err(Error::from(error).with_request_id(request_id)),
    }
}

/// `{"token":{"expires_at":…,"project":{"id":…}}}`, in whatever else IAM says.
#[derive(Default)]
struct Answer<'a> {
    expires_at: Option<Cow<'a, str>>,
    project_id: Option<Cow<'a, str>>,
}

fn read_grant<'a>(cursor: &mut Cursor<'a>) -> Result<Answer<'a>, Expected> {
    let mut answer = Answer::default();
    cursor.each_member(|key, cursor| match key {
        "token" => cursor.each_member(|key, cursor| match key {
            "expires_at" => {
                answer.expires_at = cursor.string_or_null()?;
                Ok(())
            }
            "project" => cursor.each_member(|key, cursor| match key {
                "id" => {
                    answer.project_id = cursor.string_or_null()?;
                    Ok(())
                }
                _ => cursor.skip_value(),
            }),
            _ => cursor.skip_value(),
        }),
        _ => cursor.skip_value(),
    })?;
    Ok(answer)
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
