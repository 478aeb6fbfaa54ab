//! What the benches share: the data, the bare loop that is the limit, turns, statistics, and rows for people and programs.
//!
//! `cargo test -p zbatch --test bench_support` tests it.
#![allow(
    dead_code,
    unused_imports,
    reason = "each bench is a program of its own, uses a part of this, and has no harness for tests"
)]

pub mod bare;
pub mod c;
pub mod data;
pub mod machine;
pub mod rows;
pub mod second;
pub mod statistics;
pub mod turns;

use std::path::PathBuf;
use zbatch::{CompressionParameters, Compressor, Decompressor, Dictionary};

/// What every bench takes: `[--quick] [--only TEXT] [--rows FILE] [PATH...]`. The paths are files and folders to cut items from.
pub struct Options {
    pub quick: bool,
    /// Workloads whose name has this in it.
    pub only: String,
    /// Where rows are appended as JSON, one a line.
    pub rows: Option<PathBuf>,
    pub paths: Vec<PathBuf>,
}

impl Options {
    pub fn from_args() -> Self {
        let mut options = Self { quick: false, only: String::new(), rows: None, paths: Vec::new() };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--bench" => {} // cargo says so to every bench
                "--quick" => options.quick = true,
                "--only" => options.only = args.next().expect("--only TEXT"),
                "--rows" => options.rows = Some(args.next().expect("--rows FILE").into()),
                _ => options.paths.push(arg.into()),
            }
        }
        options
    }
}

pub fn compressor(level: i32, dict: Option<&Dictionary>) -> Compressor {
    Compressor::new(&CompressionParameters::with_level(level), dict).expect("a compressor")
}

pub fn decompressor(dict: Option<&Dictionary>) -> Decompressor {
    Decompressor::new(&Default::default(), dict).expect("a decompressor")
}

/// What the caller of either side does with every result: it finds it, and reads of it.
pub fn consume<'a>(results: impl Iterator<Item = &'a [u8]>) -> u64 {
    results.fold(0, |sum, result| {
        let first = result.first().copied().unwrap_or(0);
        sum.wrapping_mul(31).wrapping_add(result.len() as u64 ^ u64::from(first))
    })
}
