//! libzbatch.so and libzbatch.a as they are shipped: what they export, what they are called, and that they live beside another
//! libzstd.

use crate::report::Report;
use crate::workspace::{Golden, Workspace, copy, write};
use crate::{Result, ctests, header, shell};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) fn steps(ws: &Workspace, report: &mut Report) {
    report.step("cargo build --release", |_| {
        let args = ["build", "--quiet", "--locked", "--release", "-p", "zbatch-ffi", "-p", "zbatch-cli"];
        shell::show(ws.cargo().args(args))?;
        Libraries::lay_out(ws)
    });
    report.step("symbols", |_| symbols(ws));
    report.step("soname", |_| soname(ws));
    report.long_step("beside another libzstd", |report| clash(ws, report));
}

/// The two libraries where programs link and run with them.
pub(crate) struct Libraries {
    pub(crate) shared: PathBuf,
    pub(crate) statik: PathBuf,
}

impl Libraries {
    /// Gives the shared library the name that programs look for, and makes of the archive the one that is shipped.
    fn lay_out(ws: &Workspace) -> Result<()> {
        let built = ws.target.join("release");
        let Self { shared, statik } = Self::find(ws)?;
        copy(&built.join("libzbatch.so"), &shared.join("libzbatch.so"))?;
        copy(&built.join("libzbatch.so"), &shared.join(soname_of(ws)))?;
        let archive = statik.join("libzbatch.a");
        let mut localize = Command::new("sh");
        localize.arg(ws.root.join("cmake/localize.sh")).arg(built.join("libzbatch.a"));
        localize.arg(ws.root.join("ctests/symbols.txt")).arg(&archive);
        shell::run(&mut localize).map(drop)
    }

    pub(crate) fn find(ws: &Workspace) -> Result<Self> {
        Ok(Libraries { shared: ws.out("lib/shared")?, statik: ws.out("lib/static")? })
    }
}

/// Other versions of one major version may take each other's place.
fn soname_of(ws: &Workspace) -> String {
    format!("libzbatch.so.{}", ws.version.split('.').next().unwrap_or_default())
}

/// The names that `nm` finds defined.
fn exported(nm: &[&str], library: &Path) -> Result<String> {
    let text = shell::run(Command::new("nm").args(nm).args(["--defined-only", "--format=posix"]).arg(library))?;
    let mut names: Vec<_> = text.lines().filter(|l| l.contains(' ')).filter_map(|l| l.split(' ').next()).collect();
    names.sort_unstable();
    Ok(names.join("\n") + "\n")
}

fn symbols(ws: &Workspace) -> Result<()> {
    let declared = header::Api::read(ws)?.symbols();
    ws.golden("ctests/symbols.txt", &declared, Golden::Compare)?;
    let libraries = Libraries::find(ws)?;
    for (nm, library) in [("-D", libraries.shared.join("libzbatch.so")), ("-g", libraries.statik.join("libzbatch.a"))] {
        let exported = exported(&[nm], &library)?;
        if exported != declared {
            let only =
                |a: &str, b: &str| a.lines().filter(|l| !b.lines().any(|o| o == *l)).collect::<Vec<_>>().join(" ");
            return Err(format!(
                "{}\nexported, not in the header: {}\nin the header, not exported: {}",
                library.display(),
                only(&exported, &declared),
                only(&declared, &exported)
            ));
        }
    }
    Ok(())
}

fn soname(ws: &Workspace) -> Result<()> {
    let library = Libraries::find(ws)?.shared.join("libzbatch.so");
    let text = shell::run(Command::new("readelf").args(["-dW"]).arg(&library))?;
    let soname = format!("[{}]", soname_of(ws));
    let named = text.lines().any(|line| line.contains("(SONAME)") && line.ends_with(&soname));
    let stays = text.lines().any(|line| line.contains("(FLAGS_1)") && line.contains("NODELETE"));
    if named && stays { Ok(()) } else { Err(format!("SONAME {soname} or NODELETE is missing:\n{text}")) }
}

/// Links one program with our library and with another libzstd, in both orders: each must get its own.
fn clash(ws: &Workspace, report: &mut Report) -> Result<()> {
    let zstd = other_zstd(ws)?;
    let Libraries { shared, statik } = Libraries::find(ws)?;
    let dir = ws.out("clash")?;
    let tools = ctests::Tools::find(ws)?;
    for (kind, ours) in [("shared", &shared), ("static", &statik)] {
        for (other_kind, other) in [("shared", zstd.join("shared")), ("static", zstd.join("static"))] {
            for ours_first in [true, false] {
                let order = if ours_first { "zbatch zstd" } else { "zstd zbatch" };
                let name = format!("{order}, {kind} and {other_kind}");
                let program = dir.join(name.replace([' ', ','], "_"));
                let mut link = tools.c.to_command();
                link.arg("-std=c11").arg(ws.root.join("ctests/clash.c")).arg("-o").arg(&program);
                link.arg("-I").arg(ws.root.join("include")).arg("-I").arg(zstd.join("source"));
                for path in [ours, &other] {
                    link.arg("-L").arg(path).arg(format!("-Wl,-rpath,{}", path.display()));
                }
                link.args(if ours_first { ["-lzbatch", "-lotherzstd"] } else { ["-lotherzstd", "-lzbatch"] });
                let result = shell::run(link.args(&tools.native).arg("-pthread"))
                    .and_then(|_| shell::run(&mut Command::new(&program)));
                report.result(&format!("clash {name}"), result.map(drop));
            }
        }
    }
    Ok(())
}

/// Another libzstd, shared and static: real, whole, and of a version that ours is not.
fn other_zstd(ws: &Workspace) -> Result<PathBuf> {
    let dir = ws.out("other-zstd")?;
    let (shared, statik) = (ws.out("other-zstd/shared")?, ws.out("other-zstd/static")?);
    let done = dir.join("built-from");
    let from = ws.zstd.display().to_string();
    if fs::read_to_string(&done).is_ok_and(|was| was == from) {
        return Ok(dir);
    }
    let source = dir.join("source");
    if source.exists() {
        fs::remove_dir_all(&source).map_err(|e| format!("{}: {e}", source.display()))?;
    }
    crate::workspace::copy_tree(&ws.zstd, &source)?;
    let zstd_h = source.join("zstd.h");
    let text = fs::read_to_string(&zstd_h).map_err(|e| format!("zstd.h: {e}"))?;
    let changed = text.lines().map(|line| match line.strip_prefix("#define ZSTD_VERSION_RELEASE") {
        Some(_) => "#define ZSTD_VERSION_RELEASE 99\n".to_owned(),
        None => format!("{line}\n"),
    });
    write(&zstd_h, &changed.collect::<String>())?;

    let mut files = Vec::new();
    for part in ["common", "compress", "decompress"] {
        for entry in fs::read_dir(source.join(part)).map_err(|e| format!("{part}: {e}"))? {
            let path = entry.map_err(|e| format!("{part}: {e}"))?.path();
            if path.extension().is_some_and(|e| e == "c") {
                files.push(path);
            }
        }
    }
    let tools = ctests::Tools::find(ws)?;
    let objects = shell::parallel(&files, |file| {
        let object = file.with_extension("o");
        let mut compile = tools.c.to_command();
        compile.args(["-O1", "-fPIC", "-DZSTD_DISABLE_ASM", "-c", "-o"]).arg(&object).arg(file);
        shell::run(&mut compile).map(|_| object)
    });
    let objects = objects.into_iter().collect::<Result<Vec<_>>>()?;
    let mut link = tools.c.to_command();
    link.args(["-shared", "-pthread", "-o"]).arg(shared.join("libotherzstd.so")).args(&objects);
    shell::run(&mut link)?;
    shell::run(Command::new("ar").arg("rcs").arg(statik.join("libotherzstd.a")).args(&objects))?;
    write(&done, &from)?;
    Ok(dir)
}
