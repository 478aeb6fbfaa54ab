//! What include/zbatch.h declares: read here to make the rows of ctests/errors.c and the list of symbols, and compiled under every
//! standard that it promises.

use crate::report::Report;
use crate::workspace::{Golden, Workspace, write};
use crate::{Result, shell};
use std::fmt::Write;
use std::process::Command;

pub(crate) fn steps(ws: &Workspace, report: &mut Report) {
    report.step("rows of the header", |_| {
        ws.golden("ctests/header_table.inc", &Api::read(ws)?.table()?, Golden::Compare)
    });
    report.step("header under every standard", |report| matrix(ws, report));
}

/// Compiles nothing but the header, warnings being errors.
fn matrix(ws: &Workspace, report: &mut Report) -> Result<()> {
    let dir = ws.out("matrix")?;
    write(&dir.join("header.c"), "#include \"zbatch.h\"\ntypedef int something;\n")?;
    write(&dir.join("header.cpp"), "#include \"zbatch.h\"\n")?;
    write(&dir.join("wrapper.cpp"), "#include \"zbatch.hpp\"\n")?;
    let mut cells = Vec::new();
    for (c, cpp) in [("gcc", "g++"), ("clang", "clang++")] {
        if !shell::exists(c) || !shell::exists(cpp) {
            report.skip(&format!("header matrix {c}"), "not installed");
            continue;
        }
        cells.extend(["c99", "c11", "c17", "c2x"].map(|std| (c, std, "header.c", None)));
        cells.extend(["c++11", "c++14", "c++17", "c++20"].map(|std| (cpp, std, "header.cpp", None)));
        for std in ["c++17", "c++20"] {
            cells.extend([None, Some("-fno-exceptions")].map(|flag| (cpp, std, "wrapper.cpp", flag)));
        }
    }
    let results = shell::parallel(&cells, |&(compiler, std, source, flag)| {
        let mut command = Command::new(compiler);
        command.args(["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", &format!("-std={std}")]);
        command.args(flag).arg("-I").arg(ws.root.join("include")).arg(dir.join(source));
        shell::run(&mut command).map(drop)
    });
    for ((compiler, std, source, flag), result) in cells.into_iter().zip(results) {
        report.result(&format!("{source} {compiler} -std={std} {}", flag.unwrap_or_default()), result);
    }
    Ok(())
}

/// One function of the header.
struct Function {
    name: String,
    returns: String,
    parameters: Vec<Parameter>,
}

struct Parameter {
    /// As written, without the name: "const zbatch_view *".
    kind: String,
    name: String,
}

/// What the header declares.
pub(crate) struct Api {
    functions: Vec<Function>,
    constants: Vec<String>,
    structs: Vec<String>,
}

impl Api {
    pub(crate) fn read(ws: &Workspace) -> Result<Self> {
        let text = without_comments(&ws.read("include/zbatch.h")?);
        let functions = text.split("\nZBATCH_API ").skip(1).map(Function::parse).collect::<Result<_>>()?;
        let constants = text.lines().filter_map(constant).map(str::to_owned).collect();
        let is_name = |name: &&str| name.starts_with("zbatch_");
        let structs = text.lines().filter_map(|line| line.strip_prefix("} ")?.strip_suffix(';')).filter(is_name);
        let structs = structs.map(str::to_owned).collect();
        Ok(Api { functions, constants, structs })
    }

    /// The functions' names, sorted, one a line: what the library exports, and what objcopy keeps.
    pub(crate) fn symbols(&self) -> String {
        let mut names: Vec<_> = self.functions.iter().map(|f| f.name.as_str()).collect();
        names.sort_unstable();
        names.join("\n") + "\n"
    }

    /// The rows of ctests/header_table.inc.  A parameter that is not known here is an error: a new function gets its rows, or
    /// this does not pass.
    pub(crate) fn table(&self) -> Result<String> {
        let mut out = String::from(
            "/* Made from zbatch.h by `cargo xtask header`; do not edit.  The file that includes this picks a part by\n \
             * defining its macros. */\n\n#ifdef CONSTANT\n",
        );
        for name in &self.constants {
            let _ = writeln!(out, "CONSTANT({name})");
        }
        for name in &self.structs {
            let _ = writeln!(out, "STRUCT({name})");
        }
        out += "#endif\n\n#ifdef STATUS\n";
        for name in self.constants.iter().filter(|name| name.starts_with("ZBATCH_ERROR_")) {
            let _ = writeln!(out, "STATUS({name})");
        }
        out += "#endif\n\n#ifdef FUNCTIONS\n";
        for function in &self.functions {
            function.rows(&mut out)?;
        }
        out += "#endif\n";
        Ok(out)
    }
}

impl Function {
    /// From the text behind ZBATCH_API.
    fn parse(text: &str) -> Result<Self> {
        let wrong = || format!("a declaration that xtask cannot read: {}", text.lines().next().unwrap_or_default());
        let (head, rest) = text.split_once('(').ok_or_else(wrong)?;
        let (list, _) = rest.split_once(");").ok_or_else(wrong)?;
        let head = words(&head.replace("ZBATCH_MUST_USE", ""));
        let Parameter { kind: returns, name } = Parameter::parse(&head).ok_or_else(wrong)?;
        let parameters = match words(list).as_str() {
            "void" => Vec::new(),
            list => list.split(',').map(Parameter::parse).collect::<Option<_>>().ok_or_else(wrong)?,
        };
        Ok(Function { name, returns, parameters })
    }

    /// One row for each pointer: the call with good arguments everywhere else.
    fn rows(&self, out: &mut String) -> Result<()> {
        for (at, null) in self.parameters.iter().enumerate().filter(|(_, p)| p.is_pointer()) {
            let mut arguments = Vec::new();
            let (mut outputs, mut clean_up) = (Vec::new(), Vec::new());
            for (i, parameter) in self.parameters.iter().enumerate() {
                if i == at {
                    arguments.push("NULL".to_owned());
                    continue;
                }
                let argument = parameter.argument(&self.name).ok_or_else(|| {
                    format!(
                        "{}: xtask/src/header.rs knows no argument for '{}{}'",
                        self.name, parameter.kind, parameter.name
                    )
                })?;
                outputs.extend(output_check(&argument));
                clean_up.extend(clean_up_of(&argument));
                arguments.push(argument);
            }
            let call = format!("{}({})", self.name, arguments.join(", "));
            let _ = match self.returns.as_str() {
                "zbatch_status" if null.may_be_null(&self.name) => {
                    writeln!(out, "OPTIONAL({}, {}, {call}, {})", self.name, null.name, or(clean_up, "; ", "(void)0"))
                }
                "zbatch_status" => {
                    writeln!(out, "REFUSED({}, {}, {call}, {})", self.name, null.name, or(outputs, " && ", "1"))
                }
                "void" => writeln!(out, "IGNORED({}, {}, {call})", self.name, null.name),
                _ if null.may_be_null(&self.name) => writeln!(out, "SERVED({}, {}, {call})", self.name, null.name),
                "int" => writeln!(out, "FAILED({}, {}, {call})", self.name, null.name),
                _ => writeln!(out, "ANSWERED({}, {}, {call})", self.name, null.name),
            };
        }
        Ok(())
    }
}

impl Parameter {
    /// From "const zbatch_view *views".
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let start = text.rfind(|c: char| !c.is_alphanumeric() && c != '_')? + 1;
        let (kind, name) = text.split_at(start);
        Some(Parameter { kind: kind.trim_end().to_owned(), name: name.to_owned() })
    }

    fn is_pointer(&self) -> bool {
        self.kind.ends_with('*') || self.kind.ends_with("_fn")
    }

    /// Where the header says that NULL will do.
    fn may_be_null(&self, function: &str) -> bool {
        let makes_codec = function.ends_with("compressor_new");
        match (self.name.as_str(), self.kind.as_str()) {
            ("error" | "run" | "item_status" | "total", _) | ("sizes", "const uint64_t *") => true,
            ("owner" | "unused" | "handle" | "free_fn" | "place" | "names", _) => true,
            // It has something to return whatever happens.
            _ if ["zbatch_object_batch_new", "zbatch_object_compress", "zbatch_object_decompress"]
                .contains(&function) =>
            {
                true
            }
            ("options", _) => !function.ends_with("_from_level") && !function.ends_with("_clamp"),
            ("dict", "const zbatch_dict *") => makes_codec || function.ends_with("_trained"),
            ("train", _) => true,
            ("written", _) => function == "zbatch_multi_decompress_into",
            _ => false,
        }
    }

    /// A good argument, out of what ctests/errors.c has ready: `in` for inputs, `out` for outputs.
    fn argument(&self, function: &str) -> Option<String> {
        let reads_frames = function.contains("decompress") || function.starts_with("zbatch_frame_");
        let bytes = if reads_frames { "in.frames[0].data" } else { "content" };
        let size = if reads_frames { "in.frames[0].size" } else { "SIZE" };
        let training = function == "zbatch_dict_train";
        let known = match (self.kind.as_str(), self.name.as_str()) {
            ("zbatch_error *", _) => "&error",
            ("const char *", "name") => "\"ZBATCH_VERSION\"",
            ("const void *", "data" | "base") => bytes,
            ("const void *", "offsets") => "in.offsets",
            ("size_t", "size") => size,
            ("size_t", "offset_size") => "8",
            ("size_t", "count") if training => "samples.count",
            ("size_t", "count" | "most") => "1",
            ("size_t", "index" | "first" | "max_unsized_item_size") | ("int", "flags") => "0",
            ("size_t", "capacity") => "sizeof in.dst",
            ("size_t", "struct_size") => "sizeof(size_t)",
            ("size_t", "buffer_size") => "sizeof(zbatch_view)",
            ("size_t", "data_offset") => "offsetof(zbatch_view, data)",
            ("size_t", "size_offset") => "offsetof(zbatch_view, size)",
            ("uint64_t", "source_size" | "dict_size") | ("int32_t", "format" | "dict_type" | "level") => "0",
            ("void *", "dst") => "in.dst",
            ("uint64_t", "enough") => "UINT64_MAX",
            ("int32_t", "threads") => "1",
            ("int32_t", "single_frame" | "allow_extra_data") => "0",
            ("void *", "sequence" | "list" | "type" | "owner" | "otherwise" | "handle") => "samples.text",
            ("const void *", "place") => "samples.text",
            ("void *const *", "arguments") => "in.arguments",
            ("ptrdiff_t", "count") => "1",
            ("ptrdiff_t", "index") => "0",
            ("void *", "object") => "&in.object",
            ("void *", "record") => "in.dst",
            ("void *", "unused" | "names") => "NULL",
            ("const zbatch_view *", "samples") => "samples.views",
            ("const zbatch_view *", "views") if reads_frames => "in.frames",
            ("const zbatch_view *", "views") => "in.items",
            ("zbatch_view *", "views") => "out.views",
            ("const zbatch_segment *", _) => "in.segments",
            ("zbatch_segment *", "segments") => "out.segments",
            ("const zbatch_span *", _) => "in.dsts",
            ("zbatch_buffer *const *", _) => "in.buffers",
            ("const uint64_t *", "sizes") => "in.sizes",
            ("uint64_t *", "sizes") => "out.sizes",
            ("uint64_t *", "total" | "nanoseconds") => "&out.total",
            ("size_t *", "written") => "out.written",
            ("size_t *", "out") => "&out.number",
            ("int64_t *", "out") => "&out.constant",
            ("zbatch_view *", "out") => "&out.view",
            ("zbatch_segment *", "out") => "&out.segment",
            ("zbatch_frame *", "out") => "&out.frame",
            ("zbatch_status *", "item_status") => "out.item_status",
            ("zbatch_status *", "status") => "&out.status",
            ("const struct ArrowArray *const *", _) => "in.arrays",
            ("const struct ArrowSchema *", _) => "&in.schema",
            ("size_t", "array_count") => "1",
            ("struct ArrowArray *", _) => "&out.array",
            ("struct ArrowSchema *", _) => "&out.schema",
            ("const zbatch_run_options *", _) => "&in.run",
            ("const zbatch_dict_train_options *", _) => "&in.train_options",
            ("const zbatch_compressor_options *" | "zbatch_compressor_options *", _) => "&in.compressor_options",
            ("const zbatch_decompressor_options *", _) => "&in.decompressor_options",
            ("const zbatch_object_layout *", _) => "&in.layout",
            ("const zbatch_object_batch *", _) => "&in.batch",
            ("const zbatch_methods *", _) => "&in.methods",
            ("zbatch_gather_item_fn", _) => "item_of",
            ("zbatch_gather_bytes_fn", _) => "bytes_of",
            ("zbatch_gather_buffer_fn", _) => "buffer_of",
            ("zbatch_release_fn", _) => "release_of",
            ("zbatch_scatter_new_fn", _) => "new_of",
            ("zbatch_scatter_set_fn", _) => "set_of",
            (kind, name) => return self.handle(kind, name),
        };
        Some(known.to_owned())
    }

    /// `zbatch_X **out`, where a handle is made, and `const zbatch_X *x`, where one is used.
    fn handle(&self, kind: &str, name: &str) -> Option<String> {
        let is_handle = |name: &str| HANDLES.contains(&name);
        if let (Some(made), "out" | "dict") = (kind.strip_prefix("zbatch_").and_then(|k| k.strip_suffix(" **")), name) {
            return is_handle(made).then(|| format!("&out.{made}"));
        }
        let used = kind.strip_prefix("const zbatch_")?.strip_suffix(" *")?;
        is_handle(used).then(|| format!("in.{used}"))
    }
}

const HANDLES: [&str; 7] = ["buffer", "collection", "compressor", "decompressor", "dict", "control", "pins"];

/// How to see that an output was written though the call failed.
fn output_check(argument: &str) -> Option<String> {
    let output = argument.trim_start_matches('&').strip_prefix("out.")?;
    Some(match output {
        "item_status" => "out.item_status[0] == ZBATCH_ERROR_INVALID_ARGUMENT".to_owned(),
        _ => format!("ZERO({output})"),
    })
}

/// How to let go of what a call made.
fn clean_up_of(argument: &str) -> Option<String> {
    let output = argument.strip_prefix("&out.")?;
    match output {
        "array" | "schema" => Some(format!("out.{output}.release(&out.{output})")),
        _ => HANDLES.contains(&output).then(|| format!("zbatch_{output}_free(out.{output})")),
    }
}

fn or(parts: Vec<String>, between: &str, nothing: &str) -> String {
    if parts.is_empty() { nothing.to_owned() } else { parts.join(between) }
}

/// The name in "#define ZBATCH_NAME value" when the value is a number.
fn constant(line: &str) -> Option<&str> {
    let (name, value) = line.strip_prefix("#define ")?.split_once(' ')?;
    let number = value.starts_with(|c: char| c.is_ascii_digit() || c == '(' || c == '-') || value == "UINT64_MAX";
    number.then_some(name)
}

fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((code, comment)) = rest.split_once("/*") {
        out += code;
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    out + rest
}

/// The text with every run of white space made one space.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
