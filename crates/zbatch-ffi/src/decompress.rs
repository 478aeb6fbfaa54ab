//! Decompressing

use std::borrow::Borrow;
use std::ffi::c_void;

use zbatch::{DecompressionParameters, Decompressor, Error, Partial};

use crate::apart::extent;
use crate::border::{Call, Grows, answer, take_back};
use crate::bytes::{zbatch_segment, zbatch_span, zbatch_view};
use crate::collection::zbatch_collection;
use crate::compress::{flag, format};
use crate::dict::zbatch_dict;
use crate::run::{Run, zbatch_run_options};
use crate::status::{zbatch_error, zbatch_status};

/// A size of content that is not known: of a frame that does not record it.
pub const ZBATCH_CONTENTSIZE_UNKNOWN: u64 = u64::MAX;

/// How a decompressor decompresses, and what it refuses.  All zero is the
/// default; see STRUCTS THAT GROW above.  Limits hold for every call and are
/// checked before memory is taken; one item by itself is a batch of one.  Mind
/// their 0: it limits the window, but neither items nor batches.  SIZE_MAX means
/// no limit everywhere.
///
/// Small items can honestly become much, 32,000 times their size: for items of
/// strangers set max_window_size, 8 MiB say, max_item_size and max_total_size,
/// and max_unsized_item_size where items are expected to record their size.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct zbatch_decompressor_options {
    /// sizeof(zbatch_decompressor_options).
    pub struct_size: usize,
    /// ZBATCH_FORMAT_ZSTD1 or ZBATCH_FORMAT_ZSTD1_MAGICLESS.
    pub format: i32,
    /// 1: an item is its first frame that is not skippable, and what follows is
    /// extra data.  0: an item is all of its frames, joined.  Skippable frames
    /// have no content: an item of them alone is good, and empty.  One of 0
    /// bytes is ZBATCH_ERROR_TRUNCATED.
    pub single_frame: i32,
    /// 1: ignore bytes after the last frame.  0: they are an error.
    pub allow_extra_data: i32,
    /// 1: refuse frames without a checksum.  One that is there is verified in
    /// any case.
    pub require_checksum: i32,
    /// Largest window of a frame, in bytes.  0: 128 MiB, a window_log of 27.
    pub max_window_size: usize,
    /// Most bytes that one item may become.  0: no limit.
    pub max_item_size: usize,
    /// Most bytes that an item may become whose frames do not all record their
    /// size, even where the caller tells it: wherever it stands in the item, one
    /// such frame is enough.  0: no limit beside 'max_item_size'; else the lower
    /// of the two holds.
    pub max_unsized_item_size: usize,
    /// Most bytes that one batch may become.  0: no limit.  Items are counted
    /// in their order: the first that passes it fails with ZBATCH_ERROR_LIMIT,
    /// and so do all after it.  One that its headers refuse counts nothing; one
    /// that fails later may count the size that it was to have.
    pub max_total_size: usize,
}

// SAFETY: integers without padding, struct_size first.
unsafe impl Grows for zbatch_decompressor_options {}

impl zbatch_decompressor_options {
    pub(crate) fn to_core(self) -> Result<DecompressionParameters, Error> {
        Ok(DecompressionParameters {
            format: format(self.format)?,
            single_frame: flag(self.single_frame, "single_frame")?,
            allow_extra_data: flag(self.allow_extra_data, "allow_extra_data")?,
            require_checksum: flag(self.require_checksum, "require_checksum")?,
            max_window_size: self.max_window_size,
            max_item_size: self.max_item_size,
            max_unsized_item_size: self.max_unsized_item_size,
            max_total_size: self.max_total_size,
        })
    }
}

/// What the header of a frame tells: FrameParameters.  The layout never
/// changes.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct zbatch_frame {
    /// Bytes of content, or ZBATCH_CONTENTSIZE_UNKNOWN.
    pub content_size: u64,
    /// Bytes that a streaming decoder must keep.
    pub window_size: u64,
    /// ID of the dictionary that the frame needs, or 0 when it records none.
    pub dict_id: u32,
    /// Bytes of the header.
    pub header_size: u32,
    /// 1 when a checksum of the content follows it.
    pub has_checksum: u32,
    /// 1 when this is a skippable frame; 'content_size' is then what to skip.
    pub is_skippable: u32,
}

/// Decompresses frames to items: ZstdDecompressor.  Immutable; any number of
/// threads may use one.
pub struct zbatch_decompressor {
    pub(crate) core: Decompressor,
}

/// zbatch_decompressor_options_init() sets the 'struct_size' bytes at 'options'
/// to the defaults.  Call it with sizeof(zbatch_decompressor_options).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_decompressor_options_init(
    options: *mut zbatch_decompressor_options,
    struct_size: usize,
) {
    // SAFETY: OUTPUTS: 'struct_size' bytes.
    unsafe { Call::new() }.init(options, struct_size);
}

/// zbatch_decompressor_options_memory_size() writes to 'out' how many bytes one
/// thread needs to decompress with 'options', which may be NULL.  The window of
/// a frame comes on top of it when its content may be larger than 4 MiB, and
/// neither it nor the caller tells the size.
///
/// Errors: ZBATCH_ERROR_UNSUPPORTED.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_decompressor_options_memory_size(
    options: *const zbatch_decompressor_options,
    out: *mut usize,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: STRUCTS THAT GROW and OUTPUTS.
    let call = unsafe { Call::new() };
    call.write(out, error, || Ok(call.options(options)?.to_core()?.estimate_memory()))
}

/// zbatch_decompressor_new() makes a decompressor.  'options' and 'dict' may be
/// NULL.  With a dictionary it also decompresses frames that need none.  It
/// keeps the dictionary alive: the caller may free its own handle at once.
///
/// Errors: ZBATCH_ERROR_UNSUPPORTED, ZBATCH_ERROR_BAD_DICT.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_decompressor_new(
    options: *const zbatch_decompressor_options,
    dict: *const zbatch_dict,
    out: *mut *mut zbatch_decompressor,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: STRUCTS THAT GROW, OWNERSHIP and OUTPUTS.
    let call = unsafe { Call::new() };
    call.hand_out(out, error, || {
        let params = call.options(options)?.to_core()?;
        let dict = call.optional(dict)?.map(|dict| &dict.core);
        Ok(zbatch_decompressor { core: Decompressor::new(&params, dict)? })
    })
}

/// zbatch_decompressor_memory_size() returns the bytes that the decompressor
/// holds at this moment: its contexts, which are kept from call to call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_decompressor_memory_size(decompressor: *const zbatch_decompressor) -> usize {
    // SAFETY: OWNERSHIP.
    unsafe { answer(decompressor, |decompressor| decompressor.core.memory_size()) }
}

/// zbatch_decompressor_free() frees the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_decompressor_free(decompressor: *mut zbatch_decompressor) {
    // SAFETY: OWNERSHIP.
    unsafe { take_back(decompressor) }
}

/// zbatch_frame_info() reads the header of the frame that begins at 'data'; the
/// first 18 bytes of a frame are always enough.  'format' is one of the
/// ZBATCH_FORMAT_ constants: a frame without its magic number does not say so.
/// What a header tells is a claim, not yet a fact.
///
/// Errors: ZBATCH_ERROR_NOT_A_FRAME; ZBATCH_ERROR_TRUNCATED, where header_size
/// is how many bytes are needed, as far as those that are there tell, and all
/// else 0; ZBATCH_ERROR_UNSUPPORTED.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_frame_info(
    data: *const c_void,
    size: usize,
    format: i32,
    out: *mut zbatch_frame,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    let out = call.place(out);
    call.guard(error, || {
        let out = out?;
        let format = self::format(format)?;
        let data = call.bytes(data, size)?;
        let info = zbatch::frame_info(data, format).inspect_err(|_| {
            let wanted = zbatch::frame_info_wants(data, format).unwrap_or(0);
            out.header_size = u32::try_from(wanted).unwrap_or(0);
        })?;
        *out = zbatch_frame {
            content_size: info.content_size.unwrap_or(ZBATCH_CONTENTSIZE_UNKNOWN),
            window_size: info.window_size,
            dict_id: info.dict_id,
            header_size: info.header_size,
            has_checksum: info.has_checksum.into(),
            is_skippable: info.is_skippable.into(),
        };
        Ok(())
    })
}

/// zbatch_frame_header_size() returns the bytes of the header of the frame that
/// begins at 'data', an ordinary one with its magic number: neither skippable
/// nor of another format, which zbatch_frame_info() knows.  Its fifth byte
/// tells: neither the four before it nor what follows is looked at.  The answer
/// is 0 when there are fewer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_frame_header_size(data: *const c_void, size: usize) -> usize {
    // SAFETY: ARRAYS.
    let call = unsafe { Call::new() };
    call.bytes(data, size).ok().and_then(zbatch::frame_header_size).unwrap_or(0)
}

/// zbatch_decompress_bound() writes to 'out' how many bytes the item of 'size'
/// bytes at 'data' becomes at most: exactly so many when all of its frames
/// record their content size.  A recorded size above a limit of the decompressor
/// is ZBATCH_ERROR_LIMIT; one that is not recorded counts as the limit at most.
///
/// Errors: those of an item, below, as far as headers show them.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_decompress_bound(
    decompressor: *const zbatch_decompressor,
    data: *const c_void,
    size: usize,
    out: *mut usize,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: OWNERSHIP, ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    call.write(out, error, || call.borrow(decompressor)?.core.decompress_bound(call.bytes(data, size)?))
}

/// zbatch_decompressed_sizes() writes the size of each item's content to
/// 'sizes', which has room for 'count' of them, as the headers of its frames
/// record it, or ZBATCH_CONTENTSIZE_UNKNOWN where one does not.  'total'
/// receives their sum, ZBATCH_CONTENTSIZE_UNKNOWN when one is unknown; it may
/// be NULL.  Nothing is decompressed: allocate by these sizes, then decompress
/// to there.
///
/// 'item_status' may be NULL, or has room for 'count' statuses: an item that
/// headers show to be bad then has size 0, and the call returns ZBATCH_PARTIAL.
/// Without it, such an item fails the call, and 'error' names the lowest.
///
/// Errors: those of an item, below, as far as headers show them.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_decompressed_sizes(
    decompressor: *const zbatch_decompressor,
    views: *const zbatch_view,
    count: usize,
    sizes: *mut u64,
    total: *mut u64,
    item_status: *mut zbatch_status,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: OWNERSHIP, ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    let outputs = [extent(sizes, count), extent(total, 1), extent(item_status, count)];
    let mut sizes = call.array(sizes, count);
    let mut statuses = call.status_array(item_status, count);
    let total = call.optional_place(total);
    let status = call.guard(error, || {
        let (sizes, total) = (sizes.required()?, total?);
        let decompressor = &call.borrow(decompressor)?.core;
        let items = call.items_apart(views, count, &outputs, &[extent(views, count)])?;
        let sum = match statuses.optional()? {
            None => Partial { value: decompressor.decompressed_sizes(&items, sizes)?, error: None },
            Some(statuses) => decompressor.decompressed_sizes_partial(&items, sizes, statuses)?,
        };
        if let Some(total) = total {
            *total = sum.value.unwrap_or(ZBATCH_CONTENTSIZE_UNKNOWN);
        }
        Ok(sum.error)
    });
    statuses.settle(sizes.settle(status))
}

/// zbatch_decompressor_estimate() does what zbatch_compressor_estimate() does,
/// for a batch to be decompressed.  It reads the header that each item begins
/// with; an item that this refuses counts as nothing, and is no error here.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_decompressor_estimate(
    decompressor: *const zbatch_decompressor,
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
        let decompressor = &call.borrow(decompressor)?.core;
        let items = call.some_items(views, count)?;
        let estimate = decompressor.estimate(&items, threads, enough);
        items.verdict().map(|()| estimate)
    })
}

/// zbatch_decompress() decompresses one item, the 'size' bytes at 'data', to
/// 'dst', which has room for 'capacity' bytes, and writes the size of the
/// content to 'written'.
///
/// Errors: ZBATCH_ERROR_DST_TOO_SMALL and those of an item, below; what 'dst'
/// then holds is undefined.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_decompress(
    decompressor: *const zbatch_decompressor,
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
        let decompressor = &call.borrow(decompressor)?.core;
        let item = call.bytes_apart(data, size, &outputs)?;
        decompressor.decompress_into(item, call.dst(dst, capacity)?)
    })
}

/// zbatch_multi_decompress_to_buffer() decompresses 'count' items to a
/// collection of 'count' segments in the same order.  An item may hold several
/// frames, and need not record its size; when all do, or 'sizes' gives them,
/// the whole result is one buffer.  An empty batch gives an empty collection.
///
/// 'sizes' may be NULL; else it holds the size of each item's content, 0 or
/// ZBATCH_CONTENTSIZE_UNKNOWN where the caller does not know it.  'run' and
/// 'item_status' may be NULL; 'item_status' has room for 'count' statuses.
/// Without it, one item that fails fails the call, and 'error' names the
/// lowest, on any number of threads.
///
/// Errors: ZBATCH_ERROR_CANCELLED, ZBATCH_ERROR_UNSUPPORTED.  Errors of an
/// item: ZBATCH_ERROR_NOT_A_FRAME, _CORRUPT, _TRUNCATED, _EXTRA_DATA,
/// _CHECKSUM, _SIZE_MISMATCH, _DICT_MISMATCH, _LIMIT, _UNSUPPORTED,
/// _CANCELLED, _NO_MEMORY.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_multi_decompress_to_buffer(
    decompressor: *const zbatch_decompressor,
    views: *const zbatch_view,
    count: usize,
    sizes: *const u64,
    run: *const zbatch_run_options,
    item_status: *mut zbatch_status,
    out: *mut *mut zbatch_collection,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: OWNERSHIP, ARRAYS, STRUCTS THAT GROW and OUTPUTS.
    let call = unsafe { Call::new() };
    let decompressor = || Ok(&call.borrow(decompressor)?.core);
    to_buffer(&call, decompressor, views, count, sizes, run, item_status, out, error)
}

/// A batch that becomes a collection, by whatever decompressor there is.
#[expect(clippy::too_many_arguments, reason = "a batch is that many things")]
pub(crate) fn to_buffer<D: Borrow<Decompressor>>(
    call: &Call,
    decompressor: impl FnOnce() -> Result<D, Error>,
    views: *const zbatch_view,
    count: usize,
    sizes: *const u64,
    run: *const zbatch_run_options,
    item_status: *mut zbatch_status,
    out: *mut *mut zbatch_collection,
    error: *mut zbatch_error,
) -> zbatch_status {
    let out = call.handle(out);
    let mut statuses = call.status_array(item_status, count);
    let run = Run::new(call, run);
    let status = call.guard(error, || {
        let (out, run) = (out?, run?);
        let decompressor = decompressor()?;
        let decompressor = decompressor.borrow();
        let read = [extent(views, count), extent(sizes, count)];
        let items = call.items_apart(views, count, &[extent(item_status, count)], &read)?;
        let sizes = call.optional_slice(sizes, count)?;
        let run = run.options();
        let made = statuses.batch(
            || decompressor.multi_decompress_to_buffer(&items, sizes, &run),
            |statuses| decompressor.multi_decompress_to_buffer_partial(&items, sizes, &run, statuses),
        )?;
        zbatch_collection::hand_out(out, made)
    });
    statuses.settle(status)
}

/// zbatch_multi_decompress_into() decompresses item i to span i of 'dsts', in
/// memory of the caller: the rows of an array, say.  There are 'count' items
/// and 'count' spans.  When two spans overlap, 'error' names the later item;
/// when an output and an input do, the item whose input it is.
///
/// 'written' receives the size of each item's content, 0 where it failed.  It
/// may be NULL: each item must then fill its span exactly, or fails with
/// ZBATCH_ERROR_SIZE_MISMATCH.  'run' and 'item_status' are as in
/// zbatch_multi_decompress_to_buffer().  Where no content came, in the span of
/// an item that failed above all, there are zeros, unless the call failed.
///
/// Errors: as zbatch_multi_decompress_to_buffer(), and for an item
/// ZBATCH_ERROR_DST_TOO_SMALL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_multi_decompress_into(
    decompressor: *const zbatch_decompressor,
    views: *const zbatch_view,
    count: usize,
    dsts: *const zbatch_span,
    run: *const zbatch_run_options,
    written: *mut usize,
    item_status: *mut zbatch_status,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: OWNERSHIP, ARRAYS, STRUCTS THAT GROW and OUTPUTS.
    let call = unsafe { Call::new() };
    let arrays = [extent(written, count), extent(item_status, count), extent(views, count), extent(dsts, count)];
    let mut written = call.array(written, count);
    let mut statuses = call.status_array(item_status, count);
    let run = Run::new(&call, run);
    let status = call.guard(error, || {
        let run = run?;
        let decompressor = &call.borrow(decompressor)?.core;
        let items = call.items_apart(views, count, &arrays[..2], &arrays[2..])?;
        let mut dsts = call.spans(&items, dsts, &arrays)?;
        let (written, statuses) = (written.optional()?, statuses.optional()?);
        decompressor.multi_decompress_into(&items, &mut dsts, written, &run.options(), statuses)
    });
    statuses.settle(written.settle(status))
}

/// zbatch_multi_decompress_packed() decompresses 'count' items back to back
/// into one block of the caller's, the 'capacity' bytes at 'dst', and writes to
/// segment i of 'segments' where item i lies in it.  'sizes', 'run' and
/// 'item_status' are as in zbatch_multi_decompress_to_buffer(); an item whose
/// size neither 'sizes' nor its frames tell costs the batch a copy.
///
/// Take offsets from 'segments', never from summed sizes.  With ZBATCH_PARTIAL
/// an item that failed has a segment of length 0: one that its headers refuse
/// takes no room; one that fails later keeps the room of its size, zeroed,
/// except in a batch that cost a copy.  'capacity' must be the sum of these
/// rooms and of the sizes of all good items.  The 'total' of
/// zbatch_decompressed_sizes() is enough, and what to allocate after
/// ZBATCH_ERROR_DST_TOO_SMALL; where that is ZBATCH_CONTENTSIZE_UNKNOWN, the sum
/// of zbatch_decompress_bound() of the items is.  Bytes behind the last item and
/// its room are left alone, unless the call fails.
///
/// Errors: as zbatch_multi_decompress_to_buffer(), and for the call
/// ZBATCH_ERROR_DST_TOO_SMALL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_multi_decompress_packed(
    decompressor: *const zbatch_decompressor,
    views: *const zbatch_view,
    count: usize,
    sizes: *const u64,
    dst: *mut c_void,
    capacity: usize,
    segments: *mut zbatch_segment,
    run: *const zbatch_run_options,
    item_status: *mut zbatch_status,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: OWNERSHIP, ARRAYS, STRUCTS THAT GROW and OUTPUTS.
    let call = unsafe { Call::new() };
    let outputs = [extent(dst.cast::<u8>(), capacity), extent(segments, count), extent(item_status, count)];
    let mut segments = call.segment_array(segments, count);
    let mut statuses = call.status_array(item_status, count);
    let run = Run::new(&call, run);
    let status = call.guard(error, || {
        let (run, segments) = (run?, segments.required()?);
        let decompressor = &call.borrow(decompressor)?.core;
        // A block that cannot be has no place to overlap from.
        call.dst(dst, capacity)?;
        let items = call.items_apart(views, count, &outputs, &[extent(views, count), extent(sizes, count)])?;
        let sizes = call.optional_slice(sizes, count)?;
        let (dst, statuses) = (call.dst(dst, capacity)?, statuses.optional()?);
        let run = run.options();
        decompressor.multi_decompress_packed(&items, sizes, dst, segments, &run, statuses)
    });
    statuses.settle(segments.settle(status))
}
