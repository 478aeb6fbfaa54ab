//! What becomes of the cost as batches and machines grow: the time and memory of an item from 10^3 to 10^7 of them; what the threads
//! of a batch share; and a model of more CPUs than there are here, which speaks only after it has foretold two.
//!
//! `cargo bench -p zbatch --bench scaling [-- [--quick] [--rows FILE]]`
//!
//! The model. A batch takes `serial + rest / n + shared`. *serial* is measured: the time before the first item is begun and after
//! the last is done, in which one thread plans and ties; of what several threads plan, only the part that does not shrink from one
//! thread to two. *rest* is the other time of one thread; n threads do it at n times the speed of one, less what two bare loops at
//! once lose on this machine beside one alone (caches, memory, clock). *shared* is what threads do on memory that they share: each
//! atomic operation, counted by valgrind, costs a transfer of a cache line, measured here between two threads, and all
//! of them come one after another; and the caller wakes every helper, which is measured too. Left out: memory bandwidth and page faults of one
//! address space beyond what two threads show, and CPUs in several sockets.
//!
//! That it is right about two threads tests little of what matters at 16: transfers, wakes and the end of a batch, where threads wait
//! for the last chunks, are nearly nothing there. And what is counted "at 4, 8, 16 threads" is of as many threads as the pool has, which
//! is no more than there are CPUs, and the caller.

#[path = "scaling/growth.rs"]
mod growth;
#[path = "support/mod.rs"]
mod support;

use std::env;
use std::hint::{black_box, spin_loop};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};
use support::bare::Loop;
use support::data::Workload;
use support::machine::{Usage, cpus};
use support::rows::{Row, Rows, Target};
use support::statistics::{median, paired};
use support::turns::{Effort, Pass, race, timed};
use support::{Options, compressor, consume, decompressor};
use zbatch::{Compressor, Decompressor, Items, RunOptions, Stats};

fn main() {
    let args: Vec<String> = env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--count") {
        return only_batches(&args[at + 1..]);
    }
    let options = Options::from_args();
    let mut rows = Rows::open("scaling", &options);
    let workload = Workload::make("log lines", options.quick, &[]).expect("generated");
    let lines = workload.items();
    rows.second_cpu();
    growth::measure(&mut rows, &lines, options.quick);
    rows.second_cpu();
    after_a_large_batch(&mut rows, &lines);
    let shared = Shared::measure();
    let documents = Workload::make("documents", options.quick, &[]).expect("generated");
    for (name, items) in [("log lines", &lines), ("documents", &documents.items())] {
        for direction in [Direction::Compress, Direction::Decompress] {
            rows.second_cpu();
            let batch = Batch::new(name, items, direction);
            let counts = batch.contention(&mut rows, options.quick);
            batch.project(&mut rows, &shared, counts, options.quick);
        }
    }
}

/// What a small batch costs does not depend on what came before it.
fn after_a_large_batch(rows: &mut Rows, lines: &[&[u8]]) {
    let compressor = compressor(3, None);
    let run = RunOptions::default();
    let small = || {
        let call = || drop(black_box(compressor.multi_compress_to_buffer(&lines[..1], &run).expect("compresses")));
        let mut times: Vec<f64> = (0..2000).map(|_| timed(call).as_secs_f64()).collect();
        times.drain(..1000); // caches cool in a large batch, whoever does it
        1e6 * median(&times)
    };
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for _ in 0..11 {
        before.push(small());
        drop(black_box(compressor.multi_compress_to_buffer(lines, &run).expect("compresses")));
        after.push(small());
    }
    let row = Row::about("1 line", &lines[..1], "compress", 3, 0);
    let row = Row { ours: "after a large batch", beside: "before", turns: after.len(), ..row };
    let row = row.single("us", median(&after), median(&before), Some(Target::AtMost(1.10)));
    rows.put(&Row { ratio: paired(&after, &before), ..row });
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Compress,
    Decompress,
}

impl Direction {
    fn name(self) -> &'static str {
        match self {
            Self::Compress => "compress",
            Self::Decompress => "decompress",
        }
    }
}

/// One workload in one direction, with all that a pass needs.
struct Batch<'a> {
    name: &'a str,
    items: &'a [&'a [u8]],
    inputs: Vec<Vec<u8>>,
    direction: Direction,
    compressor: Compressor,
    decompressor: Decompressor,
}

/// Notes when the first and the last item of a batch were asked for: planning asks for all, and then the work does.
struct Watched<'a> {
    inputs: &'a [Vec<u8>],
    first: Mutex<Instant>,
    last: Mutex<Instant>,
}

impl Items for Watched<'_> {
    fn len(&self) -> usize {
        self.inputs.len()
    }

    fn get(&self, index: usize) -> &[u8] {
        let place = match index {
            0 => Some(&self.first),
            index if index + 1 == self.inputs.len() => Some(&self.last),
            _ => None,
        };
        if let Some(place) = place {
            *place.lock().expect("nobody panics with it") = Instant::now();
        }
        &self.inputs[index]
    }
}

/// Times in seconds.
struct Phases {
    plan: f64,
    tie: f64,
    whole: f64,
}

impl<'a> Batch<'a> {
    fn new(name: &'a str, items: &'a [&'a [u8]], direction: Direction) -> Self {
        let (compressor, decompressor) = (compressor(3, None), decompressor(None));
        let inputs = match direction {
            Direction::Compress => items.iter().map(|item| item.to_vec()).collect(),
            Direction::Decompress => items.iter().map(|item| compressor.compress(item).expect("compresses")).collect(),
        };
        Self { name, items, inputs, direction, compressor, decompressor }
    }

    fn run<I: Items + ?Sized>(&self, inputs: &I, run: &RunOptions<'_>) -> Duration {
        let start = Instant::now();
        let made = match self.direction {
            Direction::Compress => self.compressor.multi_compress_to_buffer(inputs, run).expect("compresses"),
            Direction::Decompress => {
                self.decompressor.multi_decompress_to_buffer(inputs, None, run).expect("decompresses")
            }
        };
        let time = start.elapsed();
        black_box(consume(made.iter()));
        time
    }

    /// What threads share, in batches that were asked to use so many of them; no more work than there are CPUs and the caller.
    /// Returns the atomic operations of a batch on two threads, where there is a valgrind to count them. That is slow: each number
    /// of threads is counted over a twentieth of the workload, and only two over all of it.
    fn contention(&self, rows: &mut Rows, quick: bool) -> Option<f64> {
        let mut on_two = None;
        let twentieth = Workload::make(self.name, true, &[]).expect("generated");
        let (twentieth, name) = (twentieth.items(), format!("{}, a twentieth", self.name));
        println!("\n{}, {}, {} items on {} CPUs:", self.name, self.direction.name(), self.inputs.len(), cpus());
        for threads in [1, 2, 4, 8, 16] {
            let stats = Stats::default();
            self.run(&self.inputs, &RunOptions { threads, stats: Some(&stats), ..Default::default() });
            let batches = if quick { 3 } else { 15 };
            let before = Usage::now();
            let run = RunOptions::with_threads(threads);
            let times: Vec<f64> = (0..batches).map(|_| self.run(&self.inputs, &run).as_secs_f64()).collect();
            let after = Usage::now();
            let each = |now: i64, before: i64| (now - before) as f64 / f64::from(batches);
            let count = self.inputs.len() as f64;
            let faults = each(after.faults, before.faults);
            let wakes = each(after.sleeps, before.sleeps);
            let lost = each(after.preemptions, before.preemptions);
            let atomics = if quick && threads != 2 { None } else { self.atomics(threads, true) };
            let told = atomics.map_or("no count of".to_owned(), |all| format!("{:.4}", all / twentieth.len() as f64));
            println!(
                "  {threads:>2} threads asked for, {} worked: {:>6.1} ns an item; an item: {told} atomic operations in a batch of \
                 {}, {:.4} page faults; a batch: {wakes:.1} sleeps and wakes, {lost:.1} preemptions",
                stats.workers(),
                1e9 * median(&times) / count,
                twentieth.len(),
                faults / count
            );
            let row = Row::about(self.name, self.items, self.direction.name(), 3, threads);
            let row = |ours, value| Row { ours, beside: "items", ..row.clone() }.single("a batch", value, count, None);
            rows.record(&row("page faults", faults));
            rows.record(&row("sleeps and wakes", wakes));
            // Those asked for are the row's; there are never more than the CPUs and the caller.
            rows.record(&row("threads that worked", f64::from(stats.workers())));
            if let Some(atomics) = atomics {
                self.put_atomics(rows, &name, &twentieth, threads, atomics);
            }
            if threads == 2 {
                on_two = atomics;
            }
        }
        if quick {
            return on_two; // a twentieth is all there is
        }
        let atomics = self.atomics(2, false)?;
        self.put_atomics(rows, self.name, self.items, 2, atomics);
        Some(atomics)
    }

    fn put_atomics(&self, rows: &mut Rows, name: &str, items: &[&[u8]], threads: i32, atomics: f64) {
        let row = Row::about(name, items, self.direction.name(), 3, threads);
        let row = Row { ours: "atomic operations", beside: "items", ..row };
        rows.record(&row.single("a batch", atomics, items.len() as f64, None));
    }

    /// The atomic operations of one batch, by the difference between three and one of them.
    fn atomics(&self, threads: i32, quick: bool) -> Option<f64> {
        let count = |batches: u32| -> Option<f64> {
            let mut valgrind = Command::new("valgrind");
            valgrind.args(["--tool=callgrind", "--collect-bus=yes", "--callgrind-out-file=/dev/null"]);
            valgrind.arg(env::current_exe().ok()?).args(["--count", self.name, self.direction.name()]);
            let output = valgrind
                .args([threads.to_string().as_str(), &batches.to_string(), if quick { "quick" } else { "whole" }])
                .output()
                .ok()?;
            let text = String::from_utf8(output.stderr).ok().filter(|_| output.status.success())?;
            let numbers = |before: &str| -> Option<Vec<&str>> {
                Some(text.lines().find_map(|line| line.split_once(before))?.1.split_whitespace().collect())
            };
            let (events, counts) = (numbers("Events    : ")?, numbers("Collected : ")?);
            let at = events.iter().position(|event| *event == "Ge")?;
            counts.into_iter().nth(at)?.parse().ok()
        };
        let (one, three) = thread::scope(|scope| {
            let one = scope.spawn(|| count(1));
            let three = count(3);
            (one.join().ok().flatten(), three)
        });
        Some((three? - one?) / 2.0)
    }

    fn phases(&self, threads: i32) -> Phases {
        let start = Instant::now();
        let watched = Watched { inputs: &self.inputs, first: Mutex::new(start), last: Mutex::new(start) };
        let whole = self.run(&watched, &RunOptions::with_threads(threads));
        let at = |place: &Mutex<Instant>| place.lock().expect("nobody panics with it").duration_since(start);
        let (whole, plan) = (whole.as_secs_f64(), at(&watched.first).as_secs_f64());
        // The last item was asked for when its own work began.
        let last = (whole - plan) / self.inputs.len() as f64;
        Phases { plan, tie: (whole - at(&watched.last).as_secs_f64() - last).max(0.0), whole }
    }

    /// What the model says, and whether it may.
    fn project(&self, rows: &mut Rows, shared: &Shared, atomics: Option<f64>, quick: bool) {
        let turns = if quick { 3 } else { 21 };
        let (mut one, mut two) = (Vec::new(), Vec::new());
        for turn in 0..=turns {
            let pair = (self.phases(1), self.phases(2));
            if turn > 0 {
                one.push(pair.0);
                two.push(pair.1);
            }
        }
        let of = |phases: &[Phases], time: fn(&Phases) -> f64| median(&phases.iter().map(time).collect::<Vec<_>>());
        let (plan_1, plan_2) = (of(&one, |p| p.plan), of(&two, |p| p.plan));
        let (tie, time_1, time_2) = (of(&one, |p| p.tie), of(&one, |p| p.whole), of(&two, |p| p.whole));
        // plan(n) = serial + parallel / n, of which two values are known.
        let serial = (2.0 * plan_2 - plan_1).clamp(0.0, plan_1) + tie;
        let machine = self.two_bare_loops(quick);
        let operations = atomics.unwrap_or(0.0);
        let model = |n: f64| {
            let contended = operations * shared.transfer * (n - 1.0) / n;
            let speed = if n == 1.0 { 1.0 } else { n * machine / 2.0 };
            serial + (time_1 - serial) / speed + contended + (n - 1.0) * shared.wake
        };
        let us = |seconds: f64| 1e6 * seconds;
        println!(
            "  model: one thread {:.0} us; serial {:.1} us = {:.3} % (plan {:.1} on one thread, {:.1} on two; tie {:.1}); two \
             bare loops at once {machine:.2} times one; {operations:.0} atomic operations a batch at {:.0} ns; a wake {:.1} us",
            us(time_1),
            us(serial),
            100.0 * serial / time_1,
            us(plan_1),
            us(plan_2),
            us(tie),
            1e9 * shared.transfer,
            us(shared.wake),
        );
        let about = |threads| Row::about(self.name, self.items, self.direction.name(), 3, threads);
        let serial_share = Row { ours: "serial time", beside: "time of one thread", turns, ..about(1) };
        rows.record(&serial_share.single("us", us(serial), us(time_1), None));
        let (foretold, measured) = (time_1 / model(2.0), time_1 / time_2);
        let off = (foretold / measured - 1.0).abs();
        println!(
            "  2 threads: {foretold:.2} times as fast as one foretold, {measured:.2} measured, {:.0} % off",
            100.0 * off
        );
        let check = Row { ours: "speed-up foretold", beside: "measured", turns, ..about(2) };
        rows.record(&check.single("times", foretold, measured, None));
        let doubt = match atomics {
            None => Some("what is shared was not counted, for want of valgrind"),
            _ if off > 0.10 => Some("the model is off by over 10 %"),
            _ if machine < 1.5 => Some("the second CPU was busy with other things"),
            _ => None,
        };
        if let Some(doubt) = doubt {
            println!("  no word about more CPUs: {doubt}");
            return;
        }
        for n in [4, 8, 16] {
            let projected = time_1 / model(f64::from(n));
            println!("  {n:>2} CPUs, foretold: {projected:.1} times as fast as one");
            let row = Row { ours: "speed-up foretold", beside: "CPUs", turns, ..about(n) };
            rows.record(&row.single("times", projected, f64::from(n), None));
        }
    }

    /// How much faster two bare loops at once on the two halves are than one on all: what this machine's second CPU is worth.
    fn two_bare_loops(&self, quick: bool) -> f64 {
        let inputs: Vec<&[u8]> = self.inputs.iter().map(Vec::as_slice).collect();
        let sizes: Vec<usize> = self.items.iter().map(|item| item.len()).collect();
        let contestants = [1, 2].map(|threads| {
            let pass: Pass<'_> = match self.direction {
                Direction::Compress => {
                    let mut bare = Loop::compressing(&inputs, 3, None, threads, false);
                    Box::new(move || bare.pass())
                }
                Direction::Decompress => {
                    let mut bare = Loop::decompressing(&inputs, &sizes, None, threads, false);
                    Box::new(move || bare.pass())
                }
            };
            (format!("{threads}"), pass)
        });
        let turns = if quick { 3 } else { 11 };
        let times = race(contestants.into(), Effort { seconds: 0.0, least: turns, most: turns });
        times.ratio("1", "2").median
    }
}

/// Runs batches and nothing else, for valgrind to count.
fn only_batches(args: &[String]) {
    let [name, direction, threads, batches, size] = args else {
        panic!("--count NAME DIRECTION THREADS BATCHES quick|whole")
    };
    let workload = Workload::make(name, size == "quick", &[]).expect("generated");
    let items = workload.items();
    let direction = if direction == "compress" { Direction::Compress } else { Direction::Decompress };
    let batch = Batch::new(name, &items, direction);
    let run = RunOptions::with_threads(threads.parse().expect("a number"));
    for _ in 0..batches.parse().expect("a number") {
        batch.run(&batch.inputs, &run);
    }
}

/// What it costs to share, in seconds.
struct Shared {
    /// An atomic operation on what another CPU has just written.
    transfer: f64,
    /// For who wakes a thread that sleeps.
    wake: f64,
}

impl Shared {
    fn measure() -> Self {
        Self { transfer: Self::transfer(), wake: Self::wake() }
    }

    /// Two threads add to one number, each when the other has.
    fn transfer() -> f64 {
        const ROUNDS: u64 = 20_000;
        let number = AtomicU64::new(0);
        let take_turns = |parity: u64| {
            for round in 0..ROUNDS {
                let mut spins = 0u32;
                while number.load(SeqCst) != 2 * round + parity {
                    spins += 1;
                    // With one CPU, or a busy machine, the other one must be let in.
                    if spins.is_multiple_of(10_000) { thread::yield_now() } else { spin_loop() }
                }
                number.fetch_add(1, SeqCst);
            }
        };
        let times: Vec<f64> = (0..7)
            .map(|_| {
                number.store(0, SeqCst);
                let start = Instant::now();
                thread::scope(|scope| {
                    scope.spawn(|| take_turns(1));
                    take_turns(0);
                });
                start.elapsed().as_secs_f64() / (2 * ROUNDS) as f64
            })
            .collect();
        median(&times)
    }

    fn wake() -> f64 {
        let stop = AtomicU64::new(0);
        thread::scope(|scope| {
            let sleeper = scope.spawn(|| {
                while stop.load(SeqCst) == 0 {
                    thread::park();
                }
            });
            let times: Vec<f64> = (0..50)
                .map(|_| {
                    thread::sleep(Duration::from_micros(300)); // it is asleep again
                    timed(|| sleeper.thread().unpark()).as_secs_f64()
                })
                .collect();
            stop.store(1, SeqCst);
            sleeper.thread().unpark();
            median(&times)
        })
    }
}
