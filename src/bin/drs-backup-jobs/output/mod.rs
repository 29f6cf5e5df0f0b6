//! What is printed on standard output, in each format.

use std::borrow::Cow;
use std::io::{self, Write};

use clap::ValueEnum;
use drs_backup_jobs::{Job, Timestamp};

use crate::failure::print_message;
use crate::time::Zone;

mod axis;
mod columns;
mod delimited;
mod fields;
mod json;
#[cfg(test)]
mod samples;
mod style;
mod table;
mod table_columns;
pub(crate) mod text;
mod timeline;

pub(crate) use columns::Column;
pub(crate) use fields::write_fields;
pub(crate) use style::Style;

/// The form in which jobs are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Wide,
    Json,
    Jsonl,
    Csv,
    Tsv,
    Timeline,
}

impl Format {
    /// Whether it is meant for people, on a terminal.
    pub(crate) fn is_for_people(self) -> bool {
        matches!(self, Self::Table | Self::Wide | Self::Timeline)
    }

    /// Whether jobs are printed as they arrive, not all at the end.
    pub(crate) fn streams(self) -> bool {
        matches!(self, Self::Jsonl | Self::Csv | Self::Tsv)
    }
}

/// How jobs are printed.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) format: Format,
    /// The columns to print; empty for the format's own.
    pub(crate) columns: Vec<Column>,
    pub(crate) has_header: bool,
    /// Whether the reasons of failures are printed below the rows of a table.
    pub(crate) errors: bool,
    /// Whether csv is written for spreadsheets.
    pub(crate) excel: bool,
    pub(crate) style: Style,
    pub(crate) zone: Zone,
}

impl Layout {
    /// For a file or a pipe, in UTC.
    #[cfg(test)]
    pub(crate) fn plain(format: Format) -> Self {
        Self {
            format,
            columns: Vec::new(),
            has_header: true,
            errors: false,
            excel: false,
            style: Style::PLAIN,
            zone: Zone::utc(),
        }
    }
}

/// The display name of a job: its name, or its ID if it has none; on one line, safe for a terminal.
pub(crate) fn shown_name<'a>(job: &'a Job<'_>) -> Cow<'a, str> {
    text::one_line(if job.name.trim().is_empty() {
        &job.id
    } else {
        &job.name
    })
}

/// `1 job`, `35 jobs`.
pub(crate) fn jobs_in_words(count: u64) -> String {
    format!("{count} job{}", if count == 1 { "" } else { "s" })
}

/// Writes one job as a JSON object.
pub(crate) fn write_object(
    out: &mut dyn Write,
    job: &Job<'_>,
    layout: &Layout,
    now: Timestamp,
) -> io::Result<()> {
    let json = serde_json::to_string_pretty(&json::JsonJob { job, layout, now })?;
    write_json(out, &json, layout)
}

/// Writes JSON byte for byte; on a terminal, escapes control characters.
fn write_json(out: &mut dyn Write, json: &str, layout: &Layout) -> io::Result<()> {
    if layout.style.is_on_terminal() {
        writeln!(out, "{}", text::escaped_json(json))
    } else {
        writeln!(out, "{json}")
    }
}

/// Prints jobs: in formats that stream at once, in the others at the end.
pub(crate) struct Printer<W: Write> {
    out: W,
    layout: Layout,
    now: Timestamp,
    held: Vec<Job<'static>>,
    taken: u64,
    has_begun: bool,
    has_reasons: bool,
}

impl<W: Write> Printer<W> {
    /// A printer; running jobs last until `now`.
    pub(crate) fn new(out: W, layout: Layout, now: Timestamp) -> Self {
        Self {
            out,
            layout,
            now,
            held: Vec::new(),
            taken: 0,
            has_begun: false,
            has_reasons: false,
        }
    }

    /// The number of jobs taken so far.
    pub(crate) fn count(&self) -> u64 {
        self.taken
    }

    /// Prints notes on what the printed jobs do not show; `total` is the service's count after one
    /// request.
    pub(crate) fn print_notes(&self, total: Option<u64>) {
        if !self.layout.format.is_for_people() || self.taken == 0 {
            return;
        }
        if let Some(total) = total.filter(|total| *total > self.taken) {
            print_message("note", &format!("{} of {total}", jobs_in_words(self.taken)));
        }
        let has_column = self.layout.columns.contains(&Column::REASON);
        let is_table = self.layout.format == Format::Table;
        if is_table && self.has_reasons && !self.layout.errors && !has_column {
            print_message("note", "--errors prints why jobs failed");
        }
    }

    /// Takes the jobs of a page; in formats that stream they are written when this returns.
    pub(crate) fn print(&mut self, jobs: Vec<Job<'static>>) -> io::Result<()> {
        self.begin()?;
        self.taken += jobs.len() as u64;
        let layout = &self.layout;
        match layout.format {
            Format::Jsonl => {
                for job in &jobs {
                    let now = self.now;
                    let json = serde_json::to_string(&json::JsonJob { job, layout, now })?;
                    write_json(&mut self.out, &json, layout)?;
                }
            }
            Format::Csv | Format::Tsv => {
                delimited::write_jobs(&mut self.out, &jobs, layout, self.now)?;
            }
            Format::Table | Format::Wide | Format::Json | Format::Timeline => {
                self.held.extend(jobs);
                return Ok(());
            }
        }
        self.out.flush()
    }

    /// Prints what is left to print. `total` is the service's count, after one request; otherwise
    /// the number of jobs printed takes its place.
    pub(crate) fn finish(&mut self, total: Option<u64>) -> io::Result<()> {
        self.begin()?;
        let layout = &self.layout;
        // The jobs are not needed any more; a long list is freed at once.
        let jobs = std::mem::take(&mut self.held);
        let has_reason =
            |job: &Job<'_>| job.error_log.as_deref().is_some_and(|log| !log.is_empty());
        self.has_reasons |= jobs.iter().any(has_reason);
        match layout.format {
            Format::Jsonl | Format::Csv | Format::Tsv => {}
            Format::Table | Format::Wide => table::write(&mut self.out, &jobs, layout, self.now)?,
            Format::Timeline => {
                for line in timeline::lines(&jobs, layout, self.now) {
                    writeln!(self.out, "{line}")?;
                }
            }
            Format::Json => {
                let page = json::JsonPage {
                    count: total.unwrap_or(self.taken),
                    jobs: &jobs,
                    layout,
                    now: self.now,
                };
                write_json(&mut self.out, &serde_json::to_string_pretty(&page)?, layout)?;
            }
        }
        self.out.flush()
    }

    /// Writes what precedes the first job: not before there is a response.
    fn begin(&mut self) -> io::Result<()> {
        if !self.has_begun && matches!(self.layout.format, Format::Csv | Format::Tsv) {
            delimited::write_header(&mut self.out, &self.layout)?;
        }
        self.has_begun = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(format: Format, pages: Vec<Vec<Job<'static>>>, total: Option<u64>) -> String {
        let mut out = Vec::new();
        let mut printer = Printer::new(&mut out, Layout::plain(format), samples::NOW);
        for page in pages {
            printer.print(page).unwrap();
        }
        printer.finish(total).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn json_has_the_form_of_the_service_without_missing_fields() {
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
    fn json_after_one_request_has_the_count_of_the_service() {
        let text = print(Format::Json, vec![samples::jobs()], Some(35));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["count"], 35);
    }

    #[test]
    fn jsonl_has_one_job_per_line() {
        let text = print(Format::Jsonl, vec![samples::jobs(), samples::jobs()], None);
        assert_eq!(text.lines().count(), 8);
        for (line, job) in text.lines().zip(samples::jobs()) {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["id"], *job.id);
            assert_eq!(value["name"], *job.name);
        }
    }

    #[test]
    fn neutralises_escapes_for_a_terminal_and_keeps_them_for_a_pipe() {
        let mut job = Job::new("a");
        job.name = "\u{1b}[2J\u{9b}2J\u{202e}备\u{61c}\u{7f}\u{200b}\u{e0041}".into();
        let print = |format, width| {
            let mut out = Vec::new();
            let mut layout = Layout::plain(format);
            layout.style.width = width;
            let mut printer = Printer::new(&mut out, layout, samples::NOW);
            printer.print(vec![job.clone()]).unwrap();
            printer.finish(None).unwrap();
            String::from_utf8(out).unwrap()
        };
        for format in [Format::Json, Format::Jsonl, Format::Csv, Format::Tsv] {
            let shown = print(format, Some(80));
            let harmful = [
                '\u{1b}',
                '\u{9b}',
                '\u{202e}',
                '\u{61c}',
                '\u{7f}',
                '\u{200b}',
                '\u{e0041}',
            ];
            assert!(!shown.contains(harmful), "{format:?}: {shown:?}");
            assert!(shown.contains('备'), "{format:?}: {shown:?}");
            assert!(print(format, None).contains('\u{202e}'), "{format:?}");
        }
        let read: serde_json::Value =
            serde_json::from_str(&print(Format::Jsonl, Some(80))).unwrap();
        assert_eq!(read["name"], *job.name);
    }

    #[test]
    fn prints_an_empty_document_for_no_jobs() {
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
    fn writes_streamed_jobs_before_the_end() {
        for format in [Format::Jsonl, Format::Csv, Format::Tsv] {
            let mut out = Vec::new();
            let mut printer = Printer::new(&mut out, Layout::plain(format), samples::NOW);
            printer.print(samples::jobs()).unwrap();
            drop(printer);
            assert!(
                String::from_utf8(out).unwrap().contains("DRS-7000"),
                "{format:?}"
            );
        }
    }
}
