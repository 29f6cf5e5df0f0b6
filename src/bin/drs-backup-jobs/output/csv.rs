//! Jobs as CSV (RFC 4180): a header, one record a job, what a job lacks left empty.

use std::io::{self, Write};

use drs_backup_jobs::Job;

use super::fields;

pub(crate) fn write_header(out: &mut dyn Write) -> io::Result<()> {
    write_record(out, fields::NAMES)
}

pub(crate) fn write_job(out: &mut dyn Write, job: &Job<'_>) -> io::Result<()> {
    write_record(
        out,
        fields::of(job).map(|(_, value)| value.unwrap_or_default()),
    )
}

fn write_record<'a>(
    out: &mut dyn Write,
    record: impl IntoIterator<Item = &'a str>,
) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(record).map_err(io::Error::from)?;
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn commas_quotes_and_line_breaks_come_back_as_they_were() {
        let mut out = Vec::new();
        write_header(&mut out).unwrap();
        for job in samples::jobs() {
            write_job(&mut out, &job).unwrap();
        }
        let mut reader = csv::Reader::from_reader(out.as_slice());
        assert_eq!(reader.headers().unwrap(), fields::NAMES.as_slice());
        let read: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        for (record, job) in read.iter().zip(samples::jobs()) {
            let written: Vec<&str> = fields::of(&job)
                .map(|(_, value)| value.unwrap_or_default())
                .collect();
            assert_eq!(record, written);
        }
        assert_eq!(read.len(), 4);
    }
}
