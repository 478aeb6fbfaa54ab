//! The distance to the limit on every workload: the same work as bare calls of libzstd into memory that was touched before (on
//! two threads, two such loops at once on the two halves), and as a batch, in turns; beside both, what a program has without
//! zbatch: the bare loop into fresh memory, and calls one at a time. And the peak of memory, each in a process of its own.
//! What programs in C reach of it, through the shared library, is measured by [`from_c`].
//!
//! `cargo bench -p zbatch --bench limit [-- [--quick] [--only TEXT] [--rows FILE] [PATH...]]`
//!
//! Before anything is timed, both sides' results are compared byte for byte. Caches are emptied before every pass. Each result is
//! looked at inside the time. Memory is fresh after the store of freed blocks was released, and kept when it was not.

#[path = "limit/from_c.rs"]
mod from_c;
#[path = "support/mod.rs"]
mod support;

use std::hint::black_box;
use std::process::Command;
use support::bare::Loop;
use support::c::Library;
use support::data::{NAMES, Workload};
use support::machine::{Evictor, Peak, huge_pages, touched};
use support::rows::{Row, Rows, Target};
use support::turns::{Effort, Pass, Times, race, timed};
use support::{Options, compressor, consume, decompressor};
use zbatch::{Dictionary, RunOptions, Segment, release_retained, retained_size};

/// Targets are for batches of so many items.
const MANY: usize = 1000;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--memory") {
        return peak_of(&args[at + 1..]);
    }
    let options = Options::from_args();
    let mut rows = Rows::open("limit", &options);
    let library = Library::beside_this_program();
    if library.is_none() {
        println!("nothing from C: `cargo build --release -p zbatch-ffi` builds the library for it\n");
    }
    for name in NAMES.into_iter().filter(|name| name.contains(&options.only)) {
        let Some(workload) = Workload::make(name, options.quick, &options.paths) else {
            println!("{name}: the files do not suffice; name more");
            continue;
        };
        let items = workload.items();
        for threads in [1, 2] {
            rows.second_cpu();
            let case = Case { name, items: &items, level: 3, dict: None, threads };
            case.measure(&mut rows, options.quick, true);
            if let Some(library) = library.as_ref().filter(|_| from_c::NAMES.contains(&name)) {
                case.measure_from_c(&mut rows, options.quick, library);
            }
        }
        for threads in [1, 2].into_iter().filter(|_| !options.quick || name == "log lines") {
            memory(&mut rows, &options, name, &items, threads);
        }
        if ["log lines", "documents", "pages"].contains(&name) {
            let dict = workload.train();
            for threads in [1, 2] {
                let case = Case { name, items: &items, level: 3, dict: Some(&dict), threads };
                case.measure(&mut rows, options.quick, false);
            }
        }
        if ["log lines", "documents", "64 KiB chunks"].contains(&name) {
            // Strong levels are slow: as much as takes a fraction of a second.
            for (level, most) in [(1, usize::MAX), (9, 8 << 20), (19, 1 << 20)] {
                let items = &items[..fitting(&items, if options.quick { most / 16 } else { most })];
                for threads in [1, 2] {
                    Case { name, items, level, dict: None, threads }.measure(&mut rows, options.quick, false);
                }
            }
        }
    }
}

/// How many of the first items are together no more than so many bytes.
fn fitting(items: &[&[u8]], most: usize) -> usize {
    let sums = items.iter().scan(0usize, |sum, item| {
        *sum += item.len();
        Some(*sum)
    });
    sums.take_while(|&sum| sum <= most).count().max(1)
}

#[derive(Clone, Copy)]
struct Case<'a> {
    name: &'a str,
    items: &'a [&'a [u8]],
    level: i32,
    dict: Option<&'a Dictionary>,
    threads: usize,
}

impl Case<'_> {
    /// Both directions; when not `whole`, beside the limit alone.
    fn measure(&self, rows: &mut Rows, quick: bool, whole: bool) {
        let effort = self.effort(quick, whole);
        let run = self.run();
        let dict = self.dict.map(Dictionary::data);
        let compressor = compressor(self.level, self.dict);
        let frames = compressor.multi_compress_to_buffer(self.items, &run).expect("compresses");
        let mut bare = Loop::compressing(self.items, self.level, dict, self.threads, false);
        bare.pass();
        assert!(bare.outputs().eq(frames.iter()), "{}: frames differ from libzstd's", self.name);
        self.compression(rows, effort, whole);
        let frames: Vec<&[u8]> = frames.iter().collect();
        self.decompression(rows, effort, whole, &frames);
    }

    /// The time goes where the targets are, and most of it to two threads, for the second CPU is at times busy with others.
    fn effort(&self, quick: bool, whole: bool) -> Effort {
        let (seconds, least, most) = match (whole, self.threads) {
            _ if quick => (0.0, 2, 2),
            (true, 2) if self.items.len() >= MANY => (4.0, 15, 61),
            (true, _) => (1.5, 7, 61),
            (false, _) => (0.7, 7, 61),
        };
        Effort { seconds, least, most }
    }

    fn run(&self) -> RunOptions<'static> {
        RunOptions::with_threads(i32::try_from(self.threads).expect("one or two"))
    }

    fn row(&self, direction: &'static str) -> Row<'_> {
        let threads = i32::try_from(self.threads).expect("one or two");
        let row = Row::about(self.name, self.items, direction, self.level, threads);
        Row { dictionary: self.dict.is_some(), ..row }
    }

    /// The target, where there is one.
    fn target(&self, least: f64) -> Option<Target> {
        let named = self.level == 3 && self.dict.is_none() && self.items.len() >= MANY;
        named.then_some(Target::AtLeast(least))
    }

    fn compression(&self, rows: &mut Rows, effort: Effort, whole: bool) {
        let (items, run, evictor) = (self.items, self.run(), Evictor::new());
        let compressor = compressor(self.level, self.dict);
        let dict = self.dict.map(Dictionary::data);
        let mut contestants: Vec<(String, Pass<'_>)> = Vec::new();
        let batch = |fresh: bool| {
            let (evictor, compressor, run) = (&evictor, &compressor, &run);
            move || {
                prepare(evictor, fresh);
                timed(|| {
                    let frames = compressor.multi_compress_to_buffer(items, run).expect("compresses");
                    black_box(consume(frames.iter()));
                    frames
                })
            }
        };
        let bare = |fresh: bool| {
            let evictor = &evictor;
            let mut bare = Loop::compressing(items, self.level, dict, self.threads, fresh);
            move || {
                evictor.evict();
                bare.pass()
            }
        };
        add(&mut contestants, "zbatch", batch(false));
        add(&mut contestants, "bare libzstd", bare(false));
        if whole && self.threads == 1 {
            add(&mut contestants, "zbatch into fresh memory", batch(true));
            add(&mut contestants, "bare libzstd into fresh memory", bare(true));
            add(&mut contestants, "calls one at a time", || {
                evictor.evict();
                timed(|| {
                    let each = items.iter().map(|item| compressor.compress(item).expect("compresses"));
                    let all: Vec<Vec<u8>> = each.collect();
                    black_box(consume(all.iter().map(Vec::as_slice)));
                    all
                })
            });
        }
        let times = race(contestants, effort);
        let least = if self.threads == 1 { 0.98 } else { 0.95 };
        self.put(rows, &times, "compress", [("zbatch", self.target(least)), ("zbatch into fresh memory", None)]);
    }

    fn decompression(&self, rows: &mut Rows, effort: Effort, whole: bool, frames: &[&[u8]]) {
        let (run, evictor) = (self.run(), Evictor::new());
        let decompressor = decompressor(self.dict);
        let dict = self.dict.map(Dictionary::data);
        let sizes: Vec<usize> = self.items.iter().map(|item| item.len()).collect();
        let bytes: usize = sizes.iter().sum();
        let result = decompressor.multi_decompress_to_buffer(frames, None, &run).expect("decompresses");
        assert!(result.iter().eq(self.items.iter().copied()), "{}: the items do not come back", self.name);
        drop(result);
        let is_kept = retained_size() >= bytes;

        let batch = |fresh: bool| {
            let (evictor, decompressor, run) = (&evictor, &decompressor, &run);
            move || {
                prepare(evictor, fresh);
                timed(|| {
                    let items = decompressor.multi_decompress_to_buffer(frames, None, run).expect("decompresses");
                    black_box(consume(items.iter()));
                    items
                })
            }
        };
        let bare = |fresh: bool| {
            let evictor = &evictor;
            let mut bare = Loop::decompressing(frames, &sizes, dict, self.threads, fresh);
            bare.pass();
            assert!(bare.outputs().eq(self.items.iter().copied()));
            move || {
                evictor.evict();
                bare.pass()
            }
        };
        let (mut own, mut table) = (touched(bytes), vec![Segment { offset: 1, length: 1 }; frames.len()]);
        let mut contestants: Vec<(String, Pass<'_>)> = Vec::new();
        add(&mut contestants, "zbatch into own memory", || {
            evictor.evict();
            timed(|| {
                let failed = decompressor.multi_decompress_packed(frames, None, &mut own, &mut table, &run, None);
                assert!(failed.expect("decompresses").is_none());
                let results = table.iter().map(|segment| segment.slice(&own).expect("in the block"));
                black_box(consume(results));
            })
        });
        // Between those that are held against it.
        add(&mut contestants, "bare libzstd", bare(false));
        if whole {
            if is_kept {
                add(&mut contestants, "zbatch into kept memory", batch(false));
            }
            add(&mut contestants, "zbatch into fresh memory", batch(true));
        }
        if whole && self.threads == 1 {
            add(&mut contestants, "bare libzstd into fresh memory", bare(true));
            add(&mut contestants, "calls one at a time", || {
                evictor.evict();
                timed(|| {
                    let each = frames.iter().map(|frame| decompressor.decompress(frame).expect("decompresses"));
                    let all: Vec<Vec<u8>> = each.collect();
                    black_box(consume(all.iter().map(Vec::as_slice)));
                    all
                })
            });
        }
        let times = race(contestants, effort);
        assert!(own.chunks(bytes.max(1)).next().is_none_or(|all| all == self.items.concat()));
        // Without huge pages the faults alone cost more than that.
        let fresh = self.target(0.80).filter(|_| huge_pages() != "never");
        let ours = [
            ("zbatch into own memory", self.target(0.95)),
            ("zbatch into kept memory", self.target(0.95)),
            ("zbatch into fresh memory", fresh),
        ];
        self.put(rows, &times, "decompress", ours);
        if whole && self.threads == 2 {
            // A race without targets by itself: turns with them are short, and there are more of them.
            let (ours, others) = ("zbatch into fresh memory", "bare libzstd into fresh memory");
            let mut contestants: Vec<(String, Pass<'_>)> = Vec::new();
            add(&mut contestants, ours, batch(true));
            add(&mut contestants, others, bare(true));
            let times =
                race(contestants, Effort { seconds: effort.seconds / 4.0, least: effort.least.min(7), ..effort });
            rows.put(&self.row("decompress").speed(&times, ours, others, None));
        }
    }

    /// Every one of ours beside the limit, and the last beside what a program has otherwise.
    fn put<const N: usize>(
        &self,
        rows: &mut Rows,
        times: &Times,
        direction: &'static str,
        ours: [(&str, Option<Target>); N],
    ) {
        let ours = ours.into_iter().filter(|(name, _)| times.has(name));
        let mut last = None;
        for (name, target) in ours {
            rows.put(&self.row(direction).speed(times, name, "bare libzstd", target));
            last = Some(name);
        }
        let others = ["bare libzstd into fresh memory", "calls one at a time"];
        for other in others.into_iter().filter(|other| times.has(other)) {
            rows.put(&self.row(direction).speed(times, last.unwrap_or_default(), other, None));
        }
    }
}

fn add<'a>(contestants: &mut Vec<(String, Pass<'a>)>, name: &str, pass: impl FnMut() -> std::time::Duration + 'a) {
    contestants.push((name.to_owned(), Box::new(pass)));
}

/// Nothing is in the CPU's caches; and the memory of the next batch comes from the system, or else from a batch before.
fn prepare(evictor: &Evictor, fresh: bool) {
    evictor.evict();
    if fresh {
        release_retained();
        assert_eq!(retained_size(), 0);
    }
}

/// The peak of resident memory of one batch, each in a process of its own, beside what it must have.
fn memory(rows: &mut Rows, options: &Options, name: &str, items: &[&[u8]], threads: i32) {
    for direction in ["compress", "decompress"] {
        let of = |side: &str| -> Option<(f64, f64)> {
            let mut child = Command::new(std::env::current_exe().ok()?);
            child.args(["--memory", name, side, direction, &threads.to_string()]);
            child.arg(if options.quick { "quick" } else { "whole" }).args(&options.paths);
            let output = child.output().ok().filter(|output| output.status.success())?;
            let text = String::from_utf8(output.stdout).ok()?;
            let (peak, allowed) = text.trim().split_once(' ')?;
            Some((peak.parse().ok()?, allowed.parse().ok()?))
        };
        let (Some((peak, allowed)), Some((bare, _))) = (of("zbatch"), of("bare")) else {
            println!("{name}: this system does not tell the peak of memory");
            continue;
        };
        let row = Row::about(name, items, direction, 3, threads);
        let mib = |bytes: f64| bytes / f64::from(1 << 20);
        let row = |beside, other, target| {
            let row = Row { ours: "peak memory of zbatch", beside, ..row.clone() };
            row.single("MiB", mib(peak), mib(other), target)
        };
        rows.put(&row("outputs x 1.05, contexts, 2 MiB a thread", allowed, Some(Target::AtMost(1.0))));
        rows.put(&row("bare libzstd into fresh memory", bare, None));
    }
}

/// The child of [`memory`]: prints by how much the peak rose, and what is allowed. The tables of segments are outputs.
fn peak_of(args: &[String]) {
    let [name, side, direction, threads, size, paths @ ..] = args else { panic!("--memory NAME SIDE ...") };
    let paths: Vec<_> = paths.iter().filter(|path| *path != "--bench").map(Into::into).collect();
    let workload = Workload::make(name, size == "quick", &paths).expect("a workload");
    let items = workload.items();
    let threads: usize = threads.parse().expect("a number of threads");
    let run = RunOptions::with_threads(i32::try_from(threads).expect("few"));
    let compresses = direction == "compress";
    let frames = if compresses {
        None
    } else {
        Some(compressor(3, None).multi_compress_to_buffer(&items, &run).expect("compresses"))
    };
    let frames: Vec<&[u8]> = frames.iter().flat_map(|frames| frames.iter()).collect();
    let sizes: Vec<usize> = items.iter().map(|item| item.len()).collect();
    release_retained();
    let peak = Peak::start().expect("a peak that can be set back");
    let (outputs, contexts) = match (side.as_str(), compresses) {
        ("zbatch", true) => {
            let compressor = compressor(3, None);
            let made = compressor.multi_compress_to_buffer(&items, &run).expect("compresses");
            (made.size(), compressor.memory_size())
        }
        ("zbatch", false) => {
            let decompressor = decompressor(None);
            let made = decompressor.multi_decompress_to_buffer(&frames, None, &run).expect("decompresses");
            (made.size(), decompressor.memory_size())
        }
        (_, true) => {
            let mut bare = Loop::compressing(&items, 3, None, threads, true);
            bare.pass();
            (bare.outputs().map(<[u8]>::len).sum(), 0)
        }
        (_, false) => {
            let mut bare = Loop::decompressing(&frames, &sizes, None, threads, true);
            bare.pass();
            (bare.outputs().map(<[u8]>::len).sum(), 0)
        }
    };
    let outputs = outputs + items.len() * size_of::<Segment>();
    println!("{} {}", peak.rose(), outputs * 105 / 100 + contexts + threads * (2 << 20));
}
