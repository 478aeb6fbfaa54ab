//! Structs that grow: an older program knows a shorter one and a newer one a longer; each tells its size first.

use std::marker::PhantomData;
use std::ptr;

use zbatch::{Error, Status};

use super::{Call, check};

const BAD_STRUCT_SIZE: Error =
    Error::new(Status::InvalidArgument, "a struct_size is not set to the size of its struct");
const NEWER_FIELD: Error = Error::new(Status::Unsupported, "an option is set that this version does not know");

/// More than any struct of the header will ever have: a larger struct_size was never set.
const STRUCT_SIZE_MAX: usize = 4096;

/// A struct that may gain fields at its end.
///
/// # Safety
/// It is `repr(C)` without padding, begins with `struct_size: usize`, and any bits are a value.
pub(crate) unsafe trait Grows: Copy + Default {}

impl Call {
    /// The options at a pointer that may be NULL, as this version knows them.
    pub(crate) fn options<T: Grows>(&self, options: *const T) -> Result<T, Error> {
        if options.is_null() {
            return Ok(T::default());
        }
        let (value, rest) = self.known(options)?;
        rest.map(|()| value)
    }

    /// What this version knows of a struct, and the refusal of what it does not: for structs that hold outputs, which
    /// are written whatever happens.
    pub(crate) fn known<T: Grows>(&self, options: *const T) -> Result<(T, Result<(), Error>), Error> {
        let size = struct_size(options)?;
        let known = size.min(size_of::<T>());
        let bytes = self.slice(options.cast::<u8>(), size)?;
        let rest = if bytes[known..].iter().any(|&byte| byte != 0) { Err(NEWER_FIELD) } else { Ok(()) };
        let mut value = T::default();
        // SAFETY: both are at least that long, they are apart, and a `Grows` has no bad bits.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), (&raw mut value).cast(), known) };
        Ok((value, rest))
    }

    /// A struct of the caller's whose fields the call will write.
    pub(crate) fn fields<T: Grows>(&self, out: *mut T) -> Result<Fields<'_, T>, Error> {
        check(out, 1)?;
        let size = struct_size(out)?;
        Ok(Fields { at: out.cast(), size, of: PhantomData })
    }

    /// The body of an `_init` function: `size` bytes of defaults.
    pub(crate) fn init<T: Grows>(&self, options: *mut T, size: usize) {
        if !may_be_size_of::<T>(size) || check(options, 1).is_err() {
            return;
        }
        // SAFETY: the header: "sets the 'struct_size' bytes at 'options'".
        unsafe { options.cast::<u8>().write_bytes(0, size) };
        // SAFETY: the first field, and the size covers it.
        unsafe { options.cast::<usize>().write(size) };
    }
}

/// A struct of the caller's, as long as its struct_size says.
pub(crate) struct Fields<'c, T> {
    at: *mut u8,
    size: usize,
    of: PhantomData<&'c mut T>,
}

impl<T: Grows> Fields<'_, T> {
    /// Writes the fields that the caller knows, and 0 to those that this version does not; the
    /// struct_size stays.
    pub(crate) fn store(&mut self, value: &T) {
        let known = self.size.min(size_of::<T>());
        let mut value = *value;
        let value: *mut u8 = (&raw mut value).cast();
        // SAFETY: the first field of a `Grows`.
        unsafe { value.cast::<usize>().write(self.size) };
        // SAFETY: STRUCTS THAT GROW: the caller's struct is as long as its struct_size.
        unsafe { ptr::copy_nonoverlapping(value, self.at, known) };
        // SAFETY: as above.
        unsafe { self.at.wrapping_add(known).write_bytes(0, self.size - known) };
    }
}

/// The struct_size of a struct that grows, or its refusal.
fn struct_size<T: Grows>(at: *const T) -> Result<usize, Error> {
    check(at, 1)?;
    // SAFETY: STRUCTS THAT GROW: the first field of the caller's struct.
    let size = unsafe { at.cast::<usize>().read() };
    if may_be_size_of::<T>(size) { Ok(size) } else { Err(BAD_STRUCT_SIZE) }
}

/// Whether a struct like `T` can have that size, in this version or another. Its alignment stays what it is.
fn may_be_size_of<T: Grows>(size: usize) -> bool {
    (size_of::<usize>()..=STRUCT_SIZE_MAX).contains(&size) && size.is_multiple_of(align_of::<T>())
}
