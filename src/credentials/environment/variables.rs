//! Reading variables: the first that is set, cleaned and checked.

use alloc::boxed::Box;
use alloc::format;
use std::ffi::OsString;

use super::names::Names;
use crate::clean::{Rule, clean};
use crate::error::Error;
use crate::secret::Secret;

/// The variables of an environment.
pub(super) struct Variables(Box<Lookup>);

type Lookup = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// The value of a variable, cleaned.
pub(super) struct Value {
    pub(super) name: &'static str,
    pub(super) text: Secret,
}

impl Variables {
    pub(super) fn new(lookup: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static) -> Self {
        Self(Box::new(lookup))
    }

    /// The first of these variables that is set.
    pub(super) fn value(&self, names: Names, rule: Rule) -> Result<Option<Value>, Error> {
        for &name in names {
            if let Some(text) = self.text(name, rule)? {
                return Ok(Some(Value { name, text }));
            }
        }
        Ok(None)
    }

    /// A variable, cleaned; `None` if it is not set or nothing is left of it.
    pub(super) fn text(&self, name: &str, rule: Rule) -> Result<Option<Secret>, Error> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        // A password with a character replaced would be a wrong one, and count as such.
        let value = value
            .into_string()
            .map(Secret::from)
            .map_err(|_| invalid(name, "must be UTF-8"))?;
        let cleaned = clean(value.expose_secret());
        if cleaned.text.is_empty() {
            return Ok(None);
        }
        cleaned.check(rule).map_err(|rule| invalid(name, &rule))?;
        Ok(Some(Secret::from(cleaned.text)))
    }

    pub(super) fn get(&self, name: &str) -> Option<OsString> {
        (self.0)(name)
    }
}

pub(super) fn first(names: Names) -> &'static str {
    names.first().copied().unwrap_or_default()
}

pub(super) fn invalid(name: &str, rule: &str) -> Error {
    Error::credentials(format!("invalid {name}: {rule}"), None)
}

/// Half of what belongs together is a mistake, not a reason to search elsewhere.
pub(super) fn half(set: &Value, missing: Names) -> Error {
    let (set, missing) = (set.name, first(missing));
    Error::credentials(format!("{set} is set, but {missing} is not"), None)
}
