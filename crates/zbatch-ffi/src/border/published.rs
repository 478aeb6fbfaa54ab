//! What a shared handle, or the process, makes when it is first asked for it.

use std::marker::PhantomData;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::try_box;

/// A value that a shared handle makes when it is first asked for.
///
/// No thread ever waits for another here: two may make the value, and the first to publish it
/// wins. So a child process finds no lock that a thread of its parent held.
pub(crate) struct Published<T> {
    at: AtomicPtr<T>,
    owns: PhantomData<Box<T>>,
}

impl<T> Published<T> {
    pub(crate) const fn new() -> Published<T> {
        Published { at: AtomicPtr::new(ptr::null_mut()), owns: PhantomData }
    }

    /// The value, or none when `make` or memory fails.
    pub(crate) fn get(&self, make: impl FnOnce() -> Option<T>) -> Option<&T> {
        let mut at = self.at.load(Ordering::Acquire);
        if at.is_null() {
            let made = Box::into_raw(try_box(make()?).ok()?);
            at = made;
            if let Err(first) = self.at.compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
                // SAFETY: never published, so it is still ours alone.
                drop(unsafe { Box::from_raw(made) });
                at = first;
            }
        }
        // SAFETY: once published, the value stays until `self` is dropped.
        Some(unsafe { &*at })
    }

    /// The value, if it was made.
    pub(crate) fn peek(&self) -> Option<&T> {
        // SAFETY: as above; NULL is none.
        unsafe { self.at.load(Ordering::Acquire).as_ref() }
    }
}

impl<T> Drop for Published<T> {
    fn drop(&mut self) {
        let at = *self.at.get_mut();
        if !at.is_null() {
            // SAFETY: published by `get`, and nobody can ask any more.
            drop(unsafe { Box::from_raw(at) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_published_once_and_dropped_once() {
        let count = std::sync::Arc::new(());
        let published = Published::new();
        let first = published.get(|| Some(count.clone())).map(ptr::from_ref);
        assert_eq!(published.get(|| None).map(ptr::from_ref), first);
        assert_eq!(std::sync::Arc::strong_count(&count), 2);
        drop(published);
        assert_eq!(std::sync::Arc::strong_count(&count), 1);
    }
}
