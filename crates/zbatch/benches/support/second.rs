//! What the second CPU was worth at a moment of the run. It may be busy with other programs, or be lent to other machines; then
//! whatever two threads do takes longer, and in ways that differ between contestants: two bare loops wait for the slower
//! half, a batch hands the rest to who is free. So a reader must be able to tell a quiet run from another.

use super::bare::Loop;
use super::data::Workload;
use super::rows::{Row, Rows};
use super::turns::{Effort, Pass, race};
use std::fs;

/// Documents that fit in a CPU's own caches, so that little but CPUs is shared; so often that a loop takes some milliseconds.
const DOCUMENTS: usize = 400;
const ROUNDS: usize = 2;

impl Rows {
    /// Notes how many times as fast two bare loops at once are as one: nearly 2 on a quiet machine; and how much time of its CPUs the
    /// machine below has given to others since it was started.
    pub fn second_cpu(&mut self) {
        let workload = Workload::make("1,000 documents", false, &[]).expect("generated");
        let documents = &workload.items()[..DOCUMENTS].repeat(ROUNDS);
        let contestants = ["one", "two bare loops at once"].into_iter().zip(1..).map(|(name, threads)| {
            let mut bare = Loop::compressing(documents, 3, None, threads, false);
            let pass: Pass<'_> = Box::new(move || bare.pass());
            (name.to_owned(), pass)
        });
        let times = race(contestants.collect(), Effort { seconds: 0.0, least: 9, most: 9 });
        let row = Row::about("the machine", documents, "compress", 3, 2);
        self.put(&row.clone().speed(&times, "two bare loops at once", "one", None));
        if let Some((stolen, whole)) = stolen() {
            let row = Row { ours: "time stolen since the start", beside: "time of all CPUs", ..row };
            self.record(&row.single("ticks", stolen, whole, None));
        }
    }
}

/// The ticks that a CPU of ours was wanted and another machine had it, and all there were.
fn stolen() -> Option<(f64, f64)> {
    const STOLEN: usize = 7;
    let text = fs::read_to_string("/proc/stat").ok()?;
    let ticks = text.lines().next()?.strip_prefix("cpu ")?.split_whitespace().map(|ticks| ticks.parse().ok());
    // What follows are guests, whose time is in the others.
    let ticks: Vec<f64> = ticks.take(STOLEN + 1).collect::<Option<_>>()?;
    Some((*ticks.get(STOLEN)?, ticks.iter().sum()))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn stolen_time_is_a_part_of_all() {
        let (stolen, whole) = stolen().expect("Linux tells");
        assert!(0.0 <= stolen && stolen < whole, "{stolen} of {whole}");
    }
}
