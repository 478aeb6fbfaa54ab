"""Compressing: one item, or a batch."""

from __future__ import annotations

from ctypes import byref, c_void_p
from typing import TYPE_CHECKING, Any, Literal

from . import _call, _containers, _errors, _inputs
from ._codec import Codec
from ._control import Control
from ._dictionary import ZstdCompressionDict
from ._ffi import LEVEL_DEFAULT, LEVEL_MAX, lib, new_frame, zbatch_error
from ._handles import Pinned, own_compressor
from ._params import ZstdCompressionParameters, c_int, size

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

#: What the library returns where there is no frame.
_NONE = id(None)

#: What to do about items that fail.
Errors = Literal["raise", "return"]


class ZstdCompressor(Codec):
    """Compresses items to frames. Any number of threads may use one at once.

    `level` is -131072, fastest, to 22, strongest; 0 means 3. `compression_params` sets everything by itself, and then only
    `dict_data` may stand beside it. `write_checksum` (off), `write_content_size` and `write_dict_id` (on) say what frames
    record. `threads` are zstd's own, inside each frame: for batches leave it 0 and use the `threads` of the call.

    `max_frame_size`, 1 MiB or more, makes several frames, of so much content each, of an item that is larger, so that the threads
    of a batch share it; `compression_params` may stand beside it. An item is still one segment, which batches and
    `decompress(read_across_frames=True)` decompress as one.
    """

    __slots__ = ()

    def __init__(
        self,
        level: int = LEVEL_DEFAULT,
        dict_data: ZstdCompressionDict | None = None,
        compression_params: ZstdCompressionParameters | None = None,
        write_checksum: bool | None = None,
        write_content_size: bool | None = None,
        write_dict_id: bool | None = None,
        threads: int = 0,
        *,
        max_frame_size: int = 0,
    ) -> None:
        if c_int(level) > LEVEL_MAX:
            raise ValueError(f"level must be less than {LEVEL_MAX + 1}")
        if dict_data is not None and not isinstance(dict_data, ZstdCompressionDict):
            raise TypeError("dict_data must be zstd.ZstdCompressionDict")
        if compression_params is not None:
            if not isinstance(compression_params, ZstdCompressionParameters):
                raise TypeError("compression_params must be zstd.ZstdCompressionParameters")
            others = {
                "write_checksum": write_checksum,
                "write_content_size": write_content_size,
                "write_dict_id": write_dict_id,
                "threads": threads or None,
            }
            for name, value in others.items():
                if value is not None:
                    raise ValueError(f"cannot define compression_params and {name}")
            options = compression_params._options
        else:
            options = ZstdCompressionParameters(
                compression_level=level,
                write_checksum=bool(write_checksum),
                write_content_size=write_content_size is None or bool(write_content_size),
                write_dict_id=write_dict_id is None or bool(write_dict_id),
                threads=threads,
            )._options
        if max_frame_size:
            options = type(options).from_buffer_copy(options)
            options.max_frame_size = size(max_frame_size)
        dictionary = None
        if dict_data is not None:
            dictionary = dict_data._digested or dict_data._handle
            if dictionary is None and len(dict_data):
                raise _errors.ZstdError("the dictionary is not one of zstd's")
        out, error = c_void_p(), zbatch_error()
        if lib.zbatch_compressor_new(
            byref(options), None if dictionary is None else dictionary.address, byref(out), byref(error)
        ):
            raise _errors.failure(error)
        self._handle = own_compressor(out.value)

    def multi_compress_to_buffer(
        self,
        data: _inputs.Batch,
        threads: int = 0,
        *,
        errors: Errors = "raise",
        control: Control | None = None,
        verify: bool = False,
    ) -> _containers.BufferWithSegmentsCollection:
        """Compresses a batch: the result has a frame for each item, in their order.

        `data` is any sequence or iterable of bytes-like items, a BufferWithSegments, a collection of them, Columns, or an Arrow
        array, chunked or whole, of binary or strings. Bytes that are no row of items, a mapped file say, are refused. `threads`
        may work: 0 lets zbatch choose, 1 is the calling thread alone, n at most n, negative one for every CPU. The frames do
        not depend on it; each is what `compress()` gives for the item.

        An item that fails raises an exception with its index in `item`; with `errors="return"` the other frames are
        delivered, and the result's `errors` has the exceptions. `control` shows progress and cancels. `verify` decodes and
        compares every frame just made. Other Python threads run meanwhile, and Ctrl-C ends a long batch.
        """
        handle = self._handle or self._open()
        call = _call.begin()
        try:
            _inputs.take(call, data, "argument must be list of BufferWithSegments")
            call.set_options(threads, control, verify)
            if errors != "raise":
                call.want_statuses(errors)
            frames = call.run(handle, True)
            if not call.words[1] and _inputs.all_empty(call, data):
                raise ValueError("source elements are empty")
            if frames is None:
                raise _errors.failure(call.error)
            failed = {} if errors == "raise" else _errors.failures(call, "compressing", _errors.failure)
            return _containers.result(frames, failed)
        finally:
            call.done()

    def compress(self, data: ReadableBuffer) -> bytes:
        """Compresses one item to a frame."""
        handle = self._handle or self._open()
        source: Any = data if type(data) is bytes else Pinned(data)
        error = zbatch_error()
        frame: bytes | None = new_frame(handle.address, source, len(source), _NONE, byref(error))
        if frame is None:
            raise _errors.failure(error, "cannot compress: ")
        return frame

    def memory_size(self) -> int:
        """Bytes that this compressor holds at this moment: its contexts, which are kept from call to call."""
        return int(lib.zbatch_compressor_memory_size(self._open().address))

    def frame_progression(self) -> tuple[int, int, int]:
        """Always (0, 0, 0): no frame is ever left half done. For batches see Control."""
        self._open()
        return (0, 0, 0)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(_errors.missing_method("ZstdCompressor", name))


def compress(data: ReadableBuffer, level: int = LEVEL_DEFAULT) -> bytes:
    """Compresses one item to a frame."""
    return ZstdCompressor(level=level).compress(data)
