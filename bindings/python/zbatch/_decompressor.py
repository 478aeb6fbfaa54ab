"""Decompressing: one item, or a batch."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from ctypes import byref, c_size_t, c_void_p, sizeof, string_at
from typing import TYPE_CHECKING, Any, Union

from . import _call, _containers, _errors, _inputs
from ._codec import Codec
from ._compressor import Errors
from ._control import Control
from ._cpython import WORD, PyBUF_WRITABLE
from ._dictionary import ZstdCompressionDict
from ._ffi import (
    ERROR_EXTRA_DATA,
    ERROR_INVALID_ARGUMENT,
    ERROR_LIMIT,
    ERROR_NO_MEMORY,
    ERROR_NOT_A_FRAME,
    ERROR_TRUNCATED,
    FORMAT_ZSTD1,
    FORMAT_ZSTD1_MAGICLESS,
    constant,
    lib,
    new_content,
    zbatch_decompressor_options,
    zbatch_error,
    zbatch_frame,
    zbatch_view,
)
from ._handles import Pinned, output_of, own_collection, own_decompressor
from ._params import signed_size, size, wrapped_int

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

    #: Sizes of content: a buffer of native 64-bit integers, or integers.
    Sizes = Union[ReadableBuffer, Iterable[int], None]

#: Smallest and largest window that python-zstandard lets a decompressor be limited to. The library takes any.
_WINDOW_LIMITS = range(1 << constant("ZSTD_WINDOWLOG_MIN"), (1 << constant("ZSTD_WINDOWLOG_MAX")) + 1)

#: What the library returns where there is no content.
_NONE = id(None)

_NO_BATCH = "argument must be list or BufferWithSegments"


class ZstdDecompressor(Codec):
    """Decompresses frames. Any number of threads may use one at once.

    `dict_data` decompresses frames that were made with it, and those that need none. `format` is FORMAT_ZSTD1 or
    FORMAT_ZSTD1_MAGICLESS. The rest limits what is decompressed, and is checked before memory is taken; set it for the data
    of strangers. `max_window_size` is in bytes, 0 means 128 MiB. `max_item_size` is the most bytes that an item may become,
    `max_unsized_item_size` the most that one may with a frame that does not record its size, `max_total_size` the most that
    a batch may, 0 means no limit. `require_checksum` refuses frames without one.

    An item of a batch is all of its frames, joined; with `single_frame` it is its first. `allow_extra_data` ignores bytes
    after the last frame, which are an error otherwise.
    """

    __slots__ = ("_format",)

    def __init__(
        self,
        dict_data: ZstdCompressionDict | None = None,
        max_window_size: int = 0,
        format: int = FORMAT_ZSTD1,
        *,
        max_item_size: int = 0,
        max_unsized_item_size: int = 0,
        max_total_size: int = 0,
        require_checksum: bool = False,
        single_frame: bool = False,
        allow_extra_data: bool = False,
    ) -> None:
        if dict_data is not None and not isinstance(dict_data, ZstdCompressionDict):
            raise TypeError("dict_data must be zstd.ZstdCompressionDict")
        max_window_size = signed_size(max_window_size)
        if max_window_size and max_window_size not in _WINDOW_LIMITS:
            raise _errors.ZstdError("unable to set max window size: Parameter is out of bound")
        self._format = wrapped_int(format)
        if self._format not in (FORMAT_ZSTD1, FORMAT_ZSTD1_MAGICLESS):
            raise _errors.ZstdError("unable to set decoding format: Parameter is out of bound")
        dictionary = None
        if dict_data is not None:
            dictionary = dict_data._handle
            if dictionary is None:
                raise _errors.ZstdError("could not create decompression dict")
        options = zbatch_decompressor_options(
            struct_size=sizeof(zbatch_decompressor_options),
            format=self._format,
            single_frame=bool(single_frame),
            allow_extra_data=bool(allow_extra_data),
            require_checksum=bool(require_checksum),
            max_window_size=max_window_size,
            max_item_size=size(max_item_size),
            max_unsized_item_size=size(max_unsized_item_size),
            max_total_size=size(max_total_size),
        )
        out, error = c_void_p(), zbatch_error()
        if lib.zbatch_decompressor_new(
            byref(options), None if dictionary is None else dictionary.address, byref(out), byref(error)
        ):
            if error.status == ERROR_NO_MEMORY:
                raise MemoryError
            raise _errors.zstd_error(error, "could not create decompression dict")
        self._handle = own_decompressor(out.value)

    def multi_decompress_to_buffer(
        self,
        frames: _inputs.Batch,
        decompressed_sizes: Sizes = None,
        threads: int = 0,
        *,
        errors: Errors = "raise",
        control: Control | None = None,
    ) -> _containers.BufferWithSegmentsCollection:
        """Decompresses a batch: the result has a segment for each item, in their order.

        `frames` is any sequence or iterable of bytes-like items, a BufferWithSegments, a collection of them, Columns, or an
        Arrow array of binary. Items need not record their size. `decompressed_sizes`, which may be left out, is a buffer of
        native 64-bit integers, or a sequence of integers: the size of each item's content, 0 where it is not known. `threads`
        may work: 0 lets zbatch choose, 1 is the calling thread alone, n at most n, negative one for every CPU. The result
        does not depend on it.

        An item that fails raises an exception with its index in `item`; with `errors="return"` the other items are
        delivered, and the result's `errors` has the exceptions. `control` shows progress and cancels. Other Python threads
        run meanwhile, and Ctrl-C ends a long batch.
        """
        handle = self._handle or self._open()
        call = _call.begin()
        try:
            _inputs.take(call, frames, _NO_BATCH)
            sizes = None if decompressed_sizes is None else _sizes(decompressed_sizes, call.count)
            if sizes is not None:
                call.set_sizes(sizes)
            call.set_options(threads, control, False)
            if errors != "raise":
                call.want_statuses(errors)
            content = call.run(handle, False)
            if content is None:
                raise self._failure(call, sizes, call.error)
            failed = {} if errors == "raise" else self._failures(call, sizes)
            return _containers.result(content, failed)
        finally:
            call.done()

    def multi_decompress_into(
        self,
        frames: _inputs.Batch,
        buffers: Iterable[WriteableBuffer],
        threads: int = 0,
        *,
        errors: Errors = "raise",
        control: Control | None = None,
    ) -> list[Any]:
        """Decompresses item i into buffer i: rows of an array, say. Returns the size of each item's content.

        `buffers` has a writable bytes-like object for each item. Two that overlap, or one and an item, raise ValueError with
        an index in `item`, and nothing is written. What an item does not fill is zeroed. With `errors="return"` the
        exceptions of items that failed stand in the place of their sizes, and their buffers are zeroed. The other arguments
        are as in `multi_decompress_to_buffer()`.
        """
        handle = self._open()
        call = _call.begin()
        try:
            _inputs.take(call, frames, _NO_BATCH)
            call.gather()
            targets = tuple(buffers)
            if len(targets) != call.count:
                raise ValueError(f"there are {call.count} frames and {len(targets)} buffers")
            places = call.take_places(targets)
            call.set_options(threads, control, False)
            statuses = call.want_statuses(errors)
            written = array(_call.WORDS, [0]) * call.count
            arguments = (
                handle.address,
                call.views,
                call.count,
                places,
                call.options_at,
                written.buffer_info()[0],
                statuses,
                call.error_at,
            )
            status = call.run_function(lib.zbatch_multi_decompress_into, arguments, handle.address, (handle, written))
            if status < 0:
                raise self._failure(call, None, call.error)
            sizes: list[Any] = written.tolist()
            for item, exception in self._failures(call, None, places).items():
                sizes[item] = exception
            return sizes
        finally:
            call.done()

    def multi_decompress_packed(
        self,
        frames: _inputs.Batch,
        buffer: WriteableBuffer,
        decompressed_sizes: Sizes = None,
        threads: int = 0,
        *,
        errors: Errors = "raise",
        control: Control | None = None,
    ) -> _containers.BufferWithSegments:
        """Decompresses a batch back to back into one buffer of yours. Returns it with its table of segments.

        `buffer` is writable, bytes-like, apart from the items and large enough for all of them: the sum of
        `decompressed_sizes(frames)` is. With `errors="return"` items that failed are empty segments, and the result's
        `errors` has the exceptions. The other arguments are as in `multi_decompress_to_buffer()`.
        """
        handle = self._open()
        call = _call.begin()
        try:
            _inputs.take(call, frames, _NO_BATCH)
            call.gather()
            place = Pinned(buffer, PyBUF_WRITABLE)
            sizes = _sizes(decompressed_sizes, call.count)
            call.set_options(threads, control, False)
            statuses = call.want_statuses(errors)
            table = array("Q", [0, 0]) * call.count
            arguments = (
                handle.address,
                call.views,
                call.count,
                None if sizes is None else sizes.buffer_info()[0],
                place.address or None,
                place.size,
                table.buffer_info()[0],
                call.options_at,
                statuses,
                call.error_at,
            )
            status = call.run_function(lib.zbatch_multi_decompress_packed, arguments, handle.address, (handle, place, sizes, table))
            if status < 0:
                raise self._failure(call, sizes, call.error)
            return _containers.packed(place, table, self._failures(call, sizes))
        finally:
            call.done()

    def decompressed_sizes(self, frames: _inputs.Batch) -> memoryview:
        """The size of each item's content as its frames record it, CONTENTSIZE_UNKNOWN where one does not.

        Nothing is decompressed. The result is read-only, of native 64-bit integers: allocate by it, then decompress to there.
        """
        handle = self._open()
        call = _call.begin()
        try:
            _inputs.take(call, frames, _NO_BATCH)
            call.gather()
            sizes = array("Q", [0]) * call.count
            at = sizes.buffer_info()[0]
            if lib.zbatch_decompressed_sizes(handle.address, call.views, call.count, at, None, None, call.error_at):
                raise self._failure(call, None, call.error)
            return memoryview(sizes).toreadonly()
        finally:
            call.done()

    def decompress(
        self,
        data: ReadableBuffer,
        max_output_size: int = 0,
        read_across_frames: bool = False,
        allow_extra_data: bool = True,
    ) -> bytes:
        """Decompresses one item: its first frame or, with `read_across_frames`, all of them, joined.

        One with a frame that does not record its size becomes at most `max_output_size` bytes, unless that is 0; recorded
        sizes are believed. Bytes that follow are an error unless `allow_extra_data`.
        """
        handle = self._handle or self._open()
        limit = signed_size(max_output_size) if max_output_size != 0 else 0
        source: Any = data if type(data) is bytes else Pinned(data)
        error = zbatch_error()
        content: bytes | None = new_content(
            handle.address,
            source,
            len(source),
            not read_across_frames,
            bool(allow_extra_data),
            limit if limit >= 0 else 1,  # 0 is none, and a negative one matters to such frames alone
            _NONE,
            byref(error),
        )
        if content is None:
            if limit < 0 and error.status == ERROR_LIMIT:
                raise ValueError("max_output_size must not be negative")
            if lib.zbatch_frame_info(source, len(source), self._format, byref(zbatch_frame()), None):
                raise _errors.zstd_error(error, "error determining content size from frame header")
            raise _one_failure(error, limit)
        return content

    def _failure(self, call: _call.Call, sizes: array[int] | None, error: zbatch_error) -> Exception:
        """The exception for an item that failed, as python-zstandard would raise it."""
        item: int = error.item
        if error.status in (ERROR_NOT_A_FRAME, ERROR_TRUNCATED) and item < call.count and not (sizes and sizes[item]):
            view = (zbatch_view * call.count).from_address(call.views)[item]
            if lib.zbatch_frame_info(view.data, view.size, self._format, byref(zbatch_frame()), None):
                text = f"could not determine decompressed size of item {item}"
                return _errors.about_item(ValueError(text), item)
        if error.status == ERROR_LIMIT and error.zstd_error:
            return _errors.zstd_error(error, f"error decompressing item {item}: {_errors.zstd_text(error)}")
        if error.status == ERROR_INVALID_ARGUMENT:
            return _errors.about_item(ValueError(_errors.message(error)), item)
        return _errors.failure(error)

    def _failures(self, call: _call.Call, sizes: array[int] | None, places: int | None = None) -> dict[int, Exception]:
        handle = self._open().address

        def again(item: int) -> zbatch_error:
            """Why an item failed, by the same way to the same place, where nothing is left of it."""
            error, status, written = zbatch_error(), array("i", (0,)), array(_call.WORDS, (0,))
            view, status_at = call.views + 2 * WORD * item, status.buffer_info()[0]
            if places is not None:
                place = places + 2 * WORD * item
                at = written.buffer_info()[0]
                lib.zbatch_multi_decompress_into(handle, view, 1, place, None, at, status_at, byref(error))
                return error
            made = own_collection(None)
            size = None if sizes is None else sizes.buffer_info()[0] + sizes.itemsize * item
            lib.zbatch_multi_decompress_to_buffer(handle, view, 1, size, None, status_at, output_of(made), byref(error))
            return error

        return _errors.failures(call, "decompressing", lambda error: self._failure(call, sizes, error), again)

    def memory_size(self) -> int:
        """Bytes that this decompressor holds at this moment: its contexts, which are kept from call to call."""
        return int(lib.zbatch_decompressor_memory_size(self._open().address))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(_errors.missing_method("ZstdDecompressor", name))


def _one_failure(error: zbatch_error, limit: int) -> Exception:
    # Of the limits the peer knows that of the call alone. The library says by its number which one it was.
    is_full = error.status == ERROR_LIMIT and limit and _errors.message(error).endswith(f" {limit} bytes")
    if error.status == ERROR_TRUNCATED or is_full:
        return _errors.zstd_error(error, "decompression error: did not decompress full frame")
    if error.status == ERROR_EXTRA_DATA:
        return _errors.zstd_error(error, "compressed input contains unused data, which is disallowed")
    return _errors.failure(error, "decompression error: ")


def _sizes(given: Sizes, count: int) -> array[int] | None:
    """Sizes of content as the library takes them, or None when there are none."""
    if given is None:
        return None
    sizes = array("Q")
    if isinstance(given, Iterable) and not isinstance(given, str) and not _is_buffer(given):
        sizes.extend(given)
        size = 8 * len(sizes)
    else:
        pinned = Pinned(given)
        size = pinned.size
        if not size:
            return None
        if size == 8 * count:
            # Of what is pinned: an exporter may answer differently when it is asked again.
            sizes.frombytes(string_at(pinned.address, size))
    if size != 8 * count:
        raise ValueError(f"decompressed_sizes size mismatch; expected {8 * count}, got {size}")
    return sizes


def _is_buffer(given: object) -> bool:
    try:
        memoryview(given)  # type: ignore[arg-type]
    except TypeError:
        return False
    return True


def decompress(data: ReadableBuffer, max_output_size: int = 0) -> bytes:
    """Decompresses one item: all of its frames, joined, as `compress()` or any compressor made it."""
    return ZstdDecompressor().decompress(data, max_output_size=max_output_size, read_across_frames=True)


def estimate_decompression_context_size() -> int:
    """Bytes that one thread needs to decompress."""
    out, error = c_size_t(), zbatch_error()
    if lib.zbatch_decompressor_options_memory_size(None, byref(out), byref(error)):
        raise _errors.failure(error)
    return out.value
