//! Outputs that share a block, one behind the other: each its own slice of it, which ends where its last byte is.
#![expect(unsafe_code, reason = "gives each output its own part of a block; every other file sees slices")]

use super::store::Block;
use std::sync::Arc;

/// A block that several outputs lie in.
pub(super) struct Shared {
    block: Arc<Block>,
    end: usize,
}

impl Shared {
    pub(super) fn new(size: usize) -> Option<Self> {
        Block::beginning_small(size).map(|block| Self { block: Arc::new(block), end: 0 })
    }

    /// The next `size` bytes, or `None` when the block has not that many left.
    pub(super) fn part(&mut self, size: usize) -> Option<Part> {
        let end = self.end.checked_add(size).filter(|&end| end <= self.block.size())?;
        let part = Part { block: Arc::clone(&self.block), offset: self.end, size, reserved: size };
        self.end = end;
        Some(part)
    }

    /// Takes back what was cut off `part`, if nothing lies behind it.
    pub(super) fn take_back(&mut self, part: &mut Part) {
        if Arc::ptr_eq(&self.block, &part.block) && part.offset + part.reserved == self.end {
            part.reserved = part.size;
            self.end = part.offset + part.size;
        }
    }
}

/// One output in shared pages: `size` bytes of the `reserved` ones that are its own. No two overlap, for each is reserved
/// behind the one before.
pub(super) struct Part {
    block: Arc<Block>,
    offset: usize,
    size: usize,
    reserved: usize,
}

impl Part {
    pub(super) fn truncate(&mut self, size: usize) {
        self.size = self.size.min(size);
    }

    fn start(&self) -> *mut u8 {
        // SAFETY: a part lies within the pages that are in use.
        unsafe { self.block.start().add(self.offset) }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: bytes of this part alone, zeroed by the system or written by us.
        unsafe { std::slice::from_raw_parts(self.start(), self.size) }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and `&mut self` is the only way to them.
        unsafe { std::slice::from_raw_parts_mut(self.start(), self.size) }
    }
}
