//! One job.

use alloc::borrow::Cow;

use super::layout::{Layout, Previous};
use crate::job::{Field, FieldSet, Job};
use crate::json::{Cursor, ErrorCode};

/// Reads the job under the cursor into `job`, which is [`Job::EMPTY`]. `layout` is the learned
/// layout of the jobs before it, if it is used.
pub(super) fn read<'a>(
    cursor: &mut Cursor<'a>,
    job: &mut Job<'a>,
    mut layout: Option<&mut Layout<'a>>,
) -> Result<(), ErrorCode> {
    cursor.expect("{", ErrorCode::ExpectedObject)?;
    let mut progress = Progress {
        seen: FieldSet::default(),
        previous: Previous::START,
    };
    loop {
        if let Some(layout) = &layout {
            read_predicted(cursor, job, layout, &mut progress)?;
        }
        let start = *cursor;
        let mut is_first = progress.previous == Previous::START;
        if cursor.next_member(&mut is_first)? {
            read_member(cursor, job, layout.as_deref_mut(), &mut progress, start)?;
        } else if progress.seen.contains(Field::Id) {
            return Ok(());
        } else {
            *cursor = start;
            cursor.peek();
            return Err(ErrorCode::MissingId);
        }
    }
}

/// How much of a job was read.
struct Progress {
    seen: FieldSet,
    /// What the next member follows.
    previous: Previous,
}

/// Reads members as long as each is written as predicted, is new to this job and accepts its text.
/// Anything else is left to [`read_member`].
#[inline]
fn read_predicted<'a>(
    cursor: &mut Cursor<'a>,
    job: &mut Job<'a>,
    layout: &Layout<'a>,
    progress: &mut Progress,
) -> Result<(), ErrorCode> {
    // Copies, which stay in registers.
    let mut at = *cursor;
    let mut previous = progress.previous;
    let mut seen = progress.seen;
    while let Some(field) = layout.next(&mut at, previous) {
        if !seen.insert(field) {
            break;
        }
        let literal = at.literal();
        let is_set = if at.eat("\"") {
            set(job, field, Cow::Borrowed(literal))
        } else {
            *cursor = at;
            let text = cursor.unescape(literal)?;
            at = *cursor;
            set_any(job, field, Cow::Owned(text))
        };
        if is_set.is_err() {
            break;
        }
        previous = Previous::known(field);
        *progress = Progress { seen, previous };
        *cursor = at;
    }
    Ok(())
}

/// Reads the member under the cursor. `start` is where the text that leads to it begins, after the
/// previous member.
// Not inlined, which leaves more registers to the loop over predicted members.
#[inline(never)]
fn read_member<'a>(
    cursor: &mut Cursor<'a>,
    job: &mut Job<'a>,
    layout: Option<&mut Layout<'a>>,
    progress: &mut Progress,
    start: Cursor<'a>,
) -> Result<(), ErrorCode> {
    let key = *cursor;
    let Some(field) = read_key(cursor)? else {
        progress.previous = progress.previous.after_unknown();
        return cursor.skip_value();
    };
    if !progress.seen.insert(field) {
        *cursor = key;
        return Err(ErrorCode::DuplicateKey);
    }
    let value = *cursor;
    read_value(cursor, job, field).inspect_err(|code| {
        if *code == ErrorCode::InvalidId {
            *cursor = value;
        }
    })?;
    if let Some(layout) = layout {
        let mut content = value;
        if content.eat("\"") {
            layout.learn(progress.previous, field, start, content);
        }
    }
    progress.previous = Previous::known(field);
    Ok(())
}

/// Reads the key under the cursor, up to its value; `None` for one that the service does not
/// document.
#[inline]
fn read_key(cursor: &mut Cursor<'_>) -> Result<Option<Field>, ErrorCode> {
    // Comparing with each name costs less than looking for the end of the key.
    let field = match Field::find(|_, quoted| cursor.eat(quoted)) {
        Some(field) => Some(field),
        None => Field::from_name(&cursor.string()?),
    };
    cursor.colon()?;
    Ok(field)
}

/// Reads the value of `field`: nearly always a string without an escape.
#[inline]
fn read_value<'a>(
    cursor: &mut Cursor<'a>,
    job: &mut Job<'a>,
    field: Field,
) -> Result<(), ErrorCode> {
    if !cursor.eat("\"") {
        return read_other_value(cursor, job, field);
    }
    let literal = cursor.literal();
    if cursor.eat("\"") {
        set(job, field, Cow::Borrowed(literal))
    } else {
        let text = cursor.unescape(literal)?;
        set_any(job, field, Cow::Owned(text))
    }
}

/// Reads a value that is not a string: `null` is a missing value, anything else is kept as its JSON
/// text. An id can be an integer, but no other type, because it identifies the job.
#[cold]
fn read_other_value<'a>(
    cursor: &mut Cursor<'a>,
    job: &mut Job<'a>,
    field: Field,
) -> Result<(), ErrorCode> {
    let start = *cursor;
    if field == Field::Id {
        let is_integer =
            matches!(cursor.byte(), Some(b'-' | b'0'..=b'9')) && cursor.number()?.is_integer;
        if !is_integer {
            return Err(ErrorCode::InvalidId);
        }
    } else if cursor.eat("null") {
        return Ok(());
    } else {
        cursor.skip_value()?;
    }
    set_any(job, field, Cow::Borrowed(start.until(*cursor)))
}

/// Like [`set`], but not inlined, for the rarer cases.
fn set_any<'a>(job: &mut Job<'a>, field: Field, text: Cow<'a, str>) -> Result<(), ErrorCode> {
    set(job, field, text)
}

#[expect(
    clippy::inline_always,
    reason = "a borrowed text then stays in registers"
)]
#[inline(always)]
fn set<'a>(job: &mut Job<'a>, field: Field, text: Cow<'a, str>) -> Result<(), ErrorCode> {
    if field == Field::Id && text.is_empty() {
        return Err(ErrorCode::InvalidId);
    }
    job.set(field, text);
    Ok(())
}
