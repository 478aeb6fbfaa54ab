//! Blocks of whole pages, as the system maps them: ordinary ones and huge ones.
#![expect(unsafe_code, reason = "maps and unmaps pages; every other file sees slices")]

use super::store;
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};
use std::sync::Arc;

const HUGE_PAGE: usize = 2 << 20;
const MOST_OF_HUGE: usize = HUGE_PAGE / 8 * 5;

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
        let mut pages = match store::take(wanted) {
            Some(pages) => pages,
            None if fresh >= HUGE_PAGE => Self::map_huge(fresh.checked_next_multiple_of(page)?, small)?,
            None => Self::map(wanted)?,
        };
        pages.used = size;
        Some(pages)
    }

    pub(super) fn map(mapped: usize) -> Option<Self> {
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

    /// Bytes from the system, in use or not.
    pub(super) fn mapped(&self) -> usize {
        self.mapped
    }

    pub(super) fn unmap(self) {
        let this = ManuallyDrop::new(self);
        // SAFETY: the mapping is ours and unmapped once.
        unsafe { libc::munmap(this.start.as_ptr().cast(), this.mapped) };
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
        if let Some(pages) = store::keep(pages) {
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

fn page_size() -> usize {
    // SAFETY: takes a number.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(64 << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

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
