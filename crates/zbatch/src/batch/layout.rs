//! Where the content of a batch lies: which chunks share one block, where each item is in it, and how all is tied into a
//! collection at the end.

use super::pieces::Shared;
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

/// What a worker claims.
pub(super) enum Work<'a, D> {
    Items(Chunk<'a, D>),
    /// A part of an item that workers share, the slot for its content, and what is behind that of the last part.
    Part {
        item: &'a Parted,
        index: usize,
        slot: &'a mut [u8],
        behind: &'a mut [u8],
        nanoseconds: u64,
    },
}

impl<D> workers::Chunk for Work<'_, D> {
    fn nanoseconds(&self) -> u64 {
        match self {
            Self::Items(chunk) => chunk.nanoseconds,
            Self::Part { nanoseconds, .. } => *nanoseconds,
        }
    }

    fn position(&self) -> (usize, usize) {
        match self {
            Self::Items(chunk) => (chunk.first, 0),
            Self::Part { item, index, .. } => (item.shared.item, *index),
        }
    }
}

/// A run of items: the one that begins at `first`, as long as there are segments.
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

/// Of a chunk so many items are looked at to tell how long it takes: a rough answer will do, and while it is planned every other
/// thread waits.
const LOOKED_AT: usize = 16;

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
        let step = segments.len().div_ceil(LOOKED_AT).max(1);
        let (mut stored, mut stored_content, mut coded_size) = (0, 0u64, 0u64);
        for (item, segment) in cut.range.clone().zip(&*segments).step_by(step) {
            let (size, content) = (items.get(item).len() as u64, expected(items, item, segment.length));
            if size > content {
                stored += 1;
                stored_content = stored_content.saturating_add(content);
            } else {
                coded_size = coded_size.saturating_add(size);
            }
        }
        // Those stand for the rest.
        let (coded, times) = (segments.len().saturating_sub(stored * step), step as u64);
        let stored_content = stored_content.saturating_mul(times).min(cut.bytes());
        let coded_content = cut.bytes() - stored_content;
        let nanoseconds = cost
            .nanoseconds(coded, coded_size.saturating_mul(times), coded_content, Coding::Codes)
            .saturating_add(cost.nanoseconds(segments.len() - coded, 0, stored_content, Coding::Stored));
        Self { first: cut.range.start, segments, statuses, place, nanoseconds }
    }
}

/// An item that can be cut between its frames into parts, for workers to share.
pub(super) struct Parted {
    pub(super) shared: Shared,
    /// The parts' ends in the item and in its content.
    ends: Vec<(usize, u64)>,
}

impl Parted {
    pub(super) fn new(item: usize, bytes: usize, ends: Vec<(usize, u64)>) -> Self {
        Self { shared: Shared::new(item, bytes, ends.len()), ends }
    }

    /// The frames of a part.
    pub(super) fn frames<'i>(&self, index: usize, item: &'i [u8]) -> &'i [u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before].0);
        &item[start..self.ends[index].0]
    }

    /// The size of the content.
    pub(super) fn size(&self) -> u64 {
        self.ends.last().map_or(0, |end| end.1)
    }

    /// Its parts; its content goes to the beginning of `slots`.
    pub(super) fn parts<'a, D: 'a>(&'a self, mut slots: &'a mut [u8], cost: Cost) -> impl Iterator<Item = Work<'a, D>> {
        let mut start = (0, 0);
        self.ends.iter().enumerate().map(move |(index, &end)| {
            let (bytes, size) = ((end.0 - start.0) as u64, end.1 - start.1);
            start = end;
            let slot = take(&mut slots, within_memory(size));
            let behind = if index + 1 == self.ends.len() { std::mem::take(&mut slots) } else { &mut [] };
            let coding = if bytes > size { Coding::Stored } else { Coding::Codes };
            Work::Part { item: self, index, slot, behind, nanoseconds: cost.nanoseconds(1, bytes, size, coding) }
        })
    }
}

/// What is to be run.
#[derive(Clone, Copy)]
pub(super) enum Pass<'a> {
    /// All chunks, these items in parts.
    First(&'a [Parted]),
    /// Those of the items again, as a whole, whose parts were not all good.
    Again(&'a [Parted]),
}

/// How a chunk is run.
pub(super) enum Pick<'a> {
    Whole,
    Parts(&'a Parted),
    Nothing,
}

impl<'a> Pass<'a> {
    /// Tells of one chunk after the other how it is run.
    pub(super) fn picker(self) -> impl FnMut(&Cut) -> Pick<'a> {
        let (Self::First(parted) | Self::Again(parted)) = self;
        let mut parted = parted.iter().peekable();
        move |cut| match (self, parted.next_if(|item| item.shared.item == cut.range.start)) {
            (Self::First(_), None) => Pick::Whole,
            (Self::First(_), Some(item)) => Pick::Parts(item),
            (Self::Again(_), Some(item)) if !item.shared.is_good() => Pick::Whole,
            (Self::Again(_), _) => Pick::Nothing,
        }
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
    /// `weight` is what the items weigh together, if that is known.
    pub(super) fn new<I: Items + ?Sized>(items: &I, segments: &mut [Segment], weight: Option<u64>) -> Result<Self> {
        let cuts = plan::cut(segments.len(), weight, |item| expected(items, item, segments[item].length));
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

    /// The items that are alone in their chunk.
    pub(super) fn large(&self) -> impl Iterator<Item = usize> {
        self.chunks.iter().map(|laid| &laid.cut).filter(|cut| cut.is_large()).map(|cut| cut.range.start)
    }

    pub(super) fn work_in_block<'a, I: Items + ?Sized>(
        &self,
        items: &I,
        mut block: &'a mut [u8],
        mut segments: &'a mut [Segment],
        mut statuses: Option<&'a mut [Status]>,
        pass: Pass<'a>,
        cost: Cost,
    ) -> Result<Few<Work<'a, NoSpans>>> {
        let mut ends = self.chunks.iter().skip(1).map(|laid| laid.known_before);
        let mut pick = pass.picker();
        let mut work = Few::new();
        for laid in self.chunks.iter() {
            let size = ends.next().map_or(block.len() as u64, |end| end - laid.known_before);
            let slots = take(&mut block, within_memory(size));
            let statuses = statuses.as_mut().map(|rest| take(rest, laid.cut.range.len()));
            let segments = take(&mut segments, laid.cut.range.len());
            match pick(&laid.cut) {
                Pick::Nothing => {}
                Pick::Parts(item) => item.parts(slots, cost).try_for_each(|part| work.push(part))?,
                Pick::Whole => {
                    let place = match laid.own {
                        true => Place::Own { known_before: laid.known_before },
                        false => Place::Block(slots),
                    };
                    work.push(Work::Items(Chunk::new(items, &laid.cut, segments, statuses, place, cost)))?;
                }
            }
        }
        Ok(work)
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
