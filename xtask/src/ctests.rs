//! The C and C++ programs of ctests/list.txt and of the README, over both libraries, and under valgrind.

use crate::library::Libraries;
use crate::report::Report;
use crate::workspace::{Workspace, write};
use crate::{Result, shell};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

pub(crate) fn steps(ws: &Workspace, report: &mut Report) {
    report.step("C and C++ programs", |report| run_all(ws, report));
    report.long_step("memcheck", |report| memcheck(ws, report));
}

/// How C and C++ are compiled here, and what the archive needs of the system.
pub(crate) struct Tools {
    pub(crate) c: cc::Tool,
    pub(crate) cpp: cc::Tool,
    pub(crate) native: Vec<String>,
}

impl Tools {
    pub(crate) fn find(ws: &Workspace) -> Result<Self> {
        let about = shell::run(Command::new("rustc").arg("-vV"))?;
        let host = about.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc -vV names no host")?;
        let tool = |cpp| {
            let mut build = cc::Build::new();
            build.target(host).host(host).opt_level(2).debug(true).cargo_metadata(false).cpp(cpp);
            build.try_get_compiler().map_err(|e| format!("no compiler: {e}"))
        };
        Ok(Tools { c: tool(false)?, cpp: tool(true)?, native: native_libraries(ws)? })
    }
}

/// Asks rustc. The compiler driver adds libgcc and libc by itself, and would not find gcc_s for a fully static program.
fn native_libraries(ws: &Workspace) -> Result<Vec<String>> {
    let dir = ws.out("native")?;
    let empty = dir.join("empty.rs");
    write(&empty, "")?;
    let args = ["--crate-type", "staticlib", "--print", "native-static-libs", "-o"];
    let text = shell::run(Command::new("rustc").args(args).arg(dir.join("empty.a")).arg(&empty))?;
    let list = text.lines().find_map(|line| line.split_once("native-static-libs: ")).map(|(_, list)| list);
    let list = list.ok_or("rustc does not tell its native libraries")?;
    Ok(list.split_whitespace().filter(|l| !["-lgcc_s", "-lc"].contains(l)).map(str::to_owned).collect())
}

struct Program {
    name: String,
    sources: Vec<PathBuf>,
    flags: Vec<String>,
    memcheck: bool,
    /// What valgrind gives it as an argument.
    smaller: Option<String>,
    leaks: bool,
}

impl Program {
    fn new(name: &str, sources: Vec<PathBuf>) -> Self {
        Program { name: name.to_owned(), sources, flags: vec![], memcheck: true, smaller: None, leaks: true }
    }

    fn is_cpp(&self) -> bool {
        self.sources.first().is_some_and(|source| source.extension().is_some_and(|e| e == "cpp"))
    }

    /// Compiles and links it with one of the libraries.
    fn build(&self, ws: &Workspace, tools: &Tools, library: &Path, out: &Path) -> Result<()> {
        let (tool, standard) = if self.is_cpp() { (&tools.cpp, "-std=c++17") } else { (&tools.c, "-std=c11") };
        let mut compile = tool.to_command();
        compile.args([standard, "-Wall", "-Wextra", "-pedantic", "-Werror", "-pthread"]).args(&self.flags);
        compile.arg("-I").arg(ws.root.join("include")).arg("-I").arg(ws.root.join("ctests"));
        compile.args(&self.sources).arg("-o").arg(out).arg("-L").arg(library).arg("-lzbatch");
        compile.arg(format!("-Wl,-rpath,{}", library.display())).args(&tools.native);
        shell::run(&mut compile).map(drop)
    }
}

/// ctests/list.txt, and the examples of the README.
fn programs(ws: &Workspace) -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    for line in ws.read("ctests/list.txt")?.lines().filter(|line| !line.starts_with('#')) {
        let (name, words) = line.split_once(": ").ok_or_else(|| format!("ctests/list.txt: {line}"))?;
        let mut program = Program::new(name, vec![]);
        for word in words.split_whitespace() {
            match word.split_once('=') {
                Some(("memcheck", "no")) => program.memcheck = false,
                Some(("memcheck", argument)) => program.smaller = Some(argument.to_owned()),
                Some(("leaks", "no")) => program.leaks = false,
                _ if word.starts_with('-') => program.flags.push(word.to_owned()),
                _ => program.sources.push(ws.root.join("ctests").join(word)),
            }
        }
        programs.push(program);
    }
    let readme = ws.read("README.md")?;
    let dir = ws.out("readme")?;
    for language in ["c", "cpp"] {
        let source = dir.join(format!("example.{language}"));
        write(&source, example(&readme, language)?)?;
        programs.push(Program::new(&format!("readme_{language}"), vec![source]));
    }
    Ok(programs)
}

/// The program in the README behind `<!-- example: LANGUAGE -->`.
pub(crate) fn example<'a>(readme: &'a str, language: &str) -> Result<&'a str> {
    let find = || {
        let (_, rest) = readme.split_once(&format!("<!-- example: {language} -->"))?;
        let (_, rest) = rest.split_once(&format!("```{language}\n"))?;
        rest.split_once("```").map(|(program, _)| program)
    };
    find().ok_or_else(|| format!("README.md has no program behind '<!-- example: {language} -->'"))
}

const LIMIT: Duration = Duration::from_secs(120);

fn run_all(ws: &Workspace, report: &mut Report) -> Result<()> {
    let tools = Tools::find(ws)?;
    let Libraries { shared, statik } = Libraries::find(ws)?;
    let (programs, dir) = (programs(ws)?, ws.out("ctests")?);
    let pairs: Vec<_> = programs.iter().flat_map(|p| [(p, "shared", &shared), (p, "static", &statik)]).collect();
    let built = shell::parallel(&pairs, |(program, kind, library)| {
        let path = dir.join(format!("{}_{kind}", program.name));
        program.build(ws, &tools, library, &path).map(|()| path)
    });
    let results = shell::parallel(&built, |built| {
        let path = built.clone()?;
        shell::run_for(&mut Command::new(&path), &path.with_extension("log"), LIMIT)
    });
    for ((program, kind, _), result) in pairs.into_iter().zip(results) {
        let name = format!("{} {kind}", program.name);
        match result {
            Ok((status, _)) if status.success() => report.pass(1),
            Ok((status, why)) if status.code() == Some(77) => report.skip(&name, why.trim()),
            Ok((status, text)) => report.fail(&name, &format!("{text}({status})")),
            Err(why) => report.fail(&name, &why),
        }
    }
    Ok(())
}

/// Every program under valgrind, after a program that must not pass.
fn memcheck(ws: &Workspace, report: &mut Report) -> Result<()> {
    if !shell::exists("valgrind") {
        report.skip("memcheck", "valgrind is not installed");
        return Ok(());
    }
    let (tools, dir) = (Tools::find(ws)?, ws.out("ctests")?);
    let valgrind = |program: &Path, leaks: bool| {
        let mut command = Command::new("valgrind");
        command.args(["-q", "--error-exitcode=9"]).arg(if leaks { "--leak-check=full" } else { "--leak-check=no" });
        command.arg("--errors-for-leak-kinds=definite").arg(program);
        command
    };

    let canary = dir.join("canary");
    let mut compile = tools.c.to_command();
    shell::run(compile.args(["-std=c11", "-O0"]).arg(ws.root.join("ctests/canary.c")).arg("-o").arg(&canary))?;
    for fault in ["read", "leak"] {
        let (status, text) = shell::run_for(valgrind(&canary, true).arg(fault), &dir.join("canary.log"), LIMIT)?;
        if status.code() != Some(9) {
            return Err(format!("valgrind overlooks a {fault} that is an error ({status})\n{text}"));
        }
        report.pass(1);
    }

    let programs = programs(ws)?;
    let checked: Vec<_> = programs.iter().filter(|program| program.memcheck).collect();
    let results = shell::parallel(&checked, |program| {
        let log = dir.join(format!("{}.memcheck", program.name));
        let mut command = valgrind(&dir.join(format!("{}_shared", program.name)), program.leaks);
        shell::run_for(command.args(&program.smaller), &log, Duration::from_secs(240))
    });
    for (program, result) in checked.into_iter().zip(results) {
        let result = result.and_then(|(status, text)| match status.success() {
            true => Ok(()),
            false => Err(format!("{text}({status})")),
        });
        report.result(&format!("memcheck {}", program.name), result);
    }
    Ok(())
}
