//! The CMake build and the package that it installs, as an outsider sees them.

use crate::ctests::Tools;
use crate::report::Report;
use crate::workspace::Workspace;
use crate::{Result, shell};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn steps(ws: &Workspace, report: &mut Report) {
    if let Err(why) = find_tools(ws) {
        report.skip("cmake", &why);
        return;
    }
    report.step("cmake and ninja: build, test, install", |report| ninja(ws, report));
    report.step("an installed package, moved", |report| installed(ws, report));
    report.step("pkg-config", |report| pkg_config(ws, report));
    report.long_step("add_subdirectory and FetchContent", |report| in_tree(ws, report));
    report.long_step("cmake and make", |_| {
        let build = ws.empty_out("cmake/make")?;
        configure(&cmake(ws), "Unix Makefiles", &ws.root, &build, &[&shared_cargo(ws), "-DZBATCH_BUILD_TESTS=OFF"])?;
        shell::run(cmake(ws).command().arg("--build").arg(&build)).map(drop)
    });
    report.long_step("cmake 3.18", |report| oldest(ws, report));
}

/// A cmake, with the directories that are searched for it and for ninja first.
struct CMake {
    path: OsString,
}

impl CMake {
    fn command(&self) -> Command {
        self.tool("cmake")
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new("env");
        let mut path = OsString::from("PATH=");
        path.push(&self.path);
        command.arg(path).arg(name);
        command
    }
}

fn tools_dir(ws: &Workspace) -> PathBuf {
    ws.target.join("tools/bin")
}

fn cmake(ws: &Workspace) -> CMake {
    let system = env::var_os("PATH").unwrap_or_default();
    let dirs = [tools_dir(ws)].into_iter().chain(env::split_paths(&system));
    CMake { path: env::join_paths(dirs).unwrap_or(system) }
}

/// Installs cmake and ninja below target/ where the system has none.
fn find_tools(ws: &Workspace) -> Result<()> {
    let works = |tool: &str| shell::run(cmake(ws).tool(tool).arg("--version")).is_ok();
    if works("cmake") && works("ninja") {
        return Ok(());
    }
    install(&ws.target.join("tools"), &["cmake", "ninja"])
}

/// Python packages in an environment of their own.
fn install(dir: &Path, packages: &[&str]) -> Result<()> {
    shell::run(Command::new("python3").args(["-m", "venv"]).arg(dir))?;
    let mut pip = Command::new(dir.join("bin/pip"));
    shell::run(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages)).map(drop)
}

/// All builds share one directory of cargo, which the steps before have filled.
fn shared_cargo(ws: &Workspace) -> String {
    format!("-DZBATCH_CARGO_TARGET_DIR={}", ws.target.display())
}

fn configure(cmake: &CMake, generator: &str, source: &Path, build: &Path, args: &[&str]) -> Result<()> {
    shell::run(&mut configuring(cmake, generator, source, build, args)).map(drop)
}

fn configuring(cmake: &CMake, generator: &str, source: &Path, build: &Path, args: &[&str]) -> Command {
    let mut command = cmake.command();
    command.args(["-G", generator, "-S"]).arg(source).arg("-B").arg(build).args(args);
    command
}

/// Builds and runs what was configured; every test of it counts.
fn build_and_test(cmake: &CMake, build: &Path, name: &str, report: &mut Report) -> Result<()> {
    shell::run(cmake.command().arg("--build").arg(build))?;
    let log =
        shell::run(cmake.tool("ctest").current_dir(build).args(["--output-on-failure", "-j2", "--no-tests=error"]));
    let text = log.as_ref().unwrap_or_else(|why| why);
    let failures = report.failures();
    // "12/68 Test #12: buffer_shared ....   Passed    0.01 sec"
    for line in text.lines().filter(|line| line.contains(" Test ") && line.contains('#')) {
        let Some((_, test)) = line.split_once(": ") else { continue };
        let test = test.split_whitespace().next().unwrap_or_default();
        match line {
            _ if line.contains("Passed") => report.pass(1),
            // Both libraries' programs skip for the same reason: it is told, and allowed, once.
            _ if line.contains("***Skipped") => report.skip(&format!("{} cmake", base_name(test)), name),
            _ => report.fail(&format!("{name}: {test}"), line),
        }
    }
    // What failed has been told by name, and what comes next may work all the same.
    if report.failures() > failures { Ok(()) } else { log.map(drop) }
}

fn base_name(test: &str) -> &str {
    test.trim_end_matches("_shared").trim_end_matches("_static")
}

fn prefix(ws: &Workspace) -> Result<PathBuf> {
    Ok(ws.out("cmake")?.join("moved"))
}

/// The whole of it once; then the install tree goes elsewhere, since packages do.
fn ninja(ws: &Workspace, report: &mut Report) -> Result<()> {
    let cmake = cmake(ws);
    let (build, first) = (ws.empty_out("cmake/ninja")?, ws.empty_out("cmake/installed")?);
    configure(&cmake, "Ninja", &ws.root, &build, &[&shared_cargo(ws), "-DCMAKE_INSTALL_LIBDIR=lib"])?;
    build_and_test(&cmake, &build, "cmake and ninja", report)?;
    shell::run(cmake.command().arg("--install").arg(&build).arg("--prefix").arg(&first))?;
    let moved = prefix(ws)?;
    if moved.exists() {
        fs::remove_dir_all(&moved).map_err(|e| format!("{}: {e}", moved.display()))?;
    }
    fs::rename(&first, &moved).map_err(|e| format!("{}: {e}", moved.display()))?;
    report.result("install tree", complete(ws, &moved));

    // Nothing has changed: neither cargo nor a linker has anything to do.
    let again = shell::run(cmake.command().arg("--build").arg(&build))?;
    let idle = !again.contains("Linking") && !again.contains("Compiling");
    report.result("second build", if idle { Ok(()) } else { Err(again) });
    Ok(())
}

/// Every file is there, and names no place of this machine.
fn complete(ws: &Workspace, prefix: &Path) -> Result<()> {
    let lib = prefix.join("lib");
    let soname = format!("libzbatch.so.{}", ws.version.split('.').next().unwrap_or_default());
    let full = format!("libzbatch.so.{}", ws.version);
    let wanted = [&*soname, &full, "libzbatch.so", "libzbatch.a", "pkgconfig/zbatch.pc"].map(|name| lib.join(name));
    let package = ["zbatchConfig.cmake", "zbatchTargets.cmake", "zbatchConfigVersion.cmake"];
    let package = package.map(|name| lib.join("cmake/zbatch").join(name));
    let headers = ["zbatch.h", "zbatch.hpp"].map(|name| prefix.join("include").join(name));
    for file in wanted.iter().chain(&package).chain(&headers) {
        if !file.exists() {
            return Err(format!("{} is missing", file.display()));
        }
    }
    let root = ws.root.display().to_string();
    for file in package.iter().chain([&lib.join("pkgconfig/zbatch.pc")]) {
        let text = fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
        if text.contains(&root) || text.contains("cmake/installed") {
            return Err(format!("{} names a directory of this machine:\n{text}", file.display()));
        }
    }
    Ok(())
}

/// find_package in all the ways that must work, and in those that must not.
fn installed(ws: &Workspace, report: &mut Report) -> Result<()> {
    let cmake = cmake(ws);
    let source = ws.root.join("ctests/consumer/installed");
    let place = format!("-DCMAKE_PREFIX_PATH={}", prefix(ws)?.display());
    let minor = ws.version.rsplit_once('.').map_or("", |(minor, _)| minor).to_owned();
    let good = [
        ("any", minor.clone(), "shared", ""),
        ("shared", format!("{minor} COMPONENTS shared"), "shared", ""),
        ("static", format!("{minor} COMPONENTS static"), "static", ""),
        ("by BUILD_SHARED_LIBS", String::new(), "static", "-DBUILD_SHARED_LIBS=OFF"),
    ];
    for (name, ask, kind, further) in good {
        let name = format!("find_package, {name}");
        let build = ws.empty_out(&format!("cmake/{}", name.replace([',', ' '], "_")))?;
        let (ask, kind) = (format!("-DASK={ask}"), format!("-DEXPECTED_TYPE={kind}"));
        let args: Vec<_> = [&*place, &ask, &kind, further].into_iter().filter(|arg| !arg.is_empty()).collect();
        let done = configure(&cmake, "Ninja", &source, &build, &args);
        if let Err(why) = done.and_then(|()| build_and_test(&cmake, &build, &name, report)) {
            report.fail(&name, &why);
        }
    }
    let bad = [
        ("a later version", "0.99", "considered but not accepted"),
        ("another major version", "7.0", "considered but not accepted"),
        ("a component that is not there", "COMPONENTS nosuch", "no component 'nosuch' here"),
    ];
    for (name, ask, reason) in bad {
        let name = format!("find_package, {name}");
        let build = ws.empty_out("cmake/refused")?;
        let args = [&*place, &format!("-DASK={ask}")];
        let mut command = configuring(&cmake, "Ninja", &source, &build, &args);
        report.result(&name, shell::refuse(&mut command, reason));
    }
    Ok(())
}

/// The same two programs by a compiler and pkg-config alone.
fn pkg_config(ws: &Workspace, report: &mut Report) -> Result<()> {
    if !shell::exists("pkg-config") {
        report.skip("pkg-config", "not installed");
        return Ok(());
    }
    let (tools, dir, prefix) = (Tools::find(ws)?, ws.out("pkg-config")?, prefix(ws)?);
    let ask = |args: &[&str]| {
        let mut command = Command::new("pkg-config");
        command.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")).args(args).arg("zbatch");
        shell::run(&mut command).map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    };
    let version = ask(&["--modversion"])?;
    report.result("pkg-config --modversion", if version == [&*ws.version] { Ok(()) } else { Err(version.join(" ")) });
    for (language, tool) in [("c", &tools.c), ("cpp", &tools.cpp)] {
        for kind in ["shared", "static"] {
            let program = dir.join(format!("roundtrip_{language}_{kind}"));
            let flags = match kind {
                "shared" => ask(&["--cflags", "--libs"])?,
                // With both libraries in one directory the linker takes the shared one unless it is told the file.
                _ => ask(&["--static", "--cflags", "--libs"])?
                    .into_iter()
                    .map(|flag| if flag == "-lzbatch" { "-l:libzbatch.a".to_owned() } else { flag })
                    .collect(),
            };
            let mut compile = tool.to_command();
            compile.args((language == "cpp").then_some("-std=c++17"));
            compile.arg(ws.root.join(format!("ctests/consumer/roundtrip.{language}"))).arg("-o").arg(&program);
            let mut run = Command::new(&program);
            if kind == "shared" {
                run.env("LD_LIBRARY_PATH", prefix.join("lib"));
            }
            let result = shell::run(compile.args(&flags)).and_then(|_| shell::run(&mut run));
            report.result(&format!("pkg-config {language} {kind}"), result.map(drop));
        }
    }
    Ok(())
}

/// The sources as a part of a larger project.
fn in_tree(ws: &Workspace, report: &mut Report) -> Result<()> {
    let cmake = cmake(ws);
    for (name, variable) in [("subdirectory", "ZBATCH_SOURCE"), ("fetched", "FETCHCONTENT_SOURCE_DIR_ZBATCH")] {
        let build = ws.empty_out(&format!("cmake/{name}"))?;
        let source = ws.root.join("ctests/consumer").join(name);
        let place = format!("-D{variable}={}", ws.root.display());
        configure(&cmake, "Ninja", &source, &build, &[&place, &shared_cargo(ws)])?;
        build_and_test(&cmake, &build, name, report)?;
    }
    Ok(())
}

/// The oldest CMake that is promised, if it can be had.
fn oldest(ws: &Workspace, report: &mut Report) -> Result<()> {
    let dir = ws.target.join("tools-3.18");
    let bin = dir.join("bin");
    if !bin.join("cmake").exists()
        && let Err(why) = install(&dir, &["cmake==3.18.4.post1"])
    {
        report.skip("cmake 3.18", why.lines().last().unwrap_or("not to be had"));
        return Ok(());
    }
    let mut dirs = vec![bin];
    dirs.extend(env::split_paths(&cmake(ws).path));
    let cmake = CMake { path: env::join_paths(dirs).map_err(|e| e.to_string())? };
    let build = ws.empty_out("cmake/oldest")?;
    let place = ws.empty_out("cmake/oldest-installed")?;
    configure(&cmake, "Ninja", &ws.root, &build, &[&shared_cargo(ws), "-DZBATCH_BUILD_TESTS=OFF"])?;
    shell::run(cmake.command().arg("--build").arg(&build))?;
    shell::run(cmake.command().arg("--install").arg(&build).arg("--prefix").arg(&place))?;
    let consumer = ws.empty_out("cmake/oldest-consumer")?;
    let prefix = format!("-DCMAKE_PREFIX_PATH={}", place.display());
    configure(&cmake, "Ninja", &ws.root.join("ctests/consumer/installed"), &consumer, &[&prefix])?;
    build_and_test(&cmake, &consumer, "cmake 3.18", report)
}
