"""ZstdCompressionParameters, and the options of the constructors, as far as the peer cannot tell."""

from __future__ import annotations

import inspect
import os
import sys
import unittest
from typing import Any

from support import contents, frame, noise, records, run

import zbatch
from zbatch import ZstdCompressionParameters, ZstdCompressor, ZstdDecompressor, ZstdError

DOCUMENTS = records(50, size=400)


class Parameters(unittest.TestCase):
    """Their values and their effect."""

    def test_every_argument_is_an_attribute(self) -> None:
        names = list(inspect.signature(ZstdCompressionParameters).parameters)
        self.assertEqual(len(names), 21)
        params = ZstdCompressionParameters()
        for name in names:
            self.assertIsInstance(getattr(params, name), int)
            self.assertNotIsInstance(getattr(params, name), bool)
            with self.assertRaises(AttributeError):
                setattr(params, name, 1)

    def test_threads_below_zero_are_all(self) -> None:
        every = {ZstdCompressionParameters(threads=n).threads for n in (-1, -(2**31))}
        self.assertEqual(len(every), 1)
        self.assertIn(*every, range(1, (os.cpu_count() or 1) + 1))
        if hasattr(os, "sched_setaffinity"):
            code = """
                import os
                os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
                import zbatch
                print(zbatch.ZstdCompressionParameters(threads=-1).threads)
                """
            self.assertEqual(run(code), "1\n")

    def test_each_changes_frames_or_their_headers(self) -> None:
        data = b"".join(records(2000)) + noise(100) + b"".join(records(2000))

        def made(**options: int) -> bytes:
            return frame(data, compression_params=ZstdCompressionParameters(**options))

        plain = made()
        for options in (
            {"compression_level": 7},
            {"window_log": 12},
            {"hash_log": 8},
            {"search_log": 8, "compression_level": 7},
            {"min_match": 7},
            {"target_length": 4000, "strategy": 7},
            {"strategy": 1},
            {"write_content_size": 0},
            {"write_checksum": 1},
            {"format": 1},
            {"enable_ldm": 1, "ldm_min_match": 16, "ldm_hash_rate_log": 1},
        ):
            with self.subTest(**options):
                other = made(**options)
                self.assertNotEqual(other, plain)
                reader = ZstdDecompressor(format=options.get("format", 0))
                self.assertEqual(contents(reader.multi_decompress_to_buffer([other])), [data])

    def test_workers_cut_big_items(self) -> None:
        data = b"".join(records(100_000))
        plain = frame(data)
        params = ZstdCompressionParameters(threads=2, job_size=1 << 20)
        split = frame(data, compression_params=params)
        self.assertNotEqual(split, plain)
        self.assertEqual(zbatch.decompress(split), data)
        self.assertEqual(
            ZstdCompressor(compression_params=params).multi_compress_to_buffer([data], 2)[0].tobytes(), split
        )

    def test_subclasses(self) -> None:
        class Mine(ZstdCompressionParameters):
            """With something of its own."""

            def __init__(self, **more: Any) -> None:
                super().__init__(**more)
                self.extra = 1

        mine = Mine(compression_level=7, write_checksum=1)
        self.assertEqual((mine.extra, mine.compression_level), (1, 7))
        theirs = ZstdCompressionParameters(compression_level=7, write_checksum=1)
        self.assertEqual(frame(DOCUMENTS[0], compression_params=mine), frame(DOCUMENTS[0], compression_params=theirs))
        self.assertIsInstance(Mine.from_level(3), ZstdCompressionParameters)

    def test_from_level_is_tuned_for_the_source(self) -> None:
        small = ZstdCompressionParameters.from_level(3, source_size=100)
        large = ZstdCompressionParameters.from_level(3, source_size=10**8)
        self.assertLess(small.window_log, large.window_log)
        self.assertLess(small.estimated_compression_context_size(), large.estimated_compression_context_size())

    def test_estimates_grow_with_tables(self) -> None:
        sizes = [ZstdCompressionParameters(hash_log=h, chain_log=h).estimated_compression_context_size() for h in (10, 16, 22)]
        self.assertEqual(sizes, sorted(sizes))
        self.assertGreater(sizes[2] - sizes[0], (2**22 - 2**10) * 4)

    def test_numbers_that_are_no_c_int(self) -> None:
        for bad in (2**31, -(2**31) - 1, 10**30):
            for name in ("window_log", "compression_level", "threads", "job_size"):
                with self.assertRaises((OverflowError, ZstdError)):
                    ZstdCompressionParameters(**{name: bad})
            with self.assertRaises(OverflowError):
                ZstdCompressor(level=bad)


class Limits(unittest.TestCase):
    """The limits of a decompressor."""

    def test_bad_values(self) -> None:
        for name in ("max_item_size", "max_unsized_item_size", "max_total_size"):
            for bad in (-1, 2**64, 2**70):
                with self.assertRaises((ValueError, OverflowError)):
                    ZstdDecompressor(**{name: bad})
            for bad in ("x", 1.5, None):
                with self.assertRaises(TypeError):
                    ZstdDecompressor(**{name: bad})

    def test_keyword_only(self) -> None:
        with self.assertRaises(TypeError):
            ZstdDecompressor(None, 0, 0, 100)  # type: ignore[misc]

    def test_no_limit(self) -> None:
        reader = ZstdDecompressor(max_item_size=0, max_total_size=0)
        self.assertEqual(contents(reader.multi_decompress_to_buffer([frame(bytes(10**6))])), [bytes(10**6)])

    def test_they_hold_for_every_call(self) -> None:
        reader = ZstdDecompressor(max_item_size=100)
        big = frame(bytes(101))
        for call in (
            lambda: reader.decompress(big),
            lambda: reader.multi_decompress_to_buffer([big]),
            lambda: reader.multi_decompress_into([big], [bytearray(200)]),
            lambda: reader.multi_decompress_packed([big], bytearray(200)),
            lambda: reader.decompressed_sizes([big]),
        ):
            with self.assertRaises(ZstdError) as caught:
                call()
            self.assertEqual(caught.exception.status, "ZBATCH_ERROR_LIMIT")

    def test_require_checksum_in_one_shot(self) -> None:
        reader = ZstdDecompressor(require_checksum=True)
        self.assertEqual(reader.decompress(frame(b"foo", write_checksum=True)), b"foo")
        with self.assertRaises(ZstdError):
            reader.decompress(frame(b"foo"))


class Headers(unittest.TestCase):
    """frame_header_size()."""

    def test_the_size_of_the_content_takes_as_many_bytes_as_it_needs(self) -> None:
        for content, size in ((b"", 6), (b"x" * 255, 6), (b"x" * 256, 7), (b"x" * 70_000, 9)):
            self.assertEqual(zbatch.frame_header_size(frame(content)), size)

    def test_a_beginning_that_does_not_tell(self) -> None:
        for head in (b"", frame(b"x")[:4]):
            with self.assertRaises(ZstdError):
                zbatch.frame_header_size(head)


@unittest.skipUnless(sys.version_info >= (3, 12), "classes lend bytes from Python 3.12 on")
class AskedOnce(unittest.TestCase):
    """Objects that would answer differently when they are asked for their bytes again."""

    def test_of_one_object_all_bytes_are_of_one_answer(self) -> None:
        class Fickle:
            """First `answer`, then nothing."""

            def __init__(self, answer: bytes) -> None:
                self.answers = [b"", answer]

            def __buffer__(self, flags: int) -> memoryview:
                return memoryview(self.answers.pop())

        whole = frame(b"foobar")
        self.assertEqual(zbatch.frame_header_size(Fickle(whole)), zbatch.frame_header_size(whole))
        for head, need in ((whole[:5], 6), (whole[:3], 5)):
            with self.assertRaises(ZstdError) as caught:
                zbatch.get_frame_parameters(Fickle(head))
            self.assertEqual(str(caught.exception), f"not enough data for frame parameters; need {need} bytes")
        no_dictionary = b"\x37\xa4\x30\xec" + bytes(100)
        self.assertEqual(zbatch.ZstdCompressionDict(Fickle(no_dictionary)).as_bytes(), no_dictionary)


class Threads(unittest.TestCase):
    """The `threads` of a call."""

    def test_their_number_is_a_c_int(self) -> None:
        for call in (
            lambda n: ZstdCompressor().multi_compress_to_buffer(DOCUMENTS, n),
            lambda n: ZstdDecompressor().multi_decompress_to_buffer([frame(b"x")], None, n),
            lambda n: ZstdDecompressor().multi_decompress_into([frame(b"x")], [bytearray(1)], n),
            lambda n: ZstdDecompressor().multi_decompress_packed([frame(b"x")], bytearray(1), None, n),
        ):
            for good in (0, 1, 2, -1, 1000, True, -(2**31), 2**31 - 1):
                call(good)
            for bad in (2**31, -(2**31) - 1):
                with self.assertRaises(OverflowError):
                    call(bad)
            for bad in (1.0, "1", None, b"1"):
                with self.assertRaises(TypeError):
                    call(bad)

    def test_memory_of_contexts_shows(self) -> None:
        compressor, decompressor = ZstdCompressor(), ZstdDecompressor()
        before = compressor.memory_size(), decompressor.memory_size()
        made = compressor.multi_compress_to_buffer(DOCUMENTS)
        decompressor.multi_decompress_to_buffer(made)
        self.assertGreater(compressor.memory_size(), before[0])
        self.assertGreater(decompressor.memory_size(), before[1])


if __name__ == "__main__":
    unittest.main()
