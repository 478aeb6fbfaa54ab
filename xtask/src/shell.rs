//! Running other programs.

use crate::Result;
use std::ffi::OsStr;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Runs a command and returns what it wrote; the error holds the command and all of its output.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|e| cannot_start(command, &e))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(text) } else { Err(format!("{command:?}\n{text}({})", output.status)) }
}

/// Runs a command that must fail, and say `reason`.
pub(crate) fn refuse(command: &mut Command, reason: &str) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().map_err(|e| cannot_start(command, &e))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    // Messages are wrapped at some width.
    let said = text.split_whitespace().collect::<Vec<_>>().join(" ").contains(reason);
    if said && !output.status.success() {
        Ok(())
    } else {
        Err(format!("{command:?}\n{text}should fail with {reason:?}"))
    }
}

/// Runs a command with its output where the user sees it.
pub(crate) fn show(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().map_err(|e| cannot_start(command, &e))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}\n({status})")) }
}

/// Runs a program that may hang; what it writes goes to the file `log`.
pub(crate) fn run_for(command: &mut Command, log: &Path, limit: Duration) -> Result<(ExitStatus, String)> {
    let file = File::create(log).map_err(|e| format!("{}: {e}", log.display()))?;
    let same = file.try_clone().map_err(|e| format!("{}: {e}", log.display()))?;
    command.stdin(Stdio::null()).stdout(file).stderr(same);
    let mut child = command.spawn().map_err(|e| cannot_start(command, &e))?;
    let start = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) if start.elapsed() < limit => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                // Both fail only when the child has just ended, which is as good.
                let _ = child.kill();
                let _ = child.wait();
                break Err(format!("still running after {} s, ended", limit.as_secs()));
            }
            Err(e) => break Err(e.to_string()),
        }
    };
    let text = String::from_utf8_lossy(&std::fs::read(log).unwrap_or_default()).into_owned();
    match status {
        Ok(status) => Ok((status, text)),
        Err(why) => Err(format!("{command:?}\n{text}{why}")),
    }
}

/// Whether there is a program of this name.
pub(crate) fn exists(program: impl AsRef<OsStr>) -> bool {
    let tried = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    !tried.is_err_and(|e| e.kind() == ErrorKind::NotFound)
}

/// Does the work for every item on as many threads as there are CPUs; the results come in the order of the items.
pub(crate) fn parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = Mutex::new(items.iter().enumerate());
    let done = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((at, item)) = next.lock().ok().and_then(|mut left| left.next()) {
                    let result = work(item);
                    if let Ok(mut done) = done.lock() {
                        done.push((at, result));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|&(at, _)| at);
    done.into_iter().map(|(_, result)| result).collect()
}

fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    format!("{command:?}\n{error}")
}
