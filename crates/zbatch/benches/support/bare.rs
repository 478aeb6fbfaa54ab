//! libzstd with nothing around it: the limit. A loop with a kept context writes one result behind the other into memory that
//! was touched before, and notes where each one ends. Two loops at once on the two halves are the limit of two threads.

use super::consume;
use super::machine::{Fresh, touched};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};
use zbatch::compress_bound;
use zstd_sys as sys;

/// A context and the call that it is for.
pub trait Codec: Send {
    /// Writes the result for `src` to the start of `dst` and returns its size.
    fn run(&mut self, src: &[u8], dst: &mut [u8]) -> usize;
}

pub struct Compression(*mut sys::ZSTD_CCtx);

// SAFETY: a context may move between threads; `&mut self` keeps it to one at a time.
unsafe impl Send for Compression {}

impl Compression {
    pub fn new(level: i32, dict: Option<&[u8]>) -> Self {
        // SAFETY: takes nothing.
        let context = unsafe { sys::ZSTD_createCCtx() };
        assert!(!context.is_null());
        // SAFETY: the context is live.
        check(unsafe { sys::ZSTD_CCtx_setParameter(context, sys::ZSTD_cParameter::ZSTD_c_compressionLevel, level) });
        if let Some(dict) = dict {
            // SAFETY: the context is live, and copies what it reads within 'dict'.
            check(unsafe { sys::ZSTD_CCtx_loadDictionary(context, dict.as_ptr().cast(), dict.len()) });
        }
        Self(context)
    }
}

impl Codec for Compression {
    fn run(&mut self, src: &[u8], dst: &mut [u8]) -> usize {
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
    pub fn new(dict: Option<&[u8]>) -> Self {
        // SAFETY: takes nothing.
        let context = unsafe { sys::ZSTD_createDCtx() };
        assert!(!context.is_null());
        if let Some(dict) = dict {
            // SAFETY: the context is live, and copies what it reads within 'dict'.
            check(unsafe { sys::ZSTD_DCtx_loadDictionary(context, dict.as_ptr().cast(), dict.len()) });
        }
        Self(context)
    }
}

impl Codec for Decompression {
    fn run(&mut self, src: &[u8], dst: &mut [u8]) -> usize {
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

/// Bytes that the frames of `items` take at most.
pub fn room(items: &[&[u8]]) -> usize {
    items.iter().map(|item| compress_bound(item.len()).expect("a small item")).sum()
}

enum Room {
    Touched(Vec<u8>),
    /// New for each pass; the one of the last is kept until then.
    Fresh(usize, Fresh),
}

impl Room {
    fn bytes(&mut self) -> &mut [u8] {
        match self {
            Self::Touched(bytes) => bytes,
            Self::Fresh(_, bytes) => bytes,
        }
    }

    fn renew(&mut self) {
        if let Self::Fresh(size, bytes) = self {
            *bytes = Fresh::new(*size);
        }
    }
}

/// One loop: some items, and all that it needs for them.
struct Half<'a, C> {
    context: C,
    items: &'a [&'a [u8]],
    room: Room,
    ends: Vec<usize>,
}

impl<C: Codec> Half<'_, C> {
    fn pass(&mut self) {
        let room = self.room.bytes();
        let mut end = 0;
        for (item, place) in self.items.iter().zip(&mut self.ends) {
            end += self.context.run(item, &mut room[end..]);
            *place = end;
        }
        black_box(room);
    }

    /// The caller looks at the results, as at a batch's: when all are there, and on its own thread.
    fn consume(&mut self) {
        black_box(consume(outputs(self.room.bytes(), &self.ends)));
    }
}

fn outputs<'r>(room: &'r [u8], ends: &'r [usize]) -> impl Iterator<Item = &'r [u8]> {
    let starts = std::iter::once(&0).chain(ends);
    starts.zip(ends).map(|(&start, &end)| &room[start..end])
}

/// The loop, or two at once.
pub struct Loop<'a, C> {
    halves: Vec<Half<'a, C>>,
}

impl<'a> Loop<'a, Compression> {
    pub fn compressing(items: &'a [&'a [u8]], level: i32, dict: Option<&[u8]>, threads: usize, fresh: bool) -> Self {
        Self::new(items, threads, fresh, room, || Compression::new(level, dict))
    }
}

impl<'a> Loop<'a, Decompression> {
    /// `sizes` are those of the frames' contents.
    pub fn decompressing(
        frames: &'a [&'a [u8]],
        sizes: &[usize],
        dict: Option<&[u8]>,
        threads: usize,
        fresh: bool,
    ) -> Self {
        let mut sizes = sizes;
        let room = |half: &[&[u8]]| {
            let (of_half, rest) = sizes.split_at(half.len());
            sizes = rest;
            of_half.iter().sum()
        };
        Self::new(frames, threads, fresh, room, || Decompression::new(dict))
    }
}

impl<'a, C: Codec> Loop<'a, C> {
    fn new(
        items: &'a [&'a [u8]],
        threads: usize,
        fresh: bool,
        mut room: impl FnMut(&[&[u8]]) -> usize,
        context: impl Fn() -> C,
    ) -> Self {
        assert!((1..=2).contains(&threads));
        let (first, second) = items.split_at(if threads == 1 { items.len() } else { middle(items) });
        let parts = if threads == 1 { vec![first] } else { vec![first, second] };
        let halves = parts.into_iter().map(|items| {
            let size = room(items);
            let room = if fresh { Room::Fresh(size, Fresh::new(size)) } else { Room::Touched(touched(size)) };
            Half { context: context(), items, room, ends: vec![1; items.len()] }
        });
        Self { halves: halves.collect() }
    }

    /// Does all of the work once.
    pub fn pass(&mut self) -> Duration {
        self.halves.iter_mut().for_each(|half| half.room.renew());
        match &mut self.halves[..] {
            [half] => {
                let start = Instant::now();
                half.pass();
                half.consume();
                start.elapsed()
            }
            [one, other] => {
                let working = both(|| one.pass(), || other.pass());
                let start = Instant::now();
                one.consume();
                other.consume();
                working + start.elapsed()
            }
            _ => unreachable!("one loop or two"),
        }
    }

    /// What the last pass made.
    pub fn outputs(&mut self) -> impl Iterator<Item = &[u8]> {
        self.halves.iter_mut().flat_map(|half| outputs(half.room.bytes(), &half.ends))
    }
}

/// The time of two works at once, by threads that are awake when it begins.
fn both(one: impl FnOnce(), other: impl FnOnce() + Send) -> Duration {
    struct Tell<'a>(&'a AtomicBool);
    impl Drop for Tell<'_> {
        fn drop(&mut self) {
            self.0.store(true, SeqCst);
        }
    }
    let [ready, go, done] = [const { AtomicBool::new(false) }; 3];
    let wait = |flag: &AtomicBool| {
        while !flag.load(SeqCst) {
            thread::yield_now();
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            // Also when the work panics, or the other thread would wait for ever.
            let _done = Tell(&done);
            ready.store(true, SeqCst);
            wait(&go);
            other();
        });
        wait(&ready);
        let start = Instant::now();
        go.store(true, SeqCst);
        one();
        wait(&done);
        start.elapsed()
    })
}

/// Where to cut items into two parts that hold as nearly as can be the same number of bytes.
fn middle(items: &[&[u8]]) -> usize {
    let total: usize = items.iter().map(|item| item.len()).sum();
    let mut before = 0;
    for (index, item) in items.iter().enumerate() {
        let with = before + item.len();
        if 2 * with >= total {
            return if 2 * with - total <= total - 2 * before { index + 1 } else { index };
        }
        before = with;
    }
    items.len()
}

#[cfg(test)]
mod tests {
    use super::super::data::Workload;
    use super::super::{compressor, decompressor};
    use super::*;
    use zbatch::RunOptions;

    #[test]
    fn the_cut_halves_the_bytes() {
        let of = |sizes: &[usize]| {
            let data = vec![0; 1000];
            middle(&sizes.iter().map(|&size| &data[..size]).collect::<Vec<_>>())
        };
        assert_eq!(of(&[10; 8]), 4);
        assert_eq!(of(&[1, 1, 1, 1, 500]), 4);
        assert_eq!(of(&[500, 1, 1]), 1);
        assert_eq!(of(&[]), 0);
    }

    #[test]
    fn both_loops_do_the_same_work_as_zbatch() {
        for name in ["log lines", "one giant"] {
            let workload = Workload::make(name, true, &[]).expect("a workload");
            let (items, dict) = (workload.items(), workload.train());
            let whole = items.len().min(300);
            let items = &items[items.len() - whole..];
            for dict in [None, Some(&dict)] {
                let bytes = dict.map(|dict| dict.data());
                let frames = compressor(3, dict).multi_compress_to_buffer(items, &RunOptions::default());
                let frames = frames.expect("compresses");
                let frames: Vec<&[u8]> = frames.iter().collect();
                let sizes: Vec<usize> = items.iter().map(|item| item.len()).collect();
                let back = decompressor(dict).multi_decompress_to_buffer(&frames, None, &RunOptions::default());
                assert!(back.expect("decompresses").iter().eq(items.iter().copied()));
                for (threads, fresh) in [(1, false), (2, false), (1, true), (2, true)] {
                    let mut bare = Loop::compressing(items, 3, bytes, threads, fresh);
                    assert!(bare.pass() > Duration::ZERO);
                    assert!(bare.outputs().eq(frames.iter().copied()), "{name} {threads}");
                    let mut bare = Loop::decompressing(&frames, &sizes, bytes, threads, fresh);
                    bare.pass();
                    assert!(bare.outputs().eq(items.iter().copied()), "{name} {threads}");
                }
            }
        }
    }
}
