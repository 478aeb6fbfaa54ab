//! Compressing

use std::ffi::c_void;

use zbatch::{CompressionParameters, Compressor, Error, Format, Status};

use crate::apart::extent;
use crate::border::{Call, Grows, answer, take_back};
use crate::bytes::zbatch_view;
use crate::collection::zbatch_collection;
use crate::dict::zbatch_dict;
use crate::run::{Run, zbatch_run_options};
use crate::status::{zbatch_error, zbatch_status};

/// Ordinary frames, with their magic number.
pub const ZBATCH_FORMAT_ZSTD1: i32 = 0;
/// Frames without the magic number, four bytes shorter.
pub const ZBATCH_FORMAT_ZSTD1_MAGICLESS: i32 = 1;
/// The fastest level.
pub const ZBATCH_LEVEL_MIN: i32 = -131072;
/// The level that 0 stands for.
pub const ZBATCH_LEVEL_DEFAULT: i32 = 3;
/// The strongest level.
pub const ZBATCH_LEVEL_MAX: i32 = 22;

/// The least max_frame_size but 0: smaller frames would cost bytes and gain no
/// time.
pub const ZBATCH_MAX_FRAME_SIZE_MIN: usize = 1048576;

/// zstd's match finders, from the fastest to the strongest: one hash table.
pub const ZBATCH_STRATEGY_FAST: i32 = 1;
/// Two hash tables.
pub const ZBATCH_STRATEGY_DFAST: i32 = 2;
/// The longest match at each position.
pub const ZBATCH_STRATEGY_GREEDY: i32 = 3;
/// And the next position is looked at first.
pub const ZBATCH_STRATEGY_LAZY: i32 = 4;
/// The next two are.
pub const ZBATCH_STRATEGY_LAZY2: i32 = 5;
/// The same, with a binary tree.
pub const ZBATCH_STRATEGY_BTLAZY2: i32 = 6;
/// The cheapest of many parsings.
pub const ZBATCH_STRATEGY_BTOPT: i32 = 7;
/// The same, with finer prices.
pub const ZBATCH_STRATEGY_BTULTRA: i32 = 8;
/// And a first pass to learn the prices.
pub const ZBATCH_STRATEGY_BTULTRA2: i32 = 9;

/// How a compressor compresses.  The names and ranges are zstd's, and 0 is the
/// default everywhere: the choice of the level, or of zstd itself.  A number out
/// of its range is ZBATCH_ERROR_INVALID_ARGUMENT, and the message names it; but
/// zstd takes the nearest possible one for workers, job_size, overlap_log and a
/// target_block_size below its range.  See STRUCTS THAT GROW above.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct zbatch_compressor_options {
    /// sizeof(zbatch_compressor_options).
    pub struct_size: usize,
    /// ZBATCH_LEVEL_MIN, fastest, to ZBATCH_LEVEL_MAX, strongest.
    pub level: i32,
    /// ZBATCH_FORMAT_ZSTD1 or ZBATCH_FORMAT_ZSTD1_MAGICLESS.
    pub format: i32,
    /// 1: end each frame with a checksum of its content.
    pub write_checksum: i32,
    /// 1: do not record the size of the content.
    pub omit_content_size: i32,
    /// 1: do not record the dictionary's ID.  Set write_checksum too, or a wrong
    /// dictionary may go unnoticed.
    pub omit_dict_id: i32,
    /// Log2 of the largest distance of a match, 10 to 31 (30 on 32 bits).  Above
    /// 27, decompressors must raise max_window_size.
    pub window_log: i32,
    /// Log2 of the size of the first table, 6 to 30.
    pub hash_log: i32,
    /// Log2 of the size of the search table, 6 to 30 (29 on 32 bits).
    pub chain_log: i32,
    /// Log2 of the number of searches, 1 to 30.
    pub search_log: i32,
    /// Length of the shortest match, 3 to 7.
    pub min_match: i32,
    /// A match of this length is good enough, up to 131072.
    pub target_length: i32,
    /// One of the ZBATCH_STRATEGY_ constants.
    pub strategy: i32,
    /// 1: matches keep within the window also where they reach back into the
    /// dictionary.  0: its content may be farther away.
    pub force_max_window: i32,
    /// Long-distance matching: 1 on, 2 off.
    pub enable_ldm: i32,
    /// Log2 of the size of its table, 6 to 30.
    pub ldm_hash_log: i32,
    /// Length of its shortest match, 4 to 4096.
    pub ldm_min_match: i32,
    /// Log2 of the size of its buckets, 1 to 8.
    pub ldm_bucket_size_log: i32,
    /// Log2 of how rarely it looks up, 0 to 25.
    pub ldm_hash_rate_log: i32,
    /// Threads of zstd's own inside each frame; negative means one for every CPU
    /// that the process may use.  The frames depend on whether there are any;
    /// for many items leave it 0.
    pub workers: i32,
    /// Bytes that each of those takes at a time.
    pub job_size: i32,
    /// How much of the window it reloads: 1, nothing, to 9, all.
    pub overlap_log: i32,
    /// Bytes that a compressed block should have, 1340 to 131072.
    pub target_block_size: i32,
    /// Bytes of content that a frame has at most, ZBATCH_MAX_FRAME_SIZE_MIN or
    /// more.  A larger item becomes several frames back to back, each of this
    /// much content but the last, and the threads of a batch share them.  It is
    /// still one segment, which zbatch and the zstd program read as one item; a
    /// decoder of single frames reads the first one alone.  0: every item is one
    /// frame.
    pub max_frame_size: usize,
}

// SAFETY: integers without padding, struct_size first.
unsafe impl Grows for zbatch_compressor_options {}

impl zbatch_compressor_options {
    pub(crate) fn to_core(self) -> Result<CompressionParameters, Error> {
        Ok(CompressionParameters {
            level: self.level,
            format: format(self.format)?,
            write_checksum: flag(self.write_checksum, "write_checksum")?,
            omit_content_size: flag(self.omit_content_size, "omit_content_size")?,
            omit_dict_id: flag(self.omit_dict_id, "omit_dict_id")?,
            window_log: self.window_log,
            hash_log: self.hash_log,
            chain_log: self.chain_log,
            search_log: self.search_log,
            min_match: self.min_match,
            target_length: self.target_length,
            strategy: self.strategy,
            force_max_window: flag(self.force_max_window, "force_max_window")?,
            enable_ldm: self.enable_ldm,
            ldm_hash_log: self.ldm_hash_log,
            ldm_min_match: self.ldm_min_match,
            ldm_bucket_size_log: self.ldm_bucket_size_log,
            ldm_hash_rate_log: self.ldm_hash_rate_log,
            workers: self.workers,
            job_size: self.job_size,
            overlap_log: self.overlap_log,
            target_block_size: self.target_block_size,
            max_frame_size: self.max_frame_size,
        })
    }
}

const UNKNOWN_FORMAT: Error = Error::new(Status::Unsupported, "'format' is none of the ZBATCH_FORMAT_ constants");
const UNKNOWN_SWITCH: Error = Error::new(Status::Unsupported, "neither 0 nor 1");

pub(crate) fn format(format: i32) -> Result<Format, Error> {
    match format {
        ZBATCH_FORMAT_ZSTD1 => Ok(Format::Zstd1),
        ZBATCH_FORMAT_ZSTD1_MAGICLESS => Ok(Format::Zstd1Magicless),
        _ => Err(UNKNOWN_FORMAT),
    }
}

pub(crate) fn flag(value: i32, field: &'static str) -> Result<bool, Error> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(UNKNOWN_SWITCH.with_field(field)),
    }
}

/// Compresses items to frames: ZstdCompressor.  Immutable; any number of
/// threads may use one.
pub struct zbatch_compressor {
    pub(crate) core: Compressor,
}

/// zbatch_compressor_options_init() sets the 'struct_size' bytes at 'options'
/// to the defaults.  Call it with sizeof(zbatch_compressor_options).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_compressor_options_init(options: *mut zbatch_compressor_options, struct_size: usize) {
    // SAFETY: OUTPUTS: 'struct_size' bytes.
    unsafe { Call::new() }.init(options, struct_size);
}

/// zbatch_compressor_options_from_level() sets the 'level' of 'options', whose
/// struct_size is set, and its window_log to strategy fields to what zstd
/// chooses for 'level', content of 'source_size' bytes (0 if unknown) and a
/// dictionary of 'dict_size' bytes (0 if none).  The other fields stay, and on
/// failure all do.
///
/// Errors: ZBATCH_ERROR_UNSUPPORTED.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_compressor_options_from_level(
    options: *mut zbatch_compressor_options,
    level: i32,
    source_size: u64,
    dict_size: u64,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: STRUCTS THAT GROW: 'options' is as long as its struct_size.
    let call = unsafe { Call::new() };
    call.guard(error, || {
        let mut fields = call.fields(options)?;
        let chosen = CompressionParameters::from_level(level, source_size, dict_size)?;
        fields.store(&zbatch_compressor_options {
            level: chosen.level,
            window_log: chosen.window_log,
            hash_log: chosen.hash_log,
            chain_log: chosen.chain_log,
            search_log: chosen.search_log,
            min_match: chosen.min_match,
            target_length: chosen.target_length,
            strategy: chosen.strategy,
            ..call.options(options.cast_const())?
        });
        Ok(())
    })
}

/// zbatch_compressor_options_clamp() does to 'options', whose struct_size is
/// set, what zstd does to values that it does not refuse: a level, a number of
/// workers, a job_size or an overlap_log out of range becomes the nearest that
/// is possible, and so does a target_block_size below its range; level 0 becomes
/// ZBATCH_LEVEL_DEFAULT.  Any other value out of range is the error that
/// zbatch_compressor_new() gives, and all fields stay.
///
/// Errors: ZBATCH_ERROR_UNSUPPORTED.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_compressor_options_clamp(
    options: *mut zbatch_compressor_options,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: STRUCTS THAT GROW: 'options' is as long as its struct_size.
    let call = unsafe { Call::new() };
    call.guard(error, || {
        let mut fields = call.fields(options)?;
        let given = call.options(options.cast_const())?;
        let clamped = given.to_core()?.clamped()?;
        fields.store(&zbatch_compressor_options {
            level: clamped.level,
            workers: clamped.workers,
            job_size: clamped.job_size,
            overlap_log: clamped.overlap_log,
            target_block_size: clamped.target_block_size,
            ..given
        });
        Ok(())
    })
}

/// zbatch_compressor_options_memory_size() writes to 'out' how many bytes one
/// thread needs to compress with 'options', an estimate from above for content
/// of any size.  'options' may be NULL.
///
/// Errors: ZBATCH_ERROR_UNSUPPORTED.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_compressor_options_memory_size(
    options: *const zbatch_compressor_options,
    out: *mut usize,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: STRUCTS THAT GROW and OUTPUTS.
    let call = unsafe { Call::new() };
    call.write(out, error, || call.options(options)?.to_core()?.estimate_memory())
}

/// zbatch_compressor_new() makes a compressor.  'options' and 'dict' may be
/// NULL.  It keeps the dictionary alive: the caller may free its own handle at
/// once.
///
/// Errors: ZBATCH_ERROR_UNSUPPORTED, ZBATCH_ERROR_BAD_DICT.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_compressor_new(
    options: *const zbatch_compressor_options,
    dict: *const zbatch_dict,
    out: *mut *mut zbatch_compressor,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: STRUCTS THAT GROW, OWNERSHIP and OUTPUTS.
    let call = unsafe { Call::new() };
    call.hand_out(out, error, || {
        let params = call.options(options)?.to_core()?;
        let dict = call.optional(dict)?.map(|dict| &dict.core);
        Ok(zbatch_compressor { core: Compressor::new(&params, dict)? })
    })
}

/// zbatch_compressor_memory_size() returns the bytes that the compressor holds
/// at this moment: its contexts, which are kept from call to call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_compressor_memory_size(compressor: *const zbatch_compressor) -> usize {
    // SAFETY: OWNERSHIP.
    unsafe { answer(compressor, |compressor| compressor.core.memory_size()) }
}

/// zbatch_compressor_free() frees the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_compressor_free(compressor: *mut zbatch_compressor) {
    // SAFETY: OWNERSHIP.
    unsafe { take_back(compressor) }
}

/// zbatch_dict_digest() makes a dictionary from 'dict' that is digested already,
/// for 'options', which may be NULL.  A compressor made with it starts at once
/// and takes 'level' and window_log to strategy from these 'options' instead of
/// the compressor's; every other field, write_checksum, format and the omit_
/// ones among them, counts as the compressor has it.  Decompressors take such a
/// dictionary like any other.  The two share their bytes, which are what
/// zbatch_dict_data() gives of either; each is freed by itself.
///
/// Errors: ZBATCH_ERROR_UNSUPPORTED, ZBATCH_ERROR_BAD_DICT.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_dict_digest(
    dict: *const zbatch_dict,
    options: *const zbatch_compressor_options,
    out: *mut *mut zbatch_dict,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: STRUCTS THAT GROW, OWNERSHIP and OUTPUTS.
    let call = unsafe { Call::new() };
    call.hand_out(out, error, || {
        let params = call.options(options)?.to_core()?;
        Ok(zbatch_dict { core: call.borrow(dict)?.core.digest(&params)? })
    })
}

/// zbatch_compress_bound() returns the most bytes that the frame of an item of
/// 'size' bytes, or its frames together, can have with any compressor, or 0 when
/// no frame can hold that much.
#[unsafe(no_mangle)]
pub extern "C" fn zbatch_compress_bound(size: usize) -> usize {
    zbatch::compress_bound(size).unwrap_or(0)
}

/// zbatch_compress() compresses one item, the 'size' bytes at 'data', to 'dst',
/// which has room for 'capacity' bytes, and writes the size of its frame to
/// 'written'; with max_frame_size, that of its frames.  The calling thread alone
/// makes them, and they are those of a batch.
///
/// Errors: ZBATCH_ERROR_DST_TOO_SMALL, never when 'capacity' is
/// zbatch_compress_bound() of 'size'; what 'dst' then holds is undefined.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_compress(
    compressor: *const zbatch_compressor,
    data: *const c_void,
    size: usize,
    dst: *mut c_void,
    capacity: usize,
    written: *mut usize,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: OWNERSHIP, ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    let outputs = [extent(dst.cast::<u8>(), capacity), extent(written, 1)];
    call.write(written, error, || {
        let compressor = &call.borrow(compressor)?.core;
        let item = call.bytes_apart(data, size, &outputs)?;
        compressor.compress_into(item, call.dst(dst, capacity)?)
    })
}

/// zbatch_multi_compress_to_buffer() compresses 'count' items to a collection of
/// 'count' frames in the same order; with max_frame_size, a large item has its
/// frames in one segment.  The frames do not depend on the number of threads.
/// An empty item gives a frame of no content; an empty batch gives an empty
/// collection.
///
/// 'run' and 'item_status' may be NULL; 'item_status' has room for 'count'
/// statuses.  Without it, one item that fails fails the call, and 'error' names
/// the lowest.
///
/// Errors: ZBATCH_ERROR_CANCELLED, ZBATCH_ERROR_UNSUPPORTED.  Errors of an
/// item: ZBATCH_ERROR_CANCELLED, _NO_MEMORY, _INTERNAL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_multi_compress_to_buffer(
    compressor: *const zbatch_compressor,
    views: *const zbatch_view,
    count: usize,
    run: *const zbatch_run_options,
    item_status: *mut zbatch_status,
    out: *mut *mut zbatch_collection,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: OWNERSHIP, ARRAYS, STRUCTS THAT GROW and OUTPUTS.
    let call = unsafe { Call::new() };
    let out = call.handle(out);
    let mut statuses = call.status_array(item_status, count);
    let run = Run::new(&call, run);
    let status = call.guard(error, || {
        let (out, run) = (out?, run?);
        let compressor = &call.borrow(compressor)?.core;
        let items = call.items_apart(views, count, &[extent(item_status, count)], &[extent(views, count)])?;
        let made = statuses.batch(
            || compressor.multi_compress_to_buffer(&items, &run.options()),
            |statuses| compressor.multi_compress_to_buffer_partial(&items, &run.options(), statuses),
        )?;
        zbatch_collection::hand_out(out, made)
    });
    statuses.settle(status)
}

/// zbatch_compressor_estimate() writes to 'nanoseconds' roughly how long a batch
/// of these items would take on so many threads, which are counted as in
/// zbatch_run_options: for a program that must decide whether to run it on the
/// thread that it is on.  It looks at the items' sizes, and stops looking as
/// soon as the answer is sure to be 'enough' or more; views behind that are not
/// checked either.  0: it looks at all.  Content that does not compress is done
/// sooner.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_compressor_estimate(
    compressor: *const zbatch_compressor,
    views: *const zbatch_view,
    count: usize,
    threads: i32,
    enough: u64,
    nanoseconds: *mut u64,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: OWNERSHIP, ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    call.write(nanoseconds, error, || {
        let compressor = &call.borrow(compressor)?.core;
        let items = call.some_items(views, count)?;
        let estimate = compressor.estimate(&items, threads, enough);
        items.verdict().map(|()| estimate)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::ZBATCH_OK;
    use std::ptr;

    #[test]
    fn a_level_is_written_out_and_the_other_fields_stay() {
        let mut options = zbatch_compressor_options {
            struct_size: size_of::<zbatch_compressor_options>(),
            level: 3,
            write_checksum: 1,
            ..zbatch_compressor_options::default()
        };
        // SAFETY: a live struct.
        let status = unsafe { zbatch_compressor_options_from_level(&raw mut options, 19, 0, 0, ptr::null_mut()) };
        assert_eq!((status, options.level, options.write_checksum), (ZBATCH_OK, 19, 1));
        assert!(options.window_log != 0 && options.strategy >= ZBATCH_STRATEGY_BTOPT);
        let before = (options.level, options.window_log);
        // SAFETY: as above.
        let status = unsafe { zbatch_compressor_options_from_level(&raw mut options, 1000, 0, 0, ptr::null_mut()) };
        assert!(status < 0 && (options.level, options.window_log) == before);
    }
}
