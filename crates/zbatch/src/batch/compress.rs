//! Compression, one item at a time. Each chunk of a batch is compressed into a buffer of its own that has room for the worst
//! case, so that every frame is made with `compressBound` bytes free (less makes libzstd fail, or choose other bytes) and is
//! never moved; the pages behind the last frame were not touched and are given back.
//!
//! With a `max_frame_size`, an item that is larger becomes several frames. In a batch each is a piece of work by itself
//! (`pieces.rs`).

use super::pieces::{Joined, Shared};
use super::plan::{self, Cut};
use super::{Beginning, Job, Partial, Worker, look_ahead, same_length, status_at, take};
use crate::buffer::BufferWithSegments;
use crate::collection::BufferWithSegmentsCollection;
use crate::contexts::{CheckedOut, Context, Contexts};
use crate::control::Tally;
use crate::cost::{self, Compressing as Cost};
use crate::dictionary::Dictionary;
use crate::error::{Error, Result, Status, Subject};
use crate::few::Few;
use crate::items::Items;
use crate::libzstd::{CompressionContext, CompressionDictionary, DecompressionContext, compress_bound};
use crate::memory::{Arena, Memory, copied, reserved};
use crate::params::{CompressionParameters, Format, RunOptions};
use crate::segment::Segment;
use crate::workers::{self, Queue};
use std::ops::Range;
use std::sync::Arc;

/// Compresses items to frames: python-zstandard's `ZstdCompressor`. Immutable; any number of threads may use one.
pub struct Compressor {
    parameters: CompressionParameters,
    dict: Option<Dictionary>,
    mode: DictMode,
    cost: Cost,
    contexts: Contexts<Compressing>,
}

/// How contexts get the dictionary. Frames are to be those of a context that loaded it, or of one that refers to the
/// digestion that the caller made; see [`Dictionary::digest`].
enum DictMode {
    /// Every context loads it, by reference, and digests it at most once in its life.
    Load,
    /// Items of fewer than `below` bytes share one digestion, which gives the same bytes. From there on libzstd takes other
    /// parameters with a digestion than it takes for a loaded dictionary.
    Share { digested: Arc<CompressionDictionary>, below: usize },
    /// The caller digested it.
    Digested(Arc<CompressionDictionary>),
}

/// A shared digestion stands for a loaded dictionary below this size of content (libzstd 1.5.7,
/// `ZSTD_USE_CDICT_PARAMS_SRCSIZE_CUTOFF`) ...
const SHARE_BELOW: usize = 128 << 10;
/// ... or below this many times the dictionary (`ZSTD_USE_CDICT_PARAMS_DICTSIZE_MULTIPLIER`).
const SHARE_BELOW_DICTS: usize = 6;

/// The contexts of one worker.
struct Compressing {
    usual: CompressionContext,
    /// Loads the dictionary where the usual one shares a digestion.
    loading: Option<CompressionContext>,
    may_be_kept: bool,
}

/// What a worker has besides its contexts.
struct Bench {
    arena: Arena,
    /// Where frames are made that are not the next in their buffer.
    aside: Memory,
    verifier: Option<Verifier>,
}

struct Verifier {
    context: DecompressionContext,
    scratch: Memory,
}

impl Context for Compressing {
    fn size(&self) -> usize {
        self.usual.size() + self.loading.as_ref().map_or(0, CompressionContext::size)
    }

    fn may_be_kept(&self) -> bool {
        self.may_be_kept
    }
}

impl Compressor {
    /// Makes a compressor. It keeps the dictionary alive.
    pub fn new(parameters: &CompressionParameters, dict: Option<&Dictionary>) -> Result<Self> {
        parameters.validate()?;
        let mode = dict.map_or(Ok(DictMode::Load), |dict| DictMode::of(dict, parameters))?;
        let cost = Cost::of(parameters, dict);
        Ok(Self { parameters: parameters.clone(), dict: dict.cloned(), mode, cost, contexts: Contexts::new() })
    }

    /// Bytes that the compressor holds at this moment: its idle contexts, which are kept from call to call.
    pub fn memory_size(&self) -> usize {
        self.contexts.size()
    }

    /// Roughly how many nanoseconds a batch of `items` would take on so many threads, by their sizes alone and for content that
    /// compresses. It stops looking as soon as the answer is sure to be `enough` or more; 0 is no bound.
    pub fn estimate<I: Items + ?Sized>(&self, items: &I, threads: i32, enough: u64) -> u64 {
        cost::of_batch(items.len(), threads, enough, |item| {
            let size = items.get(item).len();
            let (_, pieces) = self.parameters.frames(size);
            cost::Item { nanoseconds: self.cost.nanoseconds(pieces, size as u64), pieces: pieces as u64 }
        })
    }

    fn check_out(&self) -> Result<CheckedOut<'_, Compressing>> {
        self.contexts.check_out(|| {
            let usual = match &self.mode {
                DictMode::Load => self.loading_context()?,
                DictMode::Share { digested, .. } | DictMode::Digested(digested) => {
                    let mut context = self.plain_context()?;
                    context.refer_to(digested)?;
                    context
                }
            };
            // Contexts with threads of libzstd's own would hang in a forked child.
            let may_be_kept = self.parameters.workers == 0;
            Ok(Compressing { usual, loading: None, may_be_kept })
        })
    }

    fn plain_context(&self) -> Result<CompressionContext> {
        let mut context = CompressionContext::new()?;
        for (parameter, value) in self.parameters.settings() {
            context.set(parameter, value)?;
        }
        Ok(context)
    }

    fn loading_context(&self) -> Result<CompressionContext> {
        let mut context = self.plain_context()?;
        if let Some(dict) = &self.dict {
            context.load_dictionary(dict.bytes(), dict.content())?;
        }
        Ok(context)
    }

    #[inline(always)]
    fn compress_with(&self, contexts: &mut Compressing, src: &[u8], dst: &mut [u8]) -> Result<usize> {
        let context = match self.mode {
            DictMode::Share { below, .. } if src.len() >= below => match &mut contexts.loading {
                Some(context) => context,
                none => none.insert(self.loading_context()?),
            },
            _ => &mut contexts.usual,
        };
        Ok(context.compress(src, dst)?)
    }

    /// What goes into each frame of `src`.
    fn contents<'s>(&self, src: &'s [u8]) -> impl Iterator<Item = &'s [u8]> + use<'s> {
        let (most, count) = self.parameters.frames(src.len());
        (0..count).map(move |index| &src[index * most..src.len().min((index + 1).saturating_mul(most))])
    }

    /// The most bytes that the frames of an item of `size` bytes can have together.
    #[inline]
    fn room(&self, size: usize) -> Result<usize> {
        if self.parameters.max_frame_size == 0 {
            return bound(size);
        }
        let (most, count) = self.parameters.frames(size);
        let last = bound(size - most * (count - 1))?;
        let others = if count > 1 { bound(most)?.checked_mul(count - 1) } else { Some(0) };
        others.and_then(|others| others.checked_add(last)).ok_or(Error::no_memory())
    }

    /// Compresses `src` to all of its frames, at the start of `dst`, which has [`room`](Self::room) for them.
    #[inline]
    fn compress_frames(&self, contexts: &mut Compressing, src: &[u8], dst: &mut [u8]) -> Result<usize> {
        if self.parameters.max_frame_size == 0 {
            return self.compress_with(contexts, src, dst);
        }
        let mut end = 0;
        for content in self.contents(src) {
            end += self.compress_with(contexts, content, &mut dst[end..])?;
        }
        Ok(end)
    }

    fn verify(&self, verifier: &mut Option<Verifier>, src: &[u8], frame: &[u8]) -> Result<()> {
        const DIFFERS: Error = Error::new(Status::Internal, "the frame does not decompress to the item");
        let verifier = match verifier {
            Some(verifier) => verifier,
            none => {
                let dict = self.dict.as_ref().map(Dictionary::for_decompression);
                let context = DecompressionContext::new(self.parameters.format == Format::Zstd1Magicless, dict)?;
                none.insert(Verifier { context, scratch: Memory::empty() })
            }
        };
        if verifier.scratch.len() < src.len() {
            verifier.scratch = Memory::new(src.len())?;
        }
        let scratch = &mut verifier.scratch[..src.len()];
        let size = verifier.context.decompress(frame, scratch).map_err(|_| DIFFERS)?;
        if scratch[..size] == *src { Ok(()) } else { Err(DIFFERS) }
    }

    /// Compresses one item.
    pub fn compress(&self, src: &[u8]) -> Result<Vec<u8>> {
        copied(self.compress_unplaced(src)?.as_ref())
    }

    /// Compresses one item to frames in memory that was taken for the worst case, for whoever copies them on at once.
    pub fn compress_unplaced(&self, src: &[u8]) -> Result<impl AsRef<[u8]> + use<>> {
        let mut memory = Memory::new(self.room(src.len())?)?;
        let size = self.compress_into(src, &mut memory)?;
        Ok(Beginning { memory, size })
    }

    /// Compresses one item to the start of `dst` and returns the size of its frame, or of its frames together. `dst` need not
    /// have room for more than that; with [`compress_bound`] bytes it always has.
    pub fn compress_into(&self, src: &[u8], dst: &mut [u8]) -> Result<usize> {
        let mut contexts = self.check_out()?;
        let about = |error: Error| error.about(Subject::Compressing);
        let (mut scratch, mut end) = (Memory::empty(), 0);
        for content in self.contents(src) {
            let (bound, place) = (bound(content.len())?, &mut dst[end..]);
            if place.len() >= bound {
                end += self.compress_with(&mut contexts, content, place).map_err(about)?;
                continue;
            }
            // With less room libzstd fails though the frame fits, or writes other bytes.
            if scratch.len() < bound {
                scratch = Memory::new(bound)?;
            }
            let size = self.compress_with(&mut contexts, content, &mut scratch).map_err(about)?;
            let place = place
                .get_mut(..size)
                .ok_or(Error::new(Status::DstTooSmall, "the frame does not fit the destination"))?;
            place.copy_from_slice(&scratch[..size]);
            end += size;
        }
        Ok(end)
    }

    /// Compresses `items` to as many frames in the same order. The frames are those of `ZSTD_compress2` with the same
    /// settings and do not depend on the number of threads. One item that fails fails the call, and the error names the
    /// lowest.
    pub fn multi_compress_to_buffer<I: Items + ?Sized>(
        &self,
        items: &I,
        run: &RunOptions<'_>,
    ) -> Result<BufferWithSegmentsCollection> {
        self.batch(items, run, None).map(|all| all.value)
    }

    /// The same, but good frames are delivered even when items fail; `statuses` tells which is which.
    pub fn multi_compress_to_buffer_partial<I: Items + ?Sized>(
        &self,
        items: &I,
        run: &RunOptions<'_>,
        statuses: &mut [Status],
    ) -> Result<Partial<BufferWithSegmentsCollection>> {
        self.batch(items, run, Some(statuses))
    }

    fn batch<I: Items + ?Sized>(
        &self,
        items: &I,
        run: &RunOptions<'_>,
        mut statuses: Option<&mut [Status]>,
    ) -> Result<Partial<BufferWithSegmentsCollection>> {
        same_length(statuses.as_deref(), items.len())?;
        if let Some(statuses) = &mut statuses {
            statuses.fill(Status::Ok);
        }
        let job = Job::new(run, Subject::Compressing, statuses.is_some());
        let cuts = Few::collect(plan::cut(items.len(), None, |item| items.get(item).len() as u64))?;
        let mut made: Few<Option<BufferWithSegments>> = Few::collect(cuts.iter().map(|_| None))?;
        let large = self.large(items, &cuts)?;
        let chunks = self.chunks(items, &cuts, &mut made, statuses.as_deref_mut(), &large)?;
        let mut workers = self.work(&job, items, chunks);
        if !large.is_empty() {
            for (cut, large) in large {
                made[cut] = large.finish();
            }
            let again = self.chunks(items, &cuts, &mut made, statuses, &[])?;
            workers = workers.max(self.work(&job, items, again));
        }
        let error = job.end(workers)?;
        // A chunk without a buffer had not even the memory for its table.
        let value = BufferWithSegmentsCollection::of(made.all().ok_or(Error::no_memory())?)?;
        Ok(Partial { value, error })
    }

    /// The items that become several frames, each by the chunk that it is alone in.
    fn large<I: Items + ?Sized>(&self, items: &I, cuts: &[Cut]) -> Result<Vec<(usize, Large)>> {
        let frames = |cut: &Cut| match cut.range.len() {
            1 => self.parameters.frames(items.get(cut.range.start).len()).1,
            _ => 1,
        };
        let is_large = |cut: &&Cut| self.parameters.max_frame_size != 0 && frames(cut) > 1;
        let mut all = reserved(cuts.iter().filter(is_large).count())?;
        for (index, cut) in cuts.iter().enumerate().filter(|(_, cut)| is_large(cut)) {
            let (item, size) = (cut.range.start, items.get(cut.range.start).len());
            let shared = Shared::new(item, size, frames(cut));
            let joined = Joined::new(frames(cut), self.room(size).unwrap_or(usize::MAX))?;
            all.push((index, Large { shared, joined, table: reserved(1)? }));
        }
        Ok(all)
    }

    /// Chunks of what is not made yet; `large` ones in pieces.
    fn chunks<'a, I: Items + ?Sized>(
        &self,
        items: &'a I,
        cuts: &[Cut],
        made: &'a mut [Option<BufferWithSegments>],
        mut statuses: Option<&'a mut [Status]>,
        large: &'a [(usize, Large)],
    ) -> Result<Few<Chunk<'a>>> {
        let mut large = large.iter().peekable();
        let mut chunks = Few::new();
        for (index, (cut, place)) in cuts.iter().zip(made).enumerate() {
            let statuses = statuses.as_mut().map(|rest| take(rest, cut.range.len()));
            if let Some((_, large)) = large.next_if(|(cut, _)| *cut == index) {
                for (index, content) in self.contents(items.get(large.shared.item)).enumerate() {
                    let nanoseconds = self.cost.nanoseconds(1, content.len() as u64);
                    chunks.push(Chunk { nanoseconds, most: 0, work: Work::Piece { large, index, content } })?;
                }
            } else if place.is_none() {
                let nanoseconds = self.cost.nanoseconds(cut.range.len(), cut.bytes());
                // What `compress_bound` has beside the bytes: a 256th of them, and for small items at most what a weight has.
                let most = cut.weight.saturating_add(cut.bytes() >> 8);
                let work = Work::Items { range: cut.range.clone(), statuses, place };
                chunks.push(Chunk { nanoseconds, most, work })?;
            }
        }
        Ok(chunks)
    }

    /// Runs all chunks; returns the number of threads that worked.
    fn work<I: Items + ?Sized>(&self, job: &Job<'_>, items: &I, chunks: Few<Chunk<'_>>) -> u32 {
        let total = chunks.iter().fold(0u64, |total, chunk| total.saturating_add(chunk.most));
        let total = usize::try_from(total).unwrap_or(usize::MAX);
        let start = || {
            let bench = Bench { arena: Arena::new(total), aside: Memory::empty(), verifier: None };
            (Worker { job, context: self.check_out(), tally: Tally::default() }, bench)
        };
        workers::run(Queue::new(chunks), job.run.threads, start, |(worker, bench), chunk| match chunk.work {
            Work::Items { range, statuses, place } => *place = self.run_items(worker, bench, items, range, statuses),
            Work::Piece { large, index, content } => self.run_piece(worker, bench, large, index, content),
        })
    }

    /// Makes one frame of an item of several.
    fn run_piece(
        &self,
        worker: &mut Worker<'_, Compressing>,
        bench: &mut Bench,
        large: &Large,
        index: usize,
        content: &[u8],
    ) {
        let Worker { job, context, tally } = worker;
        let Bench { aside, verifier, .. } = bench;
        let complete = large.shared.piece(job, tally, |tally| {
            let contexts = context.as_mut().map_err(|error| *error)?;
            large.joined.add(index, bound(content.len())?, aside, |place| {
                job.timed(tally, || {
                    let size = self.compress_with(contexts, content, place)?;
                    if job.run.verify {
                        self.verify(verifier, content, &place[..size])?;
                    }
                    Ok(size)
                })
            })
        });
        if complete {
            tally.bytes_out += large.joined.settle() as u64;
        }
    }

    /// Compresses some items, one behind the other, into one buffer; `None` when there is no memory even for its table.
    fn run_items<I: Items + ?Sized>(
        &self,
        worker: &mut Worker<'_, Compressing>,
        bench: &mut Bench,
        items: &I,
        range: Range<usize>,
        mut statuses: Option<&mut [Status]>,
    ) -> Option<BufferWithSegments> {
        let Worker { job, context, tally } = worker;
        let room =
            range.clone().try_fold(0usize, |room, item| room.checked_add(self.room(items.get(item).len()).ok()?));
        let memory = room.ok_or(Error::no_memory()).and_then(|room| bench.arena.room(room));
        let (mut memory, refused) = match memory {
            Ok(memory) => (memory, None),
            Err(error) => (Memory::empty(), Some(error)),
        };
        let mut table = reserved(range.len()).ok()?;
        let (mut end, behind) = (0, range.end);
        for (index, item) in range.enumerate() {
            look_ahead(items, item, behind);
            let src = items.get(item);
            let size = job.item(tally, (item, src.len()), status_at(&mut statuses, index), || {
                let contexts = context.as_mut().map_err(|error| *error)?;
                refused.map_or(Ok(()), Err)?;
                let size = self.compress_frames(contexts, src, &mut memory[end..])?;
                if job.run.verify {
                    self.verify(&mut bench.verifier, src, &memory[end..end + size])?;
                }
                Ok(size)
            });
            let size = size.unwrap_or(0);
            table.push(Segment { offset: end as u64, length: size as u64 });
            end += size;
            tally.bytes_out += size as u64;
        }
        bench.arena.settle(&mut memory, end);
        Some(BufferWithSegments::from_parts(memory, table))
    }
}

impl DictMode {
    fn of(dict: &Dictionary, parameters: &CompressionParameters) -> Result<Self> {
        if let Some(digested) = dict.digested() {
            return Ok(Self::Digested(Arc::clone(digested)));
        }
        // To libzstd, loading an empty dictionary is loading none.
        if !parameters.is_plain_level() || dict.data().is_empty() {
            return Ok(Self::Load);
        }
        let below = dict.data().len().saturating_mul(SHARE_BELOW_DICTS).max(SHARE_BELOW);
        Ok(dict.for_level(parameters.level)?.map_or(Self::Load, |digested| Self::Share { digested, below }))
    }
}

fn bound(size: usize) -> Result<usize> {
    compress_bound(size).ok_or(Error::new(Status::InvalidArgument, "the item is larger than a frame can be"))
}

/// What a worker claims, roughly how long it takes, and the most bytes that its frames have in an arena.
struct Chunk<'a> {
    nanoseconds: u64,
    most: u64,
    work: Work<'a>,
}

enum Work<'a> {
    /// Neighbouring items.
    Items { range: Range<usize>, statuses: Option<&'a mut [Status]>, place: &'a mut Option<BufferWithSegments> },
    /// What goes into one frame of an item of several.
    Piece { large: &'a Large, index: usize, content: &'a [u8] },
}

impl workers::Chunk for Chunk<'_> {
    fn nanoseconds(&self) -> u64 {
        self.nanoseconds
    }

    fn position(&self) -> (usize, usize) {
        match &self.work {
            Work::Items { range, .. } => (range.start, 0),
            Work::Piece { large, index, .. } => (large.shared.item, *index),
        }
    }
}

/// An item of several frames that any workers make.
struct Large {
    shared: Shared,
    joined: Joined,
    /// Room for its segment: an item that was counted must not fail for want of it.
    table: Vec<Segment>,
}

impl Large {
    /// The item's buffer, when all went well.
    fn finish(self) -> Option<BufferWithSegments> {
        let Self { shared, joined, mut table } = self;
        if !shared.is_good() {
            return None;
        }
        let memory = joined.finish();
        table.push(Segment { offset: 0, length: memory.len() as u64 });
        Some(BufferWithSegments::from_parts(memory, table))
    }
}
