//! Buffers

use std::ffi::c_void;

use zbatch::{BufferWithSegments, Error, Status};

use crate::border::{Call, Published, answer, take_back, try_collect};
use crate::bytes::{zbatch_segment, zbatch_view};
use crate::status::{zbatch_error, zbatch_status};

/// Bytes and a table of segments in them: BufferWithSegments.  Immutable; any
/// number of threads may use one.
pub struct zbatch_buffer {
    pub(crate) core: BufferWithSegments,
    views: Published<Vec<zbatch_view>>,
}

impl zbatch_buffer {
    pub(crate) const fn new(core: BufferWithSegments) -> zbatch_buffer {
        zbatch_buffer { core, views: Published::new() }
    }
}

pub(crate) const NO_SEGMENT: Error = Error::new(Status::OutOfRange, "there is no segment of that index");
pub(crate) const TOO_SMALL: Error = Error::new(Status::DstTooSmall, "the bytes do not fit into the destination");

/// zbatch_buffer_new() makes a buffer from a copy of the 'size' bytes at 'data'
/// and a copy of the 'count' segments at 'segments'.  Segments may overlap, be
/// empty and stand in any order; each must lie inside the bytes.
///
/// Errors: ZBATCH_ERROR_OUT_OF_RANGE, where the error's item is the index of
/// the segment.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_buffer_new(
    data: *const c_void,
    size: usize,
    segments: *const zbatch_segment,
    count: usize,
    out: *mut *mut zbatch_buffer,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    call.hand_out(out, error, || {
        let segments = call.segments(segments, count)?;
        Ok(zbatch_buffer::new(BufferWithSegments::copy_of(call.bytes(data, size)?, segments)?))
    })
}

/// zbatch_buffer_new_by_reference() is zbatch_buffer_new() without the copy of
/// the bytes: a mapped file, say, or an array of another library.  The segments
/// are copied.  The bytes must stay where they are, unchanged, until this
/// handle, every collection made from it, and every Arrow array exported from
/// one of those are freed or released.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_buffer_new_by_reference(
    data: *const c_void,
    size: usize,
    segments: *const zbatch_segment,
    count: usize,
    out: *mut *mut zbatch_buffer,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: ARRAYS and OUTPUTS, and the last sentence above.
    let call = unsafe { Call::new() };
    call.hand_out(out, error, || {
        let segments = call.segments(segments, count)?;
        Ok(zbatch_buffer::new(BufferWithSegments::new(call.lend(data, size)?, segments)?))
    })
}

/// zbatch_buffer_len() returns the number of segments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_buffer_len(buffer: *const zbatch_buffer) -> usize {
    // SAFETY: OWNERSHIP.
    unsafe { answer(buffer, |buffer| buffer.core.len()) }
}

/// zbatch_buffer_size() returns the number of bytes in the buffer, those
/// outside every segment included.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_buffer_size(buffer: *const zbatch_buffer) -> usize {
    // SAFETY: OWNERSHIP.
    unsafe { answer(buffer, |buffer| buffer.core.size()) }
}

/// zbatch_buffer_data() returns the buffer's bytes, zbatch_buffer_size() of
/// them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_buffer_data(buffer: *const zbatch_buffer) -> *const c_void {
    // SAFETY: OWNERSHIP.
    unsafe { answer(buffer, |buffer| buffer.core.data().as_ptr().cast()) }
}

/// zbatch_buffer_segments() returns the table of segments, zbatch_buffer_len()
/// of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_buffer_segments(buffer: *const zbatch_buffer) -> *const zbatch_segment {
    // SAFETY: OWNERSHIP.
    unsafe { answer(buffer, |buffer| buffer.core.segments().as_ptr().cast()) }
}

/// zbatch_buffer_views() returns the segments as views, zbatch_buffer_len() of
/// them, ready to be the input of a batch call.  The array takes 16 bytes per
/// segment, is made by the first call and lives as long as the buffer; the
/// answer is NULL when there is no memory for it, and for NULL.  Without
/// segments the address means nothing: ask zbatch_buffer_len().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_buffer_views(buffer: *const zbatch_buffer) -> *const zbatch_view {
    let views = |buffer: &zbatch_buffer| {
        let all = || try_collect(buffer.core.len(), buffer.core.iter().map(zbatch_view::of)).ok();
        buffer.views.get(all).map(|views| views.as_ptr()).unwrap_or_default()
    };
    // SAFETY: OWNERSHIP.
    unsafe { answer(buffer, views) }
}

/// zbatch_buffer_segment_at() writes segment 'index' to 'out'.
///
/// Errors: ZBATCH_ERROR_OUT_OF_RANGE.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_buffer_segment_at(
    buffer: *const zbatch_buffer,
    index: usize,
    out: *mut zbatch_segment,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: OWNERSHIP and OUTPUTS.
    let call = unsafe { Call::new() };
    call.write(out, error, || {
        let segments = call.borrow(buffer)?.core.segments();
        segments.get(index).map(|&segment| segment.into()).ok_or(NO_SEGMENT)
    })
}

/// zbatch_buffer_view_at() writes the bytes of segment 'index' to 'out'.
///
/// Errors: ZBATCH_ERROR_OUT_OF_RANGE.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_buffer_view_at(
    buffer: *const zbatch_buffer,
    index: usize,
    out: *mut zbatch_view,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: OWNERSHIP and OUTPUTS.
    let call = unsafe { Call::new() };
    call.write(out, error, || call.borrow(buffer)?.core.get(index).map(zbatch_view::of).ok_or(NO_SEGMENT))
}

/// zbatch_buffer_tobytes() copies the whole buffer, zbatch_buffer_size() bytes,
/// to 'dst', which has room for 'capacity' bytes.
///
/// Errors: ZBATCH_ERROR_DST_TOO_SMALL, and nothing is written.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_buffer_tobytes(
    buffer: *const zbatch_buffer,
    dst: *mut c_void,
    capacity: usize,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: OWNERSHIP, ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    call.guard(error, || {
        let bytes = call.borrow(buffer)?.core.data();
        let dst = call.dst(dst, capacity)?;
        dst.get_mut(..bytes.len()).ok_or(TOO_SMALL)?.copy_from_slice(bytes);
        Ok(())
    })
}

/// zbatch_buffer_free() frees the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_buffer_free(buffer: *mut zbatch_buffer) {
    // SAFETY: OWNERSHIP.
    unsafe { take_back(buffer) }
}
