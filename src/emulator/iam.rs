//! IAM beside the service: it gives tokens for logins, and tells the ids of projects.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::incoming::Incoming;
use super::refusal::Refusal;
use super::reply::Reply;
use super::state::State;
use super::write_json;
use crate::credentials::Secret;
use crate::header;
use crate::json::{self, Cursor, Expected};
use crate::timestamp::Timestamp;

/// The project there is if none was told.
pub(super) const ANY_PROJECT: &str = "054ba152d480d55b2f5dc0069e7ddef0";

/// How long a token lasts, as documented.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// Who may log in, and which projects there are.
#[derive(Debug)]
pub(super) struct Iam {
    /// Told none, any user with any password is taken.
    pub(super) users: Vec<User>,
    /// Told none, there is a project of any name and of any id.
    pub(super) projects: Vec<Project>,
    pub(super) token_lifetime: Duration,
}

#[derive(Debug)]
pub(super) struct User {
    pub(super) account: String,
    pub(super) name: String,
    pub(super) password: Secret,
}

#[derive(Clone, Debug)]
pub(super) struct Project {
    pub(super) id: String,
    pub(super) name: String,
}

impl Default for Iam {
    fn default() -> Self {
        Self {
            users: Vec::new(),
            projects: Vec::new(),
            token_lifetime: LIFETIME,
        }
    }
}

impl Iam {
    fn knows(&self, login: &Login<'_>) -> bool {
        let is_whole = !login.user.is_empty() && !login.password.is_empty();
        let is_known = |user: &User| {
            user.account == login.account
                && user.name == login.user
                && user.password.expose() == login.password
        };
        is_whole && (self.users.is_empty() || self.users.iter().any(is_known))
    }

    /// The project of this id or of this name.
    fn project(&self, id: Option<&str>, name: Option<&str>, only: &str) -> Option<Project> {
        if self.projects.is_empty() {
            return Some(Project {
                id: id.unwrap_or(only).into(),
                name: name.unwrap_or("emulated").into(),
            });
        }
        let is_meant = |project: &&Project| {
            id.is_some_and(|id| project.id == id) || name.is_some_and(|name| project.name == name)
        };
        self.projects.iter().find(is_meant).cloned()
    }
}

/// `POST /v3/auth/tokens`: a token for a user and a password.
pub(super) fn log_in(
    state: &mut State,
    incoming: &Incoming<'_>,
    request_id: &str,
    now: Option<Timestamp>,
) -> Result<Reply, Refusal> {
    if incoming.method != "POST" {
        return Err(Refusal::method(&[("Allow", "POST")]));
    }
    let Ok(login) = json::whole(incoming.body, Login::read) else {
        return Ok(error(400, "Bad Request", "The request body is invalid"));
    };
    if !state.iam.knows(&login) {
        return Ok(error(
            401,
            "Unauthorized",
            "The username or password is wrong.",
        ));
    }
    let only = state.project_id.as_deref().unwrap_or(ANY_PROJECT);
    let (id, name) = (login.project_id.as_deref(), login.project_name.as_deref());
    let Some(project) = state.iam.project(id, name, only) else {
        let name = id.or(name).unwrap_or_default();
        return Ok(error(
            404,
            "Not Found",
            &format!("Could not find project: {name}."),
        ));
    };

    let expires_at = now.and_then(|now| later(now, state.iam.token_lifetime));
    let token = format!("emulated-{request_id}");
    let time = |time: Option<Timestamp>| time.map_or("null".into(), micros);
    let body = format!(
        "{{\"token\":{{\"methods\":[\"password\"],\"issued_at\":{},\"expires_at\":{},\"project\":{}}}}}",
        time(now),
        time(expires_at),
        write_json::object(&[("id", &project.id), ("name", &project.name)]),
    );
    let mut reply = Reply::json(201, body);
    reply.push_header(header::SUBJECT_TOKEN, token.as_str());
    state.gate.issue_token(Secret::from(token), expires_at);
    Ok(reply)
}

/// `GET /v3/projects?name=…`: the projects of this name, or all.
pub(super) fn projects(
    state: &mut State,
    incoming: &Incoming<'_>,
    now: Option<Timestamp>,
) -> Result<Reply, Refusal> {
    if incoming.method != "GET" {
        return Err(Refusal::method(&[("Allow", "GET")]));
    }
    state.gate.admit(incoming, now, state.limits)?;
    let pairs = incoming.query_pairs()?;
    let name = pairs.iter().find(|(key, _)| key == "name");
    let name = name.map(|(_, name)| name.as_ref());
    let mut projects = state.iam.projects.clone();
    if projects.is_empty() {
        let only = state.project_id.as_deref().unwrap_or(ANY_PROJECT);
        projects.extend(state.iam.project(None, name, only));
    }
    projects.retain(|project| name.is_none_or(|name| project.name == name));
    let listed: Vec<String> = projects
        .iter()
        .map(|project| write_json::object(&[("id", &project.id), ("name", &project.name)]))
        .collect();
    let body = format!("{{\"links\":{{}},\"projects\":[{}]}}", listed.join(","));
    Ok(Reply::json(200, body))
}

/// An error in IAM's shape.
fn error(status: u16, title: &str, message: &str) -> Reply {
    let mut text = String::new();
    write_json::string(&mut text, message);
    let body =
        format!("{{\"error\":{{\"code\":{status},\"message\":{text},\"title\":\"{title}\"}}}}");
    Reply::json(status, body)
}

fn later(time: Timestamp, by: Duration) -> Option<Timestamp> {
    let by = i64::try_from(by.as_millis()).ok()?;
    Timestamp::from_unix_millis(time.unix_millis().checked_add(by)?)
}

/// A time as IAM writes it: `"2020-01-04T09:05:22.701000Z"`.
fn micros(time: Timestamp) -> String {
    let text = format!("{time}");
    let seconds = text.get(..19).unwrap_or_default();
    format!(
        "\"{seconds}.{:03}000Z\"",
        time.unix_millis().rem_euclid(1000)
    )
}

/// Who wants in, by the body of the request.
#[derive(Default)]
struct Login<'a> {
    account: Cow<'a, str>,
    user: Cow<'a, str>,
    password: Cow<'a, str>,
    project_id: Option<Cow<'a, str>>,
    project_name: Option<Cow<'a, str>>,
}

impl<'a> Login<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Expected> {
        let mut login = Self::default();
        within(cursor, "auth", &mut |cursor| {
            cursor.each_member(|key, cursor| match key {
                "identity" => within(cursor, "password", &mut |cursor| {
                    within(cursor, "user", &mut |cursor| login.read_user(cursor))
                }),
                "scope" => within(cursor, "project", &mut |cursor| login.read_project(cursor)),
                _ => cursor.skip_value(),
            })
        })?;
        Ok(login)
    }

    fn read_user(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Expected> {
        cursor.each_member(|key, cursor| {
            match key {
                "name" => self.user = cursor.string()?,
                "password" => self.password = cursor.string()?,
                "domain" => {
                    return cursor.each_member(|key, cursor| {
                        match key {
                            "name" | "id" => self.account = cursor.string()?,
                            _ => cursor.skip_value()?,
                        }
                        Ok(())
                    });
                }
                _ => cursor.skip_value()?,
            }
            Ok(())
        })
    }

    fn read_project(&mut self, cursor: &mut Cursor<'a>) -> Result<(), Expected> {
        cursor.each_member(|key, cursor| {
            match key {
                "id" => self.project_id = Some(cursor.string()?),
                "name" => self.project_name = Some(cursor.string()?),
                _ => cursor.skip_value()?,
            }
            Ok(())
        })
    }
}

/// Reads the one member of an object that is wanted.
fn within<'a>(
    cursor: &mut Cursor<'a>,
    wanted: &str,
    read: &mut dyn FnMut(&mut Cursor<'a>) -> Result<(), Expected>,
) -> Result<(), Expected> {
    cursor.each_member(|key, cursor| {
        if key == wanted {
            read(cursor)
        } else {
            cursor.skip_value()
        }
    })
}
