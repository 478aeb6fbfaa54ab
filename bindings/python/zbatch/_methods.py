"""Methods that the library runs by itself in the common case: a frame of Python costs as much as a small document.

What stands in a class statement is the definition, and says what is wrong in every case. The attribute of the class becomes
a method like those of CPython's own types, of a C function that does the common case and calls the definition for the rest.
Such a method has no annotations at run time, so `typing.get_type_hints()` gives {}; type checkers see the definition.
"""

from __future__ import annotations

from ctypes import byref, sizeof
from types import FunctionType
from typing import Any

from . import _cpython
from ._call import LONG
from ._compressor import ZstdCompressor
from ._containers import BufferSegment, BufferWithSegmentsCollection
from ._decompressor import ZstdDecompressor
from ._ffi import lib, zbatch_methods
from ._handles import Handle

#: The class of each, its definition, and the C function.
METHODS: tuple[tuple[type, Any, Any], ...] = (
    (ZstdCompressor, ZstdCompressor.multi_compress_to_buffer, lib.zbatch_method_multi_compress),
    (ZstdDecompressor, ZstdDecompressor.multi_decompress_to_buffer, lib.zbatch_method_multi_decompress),
    (ZstdCompressor, ZstdCompressor.compress, lib.zbatch_method_compress),
    (ZstdDecompressor, ZstdDecompressor.decompress, lib.zbatch_method_decompress),
    (BufferWithSegmentsCollection, BufferWithSegmentsCollection.__len__, lib.zbatch_method_len),
    (BufferWithSegmentsCollection, BufferWithSegmentsCollection.size, lib.zbatch_method_size),
    (BufferWithSegmentsCollection, BufferWithSegmentsCollection.__getitem__, lib.zbatch_method_item),
    (BufferWithSegmentsCollection, BufferWithSegmentsCollection.__iter__, lib.zbatch_method_iter),
    (BufferWithSegmentsCollection, BufferWithSegmentsCollection.tolist, lib.zbatch_method_tolist),
)


def _told(function: FunctionType) -> str:
    """The signature and docstring of a method's definition, in the way of CPython's own ones."""
    code = function.__code__
    unnamed, named = code.co_varnames[: code.co_argcount], code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]
    defaults = dict(zip(reversed(unnamed), reversed(function.__defaults__ or ())))
    defaults.update(function.__kwdefaults__ or {})
    told = [f"{name}={defaults[name]!r}" if name in defaults else name for name in unnamed]
    if code.co_posonlyargcount:
        told.insert(code.co_posonlyargcount, "/")
    told += ["*"] * bool(named) + [f"{name}={defaults[name]!r}" for name in named]
    return f"{function.__name__}(${', '.join(told)})\n--\n\n{function.__doc__ or ''}"


def _hand_over() -> None:
    kept = (Handle, BufferWithSegmentsCollection, BufferSegment, _cpython.HANDLE, _cpython.THREADS)
    functions = _cpython.method_functions()
    if functions is None:
        return
    methods = zbatch_methods(
        sizeof(zbatch_methods),
        *functions,
        *map(id, (list, tuple, int, bytes, *kept)),
        *(id(definition) for _, definition, _ in METHODS),
        LONG,
    )
    # The library has the methods of one package: who imports it twice has plain ones.
    if lib.zbatch_methods_bind(byref(methods), None):
        return
    for one in kept:
        _cpython.keep_for_good(one)
    for kind, definition, function in METHODS:
        _cpython.keep_for_good(definition)
        setattr(kind, definition.__name__, _cpython.new_method(kind, definition.__name__, function, _told(definition)))


_hand_over()
