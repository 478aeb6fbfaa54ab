//! Where things are.

use crate::{Result, shell};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The checkout and its build directory.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    /// Sources of libzstd as our library has them, from the registry's copy of zstd-sys.
    pub(crate) zstd: PathBuf,
    /// "0.1.0"
    pub(crate) version: String,
    cargo: OsString,
}

/// What to do with a committed file that can be made again.
#[derive(Clone, Copy)]
pub(crate) enum Golden {
    Compare,
    Rewrite,
}

impl Workspace {
    pub(crate) fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask has no parent directory")?.to_owned();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut ask = Command::new(&cargo);
        let metadata = shell::run(ask.current_dir(&root).args(["metadata", "--format-version", "1", "--locked"]))?;
        // The answer is JSON on one line; two paths of it are not worth a parser.
        let value = |before: &str| {
            let (_, rest) = metadata.split_once(before)?;
            rest.split_once('"').map(|(value, _)| PathBuf::from(value))
        };
        let target = value("\"target_directory\":\"").ok_or("cargo metadata names no target_directory")?;
        let zstd = metadata
            .split("\"manifest_path\":\"")
            .filter_map(|rest| rest.split_once("/Cargo.toml\""))
            .find(|(dir, _)| dir.rsplit('/').next().is_some_and(|name| name.starts_with("zstd-sys-")))
            .map(|(dir, _)| Path::new(dir).join("zstd/lib"))
            .ok_or("cargo metadata names no zstd-sys")?;
        let manifest = fs::read_to_string(root.join("Cargo.toml")).map_err(|e| format!("Cargo.toml: {e}"))?;
        let version = manifest
            .lines()
            .find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
            .ok_or("Cargo.toml has no version")?
            .to_owned();
        Ok(Workspace { root, target, zstd, version, cargo })
    }

    /// `cargo`, the one that runs us, in the root.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = Command::new(&self.cargo);
        cargo.current_dir(&self.root);
        cargo
    }

    /// A directory of ours below target/, made when missing.
    pub(crate) fn out(&self, name: &str) -> Result<PathBuf> {
        let dir = self.target.join("xtask").join(name);
        fs::create_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        Ok(dir)
    }

    /// As `out`, and empty.
    pub(crate) fn empty_out(&self, name: &str) -> Result<PathBuf> {
        let dir = self.out(name)?;
        fs::remove_dir_all(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        self.out(name)
    }

    /// A file of the checkout.
    pub(crate) fn read(&self, name: &str) -> Result<String> {
        fs::read_to_string(self.root.join(name)).map_err(|e| format!("{name}: {e}"))
    }

    /// Compares a committed file with what it should be, or writes it; UPDATE_GOLDEN=1 always writes.
    pub(crate) fn golden(&self, name: &str, want: &str, golden: Golden) -> Result<()> {
        let rewrite = matches!(golden, Golden::Rewrite) || std::env::var_os("UPDATE_GOLDEN").is_some_and(|v| v == "1");
        let have = fs::read_to_string(self.root.join(name)).unwrap_or_default();
        if have == want {
            return Ok(());
        }
        if rewrite {
            return write(&self.root.join(name), want);
        }
        let new = want.lines().filter(|line| !have.lines().any(|old| old == *line)).map(|line| format!("+ {line}\n"));
        let gone = have.lines().filter(|line| !want.lines().any(|new| new == *line)).map(|line| format!("- {line}\n"));
        let difference: String = gone.chain(new).take(20).collect();
        Err(format!("{name} is out of date; `cargo xtask header` or UPDATE_GOLDEN=1 rewrites it\n{difference}"))
    }
}

pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map(drop).map_err(|e| format!("{} to {}: {e}", from.display(), to.display()))
}

/// Copies a directory and all in it, links as links.
pub(crate) fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    shell::run(Command::new("cp").arg("-RP").arg(from).arg(to)).map(drop)
}
