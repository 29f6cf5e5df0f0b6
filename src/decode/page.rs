//! One page.

use alloc::vec::Vec;

use super::job;
use super::shape::Shape;
use crate::job::{Job, JobPage};
use crate::json::{Cursor, Expected};

/// Reads the page under the cursor.
pub(super) fn read<'a>(cursor: &mut Cursor<'a>) -> Result<JobPage<'a>, Expected> {
    cursor.demand("{", Expected::Object)?;
    let mut count = None;
    let mut jobs = None;
    let mut first = true;
    loop {
        let end = *cursor;
        if !cursor.next_member(&mut first)? {
            let missing = match (count, jobs) {
                (Some(count), Some(jobs)) => {
                    return Ok(JobPage {
                        count,
                        jobs,
                        request_id: None,
                    });
                }
                (_, None) => Expected::JobsMember,
                (None, _) => Expected::CountMember,
            };
            *cursor = end;
            cursor.peek();
            return Err(missing);
        }
        let start = *cursor;
        let key = cursor.key()?;
        let is_repeated = match &*key {
            "count" => count.is_some(),
            "jobs" => jobs.is_some(),
            _ => false,
        };
        if is_repeated {
            *cursor = start;
            return Err(Expected::UnrepeatedKey);
        }
        match &*key {
            "count" => count = Some(read_count(cursor)?),
            "jobs" => jobs = Some(read_jobs(cursor)?),
            _ => cursor.skip_value()?,
        }
    }
}

fn read_jobs<'a>(cursor: &mut Cursor<'a>) -> Result<Vec<Job<'a>>, Expected> {
    if cursor.eat("null") {
        return Ok(Vec::new());
    }
    read_array(cursor, Expected::ArrayOrNull)
}

/// Reads the jobs of the array under the cursor; anything else is not what was `expected`.
#[inline]
pub(super) fn read_array<'a>(
    cursor: &mut Cursor<'a>,
    expected: Expected,
) -> Result<Vec<Job<'a>>, Expected> {
    /// No job of the service's is shorter. One allocation holds the whole page, then, and it is
    /// in proportion to the body, however short its jobs are.
    const SHORTEST: usize = 160;

    let mut jobs = Vec::new();
    cursor.demand("[", expected)?;
    let mut shape: Option<Shape> = None;
    let mut first = true;
    while cursor.next_element(&mut first)? {
        match jobs.len() {
            0 => jobs.reserve_exact(cursor.left() / SHORTEST + 1),
            // Not before the second job: a page of one would only pay for it.
            1 => shape = Some(Shape::new()),
            _ if shape.as_mut().is_some_and(|shape| !shape.pays()) => shape = None,
            _ => {}
        }
        // Read in place: moving a whole job costs more than making an empty one.
        jobs.push(Job::new(""));
        if let Some(job) = jobs.last_mut() {
            job::read(cursor, job, shape.as_mut())?;
        }
    }
    Ok(jobs)
}

/// Reads an integer that fits `u64`, or its digits in a string.
fn read_count(cursor: &mut Cursor<'_>) -> Result<u64, Expected> {
    let start = *cursor;
    let count = match cursor.byte() {
        Some(b'"') => count_of_digits(&cursor.string()?),
        Some(b'-' | b'0'..=b'9') => count_of_digits(cursor.number()?.text),
        _ => None,
    };
    count.ok_or_else(|| {
        *cursor = start;
        Expected::Count
    })
}

/// The value of digits as JSON writes an integer: no sign, no leading zero.
pub(super) fn count_of_digits(digits: &str) -> Option<u64> {
    let is_canonical = digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    is_canonical.then(|| digits.parse().ok()).flatten()
}
