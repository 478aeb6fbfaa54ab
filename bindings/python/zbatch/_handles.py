"""Owners of the library's handles.

They are ended by C code alone: what `__del__` does in Python can be where Ctrl-C is raised, and is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from ctypes import addressof
from typing import TYPE_CHECKING, Any

from ._cpython import DATA, RELEASE_BUFFER, PyBuffer, PyBUF_SIMPLE, address_of, get_buffer, lends_bytes
from ._ffi import lib, new_handle


@lends_bytes(lib, handle=True)
class Handle:
    """A handle of the library, freed when the last call or view that uses it is gone; `_owner` is kept as long as it is."""

    if TYPE_CHECKING:

        @property
        def _owner(self) -> Any: ...
        @property
        def address(self) -> int: ...

    def __new__(cls) -> Any:
        raise TypeError("a handle is made by the zbatch library alone")

    def __reduce__(self) -> Any:
        raise TypeError("a handle of the zbatch library cannot be pickled")


def _owned_by(free: Any) -> Callable[..., Handle]:
    at = address_of(free)

    def own(address: int | None, keep: object = None) -> Handle:
        made: Handle = new_handle(id(Handle), None if keep is None else id(keep), address, at)
        return made

    return own


own_buffer = _owned_by(lib.zbatch_buffer_free)
own_collection = _owned_by(lib.zbatch_collection_free)
own_compressor = _owned_by(lib.zbatch_compressor_free)
own_control = _owned_by(lib.zbatch_control_free)
own_decompressor = _owned_by(lib.zbatch_decompressor_free)
own_dict = _owned_by(lib.zbatch_dict_free)


def lent_by(keep: object, address: int) -> Handle:
    """A handle that another one owns."""
    made: Handle = new_handle(id(Handle), id(keep), address, None)
    return made


own_pins = _owned_by(lib.zbatch_pins_free)


def output_of(handle: Handle) -> int:
    """Where a call may write what the handle is to own from then on. Nothing can come between."""
    return id(handle) + DATA


class Pinned:
    """The bytes of any object with the buffer protocol, pinned where they are until this object goes."""

    __slots__ = ("_as_parameter_", "_record", "address", "size")

    def __init__(self, exporter: object, flags: int = PyBUF_SIMPLE) -> None:
        record = PyBuffer()
        at = addressof(record)
        # Made first, so that no interrupt leaves the bytes pinned: what was not filled is released by doing nothing.
        self._record: Handle = new_handle(id(Handle), id(record), at, RELEASE_BUFFER)
        get_buffer(exporter, at, flags)
        self.address: int = record.buf or 0
        self.size: int = record.len
        # What ctypes hands on where a pointer is wanted, as for bytes. No property: ctypes has its own exception for what
        # an interrupt raises in one.
        self._as_parameter_ = record.buf

    def __len__(self) -> int:
        return self.size

    def __reduce__(self) -> Any:
        raise TypeError("what is pinned in memory cannot be pickled")
