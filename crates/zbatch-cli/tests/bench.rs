//! `zbatch bench` as its users meet it: the program is run on real files, and what it prints and returns is looked at.

use serde_json::Value;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A new empty folder for one test.
fn folder(test: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench").join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("a folder");
    path
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn source_files() -> Vec<Vec<u8>> {
    let entries = fs::read_dir(sources()).expect("the sources");
    entries.map(|entry| fs::read(entry.expect("an entry").path()).expect("a source file")).collect()
}

fn bench(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zbatch"));
    command.args(["bench", "--repeat", "2"]).args(arguments).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("the program writes UTF-8")
}

/// What `zbatch bench --json` printed.
fn json(arguments: &[&str]) -> Value {
    let output = bench(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(output.stderr.is_empty(), "no progress where there is no terminal");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The program must fail, print nothing to be taken for a result, and say `words`.
fn fails(arguments: &[&str], words: &[&str]) {
    let output = bench(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    for word in words {
        assert!(text(&output.stderr).contains(word), "{arguments:?}: {word:?} is not in {:?}", text(&output.stderr));
    }
}

fn number(report: &Value, path: &str) -> f64 {
    report.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path} in {report}"))
}

#[test]
fn the_table_shows_both_directions_beside_the_plain_loop() {
    let output = bench(&[sources().to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    let files = source_files();
    assert!(table.contains(&format!("items {} ", files.len())), "{table}");
    assert!(table.contains(&format!("bytes {} ", files.concat().len())), "{table}");
    for word in ["ratio", "MB/s", "ns/item", "plain loop", "gain", "of limit", "byte for byte"] {
        assert!(table.contains(word), "{word} is not in\n{table}");
    }
    for direction in ["compress ", "decompress "] {
        let line = table.lines().find(|line| line.starts_with(direction)).unwrap();
        let numbers: Vec<f64> =
            line.split_whitespace().filter_map(|word| word.trim_end_matches('x').parse().ok()).collect();
        assert!(numbers.len() >= 6 && numbers.iter().all(|&number| number > 0.0), "{line}");
    }
}

#[test]
fn the_numbers_in_json_agree_with_each_other() {
    let report = json(&[sources().to_str().unwrap(), "--level", "-5", "--threads", "2"]);
    let files = source_files();
    let (items, bytes) = (number(&report, "/items"), number(&report, "/bytes"));
    assert_eq!((items, bytes), (files.len() as f64, files.concat().len() as f64));
    assert_eq!((number(&report, "/level"), number(&report, "/threads"), number(&report, "/repeat")), (-5.0, 2.0, 2.0));
    assert_eq!(number(&report, "/ratio"), bytes / number(&report, "/compressed_bytes"));
    let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b} in {report}");
    let allowed = number(&report, "/threads_allowed");
    assert!((1.0..=2.0).contains(&allowed));
    for direction in ["compress", "decompress"] {
        let number = |name: &str| number(&report, &format!("/{direction}/{name}"));
        for side in ["zbatch", "plain"] {
            let seconds = number(&format!("{side}/seconds"));
            assert!(seconds > 0.0);
            close(number(&format!("{side}/mb_per_s")), bytes / 1e6 / seconds);
            close(number(&format!("{side}/ns_per_item")), 1e9 * seconds / items);
        }
        close(number("gain"), number("plain/seconds") / number("zbatch/seconds"));
        assert!((1.0..=2.0).contains(&number("workers")));
        close(number("of_limit"), number("gain") / allowed);
    }
}

#[test]
fn every_line_is_an_item() {
    let folder = folder("lines");
    let file = folder.join("lines.txt");
    fs::write(&file, "one\n\nthree\r\nfour without an end").unwrap();
    let report = json(&[file.to_str().unwrap(), "--lines"]);
    assert_eq!((number(&report, "/items"), number(&report, "/bytes")), (4.0, (3 + 6 + 19) as f64));
}

#[test]
fn files_are_cut_into_chunks() {
    let folder = folder("chunks");
    fs::write(folder.join("a"), vec![b'a'; 5000]).unwrap();
    fs::write(folder.join("b"), vec![b'b'; 4096]).unwrap();
    let report = json(&[folder.to_str().unwrap(), "--chunk", "2K"]);
    assert_eq!((number(&report, "/items"), number(&report, "/bytes")), (3.0 + 2.0, 9096.0));
}

#[test]
fn a_dictionary_makes_small_items_smaller() {
    let folder = folder("dictionary");
    let record =
        |i: usize| format!("{{\"id\": {i}, \"name\": \"user {}\", \"mail\": \"u{i}@example.org\"}}\n", i * 7919 % 1000);
    fs::write(folder.join("records.json"), (0..5000).map(record).collect::<String>()).unwrap();
    let path = folder.to_str().unwrap();
    let without = json(&[path, "--lines"]);
    let with = json(&[path, "--lines", "--dict", "4K"]);
    assert!((256.0..=4096.0).contains(&number(&with, "/dict_bytes")));
    assert!(number(&with, "/ratio") > 1.5 * number(&without, "/ratio"), "{with} {without}");
}

#[test]
fn an_empty_file_is_an_empty_item() {
    let folder = folder("empty");
    fs::write(folder.join("empty"), "").unwrap();
    fs::write(folder.join("full"), "x").unwrap();
    let report = json(&[folder.to_str().unwrap()]);
    assert_eq!((number(&report, "/items"), number(&report, "/bytes")), (2.0, 1.0));
    // Even alone.
    let report = json(&[folder.join("empty").to_str().unwrap()]);
    assert_eq!((number(&report, "/items"), number(&report, "/bytes"), number(&report, "/ratio")), (1.0, 0.0, 0.0));
    fails(&[folder.join("empty").to_str().unwrap(), "--lines"], &["no item"]);
}

#[test]
fn errors_name_the_file() {
    let folder = folder("errors");
    fails(&[folder.join("missing.txt").to_str().unwrap()], &["missing.txt", "No such file"]);
    // Between good ones too.
    let source = sources();
    fails(&[source.to_str().unwrap(), folder.join("gone").to_str().unwrap()], &["gone"]);
    fails(&[folder.to_str().unwrap()], &["no file"]);
    fails(&["/dev/null"], &["/dev/null", "neither a file nor a folder"]);
}

#[test]
fn bad_numbers_are_refused_with_a_reason() {
    let source = sources();
    let path = source.to_str().unwrap();
    fails(&[path, "--level", "23"], &["23", "-131072..=22"]);
    fails(&[path, "--chunk", "0"], &["at least 1"]);
    fails(&[path, "--chunk", "64Q"], &["number"]);
    fails(&[path, "--dict", "many"], &["number"]);
    fails(&[path, "--threads", "x"], &["--threads"]);
    fails(&[path, "--repeat", "0"], &["--repeat"]);
    fails(&[path, "--lines", "--chunk", "1K"], &["--lines", "--chunk"]);
    fails(&[path, "--dict", "100"], &["dictionary of 100 bytes"]);
    fails(&[], &["PATH"]);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let source = sources();
    let mut program = Command::new(env!("CARGO_BIN_EXE_zbatch"));
    program.args(["bench", source.to_str().unwrap(), "--repeat", "1"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    drop(child.stdout.take());
    let mut complaints = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(complaints, "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_zbatch"));
    let output = program.args(["bench", sources().to_str().unwrap(), "--repeat", "1"]).stdout(full).output().unwrap();
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("standard output"));
}
