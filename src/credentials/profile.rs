//! The profile file of the official SDKs: an INI file whose sections hold an access key each.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{Credentials, Secret};
use crate::clean::{Cleaned, Rule, clean};
use crate::error::Error;

/// The section that is used unless another one is named.
pub(super) const DEFAULT_SECTION: &str = "basic";

/// What one section of a profile file holds.
#[derive(Default)]
pub(super) struct Profile {
    /// The section and the file, for errors.
    origin: String,
    ak: Option<Secret>,
    sk: Option<Secret>,
    security_token: Option<Secret>,
    pub(super) project_id: Option<String>,
    pub(super) iam_endpoint: Option<String>,
}

impl Profile {
    /// Parses one section of the file called `file`. Names of sections match exactly, or else
    /// case-insensitively; keys match case-insensitively.
    pub(super) fn parse(text: &str, section: &str, file: &str) -> Result<Self, Error> {
        // The text of the line is not shown: it may be a secret.
        let refuse = |line: usize, why: &str| {
            Error::credentials(format!("invalid {file}, line {line}: {why}"), None)
        };
        let mut lines = Vec::new();
        for (line, number) in lines_of(text).zip(1_usize..) {
            let line = Line::parse(line).map_err(|why| refuse(number, why))?;
            lines.extend(line.map(|line| (line, number)));
        }
        let sections = || {
            lines.iter().filter_map(|(line, _)| match line {
                Line::Section(name) => Some(*name),
                Line::Value(..) => None,
            })
        };
        let chosen = sections()
            .find(|name| *name == section)
            .or_else(|| sections().find(|name| name.eq_ignore_ascii_case(section)));
        let Some(chosen) = chosen else {
            let found: Vec<_> = sections().map(|name| format!("[{name}]")).collect();
            let found = match found.as_slice() {
                [] => "it has no sections".to_owned(),
                found => format!("it has {}", found.join(", ")),
            };
            return Err(Error::credentials(
                format!("cannot find the section [{section}] in the {file}: {found}"),
                None,
            ));
        };
        let mut profile = Self {
            origin: format!("section [{chosen}] of the {file}"),
            ..Self::default()
        };
        let mut is_chosen = false;
        for (line, number) in &lines {
            match line {
                Line::Section(name) => is_chosen = *name == chosen,
                Line::Value(key, value) if is_chosen => profile
                    .set(&key.to_ascii_lowercase(), *value)
                    .map_err(|why| refuse(*number, &why))?,
                Line::Value(..) => {}
            }
        }
        Ok(profile)
    }

    /// Takes a value. An empty one counts as not set; an unknown key is skipped.
    fn set(&mut self, key: &str, value: Cleaned<'_>) -> Result<(), String> {
        let is_new = match key {
            _ if value.text.is_empty() => return Ok(()),
            "ak" => self.ak.replace(value.text.into()).is_none(),
            "sk" => self.sk.replace(value.text.into()).is_none(),
            "security_token" => self.security_token.replace(value.text.into()).is_none(),
            "project_id" => self.project_id.replace(value.text.into()).is_none(),
            "iam_endpoint" => self.iam_endpoint.replace(value.text.into()).is_none(),
            _ => return Ok(()),
        };
        if !is_new {
            return Err(format!("the key {key} is set twice"));
        }
        value
            .check(Rule::Word)
            .map_err(|rule| format!("{key} {rule}"))
    }

    pub(super) fn access_key(&self) -> Result<Credentials, Error> {
        let missing = match (&self.ak, &self.sk) {
            (Some(id), Some(secret)) => {
                let token = self.security_token.clone();
                return access_key(id.clone(), secret.clone(), token, &self.origin);
            }
            (None, Some(_)) => "ak",
            (Some(_), None) => "sk",
            (None, None) => "ak and sk",
        };
        Err(Error::credentials(
            format!("cannot find {missing} in {}", self.origin),
            None,
        ))
    }
}

enum Line<'a> {
    Section(&'a str),
    Value(&'a str, Cleaned<'a>),
}

impl<'a> Line<'a> {
    /// Parses a line; `None` if it is empty or a comment.
    fn parse(line: &'a str) -> Result<Option<Self>, &'static str> {
        let line = clean_edges(line);
        if line.is_empty() || is_comment(line) {
            return Ok(None);
        }
        if let Some(section) = line.strip_prefix('[') {
            let (name, rest) = section
                .split_once(']')
                .ok_or("expected ] after the name of the section")?;
            let rest = rest.trim_start();
            if !rest.is_empty() && !is_comment(rest) {
                return Err("expected nothing but a comment after the section");
            }
            return Ok(Some(Self::Section(clean(name).text)));
        }
        let (key, value) = line
            .split_once(['=', ':'])
            .ok_or("expected a section, or a key with its value")?;
        Ok(Some(Self::Value(clean(key).text, value_of(value))))
    }
}

/// The lines of a text, which end with LF, CRLF or CR.
fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n')
        .flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

fn clean_edges(line: &str) -> &str {
    line.trim_matches(|ch: char| ch.is_whitespace() || ch == '\u{feff}')
}

fn is_comment(text: &str) -> bool {
    text.starts_with(['#', ';'])
}

/// The value after a key, without the comment after it: `#` or `;` after white space, as in the INI
/// library of the Go SDK. Quotes protect both.
fn value_of(text: &str) -> Cleaned<'_> {
    let text = text.trim();
    let quoted = |quote: char| {
        let end = text.strip_prefix(quote)?.find(quote)? + 2;
        let (value, rest) = text.split_at_checked(end)?;
        let rest = rest.trim_start();
        (rest.is_empty() || is_comment(rest)).then_some(value)
    };
    if let Some(value) = quoted('"').or_else(|| quoted('\'')) {
        return clean(value);
    }
    let is_start = |(at, _): &(usize, &str)| {
        text.get(..*at)
            .is_none_or(|before| before.is_empty() || before.ends_with(char::is_whitespace))
    };
    let end = text
        .match_indices(['#', ';'])
        .find(is_start)
        .map_or(text.len(), |(at, _)| at);
    clean(text.get(..end).unwrap_or_default())
}

/// The access key that `origin` holds.
#[cfg_attr(
    not(feature = "aksk"),
    expect(
        unused_variables,
        clippy::needless_pass_by_value,
        reason = "signing needs the feature aksk"
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
        // Rejected here, where the source is known.
        key.check().map_err(|error| {
            Error::credentials(
                format!("invalid access key in {origin}"),
                Some(error.into()),
            )
        })?;
        Ok(key.into())
    }
    #[cfg(not(feature = "aksk"))]
    Err(Error::credentials(
        format!("cannot sign with the access key in {origin}: the feature aksk is not enabled"),
        None,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    fn parse(text: &str) -> Result<Profile, Error> {
        Profile::parse(text, "basic", "profile file f")
    }

    /// The values of `ak`, `sk` and `project_id`.
    #[track_caller]
    fn assert_parsed(text: &str, expected: [Option<&str>; 3]) {
        let profile = parse(text).unwrap();
        let shown = |secret: &'_ Option<Secret>| {
            secret
                .as_ref()
                .map(|secret| secret.expose_secret().to_owned())
        };
        let found = [shown(&profile.ak), shown(&profile.sk), profile.project_id];
        assert_eq!(found.each_ref().map(Option::as_deref), expected, "{text:?}");
    }

    #[track_caller]
    fn assert_refused(text: &str, expected: &str) {
        let error = parse(text).and_then(|profile| profile.access_key());
        let error = error.unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Credentials);
        assert_eq!(error.to_string(), expected, "{text:?}");
    }

    #[test]
    fn parses_the_section_basic_and_skips_the_rest() {
        let text = "\u{feff}# mine\r\n[default]\nak = no\n[ basic ]\n; keys\nak=AK\n sk : s=k:1 \n\
                    security_token = \nproject_id = p\niam_endpoint = https://iam.example.com\n\
                    region = x\n[other]\nsk = no\n";
        assert_parsed(text, [Some("AK"), Some("s=k:1"), Some("p")]);
        let profile = parse(text).unwrap();
        assert_eq!(profile.security_token, None);
        assert_eq!(
            profile.iam_endpoint.as_deref(),
            Some("https://iam.example.com")
        );
    }

    #[test]
    fn comments_quotes_line_ends_and_case_are_no_part_of_a_value() {
        for text in [
            "[basic] # comment\nak = AK ; comment\nsk = SK\t# comment\nproject_id = p",
            "[basic];comment\nAK = AK\nSk = SK\nPROJECT_ID : p",
            "[basic]\rak = AK\rsk = SK\rproject_id = p\r",
            "[basic]\r\nak = \"AK\"\r\nsk = 'SK' # \"comment\"\r\nproject_id = \"p\"; it's\r\n",
            "[BASIC]\nak\t=\tAK\t\nsk=SK\nproject_id=\u{feff}p\n",
        ] {
            assert_parsed(text, [Some("AK"), Some("SK"), Some("p")]);
        }
        assert_parsed(
            "[basic]\nak = A#K;1\nsk = \"S;K\"\nproject_id = # none",
            [Some("A#K;1"), Some("S;K"), None],
        );
    }

    #[test]
    fn a_section_spelled_exactly_takes_precedence() {
        let text = "[Basic]\nak = no\n[basic]\nak = AK\n[BASIC]\nak = no\n";
        assert_parsed(text, [Some("AK"), None, None]);
    }

    #[test]
    fn errors_name_file_line_and_rule_and_never_the_value() {
        for (text, expected) in [
            (
                "[basic]\nhunter2",
                "invalid profile file f, line 2: expected a section, or a key with its value",
            ),
            (
                "[basic",
                "invalid profile file f, line 1: expected ] after the name of the section",
            ),
            (
                "[basic] ak = hunter2",
                "invalid profile file f, line 1: expected nothing but a comment after the section",
            ),
            (
                "[basic]\nsk=a\nsk=hunter2",
                "invalid profile file f, line 3: the key sk is set twice",
            ),
            (
                "[basic]\r\n\r\nsk=hunter\u{1}2",
                "invalid profile file f, line 3: sk must be printable ASCII without spaces",
            ),
            (
                "[basic]\nsk = \"hunter 2\"",
                "invalid profile file f, line 2: sk must be printable ASCII without spaces (one \
                 pair of quotes around the value was removed)",
            ),
            (
                "[basic]\nsk = \"hunter2",
                "invalid profile file f, line 2: sk must not begin or end with a quotation mark",
            ),
            (
                "[dev]\nak=hunter2\n[prod]\n",
                "cannot find the section [basic] in the profile file f: it has [dev], [prod]",
            ),
            (
                "",
                "cannot find the section [basic] in the profile file f: it has no sections",
            ),
            (
                "[basic]\n",
                "cannot find ak and sk in section [basic] of the profile file f",
            ),
            (
                "[basic]\nak=hunter2",
                "cannot find sk in section [basic] of the profile file f",
            ),
            (
                "[basic]\nsk=s\nak=",
                "cannot find ak in section [basic] of the profile file f",
            ),
        ] {
            assert_refused(text, expected);
        }
    }
}
