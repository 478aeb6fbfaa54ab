//! Memory that runs out is an error.

use std::alloc::Layout;

use zbatch::{Error, Status};

pub(crate) const NO_MEMORY: Error = Error::new(Status::NoMemory, "memory ran out");

/// `Box::new`, but memory that ran out is an error.
pub(crate) fn try_box<T>(value: T) -> Result<Box<T>, Error> {
    const { assert!(size_of::<T>() != 0) };
    // SAFETY: the size is not 0.
    let at: *mut T = unsafe { std::alloc::alloc(Layout::new::<T>()) }.cast();
    if at.is_null() {
        return Err(NO_MEMORY);
    }
    // SAFETY: fresh memory of T's layout.
    unsafe { at.write(value) };
    // SAFETY: allocated as a box is, and initialised.
    Ok(unsafe { Box::from_raw(at) })
}

/// `Vec::with_capacity`, but memory that ran out is an error.
pub(crate) fn try_with_capacity<T>(count: usize) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    all.try_reserve_exact(count).map_err(|_| NO_MEMORY)?;
    Ok(all)
}

/// Collects `count` values into memory that may run out.
pub(crate) fn try_collect<T>(count: usize, values: impl Iterator<Item = T>) -> Result<Vec<T>, Error> {
    let mut all = try_with_capacity(count)?;
    all.extend(values);
    Ok(all)
}
