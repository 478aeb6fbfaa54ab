"""Frames travel: to and from the peer, the zstd program and the standard library."""

from __future__ import annotations

import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any

from support import (
    THREADS,
    buffer_of,
    collection_of,
    contents,
    needs_peer,
    needs_stdlib_zstd,
    needs_zstd_program,
    noise,
    peer,
    records,
    stdlib_zstd,
    zstd_program,
)

import zbatch
from zbatch import ZstdCompressor, ZstdDecompressor

ITEMS = [b"", b"x", *records(50), noise(1000), noise(200_000), bytes(500_000), records(1, size=300_000)[0], b"end"]
DICT = zbatch.train_dictionary(4096, records(3000, seed=9))
OPTIONS: list[dict[str, Any]] = [
    {},
    {"level": 1},
    {"level": -5},
    {"level": 12, "write_checksum": True},
    {"write_content_size": False},
    {"write_content_size": False, "write_checksum": True, "write_dict_id": False},
    {"threads": 2},
]


class Alone(unittest.TestCase):
    """There and back."""

    def test_every_option_and_number_of_threads(self) -> None:
        for options in OPTIONS:
            for dictionary in (None, DICT):
                compressor = ZstdCompressor(dict_data=dictionary, **options)
                decompressor = ZstdDecompressor(dict_data=dictionary)
                for threads in THREADS:
                    made = compressor.multi_compress_to_buffer(ITEMS, threads)
                    self.assertEqual(contents(decompressor.multi_decompress_to_buffer(made, threads=threads)), ITEMS)

    def test_a_batch_is_so_many_single_calls(self) -> None:
        for options in OPTIONS:
            compressor = ZstdCompressor(**options)
            made = contents(compressor.multi_compress_to_buffer(ITEMS, 2))
            self.assertEqual(made, [compressor.compress(item) for item in ITEMS])
            self.assertEqual([ZstdDecompressor().decompress(frame) for frame in made], ITEMS)

    def test_one_shot(self) -> None:
        for item in ITEMS:
            for level in (-5, 1, 3, 9):
                self.assertEqual(zbatch.decompress(zbatch.compress(item, level)), item)

    def test_freed_memory_is_kept_for_the_next_result_and_given_back_when_asked(self) -> None:
        size = 5 << 20
        made = ZstdDecompressor().multi_decompress_to_buffer([zbatch.compress(bytes(size))])
        self.assertEqual(made.size(), size)
        del made
        self.assertGreaterEqual(zbatch.retained_size(), size)
        zbatch.release_retained()
        self.assertLess(zbatch.retained_size(), size)

    def test_many_small_items(self) -> None:
        items = [b"%d" % i for i in range(100_000)]
        made = ZstdCompressor(1).multi_compress_to_buffer(items)
        back = ZstdDecompressor().multi_decompress_to_buffer(made)
        self.assertEqual(back.tolist(), items)


@needs_peer
class Peer(unittest.TestCase):
    """python-zstandard."""

    def test_the_peer_reads_our_frames(self) -> None:
        theirs = peer.ZstdCompressionDict(DICT.as_bytes())
        for options in OPTIONS:
            for ours, dictionary in ((None, None), (DICT, theirs)):
                made = ZstdCompressor(dict_data=ours, **options).multi_compress_to_buffer(ITEMS, 2)
                reader = peer.ZstdDecompressor(dict_data=dictionary)
                self.assertEqual([reader.decompress(s, max_output_size=600_000) for s in made], ITEMS)
                if options.get("write_content_size", True):
                    packed = [bytes(s) for s in made]
                    self.assertEqual(contents(reader.multi_decompress_to_buffer(packed)), ITEMS)
                    self.assertEqual(contents(reader.multi_decompress_to_buffer(list(made))), ITEMS)

    def test_we_read_the_peers_frames(self) -> None:
        theirs = peer.ZstdCompressionDict(DICT.as_bytes())
        for options in OPTIONS:
            for ours, dictionary in ((None, None), (DICT, theirs)):
                writer = peer.ZstdCompressor(dict_data=dictionary, **options)
                made = writer.multi_compress_to_buffer(ITEMS)
                reader = ZstdDecompressor(dict_data=ours)
                self.assertEqual(contents(reader.multi_decompress_to_buffer(list(made), threads=2)), ITEMS)
                self.assertEqual(contents(reader.multi_decompress_to_buffer(contents(made))), ITEMS)
                streams = []
                for item in ITEMS:
                    stream = writer.compressobj()
                    streams.append(stream.compress(item) + stream.flush())
                self.assertEqual(contents(reader.multi_decompress_to_buffer(streams, threads=2)), ITEMS)

    def test_containers_of_the_one_are_bytes_to_the_other(self) -> None:
        items = records(20)
        theirs = buffer_of(items, peer)
        copied = zbatch.BufferWithSegments(theirs, theirs.segments())
        self.assertEqual(contents(copied), items)
        ours = buffer_of(items)
        again = peer.BufferWithSegments(ours, ours.segments())
        self.assertEqual(contents(again), items)
        self.assertEqual(
            contents(ZstdCompressor().multi_compress_to_buffer(list(theirs))),
            contents(peer.ZstdCompressor().multi_compress_to_buffer(list(collection_of(items)))),
        )


@needs_zstd_program
class Program(unittest.TestCase):
    """The zstd program."""

    def zstd(self, data: bytes, *arguments: str) -> bytes:
        assert zstd_program
        return subprocess.run([zstd_program, *arguments], input=data, capture_output=True, check=True).stdout

    def test_it_reads_our_frames(self) -> None:
        for options in OPTIONS:
            made = ZstdCompressor(**options).multi_compress_to_buffer(ITEMS, 2)
            self.assertEqual(self.zstd(made.tobytes(), "-dc"), b"".join(ITEMS))
        self.assertEqual(self.zstd(made[3].tobytes(), "-dc"), ITEMS[3])

    def test_we_read_its_frames(self) -> None:
        for arguments in (("-c",), ("-c", "-19"), ("-c", "--no-check"), ("-c", "--fast=5"), ("-c", "--long=27")):
            made = [self.zstd(item, *arguments) for item in ITEMS[-6:]]
            self.assertEqual(contents(ZstdDecompressor().multi_decompress_to_buffer(made, threads=2)), ITEMS[-6:])
            self.assertEqual(contents(ZstdDecompressor().multi_decompress_to_buffer([b"".join(made)])), [b"".join(ITEMS[-6:])])

    def test_with_a_dictionary(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "dictionary")
            path.write_bytes(DICT.as_bytes())
            documents = records(20)
            made = ZstdCompressor(dict_data=DICT).multi_compress_to_buffer(documents)
            self.assertEqual(self.zstd(made.tobytes(), "-dc", "-D", str(path)), b"".join(documents))
            theirs = [self.zstd(document, "-c", "-D", str(path)) for document in documents[:5]]
            reader = ZstdDecompressor(dict_data=DICT)
            self.assertEqual(contents(reader.multi_decompress_to_buffer(theirs)), documents[:5])


@needs_stdlib_zstd
class Stdlib(unittest.TestCase):
    """compression.zstd."""

    def test_both_ways(self) -> None:
        made = ZstdCompressor().multi_compress_to_buffer(ITEMS, 2)
        self.assertEqual([stdlib_zstd.decompress(s) for s in made], ITEMS)
        theirs = [stdlib_zstd.compress(item) for item in ITEMS]
        self.assertEqual(contents(ZstdDecompressor().multi_decompress_to_buffer(theirs)), ITEMS)


if __name__ == "__main__":
    unittest.main()
