//! How a batch runs

use zbatch::{Control, Error, RunOptions, Stats, Status};

use crate::border::{Call, Fields, Grows};
use crate::control::zbatch_control;

/// Decode and compare every frame just made: a difference, which only broken
/// memory or a bug can cause, is ZBATCH_ERROR_INTERNAL.  Batches that
/// decompress ignore it.
pub const ZBATCH_RUN_VERIFY: u32 = 1;

/// What one batch call did.  See STRUCTS THAT GROW above: set struct_size, the
/// call writes the rest.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct zbatch_run_stats {
    /// sizeof(zbatch_run_stats).
    pub struct_size: usize,
    /// Items that are done, failed and refused ones included: all, unless the
    /// call failed as a whole or was cancelled.
    pub items: u64,
    /// Bytes of input of those items.
    pub bytes_in: u64,
    /// Bytes that they became.
    pub bytes_out: u64,
    /// Nanoseconds inside libzstd, added up over all threads.
    pub codec_nanoseconds: u64,
    /// Threads that took part; a cancel may have left one nothing to do.
    pub workers: u32,
    /// 0.
    pub reserved: u32,
}

// SAFETY: integers without padding, struct_size first.
unsafe impl Grows for zbatch_run_stats {}

/// How one batch call runs.  The calls only read it, so one struct may serve
/// many calls and threads, at once as long as its 'stats' is NULL; NULL in the
/// place of the struct is all defaults.  All zero is the default; see STRUCTS
/// THAT GROW above.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct zbatch_run_options {
    /// sizeof(zbatch_run_options).
    pub struct_size: usize,
    /// Threads that may work, the calling one among them.  0: zbatch chooses,
    /// and a small batch stays on the calling thread.  1: the calling thread
    /// alone.  n: at most n.  Negative: one for every CPU that this process may
    /// use, by its affinity and its cgroup's quota at its first batch.
    pub threads: i32,
    /// 0 or ZBATCH_RUN_VERIFY.
    pub flags: u32,
    /// Where to report progress and look for a cancel, or NULL.
    pub control: *mut zbatch_control,
    /// Where the call writes what it did, failed or not, or NULL.
    pub stats: *mut zbatch_run_stats,
}

// SAFETY: integers and addresses without padding, struct_size first.
unsafe impl Grows for zbatch_run_options {}

/// zbatch_run_stats_init() sets the 'struct_size' bytes at 'stats' to the
/// defaults.  Call it with sizeof(zbatch_run_stats).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_run_stats_init(stats: *mut zbatch_run_stats, struct_size: usize) {
    // SAFETY: OUTPUTS: 'struct_size' bytes.
    unsafe { Call::new() }.init(stats, struct_size);
}

/// zbatch_run_options_init() sets the 'struct_size' bytes at 'options' to the
/// defaults.  Call it with sizeof(zbatch_run_options).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_run_options_init(options: *mut zbatch_run_options, struct_size: usize) {
    // SAFETY: OUTPUTS: 'struct_size' bytes.
    unsafe { Call::new() }.init(options, struct_size);
}

const UNKNOWN_FLAG: Error =
    Error::new(Status::Unsupported, "a flag of the run options is set that this version does not know");

/// The run options of one call. Their stats are written when it ends, however it does.
pub(crate) struct Run<'c> {
    threads: i32,
    verify: bool,
    control: Option<&'c Control>,
    report: Option<(Stats, Fields<'c, zbatch_run_stats>)>,
}

impl<'c> Run<'c> {
    pub(crate) fn new(call: &'c Call, options: *const zbatch_run_options) -> Result<Run<'c>, Error> {
        let (options, rest) =
            if options.is_null() { (zbatch_run_options::default(), Ok(())) } else { call.known(options)? };
        let report = if options.stats.is_null() {
            None
        } else {
            let mut fields = call.fields(options.stats)?;
            fields.store(&zbatch_run_stats::default());
            Some((Stats::default(), fields))
        };
        rest?;
        if options.flags & !ZBATCH_RUN_VERIFY != 0 {
            return Err(UNKNOWN_FLAG);
        }
        let control = call.optional(options.control.cast_const())?;
        Ok(Run {
            threads: options.threads,
            verify: options.flags & ZBATCH_RUN_VERIFY != 0,
            control: control.map(|control| &control.core),
            report,
        })
    }

    pub(crate) fn options(&self) -> RunOptions<'_> {
        RunOptions {
            threads: self.threads,
            verify: self.verify,
            control: self.control,
            stats: self.report.as_ref().map(|(stats, _)| stats),
        }
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if let Some((stats, fields)) = &mut self.report {
            fields.store(&zbatch_run_stats {
                items: stats.items(),
                bytes_in: stats.bytes_in(),
                bytes_out: stats.bytes_out(),
                codec_nanoseconds: stats.codec_nanoseconds(),
                workers: stats.workers(),
                ..zbatch_run_stats::default()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u64]) -> Result<zbatch_run_options, Status> {
        // SAFETY: the bytes are as many as their struct_size says, at the least.
        let call = unsafe { Call::new() };
        call.options(bytes.as_ptr().cast::<zbatch_run_options>()).map_err(|e| e.status())
    }

    #[test]
    fn options_of_an_older_and_a_newer_program() {
        let threads = u64::from_ne_bytes([7u32.to_ne_bytes(), [0; 4]].concat().try_into().unwrap());
        assert_eq!(of(&[8]).unwrap().threads, 0);
        assert_eq!(of(&[16, threads]).unwrap().threads, 7);
        assert_eq!(of(&[40, threads, 0, 0, 0]).unwrap().threads, 7);
        assert_eq!(of(&[40, threads, 0, 0, 1]).err(), Some(Status::Unsupported));
        assert_eq!(of(&[0]).err(), Some(Status::InvalidArgument));
        assert_eq!(of(&[7]).err(), Some(Status::InvalidArgument));
        assert_eq!(of(&[u64::MAX]).err(), Some(Status::InvalidArgument));
    }

    #[test]
    fn stats_are_written_as_far_as_the_caller_knows_them() {
        for size in [24usize, 48, 64] {
            let mut memory = [u64::MAX; 9];
            memory[0] = size as u64;
            let stats = memory.as_mut_ptr().cast();
            let options = zbatch_run_options {
                struct_size: size_of::<zbatch_run_options>(),
                stats,
                ..zbatch_run_options::default()
            };
            // SAFETY: 'stats' has room for its struct_size.
            let call = unsafe { Call::new() };
            drop(Run::new(&call, &raw const options).map_err(|e| e.status()).unwrap());
            assert_eq!(memory[0], size as u64);
            assert!(memory[1..size / 8].iter().all(|&word| word == 0));
            assert!(memory[size / 8..].iter().all(|&word| word == u64::MAX));
        }
    }

    #[test]
    fn stats_are_written_when_a_newer_option_is_refused() {
        let mut memory = [u64::MAX; 6];
        memory[0] = 48;
        #[repr(C)]
        struct Newer(zbatch_run_options, usize);
        let stats = memory.as_mut_ptr().cast();
        let newer = Newer(zbatch_run_options { struct_size: size_of::<Newer>(), stats, ..Default::default() }, 1);
        // SAFETY: live structs of their struct_size.
        let call = unsafe { Call::new() };
        let refused = Run::new(&call, (&raw const newer).cast()).err().map(|e| e.status());
        assert_eq!((refused, memory), (Some(Status::Unsupported), [48, 0, 0, 0, 0, 0]));
    }

    #[test]
    fn an_unknown_flag_is_refused() {
        let options = zbatch_run_options {
            struct_size: size_of::<zbatch_run_options>(),
            flags: 2,
            ..zbatch_run_options::default()
        };
        // SAFETY: a live struct.
        let call = unsafe { Call::new() };
        let refused = Run::new(&call, &raw const options).err().map(|e| e.status());
        assert_eq!(refused, Some(Status::Unsupported));
    }
}
