//! What the system knows: memory, faults, sleeps, and what kind of machine this is.

use std::fs;
use std::hint::black_box;
use std::io;
use std::ops::{Deref, DerefMut};

/// Memory straight from the system, never touched, so that using it costs its page faults. The allocator would give back what
/// was used before.
pub struct Fresh {
    start: *mut u8,
    size: usize,
}

// SAFETY: the memory is private to its owner.
unsafe impl Send for Fresh {}

impl Fresh {
    pub fn new(size: usize) -> Self {
        let size = size.max(1);
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: asks for new pages, wherever there is room.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), size, protection, flags, -1, 0) };
        assert_ne!(start, libc::MAP_FAILED, "{}", io::Error::last_os_error());
        Self { start: start.cast(), size }
    }

    /// Asks for huge pages, where the system has them.
    pub fn on_huge_pages(&mut self) {
        #[cfg(target_os = "linux")]
        // SAFETY: advice about our own mapping, which changes no byte of it.
        unsafe {
            libc::madvise(self.start.cast(), self.size, libc::MADV_HUGEPAGE)
        };
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // SAFETY: our mapping, ended once.
        unsafe { libc::munmap(self.start.cast(), self.size) };
    }
}

impl Deref for Fresh {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the mapping is ours, readable, and zero where nothing was written.
        unsafe { std::slice::from_raw_parts(self.start, self.size) }
    }
}

impl DerefMut for Fresh {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and writable.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.size) }
    }
}

/// Memory that was touched before.
pub fn touched(size: usize) -> Vec<u8> {
    vec![1; size]
}

/// Reads so much memory that what was in the CPU's caches is not there any more.
pub struct Evictor(Vec<u8>);

impl Evictor {
    pub fn new() -> Self {
        Self(touched(64 << 20))
    }

    pub fn evict(&self) {
        black_box(self.0.iter().step_by(64).fold(0u8, |sum, byte| sum ^ byte));
    }
}

/// What this process has cost so far.
#[derive(Clone, Copy)]
pub struct Usage {
    pub faults: i64,
    /// Times that a thread went to sleep, and so had to be woken.
    pub sleeps: i64,
    /// Times that a thread lost its CPU to another.
    pub preemptions: i64,
}

impl Usage {
    pub fn now() -> Self {
        // SAFETY: plain numbers, for which zero is a value.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: writes one struct.
        let failed = unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
        assert_eq!(failed, 0);
        Self { faults: usage.ru_minflt, sleeps: usage.ru_nvcsw, preemptions: usage.ru_nivcsw }
    }
}

/// The peak of resident memory from here on.
pub struct Peak {
    before: usize,
}

impl Peak {
    /// `None` where the system does not let a process set its peak back.
    pub fn start() -> Option<Self> {
        // SAFETY: takes a number; gives memory that was freed back to the system, so that it does not hide what comes.
        #[cfg(target_env = "gnu")]
        unsafe {
            libc::malloc_trim(0)
        };
        fs::write("/proc/self/clear_refs", "5").ok()?;
        let (before, peak) = (status("VmRSS:")?, status("VmHWM:")?);
        (peak <= before + (1 << 20)).then_some(Self { before })
    }

    /// Bytes by which it rose.
    pub fn rose(self) -> usize {
        status("VmHWM:").unwrap_or(0).saturating_sub(self.before)
    }
}

/// An entry of /proc/self/status, in bytes.
fn status(name: &str) -> Option<usize> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.checked_mul(1024)
}

/// Whether transparent huge pages are allowed, in the kernel's words: "always", "madvise" or "never".
pub fn huge_pages() -> String {
    let text = fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").unwrap_or_default();
    let chosen = text.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    chosen.map_or("unknown", |(chosen, _)| chosen).to_owned()
}

pub fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// One line about the machine.
pub fn describe() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown CPU", |(_, model)| model.trim());
    let cache = |index: usize| {
        let size = fs::read_to_string(format!("/sys/devices/system/cpu/cpu0/cache/index{index}/size"));
        size.map_or("?".to_owned(), |size| size.trim().to_owned())
    };
    let (l2, l3, pages) = (cache(2), cache(3), huge_pages());
    format!("{} x {model}, L2 {l2}, L3 {l3}, transparent huge pages: {pages}", cpus())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_sees_what_was_touched_and_freed() {
        let Some(peak) = Peak::start() else { return };
        let mut memory = Fresh::new(512 << 20);
        memory[..256 << 20].fill(1);
        drop(black_box(memory));
        let rose = peak.rose();
        // The other tests take and free some megabytes meanwhile.
        assert!((200 << 20..400 << 20).contains(&rose), "{rose}");
    }

    #[test]
    fn fresh_memory_costs_faults() {
        let before = Usage::now().faults;
        let mut memory = Fresh::new(8 << 20);
        assert!(memory.iter().step_by(4096).all(|&byte| byte == 0));
        memory.fill(1);
        black_box(&memory);
        assert!(Usage::now().faults > before);
    }
}
