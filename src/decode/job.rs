//! One job.

use alloc::borrow::Cow;

use super::field::Seen;
use super::shape::{Place, Shape};
use crate::job::{Field, Job};
use crate::json::{Cursor, Expected};

/// Reads the job under the cursor into `job`, which is as new. `shape` is how jobs before it were
/// written, if that is worth knowing.
pub(super) fn read<'a>(
    cursor: &mut Cursor<'a>,
    job: &mut Job<'a>,
    mut shape: Option<&mut Shape>,
) -> Result<(), Expected> {
    cursor.demand("{", Expected::Object)?;
    let mut progress = Progress {
        seen: Seen::default(),
        before: Place::Head,
        first: true,
    };
    loop {
        if let Some(shape) = &mut shape {
            read_foreseen(cursor, job, shape, &mut progress)?;
        }
        if !read_member(cursor, job, shape.as_deref_mut(), &mut progress)? {
            return Ok(());
        }
    }
}

/// How much of a job was read.
struct Progress {
    seen: Seen,
    /// What the next member follows.
    before: Place,
    /// Whether no member was read.
    first: bool,
}

/// Reads members for as long as each is written as in jobs before, is new to this one and takes its
/// text. Whatever else comes is left to [`read_member`].
#[inline]
fn read_foreseen<'a>(
    cursor: &mut Cursor<'a>,
    job: &mut Job<'a>,
    shape: &mut Shape,
    progress: &mut Progress,
) -> Result<(), Expected> {
    // A copy, which stays in registers.
    let mut at = *cursor;
    let mut before = progress.before;
    let mut seen = progress.seen;
    while let Some(habit) = shape.next(&mut at, before) {
        let field = habit.field;
        if !seen.insert(field) {
            break;
        }
        let plain = at.plain_guessed(habit.length);
        habit.length = plain.len();
        let taken = if at.eat("\"") {
            set(job, field, Some(Cow::Borrowed(plain)))
        } else {
            *cursor = at;
            let text = cursor.unescape(plain)?;
            at = *cursor;
            set_any(job, field, Some(Cow::Owned(text)))
        };
        if taken.is_err() {
            break;
        }
        before = Place::After(field);
        progress.before = before;
        progress.seen = seen;
        progress.first = false;
        *cursor = at;
    }
    Ok(())
}

/// Reads the next member, or the end of the job, which gives `false`.
fn read_member<'a>(
    cursor: &mut Cursor<'a>,
    job: &mut Job<'a>,
    shape: Option<&mut Shape>,
    progress: &mut Progress,
) -> Result<bool, Expected> {
    let start = *cursor;
    if !cursor.next_member(&mut progress.first)? {
        if progress.seen.has(Field::Id) {
            return Ok(false);
        }
        *cursor = start;
        cursor.peek();
        return Err(Expected::IdMember);
    }
    let key_at = *cursor;
    let Some(field) = read_key(cursor)? else {
        progress.before = progress.before.after_unknown();
        return cursor.skip_value().map(|()| true);
    };
    if !progress.seen.insert(field) {
        *cursor = key_at;
        return Err(Expected::UnrepeatedKey);
    }
    let value = *cursor;
    read_value(cursor, job, field).inspect_err(|expected| {
        if *expected == Expected::Id {
            *cursor = value;
        }
    })?;
    if let Some(shape) = shape {
        let mut content = value;
        if content.eat("\"") {
            shape.learn(progress.before, field, start, content);
        }
    }
    progress.before = Place::After(field);
    Ok(true)
}

/// Reads the key under the cursor, up to its value; `None` if the service documents no such member.
#[inline]
fn read_key(cursor: &mut Cursor<'_>) -> Result<Option<Field>, Expected> {
    cursor.eat("\"");
    let plain = cursor.plain();
    let field = if cursor.eat("\"") {
        Field::from_name(plain)
    } else {
        Field::from_name(&cursor.unescape(plain)?)
    };
    cursor.colon()?;
    Ok(field)
}

/// Reads the value of `field`: nearly always a text without an escape.
#[inline]
fn read_value<'a>(
    cursor: &mut Cursor<'a>,
    job: &mut Job<'a>,
    field: Field,
) -> Result<(), Expected> {
    if !cursor.eat("\"") {
        let text = other_text(cursor)?;
        return set_any(job, field, text);
    }
    let plain = cursor.plain();
    if cursor.eat("\"") {
        set(job, field, Some(Cow::Borrowed(plain)))
    } else {
        let text = cursor.unescape(plain)?;
        set_any(job, field, Some(Cow::Owned(text)))
    }
}

/// As [`set`], once for all the ways that are less used.
fn set_any<'a>(
    job: &mut Job<'a>,
    field: Field,
    text: Option<Cow<'a, str>>,
) -> Result<(), Expected> {
    set(job, field, text)
}

#[expect(
    clippy::inline_always,
    reason = "a borrowed text then stays in registers"
)]
#[inline(always)]
fn set<'a>(job: &mut Job<'a>, field: Field, text: Option<Cow<'a, str>>) -> Result<(), Expected> {
    #[cfg(test)]
    let text = super::independence::with_fault(text);
    if field == Field::Id && text.as_deref().is_none_or(str::is_empty) {
        return Err(Expected::Id);
    }
    job.set(field, text);
    Ok(())
}

/// Reads what may stand in the place of a string: an integer as its digits, or `null` as `None`.
fn other_text<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Cow<'a, str>>, Expected> {
    match cursor.byte() {
        Some(b'-' | b'0'..=b'9') => cursor.integer().map(|digits| Some(Cow::Borrowed(digits))),
        _ if cursor.eat("null") => Ok(None),
        _ => Err(Expected::Text),
    }
}
