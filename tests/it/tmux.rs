//! A real terminal for the tests: a window of tmux, which reflows its lines when it is resized and
//! keeps those that scroll away.

use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A terminal in which a shell line runs. Dropping it ends what runs there.
pub(crate) struct Terminal {
    socket: String,
}

impl Terminal {
    /// A terminal of this size; `None` where there is no tmux. What the line starts inherits no
    /// environment but a path, a terminal and UTF-8.
    #[track_caller]
    pub(crate) fn start(columns: usize, rows: usize, line: &str) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let terminal = Self {
            socket: format!("drs-backup-jobs-{}-{number}", std::process::id()),
        };
        if Command::new("tmux").arg("-V").output().is_err() {
            crate::not_checked("the live view in a terminal that is resized", "tmux");
            return None;
        }
        let (columns, rows) = (columns.to_string(), rows.to_string());
        // The shell outlives Ctrl-C, and the screen outlives the program.
        let line = format!("trap : INT; {line}; echo \"code $?\"; exec cat");
        let size = ["new-session", "-d", "-x", &columns, "-y", &rows, &line];
        let limit = ["set", "-g", "history-limit", "100000", ";"];
        terminal.tmux(&[&["start-server", ";"], &limit[..], &size].concat());
        Some(terminal)
    }

    /// Changes the size of the terminal, as a window manager does.
    #[track_caller]
    pub(crate) fn resize(&self, columns: usize, rows: usize) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        self.tmux(&["resize-window", "-x", &columns, "-y", &rows]);
    }

    /// Presses a key, such as `C-c`.
    #[track_caller]
    pub(crate) fn press(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// The rows that are visible and those that have scrolled away; the rows of a line that the
    /// terminal broke are joined.
    #[track_caller]
    pub(crate) fn history(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-J", "-S", "-"])
    }

    /// Waits until the history fulfils `condition`, and returns it.
    #[track_caller]
    pub(crate) fn wait_until(&self, condition: impl FnMut(&str) -> bool) -> String {
        self.wait(condition, Self::history)
    }

    /// Waits until the rows that are visible fulfil `condition`, and returns them.
    #[track_caller]
    pub(crate) fn wait_for_screen(&self, condition: impl FnMut(&str) -> bool) -> String {
        self.wait(condition, |terminal| terminal.tmux(&["capture-pane", "-p"]))
    }

    #[track_caller]
    fn wait(
        &self,
        mut condition: impl FnMut(&str) -> bool,
        read: impl Fn(&Self) -> String,
    ) -> String {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let text = read(self);
            if condition(&text) {
                return text;
            }
            assert!(Instant::now() < deadline, "it never came:\n{text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[track_caller]
    fn tmux(&self, arguments: &[&str]) -> String {
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new("tmux")
            .args(["-u", "-L", &self.socket, "-f", "/dev/null"])
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LC_ALL", "C.UTF-8")
            .env("SHELL", "/bin/sh")
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&stderr);
        assert!(status.success(), "tmux {arguments:?}: {stderr}");
        String::from_utf8(stdout).unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have failed to start.
        let _ = Command::new("tmux")
            .args(["-L", &self.socket, "kill-server"])
            .output();
    }
}
