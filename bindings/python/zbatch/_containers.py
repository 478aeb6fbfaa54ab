"""Bytes with tables of segments: what batches return, and take."""

from __future__ import annotations

import operator
from array import array
from collections.abc import Callable, Iterator
from ctypes import byref, c_void_p, string_at
from functools import wraps
from itertools import chain
from pickle import PickleBuffer
from typing import TYPE_CHECKING, Any, NamedTuple, Self, SupportsIndex, TypeVar, overload

from . import _arrow, _errors
from ._cpython import blank_bytes, content_of, keep_for_good, lends_bytes
from ._ffi import ERROR_OUT_OF_RANGE, lib, new_bytes_list, new_list, new_object, pylib, zbatch_error
from ._handles import Handle, Pinned, lent_by, own_buffer, own_collection

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from ._dictionary import ZstdCompressionDict

F = TypeVar("F", bound=Callable[..., object])

#: Bytes of a row of a table of segments.
_ROW = 16

#: Segments that are made at a time when they are asked for one after the other.
_BLOCK = 1024


@lends_bytes(lib, place="offset", doc="Bytes between the start of its buffer and the segment.")
class BufferSegment:
    """Some bytes of a buffer, without a copy of them.

    Segments come out of the containers below by index and by iteration. One is bytes-like: `memoryview(segment)`,
    `b"".join(segments)`, `file.write(segment)`, hashlib and numpy take it as it is. It keeps the memory of its container
    alive, whole; `tobytes()` is a copy that does not.

    It compares and hashes like the bytes that it shows. An index gives an int, a slice another segment.
    """

    if TYPE_CHECKING:

        @property
        def offset(self) -> int: ...
        def __len__(self) -> int: ...
        def __buffer__(self, flags: int, /) -> memoryview: ...
        def tobytes(self) -> bytes: ...

    def __new__(cls, *_: object, **__: object) -> BufferSegment:
        """An empty segment; the others come from containers."""
        return _segment(None, None, 0, 0)

    @overload
    def __getitem__(self, index: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> BufferSegment | memoryview: ...

    def __getitem__(self, index: SupportsIndex | slice) -> int | BufferSegment | memoryview:
        view = memoryview(self)
        if not isinstance(index, slice):
            return view[index]
        # A slice with a step is no segment.
        chosen = view[index]
        if not chosen.contiguous:
            return chosen
        start = index.indices(len(view))[0]
        place = Pinned(self)
        return _segment(place, place.address + start, len(chosen), self.offset + start)

    def __iter__(self) -> Iterator[int]:
        return iter(memoryview(self))

    def __eq__(self, other: object) -> bool:
        try:
            return memoryview(self) == memoryview(other)  # type: ignore[arg-type]
        except (TypeError, ValueError):  # a memoryview that was released is nobody's equal
            return NotImplemented

    def __hash__(self) -> int:
        return hash(self.tobytes())

    def __repr__(self) -> str:
        return f"<zbatch.BufferSegment of {len(self)} bytes at offset {self.offset}>"

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return _one_segment, (_picklable(self, protocol),)


def _segment(owner: object, address: int | None, size: int, offset: int) -> BufferSegment:
    made: BufferSegment = new_object(id(BufferSegment), None if owner is None else id(owner), address, size, offset)
    return made


def _one_segment(data: ReadableBuffer) -> BufferSegment:
    return BufferWithSegments(data, array("Q", [0, memoryview(data).nbytes]))[0]


def _picklable(exporter: Any, protocol: SupportsIndex) -> Any:
    return PickleBuffer(exporter) if operator.index(protocol) >= 5 else bytes(memoryview(exporter))


# Of what lends segments the place is their type.
keep_for_good(BufferSegment)


# ---- what all containers do, whose `_owner` is a handle of a collection


def _iter(self: Any) -> Iterator[BufferSegment]:
    handle = self._owner
    block: list[BufferSegment] = new_list(handle.address, 0, _BLOCK, id(BufferSegment), id(handle))
    if len(block) < _BLOCK:
        return iter(block)
    count = pylib.zbatch_collection_len(handle.address)
    rest = (new_list(handle.address, i, _BLOCK, id(BufferSegment), id(handle)) for i in range(_BLOCK, count, _BLOCK))
    return chain(block, chain.from_iterable(rest))


def _tolist(self: Any) -> list[bytes]:
    """A copy of every segment, made in one pass."""
    made: list[bytes] = new_bytes_list(self._owner.address)
    return made


def _missing_told(new: F) -> F:
    """Names arguments that are missing in the words of a C extension."""

    @wraps(new)
    def told(cls: type, *arguments: Any, **named: Any) -> Any:
        for position, name in enumerate(("data", "segments"), 1):
            if len(arguments) < position and name not in named:
                raise TypeError(f"{cls.__name__}() missing required argument '{name}' (pos {position})")
        return new(cls, *arguments, **named)

    return told  # type: ignore[return-value]


@lends_bytes(lib, items=True)
class BufferSegments:
    """The table of a buffer: native 64-bit pairs of offset and length, as bytes; and a sequence of its segments."""

    if TYPE_CHECKING:

        @property
        def _owner(self) -> Handle: ...
        def __len__(self) -> int: ...
        def __getitem__(self, index: SupportsIndex, /) -> BufferSegment: ...
        def __buffer__(self, flags: int, /) -> memoryview: ...
        def tobytes(self) -> bytes: ...

    def __new__(cls, *_: object, **__: object) -> BufferSegments:
        """An empty table; the others come from `BufferWithSegments.segments()`."""
        return BufferWithSegments(b"", b"").segments()

    __iter__ = _iter

    @property
    def offsets(self) -> memoryview:
        """Where each segment begins: native 64-bit integers, a copy, read-only."""
        return memoryview(_numbers(self)[::2]).toreadonly()

    @property
    def lengths(self) -> memoryview:
        """Bytes in each segment: native 64-bit integers, a copy, read-only."""
        return memoryview(_numbers(self)[1::2]).toreadonly()

    def __repr__(self) -> str:
        return f"<zbatch.BufferSegments of {len(self)} segments>"

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        raise TypeError("cannot pickle a table without its bytes: pickle the BufferWithSegments")


def _numbers(table: BufferSegments) -> array[int]:
    numbers = array("Q")
    numbers.frombytes(memoryview(table))
    return numbers


def _table_of(handle: Handle, address: int | None, count: int) -> BufferSegments:
    made: BufferSegments = new_object(id(BufferSegments), id(handle), address, count * _ROW, id(BufferSegment))
    return made


@lends_bytes(lib, items=True, size="size", doc="Bytes in the buffer, those outside every segment included.")
class BufferWithSegments:
    """Bytes and a table of segments in them.

    `data` is bytes-like and is not copied: it is pinned as long as this buffer, one of its segments or a view lives.
    `segments` is a table of native 64-bit pairs of offset and length, bytes-like, and is copied. Segments may overlap, be
    empty and stand in any order; each must lie inside `data`, or ValueError is raised.

    It is bytes-like itself, and a sequence of BufferSegment. `errors` is that of a packed batch: the exception of each item
    that failed, by index, when it was asked to return them.
    """

    if TYPE_CHECKING:

        @property
        def size(self) -> int: ...
        @property
        def _owner(self) -> Handle: ...
        def __len__(self) -> int: ...
        def __getitem__(self, index: SupportsIndex, /) -> BufferSegment: ...
        def __buffer__(self, flags: int, /) -> memoryview: ...
        def tobytes(self) -> bytes: ...

    @_missing_told
    def __new__(cls, data: ReadableBuffer, segments: ReadableBuffer) -> BufferWithSegments:
        pinned = Pinned(data)
        table = Pinned(segments)
        if table.size % _ROW:
            raise ValueError("segments array size is not a multiple of 16")
        rows = array("Q")
        # Of what is pinned: an exporter may answer differently when it is asked again.
        rows.frombytes(string_at(table.address, table.size))
        return packed(pinned, rows, {})

    __iter__ = _iter
    tolist = _tolist

    def segments(self) -> BufferSegments:
        """The table of segments."""
        return _table_of(self._owner, lib.zbatch_buffer_segments(_buffer(self).address), len(self))

    @property
    def errors(self) -> dict[int, Exception]:
        """Exceptions of the items that failed, by index."""
        kept = getattr(_buffer(self), "_owner", None)
        return kept.errors if isinstance(kept, _Borrowed) else {}

    @property
    def offsets(self) -> memoryview:
        """Where each segment begins: native 64-bit integers, a copy, read-only."""
        return self.segments().offsets

    @property
    def lengths(self) -> memoryview:
        """Bytes in each segment: native 64-bit integers, a copy, read-only."""
        return self.segments().lengths

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        """The segments as an Arrow array, LargeBinary or BinaryView, as of a collection."""
        return _arrow_array(self._owner, (self,))

    def __repr__(self) -> str:
        return f"<zbatch.BufferWithSegments of {self.size} bytes, {len(self)} segments>"

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return _unpickled_buffer, (_picklable(self, protocol), _picklable(self.segments(), protocol), self.errors)


def _unpickled_buffer(data: ReadableBuffer, segments: ReadableBuffer, errors: dict[int, Exception]) -> BufferWithSegments:
    made = BufferWithSegments(data, segments)
    made.errors.update(errors)
    return made


class _Borrowed(NamedTuple):
    """What a buffer over bytes of Python's own keeps: them, and the exceptions of the batch that was packed there."""

    pinned: Pinned
    errors: dict[int, Exception]


def packed(pinned: Pinned, rows: array[int], errors: dict[int, Exception]) -> BufferWithSegments:
    """A buffer over bytes of Python's own, with these rows of offset and length."""
    out, error = c_void_p(), zbatch_error()
    at, count = rows.buffer_info()
    if lib.zbatch_buffer_new_by_reference(pinned.address or None, pinned.size, at, count // 2, byref(out), byref(error)):
        if error.status == ERROR_OUT_OF_RANGE:
            text = "offset within segments array references memory outside buffer"
            raise _errors.about_item(ValueError(text), error.item)
        raise _errors.failure(error)
    return _with_segments(own_buffer(out.value, _Borrowed(pinned, errors)))


def _with_segments(buffer: Handle) -> BufferWithSegments:
    """A BufferWithSegments of a zbatch_buffer."""
    handle = _collection_of((buffer.address,), buffer)
    data, size = lib.zbatch_buffer_data(buffer.address), lib.zbatch_buffer_size(buffer.address)
    made: BufferWithSegments = new_object(id(BufferWithSegments), id(handle), data, size, id(BufferSegment))
    return made


def _buffer(container: BufferWithSegments) -> Handle:
    """The zbatch_buffer of it."""
    buffer: Handle = container._owner._owner
    return buffer


def _collection_of(buffers: tuple[int, ...], keep: object) -> Handle:
    handles = array("Q", buffers)
    out, error = c_void_p(), zbatch_error()
    if lib.zbatch_collection_new(handles.buffer_info()[0], len(handles), byref(out), byref(error)):
        raise _errors.failure(error)
    return own_collection(out.value, keep)


def _joined(buffers: tuple[BufferWithSegments, ...]) -> Handle:
    kept = tuple(map(_buffer, buffers))
    return _collection_of(tuple(buffer.address for buffer in kept), kept)


def _copied(buffer: BufferWithSegments) -> Handle:
    """A zbatch_buffer with its own copy of the bytes."""
    address = _buffer(buffer).address
    data, table = lib.zbatch_buffer_data(address), lib.zbatch_buffer_segments(address)
    out, error = c_void_p(), zbatch_error()
    if lib.zbatch_buffer_new(data, buffer.size, table, len(buffer), byref(out), byref(error)):
        raise _errors.failure(error)
    return own_buffer(out.value)


def _borrows(owner: Any) -> bool:
    """Whether bytes are Python's, which the library does not keep alive."""
    if isinstance(owner, tuple):
        return any(map(_borrows, owner))
    return isinstance(owner, Pinned) or (isinstance(owner, Handle) and _borrows(getattr(owner, "_owner", None)))


def _arrow_array(handle: Handle, buffers: tuple[BufferWithSegments, ...]) -> tuple[object, object]:
    if _borrows(handle):
        copies = [_copied(buffer) for buffer in buffers]
        handle = _collection_of(tuple(copy.address for copy in copies), copies)
    return _arrow.export(handle)


class _WhenAsked:
    """An attribute of collections that is made when it is first asked for, because often it is not."""

    def __init__(self, make: Callable[[BufferWithSegmentsCollection], object]) -> None:
        self._make = make

    def __set_name__(self, kind: type, name: str) -> None:
        self._name = name

    def __get__(self, collection: BufferWithSegmentsCollection | None, kind: object = None) -> Any:
        if collection is None:
            return self
        return collection.__dict__.setdefault(self._name, self._make(collection))


class BufferWithSegmentsCollection:
    """Several buffers whose segments are numbered in one go: the result of every batch.

    It is a sequence of BufferSegment, in the order of the items. Do not count on the number of buffers. `errors` has the
    exception of each item that failed, by index, when the batch was asked to return them; a collection that you make has
    none, whatever its buffers have. `dictionary` is what a batch that
    trained one needs to be decompressed, else None. `close()`, or the end of a `with` block, lets go of the memory before
    the collection itself goes.
    """

    # What the library makes one of: this alone is set.
    __slots__ = ("__dict__", "__weakref__", "_handle")

    _handle: Handle | None
    #: Exceptions of the items that failed, by index.
    errors: dict[int, Exception]
    #: The dictionary that the frames need, of `multi_compress_trained()`.
    dictionary: ZstdCompressionDict | None = None
    #: The sequence of the segments.
    _items: BufferSegments

    if not TYPE_CHECKING:
        errors = _WhenAsked(lambda _: {})
        _items = _WhenAsked(lambda collection: _table_of(collection._owner, None, 0))

    def __init__(self, *buffers: BufferWithSegments, **_: object) -> None:
        if not buffers:
            raise ValueError("must pass at least 1 argument")
        for buffer in buffers:
            if not isinstance(buffer, BufferWithSegments):
                raise TypeError("arguments must be BufferWithSegments instances")
            if not buffer.size or not len(buffer):
                raise ValueError("ZstdBufferWithSegments cannot be empty")
        self._handle = _joined(buffers)

    @property
    def _owner(self) -> Handle:
        handle = self._handle
        if handle is None:
            raise ValueError("this BufferWithSegmentsCollection is closed")
        return handle

    def __len__(self) -> int:
        return int(pylib.zbatch_collection_len(self._owner.address))

    def __getitem__(self, index: SupportsIndex, /) -> BufferSegment:
        """The segment with this index; a negative one counts from the end."""
        return self._items[index]

    def __iter__(self) -> Iterator[BufferSegment]:
        return _iter(self)

    def tolist(self) -> list[bytes]:
        """A copy of every segment, made in one pass."""
        return _tolist(self)

    def size(self) -> int:
        """Bytes in all segments."""
        return int(pylib.zbatch_collection_size(self._owner.address))

    def tobytes(self) -> bytes:
        """A copy of the segments, joined."""
        handle = self._owner
        size = self.size()
        joined = blank_bytes(None, size)
        error = zbatch_error()
        if lib.zbatch_collection_tobytes(handle.address, content_of(joined), size, byref(error)):
            raise _errors.failure(error)
        return joined

    @property
    def buffers(self) -> tuple[BufferWithSegments, ...]:
        """The buffers, not copied."""
        handle = self._owner
        count = lib.zbatch_collection_buffer_count(handle.address)
        lent = [lib.zbatch_collection_buffer_at(handle.address, i) for i in range(count)]
        if not all(lent):
            raise MemoryError
        return tuple(_with_segments(lent_by(handle, buffer)) for buffer in lent)

    @property
    def offsets(self) -> memoryview:
        """Where each segment begins in its own buffer: native 64-bit integers, a copy, read-only."""
        return memoryview(self._numbers()[::2]).toreadonly()

    @property
    def lengths(self) -> memoryview:
        """Bytes in each segment: native 64-bit integers, a copy, read-only."""
        return memoryview(self._numbers()[1::2]).toreadonly()

    def _numbers(self) -> array[int]:
        joined = array("Q")
        for buffer in self.buffers:
            joined.frombytes(memoryview(buffer.segments()))
        return joined

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        """The segments as an Arrow array, LargeBinary or BinaryView. For `pyarrow.array(collection)`.

        The results of batches are not copied. Bytes of Python's own are, because Arrow may keep them longer than Python.
        """
        return _arrow_array(self._owner, self.buffers)

    def close(self) -> None:
        """Lets go of the memory, which goes with the last segment or view of it. Everything else raises ValueError then."""
        self._handle = None
        self.__dict__.pop("_items", None)

    def __enter__(self) -> Self:
        self._owner  # noqa: B018
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._handle is None:
            return "<zbatch.BufferWithSegmentsCollection, closed>"
        return f"<zbatch.BufferWithSegmentsCollection of {len(self)} segments, {self.size()} bytes>"

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return _unpickled, (self.buffers, self.errors, self.dictionary)


def _unpickled(
    buffers: tuple[BufferWithSegments, ...], errors: dict[int, Exception], dictionary: ZstdCompressionDict | None
) -> BufferWithSegmentsCollection:
    made = result(_joined(buffers), errors)
    made.dictionary = dictionary
    return made


def result(handle: Handle, errors: dict[int, Exception]) -> BufferWithSegmentsCollection:
    """The collection that a batch made."""
    made = _new(BufferWithSegmentsCollection)
    made._handle = handle
    if errors:
        made.errors = errors
    return made


_new = BufferWithSegmentsCollection.__new__
