//! What passed, what failed, what was left out: counted while it happens, told at the end.

use crate::Result;
use std::time::{Duration, Instant};

/// The results of all steps so far.
pub(crate) struct Report {
    quick: bool,
    allowed_skips: Option<String>,
    passed: usize,
    failed: Vec<String>,
    skipped: Vec<String>,
    times: Vec<(String, Duration)>,
    start: Instant,
}

impl Report {
    /// With `allowed_skips` (lines, `#` begins a comment) every other skip is a failure.
    pub(crate) fn new(quick: bool, allowed_skips: Option<String>) -> Self {
        let start = Instant::now();
        Report { quick, allowed_skips, passed: 0, failed: vec![], skipped: vec![], times: vec![], start }
    }

    /// Runs one step. What it does not count itself counts as one test, which passes when the step returns `Ok`.
    pub(crate) fn step(&mut self, name: &str, run: impl FnOnce(&mut Self) -> Result<()>) {
        println!("==> {name}");
        let (start, before) = (Instant::now(), self.count());
        match run(self) {
            Err(why) => self.fail(name, &why),
            Ok(()) if self.count() == before => self.pass(1),
            Ok(()) => {}
        }
        let time = start.elapsed();
        println!("    {:.1} s", time.as_secs_f64());
        self.times.push((name.to_owned(), time));
    }

    /// A step that `--quick` leaves out.
    pub(crate) fn long_step(&mut self, name: &str, run: impl FnOnce(&mut Self) -> Result<()>) {
        if self.quick {
            self.skip(name, "--quick");
        } else {
            self.step(name, run);
        }
    }

    pub(crate) fn pass(&mut self, count: usize) {
        self.passed += count;
    }

    pub(crate) fn fail(&mut self, name: &str, why: &str) {
        println!("    FAILED {name}\n{}", indent(why));
        self.failed.push(name.to_owned());
    }

    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        let listed = |list: &String| list.lines().any(|line| line == name);
        if self.allowed_skips.as_ref().is_some_and(|list| !listed(list)) {
            return self.fail(name, &format!("skipped ({why}), which xtask/allowed-skips.txt does not allow"));
        }
        println!("    skipped {name}: {why}");
        self.skipped.push(name.to_owned());
    }

    /// One test whose result is there already.
    pub(crate) fn result(&mut self, name: &str, result: Result<()>) {
        match result {
            Ok(()) => self.pass(1),
            Err(why) => self.fail(name, &why),
        }
    }

    /// Whether what takes long is to be left out.
    pub(crate) fn quick(&self) -> bool {
        self.quick
    }

    pub(crate) fn failures(&self) -> usize {
        self.failed.len()
    }

    fn count(&self) -> usize {
        self.passed + self.failed.len() + self.skipped.len()
    }

    /// Prints the end of the story; true when nothing failed.
    pub(crate) fn finish(self) -> bool {
        println!("\n{:>7.1} s in all", self.start.elapsed().as_secs_f64());
        for (name, time) in &self.times {
            println!("{:>7.1} s {name}", time.as_secs_f64());
        }
        for name in &self.failed {
            println!("failed:  {name}");
        }
        for name in &self.skipped {
            println!("skipped: {name}");
        }
        println!("{} passed, {} failed, {} skipped", self.passed, self.failed.len(), self.skipped.len());
        self.failed.is_empty()
    }
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("        {line}\n")).collect()
}
