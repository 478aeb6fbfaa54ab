//! Where the content of a batch lies: which chunks share one block, where each item is in it, and how all is tied into a
//! collection at the end.

use super::{plan, take};
use crate::buffer::BufferWithSegments;
use crate::collection::BufferWithSegmentsCollection;
use crate::error::{Error, Result, Status};
use crate::few::Few;
use crate::frame::CONTENTSIZE_UNKNOWN;
use crate::items::Items;
use crate::memory::{Memory, copied, reserved};
use crate::segment::Segment;
use crate::workers;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// While a batch is planned, lengths of segments that are not lengths: the size is not known yet ...
pub(super) const UNKNOWN: u64 = CONTENTSIZE_UNKNOWN;
/// ... or the item has failed already.
pub(super) const FAILED: u64 = u64::MAX - 1;

/// Nanoseconds to decompress an item, very roughly; a byte of content takes one. Only to tell work that is worth a second
/// thread from work that is not.
const DECOMPRESSING: u64 = 150;

/// A worker's run of items: the one that begins at `first`, as long as there are segments.
pub(super) struct Chunk<'a, D> {
    pub(super) first: usize,
    pub(super) segments: &'a mut [Segment],
    pub(super) statuses: Option<&'a mut [Status]>,
    pub(super) place: Place<'a, D>,
    nanoseconds: u64,
}

/// Where the content of a chunk goes.
pub(super) enum Place<'a, D> {
    /// To the slots of a block, back to back, each as long as its item.
    Block(&'a mut [u8]),
    /// To memory of the caller's, a span for each item, which must be filled when `exact`.
    Spans { spans: &'a mut [D], exact: bool },
    /// To a buffer of the chunk's own. `known_before` bytes of the block belong to chunks before this one.
    Own { known_before: u64 },
}

/// The spans of a chunk that has none.
pub(super) type NoSpans = [u8; 0];

impl<'a, D> Chunk<'a, D> {
    pub(super) fn new<I: Items + ?Sized>(
        items: &I,
        range: Range<usize>,
        segments: &'a mut [Segment],
        statuses: Option<&'a mut [Status]>,
        place: Place<'a, D>,
    ) -> Self {
        let work = |(item, segment): (usize, &Segment)| expected(items, item, segment.length) + DECOMPRESSING;
        let nanoseconds = range.clone().zip(&*segments).map(work).fold(0, u64::saturating_add);
        Self { first: range.start, segments, statuses, place, nanoseconds }
    }
}

impl<D> workers::Chunk for Chunk<'_, D> {
    fn nanoseconds(&self) -> u64 {
        self.nanoseconds
    }
}

/// How many bytes an item is expected to become, to weigh it.
pub(super) fn expected<I: Items + ?Sized>(items: &I, item: usize, planned: u64) -> u64 {
    match planned {
        FAILED => 0,
        UNKNOWN => (items.get(item).len() as u64).saturating_mul(4),
        size => size,
    }
}

/// Which chunks share the block, and where in it their items lie.
pub(super) struct Layout {
    chunks: Few<Laid>,
    pub(super) block_size: usize,
}

struct Laid {
    range: Range<usize>,
    own: bool,
    known_before: u64,
}

impl Layout {
    pub(super) fn new<I: Items + ?Sized>(items: &I, segments: &mut [Segment]) -> Result<Self> {
        let mut end = 0u64;
        let ranges = plan::cut(segments.len(), |item| expected(items, item, segments[item].length));
        let chunks = Few::collect(ranges.map(|range| {
            let places = &segments[range.clone()];
            let laid = Laid { own: places.iter().any(|place| place.length == UNKNOWN), known_before: end, range };
            if !laid.own {
                end = places
                    .iter()
                    .filter(|place| place.length != FAILED)
                    .map(|place| place.length)
                    .fold(end, u64::saturating_add);
            }
            laid
        }))?;
        for laid in chunks.iter().filter(|laid| !laid.own) {
            let mut at = laid.known_before;
            for place in &mut segments[laid.range.clone()] {
                place.offset = at;
                at += if place.length == FAILED { 0 } else { place.length };
            }
        }
        Ok(Self { chunks, block_size: usize::try_from(end).map_err(|_| Error::no_memory())? })
    }

    pub(super) fn chunks_in_block<'a, I: Items + ?Sized>(
        &self,
        items: &I,
        mut block: &'a mut [u8],
        mut segments: &'a mut [Segment],
        mut statuses: Option<&'a mut [Status]>,
    ) -> Result<Few<Chunk<'a, NoSpans>>> {
        let mut ends = self.chunks.iter().skip(1).map(|laid| laid.known_before);
        Few::collect(self.chunks.iter().map(|laid| {
            let size = ends.next().map_or(block.len() as u64, |end| end - laid.known_before);
            let slots = take(&mut block, within_memory(size));
            let place = match laid.own {
                true => Place::Own { known_before: laid.known_before },
                false => Place::Block(slots),
            };
            let statuses = statuses.as_mut().map(|rest| take(rest, laid.range.len()));
            let segments = take(&mut segments, laid.range.len());
            Chunk::new(items, laid.range.clone(), segments, statuses, place)
        }))
    }

    /// The first item that exceeds `limit` with those before it: known ones count as planned, the others as they came in.
    pub(super) fn beyond(&self, limit: u64, segments: &[Segment]) -> Option<usize> {
        if self.chunks.iter().all(|laid| !laid.own) {
            return None; // the plan has dealt with known sizes
        }
        let mut total = 0u64;
        for (index, laid) in self.chunks.iter().enumerate() {
            let chunk_end = self.chunks.get(index + 1).map_or(self.block_size as u64, |next| next.known_before);
            for item in laid.range.clone() {
                let end = if item + 1 < laid.range.end { segments[item + 1].offset } else { chunk_end };
                let size = if laid.own { segments[item].length } else { end - segments[item].offset };
                total = total.saturating_add(size);
                if total > limit {
                    return Some(item);
                }
            }
        }
        None
    }

    /// Where in the block the items from `item` on begin.
    pub(super) fn place_of(&self, item: usize, segments: &[Segment]) -> usize {
        let behind = self.chunks.partition_point(|laid| laid.range.start <= item);
        let laid = &self.chunks[behind - 1];
        within_memory(if laid.own { laid.known_before } else { segments[item].offset })
    }

    /// Ties the block and the chunks' own buffers into a collection, in the order of the items.
    pub(super) fn tie(
        &self,
        block: Memory,
        mut own: BTreeMap<usize, Memory>,
        segments: Vec<Segment>,
    ) -> Result<BufferWithSegmentsCollection> {
        if !self.chunks.is_empty() && self.chunks.iter().all(|laid| !laid.own) {
            return BufferWithSegmentsCollection::of(Few::One(BufferWithSegments::from_parts(block, segments)));
        }
        let block = Arc::new(block);
        let mut buffers = reserved(self.chunks.len())?;
        for run in self.chunks.chunk_by(|a, b| !a.own && !b.own) {
            let (first, last) = (&run[0], &run[run.len() - 1]);
            let mut table = copied(&segments[first.range.start..last.range.end])?;
            if !first.own {
                buffers.push(BufferWithSegments::from_parts(SharedBlock(Arc::clone(&block)), table));
                continue;
            }
            // Of a chunk that came to nothing there is no memory; its segments are empty.
            table.iter_mut().filter(|segment| segment.length == 0).for_each(|segment| segment.offset = 0);
            let memory = own.remove(&first.range.start).unwrap_or(Memory::empty());
            buffers.push(BufferWithSegments::from_parts(memory, table));
        }
        BufferWithSegmentsCollection::new(buffers)
    }
}

/// The block, when several buffers lie in it.
struct SharedBlock(Arc<Memory>);

impl AsRef<[u8]> for SharedBlock {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A size or an offset in memory that exists, and so fits.
pub(super) fn within_memory(size: u64) -> usize {
    usize::try_from(size).expect("memory of this size was allocated")
}
