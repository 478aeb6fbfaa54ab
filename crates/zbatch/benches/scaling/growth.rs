//! The time and the memory of an item in ever larger batches: 10^4 to 10^7 log lines in one batch, beside the same lines in
//! batches of 1,000, one after the other over the same set. More than 100,000 lines are the same ones over and over, 14 MB: both
//! sides may find the lines that they compress in a large cache. Only frames and results grow with the batch.
//!
//! Small batches whose results are freed before the next one write to the same small memory over and over, which no large batch
//! can. That is what a program sees that cuts its items into small batches, and it has the target. Beside it stands what is left when
//! memory is treated alike, with the same target: each side begins with an empty store of freed blocks, keeps every frame until all
//! are decompressed, and every result until the last is there, so that all of it is new memory. The same difference for the bare
//! loop has no target, nor has the one where the large batch and the small ones write to the same memory of the caller's.
//!
//! New memory has a price of the machine's own: a virtual one may take back what is free within seconds, and a first touch then
//! costs 20 times as much. Whoever comes next pays for what others freed long before; so as much as is about to be used is touched and
//! freed right before. Only the largest batch takes so long that some of it is taken back meanwhile.

use crate::support::bare::{Codec, Compression, Decompression, room};
use crate::support::machine::{Fresh, Peak, touched};
use crate::support::rows::{Row, Rows, Target};
use crate::support::statistics::{median, paired};
use crate::support::{compressor, decompressor};
use std::hint::black_box;
use std::time::{Duration, Instant};
use zbatch::{
    BufferWithSegmentsCollection as Collection, Compressor, Decompressor, RunOptions, Segment, release_retained,
};

const SMALL: usize = 1000;
/// Of a larger set a part goes in small batches, spread over all of it.
const MOST_IN_SMALL: usize = 1_000_000;
/// How many items the bare loops have.
const BARE: usize = 1_000_000;

const DIRECTIONS: [&str; 2] = ["compress", "decompress"];

/// Nanoseconds of an item, compressed and decompressed.
type Times = [f64; 2];

pub fn measure(rows: &mut Rows, lines: &[&[u8]], quick: bool) {
    let sizes: &[(usize, usize)] = if quick {
        &[(10_000, 2), (100_000, 2)]
    } else {
        &[(10_000, 31), (100_000, 11), (1_000_000, 3), (10_000_000, 1)]
    };
    println!("log lines in one batch on 1 thread, and beside batches of 1,000 over the same set in the same turns:");
    let side = Side { compressor: compressor(3, None), decompressor: decompressor(None) };
    for &(count, turns) in sizes {
        let items: Vec<&[u8]> = lines.iter().cycle().take(count).copied().collect();
        side.measure(rows, &items, turns);
        if count == if quick { 10_000 } else { BARE } {
            bare(rows, &items, &side.decompressor);
        }
    }
}

struct Side {
    compressor: Compressor,
    decompressor: Decompressor,
}

impl Side {
    fn measure(&self, rows: &mut Rows, items: &[&[u8]], turns: usize) {
        let count = items.len();
        let mut peak = None;
        let mut contestants: [Box<dyn FnMut() -> Times + '_>; 3] = [
            Box::new(|| {
                settle(items);
                let peak_of_frames = Peak::start();
                let (frames, time) = timed(|| self.compress(items));
                peak = peak_of_frames.map(|peak| peak.rose() / count);
                settle(items);
                let (back, time_back) = timed(|| self.decompress(&frames));
                drop(black_box(back));
                [time, time_back].map(|time| each(time, count))
            }),
            Box::new(|| self.small_kept(items)),
            Box::new(|| self.small_freed(items)),
        ];
        // The largest are their own warm-up.
        let uncounted = usize::from(turns > 3);
        let mut times = [const { Vec::new() }; 3];
        for turn in 0..uncounted + turns {
            // The one batch that is too large for several turns stands between two of the others.
            let order: &[usize] = match turn {
                _ if turns == 1 => &[1, 2, 0, 2, 1],
                _ if turn % 2 == 0 => &[0, 1, 2],
                _ => &[2, 1, 0],
            };
            for &which in order {
                release_retained();
                let time = contestants[which]();
                if turn >= uncounted {
                    times[which].push(time);
                }
            }
        }
        drop(contestants);
        println!(
            "  {count} items: {} bytes of new memory a frame; contexts hold {} and {} bytes",
            peak.map_or("?".to_owned(), |bytes: usize| bytes.to_string()),
            self.compressor.memory_size(),
            self.decompressor.memory_size()
        );
        let [large, mut kept, mut freed] = times;
        if large.len() == 1 {
            // What was measured once has no interval.
            for around in [&mut kept, &mut freed] {
                *around = vec![[0, 1].map(|direction| median(&of(around, direction)))];
            }
        }
        let name = format!("{count} log lines");
        for (beside, theirs) in [("among 1,000, results kept", kept), ("among 1,000, each result freed", freed)] {
            for direction in 0..2 {
                let mine = ("time of an item", &of(&large, direction)[..]);
                let target = Some(Target::AtMost(1.10));
                put(rows, &name, items, direction, mine, (beside, &of(&theirs, direction)), target);
            }
        }
    }

    fn compress(&self, items: &[&[u8]]) -> Collection {
        self.compressor.multi_compress_to_buffer(items, &RunOptions::with_threads(1)).expect("compresses")
    }

    fn decompress(&self, frames: &Collection) -> Collection {
        let back = self.decompressor.multi_decompress_to_buffer(frames, None, &RunOptions::with_threads(1));
        let back = back.expect("decompresses");
        assert_eq!(back.len(), frames.len());
        back
    }

    fn small_kept(&self, items: &[&[u8]]) -> Times {
        let batches = small(items);
        let count = batches.len() * SMALL;
        settle(&items[..count]);
        let (frames, time) = timed(|| batches.iter().map(|batch| self.compress(batch)).collect::<Vec<_>>());
        settle(&items[..count]);
        let (back, time_back) = timed(|| frames.iter().map(|frames| self.decompress(frames)).collect::<Vec<_>>());
        drop(black_box(back));
        [time, time_back].map(|time| each(time, count))
    }

    fn small_freed(&self, items: &[&[u8]]) -> Times {
        let batches = small(items);
        let mut times = [Duration::ZERO; 2];
        for batch in &batches {
            let (frames, time) = timed(|| self.compress(batch));
            let (back, time_back) = timed(|| self.decompress(&frames));
            drop(black_box(back));
            times[0] += time;
            times[1] += time_back;
        }
        times.map(|time| each(time, batches.len() * SMALL))
    }
}

/// The set in batches of a thousand; those of a set too large are spread over it.
fn small<'i, 'a>(items: &'i [&'a [u8]]) -> Vec<&'i [&'a [u8]]> {
    items.chunks_exact(SMALL).step_by(items.len().div_ceil(MOST_IN_SMALL)).collect()
}

/// As much memory as results have, about, is there and free.
fn settle(items: &[&[u8]]) {
    let mut memory = Fresh::new(items.iter().map(|item| item.len()).sum());
    memory.on_huge_pages();
    memory.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    black_box(&memory);
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let made = black_box(work());
    (made, start.elapsed())
}

fn each(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() * 1e9 / count as f64
}

/// What libzstd's own calls lose when they go on over so many items: results one behind the other through memory that was touched
/// before, or is fresh, beside a thousand at a time to the same place. In the same turns, batches into that memory.
fn bare(rows: &mut Rows, items: &[&[u8]], decompressor: &Decompressor) {
    let (mut compression, mut decompression) = (Compression::new(3, None), Decompression::new(None));
    let mut place = touched(room(items));
    let mut frames = touched(place.len());
    let mut ends = vec![0; items.len()];
    pass(&mut compression, items, &mut frames, usize::MAX, |index, end| ends[index] = end);
    let starts = std::iter::once(&0).chain(&ends);
    let frames: Vec<&[u8]> = starts.zip(&ends).map(|(&start, &end)| &frames[start..end]).collect();
    let mut table = vec![Segment { offset: 1, length: 1 }; items.len()];
    let mut times = [const { Vec::new() }; 3];
    let mut own = [const { Vec::new() }; 2];
    for turn in 0..2 {
        let order: [usize; 3] = if turn == 0 { [0, 1, 2] } else { [2, 1, 0] };
        for which in order {
            let at_once = if which == 2 { SMALL } else { usize::MAX };
            if which == 1 {
                settle(items);
            }
            let mut run = |codec: &mut dyn Codec, items: &[&[u8]]| {
                let mut fresh = Fresh::new(if which == 1 { place.len() } else { 0 });
                let place = if which == 1 { &mut fresh[..] } else { &mut place[..] };
                let ((), time) = timed(|| pass(codec, items, place, at_once, |_, _| ()));
                each(time, items.len())
            };
            times[which].push([run(&mut compression, items), run(&mut decompression, &frames)]);
        }
        for which in order.into_iter().filter(|&which| which < 2) {
            let at_once = [items.len(), SMALL][which];
            let ((), time) = timed(|| packed(decompressor, &frames, &mut place, &mut table, at_once));
            own[which].push(each(time, items.len()));
        }
    }
    let [whole, fresh, small] = times;
    let name = format!("{} log lines", items.len());
    for (ours, times) in
        [("bare libzstd, time of an item", whole), ("bare libzstd into fresh memory, time of an item", fresh)]
    {
        for direction in 0..2 {
            let theirs = ("1,000 at a time", &of(&small, direction)[..]);
            put(rows, &name, items, direction, (ours, &of(&times, direction)), theirs, None);
        }
    }
    let [whole, small] = own;
    put(rows, &name, items, 1, ("time of an item, into own memory", &whole), ("among 1,000", &small), None);
}

/// Batches of so many items, one behind the other into `place`.
fn packed(decompressor: &Decompressor, frames: &[&[u8]], mut place: &mut [u8], table: &mut [Segment], at_once: usize) {
    let run = RunOptions::with_threads(1);
    for (frames, table) in frames.chunks(at_once).zip(table.chunks_mut(at_once)) {
        let failed = decompressor.multi_decompress_packed(frames, None, place, table, &run, None);
        assert!(failed.expect("decompresses").is_none());
        let last = table.last().expect("no batch is empty");
        place = &mut place[usize::try_from(last.offset + last.length).expect("in the place")..];
    }
}

/// Each result is written behind the one before, and every `at_once` items from the start of `place` on.
fn pass(codec: &mut dyn Codec, items: &[&[u8]], place: &mut [u8], at_once: usize, mut note: impl FnMut(usize, usize)) {
    let mut end = 0;
    for (index, item) in items.iter().enumerate() {
        if index.is_multiple_of(at_once) {
            end = 0;
        }
        end += codec.run(item, &mut place[end..]);
        note(index, end);
    }
    black_box(place);
}

fn of(times: &[Times], direction: usize) -> Vec<f64> {
    times.iter().map(|time| time[direction]).collect()
}

fn put(
    rows: &mut Rows,
    name: &str,
    items: &[&[u8]],
    direction: usize,
    (ours, mine): (&str, &[f64]),
    (beside, theirs): (&str, &[f64]),
    target: Option<Target>,
) {
    let row = Row { ours, beside, turns: mine.len(), ..Row::about(name, items, DIRECTIONS[direction], 3, 1) };
    let row = row.single("ns", median(mine), median(theirs), target);
    rows.put(&Row { ratio: paired(mine, theirs), ..row });
}
