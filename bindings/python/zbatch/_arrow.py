"""The Arrow C data interface: results go out and columns come in without a copy, and without pyarrow."""

from __future__ import annotations

from ctypes import CFUNCTYPE, PYFUNCTYPE, Structure, addressof, byref, c_char_p, c_int32, c_int64, c_ubyte, c_void_p, cast, py_object, pythonapi, sizeof
from typing import Any, NamedTuple, Protocol

from . import _errors
from ._cpython import capsule_content, new_capsule
from ._ffi import lib, zbatch_error
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


_SCHEMA, _ARRAY = b"arrow_schema", b"arrow_array"
_release = CFUNCTYPE(None, c_void_p)

#: What capsules point at, by address.
_exported: dict[int, _Schema | _Array] = {}


def _destroyer(name: bytes) -> Any:
    """A capsule's destructor. What it needs it holds: it may run while the interpreter ends."""

    def destroy(
        capsule: int,
        content: Any = capsule_content,
        exported: Any = _exported,
        call: Any = cast,
        release: Any = _release,
        address: Any = addressof,
    ) -> None:
        struct = exported.pop(content(capsule, name))
        if struct.release:  # nobody took it over
            call(struct.release, release)(address(struct))

    return PYFUNCTYPE(None, c_void_p)(destroy)


_DESTROY = {name: _destroyer(name) for name in (_SCHEMA, _ARRAY)}
for _destroy in _DESTROY.values():
    # Capsules may outlive this module.
    pythonapi.Py_IncRef(py_object(_destroy))


def _capsule(struct: _Schema | _Array, name: bytes) -> object:
    address = addressof(struct)
    _exported[address] = struct
    return new_capsule(address, name, cast(_DESTROY[name], c_void_p))


def export(handle: Handle) -> tuple[object, object]:
    """A pair of capsules that describe the segments: LargeBinary or BinaryView."""
    schema, array, error = _Schema(), _Array(), zbatch_error()
    if lib.zbatch_collection_export_arrow(handle.address, byref(array), byref(schema), byref(error)):
        raise _errors.failure(error)
    return _capsule(schema, _SCHEMA), _capsule(array, _ARRAY)


class Column(NamedTuple):
    """Items back to back: where their bytes and offsets are, and what keeps them there."""

    data: int
    size: int
    offsets: int
    offset_size: int
    items: int
    keep: object


_OFFSETS: dict[bytes, type[c_int32] | type[c_int64]] = {b"z": c_int32, b"u": c_int32, b"Z": c_int64, b"U": c_int64}


class Exporter(Protocol):
    """An object that gives itself as an Arrow array."""

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        """Capsules with the schema and the array."""


def column(exporter: Any) -> Column:
    """The binary or string column that `exporter`, an object with `__arrow_c_array__`, holds."""
    capsules = exporter.__arrow_c_array__()
    schema = _Schema.from_address(capsule_content(id(capsules[0]), _SCHEMA))
    array = _Array.from_address(capsule_content(id(capsules[1]), _ARRAY))
    kind = _OFFSETS.get(schema.format)
    if kind is None:
        raise TypeError(f"an Arrow array must be binary, large_binary, string or large_string, not {schema.format!r}")
    validity, offsets, data = (c_void_p * 3).from_address(array.buffers)
    first, count = array.offset, array.length
    if array.null_count > 0 or (array.null_count < 0 and validity and _has_null(validity, first, count)):
        raise ValueError("an Arrow array with nulls has no bytes for them: drop or fill them first")
    if not offsets:  # an empty array may have none
        return Column(0, 0, 0, sizeof(kind), 0, capsules)
    ends = (kind * (first + count + 1)).from_address(offsets)
    return Column(data or 0, ends[first + count], addressof(ends) + first * sizeof(kind), sizeof(kind), count, capsules)


def _has_null(validity: int, first: int, count: int) -> bool:
    size = (first + count + 7) // 8
    bits = int.from_bytes((c_ubyte * size).from_address(validity), "little") >> first
    return (~bits & ((1 << count) - 1)) != 0
