//! Bytes

use std::ffi::c_void;
use std::mem::offset_of;

use zbatch::{Columns, Error, Items, Segment, Status};

use crate::border::Call;
use crate::status::{zbatch_error, zbatch_status};

/// Borrowed bytes that are read: 'size' bytes at 'data'.  'data' may be NULL
/// when 'size' is 0.  The layout never changes.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct zbatch_view {
    /// The first byte.
    pub data: *const c_void,
    /// Number of bytes.
    pub size: usize,
}

// SAFETY: an address and a number; who follows the address answers for it.
unsafe impl Send for zbatch_view {}
// SAFETY: as above.
unsafe impl Sync for zbatch_view {}

impl zbatch_view {
    pub(crate) fn of(bytes: &[u8]) -> zbatch_view {
        zbatch_view { data: bytes.as_ptr().cast(), size: bytes.len() }
    }
}

/// Borrowed bytes that are written: room for 'size' bytes at 'data'.  The
/// layout never changes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zbatch_span {
    /// The first byte.
    pub data: *mut c_void,
    /// Number of bytes there is room for.
    pub size: usize,
}

/// A place in a buffer, in bytes from its start.  Tables of segments are
/// packed pairs of native 64-bit integers.  The layout never changes.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct zbatch_segment {
    /// Bytes between the start of the buffer and the segment.
    pub offset: u64,
    /// Number of bytes.
    pub length: u64,
}

// Tables of segments cross the border as they are.
const _: () = {
    assert!(size_of::<zbatch_segment>() == size_of::<Segment>());
    assert!(align_of::<zbatch_segment>() == align_of::<Segment>());
    assert!(offset_of!(zbatch_segment, offset) == offset_of!(Segment, offset));
    assert!(offset_of!(zbatch_segment, length) == offset_of!(Segment, length));
};

impl From<Segment> for zbatch_segment {
    fn from(segment: Segment) -> zbatch_segment {
        zbatch_segment { offset: segment.offset, length: segment.length }
    }
}

/// zbatch_views_from_segments() fills 'views', which has room for 'count' of
/// them, with the 'count' segments at 'segments' of the 'size' bytes at
/// 'base', ready to be the input of a batch call.  The views borrow from
/// 'base'.
///
/// Errors: ZBATCH_ERROR_OUT_OF_RANGE, where the error's item is the index of
/// the segment.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_views_from_segments(
    base: *const c_void,
    size: usize,
    segments: *const zbatch_segment,
    count: usize,
    views: *mut zbatch_view,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    call.fill(views, count, error, |views| {
        let segments = call.segments(segments, count)?;
        fill(views, &Columns::from_segments(call.bytes(base, size)?, segments)?);
        Ok(())
    })
}

/// zbatch_views_from_offsets() does the same for items that lie back to back:
/// item i begins at offset i and ends at offset i + 1, in bytes from 'base',
/// as in a binary array of Arrow.  'offsets' is an array of 'count' + 1
/// unsigned integers of 'offset_size' bytes, which is 4 or 8; it may be NULL
/// when 'count' is 0.  The first need not be 0.
///
/// Errors: ZBATCH_ERROR_OUT_OF_RANGE, where the error's item is the index of
/// the item: an offset decreases or lies beyond 'size', as a negative one of a
/// signed array does.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_views_from_offsets(
    base: *const c_void,
    size: usize,
    offsets: *const c_void,
    offset_size: usize,
    count: usize,
    views: *mut zbatch_view,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    call.fill(views, count, error, |views| {
        let base = call.bytes(base, size)?;
        // An empty batch may come without even the offset of its end.
        let ends = if views.is_empty() { 0 } else { count.checked_add(1).ok_or(BAD_COUNT)? };
        match offset_size {
            4 => match call.slice(offsets.cast(), ends)? {
                [] => {}
                offsets => fill(views, &Columns::from_offsets_u32(base, offsets)?),
            },
            8 => match call.slice(offsets.cast(), ends)? {
                [] => {}
                offsets => fill(views, &Columns::from_offsets_u64(base, offsets)?),
            },
            _ => return Err(BAD_OFFSET_SIZE),
        }
        Ok(())
    })
}

const BAD_COUNT: Error = Error::new(Status::InvalidArgument, "'count' + 1 is no size");
const BAD_OFFSET_SIZE: Error = Error::new(Status::InvalidArgument, "'offset_size' is not 4 or 8");

pub(crate) fn fill(views: &mut [zbatch_view], items: &Columns<'_>) {
    for (i, view) in views.iter_mut().enumerate() {
        *view = zbatch_view::of(items.get(i));
    }
}
