//! What a saved answer holds: a page, a bare array of jobs, or one job a line.

use drs_backup_jobs::{ApiError, DecodeError, Job, JobPage};

/// The jobs of a file, up to the first that cannot be read.
#[derive(Debug, Default)]
pub(crate) struct Saved {
    pub(crate) jobs: Vec<Job<'static>>,
    /// The service's count, if the file has one.
    pub(crate) count: Option<u64>,
    pub(crate) failure: Option<Unreadable>,
}

/// Why a file cannot be read to its end.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// It is an error of the service.
    Refusal(ApiError),
    /// It is not what it should be; the offset counts from the file's first byte.
    Broken { offset: usize, error: DecodeError },
}

/// Reads whichever of the three `body` is.
pub(crate) fn read(body: &[u8]) -> Saved {
    match body.trim_ascii_start() {
        [b'[', ..] => array(body),
        [b'{', ..] if is_job_a_line(body) => lines(body),
        [] => Saved::default(),
        _ => page(body),
    }
}

/// One object a line, and not the page's: the first line is a job, or there are several objects
/// and the first has no key `jobs`. A value `"jobs"` is taken for it, which costs no more than a
/// worse message: the whole is then read as a page.
fn is_job_a_line(body: &[u8]) -> bool {
    let mut objects = body
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let first = objects.next().unwrap_or_default();
    if Job::parse(first).is_ok() {
        return true;
    }
    let is_object = |line: &[u8]| line.starts_with(b"{\"");
    is_object(first)
        && objects.next().is_some_and(is_object)
        && !first.windows(6).any(|window| window == b"\"jobs\"")
}

fn page(body: &[u8]) -> Saved {
    match JobPage::parse(body) {
        Ok(page) => Saved {
            count: Some(page.count),
            jobs: page.jobs.into_iter().map(Job::into_owned).collect(),
            failure: None,
        },
        // One job, pretty-printed over several lines.
        Err(of_page) => match Job::parse(body) {
            Ok(job) => Saved {
                jobs: vec![job.into_owned()],
                ..Saved::default()
            },
            Err(of_job) => Saved {
                failure: Some(refusal(body).unwrap_or_else(|| {
                    // What misses its jobs at its very end may be a job with a fault before that.
                    let misses_jobs = body.get(of_page.offset()) == Some(&b'}');
                    let is_job = misses_jobs && of_job.offset() < of_page.offset();
                    broken(if is_job { of_job } else { of_page })
                })),
                ..Saved::default()
            },
        },
    }
}

fn refusal(body: &[u8]) -> Option<Unreadable> {
    let error = ApiError::parse(0, body);
    error.code.is_some().then_some(Unreadable::Refusal(error))
}

fn broken(error: DecodeError) -> Unreadable {
    Unreadable::Broken {
        offset: error.offset(),
        error,
    }
}

fn array(body: &[u8]) -> Saved {
    match Job::parse_array(body) {
        Ok(jobs) => Saved {
            jobs: jobs.into_iter().map(Job::into_owned).collect(),
            ..Saved::default()
        },
        Err(error) => Saved {
            failure: Some(broken(error)),
            ..Saved::default()
        },
    }
}

fn lines(body: &[u8]) -> Saved {
    let mut saved = Saved::default();
    let mut start = 0;
    for line in body.split(|byte| *byte == b'\n') {
        if !line.trim_ascii().is_empty() {
            match Job::parse(line) {
                Ok(job) => saved.jobs.push(job.into_owned()),
                Err(error) => {
                    saved.failure = Some(Unreadable::Broken {
                        offset: start + error.offset().min(line.len()),
                        error,
                    });
                    break;
                }
            }
        }
        start += line.len() + 1;
    }
    saved
}

/// The line and the column of a byte, both from 1; a column is a character.
pub(crate) fn place(body: &[u8], offset: usize) -> (usize, usize) {
    let before = body.get(..offset).unwrap_or(body);
    let line = before.split(|byte| *byte == b'\n').count();
    let start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let column = String::from_utf8_lossy(before.get(start..).unwrap_or_default())
        .chars()
        .count();
    (line, column + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        let body = "ab\n备份x\n".as_bytes();
        for (offset, place_of) in [
            (0, (1, 1)),
            (2, (1, 3)),
            (3, (2, 1)),
            (9, (2, 3)),
            (10, (2, 4)),
            (11, (3, 1)),
            (99, (3, 1)),
        ] {
            assert_eq!(place(body, offset), place_of, "{offset}");
        }
    }

    #[test]
    fn nothing_is_no_jobs() {
        for body in ["", " \n "] {
            let saved = read(body.as_bytes());
            assert!(saved.jobs.is_empty() && saved.failure.is_none());
        }
    }
}
