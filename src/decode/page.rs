//! One page, and arrays of jobs.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::job;
use super::layout::Layout;
use crate::job::{Job, JobPage};
use crate::json::{Cursor, ErrorCode};

/// Reads the page under the cursor, which may hold at most `limit` jobs.
#[inline(never)]
pub(super) fn read<'a>(cursor: &mut Cursor<'a>, limit: usize) -> Result<JobPage<'a>, ErrorCode> {
    cursor.expect("{", ErrorCode::ExpectedObject)?;
    let mut count = None;
    let mut jobs = None;
    let mut has_error = false;
    let mut first = true;
    loop {
        let end = *cursor;
        if !cursor.next_member(&mut first)? {
            let missing = match (count, jobs) {
                (Some(count), Some(jobs)) => return Ok(new_page(count, jobs)),
                // Some services leave an empty list out.
                (Some(0), None) if !has_error => return Ok(new_page(0, Vec::new())),
                (_, None) => ErrorCode::MissingJobs,
                (None, _) => ErrorCode::MissingCount,
            };
            *cursor = end;
            cursor.peek();
            return Err(missing);
        }
        let start = *cursor;
        let key = read_key(cursor)?;
        let is_duplicate = match &*key {
            "count" => count.is_some(),
            "jobs" => jobs.is_some(),
            _ => false,
        };
        if is_duplicate {
            *cursor = start;
            return Err(ErrorCode::DuplicateKey);
        }
        match &*key {
            "count" => count = Some(read_count(cursor)?),
            "jobs" => jobs = Some(read_jobs(cursor, limit)?),
            key => {
                has_error |= matches!(key, "error" | "error_code" | "errorCode")
                    && cursor.byte() != Some(b'n');
                cursor.skip_value()?;
            }
        }
    }
}

/// Reads the key under the cursor and its colon, up to the value.
#[inline]
fn read_key<'a>(cursor: &mut Cursor<'a>) -> Result<Cow<'a, str>, ErrorCode> {
    // As the keys of a job: comparing costs less than looking for the end.
    let key = if cursor.eat("\"jobs\"") {
        Cow::Borrowed("jobs")
    } else if cursor.eat("\"count\"") {
        Cow::Borrowed("count")
    } else {
        cursor.string()?
    };
    cursor.colon()?;
    Ok(key)
}

fn new_page(count: u64, jobs: Vec<Job<'_>>) -> JobPage<'_> {
    JobPage {
        count,
        jobs,
        request_id: None,
    }
}

fn read_jobs<'a>(cursor: &mut Cursor<'a>, limit: usize) -> Result<Vec<Job<'a>>, ErrorCode> {
    if cursor.eat("null") {
        return Ok(Vec::new());
    }
    read_array(cursor, limit, ErrorCode::ExpectedArrayOrNull)
}

/// Reads the jobs of the array under the cursor; anything else is the error `otherwise`.
#[inline]
pub(super) fn read_array<'a>(
    cursor: &mut Cursor<'a>,
    limit: usize,
    otherwise: ErrorCode,
) -> Result<Vec<Job<'a>>, ErrorCode> {
    let mut jobs = Vec::new();
    cursor.expect("[", otherwise)?;
    let mut layout: Option<Layout<'_>> = None;
    let mut first = true;
    while cursor.next_element(&mut first)? {
        if jobs.len() == jobs.capacity() {
            grow(&mut jobs, limit, cursor.remaining())?;
        }
        // Not before the second job: a page of one would only pay for it.
        if jobs.len() == 1 {
            layout = Some(Layout::new());
        }
        // Read in place: moving a whole job costs more than making an empty one.
        jobs.push(Job::EMPTY);
        if let Some(job) = jobs.last_mut() {
            job::read(cursor, job, layout.as_mut())?;
        }
    }
    Ok(jobs)
}

/// Makes room for more jobs, of which `remaining` bytes are left.
#[cold]
fn grow(jobs: &mut Vec<Job<'_>>, limit: usize, remaining: usize) -> Result<(), ErrorCode> {
    /// No job of the service is shorter. So one allocation holds a whole page, and it is in
    /// proportion to the body, however short its jobs are.
    const SHORTEST: usize = 160;

    let more = match jobs.len() {
        0 => remaining / SHORTEST + 1,
        length => length,
    };
    let allowed = limit.saturating_sub(jobs.len());
    if allowed == 0 {
        return Err(ErrorCode::TooManyJobs);
    }
    jobs.reserve_exact(more.min(allowed));
    Ok(())
}

/// Reads an integer that fits `u64`, or the same in a string.
fn read_count(cursor: &mut Cursor<'_>) -> Result<u64, ErrorCode> {
    let start = *cursor;
    let count = match cursor.byte() {
        Some(b'"') => parse_count(&cursor.string()?),
        Some(b'-' | b'0'..=b'9') => parse_count(cursor.number()?.text),
        _ => None,
    };
    count.ok_or_else(|| {
        *cursor = start;
        ErrorCode::InvalidCount
    })
}

/// The value of an integer as JSON writes it, without a sign. Services that count in floating point
/// write a fraction of zeros.
pub(crate) fn parse_count(text: &str) -> Option<u64> {
    let mut count: Option<u64> = None;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        count = match (count, byte) {
            (Some(_), b'.') if bytes.len() > 0 && bytes.all(|byte| byte == b'0') => break,
            (None, b'0'..=b'9') => Some(u64::from(byte - b'0')),
            (Some(1..), b'0'..=b'9') => count?.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
            _ => return None,
        };
        count?;
    }
    count
}
