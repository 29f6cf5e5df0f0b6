//! `Serialize` and `Deserialize` of serde for the data types.
//!
//! Written by hand: a derive would accept an array for an object, and borrow no `Option<Cow<str>>`.
//! What is not a string, an integer or null where a string is documented is an error here, since
//! serde does not give its JSON text; the client's [`Decoder`](crate::decode::Decoder) then falls
//! back to the built-in parser.

use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::decode::parse_count;
use crate::error::ApiError;
use crate::job::{
    EngineType, Field, FieldSet, Job, JobPage, JobStatus, Language, SortDir, SortKey,
};
use crate::timestamp::Timestamp;

/// Writes the service's names, and only the optional fields that the job has.
impl Serialize for Job<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.present_fields().count()))?;
        for (key, text) in self.present_fields() {
            map.serialize_entry(key, text)?;
        }
        map.end()
    }
}

/// `{"count": …, "jobs": […]}`; the request id is not part of the body.
impl Serialize for JobPage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("count", &self.count)?;
        map.serialize_entry("jobs", &self.jobs)?;
        map.end()
    }
}

/// `{"status": …, "code": …, "message": …}` and the other fields that have a value.
impl Serialize for ApiError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", &self.status)?;
        let texts = [
            ("code", self.code.as_deref()),
            ("message", Some(&*self.message)),
            ("request_id", self.request_id.as_deref()),
            (
                "encoded_authorization_message",
                self.encoded_authorization_message.as_deref(),
            ),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                map.serialize_entry(key, text)?;
            }
        }
        map.end()
    }
}

/// As a text, such as `2024-08-19T02:27:15Z`.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Follows the rules of [`decode`](crate::decode) for keys, missing fields and integers.
impl<'de: 'a, 'a> Deserialize<'de> for Job<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(JobVisitor(PhantomData))
    }
}

struct JobVisitor<'a>(PhantomData<&'a str>);

impl<'de: 'a, 'a> Visitor<'de> for JobVisitor<'a> {
    type Value = Job<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a job as an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Job<'a>, A::Error> {
        let mut job = Job::EMPTY;
        let mut seen = FieldSet::default();
        while let Some(Text(key)) = map.next_key()? {
            let Some(field) = key.as_deref().and_then(Field::from_name) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if !seen.insert(field) {
                return Err(duplicate_key());
            }
            if let Text(Some(text)) = map.next_value()? {
                job.set(field, text);
            }
        }
        if job.id.is_empty() {
            return Err(A::Error::custom("expected an `id` that is not empty"));
        }
        Ok(job)
    }
}

fn duplicate_key<E: Error>() -> E {
    E::custom("duplicate key")
}

/// A string, an integer as its digits, or null.
struct Text<'a>(Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(TextVisitor(PhantomData))
            .map(Self)
    }
}

struct TextVisitor<'a>(PhantomData<&'a str>);

impl<'de: 'a, 'a> Visitor<'de> for TextVisitor<'a> {
    type Value = Option<Cow<'a, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, an integer or null")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.visit_string(text.into())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text)))
    }

    fn visit_u64<E: Error>(self, integer: u64) -> Result<Self::Value, E> {
        self.visit_string(integer.to_string())
    }

    fn visit_i64<E: Error>(self, integer: i64) -> Result<Self::Value, E> {
        self.visit_string(integer.to_string())
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// Follows the rules of [`decode`](crate::decode) as [`Job`] does; the request id is `None`.
impl<'de: 'a, 'a> Deserialize<'de> for JobPage<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PageVisitor(PhantomData))
    }
}

struct PageVisitor<'a>(PhantomData<&'a str>);

impl<'de: 'a, 'a> Visitor<'de> for PageVisitor<'a> {
    type Value = JobPage<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page as an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JobPage<'a>, A::Error> {
        let mut count = None;
        let mut jobs = None;
        while let Some(Text(key)) = map.next_key()? {
            match key.as_deref() {
                Some("count") if count.is_none() => {
                    let Text(text) = map.next_value()?;
                    let value = text.as_deref().and_then(parse_count);
                    count = Some(value.ok_or_else(|| {
                        A::Error::custom(
                            "expected `count` as an integer, or its digits in a string",
                        )
                    })?);
                }
                Some("jobs") if jobs.is_none() => {
                    jobs = Some(map.next_value::<Option<Vec<_>>>()?.unwrap_or_default());
                }
                Some("count" | "jobs") => return Err(duplicate_key()),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        let (Some(count), Some(jobs)) = (count, jobs) else {
            return Err(A::Error::custom("expected `count` and `jobs`"));
        };
        Ok(JobPage {
            count,
            jobs,
            request_id: None,
        })
    }
}

/// Accepts every text that [`Timestamp::parse`] does, and an integer of the same digits.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(deserializer)?;
        text.as_deref()
            .and_then(Self::parse)
            .ok_or_else(|| D::Error::custom("expected a time"))
    }
}

macro_rules! impl_text_enum {
    ($($name:ident)+) => {$(
        /// As the text on the wire.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        /// From the text on the wire, case-insensitively; any other text is kept.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                Ok(Self::from_cow(text))
            }
        }
    )+};
}

impl_text_enum! { JobStatus EngineType SortKey SortDir Language }
