//! Output memory. A batch writes each byte of its result once, into pages that the system gave us, and the first touch of
//! an ordinary page can cost as much as decompressing what goes there. So large blocks are mapped on huge pages, outputs
//! whose size is not known beforehand share such blocks one behind the other, and freed blocks are kept for the next batch,
//! up to a small fixed amount.
//!
//! Mapped pages begin as zeros and recycled ones hold bytes of ours: either way they are initialised, and so output memory
//! is a plain `&mut [u8]`. A recycled block holds *another batch's* bytes, which is why every byte of a result that no item
//! wrote is zeroed before anyone sees it (see `batch`).
#![expect(unsafe_code, reason = "maps and unmaps pages; every other file sees slices")]

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
    Pages(pages::Pages),
    #[cfg(unix)]
    Part(pages::Part),
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
            return pages::Pages::new(size).map(|pages| Self(Kind::Pages(pages))).ok_or(Error::no_memory());
        }
        Heap::new(size).map(|heap| Self(Kind::Heap(heap)))
    }

    /// A block of `size` bytes that will be filled to its end, or of `slack` more where they cost nothing to give back.
    pub(crate) fn to_fill(size: usize, slack: usize) -> Result<Self> {
        #[cfg(unix)]
        if size >= SMALLEST_MAPPING {
            return pages::Pages::to_fill(size).map(|pages| Self(Kind::Pages(pages))).ok_or(Error::no_memory());
        }
        Self::new(if size < SMALLEST_MAPPING - slack { size + slack } else { size })
    }

    /// Cuts the block to its first `size` bytes and gives the memory behind them back.
    pub(crate) fn truncate(&mut self, size: usize) {
        match &mut self.0 {
            Kind::Heap(heap) => heap.truncate(size),
            #[cfg(unix)]
            Kind::Pages(pages) => pages.truncate(size),
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
            Kind::Pages(pages) => pages.bytes(),
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
            Kind::Pages(pages) => pages.bytes_mut(),
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
            && let Some(bytes) = pages::take_small(size)
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
            pages::keep_small(std::mem::take(&mut self.bytes));
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
    block: Option<pages::Shared>,
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
                pages::Shared::new(self.block_size.min(left.max(Self::SMALLEST))).ok_or(Error::no_memory())?;
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

/// Which process this memory is of: the number changes in the child of every `fork`, which copies memory but not threads.
/// `None` when the system has no room to tell of forks.
pub(crate) fn generation() -> Option<u32> {
    #[cfg(unix)]
    return process::generation();
    #[cfg(not(unix))]
    return Some(0);
}

/// Runs `body`, which starts threads: they begin with every signal blocked, so that none of the program's handlers runs on
/// them. The calling thread's mask is as before when it returns.
pub(crate) fn without_signals<R>(body: impl FnOnce() -> R) -> R {
    #[cfg(unix)]
    let _restored_on_return = process::BlockedSignals::new();
    body()
}

#[cfg(unix)]
mod process {
    use std::mem::MaybeUninit;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

    static GENERATION: AtomicU32 = AtomicU32::new(0);
    static HOOKED: AtomicBool = AtomicBool::new(false);

    extern "C" fn in_child() {
        GENERATION.fetch_add(1, Relaxed);
    }

    pub(super) struct BlockedSignals(Option<libc::sigset_t>);

    impl BlockedSignals {
        pub(super) fn new() -> Self {
            let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
            // SAFETY: fills the set.
            unsafe { libc::sigfillset(all.as_mut_ptr()) };
            // SAFETY: reads the set that was just filled, and writes the mask that was.
            let failed = unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) };
            // SAFETY: written unless it failed.
            Self((failed == 0).then(|| unsafe { before.assume_init() }))
        }
    }

    impl Drop for BlockedSignals {
        fn drop(&mut self) {
            if let Some(before) = &self.0 {
                // SAFETY: the mask that this thread had.
                unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before, std::ptr::null_mut()) };
            }
        }
    }

    pub(super) fn generation() -> Option<u32> {
        // Two threads may both hook: then a fork counts twice, which tells as well that it happened.
        if !HOOKED.load(Relaxed) {
            // SAFETY: the hook is an atomic addition, and this library is never unloaded.
            let failed = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
            if failed != 0 {
                return None;
            }
            HOOKED.store(true, Relaxed);
        }
        Some(GENERATION.load(Relaxed))
    }
}

/// Bytes of freed output blocks that are kept for the next batch, 64 MiB at most. None are kept in a forked child.
pub fn retained_size() -> usize {
    #[cfg(unix)]
    return pages::retained_size();
    #[cfg(not(unix))]
    return 0;
}

/// Gives the blocks of [`retained_size`] back to the system.
pub fn release_retained() {
    #[cfg(unix)]
    pages::release_retained();
}

#[cfg(unix)]
mod pages {
    use super::generation;
    use std::mem::ManuallyDrop;
    use std::ptr::{self, NonNull};
    use std::sync::{Arc, Mutex};

    const HUGE_PAGE: usize = 2 << 20;
    const MOST_OF_HUGE: usize = HUGE_PAGE / 8 * 5;
    const MOST_RETAINED: usize = 64 << 20;
    const MOST_BLOCKS: usize = 64;
    const MOST_SMALL: usize = 16;

    /// Whole pages from the system; `bytes()` is the part of them that is in use.
    pub(super) struct Pages {
        start: NonNull<u8>,
        mapped: usize,
        used: usize,
    }

    // SAFETY: the mapping belongs to this value alone.
    unsafe impl Send for Pages {}
    // SAFETY: as above; shared access only reads.
    unsafe impl Sync for Pages {}

    impl Pages {
        pub(super) fn new(size: usize) -> Option<Self> {
            Self::of(size, size, 0)
        }

        /// Pages all of which will be used.
        pub(super) fn to_fill(size: usize) -> Option<Self> {
            Self::of(size, Self::filled(size)?, 0)
        }

        /// What to map for `size` bytes that will all be used: the last pages are a huge one too when they are most of it, because
        /// the rest of it costs less than it costs to touch so many ordinary pages.
        fn filled(size: usize) -> Option<usize> {
            let last = size % HUGE_PAGE;
            if last < MOST_OF_HUGE { Some(size) } else { (size - last).checked_add(HUGE_PAGE) }
        }

        /// `size` bytes in pages of which, when they are mapped afresh, there are `fresh` bytes. Of these the first `small` are
        /// ordinary ones, for blocks of which perhaps little will be used: a huge page is taken whole by its first byte.
        fn of(size: usize, fresh: usize, small: usize) -> Option<Self> {
            let page = page_size();
            let wanted = size.checked_next_multiple_of(page)?;
            let recycled = STORE.try_lock().ok().and_then(|mut store| store.take(wanted));
            let mut pages = match recycled {
                Some(pages) => pages,
                None if fresh >= HUGE_PAGE => Self::map_huge(fresh.checked_next_multiple_of(page)?, small)?,
                None => Self::map(wanted)?,
            };
            pages.used = size;
            Some(pages)
        }

        fn map(mapped: usize) -> Option<Self> {
            let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
            // SAFETY: asks for fresh pages anywhere; nothing of ours is replaced.
            let start = unsafe { libc::mmap(ptr::null_mut(), mapped, access, kind, -1, 0) };
            if start == libc::MAP_FAILED {
                return None;
            }
            Some(Self { start: NonNull::new(start.cast())?, mapped, used: 0 })
        }

        /// Maps `wanted` bytes that begin at a huge page and are huge pages but for the first `small` bytes. Where the system
        /// has none to give, they are ordinary pages.
        fn map_huge(wanted: usize, small: usize) -> Option<Self> {
            let mut pages = Self::map(wanted.checked_add(HUGE_PAGE)?)?;
            let skip = pages.start.as_ptr().align_offset(HUGE_PAGE);
            if skip > HUGE_PAGE {
                return Some(pages);
            }
            pages.unmap_front(skip);
            pages.truncate_mapping(wanted);
            #[cfg(target_os = "linux")]
            for (from, to, advice) in [(0, small, libc::MADV_NOHUGEPAGE), (small, pages.mapped, libc::MADV_HUGEPAGE)] {
                if from < to {
                    let start = pages.start.as_ptr().wrapping_add(from);
                    // SAFETY: the pages are ours; the advice changes no contents.
                    unsafe { libc::madvise(start.cast(), to - from, advice) };
                }
            }
            Some(pages)
        }

        fn unmap_front(&mut self, size: usize) {
            if size == 0 {
                return;
            }
            // SAFETY: the first 'size' bytes are whole pages of ours that nothing points into.
            unsafe { libc::munmap(self.start.as_ptr().cast(), size) };
            // SAFETY: 'size' is below 'mapped'.
            self.start = unsafe { self.start.add(size) };
            self.mapped -= size;
        }

        fn truncate_mapping(&mut self, size: usize) {
            if size >= self.mapped {
                return;
            }
            // SAFETY: 'size' is below 'mapped'.
            let tail = unsafe { self.start.add(size) };
            // SAFETY: whole pages of ours behind those in use; `&mut self` says that nothing points into them.
            unsafe { libc::munmap(tail.as_ptr().cast(), self.mapped - size) };
            self.mapped = size;
        }

        pub(super) fn truncate(&mut self, size: usize) {
            debug_assert!(size <= self.used);
            if size == self.used {
                return;
            }
            self.used = size;
            // One page always stays, so that the mapping is never empty.
            self.truncate_mapping(size.max(1).next_multiple_of(page_size()));
        }

        pub(super) fn bytes(&self) -> &[u8] {
            // SAFETY: 'used' bytes of ours, zeroed by the system or written by us.
            unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.used) }
        }

        pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
            // SAFETY: as above, and `&mut self` is the only way to them.
            unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.used) }
        }
    }

    impl Drop for Pages {
        fn drop(&mut self) {
            // The value that moves into the store has its own drop to run later: this one hands the mapping over.
            let pages = Self { start: self.start, mapped: self.mapped, used: 0 };
            let refused = match STORE.try_lock() {
                Ok(mut store) => store.keep(pages),
                Err(_) => Some(pages),
            };
            if let Some(pages) = refused {
                pages.unmap();
            }
        }
    }

    /// Pages that several outputs lie in, one behind the other.
    pub(super) struct Shared {
        pages: Arc<Pages>,
        end: usize,
    }

    impl Shared {
        pub(super) fn new(size: usize) -> Option<Self> {
            Pages::of(size, size, HUGE_PAGE).map(|pages| Self { pages: Arc::new(pages), end: 0 })
        }

        /// The next `size` bytes, or `None` when the block has not that many left.
        pub(super) fn part(&mut self, size: usize) -> Option<Part> {
            let end = self.end.checked_add(size).filter(|&end| end <= self.pages.used)?;
            let part = Part { pages: Arc::clone(&self.pages), offset: self.end, size, reserved: size };
            self.end = end;
            Some(part)
        }

        /// Takes back what was cut off `part`, if nothing lies behind it.
        pub(super) fn take_back(&mut self, part: &mut Part) {
            if Arc::ptr_eq(&self.pages, &part.pages) && part.offset + part.reserved == self.end {
                part.reserved = part.size;
                self.end = part.offset + part.size;
            }
        }
    }

    /// One output in shared pages: `size` bytes of the `reserved` ones that are its own. No two overlap, for each is reserved
    /// behind the one before.
    pub(super) struct Part {
        pages: Arc<Pages>,
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
            unsafe { self.pages.start.as_ptr().add(self.offset) }
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

    impl Pages {
        fn unmap(self) {
            let this = ManuallyDrop::new(self);
            // SAFETY: the mapping is ours and unmapped once.
            unsafe { libc::munmap(this.start.as_ptr().cast(), this.mapped) };
        }
    }

    /// Freed blocks. Never waited for: a call that finds the store in use maps or unmaps for itself, so that a thread that
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
            let fits = |pages: &Pages| pages.mapped >= wanted && pages.mapped / 2 <= wanted;
            let fitting = self.blocks.iter().enumerate().filter(|(_, pages)| fits(pages));
            let (index, _) = fitting.min_by_key(|(_, pages)| pages.mapped)?;
            let pages = ManuallyDrop::into_inner(self.blocks.remove(index));
            self.size -= pages.mapped;
            Some(pages)
        }

        /// Keeps a block in the place of those that were not wanted for longest, or returns it when it may not be kept. Blocks
        /// of sizes that no batch has any more would fill the store otherwise.
        fn keep(&mut self, pages: Pages) -> Option<Pages> {
            if pages.mapped > MOST_RETAINED || !self.may_keep() || self.blocks.try_reserve(1).is_err() {
                return Some(pages);
            }
            while self.size > MOST_RETAINED - pages.mapped || self.blocks.len() == MOST_BLOCKS {
                if self.blocks.is_empty() {
                    return Some(pages);
                }
                let oldest = ManuallyDrop::into_inner(self.blocks.remove(0));
                self.size -= oldest.mapped;
                oldest.unmap();
            }
            self.size += pages.mapped;
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
            generation().is_some_and(|now| *self.generation.get_or_insert(now) == now)
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
            if self.size > 0 && self.generation != generation() {
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

    fn page_size() -> usize {
        // SAFETY: takes a number.
        usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(64 << 10)
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
                let sizes: Vec<usize> = store.blocks.iter().map(|pages| pages.mapped / MIB).collect();
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

        #[test]
        fn blocks_to_fill_end_with_a_huge_page_when_it_is_mostly_used() {
            let (few, most) = (MOST_OF_HUGE - 1, MOST_OF_HUGE);
            assert_eq!([few, most].map(Pages::filled), [Some(few), Some(HUGE_PAGE)]);
            assert_eq!(
                [few, most].map(|last| Pages::filled(HUGE_PAGE + last)),
                [Some(HUGE_PAGE + few), Some(2 * HUGE_PAGE)]
            );
            assert_eq!(Pages::filled(usize::MAX), None);
            // Of a size that nothing else here has, and so of fresh pages.
            let mut block = Pages::to_fill(70 * HUGE_PAGE + most).unwrap();
            assert_eq!((block.mapped, block.bytes().len()), (71 * HUGE_PAGE, 70 * HUGE_PAGE + most));
            block.truncate(70 * HUGE_PAGE + most);
            assert_eq!(block.mapped, 71 * HUGE_PAGE, "nothing was cut off");
            block.truncate(1);
            assert_eq!(block.mapped, page_size());
        }
    }
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
