//! What the two directions share: how a batch is cut into chunks, how one item of it is run, and how failures are told.

mod compress;
mod decompress;
mod layout;
mod ledger;
mod pieces;
mod plan;

pub use compress::Compressor;
pub use decompress::Decompressor;

use crate::contexts::{CheckedOut, Context};
use crate::control::Tally;
use crate::error::{Error, Result, Status, Subject};
use crate::items::Items;
use crate::memory::{Memory, prefetch, reserved};
use crate::params::RunOptions;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// What a batch call delivers when some items may fail.
#[derive(Debug)]
pub struct Partial<T> {
    /// The results; failed items are empty.
    pub value: T,
    /// Why the lowest failed item failed; `None` when all are good.
    pub error: Option<Error>,
}

/// One batch on its way: the caller's options, and what has failed so far.
struct Job<'a> {
    run: &'a RunOptions<'a>,
    subject: Subject,
    /// Whether good items are delivered beside failed ones. If not, items behind a failed one need not run; every item
    /// before it still does, so that the error names the lowest on any number of threads.
    partial: bool,
    lowest: AtomicUsize,
    error: Mutex<Option<Error>>,
    cancelled: AtomicBool,
}

impl<'a> Job<'a> {
    fn new(run: &'a RunOptions<'a>, subject: Subject, partial: bool) -> Self {
        let (lowest, error, cancelled) = (AtomicUsize::new(usize::MAX), Mutex::default(), AtomicBool::new(false));
        Self { run, subject, partial, lowest, error, cancelled }
    }

    /// Blames `item`; returns its status.
    fn fail(&self, item: usize, error: Error) -> Status {
        let error = error.about(self.subject).with_item(item);
        let mut first = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_none_or(|known| known.item() > Some(item)) {
            *first = Some(error);
            self.lowest.fetch_min(item, Relaxed);
        }
        error.status()
    }

    /// The lowest item that failed.
    fn lowest(&self) -> Option<usize> {
        Some(self.lowest.load(Relaxed)).filter(|&item| item != usize::MAX)
    }

    /// Runs `codec` on item `item` of `bytes` input bytes, unless the batch is cancelled or has failed before it. `None` means
    /// that there is no result, and `status` then says why.
    fn item<T>(
        &self,
        tally: &mut Tally,
        (item, bytes): (usize, usize),
        mut status: Option<&mut Status>,
        codec: impl FnOnce() -> Result<T>,
    ) -> Option<T> {
        if !self.partial && item > self.lowest.load(Relaxed) {
            return None;
        }
        if self.cancels(item, status.as_deref_mut()) {
            return None;
        }
        let running = self.run.control.map(|control| control.enter(bytes));
        let result = self.timed(tally, codec);
        drop(running);
        tally.items += 1;
        tally.bytes_in += bytes as u64;
        match result {
            Ok(result) => Some(result),
            Err(error) => {
                self.report(status, self.fail(item, error));
                None
            }
        }
    }

    /// Runs `codec`, and counts how long it takes when somebody wants to know.
    #[inline]
    fn timed<T>(&self, tally: &mut Tally, codec: impl FnOnce() -> T) -> T {
        let started = self.run.stats.map(|_| Instant::now());
        let result = codec();
        tally.time(started);
        result
    }

    /// Whether nobody wants item `item` any more: the batch is cancelled, or fails because of one before it.
    fn is_over_before(&self, item: usize) -> bool {
        let cancelled = self.run.control.is_some_and(|control| control.is_cancelled());
        cancelled || (!self.partial && item > self.lowest.load(Relaxed))
    }

    /// Whether the batch is cancelled before item `item`, which then says so.
    #[inline]
    fn cancels(&self, item: usize, status: Option<&mut Status>) -> bool {
        let cancelled = self.run.control.is_some_and(|control| control.is_cancelled());
        if cancelled {
            self.cancel(item, status);
        }
        cancelled
    }

    #[cold]
    fn cancel(&self, item: usize, status: Option<&mut Status>) {
        self.cancelled.store(true, Relaxed);
        let cause = if self.partial { self.fail(item, Error::cancelled()) } else { Status::Cancelled };
        self.report(status, cause);
    }

    /// Counts an item that its headers or the limit of the batch refused: it is done too.
    fn count_refused(&self, bytes: usize) {
        drop(self.run.control.map(|control| control.enter(bytes)));
        if let Some(stats) = self.run.stats {
            stats.add(&Tally { items: 1, bytes_in: bytes as u64, ..Tally::default() });
        }
    }

    fn report(&self, place: Option<&mut Status>, status: Status) {
        if let Some(place) = place {
            *place = status;
        }
    }

    /// How the batch ended: an error of the call, or the lowest item's that the caller wants beside the good ones.
    fn end(self, workers: u32) -> Result<Option<Error>> {
        if let Some(stats) = self.run.stats {
            stats.saw_workers(workers);
        }
        if self.cancelled.into_inner() && !self.partial {
            return Err(Error::cancelled());
        }
        let error = self.error.into_inner().unwrap_or_else(PoisonError::into_inner);
        match error {
            Some(error) if !self.partial => Err(error),
            error => Ok(error),
        }
    }
}

/// What one thread has while it works on a batch. The context is an error where there was no memory for one: then each item
/// that it would have served fails, and the batch tells so.
struct Worker<'a, C: Context> {
    job: &'a Job<'a>,
    context: Result<CheckedOut<'a, C>>,
    tally: Tally,
}

impl<C: Context> Drop for Worker<'_, C> {
    fn drop(&mut self) {
        if let Some(stats) = self.job.run.stats {
            stats.add(&self.tally);
        }
    }
}

/// A result at the beginning of more memory.
struct Beginning {
    memory: Memory,
    size: usize,
}

impl AsRef<[u8]> for Beginning {
    fn as_ref(&self) -> &[u8] {
        &self.memory[..self.size]
    }
}

/// Asks for the bytes of an item that is a few items ahead of `item`, all of which are below `end`.
#[inline]
fn look_ahead<I: Items + ?Sized>(items: &I, item: usize, end: usize) {
    /// Enough for small items to arrive in time; large ones are worked on far longer than it takes to fetch the next.
    const ITEMS: usize = 4;
    if item + ITEMS < end {
        prefetch(items.get(item + ITEMS));
    }
}

/// The place for the status of the item `index` of a chunk, when the caller wants statuses.
fn status_at<'s>(statuses: &'s mut Option<&mut [Status]>, index: usize) -> Option<&'s mut Status> {
    statuses.as_deref_mut().map(|all| &mut all[index])
}

/// Takes the first `count` elements off a slice.
fn take<'a, T>(rest: &mut &'a mut [T], count: usize) -> &'a mut [T] {
    let (first, others) = std::mem::take(rest).split_at_mut(count);
    *rest = others;
    first
}

/// Checks that an array of the caller's has an entry for each of `count` items.
fn same_length<T>(array: Option<&[T]>, count: usize) -> Result<()> {
    match array {
        Some(array) if array.len() != count => Err(Error::lengths_differ()),
        _ => Ok(()),
    }
}

/// `count` copies of `value`, or an error when there is no memory for them.
fn filled<T: Clone>(value: T, count: usize) -> Result<Vec<T>> {
    let mut all = reserved(count)?;
    all.resize(count, value);
    Ok(all)
}
