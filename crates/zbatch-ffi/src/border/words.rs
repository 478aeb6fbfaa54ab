//! Objects of another language: passed on, or read and written word by word, where the layout that is bound says.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ptr::NonNull;

use zbatch::Error;

use super::{Call, NULL};

impl Call {
    /// An object of another language, which is only passed on.
    pub(crate) fn object(&self, object: *mut c_void) -> Result<*mut c_void, Error> {
        if object.is_null() { Err(NULL) } else { Ok(object) }
    }

    /// An object of another language, to look into.
    pub(crate) fn words(&self, object: *mut c_void) -> Option<Words<'_>> {
        let at = NonNull::new(object.cast::<usize>())?;
        at.is_aligned().then_some(Words { at, of: PhantomData })
    }
}

/// The words of an object of another language.
#[derive(Clone, Copy)]
pub(crate) struct Words<'c> {
    at: NonNull<usize>,
    of: PhantomData<&'c Call>,
}

/// What a word of an object may be.
///
/// # Safety
/// It is as large as a `usize` and aligned like one, and any bits are a value.
pub(crate) unsafe trait Word: Copy {}

// SAFETY: the very word.
unsafe impl Word for usize {}
// SAFETY: zbatch has no targets where an address is no word.
unsafe impl Word for *mut c_void {}
// SAFETY: as above; 0 is `None`, and it is not called here.
unsafe impl Word for Option<unsafe extern "C" fn(*mut c_void)> {}

impl Words<'_> {
    /// The word at an offset of the layout that is bound.
    pub(crate) fn get<T: Word>(self, offset: usize) -> T {
        // SAFETY: zbatch_object_layout: "where five words lie in each".
        unsafe { self.at.as_ptr().wrapping_byte_add(offset).cast::<T>().read() }
    }

    /// Writes the word at an offset of the layout that is bound.
    pub(crate) fn set<T: Word>(self, offset: usize, value: T) {
        // SAFETY: as above; the object is new, and nobody else has it yet.
        unsafe { self.at.as_ptr().wrapping_byte_add(offset).cast::<T>().write(value) };
    }
}
