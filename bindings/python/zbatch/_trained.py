"""Batches that train their own dictionary."""

from __future__ import annotations

from array import array
from ctypes import byref, c_void_p, sizeof
from typing import TYPE_CHECKING, Any

from . import _call, _containers, _dictionary, _errors, _inputs
from ._compressor import Errors
from ._control import Control
from ._decompressor import ZstdDecompressor
from ._ffi import LEVEL_DEFAULT, LEVEL_MAX, lib, zbatch_dict_train_options
from ._handles import own_collection, own_dict
from ._params import ZstdCompressionParameters, c_int, size

if TYPE_CHECKING:
    from ._decompressor import Sizes
    from ._dictionary import ZstdCompressionDict


def multi_compress_trained(
    data: _inputs.Batch,
    level: int = LEVEL_DEFAULT,
    dict_size: int = 0,
    threads: int = 0,
    *,
    dict_id: int = 0,
    compression_params: ZstdCompressionParameters | None = None,
    write_checksum: bool | None = None,
    errors: Errors = "raise",
    control: Control | None = None,
    verify: bool = False,
) -> _containers.BufferWithSegmentsCollection:
    """Compresses a batch with a dictionary that is trained on a sample of it: for small items that are like each other.

    The result's `dictionary` is what the frames need to be decompressed. It is None where none would have paid: they need
    none then. Store its `as_bytes()` beside the frames, once; a pickle of the result has it. `multi_decompress_trained()`
    is the way back.

    `dict_size` is the most bytes that it may have; 0 lets zbatch choose by the size of the batch. `dict_id` is its ID; 0 is
    one by its content. A number from 32768 to 65535 makes frames two bytes shorter, for a program that gives each dictionary
    its own. `compression_params` sets everything by itself, `write_dict_id` too, which is off there unless it is set. The
    other arguments are as in `ZstdCompressor.multi_compress_to_buffer()`. Frames and dictionary do not depend on `threads`.
    """
    if compression_params is None:
        if c_int(level) > LEVEL_MAX:
            raise ValueError(f"level must be less than {LEVEL_MAX + 1}")
        compression_params = ZstdCompressionParameters(
            compression_level=level, write_checksum=bool(write_checksum), write_dict_id=1
        )
    elif not isinstance(compression_params, ZstdCompressionParameters):
        raise TypeError("compression_params must be zstd.ZstdCompressionParameters")
    elif write_checksum is not None:
        raise ValueError("cannot define compression_params and write_checksum")
    train = zbatch_dict_train_options(sizeof(zbatch_dict_train_options), size(dict_size))
    train.dict_id = array("I", (dict_id,))[0]
    made = (c_void_p * 2)()
    call = _call.begin()
    try:
        _inputs.take(call, data, "argument must be list of BufferWithSegments")
        call.gather()
        call.set_options(threads, control, verify)
        statuses = call.want_statuses(errors)
        if _inputs.all_empty(call, data):
            raise ValueError("source elements are empty")
        arguments = (
            byref(compression_params._options),
            byref(train),
            call.views,
            call.count,
            call.options_at,
            statuses,
            byref(made),
            byref(made, sizeof(c_void_p)),
            call.error_at,
        )
        try:
            status = call.run_training(lib.zbatch_multi_compress_trained, arguments, cancels=True)
        finally:
            # Whatever interrupts this, somebody owns what was made.
            dictionary, collection = own_dict(made[0]), own_collection(made[1])
        if status < 0:
            raise _errors.failure(call.error)
        result = _containers.result(collection, _errors.failures(call, "compressing", _errors.failure))
        if made[0]:
            result.dictionary = _dictionary.trained(dictionary)
        return result
    finally:
        call.done()


def multi_decompress_trained(
    frames: _inputs.Batch,
    dictionary: ZstdCompressionDict | None = None,
    decompressed_sizes: Sizes = None,
    threads: int = 0,
    *,
    errors: Errors = "raise",
    control: Control | None = None,
    **options: Any,
) -> _containers.BufferWithSegmentsCollection:
    """Decompresses a batch that `multi_compress_trained()` made.

    `dictionary` may be left out when `frames` is its very result, or a pickle of it, or when it had none. `options` are
    those of `ZstdDecompressor`, limits above all; the other arguments are as in its `multi_decompress_to_buffer()`.
    """
    if dictionary is None and isinstance(frames, _containers.BufferWithSegmentsCollection):
        dictionary = frames.dictionary
    decompressor = ZstdDecompressor(dictionary, **options)
    return decompressor.multi_decompress_to_buffer(frames, decompressed_sizes, threads, errors=errors, control=control)
