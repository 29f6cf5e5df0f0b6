//! The columns of a table: which fit, and how wide they are.

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

/// The width of the gap between two columns.
const GAP: usize = 2;

/// The minimum width of a column of long texts.
const LEAST_TEXT: usize = 20;

pub(super) struct Table {
    pub(super) columns: Vec<TableColumn>,
}

/// A column with its place in the table.
#[derive(Clone)]
pub(super) struct TableColumn {
    pub(super) column: Column,
    pub(super) title: String,
    width: usize,
    ellipsis: &'static str,
    /// Times need the name of their offset, because they do not all have the same.
    has_offsets: bool,
}

impl Table {
    pub(super) fn new(jobs: &[Job<'_>], layout: &Layout, now: Timestamp) -> Self {
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
        // Each column is measured once, even if several sets contain it.
        let mut measured: Vec<TableColumn> = Vec::new();
        for (_, set) in sets {
            for &column in *set {
                if !measured.iter().any(|placed| placed.column == column) {
                    measured.push(TableColumn::measure(column, jobs, layout, now));
                }
            }
        }
        let place = |set: &[Column]| -> Vec<TableColumn> {
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

impl TableColumn {
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

    /// The text of a cell, uncut.
    pub(super) fn cell(&self, job: &Job<'_>, layout: &Layout, now: Timestamp) -> String {
        match self.column {
            NAME => shown_name(job).into_owned(),
            Duration => duration(job, now).map_or_else(|| "-".into(), text::took),
            column @ Column::Field(_) => {
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

    /// Appends a cell, cut and padded to the column's width, and the gap after it.
    pub(super) fn push(&self, line: &mut String, cell: &str, paint: impl Fn(&str) -> String) {
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
fn fit(columns: &mut [TableColumn], room: usize, least_name: usize) -> bool {
    let gaps = GAP * columns.len().saturating_sub(1);
    let excess = |columns: &[TableColumn]| {
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
