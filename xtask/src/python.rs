//! The Python package: its tests with everything that they can use and, on every CPython found here, with nothing; its types;
//! its wheel; and the examples, which use that wheel.

use crate::ctests::example;
use crate::report::Report;
use crate::workspace::{Workspace, write};
use crate::{Result, shell};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

pub(crate) fn steps(ws: &Workspace, report: &mut Report) {
    let pythons = Python::all();
    // The one that `python3` means, or else any that will do.
    let Some(main) = pythons.first() else {
        report.skip("python", "there is no CPython 3.11 or later with ctypes");
        return;
    };
    let mut env = Environment::of(main.path.clone());
    report.step("python packages", |report| env.fill(ws, report, "python", REQUIREMENTS));
    if report.quick() {
        report.skip("slow python tests", "--quick");
    }
    let mut skipped = Vec::new();
    report.step("python tests", |report| {
        let mut command = tests(ws, &env.python, &[], report.quick())?;
        run_tests(ws, &mut command, report, "python", |name, reason, report| {
            skipped.push(name.to_owned());
            if !env.explains(reason) && !is_slow(reason) {
                report.skip(&format!("python {name}"), reason);
            }
        })
    });
    for python in &pythons {
        report.long_step(&format!("{} alone", python.name), |report| {
            // -S: no packages at all, though there may be some here.
            let mut command = tests(ws, &python.path, &["-S"], true)?;
            let everything_missing = requirements(ws, REQUIREMENTS)?;
            run_tests(ws, &mut command, report, &python.name, |name, reason, report| {
                let told = skipped.iter().any(|other| other == name);
                let allowed =
                    is_slow(reason) || everything_missing.iter().any(|package| is_missing(reason, package.name()));
                if !told && !allowed {
                    report.skip(&format!("{} {name}", python.name), reason);
                }
            })
        });
    }
    report.step("python examples", |report| examples(ws, &env, report));
    if env.has("mypy") {
        report.step("mypy --strict", |report| mypy(ws, &env, report));
    }
}

/// A CPython that the package promises to work with.
pub(crate) struct Python {
    /// "python3.13", or "python3.13t" when it has no global lock.
    name: String,
    pub(crate) path: PathBuf,
}

impl Python {
    /// One of each version, `python3` first.
    pub(crate) fn all() -> Vec<Python> {
        let mut found: Vec<Python> = Vec::new();
        let mut dirs: Vec<PathBuf> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
        let mut names = vec![PathBuf::from("python3")];
        if let Some(home) = env::var_os("HOME") {
            let versions = fs::read_dir(Path::new(&home).join(".pyenv/versions"));
            dirs.extend(versions.into_iter().flatten().flatten().map(|version| version.path().join("bin")));
        }
        for dir in dirs {
            let entries = fs::read_dir(dir).into_iter().flatten().flatten();
            let mut of_dir: Vec<_> = entries.map(|entry| entry.path()).filter(|path| is_versioned(path)).collect();
            of_dir.sort();
            names.append(&mut of_dir);
        }
        for python in names.iter().filter_map(|name| Python::ask(name)) {
            if found.iter().all(|other| other.name != python.name) {
                found.push(python);
            }
        }
        found
    }

    /// What stands behind a name: a shim may lead to nothing, and a build may lack ctypes.
    fn ask(name: &Path) -> Option<Python> {
        const WHO: &str = "import ctypes, sys, sysconfig\n\
            assert sys.implementation.name == 'cpython' and sys.version_info >= (3, 11)\n\
            free = 't' if sysconfig.get_config_var('Py_GIL_DISABLED') else ''\n\
            print('python%d.%d' % sys.version_info[:2] + free, sys.executable)";
        let output = Command::new(name).args(["-c", WHO]).output().ok().filter(|output| output.status.success())?;
        let text = String::from_utf8(output.stdout).ok()?;
        let (name, path) = text.trim().split_once(' ')?;
        Some(Python { name: name.to_owned(), path: path.into() })
    }
}

/// "python3.12", "python3.13t".
fn is_versioned(path: &Path) -> bool {
    let minor = path.file_name().and_then(|name| name.to_str()?.strip_prefix("python3."));
    minor.is_some_and(|minor| minor.strip_suffix('t').unwrap_or(minor).parse::<u32>().is_ok())
}

/// What the tests are run with.
const REQUIREMENTS: &str = "bindings/python/tests/requirements.txt";

/// One package of a list of them: "numpy==2.4.6".
struct Requirement(String);

impl Requirement {
    fn name(&self) -> &str {
        self.0.split("==").next().unwrap_or_default()
    }
}

fn requirements(ws: &Workspace, list: &str) -> Result<Vec<Requirement>> {
    let text = ws.read(list)?;
    Ok(text.lines().filter(|line| line.contains("==")).map(|line| Requirement(line.to_owned())).collect())
}

/// A Python, and what of the packages that it should have it has not.
pub(crate) struct Environment {
    python: PathBuf,
    missing: Vec<String>,
}

impl Environment {
    pub(crate) fn of(python: PathBuf) -> Self {
        Environment { python, missing: vec![] }
    }

    pub(crate) fn python(&self) -> &Path {
        &self.python
    }

    /// Makes a virtual environment with the packages of a list. What is not to be had is told once, by its name.
    pub(crate) fn fill(&mut self, ws: &Workspace, report: &mut Report, home: &str, list: &str) -> Result<()> {
        let wanted = requirements(ws, list)?;
        let dir = ws.out(home)?.join("environment");
        let done = dir.join("filled-with");
        let all: String = wanted.iter().map(|package| format!("{}\n", package.0)).collect();
        let contents = format!("{}\n{all}", self.python.display());
        let python = dir.join("bin/python");
        if fs::read_to_string(&done).is_ok_and(|was| was == contents) {
            self.python = python;
            return Ok(());
        }
        if shell::run(Command::new(&self.python).args(["-m", "venv", "--clear"]).arg(&dir)).is_err() {
            report
                .skip("python packages", "no virtual environment can be made; Debian has that apart, in python3-venv");
            self.missing = wanted.iter().map(Requirement::name).chain(["pip"]).map(str::to_owned).collect();
            return Ok(());
        }
        self.python = python;
        let install = |packages: &[Requirement]| {
            let mut pip = Command::new(&self.python);
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]);
            shell::run(pip.args(packages.iter().map(|package| &package.0)))
        };
        if install(&wanted).is_ok() {
            return write(&done, &contents);
        }
        for package in &wanted {
            if let Err(why) = install(std::slice::from_ref(package)) {
                let error = why.lines().rfind(|line| line.starts_with("ERROR")).unwrap_or("pip cannot install it");
                report.skip(&format!("python package {}", package.name()), error);
                self.missing.push(package.name().to_owned());
            }
        }
        Ok(())
    }

    pub(crate) fn has(&self, package: &str) -> bool {
        self.missing.iter().all(|missing| missing != package)
    }

    /// Whether a test's reason to be skipped is that a package is missing, which has been told.
    fn explains(&self, reason: &str) -> bool {
        self.missing.iter().any(|package| is_missing(reason, package))
    }
}

/// Whether the reason is that this package is missing, in the words of bindings/python/tests/support.py.
fn is_missing(reason: &str, package: &str) -> bool {
    reason.strip_suffix(" is not installed") == Some(package)
}

/// What is left out on request is no surprise.
fn is_slow(reason: &str) -> bool {
    reason.contains("ZBATCH_TEST_QUICK")
}

/// The command for all tests or, when `quick`, all but the slow ones.
fn tests(ws: &Workspace, python: &Path, flags: &[&str], quick: bool) -> Result<Command> {
    let mut command = Command::new(python);
    command.args(["-W", "error", "-X", "faulthandler"]).args(flags);
    command.arg(ws.root.join("bindings/python/tests")).current_dir(ws.empty_out("python/work")?);
    command.env("PYTHONPATH", ws.root.join("bindings/python")).env("ZBATCH_LIBRARY", library(ws));
    command.env("ZBATCH_TEST_QUICK", if quick { "1" } else { "" });
    // Nothing is left behind in the checkout.
    command.env("PYTHONPYCACHEPREFIX", ws.out("python/pycache")?);
    command.env("HYPOTHESIS_STORAGE_DIRECTORY", ws.out("python/hypothesis")?);
    Ok(command)
}

fn library(ws: &Workspace) -> PathBuf {
    ws.target.join("release/libzbatch.so")
}

const LIMIT: Duration = Duration::from_secs(600);

/// Runs tests and counts them, by the lines that bindings/python/tests/__main__.py prints.
fn run_tests(
    ws: &Workspace,
    command: &mut Command,
    report: &mut Report,
    name: &str,
    mut skip: impl FnMut(&str, &str, &mut Report),
) -> Result<()> {
    let (status, text) = shell::run_for(command, &ws.out("python")?.join(format!("{name}.log")), LIMIT)?;
    let failures = report.failures();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((test, outcome)) = line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... ")) else {
            continue;
        };
        match outcome.split_once(", ").unwrap_or((outcome, "")) {
            ("ok", _) => report.pass(1),
            ("skipped", reason) => skip(test, reason, report),
            _ => {
                let mut why = String::new();
                while let Some(more) = lines.next_if(|next| !next.starts_with("test ")) {
                    why += &format!("{more}\n");
                }
                report.fail(&format!("{name} {test}"), &why);
            }
        }
    }
    // A process that a test took down does not come to this line, and one that ends badly says more behind it.
    let finished = text.lines().last().is_some_and(|line| line.contains(" ok, ") && line.ends_with(" skipped"));
    if finished && (status.success() || (status.code() == Some(1) && report.failures() > failures)) {
        return Ok(());
    }
    let rest: Vec<_> = text.lines().filter(|line| !line.ends_with(" ... ok")).collect();
    Err(format!("{}\n({status})", rest.join("\n")))
}

/// Of the package, and of programs that use it.
fn mypy(ws: &Workspace, env: &Environment, report: &mut Report) -> Result<()> {
    let (package, site, programs) =
        (ws.root.join("bindings/python"), ws.out("python/site")?, ws.out("python/examples")?);
    for (name, path, dir, files) in [
        ("mypy zbatch", &package, &package, ["zbatch", "_build"]),
        ("mypy examples", &site, &programs, README_PROGRAMS.map(|(program, _)| program)),
    ] {
        let mut mypy = Command::new(&env.python);
        mypy.args(["-m", "mypy", "--strict", "--cache-dir"]).arg(ws.out("python/mypy")?.join(name));
        mypy.args(files).current_dir(dir).env("MYPYPATH", path);
        report.result(name, shell::run(&mut mypy).map(drop));
    }
    Ok(())
}

/// The file that a program is copied to, and where it stands.
const README_PROGRAMS: [(&str, &str); 2] =
    [("readme_python.py", "README.md"), ("readme_bindings.py", "bindings/python/README.md")];

/// The programs of both READMEs with the package as a wheel has it, and the one that does without the package.
fn examples(ws: &Workspace, env: &Environment, report: &mut Report) -> Result<()> {
    let (wheel, site) = (ws.empty_out("python/wheel")?, ws.empty_out("python/site")?);
    let mut build = Command::new(&env.python);
    build.args(["-c", "import zbatch_backend; print(zbatch_backend.build_wheel('.'))"]).current_dir(&wheel);
    build.env("PYTHONPATH", ws.root.join("bindings/python/_build")).env("PYTHONDONTWRITEBYTECODE", "1");
    shell::run(build.env("CARGO_TARGET_DIR", &ws.target))?;
    let file = fs::read_dir(&wheel).into_iter().flatten().flatten().next().ok_or("no wheel was built")?.path();
    shell::run(Command::new(&env.python).args(["-m", "zipfile", "-e"]).arg(file).arg(&site))?;

    let dir = ws.out("python/examples")?;
    for (name, readme) in README_PROGRAMS {
        let script = dir.join(name);
        let result = ws.read(readme).and_then(|text| write(&script, example(&text, "python")?)).and_then(|()| {
            let mut run = Command::new(&env.python);
            run.args(["-W", "error"]).arg(&script).current_dir(&dir);
            shell::run(run.env("PYTHONPATH", &site).env_remove("ZBATCH_LIBRARY")).map(drop)
        });
        report.result(name, result);
    }
    if env.has("cffi") {
        let mut run = Command::new(&env.python);
        run.args(["-W", "error"]).arg(ws.root.join("bindings/python/examples/cffi_abi.py"));
        run.arg(ws.root.join("include/zbatch.h")).arg(library(ws));
        report.result("cffi_abi.py", shell::run(&mut run).map(drop));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_package_explains_its_own_skips_alone() {
        let env = Environment { python: PathBuf::new(), missing: vec!["cffi".to_owned(), "pip".to_owned()] };
        assert!(env.explains("cffi is not installed") && env.explains("pip is not installed"));
        for reason in
            ["numpy is not installed", "cffi is broken", "a pipe cannot be made", "pip-tools is not installed"]
        {
            assert!(!env.explains(reason), "{reason}");
        }
    }
}
