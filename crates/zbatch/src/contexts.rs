//! Contexts, kept from call to call: making one costs more than compressing a small item. A call checks one out for each of
//! its workers and gives it back at its end.
//!
//! Nobody waits here. When the list is in use at this instant, or was in use by another thread when this process forked, a
//! new context is made, and dropped at the end.

use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

/// What is kept: it knows its size in bytes, and whether it may be kept at all.
pub(crate) trait Context: Send {
    fn size(&self) -> usize;
    fn may_be_kept(&self) -> bool;
}

pub(crate) struct Contexts<T> {
    idle: Mutex<Vec<T>>,
}

/// Callers of more threads at once than this make new contexts.
const MOST_KEPT: usize = 64;

impl<T: Context> Contexts<T> {
    pub(crate) const fn new() -> Self {
        Self { idle: Mutex::new(Vec::new()) }
    }

    /// Bytes of the contexts that are kept, as far as the list can be read at this instant.
    pub(crate) fn size(&self) -> usize {
        self.idle.try_lock().map_or(0, |idle| idle.iter().map(T::size).sum())
    }

    /// A kept context, or what `make` makes.
    pub(crate) fn check_out<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<CheckedOut<'_, T>, E> {
        let kept = self.idle.try_lock().ok().and_then(|mut idle| idle.pop());
        let context = kept.map_or_else(make, Ok)?;
        Ok(CheckedOut { home: self, context: Some(context) })
    }
}

/// A context in use. Dropping it gives it back, unless a panic may have left it in any state.
pub(crate) struct CheckedOut<'a, T: Context> {
    home: &'a Contexts<T>,
    context: Option<T>,
}

impl<T: Context> Deref for CheckedOut<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.context.as_ref().expect("taken only by drop")
    }
}

impl<T: Context> DerefMut for CheckedOut<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.context.as_mut().expect("taken only by drop")
    }
}

impl<T: Context> Drop for CheckedOut<'_, T> {
    fn drop(&mut self) {
        let Some(context) = self.context.take() else { return };
        if std::thread::panicking() || !context.may_be_kept() {
            return;
        }
        let Ok(mut idle) = self.home.idle.try_lock() else { return };
        if idle.len() < MOST_KEPT && idle.try_reserve(1).is_ok() {
            idle.push(context);
        }
    }
}
