//! Jobs as a table for people.

use std::io::{self, Write};

use drs_backup_jobs::{Job, Timestamp};

use super::columns::Column;
use super::table_columns::Table;
use super::{Layout, text};

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
                if column.column == Column::STATUS {
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
    use super::super::{Format, Style, samples};
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
            columns: vec![Column::STATUS, Column::ID],
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
            columns: vec![Column::CREATED],
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
