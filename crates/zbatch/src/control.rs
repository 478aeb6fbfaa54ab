//! Watching and stopping batches from other threads: plain atomics, so that any thread, and a signal handler, may use them.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// Progress of running batches, and the means to stop them. Name it in the [`RunOptions`](crate::RunOptions) of one call or
/// of several, one after another or at once: its counters add up over all of them.
#[derive(Debug, Default)]
pub struct Control {
    cancelled: AtomicBool,
    items_done: AtomicU64,
    bytes_done: AtomicU64,
    items_running: AtomicU64,
}

impl Control {
    /// A control with all counters at 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks every call that runs with this control, or will until [`reset`](Self::reset), to stop. Items in work are
    /// finished, but of those that threads share only the pieces in work.
    pub fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
    }

    /// Whether [`cancel`](Self::cancel) was called.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Relaxed)
    }

    /// Takes a cancel back and sets the counts of finished work to 0. No call may be running with this control.
    pub fn reset(&self) {
        self.cancelled.store(false, Relaxed);
        self.items_done.store(0, Relaxed);
        self.bytes_done.store(0, Relaxed);
    }

    /// Number of items finished so far, failed ones included.
    pub fn items_done(&self) -> u64 {
        self.items_done.load(Relaxed)
    }

    /// Number of input bytes of those items.
    pub fn bytes_done(&self) -> u64 {
        self.bytes_done.load(Relaxed)
    }

    /// Number of items that are inside the codec at this moment; one that threads share counts for each of them.
    pub fn items_running(&self) -> u64 {
        self.items_running.load(Relaxed)
    }

    /// Counts one item as running until the guard is dropped, be it by a panic.
    pub(crate) fn enter(&self, bytes: usize) -> Running<'_> {
        self.items_running.fetch_add(1, Relaxed);
        Running { control: self, finishes: Some(bytes) }
    }

    /// The same for a piece of an item, which finishes nothing by itself.
    pub(crate) fn enter_piece(&self) -> Running<'_> {
        self.items_running.fetch_add(1, Relaxed);
        Running { control: self, finishes: None }
    }
}

pub(crate) struct Running<'a> {
    control: &'a Control,
    /// The input bytes of the item that ends with it.
    finishes: Option<usize>,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.control.items_running.fetch_sub(1, Relaxed);
        if let Some(bytes) = self.finishes {
            self.control.bytes_done.fetch_add(bytes as u64, Relaxed);
            self.control.items_done.fetch_add(1, Relaxed);
        }
    }
}

/// What batch calls did. One `Stats` given to several calls adds up; [`workers`](Self::workers) is the largest of them.
#[derive(Debug, Default)]
pub struct Stats {
    items: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    codec_nanoseconds: AtomicU64,
    workers: AtomicU32,
}

impl Stats {
    /// Number of items that were worked on, failed ones included.
    pub fn items(&self) -> u64 {
        self.items.load(Relaxed)
    }

    /// Number of input bytes of those items.
    pub fn bytes_in(&self) -> u64 {
        self.bytes_in.load(Relaxed)
    }

    /// Number of bytes that they became.
    pub fn bytes_out(&self) -> u64 {
        self.bytes_out.load(Relaxed)
    }

    /// Time inside libzstd in nanoseconds, added up over all threads.
    pub fn codec_nanoseconds(&self) -> u64 {
        self.codec_nanoseconds.load(Relaxed)
    }

    /// Number of threads that worked on at least one item.
    pub fn workers(&self) -> u32 {
        self.workers.load(Relaxed)
    }

    pub(crate) fn add(&self, tally: &Tally) {
        self.items.fetch_add(tally.items, Relaxed);
        self.bytes_in.fetch_add(tally.bytes_in, Relaxed);
        self.bytes_out.fetch_add(tally.bytes_out, Relaxed);
        self.codec_nanoseconds.fetch_add(tally.nanoseconds, Relaxed);
    }

    pub(crate) fn saw_workers(&self, workers: u32) {
        self.workers.fetch_max(workers, Relaxed);
    }
}

/// One worker's own counts, added to the shared ones once at its end.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub items: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub nanoseconds: u64,
}

impl Tally {
    /// Adds the time since `started`, where it is wanted.
    pub(crate) fn time(&mut self, started: Option<Instant>) {
        if let Some(started) = started {
            self.nanoseconds += u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        }
    }
}
