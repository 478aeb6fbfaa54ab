//! Handles: what C owns of ours, from the call that makes one to the call that frees it.

use zbatch::Error;

use super::ending::caught;
use super::{Call, MISALIGNED, NULL, try_box};
use crate::status::{zbatch_error, zbatch_status};

impl Call {
    /// A handle that may not be NULL.
    pub(crate) fn borrow<T>(&self, handle: *const T) -> Result<&T, Error> {
        self.optional(handle)?.ok_or(NULL)
    }

    /// A handle that may be NULL.
    pub(crate) fn optional<T>(&self, handle: *const T) -> Result<Option<&T>, Error> {
        if !handle.is_aligned() {
            return Err(MISALIGNED);
        }
        // SAFETY: OWNERSHIP: the caller has not freed the handle, and does not during the call.
        Ok(unsafe { handle.as_ref() })
    }

    /// An output for a handle, NULL from now on.
    pub(crate) fn handle<T>(&self, out: *mut *mut T) -> Result<Handle<'_, T>, Error> {
        self.place(out).map(Handle)
    }

    /// The body of a function that makes a handle.
    pub(crate) fn hand_out<T>(
        &self,
        out: *mut *mut T,
        error: *mut zbatch_error,
        body: impl FnOnce() -> Result<T, Error>,
    ) -> zbatch_status {
        let out = self.handle(out);
        self.guard(error, || {
            let out = out?;
            out.hand_out(body()?)
        })
    }
}

/// An output that will hold a handle.
pub(crate) struct Handle<'c, T>(&'c mut *mut T);

impl<T> Handle<'_, T> {
    /// Hands `value` out to the caller, who owns it from now on.
    pub(crate) fn hand_out(self, value: T) -> Result<(), Error> {
        *self.0 = Box::into_raw(try_box(value)?);
        Ok(())
    }

    /// Hands out `value`, and to `other` what stands beside it, if anything does; or neither, when memory runs out.
    pub(crate) fn hand_out_with<U>(self, value: T, other: Handle<'_, U>, beside: Option<U>) -> Result<(), Error> {
        let beside = beside.map(try_box).transpose()?;
        self.hand_out(value)?;
        if let Some(beside) = beside {
            *other.0 = Box::into_raw(beside);
        }
        Ok(())
    }
}

/// Asks a handle for a value; a NULL handle answers 0 or NULL.
///
/// # Safety
/// OWNERSHIP: `handle` is NULL or alive.
pub(crate) unsafe fn answer<T, R: Default>(handle: *const T, ask: impl FnOnce(&T) -> R) -> R {
    if !handle.is_aligned() {
        return R::default();
    }
    // SAFETY: the caller's promise.
    let handle = unsafe { handle.as_ref() };
    handle.and_then(|handle| caught(|| ask(handle))).unwrap_or_default()
}

/// Ends a handle that a [`Handle`] gave; NULL is none.
///
/// # Safety
/// OWNERSHIP: the caller owns `handle`, and frees it once.
pub(crate) unsafe fn take_back<T>(handle: *mut T) {
    if handle.is_null() || !handle.is_aligned() {
        return;
    }
    // SAFETY: the caller's promise; `try_box` made it.
    let value = unsafe { Box::from_raw(handle) };
    caught(|| drop(value));
}
