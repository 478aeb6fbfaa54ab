//! What the bench found, for people and for programs.

use serde_json::{Value, json};
use std::num::NonZero;
use std::time::Duration;

pub(crate) struct Report {
    pub(crate) items: usize,
    pub(crate) bytes: usize,
    pub(crate) frame_bytes: usize,
    pub(crate) level: i32,
    pub(crate) threads: i32,
    pub(crate) repeat: u32,
    pub(crate) dict_bytes: usize,
    pub(crate) compress: Direction,
    pub(crate) decompress: Direction,
}

/// The time of the whole batch, by zbatch and by the plain loop, and the number of threads that zbatch used.
pub(crate) struct Direction {
    pub(crate) zbatch: Duration,
    pub(crate) plain: Duration,
    pub(crate) workers: u32,
}

impl Direction {
    /// How many times as fast as the plain loop.
    fn gain(&self) -> f64 {
        self.plain.as_secs_f64() / self.zbatch.as_secs_f64()
    }

    /// Beside plain loops on all `allowed` threads that share the items and never wait for each other.
    fn of_limit(&self, allowed: u32) -> f64 {
        self.gain() / f64::from(allowed)
    }
}

impl Report {
    /// Threads that may work: as many as were asked for, but no more than there are CPUs.
    fn allowed(&self) -> u32 {
        let cpus = std::thread::available_parallelism().map_or(1, NonZero::get);
        let cpus = u32::try_from(cpus).unwrap_or(u32::MAX);
        u32::try_from(self.threads).ok().filter(|&asked| asked > 0).map_or(cpus, |asked| asked.min(cpus))
    }

    fn ratio(&self) -> f64 {
        self.bytes as f64 / self.frame_bytes as f64
    }

    fn megabytes_per_second(&self, time: Duration) -> f64 {
        self.bytes as f64 / 1e6 / time.as_secs_f64()
    }

    fn nanoseconds_per_item(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e9 / self.items as f64
    }

    pub(crate) fn table(&self) -> String {
        let dict = match self.dict_bytes {
            0 => String::new(),
            size => format!(", dictionary of {size} bytes"),
        };
        let threads = match self.threads {
            0 => "automatic threads".into(),
            1 => "1 thread".into(),
            n if n < 0 => "every CPU".into(),
            n => format!("at most {n} threads"),
        };
        let mut text = format!(
            "items {}   bytes {}   compressed {}   ratio {:.3}\nlevel {}, {threads}{dict}; medians of {}; every item came back \
             byte for byte\n\n",
            self.items,
            self.bytes,
            self.frame_bytes,
            self.ratio(),
            self.level,
            self.repeat,
        );
        text += &row(["", "zbatch", "", "plain loop", "", "gain", "threads", "of limit"]);
        text += &row(["", "MB/s", "ns/item", "MB/s", "ns/item", "", "", ""]);
        for (name, direction) in [("compress", &self.compress), ("decompress", &self.decompress)] {
            text += &row([
                name,
                &format!("{:.1}", self.megabytes_per_second(direction.zbatch)),
                &format!("{:.0}", self.nanoseconds_per_item(direction.zbatch)),
                &format!("{:.1}", self.megabytes_per_second(direction.plain)),
                &format!("{:.0}", self.nanoseconds_per_item(direction.plain)),
                &format!("{:.2}x", direction.gain()),
                &direction.workers.to_string(),
                &format!("{:.0} %", 100.0 * direction.of_limit(self.allowed())),
            ]);
        }
        text + "\nThe plain loop is libzstd one item at a time, with a kept context and into memory that was touched before;\nthe \
                limit is that loop on every thread that may work.\n"
    }

    pub(crate) fn json(&self) -> String {
        let side = |time: Duration| {
            json!({
                "seconds": time.as_secs_f64(),
                "mb_per_s": self.megabytes_per_second(time),
                "ns_per_item": self.nanoseconds_per_item(time),
            })
        };
        let direction = |direction: &Direction| -> Value {
            json!({
                "zbatch": side(direction.zbatch),
                "plain": side(direction.plain),
                "gain": direction.gain(),
                "workers": direction.workers,
                "of_limit": direction.of_limit(self.allowed()),
            })
        };
        let report = json!({
            "items": self.items,
            "threads_allowed": self.allowed(),
            "bytes": self.bytes,
            "compressed_bytes": self.frame_bytes,
            "ratio": self.ratio(),
            "level": self.level,
            "threads": self.threads,
            "repeat": self.repeat,
            "dict_bytes": self.dict_bytes,
            "compress": direction(&self.compress),
            "decompress": direction(&self.decompress),
        });
        format!("{report:#}\n")
    }
}

fn row(cells: [&str; 8]) -> String {
    let [name, cells @ ..] = cells;
    let cells: String = cells.iter().map(|cell| format!("{cell:>11}")).collect();
    format!("{name:<11}{cells}").trim_end().to_owned() + "\n"
}
