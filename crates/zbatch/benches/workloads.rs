//! The workloads and the bare loop for programs in other languages, so that they measure the same bytes beside the same limit
//! in the same run.
//!
//! `cargo bench -p zbatch --bench workloads -- write DIRECTORY [--quick] [PATH...]` writes every workload as a file: the number of
//! items and their sizes as 64-bit integers, then their bytes; beside it a dictionary; and the path of this program as `program`.
//!
//! `program loop FILE LEVEL THREADS [DICTIONARY]` answers each line of its input, `compress` or `decompress`, with the nanoseconds
//! that the bare loop takes for all items, until its input ends.
//!
//! `program second-cpu SUITE [ROWS]` notes what the second CPU is worth now.

#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use support::bare::Loop;
use support::data::{NAMES, Workload};
use support::machine::Evictor;
use support::rows::Rows;

type Outcome = io::Result<()>;

fn main() -> Outcome {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["write", directory, ref rest @ ..] => {
            let paths: Vec<PathBuf> = rest.iter().filter(|arg| **arg != "--quick").map(PathBuf::from).collect();
            write(Path::new(directory), rest.contains(&"--quick"), &paths)
        }
        ["loop", file, level, threads, ref dict @ ..] => serve(file, number(level), number(threads), dict.first()),
        ["second-cpu", suite, ref rows @ ..] => {
            Rows::append(suite, rows.first().map(Path::new)).second_cpu();
            Ok(())
        }
        _ => {
            println!("workloads: {}", NAMES.join("; "));
            println!(
                "write DIRECTORY [--quick] [PATH...] | loop FILE LEVEL THREADS [DICTIONARY] | second-cpu SUITE [ROWS]"
            );
            Ok(())
        }
    }
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text} is no number"))
}

fn write(directory: &Path, quick: bool, paths: &[PathBuf]) -> Outcome {
    fs::create_dir_all(directory)?;
    for name in NAMES {
        let Some(workload) = Workload::make(name, quick, paths) else { continue };
        let items = workload.items();
        let mut file = io::BufWriter::new(fs::File::create(directory.join(name))?);
        file.write_all(&(items.len() as u64).to_le_bytes())?;
        for item in &items {
            file.write_all(&(item.len() as u64).to_le_bytes())?;
        }
        for item in &items {
            file.write_all(item)?;
        }
        file.flush()?;
        if ["log lines", "documents", "pages"].contains(&name) {
            fs::write(directory.join(format!("{name}.dictionary")), workload.train().data())?;
        }
    }
    let program = std::env::current_exe()?;
    fs::write(directory.join("program"), program.as_os_str().as_encoded_bytes())
}

fn items(data: &[u8]) -> Vec<&[u8]> {
    let (words, _) = data.as_chunks::<8>();
    let word = |index: usize| usize::try_from(u64::from_le_bytes(words[index])).expect("a size");
    let count = word(0);
    let mut at = 8 * (1 + count);
    let next = |index| {
        let item = &data[at..at + word(1 + index)];
        at += item.len();
        item
    };
    (0..count).map(next).collect()
}

fn serve(file: &str, level: i32, threads: usize, dict: Option<&&str>) -> Outcome {
    let data = fs::read(file)?;
    let items = items(&data);
    let dict = dict.map(fs::read).transpose()?;
    let dict = dict.as_deref();
    let sizes: Vec<usize> = items.iter().map(|item| item.len()).collect();
    let mut compressing = Loop::compressing(&items, level, dict, threads, false);
    compressing.pass();
    let frames: Vec<Vec<u8>> = compressing.outputs().map(<[u8]>::to_vec).collect();
    let frames: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let mut decompressing = Loop::decompressing(&frames, &sizes, dict, threads, false);
    decompressing.pass();
    assert!(decompressing.outputs().eq(items.iter().copied()));
    let evictor = Evictor::new();
    let mut out = io::stdout();
    writeln!(out, "ready {}", frames.iter().map(|frame| frame.len()).sum::<usize>())?;
    for line in io::stdin().lock().lines() {
        evictor.evict();
        let time = match line?.as_str() {
            "compress" => compressing.pass(),
            "decompress" => decompressing.pass(),
            other => panic!("{other}: compress or decompress"),
        };
        writeln!(out, "{}", time.as_nanos())?;
    }
    Ok(())
}
