//! How a batch is cut into chunks of neighbouring items, by the input alone: the same batch gives the same chunks, and so the
//! same buffers and offsets, on any number of threads.
//!
//! Chunks must be large enough that claiming one, and for compression giving it a buffer, costs nothing beside the work in
//! it, and so small that no worker waits long for another at the end. So a batch has some hundred of them, but none far below
//! what a thread does in a few microseconds nor above a mebibyte; an item larger than that is a chunk of its own.

use std::ops::Range;

const CHUNKS: u64 = 128;
const SMALLEST: u64 = 8 << 10;
/// What a chunk of several items weighs at most.
pub(super) const LARGEST: u64 = 1 << 20;

/// What an item weighs beside its bytes, in bytes: even an empty one takes time.
pub(super) const ITEM: u64 = 64;

/// Some items, and what they weigh together, [`ITEM`] for each included.
pub(super) struct Cut {
    pub(super) range: Range<usize>,
    pub(super) weight: u64,
}

impl Cut {
    /// Whether it is one item that is larger than a chunk need be.
    pub(super) fn is_large(&self) -> bool {
        self.range.len() == 1 && self.weight > LARGEST
    }

    /// The bytes of the items together.
    pub(super) fn bytes(&self) -> u64 {
        self.weight - self.range.len() as u64 * ITEM
    }
}

/// What an item of so many bytes weighs.
pub(super) fn weight(bytes: u64) -> u64 {
    bytes.saturating_add(ITEM)
}

/// Cuts `count` items into chunks; `bytes` tells how many an item has, and `total` what all weigh together, if that is known.
pub(super) fn cut(count: usize, total: Option<u64>, bytes: impl Fn(usize) -> u64) -> impl Iterator<Item = Cut> {
    let weight = move |item| weight(bytes(item));
    let total = total.unwrap_or_else(|| (0..count).map(&weight).fold(0, u64::saturating_add));
    let target = (total / CHUNKS).clamp(SMALLEST, LARGEST);
    let mut next = 0;
    std::iter::from_fn(move || {
        let first = next;
        let mut load = 0u64;
        while next < count {
            let with_next = load.saturating_add(weight(next));
            if next > first && with_next > target {
                break;
            }
            load = with_next;
            next += 1;
        }
        (first < next).then_some(Cut { range: first..next, weight: load })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_follow_each_other_and_hold_every_item() {
        for (count, size) in [(0, 0), (1, 0), (1, 1 << 40), (1000, 140), (1_000_000, 0), (300, 65_536)] {
            let chunks: Vec<_> = cut(count, None, |_| size).collect();
            let mut next = 0;
            for chunk in &chunks {
                let Cut { range, weight } = chunk;
                assert_eq!(range.start, next);
                assert!(!range.is_empty());
                assert_eq!(*weight, range.len() as u64 * (size + ITEM));
                assert_eq!(chunk.bytes(), range.len() as u64 * size);
                next = range.end;
            }
            assert_eq!(next, count);
            let total = chunks.iter().map(|chunk| chunk.weight).sum();
            assert!(
                cut(count, Some(total), |_| size)
                    .map(|chunk| chunk.range)
                    .eq(chunks.into_iter().map(|chunk| chunk.range))
            );
        }
    }

    #[test]
    fn a_large_item_is_alone() {
        let chunks: Vec<_> = cut(5, None, |item| if item == 2 { 1 << 24 } else { 1 }).map(|cut| cut.range).collect();
        assert_eq!(chunks, [0..2, 2..3, 3..5]);
    }
}
