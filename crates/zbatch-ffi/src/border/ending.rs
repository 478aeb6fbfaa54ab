//! How a call ends: what it returns, and what the caller's `zbatch_error` then says.

use std::ffi::c_char;
use std::fmt::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use zbatch::{Error, Status};

use super::Call;
use crate::status::{
    ZBATCH_ERROR_INTERNAL, ZBATCH_ERROR_INVALID_ARGUMENT, ZBATCH_NO_ITEM, ZBATCH_OK, ZBATCH_PARTIAL, zbatch_error,
    zbatch_status,
};

const FAULT: Error = Error::new(Status::Internal, "a fault inside zbatch, please report it");

impl Call {
    /// Runs the body of a function that can fail, and turns its end into a status and an error.
    pub(crate) fn guard<V: Verdict>(
        &self,
        error: *mut zbatch_error,
        body: impl FnOnce() -> Result<V, Error>,
    ) -> zbatch_status {
        if !error.is_aligned() {
            return ZBATCH_ERROR_INVALID_ARGUMENT;
        }
        let (status, told) = match caught(body) {
            Some(Ok(verdict)) => match verdict.failed() {
                None => return ZBATCH_OK,
                Some(told) => (ZBATCH_PARTIAL, told),
            },
            Some(Err(told)) => (told.status() as zbatch_status, told),
            None => (ZBATCH_ERROR_INTERNAL, FAULT),
        };
        if !error.is_null() {
            let filled = explain(&told);
            // SAFETY: ERRORS: 'error' is NULL, which it is not, or the caller's zbatch_error.
            unsafe { error.write(filled) };
        }
        status
    }
}

/// The end of a body that succeeded: for all items, or but for one that it names.
pub(crate) trait Verdict {
    fn failed(self) -> Option<Error>;
}

impl Verdict for () {
    fn failed(self) -> Option<Error> {
        None
    }
}

impl Verdict for Option<Error> {
    fn failed(self) -> Option<Error> {
        self
    }
}

/// Runs `body`; none when it panicked. Nothing unwinds into C.
pub(super) fn caught<R>(body: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => Some(value),
        Err(payload) => {
            // Its destructor could panic again, and then nobody would catch it.
            std::mem::forget(payload);
            None
        }
    }
}

/// The error as C sees it.
fn explain(error: &Error) -> zbatch_error {
    let mut filled = zbatch_error {
        item: error.item().map_or(ZBATCH_NO_ITEM, |item| item as u64),
        status: error.status() as zbatch_status,
        zstd_error: error.zstd_code(),
        os_error: error.os_code(),
        reserved: 0,
        message: [0; 232],
    };
    let mut message = Message { room: &mut filled.message, used: 0 };
    // A message that is cut short still says something; the writer never fails.
    let _ = write!(message, "{error}");
    filled
}

/// Text that ends where its room does, between two characters and before a NUL.
struct Message<'a> {
    room: &'a mut [c_char],
    used: usize,
}

impl Write for Message<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.room.len() - 1 - self.used;
        let mut kept = text.len().min(room);
        while !text.is_char_boundary(kept) {
            kept -= 1;
        }
        for (to, &byte) in self.room[self.used..].iter_mut().zip(&text.as_bytes()[..kept]) {
            *to = byte as c_char;
        }
        // After a cut nothing may follow: the rest of the room counts as used.
        self.used = if kept < text.len() { self.room.len() - 1 } else { self.used + kept };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;
    use std::mem::MaybeUninit;

    /// The status of a body, and its error when it filled one.
    fn guarded<V: Verdict>(body: impl FnOnce() -> Result<V, Error>) -> (zbatch_status, Option<zbatch_error>) {
        let mut error = MaybeUninit::uninit();
        // SAFETY: room for an error.
        let status = unsafe { Call::new() }.guard(error.as_mut_ptr(), body);
        // SAFETY: ERRORS: filled when the status is not ZBATCH_OK.
        (status, (status != ZBATCH_OK).then(|| unsafe { error.assume_init() }))
    }

    fn message(error: &zbatch_error) -> &str {
        // SAFETY: "NUL-terminated".
        unsafe { CStr::from_ptr(error.message.as_ptr()) }.to_str().unwrap()
    }

    #[test]
    fn a_panic_is_a_status() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("again");
            }
        }
        let (status, error) = guarded::<()>(|| std::panic::panic_any(Bomb));
        assert_eq!(status, ZBATCH_ERROR_INTERNAL);
        assert_eq!(error.unwrap().item, ZBATCH_NO_ITEM);
    }

    #[test]
    fn an_error_keeps_its_item_through_partial() {
        let failed = Error::new(Status::Corrupt, "the frame is damaged").with_item(7);
        let (status, error) = guarded(|| Ok(Some(failed)));
        let error = error.unwrap();
        assert_eq!((status, error.status, error.item), (ZBATCH_PARTIAL, Status::Corrupt as i32, 7));
        assert_eq!(message(&error), failed.to_string());
        assert!(guarded(|| Ok(())).1.is_none());
    }

    #[test]
    fn a_long_message_ends_between_two_characters() {
        const TEXT: &str = "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}";
        let mut room = [1; 16];
        let mut writer = Message { room: &mut room, used: 0 };
        let _ = write!(writer, "x{TEXT}{TEXT}!");
        let end = writer.used;
        assert_eq!(end, 15);
        let text: Vec<u8> = room[..15].iter().map(|&c| c as u8).collect();
        assert_eq!(text, "x\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}".as_bytes());
    }
}
