//! The steps that are cargo's.

use crate::Result;
use crate::report::Report;
use crate::shell;
use crate::workspace::Workspace;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

pub(crate) fn steps(ws: &Workspace, report: &mut Report) {
    report.step("cargo fmt", |_| shell::show(ws.cargo().args(["fmt", "--all", "--check"])));
    report.step("cargo clippy", |_| {
        let args = ["clippy", "--quiet", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
        shell::show(ws.cargo().args(args))
    });
    report.step("cargo doc", |_| {
        let mut doc = ws.cargo();
        doc.env("RUSTDOCFLAGS", "-D warnings");
        shell::show(doc.args(["doc", "--quiet", "--locked", "--workspace", "--no-deps"]))
    });
    report.step("cargo test", |report| test(ws, report));
}

/// Runs the tests of the workspace and counts them; lines about what went well are left out.
fn test(ws: &Workspace, report: &mut Report) -> Result<()> {
    let mut command = ws.cargo();
    command.args(["test", "--quiet", "--locked", "--workspace", "--no-fail-fast", "--", "--format=pretty"]);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|e| format!("cargo test: {e}"))?;
    let stdout = child.stdout.take().ok_or("cargo test has no output")?;
    let mut failed = 0;
    for line in BufReader::new(stdout).lines() {
        let line = line.map_err(|e| format!("cargo test: {e}"))?;
        let named = line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... "));
        match named {
            Some((_, "ok")) => report.pass(1),
            Some((name, "FAILED")) => {
                failed += 1;
                report.fail(&format!("cargo test {name}"), "");
            }
            // An example that the documentation marks as not to be run says so by itself.
            Some((name, "ignored")) if !name.contains(" (line ") => report.skip(name, "#[ignore]"),
            Some((name, rest)) if rest.starts_with("ignored, ") => report.skip(name, rest),
            _ if line.is_empty() || line.starts_with("running ") || line.starts_with("test result: ok") => {}
            _ => println!("    {line}"),
        }
    }
    let status = child.wait().map_err(|e| format!("cargo test: {e}"))?;
    // A test that took its process down has no line of its own.
    if status.success() || failed > 0 { Ok(()) } else { Err(format!("cargo test: {status}")) }
}
