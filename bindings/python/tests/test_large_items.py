"""Items that are larger than `max_frame_size`: several frames in one segment, which the threads of a batch share."""

from __future__ import annotations

import io
import unittest
from typing import Any

from support import contents, needs_peer, peer, records

import zbatch
from zbatch import (
    ZstdCompressionParameters,
    ZstdCompressor,
    ZstdDecompressor,
    ZstdError,
    frame_content_size,
)

MIB = 1 << 20
LARGE = b"".join(records(60_000))
ITEMS = [b"small", LARGE, b"", LARGE[:MIB], LARGE[: MIB + 1]]


class LargeItems(unittest.TestCase):
    """What becomes of them, and what other readers make of that."""

    def test_an_item_is_the_frames_of_its_slices(self) -> None:
        self.assertGreater(len(LARGE), 3 * MIB)
        whole, split = ZstdCompressor(level=1), ZstdCompressor(level=1, max_frame_size=MIB)
        wanted = [
            b"".join(whole.compress(item[start : start + MIB]) for start in range(0, max(len(item), 1), MIB))
            for item in ITEMS
        ]
        for threads in (1, 2, -1):
            frames = split.multi_compress_to_buffer(ITEMS, threads=threads)
            self.assertEqual(contents(frames), wanted)
            self.assertEqual(contents(ZstdDecompressor().multi_decompress_to_buffer(frames, threads=threads)), ITEMS)
        self.assertEqual([split.compress(item) for item in ITEMS], wanted)

    def test_it_stands_beside_parameters(self) -> None:
        params = ZstdCompressionParameters(compression_level=5, write_checksum=1)
        split = ZstdCompressor(compression_params=params, max_frame_size=MIB)
        whole = ZstdCompressor(compression_params=params)
        self.assertEqual(split.compress(LARGE)[:100_000], whole.compress(LARGE[:MIB])[:100_000])
        self.assertEqual(frame_content_size(split.compress(LARGE)), MIB)
        self.assertEqual(frame_content_size(whole.compress(LARGE)), len(LARGE))

    def test_sizes_that_it_refuses(self) -> None:
        for wrong in (1, MIB - 1):
            with self.assertRaisesRegex(ZstdError, "max_frame_size"):
                ZstdCompressor(max_frame_size=wrong)
        with self.assertRaises(OverflowError):
            ZstdCompressor(max_frame_size=-1)
        keyword_only: Any = ZstdCompressor
        with self.assertRaises(TypeError):
            keyword_only(3, None, None, None, None, None, 0, MIB)

    @needs_peer
    def test_the_peer_reads_all_frames_where_it_is_told_to(self) -> None:
        item = ZstdCompressor(max_frame_size=MIB).compress(LARGE)
        reader = peer.ZstdDecompressor()
        self.assertEqual(reader.decompress(item), LARGE[:MIB])
        self.assertEqual(reader.stream_reader(io.BytesIO(item), read_across_frames=True).read(), LARGE)
        self.assertEqual(ZstdDecompressor().decompress(item), LARGE[:MIB])
        self.assertEqual(ZstdDecompressor().decompress(item, read_across_frames=True), LARGE)
        self.assertEqual(zbatch.decompress(item), LARGE)
        with self.assertRaises(ZstdError):
            zbatch.decompress(item[:-1])


if __name__ == "__main__":
    unittest.main()
