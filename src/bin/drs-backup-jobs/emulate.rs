//! `drs-backup-jobs emulate`: the service in memory, over HTTP.

use std::io::{self, Write as _};
use std::sync::mpsc;

use drs_backup_jobs::emulator::Emulator;

use crate::args::EmulateArgs;
use crate::failure::{Failure, say};

pub(crate) fn run(args: &EmulateArgs) -> Result<(), Failure> {
    // Before the first byte goes out: whoever reads the URL may send a signal at once.
    let (stop, stopped) = mpsc::channel();
    ctrlc::set_handler(move || {
        // If nobody listens any more the program is ending anyway.
        let _ = stop.send(());
    })
    .map_err(|error| Failure::refused(format!("cannot wait for signals: {error}")))?;

    let emulator = Emulator::builder()
        .jobs(args.jobs)
        .seed(args.seed)
        .latency(args.latency)
        .faults(args.faults.clone())
        .build();
    let server = emulator.serve(&args.listen).map_err(|error| {
        Failure::usage(format!("cannot listen on {}: {error}", args.listen))
            .with_hint("name an address of this machine and a port, such as 127.0.0.1:8080")
    })?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", server.url())?;
    out.flush()?;
    say(
        "note",
        &format!(
            "try: HW_AUTH_TOKEN=any drs-backup-jobs list --endpoint {} --project-id any",
            server.url()
        ),
    );
    // An end of the channel cannot come before the end of the handler, which is that of the program.
    let _ = stopped.recv();
    server.stop();
    Ok(())
}
