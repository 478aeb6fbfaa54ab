//! Decompression, one item at a time. First every item's frames are measured; then items of known size are decompressed
//! straight to their final place in one block, whose layout is known before any work is done. An item whose frames do not
//! record a size sends its chunk to a buffer of its own, which grows as the content comes.
//!
//! All limits are checked here: per item when it is measured, or when it has grown; for the batch in the order of the items,
//! by the sizes known beforehand when it is planned, by those found out as chunks come in (`ledger.rs`).

use super::layout::{Chunk, FAILED, Layout, Parted, Pass, Pick, Place, UNKNOWN, Work, expected, within_memory};
use super::ledger::{Grown, Ledger};
use super::{Beginning, Job, Partial, Worker, filled, look_ahead, plan, same_length, status_at, take};
use crate::collection::BufferWithSegmentsCollection;
use crate::contexts::{CheckedOut, Context, Contexts};
use crate::control::Tally;
use crate::cost::{self, Coding, Decompressing as Cost};
use crate::dictionary::Dictionary;
use crate::error::{Error, Result, Status, Subject};
use crate::few::Few;
use crate::frame::{self, Glance, Measure};
use crate::items::Items;
use crate::libzstd::{Code, DecompressionContext};
use crate::memory::{Memory, copied};
use crate::params::{DecompressionParameters, Format, RunOptions};
use crate::segment::Segment;
use crate::workers::{self, Queue};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Decompresses frames to items: python-zstandard's `ZstdDecompressor`. Immutable; any number of threads may use one.
pub struct Decompressor {
    parameters: DecompressionParameters,
    dict: Option<Dictionary>,
    cost: Cost,
    contexts: Arc<Contexts<DecompressionContext>>,
}

impl Context for DecompressionContext {
    fn size(&self) -> usize {
        self.size()
    }

    /// Streaming leaves the window of the largest frame behind, up to 128 MiB of it.
    fn may_be_kept(&self) -> bool {
        self.size() <= 4 << 20
    }
}

/// Items of unknown size are decompressed in one go into this much room at most; larger ones grow as they are streamed.
const ONE_GO: usize = 4 << 20;

/// Room behind an item that libzstd may scribble on: it copies matches in strides, and byte by byte only where a stride could
/// pass the end of its destination. The next item overwrites what a stride left.
const SLACK: usize = 64;

const LARGER_THAN_GIVEN: Error = Error::new(Status::SizeMismatch, "the content is larger than the size given for it");
const LARGER_THAN_PLACE: Error =
    Error::new(Status::SizeMismatch, "the content is larger than the destination that it must fill");
const TOO_SMALL: Error = Error::new(Status::DstTooSmall, "the content does not fit the destination");

impl Decompressor {
    /// Makes a decompressor. With a dictionary it also decompresses frames that need none.
    pub fn new(parameters: &DecompressionParameters, dict: Option<&Dictionary>) -> Result<Self> {
        let cost = Cost::with(dict);
        Ok(Self { parameters: parameters.clone(), dict: dict.cloned(), cost, contexts: Arc::new(Contexts::new()) })
    }

    /// This decompressor with other parameters, for some calls: the two share their contexts. The form of the frames stays.
    #[must_use]
    pub fn altered(&self, alter: impl FnOnce(&mut DecompressionParameters)) -> Self {
        let Self { parameters, dict, cost, contexts } = self;
        let mut altered = parameters.clone();
        alter(&mut altered);
        altered.format = parameters.format;
        Self { parameters: altered, dict: dict.clone(), cost: *cost, contexts: Arc::clone(contexts) }
    }

    /// Bytes that the decompressor holds at this moment: its idle contexts, which are kept from call to call.
    pub fn memory_size(&self) -> usize {
        self.contexts.size()
    }

    /// Roughly how many nanoseconds a batch of `items` would take on so many threads, by the header that each begins with; one
    /// that is refused counts as nothing. It stops looking as soon as the answer is sure to be `enough` or more; 0 is no bound.
    pub fn estimate<I: Items + ?Sized>(&self, items: &I, threads: i32, enough: u64) -> u64 {
        cost::of_batch(items.len(), threads, enough, |index| {
            let item = items.get(index);
            let limit = self.parameters.item_limit();
            let seen = frame::glance(item, &self.parameters, self.dict_id());
            // A guess refuses nothing: what it guesses may be good.
            let seen = seen.filter(|seen| seen.recorded.is_none_or(|recorded| recorded <= limit));
            seen.map_or(cost::Item { nanoseconds: 0, pieces: 1 }, |Glance { content, coding, recorded }| {
                let size = match recorded.filter(|_| self.parameters.single_frame) {
                    Some(recorded) => frame::largest_frame(recorded).min(item.len() as u64),
                    None => item.len() as u64,
                };
                let content = content.min(limit);
                cost::Item {
                    nanoseconds: self.cost.nanoseconds(1, size, content, coding),
                    pieces: (content / recorded.unwrap_or(content).max(plan::LARGEST)).max(1),
                }
            })
        })
    }

    fn dict_id(&self) -> u32 {
        self.dict.as_ref().map_or(0, Dictionary::id)
    }

    fn check_out(&self) -> Result<CheckedOut<'_, DecompressionContext>> {
        let magicless = self.parameters.format == Format::Zstd1Magicless;
        let dict = self.dict.as_ref().map(Dictionary::for_decompression);
        Ok(self.contexts.check_out(|| DecompressionContext::new(magicless, dict))?)
    }

    /// Measures an item and holds what it claims against the limit of an item and the size that the caller gave, if any.
    fn measure(&self, item: &[u8], given: u64) -> Result<Measure> {
        let mut measure = frame::measure(item, &self.parameters, self.dict_id())?;
        let limit = match measure.size {
            Some(_) => self.parameters.item_limit(),
            None => self.parameters.unsized_item_limit(),
        };
        if given != 0 && given != UNKNOWN {
            match measure.size {
                Some(size) if size != given => return Err(Error::size_mismatch(size, given)),
                None if given > measure.bound => return Err(Error::size_mismatch(measure.bound, given)),
                _ => measure.size = Some(given),
            }
        }
        if measure.size.is_some_and(|size| size > limit) {
            return Err(item_limit(limit));
        }
        Ok(measure)
    }

    /// The frames of `item` that are to be decompressed.
    fn frames<'i>(&self, item: &'i [u8]) -> Result<&'i [u8]> {
        if !self.parameters.single_frame && !self.parameters.allow_extra_data {
            return Ok(item);
        }
        Ok(&item[..self.measure(item, 0)?.end])
    }

    /// Decompresses `item`, whose content has `size` bytes, to the start of `room`. Where there is more room than that, some of
    /// it may be scribbled on.
    fn fill(
        &self,
        context: &mut DecompressionContext,
        item: &[u8],
        given: bool,
        size: usize,
        room: &mut [u8],
    ) -> Result<()> {
        let frames = self.frames(item)?;
        if context.decompress(frames, room) == Ok(size) {
            return Ok(());
        }
        // What is wrong is what is wrong in a destination of this size, wherever the item stands.
        match context.decompress(frames, &mut room[..size]) {
            Ok(made) => {
                let error = Error::size_mismatch(made as u64, size as u64);
                Err(if given { error } else { error.as_status(Status::Corrupt) })
            }
            Err(Code::DST_SIZE_TOO_SMALL) if given => Err(LARGER_THAN_GIVEN),
            Err(code @ Code::DST_SIZE_TOO_SMALL) => Err(Error::from(code).as_status(Status::Corrupt)),
            Err(code) => Err(damaged(code)),
        }
    }

    /// Decompresses `item` to the start of `span` and returns its size, which is `planned` unless that is `UNKNOWN`.
    fn fit(&self, context: &mut DecompressionContext, item: &[u8], planned: u64, span: &mut [u8]) -> Result<usize> {
        if planned != UNKNOWN {
            let slot = usize::try_from(planned).ok().and_then(|size| span.get_mut(..size)).ok_or(TOO_SMALL)?;
            self.fill(context, item, false, slot.len(), slot)?;
            return Ok(slot.len());
        }
        let limit = self.parameters.unsized_item_limit();
        let room = usize::try_from(limit).unwrap_or(usize::MAX).min(span.len());
        context.decompress(self.frames(item)?, &mut span[..room]).map_err(|code| match code {
            Code::DST_SIZE_TOO_SMALL if room < span.len() => item_limit(limit),
            Code::DST_SIZE_TOO_SMALL => TOO_SMALL,
            code => damaged(code),
        })
    }

    /// Decompresses `item` to `span`, which it must fill.
    fn fit_exactly(
        &self,
        context: &mut DecompressionContext,
        item: &[u8],
        planned: u64,
        span: &mut [u8],
    ) -> Result<usize> {
        let room = span.len() as u64;
        if planned != UNKNOWN && planned != room {
            return Err(Error::size_mismatch(planned, room));
        }
        match self.fit(context, item, planned, span) {
            Ok(size) if size as u64 != room => Err(Error::size_mismatch(size as u64, room)),
            Err(error) if error.status() == Status::DstTooSmall => Err(LARGER_THAN_PLACE),
            result => result,
        }
    }

    /// Decompresses `item`, of unknown size, to `memory` from `start` on, and returns its size. `memory` grows as needed; the
    /// batch has `left` bytes left up to its limit.
    fn append(
        &self,
        context: &mut DecompressionContext,
        item: &[u8],
        memory: &mut Memory,
        start: usize,
        left: u64,
    ) -> Result<usize> {
        let measure = self.measure(item, 0)?;
        let limit = self.parameters.unsized_item_limit();
        // With a limit of its own, an item is judged by that first, whether its size was known beforehand or not.
        let room = if limit == u64::MAX { left } else { limit };
        let frames = &item[..measure.end];
        let most = usize::try_from(measure.bound.min(room)).map_err(|_| Error::no_memory())?;
        let result = if most <= ONE_GO {
            reserve(memory, start, most)?;
            context.decompress(frames, &mut memory[start..start + most])
        } else {
            stream(context, frames, memory, start, most)?
        };
        match result {
            Ok(size) if size as u64 > left => Err(self.total_limit()),
            Ok(size) => Ok(size),
            Err(Code::DST_SIZE_TOO_SMALL) if measure.bound > room && limit == u64::MAX => Err(self.total_limit()),
            Err(Code::DST_SIZE_TOO_SMALL) if measure.bound > room => Err(item_limit(limit)),
            Err(code) => Err(damaged(code)),
        }
    }

    /// How many bytes `item` becomes at most: exactly so many when all of its frames record their content size.
    pub fn decompress_bound(&self, item: &[u8]) -> Result<usize> {
        let about = |error: Error| error.about(Subject::Decompressing);
        let measure = self.measure(item, 0).map_err(about)?;
        self.check_total(measure.size)?;
        let limit = self.parameters.unsized_item_limit().min(self.parameters.total_limit());
        let bound = measure.size.unwrap_or(measure.bound.min(limit));
        usize::try_from(bound).map_err(|_| Error::no_memory())
    }

    /// Decompresses one item.
    pub fn decompress(&self, item: &[u8]) -> Result<Vec<u8>> {
        let Some(size) = self.content_size(item)? else { return copied(self.decompress_unplaced(item)?.as_ref()) };
        let mut content = filled(0, size)?;
        self.decompress_exactly(item, &mut content)?;
        Ok(content)
    }

    /// How many bytes one item becomes, when all of its frames record it.
    pub fn content_size(&self, item: &[u8]) -> Result<Option<usize>> {
        let measure = self.measure(item, 0).map_err(|error| error.about(Subject::Decompressing))?;
        self.check_total(measure.size)?;
        measure.size.map(|size| usize::try_from(size).map_err(|_| Error::no_memory())).transpose()
    }

    /// Decompresses one item to `content`, which is as long as [`content_size`](Self::content_size) says.
    pub fn decompress_exactly(&self, item: &[u8], content: &mut [u8]) -> Result<()> {
        let about = |error: Error| error.about(Subject::Decompressing);
        self.fill(&mut *self.check_out()?, item, false, content.len(), content).map_err(about)
    }

    /// Decompresses one item of unknown size to memory that grew with it, for whoever copies it on at once.
    pub fn decompress_unplaced(&self, item: &[u8]) -> Result<impl AsRef<[u8]> + use<>> {
        let mut memory = Memory::empty();
        let left = self.parameters.total_limit();
        let size = self.append(&mut *self.check_out()?, item, &mut memory, 0, left);
        Ok(Beginning { memory, size: size.map_err(|error| error.about(Subject::Decompressing))? })
    }

    /// Decompresses one item to the start of `dst` and returns the size of its content.
    pub fn decompress_into(&self, item: &[u8], dst: &mut [u8]) -> Result<usize> {
        let about = |error: Error| error.about(Subject::Decompressing);
        let measure = self.measure(item, 0).map_err(about)?;
        self.check_total(measure.size)?;
        let mut context = self.check_out()?;
        let size = self.fit(&mut context, item, measure.size.unwrap_or(UNKNOWN), dst).map_err(about)?;
        self.check_total(Some(size as u64))?;
        Ok(size)
    }

    fn total_limit(&self) -> Error {
        Error::limit("the content of the batch up to this item", self.parameters.total_limit())
    }

    /// A call for one item is a batch of one.
    fn check_total(&self, size: Option<u64>) -> Result<()> {
        let limit = self.parameters.total_limit();
        match size {
            Some(size) if size > limit => Err(self.total_limit().about(Subject::Decompressing)),
            _ => Ok(()),
        }
    }

    /// Writes how many bytes each item becomes to `sizes`, [`CONTENTSIZE_UNKNOWN`](crate::CONTENTSIZE_UNKNOWN) where its frames do not record it, and
    /// returns the sum, or `None` when any is unknown. The sizes are claims: they fit the limits and what the frames can
    /// hold, but only decompressing proves them.
    pub fn decompressed_sizes<I: Items + ?Sized>(&self, items: &I, sizes: &mut [u64]) -> Result<Option<u64>> {
        self.sizes(items, sizes, None).map(|all| all.value)
    }

    /// The same, but an item whose headers are refused has size 0, and `statuses` tells why. The sum is that of the others.
    pub fn decompressed_sizes_partial<I: Items + ?Sized>(
        &self,
        items: &I,
        sizes: &mut [u64],
        statuses: &mut [Status],
    ) -> Result<Partial<Option<u64>>> {
        self.sizes(items, sizes, Some(statuses))
    }

    fn sizes<I: Items + ?Sized>(
        &self,
        items: &I,
        sizes: &mut [u64],
        mut statuses: Option<&mut [Status]>,
    ) -> Result<Partial<Option<u64>>> {
        same_length(Some(sizes), items.len())?;
        same_length(statuses.as_deref(), items.len())?;
        let (mut total, mut lowest, mut full) = (Some(0u64), None, Ok(()));
        for (index, place) in sizes.iter_mut().enumerate() {
            let size = self.measure(items.get(index), 0).and_then(|Measure { size, .. }| {
                full?;
                let sum = total.zip(size).map(|(total, size)| total.saturating_add(size));
                full = self.check_total(sum);
                full?;
                total = sum;
                Ok(size)
            });
            let status = match size {
                Ok(size) => {
                    *place = size.unwrap_or(UNKNOWN);
                    Status::Ok
                }
                Err(error) => {
                    let error = error.about(Subject::Decompressing).with_item(index);
                    if statuses.is_none() {
                        return Err(error);
                    }
                    *place = 0;
                    lowest.get_or_insert(error);
                    error.status()
                }
            };
            if let Some(place) = status_at(&mut statuses, index) {
                *place = status;
            }
        }
        Ok(Partial { value: total, error: lowest })
    }

    /// Decompresses `items` to as many segments in the same order. `sizes` tells the size of each item's content, 0 or
    /// [`CONTENTSIZE_UNKNOWN`](crate::CONTENTSIZE_UNKNOWN) where the caller does not know it. One item that fails fails the call, and the error names the
    /// lowest. When every size is known beforehand the result is one buffer.
    pub fn multi_decompress_to_buffer<I: Items + ?Sized>(
        &self,
        items: &I,
        sizes: Option<&[u64]>,
        run: &RunOptions<'_>,
    ) -> Result<BufferWithSegmentsCollection> {
        self.to_buffer(items, sizes, run, None).map(|all| all.value)
    }

    /// The same, but good items are delivered even when others fail; `statuses` tells which is which.
    pub fn multi_decompress_to_buffer_partial<I: Items + ?Sized>(
        &self,
        items: &I,
        sizes: Option<&[u64]>,
        run: &RunOptions<'_>,
        statuses: &mut [Status],
    ) -> Result<Partial<BufferWithSegmentsCollection>> {
        self.to_buffer(items, sizes, run, Some(statuses))
    }

    fn to_buffer<I: Items + ?Sized>(
        &self,
        items: &I,
        sizes: Option<&[u64]>,
        run: &RunOptions<'_>,
        mut statuses: Option<&mut [Status]>,
    ) -> Result<Partial<BufferWithSegmentsCollection>> {
        let mut segments = filled(Segment::default(), items.len())?;
        let job = Job::new(run, Subject::Decompressing, statuses.is_some());
        let planned = self.plan(&job, items, sizes, &mut segments, &mut statuses)?;
        self.deliver(job, items, sizes, segments, planned, statuses)
    }

    /// Runs a batch that was planned, and ties what it makes.
    fn deliver<I: Items + ?Sized>(
        &self,
        job: Job<'_>,
        items: &I,
        sizes: Option<&[u64]>,
        mut segments: Vec<Segment>,
        planned: Planned,
        mut statuses: Option<&mut [Status]>,
    ) -> Result<Partial<BufferWithSegmentsCollection>> {
        let count = planned.count;
        let layout = Layout::new(items, &mut segments[..count], planned.weight)?;
        let mut block = Memory::to_fill(layout.block_size, SLACK)?;
        let done =
            self.run_in_block(&job, items, sizes, &layout, &mut block, &mut segments, statuses.as_deref_mut())?;
        let InBlock { workers, own, cut } = done;
        let limit = self.parameters.total_limit();
        if let Some(cut) = cut.into_iter().chain(layout.beyond(limit, &segments[..count])).min() {
            let from = layout.place_of(cut, &segments);
            refuse(&job, self.total_limit(), cut, &mut segments, statuses);
            block[from..].fill(0);
        }
        block.truncate(layout.block_size);
        let error = job.end(workers)?;
        Ok(Partial { value: layout.tie(block, own, segments)?, error })
    }

    /// Runs all items of a layout, to `block` and to buffers of their own.
    #[expect(clippy::too_many_arguments, reason = "a batch is that many things")]
    fn run_in_block<I: Items + ?Sized>(
        &self,
        job: &Job<'_>,
        items: &I,
        sizes: Option<&[u64]>,
        layout: &Layout,
        block: &mut [u8],
        segments: &mut [Segment],
        mut statuses: Option<&mut [Status]>,
    ) -> Result<InBlock> {
        let parted = self.parted(job, items, segments, layout.large())?;
        let ledger = Ledger::new(self.parameters.total_limit());
        let first = Pass::First(&parted);
        let work = layout.work_in_block(items, block, segments, statuses.as_deref_mut(), first, self.cost)?;
        let mut workers = self.work(job, items, sizes, work, &ledger);
        let (own, cut) = ledger.close();
        if !parted.iter().all(|item| item.shared.is_good()) {
            let work = layout.work_in_block(items, block, segments, statuses, Pass::Again(&parted), self.cost)?;
            workers = workers.max(self.work(job, items, sizes, work, &Ledger::new(u64::MAX)));
        }
        Ok(InBlock { workers, own, cut })
    }

    /// Those of the `large` items that workers can share.
    fn parted<I: Items + ?Sized>(
        &self,
        job: &Job<'_>,
        items: &I,
        segments: &[Segment],
        large: impl Iterator<Item = usize>,
    ) -> Result<Vec<Parted>> {
        let mut all = Vec::new();
        // Blocks are walked for it; what nobody wants any more runs whole, which tells so.
        for index in large.filter(|&index| segments[index].length < FAILED && !job.is_over_before(index)) {
            let (item, size) = (items.get(index), segments[index].length);
            let ends = frame::parts(item, &self.parameters, self.dict_id(), size, plan::LARGEST);
            if !ends.is_empty() {
                all.try_reserve(1).map_err(|_| Error::no_memory())?;
                all.push(Parted::new(index, item.len(), ends));
            }
        }
        Ok(all)
    }

    /// Decompresses item i to the start of `dsts[i]`, in memory of the caller: the rows of an array, say. `written` receives
    /// the size of each item's content, 0 where it failed; without it each item must fill its destination. With `statuses`,
    /// good items are delivered even when others fail, and the lowest failed item's error is returned beside them. What no
    /// content fills is zeroed, unless the call as a whole fails.
    pub fn multi_decompress_into<I: Items + ?Sized, D: AsMut<[u8]> + Send>(
        &self,
        items: &I,
        dsts: &mut [D],
        written: Option<&mut [usize]>,
        run: &RunOptions<'_>,
        mut statuses: Option<&mut [Status]>,
    ) -> Result<Option<Error>> {
        same_length(Some(dsts), items.len())?;
        same_length(written.as_deref(), items.len())?;
        let mut segments = filled(Segment::default(), items.len())?;
        let job = Job::new(run, Subject::Decompressing, statuses.is_some());
        let Planned { count, weight } = self.plan(&job, items, None, &mut segments, &mut statuses)?;
        let cuts = Few::collect(plan::cut(count, weight, |item| expected(items, item, segments[item].length)))?;
        let exact = written.is_none();
        let large = cuts.iter().filter(|cut| cut.is_large()).map(|cut| cut.range.start);
        let fits = |item: &Parted, span: &mut D| {
            let (room, size) = (span.as_mut().len() as u64, item.size());
            if exact { room == size } else { room >= size }
        };
        let mut parted = self.parted(&job, items, &segments, large)?;
        parted.retain(|item| fits(item, &mut dsts[item.shared.item]));
        let mut workers = 0;
        for pass in [Pass::First(&parted), Pass::Again(&parted)] {
            if matches!(pass, Pass::Again(_)) && parted.iter().all(|item| item.shared.is_good()) {
                break;
            }
            let mut rest = (&mut segments[..], &mut *dsts, statuses.as_deref_mut());
            let mut pick = pass.picker();
            let mut work = Few::new();
            for cut in cuts.iter() {
                let segments = take(&mut rest.0, cut.range.len());
                let spans = take(&mut rest.1, cut.range.len());
                let statuses = rest.2.as_mut().map(|rest| take(rest, cut.range.len()));
                match pick(cut) {
                    Pick::Nothing => {}
                    Pick::Parts(item) => {
                        item.parts(spans[0].as_mut(), self.cost).try_for_each(|part| work.push(part))?;
                    }
                    Pick::Whole => {
                        let place = Place::Spans { spans, exact };
                        work.push(Work::Items(Chunk::new(items, cut, segments, statuses, place, self.cost)))?;
                    }
                }
            }
            workers = workers.max(self.work(&job, items, None, work, &Ledger::new(u64::MAX)));
        }
        let limit = self.parameters.total_limit();
        let mut total = 0u64;
        let beyond = segments[..count].iter().position(|segment| {
            total = total.saturating_add(segment.length);
            total > limit
        });
        if let Some(cut) = beyond {
            refuse(&job, self.total_limit(), cut, &mut segments, statuses);
            dsts[cut..].iter_mut().for_each(|span| span.as_mut().fill(0));
        }
        let error = job.end(workers)?;
        for (place, segment) in written.into_iter().flatten().zip(&segments) {
            *place = within_memory(segment.length);
        }
        Ok(error)
    }

    /// Decompresses `items` back to back into `dst`, memory of the caller, and writes where each one is to `segments`. Sizes
    /// and statuses are as in the other batch calls. An item whose size nobody knows costs the batch a copy.
    pub fn multi_decompress_packed<I: Items + ?Sized>(
        &self,
        items: &I,
        sizes: Option<&[u64]>,
        dst: &mut [u8],
        segments: &mut [Segment],
        run: &RunOptions<'_>,
        mut statuses: Option<&mut [Status]>,
    ) -> Result<Option<Error>> {
        same_length(Some(segments), items.len())?;
        let job = Job::new(run, Subject::Decompressing, statuses.is_some());
        let planned = self.plan(&job, items, sizes, segments, &mut statuses)?;
        let Planned { count, weight } = planned;
        if segments[..count].iter().any(|segment| segment.length == UNKNOWN) {
            let all = self.deliver(job, items, sizes, copied(segments)?, planned, statuses)?;
            all.value.copy_to(dst).map_err(|_| TOO_SMALL)?;
            let mut offset = 0;
            for (place, item) in segments.iter_mut().zip(all.value.iter()) {
                *place = Segment { offset, length: item.len() as u64 };
                offset += place.length;
            }
            return Ok(all.error);
        }
        let layout = Layout::new(items, &mut segments[..count], weight)?;
        let block = dst.get_mut(..layout.block_size).ok_or(TOO_SMALL)?;
        let done = self.run_in_block(&job, items, sizes, &layout, block, &mut segments[..count], statuses)?;
        let workers = done.workers;
        job.end(workers)
    }

    /// Measures every item: afterwards the length of a segment is the item's size, or `UNKNOWN` or `FAILED`.
    fn plan<I: Items + ?Sized>(
        &self,
        job: &Job<'_>,
        items: &I,
        sizes: Option<&[u64]>,
        segments: &mut [Segment],
        statuses: &mut Option<&mut [Status]>,
    ) -> Result<Planned> {
        same_length(sizes, items.len())?;
        same_length(statuses.as_deref(), items.len())?;
        if let Some(statuses) = statuses {
            statuses.fill(Status::Ok);
        }
        let weight = AtomicU64::new(0);
        let measure = |(): &mut (), part| {
            let more = self.measure_part(job, items, sizes, part);
            // Nothing is refused, and the sum does not depend on the order.
            _ = weight.fetch_update(Relaxed, Relaxed, |all| Some(all.saturating_add(more)));
        };
        if segments.len() <= Part::ALONE {
            let statuses = statuses.as_deref_mut();
            measure(&mut (), Part { first: 0, segments: &mut *segments, statuses, nanoseconds: 0 });
        } else {
            let mut statuses = statuses.as_deref_mut();
            let firsts = (0..items.len()).step_by(Part::ITEMS);
            let parts = Few::collect(firsts.zip(segments.chunks_mut(Part::ITEMS)).map(|(first, segments)| {
                let statuses = statuses.as_mut().map(|rest| take(rest, segments.len()));
                let bytes = (first..first + segments.len()).map(|item| items.get(item).len() as u64).sum();
                let nanoseconds = self.cost.nanoseconds(segments.len(), bytes, bytes, Coding::Codes);
                Part { first, segments, statuses, nanoseconds }
            }))?;
            workers::run(Queue::new(parts), job.run.threads, || (), measure);
        }
        let limit = self.parameters.total_limit();
        let mut total = 0u64;
        let known = |segment: &Segment| if segment.length < FAILED { segment.length } else { 0 };
        let mut exceeds = |segment: &Segment| {
            total = total.saturating_add(known(segment));
            total > limit
        };
        if limit < u64::MAX
            && let Some(cut) = segments.iter().position(&mut exceeds)
        {
            // Those that failed before are counted.
            let beyond = (cut..segments.len()).filter(|&item| segments[item].length != FAILED);
            beyond.for_each(|item| job.count_refused(items.get(item).len()));
            refuse(job, self.total_limit(), cut, segments, statuses.as_deref_mut());
            segments[cut..].iter_mut().for_each(|segment| segment.length = FAILED);
        }
        Ok(match job.lowest() {
            None => Planned { count: items.len(), weight: Some(weight.into_inner()) },
            Some(_) if job.partial => Planned { count: items.len(), weight: None },
            Some(lowest) => Planned { count: lowest, weight: None },
        })
    }

    /// Measures the items of a part; returns what they weigh together.
    fn measure_part<I: Items + ?Sized>(
        &self,
        job: &Job<'_>,
        items: &I,
        sizes: Option<&[u64]>,
        mut part: Part<'_>,
    ) -> u64 {
        let mut total = 0u64;
        let behind = part.first + part.segments.len();
        for (index, segment) in part.segments.iter_mut().enumerate() {
            let item = part.first + index;
            look_ahead(items, item, behind);
            if job.cancels(item, status_at(&mut part.statuses, index)) {
                segment.length = FAILED;
                continue;
            }
            let given = sizes.map_or(0, |sizes| sizes[item]);
            segment.length = match self.measure(items.get(item), given) {
                Ok(measure) => measure.size.unwrap_or(UNKNOWN),
                Err(error) => {
                    job.report(status_at(&mut part.statuses, index), job.fail(item, error));
                    job.count_refused(items.get(item).len());
                    FAILED
                }
            };
            total = total.saturating_add(plan::weight(expected(items, item, segment.length)));
        }
        total
    }

    /// Runs all chunks; returns the number of threads that worked.
    fn work<'a, I: Items + ?Sized, D: AsMut<[u8]> + Send>(
        &self,
        job: &Job<'_>,
        items: &I,
        sizes: Option<&[u64]>,
        work: Few<Work<'a, D>>,
        ledger: &Ledger<'a>,
    ) -> u32 {
        let start = || Worker { job, context: self.check_out(), tally: Tally::default() };
        workers::run(Queue::new(work), job.run.threads, start, |worker, work| match work {
            Work::Items(chunk) => self.run_chunk(worker, items, sizes, chunk, ledger),
            Work::Part { item, index, slot, behind, .. } => {
                let frames = item.frames(index, items.get(item.shared.item));
                self.run_part(worker, item, frames, slot, behind);
            }
        })
    }

    /// Decompresses the frames of a part of an item, which must fill its slot, and zeroes what is `behind` that.
    fn run_part(
        &self,
        worker: &mut Worker<'_, DecompressionContext>,
        item: &Parted,
        frames: &[u8],
        slot: &mut [u8],
        behind: &mut [u8],
    ) {
        let Worker { job, context, tally } = worker;
        let complete = item.shared.piece(job, tally, |tally| {
            let context = context.as_mut().map_err(|error| *error)?;
            behind.fill(0);
            match job.timed(tally, || context.decompress(frames, slot)) {
                Ok(size) if size == slot.len() => Ok(()),
                Ok(size) => Err(Error::size_mismatch(size as u64, slot.len() as u64)),
                Err(code) => Err(damaged(code)),
            }
        });
        if complete {
            tally.bytes_out += item.size();
        }
    }

    fn run_chunk<'a, I: Items + ?Sized, D: AsMut<[u8]>>(
        &self,
        worker: &mut Worker<'_, DecompressionContext>,
        items: &I,
        sizes: Option<&[u64]>,
        chunk: Chunk<'a, D>,
        ledger: &Ledger<'a>,
    ) {
        let Chunk { first, segments, mut statuses, mut place, .. } = chunk;
        let Worker { job, context, tally } = worker;
        let (mut own, mut end) = (Memory::empty(), 0);
        let behind = first + segments.len();
        for (index, segment) in segments.iter_mut().enumerate() {
            let (item, planned) = (first + index, segment.length);
            look_ahead(items, item, behind);
            let src = items.get(item);
            segment.length = 0;
            if matches!(place, Place::Own { .. }) {
                segment.offset = end as u64;
            }
            if planned == FAILED {
                if let Place::Spans { spans, .. } = &mut place {
                    spans[index].as_mut().fill(0);
                }
                continue;
            }
            let given = sizes.is_some_and(|sizes| sizes[item] != 0 && sizes[item] != UNKNOWN);
            let status = status_at(&mut statuses, index);
            let context = context.as_mut().map_err(|error| *error);
            let whose = (item, src.len());
            let size = match &mut place {
                Place::Block(slots) => {
                    let size = within_memory(planned);
                    let room = slots.len().min(size.saturating_add(SLACK));
                    let done =
                        job.item(tally, whose, status, || self.fill(context?, src, given, size, &mut slots[..room]));
                    let slot = take(slots, size);
                    // Recycled memory may hold another batch's bytes.
                    if done.is_none() && job.partial {
                        slot.fill(0);
                    }
                    done.map(|()| slot.len())
                }
                Place::Spans { spans, exact } => {
                    let span = spans[index].as_mut();
                    let size = job.item(tally, whose, status, || match exact {
                        true => self.fit_exactly(context?, src, planned, span),
                        false => self.fit(context?, src, planned, span),
                    });
                    // Behind the content libzstd leaves scraps of its work.
                    if size.is_some() || job.partial {
                        span[size.unwrap_or(0)..].fill(0);
                    }
                    size
                }
                Place::Own { .. } if ledger.is_beyond(item) => {
                    job.count_refused(src.len());
                    None
                }
                Place::Own { known_before } => {
                    let left = ledger.limit.saturating_sub(*known_before).saturating_sub(end as u64);
                    let size = job.item(tally, whose, status, || match planned {
                        UNKNOWN => {
                            let size = self.append(context?, src, &mut own, end, left);
                            size.inspect_err(|error| {
                                if *error == self.total_limit() {
                                    ledger.note(item);
                                }
                            })
                        }
                        size if size > left => {
                            ledger.note(item);
                            Err(self.total_limit())
                        }
                        size => {
                            let size = usize::try_from(size).map_err(|_| Error::no_memory())?;
                            reserve(&mut own, end, size)?;
                            self.fill(context?, src, given, size, &mut own[end..end + size])?;
                            Ok(size)
                        }
                    });
                    end += size.unwrap_or(0);
                    size
                }
            };
            let size = size.unwrap_or(0) as u64;
            segment.length = size;
            tally.bytes_out += size;
        }
        if let Place::Own { known_before } = place {
            own.truncate(end);
            ledger.enter(first, Grown { known_before, memory: own, items: segments.len(), segments });
        }
    }
}

/// What came of the items of a layout: buffers of their own by their first item, and the first item beyond the limit.
struct InBlock {
    workers: u32,
    own: BTreeMap<usize, Memory>,
    cut: Option<usize>,
}

/// What there is to run of items that were measured.
#[derive(Clone, Copy)]
struct Planned {
    /// All items, or for a call that fails as a whole those before the lowest that has failed.
    count: usize,
    /// What they weigh together (see `plan.rs`), if that is known already.
    weight: Option<u64>,
}

/// A run of items to be measured.
struct Part<'a> {
    first: usize,
    segments: &'a mut [Segment],
    statuses: Option<&'a mut [Status]>,
    /// Roughly how long it takes to decompress them: a helper that is asked for that wakes while they are measured.
    nanoseconds: u64,
}

impl Part<'_> {
    const ITEMS: usize = 256;
    /// So many are measured before a helper wakes.
    const ALONE: usize = 3 * Self::ITEMS;
}

impl workers::Chunk for Part<'_> {
    fn nanoseconds(&self) -> u64 {
        self.nanoseconds
    }

    fn position(&self) -> (usize, usize) {
        (self.first, 0)
    }
}

/// Fails every item from `first` on.
fn refuse(job: &Job<'_>, error: Error, first: usize, segments: &mut [Segment], statuses: Option<&mut [Status]>) {
    let status = job.fail(first, error);
    segments[first..].iter_mut().for_each(|segment| segment.length = 0);
    if let Some(statuses) = statuses {
        statuses[first..].fill(status);
    }
}

/// Makes room for `more` bytes behind the first `start`; the block at least doubles, so that it is not copied often.
fn reserve(memory: &mut Memory, start: usize, more: usize) -> Result<()> {
    let wanted = start.checked_add(more).ok_or(Error::no_memory())?;
    if wanted > memory.len() { memory.grow(wanted.max(memory.len().saturating_mul(2))) } else { Ok(()) }
}

/// Decompresses `frames` piece by piece to `memory` from `start` on, `most` bytes at most.
fn stream(
    context: &mut DecompressionContext,
    frames: &[u8],
    memory: &mut Memory,
    start: usize,
    most: usize,
) -> Result<std::result::Result<usize, Code>> {
    context.begin();
    let (mut read, mut written, mut ended) = (0, 0, false);
    while read < frames.len() || !ended {
        if start + written >= memory.len() && written < most {
            reserve(memory, start + written, written.max(ONE_GO).min(most - written))?;
        }
        let room = memory.len().min(start + most);
        let step = match context.step(&frames[read..], &mut memory[start + written..room]) {
            Ok(step) => step,
            Err(code) => return Ok(Err(code)),
        };
        if (step.0, step.1) == (0, 0) {
            return Ok(Err(if written == most { Code::DST_SIZE_TOO_SMALL } else { Code::CORRUPTION_DETECTED }));
        }
        read += step.0;
        written += step.1;
        ended = step.2;
    }
    Ok(Ok(written))
}

/// What a code of libzstd means for an item whose headers were good and whose frames are whole.
fn damaged(code: Code) -> Error {
    let error = Error::from(code);
    match error.status() {
        Status::Checksum | Status::DictMismatch | Status::Unsupported | Status::Limit | Status::NoMemory => error,
        _ => error.as_status(Status::Corrupt),
    }
}

fn item_limit(limit: u64) -> Error {
    Error::limit("the content of the item", limit)
}
