"""What `_ffi.py` declares is what include/zbatch.h declares, as a C parser reads it."""

from __future__ import annotations

import ctypes
import importlib.util
import re
import unittest
from pathlib import Path
from typing import Any

from zbatch import _ffi, _library

ROOT = Path(__file__).resolve().parents[3]
HEADER = ROOT / "include/zbatch.h"


def _example() -> Any:
    """The example shows how cffi reads the header; it is the one place that knows."""
    spec = importlib.util.spec_from_file_location("cffi_abi", ROOT / "bindings/python/examples/cffi_abi.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kind_of_c(ffi: Any, kind: Any) -> Any:
    """A type of the header, as far as the two sides must agree on it."""
    if kind.kind == "array":
        return kind_of_c(ffi, kind.item), kind.length
    if kind.kind != "primitive":
        return "pointer" if kind.kind in ("pointer", "function") else kind.kind
    if kind.cname in ("char", "double"):
        return kind.cname
    return ("signed" if int(ffi.cast(kind, -1)) < 0 else "unsigned"), ffi.sizeof(kind)


def kind_of_ctypes(kind: Any) -> Any:
    """The same of a type of ctypes."""
    if kind is None:
        return "void"
    if issubclass(kind, ctypes.Array):
        return kind_of_ctypes(kind._type_), kind._length_
    code = kind._type_
    named = {"P": "pointer", "z": "pointer", "c": "char", "d": "double"}.get(code)
    return named or (("signed" if code.islower() else "unsigned"), ctypes.sizeof(kind))


class CallsTest(unittest.TestCase):
    def test_every_function_that_is_called_is_declared(self) -> None:
        """ctypes finds the others as well, and takes every result of theirs for an int."""
        called = set()
        for path in Path(_ffi.__file__).parent.glob("*.py"):
            called |= set(re.findall(r"\b(?:py)?lib(?:\.|\[\")(zbatch_\w+)", path.read_text(encoding="utf-8")))
        self.assertGreater(len(called), 20)
        self.assertEqual(called - set(_ffi.FUNCTIONS), set())


@unittest.skipUnless(importlib.util.find_spec("cffi"), "cffi is not installed")
class HeaderTest(unittest.TestCase):
    ffi: Any
    library: Any

    @classmethod
    def setUpClass(cls) -> None:
        example = _example()
        cls.ffi = example.cffi.FFI()
        cls.ffi.cdef(example.declarations(HEADER))
        cls.library = cls.ffi.dlopen(_library.find())

    def test_functions(self) -> None:
        names = [name for name in dir(self.library) if name.startswith("zbatch_")]
        self.assertGreater(len(names), 70)
        self.assertEqual(sorted(_ffi.FUNCTIONS), sorted(names))
        for name, (result, arguments) in _ffi.FUNCTIONS.items():
            with self.subTest(name):
                declared = self.ffi.typeof(getattr(self.library, name))
                self.assertEqual([kind_of_ctypes(a) for a in arguments], [kind_of_c(self.ffi, a) for a in declared.args])
                self.assertEqual(kind_of_ctypes(result), kind_of_c(self.ffi, declared.result))
                # A string comes as bytes, any other pointer as an address.
                self.assertEqual(result is ctypes.c_char_p, declared.result is self.ffi.typeof("const char *"))
                for door in (_ffi.lib, _ffi.pylib):
                    function = getattr(door, name)
                    self.assertEqual((function.restype, tuple(function.argtypes)), (result, tuple(arguments)))

    def test_structs(self) -> None:
        defined, tagged, _ = self.ffi.list_types()
        structs = {name: kind for name in defined if (kind := self.ffi.typeof(name)).kind == "struct" and kind.fields}
        self.assertGreater(len(structs), 8)
        # Arrow's, of which the header knows the names alone.
        self.assertEqual([name for name in tagged if self.ffi.typeof(f"struct {name}").fields], [])
        ours: dict[str, Any] = {name: value for name, value in vars(_ffi).items() if name.startswith("zbatch_")}
        self.assertEqual(sorted(ours), sorted(structs))
        for name, kind in structs.items():
            with self.subTest(name):
                theirs = [(field, place.offset, kind_of_c(self.ffi, place.type)) for field, place in kind.fields]
                mine = [(field, getattr(ours[name], field).offset, kind_of_ctypes(t)) for field, t in ours[name]._fields_]
                self.assertEqual(mine, theirs)
                self.assertEqual(ctypes.sizeof(ours[name]), self.ffi.sizeof(name))
                self.assertEqual(_ffi.constant(f"sizeof({name})"), self.ffi.sizeof(name))

    def test_constants(self) -> None:
        declared = constants(HEADER.read_text(encoding="utf-8"))
        self.assertGreater(len(declared), 40)
        for name, value in declared.items():
            with self.subTest(name):
                self.assertEqual(_ffi.constant(name) % 2**64, value % 2**64)
        ours = {name: value for name, value in vars(_ffi).items() if name.isupper() and isinstance(value, int)}
        self.assertGreater(len(ours), 5)
        for name, value in ours.items():
            with self.subTest(name):
                self.assertEqual(value, declared.get(f"ZBATCH_{name}"))


def constants(header: str) -> dict[str, int]:
    """The numbers that the header defines, which may be written in terms of others."""
    known = {"UINT64_MAX": 2**64 - 1}
    for name, value in re.findall(r"(?m)^#define (ZBATCH_\w+) ([-(\d].*|UINT64_MAX.*)$", header):
        # Of C's ways to write a number, those that are not Python's as well.
        value = re.sub(r"(?<=\d)[uUlL]+\b", "", value.split("/*")[0])
        known[name] = eval(value, {}, known)
    return {name: value for name, value in known.items() if name.startswith("ZBATCH_")}


if __name__ == "__main__":
    unittest.main()
