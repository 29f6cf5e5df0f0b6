//! The live view: a screen, and what it shows at the moment.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::Duration;

use drs_backup_jobs::Clock;

use super::screen::Screen;
use super::view::{self, Frame, Snapshot};
use crate::output::Style;
use crate::time::Zone;
use crate::{terminal, time};

/// A view that any thread may redraw. Clones are the same view.
#[derive(Clone)]
pub(super) struct Live(Arc<Mutex<Painter>>);

struct Painter {
    screen: Screen<Box<dyn Write + Send>>,
    snapshot: Snapshot,
    style: Style,
    zone: Zone,
    clock: Arc<dyn Clock>,
    drawn: Vec<String>,
    is_closed: bool,
}

impl Live {
    /// Whether standard output is a terminal on which lines can be redrawn.
    pub(super) fn can_be_drawn() -> bool {
        let term = std::env::var_os("TERM");
        let can_move_the_cursor = term.is_some_and(|term| !term.is_empty() && term != "dumb");
        terminal::is_stdout() && (can_move_the_cursor || cfg!(windows))
    }

    /// A view before the first poll.
    pub(super) fn start(style: Style, zone: Zone, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let mut painter = Painter {
            screen: Screen::new(terminal()?),
            snapshot: Snapshot::default(),
            style,
            zone,
            clock,
            drawn: Vec::new(),
            is_closed: false,
        };
        painter.draw(&[])?;
        Ok(Self(Arc::new(Mutex::new(painter))))
    }

    /// Prints permanent lines above the view: those that `lines` wraps to a number of columns.
    pub(super) fn print(&self, lines: impl FnOnce(usize) -> Vec<String>) -> io::Result<()> {
        let (columns, _) = terminal::columns_and_rows();
        self.lock().draw(&lines(columns))
    }

    /// Takes the view down, runs `write`, and draws the view again: for standard error, which may
    /// be the same terminal.
    pub(super) fn suspend(&self, write: impl FnOnce()) -> io::Result<()> {
        let mut painter = self.lock();
        painter.screen.clear()?;
        write();
        painter.draw(&[])
    }

    /// Shows this from now on.
    pub(super) fn show(&self, snapshot: Snapshot) -> io::Result<()> {
        let mut painter = self.lock();
        painter.snapshot = snapshot;
        painter.draw(&[])
    }

    /// Redraws the view if time or a resize have changed its lines.
    pub(super) fn refresh(&self) -> io::Result<()> {
        self.lock().refresh()
    }

    /// Takes the view down for good. Permanent lines stay.
    ///
    /// It waits for a thread that is drawing, but not for ever: a terminal that takes no output
    /// (Ctrl-S) must not keep a signal from ending the program.
    pub(super) fn close(&self) {
        for _ in 0..50 {
            match self.0.try_lock() {
                Ok(mut painter) => return painter.close(),
                Err(TryLockError::Poisoned(painter)) => return painter.into_inner().close(),
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Painter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Standard output, without the buffer that would split a drawing into several writes.
fn terminal() -> io::Result<Box<dyn Write + Send>> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        let stdout = io::stdout().as_fd().try_clone_to_owned()?;
        Ok(Box::new(std::fs::File::from(stdout)))
    }
    #[cfg(not(unix))]
    Ok(Box::new(io::stdout()))
}

impl Painter {
    fn lines(&self) -> Vec<String> {
        let (columns, rows) = terminal::columns_and_rows();
        let frame = Frame {
            columns,
            rows,
            elapsed: self.clock.now(),
            time: time::now(&*self.clock),
        };
        view::lines(&self.snapshot, frame, &self.zone, self.style)
    }

    fn draw(&mut self, permanent: &[String]) -> io::Result<()> {
        if self.is_closed {
            return self.screen.draw(permanent, &[]);
        }
        self.drawn = self.lines();
        self.screen.draw(permanent, &self.drawn)
    }

    fn refresh(&mut self) -> io::Result<()> {
        if self.is_closed || self.lines() == self.drawn {
            return Ok(());
        }
        self.draw(&[])
    }

    fn close(&mut self) {
        if !self.is_closed {
            self.is_closed = true;
            // The terminal may be closed.
            let _ = self.screen.clear();
        }
    }
}
