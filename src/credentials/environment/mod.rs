//! Settings and credentials from environment variables and the profile file.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::input::{InputFile, InputLimits, ReadFailure};
use super::profile::{self, Profile};
use super::{Credentials, Login};
use crate::clean::{Rule, clean};
use crate::error::Error;

mod names;
mod settings;
#[cfg(test)]
mod tests;
mod variables;

use names::{
    ACCESS_KEYS, ACCOUNT_ID, ACCOUNT_NAME, HOME, PASSWORD, PROFILE_FILE, TOKEN, USER_ID, USER_NAME,
};
use variables::{Value, Variables, first_name, incomplete_pair};

/// The environment: the variables of the official SDKs (`HUAWEICLOUD_SDK_…`) and of the Terraform
/// provider (`HW_…`, `OS_…`), and the profile file that they name.
///
/// Values are cleaned: white space, a line end, a byte order mark, and one pair of quotes around a
/// value are removed. A variable that is then empty counts as not set. A value that cannot be sent,
/// because it is not UTF-8 or not printable, is an error that names the variable.
///
/// | setting | variables, the first that is set |
/// |---|---|
/// | region | `HW_REGION_NAME`, `OS_REGION_NAME` |
/// | domain of all endpoints | `HW_CLOUD`; `myhuaweicloud.com` by default |
/// | endpoint in a region | `HUAWEICLOUD_SDK_REGION_DRS_` and the region, as in `HUAWEICLOUD_SDK_REGION_DRS_CN_NORTH_4` |
/// | endpoint of IAM | `HUAWEICLOUD_SDK_IAM_ENDPOINT`; `HW_AUTH_URL`, `OS_AUTH_URL`, whose path is dropped |
/// | project by id | `HUAWEICLOUD_SDK_PROJECT_ID`, `HW_PROJECT_ID`, `OS_PROJECT_ID`, `OS_TENANT_ID` |
/// | project by name | `HW_PROJECT_NAME`, `OS_PROJECT_NAME`, `OS_TENANT_NAME` |
/// | token | `HW_AUTH_TOKEN`, `OS_AUTH_TOKEN` |
/// | access key | `HUAWEICLOUD_SDK_AK`, `HUAWEICLOUD_SDK_SK` and, if it is temporary, `HUAWEICLOUD_SDK_SECURITY_TOKEN`; or `HW_ACCESS_KEY`, `HW_SECRET_KEY`, `HW_SECURITY_TOKEN`, each also as `OS_…` |
/// | user and password | `HW_USER_NAME` (`OS_USERNAME`) or `HW_USER_ID` (`OS_USER_ID`), and `HW_USER_PASSWORD` (`OS_PASSWORD`) |
/// | account of the user | by name `HW_DOMAIN_NAME`, `OS_DOMAIN_NAME`, `OS_USER_DOMAIN_NAME`, `OS_PROJECT_DOMAIN_NAME`; by id `HUAWEICLOUD_SDK_DOMAIN_ID`, `HW_DOMAIN_ID`, `OS_DOMAIN_ID`, `OS_USER_DOMAIN_ID`, `OS_PROJECT_DOMAIN_ID` |
/// | profile file | `HUAWEICLOUD_SDK_CREDENTIALS_FILE`; `.huaweicloud/credentials` in `HOME` (on Windows `USERPROFILE`) by default |
///
/// The profile file is an INI file. Its section `[basic]`, or the one that
/// [`profile`](Self::profile) names, holds `ak`, `sk`, `security_token`, `project_id`,
/// `iam_endpoint`. Keys match case-insensitively; `#` and `;` begin a comment. A file that is a
/// pipe is read once.
///
/// Variables that request what this client does not support are errors: `HW_ASSUME_ROLE_…`,
/// `OS_ASSUME_ROLE_…`, `OS_AGENCY_…` and `OS_DELEGATED_PROJECT` (agencies: the client would list
/// the jobs of another account), and `HW_INSECURE` and `OS_INSECURE` unless they are false
/// (certificates are always verified).
///
/// ```
/// use drs_backup_jobs::{Client, credentials::Environment};
///
/// let environment = Environment::from_fn(|name| match name {
///     "HW_REGION_NAME" => Some("cn-north-4".into()),
///     "HUAWEICLOUD_SDK_PROJECT_ID" => Some("054ba152d480d55b2f5dc0069e7ddef0".into()),
///     "HW_AUTH_TOKEN" => Some("MIIQmAYJKoZIhvcNAQcCoIIQiTCC".into()),
///     _ => None,
/// });
/// let builder = Client::builder().environment(&environment)?;
/// # Ok::<(), drs_backup_jobs::Error>(())
/// ```
pub struct Environment {
    variables: Variables,
    /// The section of the profile file that was named.
    section: Option<String>,
    /// The profile file, kept because a pipe can be read only once.
    profile_file: Mutex<Option<Arc<InputFile>>>,
}

/// Credentials, and the other settings of the profile.
pub(crate) struct Found {
    pub(crate) credentials: Credentials,
    pub(crate) project_id: Option<String>,
    pub(crate) iam_endpoint: Option<String>,
}

/// How long to wait for a profile file that is a pipe, without a client.
const DEFAULT_LIMITS: InputLimits<'static> = InputLimits {
    remaining: Duration::from_secs(60),
    cancel_token: None,
};
/// The maximum length of a profile file.
const MAX_PROFILE: u64 = 1 << 20;

impl Default for Environment {
    fn default() -> Self {
        Self::from_process()
    }
}

impl Environment {
    /// Uses the environment of this process. Variables are read when they are needed.
    #[must_use]
    pub fn from_process() -> Self {
        Self::from_os_fn(|name| std::env::var_os(name))
    }

    /// Uses the variables that `lookup` returns: a value, or `None` if the variable is not set.
    #[must_use]
    pub fn from_fn(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self::from_os_fn(move |name| lookup(name).map(OsString::from))
    }

    /// Like [`from_fn`](Self::from_fn), with values that need not be UTF-8, as
    /// [`std::env::var_os`] returns them.
    #[must_use]
    pub fn from_os_fn(lookup: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static) -> Self {
        Self {
            variables: Variables::new(lookup),
            section: None,
            profile_file: Mutex::new(None),
        }
    }

    /// Uses the credentials of this section of the profile file, such as `prod` for `[prod]`, which
    /// then take precedence over variables, as do its `project_id` and `iam_endpoint`.
    ///
    /// ```no_run
    /// use drs_backup_jobs::{Client, credentials::Environment};
    ///
    /// let environment = Environment::from_process().profile("prod");
    /// let client = Client::builder().environment(&environment)?.build()?;
    /// # Ok::<(), drs_backup_jobs::Error>(())
    /// ```
    #[must_use]
    pub fn profile(mut self, section: impl Into<String>) -> Self {
        self.section = Some(section.into());
        self
    }

    /// Returns the region; `None` if it is not set or invalid.
    #[must_use]
    pub fn region(&self) -> Option<String> {
        self.checked_region().ok().flatten()
    }

    /// Returns the domain of all endpoints, such as `myhuaweicloud.com`; `None` if it is not set or
    /// invalid.
    #[must_use]
    pub fn cloud_domain(&self) -> Option<String> {
        self.checked_cloud_domain().ok().flatten()
    }

    /// Returns the endpoint of the service in a region; `None` if it is not set or invalid.
    #[must_use]
    pub fn endpoint(&self, region: &str) -> Option<String> {
        self.checked_endpoint(region).ok().flatten()
    }

    /// Returns the endpoint of IAM; `None` if it is not set or invalid.
    #[must_use]
    pub fn iam_endpoint(&self) -> Option<String> {
        self.checked_iam_endpoint().ok().flatten()
    }

    /// Returns the id of the project; `None` if it is not set or invalid.
    #[must_use]
    pub fn project_id(&self) -> Option<String> {
        self.checked_project_id().ok().flatten()
    }

    /// Returns the name of the project; `None` if it is not set or invalid.
    #[must_use]
    pub fn project_name(&self) -> Option<String> {
        self.checked_project_name().ok().flatten()
    }

    /// Returns the credentials in variables: a token, else an access key, else a user and a
    /// password.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoCredentials`](crate::ErrorKind::NoCredentials) if there are none;
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) if they are incomplete or invalid,
    /// or if a variable requests what this client cannot do. The error names the variables and
    /// never shows a value.
    pub fn credentials(&self) -> Result<Credentials, Error> {
        self.check_supported()?;
        self.of_variables()?
            .ok_or_else(|| none_found(&Self::variables_searched()))
    }

    /// Returns the access key in the profile file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoCredentials`](crate::ErrorKind::NoCredentials) if there is no such file;
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) if it cannot be read, is invalid,
    /// or has no such section or no access key in it. The error names the file and never shows a
    /// value.
    pub fn profile_credentials(&self) -> Result<Credentials, Error> {
        self.check_supported()?;
        match self.read_profile(DEFAULT_LIMITS)? {
            Ok(profile) => profile.access_key(),
            Err(missing) => Err(none_found(&missing)),
        }
    }

    /// Returns the credentials in variables, else those in the profile file: the order of the
    /// official SDKs. If a [`profile`](Self::profile) was named, returns only those of the profile.
    ///
    /// The project and the IAM endpoint in a profile are used by
    /// [`ClientBuilder::environment`](crate::ClientBuilder::environment), which searches in the
    /// same order.
    ///
    /// # Errors
    ///
    /// Those of [`credentials`](Self::credentials) and
    /// [`profile_credentials`](Self::profile_credentials).
    pub fn credentials_or_profile(&self) -> Result<Credentials, Error> {
        self.find(DEFAULT_LIMITS).map(|found| found.credentials)
    }

    /// Whether a profile was named, whose values take precedence over variables.
    pub(crate) fn has_named_profile(&self) -> bool {
        self.section.is_some()
    }

    /// Like [`credentials_or_profile`](Self::credentials_or_profile), with the other settings of the
    /// profile. `limits` applies to a profile file that is a pipe.
    pub(crate) fn find(&self, limits: InputLimits<'_>) -> Result<Found, Error> {
        self.check_supported()?;
        if self.section.is_none()
            && let Some(credentials) = self.of_variables()?
        {
            return Ok(Found {
                credentials,
                project_id: None,
                iam_endpoint: None,
            });
        }
        match self.read_profile(limits)? {
            Ok(profile) => Ok(Found {
                credentials: profile.access_key()?,
                project_id: profile.project_id,
                iam_endpoint: profile.iam_endpoint,
            }),
            Err(missing) if self.section.is_some() => Err(none_found(&missing)),
            Err(missing) => Err(none_found(&format!(
                "{}; {missing}",
                Self::variables_searched()
            ))),
        }
    }

    fn of_variables(&self) -> Result<Option<Credentials>, Error> {
        if let Some(token) = self.variables.first(TOKEN, Rule::Word)? {
            return Ok(Some(Credentials::token(token.text)));
        }
        for [ids, secrets, tokens] in ACCESS_KEYS {
            match (
                self.variables.first(ids, Rule::Word)?,
                self.variables.first(secrets, Rule::Word)?,
            ) {
                (None, None) => {}
                (Some(id), Some(secret)) => {
                    let token = self
                        .variables
                        .first(tokens, Rule::Word)?
                        .map(|token| token.text);
                    return profile::access_key(id.text, secret.text, token, id.name).map(Some);
                }
                (Some(id), None) => return Err(incomplete_pair(&id, secrets)),
                (None, Some(secret)) => return Err(incomplete_pair(&secret, ids)),
            }
        }
        self.login()
    }

    fn login(&self) -> Result<Option<Credentials>, Error> {
        let name = self.variables.first(USER_NAME, Rule::Text)?;
        let id = self.variables.first(USER_ID, Rule::Word)?;
        let password = match (self.variables.first(PASSWORD, Rule::Text)?, &name, &id) {
            (Some(password), ..) => password,
            (None, Some(user), _) | (None, None, Some(user)) => {
                return Err(incomplete_pair(user, PASSWORD));
            }
            // An account alone is not a login: users of access keys set it too.
            (None, None, None) => return Ok(None),
        };
        let owned = |value: &Value<'_>| String::from(value.as_str());
        let login = match (&name, &id) {
            (Some(user), id) => {
                let account = self.variables.first(ACCOUNT_NAME, Rule::Text)?;
                let account_id = self.variables.first(ACCOUNT_ID, Rule::Word)?;
                match (account, account_id, id) {
                    (Some(account), ..) => {
                        Login::new(owned(&account), owned(user), password.text.clone())
                    }
                    (None, Some(account), _) => {
                        Login::with_account_id(owned(&account), owned(user), password.text.clone())
                    }
                    (None, None, Some(id)) => Login::with_user_id(owned(id), password.text.clone()),
                    (None, None, None) => return Err(missing_account(user, &password)),
                }
            }
            (None, Some(id)) => Login::with_user_id(owned(id), password.text.clone()),
            (None, None) => return Err(incomplete_pair(&password, USER_NAME)),
        };
        let quoted = [name.as_ref(), Some(&password)];
        let quoted = quoted.into_iter().flatten().find(|value| value.was_quoted);
        Ok(Some(
            match quoted {
                Some(value) => login.with_note(format!(
                    "one pair of quotes around {} was removed",
                    value.name
                )),
                None => login,
            }
            .into(),
        ))
    }

    /// The profile, or why there is none.
    fn read_profile(&self, limits: InputLimits<'_>) -> Result<Result<Profile, String>, Error> {
        let path = |name| {
            let value = self.variables.raw(name)?;
            match value.to_str().map(|text| clean(text).text) {
                Some("") => None,
                Some(text) => Some(PathBuf::from(text)),
                // A path need not be UTF-8.
                None => Some(PathBuf::from(value)),
            }
        };
        let path = match (path(PROFILE_FILE), path(HOME)) {
            (Some(file), _) => file,
            (None, Some(home)) => home.join(".huaweicloud").join("credentials"),
            (None, None) => {
                return Ok(Err(format!(
                    "no profile file: neither {PROFILE_FILE} nor {HOME} is set"
                )));
            }
        };
        let shown = format!("profile file {}", path.display());
        let file = self.profile_file(path);
        let text = match file.text(limits) {
            Ok(text) => text,
            Err(ReadFailure::Failed(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Err(format!("no {shown}")));
            }
            Err(failure) => return Err(failure.into_error(&shown)),
        };
        let section = self.section.as_deref().unwrap_or(profile::DEFAULT_SECTION);
        Profile::parse(text.expose_secret(), section, &shown).map(Ok)
    }

    fn profile_file(&self, path: PathBuf) -> Arc<InputFile> {
        let mut known = self
            .profile_file
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some(file) if file.path() == path => file.clone(),
            _ => known
                .insert(Arc::new(InputFile::new(path, MAX_PROFILE)))
                .clone(),
        }
    }

    fn variables_searched() -> String {
        let [[ak, sk, _], [access_key, secret_key, _]] = ACCESS_KEYS.map(|key| key.map(first_name));
        let (token, user, password) = (
            first_name(TOKEN),
            first_name(USER_NAME),
            first_name(PASSWORD),
        );
        format!(
            "none of {token}, {ak} and {sk}, {access_key} and {secret_key}, {user} and {password} is set"
        )
    }
}

fn missing_account(user: &Value<'_>, password: &Value<'_>) -> Error {
    let (by_name, by_id) = (first_name(ACCOUNT_NAME), first_name(ACCOUNT_ID));
    Error::credentials(
        format!(
            "{} and {} are set, but neither {by_name} nor {by_id}, one of which must name the account",
            user.name, password.name,
        ),
        None,
    )
}

fn none_found(searched: &str) -> Error {
    Error::no_credentials(String::from(searched))
}

/// Shows no value: the lookup returns secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("profile", &self.section)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// Returns the credentials in the environment of this process: see
    /// [`Environment::credentials`].
    ///
    /// # Errors
    ///
    /// Those of [`Environment::credentials`].
    pub fn from_env() -> Result<Self, Error> {
        Environment::from_process().credentials()
    }
}
