//! `unsafe` has known addresses in this crate: the calls into libzstd, the output memory, and what the system tells of forks.

use std::fs;
use std::path::{Path, PathBuf};

const LISTED: [&str; 6] =
    ["guests.rs", "libzstd.rs", "memory/mod.rs", "memory/pages.rs", "memory/parts.rs", "process.rs"];

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { find(&path, files) } else { files.push(path) }
    }
}

/// Whether the code of a file, its comments apart, has the word.
fn is_unsafe(text: &str) -> bool {
    let words = |line: &str| line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe");
    text.lines().any(|line| !line.trim_start().starts_with("//") && words(line))
}

#[test]
fn unsafe_code_is_only_where_it_is_listed() {
    let mut files = Vec::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    find(&src, &mut files);
    let unsafe_files: Vec<String> = files
        .iter()
        .filter(|file| is_unsafe(&fs::read_to_string(file).expect("source text")))
        .map(|file| file.strip_prefix(&src).expect("a file in it").to_string_lossy().into_owned())
        .collect();
    let sorted = {
        let mut names = unsafe_files;
        names.sort();
        names
    };
    assert_eq!(sorted, LISTED);
}

#[test]
fn the_word_is_found_in_code_and_not_in_comments() {
    assert!(is_unsafe("fn f() { unsafe { g() } }") && is_unsafe("    unsafe fn f() {}"));
    assert!(!is_unsafe("// unsafe\n#![deny(unsafe_code)]\n/// an unsafe thing"));
}
