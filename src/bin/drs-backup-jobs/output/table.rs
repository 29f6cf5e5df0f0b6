//! Jobs as a table for people: what matters of them, as far as the room goes.

use comfy_table::{Attribute, Cell, ContentArrangement, Row, Table, presets};
use drs_backup_jobs::{Job, Timestamp};

use super::style::{Hue, Style};
use super::{shown_name, text};

/// A column and what it shows of a job.
struct Column {
    title: &'static str,
    show: fn(&Job<'_>) -> String,
}

const NAME: Column = Column {
    title: "NAME",
    show: |job| shown_name(job).into_owned(),
};
const STATUS: Column = Column {
    title: "STATUS",
    show: |job| or_dash(job.status.as_str()),
};
const CREATED: Column = Column {
    title: "CREATED (UTC)",
    show: |job| time(job.created_at(), &job.create_time),
};
const TOOK: Column = Column {
    title: "TOOK",
    show: |job| job.duration().map_or_else(|| "-".into(), text::took),
};
const ID: Column = Column {
    title: "ID",
    show: |job| text::one_line(&job.id).into_owned(),
};
const ENGINE: Column = Column {
    title: "ENGINE",
    show: |job| or_dash(job.engine_type.as_str()),
};
const DESCRIPTION: Column = Column {
    title: "DESCRIPTION",
    show: |job| or_dash(job.description.as_deref().unwrap_or_default()),
};

/// From the richest to the poorest: the first that fits is taken.
const LAYOUTS: [&[Column]; 5] = [
    &[NAME, STATUS, CREATED, TOOK, ID, ENGINE, DESCRIPTION],
    &[NAME, STATUS, CREATED, TOOK, ID, DESCRIPTION],
    &[NAME, STATUS, CREATED, TOOK, DESCRIPTION],
    &[NAME, STATUS, CREATED, TOOK],
    &[NAME, STATUS],
];

/// Columns between two columns.
const GAP: usize = 2;
/// What is left at least of the columns that may be cut.
const LEAST_NAME: usize = 16;
const LEAST_DESCRIPTION: usize = 20;

/// The lines of the table, the header first; none for no jobs. With `errors` the reasons of
/// failures stand under their rows.
pub(crate) fn lines(jobs: &[Job<'_>], style: Style, errors: bool) -> Vec<String> {
    if jobs.is_empty() {
        return Vec::new();
    }
    let (columns, widths) = layout(jobs, style);
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    if style.color {
        table.enforce_styling();
        // Else the padding is coloured too, cannot be trimmed, and wraps on a narrow terminal.
        table.style_text_only();
    } else {
        table.force_no_tty();
    }
    table.set_header(Row::from(
        columns
            .iter()
            .zip(&widths)
            .map(|(column, width)| {
                let title = Cell::new(text::cut(column.title, *width, style.ellipsis()));
                if style.color {
                    title.add_attribute(Attribute::Bold)
                } else {
                    title
                }
            })
            .collect::<Vec<_>>(),
    ));
    for job in jobs {
        table.add_row(Row::from(
            columns
                .iter()
                .zip(&widths)
                .map(|(column, width)| cell(column, job, *width, style))
                .collect::<Vec<_>>(),
        ));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut rows = table.lines().map(|line| line.trim_end().to_owned());
    let mut lines: Vec<String> = rows.by_ref().take(1).collect();
    for (row, job) in rows.zip(jobs) {
        lines.push(row);
        if errors {
            lines.extend(reason(job, style));
        }
    }
    lines
}

fn cell(column: &Column, job: &Job<'_>, width: usize, style: Style) -> Cell {
    let shown = (column.show)(job);
    let cell = Cell::new(text::cut(&shown, width, style.ellipsis()));
    match Hue::of(&job.status) {
        Some(hue) if style.color && column.title == STATUS.title => cell.fg(hue.into()),
        _ => cell,
    }
}

/// The columns that fit, and how wide each is.
fn layout(jobs: &[Job<'_>], style: Style) -> (&'static [Column], Vec<usize>) {
    let room = style.width.unwrap_or(usize::MAX);
    let mut fallback: (&'static [Column], Vec<usize>) = (&[], Vec::new());
    for columns in LAYOUTS {
        let mut widths: Vec<usize> = columns.iter().map(|column| widest(column, jobs)).collect();
        if fit(columns, &mut widths, room) {
            return (columns, widths);
        }
        fallback = (columns, widths);
    }
    // Narrower than anything a table can be read in: the terminal wraps it.
    fallback
}

fn widest(column: &Column, jobs: &[Job<'_>]) -> usize {
    jobs.iter()
        .map(|job| text::width(&(column.show)(job)))
        .chain([text::width(column.title)])
        .max()
        .unwrap_or_default()
}

/// Narrows what may be cut until the columns fit; whether they do.
fn fit(columns: &[Column], widths: &mut [usize], room: usize) -> bool {
    let gaps = GAP * columns.len().saturating_sub(1);
    let over = |widths: &[usize]| (widths.iter().sum::<usize>() + gaps).saturating_sub(room);
    for (title, least) in [
        (DESCRIPTION.title, LEAST_DESCRIPTION),
        (NAME.title, LEAST_NAME),
    ] {
        let excess = over(widths);
        let found = columns.iter().zip(&mut *widths);
        for (_, width) in found.filter(|(column, _)| column.title == title) {
            *width = width.saturating_sub(excess).max((*width).min(least));
        }
    }
    over(widths) == 0
}

fn or_dash(text: &str) -> String {
    let text = if text.is_empty() { "-" } else { text };
    text::one_line(text).into_owned()
}

/// A time to the minute; a text that is no time as it came.
fn time(time: Option<Timestamp>, text: &str) -> String {
    match time {
        Some(time) => minute(time),
        None if text.is_empty() => "-".into(),
        None => text::cut(&text::one_line(text), 20, "...").into_owned(),
    }
}

/// `2024-08-19 02:27`.
pub(crate) fn minute(time: Timestamp) -> String {
    let text = time.to_string().replacen('T', " ", 1);
    text.get(..16).unwrap_or(&text).to_owned()
}

/// Why a job failed, indented, in as many lines as it takes.
fn reason(job: &Job<'_>, style: Style) -> Vec<String> {
    let Some(reason) = job
        .error_log
        .as_deref()
        .filter(|log| !log.trim().is_empty())
    else {
        return Vec::new();
    };
    let reason = text::one_line(reason);
    let lines = match style.width {
        Some(width) => text::wrap(&reason, width.saturating_sub(4)),
        None => vec![reason.trim().to_owned()],
    };
    let corner = if style.ascii { "`-" } else { "└─" };
    lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            let lead = if at == 0 { corner } else { "  " };
            style.paint(&format!("{lead} {line}"), &job.status)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    fn plain(width: Option<usize>) -> Style {
        Style {
            color: false,
            ascii: false,
            width,
        }
    }

    #[test]
    fn no_jobs_make_no_table() {
        assert!(lines(&[], plain(Some(80)), true).is_empty());
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in [40, 60, 80, 100, 120, 200] {
            for line in lines(&samples::jobs(), plain(Some(width)), true) {
                assert!(text::width(&line) <= width, "{width}: {line:?}");
            }
        }
    }

    #[test]
    fn chinese_names_leave_the_columns_aligned() {
        let shown = lines(&samples::jobs(), plain(Some(80)), false);
        let status_at = |line: &str, status| text::width(line.split_once(status).unwrap().0);
        assert_eq!(
            status_at(&shown[0], "STATUS"),
            status_at(&shown[1], "SUCCESS")
        );
        assert_eq!(
            status_at(&shown[0], "STATUS"),
            status_at(&shown[2], "FAILED")
        );
    }

    #[test]
    fn the_wider_the_terminal_the_more_is_shown() {
        let header = |width| lines(&samples::jobs(), plain(width), false)[0].clone();
        assert!(!header(Some(80)).contains(" ID "));
        assert!(header(Some(140)).contains(" ID "));
        assert!(header(None).contains("ENGINE"));
        assert!(header(Some(80)).contains("DESCRIPTION"));
    }

    #[test]
    fn the_reason_of_a_failure_stands_under_its_row() {
        let shown = lines(&samples::jobs(), plain(None), true);
        let failed = shown
            .iter()
            .position(|line| line.contains("FAILED"))
            .unwrap();
        assert_eq!(
            shown[failed + 1],
            "└─ The backup file is damaged: 第 3 段校验失败"
        );
    }

    #[test]
    fn what_a_job_lacks_leaves_no_hole() {
        let shown = lines(&[Job::new("0667")], plain(Some(80)), false);
        let cells: Vec<&str> = shown[1].split_whitespace().collect();
        assert_eq!(cells, ["0667", "-", "-", "-", "0667", "-", "-"]);
    }

    #[test]
    fn what_is_cut_off_in_ascii_leaves_three_dots() {
        let mut job = Job::new("a");
        job.create_time = "no time, and long besides".into();
        job.name = "a-name-that-no-narrow-terminal-has-room-for".into();
        let ascii = Style {
            ascii: true,
            ..plain(Some(60))
        };
        let shown = lines(&[job], ascii, false).concat();
        assert!(shown.contains("a-name-that-n"), "{shown}");
        assert!(shown.contains("no time, and long"), "{shown}");
        assert!(shown.contains("..."), "{shown}");
        assert!(shown.is_ascii(), "{shown}");
    }

    #[test]
    fn colour_is_there_only_when_asked_for() {
        let jobs = samples::jobs();
        assert!(
            !lines(&jobs, plain(Some(80)), true)
                .concat()
                .contains('\u{1b}')
        );
        let color = Style {
            color: true,
            ..plain(Some(80))
        };
        let shown = lines(&jobs, color, true);
        assert!(shown.concat().contains('\u{1b}'));
        assert!(shown.iter().all(|line| !line.ends_with(' ')), "{shown:#?}");
        assert!(!shown[0].contains("  \u{1b}[0m"), "{shown:#?}");
    }
}
