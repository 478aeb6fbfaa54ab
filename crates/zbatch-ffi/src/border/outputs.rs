//! What a call writes. An output is cleared when it is asked for; one that cannot be is the error of the call.

use std::ffi::c_void;
use std::{ptr, slice};

use zbatch::{Error, Partial, Segment, Status};

use super::{Call, NULL, check};
use crate::bytes::{zbatch_segment, zbatch_view};
use crate::status::{zbatch_error, zbatch_status};

impl Call {
    /// The body of a function that writes one value to `out`, which is 0 unless it succeeds.
    pub(crate) fn write<T: Default>(
        &self,
        out: *mut T,
        error: *mut zbatch_error,
        body: impl FnOnce() -> Result<T, Error>,
    ) -> zbatch_status {
        let out = self.place(out);
        self.guard(error, || {
            let out = out?;
            *out = body()?;
            Ok(())
        })
    }

    /// The body of a function that fills an array of `count` values, which are 0 unless it succeeds.
    pub(crate) fn fill<T: Element>(
        &self,
        out: *mut T,
        count: usize,
        error: *mut zbatch_error,
        body: impl FnOnce(&mut [T]) -> Result<(), Error>,
    ) -> zbatch_status {
        let mut out = self.array(out, count);
        let status = self.guard(error, || body(out.required()?));
        out.settle(status)
    }

    /// An output for one value, 0 from now on.
    #[expect(clippy::mut_from_ref, reason = "the memory is the caller's, not this call's")]
    pub(crate) fn place<T: Default>(&self, out: *mut T) -> Result<&mut T, Error> {
        check(out, 1)?;
        // SAFETY: OUTPUTS: the caller has room for one value here, initialised or not.
        unsafe { out.write(T::default()) };
        // SAFETY: written just now, and nobody else touches it during the call.
        Ok(unsafe { &mut *out })
    }

    /// An output for one value, or NULL.
    pub(crate) fn optional_place<T: Default>(&self, out: *mut T) -> Result<Option<&mut T>, Error> {
        if out.is_null() { Ok(None) } else { self.place(out).map(Some) }
    }

    /// The value at a pointer, where its default is from now on.
    pub(crate) fn take<T: Default>(&self, at: *mut T) -> Result<T, Error> {
        check(at, 1)?;
        // SAFETY: OUTPUTS: a value of the caller's that nobody else touches during the call.
        Ok(unsafe { at.replace(T::default()) })
    }

    /// The caller's memory for bytes of a result.
    #[expect(clippy::mut_from_ref, reason = "the memory is the caller's, not this call's")]
    pub(crate) fn dst(&self, data: *mut c_void, capacity: usize) -> Result<&mut [u8], Error> {
        if capacity == 0 {
            return Ok(&mut []);
        }
        let data: *mut u8 = data.cast();
        check(data, capacity)?;
        // SAFETY: ARRAYS and OUTPUTS: room for 'capacity' bytes that nobody else touches during
        // the call. They are written before they are read.
        Ok(unsafe { slice::from_raw_parts_mut(data, capacity) })
    }

    /// An output of `count` values, each 0 from now on.
    pub(crate) fn array<T: Element>(&self, out: *mut T, count: usize) -> Array<'_, T> {
        if out.is_null() {
            return Array::Null { count };
        }
        if let Err(error) = check(out, count) {
            return Array::Refused(error);
        }
        for i in 0..count {
            // SAFETY: ARRAYS: element i of 'count'.
            let element = unsafe { out.add(i) };
            // SAFETY: OUTPUTS: the caller has room for it, initialised or not.
            unsafe { element.write(T::ZERO) };
        }
        // SAFETY: every element was written just now, and nobody else touches them.
        Array::Given(unsafe { slice::from_raw_parts_mut(out, count) })
    }

    /// An output of `count` segments.
    pub(crate) fn segment_array(&self, out: *mut zbatch_segment, count: usize) -> Array<'_, Segment> {
        self.array(out.cast(), count)
    }

    /// An output of `count` statuses. Its elements are the core's: 0, which is there from now on,
    /// is one of them, and nobody but the core writes others.
    pub(crate) fn status_array(&self, out: *mut zbatch_status, count: usize) -> Array<'_, Status> {
        self.array(out.cast(), count)
    }
}

/// What an output array may hold: 0 from the start, and what a failed call leaves in it.
pub(crate) trait Element: Copy {
    const ZERO: Self;

    fn of_failed_call(_status: zbatch_status) -> Self {
        Self::ZERO
    }
}

impl Element for u64 {
    const ZERO: u64 = 0;
}

impl Element for usize {
    const ZERO: usize = 0;
}

impl Element for Segment {
    const ZERO: Segment = Segment { offset: 0, length: 0 };
}

impl Element for zbatch_view {
    const ZERO: zbatch_view = zbatch_view { data: ptr::null(), size: 0 };
}

impl Element for Status {
    const ZERO: Status = Status::Ok;

    fn of_failed_call(status: zbatch_status) -> Status {
        crate::status::from_code(status)
    }
}

/// An output array.
pub(crate) enum Array<'c, T> {
    Null { count: usize },
    Refused(Error),
    Given(&'c mut [T]),
}

impl<T: Element> Array<'_, T> {
    /// The array, which may be NULL only when it has no elements.
    pub(crate) fn required(&mut self) -> Result<&mut [T], Error> {
        match self {
            Array::Null { count: 0 } => Ok(&mut []),
            Array::Null { .. } => Err(NULL),
            Array::Refused(error) => Err(*error),
            Array::Given(elements) => Ok(elements),
        }
    }

    /// The array, or none for NULL.
    pub(crate) fn optional(&mut self) -> Result<Option<&mut [T]>, Error> {
        match self {
            Array::Null { .. } => Ok(None),
            Array::Refused(error) => Err(*error),
            Array::Given(elements) => Ok(Some(elements)),
        }
    }

    /// Writes what a call that failed as a whole leaves, and passes its status on.
    pub(crate) fn settle(self, status: zbatch_status) -> zbatch_status {
        if let (Array::Given(elements), ..=-1) = (self, status) {
            elements.fill(T::of_failed_call(status));
        }
        status
    }
}

impl Array<'_, Status> {
    /// Runs a batch that one failed item fails; or, where the caller wants statuses, one that delivers the others.
    pub(crate) fn batch<T>(
        &mut self,
        whole: impl FnOnce() -> Result<T, Error>,
        partial: impl FnOnce(&mut [Status]) -> Result<Partial<T>, Error>,
    ) -> Result<Partial<T>, Error> {
        match self.optional()? {
            None => Ok(Partial { value: whole()?, error: None }),
            Some(statuses) => partial(statuses),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::ZBATCH_ERROR_INVALID_ARGUMENT;
    use std::mem::MaybeUninit;

    #[test]
    fn a_failed_call_leaves_its_status_with_every_item() {
        let mut statuses = [MaybeUninit::<zbatch_status>::uninit(); 3];
        // SAFETY: room for three statuses.
        let call = unsafe { Call::new() };
        let array = call.status_array(statuses.as_mut_ptr().cast(), 3);
        array.settle(Status::Cancelled as zbatch_status);
        // SAFETY: OUTPUTS: written whatever happens.
        assert!(statuses.iter().all(|s| unsafe { s.assume_init() } == Status::Cancelled as zbatch_status));
    }
    #[test]
    fn what_a_call_filled_before_it_failed_is_cleared() {
        let mut numbers = [7u64; 3];
        // SAFETY: room for three numbers.
        let call = unsafe { Call::new() };
        let status = call.fill(numbers.as_mut_ptr(), 3, ptr::null_mut(), |numbers| {
            assert_eq!(numbers, [0; 3]);
            numbers[0] = 1;
            Err(NULL)
        });
        assert_eq!((status, numbers), (ZBATCH_ERROR_INVALID_ARGUMENT, [0; 3]));
    }
}
