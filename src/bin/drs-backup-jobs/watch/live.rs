//! The live view: a screen, and what it shows at the moment.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use drs_backup_jobs::Clock;

use super::event_lines::PermanentLine;
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
    /// Lines that are printed at the next drawing.
    pending: Vec<PermanentLine>,
    columns: usize,
    rows: usize,
    resized_at: Option<Instant>,
    drawn_at: Option<Instant>,
    is_closed: bool,
}

/// How long a terminal must have kept its size before the view is drawn: tmux reports resizes up to
/// 250 ms after it has made them, and a redraw in between would erase at a wrong place.
const SETTLING: Duration = Duration::from_secs(1);

/// How often the time in the view is updated. Each redraw is a moment in which a resize that is not
/// known yet lets it erase at a wrong place, so there are few.
const REDRAW: Duration = Duration::from_secs(5);

impl Live {
    /// Whether standard output is a terminal on which lines can be redrawn.
    pub(super) fn can_be_drawn() -> bool {
        let term = std::env::var_os("TERM");
        let can_move_the_cursor = term.is_some_and(|term| !term.is_empty() && term != "dumb");
        terminal::is_stdout() && (can_move_the_cursor || cfg!(windows))
    }

    /// A view before the first poll.
    pub(super) fn start(style: Style, zone: Zone, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let (columns, rows) = terminal::columns_and_rows();
        let mut painter = Painter {
            screen: Screen::new(terminal()?),
            snapshot: Snapshot::default(),
            style,
            zone,
            clock,
            drawn: Vec::new(),
            pending: Vec::new(),
            columns,
            rows,
            resized_at: None,
            drawn_at: None,
            is_closed: false,
        };
        painter.refresh()?;
        Ok(Self(Arc::new(Mutex::new(painter))))
    }

    /// Prints a line above the view, where it stays, at the next drawing: that of
    /// [`show`](Self::show), or of the next tick.
    pub(super) fn print(&self, line: PermanentLine) {
        self.lock().pending.push(line);
    }

    /// Removes the view, runs `write`, and draws the view again: for standard error, which may be
    /// the same terminal.
    pub(super) fn suspend(&self, write: impl FnOnce()) -> io::Result<()> {
        let mut painter = self.lock();
        painter.observe_size();
        let permanent = painter.take_pending();
        painter.screen.draw(&permanent, &[])?;
        painter.drawn.clear();
        write();
        if !painter.is_settled() {
            painter.screen.lose_place();
        }
        painter.refresh()
    }

    /// Shows this from now on.
    pub(super) fn show(&self, snapshot: Snapshot) -> io::Result<()> {
        let mut painter = self.lock();
        painter.snapshot = snapshot;
        painter.refresh()
    }

    /// Prints pending lines, and redraws the view after a resize or when it shows an old time.
    pub(super) fn tick(&self) -> io::Result<()> {
        let mut painter = self.lock();
        painter.observe_size();
        let is_resized = painter.resized_at > painter.drawn_at;
        let is_old = painter.drawn_at.is_none_or(|at| at.elapsed() >= REDRAW);
        if is_resized || is_old || !painter.pending.is_empty() {
            painter.refresh()?;
        }
        Ok(())
    }

    /// Removes the view permanently. Permanent lines stay.
    ///
    /// It waits for a thread that is drawing, but not forever: a terminal that takes no output
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
        let frame = Frame {
            columns: self.columns,
            rows: self.rows,
            elapsed: self.clock.now(),
            time: time::now(&*self.clock),
        };
        view::lines(&self.snapshot, frame, &self.zone, self.style)
    }

    fn observe_size(&mut self) {
        let (columns, rows) = terminal::columns_and_rows();
        if columns != self.columns {
            self.screen.lose_place();
        }
        if (columns, rows) != (self.columns, self.rows) {
            (self.columns, self.rows) = (columns, rows);
            self.resized_at = Some(Instant::now());
        }
    }

    fn is_settled(&self) -> bool {
        self.resized_at.is_none_or(|at| at.elapsed() >= SETTLING)
    }

    fn take_pending(&mut self) -> Vec<String> {
        let lines = std::mem::take(&mut self.pending);
        let rows = lines.iter().map(|line| line.rows(self.columns, self.style));
        rows.flatten().collect()
    }

    /// Draws what has changed. While the terminal is being resized only permanent lines are printed,
    /// and nothing is erased.
    fn refresh(&mut self) -> io::Result<()> {
        self.observe_size();
        if self.is_closed {
            return Ok(());
        }
        let permanent = self.take_pending();
        if !self.is_settled() {
            if permanent.is_empty() {
                return Ok(());
            }
            self.screen.lose_place();
            self.drawn.clear();
            self.screen.draw(&permanent, &[])?;
            self.screen.lose_place();
            return Ok(());
        }
        self.drawn_at = Some(Instant::now());
        let lines = self.lines();
        if permanent.is_empty() && lines == self.drawn && !self.screen.is_place_lost() {
            return Ok(());
        }
        self.drawn = lines;
        self.screen.draw(&permanent, &self.drawn)
    }

    fn close(&mut self) {
        if self.is_closed {
            return;
        }
        self.is_closed = true;
        self.observe_size();
        if !self.is_settled() {
            self.screen.lose_place();
        }
        let permanent = self.take_pending();
        // The terminal may be closed.
        let _ = self.screen.draw(&permanent, &[]);
    }
}
