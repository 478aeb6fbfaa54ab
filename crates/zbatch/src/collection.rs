//! Several buffers whose segments are numbered in one go: the result of every batch. Finding a segment is a guess,
//! else a binary search over the buffers, and nothing at all when there is one.

use crate::buffer::BufferWithSegments;
use crate::error::{Error, Result, Status};
use crate::few::Few;
use crate::memory::reserved;
use crate::segment::Segment;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Several buffers with one numbering of their segments, first buffer first. Immutable, and cheap to clone.
#[derive(Clone)]
pub struct BufferWithSegmentsCollection {
    shared: Arc<Shared>,
}

struct Shared {
    buffers: Few<BufferWithSegments>,
    /// The number of each buffer's first segment; empty when there is one buffer.
    starts: Vec<usize>,
    len: usize,
    size: usize,
}

impl BufferWithSegmentsCollection {
    /// Makes a collection of `buffers`; one may occur more than once.
    pub fn new(buffers: Vec<BufferWithSegments>) -> Result<Self> {
        Self::of(Few::Many(buffers))
    }

    pub(crate) fn of(buffers: Few<BufferWithSegments>) -> Result<Self> {
        const TOO_LARGE: Error = Error::new(Status::InvalidArgument, "the collection has more bytes than memory has");
        let several = buffers.len() > 1;
        let mut starts = reserved(if several { buffers.len() } else { 0 })?;
        let (mut len, mut size) = (0usize, 0u64);
        for buffer in buffers.iter() {
            if several {
                starts.push(len);
            }
            len = len.checked_add(buffer.len()).ok_or(TOO_LARGE)?;
            for segment in buffer.segments() {
                size = size.checked_add(segment.length).ok_or(TOO_LARGE)?;
            }
        }
        let size = usize::try_from(size).map_err(|_| TOO_LARGE)?;
        Ok(Self { shared: Arc::new(Shared { buffers, starts, len, size }) })
    }

    /// Number of segments in all buffers.
    pub fn len(&self) -> usize {
        self.shared.len
    }

    /// Whether there is no segment.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of bytes in all segments.
    pub fn size(&self) -> usize {
        self.shared.size
    }

    /// The buffers.
    pub fn buffers(&self) -> &[BufferWithSegments] {
        &self.shared.buffers
    }

    fn find(&self, index: usize) -> Option<(&BufferWithSegments, usize)> {
        let (buffer, local) = self.position(index)?;
        Some((&self.buffers()[buffer], local))
    }

    /// The number of the buffer that holds segment `index`, and the segment's own number there.
    fn position(&self, index: usize) -> Option<(usize, usize)> {
        if index >= self.len() {
            return None;
        }
        let (buffers, starts) = (self.buffers(), &self.shared.starts);
        if buffers.len() == 1 {
            return Some((0, index));
        }
        // Buffers of a batch hold much the same number of segments: the first guess is right, or nearly.
        let holds = |buffer: usize| starts[buffer] <= index && starts.get(buffer + 1).is_none_or(|&next| index < next);
        let guess = index as u128 * buffers.len() as u128 / self.len() as u128;
        let guess = usize::try_from(guess).ok()?;
        let near = [guess, guess + 1, guess.saturating_sub(1)];
        let found = near.into_iter().find(|&buffer| buffer < buffers.len() && holds(buffer));
        let buffer = found.unwrap_or_else(|| starts.partition_point(|&start| start <= index) - 1);
        Some((buffer, index - starts[buffer]))
    }

    /// The bytes of segment `index`, or `None` when there is no such segment.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        let (buffer, local) = self.find(index)?;
        buffer.get(local)
    }

    /// Segment `index`; its offset counts from the start of the buffer that holds it.
    pub fn segment(&self, index: usize) -> Option<Segment> {
        let (buffer, local) = self.find(index)?;
        buffer.segments().get(local).copied()
    }

    /// The segments of a range of indices with their bytes, or `None` when there are not so many.
    pub fn range(&self, range: Range<usize>) -> Option<impl Iterator<Item = (Segment, &[u8])> + '_> {
        fn from(buffer: &BufferWithSegments, first: usize) -> impl Iterator<Item = (Segment, &[u8])> {
            let (segments, data) = (buffer.segments().get(first..).unwrap_or_default(), buffer.data());
            segments.iter().filter_map(move |&segment| Some((segment, segment.slice(data)?)))
        }
        let count = range.end.checked_sub(range.start).filter(|_| range.end <= self.len())?;
        let (buffer, local) = self.position(range.start).unwrap_or_default();
        let mut buffers = self.buffers().iter().skip(buffer);
        let first = buffers.next().into_iter().flat_map(move |buffer| from(buffer, local));
        Some(first.chain(buffers.flat_map(|buffer| from(buffer, 0))).take(count))
    }

    /// The segments' bytes in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> + '_ {
        self.buffers().iter().flat_map(BufferWithSegments::iter)
    }

    /// Copies the segments, in order and without gaps, to `dst`, and returns their size. Nothing is written when `dst` is
    /// too small.
    pub fn copy_to(&self, dst: &mut [u8]) -> Result<usize> {
        const TOO_SMALL: Error = Error::new(Status::DstTooSmall, "the destination is smaller than the collection");
        let mut rest = dst.get_mut(..self.size()).ok_or(TOO_SMALL)?;
        for segment in self.iter() {
            let (place, after) = rest.split_at_mut(segment.len());
            place.copy_from_slice(segment);
            rest = after;
        }
        Ok(self.size())
    }

    /// The segments, in order and without gaps.
    pub fn tobytes(&self) -> Result<Vec<u8>> {
        let mut bytes = reserved(self.size())?;
        self.iter().for_each(|segment| bytes.extend_from_slice(segment));
        Ok(bytes)
    }
}

impl std::ops::Index<usize> for BufferWithSegmentsCollection {
    type Output = [u8];

    fn index(&self, index: usize) -> &[u8] {
        self.get(index).expect("segment index out of range")
    }
}

impl fmt::Debug for BufferWithSegmentsCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (len, size, buffers) = (self.len(), self.size(), self.buffers().len());
        write!(f, "BufferWithSegmentsCollection({len} segments of {size} bytes in {buffers} buffers)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(lengths: &[u64]) -> BufferWithSegments {
        let mut offset = 0;
        let table: Vec<Segment> = lengths
            .iter()
            .map(|&length| {
                offset += length;
                Segment { offset: offset - length, length }
            })
            .collect();
        BufferWithSegments::new((0..=255u8).collect::<Vec<u8>>(), &table).unwrap()
    }

    #[test]
    fn one_numbering_over_all_buffers_even_the_empty_ones() {
        let all = BufferWithSegmentsCollection::new(vec![
            buffer(&[]),
            buffer(&[1, 2]),
            buffer(&[]),
            buffer(&[0]),
            buffer(&[3]),
        ])
        .unwrap();
        let lengths: Vec<usize> = (0..all.len()).map(|i| all[i].len()).collect();
        assert_eq!(lengths, [1, 2, 0, 3]);
        assert_eq!(all.size(), 6);
        assert!(all.get(4).is_none());
        for first in 0..=4 {
            let lengths_from: Vec<usize> = all.range(first..4).unwrap().map(|(_, bytes)| bytes.len()).collect();
            assert_eq!(lengths_from, lengths[first..]);
        }
        assert_eq!(all.range(1..3).unwrap().map(|(segment, _)| segment.offset).collect::<Vec<_>>(), [1, 0]);
        assert!(all.range(3..5).is_none());
        assert_eq!(all.tobytes().unwrap(), [0, 1, 2, 0, 1, 2]);
        assert_eq!(all.copy_to(&mut [0; 5]).unwrap_err().status(), Status::DstTooSmall);
    }
}
