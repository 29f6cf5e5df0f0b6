//! In: objects only, no key twice; every text is copied, for miniserde lends none.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use miniserde::de::{Deserialize, Map, Visitor};
use miniserde::{Error, Result, make_place};

use crate::decode::draft::{self, JobDraft, PageDraft};
use crate::job::{EngineType, Field, Job, JobPage, JobStatus, Language, SortDir, SortKey};
use crate::timestamp::Timestamp;

make_place!(Place);

/// A text, an integer as its digits, or nothing.
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
        // `-0` arrives here as 0, and is no integer.
        if integer == 0 {
            return Err(Error);
        }
        self.out = Some(Text(Some(draft::digits(integer))));
        Ok(())
    }

    fn nonnegative(&mut self, integer: u64) -> Result<()> {
        self.out = Some(Text(Some(draft::digits(integer))));
        Ok(())
    }
}

impl Deserialize for Text {
    fn begin(out: &mut Option<Self>) -> &mut dyn Visitor {
        Place::new(out)
    }
}

/// An integer that fits `u64`, or its digits in a text.
struct Count(u64);

impl Visitor for Place<Count> {
    fn string(&mut self, text: &str) -> Result<()> {
        self.out = Some(Count(draft::count(text).ok_or(Error)?));
        Ok(())
    }

    fn nonnegative(&mut self, count: u64) -> Result<()> {
        self.out = Some(Count(count));
        Ok(())
    }
}

impl Deserialize for Count {
    fn begin(out: &mut Option<Self>) -> &mut dyn Visitor {
        Place::new(out)
    }
}

impl Visitor for Place<Job<'static>> {
    fn map(&mut self) -> Result<Box<dyn Map + '_>> {
        Ok(Box::new(JobMap {
            out: &mut self.out,
            draft: JobDraft::new(),
            member: None,
            text: None,
        }))
    }
}

/// The rules of [`decode`](crate::decode) for keys, missing members and integers in the place of
/// texts.
impl Deserialize for Job<'static> {
    fn begin(out: &mut Option<Self>) -> &mut dyn Visitor {
        Place::new(out)
    }
}

struct JobMap<'a> {
    out: &'a mut Option<Job<'static>>,
    draft: JobDraft<'static>,
    /// The member whose value is being read, and its place.
    member: Option<Field>,
    text: Option<Text>,
}

impl JobMap<'_> {
    /// Notes the value that was read last.
    fn settle(&mut self) -> Result<()> {
        if let Some(member) = self.member.take() {
            let Text(text) = self.text.take().ok_or(Error)?;
            self.draft.set(member, text.map(Cow::Owned));
        }
        Ok(())
    }
}

impl Map for JobMap<'_> {
    fn key(&mut self, key: &str) -> Result<&mut dyn Visitor> {
        self.settle()?;
        match Field::from_name(key) {
            None => Ok(<dyn Visitor>::ignore()),
            Some(member) if self.draft.has(member) => Err(Error),
            member => {
                self.member = member;
                Ok(Deserialize::begin(&mut self.text))
            }
        }
    }

    fn finish(&mut self) -> Result<()> {
        self.settle()?;
        let draft = core::mem::replace(&mut self.draft, JobDraft::new());
        *self.out = Some(draft.finish().ok_or(Error)?);
        Ok(())
    }
}

impl Visitor for Place<JobPage<'static>> {
    fn map(&mut self) -> Result<Box<dyn Map + '_>> {
        Ok(Box::new(PageMap {
            out: &mut self.out,
            count: None,
            jobs: None,
            seen: (false, false),
        }))
    }
}

/// As [`Job`]: the rules of [`decode`](crate::decode). The request id stays `None`.
impl Deserialize for JobPage<'static> {
    fn begin(out: &mut Option<Self>) -> &mut dyn Visitor {
        Place::new(out)
    }
}

struct PageMap<'a> {
    out: &'a mut Option<JobPage<'static>>,
    count: Option<Count>,
    #[expect(clippy::option_option, reason = "`null` is not missing")]
    jobs: Option<Option<Vec<Job<'static>>>>,
    /// Whether `count` and `jobs` came.
    seen: (bool, bool),
}

impl Map for PageMap<'_> {
    fn key(&mut self, key: &str) -> Result<&mut dyn Visitor> {
        let seen = match key {
            "count" => &mut self.seen.0,
            "jobs" => &mut self.seen.1,
            _ => return Ok(<dyn Visitor>::ignore()),
        };
        if core::mem::replace(seen, true) {
            return Err(Error);
        }
        Ok(if key == "count" {
            Deserialize::begin(&mut self.count)
        } else {
            Deserialize::begin(&mut self.jobs)
        })
    }

    fn finish(&mut self) -> Result<()> {
        let draft = PageDraft {
            count: self.count.take().map(|Count(count)| count),
            jobs: self.jobs.take().map(Option::unwrap_or_default),
        };
        *self.out = Some(draft.finish().ok_or(Error)?);
        Ok(())
    }
}

impl Visitor for Place<Timestamp> {
    fn string(&mut self, text: &str) -> Result<()> {
        self.out = Some(Timestamp::parse(text).ok_or(Error)?);
        Ok(())
    }

    fn nonnegative(&mut self, integer: u64) -> Result<()> {
        self.string(&draft::digits(integer))
    }
}

impl Deserialize for Timestamp {
    fn begin(out: &mut Option<Self>) -> &mut dyn Visitor {
        Place::new(out)
    }
}

macro_rules! from_text {
    ($($name:ident)+) => {$(
        impl Visitor for Place<$name> {
            fn string(&mut self, text: &str) -> Result<()> {
                self.out = Some($name::from(text));
                Ok(())
            }
        }

        /// From the text on the wire, whatever its case; unknown ones are kept.
        impl Deserialize for $name {
            fn begin(out: &mut Option<Self>) -> &mut dyn Visitor {
                Place::new(out)
            }
        }
    )+};
}

from_text! { JobStatus EngineType SortKey SortDir Language }
