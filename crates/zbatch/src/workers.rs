//! The one file that owns parallelism.
//!
//! The calling thread always works. It may borrow helpers from a private pool that is kept between calls, but only helpers
//! that are idle *now*: there is a ticket for each thread of the pool, a helper holds one while it works for somebody, and
//! who finds no ticket left goes on alone and asks again after its next chunk. So no job is ever queued behind another
//! caller's batch, and no caller's progress depends on anyone else's. A helper that has not come when the work is done is
//! not waited for (see `guests.rs`).
//!
//! Waking a helper takes tens of microseconds, more when its CPU sleeps too, and costs the caller a part of them; so the caller
//! asks for one only while the work that is left is worth it.
//!
//! After a `fork` the child has the pool's memory but not its threads. The pool carries the generation of the memory that it
//! was made in; a later one makes its own and forgets the old one. Locks are tried, never waited for: one that another thread held
//! at the moment of the fork stays locked in the child for ever.

use crate::few::Few;
use crate::guests::{self, Invitation};
use crate::process;
use std::cmp::Reverse;
use std::num::NonZero;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Work that is left, in nanoseconds, for which a helper is asked while batches follow each other closely: it is awake then, or
/// its CPU is, and the next batch will find it so.
const WORTH_ASKING: u64 = 50_000;

/// The same for one that sleeps, on a CPU that has to wake first, or that the system would rather leave asleep: what it takes
/// of a smaller batch comes too late.
const WORTH_WAKING: u64 = 400_000;

/// How close batches follow each other for that.
const AWAKE: Duration = Duration::from_micros(300);

/// libzstd needs little stack; what it needs for its tables it allocates.
const STACK: usize = 1 << 20;

/// Times that a lock is tried.
const PATIENCE: u32 = 200;

struct Pool {
    threads: rayon::ThreadPool,
    /// Threads that help nobody.
    tickets: AtomicUsize,
    generation: u32,
}

static POOL: RwLock<Option<&'static Pool>> = RwLock::new(None);

impl Pool {
    /// The pool of this process, or `None` when it cannot be had.
    fn get() -> Option<&'static Self> {
        let generation = process::generation()?;
        // Another thread that is making the pool is done before this ends; a lock that was inherited locked never is.
        for _ in 0..PATIENCE {
            if let Ok(known) = POOL.try_read()
                && let Some(pool) = known.filter(|pool| pool.generation == generation)
            {
                return Some(pool);
            }
            match POOL.try_write() {
                Ok(mut place) => return Self::make(&mut place, generation),
                Err(_) => std::thread::yield_now(),
            }
        }
        None
    }

    fn make(place: &mut Option<&'static Self>, generation: u32) -> Option<&'static Self> {
        if let Some(pool) = place.filter(|pool| pool.generation == generation) {
            return Some(pool);
        }
        let size = cpus();
        let builder = rayon::ThreadPoolBuilder::new().num_threads(size).stack_size(STACK);
        let builder = builder.thread_name(|index| format!("zbatch-{index}"));
        let threads = process::without_signals(|| builder.build()).ok()?;
        // The one of a parent process is left where it is: dropping it would wait for threads that do not exist here.
        let pool: &'static Self = Box::leak(Box::new(Self { threads, tickets: AtomicUsize::new(size), generation }));
        *place = Some(pool);
        Some(pool)
    }

    fn ticket(&'static self) -> Option<Ticket> {
        let taken = self.tickets.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        taken.ok().map(|_| Ticket(self))
    }
}

/// The right to one idle thread of the pool.
struct Ticket(&'static Pool);

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.tickets.fetch_add(1, Relaxed);
    }
}

/// The CPUs that this process may use, by its affinity and its cgroup's quota. Asked once in a process: the answer takes
/// longer than a small batch.
pub(crate) fn cpus() -> usize {
    static CPUS: AtomicUsize = AtomicUsize::new(0);
    static GENERATION: AtomicU32 = AtomicU32::new(0);
    let generation = process::generation().unwrap_or(0);
    let known = CPUS.load(Relaxed);
    if known != 0 && GENERATION.load(Relaxed) == generation {
        return known;
    }
    let cpus = std::thread::available_parallelism().map_or(1, NonZero::get);
    GENERATION.store(generation, Relaxed);
    CPUS.store(cpus, Relaxed);
    cpus
}

/// How many threads may work on `nanoseconds` of work when the caller asked for `threads`.
pub(crate) fn wanted(threads: i32, nanoseconds: u64) -> usize {
    if threads == 1 || nanoseconds < WORTH_ASKING {
        return 1;
    }
    usize::try_from(threads).ok().filter(|&n| n > 0).unwrap_or_else(cpus)
}

/// When the last batch ended that was worth asking helpers for.
static LAST: Mutex<Option<Instant>> = Mutex::new(None);

/// Whether batches follow each other so closely that the next one is worth waking helpers for.
fn awake() -> bool {
    LAST.try_lock().is_ok_and(|last| last.is_some_and(|last| last.elapsed() < AWAKE))
}

/// The chunks of a batch, to be claimed one by one, each by one worker; and roughly how long those that are left take.
pub(crate) struct Queue<C> {
    chunks: Few<C>,
    nanoseconds: u64,
}

/// A worker's run of items, and roughly how long it takes.
pub(crate) trait Chunk {
    fn nanoseconds(&self) -> u64;

    /// Where it stands among the others: by its first item, and by its part of that.
    fn position(&self) -> (usize, usize);
}

impl<C: Chunk> Queue<C> {
    /// Chunks are claimed in the order given, but that far larger ones than the rest go first: one that came last would keep
    /// a single worker busy while the others have nothing left to do.
    pub(crate) fn new(mut chunks: Few<C>) -> Self {
        let nanoseconds = chunks.iter().map(C::nanoseconds).fold(0, u64::saturating_add);
        let large = (nanoseconds / (chunks.len() as u64).max(1)).saturating_mul(4);
        let order = |chunk: &C| if chunk.nanoseconds() > large { chunk.nanoseconds() } else { 0 };
        // The last one is claimed first.
        chunks.reverse();
        if chunks.iter().any(|chunk| order(chunk) > 0) {
            // A sort that keeps equals in their order by itself takes memory, which may not be there.
            chunks.sort_unstable_by_key(|chunk| (order(chunk), Reverse(chunk.position())));
        }
        Self { chunks, nanoseconds }
    }

    fn claim(&mut self) -> Option<C> {
        let chunk = self.chunks.pop()?;
        self.nanoseconds = self.nanoseconds.saturating_sub(chunk.nanoseconds());
        Some(chunk)
    }

    /// Work that others could do; none when a single chunk is left, which the asker will take itself.
    fn to_share(&self) -> u64 {
        if self.chunks.len() > 1 { self.nanoseconds } else { 0 }
    }
}

/// Works through `queue` with the calling thread and at most `threads - 1` helpers. Each worker makes a state with `start`
/// when it has claimed its first chunk, hands every chunk it claims to `work`, and drops the state at its end. Returns the
/// number of threads that claimed a chunk.
pub(crate) fn run<C: Chunk + Send, W>(
    queue: Queue<C>,
    threads: i32,
    start: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, C) + Sync,
) -> u32 {
    let helpers = wanted(threads, queue.nanoseconds) as u64 - 1;
    if helpers == 0 {
        return run_alone(queue, start, work);
    }
    let pool = if queue.nanoseconds >= WORTH_WAKING || awake() { Pool::get() } else { None };
    let workers = match pool {
        Some(pool) => run_with(pool, helpers, queue, start, work),
        None => run_alone(queue, start, work),
    };
    if let Ok(mut last) = LAST.try_lock() {
        *last = Some(Instant::now());
    }
    workers
}

fn run_alone<C: Chunk, W>(mut queue: Queue<C>, start: impl Fn() -> W, work: impl Fn(&mut W, C)) -> u32 {
    let Some(first) = queue.claim() else { return 0 };
    let mut state = start();
    work(&mut state, first);
    while let Some(chunk) = queue.claim() {
        work(&mut state, chunk);
    }
    1
}

fn run_with<C: Chunk + Send, W>(
    pool: &'static Pool,
    helpers: u64,
    queue: Queue<C>,
    start: impl Fn() -> W + Sync,
    work: impl Fn(&mut W, C) + Sync,
) -> u32 {
    let queue = Mutex::new(queue);
    let lock = || queue.lock().unwrap_or_else(PoisonError::into_inner);
    let (workers, helping) = (AtomicU32::new(0), AtomicU64::new(0));
    // Asks two helpers at most, who ask others before they begin: to wake all of many by itself would keep the caller from its
    // work.
    let ask = |invite: &dyn Fn() -> Invitation| {
        for _ in 0..2 {
            // Each that is already at work takes a share of what is left.
            let worth = |n: u64| (n < helpers && lock().to_share() / (n + 1) >= WORTH_ASKING).then_some(n + 1);
            if helping.fetch_update(Relaxed, Relaxed, worth).is_err() {
                return;
            }
            let Some(ticket) = pool.ticket() else {
                helping.fetch_sub(1, Relaxed);
                return;
            };
            let invitation = invite();
            pool.threads.spawn(move || {
                let _held_until_done = ticket;
                invitation.accept();
            });
        }
    };
    let work_on = |invite: &dyn Fn() -> Invitation| {
        let mut state = None;
        loop {
            ask(invite);
            // Its own statement: the lock is not held while the chunk is worked on.
            let Some(chunk) = lock().claim() else { return };
            let state = state.get_or_insert_with(|| {
                workers.fetch_add(1, Relaxed);
                start()
            });
            work(state, chunk);
        }
    };
    guests::with(&work_on, work_on);
    workers.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sleep(usize);

    impl Chunk for Sleep {
        fn nanoseconds(&self) -> u64 {
            1_000_000
        }

        fn position(&self) -> (usize, usize) {
            (self.0, 0)
        }
    }

    fn eight() -> Queue<Sleep> {
        Queue::new(Few::Many((0..8).map(Sleep).collect()))
    }

    #[test]
    fn every_chunk_is_worked_on_once_by_several_threads() {
        let done: Vec<AtomicU32> = (0..40).map(|_| AtomicU32::new(0)).collect();
        let sleep = |(): &mut (), Sleep(i)| {
            done[i].fetch_add(1, Relaxed);
            std::thread::sleep(std::time::Duration::from_millis(1));
        };
        let workers = run(Queue::new(Few::Many((0..40).map(Sleep).collect())), 2, || (), sleep);
        assert!(done.iter().all(|count| count.load(Relaxed) == 1));
        assert_eq!(workers, 2);
    }

    #[test]
    fn a_batch_inside_a_batch_goes_on_by_itself() {
        let done = AtomicU32::new(0);
        let count = |(): &mut (), _| _ = done.fetch_add(1, Relaxed);
        run(eight(), 8, || (), |(), _| _ = run(eight(), 8, || (), count));
        assert_eq!(done.into_inner(), 64);
    }

    #[test]
    fn far_larger_chunks_are_claimed_first() {
        struct Sized(usize, u64);
        impl Chunk for Sized {
            fn nanoseconds(&self) -> u64 {
                self.1
            }

            fn position(&self) -> (usize, usize) {
                (self.0 / 10, self.0 % 10)
            }
        }
        // So many that no sort keeps equals in their order by chance.
        let of = |i| Sized(i, if i % 20 == 7 { 1000 } else { 1 + i as u64 % 2 });
        let mut queue = Queue::new(Few::Many((0..100).map(of).collect()));
        let order: Vec<usize> = std::iter::from_fn(|| queue.claim()).map(|chunk| chunk.0).collect();
        let (large, rest): (Vec<usize>, Vec<usize>) = (0..100).partition(|i| i % 20 == 7);
        assert_eq!(order, [large, rest].concat());
    }
}
