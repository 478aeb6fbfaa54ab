//! The border between C and Rust: the only place where pointers become references, and back.
//!
//! Every function of the header opens a [`Call`] with the one promise that its caller gave by
//! calling it, and then asks it for what the pointers stand for. What a call lends cannot outlive
//! it. Outputs are cleared as they are asked for, which is before anything can fail.

mod arrays;
mod ending;
mod grows;
mod handles;
mod items;
mod memory;
mod outputs;
mod published;
mod words;

use std::alloc::Layout;

use zbatch::{Error, Status};

pub(crate) use grows::{Fields, Grows};
pub(crate) use handles::{Handle, answer, take_back};
pub(crate) use items::Views;
pub(crate) use memory::{NO_MEMORY, try_box, try_collect, try_with_capacity};
pub(crate) use published::Published;
pub(crate) use words::Word;

const NULL: Error = Error::new(Status::InvalidArgument, "a pointer that must not be NULL is NULL");
const MISALIGNED: Error = Error::new(Status::InvalidArgument, "a pointer is misaligned");
const TOO_LARGE: Error = Error::new(Status::InvalidArgument, "an array is larger than memory");

/// One call from C, for as long as it lasts.
pub(crate) struct Call(());

impl Call {
    /// Opens the border.
    ///
    /// # Safety
    /// Every pointer that the methods will be given is an argument of the C function, or was read
    /// from one, and its caller keeps what the header says of it: ARRAYS (as long as their number
    /// says), OUTPUTS (writable, and apart from the inputs), OWNERSHIP (live handles) and THREADS.
    pub(crate) unsafe fn new() -> Call {
        Call(())
    }
}

/// Refuses what cannot be an array of `count` elements.
fn check<T>(data: *const T, count: usize) -> Result<(), Error> {
    if data.is_null() {
        return Err(NULL);
    }
    if !data.is_aligned() {
        return Err(MISALIGNED);
    }
    Layout::array::<T>(count).map(drop).map_err(|_| TOO_LARGE)
}
