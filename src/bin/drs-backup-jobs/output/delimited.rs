//! Jobs as csv or tsv: a header, and one record per job, each ending with LF.

use std::borrow::Cow;
use std::io::{self, Write};

use drs_backup_jobs::{Job, Timestamp};

use super::columns::{Column, duration, fields};
use super::{Format, Layout, text};

pub(super) fn write_header(out: &mut dyn Write, layout: &Layout) -> io::Result<()> {
    if layout.excel {
        out.write_all("\u{feff}".as_bytes())?;
    }
    if !layout.has_header {
        return Ok(());
    }
    let names = columns(layout)
        .into_iter()
        .map(|column| column.name().into());
    write_record(out, layout, names)
}

pub(super) fn write_jobs(
    out: &mut dyn Write,
    jobs: &[Job<'_>],
    layout: &Layout,
    now: Timestamp,
) -> io::Result<()> {
    let columns = columns(layout);
    for job in jobs {
        let cells = columns.iter().map(|column| cell(*column, job, now));
        write_record(out, layout, cells)?;
    }
    out.flush()
}

fn columns(layout: &Layout) -> Vec<Column> {
    if layout.columns.is_empty() {
        fields()
    } else {
        layout.columns.clone()
    }
}

/// The job's own text; a duration in seconds.
fn cell<'a>(column: Column, job: &'a Job<'_>, now: Timestamp) -> Cow<'a, str> {
    match column {
        Column::Duration => {
            let seconds = duration(job, now).map(|duration| duration.as_secs());
            seconds
                .map_or_else(String::new, |seconds| seconds.to_string())
                .into()
        }
        Column::Field(_) => column.field(job).unwrap_or_default().into(),
    }
}

/// Writes cells unchanged; on a terminal each on one line, without control characters.
fn write_record<'a>(
    out: &mut dyn Write,
    layout: &Layout,
    cells: impl Iterator<Item = Cow<'a, str>>,
) -> io::Result<()> {
    let shown = cells.map(|cell| {
        if layout.style.is_on_terminal() {
            text::one_line(&cell).into_owned().into()
        } else {
            cell
        }
    });
    if layout.format == Format::Tsv {
        for (at, cell) in shown.enumerate() {
            let gap = if at == 0 { "" } else { "\t" };
            write!(out, "{gap}{}", escape_tsv(&cell))?;
        }
        return out.write_all(b"\n");
    }
    let safe = shown.map(|cell| {
        if layout.excel && is_formula(&cell) {
            format!("'{cell}").into()
        } else {
            cell
        }
    });
    let mut writer = csv::Writer::from_writer(out);
    writer
        .write_record(safe.map(std::borrow::Cow::into_owned))
        .map_err(as_io)?;
    writer.flush()
}

/// Whether a spreadsheet would compute what it should show.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['\t', '\r', '\n'])
        || cell
            .trim_start()
            .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// Tabs, line breaks and backslashes as `\t`, `\n`, `\r`, `\\`: a record stays one line.
fn escape_tsv(cell: &str) -> Cow<'_, str> {
    if !cell.contains(['\t', '\n', '\r', '\\']) {
        return cell.into();
    }
    cell.replace('\\', r"\\")
        .replace('\t', r"\t")
        .replace('\n', r"\n")
        .replace('\r', r"\r")
        .into()
}

/// The I/O error in an error of csv, whose own conversion hides that a pipe was closed.
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

    fn print(jobs: &[Job<'_>], layout: &Layout) -> String {
        let mut out = Vec::new();
        write_header(&mut out, layout).unwrap();
        write_jobs(&mut out, jobs, layout, samples::NOW).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn csv_keeps_commas_quotes_and_line_breaks() {
        let text = print(&samples::jobs(), &Layout::plain(Format::Csv));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert_eq!(reader.headers().unwrap(), Job::FIELD_NAMES.as_slice());
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        for (record, job) in records.iter().zip(samples::jobs()) {
            let expected: Vec<&str> = job
                .fields()
                .map(|(_, field)| field.unwrap_or_default())
                .collect();
            assert_eq!(record, expected);
        }
        assert_eq!(records.len(), 4);
    }

    #[test]
    fn tsv_escapes_tabs_and_line_breaks() {
        let mut job = Job::new("a");
        job.name = "a\tb\\c\r\nd".into();
        let layout = Layout {
            columns: vec![Column::ID, Column::NAME],
            ..Layout::plain(Format::Tsv)
        };
        assert_eq!(print(&[job], &layout), "id\tname\na\ta\\tb\\\\c\\r\\nd\n");
    }

    #[test]
    fn excel_gets_a_byte_order_mark_and_no_formulas() {
        for (name, shown) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            (" =1", "' =1"),
            ("＝1", "'＝1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠A1", "'＠A1"),
            ("\rx", "'\rx"),
            ("备份 = 1", "备份 = 1"),
            ("", ""),
        ] {
            let mut job = Job::new("a");
            job.name = name.into();
            let layout = Layout {
                columns: vec![Column::NAME],
                excel: true,
                ..Layout::plain(Format::Csv)
            };
            let text = print(&[job], &layout);
            let text = text.strip_prefix('\u{feff}').unwrap();
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            assert_eq!(
                &reader.records().next().unwrap().unwrap()[0],
                shown,
                "{name:?}"
            );
        }
    }

    #[test]
    fn a_duration_is_in_seconds() {
        let layout = Layout {
            columns: vec![Column::ID, Column::Duration],
            has_header: false,
            ..Layout::plain(Format::Csv)
        };
        let text = print(&samples::jobs(), &layout);
        assert_eq!(
            text.lines().next(),
            Some("0667845a-6291-4e2a-95b0-190c0abjb703,108")
        );
        assert!(text.contains("running,5400\n"), "{text}");
        assert!(text.ends_with("odd,\n"), "{text}");
    }
}
