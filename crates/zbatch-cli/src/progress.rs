//! One line on a terminal that says how far the passes are, once they have taken longer than a second.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(1);

/// Runs `work`, which counts its finished passes, of `passes`, in what it is given. The line is written by a thread that
/// mostly sleeps, so that what is measured meanwhile is not disturbed.
pub(crate) fn watch<T>(passes: usize, work: impl FnOnce(&AtomicUsize) -> T) -> T {
    let done = AtomicUsize::new(0);
    if !io::stderr().is_terminal() {
        return work(&done);
    }
    let (finished, watched) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(|| draw(watched, passes, &done));
        let result = work(&done);
        drop(finished);
        result
    })
}

/// Draws until the other end of `watched` is dropped. A terminal that cannot be written to is no reason to stop.
fn draw(watched: mpsc::Receiver<()>, passes: usize, done: &AtomicUsize) {
    let start = Instant::now();
    let mut drawn = false;
    while watched.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
        let line = format!("{} of {passes} passes, {} s", done.load(Relaxed), start.elapsed().as_secs());
        let _ = write!(io::stderr(), "\r{line}\x1b[K");
        drawn = true;
    }
    if drawn {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
}
