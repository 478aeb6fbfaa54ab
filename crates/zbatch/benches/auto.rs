//! `threads: 0` lets zbatch choose, and its choice must never be worse: beside one thread and beside two, whichever of them
//! does better, on batches from one document to a thousand, back to back and 1 ms apart.
//!
//! `cargo bench -p zbatch --bench auto [-- [--quick] [--rows FILE]]`

#[path = "support/mod.rs"]
mod support;

use std::cell::Cell;
use std::hint::black_box;
use std::time::Duration;
use support::data::Workload;
use support::rows::{Row, Rows, Target};
use support::turns::{Effort, Pass, median_of_calls, race};
use support::{Options, compressor, consume, decompressor};
use zbatch::RunOptions;

const SIZES: [usize; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1000];

fn main() {
    let options = Options::from_args();
    let mut rows = Rows::open("auto", &options);
    let workload = Workload::make("documents", options.quick, &[]).expect("generated");
    let documents = workload.items();
    let (compressor, decompressor) = (compressor(3, None), decompressor(None));
    let frames = compressor.multi_compress_to_buffer(&documents, &RunOptions::default()).expect("compresses");
    let frames: Vec<&[u8]> = frames.iter().collect();
    let compress = |batch: &[&[u8]], run: &RunOptions<'_>| {
        consume(compressor.multi_compress_to_buffer(batch, run).expect("compresses").iter())
    };
    let decompress = |batch: &[&[u8]], run: &RunOptions<'_>| {
        consume(decompressor.multi_decompress_to_buffer(batch, None, run).expect("decompresses").iter())
    };
    for size in SIZES {
        rows.second_cpu();
        for pause in [Duration::ZERO, Duration::from_millis(1)] {
            if !pause.is_zero() && size > 128 {
                continue; // a pause is nothing beside the batch
            }
            let measure = Measure { size, pause, quick: options.quick, about: &documents[..size] };
            measure.run(&mut rows, "compress", &documents, compress);
            measure.run(&mut rows, "decompress", &frames, decompress);
        }
    }
}

struct Measure<'a> {
    size: usize,
    pause: Duration,
    quick: bool,
    about: &'a [&'a [u8]],
}

const CHOICES: [(&str, i32); 3] = [("threads: 0", 0), ("threads: 1", 1), ("threads: 2", 2)];

impl Measure<'_> {
    fn run(
        &self,
        rows: &mut Rows,
        direction: &str,
        inputs: &[&[u8]],
        batch: impl Fn(&[&[u8]], &RunOptions<'_>) -> u64,
    ) {
        // A turn is the median of some calls where one is too short to be timed alone.
        let calls = if self.quick { 3 } else { (1600 / self.size).clamp(3, 16) };
        let contestants: Vec<(String, Pass<'_>)> = CHOICES
            .iter()
            .enumerate()
            .map(|(place, &(name, threads))| {
                // Each goes through all documents, and begins elsewhere, so that none warms the caches for another.
                let next = Cell::new(inputs.len() / CHOICES.len() * place);
                let (batch, run) = (&batch, RunOptions::with_threads(threads));
                let pass: Pass<'_> = Box::new(move || {
                    median_of_calls(calls, self.pause, || {
                        let start = if next.get() + self.size > inputs.len() { 0 } else { next.get() };
                        next.set(start + self.size);
                        black_box(batch(&inputs[start..start + self.size], &run))
                    })
                });
                (name.to_owned(), pass)
            })
            .collect();
        let effort = if self.quick {
            Effort { seconds: 0.0, least: 5, most: 5 }
        } else {
            Effort { seconds: 0.7, least: 31, most: 101 }
        };
        let times = race(contestants, effort);
        let better = if times.median("threads: 1") <= times.median("threads: 2") { "threads: 1" } else { "threads: 2" };
        let pause = if self.pause.is_zero() { "back to back" } else { "1 ms apart" };
        let name = format!("batches of {}, {pause}", self.size);
        let row = Row::about(&name, self.about, direction, 3, 0);
        rows.put(&row.cost(&times, "threads: 0", better, Some(Target::NotAbove(1.05))));
    }
}
