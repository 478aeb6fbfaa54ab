//! Output memory. A batch writes each byte of its result once, into pages that the system gave us, and the first touch of
//! an ordinary page can cost as much as decompressing what goes there. So large blocks are mapped on huge pages, outputs
//! whose size is not known beforehand share such blocks one behind the other, and freed blocks are kept for the next batch,
//! up to a small fixed amount.
//!
//! Mapped pages begin as zeros and recycled ones hold bytes of ours: either way they are initialised, and so output memory
//! is a plain `&mut [u8]`. A recycled block holds *another batch's* bytes, which is why every byte of a result that no item
//! wrote is zeroed before anyone sees it (see `batch`).
#![expect(unsafe_code, reason = "asks for memory to be fetched; every other file sees slices")]

#[cfg(unix)]
mod pages;
#[cfg(unix)]
mod parts;
#[cfg(unix)]
mod store;

use crate::error::{Error, Result};
use std::ops::{Deref, DerefMut};

/// Smaller blocks come from the ordinary allocator: zeroing them is cheaper than a system call.
const SMALLEST_MAPPING: usize = 64 << 10;
/// Still smaller ones are not worth keeping.
const SMALLEST_KEPT: usize = 1 << 10;

/// An empty vector with room for `count` elements, or an error when there is no memory for them.
pub(crate) fn reserved<T>(count: usize) -> Result<Vec<T>> {
    let mut all = Vec::new();
    all.try_reserve_exact(count).map_err(|_| Error::no_memory())?;
    Ok(all)
}

/// A copy of `all`, or an error when there is no memory for it.
pub(crate) fn copied<T: Copy>(all: &[T]) -> Result<Vec<T>> {
    let mut copy = reserved(all.len())?;
    copy.extend_from_slice(all);
    Ok(copy)
}

/// Asks for the beginning of `bytes` to be in the caches soon. Items that lie all over the memory are waited for otherwise, one
/// after the other; where neighbours lie side by side the processor guesses as much.
#[inline(always)]
pub(crate) fn prefetch(bytes: &[u8]) {
    #[cfg(target_arch = "x86_64")]
    for line in bytes.chunks(64).take(4) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: nothing is read, and no address can fault.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = bytes;
}

/// A block of output memory. All of it is initialised; see above for what it holds.
pub(crate) struct Memory(Kind);

enum Kind {
    Heap(Heap),
    #[cfg(unix)]
    Block(store::Block),
    #[cfg(unix)]
    Part(parts::Part),
}

impl Memory {
    /// A block of no bytes.
    pub(crate) const fn empty() -> Self {
        Self(Kind::Heap(Heap { bytes: Vec::new(), used: 0 }))
    }

    /// A block of `size` bytes.
    pub(crate) fn new(size: usize) -> Result<Self> {
        #[cfg(unix)]
        if size >= SMALLEST_MAPPING {
            return store::Block::new(size).map(|block| Self(Kind::Block(block))).ok_or(Error::no_memory());
        }
        Heap::new(size).map(|heap| Self(Kind::Heap(heap)))
    }

    /// A block of `size` bytes that will be filled to its end, or of `slack` more where they cost nothing to give back.
    pub(crate) fn to_fill(size: usize, slack: usize) -> Result<Self> {
        #[cfg(unix)]
        if size >= SMALLEST_MAPPING {
            return store::Block::to_fill(size).map(|block| Self(Kind::Block(block))).ok_or(Error::no_memory());
        }
        Self::new(if size < SMALLEST_MAPPING - slack { size + slack } else { size })
    }

    /// Cuts the block to its first `size` bytes and gives the memory behind them back.
    pub(crate) fn truncate(&mut self, size: usize) {
        match &mut self.0 {
            Kind::Heap(heap) => heap.truncate(size),
            #[cfg(unix)]
            Kind::Block(block) => block.truncate(size),
            #[cfg(unix)]
            Kind::Part(part) => part.truncate(size),
        }
    }

    /// Makes the block `size` bytes long, keeping what it holds; at most one other block is alive meanwhile.
    pub(crate) fn grow(&mut self, size: usize) -> Result<()> {
        let mut larger = Self::new(size)?;
        larger[..self.len()].copy_from_slice(self);
        *self = larger;
        Ok(())
    }
}

impl Deref for Memory {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Kind::Heap(heap) => &heap.bytes[..heap.used],
            #[cfg(unix)]
            Kind::Block(block) => block.bytes(),
            #[cfg(unix)]
            Kind::Part(part) => part.bytes(),
        }
    }
}

impl DerefMut for Memory {
    fn deref_mut(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Kind::Heap(heap) => &mut heap.bytes[..heap.used],
            #[cfg(unix)]
            Kind::Block(block) => block.bytes_mut(),
            #[cfg(unix)]
            Kind::Part(part) => part.bytes_mut(),
        }
    }
}

impl AsRef<[u8]> for Memory {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// A small block: `used` bytes of initialised ones.
struct Heap {
    bytes: Vec<u8>,
    used: usize,
}

impl Heap {
    fn new(size: usize) -> Result<Self> {
        #[cfg(unix)]
        if size >= SMALLEST_KEPT
            && let Some(bytes) = store::take_small(size)
        {
            return Ok(Self { bytes, used: size });
        }
        let mut bytes = reserved(size)?;
        bytes.resize(size, 0);
        Ok(Self { bytes, used: size })
    }

    fn truncate(&mut self, size: usize) {
        /// Less than this is not worth moving the rest for.
        const WORTH_GIVING_BACK: usize = 4 << 10;
        self.used = self.used.min(size);
        if self.bytes.len() - self.used > WORTH_GIVING_BACK {
            self.bytes.truncate(self.used);
            self.bytes.shrink_to_fit();
        }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        #[cfg(unix)]
        if self.bytes.len() >= SMALLEST_KEPT {
            store::keep_small(std::mem::take(&mut self.bytes));
        }
    }
}

/// Where one worker's outputs of unknown size go, one behind the other in large blocks, each ending where its last byte is.
pub(crate) struct Arena {
    /// Bytes that a new block has, or 0 when a batch is too small to share blocks.
    block_size: usize,
    /// Bytes that the outputs to come have at most, roughly: no block need be larger.
    left: usize,
    #[cfg(unix)]
    block: Option<parts::Shared>,
}

impl Arena {
    /// Large enough that what is left over at the end of a block, less than one output, is a small part of it.
    const BLOCK: usize = 32 << 20;
    /// Below this, blocks are not worth sharing.
    const SMALLEST: usize = 1 << 20;

    /// For a worker of a batch whose outputs have at most about `total` bytes.
    pub(crate) fn new(total: usize) -> Self {
        let block_size = if total < Self::SMALLEST { 0 } else { total.min(Self::BLOCK) };
        #[cfg(unix)]
        return Self { block_size, left: total, block: None };
        #[cfg(not(unix))]
        return Self { block_size, left: total };
    }

    /// Room for one output of at most `size` bytes.
    pub(crate) fn room(&mut self, size: usize) -> Result<Memory> {
        let left = self.left.max(size);
        self.left = left - size;
        #[cfg(unix)]
        if size <= self.block_size / 2 {
            if let Some(part) = self.block.as_mut().and_then(|block| block.part(size)) {
                return Ok(Memory(Kind::Part(part)));
            }
            let mut block =
                parts::Shared::new(self.block_size.min(left.max(Self::SMALLEST))).ok_or(Error::no_memory())?;
            let part = block.part(size).ok_or(Error::no_memory())?;
            self.block = Some(block);
            return Ok(Memory(Kind::Part(part)));
        }
        Memory::new(size)
    }

    /// Cuts the output that was last given room to its first `size` bytes; the next one begins there.
    pub(crate) fn settle(&mut self, output: &mut Memory, size: usize) {
        output.truncate(size);
        #[cfg(unix)]
        if let (Kind::Part(part), Some(block)) = (&mut output.0, &mut self.block) {
            block.take_back(part);
        }
    }
}

/// Bytes of freed output blocks that are kept for the next batch, 64 MiB at most. None are kept in a forked child.
pub fn retained_size() -> usize {
    #[cfg(unix)]
    return store::retained_size();
    #[cfg(not(unix))]
    return 0;
}

/// Gives the blocks of [`retained_size`] back to the system.
pub fn release_retained() {
    #[cfg(unix)]
    store::release_retained();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_in_an_arena_do_not_overlap() {
        let mut arena = Arena::new(8 << 20);
        let mut outputs = Vec::new();
        for i in 0..100u8 {
            let mut output = arena.room(100_000).unwrap();
            output.fill(i);
            arena.settle(&mut output, 50_000 + usize::from(i) * 100);
            outputs.push(output);
            // Settled once and no longer the last, an output keeps its place.
            let early = usize::from(i / 2);
            let size = outputs[early].len();
            arena.settle(&mut outputs[early], size);
        }
        assert!(outputs.iter().zip(0..).all(|(output, i)| output.iter().all(|&byte| byte == i)));
    }

    #[test]
    fn blocks_hold_what_was_written_through_growth_and_cuts() {
        for size in [0, 1, SMALLEST_MAPPING - 1, SMALLEST_MAPPING, 5 << 20] {
            let mut block = Memory::new(size).unwrap();
            assert_eq!(block.len(), size);
            block.fill(7);
            block.grow(size + 100_000).unwrap();
            assert_eq!(block.len(), size + 100_000);
            assert!(block[..size].iter().all(|&b| b == 7));
            block.truncate(size / 2);
            assert_eq!(block.len(), size / 2);
            assert!(block.iter().all(|&b| b == 7));
        }
        assert!(retained_size() <= 64 << 20);
        assert_eq!(Memory::new(usize::MAX / 2).err().map(|e| e.status()), Some(crate::Status::NoMemory));
    }
}
