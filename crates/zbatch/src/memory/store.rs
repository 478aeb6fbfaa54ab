//! Freed blocks, kept for the next batch up to a small fixed amount: pages that were touched already cost nothing.

use super::pages::Pages;
use crate::process;
use std::mem::ManuallyDrop;
use std::sync::Mutex;

const MOST_RETAINED: usize = 64 << 20;
const MOST_BLOCKS: usize = 64;
const MOST_SMALL: usize = 16;

/// Never waited for: a call that finds the store in use maps or unmaps for itself, so that a thread that
/// held it at a `fork` cannot stop the child.
static STORE: Mutex<Store> = Mutex::new(Store::new());

struct Store {
    /// In the order in which they were freed.
    blocks: Vec<ManuallyDrop<Pages>>,
    small: Vec<Vec<u8>>,
    size: usize,
    generation: Option<u32>,
}

impl Store {
    const fn new() -> Self {
        Self { blocks: Vec::new(), small: Vec::new(), size: 0, generation: None }
    }

    /// The smallest block that holds `wanted` bytes and not many more.
    fn take(&mut self, wanted: usize) -> Option<Pages> {
        self.release_inherited();
        let fits = |pages: &Pages| pages.mapped() >= wanted && pages.mapped() / 2 <= wanted;
        let fitting = self.blocks.iter().enumerate().filter(|(_, pages)| fits(pages));
        let (index, _) = fitting.min_by_key(|(_, pages)| pages.mapped())?;
        let pages = ManuallyDrop::into_inner(self.blocks.remove(index));
        self.size -= pages.mapped();
        Some(pages)
    }

    /// Keeps a block in the place of those that were not wanted for longest, or returns it when it may not be kept. Blocks
    /// of sizes that no batch has any more would fill the store otherwise.
    fn keep(&mut self, pages: Pages) -> Option<Pages> {
        if pages.mapped() > MOST_RETAINED || !self.may_keep() || self.blocks.try_reserve(1).is_err() {
            return Some(pages);
        }
        while self.size > MOST_RETAINED - pages.mapped() || self.blocks.len() == MOST_BLOCKS {
            if self.blocks.is_empty() {
                return Some(pages);
            }
            let oldest = ManuallyDrop::into_inner(self.blocks.remove(0));
            self.size -= oldest.mapped();
            oldest.unmap();
        }
        self.size += pages.mapped();
        self.blocks.push(ManuallyDrop::new(pages));
        None
    }

    /// The last small block that was kept, if it holds `wanted` bytes and not many more.
    fn take_small(&mut self, wanted: usize) -> Option<Vec<u8>> {
        self.release_inherited();
        let fits = |bytes: &mut Vec<u8>| bytes.len() >= wanted && bytes.len() / 4 <= wanted;
        let bytes = self.small.pop_if(fits)?;
        self.size -= bytes.len();
        Some(bytes)
    }

    fn keep_small(&mut self, bytes: Vec<u8>) {
        let full = self.size + bytes.len() > MOST_RETAINED || self.small.len() == MOST_SMALL;
        if full || !self.may_keep() || self.small.try_reserve(1).is_err() {
            return;
        }
        self.size += bytes.len();
        self.small.push(bytes);
    }

    /// Whether this is the process that first kept a block, and not a child of it.
    fn may_keep(&mut self) -> bool {
        process::generation().is_some_and(|now| *self.generation.get_or_insert(now) == now)
    }

    fn release(&mut self) {
        self.size = 0;
        self.small.clear();
        for pages in self.blocks.drain(..) {
            ManuallyDrop::into_inner(pages).unmap();
        }
    }

    /// What a parent process kept is of no use to the child, and would be written to twice.
    fn release_inherited(&mut self) {
        if self.size > 0 && self.generation != process::generation() {
            self.release();
        }
    }
}

/// A block that holds `wanted` bytes and not many more.
pub(super) fn take(wanted: usize) -> Option<Pages> {
    STORE.try_lock().ok()?.take(wanted)
}

/// Keeps a block, or returns it when it may not be kept.
pub(super) fn keep(pages: Pages) -> Option<Pages> {
    match STORE.try_lock() {
        Ok(mut store) => store.keep(pages),
        Err(_) => Some(pages),
    }
}

pub(super) fn take_small(wanted: usize) -> Option<Vec<u8>> {
    STORE.try_lock().ok()?.take_small(wanted)
}

pub(super) fn keep_small(bytes: Vec<u8>) {
    if let Ok(mut store) = STORE.try_lock() {
        store.keep_small(bytes);
    }
}

pub(super) fn retained_size() -> usize {
    STORE.try_lock().map_or(0, |mut store| {
        store.release_inherited();
        store.size
    })
}

pub(super) fn release_retained() {
    if let Ok(mut store) = STORE.try_lock() {
        store.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_keeps_what_was_freed_last() {
        const MIB: usize = 1 << 20;
        let mut store = Store::new();
        let keep = |store: &mut Store, mib: usize| {
            let refused = store.keep(Pages::map(mib * MIB).unwrap());
            let sizes: Vec<usize> = store.blocks.iter().map(|pages| pages.mapped() / MIB).collect();
            assert_eq!(store.size / MIB, sizes.iter().sum::<usize>());
            (refused.map(Pages::unmap).is_none(), sizes)
        };
        assert_eq!(keep(&mut store, 30), (true, vec![30]));
        assert_eq!(keep(&mut store, 10), (true, vec![30, 10]));
        assert_eq!(keep(&mut store, 20), (true, vec![30, 10, 20]));
        // Used again, the first is no longer the oldest.
        let used = store.take(30 * MIB).unwrap();
        assert!(store.keep(used).is_none());
        assert_eq!(keep(&mut store, 25), (true, vec![30, 25]));
        assert_eq!(keep(&mut store, 65), (false, vec![30, 25]));
        (0..MOST_BLOCKS).for_each(|_| assert!(keep(&mut store, 1).0));
        assert_eq!(store.blocks.len(), MOST_BLOCKS);
        store.release();
        assert_eq!(store.size, 0);
    }
}
