//! One item of another language

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;

use zbatch::Error;

use crate::border::Call;
use crate::compress::{flag, zbatch_compressor};
use crate::decompress::zbatch_decompressor;
use crate::gather::NOT_MADE;
use crate::objects::{bound, instead, zbatch_object_layout};
use crate::status::{ZBATCH_OK, zbatch_error};

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
pub unsafe extern "C" fn zbatch_object_compress(
    compressor: *const zbatch_compressor,
    data: *const c_void,
    size: usize,
    otherwise: *mut c_void,
    error: *mut zbatch_error,
) -> *mut c_void {
    // SAFETY: OWNERSHIP and ARRAYS.
    let call = unsafe { Call::new() };
    made(&call, otherwise, error, |layout| {
        let compressor = &call.borrow(compressor)?.core;
        let item = call.bytes(data, size)?;
        let turn = Turn::of(layout);
        turn.leave_for(compressor.estimate(&[item], 1, LONG));
        compressor.compress_to(item, |frame| {
            turn.take();
            new_bytes(layout, frame.as_ptr(), frame.len())
        })?
    })
}

/// zbatch_object_decompress() does the same for zbatch_decompress().  The content
/// is decompressed to bytes that 'new_fn' made of NULL, where 'content_fn' says
/// that they are, when the size is known before.  'single_frame' and
/// 'allow_extra_data' stand in the place of the decompressor's own, and of
/// 'max_unsized_item_size' and its own the lower holds; 0 is none.
///
/// Errors: those of zbatch_object_compress() but for the last, and those of an
/// item.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zbatch_object_decompress(
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
    made(&call, otherwise, error, |layout| {
        let decompressor = &call.borrow(decompressor)?.core;
        let (single_frame, allow_extra_data) = (flag(single_frame)?, flag(allow_extra_data)?);
        let decompressor = decompressor.altered(|parameters| {
            parameters.single_frame = single_frame;
            parameters.allow_extra_data = allow_extra_data;
            parameters.limit_unsized_items(max_unsized_item_size);
        });
        let item = call.bytes(data, size)?;
        let turn = Turn::of(layout);
        turn.leave_for(decompressor.estimate(&[item], 1, LONG));
        let mut content = ptr::null_mut();
        let done = decompressor.decompress_to(item, |size| {
            turn.back(|| {
                content = new_bytes(layout, ptr::null(), size)?;
                // SAFETY: the caller bound the function for what the other made.
                let bytes = layout.content_fn.map_or(ptr::null_mut(), |content_fn| unsafe { content_fn(content) });
                call.dst(bytes.cast(), size)
            })
        });
        turn.take();
        if done.is_err() && !content.is_null() {
            release(layout, content);
        }
        done.map(|_| content)
    })
}

/// What `make` makes with the bound layout, or `otherwise`.
fn made(
    call: &Call,
    otherwise: *mut c_void,
    error: *mut zbatch_error,
    make: impl FnOnce(&'static zbatch_object_layout) -> Result<*mut c_void, Error>,
) -> *mut c_void {
    let mut object = ptr::null_mut();
    let status = call.guard(error, || {
        object = make(bound()?)?;
        Ok(())
    });
    if status == ZBATCH_OK { object } else { instead(otherwise) }
}

fn new_bytes(layout: &zbatch_object_layout, data: *const u8, size: usize) -> Result<*mut c_void, Error> {
    let size = isize::try_from(size).map_err(|_| NOT_MADE)?;
    // SAFETY: the caller bound the function for any bytes, and for none.
    let object = layout.new_fn.map_or(ptr::null_mut(), |new_fn| unsafe { new_fn(data.cast(), size) });
    if object.is_null() { Err(NOT_MADE) } else { Ok(object) }
}

fn release(layout: &zbatch_object_layout, object: *mut c_void) {
    if let Some(release_fn) = layout.release_fn {
        // SAFETY: the object is nobody else's.
        unsafe { release_fn(object) };
    }
}

/// Whether it is this thread's turn in the language. It is again when this ends.
struct Turn<'l> {
    layout: &'l zbatch_object_layout,
    away: Cell<Option<*mut c_void>>,
}

impl<'l> Turn<'l> {
    fn of(layout: &'l zbatch_object_layout) -> Turn<'l> {
        Turn { layout, away: Cell::new(None) }
    }

    /// Gives it up for work of so many nanoseconds, if that is long.
    fn leave_for(&self, nanoseconds: u64) {
        if nanoseconds >= LONG {
            self.leave();
        }
    }

    fn leave(&self) {
        // SAFETY: the caller bound the function for this thread, whose turn it is.
        self.away.set(self.layout.leave_fn.map(|leave_fn| unsafe { leave_fn() }));
    }

    /// Waits for it.
    fn take(&self) {
        if let (Some(state), Some(enter_fn)) = (self.away.take(), self.layout.enter_fn) {
            // SAFETY: the caller bound the function for what the other returned.
            unsafe { enter_fn(state) };
        }
    }

    /// Takes it for `work` alone.
    fn back<R>(&self, work: impl FnOnce() -> R) -> R {
        let away = self.away.get().is_some();
        self.take();
        let result = work();
        if away {
            self.leave();
        }
        result
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.take();
    }
}
