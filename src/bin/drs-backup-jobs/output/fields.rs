//! One job for people: one field per line.

use std::io::{self, Write};

use drs_backup_jobs::{Job, Timestamp};

use super::columns::{Column, duration, fields};
use super::{Layout, text};

/// Writes every field under its own name. Times are followed by local time, and the reason of a
/// failure keeps its lines.
pub(crate) fn write_fields(
    out: &mut dyn Write,
    job: &Job<'_>,
    layout: &Layout,
    now: Timestamp,
) -> io::Result<()> {
    let mut columns = fields();
    columns.push(Column::Duration);
    let names = columns.iter().map(|column| column.name().len());
    let indent = names.max().unwrap_or_default() + 2;
    let room = layout.style.width.map(|width| width.saturating_sub(indent));
    for column in columns {
        let mut lines = value(column, job, layout, now, room).into_iter();
        let mut name = String::new();
        text::push_padded(&mut name, &format!("{}:", column.name()), indent);
        writeln!(
            out,
            "{}{}",
            layout.style.dim(&name),
            lines.next().unwrap_or_default()
        )?;
        for line in lines {
            writeln!(out, "{:indent$}{line}", "")?;
        }
    }
    Ok(())
}

fn value(
    column: Column,
    job: &Job<'_>,
    layout: &Layout,
    now: Timestamp,
    room: Option<usize>,
) -> Vec<String> {
    let local = |time: Option<Timestamp>| {
        time.map_or_else(String::new, |time| {
            format!(
                "  ({} {})",
                layout.zone.second(time),
                layout.zone.abbreviation(time)
            )
        })
    };
    let field = column.field(job).unwrap_or_default();
    let shown = text::one_line(field);
    match column {
        Column::Duration => {
            let took = duration(job, now).map_or_else(|| "-".to_owned(), text::took);
            let so_far = if job.is_finished() || took == "-" {
                ""
            } else {
                " so far"
            };
            vec![format!("{took}{so_far}")]
        }
        _ if field.trim().is_empty() => vec!["-".to_owned()],
        Column::CREATED => vec![format!("{shown}{}", local(job.created_at()))],
        Column::FINISHED => vec![format!("{shown}{}", local(job.finished_at()))],
        Column::STATUS => vec![layout.style.paint(&shown, &job.status)],
        Column::Field(_) => {
            let lines = field.lines().map(text::one_line);
            match room {
                Some(room) => lines.flat_map(|line| text::wrap(&line, room)).collect(),
                None => lines.map(std::borrow::Cow::into_owned).collect(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, samples};
    use super::*;

    #[test]
    fn neutralises_terminal_control_characters() {
        let mut job = Job::new("a\u{1b}[2J");
        job.name = "b\u{202e}\rc".into();
        job.error_log = Some("d\u{200b}\ne\u{9b}".into());
        job.create_time = "\u{7}".into();
        let mut out = Vec::new();
        let layout = Layout::plain(Format::Table);
        write_fields(&mut out, &job, &layout, samples::NOW).unwrap();
        let printed = String::from_utf8(out).unwrap();
        let is_harmful =
            |ch: char| ch.is_control() && ch != '\n' || ['\u{202e}', '\u{200b}'].contains(&ch);
        assert!(!printed.contains(is_harmful), "{printed:?}");
    }

    #[test]
    fn every_field_is_on_a_line_and_a_reason_keeps_its_lines() {
        let mut out = Vec::new();
        let layout = Layout::plain(Format::Table);
        let jobs = samples::jobs();
        write_fields(&mut out, &jobs[1], &layout, samples::NOW).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\
id:                    1667845a-6291-4e2a-95b0-190c0abjb703
name:                  备份迁移任务-订单库-华北-4
status:                FAILED
engine_type:           sqlserver
error_log:             The backup file is damaged:
                       第 3 段校验失败
description:           订单库迁移, \"第二批\"
create_time:           2024-08-19 03:00:00  (2024-08-19 03:00:00 UTC)
finish_time:           1724040000000  (2024-08-19 04:00:00 UTC)
enterprise_project_id: 0
duration:              1h 00m
"
        );
    }
}
