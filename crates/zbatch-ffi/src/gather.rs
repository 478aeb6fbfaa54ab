//! Items out of another language, and into it

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use zbatch::{Error, Items, Status};

use crate::border::{Call, NO_MEMORY, take_back};
use crate::bytes::zbatch_view;
use crate::status::{zbatch_error, zbatch_status};

/// Returns element 'index' of 'sequence', borrowed, or NULL on failure:
/// CPython's PyTuple_GetItem fits.
pub type zbatch_gather_item_fn = Option<unsafe extern "C" fn(sequence: *mut c_void, index: isize) -> *mut c_void>;

/// Stores where the bytes of 'item' are and how many, and returns 0; any other
/// value is a failure.  CPython's PyBytes_AsStringAndSize fits.
pub type zbatch_gather_bytes_fn =
    Option<unsafe extern "C" fn(item: *mut c_void, data: *mut *mut c_char, size: *mut isize) -> c_int>;

/// Fills the record 'buffer' about the bytes of 'item', pins them, and returns
/// 0; any other value is a failure.  CPython's PyObject_GetBuffer fits.
pub type zbatch_gather_buffer_fn =
    Option<unsafe extern "C" fn(item: *mut c_void, buffer: *mut c_void, flags: c_int) -> c_int>;

/// Ends or gives back what it is given: a record that a zbatch_gather_buffer_fn
/// filled (CPython's PyBuffer_Release fits), a reference to an object, the
/// memory of one, or a handle.  A function of another pointer type is cast to
/// this one.
pub type zbatch_release_fn = Option<unsafe extern "C" fn(what: *mut c_void)>;

/// Makes an object from a copy of 'size' bytes at 'data', or of bytes still to
/// be written when that is NULL, and returns it, or NULL on failure: CPython's
/// PyBytes_FromStringAndSize fits.
pub type zbatch_scatter_new_fn = Option<unsafe extern "C" fn(data: *const c_char, size: isize) -> *mut c_void>;

/// Makes 'item' the element 'index' of 'list', whose it is from then on, also
/// after a failure, and returns 0; any other value is a failure.  CPython's
/// PyList_SetItem fits.
pub type zbatch_scatter_set_fn =
    Option<unsafe extern "C" fn(list: *mut c_void, index: isize, item: *mut c_void) -> c_int>;

/// Records that a zbatch_gather_buffer_fn filled, and with them the bytes of
/// the elements, which stay where they are until zbatch_pins_free().
pub struct zbatch_pins {
    /// Never moved: a Py_buffer may point into itself.
    records: Vec<u128>,
    record_size: usize,
    held: usize,
    release_fn: unsafe extern "C" fn(*mut c_void),
}

impl zbatch_pins {
    /// Zeros for records of which none is filled.
    fn new(count: usize, size: usize, release_fn: unsafe extern "C" fn(*mut c_void)) -> Result<zbatch_pins, Error> {
        let bytes = count.checked_mul(size).ok_or(NO_MEMORY)?;
        let mut records = Vec::new();
        let units = bytes.div_ceil(size_of::<u128>());
        records.try_reserve_exact(units).map_err(|_| NO_MEMORY)?;
        records.resize(units, 0);
        Ok(zbatch_pins { records, record_size: size, held: 0, release_fn })
    }

    fn record(&mut self, i: usize) -> *mut c_void {
        self.records.as_mut_ptr().wrapping_byte_add(i * self.record_size).cast()
    }
}

impl Drop for zbatch_pins {
    fn drop(&mut self) {
        for i in 0..self.held {
            // SAFETY: the caller gave the function for these records, which are filled.
            unsafe { (self.release_fn)(self.record(i)) };
        }
    }
}

pub(crate) const NO_FUNCTION: Error = Error::new(Status::InvalidArgument, "a function pointer is NULL");
pub(crate) const NOT_MADE: Error = Error::new(Status::NoMemory, "the object could not be made");
const NO_ELEMENT: Error = Error::new(Status::InvalidArgument, "the sequence has no such element");
const NO_BYTES: Error = Error::new(Status::InvalidArgument, "the element does not give its bytes");
const BAD_RECORD: Error =
    Error::new(Status::InvalidArgument, "'buffer_size' and its two offsets are no words of a record");
const NOT_SET: Error = Error::new(Status::InvalidArgument, "the list did not take the object");

/// zbatch_gather_views() fills 'views', which has room for 'count' of them,
/// with the bytes of elements 0 to 'count' - 1 of 'sequence', an object of
/// another language, by calling 'item_fn' and 'bytes_fn' for each.  Both are
/// called on the calling thread and must return normally: an exception or
/// longjmp() through this function is undefined.  The views borrow from the
/// elements; keep 'sequence' alive and unchanged while they are in use.
///
/// Errors: ZBATCH_ERROR_INVALID_ARGUMENT when a function fails; the error's
/// item is the index of the element.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_gather_views(
    sequence: *mut c_void,
    count: usize,
    item_fn: zbatch_gather_item_fn,
    bytes_fn: zbatch_gather_bytes_fn,
    views: *mut zbatch_view,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    let mut views = call.array(views, count);
    let status = call.guard(error, || {
        let sequence = call.object(sequence)?;
        let item_fn = item_fn.ok_or(NO_FUNCTION)?;
        let bytes_fn = bytes_fn.ok_or(NO_FUNCTION)?;
        for (i, view) in views.required()?.iter_mut().enumerate() {
            // SAFETY: the caller gave the function for this sequence.
            let item = unsafe { item_fn(sequence, i.cast_signed()) };
            if item.is_null() {
                return Err(NO_ELEMENT.with_item(i));
            }
            let (mut data, mut size) = (ptr::null_mut(), 0);
            // SAFETY: the caller gave the function for these elements.
            let failed = unsafe { bytes_fn(item, &raw mut data, &raw mut size) };
            *view = bytes_of(failed, data.cast(), size).ok_or(NO_BYTES.with_item(i))?;
        }
        Ok(())
    });
    views.settle(status)
}

/// zbatch_gather_buffers() does the same for elements that must be asked for
/// their bytes and told when these are no longer in use.  It makes 'out', room
/// for 'count' records of 'buffer_size' bytes, zeroed and aligned for pointers,
/// and for each element calls 'buffer_fn' with the next record and with 'flags';
/// it reads from the record a pointer to the bytes at 'data_offset' and their
/// number, a ptrdiff_t, at 'size_offset': a Py_buffer has them at
/// offsetof(Py_buffer, buf) and offsetof(Py_buffer, len).  The three numbers are
/// multiples of sizeof(void *), and the two offsets differ.  'flags' mean to
/// 'buffer_fn' what they will: 0, CPython's PyBUF_SIMPLE, is enough to read, and
/// its PyBUF_WRITABLE asks for bytes to write to.
///
/// The views may be used until zbatch_pins_free(), which calls 'release_fn' for
/// each record.  After a failure nothing is held: 'release_fn' was called, on
/// this thread, for the records that were filled, and 'out' is NULL.
///
/// Errors: as zbatch_gather_views(), and ZBATCH_ERROR_NO_MEMORY.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_gather_buffers(
    sequence: *mut c_void,
    count: usize,
    item_fn: zbatch_gather_item_fn,
    buffer_fn: zbatch_gather_buffer_fn,
    release_fn: zbatch_release_fn,
    flags: c_int,
    buffer_size: usize,
    data_offset: usize,
    size_offset: usize,
    views: *mut zbatch_view,
    out: *mut *mut zbatch_pins,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: ARRAYS and OUTPUTS.
    let call = unsafe { Call::new() };
    let out = call.handle(out);
    let mut views = call.array(views, count);
    let status = call.guard(error, || {
        let out = out?;
        let sequence = call.object(sequence)?;
        let item_fn = item_fn.ok_or(NO_FUNCTION)?;
        let buffer_fn = buffer_fn.ok_or(NO_FUNCTION)?;
        let release_fn = release_fn.ok_or(NO_FUNCTION)?;
        let last = buffer_size.checked_sub(size_of::<usize>()).ok_or(BAD_RECORD)?;
        let words = [buffer_size, data_offset, size_offset].iter().all(|n| n.is_multiple_of(size_of::<usize>()));
        if data_offset.max(size_offset) > last || data_offset == size_offset || !words {
            return Err(BAD_RECORD);
        }
        let views = views.required()?;
        let mut pins = zbatch_pins::new(count, buffer_size, release_fn)?;
        for (i, view) in views.iter_mut().enumerate() {
            // SAFETY: the caller gave the function for this sequence.
            let item = unsafe { item_fn(sequence, i.cast_signed()) };
            if item.is_null() {
                return Err(NO_ELEMENT.with_item(i));
            }
            let record = pins.record(i);
            // SAFETY: the caller gave the function for these elements and this size of record.
            let failed = unsafe { buffer_fn(item, record, flags) };
            if failed != 0 {
                return Err(NO_BYTES.with_item(i));
            }
            pins.held += 1;
            let data: *const *mut c_void = record.wrapping_byte_add(data_offset).cast();
            let size: *const isize = record.wrapping_byte_add(size_offset).cast();
            // SAFETY: a word inside the record, which the function filled.
            let data = unsafe { data.read() };
            // SAFETY: as above.
            let size = unsafe { size.read() };
            *view = bytes_of(0, data, size).ok_or(NO_BYTES.with_item(i))?;
        }
        out.hand_out(pins)
    });
    views.settle(status)
}

/// zbatch_pins_free() calls the 'release_fn' of zbatch_gather_buffers() for
/// each record, in order, and frees the handle.  The function is called on the
/// calling thread and must return normally, so call this where it may be
/// called: with CPython's PyBuffer_Release, by a thread that has its lock.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_pins_free(pins: *mut zbatch_pins) {
    // SAFETY: OWNERSHIP.
    unsafe { take_back(pins) }
}

/// zbatch_scatter_bytes() makes elements 0 to 'count' - 1 of 'list', an object
/// of another language that is that long already, by calling 'new_fn' with the
/// bytes of each view and 'set_fn' with what it returned, on the calling
/// thread.  Both must return normally, as in zbatch_gather_views().  Elements
/// before the one that failed are made.
///
/// Errors: ZBATCH_ERROR_NO_MEMORY when 'new_fn' fails,
/// ZBATCH_ERROR_INVALID_ARGUMENT when 'set_fn' does; the error's item is the
/// index of the element.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zbatch_scatter_bytes(
    views: *const zbatch_view,
    count: usize,
    list: *mut c_void,
    new_fn: zbatch_scatter_new_fn,
    set_fn: zbatch_scatter_set_fn,
    error: *mut zbatch_error,
) -> zbatch_status {
    // SAFETY: ARRAYS.
    let call = unsafe { Call::new() };
    call.guard(error, || {
        let new_fn = new_fn.ok_or(NO_FUNCTION)?;
        let set_fn = set_fn.ok_or(NO_FUNCTION)?;
        let list = call.object(list)?;
        let items = call.items(views, count)?;
        for i in 0..items.len() {
            let bytes = items.get(i);
            // SAFETY: the caller gave the function for any bytes.
            let item = unsafe { new_fn(bytes.as_ptr().cast(), bytes.len().cast_signed()) };
            // SAFETY: the caller gave the function for this list.
            unsafe { put(set_fn, list, i, item) }?;
        }
        Ok(())
    })
}

/// Makes `item` element `i` of a list, unless there is none.
///
/// # Safety
/// The function is for this list, and the object for both.
pub(crate) unsafe fn put(
    set_fn: unsafe extern "C" fn(*mut c_void, isize, *mut c_void) -> c_int,
    list: *mut c_void,
    i: usize,
    item: *mut c_void,
) -> Result<(), Error> {
    if item.is_null() {
        return Err(NOT_MADE.with_item(i));
    }
    // SAFETY: the caller's promise.
    let failed = unsafe { set_fn(list, i.cast_signed(), item) };
    if failed == 0 { Ok(()) } else { Err(NOT_SET.with_item(i)) }
}

/// What a function said about an element, unless it failed.
pub(crate) fn bytes_of(failed: c_int, data: *mut c_void, size: isize) -> Option<zbatch_view> {
    let size = usize::try_from(size).ok().filter(|&size| size == 0 || !data.is_null())?;
    (failed == 0).then_some(zbatch_view { data, size })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a Py_buffer: the bytes first, their number third.
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Record {
        data: *const u8,
        owner: *mut c_void,
        size: isize,
    }

    unsafe extern "C" fn item(sequence: *mut c_void, index: isize) -> *mut c_void {
        sequence.cast::<&[u8]>().wrapping_offset(index).cast()
    }

    unsafe extern "C" fn buffer(item: *mut c_void, record: *mut c_void, _: c_int) -> c_int {
        // SAFETY: what `item` returned.
        let bytes = unsafe { *item.cast::<&[u8]>() };
        let filled = Record { data: bytes.as_ptr(), owner: item, size: bytes.len().cast_signed() };
        if bytes == b"bad" {
            return -1;
        }
        // SAFETY: room for a record.
        unsafe { record.cast::<Record>().write(filled) };
        0
    }

    thread_local! {
        static RELEASED: std::cell::RefCell<Vec<*mut c_void>> = const { std::cell::RefCell::new(Vec::new()) };
    }

    unsafe extern "C" fn release(record: *mut c_void) {
        // SAFETY: a record that `buffer` filled.
        let owner = unsafe { (*record.cast::<Record>()).owner };
        RELEASED.with_borrow_mut(|released| released.push(owner));
    }

    #[test]
    fn what_was_pinned_is_released_once_whatever_happens() {
        for (sequence, expected) in [([&b"one"[..], b"", b"three"], 0), ([b"one", b"bad", b"three"], -1)] {
            let mut views = [zbatch_view::default(); 3];
            let mut pins = ptr::without_provenance_mut(8);
            // SAFETY: three elements and views.
            let status = unsafe {
                zbatch_gather_buffers(
                    sequence.as_ptr().cast_mut().cast(),
                    3,
                    Some(item),
                    Some(buffer),
                    Some(release),
                    0,
                    size_of::<Record>(),
                    0,
                    16,
                    views.as_mut_ptr(),
                    &raw mut pins,
                    ptr::null_mut(),
                )
            };
            assert_eq!((status, pins.is_null()), (expected, expected != 0));
            let sizes = if status == 0 { [3, 0, 5] } else { [0; 3] };
            assert_eq!(views.map(|view| view.size), sizes);
            assert_eq!(RELEASED.take().len(), if status == 0 { 0 } else { 1 });
            // SAFETY: made above, or NULL.
            unsafe { zbatch_pins_free(pins) };
            let owners: Vec<_> = sequence.iter().map(|bytes| ptr::from_ref(bytes).cast_mut().cast()).collect();
            assert_eq!(RELEASED.take(), if status == 0 { owners } else { vec![] });
        }
    }
}
