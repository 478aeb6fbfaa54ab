//! Freed blocks, kept for the next batch up to a small fixed amount: pages that were touched already cost nothing.

use super::pages::Pages;
use crate::process;
use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

const MOST_RETAINED: usize = 64 << 20;
const MOST_BLOCKS: usize = 64;
const MOST_SMALL: usize = 16;

/// Pages that come from the store, if it has some that fit, and go back there.
pub(super) struct Block(Pages);

impl Block {
    pub(super) fn new(size: usize) -> Option<Self> {
        Self::recycled_or(size, Pages::new)
    }

    /// A block that will be used to its end.
    pub(super) fn to_fill(size: usize) -> Option<Self> {
        Self::recycled_or(size, Pages::to_fill)
    }

    /// A block of which perhaps little will be used.
    pub(super) fn beginning_small(size: usize) -> Option<Self> {
        Self::recycled_or(size, Pages::beginning_small)
    }

    /// What is kept here may be what the system is short of.
    fn recycled_or(size: usize, map: fn(usize) -> Option<Pages>) -> Option<Self> {
        let without_the_store = || {
            release_retained();
            map(size)
        };
        Self::recycled(size).or_else(|| map(size).or_else(without_the_store).map(Self))
    }

    fn recycled(size: usize) -> Option<Self> {
        let mut pages = STORE.try_lock().ok()?.take(size)?;
        pages.set_size(size);
        Some(Self(pages))
    }
}

impl Deref for Block {
    type Target = Pages;

    fn deref(&self) -> &Pages {
        &self.0
    }
}

impl DerefMut for Block {
    fn deref_mut(&mut self) -> &mut Pages {
        &mut self.0
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if let Ok(mut store) = STORE.try_lock() {
            store.keep(mem::take(&mut self.0));
        }
    }
}

/// Never waited for: a call that finds the store in use maps or unmaps for itself, so that a thread that
/// held it at a `fork` cannot stop the child.
static STORE: Mutex<Store> = Mutex::new(Store::new());

struct Store {
    /// In the order in which they were freed.
    blocks: Vec<Pages>,
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
        let pages = self.blocks.remove(index);
        self.size -= pages.mapped();
        Some(pages)
    }

    /// Keeps a block, if that may be, in the place of those that were not wanted for longest. Blocks of sizes that no batch has
    /// any more would fill the store otherwise.
    fn keep(&mut self, pages: Pages) {
        let small: usize = self.small.iter().map(Vec::len).sum();
        if pages.mapped() > MOST_RETAINED - small || !self.may_keep() || self.blocks.try_reserve(1).is_err() {
            return;
        }
        while self.size > MOST_RETAINED - pages.mapped() || self.blocks.len() == MOST_BLOCKS {
            self.size -= self.blocks.remove(0).mapped();
        }
        self.size += pages.mapped();
        self.blocks.push(pages);
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
        self.blocks.clear();
    }

    /// What a parent process kept is of no use to the child, and would be written to twice.
    fn release_inherited(&mut self) {
        if self.size > 0 && self.generation != process::generation() {
            self.release();
        }
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
        const SMALL: usize = 2 << 10;
        let mut store = Store::new();
        let keep = |store: &mut Store, mib: usize| -> Vec<usize> {
            store.keep(Pages::new(mib * MIB).unwrap());
            let sizes = store.blocks.iter().map(|pages| pages.mapped() / MIB).collect();
            let small: usize = store.small.iter().map(Vec::len).sum();
            assert_eq!(store.size, small + store.blocks.iter().map(Pages::mapped).sum::<usize>());
            sizes
        };
        assert_eq!(keep(&mut store, 30), [30]);
        assert_eq!(keep(&mut store, 10), [30, 10]);
        assert_eq!(keep(&mut store, 20), [30, 10, 20]);
        // Used again, the first is no longer the oldest.
        let used = store.take(30 * MIB).unwrap();
        store.keep(used);
        assert_eq!(keep(&mut store, 25), [30, 25]);
        assert_eq!(keep(&mut store, 65), [30, 25], "larger than the store");
        store.keep_small(vec![0; SMALL]);
        assert_eq!(keep(&mut store, 64), [30, 25], "larger than the store beside small blocks");
        store.take_small(SMALL).unwrap();
        (0..MOST_BLOCKS).for_each(|_| assert_eq!(keep(&mut store, 1).last(), Some(&1)));
        assert_eq!(store.blocks.len(), MOST_BLOCKS);
        store.release();
        assert_eq!(store.size, 0);
    }
}
