"""What the package shows: its names, signatures and docstrings, and what it says about names that it has not."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import pydoc
import re
import subprocess
import sys
import types
import typing
import unittest
from typing import Any

from support import PACKAGE, TESTS, environment, needs_peer, peer, run

import zbatch
from zbatch import _methods

#: Names of the peer that programs with batches use.
WANTED = {
    "BufferSegment",
    "BufferSegments",
    "BufferWithSegments",
    "BufferWithSegmentsCollection",
    "FrameParameters",
    "ZstdCompressionDict",
    "ZstdCompressionParameters",
    "ZstdCompressor",
    "ZstdDecompressor",
    "ZstdError",
    "backend",
    "backend_features",
    "compress",
    "decompress",
    "estimate_decompression_context_size",
    "frame_content_size",
    "frame_header_size",
    "get_frame_parameters",
    "train_dictionary",
    "ZSTD_VERSION",
    "__version__",
}
OWN = {"Columns", "Control", "multi_compress_trained", "multi_decompress_trained", "release_retained", "retained_size"}

SIGNATURES = {
    "ZstdCompressor": "(level=3, dict_data=None, compression_params=None, write_checksum=None, "
    "write_content_size=None, write_dict_id=None, threads=0, *, max_frame_size=0)",
    "ZstdCompressor.multi_compress_to_buffer": "(self, data, threads=0, *, errors='raise', control=None, verify=False)",
    "ZstdCompressor.compress": "(self, data)",
    "ZstdCompressor.memory_size": "(self)",
    "ZstdCompressor.frame_progression": "(self)",
    "ZstdDecompressor": "(dict_data=None, max_window_size=0, format=0, *, max_item_size=0, "
    "max_unsized_item_size=0, max_total_size=0, require_checksum=False, single_frame=False, allow_extra_data=False)",
    "ZstdDecompressor.multi_decompress_to_buffer": "(self, frames, decompressed_sizes=None, threads=0, *, "
    "errors='raise', control=None)",
    "ZstdDecompressor.multi_decompress_into": "(self, frames, buffers, threads=0, *, errors='raise', control=None)",
    "ZstdDecompressor.multi_decompress_packed": "(self, frames, buffer, decompressed_sizes=None, threads=0, *, "
    "errors='raise', control=None)",
    "ZstdDecompressor.decompressed_sizes": "(self, frames)",
    "ZstdDecompressor.decompress": "(self, data, max_output_size=0, read_across_frames=False, allow_extra_data=True)",
    "ZstdDecompressor.memory_size": "(self)",
    "ZstdCompressionParameters": "(format=0, compression_level=0, window_log=0, hash_log=0, chain_log=0, search_log=0, "
    "min_match=0, target_length=0, strategy=-1, write_content_size=1, write_checksum=0, write_dict_id=0, job_size=0, "
    "overlap_log=-1, force_max_window=0, enable_ldm=0, ldm_hash_log=0, ldm_min_match=0, ldm_bucket_size_log=0, "
    "ldm_hash_rate_log=-1, threads=0)",
    "ZstdCompressionParameters.from_level": "(level, /, source_size=0, dict_size=0, **overrides)",
    "ZstdCompressionParameters.estimated_compression_context_size": "(self)",
    "ZstdCompressionDict": "(data, dict_type=0)",
    "ZstdCompressionDict.as_bytes": "(self)",
    "ZstdCompressionDict.dict_id": "(self)",
    "train_dictionary": "(dict_size, samples, k=0, d=0, f=0, split_point=0.0, accel=0, notifications=0, dict_id=0, "
    "level=0, steps=0, threads=0)",
    "frame_content_size": "(source)",
    "frame_header_size": "(source)",
    "get_frame_parameters": "(data, format=0)",
    "estimate_decompression_context_size": "()",
    "compress": "(data, level=3)",
    "decompress": "(data, max_output_size=0)",
    "Control": "()",
    "retained_size": "()",
    "release_retained": "()",
    "Columns": "(data, offsets)",
}


def without_annotations(target: Any) -> str:
    signature = inspect.signature(target)
    plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
    return str(signature.replace(parameters=plain, return_annotation=inspect.Signature.empty))


def public(owner: Any) -> list[tuple[str, Any]]:
    """Public names of a class, in the order of their definition."""
    return [(name, value) for name, value in vars(owner).items() if not name.startswith("_")]


class Names(unittest.TestCase):
    """Module attributes."""

    def test_all_is_all(self) -> None:
        found = {name for name in vars(zbatch) if not name.startswith("_")} | {"__version__"}
        modules = {name for name in found if isinstance(getattr(zbatch, name), types.ModuleType)}
        self.assertEqual(modules, set())
        self.assertEqual(set(zbatch.__all__), found)
        self.assertEqual(len(zbatch.__all__), len(set(zbatch.__all__)))
        self.assertTrue(WANTED | OWN <= found, (WANTED | OWN) - found)
        extra = {name for name in found if not name.isupper()} - WANTED - OWN
        self.assertEqual(extra, set())

    def test_star(self) -> None:
        space: dict[str, Any] = {}
        exec("from zbatch import *", space)
        self.assertTrue(set(zbatch.__all__) <= set(space))

    def test_values(self) -> None:
        self.assertEqual(zbatch.backend_features, {"buffer_types", "multi_compress_to_buffer", "multi_decompress_to_buffer"})
        self.assertIsInstance(zbatch.backend_features, set)
        self.assertEqual(zbatch.ZSTD_VERSION, (1, 5, 7))
        self.assertRegex(zbatch.__version__, r"^\d+\.\d+\.\d+$")
        self.assertEqual(zbatch.backend, "cext")
        self.assertEqual(zbatch.MAGIC_NUMBER, 4247762216)
        self.assertEqual(zbatch.FRAME_HEADER, b"\x28\xb5\x2f\xfd")
        self.assertEqual(zbatch.MAX_COMPRESSION_LEVEL, 22)
        self.assertEqual((zbatch.CONTENTSIZE_UNKNOWN, zbatch.CONTENTSIZE_ERROR), (2**64 - 1, 2**64 - 2))
        self.assertEqual((zbatch.FORMAT_ZSTD1, zbatch.FORMAT_ZSTD1_MAGICLESS), (0, 1))
        self.assertEqual((zbatch.DICT_TYPE_AUTO, zbatch.DICT_TYPE_RAWCONTENT, zbatch.DICT_TYPE_FULLDICT), (0, 1, 2))

    @needs_peer
    def test_every_constant_of_the_peer(self) -> None:
        for name in dir(peer):
            if name.isupper() and not name.startswith("_"):
                self.assertEqual(getattr(zbatch, name), getattr(peer, name), name)
                self.assertIs(type(getattr(zbatch, name)), type(getattr(peer, name)), name)

    def test_elsewhere(self) -> None:
        for name in (
            "open",
            "ZstdCompressionReader",
            "ZstdCompressionWriter",
            "ZstdDecompressionReader",
            "ZstdDecompressionWriter",
            "ZstdCompressionObj",
            "ZstdDecompressionObj",
            "ZstdCompressionChunker",
            "CompressionParameters",
            "backend_c",
            "Buffer",
        ):
            with self.subTest(name), self.assertRaises(AttributeError) as caught:
                getattr(zbatch, name)
            text = str(caught.exception)
            self.assertIn(f"'{name}'", text)
            self.assertIn(": use ", text)
            named = [word for word in re.findall(r"\b([A-Za-z_]+)(?:\(\)|\b)", text.split(": use ", 1)[1])]
            self.assertTrue(any(hasattr(zbatch, word) or word in ("zbatch", "abc") for word in named), text)
            self.assertFalse(hasattr(zbatch, name))

    def test_nowhere(self) -> None:
        with self.assertRaises(AttributeError) as caught:
            zbatch.no_such_name  # noqa: B018
        self.assertEqual(str(caught.exception), "module 'zbatch' has no attribute 'no_such_name'")
        with self.assertRaises(ImportError):
            exec("from zbatch import no_such_name")

    @needs_peer
    def test_every_public_name_of_the_peer_is_here_or_says_where(self) -> None:
        for name in dir(peer):
            value = getattr(peer, name)
            if name.startswith("_") or isinstance(value, types.ModuleType) or type(value).__name__ == "_Feature":
                continue
            if not hasattr(zbatch, name):
                with self.assertRaises(AttributeError) as caught:
                    getattr(zbatch, name)
                self.assertIn(": use ", str(caught.exception), name)

    @needs_peer
    def test_methods_of_the_peer(self) -> None:
        instances = {
            "ZstdCompressor": zbatch.ZstdCompressor(),
            "ZstdDecompressor": zbatch.ZstdDecompressor(),
            "ZstdCompressionDict": zbatch.ZstdCompressionDict(b"foobarbaz"),
            "ZstdCompressionParameters": zbatch.ZstdCompressionParameters(),
        }
        absent = {
            "ZstdCompressor": {
                "chunker", "compressobj", "copy_stream", "read_to_iter", "stream_reader", "stream_writer",
            },
            "ZstdDecompressor": {
                "copy_stream", "decompress_content_dict_chain", "decompressobj", "read_to_iter", "stream_reader", "stream_writer",
            },
        }  # fmt: skip
        for cls, instance in instances.items():
            for name in dir(getattr(peer, cls)):
                if name.startswith("_"):
                    continue
                if name in absent.get(cls, ()):
                    with self.assertRaises(AttributeError) as caught:
                        getattr(instance, name)
                    self.assertIn(name, str(caught.exception))
                    self.assertRegex(str(caught.exception), r"multi_|compress\(\)|ZstdCompressionDict|: use ")
                else:
                    self.assertTrue(hasattr(instance, name), f"{cls}.{name}")

    def test_as_another_name(self) -> None:
        import zbatch as zstd

        self.assertIs(zstd.ZstdError, zbatch.ZstdError)
        self.assertTrue(issubclass(zstd.ZstdError, Exception))

    def test_subclasses(self) -> None:
        class Mine(zbatch.ZstdCompressor):
            def __init__(self, name: str) -> None:
                super().__init__(level=9, write_checksum=True)
                self.name = name

        mine = Mine("x")
        self.assertEqual(mine.name, "x")
        self.assertEqual(mine.compress(b"foo"), zbatch.ZstdCompressor(9, write_checksum=True).compress(b"foo"))

        class Other(zbatch.ZstdDecompressor):
            pass

        self.assertEqual(Other().multi_decompress_to_buffer([mine.compress(b"foo")])[0].tobytes(), b"foo")


class Documentation(unittest.TestCase):
    """Signatures and docstrings."""

    def test_signatures(self) -> None:
        for path, expected in SIGNATURES.items():
            target = zbatch
            for name in path.split("."):
                target = getattr(target, name)
            with self.subTest(path):
                # `self` has no name of its own in methods of CPython's own kind.
                self.assertEqual(without_annotations(target).replace("(self, /", "(self"), expected)

    def test_every_argument_is_annotated(self) -> None:
        definitions = {f"{kind.__name__}.{function.__name__}": function for kind, function, _ in _methods.METHODS}
        for path in SIGNATURES:
            target: Any = zbatch
            for name in path.split("."):
                target = getattr(target, name)
            target = definitions.get(path, target)
            signature = inspect.signature(target)
            for parameter in signature.parameters.values():
                if parameter.name != "self":
                    self.assertIsNot(parameter.annotation, inspect.Parameter.empty, f"{path}: {parameter.name}")

    def test_docstrings(self) -> None:
        undocumented = [] if (zbatch.__doc__ or "").strip() else ["zbatch"]
        for name in zbatch.__all__:
            value = getattr(zbatch, name)
            if not callable(value):
                continue
            if not (value.__doc__ or "").strip():
                undocumented.append(name)
            if isinstance(value, type):
                for member, inner in public(value):
                    if callable(inner) or inspect.isdatadescriptor(inner) or isinstance(inner, (staticmethod, classmethod)):
                        if not (inner.__doc__ or "").strip():
                            undocumented.append(f"{name}.{member}")
        self.assertEqual(undocumented, [])

    def test_help(self) -> None:
        for name in sorted(WANTED | OWN):
            value = getattr(zbatch, name)
            if callable(value):
                text = pydoc.render_doc(value, renderer=pydoc.plaintext)
                self.assertIn(name, text)
        self.assertIn("multi_compress_to_buffer", pydoc.render_doc(zbatch, renderer=pydoc.plaintext))

    def test_names_of_types(self) -> None:
        for name in WANTED | OWN:
            value = getattr(zbatch, name)
            if callable(value):
                self.assertEqual(value.__module__, "zbatch")
            if isinstance(value, type):
                self.assertEqual(value.__name__, name)
                self.assertIs(getattr(sys.modules[value.__module__], name), value)
                self.assertEqual(value.__qualname__, name)

    def test_the_example_of_the_module_runs(self) -> None:
        text = inspect.getdoc(zbatch) or ""
        code = "\n".join(line[4:] for line in text.splitlines() if line.startswith("    "))
        self.assertIn("import zbatch as zstd", code)
        handled: list[bytes] = []
        exec(code, {"records": [b"foo", b"bar"], "handle": lambda view: handled.append(bytes(view))})
        self.assertEqual(handled, [b"foo", b"bar"])

    def test_typed(self) -> None:
        self.assertTrue((PACKAGE / "py.typed").is_file())

    def test_reprs(self) -> None:
        self.assertIn("ZstdCompressor", repr(zbatch.ZstdCompressor()))
        self.assertIn("content_size=3", repr(zbatch.get_frame_parameters(zbatch.compress(b"foo"))))


#: The numbers but 0, 1 and 2, and the powers and shifts, that the package has of its own, by file.
OWN_NUMBERS: dict[str, set[object]] = {
    "__init__.py": {4},  # bytes of a magic number
    # Items and nanoseconds of what is small and what is long, seconds that a signal waits, bytes of C integers.
    "_call.py": {64, 50_000_000, 0.05, 4, 8},
    # Bytes of a row of a table, segments made at a time, the protocol of out-of-band pickles.
    "_containers.py": {16, 1024, 5},
    "_cpython.py": {4, 16, 18, 19, 44, 45, 52, 64, 72, 128},  # of CPython's headers
    # Bytes of a C integer and of a row; sizes of windows are given by their logarithm.
    "_decompressor.py": {8, 16, "LShift"},
    "_dictionary.py": {4, 8},  # zstd's choice of steps and d for who chooses neither
    "_ffi.py": {232},  # the text in a zbatch_error
}


class Numbers(unittest.TestCase):
    """Sizes, limits and defaults are the library's: Python asks for them."""

    def test_who_has_numbers_is_known(self) -> None:
        for path in sorted(PACKAGE.glob("*.py")):
            found: set[object] = set()
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and type(node.value) in (int, float):
                    found.add(node.value)
                elif isinstance(node, (ast.LShift, ast.RShift, ast.Pow)):
                    found.add(type(node).__name__)
            with self.subTest(path.name):
                self.assertEqual(found - {0, 1, 2} - OWN_NUMBERS.get(path.name, set()), set(), "ask zbatch_constant()")

    def test_nobody_counts_cpus(self) -> None:
        for path in PACKAGE.glob("*.py"):
            self.assertNotIn("cpu_count", path.read_text(), path.name)


class Import(unittest.TestCase):
    """What importing costs and needs."""

    def test_nothing_but_the_standard_library(self) -> None:
        out = run(
            """
            import sys
            before = set(sys.modules)
            import zbatch
            zbatch.ZstdDecompressor().multi_decompress_to_buffer(zbatch.ZstdCompressor().multi_compress_to_buffer([b"x"]))
            known = set(sys.stdlib_module_names) | {"zbatch"}
            print(sorted({name.split(".")[0] for name in set(sys.modules) - before} - known))
            """
        )
        self.assertEqual(eval(out), [])

    def test_warnings_are_errors(self) -> None:
        run("import warnings; warnings.simplefilter('error'); import zbatch; zbatch.compress(b'x')")

    def test_private_modules_stay_private(self) -> None:
        self.assertEqual([p.name for p in PACKAGE.glob("*.py") if not p.name.startswith("_")], [])

    def test_annotations_can_be_read(self) -> None:
        for cls in (zbatch.Control,):
            for _, value in public(cls):
                target = value.fget if isinstance(value, property) else value
                if inspect.isfunction(target):
                    typing.get_type_hints(target)

    def test_a_typed_program_runs(self) -> None:
        run((TESTS / "typed_program.py").read_text())

    def test_it_has_every_name(self) -> None:
        source = ast.parse((TESTS / "typed_program.py").read_text())
        used = {node.attr for node in ast.walk(source) if isinstance(node, ast.Attribute)}
        self.assertEqual({name for name in zbatch.__all__ if not name.isupper()} - used, set())

    @unittest.skipUnless(importlib.util.find_spec("mypy"), "mypy is not installed")
    def test_a_program_type_checks(self) -> None:
        program = TESTS / "typed_program.py"
        done = subprocess.run(
            [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--cache-dir", "/dev/null", str(program)],
            env={**environment(), "MYPYPATH": str(PACKAGE.parent)},
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
