//! IAM: tokens for logins, and the ids of projects by name.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Value, json};

use super::access::{AcceptedToken, Access, ISSUED_TOKEN_PREFIX, LIFETIME, push_issued};
use crate::emulator::limits::Limits;
use crate::emulator::request::Received;
use crate::emulator::response::{ErrorResponse, Response};
use crate::header;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) account: String,
    pub(crate) name: String,
    pub(crate) password: Secret,
}

/// A project that the service and IAM know.
#[derive(Clone, Debug, Default)]
pub(crate) struct KnownProject {
    /// `None` for any id: then it is the only project.
    pub(crate) id: Option<String>,
    /// `None` for any name that no other project has.
    pub(crate) name: Option<String>,
}

impl KnownProject {
    pub(crate) fn has_id(&self, id: &str) -> bool {
        self.id.as_deref().is_none_or(|own| own == id)
    }

    /// The id, or an example of one.
    pub(crate) fn id(&self) -> &str {
        self.id
            .as_deref()
            .unwrap_or("054ba152d480d55b2f5dc0069e7ddef0")
    }

    /// The project in IAM's JSON format. A project without a fixed id or name gets those of the
    /// request.
    fn to_json(&self, id: Option<&str>, name: Option<&str>) -> Value {
        let id = self.id.as_deref().or(id).unwrap_or(self.id());
        let name = self.name.as_deref().or(name).unwrap_or("emulated");
        json!({"id": id, "name": name})
    }
}

/// The project with this name; one of any name if no other has it.
fn find_by_name<'p>(projects: &'p [KnownProject], name: &str) -> Option<&'p KnownProject> {
    let named = |wanted| move |project: &&KnownProject| project.name.as_deref() == wanted;
    let project = projects.iter().find(named(Some(name)));
    project.or_else(|| projects.iter().find(named(None)))
}

impl Access {
    /// `POST /v3/auth/tokens`: a token for a user and a password.
    pub(crate) fn log_in(
        &mut self,
        projects: &[KnownProject],
        received: &Received<'_>,
    ) -> Response {
        let Ok(login) = serde_json::from_slice::<Value>(received.body) else {
            return error(400, "Bad Request", "The request body is invalid");
        };
        if !self.admits(&login) {
            let message = "The username or password is wrong.";
            return error(401, "Unauthorized", message);
        }
        let scope = |path| login.pointer(path).and_then(Value::as_str);
        let id = scope("/auth/scope/project/id");
        let name = scope("/auth/scope/project/name");
        let project = match (id, name) {
            (Some(id), _) => projects.iter().find(|project| project.has_id(id)),
            (None, Some(name)) => find_by_name(projects, name),
            (None, None) => projects.iter().find(|project| project.id.is_none()),
        };
        let Some(project) = project else {
            let wanted = id.or(name).unwrap_or_default();
            let message = format!("Could not find project: {wanted}.");
            return error(404, "Not Found", &message);
        };

        let now = received.moment.wall;
        let expires_at = received.expires_after(self.token_lifetime.unwrap_or(LIFETIME));
        let project = project.to_json(id, name);
        let project_id = project.get("id").and_then(Value::as_str).map(String::from);
        let body = json!({"token": {
            "methods": ["password"],
            "issued_at": now.map(micros),
            "expires_at": expires_at.map(micros),
            "project": project,
        }});
        let token = format!("{ISSUED_TOKEN_PREFIX}{}", received.request_id);
        let issued = AcceptedToken {
            token: token.as_str().into(),
            expires_at,
            project_id,
        };
        push_issued(&mut self.issued, issued);
        let mut response = Response::json(201, &body);
        response.push_header(header::SUBJECT_TOKEN, token);
        response
    }

    /// Whether the user of a login's body can log in.
    fn admits(&self, login: &Value) -> bool {
        let user = login.pointer("/auth/identity/password/user");
        let text = |path| {
            user?
                .pointer(path)?
                .as_str()
                .filter(|text| !text.is_empty())
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
        self.users.is_empty() || self.users.iter().any(is_known)
    }

    /// `GET /v3/projects?name=…`: the project with this name, or all.
    pub(crate) fn list_projects(
        &mut self,
        projects: &[KnownProject],
        received: &Received<'_>,
        limits: Limits,
    ) -> Result<Response, ErrorResponse> {
        self.authenticate(received, limits)?;
        if !received.request.is_well_encoded() {
            return Err(ErrorResponse::badly_encoded());
        }
        let name = received.request.param("name");
        let found = match name {
            Some(name) => find_by_name(projects, name).into_iter().collect(),
            None => Vec::from_iter(projects),
        };
        let found: Vec<Value> = found
            .into_iter()
            .map(|project| project.to_json(None, name))
            .collect();
        Ok(Response::json(
            200,
            &json!({"links": {}, "projects": found}),
        ))
    }
}

/// An error in IAM's shape.
fn error(status: u16, title: &str, message: &str) -> Response {
    let body = json!({"error": {"code": status, "message": message, "title": title}});
    Response::json(status, &body)
}

/// A time as IAM writes it: `2020-01-04T09:05:22.701000Z`.
pub(super) fn micros(time: Timestamp) -> String {
    let text = format!("{time}");
    let seconds = text.get(..19).unwrap_or_default();
    format!("{seconds}.{:03}000Z", time.unix_millis().rem_euclid(1000))
}
