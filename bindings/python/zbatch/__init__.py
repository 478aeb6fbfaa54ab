"""Many items, one call, every core: batch compression with Zstandard, in the words of python-zstandard.

    import zbatch as zstd

    compressor = zstd.ZstdCompressor(level=3)
    frames = compressor.multi_compress_to_buffer(records)          # any sequence of bytes-like items
    records = zstd.ZstdDecompressor().multi_decompress_to_buffer(frames)
    for record in records:                                         # segments of a few buffers, not copied
        handle(memoryview(record))

A program that uses python-zstandard's batch API runs with this module in its place. Results are read-only and keep their
memory alive by themselves. Compressors, decompressors, dictionaries and containers may be shared by threads.
"""

import typing as _typing

from . import _ffi, _methods as _methods
from ._compressor import ZstdCompressor, compress
from ._containers import BufferSegment, BufferSegments, BufferWithSegments, BufferWithSegmentsCollection
from ._control import Control
from ._decompressor import ZstdDecompressor, decompress, estimate_decompression_context_size
from ._dictionary import (
    DICT_TYPE_AUTO,
    DICT_TYPE_FULLDICT,
    DICT_TYPE_RAWCONTENT,
    ZstdCompressionDict,
    train_dictionary,
)
from ._errors import ZstdError
from ._frames import CONTENTSIZE_ERROR, FrameParameters, frame_content_size, frame_header_size, get_frame_parameters
from ._inputs import Columns
from ._params import ZstdCompressionParameters
from ._retained import release_retained, retained_size
from ._trained import multi_compress_trained, multi_decompress_trained
from ._version import __version__

backend = "cext"
backend_features = {"buffer_types", "multi_compress_to_buffer", "multi_decompress_to_buffer"}

ZSTD_VERSION = (
    _ffi.constant("ZSTD_VERSION_MAJOR"),
    _ffi.constant("ZSTD_VERSION_MINOR"),
    _ffi.constant("ZSTD_VERSION_RELEASE"),
)

FORMAT_ZSTD1 = _ffi.FORMAT_ZSTD1
FORMAT_ZSTD1_MAGICLESS = _ffi.FORMAT_ZSTD1_MAGICLESS
MAX_COMPRESSION_LEVEL = _ffi.LEVEL_MAX
CONTENTSIZE_UNKNOWN = _ffi.CONTENTSIZE_UNKNOWN

STRATEGY_FAST = _ffi.constant("ZBATCH_STRATEGY_FAST")
STRATEGY_DFAST = _ffi.constant("ZBATCH_STRATEGY_DFAST")
STRATEGY_GREEDY = _ffi.constant("ZBATCH_STRATEGY_GREEDY")
STRATEGY_LAZY = _ffi.constant("ZBATCH_STRATEGY_LAZY")
STRATEGY_LAZY2 = _ffi.constant("ZBATCH_STRATEGY_LAZY2")
STRATEGY_BTLAZY2 = _ffi.constant("ZBATCH_STRATEGY_BTLAZY2")
STRATEGY_BTOPT = _ffi.constant("ZBATCH_STRATEGY_BTOPT")
STRATEGY_BTULTRA = _ffi.constant("ZBATCH_STRATEGY_BTULTRA")
STRATEGY_BTULTRA2 = _ffi.constant("ZBATCH_STRATEGY_BTULTRA2")

MAGIC_NUMBER = _ffi.constant("ZSTD_MAGICNUMBER")
FRAME_HEADER = MAGIC_NUMBER.to_bytes(4, "little")
BLOCKSIZELOG_MAX = _ffi.constant("ZSTD_BLOCKSIZELOG_MAX")
BLOCKSIZE_MAX = _ffi.constant("ZSTD_BLOCKSIZE_MAX")
WINDOWLOG_MIN = _ffi.constant("ZSTD_WINDOWLOG_MIN")
WINDOWLOG_MAX = _ffi.constant("ZSTD_WINDOWLOG_MAX")
HASHLOG_MIN = _ffi.constant("ZSTD_HASHLOG_MIN")
HASHLOG_MAX = _ffi.constant("ZSTD_HASHLOG_MAX")
CHAINLOG_MIN = _ffi.constant("ZSTD_CHAINLOG_MIN")
CHAINLOG_MAX = _ffi.constant("ZSTD_CHAINLOG_MAX")
SEARCHLOG_MIN = _ffi.constant("ZSTD_SEARCHLOG_MIN")
SEARCHLOG_MAX = _ffi.constant("ZSTD_SEARCHLOG_MAX")
MINMATCH_MIN = SEARCHLENGTH_MIN = _ffi.constant("ZSTD_MINMATCH_MIN")
MINMATCH_MAX = SEARCHLENGTH_MAX = _ffi.constant("ZSTD_MINMATCH_MAX")
TARGETLENGTH_MIN = _ffi.constant("ZSTD_TARGETLENGTH_MIN")
TARGETLENGTH_MAX = _ffi.constant("ZSTD_TARGETLENGTH_MAX")
LDM_MINMATCH_MIN = _ffi.constant("ZSTD_LDM_MINMATCH_MIN")
LDM_MINMATCH_MAX = _ffi.constant("ZSTD_LDM_MINMATCH_MAX")
LDM_BUCKETSIZELOG_MAX = _ffi.constant("ZSTD_LDM_BUCKETSIZELOG_MAX")
COMPRESSION_RECOMMENDED_INPUT_SIZE = _ffi.constant("ZSTD_CStreamInSize")
COMPRESSION_RECOMMENDED_OUTPUT_SIZE = _ffi.constant("ZSTD_CStreamOutSize")
DECOMPRESSION_RECOMMENDED_INPUT_SIZE = _ffi.constant("ZSTD_DStreamInSize")
DECOMPRESSION_RECOMMENDED_OUTPUT_SIZE = _ffi.constant("ZSTD_DStreamOutSize")

# Names of python-zstandard's own, for streams that zbatch has not.
FLUSH_BLOCK, FLUSH_FRAME = 0, 1
COMPRESSOBJ_FLUSH_FINISH, COMPRESSOBJ_FLUSH_BLOCK = 0, 1

# What python-zstandard has and this module has not, and what to use instead.
_ELSEWHERE = {
    "ZstdCompressionReader": "ZstdCompressor.multi_compress_to_buffer() with the chunks of the stream",
    "ZstdCompressionWriter": "ZstdCompressor.multi_compress_to_buffer() with the chunks of the stream",
    "ZstdCompressionObj": "ZstdCompressor.multi_compress_to_buffer() with the chunks of the stream",
    "ZstdCompressionChunker": "ZstdCompressor.multi_compress_to_buffer() with the chunks of the stream",
    "ZstdDecompressionReader": "ZstdDecompressor.multi_decompress_to_buffer() or decompress()",
    "ZstdDecompressionWriter": "ZstdDecompressor.multi_decompress_to_buffer() or decompress()",
    "ZstdDecompressionObj": "ZstdDecompressor.multi_decompress_to_buffer() or decompress()",
    "CompressionParameters": "ZstdCompressionParameters",
    "backend_c": "the names of zbatch itself",
    "open": "the built-in open() with compress() or decompress()",
    "Buffer": "collections.abc.Buffer, or any bytes-like object",
}


if not _typing.TYPE_CHECKING:  # which finds misspelt names by itself

    def __getattr__(name: str) -> _typing.Any:
        if name in _ELSEWHERE:
            raise AttributeError(f"module 'zbatch' has no '{name}': use {_ELSEWHERE[name]}")
        raise AttributeError(f"module 'zbatch' has no attribute '{name}'")


__all__ = [
    "BLOCKSIZELOG_MAX",
    "BLOCKSIZE_MAX",
    "BufferSegment",
    "BufferSegments",
    "BufferWithSegments",
    "BufferWithSegmentsCollection",
    "CHAINLOG_MAX",
    "CHAINLOG_MIN",
    "COMPRESSION_RECOMMENDED_INPUT_SIZE",
    "COMPRESSION_RECOMMENDED_OUTPUT_SIZE",
    "COMPRESSOBJ_FLUSH_BLOCK",
    "COMPRESSOBJ_FLUSH_FINISH",
    "CONTENTSIZE_ERROR",
    "CONTENTSIZE_UNKNOWN",
    "Columns",
    "Control",
    "DECOMPRESSION_RECOMMENDED_INPUT_SIZE",
    "DECOMPRESSION_RECOMMENDED_OUTPUT_SIZE",
    "DICT_TYPE_AUTO",
    "DICT_TYPE_FULLDICT",
    "DICT_TYPE_RAWCONTENT",
    "FLUSH_BLOCK",
    "FLUSH_FRAME",
    "FORMAT_ZSTD1",
    "FORMAT_ZSTD1_MAGICLESS",
    "FRAME_HEADER",
    "FrameParameters",
    "HASHLOG_MAX",
    "HASHLOG_MIN",
    "LDM_BUCKETSIZELOG_MAX",
    "LDM_MINMATCH_MAX",
    "LDM_MINMATCH_MIN",
    "MAGIC_NUMBER",
    "MAX_COMPRESSION_LEVEL",
    "MINMATCH_MAX",
    "MINMATCH_MIN",
    "SEARCHLENGTH_MAX",
    "SEARCHLENGTH_MIN",
    "SEARCHLOG_MAX",
    "SEARCHLOG_MIN",
    "STRATEGY_BTLAZY2",
    "STRATEGY_BTOPT",
    "STRATEGY_BTULTRA",
    "STRATEGY_BTULTRA2",
    "STRATEGY_DFAST",
    "STRATEGY_FAST",
    "STRATEGY_GREEDY",
    "STRATEGY_LAZY",
    "STRATEGY_LAZY2",
    "TARGETLENGTH_MAX",
    "TARGETLENGTH_MIN",
    "WINDOWLOG_MAX",
    "WINDOWLOG_MIN",
    "ZSTD_VERSION",
    "ZstdCompressionDict",
    "ZstdCompressionParameters",
    "ZstdCompressor",
    "ZstdDecompressor",
    "ZstdError",
    "__version__",
    "backend",
    "backend_features",
    "compress",
    "decompress",
    "estimate_decompression_context_size",
    "frame_content_size",
    "frame_header_size",
    "get_frame_parameters",
    "multi_compress_trained",
    "multi_decompress_trained",
    "release_retained",
    "retained_size",
    "train_dictionary",
]

# Where programs find them is where they say that they are from.
for _name in __all__:
    if callable(globals()[_name]):
        globals()[_name].__module__ = __name__
