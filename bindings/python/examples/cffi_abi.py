"""A batch through libzbatch by cffi in ABI mode: no compiler, nothing declared but what the C header says.

    python cffi_abi.py [include/zbatch.h [libzbatch.so]]
"""

import re
import sys
from pathlib import Path
from typing import Any

import cffi

TREE = Path(__file__).resolve().parents[3]


def declarations(header: Path) -> str:
    """The header as cffi reads it: without comments, without the preprocessor's lines and what they stand for."""
    text = re.sub(r"/\*.*?\*/", "", header.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"^ *#.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\bZBATCH_(?:API|MUST_USE)\b", "", text)
    # The braces of extern "C" are C++'s, though its lines are outside the preprocessor's.
    return re.sub(r'extern "C" \{(.*)\}', r"\1", text, flags=re.DOTALL)


def main(header: Path, library: Path) -> None:
    ffi = cffi.FFI()
    ffi.cdef(declarations(header))
    zbatch = ffi.dlopen(str(library))
    error = ffi.new("zbatch_error *")

    def check(status: int) -> None:
        if status < 0:
            raise RuntimeError(ffi.string(error.message).decode())

    def handle(kind: str, *arguments: Any) -> Any:
        """What zbatch_<kind>_new makes, freed when Python has no more use for it."""
        out = ffi.new(f"zbatch_{kind} **")
        check(getattr(zbatch, f"zbatch_{kind}_new")(*arguments, out, error))
        return ffi.gc(out[0], getattr(zbatch, f"zbatch_{kind}_free"))

    def run(call: Any, codec: Any, views: Any, count: int, *further: Any) -> Any:
        """What a batch call makes of so many views."""
        out = ffi.new("zbatch_collection **")
        check(call(codec, views, count, *further, out, error))
        return ffi.gc(out[0], zbatch.zbatch_collection_free)

    compressor = handle("compressor", ffi.NULL, ffi.NULL)
    decompressor = handle("decompressor", ffi.NULL, ffi.NULL)

    readings = b", ".join([b"4.5", b"5.25", b"4.75"] * 10)
    records = [b'{"id": %d, "city": "Oslo", "celsius": [%s]}' % (i, readings) for i in range(100_000)]
    pinned = [ffi.from_buffer(record) for record in records]
    views = ffi.new("zbatch_view[]", [(data, len(data)) for data in pinned])

    frames = run(zbatch.zbatch_multi_compress_to_buffer, compressor, views, len(views), ffi.NULL, ffi.NULL)
    # The views of a collection are the input of the next call as they are.
    views, count = zbatch.zbatch_collection_views(frames), zbatch.zbatch_collection_len(frames)
    items = run(zbatch.zbatch_multi_decompress_to_buffer, decompressor, views, count, ffi.NULL, ffi.NULL, ffi.NULL)

    views = zbatch.zbatch_collection_views(items)
    if [bytes(ffi.buffer(view.data, view.size)) for view in views[0 : zbatch.zbatch_collection_len(items)]] != records:
        raise RuntimeError("the items are not what they were")
    small, large = zbatch.zbatch_collection_size(frames), zbatch.zbatch_collection_size(items)
    print(f"{large} bytes as {small} in {zbatch.zbatch_collection_buffer_count(frames)} buffers, and back")


def library_in_tree() -> Path:
    names = {"darwin": "libzbatch.dylib", "win32": "zbatch.dll"}
    return TREE / "target/release" / names.get(sys.platform, "libzbatch.so")


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:]]
    main(*given, *[TREE / "include/zbatch.h", library_in_tree()][len(given) :])
