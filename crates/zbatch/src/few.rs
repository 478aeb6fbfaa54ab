//! A list that takes no memory of its own while it has one element. A small batch is one chunk and one buffer, and each
//! allocation would cost it a hundredth of its time.

use crate::error::{Error, Result};
use crate::memory::reserved;
use std::ops::{Deref, DerefMut};

pub(crate) enum Few<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> Few<T> {
    /// The elements of `iterator`, or an error when there is no memory for them.
    pub(crate) fn collect(mut iterator: impl Iterator<Item = T>) -> Result<Self> {
        let (first, second) = (iterator.next(), iterator.next());
        let mut all = Vec::new();
        for element in match (first, second) {
            (Some(one), None) => return Ok(Self::One(one)),
            (first, second) => first.into_iter().chain(second).chain(iterator),
        } {
            all.try_reserve(1).map_err(|_| Error::no_memory())?;
            all.push(element);
        }
        Ok(Self::Many(all))
    }

    /// A list of no elements.
    pub(crate) const fn new() -> Self {
        Self::Many(Vec::new())
    }

    /// Adds an element, or returns an error when there is no memory for it.
    #[inline]
    pub(crate) fn push(&mut self, element: T) -> Result<()> {
        if let Self::Many(many) = self
            && many.capacity() == 0
        {
            *self = Self::One(element);
            return Ok(());
        }
        self.push_behind(element)
    }

    fn push_behind(&mut self, element: T) -> Result<()> {
        if let Self::One(_) = self {
            let mut many = reserved(2)?;
            many.extend(self.pop());
            *self = Self::Many(many);
        }
        if let Self::Many(many) = self {
            many.try_reserve(1).map_err(|_| Error::no_memory())?;
            many.push(element);
        }
        Ok(())
    }

    /// Takes the last element off.
    pub(crate) fn pop(&mut self) -> Option<T> {
        match std::mem::replace(self, Self::Many(Vec::new())) {
            Self::One(one) => Some(one),
            Self::Many(mut many) => {
                let last = many.pop();
                *self = Self::Many(many);
                last
            }
        }
    }
}

impl<T> Few<Option<T>> {
    /// All elements, or `None` when one is missing.
    pub(crate) fn all(self) -> Option<Few<T>> {
        Some(match self {
            Self::One(one) => Few::One(one?),
            Self::Many(many) => Few::Many(many.into_iter().collect::<Option<_>>()?),
        })
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::One(one) => std::slice::from_mut(one),
            Self::Many(many) => many,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_elements_is_a_list() {
        for count in 0..5 {
            let mut few = Few::new();
            (0..count).for_each(|element| few.push(element).unwrap());
            assert!(few.iter().copied().eq(0..count));
            let mut few = Few::collect(0..count).unwrap();
            assert!(few.iter().copied().eq(0..count));
            assert_eq!(matches!(few, Few::One(_)), count == 1);
            assert!((0..count).rev().all(|last| few.pop() == Some(last)));
            assert_eq!((few.pop(), few.len()), (None, 0));
        }
        assert_eq!(Few::One(None::<u8>).all().map(|all| all.len()), None);
        assert_eq!(Few::Many(vec![Some(1), Some(2)]).all().map(|all| all.len()), Some(2));
    }
}
