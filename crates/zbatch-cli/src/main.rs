//! The `zbatch` program: batches of files through zbatch.

mod bench;
mod input;
mod plain;
mod progress;
mod report;

use clap::{Parser, Subcommand};
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

/// Compress and decompress many items at once, on every core.
#[derive(Parser)]
#[command(name = "zbatch", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    let Command::Bench(arguments) = Cli::parse().command;
    match bench::run(&arguments).and_then(|text| print(&text)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Nobody is left to be told when this fails too.
            let _ = writeln!(io::stderr(), "zbatch: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Whoever closes the pipe early has read enough.
fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("cannot write to standard output: {error}")),
        _ => Ok(()),
    }
}
