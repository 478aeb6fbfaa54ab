//! What a caller may choose beyond a level: that a batch trains its own dictionary, which must pay for the training as well, beside the
//! bare loop without one and with that very dictionary ready; and that a giant item becomes several frames, so that it does not keep
//! one thread busy while the other waits, beside two bare loops on the two halves of the same pieces.
//!
//! `cargo bench -p zbatch --bench choices [-- [--quick] [--rows FILE]]`
//!
//! Results are compared byte for byte before anything is timed, and caches are emptied before every pass.

#[path = "support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::Duration;
use support::bare::{Codec, Loop};
use support::data::Workload;
use support::machine::Evictor;
use support::rows::{Row, Rows};
use support::turns::{Effort, Pass, race, timed};
use support::{Options, compressor, consume, decompressor};
use zbatch::{
    BufferWithSegmentsCollection as Collection, CompressionParameters, Compressor, Decompressor, RunOptions,
    multi_compress_trained,
};

const LEVEL: i32 = 3;

/// The size of frames into which a giant item is cut.
const FRAME: usize = 4 << 20;

fn main() {
    let options = Options::from_args();
    let mut rows = Rows::open("choices", &options);
    let effort = if options.quick {
        Effort { seconds: 0.0, least: 2, most: 2 }
    } else {
        Effort { seconds: 2.0, least: 7, most: 61 }
    };
    let lines = Workload::make("log lines", options.quick, &[]).expect("generated");
    for threads in [1, 2] {
        rows.second_cpu();
        trained(&mut rows, effort, &lines, threads);
    }
    let giant = Workload::make("one giant", options.quick, &[]).expect("generated");
    rows.second_cpu();
    in_frames(&mut rows, effort, &giant);
}

/// A batch that trains its dictionary. It is decompressed by a decompressor made for it, as whoever gets both makes one.
fn trained(rows: &mut Rows, effort: Effort, workload: &Workload, threads: usize) {
    let items = &workload.items()[..];
    let (evictor, run) = (&Evictor::new(), &with_threads(threads));
    let compressor = &compressor(LEVEL, None);
    let train = || {
        let level = CompressionParameters::with_level(LEVEL);
        multi_compress_trained(items, &level, &Default::default(), run).expect("compresses")
    };
    let (made, without) = (train(), compress(compressor, items, run));
    let Some(dict) = &made.dict else {
        println!("{}: a dictionary does not pay", workload.name);
        return;
    };
    let about = |direction| Row::about(&workload.name, items, direction, LEVEL, run.threads);
    let mb = |bytes: usize| bytes as f64 / 1e6;
    let sizes = Row { ours: "size of frames and dictionary", beside: "of frames without", ..about("compress") };
    rows.put(&sizes.single("MB", mb(made.frames.size() + dict.data().len()), mb(without.size()), None));

    let mut ready = Loop::compressing(items, LEVEL, Some(dict.data()), threads, false);
    ready.pass();
    assert!(ready.outputs().eq(made.frames.iter()), "frames differ from libzstd's");
    let times = race(
        vec![
            ("zbatch, trains".to_owned(), cold(evictor, || timed(|| seen(train().frames)))),
            ("bare libzstd, dictionary ready".to_owned(), bare(evictor, ready)),
            ("bare libzstd".to_owned(), bare(evictor, Loop::compressing(items, LEVEL, None, threads, false))),
            ("zbatch".to_owned(), cold(evictor, || timed(|| seen(compress(compressor, items, run))))),
        ],
        effort,
    );
    for beside in ["bare libzstd", "bare libzstd, dictionary ready", "zbatch"] {
        rows.put(&about("compress").speed(&times, "zbatch, trains", beside, None));
    }

    let (frames, plain): (Vec<&[u8]>, Vec<&[u8]>) = (made.frames.iter().collect(), without.iter().collect());
    let sizes: Vec<usize> = items.iter().map(|item| item.len()).collect();
    let without = &decompressor(None);
    assert!(decompress(&decompressor(Some(dict)), &frames, run).iter().eq(items.iter().copied()));
    let times = race(
        vec![
            (
                "zbatch, trained".to_owned(),
                cold(evictor, || timed(|| seen(decompress(&decompressor(Some(dict)), &frames, run)))),
            ),
            (
                "bare libzstd, dictionary ready".to_owned(),
                bare(evictor, Loop::decompressing(&frames, &sizes, Some(dict.data()), threads, false)),
            ),
            ("zbatch".to_owned(), cold(evictor, || timed(|| seen(decompress(without, &plain, run))))),
        ],
        effort,
    );
    for beside in ["bare libzstd, dictionary ready", "zbatch"] {
        rows.put(&about("decompress").speed(&times, "zbatch, trained", beside, None));
    }
}

/// One giant among thousands, on two threads and on one.
fn in_frames(rows: &mut Rows, effort: Effort, workload: &Workload) {
    let items = &workload.items()[..];
    let evictor = &Evictor::new();
    let [one, two] = &[1, 2].map(with_threads);
    let cut = CompressionParameters { max_frame_size: FRAME, ..CompressionParameters::with_level(LEVEL) };
    let compressor = &Compressor::new(&cut, None).expect("a compressor");
    let pieces: Vec<&[u8]> = items.iter().flat_map(|item| item.chunks(FRAME)).collect();
    let made = compress(compressor, items, two);
    let mut halves = Loop::compressing(&pieces, LEVEL, None, 2, false);
    halves.pass();
    let of_pieces: Vec<Vec<u8>> = halves.outputs().map(<[u8]>::to_vec).collect();
    assert_eq!(of_pieces.concat(), made.tobytes().expect("there is memory"), "frames differ from libzstd's");

    const NAMES: [&str; 4] = [
        "zbatch, max_frame_size=4 MiB",
        "the same on 1 thread",
        "bare libzstd on the same pieces",
        "bare libzstd, the giant whole",
    ];
    let mut compare = |direction, passes: [Pass<'_>; 4]| {
        let times = race(NAMES.map(str::to_owned).into_iter().zip(passes).collect(), effort);
        for beside in &NAMES[1..] {
            let row = Row::about(&workload.name, items, direction, LEVEL, two.threads);
            rows.put(&row.speed(&times, NAMES[0], beside, None));
        }
    };
    compare(
        "compress",
        [
            cold(evictor, || timed(|| seen(compress(compressor, items, two)))),
            cold(evictor, || timed(|| seen(compress(compressor, items, one)))),
            bare(evictor, halves),
            bare(evictor, Loop::compressing(items, LEVEL, None, 2, false)),
        ],
    );

    let decompressor = &decompressor(None);
    let frames: Vec<&[u8]> = made.iter().collect();
    assert!(decompress(decompressor, &frames, two).iter().eq(items.iter().copied()));
    let of_pieces: Vec<&[u8]> = of_pieces.iter().map(Vec::as_slice).collect();
    let sizes = |items: &[&[u8]]| -> Vec<usize> { items.iter().map(|item| item.len()).collect() };
    compare(
        "decompress",
        [
            cold(evictor, || timed(|| seen(decompress(decompressor, &frames, two)))),
            cold(evictor, || timed(|| seen(decompress(decompressor, &frames, one)))),
            bare(evictor, Loop::decompressing(&of_pieces, &sizes(&pieces), None, 2, false)),
            bare(evictor, Loop::decompressing(&frames, &sizes(items), None, 2, false)),
        ],
    );
}

fn with_threads(threads: usize) -> RunOptions<'static> {
    RunOptions::with_threads(i32::try_from(threads).expect("one or two"))
}

fn compress(compressor: &Compressor, items: &[&[u8]], run: &RunOptions<'_>) -> Collection {
    compressor.multi_compress_to_buffer(items, run).expect("compresses")
}

fn decompress(decompressor: &Decompressor, frames: &[&[u8]], run: &RunOptions<'_>) -> Collection {
    decompressor.multi_decompress_to_buffer(frames, None, run).expect("decompresses")
}

fn seen(results: Collection) -> Collection {
    black_box(consume(results.iter()));
    results
}

fn cold<'a>(evictor: &'a Evictor, mut pass: impl FnMut() -> Duration + 'a) -> Pass<'a> {
    Box::new(move || {
        evictor.evict();
        pass()
    })
}

fn bare<'a, C: Codec + 'a>(evictor: &'a Evictor, mut bare: Loop<'a, C>) -> Pass<'a> {
    cold(evictor, move || bare.pass())
}
