//! The profile: an INI file with an access key, as the official SDKs have it.

use alloc::string::String;
use core::fmt;
use std::io;
use std::path::Path;

use super::{Credentials, Secret, file};
use crate::error::Error;

/// The longest profile that is read.
const LONGEST: u64 = 1 << 20;

/// What the section `[basic]` of a profile holds.
#[derive(Default)]
pub(super) struct Profile {
    /// The file, for errors.
    origin: String,
    ak: Option<Secret>,
    sk: Option<Secret>,
    security_token: Option<Secret>,
    pub(super) project_id: Option<String>,
    pub(super) iam_endpoint: Option<String>,
}

impl Profile {
    /// The profile in a file; `None` if there is no such file.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, Error> {
        let origin = alloc::format!("the profile {}", path.display());
        match file::read(path, LONGEST) {
            Ok(text) => Self::parse(text.expose_secret(), origin).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::credentials(
                alloc::format!("{origin} cannot be read"),
                Some(error.into()),
            )),
        }
    }

    fn parse(text: &str, origin: String) -> Result<Self, Error> {
        let mut profile = Self::default();
        let mut is_basic = false;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (line, number) in text.lines().map(str::trim).zip(1_usize..) {
            // What stands in the line is not shown: it may be the key.
            let refuse = |why: &str| {
                Err(Error::credentials(
                    alloc::format!("{origin}, line {number}, {why}"),
                    None,
                ))
            };
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(section) = line.strip_prefix('[') {
                let Some(section) = section.strip_suffix(']') else {
                    return refuse("begins a section that it does not end");
                };
                is_basic = section.trim() == "basic";
                continue;
            }
            let Some((key, value)) = line.split_once(['=', ':']) else {
                return refuse("is neither a section nor a key with its value");
            };
            if !is_basic {
                continue;
            }
            if !profile.set(key.trim(), value.trim()) {
                return refuse("repeats a key");
            }
        }
        profile.origin = origin;
        Ok(profile)
    }

    /// Notes a value; `false` if there was one. What is empty, and what is not known, is not noted.
    fn set(&mut self, key: &str, value: &str) -> bool {
        if value.is_empty() {
            return true;
        }
        match key {
            "ak" => self.ak.replace(value.into()).is_none(),
            "sk" => self.sk.replace(value.into()).is_none(),
            "security_token" => self.security_token.replace(value.into()).is_none(),
            "project_id" => self.project_id.replace(value.into()).is_none(),
            "iam_endpoint" => self.iam_endpoint.replace(value.into()).is_none(),
            _ => true,
        }
    }

    pub(super) fn access_key(&self) -> Result<Credentials, Error> {
        let missing = match (&self.ak, &self.sk) {
            (Some(id), Some(secret)) => {
                return access_key(
                    id.clone(),
                    secret.clone(),
                    self.security_token.clone(),
                    &self.origin,
                );
            }
            (None, Some(_)) => "ak",
            (Some(_), None) => "sk",
            (None, None) => "ak and sk",
        };
        Err(Error::credentials(
            alloc::format!("{} has no {missing} in its section [basic]", self.origin),
            None,
        ))
    }
}

/// The access key that `origin` holds.
#[cfg_attr(
    not(feature = "aksk"),
    expect(
        unused_variables,
        clippy::needless_pass_by_value,
        reason = "there is nothing to sign with"
    )
)]
pub(super) fn access_key(
    id: impl Into<Secret>,
    secret: impl Into<Secret>,
    security_token: Option<impl Into<Secret>>,
    origin: impl fmt::Display,
) -> Result<Credentials, Error> {
    #[cfg(feature = "aksk")]
    {
        let key = super::AccessKey::new(id, secret);
        let key = match security_token {
            Some(token) => key.security_token(token),
            None => key,
        };
        // Refused here, where it is known what holds it.
        key.check().map_err(|error| {
            Error::credentials(
                alloc::format!("{origin} holds no access key that can sign"),
                Some(error.into()),
            )
        })?;
        Ok(key.into())
    }
    #[cfg(not(feature = "aksk"))]
    Err(Error::credentials(
        alloc::format!("{origin} holds an access key, which needs the feature `aksk` to sign with"),
        None,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    fn parse(text: &str) -> Result<Profile, Error> {
        Profile::parse(text, "the profile f".into())
    }

    #[test]
    fn the_section_basic_is_read_and_all_else_let_be() {
        let profile = parse(
            "\u{feff}# mine\r\n[default]\nak = no\n[ basic ]\n; keys\nak=AK\n sk : s=k:1 \n\
             security_token = \nproject_id = p\niam_endpoint = https://iam.example.com\nregion = x\n\
             [other]\nsk = no\n",
        )
        .unwrap();
        assert_eq!(profile.ak.as_ref().map(Secret::expose_secret), Some("AK"));
        assert_eq!(
            profile.sk.as_ref().map(Secret::expose_secret),
            Some("s=k:1")
        );
        assert_eq!(profile.security_token, None);
        assert_eq!(profile.project_id.as_deref(), Some("p"));
        assert_eq!(
            profile.iam_endpoint.as_deref(),
            Some("https://iam.example.com")
        );
    }

    #[test]
    fn a_line_that_is_none_is_an_error_that_tells_its_number_and_not_its_text() {
        for (text, expected) in [
            (
                "[basic]\nhunter2",
                "the profile f, line 2, is neither a section nor a key with its value",
            ),
            (
                "[basic",
                "the profile f, line 1, begins a section that it does not end",
            ),
            (
                "[basic]\nsk=a\nsk=hunter2",
                "the profile f, line 3, repeats a key",
            ),
        ] {
            assert_eq!(parse(text).err().unwrap().to_string(), expected);
        }
    }

    #[test]
    fn a_profile_without_a_whole_key_tells_what_it_lacks() {
        for (text, missing) in [
            ("", "ak and sk"),
            ("[other]\nak=a\nsk=s", "ak and sk"),
            ("[basic]\nak=a", "sk"),
            ("[basic]\nsk=s\nak=", "ak"),
        ] {
            assert_eq!(
                parse(text).unwrap().access_key().unwrap_err().to_string(),
                alloc::format!("the profile f has no {missing} in its section [basic]")
            );
        }
    }
}
