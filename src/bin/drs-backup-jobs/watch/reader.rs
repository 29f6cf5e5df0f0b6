//! Whether anyone still reads standard output.

use std::time::Duration;

/// Waits up to `timeout` for the reader of standard output to go away: the other end of a pipe or a
/// socket is closed, or the terminal is gone. Returns whether it is. A file has no reader to lose.
#[cfg(unix)]
pub(super) fn is_gone_within(timeout: Duration) -> bool {
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
    let is_gone = stdout
        .revents()
        .is_some_and(|events| events.intersects(PollFlags::POLLERR | PollFlags::POLLHUP));
    if !is_gone {
        // Something else that will not change: do not spin.
        std::thread::sleep(timeout);
    }
    is_gone
}

/// There is no portable way to learn this without writing: the next event finds out.
#[cfg(not(unix))]
pub(super) fn is_gone_within(timeout: Duration) -> bool {
    std::thread::sleep(timeout);
    false
}
