//! How the jobs of a page are written, learned from those before: then neither the order of the
//! keys nor white space costs anything.

use crate::job::Field;
use crate::json::{Cursor, Lead};

/// What was last seen to follow each member.
pub(super) struct Shape {
    /// By the place before it.
    after: [Habit; Field::COUNT + 2],
    /// How many more members it may learn.
    budget: u32,
}

/// A member with a text for its value, as one was last written.
#[derive(Clone, Copy)]
pub(super) struct Habit {
    lead: Lead,
    pub(super) field: Field,
    /// How long the text was.
    pub(super) length: usize,
}

impl Shape {
    /// What it may learn at the start: all of one job, and then some.
    const BUDGET: u32 = 32;

    pub(super) fn new() -> Self {
        let none = Habit {
            lead: Lead::NONE,
            field: Field::Id,
            length: 0,
        };
        Self {
            after: [none; Field::COUNT + 2],
            budget: Self::BUDGET,
        }
    }

    /// Whether knowing it pays for another job: not where most members of most jobs come as in no
    /// job before.
    pub(super) fn pays(&mut self) -> bool {
        self.budget = (self.budget + 4).min(Self::BUDGET);
        self.budget > 4
    }

    /// Goes on to the value of the member that is likely to follow `before`, behind its opening
    /// quote.
    #[inline]
    pub(super) fn next(&mut self, cursor: &mut Cursor<'_>, before: Place) -> Option<&mut Habit> {
        let habit = self.after.get_mut(before.index())?;
        cursor.eat_lead(&habit.lead).then_some(habit)
    }

    /// Notes that the text from `from` led to the string at `to`, the value of `field`.
    pub(super) fn learn(&mut self, before: Place, field: Field, from: Cursor<'_>, to: Cursor<'_>) {
        self.budget = self.budget.saturating_sub(1);
        if let Some(habit) = self.after.get_mut(before.index()) {
            *habit = Habit {
                lead: Lead::between(from, to),
                field,
                length: 0,
            };
        }
    }
}

/// What a member follows. No comma leads to one at the head of a job, and one leads to every other:
/// a lead learned at the one must not be taken at the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Head,
    /// Behind this member, and perhaps others after it that the service does not document.
    After(Field),
    /// Behind such members alone.
    AfterUnknown,
}

impl Place {
    /// The place behind a member that the service does not document.
    pub(super) fn after_unknown(self) -> Self {
        match self {
            Self::Head => Self::AfterUnknown,
            place => place,
        }
    }

    fn index(self) -> usize {
        match self {
            Self::After(field) => field as usize,
            Self::Head => Field::COUNT,
            Self::AfterUnknown => Field::COUNT + 1,
        }
    }
}
