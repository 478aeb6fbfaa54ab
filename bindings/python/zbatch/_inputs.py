"""From what programs hold to the views that a batch takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Union

from . import _arrow, _errors
from ._arrow import Column
from ._call import Call
from ._containers import BufferSegment, BufferSegments, BufferWithSegments, BufferWithSegmentsCollection
from ._ffi import lib, pylib
from ._handles import Pinned

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from ._arrow import Exporter, StreamExporter

    #: What a batch may be made of.
    Batch = Union[
        "BufferWithSegments", "BufferWithSegmentsCollection", "Columns", Exporter, StreamExporter, Iterable[ReadableBuffer]
    ]


class Columns:
    """Items that lie back to back: item i is `data[offsets[i]:offsets[i + 1]]`.

    This is how Arrow and many numpy programs hold them. `data` is bytes-like; `offsets` is a buffer of 4- or 8-byte
    integers, one more than there are items. Neither is copied. Offsets that decrease or lie beyond the data raise
    ValueError, with the index of the item, when a batch is made of them. pyarrow's binary and string arrays may be given to
    a batch as they are.
    """

    __slots__ = ("_column",)

    def __init__(self, data: ReadableBuffer, offsets: ReadableBuffer) -> None:
        view = memoryview(offsets)
        if view.ndim != 1 or not view.contiguous:
            raise ValueError("offsets must be one row of integers, without gaps")
        if view.format not in ("i", "I", "l", "L", "q", "Q", "=i", "=I", "=q", "=Q", "<i", "<I", "<q", "<Q"):
            raise TypeError(f"offsets must be integers of 4 or 8 bytes, not of format {view.format!r}")
        if not len(view):
            raise ValueError("offsets must be one more than there are items, so at least one")
        # Of the view: an exporter may answer differently when it is asked again.
        pinned, table = Pinned(data), Pinned(view)
        count = len(view) - 1
        self._column = Column(pinned.address, pinned.size, table.address, view.itemsize, count, (pinned, table))

    def __len__(self) -> int:
        return self._column.items


def take(call: Call, data: Any, container_text: str) -> None:
    """Makes `data` the items of `call`. `container_text` is what to say when it is no batch at all."""
    take_any(call, data, container_text)
    if not call.count:
        raise ValueError("no source elements found")


def take_any(call: Call, data: Any, container_text: str) -> None:
    """The same where there may be no items."""
    kind = type(data)
    if kind is list or kind is tuple:
        call.take_items(tuple(data))
    elif isinstance(data, (BufferWithSegmentsCollection, BufferWithSegments)):
        take_collection(call, data)
    elif isinstance(data, Columns):
        take_columns(call, data._column)
    elif hasattr(data, "__arrow_c_array__") or hasattr(data, "__arrow_c_stream__"):
        arrays = _arrow.take(data)
        call.room_for_views(arrays.items)
        call.keep(arrays)
        _arrow.fill_views(arrays, call.views, call.error)
    else:
        why = _no_batch(data)
        if why:
            raise _refusal(data, container_text, why)
        try:
            iterator = iter(data)
        except TypeError:
            raise TypeError(container_text) from None
        call.take_items(tuple(iterator))


#: What python-zstandard's users have seen refused: the text stays its text.
_PLAIN = (str, bytes, bytearray, memoryview, BufferSegment)


def _refusal(data: Any, container_text: str, why: str) -> TypeError:
    if not isinstance(data, _PLAIN):
        return TypeError(f"{container_text}: {why}")
    refused = TypeError(container_text)
    refused.add_note(why)
    return refused


def _no_batch(data: Any) -> str:
    """Why something that Python can iterate over is not the items of a batch; "" when it is.

    What is taken apart must be a row of things. Bytes are one thing, though Python gives them byte by byte: a mapped file
    would be a batch of as many items as it has bytes.
    """
    if isinstance(data, str):
        return "text must be encoded, and is one item: put it in a list"
    if isinstance(data, Mapping):
        return f"give the values() of a {type(data).__name__}"
    if isinstance(data, (set, frozenset)):
        return f"a {type(data).__name__} has no order: put its items in a list"
    try:
        view = memoryview(data)
    except TypeError:  # no buffer
        return ""
    except (ValueError, BufferError):  # one that Python cannot describe, as numpy's of dates
        return _ONE_ITEM.format(type(data).__name__)
    is_array = not isinstance(data, memoryview)
    if is_array and view.format == "O" and view.ndim > 1:
        return "its rows are no bytes but objects: give its ravel()"
    if is_array and view.ndim == 1 and view.format[-1:] in ("s", "x") and view.itemsize > 1:
        return "give its tolist()"
    # A row of segments, ours or python-zstandard's; rows of a table, as numpy gives them; objects that an array refers to.
    if (is_array and view.ndim > 1) or view.format == "O" or isinstance(data, BufferSegments) or hasattr(data, "segments"):
        return ""
    return _ONE_ITEM.format(type(data).__name__)


#: What to do with bytes that are given as a batch.
_ONE_ITEM = "one {} is one item: put it in a list, or cut it up by BufferWithSegments(data, table) or Columns(data, offsets)"


def take_collection(call: Call, data: BufferWithSegmentsCollection | BufferWithSegments) -> None:
    """Takes the segments of a container as they are."""
    handle = data._owner
    count = pylib.zbatch_collection_len(handle.address)
    views = lib.zbatch_collection_views(handle.address)
    if count and not views:
        raise MemoryError
    call.take_views(views, count, handle)


def take_columns(call: Call, column: Column) -> None:
    """Takes the items of a column."""
    call.room_for_views(column.items)
    call.keep(column)
    if lib.zbatch_views_from_offsets(
        column.data, column.size, column.offsets, column.offset_size, column.items, call.views, call.error_at
    ):
        raise _errors.failure(call.error)


def all_empty(call: Call, data: Any) -> bool:
    """Whether the batch has not a byte."""
    if isinstance(data, BufferWithSegmentsCollection):
        return not data.size()
    if isinstance(data, BufferWithSegments):
        return not any(data.lengths)
    return call.all_empty()
