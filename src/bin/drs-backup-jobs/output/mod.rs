//! What is printed on standard output, in each format.

use std::borrow::Cow;
use std::io::{self, Write};

use clap::ValueEnum;
use drs_backup_jobs::{Job, JobPage};

use crate::failure::say;

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

/// `1 job`, `35 jobs`.
pub(crate) fn jobs_in_words(count: u64) -> String {
    format!("{count} job{}", if count == 1 { "" } else { "s" })
}

/// Prints jobs: those of formats that stream at once, those of the others at the end.
pub(crate) struct Printer<W: Write> {
    out: W,
    format: Format,
    style: Style,
    errors: bool,
    held: Vec<Job<'static>>,
    taken: u64,
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
            taken: 0,
            began: false,
        }
    }

    /// How many jobs were taken so far.
    pub(crate) fn count(&self) -> u64 {
        self.taken
    }

    /// Tells people what the jobs printed leave open; `total` is the service's count after one
    /// request.
    pub(crate) fn sum_up(&self, total: Option<u64>) {
        if !self.format.is_for_people() || self.taken == 0 {
            return;
        }
        if let Some(total) = total.filter(|total| *total > self.taken) {
            say("note", &format!("{} of {total}", jobs_in_words(self.taken)));
        }
        let has_reason =
            |job: &Job<'_>| job.error_log.as_deref().is_some_and(|log| !log.is_empty());
        if self.format == Format::Table && !self.errors && self.held.iter().any(has_reason) {
            say("note", "--errors shows why jobs failed");
        }
    }

    /// Takes the jobs of a page; those that stream are out when this returns.
    pub(crate) fn print(&mut self, jobs: Vec<Job<'static>>) -> io::Result<()> {
        self.begin()?;
        self.taken += jobs.len() as u64;
        match self.format {
            Format::Jsonl => {
                for job in &jobs {
                    self.write_json(&serde_json::to_string(job)?)?;
                }
            }
            Format::Csv => csv::write_jobs(&mut self.out, &jobs, self.style.is_on_terminal())?,
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
                page.count = total.unwrap_or(self.taken);
                page.jobs = std::mem::take(&mut self.held);
                self.write_json(&serde_json::to_string_pretty(&page)?)?;
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

    /// Writes JSON byte for byte, but for what a terminal would obey: that is escaped there.
    fn write_json(&mut self, json: &str) -> io::Result<()> {
        if self.style.is_on_terminal() {
            writeln!(self.out, "{}", text::harmless_json(json))
        } else {
            writeln!(self.out, "{json}")
        }
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
    fn a_terminal_is_given_nothing_that_it_obeys_and_a_pipe_all_there_is() {
        let mut job = Job::new("a");
        job.name = "\u{1b}[2J\u{9b}2J\u{202e}备\u{61c}\u{7f}".into();
        let print = |format, width| {
            let mut out = Vec::new();
            let style = Style {
                width,
                ..Style::PLAIN
            };
            let mut printer = Printer::new(&mut out, format, style, false);
            printer.print(vec![job.clone()]).unwrap();
            printer.finish(None).unwrap();
            String::from_utf8(out).unwrap()
        };
        for format in [Format::Json, Format::Jsonl, Format::Csv] {
            let shown = print(format, Some(80));
            let harmful = ['\u{1b}', '\u{9b}', '\u{202e}', '\u{61c}', '\u{7f}'];
            assert!(!shown.contains(harmful), "{format:?}: {shown:?}");
            assert!(shown.contains('备'), "{format:?}: {shown:?}");
            assert!(print(format, None).contains('\u{202e}'), "{format:?}");
        }
        let read: serde_json::Value =
            serde_json::from_str(&print(Format::Jsonl, Some(80))).unwrap();
        assert_eq!(read["name"], *job.name);
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
