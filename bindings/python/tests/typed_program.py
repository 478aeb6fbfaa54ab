"""Every public name as a typed program meets it: this must pass `mypy --strict`, with these types, and run."""

from __future__ import annotations

import mmap
from array import array
from typing import assert_type

import zbatch as zstd

# ---- compress

level: int = zstd.MAX_COMPRESSION_LEVEL
params = zstd.ZstdCompressionParameters(compression_level=5, write_checksum=1, strategy=zstd.STRATEGY_LAZY2)
assert_type(params, zstd.ZstdCompressionParameters)
assert_type(params.window_log, int)
assert_type(params.estimated_compression_context_size(), int)
assert_type(zstd.ZstdCompressionParameters.from_level(3, source_size=10, window_log=20), zstd.ZstdCompressionParameters)
compressor = zstd.ZstdCompressor(level=3, write_checksum=True)
assert_type(zstd.ZstdCompressor(compression_params=params), zstd.ZstdCompressor)
control = zstd.Control()
frames = compressor.multi_compress_to_buffer([b"foo", bytearray(b"x")], threads=2, errors="return", control=control, verify=True)
assert_type(frames, zstd.BufferWithSegmentsCollection)
assert_type(compressor.compress(memoryview(b"foo")), bytes)
assert_type(compressor.memory_size(), int)
assert_type(compressor.frame_progression(), tuple[int, int, int])
assert_type(zstd.compress(b"foo", 3), bytes)
with zstd.ZstdCompressor() as entered:
    assert_type(entered, zstd.ZstdCompressor)
control.cancel()
control.reset()
assert_type((control.items_done, control.bytes_done, control.items_running), tuple[int, int, int])

# ---- what a batch may be

compressor.multi_compress_to_buffer(item for item in (b"foo", bytearray(b"bar"), memoryview(b"baz")))
compressor.multi_compress_to_buffer(zstd.Columns(b"foobar", array("q", [0, 3, 6])))
compressor.multi_compress_to_buffer(frames)
compressor.multi_compress_to_buffer(list(frames))
with mmap.mmap(-1, 3) as mapped:
    compressor.multi_compress_to_buffer([mapped])
assert_type(len(zstd.Columns(b"", array("q", [0]))), int)

# ---- decompress

decompressor = zstd.ZstdDecompressor(max_window_size=1 << 20, format=zstd.FORMAT_ZSTD1, max_item_size=100, single_frame=True)
items = decompressor.multi_decompress_to_buffer(frames, decompressed_sizes=[3, 1], threads=-1, errors="return")
assert_type(items, zstd.BufferWithSegmentsCollection)
assert_type(items.errors, dict[int, Exception])
assert_type(decompressor.decompressed_sizes(frames), memoryview)
assert_type(decompressor.multi_decompress_packed(frames, bytearray(4)), zstd.BufferWithSegments)
written = decompressor.multi_decompress_into(frames, [bytearray(3), memoryview(bytearray(1))])
assert_type(decompressor.decompress(frames[0], max_output_size=10), bytes)
assert_type(decompressor.memory_size(), int)
assert_type(zstd.decompress(frames[0]), bytes)
assert_type(zstd.estimate_decompression_context_size(), int)
try:
    zstd.decompress(b"no frame")
except zstd.ZstdError as error:
    assert_type(error.item, int | None)
    assert_type((error.status, error.zstd_error), tuple[str, int])

# ---- results

segment = frames[0]
assert_type(segment, zstd.BufferSegment)
assert_type((len(segment), segment.offset, segment.tobytes()), tuple[int, int, bytes])
assert_type(memoryview(segment), memoryview)
assert_type((segment[0], segment[:2]), tuple[int, zstd.BufferSegment | memoryview])
assert_type(list(segment), list[int])
assert_type([s.tobytes() for s in frames], list[bytes])
assert_type(frames.tolist(), list[bytes])
assert_type((frames.size(), len(frames), frames.tobytes()), tuple[int, int, bytes])
assert_type((frames.offsets, frames.lengths), tuple[memoryview, memoryview])
assert_type(frames.buffers, tuple[zstd.BufferWithSegments, ...])
assert_type(frames.__arrow_c_array__(), tuple[object, object])
buffer = zstd.BufferWithSegments(b"foobar", array("Q", [0, 3, 3, 3]))
assert_type(buffer, zstd.BufferWithSegments)
assert_type((buffer.size, len(buffer), buffer.tobytes(), buffer.tolist()), tuple[int, int, bytes, list[bytes]])
assert_type(buffer[1], zstd.BufferSegment)
assert_type(buffer.segments(), zstd.BufferSegments)
assert_type(buffer.segments()[0], zstd.BufferSegment)
assert_type((buffer.offsets, buffer.segments().lengths), tuple[memoryview, memoryview])
assert_type(list(buffer.segments()), list[zstd.BufferSegment])
with zstd.BufferWithSegmentsCollection(buffer, buffer) as collection:
    assert_type(collection, zstd.BufferWithSegmentsCollection)

# ---- dictionaries and frames

samples = [b'{"id": %d, "city": "Oslo", "celsius": %d}' % (i, i * i) for i in range(2000)]
trained = zstd.train_dictionary(1024, iter(samples), level=3)
assert_type(trained, zstd.ZstdCompressionDict)
assert_type((trained.dict_id(), trained.as_bytes(), len(trained), trained.k, trained.d), tuple[int, bytes, int, int, int])
trained.precompute_compress(level=3)
assert_type(zstd.ZstdCompressionDict(b"foobar", zstd.DICT_TYPE_RAWCONTENT).as_bytes(), bytes)
carried = zstd.multi_compress_trained(samples, level=3, dict_size=1024)
assert_type(carried, zstd.BufferWithSegmentsCollection)
assert_type(zstd.multi_decompress_trained(carried, max_item_size=1000), zstd.BufferWithSegmentsCollection)
head = zstd.get_frame_parameters(segment, format=zstd.FORMAT_ZSTD1)
assert_type(head, zstd.FrameParameters)
assert_type((head.content_size, head.window_size, head.dict_id, head.has_checksum), tuple[int, int, int, bool])
assert_type((zstd.frame_content_size(segment), zstd.frame_header_size(segment)), tuple[int, int])

# ---- the rest

assert_type((zstd.__version__, zstd.backend), tuple[str, str])
assert_type((zstd.ZSTD_VERSION, zstd.backend_features), tuple[tuple[int, int, int], set[str]])
assert_type(zstd.retained_size(), int)
zstd.release_retained()
assert_type((zstd.FRAME_HEADER, zstd.MAGIC_NUMBER), tuple[bytes, int])
