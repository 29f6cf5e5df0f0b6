//! IAM: tokens for logins, and the ids of projects by name.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use serde_json::{Value, json};

use super::access::Access;
use crate::emulator::limits::Limits;
use crate::emulator::message::{ErrorResponse, Request, Response};
use crate::header;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The id of the project if none is configured.
pub(crate) const ANY_PROJECT_ID: &str = "054ba152d480d55b2f5dc0069e7ddef0";
/// The name of a project that has any name.
const ANY_NAME: &str = "emulated";
/// How long a token is valid, as documented.
const TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// The users who can log in; any with a password if none is configured.
#[derive(Clone, Debug)]
pub(crate) struct Users {
    pub(crate) known: Vec<User>,
    pub(crate) token_lifetime: Duration,
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) password: Secret,
}

impl Default for Users {
    fn default() -> Self {
        Self {
            known: Vec::new(),
            token_lifetime: TOKEN_LIFETIME,
        }
    }
}

impl Users {
    /// Whether the user of a login's body can log in.
    fn admit(&self, login: &Value) -> bool {
        const USER: &str = "/auth/identity/password/user";
        let text = |path: &str| {
            login
                .pointer(&format!("{USER}{path}"))
                .and_then(Value::as_str)
        };
        let account = text("/domain/name").or_else(|| text("/domain/id"));
        let name = text("/name").or_else(|| text("/id"));
        let (Some(name), Some(password)) = (name, text("/password")) else {
            return false;
        };
        let is_known = |known: &User| {
            (account == Some(&known.account) || text("/id").is_some())
                && known.name == name
                && known.password.expose_secret() == password
        };
        let is_whole = !name.is_empty() && !password.is_empty();
        is_whole && (self.known.is_empty() || self.known.iter().any(is_known))
    }
}

/// A configured project.
#[derive(Clone, Debug)]
pub(crate) struct ProjectName {
    pub(crate) id: String,
    /// `None` for any name that no other project has.
    pub(crate) name: Option<String>,
}

/// The projects with this name, or all, as id and name. If none has the name, a project of any name
/// takes it.
fn find_projects(projects: &[ProjectName], name: Option<&str>) -> Vec<(String, String)> {
    let any = [ProjectName {
        id: ANY_PROJECT_ID.into(),
        name: None,
    }];
    let projects = if projects.is_empty() { &any } else { projects };
    let is_named = |project: &&ProjectName| name.is_none() || project.name.as_deref() == name;
    let mut named: Vec<&ProjectName> = projects.iter().filter(is_named).collect();
    if named.is_empty() {
        named.extend(projects.iter().find(|project| project.name.is_none()));
    }
    named
        .into_iter()
        .map(|project| {
            let known = project.name.as_deref().or(name).unwrap_or(ANY_NAME);
            (project.id.clone(), known.into())
        })
        .collect()
}

/// The project that a login is for, by id or by name, as id and name.
fn find_project(
    projects: &[ProjectName],
    id: Option<&str>,
    name: Option<&str>,
) -> Option<(String, String)> {
    match id {
        Some(id) if projects.is_empty() => Some((id.into(), name.unwrap_or(ANY_NAME).into())),
        Some(id) => find_projects(projects, None)
            .into_iter()
            .find(|(known, _)| known == id),
        None if name.is_none() && !projects.is_empty() => None,
        None => find_projects(projects, name).into_iter().next(),
    }
}

/// `POST /v3/auth/tokens`: a token for a user and a password.
pub(crate) fn log_in(
    (users, projects): (&Users, &[ProjectName]),
    access: &mut Access,
    request: &Request<'_>,
    request_id: &str,
    now: Option<Timestamp>,
) -> Result<Response, ErrorResponse> {
    if request.method != "POST" {
        return Err(ErrorResponse::method_not_allowed("POST"));
    }
    let Ok(body) = serde_json::from_slice::<Value>(request.body) else {
        return Ok(error(400, "Bad Request", "The request body is invalid"));
    };
    if !users.admit(&body) {
        let message = "The username or password is wrong.";
        return Ok(error(401, "Unauthorized", message));
    }
    let scope = |path| body.pointer(path).and_then(Value::as_str);
    let wanted = (
        scope("/auth/scope/project/id"),
        scope("/auth/scope/project/name"),
    );
    let Some((id, name)) = find_project(projects, wanted.0, wanted.1) else {
        let wanted = wanted.0.or(wanted.1).unwrap_or_default();
        let message = format!("Could not find project: {wanted}.");
        return Ok(error(404, "Not Found", &message));
    };

    let expires_at = now.and_then(|now| later(now, users.token_lifetime));
    let body = json!({"token": {
        "methods": ["password"],
        "issued_at": now.map(micros),
        "expires_at": expires_at.map(micros),
        "project": {"id": id, "name": name},
    }});
    let token = access.issue_token(request_id, id, expires_at);
    let mut response = Response::json(201, &body);
    response.push_header(header::SUBJECT_TOKEN, token.expose_secret());
    Ok(response)
}

/// `GET /v3/projects?name=…`: the projects with this name, or all.
pub(crate) fn list_projects(
    projects: &[ProjectName],
    access: &mut Access,
    request: &Request<'_>,
    now: Option<Timestamp>,
    limits: Limits,
) -> Result<Response, ErrorResponse> {
    if request.method != "GET" {
        return Err(ErrorResponse::method_not_allowed("GET"));
    }
    access.authenticate(request, now, limits)?;
    let parameters = request
        .parameters()
        .ok_or_else(ErrorResponse::invalid_query)?;
    let name = parameters.iter().find(|(key, _)| key == "name");
    let projects: Vec<Value> = find_projects(projects, name.map(|(_, name)| name.as_ref()))
        .into_iter()
        .map(|(id, name)| json!({"id": id, "name": name}))
        .collect();
    let body = json!({"links": {}, "projects": projects});
    Ok(Response::json(200, &body))
}

/// An error in IAM's shape.
fn error(status: u16, title: &str, message: &str) -> Response {
    let body = json!({"error": {"code": status, "message": message, "title": title}});
    Response::json(status, &body)
}

pub(super) fn later(time: Timestamp, by: Duration) -> Option<Timestamp> {
    let by = i64::try_from(by.as_millis()).ok()?;
    Timestamp::from_unix_millis(time.unix_millis().checked_add(by)?)
}

/// A time as IAM writes it: `2020-01-04T09:05:22.701000Z`.
pub(super) fn micros(time: Timestamp) -> String {
    let text = format!("{time}");
    let seconds = text.get(..19).unwrap_or_default();
    format!("{seconds}.{:03}000Z", time.unix_millis().rem_euclid(1000))
}
