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
use crate::header;
use crate::json::{self, Cursor, Expected};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The project there is if none was told.
const ANY_PROJECT: &str = "054ba152d480d55b2f5dc0069e7ddef0";
/// What a project is called that has any name.
const ANY_NAME: &str = "emulated";

/// How long a token lasts, as documented.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// Who may log in, and which projects there are.
#[derive(Clone, Debug)]
pub(super) struct Iam {
    /// Told none, any user with any password is taken.
    pub(super) users: Vec<User>,
    /// Told none, there is a project of any name and of any id.
    projects: Vec<Project>,
    pub(super) token_lifetime: Duration,
}

#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) account: String,
    pub(super) name: String,
    pub(super) password: Secret,
}

#[derive(Clone, Debug)]
struct Project {
    id: String,
    /// `None` for one that was told by its id alone: it has any name that no other has.
    name: Option<String>,
}

impl Project {
    fn json(&self, any_name: &str) -> String {
        let name = self.name.as_deref().unwrap_or(any_name);
        write_json::object(&[("id", &self.id), ("name", name)])
    }
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
    /// A login that is let in: that of the first user who was told, or of anybody.
    pub(super) fn a_login(&self) -> crate::credentials::Login {
        match self.users.first() {
            Some(user) => crate::credentials::Login::new(
                user.account.as_str(),
                user.name.as_str(),
                user.password.clone(),
            ),
            None => crate::credentials::Login::new("emulated", "emulated", "emulated"),
        }
    }

    fn knows(&self, login: &Login<'_>) -> bool {
        let is_whole = !login.user.is_empty() && !login.password.is_empty();
        let is_known = |user: &User| {
            user.account == login.account
                && user.name == login.user
                && user.password.expose_secret() == login.password
        };
        is_whole && (self.users.is_empty() || self.users.iter().any(is_known))
    }

    /// A project there is from now on, and no other but those told. An id told again has the name
    /// it was told last.
    pub(super) fn tell_project(&mut self, id: String, name: Option<String>) {
        match self.projects.iter_mut().find(|known| known.id == id) {
            Some(known) => known.name = name.or(known.name.take()),
            None => self.projects.push(Project { id, name }),
        }
    }

    /// Whether there is a project of this id.
    pub(super) fn has_project(&self, id: &str) -> bool {
        self.projects.is_empty() || self.projects.iter().any(|project| project.id == id)
    }

    /// The id of the first project that was told, or of the one there is else.
    pub(super) fn first_project_id(&self) -> &str {
        self.projects
            .first()
            .map_or(ANY_PROJECT, |project| project.id.as_str())
    }

    /// The projects of this name, or all. A project without a name stands in where none has it.
    fn projects(&self, name: Option<&str>) -> Vec<Project> {
        if self.projects.is_empty() {
            return Vec::from([Project {
                id: ANY_PROJECT.into(),
                name: None,
            }]);
        }
        let Some(name) = name else {
            return self.projects.clone();
        };
        let is_named = |project: &&Project| project.name.as_deref() == Some(name);
        let mut named: Vec<Project> = self.projects.iter().filter(is_named).cloned().collect();
        if named.is_empty() {
            named.extend(
                self.projects
                    .iter()
                    .find(|project| project.name.is_none())
                    .cloned(),
            );
        }
        named
    }

    /// The project a login is for, by its id or by its name.
    fn project(&self, id: Option<&str>, name: Option<&str>) -> Option<Project> {
        match (id, name) {
            (Some(id), name) if self.projects.is_empty() => Some(Project {
                id: id.into(),
                name: name.map(String::from),
            }),
            (Some(id), _) => self
                .projects
                .iter()
                .find(|project| project.id == id)
                .cloned(),
            (None, Some(name)) => self.projects(Some(name)).into_iter().next(),
            (None, None) if self.projects.is_empty() => self.projects(None).into_iter().next(),
            (None, None) => None,
        }
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
        return Err(Refusal::method("POST"));
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
    let (id, name) = (login.project_id.as_deref(), login.project_name.as_deref());
    let Some(project) = state.iam.project(id, name) else {
        let name = id.or(name).unwrap_or_default();
        return Ok(error(
            404,
            "Not Found",
            &format!("Could not find project: {name}."),
        ));
    };

    let expires_at = now.and_then(|now| later(now, state.iam.token_lifetime));
    let time = |time: Option<Timestamp>| time.map_or("null".into(), micros);
    let body = format!(
        "{{\"token\":{{\"methods\":[\"password\"],\"issued_at\":{},\"expires_at\":{},\"project\":{}}}}}",
        time(now),
        time(expires_at),
        project.json(name.unwrap_or(ANY_NAME)),
    );
    let token = state
        .gate
        .issue_token(request_id, project.id, expires_at, now);
    let mut reply = Reply::json(201, body);
    reply.push_header(header::SUBJECT_TOKEN, token.expose_secret());
    Ok(reply)
}

/// `GET /v3/projects?name=…`: the projects of this name, or all.
pub(super) fn projects(
    state: &mut State,
    incoming: &Incoming<'_>,
    now: Option<Timestamp>,
) -> Result<Reply, Refusal> {
    if incoming.method != "GET" {
        return Err(Refusal::method("GET"));
    }
    state.gate.admit(incoming, now, state.limits)?;
    let pairs = incoming.query_pairs()?;
    let name = pairs.iter().find(|(key, _)| key == "name");
    let name = name.map(|(_, name)| name.as_ref());
    let projects = state.iam.projects(name);
    let listed: Vec<String> = projects
        .iter()
        .map(|project| project.json(name.unwrap_or(ANY_NAME)))
        .collect();
    let body = format!("{{\"links\":{{}},\"projects\":[{}]}}", listed.join(","));
    Ok(Reply::json(200, body))
}

/// An error in IAM's shape.
fn error(status: u16, title: &str, message: &str) -> Reply {
    let mut text = String::new();
    json::quote_into(&mut text, message);
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
