//! The options that choose what is printed, and how.

#![expect(
    clippy::doc_markdown,
    reason = "these texts are the help, printed literally"
)]

use clap::Args;

use crate::failure::Failure;
use crate::output::{Column, Format, Layout};
use crate::terminal;
use crate::time::Zone;

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Output format: table, wide, json, jsonl, csv, tsv, timeline
    /// [default: table on a terminal, jsonl otherwise]
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true
    )]
    output: Option<Format>,

    /// Columns: id, name, status, engine_type, error_log, description, create_time,
    /// finish_time, enterprise_project_id, duration
    #[arg(
        long,
        value_enum,
        value_name = "COLUMN",
        value_delimiter = ',',
        ignore_case = true,
        hide_possible_values = true
    )]
    columns: Vec<Column>,

    /// Omit the header of table, wide, csv and tsv
    #[arg(long)]
    no_headers: bool,

    /// Print why jobs failed below their rows; implies --output table
    #[arg(long)]
    pub(crate) errors: bool,

    /// Add a byte order mark and neutralise formulas; implies --output csv
    #[arg(long, conflicts_with = "errors")]
    excel: bool,

    #[command(flatten)]
    display: DisplayArgs,
}

/// How times and marks are displayed; `watch` takes these as well.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct DisplayArgs {
    /// Display and read times in UTC instead of local time (TZ)
    #[arg(long)]
    pub(crate) utc: bool,

    /// Draw with ASCII characters only
    #[arg(long)]
    pub(crate) ascii: bool,
}

impl DisplayArgs {
    /// The time zone in which times are displayed and read.
    pub(crate) fn zone(&self) -> Zone {
        if self.utc { Zone::utc() } else { Zone::local() }
    }
}

impl OutputArgs {
    /// The layout, after checking that the options fit together.
    pub(crate) fn layout(&self, zone: Zone) -> Result<Layout, Failure> {
        let format = match self.output {
            Some(format) => format,
            None if self.errors => Format::Table,
            None if self.excel => Format::Csv,
            None if terminal::is_stdout() => Format::Table,
            None => Format::Jsonl,
        };
        if self.excel && format != Format::Csv {
            return Err(Failure::usage("--excel requires --output csv"));
        }
        if !self.columns.is_empty() && format == Format::Timeline {
            return Err(Failure::usage(
                "--columns cannot be used with --output timeline",
            ));
        }
        Ok(Layout {
            format,
            columns: self.columns.clone(),
            has_header: !self.no_headers,
            errors: self.errors,
            excel: self.excel,
            style: terminal::stdout_style(self.display.ascii),
            zone,
        })
    }

    /// The time zone in which times are displayed and read.
    pub(crate) fn zone(&self) -> Zone {
        self.display.zone()
    }

    /// Whether no format is given.
    pub(crate) fn is_default(&self) -> bool {
        self.output.is_none() && !self.errors && !self.excel && self.columns.is_empty()
    }
}
