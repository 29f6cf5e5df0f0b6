//! In: objects only, no key twice, texts borrowed where the format lends them.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Unexpected, Visitor};

use crate::decode::draft::{self, JobDraft, PageDraft};
use crate::job::{EngineType, Field, Job, JobPage, JobStatus, Language, SortDir, SortKey};
use crate::timestamp::Timestamp;

/// The rules of [`decode`](crate::decode) for keys, missing members and integers in the place of
/// texts; how strict the text itself is read is the format's affair.
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
        let mut draft = JobDraft::new();
        while let Some(Member(member)) = map.next_key()? {
            match member {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some(member) if draft.has(member) => return Err(repeated()),
                Some(member) => {
                    let Text(text) = map.next_value()?;
                    draft.set(member, text);
                }
            }
        }
        draft
            .finish()
            .ok_or_else(|| A::Error::custom("a job needs an `id` that is not empty"))
    }
}

fn repeated<E: Error>() -> E {
    E::custom("a key comes twice in one object")
}

/// Which member of a job a key names.
struct Member(Option<Field>);

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(KeyVisitor).map(Self)
    }
}

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Option<Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Field::from_name(key))
    }
}

/// A text, an integer as its digits, or nothing.
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
        f.write_str("a text, an integer or null")
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
        self.visit_string(draft::digits(integer))
    }

    fn visit_i64<E: Error>(self, integer: i64) -> Result<Self::Value, E> {
        self.visit_string(draft::digits(integer))
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

/// As [`Job`]: the rules of [`decode`](crate::decode). The request id stays `None`.
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
        let mut draft = PageDraft::default();
        while let Some(Text(key)) = map.next_key()? {
            match key.as_deref() {
                Some("count") if draft.count.is_none() => {
                    let Count(count) = map.next_value()?;
                    draft.count = Some(count);
                }
                Some("jobs") if draft.jobs.is_none() => {
                    draft.jobs = Some(map.next_value::<Option<Vec<_>>>()?.unwrap_or_default());
                }
                Some("count" | "jobs") => return Err(repeated()),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        draft
            .finish()
            .ok_or_else(|| A::Error::custom("a page needs `count` and `jobs`"))
    }
}

/// An integer that fits `u64`, or its digits in a text.
struct Count(u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor).map(Self)
    }
}

struct CountVisitor;

impl Visitor<'_> for CountVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count, or its digits in a text")
    }

    fn visit_u64<E: Error>(self, count: u64) -> Result<u64, E> {
        Ok(count)
    }

    fn visit_i64<E: Error>(self, count: i64) -> Result<u64, E> {
        u64::try_from(count).map_err(|_| E::invalid_value(Unexpected::Signed(count), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
        draft::count(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

/// From any text that [`Timestamp::parse`] reads, or from an integer of its digits.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(deserializer)?;
        text.as_deref()
            .and_then(Self::parse)
            .ok_or_else(|| D::Error::custom("expected a point in time"))
    }
}

macro_rules! from_text {
    ($($name:ident)+) => {$(
        /// From the text on the wire, whatever its case; unknown ones are kept.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                Ok(Self::from(text.into_owned()))
            }
        }
    )+};
}

from_text! { JobStatus EngineType SortKey SortDir Language }
