//! Jobs as a table for people: as many columns as fit.

use std::io::{self, Write};

use drs_backup_jobs::{Job, Timestamp};

use super::columns::Column::{self, Duration};
use super::columns::duration;
use super::{Format, Layout, shown_name, text};

const ID: Column = Column::ID;
const NAME: Column = Column::NAME;
const STATUS: Column = Column::STATUS;
const ENGINE: Column = Column::ENGINE;
const REASON: Column = Column::REASON;
const DESCRIPTION: Column = Column::DESCRIPTION;
const CREATED: Column = Column::CREATED;
const FINISHED: Column = Column::FINISHED;
const ENTERPRISE_PROJECT: Column = Column::ENTERPRISE_PROJECT;

/// From the most columns to the fewest, with what is left of a name at least: the first that fits is
/// taken.
const SETS: [(usize, &[Column]); 6] = [
    (
        28,
        &[NAME, STATUS, CREATED, Duration, ID, ENGINE, DESCRIPTION],
    ),
    (28, &[NAME, STATUS, CREATED, Duration, ID, DESCRIPTION]),
    (28, &[NAME, STATUS, CREATED, Duration, ID]),
    (28, &[NAME, STATUS, CREATED, Duration, DESCRIPTION]),
    (16, &[NAME, STATUS, CREATED, Duration]),
    (16, &[NAME, STATUS]),
];

/// The columns of the format `wide`; with `--errors` the reasons are below the rows instead.
const WIDE: [Column; 10] = [
    NAME,
    STATUS,
    CREATED,
    FINISHED,
    Duration,
    ID,
    ENGINE,
    ENTERPRISE_PROJECT,
    DESCRIPTION,
    REASON,
];

/// Columns between two columns.
const GAP: usize = 2;

/// What is left at least of a column of long texts.
const LEAST_TEXT: usize = 20;

/// Writes the table, nothing for no jobs; row by row, since a list can be long.
pub(super) fn write(
    out: &mut dyn Write,
    jobs: &[Job<'_>],
    layout: &Layout,
    now: Timestamp,
) -> io::Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let table = Table::new(jobs, layout, now);
    let mut line = String::new();
    if layout.has_header {
        for column in &table.columns {
            column.push(&mut line, &column.title, |title| layout.style.bold(title));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    for job in jobs {
        line.clear();
        for column in &table.columns {
            let cell = column.cell(job, layout, now);
            column.push(&mut line, &cell, |cell| {
                if column.column == STATUS {
                    layout.style.paint(cell, &job.status)
                } else {
                    cell.to_owned()
                }
            });
        }
        writeln!(out, "{}", line.trim_end())?;
        if layout.errors {
            write_reason(out, job, layout)?;
        }
    }
    Ok(())
}

struct Table {
    columns: Vec<Placed>,
}

/// A column with its place in the table.
#[derive(Clone)]
struct Placed {
    column: Column,
    title: String,
    width: usize,
    ellipsis: &'static str,
    /// Times need the name of their offset, because they do not all have the same.
    has_offsets: bool,
}

impl Table {
    fn new(jobs: &[Job<'_>], layout: &Layout, now: Timestamp) -> Self {
        let room = match layout.format {
            Format::Wide => usize::MAX,
            _ => layout.style.width.unwrap_or(usize::MAX),
        };
        let without_reason = WIDE.split_last().map_or(&[][..], |(_, rest)| rest);
        let sets: &[(usize, &[Column])] = match (&layout.columns[..], layout.format) {
            ([], Format::Wide) if layout.errors => &[(0, without_reason)],
            ([], Format::Wide) => &[(0, &WIDE)],
            ([], _) => &SETS,
            (chosen, _) => &[(16, chosen)],
        };
        // Each column is measured once, however many sets it stands in.
        let mut measured: Vec<Placed> = Vec::new();
        for (_, set) in sets {
            for &column in *set {
                if !measured.iter().any(|placed| placed.column == column) {
                    measured.push(Placed::measure(column, jobs, layout, now));
                }
            }
        }
        let place = |set: &[Column]| -> Vec<Placed> {
            let found = set
                .iter()
                .filter_map(|column| measured.iter().find(|placed| placed.column == *column));
            found.cloned().collect()
        };
        let mut columns = Vec::new();
        for (least_name, set) in sets {
            columns = place(set);
            if fit(&mut columns, room, *least_name) {
                break;
            }
            // Narrower than any table: the terminal wraps the last set.
        }
        Self { columns }
    }
}

impl Placed {
    fn measure(column: Column, jobs: &[Job<'_>], layout: &Layout, now: Timestamp) -> Self {
        let offset = |job: &Job<'_>| Some(layout.zone.offset(time(column, job)?));
        let mut offsets = jobs.iter().filter_map(offset);
        let first = offsets.next();
        let mut placed = Self {
            column,
            title: title(column, layout),
            width: 0,
            ellipsis: layout.style.ellipsis(),
            has_offsets: offsets.any(|offset| Some(offset) != first),
        };
        let cells = jobs
            .iter()
            .map(|job| text::width(&placed.cell(job, layout, now)));
        let title = text::width(&placed.title).min(if layout.has_header { usize::MAX } else { 0 });
        placed.width = cells.max().unwrap_or_default().max(title);
        placed
    }

    /// What stands in this column, uncut.
    fn cell(&self, job: &Job<'_>, layout: &Layout, now: Timestamp) -> String {
        match self.column {
            NAME => shown_name(job).into_owned(),
            Duration => duration(job, now).map_or_else(|| "-".into(), text::took),
            column => {
                let field = column.field(job).unwrap_or_default();
                match time(column, job) {
                    Some(time) if self.has_offsets => format!(
                        "{} {}",
                        layout.zone.minute(time),
                        layout.zone.abbreviation(time)
                    ),
                    Some(time) => layout.zone.minute(time),
                    None if field.trim().is_empty() => "-".into(),
                    None => text::one_line(field).into_owned(),
                }
            }
        }
    }

    /// Appends a cell, cut and padded to the column's width, and the gap behind it.
    fn push(&self, line: &mut String, cell: &str, paint: impl Fn(&str) -> String) {
        let shown = text::cut(cell, self.width, self.ellipsis);
        line.push_str(&paint(&shown));
        text::push_spaces(line, (self.width + GAP).saturating_sub(text::width(&shown)));
    }
}

/// The time in a column of times, if it can be parsed.
fn time(column: Column, job: &Job<'_>) -> Option<Timestamp> {
    match column {
        CREATED => job.created_at(),
        FINISHED => job.finished_at(),
        _ => None,
    }
}

fn title(column: Column, layout: &Layout) -> String {
    match column {
        CREATED => format!("CREATED ({})", layout.zone.name()),
        FINISHED => format!("FINISHED ({})", layout.zone.name()),
        ENGINE => "ENGINE".into(),
        REASON => "ERROR".into(),
        ENTERPRISE_PROJECT => "ENTERPRISE PROJECT".into(),
        column => column.name().to_uppercase(),
    }
}

/// Narrows what may be cut until the columns fit; returns whether they do.
fn fit(columns: &mut [Placed], room: usize, least_name: usize) -> bool {
    let gaps = GAP * columns.len().saturating_sub(1);
    let excess = |columns: &[Placed]| {
        let sum: usize = columns.iter().map(|placed| placed.width).sum();
        (sum + gaps).saturating_sub(room)
    };
    for (column, least) in [
        (REASON, LEAST_TEXT),
        (DESCRIPTION, LEAST_TEXT),
        (NAME, least_name),
    ] {
        let excess = excess(columns);
        for placed in columns.iter_mut().filter(|placed| placed.column == column) {
            placed.width = placed
                .width
                .saturating_sub(excess)
                .max(placed.width.min(least));
        }
    }
    excess(columns) == 0
}

/// Why a job failed, indented, in as many lines as it takes.
fn write_reason(out: &mut dyn Write, job: &Job<'_>, layout: &Layout) -> io::Result<()> {
    let style = layout.style;
    let Some(reason) = job
        .error_log
        .as_deref()
        .filter(|log| !log.trim().is_empty())
    else {
        return Ok(());
    };
    let reason = text::one_line(reason);
    let lines = match style.width {
        Some(width) => text::wrap(&reason, width.saturating_sub(4)),
        None => vec![reason.trim().to_owned()],
    };
    let mut lead = if style.ascii { "`-" } else { "└─" };
    for line in lines {
        writeln!(
            out,
            "{}",
            style.paint(&format!("{lead} {line}"), &job.status)
        )?;
        lead = "  ";
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Style, samples};
    use super::*;
    use crate::time::Zone;

    fn layout(width: Option<usize>) -> Layout {
        Layout {
            style: Style {
                width,
                ..Style::PLAIN
            },
            ..Layout::plain(Format::Table)
        }
    }

    fn lines(jobs: &[Job<'_>], layout: &Layout) -> Vec<String> {
        let mut out = Vec::new();
        write(&mut out, jobs, layout, samples::NOW).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn writes_nothing_for_no_jobs() {
        assert!(lines(&[], &layout(Some(80))).is_empty());
    }

    #[test]
    fn no_line_exceeds_the_terminal() {
        for width in [40, 60, 80, 100, 120, 200] {
            let layout = Layout {
                errors: true,
                ..layout(Some(width))
            };
            for line in lines(&samples::jobs(), &layout) {
                assert!(text::width(&line) <= width, "{width}: {line:?}");
            }
        }
    }

    #[test]
    fn chinese_names_keep_the_columns_aligned() {
        let shown = lines(&samples::jobs(), &layout(Some(80)));
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
    fn shows_more_columns_on_wider_terminals() {
        let header = |width| lines(&samples::jobs(), &layout(width))[0].clone();
        for (width, has, lacks) in [
            (Some(40), "STATUS", "CREATED"),
            (Some(70), "DURATION", "DESCRIPTION"),
            (Some(95), "DESCRIPTION", " ID"),
            (Some(110), " ID", "DESCRIPTION"),
            (Some(135), "DESCRIPTION", "ENGINE"),
            (None, "ENGINE", "FINISHED"),
        ] {
            let header = header(width);
            assert!(
                header.contains(has) && !header.contains(lacks),
                "{width:?}: {header}"
            );
        }
    }

    #[test]
    fn wide_is_never_cut_and_holds_every_field() {
        let wide = Layout {
            format: Format::Wide,
            ..layout(Some(40))
        };
        let shown = lines(&samples::jobs(), &wide);
        for title in ["FINISHED", "ENTERPRISE PROJECT", "ERROR"] {
            assert!(shown[0].contains(title), "{shown:#?}");
        }
        assert!(shown[2].contains("第 3 段校验失败"), "{shown:#?}");
    }

    #[test]
    fn prints_the_chosen_columns_in_their_order() {
        let chosen = Layout {
            columns: vec![STATUS, ID],
            has_header: false,
            ..layout(Some(80))
        };
        let shown = lines(&samples::jobs(), &chosen);
        assert_eq!(shown.len(), 4);
        assert_eq!(shown[2], "TRANSFERRING  running");
    }

    #[test]
    fn prints_the_reason_below_its_row() {
        let with_errors = Layout {
            errors: true,
            ..layout(None)
        };
        let shown = lines(&samples::jobs(), &with_errors);
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
    fn a_running_job_shows_the_time_so_far() {
        let shown = lines(&samples::jobs(), &layout(Some(100)));
        assert!(shown[3].contains("TRANSFERRING"), "{shown:#?}");
        assert!(shown[3].contains("1h 30m"), "{shown:#?}");
    }

    #[test]
    fn prints_a_dash_for_what_a_job_lacks() {
        let shown = lines(&[Job::new("0667")], &layout(Some(80)));
        let cells: Vec<&str> = shown[1].split_whitespace().collect();
        assert_eq!(cells, ["0667", "-", "-", "-", "0667", "-", "-"]);
    }

    #[test]
    fn marks_a_cut_in_ascii_with_three_dots() {
        let mut job = Job::new("a");
        job.name = "a-name-that-is-too-long-for-a-narrow-terminal".into();
        job.status = "TRANSFERRING".into();
        let mut ascii = layout(Some(60));
        ascii.style.ascii = true;
        let shown = lines(&[job], &ascii).concat();
        assert!(shown.contains("..."), "{shown}");
        assert!(shown.is_ascii(), "{shown}");
    }

    #[test]
    fn names_the_offset_of_each_time_where_they_differ() {
        let jobs = ["2024-11-03T05:30:00Z", "2024-11-03T06:30:00Z"].map(|created| {
            samples::job("a", "a", drs_backup_jobs::JobStatus::Success, created, None)
        });
        let new_york = Layout {
            zone: Zone::named("America/New_York"),
            columns: vec![CREATED],
            ..layout(Some(80))
        };
        assert_eq!(
            lines(&jobs, &new_york),
            [
                "CREATED (America/New_York)",
                "2024-11-03 01:30 EDT",
                "2024-11-03 01:30 EST"
            ]
        );
        assert_eq!(lines(&jobs[..1], &new_york)[1], "2024-11-03 01:30");
    }

    #[test]
    fn colours_only_where_enabled() {
        let jobs = samples::jobs();
        let with_errors = Layout {
            errors: true,
            ..layout(Some(80))
        };
        assert!(!lines(&jobs, &with_errors).concat().contains('\u{1b}'));
        let mut coloured = with_errors;
        coloured.style.color = true;
        let shown = lines(&jobs, &coloured);
        assert!(shown.concat().contains('\u{1b}'));
        assert!(shown.iter().all(|line| !line.ends_with(' ')), "{shown:#?}");
        assert!(!shown[0].contains("  \u{1b}[0m"), "{shown:#?}");
    }
}
