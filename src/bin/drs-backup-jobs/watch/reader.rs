//! Whether standard output still has a reader.

use std::time::Duration;

/// Waits up to `timeout` for the reader of standard output to close it: the other end of a pipe or a
/// socket, or the terminal. Returns whether it has. A file has no reader.
#[cfg(unix)]
pub(super) fn is_closed_within(timeout: Duration) -> bool {
    use std::os::fd::AsFd as _;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    let stdout = std::io::stdout();
    // Errors and hang-ups are reported without being requested.
    let mut descriptors = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
    let limit = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
    if !poll(&mut descriptors, limit).is_ok_and(|ready| ready > 0) {
        return false;
    }
    let [stdout] = descriptors;
    let is_closed = stdout
        .revents()
        .is_some_and(|events| events.intersects(PollFlags::POLLERR | PollFlags::POLLHUP));
    if !is_closed {
        // Something else that will not change: do not spin.
        std::thread::sleep(timeout);
    }
    is_closed
}

/// There is no portable way to learn this without writing: the next event fails to be written.
#[cfg(not(unix))]
pub(super) fn is_closed_within(timeout: Duration) -> bool {
    std::thread::sleep(timeout);
    false
}
