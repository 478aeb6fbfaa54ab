"""The Arrow C data interface: results go out and columns come in without a copy, and without pyarrow."""

from __future__ import annotations

from array import array
from ctypes import CFUNCTYPE, Structure, byref, c_char_p, c_int, c_int64, c_void_p
from typing import Any, NamedTuple, Protocol

from . import _errors
from ._call import WORDS
from ._cpython import capsule_content
from ._ffi import ERROR_NO_MEMORY, ERROR_UNSUPPORTED, NO_ITEM, lib, new_arrow_array, new_arrow_schema, zbatch_error
from ._handles import Handle


class _Schema(Structure):
    """struct ArrowSchema."""

    _fields_ = [
        ("format", c_char_p),
        ("name", c_char_p),
        ("metadata", c_void_p),
        ("flags", c_int64),
        ("n_children", c_int64),
        ("children", c_void_p),
        ("dictionary", c_void_p),
        ("release", c_void_p),
        ("private_data", c_void_p),
    ]


class _Array(Structure):
    """struct ArrowArray."""

    _fields_ = [
        ("length", c_int64),
        ("null_count", c_int64),
        ("offset", c_int64),
        ("n_buffers", c_int64),
        ("n_children", c_int64),
        ("buffers", c_void_p),
        ("children", c_void_p),
        ("dictionary", c_void_p),
        ("release", c_void_p),
        ("private_data", c_void_p),
    ]


class _Stream(Structure):
    """struct ArrowArrayStream."""

    _fields_ = [
        ("get_schema", c_void_p),
        ("get_next", c_void_p),
        ("get_last_error", c_void_p),
        ("release", c_void_p),
        ("private_data", c_void_p),
    ]


_SCHEMA, _ARRAY, _STREAM = b"arrow_schema", b"arrow_array", b"arrow_array_stream"
_release = CFUNCTYPE(None, c_void_p)
_ask = CFUNCTYPE(c_int, c_void_p, c_void_p)
_last_error = CFUNCTYPE(c_char_p, c_void_p)


def export(handle: Handle) -> tuple[object, object]:
    """A pair of capsules that describe the segments: LargeBinary or BinaryView."""
    # Made first, so that what the library exports has an owner at once. The library ends them too: what a destructor does in
    # Python fails while an exception is on its way, and Ctrl-C is lost in it.
    schema, content, error = new_arrow_schema(), new_arrow_array(), zbatch_error()
    content_at, schema_at = capsule_content(content, _ARRAY), capsule_content(schema, _SCHEMA)
    if lib.zbatch_collection_export_arrow(handle.address, content_at, schema_at, byref(error)):
        raise _errors.failure(error)
    return schema, content


class Column(NamedTuple):
    """Items back to back: where their bytes and offsets are, and what keeps them there."""

    data: int
    size: int
    offsets: int
    offset_size: int
    items: int
    keep: object


class Exporter(Protocol):
    """An object that gives itself as an Arrow array."""

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        """Capsules with the schema and the array."""


class StreamExporter(Protocol):
    """An object that gives itself as several Arrow arrays of one type."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A capsule with the stream."""


class Arrays(NamedTuple):
    """Arrow arrays of one type: where they and their schema are, their items, and what keeps them there."""

    schema: int
    arrays: array[int]
    items: int
    keep: object


def take(exporter: Any) -> Arrays:
    """The arrays of an object with `__arrow_c_array__` or `__arrow_c_stream__`."""
    if not hasattr(exporter, "__arrow_c_array__"):
        return _of_stream(exporter.__arrow_c_stream__())
    capsules = exporter.__arrow_c_array__()
    try:
        schema, content = capsules
    except (TypeError, ValueError):
        raise TypeError(f"__arrow_c_array__() of a {type(exporter).__name__} does not return two capsules") from None
    at = capsule_content(content, _ARRAY)
    # What is negative the library refuses.
    items = max(_Array.from_address(at).length, 0)
    return Arrays(capsule_content(schema, _SCHEMA), array(WORDS, (at,)), items, capsules)


def _of_stream(capsule: object) -> Arrays:
    at = capsule_content(capsule, _STREAM)
    stream = _Stream.from_address(at)
    if not stream.release:
        raise ValueError("this Arrow stream was consumed already")

    def ask(function: int, out: int) -> None:
        if _ask(function)(at, out):
            text = _last_error(stream.get_last_error)(at) if stream.get_last_error else None
            raise ValueError(f"an Arrow stream failed: {(text or b'it does not say why').decode(errors='replace')}")

    arrays, items = array(WORDS), 0
    # Made before they are filled, so that what an interrupt leaves is released.
    keep = [capsule, new_arrow_schema()]
    schema = capsule_content(keep[1], _SCHEMA)
    ask(stream.get_schema, schema)
    # Of a wrong type nothing more is asked for.
    fill_views(Arrays(schema, arrays, items, keep), None, zbatch_error())
    while True:
        keep.append(new_arrow_array())
        part_at = capsule_content(keep[-1], _ARRAY)
        ask(stream.get_next, part_at)
        part = _Array.from_address(part_at)
        if not part.release:
            # Its arrays stay. Who gives it again is told that it is empty.
            _release(stream.release)(at)
            return Arrays(schema, arrays, max(items, 0), keep)
        arrays.append(part_at)
        items += part.length


def fill_views(arrays: Arrays, views: int | None, error: zbatch_error) -> None:
    """Makes views of the items."""
    at = arrays.arrays.buffer_info()[0]
    if lib.zbatch_views_from_arrow(arrays.schema, at, len(arrays.arrays), views, arrays.items, byref(error)):
        if error.status == ERROR_NO_MEMORY:
            raise MemoryError
        if error.item != NO_ITEM:
            raise _errors.about_item(ValueError(_errors.message(error)), error.item)
        if error.status == ERROR_UNSUPPORTED:
            kind = _Schema.from_address(arrays.schema).format.decode(errors="replace")
            raise TypeError(f"{_errors.message(error)}, not of format {kind!r}")
        raise ValueError(_errors.message(error))
