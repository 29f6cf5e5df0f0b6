//! Reading variables: the first that is set, cleaned and checked.

use alloc::boxed::Box;
use alloc::format;
use std::ffi::OsString;

use super::names::Names;
use crate::clean::{QUOTES_REMOVED, Rule, clean};
use crate::error::Error;
use crate::secret::Secret;

/// The variables of an environment.
pub(super) struct Variables(Box<Lookup>);

type Lookup = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// The value of a variable, cleaned.
pub(super) struct Value<'a> {
    pub(super) name: &'a str,
    pub(super) text: Secret,
    /// Whether a pair of quotes was removed.
    pub(super) was_quoted: bool,
}

impl Value<'_> {
    pub(super) fn as_str(&self) -> &str {
        self.text.expose_secret()
    }

    /// Returns the error for a value that breaks this rule.
    pub(super) fn invalid(&self, rule: &str) -> Error {
        let error = invalid(self.name, rule);
        if self.was_quoted {
            return error.with_note(QUOTES_REMOVED);
        }
        error
    }
}

impl Variables {
    pub(super) fn new(lookup: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static) -> Self {
        Self(Box::new(lookup))
    }

    /// The first of these variables that is set.
    pub(super) fn first(&self, names: Names, rule: Rule) -> Result<Option<Value<'static>>, Error> {
        for name in names {
            let value = self.get(name, rule)?;
            if value.is_some() {
                return Ok(value);
            }
        }
        Ok(None)
    }

    /// A variable, cleaned; `None` if it is not set or empty after cleaning.
    pub(super) fn get<'a>(&self, name: &'a str, rule: Rule) -> Result<Option<Value<'a>>, Error> {
        let Some(raw) = self.raw(name) else {
            return Ok(None);
        };
        // A password with a replaced character would be wrong, and count as a failed login.
        let raw = raw
            .into_string()
            .map(Secret::from)
            .map_err(|_| invalid(name, "must be UTF-8"))?;
        let cleaned = clean(raw.expose_secret());
        if cleaned.text.is_empty() {
            return Ok(None);
        }
        let value = Value {
            name,
            text: Secret::from(cleaned.text),
            was_quoted: cleaned.was_quoted,
        };
        match rule.broken_by(cleaned.text) {
            Some(rule) => Err(value.invalid(rule)),
            None => Ok(Some(value)),
        }
    }

    pub(super) fn raw(&self, name: &str) -> Option<OsString> {
        (self.0)(name)
    }
}

pub(super) fn first_name(names: Names) -> &'static str {
    names.first().copied().unwrap_or_default()
}

fn invalid(name: &str, rule: &str) -> Error {
    Error::credentials(format!("invalid {name}: {rule}"), None)
}

/// An incomplete pair is an error, not a reason to search elsewhere.
pub(super) fn incomplete_pair(set: &Value<'_>, missing: Names) -> Error {
    let (set, missing) = (set.name, first_name(missing));
    Error::credentials(format!("{set} is set, but {missing} is not"), None)
}
