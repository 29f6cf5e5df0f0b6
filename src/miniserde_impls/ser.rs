//! Out: the service's shape and names; what a job lacks is left out.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;

use miniserde::ser::{Fragment, Map, Seq, Serialize};

use crate::job::{EngineType, Job, JobPage, JobStatus, Language, SortDir, SortKey};
use crate::timestamp::Timestamp;

impl Serialize for Job<'_> {
    fn begin(&self) -> Fragment<'_> {
        Fragment::Map(Box::new(Members {
            members: self.present_fields(),
            text: Text(""),
        }))
    }
}

/// The members of a job that are still to write.
struct Members<'a, I> {
    members: I,
    text: Text<'a>,
}

struct Text<'a>(&'a str);

impl Serialize for Text<'_> {
    fn begin(&self) -> Fragment<'_> {
        Fragment::Str(Cow::Borrowed(self.0))
    }
}

impl<'a, I: Iterator<Item = (&'static str, &'a str)>> Map for Members<'a, I> {
    fn next(&mut self) -> Option<(Cow<'_, str>, &dyn Serialize)> {
        let (key, text) = self.members.next()?;
        self.text = Text(text);
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

impl Map for PageMembers<'_> {
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

macro_rules! as_text {
    ($($name:ident)+) => {$(
        impl Serialize for $name {
            fn begin(&self) -> Fragment<'_> {
                Fragment::Str(Cow::Borrowed(self.as_str()))
            }
        }
    )+};
}

as_text! { JobStatus EngineType SortKey SortDir Language }
