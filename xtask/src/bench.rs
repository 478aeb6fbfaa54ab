//! All benchmarks, one after the other: each appends its figures to one file, of which one JSON file, one page of tables and one
//! picture are made. A target that was missed is told, and is no failure of the program: that is for people to judge.

use crate::python::{Environment, Python};
use crate::report::Report;
use crate::workspace::Workspace;
use crate::{Result, shell};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The benches of crates/zbatch, then the programs of bindings/python/benchmarks.
const RUST: [&str; 5] = ["limit", "small", "auto", "choices", "scaling"];
const PYTHON: [&str; 2] = ["peer", "others"];
/// Those that load libzbatch.so.
const LIBRARY: [&str; 3] = ["limit", "peer", "others"];

/// What the command line asks for.
#[derive(Default)]
struct Plan {
    quick: bool,
    json: Option<PathBuf>,
    only: Vec<String>,
    paths: Vec<PathBuf>,
}

impl Plan {
    fn parse(args: &[&str]) -> Result<Self> {
        // The programs run elsewhere.
        let here = |path: &str| std::path::absolute(path).map_err(|e| format!("{path}: {e}"));
        let mut plan = Plan::default();
        let mut args = args.iter().copied();
        while let Some(arg) = args.next() {
            match arg {
                "--quick" => plan.quick = true,
                "--json" => plan.json = Some(here(args.next().ok_or("--json FILE")?)?),
                "--only" => {
                    let names = args.next().ok_or("--only NAME[,NAME...]")?.split(',').map(str::to_owned);
                    plan.only = names.collect();
                    let known = |name: &String| RUST.iter().chain(&PYTHON).any(|suite| suite == name);
                    if let Some(other) = plan.only.iter().find(|&name| !known(name)) {
                        return Err(format!("{other}: one of {}, {}", RUST.join(", "), PYTHON.join(", ")));
                    }
                }
                flag if flag.starts_with('-') => return Err(crate::USAGE.to_owned()),
                path => {
                    let path = here(path)?;
                    path.metadata().map_err(|e| format!("{}: {e}", path.display()))?;
                    plan.paths.push(path);
                }
            }
        }
        Ok(plan)
    }

    fn wants(&self, suite: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == suite)
    }

    /// Whether this is what the README shows.
    fn is_whole(&self) -> bool {
        !self.quick && self.only.is_empty()
    }
}

/// `cargo xtask bench`
pub(crate) fn run(args: &[&str]) -> Result<bool> {
    let plan = Plan::parse(args)?;
    let ws = Workspace::find()?;
    let env = environment(&ws, &mut Report::new(false, None))?;
    measure(&ws, &plan, &env, &mut shell::show)?;
    Ok(true)
}

/// That all of it runs and its figures are well formed; how good they are depends on what else the machine does.
pub(crate) fn steps(ws: &Workspace, report: &mut Report) {
    report.long_step("benchmarks, quick", |report| {
        let plan = Plan { quick: true, ..Plan::default() };
        let env = environment(ws, report)?;
        measure(ws, &plan, &env, &mut |command| shell::run(command).map(drop))
    });
}

fn environment(ws: &Workspace, report: &mut Report) -> Result<Environment> {
    let python = Python::all().into_iter().next().ok_or("there is no CPython 3.11 or later with ctypes")?;
    let mut env = Environment::of(python.path);
    env.fill(ws, report, "bench", "bindings/python/benchmarks/requirements.txt")?;
    Ok(env)
}

fn measure(
    ws: &Workspace,
    plan: &Plan,
    env: &Environment,
    start: &mut dyn FnMut(&mut Command) -> Result<()>,
) -> Result<()> {
    let out = ws.out("bench")?;
    let rows = out.join("rows.jsonl");
    // Rows of another run are no part of this one.
    fs::write(&rows, "").map_err(|e| format!("{}: {e}", rows.display()))?;
    if LIBRARY.iter().any(|suite| plan.wants(suite)) {
        shell::show(ws.cargo().args(["build", "--quiet", "--locked", "--release", "-p", "zbatch-ffi"]))?;
    }
    for suite in RUST.into_iter().filter(|suite| plan.wants(suite)) {
        println!("==> {suite}");
        let mut bench = bench(ws, suite);
        bench.args(plan.quick.then_some("--quick")).arg("--rows").arg(&rows).args(&plan.paths);
        start(&mut bench)?;
    }
    if PYTHON.iter().any(|suite| plan.wants(suite)) {
        let workloads = ws.empty_out("bench/workloads")?;
        let mut write = bench(ws, "workloads");
        write.arg("write").arg(&workloads).args(plan.quick.then_some("--quick")).args(&plan.paths);
        start(&mut write)?;
        for suite in PYTHON.into_iter().filter(|suite| plan.wants(suite)) {
            println!("==> {suite}");
            if suite == "peer" && !env.has("zstandard") {
                println!("python-zstandard is not there");
                continue;
            }
            let mut program = script(ws, env, &format!("{suite}.py"));
            program.arg("--workloads").arg(&workloads).arg("--rows").arg(&rows).args(plan.quick.then_some("--quick"));
            start(&mut program)?;
        }
        // They are large.
        ws.empty_out("bench/workloads")?;
    }
    let home = if plan.is_whole() { ws.root.join("doc") } else { out.clone() };
    fs::create_dir_all(&home).map_err(|e| format!("{}: {e}", home.display()))?;
    let mut tell = script(ws, env, "report.py");
    tell.arg(&rows).arg("--json").arg(plan.json.clone().unwrap_or_else(|| out.join("speed.json")));
    tell.arg("--table").arg(home.join("speed.md")).arg("--svg").arg(home.join("speed.svg"));
    start(&mut tell)
}

fn bench(ws: &Workspace, name: &str) -> Command {
    let mut cargo = ws.cargo();
    cargo.args(["bench", "--quiet", "--locked", "-p", "zbatch", "--bench", name, "--"]);
    cargo
}

fn script(ws: &Workspace, env: &Environment, name: &str) -> Command {
    let mut python = Command::new(env.python());
    python.arg(ws.root.join("bindings/python/benchmarks").join(Path::new(name)));
    python.env("PYTHONPATH", ws.root.join("bindings/python")).env("PYTHONDONTWRITEBYTECODE", "1");
    python.env("ZBATCH_LIBRARY", ws.target.join("release/libzbatch.so"));
    python
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_understood() {
        let plan = Plan::parse(&["--quick", "--only", "auto,peer", "--json", "a.json", "src"]).unwrap();
        assert!(plan.quick && plan.wants("auto") && !plan.wants("limit") && !plan.is_whole());
        assert!(plan.json.unwrap().is_absolute());
        assert_eq!(plan.paths.len(), 1);
        assert!(Plan::parse(&[]).unwrap().is_whole());
        for wrong in [&["--fast"][..], &["--json"], &["--only", "nothing"], &["/nowhere"]] {
            assert!(Plan::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
