//! Writes `include/zbatch.h`, or with `--check` tells whether it is what this would write.
//!
//! cbindgen decides every declaration. What it cannot do is done on its text: the declarations
//! stand in the order of the Rust sources, each file a chapter under the title that is its first
//! line; comments of one line take one line; negative numbers have parentheses; and prototypes
//! break where people would break them.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The public modules of zbatch-ffi in the order of the header: a name is declared before it is
/// used.
const CHAPTERS: [&str; 16] = [
    "version",
    "status",
    "bytes",
    "buffer",
    "collection",
    "dict",
    "control",
    "run",
    "compress",
    "decompress",
    "trained",
    "arrow",
    "gather",
    "objects",
    "item",
    "method",
];

const WIDTH: usize = 80;

/// Stands between the prologue of the header and the declarations in what cbindgen writes.
const BEGIN: &str = "/* begin */";

fn main() -> ExitCode {
    let check = match env::args().nth(1).as_deref() {
        None => false,
        Some("--check") => true,
        Some(_) => {
            eprintln!("usage: zbatch-header [--check]");
            return ExitCode::from(2);
        }
    };
    match run(check) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("zbatch-header: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(check: bool) -> Result<()> {
    let made = header()?;
    let path = path_of_header();
    if !check {
        return Ok(fs::write(path, made)?);
    }
    match first_difference(&fs::read_to_string(&path)?, &made) {
        None => Ok(()),
        Some(hint) => Err(format!("{} is stale: {hint}", path.display()).into()),
    }
}

fn path_of_header() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../include/zbatch.h")
}

/// Where two texts part, in the words of a diff.
fn first_difference(committed: &str, made: &str) -> Option<String> {
    if committed == made {
        return None;
    }
    let (mut old, mut new) = (committed.lines(), made.lines());
    for number in 1.. {
        match (old.next(), new.next()) {
            (None, None) => break,
            (old, new) if old == new => {}
            (old, new) => {
                let [old, new] = [old, new].map(|line| line.unwrap_or("(end of file)"));
                return Some(format!("line {number}\n- {old}\n+ {new}\nwrite it anew: cargo xtask header"));
            }
        }
    }
    Some("its line ends differ".to_owned())
}

/// The text of the header.
fn header() -> Result<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = here.join("../zbatch-ffi/src");
    let chapters = chapters(&sources)?;

    let mut config = cbindgen::Config::from_file(here.join("cbindgen.toml"))?;
    config.header = Some(fs::read_to_string(here.join("essay.txt"))?.trim_end().to_owned());
    config.after_includes.get_or_insert_default().push_str(BEGIN);
    let mut builder = cbindgen::Builder::new().with_config(config);
    for module in CHAPTERS {
        builder = builder.with_src(sources.join(module).with_extension("rs"));
    }
    let mut raw = Vec::new();
    builder.generate()?.write(&mut raw);
    tidy(&String::from_utf8(raw)?, &chapters)
}

struct Chapter {
    title: String,
    /// What the file defines, in its order, and whether an empty line sets it apart.
    names: Vec<(String, bool)>,
}

fn chapters(sources: &Path) -> Result<Vec<Chapter>> {
    let root = fs::read_to_string(sources.join("lib.rs"))?;
    let modules = root.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    for module in modules {
        if !CHAPTERS.contains(&module) {
            return Err(format!("module {module} is no chapter yet").into());
        }
    }
    CHAPTERS
        .iter()
        .map(|module| {
            let text = fs::read_to_string(sources.join(module).with_extension("rs"))?;
            let title = text.lines().next().and_then(|line| line.strip_prefix("//! "));
            let title = title.ok_or_else(|| format!("{module}.rs has no title"))?.to_owned();
            Ok(Chapter { title, names: names(&text) })
        })
        .collect()
}

fn names(text: &str) -> Vec<(String, bool)> {
    let mut apart = false;
    let mut names = Vec::new();
    for line in text.lines() {
        apart |= line.is_empty();
        if let Some(name) = name_in_rust(line) {
            names.push((name, std::mem::take(&mut apart)));
        }
    }
    names
}

/// The name that a line of Rust gives to C.
fn name_in_rust(line: &str) -> Option<String> {
    const BEGINNINGS: [&str; 6] = [
        "pub const ",
        "pub type ",
        "pub struct ",
        "pub extern \"C\" fn ",
        "pub unsafe extern \"C\" fn ",
        "pub unsafe extern \"C-unwind\" fn ",
    ];
    let rest = BEGINNINGS.iter().find_map(|beginning| line.strip_prefix(beginning))?;
    let name = word(rest);
    (!name.starts_with("Arrow")).then(|| name.to_owned())
}

/// Puts the declarations of `raw` into chapters.
fn tidy(raw: &str, chapters: &[Chapter]) -> Result<String> {
    let (prologue, rest) = raw.split_once(BEGIN).ok_or("cbindgen lost the beginning")?;
    let mut blocks: Vec<&str> = rest
        .split("\n\n")
        .map(|block| block.trim_matches('\n'))
        .filter(|block| block.starts_with("#define") || !block.starts_with(['#', '}']))
        .filter(|block| !block.is_empty())
        .collect();
    let mut out = prologue.trim_end().to_owned();
    out += "\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n";
    for chapter in chapters {
        out += &heading(&chapter.title);
        let mut before = "";
        for (name, apart) in &chapter.names {
            let at = blocks.iter().position(|block| name_in_c(block) == name);
            let block = blocks.remove(at.ok_or_else(|| format!("cbindgen left {name} out"))?);
            if *apart || !(is_short_constant(before) && is_short_constant(block)) {
                out.push('\n');
            }
            out += &fold(block);
            before = block;
        }
    }
    match blocks.first() {
        None => Ok(out + "\n#ifdef __cplusplus\n}\n#endif\n\n#endif /* ZBATCH_H */\n"),
        Some(block) => Err(format!("of no chapter: {block}").into()),
    }
}

fn heading(title: &str) -> String {
    let (rule, width) = ("=".repeat(WIDTH - 6), WIDTH - 6);
    format!("\n/* {rule} */\n/* {title:^width$} */\n/* {rule} */\n")
}

/// Constants stand close together as long as a line is enough to explain each.
fn is_short_constant(block: &str) -> bool {
    block.contains("#define ") && comment_of(block) <= 3
}

/// Number of lines of the comment that a block begins with.
fn comment_of(block: &str) -> usize {
    let end = || block.lines().position(|line| line == " */");
    if block.starts_with("/**") { end().map_or(0, |last| last + 1) } else { 0 }
}

/// The name that a block of C declares.
fn name_in_c(block: &str) -> &str {
    let mut code = block.lines().skip(comment_of(block));
    let first = code.next().unwrap_or_default();
    let last = code.last().unwrap_or(first);
    if let Some(constant) = first.strip_prefix("#define ") {
        return word(constant);
    }
    if let Some((_, pointer)) = last.split_once("(*") {
        return word(pointer);
    }
    let declared = match first.starts_with("typedef") {
        true => last.trim_end_matches(';'),
        false => last.split('(').next().unwrap_or_default(),
    };
    declared.rsplit([' ', '*']).next().unwrap_or_default()
}

/// The identifier at the beginning of `text`.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

/// One block as people would write it.
fn fold(block: &str) -> String {
    let lines: Vec<&str> = block.lines().collect();
    let mut out = String::new();
    let mut rest = &lines[..];
    while let [line, after @ ..] = rest {
        rest = after;
        if let Some(comment) = one_line_comment(line, after) {
            out += &comment;
            rest = &after[2..];
        } else if let Some((name, number)) =
            line.strip_prefix("#define ").and_then(|constant| constant.split_once(" -"))
        {
            out += &format!("#define {name} (-{number})");
        } else if line.starts_with("ZBATCH_API") {
            let mut prototype = line.to_string();
            for more in rest {
                prototype.push(' ');
                prototype += more.trim_start();
            }
            return out + &wrap(&prototype);
        } else if let Some((pointer, arguments)) = line.split_once(")(").filter(|_| line.len() > WIDTH) {
            out += &align(&format!("{pointer})("), arguments);
            continue;
        } else {
            out += line;
        }
        out.push('\n');
    }
    out
}

/// A comment of one line of text, on one line.
fn one_line_comment(line: &str, after: &[&str]) -> Option<String> {
    let [text, end, ..] = after else { return None };
    if line.trim() != "/**" || end.trim() != "*/" {
        return None;
    }
    let indent = &line[..line.len() - line.trim_start().len()];
    let comment = format!("{indent}/** {} */", text.trim().trim_start_matches("* "));
    (comment.len() <= WIDTH).then_some(comment)
}

/// A prototype: on one line, or the type on its own.
fn wrap(prototype: &str) -> String {
    let Some((head, arguments)) = prototype.split_once('(').filter(|_| prototype.len() > WIDTH) else {
        return format!("{prototype}\n");
    };
    let name = head.rfind([' ', '*']).map_or(0, |at| at + 1);
    format!("{}\n{}", head[..name].trim_end(), align(&format!("{}(", &head[name..]), arguments))
}

/// Arguments behind `beginning`, aligned below each other; below it where one has no room there.
fn align(beginning: &str, arguments: &str) -> String {
    let mut out = beginning.to_owned();
    let mut indent = beginning.len();
    // The last argument has its ");" with it, the others a comma to come.
    let comma = |argument: &str| usize::from(!argument.ends_with(';'));
    if arguments.split(", ").any(|argument| indent + argument.len() + comma(argument) > WIDTH) {
        indent = 8;
        out += &format!("\n{:indent$}", "");
    }
    let mut column = indent;
    for (i, argument) in arguments.split(", ").enumerate() {
        let comma = comma(argument);
        if i > 0 && column + 2 + argument.len() + comma > WIDTH {
            out += &format!(",\n{:indent$}", "");
            column = indent;
        } else if i > 0 {
            out += ", ";
            column += 2;
        }
        out += argument;
        column += argument.len();
    }
    out + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_is_fresh() {
        let committed = fs::read_to_string(path_of_header()).unwrap();
        let stale = first_difference(&committed, &header().unwrap());
        assert!(stale.is_none(), "include/zbatch.h is stale: {}", stale.unwrap_or_default());
    }

    #[test]
    fn the_first_difference_is_told() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        let hint = first_difference("a\nb\n", "a\nc\n").unwrap();
        assert!(hint.starts_with("line 2\n- b\n+ c\n"));
        assert!(first_difference("a\n", "a\nb\n").unwrap().contains("- (end of file)\n+ b"));
    }

    #[test]
    fn an_empty_line_sets_a_name_apart() {
        let text = "pub const A: u32 = 0;\n/// Text.\npub const B: u32 = 1;\n\n/// Text.\npub const C: u32 = 2;\n";
        assert_eq!(names(text), [("A".to_owned(), false), ("B".to_owned(), false), ("C".to_owned(), true)]);
    }

    #[test]
    fn long_prototypes_break_after_the_type() {
        let long = "ZBATCH_API const zbatch_segment *zbatch_buffer_segments(const zbatch_buffer *buffer);";
        let broken = "ZBATCH_API const zbatch_segment *\nzbatch_buffer_segments(const zbatch_buffer *buffer);\n";
        assert_eq!(wrap(long), broken);
        let type_alone = format!("ZBATCH_API int {}(const struct something *first, int second);", "n".repeat(50));
        assert!(wrap(&type_alone).ends_with("n(\n        const struct something *first, int second);\n"));
    }
}
