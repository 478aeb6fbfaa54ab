//! Where the content of a batch lies: which chunks share one block, where each item is in it, and how all is tied into a
//! collection at the end.

use super::plan::{self, Cut};
use super::take;
use crate::buffer::BufferWithSegments;
use crate::collection::BufferWithSegmentsCollection;
use crate::cost::{Coding, Decompressing as Cost};
use crate::error::{Error, Result, Status};
use crate::few::Few;
use crate::frame::{self, CONTENTSIZE_UNKNOWN};
use crate::items::Items;
use crate::memory::{Memory, copied, reserved};
use crate::segment::Segment;
use crate::workers;
use std::collections::BTreeMap;
use std::sync::Arc;

/// While a batch is planned, lengths of segments that are not lengths: the size is not known yet ...
pub(super) const UNKNOWN: u64 = CONTENTSIZE_UNKNOWN;
/// ... or the item has failed already.
pub(super) const FAILED: u64 = u64::MAX - 1;

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
        cut: &Cut,
        segments: &'a mut [Segment],
        statuses: Option<&'a mut [Status]>,
        place: Place<'a, D>,
        cost: Cost,
    ) -> Self {
        let (mut stored, mut stored_content, mut coded_size) = (0, 0, 0u64);
        for (item, segment) in cut.range.clone().zip(&*segments) {
            let (size, content) = (items.get(item).len() as u64, expected(items, item, segment.length));
            if size > content {
                stored += 1;
                stored_content += content;
            } else {
                coded_size = coded_size.saturating_add(size);
            }
        }
        let (coded, coded_content) = (segments.len() - stored, cut.bytes() - stored_content);
        let nanoseconds = cost
            .nanoseconds(coded, coded_size, coded_content, Coding::Codes)
            .saturating_add(cost.nanoseconds(stored, 0, stored_content, Coding::Stored));
        Self { first: cut.range.start, segments, statuses, place, nanoseconds }
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
        UNKNOWN => frame::guess(items.get(item)),
        size => size,
    }
}

/// Which chunks share the block, and where in it their items lie.
pub(super) struct Layout {
    chunks: Few<Laid>,
    pub(super) block_size: usize,
}

struct Laid {
    cut: Cut,
    own: bool,
    known_before: u64,
}

impl Layout {
    pub(super) fn new<I: Items + ?Sized>(items: &I, segments: &mut [Segment]) -> Result<Self> {
        let cuts = plan::cut(segments.len(), |item| expected(items, item, segments[item].length));
        let mut chunks = Few::collect(cuts.map(|cut| Laid { cut, own: false, known_before: 0 }))?;
        let mut end = 0u64;
        for laid in chunks.iter_mut() {
            let mut at = end;
            for place in &mut segments[laid.cut.range.clone()] {
                place.offset = at;
                match place.length {
                    UNKNOWN => laid.own = true,
                    FAILED => {}
                    size => at = at.saturating_add(size),
                }
            }
            laid.known_before = end;
            if !laid.own {
                end = at;
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
        cost: Cost,
    ) -> Result<Few<Chunk<'a, NoSpans>>> {
        let mut ends = self.chunks.iter().skip(1).map(|laid| laid.known_before);
        Few::collect(self.chunks.iter().map(|laid| {
            let size = ends.next().map_or(block.len() as u64, |end| end - laid.known_before);
            let slots = take(&mut block, within_memory(size));
            let place = match laid.own {
                true => Place::Own { known_before: laid.known_before },
                false => Place::Block(slots),
            };
            let statuses = statuses.as_mut().map(|rest| take(rest, laid.cut.range.len()));
            let segments = take(&mut segments, laid.cut.range.len());
            Chunk::new(items, &laid.cut, segments, statuses, place, cost)
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
            for item in laid.cut.range.clone() {
                let end = if item + 1 < laid.cut.range.end { segments[item + 1].offset } else { chunk_end };
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
        let behind = self.chunks.partition_point(|laid| laid.cut.range.start <= item);
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
            let mut table = copied(&segments[first.cut.range.start..last.cut.range.end])?;
            if !first.own {
                buffers.push(BufferWithSegments::from_parts(SharedBlock(Arc::clone(&block)), table));
                continue;
            }
            // Of a chunk that came to nothing there is no memory; its segments are empty.
            table.iter_mut().filter(|segment| segment.length == 0).for_each(|segment| segment.offset = 0);
            let memory = own.remove(&first.cut.range.start).unwrap_or(Memory::empty());
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
