//! The distance to the limit: the same work as bare calls of libzstd into memory that was touched before, and as batches,
//! in turns, so that a change of the machine's mood meets both. Ratios are medians over the turns.
//!
//! `cargo bench -p zbatch --bench limit [-- PATH...]`: the paths, or else this machine's own programs and documents, are read
//! and cut into items of 64 KiB.

use std::cmp::Ordering;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};
use zbatch::{
    CompressionParameters, Compressor, Control, Decompressor, RunOptions, compress_bound, release_retained,
    retained_size,
};

const ITEM: usize = 64 << 10;
const DOCUMENT: usize = 1500;
/// Items so small that what a batch does around each of them shows, and the least part of the bare loops' speed.
const SMALL: [(usize, usize, f64); 4] =
    [(50_000, 100, 0.97), (50_000, 140, 0.97), (10_000, DOCUMENT, 0.97), (5_000, 4096, 0.97)];
/// Below what the store of freed blocks keeps, so that a batch's memory can be both fresh and kept.
const BYTES: usize = 40 << 20;
const MOST_OF_ONE_FILE: usize = 2 << 20;
const TURNS: usize = 11;

fn main() {
    let paths: Vec<PathBuf> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).map(PathBuf::from).collect();
    let data = if paths.is_empty() {
        read(&["/usr/lib", "/usr/share", "/usr/include"].map(PathBuf::from))
    } else {
        read(&paths)
    };
    let items: Vec<&[u8]> = data.chunks_exact(ITEM).collect();
    if items.len() < 16 {
        eprintln!("there are fewer than 16 items of 64 KiB to measure with: name more files");
        std::process::exit(1);
    }
    println!(
        "{} items of 64 KiB, level 3; ratios are speed beside bare libzstd, costs are time beside it\n",
        items.len()
    );
    println!("{:<58} {:>11} {:>11} {:>6}  target", "", "bare", "zbatch", "");
    large_items(&items);
    SMALL.into_iter().for_each(|(count, size, target)| small_items(&data, count, size, target));
    two_documents(&items);
    beside_a_long_batch(&items);
}

fn large_items(items: &[&[u8]]) {
    let compressor = compressor(3);
    let decompressor = Decompressor::new(&Default::default(), None).expect("a decompressor");
    let bytes = items.len() * ITEM;
    let (first, second) = items.split_at(items.len() / 2);
    let mut room = [touched(room(first)), touched(room(second))];
    let mut contexts = [bare::Compression::new(3), bare::Compression::new(3)];

    let mut whole = touched(self::room(items));
    for (name, fresh) in [("compression, 1 thread", false), ("compression, 1 thread, into fresh memory", true)] {
        let pair = in_turns(
            || timed(|| compress_all(&mut contexts[0], items, &mut whole)),
            || {
                prepare_memory(fresh);
                timed(|| compressor.multi_compress_to_buffer(items, &RunOptions::with_threads(1)).expect("compresses"))
            },
        );
        pair.print_speed(name, bytes, 0.97);
    }
    let pair = in_turns(
        || {
            let ([a, b], [room_a, room_b]) = (&mut contexts, &mut room);
            two_at_once(|| compress_all(a, first, room_a), || compress_all(b, second, room_b))
        },
        || timed(|| compressor.multi_compress_to_buffer(items, &RunOptions::with_threads(2)).expect("compresses")),
    );
    pair.print_speed("compression, 2 threads (two bare loops at once)", bytes, 0.90);

    let frames = compressor.multi_compress_to_buffer(items, &RunOptions::default()).expect("compresses");
    let frames: Vec<&[u8]> = frames.iter().collect();
    let mut context = bare::Decompression::new();
    let mut whole = touched(bytes);
    for (name, fresh, target) in [
        ("decompression, 1 thread, into fresh memory", true, 0.60),
        ("decompression, 1 thread, into kept memory", false, 0.90),
    ] {
        let pair = in_turns(
            || timed(|| decompress_all(&mut context, &frames, &mut whole)),
            || {
                prepare_memory(fresh);
                let run = RunOptions::with_threads(1);
                timed(|| decompressor.multi_decompress_to_buffer(&frames, None, &run).expect("decompresses"))
            },
        );
        pair.print_speed(name, bytes, target);
    }
    let (frames_a, frames_b) = frames.split_at(frames.len() / 2);
    let mut room = [touched(frames_a.len() * ITEM), touched(frames_b.len() * ITEM)];
    let mut contexts = [bare::Decompression::new(), bare::Decompression::new()];
    let pair = in_turns(
        || {
            let ([a, b], [room_a, room_b]) = (&mut contexts, &mut room);
            two_at_once(|| decompress_all(a, frames_a, room_a), || decompress_all(b, frames_b, room_b))
        },
        || {
            timed(|| {
                decompressor
                    .multi_decompress_to_buffer(&frames, None, &RunOptions::with_threads(2))
                    .expect("decompresses")
            })
        },
    );
    pair.print_speed("decompression, 2 threads (two bare loops at once)", bytes, 0.60);
}

/// Many small items on two threads, beside two bare loops at once.
fn small_items(data: &[u8], count: usize, size: usize, target: f64) {
    // Pieces from all over the data, of every kind of file.
    let step = (data.len() / count).max(size);
    let items: Vec<&[u8]> = data.chunks_exact(step).map(|piece| &piece[..size]).take(count).collect();
    let (compressor, decompressor) =
        (compressor(3), Decompressor::new(&Default::default(), None).expect("a decompressor"));
    let frames: Vec<Vec<u8>> = items.iter().map(|item| compressor.compress(item).expect("compresses")).collect();
    let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let (first, second) = items.split_at(items.len() / 2);
    let (frames_a, frames_b) = frames.split_at(first.len());
    let mut rooms = [touched(room(first)), touched(room(second))];
    let mut compressions = [bare::Compression::new(3), bare::Compression::new(3)];
    let mut decompressions = [bare::Decompression::new(), bare::Decompression::new()];
    let run = RunOptions::with_threads(2);
    let name = |direction: &str| format!("{} items of {size} bytes, {direction}, 2 threads", items.len());

    let pair = in_turns(
        || {
            let ([a, b], [room_a, room_b]) = (&mut compressions, &mut rooms);
            two_at_once(|| compress_all(a, first, room_a), || compress_all(b, second, room_b))
        },
        || timed(|| compressor.multi_compress_to_buffer(&items, &run).expect("compresses")),
    );
    pair.print_speed(&name("compression"), items.len() * size, target);
    let pair = in_turns(
        || {
            let ([a, b], [room_a, room_b]) = (&mut decompressions, &mut rooms);
            two_at_once(|| decompress_all(a, frames_a, room_a), || decompress_all(b, frames_b, room_b))
        },
        || timed(|| decompressor.multi_decompress_to_buffer(&frames, None, &run).expect("decompresses")),
    );
    pair.print_speed(&name("decompression"), items.len() * size, target);
}

/// A batch so small that a second thread could only cost: it must cost what the two calls cost.
fn two_documents(items: &[&[u8]]) {
    let documents = documents(items);
    let compressor = compressor(3);
    let decompressor = Decompressor::new(&Default::default(), None).expect("a decompressor");
    let frames: Vec<Vec<u8>> =
        documents.iter().map(|document| compressor.compress(document).expect("compresses")).collect();
    let frames = [&frames[0][..], &frames[1][..]];
    let (mut compression, mut decompression) = (bare::Compression::new(3), bare::Decompression::new());
    let mut room = touched(4 * DOCUMENT);
    let mut frame_room = touched(self::room(&documents));
    let run = RunOptions::with_threads(2);
    for (when, pause, calls) in [("back to back", Duration::ZERO, 1000), ("1 ms apart", Duration::from_millis(1), 100)]
    {
        let pair = in_turns(
            || median_of_calls(calls, pause, || compress_all(&mut compression, &documents, &mut frame_room)),
            || {
                median_of_calls(calls, pause, || {
                    compressor.multi_compress_to_buffer(&documents, &run).expect("compresses")
                })
            },
        );
        pair.print_cost(&format!("2 documents of 1.5 KB, compression, {when}"), 1.15);
        let pair = in_turns(
            || median_of_calls(calls, pause, || decompress_all(&mut decompression, &frames, &mut room)),
            || {
                let decompress = || decompressor.multi_decompress_to_buffer(&frames, None, &run).expect("decompresses");
                median_of_calls(calls, pause, decompress)
            },
        );
        pair.print_cost(&format!("2 documents of 1.5 KB, decompression, {when}"), 1.15);
    }
}

/// A small batch must not wait for a stranger's long one: with every helper held it runs on its own thread, at once. Here
/// the left column is the small batch alone on one thread.
fn beside_a_long_batch(items: &[&[u8]]) {
    let small = compressor(3);
    let long = compressor(15);
    let documents = documents(items);
    let two_large = [items[0], items[items.len() / 2]];
    let batches = [("2 documents", &documents, 400), ("2 items of 64 KiB", &two_large, 40)];
    let alone = batches.map(|(_, batch, calls)| {
        let call = || small.multi_compress_to_buffer(batch, &RunOptions::with_threads(1)).expect("compresses");
        (0..TURNS).map(|_| median_of_calls(calls, Duration::ZERO, call)).collect::<Vec<_>>()
    });

    let everyone = i32::try_from(cpus() + 1).expect("a number of threads");
    let (control, stop) = (Control::new(), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            // Whole batches of about a second, until the small ones are measured.
            let part = &items[..items.len().min(400)];
            while !stop.load(Relaxed) {
                let run = RunOptions { threads: everyone, control: Some(&control), ..Default::default() };
                black_box(long.multi_compress_to_buffer(part, &run).expect("compresses"));
            }
        });
        let all_held = || control.items_running() > cpus() as u64;
        for ((name, batch, calls), alone) in batches.into_iter().zip(alone) {
            let call = || small.multi_compress_to_buffer(batch, &RunOptions::with_threads(2)).expect("compresses");
            let beside = (0..TURNS).map(|_| {
                while !all_held() {
                    thread::yield_now();
                }
                median_of_calls(calls, Duration::ZERO, call)
            });
            let pair = Pair { bare: alone, ours: beside.collect() };
            pair.print_cost(&format!("{name} beside a batch that holds every helper"), 2.0);
        }
        stop.store(true, Relaxed);
    });
}

fn compressor(level: i32) -> Compressor {
    Compressor::new(&CompressionParameters::with_level(level), None).expect("a compressor")
}

fn cpus() -> usize {
    thread::available_parallelism().map_or(1, |cpus| cpus.get())
}

/// Two pieces of text or, where there is none, of anything.
fn documents<'a>(items: &[&'a [u8]]) -> [&'a [u8]; 2] {
    let is_text =
        |item: &&&[u8]| item[..2 * DOCUMENT].iter().all(|&byte| byte == b'\n' || (b' '..=b'~').contains(&byte));
    let text = items.iter().find(is_text).unwrap_or(&items[0]);
    [&text[..DOCUMENT], &text[DOCUMENT..2 * DOCUMENT]]
}

/// Bytes that the frames of `items` take at most.
fn room(items: &[&[u8]]) -> usize {
    items.iter().map(|item| compress_bound(item.len()).expect("a small item")).sum()
}

fn touched(size: usize) -> Vec<u8> {
    vec![1; size]
}

fn compress_all(context: &mut bare::Compression, items: &[&[u8]], dst: &mut [u8]) -> usize {
    let end = items.iter().fold(0, |end, item| end + context.compress(item, &mut dst[end..]));
    black_box(&dst[..end]).len()
}

fn decompress_all(context: &mut bare::Decompression, frames: &[&[u8]], dst: &mut [u8]) -> usize {
    let end = frames.iter().fold(0, |end, frame| end + context.decompress(frame, &mut dst[end..]));
    black_box(&dst[..end]).len()
}

/// The memory of the next batch comes from the system, or else from the batch before.
fn prepare_memory(fresh: bool) {
    if fresh {
        release_retained();
        assert_eq!(retained_size(), 0);
    }
}

/// The time of `work`; what it made is dropped outside of it.
fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let made = black_box(work());
    let elapsed = start.elapsed();
    drop(made);
    elapsed
}

fn two_at_once(one: impl FnOnce() -> usize, other: impl FnOnce() -> usize + Send) -> Duration {
    timed(|| {
        thread::scope(|scope| {
            let other = scope.spawn(other);
            one() + other.join().expect("the other half")
        })
    })
}

/// The median time of a call and of dropping what it made, which in a loop belongs to it.
fn median_of_calls<T>(calls: usize, pause: Duration, mut call: impl FnMut() -> T) -> Duration {
    let mut times: Vec<Duration> = (0..calls)
        .map(|_| {
            if !pause.is_zero() {
                thread::sleep(pause);
            }
            let start = Instant::now();
            drop(black_box(call()));
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[calls / 2]
}

struct Pair {
    bare: Vec<Duration>,
    ours: Vec<Duration>,
}

fn in_turns(mut bare: impl FnMut() -> Duration, mut ours: impl FnMut() -> Duration) -> Pair {
    // The first turn fills caches and contexts and does not count.
    bare();
    ours();
    let mut pair = Pair { bare: Vec::new(), ours: Vec::new() };
    for turn in 0..TURNS {
        if turn % 2 == 0 {
            pair.bare.push(bare());
            pair.ours.push(ours());
        } else {
            pair.ours.push(ours());
            pair.bare.push(bare());
        }
    }
    pair
}

impl Pair {
    fn seconds(&self) -> (f64, f64) {
        let median_of = |times: &[Duration]| median(times.iter().map(Duration::as_secs_f64).collect());
        (median_of(&self.bare), median_of(&self.ours))
    }

    /// The median over the turns of the bare time beside ours.
    fn ratio(&self) -> f64 {
        median(self.bare.iter().zip(&self.ours).map(|(bare, ours)| bare.as_secs_f64() / ours.as_secs_f64()).collect())
    }

    fn print_speed(&self, name: &str, bytes: usize, target: f64) {
        let (bare, ours) = self.seconds();
        let speed = |seconds: f64| format!("{:.0} MB/s", bytes as f64 / 1e6 / seconds);
        let ratio = self.ratio();
        println!(
            "{name:<58} {:>11} {:>11} {ratio:>6.3}  >= {target:.2} {}",
            speed(bare),
            speed(ours),
            verdict(ratio >= target)
        );
    }

    fn print_cost(&self, name: &str, target: f64) {
        let (bare, ours) = self.seconds();
        let time = |seconds: f64| format!("{:.2} us", 1e6 * seconds);
        let cost = 1.0 / self.ratio();
        println!(
            "{name:<58} {:>11} {:>11} {cost:>6.3}  <= {target:.2} {}",
            time(bare),
            time(ours),
            verdict(cost <= target)
        );
    }
}

fn verdict(reached: bool) -> &'static str {
    if reached { "" } else { "MISSED" }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    values[values.len() / 2]
}

/// A mix of the files under `paths`: some of each, spread over all of them.
fn read(paths: &[PathBuf]) -> Vec<u8> {
    let mut data = Vec::new();
    for path in paths {
        let mut files = Vec::new();
        find(path, &mut files);
        files.sort();
        let share = BYTES / paths.len();
        let total: usize = files.iter().map(|(_, size)| (*size).min(MOST_OF_ONE_FILE)).sum();
        let step = (total / share).max(1);
        let mut left = share;
        for (file, _) in files.iter().step_by(step) {
            let Ok(bytes) = std::fs::read(file) else { continue };
            let taken = bytes.len().min(MOST_OF_ONE_FILE).min(left);
            data.extend_from_slice(&bytes[..taken]);
            left -= taken;
        }
    }
    data
}

fn find(path: &Path, files: &mut Vec<(PathBuf, usize)>) {
    let Ok(meta) = std::fs::symlink_metadata(path) else { return };
    if meta.is_file() {
        files.push((path.into(), usize::try_from(meta.len()).unwrap_or(usize::MAX)));
    } else if meta.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.for_each(|entry| find(&entry.path(), files));
    }
}

/// libzstd without anything around it.
mod bare {
    use zstd_sys as sys;

    pub struct Compression(*mut sys::ZSTD_CCtx);

    // SAFETY: a context may move between threads; `&mut self` keeps it to one at a time.
    unsafe impl Send for Compression {}

    impl Compression {
        pub fn new(level: i32) -> Self {
            // SAFETY: takes nothing.
            let context = unsafe { sys::ZSTD_createCCtx() };
            assert!(!context.is_null());
            // SAFETY: the context is live.
            let set =
                unsafe { sys::ZSTD_CCtx_setParameter(context, sys::ZSTD_cParameter::ZSTD_c_compressionLevel, level) };
            check(set);
            Self(context)
        }

        pub fn compress(&mut self, src: &[u8], dst: &mut [u8]) -> usize {
            let (to, from) = (dst.as_mut_ptr().cast(), src.as_ptr().cast());
            // SAFETY: libzstd reads within 'src' and writes within 'dst'.
            check(unsafe { sys::ZSTD_compress2(self.0, to, dst.len(), from, src.len()) })
        }
    }

    impl Drop for Compression {
        fn drop(&mut self) {
            // SAFETY: the context is ours, and freed once.
            unsafe { sys::ZSTD_freeCCtx(self.0) };
        }
    }

    pub struct Decompression(*mut sys::ZSTD_DCtx);

    // SAFETY: a context may move between threads; `&mut self` keeps it to one at a time.
    unsafe impl Send for Decompression {}

    impl Decompression {
        pub fn new() -> Self {
            // SAFETY: takes nothing.
            let context = unsafe { sys::ZSTD_createDCtx() };
            assert!(!context.is_null());
            Self(context)
        }

        pub fn decompress(&mut self, src: &[u8], dst: &mut [u8]) -> usize {
            let (to, from) = (dst.as_mut_ptr().cast(), src.as_ptr().cast());
            // SAFETY: libzstd reads within 'src' and writes within 'dst'.
            check(unsafe { sys::ZSTD_decompressDCtx(self.0, to, dst.len(), from, src.len()) })
        }
    }

    impl Drop for Decompression {
        fn drop(&mut self) {
            // SAFETY: the context is ours, and freed once.
            unsafe { sys::ZSTD_freeDCtx(self.0) };
        }
    }

    fn check(result: usize) -> usize {
        // SAFETY: takes a number.
        assert_eq!(unsafe { sys::ZSTD_isError(result) }, 0);
        result
    }
}
