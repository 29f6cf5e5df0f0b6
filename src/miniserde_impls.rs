//! `Serialize` and `Deserialize` of miniserde for the data types.
//!
//! Written by hand: miniserde's derive accepts a repeated key. Every text is copied, since miniserde
//! lends none. What is not a string, an integer or null where a string is documented is an error
//! here; the client's [`Decoder`](crate::decode::Decoder) then falls back to the built-in parser.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use miniserde::de::{self, Deserialize, Visitor};
use miniserde::ser::{self, Fragment, Seq, Serialize};
use miniserde::{Error, Result, make_place};

use crate::decode::parse_count;
use crate::job::{
    EngineType, Field, FieldSet, Job, JobPage, JobStatus, Language, SortDir, SortKey,
};
use crate::timestamp::Timestamp;

impl Serialize for Job<'_> {
    fn begin(&self) -> Fragment<'_> {
        Fragment::Map(Box::new(Fields {
            fields: self.present_fields(),
            text: FieldText(""),
        }))
    }
}

/// The fields of a job that are still to be written.
struct Fields<'a, I> {
    fields: I,
    text: FieldText<'a>,
}

struct FieldText<'a>(&'a str);

impl Serialize for FieldText<'_> {
    fn begin(&self) -> Fragment<'_> {
        Fragment::Str(Cow::Borrowed(self.0))
    }
}

impl<'a, I: Iterator<Item = (&'static str, &'a str)>> ser::Map for Fields<'a, I> {
    fn next(&mut self) -> Option<(Cow<'_, str>, &dyn Serialize)> {
        let (key, text) = self.fields.next()?;
        self.text = FieldText(text);
        Some((Cow::Borrowed(key), &self.text))
    }
}

impl Serialize for JobPage<'_> {
    fn begin(&self) -> Fragment<'_> {
        Fragment::Map(Box::new(PageMembers {
            count: self.count,
            jobs: Jobs(&self.jobs),
            written: 0,
        }))
    }
}

struct PageMembers<'a> {
    count: u64,
    jobs: Jobs<'a>,
    written: usize,
}

impl ser::Map for PageMembers<'_> {
    fn next(&mut self) -> Option<(Cow<'_, str>, &dyn Serialize)> {
        self.written += 1;
        match self.written {
            1 => Some((Cow::Borrowed("count"), &self.count)),
            2 => Some((Cow::Borrowed("jobs"), &self.jobs)),
            _ => None,
        }
    }
}

struct Jobs<'a>(&'a [Job<'a>]);

impl Serialize for Jobs<'_> {
    fn begin(&self) -> Fragment<'_> {
        Fragment::Seq(Box::new(Elements(self.0.iter())))
    }
}

struct Elements<'a>(core::slice::Iter<'a, Job<'a>>);

impl Seq for Elements<'_> {
    fn next(&mut self) -> Option<&dyn Serialize> {
        self.0.next().map(|job| job as &dyn Serialize)
    }
}

impl Serialize for Timestamp {
    fn begin(&self) -> Fragment<'_> {
        Fragment::Str(Cow::Owned(format!("{self}")))
    }
}

make_place!(Place);

/// A string, an integer as its digits, or null.
struct Text(Option<String>);

impl Visitor for Place<Text> {
    fn null(&mut self) -> Result<()> {
        self.out = Some(Text(None));
        Ok(())
    }

    fn string(&mut self, text: &str) -> Result<()> {
        self.out = Some(Text(Some(text.into())));
        Ok(())
    }

    fn negative(&mut self, integer: i64) -> Result<()> {
        // miniserde gives `-0` as 0.
        if integer == 0 {
            return Err(Error);
        }
        self.out = Some(Text(Some(integer.to_string())));
        Ok(())
    }

    fn nonnegative(&mut self, integer: u64) -> Result<()> {
        self.out = Some(Text(Some(integer.to_string())));
        Ok(())
    }
}

impl Deserialize for Text {
    fn begin(out: &mut Option<Self>) -> &mut dyn Visitor {
        Place::new(out)
    }
}

impl Visitor for Place<Job<'static>> {
    fn map(&mut self) -> Result<Box<dyn de::Map + '_>> {
        Ok(Box::new(JobMap {
            out: &mut self.out,
            job: Job::EMPTY,
            seen: FieldSet::default(),
            field: None,
            text: None,
        }))
    }
}

/// Follows the rules of [`decode`](crate::decode) for keys, missing fields and integers.
impl Deserialize for Job<'static> {
    fn begin(out: &mut Option<Self>) -> &mut dyn Visitor {
        Place::new(out)
    }
}

struct JobMap<'a> {
    out: &'a mut Option<Job<'static>>,
    job: Job<'static>,
    seen: FieldSet,
    /// The field whose value is being read, and its place.
    field: Option<Field>,
    text: Option<Text>,
}

impl JobMap<'_> {
    /// Sets the field that was read last.
    fn set_field(&mut self) -> Result<()> {
        if let Some(field) = self.field.take()
            && let Text(Some(text)) = self.text.take().ok_or(Error)?
        {
            self.job.set(field, Cow::Owned(text));
        }
        Ok(())
    }
}

impl de::Map for JobMap<'_> {
    fn key(&mut self, key: &str) -> Result<&mut dyn Visitor> {
        self.set_field()?;
        let Some(field) = Field::from_name(key) else {
            return Ok(<dyn Visitor>::ignore());
        };
        if !self.seen.insert(field) {
            return Err(Error);
        }
        self.field = Some(field);
        Ok(Deserialize::begin(&mut self.text))
    }

    fn finish(&mut self) -> Result<()> {
        self.set_field()?;
        if self.job.id.is_empty() {
            return Err(Error);
        }
        *self.out = Some(core::mem::replace(&mut self.job, Job::EMPTY));
        Ok(())
    }
}

impl Visitor for Place<JobPage<'static>> {
    fn map(&mut self) -> Result<Box<dyn de::Map + '_>> {
        Ok(Box::new(PageMap {
            out: &mut self.out,
            count: None,
            jobs: None,
        }))
    }
}

/// Follows the rules of [`decode`](crate::decode) as [`Job`] does; the request id is `None`.
impl Deserialize for JobPage<'static> {
    fn begin(out: &mut Option<Self>) -> &mut dyn Visitor {
        Place::new(out)
    }
}

struct PageMap<'a> {
    out: &'a mut Option<JobPage<'static>>,
    count: Option<Text>,
    #[expect(clippy::option_option, reason = "`null` is not missing")]
    jobs: Option<Option<Vec<Job<'static>>>>,
}

impl de::Map for PageMap<'_> {
    fn key(&mut self, key: &str) -> Result<&mut dyn Visitor> {
        match key {
            "count" if self.count.is_none() => Ok(Deserialize::begin(&mut self.count)),
            "jobs" if self.jobs.is_none() => Ok(Deserialize::begin(&mut self.jobs)),
            "count" | "jobs" => Err(Error),
            _ => Ok(<dyn Visitor>::ignore()),
        }
    }

    fn finish(&mut self) -> Result<()> {
        let Text(count) = self.count.take().ok_or(Error)?;
        let count = count.as_deref().and_then(parse_count).ok_or(Error)?;
        let jobs = self.jobs.take().ok_or(Error)?;
        *self.out = Some(JobPage {
            count,
            jobs: jobs.unwrap_or_default(),
            request_id: None,
        });
        Ok(())
    }
}

impl Visitor for Place<Timestamp> {
    fn string(&mut self, text: &str) -> Result<()> {
        self.out = Some(Timestamp::parse(text).ok_or(Error)?);
        Ok(())
    }

    fn nonnegative(&mut self, integer: u64) -> Result<()> {
        self.string(&integer.to_string())
    }
}

impl Deserialize for Timestamp {
    fn begin(out: &mut Option<Self>) -> &mut dyn Visitor {
        Place::new(out)
    }
}

macro_rules! impl_text_enum {
    ($($name:ident)+) => {$(
        impl Serialize for $name {
            fn begin(&self) -> Fragment<'_> {
                Fragment::Str(Cow::Borrowed(self.as_str()))
            }
        }

        impl Visitor for Place<$name> {
            fn string(&mut self, text: &str) -> Result<()> {
                self.out = Some($name::from(text));
                Ok(())
            }
        }

        /// From the text on the wire, case-insensitively; any other text is kept.
        impl Deserialize for $name {
            fn begin(out: &mut Option<Self>) -> &mut dyn Visitor {
                Place::new(out)
            }
        }
    )+};
}

impl_text_enum! { JobStatus EngineType SortKey SortDir Language }
