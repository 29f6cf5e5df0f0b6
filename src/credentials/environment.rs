//! What the environment says of where the service is and who asks.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use std::ffi::OsString;
use std::path::PathBuf;

use super::profile::{self, Profile};
use super::{Credentials, Login};
use crate::error::Error;

/// The environment: the variables of the official SDKs (`HUAWEICLOUD_SDK_…`) and of the Terraform
/// provider (`HW_…`), and the profile that they lead to. A variable that is empty counts as not
/// set. One that is not UTF-8 is an error where it should authenticate; the path of a file may be
/// so, and elsewhere what is not UTF-8 reads as U+FFFD.
///
/// | what | variables, the first that is set |
/// |---|---|
/// | region | `HW_REGION_NAME` |
/// | endpoint in a region | `HUAWEICLOUD_SDK_REGION_DRS_` and the region's name, as in `HUAWEICLOUD_SDK_REGION_DRS_CN_NORTH_4` |
/// | endpoint of IAM | `HUAWEICLOUD_SDK_IAM_ENDPOINT` |
/// | project | its id in `HUAWEICLOUD_SDK_PROJECT_ID`, its name in `HW_PROJECT_NAME` |
/// | token | `HW_AUTH_TOKEN` |
/// | access key | `HUAWEICLOUD_SDK_AK`, `HUAWEICLOUD_SDK_SK` and, if it is temporary, `HUAWEICLOUD_SDK_SECURITY_TOKEN`; or `HW_ACCESS_KEY`, `HW_SECRET_KEY`, `HW_SECURITY_TOKEN` |
/// | user and password | `HW_USER_NAME`, `HW_USER_PASSWORD`, and the account by name in `HW_DOMAIN_NAME` or by id in `HUAWEICLOUD_SDK_DOMAIN_ID` |
/// | file of the profile | `HUAWEICLOUD_SDK_CREDENTIALS_FILE`, else `.huaweicloud/credentials` in `HOME` (on Windows `USERPROFILE`) |
///
/// The profile is an INI file; its section `[basic]` holds `ak`, `sk`, `security_token`,
/// `project_id`, `iam_endpoint`.
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
    lookup: Box<Lookup>,
}

type Lookup = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// What was found to authenticate with, and what its profile says beside it.
pub(crate) struct Found {
    pub(crate) credentials: Credentials,
    pub(crate) project_id: Option<String>,
    pub(crate) iam_endpoint: Option<String>,
}

/// The names of an access key's parts: key, secret, and the token of a temporary one.
const ACCESS_KEYS: [[&str; 3]; 2] = [
    [
        "HUAWEICLOUD_SDK_AK",
        "HUAWEICLOUD_SDK_SK",
        "HUAWEICLOUD_SDK_SECURITY_TOKEN",
    ],
    ["HW_ACCESS_KEY", "HW_SECRET_KEY", "HW_SECURITY_TOKEN"],
];
const TOKEN: &str = "HW_AUTH_TOKEN";
const USER: &str = "HW_USER_NAME";
const PASSWORD: &str = "HW_USER_PASSWORD";
const ACCOUNT: &str = "HW_DOMAIN_NAME";
const ACCOUNT_ID: &str = "HUAWEICLOUD_SDK_DOMAIN_ID";
const PROFILE_FILE: &str = "HUAWEICLOUD_SDK_CREDENTIALS_FILE";
const HOME: &str = if cfg!(windows) { "USERPROFILE" } else { "HOME" };

impl Default for Environment {
    fn default() -> Self {
        Self::from_process()
    }
}

impl Environment {
    /// The environment of this process, read whenever something is asked of it.
    #[must_use]
    pub fn from_process() -> Self {
        Self::of_os_variables(|name| std::env::var_os(name))
    }

    /// The environment that `lookup` tells: the value of each variable, if it is set.
    #[must_use]
    pub fn from_fn(lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self::of_os_variables(move |name| lookup(name).map(OsString::from))
    }

    fn of_os_variables(lookup: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static) -> Self {
        Self {
            lookup: Box::new(lookup),
        }
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> Option<String> {
        self.get("HW_REGION_NAME")
    }

    /// Where the service answers in a region, if that was overridden.
    #[must_use]
    pub fn endpoint(&self, region: &str) -> Option<String> {
        let region = region.replace('-', "_").to_ascii_uppercase();
        self.get(&alloc::format!("HUAWEICLOUD_SDK_REGION_DRS_{region}"))
    }

    /// Where IAM answers, if that was overridden.
    #[must_use]
    pub fn iam_endpoint(&self) -> Option<String> {
        self.get("HUAWEICLOUD_SDK_IAM_ENDPOINT")
    }

    /// The project's id.
    #[must_use]
    pub fn project_id(&self) -> Option<String> {
        self.get("HUAWEICLOUD_SDK_PROJECT_ID")
    }

    /// The project's name.
    #[must_use]
    pub fn project_name(&self) -> Option<String> {
        self.get("HW_PROJECT_NAME")
    }

    /// What the variables hold to authenticate with: a token, else an access key, else a user and
    /// a password.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) when there is nothing, or only
    /// half of something; it tells which variables were looked for.
    pub fn credentials(&self) -> Result<Credentials, Error> {
        self.of_variables()?.ok_or_else(|| {
            Error::credentials(
                alloc::format!("no credentials: {}", Self::looked_for()),
                None,
            )
        })
    }

    /// What the profile holds to authenticate with: an access key.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) when there is no such file, it
    /// cannot be read, or it holds no access key; it tells the file.
    pub fn profile_credentials(&self) -> Result<Credentials, Error> {
        match self.profile()? {
            Ok(profile) => Ok(profile.access_key()?),
            Err(missing) => Err(Error::credentials(
                alloc::format!("no credentials: {missing}"),
                None,
            )),
        }
    }

    /// What the variables hold to authenticate with, else what the profile does: the order of the
    /// official SDKs. What a profile says of the project and of IAM's endpoint is taken by
    /// [`ClientBuilder::environment`](crate::ClientBuilder::environment), which looks in the same
    /// places.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials) when neither holds any, or only
    /// half of something; it tells what was looked for, and where.
    pub fn credentials_or_profile(&self) -> Result<Credentials, Error> {
        self.find().map(|found| found.credentials)
    }

    /// The same, and what the profile says beside it.
    pub(crate) fn find(&self) -> Result<Found, Error> {
        if let Some(credentials) = self.of_variables()? {
            return Ok(Found {
                credentials,
                project_id: None,
                iam_endpoint: None,
            });
        }
        match self.profile()? {
            Ok(profile) => Ok(Found {
                credentials: profile.access_key()?,
                project_id: profile.project_id,
                iam_endpoint: profile.iam_endpoint,
            }),
            Err(missing) => Err(Error::credentials(
                alloc::format!("no credentials: {}; {missing}", Self::looked_for()),
                None,
            )),
        }
    }

    fn of_variables(&self) -> Result<Option<Credentials>, Error> {
        if let Some(token) = self.secret(TOKEN)? {
            return Ok(Some(Credentials::token(token)));
        }
        for [id_name, secret_name, token_name] in ACCESS_KEYS {
            match (self.secret(id_name)?, self.secret(secret_name)?) {
                (None, None) => {}
                (Some(id), Some(secret)) => {
                    let token = self.secret(token_name)?;
                    return profile::access_key(id, secret, token, id_name).map(Some);
                }
                (Some(_), None) => return Err(half(id_name, secret_name)),
                (None, Some(_)) => return Err(half(secret_name, id_name)),
            }
        }
        self.login()
    }

    fn login(&self) -> Result<Option<Credentials>, Error> {
        let (user, password) = match (self.secret(USER)?, self.secret(PASSWORD)?) {
            // An account alone says nothing: users of access keys set it too.
            (None, None) => return Ok(None),
            (Some(user), Some(password)) => (user, password),
            (Some(_), None) => return Err(half(USER, PASSWORD)),
            (None, Some(_)) => return Err(half(PASSWORD, USER)),
        };
        let login = match (self.secret(ACCOUNT)?, self.secret(ACCOUNT_ID)?) {
            (Some(account), _) => Login::new(account, user, password),
            (None, Some(id)) => Login::with_account_id(id, user, password),
            (None, None) => {
                return Err(Error::credentials(
                    alloc::format!(
                        "{USER} and {PASSWORD} are set, but neither {ACCOUNT} nor {ACCOUNT_ID}, which tell the account"
                    ),
                    None,
                ));
            }
        };
        Ok(Some(login.into()))
    }

    /// The profile, or in words where it was looked for in vain.
    fn profile(&self) -> Result<Result<Profile, String>, Error> {
        let file = match (self.get_os(PROFILE_FILE), self.get_os(HOME)) {
            (Some(file), _) => PathBuf::from(file),
            (None, Some(home)) => PathBuf::from(home).join(".huaweicloud").join("credentials"),
            (None, None) => {
                return Ok(Err(alloc::format!(
                    "there is no profile, as neither {PROFILE_FILE} nor {HOME} is set"
                )));
            }
        };
        Ok(Profile::read(&file)?
            .ok_or_else(|| alloc::format!("there is no profile {}", file.display())))
    }

    fn looked_for() -> String {
        let [[ak, sk, _], [access_key, secret_key, _]] = ACCESS_KEYS;
        alloc::format!(
            "the environment has neither {TOKEN}, nor {ak} and {sk}, nor {access_key} and {secret_key}, nor {USER} and {PASSWORD}"
        )
    }

    /// Part of what authenticates, which must be whole: a password with a character replaced would
    /// be a wrong one, and count as such.
    fn secret(&self, name: &str) -> Result<Option<String>, Error> {
        self.get_os(name)
            .map(OsString::into_string)
            .transpose()
            .map_err(|_| Error::credentials(alloc::format!("{name} is not UTF-8"), None))
    }

    fn get(&self, name: &str) -> Option<String> {
        let value = self.get_os(name)?;
        Some(value.to_string_lossy().into_owned())
    }

    fn get_os(&self, name: &str) -> Option<OsString> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }
}

/// Half of what belongs together is a mistake, not a reason to look elsewhere.
fn half(set: &str, missing: &str) -> Error {
    Error::credentials(alloc::format!("{set} is set, but {missing} is not"), None)
}

/// Shows nothing: the lookup may be asked for secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}

impl Credentials {
    /// The credentials that the environment of this process holds: see
    /// [`Environment::credentials`].
    ///
    /// # Errors
    ///
    /// As [`Environment::credentials`].
    pub fn from_env() -> Result<Self, Error> {
        Environment::from_process().credentials()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::string::ToString as _;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let variables: BTreeMap<String, String> = variables
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        Environment::from_fn(move |name| variables.get(name).cloned())
    }

    #[track_caller]
    fn assert_found(variables: &[(&str, &str)], expected: &str) {
        let found = environment(variables).credentials().unwrap();
        assert_eq!(alloc::format!("{found:?}"), expected);
    }

    #[track_caller]
    fn assert_refused(variables: &[(&str, &str)], expected: &str) {
        let error = environment(variables).credentials().unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Credentials);
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn each_kind_is_found_under_its_names() {
        assert_found(&[("HW_AUTH_TOKEN", "t")], "Credentials(token ***)");
        assert_found(
            &[
                ("HW_USER_NAME", "u"),
                ("HW_USER_PASSWORD", "p"),
                ("HW_DOMAIN_NAME", "a"),
            ],
            "Credentials(Login { account: \"a\", user: \"u\", password: ***, project: None })",
        );
        assert_found(
            &[
                ("HW_USER_NAME", "u"),
                ("HW_USER_PASSWORD", "p"),
                ("HUAWEICLOUD_SDK_DOMAIN_ID", "d"),
            ],
            "Credentials(Login { account: \"d\", user: \"u\", password: ***, project: None })",
        );
    }

    #[cfg(feature = "aksk")]
    #[test]
    fn access_keys_are_found_under_both_names() {
        for [id, secret, token] in ACCESS_KEYS {
            assert_found(&[(id, "i"), (secret, "s")], "Credentials(AccessKey(***))");
            assert_found(
                &[(id, "i"), (secret, "s"), (token, "t")],
                "Credentials(AccessKey(***, temporary))",
            );
        }
        // Those who set an account for Terraform have said nothing of a login.
        assert_found(
            &[
                ("HW_ACCESS_KEY", "i"),
                ("HW_SECRET_KEY", "s"),
                ("HW_DOMAIN_NAME", "a"),
            ],
            "Credentials(AccessKey(***))",
        );
    }

    #[cfg(not(feature = "aksk"))]
    #[test]
    fn an_access_key_that_cannot_sign_is_refused() {
        assert_refused(
            &[("HUAWEICLOUD_SDK_AK", "i"), ("HUAWEICLOUD_SDK_SK", "s")],
            "HUAWEICLOUD_SDK_AK holds an access key, which needs the feature `aksk` to sign with",
        );
    }

    #[test]
    fn a_token_goes_before_a_key_and_a_key_before_a_login() {
        let mut all = alloc::vec![
            ("HW_USER_NAME", "u"),
            ("HW_USER_PASSWORD", "p"),
            ("HW_DOMAIN_NAME", "a"),
        ];
        #[cfg(feature = "aksk")]
        {
            all.extend([("HW_ACCESS_KEY", "i"), ("HW_SECRET_KEY", "s")]);
            assert_found(&all, "Credentials(AccessKey(***))");
        }
        all.push(("HW_AUTH_TOKEN", "t"));
        assert_found(&all, "Credentials(token ***)");
    }

    #[test]
    fn half_of_something_is_an_error_that_names_the_other_half() {
        assert_refused(
            &[("HUAWEICLOUD_SDK_AK", "hunter2")],
            "HUAWEICLOUD_SDK_AK is set, but HUAWEICLOUD_SDK_SK is not",
        );
        assert_refused(
            &[("HW_SECRET_KEY", "hunter2"), ("HW_ACCESS_KEY", "")],
            "HW_SECRET_KEY is set, but HW_ACCESS_KEY is not",
        );
        assert_refused(
            &[("HW_USER_PASSWORD", "hunter2"), ("HW_DOMAIN_NAME", "a")],
            "HW_USER_PASSWORD is set, but HW_USER_NAME is not",
        );
        assert_refused(
            &[("HW_USER_NAME", "u"), ("HW_USER_PASSWORD", "hunter2")],
            "HW_USER_NAME and HW_USER_PASSWORD are set, but neither HW_DOMAIN_NAME nor \
             HUAWEICLOUD_SDK_DOMAIN_ID, which tell the account",
        );
    }

    #[test]
    fn nothing_is_an_error_that_tells_what_was_looked_for_and_where() {
        const LOOKED_FOR: &str = "no credentials: the environment has neither HW_AUTH_TOKEN, nor \
             HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, nor HW_ACCESS_KEY and HW_SECRET_KEY, nor \
             HW_USER_NAME and HW_USER_PASSWORD";
        assert_refused(&[], LOOKED_FOR);
        let error = |variables| {
            let error = environment(variables).credentials_or_profile();
            error.unwrap_err().to_string()
        };
        assert_eq!(
            error(&[]),
            alloc::format!(
                "{LOOKED_FOR}; there is no profile, as neither HUAWEICLOUD_SDK_CREDENTIALS_FILE nor {HOME} is set"
            )
        );
        assert_eq!(
            error(&[(PROFILE_FILE, "/nowhere/at/all")]),
            alloc::format!("{LOOKED_FOR}; there is no profile /nowhere/at/all")
        );
    }

    // Not every Unix has files whose names are not UTF-8.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_not_utf_8_is_refused_with_its_name_but_for_a_path() {
        use std::os::unix::ffi::OsStringExt as _;
        const SET: [&str; 7] = [
            TOKEN,
            "HUAWEICLOUD_SDK_AK",
            "HUAWEICLOUD_SDK_SK",
            "HW_SECRET_KEY",
            USER,
            PASSWORD,
            ACCOUNT,
        ];
        let latin_1 = |text: &str| OsString::from_vec([text.as_bytes(), b"\xe9"].concat());
        for broken in SET {
            let environment = Environment::of_os_variables(move |name| {
                // A login needs all of its variables to be set, and those before it not to be.
                let is_login = |name| [USER, PASSWORD, ACCOUNT].contains(&name);
                if name == broken {
                    Some(latin_1("hunter2"))
                } else {
                    (is_login(name) && is_login(broken)).then(|| "x".into())
                }
            });
            let error = environment.credentials().unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Credentials);
            assert_eq!(error.to_string(), alloc::format!("{broken} is not UTF-8"));
            assert!(!alloc::format!("{error:?}").contains("hunter2"));
        }
        let folder = alloc::format!("drs-backup-jobs-{}-", std::process::id());
        let file = std::env::temp_dir().join(latin_1(&folder));
        std::fs::write(&file, "[basic]\nak = only\n").unwrap();
        let path = OsString::from(&file);
        let environment =
            Environment::of_os_variables(move |name| (name == PROFILE_FILE).then(|| path.clone()));
        let error = environment.profile_credentials().unwrap_err();
        std::fs::remove_file(file).unwrap();
        assert!(error.to_string().contains("has no sk"), "{error}");
    }

    #[test]
    fn places_are_read_as_the_official_sdks_and_terraform_name_them() {
        let environment = environment(&[
            ("HW_REGION_NAME", "cn-north-4"),
            ("HUAWEICLOUD_SDK_REGION_DRS_CN_NORTH_4", "https://drs"),
            ("HUAWEICLOUD_SDK_IAM_ENDPOINT", "https://iam"),
            ("HUAWEICLOUD_SDK_PROJECT_ID", "p"),
            ("HW_PROJECT_NAME", ""),
        ]);
        assert_eq!(environment.region().as_deref(), Some("cn-north-4"));
        assert_eq!(
            environment.endpoint("cn-north-4").as_deref(),
            Some("https://drs")
        );
        assert_eq!(environment.endpoint("cn-north-1"), None);
        assert_eq!(environment.iam_endpoint().as_deref(), Some("https://iam"));
        assert_eq!(environment.project_id().as_deref(), Some("p"));
        assert_eq!(environment.project_name(), None);
    }
}
