//! What is printed on standard output, in each format.

use std::borrow::Cow;
use std::io::{self, Write};

use clap::ValueEnum;
use drs_backup_jobs::{Job, JobPage};

mod csv;
#[cfg(test)]
mod samples;
mod style;
mod table;
pub(crate) mod text;
mod timeline;

pub(crate) use style::Style;

/// The form in which jobs are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, cut to the terminal's width; the default on a terminal
    Table,
    /// One document in the service's shape: {"count":…,"jobs":[…]}
    Json,
    /// One job a line, as the pages arrive; the default when piped
    Jsonl,
    /// A header and one record a job
    Csv,
    /// Each job a bar from its creation to its finish
    Timeline,
}

impl Format {
    /// Whether it is made to be looked at.
    pub(crate) fn is_for_people(self) -> bool {
        matches!(self, Self::Table | Self::Timeline)
    }

    /// Whether jobs are printed as they come, not all at the end.
    pub(crate) fn streams(self) -> bool {
        matches!(self, Self::Jsonl | Self::Csv)
    }
}

/// What people know a job by: its name, or its id if it has none; on one line and harmless.
pub(crate) fn shown_name<'a>(job: &'a Job<'_>) -> Cow<'a, str> {
    text::one_line(if job.name.is_empty() {
        &job.id
    } else {
        &job.name
    })
}

/// Prints jobs: those of formats that stream at once, those of the others at the end.
pub(crate) struct Printer<W: Write> {
    out: W,
    format: Format,
    style: Style,
    errors: bool,
    held: Vec<Job<'static>>,
    printed: u64,
    began: bool,
}

impl<W: Write> Printer<W> {
    /// A printer of this format; `errors` puts the reasons of failures under the rows of a table.
    pub(crate) fn new(out: W, format: Format, style: Style, errors: bool) -> Self {
        Self {
            out,
            format,
            style,
            errors,
            held: Vec::new(),
            printed: 0,
            began: false,
        }
    }

    /// How many jobs were taken so far.
    pub(crate) fn count(&self) -> u64 {
        self.printed
    }

    /// How many of the jobs in a table have a reason that is not shown.
    pub(crate) fn unexplained(&self) -> usize {
        let has_reason =
            |job: &&Job<'_>| job.error_log.as_deref().is_some_and(|log| !log.is_empty());
        if self.errors {
            0
        } else {
            self.held.iter().filter(has_reason).count()
        }
    }

    /// Takes the jobs of a page; those that stream are out when this returns.
    pub(crate) fn print(&mut self, jobs: Vec<Job<'static>>) -> io::Result<()> {
        self.begin()?;
        self.printed += jobs.len() as u64;
        match self.format {
            Format::Jsonl => {
                for job in &jobs {
                    serde_json::to_writer(&mut self.out, job)?;
                    self.out.write_all(b"\n")?;
                }
            }
            Format::Csv => csv::write_jobs(&mut self.out, &jobs)?,
            Format::Table | Format::Json | Format::Timeline => {
                self.held.extend(jobs);
                return Ok(());
            }
        }
        self.out.flush()
    }

    /// Prints what is left to print. `total` is the service's count, after one request; after a
    /// walk it is the number of jobs printed.
    pub(crate) fn finish(&mut self, total: Option<u64>) -> io::Result<()> {
        self.begin()?;
        match self.format {
            Format::Jsonl | Format::Csv => {}
            Format::Table => {
                self.write_lines(&table::lines(&self.held, self.style, self.errors))?;
            }
            Format::Timeline => self.write_lines(&timeline::lines(&self.held, self.style))?,
            Format::Json => {
                let mut page = JobPage::default();
                page.count = total.unwrap_or(self.printed);
                page.jobs = std::mem::take(&mut self.held);
                serde_json::to_writer_pretty(&mut self.out, &page)?;
                self.out.write_all(b"\n")?;
            }
        }
        self.out.flush()
    }

    /// Writes what stands before the first job: not before there is an answer.
    fn begin(&mut self) -> io::Result<()> {
        if self.format == Format::Csv && !self.began {
            csv::write_header(&mut self.out)?;
        }
        self.began = true;
        Ok(())
    }

    fn write_lines(&mut self, lines: &[String]) -> io::Result<()> {
        for line in lines {
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(format: Format, pages: Vec<Vec<Job<'static>>>, total: Option<u64>) -> String {
        let mut out = Vec::new();
        let mut printer = Printer::new(&mut out, format, Style::PLAIN, false);
        for page in pages {
            printer.print(page).unwrap();
        }
        printer.finish(total).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_is_the_services_shape_without_what_a_job_lacks() {
        let text = print(Format::Json, vec![samples::jobs()], None);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["count"], 4);
        let job = value["jobs"][0].as_object().unwrap();
        assert_eq!(job["create_time"], "2024-08-19T02:27:15Z");
        assert!(!job.contains_key("error_log"));
        assert_eq!(value["jobs"][1]["status"], "FAILED");
        assert!(text.starts_with("{\n  \"count\": 4,"));
    }

    #[test]
    fn the_count_of_one_request_is_the_services() {
        let text = print(Format::Json, vec![samples::jobs()], Some(35));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["count"], 35);
    }

    #[test]
    fn jsonl_is_one_job_a_line() {
        let text = print(Format::Jsonl, vec![samples::jobs(), samples::jobs()], None);
        assert_eq!(text.lines().count(), 8);
        for (line, job) in text.lines().zip(samples::jobs()) {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["id"], *job.id);
            assert_eq!(value["name"], *job.name);
        }
    }

    #[test]
    fn no_jobs_are_an_empty_document_of_each_format() {
        for (format, text) in [
            (Format::Table, ""),
            (Format::Timeline, ""),
            (Format::Jsonl, ""),
            (Format::Json, "{\n  \"count\": 0,\n  \"jobs\": []\n}\n"),
        ] {
            assert_eq!(print(format, vec![], None), text, "{format:?}");
        }
        assert_eq!(print(Format::Csv, vec![], None).lines().count(), 1);
    }

    #[test]
    fn what_streams_is_out_before_the_end() {
        for format in [Format::Jsonl, Format::Csv] {
            let mut out = Vec::new();
            let mut printer = Printer::new(&mut out, format, Style::PLAIN, false);
            printer.print(samples::jobs()).unwrap();
            drop(printer);
            assert!(
                String::from_utf8(out).unwrap().contains("DRS-7000"),
                "{format:?}"
            );
        }
    }
}
