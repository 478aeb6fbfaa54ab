//! One item of another language

use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::ptr;

use zbatch::Error;

use crate::border::Call;
use crate::compress::{flag, zbatch_compressor};
use crate::decompress::zbatch_decompressor;
use crate::gather::NOT_MADE;
use crate::objects::{bound, instead, zbatch_object_layout};
use crate::status::zbatch_error;

/// Nanoseconds of work from which on other threads of the language go on meanwhile. For less, waiting for the turn to come
/// back costs more than it gives.
const LONG: u64 = 20_000;

/// zbatch_object_compress() is zbatch_compress(), and returns what 'new_fn' of
/// the bound layout makes of the frame: CPython's bytes.  When there is none it
/// returns 'otherwise', to which it takes a reference when a layout is bound, as
/// not every language can be given NULL; 'error' tells why.
///
/// Functions of the layout are called on the calling thread, whose turn it must
/// be.  It is given up, with 'leave_fn', for work that takes long.
///
/// Errors: ZBATCH_ERROR_INVALID_ARGUMENT, no layout is bound.
/// ZBATCH_ERROR_NO_MEMORY, 'new_fn' failed.  Those of zbatch_compress().
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zbatch_object_compress(
    compressor: *const zbatch_compressor,
    data: *const c_void,
    size: usize,
    otherwise: *mut c_void,
    error: *mut zbatch_error,
) -> *mut c_void {
    // SAFETY: OWNERSHIP and ARRAYS.
    let call = unsafe { Call::new() };
    let begun = step(&call, error, || {
        let (layout, compressor) = (bound()?, &call.borrow(compressor)?.core);
        let item = call.bytes(data, size)?;
        Ok((layout, compressor, item, compressor.estimate(&[item], 1, LONG)))
    });
    let Some((layout, compressor, item, nanoseconds)) = begun else { return instead(otherwise) };
    let away = leave(layout, nanoseconds);
    let frames = ManuallyDrop::new(step(&call, error, || compressor.compress_unplaced(item)));
    enter(layout, away);
    let frames = ManuallyDrop::into_inner(frames);
    let made = frames.and_then(|frames| step(&call, error, || of_bytes(layout, frames.as_ref())));
    made.unwrap_or_else(|| instead(otherwise))
}

/// zbatch_object_decompress() does the same for zbatch_decompress().  The
/// content is decompressed to bytes that 'new_fn' made of NULL, where
/// 'content_fn' says that they are, when the size is known before.
/// 'single_frame' and 'allow_extra_data' stand in the place of the
/// decompressor's own, and of 'max_unsized_item_size' and its own the lower
/// holds; 0 is none.
///
/// Errors: those of zbatch_object_compress() but for the last, and those of an
/// item.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn zbatch_object_decompress(
    decompressor: *const zbatch_decompressor,
    data: *const c_void,
    size: usize,
    single_frame: i32,
    allow_extra_data: i32,
    max_unsized_item_size: usize,
    otherwise: *mut c_void,
    error: *mut zbatch_error,
) -> *mut c_void {
    // SAFETY: OWNERSHIP and ARRAYS.
    let call = unsafe { Call::new() };
    let begun = step(&call, error, || {
        let (layout, decompressor) = (bound()?, &call.borrow(decompressor)?.core);
        let (single_frame, allow_extra_data) =
            (flag(single_frame, "single_frame")?, flag(allow_extra_data, "allow_extra_data")?);
        let decompressor = decompressor.altered(|parameters| {
            parameters.single_frame = single_frame;
            parameters.allow_extra_data = allow_extra_data;
            parameters.limit_unsized_items(max_unsized_item_size);
        });
        let item = call.bytes(data, size)?;
        let place = match decompressor.content_size(item)? {
            Some(size) => Some(Place::new(&call, layout, size)?),
            None => None,
        };
        let nanoseconds = decompressor.estimate(&[item], 1, LONG);
        Ok((layout, decompressor, item, place, nanoseconds))
    });
    let Some((layout, decompressor, item, place, nanoseconds)) = begun else { return instead(otherwise) };
    let content = place.as_ref().map(|place| place.object);
    let away = leave(layout, nanoseconds);
    // The step ends the decompressor too.
    let done = ManuallyDrop::new(step(&call, error, move || match place {
        Some(place) => decompressor.decompress_exactly(item, place.bytes).map(|()| None),
        None => decompressor.decompress_unplaced(item).map(Some),
    }));
    enter(layout, away);
    let made = match (ManuallyDrop::into_inner(done), content) {
        (Some(Some(bytes)), _) => step(&call, error, || of_bytes(layout, bytes.as_ref())),
        (Some(None), content) => content,
        (None, Some(content)) => {
            release(layout, content);
            None
        }
        (None, None) => None,
    };
    made.unwrap_or_else(|| instead(otherwise))
}

/// What one step of a call comes to; `None` when it failed, and `error` then tells why.
pub(crate) fn step<T>(call: &Call, error: *mut zbatch_error, body: impl FnOnce() -> Result<T, Error>) -> Option<T> {
    let mut made = None;
    call.guard(error, || {
        made = Some(body()?);
        Ok(())
    });
    made
}

/// Bytes of the language that are to be written.
struct Place<'c> {
    object: *mut c_void,
    bytes: &'c mut [u8],
}

impl<'c> Place<'c> {
    fn new(call: &'c Call, layout: &zbatch_object_layout, size: usize) -> Result<Place<'c>, Error> {
        let object = new_bytes(layout, ptr::null(), size)?;
        // SAFETY: the caller bound the function for what the other made.
        let bytes = layout.content_fn.map_or(ptr::null_mut(), |content_fn| unsafe { content_fn(object) });
        match call.dst(bytes.cast(), size) {
            Ok(bytes) => Ok(Place { object, bytes }),
            Err(error) => {
                release(layout, object);
                Err(error)
            }
        }
    }
}

fn of_bytes(layout: &zbatch_object_layout, bytes: &[u8]) -> Result<*mut c_void, Error> {
    new_bytes(layout, bytes.as_ptr(), bytes.len())
}

fn new_bytes(layout: &zbatch_object_layout, data: *const u8, size: usize) -> Result<*mut c_void, Error> {
    let size = isize::try_from(size).map_err(|_| NOT_MADE)?;
    // SAFETY: the caller bound the function for any bytes, and for none.
    let object = layout.new_fn.map_or(ptr::null_mut(), |new_fn| unsafe { new_fn(data.cast(), size) });
    if object.is_null() { Err(NOT_MADE) } else { Ok(object) }
}

pub(crate) fn release(layout: &zbatch_object_layout, object: *mut c_void) {
    if let Some(release_fn) = layout.release_fn {
        // SAFETY: the object is nobody else's.
        unsafe { release_fn(object) };
    }
}

/// Gives up this thread's turn in the language for work of so many nanoseconds, if that is long; returns what `enter` needs.
pub(crate) fn leave(layout: &zbatch_object_layout, nanoseconds: u64) -> Option<*mut c_void> {
    let leave_fn = layout.leave_fn.filter(|_| nanoseconds >= LONG)?;
    // SAFETY: the caller bound the function for this thread, whose turn it is.
    Some(unsafe { leave_fn() })
}

/// Waits for the turn that was given up. When the language ends meanwhile, this may end the thread and never return: nothing
/// may be left to drop then, and no panic be caught, neither here nor in the functions that called this.
pub(crate) fn enter(layout: &zbatch_object_layout, away: Option<*mut c_void>) {
    if let (Some(state), Some(enter_fn)) = (away, layout.enter_fn) {
        // SAFETY: the caller bound the function for what the other returned.
        unsafe { enter_fn(state) };
    }
}
