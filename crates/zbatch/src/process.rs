//! Threads and forks: what the library must know of the process that it runs in.
#![expect(unsafe_code, reason = "asks the system to tell of forks, and blocks signals; every other file sees numbers")]

/// Which process this is: the number changes in the child of every `fork`, which copies memory but not threads.
/// `None` when the system has no room to tell of forks.
pub(crate) fn generation() -> Option<u32> {
    #[cfg(unix)]
    return unix::generation();
    #[cfg(not(unix))]
    return Some(0);
}

/// Runs `body`, which starts threads: they begin with every signal blocked, so that none of the program's handlers runs on
/// them. The calling thread's mask is as before when it returns.
pub(crate) fn without_signals<R>(body: impl FnOnce() -> R) -> R {
    #[cfg(unix)]
    let _restored_on_return = unix::BlockedSignals::new();
    body()
}

#[cfg(unix)]
mod unix {
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
