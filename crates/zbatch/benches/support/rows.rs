//! A figure beside another one: for people a line that says whether its target was reached, for programs a line of JSON.

use super::Options;
use super::machine;
use super::statistics::Interval;
use super::turns::Times;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

/// What a ratio is to be.
#[derive(Clone, Copy)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// At most, as far as the interval tells: all of it may not lie above.
    NotAbove(f64),
}

impl Target {
    fn missed(self, ratio: Interval) -> bool {
        match self {
            Self::AtLeast(least) => ratio.median < least,
            Self::AtMost(most) => ratio.median > most,
            Self::NotAbove(most) => ratio.low > most,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(least) => format!(">= {least}"),
            Self::AtMost(most) => format!("<= {most}"),
            Self::NotAbove(most) => format!("not above {most}"),
        }
    }
}

/// One figure. `ratio` says how much better it is than the one beside it, so above 1 zbatch is ahead, unless `target` is an upper bound:
/// then it is how much more it costs.
#[derive(Clone)]
pub struct Row<'a> {
    pub workload: &'a str,
    pub items: usize,
    pub bytes: usize,
    /// "compress" or "decompress"
    pub direction: &'a str,
    pub level: i32,
    pub dictionary: bool,
    pub threads: i32,
    pub ours: &'a str,
    pub beside: &'a str,
    /// "MB/s", "us", "ns/item", "MiB"
    pub unit: &'a str,
    pub value: f64,
    pub beside_value: f64,
    pub ratio: Interval,
    pub turns: usize,
    pub target: Option<Target>,
}

impl<'a> Row<'a> {
    /// To be filled in by what follows.
    pub fn about(workload: &'a str, items: &[&[u8]], direction: &'a str, level: i32, threads: i32) -> Self {
        Self {
            workload,
            items: items.len(),
            bytes: items.iter().map(|item| item.len()).sum(),
            direction,
            level,
            dictionary: false,
            threads,
            ours: "zbatch",
            beside: "",
            unit: "",
            value: 0.0,
            beside_value: 0.0,
            ratio: Interval { low: 1.0, median: 1.0, high: 1.0 },
            turns: 1,
            target: None,
        }
    }

    /// The speeds of two contestants.
    pub fn speed(self, times: &Times, ours: &'a str, beside: &'a str, target: Option<Target>) -> Self {
        let speed = |name| self.bytes as f64 / 1e6 / times.median(name);
        let (value, beside_value) = (speed(ours), speed(beside));
        let (ratio, turns) = (times.ratio(beside, ours), times.turns());
        Self { ours, beside, unit: "MB/s", value, beside_value, ratio, turns, target, ..self }
    }

    /// The times of two contestants in microseconds, and how much more ours costs.
    pub fn cost(self, times: &Times, ours: &'a str, beside: &'a str, target: Option<Target>) -> Self {
        let (value, beside_value) = (1e6 * times.median(ours), 1e6 * times.median(beside));
        let (ratio, turns) = (times.ratio(ours, beside), times.turns());
        Self { ours, beside, unit: "us", value, beside_value, ratio, turns, target, ..self }
    }

    /// A ratio of two single values.
    pub fn single(self, unit: &'a str, value: f64, beside_value: f64, target: Option<Target>) -> Self {
        let ratio = value / beside_value;
        let ratio = Interval { low: ratio, median: ratio, high: ratio };
        Self { unit, value, beside_value, ratio, target, ..self }
    }

    fn json(&self, suite: &str) -> String {
        let mut line = String::from("{");
        let mut put = |name: &str, value: &str| {
            let comma = if line.len() > 1 { "," } else { "" };
            write!(line, "{comma}{}:{value}", string(name)).expect("a string takes everything");
        };
        put("suite", &string(suite));
        put("workload", &string(self.workload));
        put("items", &self.items.to_string());
        put("bytes", &self.bytes.to_string());
        put("direction", &string(self.direction));
        put("level", &self.level.to_string());
        put("dictionary", &self.dictionary.to_string());
        put("threads", &self.threads.to_string());
        put("ours", &string(self.ours));
        put("beside", &string(self.beside));
        put("unit", &string(self.unit));
        put("value", &number(self.value));
        put("beside_value", &number(self.beside_value));
        put("ratio", &number(self.ratio.median));
        put("low", &number(self.ratio.low));
        put("high", &number(self.ratio.high));
        put("turns", &self.turns.to_string());
        put("target", &self.target.map_or("null".to_owned(), |target| string(&target.text())));
        put("missed", &self.target.map_or("null".to_owned(), |target| target.missed(self.ratio).to_string()));
        line + "}"
    }

    fn text(&self) -> String {
        let dictionary = if self.dictionary { ", dictionary" } else { "" };
        let threads = if self.threads == 1 { "1 thread".to_owned() } else { format!("{} threads", self.threads) };
        let Row { workload, direction, level, ours, beside, unit, value, beside_value, .. } = self;
        let what = format!("{workload}, {direction}, level {level}{dictionary}, {threads}");
        let Interval { low, median, high } = self.ratio;
        let verdict = self.target.map_or(String::new(), |target| {
            format!("  {} {}", target.text(), if target.missed(self.ratio) { "MISSED" } else { "" })
        });
        format!(
            "{what:<58} {ours} {value:.1}, {beside} {beside_value:.1} {unit}: {median:.3} ({low:.3}..{high:.3}){verdict}"
        )
    }
}

/// Where the rows of one bench go.
pub struct Rows {
    suite: String,
    file: Option<File>,
}

impl Rows {
    pub fn open(suite: &str, options: &Options) -> Self {
        println!("{suite}: {}", machine::describe());
        println!(
            "medians of turns; ratio (95 % interval): above 1 zbatch is ahead, but for costs, whose target is <=\n"
        );
        Self::append(suite, options.rows.as_deref())
    }

    /// More rows of a suite.
    pub fn append(suite: &str, path: Option<&Path>) -> Self {
        let file = path.map(|path| {
            let opened = OpenOptions::new().create(true).append(true).open(path);
            opened.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        });
        Self { suite: suite.to_owned(), file }
    }

    pub fn put(&mut self, row: &Row<'_>) {
        println!("{}", row.text().trim_end());
        self.record(row);
    }

    /// For programs only: people have been told in other words.
    pub fn record(&mut self, row: &Row<'_>) {
        if let Some(file) = &mut self.file {
            writeln!(file, "{}", row.json(&self.suite)).expect("the file of rows can be written");
        }
    }
}

fn number(value: f64) -> String {
    if value.is_finite() { format!("{value}") } else { "null".to_owned() }
}

fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => write!(out, "\\u{:04x}", u32::from(c)).expect("a string takes everything"),
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_missed_on_their_side() {
        let ratio = Interval { low: 0.9, median: 1.0, high: 1.2 };
        assert!(!Target::AtLeast(1.0).missed(ratio) && Target::AtLeast(1.01).missed(ratio));
        assert!(!Target::AtMost(1.0).missed(ratio) && Target::AtMost(0.99).missed(ratio));
        assert!(!Target::NotAbove(0.9).missed(ratio) && Target::NotAbove(0.89).missed(ratio));
    }

    #[test]
    fn a_row_is_one_line_of_json() {
        let items: [&[u8]; 2] = [b"ab", b"c"];
        let mut row = Row::about("a \"b\"\n", &items, "compress", 3, 2).single("MiB", 3.0, 2.0, None);
        let json = row.json("limit");
        assert!(json.starts_with(r#"{"suite":"limit","workload":"a \"b\"\u000a","items":2,"bytes":3,"#), "{json}");
        assert!(json.ends_with(r#""ratio":1.5,"low":1.5,"high":1.5,"turns":1,"target":null,"missed":null}"#), "{json}");
        row = row.single("MiB", 1.0, 0.0, Some(Target::AtMost(1.05)));
        assert!(row.json("limit").ends_with(r#""target":"<= 1.05","missed":true}"#));
        assert!(row.json("limit").contains(r#""ratio":null"#));
        assert!(row.text().contains("MISSED"));
    }
}
