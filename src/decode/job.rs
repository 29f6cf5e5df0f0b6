//! One job.

use alloc::borrow::Cow;

use super::field::{Field, Seen};
use crate::job::{EngineType, Job, JobStatus};
use crate::json::{Cursor, Expected};

/// Reads the job under the cursor into `job`, which is as new.
pub(super) fn read<'a>(cursor: &mut Cursor<'a>, job: &mut Job<'a>) -> Result<(), Expected> {
    cursor.demand("{", Expected::Object)?;
    let mut seen = Seen::default();
    let mut first = true;
    loop {
        let end = *cursor;
        if !cursor.next_member(&mut first)? {
            if seen.has(Field::Id) {
                return Ok(());
            }
            *cursor = end;
            cursor.peek();
            return Err(Expected::IdMember);
        }
        let start = *cursor;
        let key = cursor.key()?;
        let Some(field) = Field::from_key(&key) else {
            cursor.skip_value()?;
            continue;
        };
        if !seen.insert(field) {
            *cursor = start;
            return Err(Expected::UnrepeatedKey);
        }
        read_field(cursor, job, field)?;
    }
}

fn read_field<'a>(
    cursor: &mut Cursor<'a>,
    job: &mut Job<'a>,
    field: Field,
) -> Result<(), Expected> {
    let start = *cursor;
    let text = text(cursor)?;
    #[cfg(test)]
    let text = super::independence::with_fault(text);
    match field {
        Field::Id => match text {
            Some(id) if !id.is_empty() => job.id = id,
            _ => {
                *cursor = start;
                return Err(Expected::Id);
            }
        },
        Field::Name => job.name = text.unwrap_or_default(),
        Field::Status => job.status = status(text.unwrap_or_default()),
        Field::Description => job.description = text,
        Field::EngineType => job.engine_type = engine_type(text.unwrap_or_default()),
        Field::CreateTime => job.create_time = text.unwrap_or_default(),
        Field::FinishTime => job.finish_time = text,
        Field::EnterpriseProjectId => job.enterprise_project_id = text,
        Field::ErrorLog => job.error_log = text,
    }
    Ok(())
}

/// Reads a text, or an integer as its digits; `None` for `null`.
fn text<'a>(cursor: &mut Cursor<'a>) -> Result<Option<Cow<'a, str>>, Expected> {
    match cursor.byte() {
        Some(b'"') => cursor.string().map(Some),
        Some(b'-' | b'0'..=b'9') => cursor.integer().map(|digits| Some(Cow::Borrowed(digits))),
        _ if cursor.eat("null") => Ok(None),
        _ => Err(Expected::Text),
    }
}

fn status(text: Cow<'_, str>) -> JobStatus {
    JobStatus::known(&text).unwrap_or_else(|| JobStatus::Other(text.into_owned()))
}

fn engine_type(text: Cow<'_, str>) -> EngineType {
    EngineType::known(&text).unwrap_or_else(|| EngineType::Other(text.into_owned()))
}
