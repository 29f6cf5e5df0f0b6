//! A login at IAM: who, with which password, for which project; and the request's body.

use alloc::string::String;
use core::fmt;

use crate::error::Error;
use crate::json::quote_into;
use crate::secret::Secret;

/// A user name and a password, with which a client logs in at IAM.
///
/// See [Obtaining a User Token Through Password Authentication][page]. A token is valid for 24
/// hours. Clones and threads share it; the client logs in again five minutes before the token
/// expires (after half of its lifetime if that is less than ten minutes), and once after the
/// service rejects it. The local clock need not be correct.
///
/// ```
/// use drs_backup_jobs::{Client, Login};
///
/// let client = Client::builder()
///     .region("cn-north-4")
///     .credentials(Login::new("my-account", "my-user", "my-password"))
///     .build()?;
/// # Ok::<(), drs_backup_jobs::Error>(())
/// ```
///
/// [page]: https://support.huaweicloud.com/intl/en-us/api-iam/iam_30_0001.html
#[derive(Clone)]
pub struct Login {
    user: User,
    password: Secret,
    project: Option<Project>,
    /// A note for the error of a rejected login.
    note: Option<String>,
}

/// A user, by name within an account (which IAM calls a domain) or by id.
#[derive(Clone, Debug)]
enum User {
    InAccount { account: String, name: String },
    InAccountId { account_id: String, name: String },
    Id(String),
}

/// A project, by id or by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Project {
    Id(String),
    Name(String),
}

impl Login {
    /// Creates a login of `user`, who belongs to `account`. IAM calls an account a domain. The user
    /// who opened the account has the same name as the account.
    #[must_use]
    pub fn new(
        account: impl Into<String>,
        user: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Self {
        let (account, name) = (account.into(), user.into());
        Self::of(User::InAccount { account, name }, password.into())
    }

    /// Creates a login with the account's id instead of its name.
    #[must_use]
    pub fn with_account_id(
        id: impl Into<String>,
        user: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Self {
        let (account_id, name) = (id.into(), user.into());
        Self::of(User::InAccountId { account_id, name }, password.into())
    }

    /// Creates a login with the user's id, for which no account is needed.
    #[must_use]
    pub fn with_user_id(id: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self::of(User::Id(id.into()), password.into())
    }

    fn of(user: User, password: Secret) -> Self {
        Self {
            user,
            password,
            project: None,
            note: None,
        }
    }

    /// Requests a token for the project with this id. If neither id nor name is set here, the
    /// client's project is used; if it has none, the region's default project.
    #[must_use]
    pub fn project_id(mut self, id: impl Into<String>) -> Self {
        self.project = Some(Project::Id(id.into()));
        self
    }

    /// Requests a token for the project with this name. The default project of a region has the
    /// region's name.
    #[must_use]
    pub fn project_name(mut self, name: impl Into<String>) -> Self {
        self.project = Some(Project::Name(name.into()));
        self
    }

    /// Adds a note on how the values were cleaned, which may be why a login is rejected.
    pub(super) fn with_note(mut self, note: String) -> Self {
        self.note = Some(note);
        self
    }

    pub(super) fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Returns the login with this project, unless one is set.
    pub(super) fn or_project(mut self, project: Option<Project>) -> Self {
        self.project = self.project.or(project);
        self
    }

    /// The id of the project that the token is requested for, if an id is set.
    pub(super) fn requested_project_id(&self) -> Option<&str> {
        match &self.project {
            Some(Project::Id(id)) => Some(id),
            _ => None,
        }
    }

    /// The name of the project that the token is requested for, if a name is set.
    pub(super) fn requested_project_name(&self) -> Option<&str> {
        match &self.project {
            Some(Project::Name(name)) => Some(name),
            _ => None,
        }
    }

    /// Rejects a login that IAM would reject.
    pub(super) fn check(&self) -> Result<(), Error> {
        let (account, user) = match &self.user {
            User::InAccount { account, name } => (Some(account), name),
            User::InAccountId { account_id, name } => (Some(account_id), name),
            User::Id(id) => (None, id),
        };
        for (what, is_empty) in [
            ("account", account.is_some_and(String::is_empty)),
            ("user", user.is_empty()),
            ("password", self.password.is_empty()),
        ] {
            if is_empty {
                return Err(Error::credentials(
                    alloc::format!("invalid login: the {what} must not be empty"),
                    None,
                ));
            }
        }
        match &self.project {
            Some(Project::Id(text) | Project::Name(text)) if !text.is_empty() => Ok(()),
            _ => Err(Error::missing(
                "project_id",
                "a token is for one project: set its id, its name, or a region to use the region's default project",
            )),
        }
    }

    /// The body of the request for a token.
    pub(super) fn body(&self) -> Secret {
        // Large enough in most cases, so that growing leaves no partial copy in memory.
        let mut out = String::with_capacity(1024 + 6 * self.password.expose_secret().len());
        out.push_str(r#"{"auth":{"identity":{"methods":["password"],"password":{"user":{"#);
        let (account, user_key, user) = match &self.user {
            User::InAccount { account, name } => (Some(("name", account)), "name", name),
            User::InAccountId { account_id, name } => (Some(("id", account_id)), "name", name),
            User::Id(id) => (None, "id", id),
        };
        if let Some((key, account)) = account {
            out.push_str("\"domain\":{");
            push_member(&mut out, key, account);
            out.push_str("},");
        }
        push_member(&mut out, user_key, user);
        out.push(',');
        push_member(&mut out, "password", self.password.expose_secret());
        out.push_str(r#"}}},"scope":{"project":{"#);
        match &self.project {
            Some(Project::Id(id)) => push_member(&mut out, "id", id),
            Some(Project::Name(name)) => push_member(&mut out, "name", name),
            None => {}
        }
        out.push_str("}}}}");
        Secret::from(out)
    }

    pub(super) fn password(&self) -> &Secret {
        &self.password
    }
}

fn push_member(out: &mut String, key: &str, value: &str) {
    quote_into(out, key);
    out.push(':');
    quote_into(out, value);
}

#[expect(
    clippy::missing_fields_in_debug,
    reason = "the note belongs to an error"
)]
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("user", &self.user)
            .field("password", &self.password)
            .field("project", &self.project)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn the_body_is_that_of_the_documentation_of_iam() {
        assert_eq!(
            Login::new("ACCOUNT", "USER", "PASSWORD")
                .project_name("cn-north-4")
                .body()
                .expose_secret(),
            r#"{"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":{"name":"ACCOUNT"},"name":"USER","password":"PASSWORD"}}},"scope":{"project":{"name":"cn-north-4"}}}}"#
        );
        assert_eq!(
            Login::with_user_id("ID", "PASSWORD")
                .project_name("cn-north-4")
                .body()
                .expose_secret(),
            r#"{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"ID","password":"PASSWORD"}}},"scope":{"project":{"name":"cn-north-4"}}}}"#
        );
        let by_id = Login::with_account_id("d", "USER", "PASSWORD")
            .project_id("p")
            .body();
        let read: serde_json::Value = serde_json::from_str(by_id.expose_secret()).unwrap();
        assert_eq!(read["auth"]["scope"]["project"]["id"], "p");
        assert_eq!(
            read["auth"]["identity"]["password"]["user"]["domain"]["id"],
            "d"
        );
    }

    #[test]
    fn any_password_survives_json() {
        let every: String = ('\0'..='\u{2ff}')
            .chain(['\u{2028}', '备', '\u{feff}', '😀'])
            .collect();
        for password in [
            "\"",
            "\\",
            "\\\"",
            "a\"b\\c",
            "\u{0}\n\r\t\u{1f}\u{7f}",
            "密码😀",
            &every,
        ] {
            let body = Login::new("a\"", "u\\", password).project_name("p").body();
            let read: serde_json::Value = serde_json::from_str(body.expose_secret()).unwrap();
            let user = &read["auth"]["identity"]["password"]["user"];
            assert_eq!(user["password"], password);
            assert_eq!(user["name"], "u\\");
            assert_eq!(user["domain"]["name"], "a\"");
        }
    }

    #[test]
    fn refuses_an_incomplete_login() {
        for (login, missing) in [
            (Login::new("", "u", "p"), "account"),
            (Login::with_account_id("", "u", "p"), "account"),
            (Login::new("a", "", "p"), "user"),
            (Login::with_user_id("", "p"), "user"),
            (Login::new("a", "u", ""), "password"),
        ] {
            let error = login.project_id("p").check().unwrap_err();
            assert_eq!(
                error.to_string(),
                alloc::format!("invalid login: the {missing} must not be empty")
            );
        }
        let error = Login::new("a", "u", "p").check().unwrap_err();
        assert_eq!(error.parameter(), Some("project_id"));
    }
}
