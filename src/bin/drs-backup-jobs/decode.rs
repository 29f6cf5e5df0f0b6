//! `drs-backup-jobs decode`: a saved answer, printed like a list.

use std::io::{self, BufWriter, IsTerminal as _, Read as _};
use std::path::Path;

use crate::args::DecodeArgs;
use crate::failure::{Failure, say};
use crate::output::Printer;
use crate::saved::{self, Unreadable};

pub(crate) fn run(args: &DecodeArgs) -> Result<(), Failure> {
    let name = args.file.as_deref().filter(|file| *file != Path::new("-"));
    let shown = name.map_or_else(
        || "standard input".into(),
        |file| file.display().to_string(),
    );
    if args.file.is_none() && io::stdin().is_terminal() {
        return Err(Failure::usage("there is nothing to read")
            .with_hint("name a file, or pipe an answer in: curl … | drs-backup-jobs decode"));
    }
    let body = if let Some(file) = name {
        std::fs::read(file)
    } else {
        let mut body = Vec::new();
        io::stdin().lock().read_to_end(&mut body).map(|_| body)
    }
    .map_err(|error| Failure::usage(format!("cannot read {shown}: {error}")))?;

    // Shells of Windows write a byte order mark before what they save.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
    let read = saved::read(body);
    let format = args.output.format();
    let mut printer = Printer::new(
        BufWriter::new(io::stdout().lock()),
        format,
        args.output.style(),
        args.output.errors,
    );
    if read.failure.is_none() || !read.jobs.is_empty() {
        printer.print(read.jobs)?;
        printer.finish(read.count)?;
    }
    match read.failure {
        None => {
            if format.is_for_people() && printer.count() == 0 {
                say("note", &format!("{shown} holds no jobs"));
            }
            printer.sum_up(read.count);
            Ok(())
        }
        Some(Unreadable::Refusal(error)) => Err(Failure::refused(format!("{shown}: {error}"))
            .with_hint(
                error
                    .hint()
                    .unwrap_or("this is an error of the service, no list of jobs"),
            )),
        Some(Unreadable::Broken { offset, error }) => {
            let (line, column) = saved::place(body, offset);
            let path = match error.path() {
                "" => String::new(),
                path => format!("{path}: "),
            };
            Err(Failure::refused(format!(
                "{shown}, line {line}, column {column}: {path}expected {}",
                error.expected()
            ))
            .with_hint(
                "decode reads an answer of the service, an array of jobs, or one job a line",
            ))
        }
    }
}
