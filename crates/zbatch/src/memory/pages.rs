//! Blocks of whole pages, as the system maps them: ordinary ones and huge ones.
#![expect(unsafe_code, reason = "maps and unmaps pages; every other file sees slices")]

use std::ptr::{self, NonNull};

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
    /// No pages.
    const NONE: Self = Self { start: NonNull::dangling(), mapped: 0, used: 0 };

    pub(super) fn new(size: usize) -> Option<Self> {
        Self::of(size, size, 0)
    }

    /// Pages all of which will be used: the last ones are a huge one too when they are most of it, because the rest of it costs
    /// less than it costs to touch so many ordinary pages.
    pub(super) fn to_fill(size: usize) -> Option<Self> {
        let last = size % HUGE_PAGE;
        Self::of(size, if last < MOST_OF_HUGE { size } else { (size - last).checked_add(HUGE_PAGE)? }, 0)
    }

    /// Pages of which perhaps little will be used: the first ones are ordinary, for a huge page is taken whole by its first
    /// byte.
    pub(super) fn beginning_small(size: usize) -> Option<Self> {
        Self::of(size, size, HUGE_PAGE)
    }

    /// `size` bytes of `mapped` ones, the first `small` of which are in ordinary pages.
    fn of(size: usize, mapped: usize, small: usize) -> Option<Self> {
        let mapped = mapped.checked_next_multiple_of(page_size())?;
        let mut pages = if mapped >= HUGE_PAGE { Self::map_huge(mapped, small)? } else { Self::map(mapped)? };
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
        if size >= self.used {
            return;
        }
        self.used = size;
        // One page always stays, so that the mapping is never empty.
        self.truncate_mapping(size.max(1).next_multiple_of(page_size()));
    }

    /// Bytes in use.
    pub(super) fn size(&self) -> usize {
        self.used
    }

    /// Bytes from the system, in use or not.
    pub(super) fn mapped(&self) -> usize {
        self.mapped
    }

    /// Puts the first `size` bytes in use, as many as are mapped at most.
    pub(super) fn set_size(&mut self, size: usize) {
        self.used = size.min(self.mapped);
    }

    pub(super) fn start(&self) -> *mut u8 {
        self.start.as_ptr()
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

impl Default for Pages {
    fn default() -> Self {
        Self::NONE
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        if self.mapped > 0 {
            // SAFETY: the mapping is ours and unmapped once.
            unsafe { libc::munmap(self.start.as_ptr().cast(), self.mapped) };
        }
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
        let most = MOST_OF_HUGE;
        for (size, mapped) in [(most, HUGE_PAGE), (HUGE_PAGE + most - (64 << 10), HUGE_PAGE + most - (64 << 10))] {
            assert_eq!(Pages::to_fill(size).unwrap().mapped, mapped);
        }
        assert!(Pages::to_fill(usize::MAX).is_none());
        let mut block = Pages::to_fill(HUGE_PAGE + most).unwrap();
        assert_eq!((block.mapped, block.bytes().len()), (2 * HUGE_PAGE, HUGE_PAGE + most));
        block.truncate(HUGE_PAGE + most);
        assert_eq!(block.mapped, 2 * HUGE_PAGE, "nothing was cut off");
        block.truncate(1);
        assert_eq!(block.mapped, page_size());
    }
}
