//! What a batch is made of. Whatever can say how many items it has and where each one's bytes are is an input, without an
//! array of its own.

use crate::buffer::BufferWithSegments;
use crate::collection::BufferWithSegmentsCollection;
use crate::error::{Error, Result, Status, Subject};
use crate::segment::{self, Segment};

/// The items of a batch.
pub trait Items: Sync {
    /// Number of items.
    fn len(&self) -> usize;

    /// The bytes of item `index`; panics when there is no such item.
    fn get(&self, index: usize) -> &[u8];

    /// Whether there is no item.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: AsRef<[u8]> + Sync> Items for [T] {
    fn len(&self) -> usize {
        <[T]>::len(self)
    }

    fn get(&self, index: usize) -> &[u8] {
        self[index].as_ref()
    }
}

impl<T: AsRef<[u8]> + Sync> Items for Vec<T> {
    fn len(&self) -> usize {
        self.as_slice().len()
    }

    fn get(&self, index: usize) -> &[u8] {
        self[index].as_ref()
    }
}

impl<T: AsRef<[u8]> + Sync, const N: usize> Items for [T; N] {
    fn len(&self) -> usize {
        N
    }

    fn get(&self, index: usize) -> &[u8] {
        self[index].as_ref()
    }
}

impl<I: Items + ?Sized> Items for &I {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn get(&self, index: usize) -> &[u8] {
        (**self).get(index)
    }
}

impl Items for BufferWithSegments {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, index: usize) -> &[u8] {
        &self[index]
    }
}

impl Items for BufferWithSegmentsCollection {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, index: usize) -> &[u8] {
        &self[index]
    }
}

/// One block of bytes and the places of the items in it, borrowed: what Arrow, numpy and mapped files hold.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    base: &'a [u8],
    places: Places<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Places<'a> {
    Segments(&'a [Segment]),
    Offsets32(&'a [u32]),
    Offsets64(&'a [u64]),
}

impl<'a> Columns<'a> {
    /// Items at `segments` of `base`; the error names the first segment that lies outside.
    pub fn from_segments(base: &'a [u8], segments: &'a [Segment]) -> Result<Self> {
        segment::check(segments, base.len())?;
        Ok(Self { base, places: Places::Segments(segments) })
    }

    /// Items between neighbouring `offsets` of `base`, one fewer than there are offsets. Offsets must not decrease; the
    /// error names the first item that lies outside.
    pub fn from_offsets_u32(base: &'a [u8], offsets: &'a [u32]) -> Result<Self> {
        check_offsets(base, offsets.len(), |i| u64::from(offsets[i]))?;
        Ok(Self { base, places: Places::Offsets32(offsets) })
    }

    /// The same with 64-bit offsets.
    pub fn from_offsets_u64(base: &'a [u8], offsets: &'a [u64]) -> Result<Self> {
        check_offsets(base, offsets.len(), |i| offsets[i])?;
        Ok(Self { base, places: Places::Offsets64(offsets) })
    }

    fn segment(&self, index: usize) -> Segment {
        let between = |from: u64, to: u64| Segment { offset: from, length: to - from };
        match self.places {
            Places::Segments(segments) => segments[index],
            Places::Offsets32(offsets) => between(offsets[index].into(), offsets[index + 1].into()),
            Places::Offsets64(offsets) => between(offsets[index], offsets[index + 1]),
        }
    }
}

fn check_offsets(base: &[u8], count: usize, at: impl Fn(usize) -> u64) -> Result<()> {
    const OUTSIDE: Error = Error::new(Status::OutOfRange, "its offsets decrease or lie outside the block");
    if count == 0 {
        return Err(Error::new(Status::InvalidArgument, "there is one offset more than there are items"));
    }
    let bad = (1..count).find(|&i| at(i - 1) > at(i) || at(i) > base.len() as u64);
    bad.map_or(Ok(()), |i| Err(OUTSIDE.with_item(i - 1)))
}

impl Items for Columns<'_> {
    fn len(&self) -> usize {
        match self.places {
            Places::Segments(segments) => segments.len(),
            Places::Offsets32(offsets) => offsets.len() - 1,
            Places::Offsets64(offsets) => offsets.len() - 1,
        }
    }

    fn get(&self, index: usize) -> &[u8] {
        self.segment(index).slice(self.base).expect("places were checked when the columns were made")
    }
}

/// Some of the items of another input, in any order, with repeats if wanted.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a, I: Items + ?Sized> {
    items: &'a I,
    indices: &'a [usize],
}

impl<'a, I: Items + ?Sized> Selection<'a, I> {
    /// The items of `items` at `indices`; the error names the first index that is out of range.
    pub fn new(items: &'a I, indices: &'a [usize]) -> Result<Self> {
        const OUTSIDE: Error = Error::new(Status::OutOfRange, "the index is not below the number of items")
            .about(Subject::Entry("selected item"));
        match indices.iter().position(|&index| index >= items.len()) {
            Some(bad) => Err(OUTSIDE.with_item(bad)),
            None => Ok(Self { items, indices }),
        }
    }
}

impl<I: Items + ?Sized> Items for Selection<'_, I> {
    fn len(&self) -> usize {
        self.indices.len()
    }

    fn get(&self, index: usize) -> &[u8] {
        self.items.get(self.indices[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_selections_check_every_bound() {
        let base = b"abcdef";
        let columns = Columns::from_offsets_u32(base, &[0, 1, 1, 6]).unwrap();
        assert_eq!(
            (columns.len(), columns.get(0), columns.get(1), columns.get(2)),
            (3, &b"a"[..], &b""[..], &b"bcdef"[..])
        );
        assert_eq!(Columns::from_offsets_u64(base, &[0, 2, 1]).unwrap_err().item(), Some(1));
        assert_eq!(Columns::from_offsets_u64(base, &[7, 7]).unwrap_err().item(), Some(0));
        assert_eq!(Columns::from_offsets_u64(base, &[]).unwrap_err().status(), Status::InvalidArgument);
        assert_eq!(Selection::new(&columns, &[2, 0, 2]).unwrap().get(0), b"bcdef");
        assert_eq!(Selection::new(&columns, &[2, 3]).unwrap_err().item(), Some(1));
    }
}
