//! Collections

use std::ffi::c_void;

use zbatch::{BufferWithSegmentsCollection, Error, Partial};

use crate::border::{Call, Handle, Published, answer, take_back, try_collect, try_with_capacity};
use crate::buffer::{NO_SEGMENT, zbatch_buffer};
use crate::bytes::{zbatch_segment, zbatch_view};
use crate::status::{zbatch_error, zbatch_status};

/// Several buffers whose segments are numbered in one go, first buffer first:
/// BufferWithSegmentsCollection.  The result of every batch; do not count on
/// the number of its buffers.  Immutable; any number of threads may use one.
pub struct zbatch_collection {
    pub(crate) core: BufferWithSegmentsCollection,
    views: Published<Vec<zbatch_view>>,
    buffers: Published<Vec<zbatch_buffer>>,
}

impl zbatch_collection {
    pub(crate) const fn new(core: BufferWithSegmentsCollection) -> zbatch_collection {
        zbatch_collection { core, views: Published::new(), buffers: Published::new() }
    }

    /// Hands out what a batch made, and tells why the lowest of its failed items did.
    #[inline]
    pub(crate) fn hand_out(
        out: Handle<'_, zbatch_collection>,
        made: Partial<BufferWithSegmentsCollection>,
    ) -> Result<Option<Error>, Error> {
        out.hand_out(zbatch_collection::new(made.value))?;
        Ok(made.error)
    }
}

/// zbatch_collection_new() makes a collection of 'count' buffers.  It shares
/// them: the caller may free its own handles at once.  A buffer may occur more
/// than once.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_collection_new(
    buffers: *const *mut zbatch_buffer,
    count: usize,
    out: *mut *mut zbatch_collection,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: OWNERSHIP, ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    call.hand_out(out, error, || {
        let buffers = call.slice(buffers, count)?;
        let mut shared = try_with_capacity(count)?;
        for (i, &buffer) in buffers.iter().enumerate() {
            shared.push(call.borrow(buffer).map_err(|e| e.with_item(i))?.core.clone());
        }
        Ok(zbatch_collection::new(BufferWithSegmentsCollection::new(shared)?))
    })
}

/// zbatch_collection_len() returns the number of segments in all buffers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_collection_len(collection: *const zbatch_collection) -> usize {
    // SAFETY: OWNERSHIP.
    unsafe { answer(collection, |collection| collection.core.len()) }
}

/// zbatch_collection_size() returns the number of bytes in all segments.  Its
/// buffers may have more: after ZBATCH_PARTIAL, the room of items that failed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_collection_size(collection: *const zbatch_collection) -> usize {
    // SAFETY: OWNERSHIP.
    unsafe { answer(collection, |collection| collection.core.size()) }
}

/// zbatch_collection_views() returns the segments as views,
/// zbatch_collection_len() of them, ready to be the input of a batch call.  The
/// array takes 16 bytes per segment, is made by the first call and lives as
/// long as the collection; the answer is NULL when there is no memory for it,
/// and for NULL.  Without segments the address means nothing: ask
/// zbatch_collection_len().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_collection_views(collection: *const zbatch_collection) -> *const zbatch_view {
    let views = |collection: &zbatch_collection| {
        let core = &collection.core;
        let all = || try_collect(core.len(), core.iter().map(zbatch_view::of)).ok();
        collection.views.get(all).map(|views| views.as_ptr()).unwrap_or_default()
    };
    // SAFETY: OWNERSHIP.
    unsafe { answer(collection, views) }
}

/// zbatch_collection_segment_at() writes segment 'index' to 'out'.  Its offset
/// counts from the start of the buffer that holds it.
///
/// Errors: ZBATCH_ERROR_OUT_OF_RANGE.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_collection_segment_at(
    collection: *const zbatch_collection,
    index: usize,
    out: *mut zbatch_segment,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: OWNERSHIP and OUTPUTS.
    let call = unsafe { Call::new() };
    call.write(out, error, || call.borrow(collection)?.core.segment(index).map(Into::into).ok_or(NO_SEGMENT))
}

/// zbatch_collection_view_at() writes the bytes of segment 'index' to 'out'.
///
/// Errors: ZBATCH_ERROR_OUT_OF_RANGE.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_collection_view_at(
    collection: *const zbatch_collection,
    index: usize,
    out: *mut zbatch_view,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: OWNERSHIP and OUTPUTS.
    let call = unsafe { Call::new() };
    call.write(out, error, || call.borrow(collection)?.core.get(index).map(zbatch_view::of).ok_or(NO_SEGMENT))
}

/// zbatch_collection_tobytes() copies the segments, in order and without gaps,
/// to 'dst', which has room for 'capacity' bytes: zbatch_collection_size() of
/// them are written.
///
/// Errors: ZBATCH_ERROR_DST_TOO_SMALL, and nothing is written.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_collection_tobytes(
    collection: *const zbatch_collection,
    dst: *mut c_void,
    capacity: usize,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: OWNERSHIP, ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    call.guard(error, || {
        let collection = call.borrow(collection)?;
        collection.core.copy_to(call.dst(dst, capacity)?).map(drop)
    })
}

/// zbatch_collection_buffer_count() returns the number of buffers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_collection_buffer_count(collection: *const zbatch_collection) -> usize {
    // SAFETY: OWNERSHIP.
    unsafe { answer(collection, |collection| collection.core.buffers().len()) }
}

/// zbatch_collection_buffer_at() returns buffer 'index', lent by the
/// collection, or NULL when there is none, or no memory for the handles, which
/// the first call makes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_collection_buffer_at(
    collection: *const zbatch_collection,
    index: usize,
) -> *const zbatch_buffer {
    let lend = |collection: &zbatch_collection| {
        let core = collection.core.buffers();
        let all = || try_collect(core.len(), core.iter().cloned().map(zbatch_buffer::new)).ok();
        let buffers = collection.buffers.get(all);
        buffers.and_then(|all| all.get(index)).map(std::ptr::from_ref).unwrap_or_default()
    };
    // SAFETY: OWNERSHIP.
    unsafe { answer(collection, lend) }
}

/// zbatch_collection_free() frees the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_collection_free(collection: *mut zbatch_collection) {
    // SAFETY: OWNERSHIP.
    unsafe { take_back(collection) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::ZBATCH_ERROR_INVALID_ARGUMENT;
    use std::ptr;
    use zbatch::{BufferWithSegments, Segment};

    #[test]
    fn threads_that_ask_at_once_are_lent_the_same() {
        let block = BufferWithSegments::new(vec![7u8; 64], &[Segment { offset: 1, length: 63 }; 50]);
        let core = BufferWithSegmentsCollection::new(vec![block.unwrap(); 20]).unwrap();
        let collection = zbatch_collection::new(core);
        let lent = |_| {
            // SAFETY: the handle is alive.
            let views = unsafe { zbatch_collection_views(&raw const collection) };
            // SAFETY: as above.
            let buffer = unsafe { zbatch_collection_buffer_at(&raw const collection, 19) };
            assert!(!views.is_null() && !buffer.is_null());
            (views.addr(), buffer.addr())
        };
        let all: Vec<_> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..8).map(|i| scope.spawn(move || lent(i))).collect();
            asking.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(all.iter().all(|one| *one == all[0]));
    }

    #[test]
    fn a_null_buffer_is_named_and_the_output_is_null() {
        let good = zbatch_buffer::new(BufferWithSegments::new(Vec::new(), &[]).unwrap());
        let two = [(&raw const good).cast_mut(), ptr::null_mut()];
        let mut out = ptr::without_provenance_mut(8);
        let mut error = std::mem::MaybeUninit::<zbatch_error>::uninit();
        // SAFETY: an array of two, one of them NULL, which is refused.
        let status = unsafe { zbatch_collection_new(two.as_ptr(), 2, &raw mut out, error.as_mut_ptr()) };
        assert_eq!(status, ZBATCH_ERROR_INVALID_ARGUMENT);
        assert!(out.is_null());
        // SAFETY: "filled when the status is not ZBATCH_OK".
        assert_eq!(unsafe { error.assume_init() }.item, 1);
    }
}
