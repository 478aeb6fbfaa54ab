//! The chores of this repository, in Rust so that a checkout and cargo are all they need.

mod bench;
mod cmake;
mod ctests;
mod header;
mod library;
mod python;
mod report;
mod rust;
mod shell;
mod workspace;

use report::Report;
use std::process::ExitCode;
use workspace::Workspace;

const USAGE: &str = "\
cargo xtask test [--ci] [--quick]   everything, and at the end what failed and how much passed
    --ci       also when CI=true is set: what is skipped must be named in xtask/allowed-skips.txt
    --quick    without the steps that take long
cargo xtask header [--check]        write include/zbatch.h, and what is made from it, or compare
cargo xtask bench [--quick] [--only NAME[,NAME...]] [--json FILE] [PATH...]
                                    every benchmark, also on files of PATH; doc/speed.md and doc/speed.svg
    --quick    a little of each, which shows that it runs; the results are in target/xtask/bench
    --only     of limit, small, auto, choices, scaling, peer and others

UPDATE_GOLDEN=1 rewrites the files that the tests compare with.";

/// Why a step could not be done, for people.
type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args.split_first() {
        Some((&"test", flags)) if flags.iter().all(|f| ["--ci", "--quick"].contains(f)) => {
            let ci = flags.contains(&"--ci") || std::env::var("CI").is_ok_and(|v| v == "true");
            test(ci, flags.contains(&"--quick"))
        }
        Some((&"bench", args)) => bench::run(args),
        Some((&"header", flags)) if flags.iter().all(|&f| f == "--check") => header(!flags.is_empty()),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Runs every step, also after a failure: one run tells all there is to tell.
fn test(ci: bool, quick: bool) -> Result<bool> {
    let ws = Workspace::find()?;
    let allowed = if ci { Some(ws.read("xtask/allowed-skips.txt")?) } else { None };
    let mut report = Report::new(quick, allowed);
    rust::steps(&ws, &mut report);
    library::steps(&ws, &mut report);
    header::steps(&ws, &mut report);
    ctests::steps(&ws, &mut report);
    cmake::steps(&ws, &mut report);
    python::steps(&ws, &mut report);
    bench::steps(&ws, &mut report);
    Ok(report.finish())
}

fn header(check: bool) -> Result<bool> {
    let ws = Workspace::find()?;
    let mut cargo = ws.cargo();
    cargo.args(["run", "--quiet", "--locked", "-p", "zbatch-header", "--"]).args(check.then_some("--check"));
    shell::show(&mut cargo)?;
    let api = header::Api::read(&ws)?;
    let update = if check { workspace::Golden::Compare } else { workspace::Golden::Rewrite };
    ws.golden("ctests/header_table.inc", &api.table()?, update)?;
    ws.golden("ctests/symbols.txt", &api.symbols(), update)?;
    Ok(true)
}
