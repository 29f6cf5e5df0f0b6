//! Jobs as CSV, with LF at the end of a record: a header, one record a job, what a job lacks left empty.

use std::io::{self, Write};

use drs_backup_jobs::Job;

use super::text;

/// The names on the wire, in the order of the service's page.
const NAMES: [&str; 9] = [
    "id",
    "name",
    "status",
    "engine_type",
    "error_log",
    "description",
    "create_time",
    "finish_time",
    "enterprise_project_id",
];

/// A job's values under those names; empty for what it lacks.
fn fields<'a>(job: &'a Job<'_>) -> [&'a str; 9] {
    [
        &job.id,
        &job.name,
        job.status.as_str(),
        job.engine_type.as_str(),
        job.error_log.as_deref().unwrap_or_default(),
        job.description.as_deref().unwrap_or_default(),
        &job.create_time,
        job.finish_time.as_deref().unwrap_or_default(),
        job.enterprise_project_id.as_deref().unwrap_or_default(),
    ]
}

pub(crate) fn write_header(out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(NAMES).map_err(as_io)?;
    writer.flush()
}

/// Writes texts as they are; on a terminal each on one line, without what a terminal would obey.
pub(crate) fn write_jobs(
    out: &mut dyn Write,
    jobs: &[Job<'_>],
    is_on_terminal: bool,
) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    for job in jobs {
        let written = if is_on_terminal {
            let shown = fields(job).map(|field| text::one_line(field).into_owned());
            writer.write_record(shown)
        } else {
            writer.write_record(fields(job))
        };
        written.map_err(as_io)?;
    }
    writer.flush()
}

/// What lies in an error of CSV: its own conversion hides that a pipe was closed.
fn as_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn commas_quotes_and_line_breaks_come_back_as_they_were() {
        let mut out = Vec::new();
        write_header(&mut out).unwrap();
        write_jobs(&mut out, &samples::jobs(), false).unwrap();
        let mut reader = csv::Reader::from_reader(out.as_slice());
        assert_eq!(reader.headers().unwrap(), NAMES.as_slice());
        let read: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        for (record, job) in read.iter().zip(samples::jobs()) {
            let written = fields(&job);
            assert_eq!(record, written.as_slice());
        }
        assert_eq!(read.len(), 4);
    }
}
