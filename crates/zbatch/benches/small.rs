//! Batches so small that what a batch does around its items shows: it must cost little more than the bare calls, back to back,
//! and 1 ms apart, when CPUs sleep and caches cool in between; and it must not wait for a stranger's long batch.
//!
//! `cargo bench -p zbatch --bench small [-- [--quick] [--rows FILE]]`
//!
//! Every call has other documents, taken in turn from more of them than a CPU's own caches hold.

#[path = "support/mod.rs"]
mod support;

use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;
use support::bare::{Codec, Compression, Decompression, room};
use support::data::Workload;
use support::machine::{cpus, touched};
use support::rows::{Row, Rows, Target};
use support::turns::{Effort, Pass, median_of_calls, race};
use support::{Options, compressor, consume, decompressor};
use zbatch::{Control, RunOptions};

const SIZES: [usize; 4] = [1, 2, 16, 64];

fn main() {
    let options = Options::from_args();
    let mut rows = Rows::open("small", &options);
    let workload = Workload::make("documents", options.quick, &[]).expect("generated");
    let documents = workload.items();
    let frames = compressor(3, None).multi_compress_to_buffer(&documents, &RunOptions::default()).expect("compresses");
    let frames: Vec<&[u8]> = frames.iter().collect();
    let effort = if options.quick {
        Effort { seconds: 0.0, least: 3, most: 3 }
    } else {
        Effort { seconds: 1.0, least: 21, most: 101 }
    };
    for size in SIZES {
        for threads in [1, 2] {
            rows.second_cpu();
            for pause in [Duration::ZERO, Duration::from_millis(1)] {
                let calls = if options.quick { 8 } else { 16 };
                let batches = Batches { size, threads, pause, calls };
                batches.compress(&mut rows, &documents, effort);
                batches.decompress(&mut rows, &frames, &documents, effort);
            }
        }
    }
    beside_a_long_batch(&mut rows, &documents, effort);
}

/// Takes the next batches of all items, round and round.
struct Rotation<'a> {
    items: &'a [&'a [u8]],
    size: usize,
    next: Cell<usize>,
}

impl<'a> Rotation<'a> {
    /// Contestants begin in different places, so that none finds in the caches what another has read.
    fn new(items: &'a [&'a [u8]], size: usize, place: usize) -> Self {
        Self { items, size, next: Cell::new(items.len() / 4 * place) }
    }

    fn batch(&self) -> &'a [&'a [u8]] {
        let start = self.next.get();
        let start = if start + self.size > self.items.len() { 0 } else { start };
        self.next.set(start + self.size);
        &self.items[start..start + self.size]
    }
}

struct Batches {
    size: usize,
    threads: i32,
    pause: Duration,
    calls: usize,
}

impl Batches {
    fn compress(&self, rows: &mut Rows, documents: &[&[u8]], effort: Effort) {
        let mut context = Compression::new(3, None);
        let mut place = touched(room(&documents[..self.size]).max(1 << 20));
        let bare = move |batch: &[&[u8]]| one_by_one(&mut context, batch, &mut place);
        let (compressor, run) = (compressor(3, None), RunOptions::with_threads(self.threads));
        let ours = |batch: &[&[u8]]| {
            let frames = compressor.multi_compress_to_buffer(batch, &run).expect("compresses");
            consume(frames.iter())
        };
        self.measure(rows, "compress", documents, documents, effort, bare, ours);
    }

    fn decompress(&self, rows: &mut Rows, frames: &[&[u8]], documents: &[&[u8]], effort: Effort) {
        let mut context = Decompression::new(None);
        let mut place = touched(1 << 20);
        let bare = move |batch: &[&[u8]]| one_by_one(&mut context, batch, &mut place);
        let (decompressor, run) = (decompressor(None), RunOptions::with_threads(self.threads));
        let ours = |batch: &[&[u8]]| {
            let items = decompressor.multi_decompress_to_buffer(batch, None, &run).expect("decompresses");
            consume(items.iter())
        };
        self.measure(rows, "decompress", frames, documents, effort, bare, ours);
    }

    #[expect(clippy::too_many_arguments, reason = "the two directions differ in all of them")]
    fn measure(
        &self,
        rows: &mut Rows,
        direction: &str,
        inputs: &[&[u8]],
        documents: &[&[u8]],
        effort: Effort,
        mut bare: impl FnMut(&[&[u8]]) -> u64,
        ours: impl Fn(&[&[u8]]) -> u64,
    ) {
        let [of_bare, of_ours] = [0, 2].map(|place| Rotation::new(inputs, self.size, place));
        let first = &inputs[..self.size];
        assert_eq!(bare(first), ours(first), "the results of both are the same");
        let contestants: Vec<(String, Pass<'_>)> = vec![
            (
                "bare calls".to_owned(),
                Box::new(|| median_of_calls(self.calls, self.pause, || black_box(bare(of_bare.batch())))),
            ),
            (
                "zbatch".to_owned(),
                Box::new(|| median_of_calls(self.calls, self.pause, || black_box(ours(of_ours.batch())))),
            ),
        ];
        let times = race(contestants, effort);
        let name = name(self.size, self.pause);
        let row = Row::about(&name, &documents[..self.size], direction, 3, self.threads);
        // What issueing two documents may cost; larger batches are compared with one thread, which two may beat.
        let target = (self.size == 2).then_some(Target::AtMost(1.15));
        rows.put(&row.cost(&times, "zbatch", "bare calls", target));
    }
}

fn name(size: usize, pause: Duration) -> String {
    let documents = if size == 1 { "1 document".to_owned() } else { format!("{size} documents") };
    format!("{documents}, {}", if pause.is_zero() { "back to back" } else { "1 ms apart" })
}

fn one_by_one(context: &mut impl Codec, batch: &[&[u8]], place: &mut [u8]) -> u64 {
    let mut ends = [0; 65];
    for (index, item) in batch.iter().enumerate() {
        ends[index + 1] = ends[index] + context.run(item, &mut place[ends[index]..]);
    }
    consume(ends[..=batch.len()].windows(2).map(|pair| &place[pair[0]..pair[1]]))
}

/// With every helper held by another batch, a small one runs on its own thread, at once.
fn beside_a_long_batch(rows: &mut Rows, documents: &[&[u8]], effort: Effort) {
    let (small, long) = (compressor(3, None), compressor(15, None));
    let large = [documents[..43].concat(), documents[43..86].concat()];
    let large = [&large[0][..], &large[1][..]];
    let batches = [("2 documents", &documents[..2], 400), ("2 chunks of 64 KiB", &large[..], 40)];
    let call = |batch: &[&[u8]], calls, threads| {
        let run = RunOptions::with_threads(threads);
        median_of_calls(calls, Duration::ZERO, || {
            small.multi_compress_to_buffer(batch, &run).expect("compresses");
        })
    };
    let (control, stop) = (Control::new(), AtomicBool::new(false));
    let everyone = i32::try_from(cpus() + 1).expect("a number of threads");
    for (name, batch, calls) in batches {
        stop.store(false, Relaxed);
        let alone = || {
            // The long batch cannot be paused: this side of the turn is measured before it begins, and after it ended.
            call(batch, calls, 1)
        };
        let beside = || {
            stop.store(false, Relaxed);
            let held = || control.items_running() > cpus() as u64;
            thread::scope(|scope| {
                scope.spawn(|| {
                    while !stop.load(Relaxed) {
                        let run = RunOptions { threads: everyone, control: Some(&control), ..Default::default() };
                        black_box(long.multi_compress_to_buffer(documents, &run).is_ok());
                        control.reset();
                    }
                });
                while !held() {
                    thread::yield_now();
                }
                let time = call(batch, calls, 2);
                stop.store(true, Relaxed);
                control.cancel();
                time
            })
        };
        let contestants: Vec<(String, Pass<'_>)> =
            vec![("alone on one thread".to_owned(), Box::new(alone)), ("zbatch".to_owned(), Box::new(beside))];
        let times = race(contestants, Effort { most: 15, ..effort });
        let name = format!("{name}, beside a batch that holds every helper");
        let row = Row::about(&name, batch, "compress", 3, 2);
        rows.put(&row.cost(&times, "zbatch", "alone on one thread", Some(Target::AtMost(2.0))));
    }
}
