"""The uses that the documentation of this API shows, with nothing changed but the import line."""

from __future__ import annotations

import io
import struct
import unittest
from collections.abc import Iterator

import zbatch as zstd


class Indexing(unittest.TestCase):
    """Results of a batch, segment by segment."""

    def test_iterating_over_a_result(self) -> None:
        compressor = zstd.ZstdCompressor()
        result = compressor.multi_compress_to_buffer([b"data1", b"data2", b"data3"])
        processed = []
        lines = []
        for i, segment in enumerate(result):
            lines.append(f"Segment {i}: offset={segment.offset}, length={len(segment)}")
            data = segment.tobytes()
            processed.append(data)
        self.assertEqual([zstd.decompress(data) for data in processed], [b"data1", b"data2", b"data3"])
        self.assertEqual(lines, [f"Segment {i}: offset={i * 14}, length=14" for i in range(3)])
        self.assertTrue(all(type(data) is bytes for data in processed))

    def test_indexing_a_result(self) -> None:
        compressor = zstd.ZstdCompressor()
        result = compressor.multi_compress_to_buffer([b"data1", b"data2"])
        total = 0
        for segment in result:
            data = segment.tobytes()
            total += len(data)
        first_segment = result[0]
        second_segment = result[1]
        self.assertEqual(total, result.size())
        self.assertIsInstance(first_segment, zstd.BufferSegment)
        self.assertEqual(zstd.decompress(first_segment), b"data1")
        self.assertEqual(zstd.decompress(second_segment), b"data2")

    def test_segments_are_a_sequence(self) -> None:
        data = b"concatenated data from multiple sources"
        buffer = zstd.BufferWithSegments(data, struct.pack("=6Q", 0, 12, 13, 4, 18, 21))
        segments = buffer.segments()
        self.assertIsInstance(segments, zstd.BufferSegments)
        self.assertEqual(len(segments), 3)
        self.assertIsInstance(segments[1], zstd.BufferSegment)
        self.assertEqual(segments[1].tobytes(), b"data")
        self.assertEqual([segment.tobytes() for segment in segments], [b"concatenated", b"data", b"from multiple sources"])
        self.assertEqual([segment.offset for segment in segments], [0, 13, 18])
        with self.assertRaises(IndexError):
            segments[3]


class ByHand(unittest.TestCase):
    """Buffers and collections that a program makes itself."""

    def test_a_buffer(self) -> None:
        data = b"concatenated data from multiple sources"
        segments = struct.pack("=4Q", 0, 17, 18, 21)
        buffer = zstd.BufferWithSegments(data, segments)
        self.assertEqual(f"Buffer size: {buffer.size} bytes", "Buffer size: 39 bytes")
        self.assertEqual(f"Number of segments: {len(buffer)}", "Number of segments: 2")
        found = []
        for i in range(len(buffer)):
            segment = buffer[i]
            segment_data = segment.tobytes()
            found.append(segment_data)
        self.assertEqual(found, [b"concatenated data", b"from multiple sources"])
        all_data = buffer.tobytes()
        self.assertEqual(all_data, data)

    def test_a_collection(self) -> None:
        compressor = zstd.ZstdCompressor()
        data_items = [b"item1", b"item2", b"item3", b"item4"]
        collection = compressor.multi_compress_to_buffer(data_items, threads=2)
        self.assertIsInstance(collection, zstd.BufferWithSegmentsCollection)
        self.assertEqual(len(collection), 4)
        sizes = []
        for i in range(len(collection)):
            segment = collection[i]
            compressed_data = segment.tobytes()
            sizes.append(len(compressed_data))
        self.assertEqual(sum(sizes), collection.size())

    def test_a_collection_of_buffers(self) -> None:
        one = zstd.BufferWithSegments(b"foobar", struct.pack("=4Q", 0, 3, 3, 3))
        two = zstd.BufferWithSegments(b"spam", struct.pack("=2Q", 0, 4))
        collection = zstd.BufferWithSegmentsCollection(one, two)
        self.assertEqual(len(collection), 3)
        self.assertEqual(collection[2].tobytes(), b"spam")
        self.assertEqual(collection.size(), 10)


class Batches(unittest.TestCase):
    """Documents in, frames out, and back."""

    def test_there_and_back(self) -> None:
        compressor = zstd.ZstdCompressor(level=5)
        documents = [
            b'{"id": 1, "text": "First document"}',
            b'{"id": 2, "text": "Second document"}',
            b'{"id": 3, "text": "Third document"}',
            b'{"id": 4, "text": "Fourth document"}',
        ]
        result = compressor.multi_compress_to_buffer(documents, threads=4)
        total_original = sum(len(doc) for doc in documents)
        total_compressed = result.size()
        self.assertRegex(f"Compression ratio: {total_original / total_compressed:.2f}:1", r"ratio: 0\.\d\d:1")
        compressed_docs = []
        for i in range(len(result)):
            segment = result[i]
            compressed_docs.append(segment.tobytes())

        decompressor = zstd.ZstdDecompressor()
        compressed_frames = compressed_docs
        result = decompressor.multi_decompress_to_buffer(compressed_frames, threads=4)
        self.assertEqual(result.size(), total_original)
        decompressed_docs = []
        for i in range(len(result)):
            segment = result[i]
            decompressed_docs.append(segment.tobytes())
        for i, (original, decompressed) in enumerate(zip(documents, decompressed_docs, strict=True)):
            self.assertEqual(original, decompressed, f"Mismatch in document {i}")

    def test_the_default_of_decompressed_sizes(self) -> None:
        frames = zstd.ZstdCompressor().multi_compress_to_buffer([b"foo", b"bar"])
        result = zstd.ZstdDecompressor().multi_decompress_to_buffer(frames, decompressed_sizes=b"", threads=0)
        self.assertEqual([s.tobytes() for s in result], [b"foo", b"bar"])

    def test_many_batches(self) -> None:
        data_items = [b'{"id": %d, "text": "document"}' % i for i in range(2500)]
        stored: dict[int, bytes] = {}
        in_place = []
        compressor = zstd.ZstdCompressor(level=3)
        batch_size = 1000
        for i in range(0, len(data_items), batch_size):
            batch = data_items[i : i + batch_size]
            compressed_batch = compressor.multi_compress_to_buffer(batch, threads=4)
            for j in range(len(compressed_batch)):
                segment = compressed_batch[j]
                if j % 2:
                    data = segment.tobytes()
                    stored[i + j] = data
                else:
                    in_place.append(segment)
        self.assertEqual(len(stored) + len(in_place), 2500)
        self.assertEqual([zstd.decompress(stored[i]) for i in sorted(stored)], data_items[1::2])
        self.assertEqual([zstd.decompress(segment) for segment in in_place], data_items[::2])

    def test_a_stream_in_chunks(self) -> None:
        original = b"".join(b"line %d of a log that is not very long\n" % i for i in range(250_000))
        input_stream, output_stream = io.BytesIO(original), io.BytesIO()
        compressor = zstd.ZstdCompressor()
        chunks: list[bytes] = []
        chunk_size = 64 * 1024
        batches = 0
        while True:
            chunk = input_stream.read(chunk_size)
            if not chunk:
                break
            chunks.append(chunk)
            if len(chunks) >= 100:
                result = compressor.multi_compress_to_buffer(chunks, threads=2)
                for i in range(len(result)):
                    segment = result[i]
                    output_stream.write(segment.tobytes())
                chunks = []
                batches += 1
        if chunks:
            result = compressor.multi_compress_to_buffer(chunks, threads=2)
            for i in range(len(result)):
                segment = result[i]
                output_stream.write(segment.tobytes())
            batches += 1
        self.assertEqual(batches, 2)
        written = output_stream.getvalue()
        self.assertLess(len(written), len(original) // 5)
        joined = zstd.ZstdDecompressor().multi_decompress_to_buffer([written])
        self.assertEqual(joined[0].tobytes(), original)

    def test_memory(self) -> None:
        compressor = zstd.ZstdCompressor()
        data = [b"x" * 1024 for _ in range(1000)]
        self.assertGreaterEqual(compressor.memory_size(), 0)
        result = compressor.multi_compress_to_buffer(data, threads=4)
        self.assertGreater(compressor.memory_size(), 0)
        self.assertEqual(len(result), 1000)
        self.assertLess(result.size(), 1000 * 1024 // 20)

        def shown() -> Iterator[str]:
            for i, segment in enumerate(result):
                size = len(segment)
                offset = segment.offset
                if i < 5:
                    yield f"Segment {i}: size={size}, offset={offset}"

        size = len(result[0])
        self.assertEqual(list(shown()), [f"Segment {i}: size={size}, offset={size * i}" for i in range(5)])


if __name__ == "__main__":
    unittest.main()
