//! Contestants in turns, so that a change of the machine's mood meets them all: every turn each runs once, the order
//! rotates and goes forth and back, and what is compared are the times of one turn.

use super::statistics::{self, Interval};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long to go on.
#[derive(Clone, Copy)]
pub struct Effort {
    pub seconds: f64,
    pub least: usize,
    pub most: usize,
}

/// One way to do the work, which times itself.
pub type Pass<'a> = Box<dyn FnMut() -> Duration + 'a>;

/// The times in seconds, by contestant and turn.
pub struct Times {
    names: Vec<String>,
    seconds: Vec<Vec<f64>>,
}

pub fn race(mut contestants: Vec<(String, Pass<'_>)>, effort: Effort) -> Times {
    // The first turn fills caches and contexts, wakes threads, and does not count.
    for (_, pass) in &mut contestants {
        pass();
    }
    let count = contestants.len();
    let mut seconds = vec![Vec::new(); count];
    let start = Instant::now();
    for turn in 0..effort.most {
        if turn >= effort.least && start.elapsed().as_secs_f64() >= effort.seconds {
            break;
        }
        for which in order(turn, count) {
            seconds[which].push((contestants[which].1)().as_secs_f64());
        }
    }
    Times { names: contestants.into_iter().map(|(name, _)| name).collect(), seconds }
}

/// Everyone is first, and last, equally often, and runs behind each neighbour equally often.
fn order(turn: usize, count: usize) -> impl Iterator<Item = usize> {
    let first = turn / 2 % count;
    (0..count).map(move |at| {
        let place = if turn.is_multiple_of(2) { at } else { count - 1 - at };
        (first + place) % count
    })
}

impl Times {
    /// The times of a contestant; every one was given a name of its own.
    pub fn of(&self, name: &str) -> &[f64] {
        let at = self.names.iter().position(|known| known == name).expect("a contestant");
        &self.seconds[at]
    }

    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    pub fn median(&self, name: &str) -> f64 {
        statistics::median(self.of(name))
    }

    /// How many times as long `above` takes as `below`.
    pub fn ratio(&self, above: &str, below: &str) -> Interval {
        statistics::paired(self.of(above), self.of(below))
    }

    pub fn turns(&self) -> usize {
        self.seconds[0].len()
    }
}

/// The time of `work`; what it made is dropped outside of it.
pub fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let made = black_box(work());
    let elapsed = start.elapsed();
    drop(made);
    elapsed
}

/// The median time of a call, and of dropping what it made, which in a loop belongs to it. The first, with the caches that the
/// other contestant left, does not count.
pub fn median_of_calls<T>(calls: usize, pause: Duration, mut call: impl FnMut() -> T) -> Duration {
    let mut times: Vec<Duration> = (0..=calls)
        .map(|_| {
            if !pause.is_zero() {
                std::thread::sleep(pause);
            }
            let start = Instant::now();
            drop(black_box(call()));
            start.elapsed()
        })
        .skip(1)
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn everyone_runs_once_a_turn_and_is_first_equally_often() {
        for count in [2, 3, 5] {
            let (mut first, mut ahead) = (vec![0; count], 0);
            for turn in 0..4 * count {
                let order: Vec<usize> = order(turn, count).collect();
                first[order[0]] += 1;
                ahead += if order.iter().position(|&who| who == 0) < order.iter().position(|&who| who == 1) {
                    1
                } else {
                    -1
                };
                let mut all = order;
                all.sort_unstable();
                assert!(all.into_iter().eq(0..count));
            }
            assert!(first.iter().all(|&times| times == 4), "{first:?}");
            assert_eq!(ahead, 0, "each runs before another as often as behind it");
        }
    }

    #[test]
    fn times_belong_to_their_contestants_and_the_first_turn_does_not_count() {
        let log = RefCell::new(Vec::new());
        let fixed = |name: &'static str, millis: u64| -> (String, Pass<'_>) {
            let log = &log;
            let pass = move || {
                log.borrow_mut().push(name);
                Duration::from_millis(millis)
            };
            (name.to_owned(), Box::new(pass))
        };
        let times = race(vec![fixed("a", 3), fixed("b", 2)], Effort { seconds: 0.0, least: 7, most: 9 });
        assert_eq!(times.turns(), 7);
        assert_eq!(log.borrow().len(), 2 * 8);
        assert_eq!(times.of("b"), [0.002; 7]);
        assert!((times.ratio("a", "b").median - 1.5).abs() < 1e-9);
    }

    #[test]
    fn work_is_timed_and_its_end_is_not() {
        struct Slow;
        impl Drop for Slow {
            fn drop(&mut self) {
                std::thread::sleep(Duration::from_millis(400));
            }
        }
        assert!(timed(|| Slow) < Duration::from_millis(300));
        assert!(median_of_calls(1, Duration::ZERO, || Slow) >= Duration::from_millis(400));
    }
}
