//! Arrays that are read, of bytes and of all else.

use std::ffi::{CStr, c_char, c_void};
use std::ptr::NonNull;
use std::slice;

use zbatch::{Error, Segment};

use super::{Call, NULL, check};
use crate::apart::{Extent, check_outputs, extent};
use crate::bytes::zbatch_segment;

impl Call {
    /// An array that is read; NULL when it has no elements.
    pub(crate) fn slice<T>(&self, data: *const T, count: usize) -> Result<&[T], Error> {
        if count == 0 {
            return Ok(&[]);
        }
        check(data, count)?;
        // SAFETY: ARRAYS: a pointer that comes with a number is an array of that many.
        Ok(unsafe { slice::from_raw_parts(data, count) })
    }

    /// An array that is read, or NULL.
    pub(crate) fn optional_slice<T>(&self, data: *const T, count: usize) -> Result<Option<&[T]>, Error> {
        if data.is_null() { Ok(None) } else { self.slice(data, count).map(Some) }
    }

    /// Bytes that are read.
    pub(crate) fn bytes(&self, data: *const c_void, size: usize) -> Result<&[u8], Error> {
        self.slice(data.cast(), size)
    }

    /// Bytes that are read, apart from these outputs.
    pub(crate) fn bytes_apart(&self, data: *const c_void, size: usize, outputs: &[Extent]) -> Result<&[u8], Error> {
        let bytes = self.bytes(data, size)?;
        const NO_ITEMS: [&[u8]; 0] = [];
        check_outputs(&NO_ITEMS, outputs, &[extent(data.cast::<u8>(), size)])?;
        Ok(bytes)
    }

    /// A table of segments that is read.
    pub(crate) fn segments(&self, segments: *const zbatch_segment, count: usize) -> Result<&[Segment], Error> {
        self.slice(segments.cast(), count)
    }

    /// Text that ends with a NUL.
    pub(crate) fn text(&self, text: *const c_char) -> Result<&CStr, Error> {
        let text = NonNull::new(text.cast_mut()).ok_or(NULL)?;
        // SAFETY: a 'const char *' of the header that has no size beside it is a C string.
        Ok(unsafe { CStr::from_ptr(text.as_ptr()) })
    }

    /// Bytes that stay the caller's after the call.
    pub(crate) fn lend(&self, data: *const c_void, size: usize) -> Result<Lent, Error> {
        let bytes = self.bytes(data, size)?;
        Ok(Lent { data: bytes.as_ptr(), size: bytes.len() })
    }
}

/// The bytes of zbatch_buffer_new_by_reference().
pub(crate) struct Lent {
    data: *const u8,
    size: usize,
}

// SAFETY: the caller keeps the bytes "where they are, unchanged": any thread may read them.
unsafe impl Send for Lent {}
// SAFETY: as above.
unsafe impl Sync for Lent {}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `Call::lend` checked them, and the caller keeps them until the last owner ends.
        unsafe { slice::from_raw_parts(self.data, self.size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::zbatch_view;
    use std::ptr;
    use zbatch::{Items, Status};

    #[test]
    fn arrays_that_cannot_be_are_refused() {
        fn status(refused: Result<&[u64], Error>) -> Result<&[u64], Status> {
            refused.map_err(|e| e.status())
        }
        // SAFETY: nothing below is followed.
        let call = unsafe { Call::new() };
        let word: *const u64 = ptr::without_provenance(8);
        assert_eq!(status(call.slice(ptr::null(), 0)), Ok(&[][..]));
        assert_eq!(status(call.slice(ptr::null(), 1)), Err(Status::InvalidArgument));
        assert_eq!(status(call.slice(word.wrapping_byte_add(1), 1)), Err(Status::InvalidArgument));
        assert_eq!(status(call.slice(word, usize::MAX / 8)), Err(Status::InvalidArgument));
        let views = [zbatch_view { data: ptr::null(), size: 0 }, zbatch_view { data: ptr::null(), size: 1 }];
        assert_eq!(call.items(views.as_ptr(), 1).map(|items| items.get(0).len()), Ok(0));
        assert_eq!(call.items(views.as_ptr(), 2).err().and_then(|e| e.item()), Some(1));
    }
}
