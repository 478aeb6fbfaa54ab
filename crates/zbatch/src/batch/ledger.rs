//! The limit of a batch, where sizes are found out only as chunks come in.

use super::layout::within_memory;
use crate::memory::Memory;
use crate::segment::Segment;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Chunks of unknown size, charged to the limit of the batch in the order of the items though they come in any order.
///
/// While what has come in, with what is known before its highest item, exceeds the limit, that highest item is beyond it for
/// certain, whatever is still to come; so it is let go, and the next. What stays is within the limit, and once everything
/// before has come in, the lowest item let go is just the first that exceeds it.
pub(super) struct Ledger<'a> {
    pub(super) limit: u64,
    beyond: AtomicUsize,
    held: Mutex<Held<'a>>,
}

#[derive(Default)]
struct Held<'a> {
    size: u64,
    chunks: BTreeMap<usize, Grown<'a>>,
}

/// A chunk of its own buffer that has come in; `items` of its segments are still held.
pub(super) struct Grown<'a> {
    pub(super) known_before: u64,
    pub(super) memory: Memory,
    pub(super) items: usize,
    pub(super) segments: &'a mut [Segment],
}

impl<'a> Ledger<'a> {
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, beyond: AtomicUsize::new(usize::MAX), held: Mutex::default() }
    }

    /// Whether an item is known to exceed the limit with those before it.
    pub(super) fn is_beyond(&self, item: usize) -> bool {
        item >= self.beyond.load(Relaxed)
    }

    /// Takes note of an item that exceeds the limit for certain.
    pub(super) fn note(&self, item: usize) {
        self.beyond.fetch_min(item, Relaxed);
    }

    pub(super) fn enter(&self, first: usize, grown: Grown<'a>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Held { size, chunks } = &mut *held;
        *size += grown.memory.len() as u64;
        chunks.insert(first, grown);
        while let Some(mut last) = chunks.last_entry().filter(|last| *size + last.get().known_before > self.limit) {
            let first = *last.key();
            let chunk = last.get_mut();
            let Some(items) = chunk.items.checked_sub(1) else {
                last.remove();
                continue;
            };
            let segment = &mut chunk.segments[items];
            *size -= segment.length;
            segment.length = 0;
            chunk.items = items;
            let end = within_memory(segment.offset);
            chunk.memory.truncate(end);
            self.note(first + items);
        }
    }

    /// The chunks' buffers by their first item, and the first item beyond the limit.
    pub(super) fn close(self) -> (BTreeMap<usize, Memory>, Option<usize>) {
        let held = self.held.into_inner().unwrap_or_else(PoisonError::into_inner);
        let memory = held.chunks.into_iter().map(|(first, grown)| (first, grown.memory)).collect();
        (memory, Some(self.beyond.into_inner()).filter(|&item| item != usize::MAX))
    }
}
