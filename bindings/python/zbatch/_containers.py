"""Bytes with tables of segments: what batches return, and take."""

from __future__ import annotations

import operator
import sys
from array import array
from collections.abc import Iterator
from ctypes import byref, c_void_p, string_at
from itertools import chain
from pickle import PickleBuffer
from typing import TYPE_CHECKING, Any, SupportsIndex

from . import _arrow, _errors
from ._cpython import blank_bytes, content_of, lends_bytes
from ._ffi import ERROR_OUT_OF_RANGE, lib, new_bytes_list, new_list, new_object, pylib, zbatch_error
from ._handles import Handle, Pinned, lent_by, own_buffer, own_collection

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from ._dictionary import ZstdCompressionDict

#: Bytes of a row of a table of segments.
_ROW = 16

#: Segments that are made at a time when they are asked for one after the other.
_BLOCK = 1024

_MISSING: Any = object()


@lends_bytes(lib, place="offset")
class BufferSegment:
    """Some bytes of a buffer, without a copy of them.

    Segments come out of the containers below by index and by iteration. One is bytes-like: `memoryview(segment)`,
    `b"".join(segments)`, `file.write(segment)`, hashlib and numpy take it as it is. It keeps the memory of its container
    alive, whole; `tobytes()` is a copy that does not.

    It compares and hashes like the bytes that it shows. An index gives an int, a slice another segment.
    """

    if TYPE_CHECKING:
        #: Bytes between the start of its buffer and the segment.
        offset: int

        def __len__(self) -> int: ...
        def __buffer__(self, flags: int, /) -> memoryview: ...
        def tobytes(self) -> bytes: ...

    def __new__(cls, *_: object, **__: object) -> BufferSegment:
        """An empty segment; the others come from containers."""
        return _segment(None, None, 0, 0)

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
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


class _State:
    """What a container is made of: the library's collection, None when it was closed, and some of its segments."""

    __slots__ = ("borrows", "buffer", "count", "errors", "handle", "ready")

    def __init__(self, handle: Handle | None, buffer: int = 0, count: int = 0, borrows: bool = False) -> None:
        self.handle = handle
        #: Whether bytes are Python's, which the library does not keep alive.
        self.borrows = borrows
        #: The zbatch_buffer, of a container that has just one.
        self.buffer = buffer
        self.count = count
        self.errors: dict[int, Exception] = {}
        #: Segments that are made already, and the index of the first.
        self.ready: tuple[int, list[BufferSegment]] = (0, [])

    def open(self) -> Handle:
        """The collection."""
        handle = self.handle
        if handle is None:
            raise ValueError("this container is closed")
        return handle

    def __reduce__(self) -> Any:
        raise TypeError("a container is not pickled by its parts")


# ---- what all containers do, whose state is `_owner`


def _getitem(self: Any, index: Any) -> BufferSegment:
    """The segment with this index; a negative one counts from the end."""
    first, ready = self._owner.ready
    # A program that goes through the segments one by one finds them made.
    try:
        if index >= first:
            found: BufferSegment = ready[index - first]
            return found
    except (IndexError, TypeError):
        pass
    return _find(self._owner, index)


def _find(state: _State, index: Any) -> BufferSegment:
    try:
        i = operator.index(index)
    except TypeError:
        raise TypeError(f"sequence index must be integer, not '{type(index).__name__}'") from None
    if not -sys.maxsize - 1 <= i <= sys.maxsize:
        raise IndexError("cannot fit 'int' into an index-sized integer")
    handle = state.open()
    count = state.count
    if i < 0:
        i += count
    if i < 0:
        raise IndexError("offset must be non-negative")
    if i >= count:
        raise IndexError(f"offset must be less than {count}")
    first, ready = state.ready
    goes_on = i == first + len(ready)
    block = new_list(handle.address, i, min(8 * len(ready), _BLOCK) if goes_on and ready else 1, id(BufferSegment), id(handle))
    state.ready = i, block
    found: BufferSegment = block[0]
    return found


def _len(self: Any) -> int:
    """The number of segments."""
    count: int = self._owner.count
    return count


def _iter(self: Any) -> Iterator[BufferSegment]:
    handle = self._owner.open()
    block: list[BufferSegment] = new_list(handle.address, 0, _BLOCK, id(BufferSegment), id(handle))
    count = self._owner.count
    if count <= _BLOCK:
        return iter(block)
    rest = (new_list(handle.address, i, _BLOCK, id(BufferSegment), id(handle)) for i in range(_BLOCK, count, _BLOCK))
    return chain(block, chain.from_iterable(rest))


def _tolist(self: Any) -> list[bytes]:
    """A copy of every segment, made in one pass."""
    made: list[bytes] = new_bytes_list(self._owner.open().address)
    return made


@lends_bytes(lib, length=False)
class BufferSegments:
    """The table of a buffer: native 64-bit pairs of offset and length, as bytes; and a sequence of its segments."""

    if TYPE_CHECKING:
        _owner: _State

        def __buffer__(self, flags: int, /) -> memoryview: ...
        def tobytes(self) -> bytes: ...

    def __new__(cls, *_: object, **__: object) -> BufferSegments:
        """An empty table; the others come from `BufferWithSegments.segments()`."""
        return BufferWithSegments(b"", b"").segments()

    __len__ = _len
    __getitem__ = _getitem
    __iter__ = _iter

    @property
    def offsets(self) -> memoryview:
        """Where each segment begins: 64-bit integers, read-only, not copied."""
        return memoryview(self).cast("Q")[::2]

    @property
    def lengths(self) -> memoryview:
        """Bytes in each segment: 64-bit integers, read-only, not copied."""
        return memoryview(self).cast("Q")[1::2]

    def __repr__(self) -> str:
        return f"<zbatch.BufferSegments of {len(self)} segments>"

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        raise TypeError("cannot pickle a table without its bytes: pickle the BufferWithSegments")


@lends_bytes(lib, length=False, size="size")
class BufferWithSegments:
    """Bytes and a table of segments in them.

    `data` is bytes-like and is not copied: it is pinned as long as this buffer, one of its segments or a view lives.
    `segments` is a table of native 64-bit pairs of offset and length, bytes-like, and is copied. Segments may overlap, be
    empty and stand in any order; each must lie inside `data`, or ValueError is raised.

    It is bytes-like itself, and a sequence of BufferSegment. `errors` is that of a packed batch: the exception of each item
    that failed, by index, when it was asked to return them.
    """

    if TYPE_CHECKING:
        #: Bytes in the buffer, those outside every segment included.
        size: int
        _owner: _State

        def __buffer__(self, flags: int, /) -> memoryview: ...
        def tobytes(self) -> bytes: ...

    def __new__(cls, data: ReadableBuffer = _MISSING, segments: ReadableBuffer = _MISSING) -> BufferWithSegments:
        for position, (name, value) in enumerate((("data", data), ("segments", segments)), 1):
            if value is _MISSING:
                raise TypeError(f"BufferWithSegments() missing required argument '{name}' (pos {position})")
        pinned = Pinned(data)
        table = Pinned(segments)
        count, rest = divmod(table.size, _ROW)
        if rest:
            raise ValueError("segments array size is not a multiple of 16")
        rows = array("Q")
        # Of what is pinned: an exporter may answer differently when it is asked again.
        rows.frombytes(string_at(table.address, table.size))
        out, error = c_void_p(), zbatch_error()
        at = rows.buffer_info()[0]
        if lib.zbatch_buffer_new_by_reference(pinned.address or None, pinned.size, at, count, byref(out), byref(error)):
            if error.status == ERROR_OUT_OF_RANGE:
                text = "offset within segments array references memory outside buffer"
                raise _errors.about_item(ValueError(text), error.item)
            raise _errors.failure(error)
        return _with_segments(own_buffer(out.value, pinned), borrows=True)

    __len__ = _len
    __getitem__ = _getitem
    __iter__ = _iter
    tolist = _tolist

    def segments(self) -> BufferSegments:
        """The table of segments."""
        state = self._owner
        table = lib.zbatch_buffer_segments(state.buffer)
        made: BufferSegments = new_object(id(BufferSegments), id(state), table, state.count * _ROW, 0)
        return made

    @property
    def errors(self) -> dict[int, Exception]:
        """Exceptions of the items that failed, by index."""
        return self._owner.errors

    @property
    def offsets(self) -> memoryview:
        """Where each segment begins: 64-bit integers, read-only, not copied."""
        return self.segments().offsets

    @property
    def lengths(self) -> memoryview:
        """Bytes in each segment: 64-bit integers, read-only, not copied."""
        return self.segments().lengths

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        """The segments as an Arrow array, LargeBinary or BinaryView, as of a collection."""
        return _arrow_array(self._owner, (self,))

    def __repr__(self) -> str:
        return f"<zbatch.BufferWithSegments of {self.size} bytes, {len(self)} segments>"

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return packed, (_picklable(self, protocol), _picklable(self.segments(), protocol), self.errors)


def packed(data: ReadableBuffer, segments: ReadableBuffer, errors: dict[int, Exception]) -> BufferWithSegments:
    """The buffer that a batch was packed into."""
    made = BufferWithSegments(data, segments)
    made._owner.errors = errors
    return made


def _with_segments(buffer: Handle, borrows: bool = False) -> BufferWithSegments:
    """A BufferWithSegments of a zbatch_buffer."""
    handle = _collection_of((buffer.address,), buffer)
    lent = lib.zbatch_collection_buffer_at(handle.address, 0)
    if not lent:
        raise MemoryError
    state = _State(handle, lent, lib.zbatch_buffer_len(lent), borrows)
    data, size = lib.zbatch_buffer_data(lent), lib.zbatch_buffer_size(lent)
    made: BufferWithSegments = new_object(id(BufferWithSegments), id(state), data, size, 0)
    return made


def _collection_of(buffers: tuple[int, ...], keep: object) -> Handle:
    handles = array("Q", buffers)
    out, error = c_void_p(), zbatch_error()
    if lib.zbatch_collection_new(handles.buffer_info()[0], len(handles), byref(out), byref(error)):
        raise _errors.failure(error)
    return own_collection(out.value, keep)


def _joined(buffers: tuple[BufferWithSegments, ...]) -> _State:
    states = [buffer._owner for buffer in buffers]
    handle = _collection_of(tuple(state.buffer for state in states), states)
    return _state_of(handle, any(state.borrows for state in states))


def _copied(buffer: BufferWithSegments) -> Handle:
    """A zbatch_buffer with its own copy of the bytes."""
    state = buffer._owner
    data, table = lib.zbatch_buffer_data(state.buffer), lib.zbatch_buffer_segments(state.buffer)
    out, error = c_void_p(), zbatch_error()
    if lib.zbatch_buffer_new(data, buffer.size, table, state.count, byref(out), byref(error)):
        raise _errors.failure(error)
    return own_buffer(out.value)


def _arrow_array(state: _State, buffers: tuple[BufferWithSegments, ...]) -> tuple[object, object]:
    handle = state.open()
    if state.borrows:
        copies = [_copied(buffer) for buffer in buffers]
        handle = _collection_of(tuple(copy.address for copy in copies), copies)
    return _arrow.export(handle)


class BufferWithSegmentsCollection:
    """Several buffers whose segments are numbered in one go: the result of every batch.

    It is a sequence of BufferSegment, in the order of the items. Do not count on the number of buffers. `errors` has the
    exception of each item that failed, by index, when the batch was asked to return them. `dictionary` is what a batch that
    trained one needs to be decompressed, else None. `close()`, or the end of a `with` block, lets go of the memory before
    the collection itself goes.
    """

    #: Exceptions of the items that failed, by index.
    errors: dict[int, Exception]
    #: The dictionary that the frames need, of `multi_compress_trained()`.
    dictionary: ZstdCompressionDict | None = None
    _handle: Handle | None
    _owner: _State

    def __init__(self, *buffers: BufferWithSegments, **_: object) -> None:
        if not buffers:
            raise ValueError("must pass at least 1 argument")
        for buffer in buffers:
            if not isinstance(buffer, BufferWithSegments):
                raise TypeError("arguments must be BufferWithSegments instances")
            if not buffer.size or not len(buffer):
                raise ValueError("ZstdBufferWithSegments cannot be empty")
        self._owner = _joined(buffers)
        self._handle = self._owner.handle
        self.errors = {}

    def __getattr__(self, name: str) -> _State:
        # Of the result of a batch: made when it is first asked for, because many are not.
        if name == "_owner" and "_handle" in self.__dict__:
            self._owner = state = _state_of(self._handle)
            return state
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def _open(self) -> Handle:
        handle = self._handle
        if handle is None:
            raise ValueError("this BufferWithSegmentsCollection is closed")
        return handle

    def __len__(self) -> int:
        return int(pylib.zbatch_collection_len(self._open().address))

    __getitem__ = _getitem
    __iter__ = _iter
    tolist = _tolist

    def size(self) -> int:
        """Bytes in all segments."""
        return int(pylib.zbatch_collection_size(self._open().address))

    def tobytes(self) -> bytes:
        """A copy of the segments, joined."""
        handle = self._open()
        size = self.size()
        joined = blank_bytes(None, size)
        error = zbatch_error()
        if lib.zbatch_collection_tobytes(handle.address, content_of(joined), size, byref(error)):
            raise _errors.failure(error)
        return joined

    @property
    def buffers(self) -> tuple[BufferWithSegments, ...]:
        """The buffers, not copied."""
        handle = self._open()
        count = lib.zbatch_collection_buffer_count(handle.address)
        lent = [lib.zbatch_collection_buffer_at(handle.address, i) for i in range(count)]
        if not all(lent):
            raise MemoryError
        return tuple(_with_segments(lent_by(handle, buffer), self._owner.borrows) for buffer in lent)

    @property
    def offsets(self) -> memoryview:
        """Where each segment begins in its own buffer: 64-bit integers, read-only."""
        joined = array("Q")
        for buffer in self.buffers:
            joined.extend(buffer.offsets)
        return memoryview(joined).toreadonly()

    @property
    def lengths(self) -> memoryview:
        """Bytes in each segment: 64-bit integers, read-only."""
        joined = array("Q")
        for buffer in self.buffers:
            joined.extend(buffer.lengths)
        return memoryview(joined).toreadonly()

    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
        """The segments as an Arrow array, LargeBinary or BinaryView. For `pyarrow.array(collection)`.

        The results of batches are not copied. Bytes of Python's own are, because Arrow may keep them longer than Python.
        """
        return _arrow_array(self._owner, self.buffers)

    def close(self) -> None:
        """Lets go of the memory, which goes with the last segment or view of it. Everything else raises ValueError then."""
        self._handle = None
        self._owner = _State(None)

    def __enter__(self) -> BufferWithSegmentsCollection:
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._handle is None:
            return "<zbatch.BufferWithSegmentsCollection, closed>"
        return f"<zbatch.BufferWithSegmentsCollection of {len(self)} segments, {self.size()} bytes>"

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return _unpickled, (self.buffers, self.errors, self.dictionary)


def _state_of(handle: Handle | None, borrows: bool = False) -> _State:
    return _State(handle, 0, 0 if handle is None else pylib.zbatch_collection_len(handle.address), borrows)


def _unpickled(
    buffers: tuple[BufferWithSegments, ...], errors: dict[int, Exception], dictionary: ZstdCompressionDict | None
) -> BufferWithSegmentsCollection:
    state = _joined(buffers)
    made = result(state.open(), errors)
    made._owner = state
    made.dictionary = dictionary
    return made


def result(handle: Handle, errors: dict[int, Exception]) -> BufferWithSegmentsCollection:
    """The collection that a batch made."""
    made = _new(BufferWithSegmentsCollection)
    made._handle = handle
    made.errors = errors
    return made


_new = BufferWithSegmentsCollection.__new__
