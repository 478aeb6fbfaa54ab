"""Where python-zstandard loses data, crashes, reads out of bounds, ignores an option or depends on the number of threads.

What the package must do there is written out, because the peer cannot be asked.
"""

from __future__ import annotations

import gc
import threading
import unittest
from typing import Any

from support import (
    THREADS,
    bad_checksum,
    buffer_of,
    checked,
    collection_of,
    contents,
    declaring,
    frame,
    frames,
    needs_peer,
    noise,
    peer,
    records,
    run,
    sizes,
    skippable,
    slow,
    table,
    unsized,
    with_window_log,
    words,
)

import zbatch
from zbatch import ZstdCompressionDict, ZstdCompressionParameters, ZstdCompressor, ZstdDecompressor, ZstdError

DOCUMENTS = records(20)
FRAMES = frames(DOCUMENTS)
DICT = zbatch.train_dictionary(2048, records(2000))


def decompress(items: Any, *arguments: Any, options: dict[str, Any] | None = None, **more: Any) -> list[bytes]:
    return contents(ZstdDecompressor(**(options or {})).multi_decompress_to_buffer(items, *arguments, **more))


class Tables(unittest.TestCase):
    """A segment outside its buffer."""

    def test_sums_past_2_to_64(self) -> None:
        for segment in ((2**64 - 1, 1), (2**64 - 1, 2), (1, 2**64 - 1), (8, 2**64 - 8), (2**63, 2**63), (2**64 - 1, 2**64 - 1)):
            for segments in (table(segment), table((0, 3), segment)):
                with self.subTest(segment), self.assertRaises(ValueError) as caught:
                    zbatch.BufferWithSegments(b"foobarbaz", segments)
                self.assertEqual(str(caught.exception), "offset within segments array references memory outside buffer")

    def test_the_error_names_the_segment(self) -> None:
        with self.assertRaises(ValueError) as caught:
            zbatch.BufferWithSegments(b"foobarbaz", table((0, 3), (3, 3), (9, 1), (10, 1)))
        self.assertEqual(caught.exception.item, 2)


class Empties(unittest.TestCase):
    """Items and frames of nothing, and batches of them."""

    def test_empty_frames_wherever_they_stand(self) -> None:
        nothing, something = frame(b""), frame(b"something")
        batches = [
            [nothing],
            [nothing] * 5,
            [nothing, something],
            [something, nothing],
            [nothing, something, nothing],
            [something, nothing, nothing, nothing],
            [something] * 3 + [nothing] * 50,
            [unsized(b""), something, unsized(b""), checked(b"")],
        ]
        for batch in batches:
            expected = [b"something" if item is something else b"" for item in batch]
            for threads in THREADS:
                for items in (batch, buffer_of(batch), collection_of(batch)):
                    with self.subTest(batch=len(batch), threads=threads, kind=type(items).__name__):
                        self.assertEqual(decompress(items, threads=threads), expected)

    def test_no_item_is_dropped(self) -> None:
        for batch in ([b"x"] + [b""] * 9, [b""] * 9 + [b"x"], [b"", b"x"] * 9, [noise(10000)] + [b""] * 100):
            for threads in THREADS:
                made = ZstdCompressor().multi_compress_to_buffer(batch, threads=threads)
                self.assertEqual(len(made), len(batch))
                self.assertEqual(decompress(made, threads=threads), batch)

    def test_an_empty_batch(self) -> None:
        compressor, decompressor = ZstdCompressor(), ZstdDecompressor()
        none = zbatch.BufferWithSegments(b"foo", b"")
        for method in (compressor.multi_compress_to_buffer, decompressor.multi_decompress_to_buffer):
            for empty in ([], (), none, iter([]), b"".split()):
                for threads in THREADS:
                    with self.subTest(method.__name__, threads=threads), self.assertRaises(ValueError) as caught:
                        method(empty, threads=threads)
                    self.assertIs(type(caught.exception), ValueError)
                    self.assertEqual(str(caught.exception), "no source elements found")

    def test_a_batch_of_empty_items(self) -> None:
        for threads in THREADS:
            for batch in ([b""], [b""] * 3, (b"", b""), buffer_of([b"", b""]), iter([b""])):
                with self.assertRaises(ValueError) as caught:
                    ZstdCompressor().multi_compress_to_buffer(batch, threads=threads)
                self.assertEqual(str(caught.exception), "source elements are empty")

    def test_an_item_of_no_bytes_is_no_frame(self) -> None:
        for threads in THREADS:
            with self.assertRaises(ValueError) as caught:
                decompress([frame(b"x"), b"", frame(b"y")], threads=threads)
            self.assertEqual(str(caught.exception), "could not determine decompressed size of item 1")
            self.assertEqual(caught.exception.item, 1)
            with self.assertRaises((ValueError, ZstdError)):
                decompress([frame(b"x"), b""], sizes(1, 5), threads=threads)


class Declared(unittest.TestCase):
    """Content sizes that cannot be true."""

    def test_implausible_sizes_are_refused_before_memory_is_taken(self) -> None:
        for size in (2**20 + 1, 2**34, 2**40, 2**50, 2**62, 2**63 - 1, 2**63, 2**64 - 3):
            for threads in THREADS:
                with self.subTest(size=size, threads=threads), self.assertRaises(ZstdError) as caught:
                    decompress([FRAMES[0], declaring(size), FRAMES[1]], threads=threads)
                self.assertEqual(caught.exception.item, 1)
                self.assertEqual(caught.exception.status, "ZBATCH_ERROR_CORRUPT")
                self.assertIn("error decompressing item 1: ", str(caught.exception))

    def test_no_size_can_be_near_2_to_64(self) -> None:
        for size in (2**64 - 1, 2**64 - 2):  # libzstd's own codes for "unknown" and "error"
            with self.assertRaises((ZstdError, ValueError)) as caught:
                decompress([FRAMES[0], declaring(size)])
            self.assertEqual(caught.exception.item, 1)

    def test_given_sizes_are_no_reason_to_take_memory(self) -> None:
        for size in (2**40, 2**63, 2**64 - 1 - 7):
            with self.assertRaises((ZstdError, MemoryError)) as caught:
                decompress(FRAMES[:2], sizes(len(DOCUMENTS[0]), size))
            self.assertEqual(caught.exception.item, 1)
            with self.assertRaises((ZstdError, MemoryError)) as caught:
                decompress([unsized(b"foobar")], sizes(size))
            self.assertEqual(caught.exception.item, 0)

    def test_one_shot(self) -> None:
        for size in (2**34, 2**40, 2**63, 2**64 - 3):
            with self.assertRaises((ZstdError, MemoryError)):
                ZstdDecompressor().decompress(declaring(size))

    def test_small_lies(self) -> None:
        honest = frame(b"x" * 12)
        for lie in (honest.replace(b"\x20\x0c", b"\x20\x0b"), honest.replace(b"\x20\x0c", b"\x20\x0d")):
            self.assertNotEqual(lie, honest)
            for threads in THREADS:
                with self.assertRaises(ZstdError) as caught:
                    decompress([FRAMES[0], lie], threads=threads)
                self.assertEqual(caught.exception.item, 1)


class Sizes(unittest.TestCase):
    """decompressed_sizes."""

    def test_the_same_for_every_container(self) -> None:
        lengths = words(*map(len, DOCUMENTS))
        wrong = words(*map(len, DOCUMENTS))
        wrong[7] += 1
        for items in (FRAMES, tuple(FRAMES), buffer_of(FRAMES), collection_of(FRAMES), iter(FRAMES)):
            self.assertEqual(decompress(items, lengths), DOCUMENTS)
        for make in (list, tuple, buffer_of, collection_of):
            for threads in THREADS:
                with self.assertRaises(ZstdError) as caught:
                    decompress(make(FRAMES), wrong, threads=threads)
                self.assertEqual(
                    str(caught.exception),
                    f"error decompressing item 7: decompressed {len(DOCUMENTS[7])} bytes; expected {len(DOCUMENTS[7]) + 1}",
                )
                self.assertEqual((caught.exception.item, caught.exception.status), (7, "ZBATCH_ERROR_SIZE_MISMATCH"))

    def test_the_mismatch_reads_the_same_for_every_container(self) -> None:
        for make in (list, tuple, buffer_of, collection_of, iter):
            for given in (sizes(1), sizes(1, 2, 3), b"1234567"):
                with self.assertRaises(ValueError) as caught:
                    decompress(make(FRAMES[:2]), given)
                self.assertEqual(
                    str(caught.exception), f"decompressed_sizes size mismatch; expected 16, got {len(given)}"
                )

    def test_sequences_of_integers(self) -> None:
        for given in ([len(d) for d in DOCUMENTS], tuple(map(len, DOCUMENTS)), [0] * len(DOCUMENTS)):
            self.assertEqual(decompress(FRAMES, given), DOCUMENTS)
        for wrong in ([-1] * 20, [2**64] * 20, ["x"] * 20, [1.5] * 20, [None] * 20):
            with self.assertRaises((TypeError, ValueError, OverflowError)):
                decompress(FRAMES, wrong)
        with self.assertRaises(ValueError) as caught:
            decompress(FRAMES[:2], [1, 2, 3])
        self.assertEqual(str(caught.exception), "decompressed_sizes size mismatch; expected 16, got 24")

    def test_none_and_no_bytes_mean_absent(self) -> None:
        for absent in (None, b"", bytearray()):
            self.assertEqual(decompress(FRAMES, absent), DOCUMENTS)
            self.assertEqual(decompress(FRAMES, decompressed_sizes=absent, threads=2), DOCUMENTS)

    def test_a_size_of_0_is_the_headers_or_unknown(self) -> None:
        batch = [FRAMES[0], unsized(DOCUMENTS[1]), FRAMES[2], frame(b"")]
        given = sizes(0, 0, len(DOCUMENTS[2]), 0)
        self.assertEqual(decompress(batch, given), [*DOCUMENTS[:3], b""])


class UnknownSizes(unittest.TestCase):
    """Frames that do not record a content size."""

    def test_they_are_decompressed(self) -> None:
        items = [b"", b"x", *DOCUMENTS, noise(200000), bytes(3_000_000), records(1, size=400000)[0]]
        batch = [unsized(item) for item in items]
        for threads in THREADS:
            self.assertEqual(decompress(batch, threads=threads), items)
        self.assertEqual(decompress(collection_of(batch)), items)

    def test_among_frames_that_do(self) -> None:
        items = records(60, size=2000)
        batch = [unsized(item) if i % 3 else frame(item) for i, item in enumerate(items)]
        for threads in THREADS:
            self.assertEqual(decompress(batch, threads=threads), items)

    def test_one_shot(self) -> None:
        for item in (b"", b"x", DOCUMENTS[0], bytes(3_000_000), noise(300000)):
            self.assertEqual(ZstdDecompressor().decompress(unsized(item)), item)
            self.assertEqual(zbatch.decompress(unsized(item)), item)


class Frames(unittest.TestCase):
    """Several frames in one item, and what follows the last."""

    def test_all_are_joined(self) -> None:
        a, b = frame(b"foo"), frame(b"bar")
        skip = skippable(b"to be skipped")
        items = {
            a + b: b"foobar",
            a + unsized(b"bar") + checked(b"baz"): b"foobarbaz",
            a + frame(b""): b"foo",
            frame(b"") + a: b"foo",
            skip + a: b"foo",
            a + skip: b"foo",
            a + skip + b: b"foobar",
            skip + skip + a + skippable(b"") + b + skip: b"foobarfoobar"[:6],
            skip: b"",
            skip + skip: b"",
        }
        for item, expected in items.items():
            for threads in THREADS:
                with self.subTest(expected, threads=threads):
                    self.assertEqual(decompress([a, item, b], threads=threads), [b"foo", expected, b"bar"])
            if expected:
                self.assertEqual(decompress([item], sizes(len(expected))), [expected])

    @slow
    def test_a_million_of_them(self) -> None:
        self.assertEqual(decompress([frame(b"") * 1_000_000 + frame(b"end"), frame(b"x")], threads=2), [b"end", b"x"])

    def test_many_of_them(self) -> None:
        self.assertEqual(decompress([frame(b"x") * 10_000]), [b"x" * 10_000])

    def test_garbage_behind_is_an_error(self) -> None:
        for garbage in (b"x", b"garbage!!", bytes(9), FRAMES[0][:3], FRAMES[1][:-1]):
            for threads in THREADS:
                with self.subTest(garbage, threads=threads), self.assertRaises(ZstdError) as caught:
                    decompress([*FRAMES[:3], FRAMES[3] + garbage, FRAMES[4]], threads=threads)
                self.assertEqual(caught.exception.item, 3)
                self.assertIn("item 3", str(caught.exception))
        with self.assertRaises(ZstdError) as caught:
            decompress([FRAMES[0] + b"garbage!!"])
        self.assertEqual(caught.exception.status, "ZBATCH_ERROR_EXTRA_DATA")

    def test_garbage_can_be_allowed(self) -> None:
        options = {"allow_extra_data": True}
        self.assertEqual(decompress([FRAMES[0] + b"garbage!!", FRAMES[1]], options=options), DOCUMENTS[:2])

    def test_only_the_first(self) -> None:
        options = {"single_frame": True, "allow_extra_data": True}
        self.assertEqual(decompress([FRAMES[0] + FRAMES[1], skippable(b"x") + FRAMES[2]], options=options), [DOCUMENTS[0], DOCUMENTS[2]])
        with self.assertRaises(ZstdError) as caught:
            decompress([FRAMES[0], FRAMES[0] + FRAMES[1]], options={"single_frame": True})
        self.assertEqual((caught.exception.item, caught.exception.status), (1, "ZBATCH_ERROR_EXTRA_DATA"))

    def test_across_frames_in_one_shot(self) -> None:
        both = FRAMES[0] + skippable(b"x") + FRAMES[1]
        decompressor = ZstdDecompressor()
        self.assertEqual(decompressor.decompress(both), DOCUMENTS[0])
        self.assertEqual(decompressor.decompress(both, read_across_frames=True), DOCUMENTS[0] + DOCUMENTS[1])
        with self.assertRaises(ZstdError):
            decompressor.decompress(both + b"garbage!!", read_across_frames=True, allow_extra_data=False)


class Options(unittest.TestCase):
    """What a decompressor was made with holds for its batches."""

    def test_magicless_batches(self) -> None:
        params = ZstdCompressionParameters(format=zbatch.FORMAT_ZSTD1_MAGICLESS)
        made = ZstdCompressor(compression_params=params).multi_compress_to_buffer(DOCUMENTS)
        options = {"format": zbatch.FORMAT_ZSTD1_MAGICLESS}
        self.assertEqual(contents(made), [f[4:] for f in FRAMES])
        for threads in THREADS:
            self.assertEqual(decompress(made, options=options, threads=threads), DOCUMENTS)
            self.assertEqual(decompress([f[4:] for f in FRAMES], options=options, threads=threads), DOCUMENTS)
        with self.assertRaises((ValueError, ZstdError)) as caught:
            decompress(made)
        self.assertEqual(caught.exception.item, 0)

    def test_magicless_frames_of_unknown_size_and_several(self) -> None:
        options = {"format": zbatch.FORMAT_ZSTD1_MAGICLESS}
        self.assertEqual(decompress([unsized(b"foo")[4:], (frame(b"foo")[4:] + frame(b"bar")[4:])], options=options), [b"foo", b"foobar"])

    def test_max_window_size_refuses(self) -> None:
        wide = with_window_log(noise(1000), 22)
        options = {"max_window_size": 2**20}
        self.assertEqual(decompress([wide]), [noise(1000)])
        for position in (0, 1):
            batch = [FRAMES[0], FRAMES[1]]
            batch.insert(position, wide)
            for threads in THREADS:
                with self.assertRaises(ZstdError) as caught:
                    decompress(batch, options=options, threads=threads)
                self.assertEqual((caught.exception.item, caught.exception.status), (position, "ZBATCH_ERROR_LIMIT"))
                self.assertEqual(
                    str(caught.exception),
                    f"error decompressing item {position}: Frame requires too much memory for decoding",
                )

    @needs_peer
    def test_max_window_size_holds_where_the_peer_reads_in_one_go(self) -> None:
        large = frame(noise(2**21))
        for z, raises in ((peer, False), (zbatch, True)):
            decompressor = z.ZstdDecompressor(max_window_size=2**20)
            for action in (decompressor.decompress, lambda item, d=decompressor: d.multi_decompress_to_buffer([item])):
                if raises:
                    with self.assertRaisesRegex(ZstdError, "Frame requires too much memory for decoding"):
                        action(large)
                else:
                    action(large)

    def test_a_negative_dict_size(self) -> None:
        with self.assertRaises(OverflowError):  # SystemError of the peer
            ZstdCompressionParameters.from_level(3, dict_size=-1)

    def test_precompute_with_parameters_of_none(self) -> None:
        dictionary = ZstdCompressionDict(DOCUMENTS[0] * 9)
        dictionary.precompute_compress(3, None)  # TypeError of the peer
        with self.assertRaises(ValueError):
            dictionary.precompute_compress(compression_params=None)

    def test_max_window_size_looks_at_every_frame_of_an_item(self) -> None:
        wide = with_window_log(noise(1000), 22)
        with self.assertRaises(ZstdError) as caught:
            decompress([FRAMES[0], FRAMES[1] + wide], options={"max_window_size": 2**20})
        self.assertEqual((caught.exception.item, caught.exception.status), (1, "ZBATCH_ERROR_LIMIT"))

    def test_max_window_size_allows(self) -> None:
        wide = with_window_log(noise(1000), 28)
        with self.assertRaises(ZstdError) as caught:
            decompress([wide])
        self.assertEqual(caught.exception.status, "ZBATCH_ERROR_LIMIT")
        self.assertEqual(decompress([wide], options={"max_window_size": 2**28}), [noise(1000)])

    def test_max_item_size(self) -> None:
        for batch in (frames([bytes(99), bytes(100), bytes(101)]), [unsized(bytes(n)) for n in (99, 100, 101)]):
            for threads in THREADS:
                with self.assertRaises(ZstdError) as caught:
                    decompress(batch, options={"max_item_size": 100}, threads=threads)
                self.assertEqual((caught.exception.item, caught.exception.status), (2, "ZBATCH_ERROR_LIMIT"))
            self.assertEqual(decompress(batch, options={"max_item_size": 101}), [bytes(99), bytes(100), bytes(101)])

    def test_max_item_size_in_one_shot(self) -> None:
        decompressor = ZstdDecompressor(max_item_size=100)
        self.assertEqual(decompressor.decompress(frame(bytes(100))), bytes(100))
        for item in (frame(bytes(101)), unsized(bytes(101))):
            with self.assertRaises(ZstdError) as caught:
                decompressor.decompress(item)
            self.assertEqual(caught.exception.status, "ZBATCH_ERROR_LIMIT")

    def test_whose_limit_it_was(self) -> None:
        own = "decompression error: the content of the item exceeds the limit of 100 bytes"
        peers = "decompression error: did not decompress full frame"
        for options, limit, text in (
            ({"max_item_size": 100}, 0, own),
            ({"max_item_size": 100}, 101, own),
            ({"max_unsized_item_size": 100}, 0, own),
            ({"max_item_size": 100}, 99, peers),
            ({"max_total_size": 100}, 0, own.replace("item", "batch up to this item")),
            ({}, 100, peers),
        ):
            with self.assertRaises(ZstdError) as caught:
                ZstdDecompressor(**options).decompress(unsized(bytes(102)), limit)
            self.assertEqual((str(caught.exception), caught.exception.status), (text, "ZBATCH_ERROR_LIMIT"))

    def test_one_frame_without_a_size_is_enough(self) -> None:
        item = unsized(bytes(100))
        for whole, size in (
            (item, 100),
            (skippable(b"abc") + item, 100),
            (frame(b"") + item, 100),
            (frame(bytes(50)) + item, 150),
            (item + frame(bytes(50)), 150),
        ):
            joined = lambda limit, whole=whole: ZstdDecompressor().decompress(whole, limit, read_across_frames=True)
            self.assertEqual(joined(size), bytes(size))
            self.assertEqual(decompress([whole], options={"max_unsized_item_size": size}), [bytes(size)])
            for limit in (size - 1, 1):
                with self.assertRaises(ZstdError) as caught:
                    joined(limit)
                self.assertEqual(str(caught.exception), "decompression error: did not decompress full frame")
                for options in ({"max_unsized_item_size": limit}, {"max_unsized_item_size": limit, "max_item_size": size}):
                    with self.assertRaises(ZstdError) as caught:
                        decompress([FRAMES[0], whole], options=options)
                    self.assertEqual((caught.exception.item, caught.exception.status), (1, "ZBATCH_ERROR_LIMIT"))
        self.assertEqual(decompress([frame(bytes(100))], options={"max_unsized_item_size": 1}), [bytes(100)])
        with self.assertRaises(ZstdError):  # the first frame that is not skippable
            ZstdDecompressor().decompress(skippable(b"abc") + item, 99)
        self.assertEqual(ZstdDecompressor(max_unsized_item_size=100).decompress(item, 200), bytes(100))
        for one, other in ((99, 200), (200, 99)):
            with self.assertRaises(ZstdError):
                ZstdDecompressor(max_unsized_item_size=one).decompress(item, other)
        with self.assertRaises(ValueError):
            ZstdDecompressor().decompress(item, -1)

    def test_variants_share_what_they_keep(self) -> None:
        decompressor = ZstdDecompressor()
        decompressor.decompress(FRAMES[0])
        kept = decompressor.memory_size()
        self.assertGreater(kept, 0)
        for across in (False, True):
            for extra in (False, True):
                decompressor.decompress(unsized(b"foo"), 100, read_across_frames=across, allow_extra_data=extra)
        self.assertEqual(decompressor.memory_size(), kept)

    def test_a_cause_is_told_once(self) -> None:
        with self.assertRaises(ZstdError) as caught:
            ZstdDecompressor(require_checksum=True).decompress(FRAMES[0])
        self.assertEqual(str(caught.exception), "decompression error: the frame has no checksum, and one is required")

    def test_max_total_size(self) -> None:
        for make in (frame, unsized):
            batch = [make(bytes(100)) for _ in range(10)]
            for threads in THREADS:
                with self.assertRaises(ZstdError) as caught:
                    decompress(batch, options={"max_total_size": 750}, threads=threads)
                self.assertEqual((caught.exception.item, caught.exception.status), (7, "ZBATCH_ERROR_LIMIT"))
                result = ZstdDecompressor(max_total_size=750).multi_decompress_to_buffer(batch, threads=threads, errors="return")
                self.assertEqual(sorted(result.errors), [7, 8, 9])
                self.assertEqual({e.status for e in result.errors.values()}, {"ZBATCH_ERROR_LIMIT"})
                self.assertEqual(contents(result), [bytes(100)] * 7 + [b""] * 3)
            self.assertEqual(len(decompress(batch, options={"max_total_size": 1000})), 10)

    def test_limits_hold_before_memory_is_taken(self) -> None:
        bomb = frame(bytes(300_000_000), level=1)
        for options in ({"max_item_size": 10**6}, {"max_total_size": 10**6}):
            with self.assertRaises(ZstdError) as caught:
                decompress([bomb, FRAMES[0]], options=options)
            self.assertEqual((caught.exception.item, caught.exception.status), (0, "ZBATCH_ERROR_LIMIT"))

    def test_require_checksum(self) -> None:
        options = {"require_checksum": True}
        self.assertEqual(decompress([checked(b"foo"), checked(b"bar")], options=options), [b"foo", b"bar"])
        with self.assertRaises(ZstdError) as caught:
            decompress([checked(b"foo"), frame(b"bar")], options=options)
        self.assertEqual((caught.exception.item, caught.exception.status), (1, "ZBATCH_ERROR_CHECKSUM"))


class OneBadItem(unittest.TestCase):
    """The lowest bad item is named, with the same words at every number of threads."""

    def test_the_lowest(self) -> None:
        many = records(200, size=300)
        good = frames(many)
        bad = {
            "header": b"not a frame at all",
            "checksum": bad_checksum(many[0]),
            "truncated": good[0][:-3],
            "extra": good[0] + b"extra data",
            "dict": frame(many[0], dict_data=DICT),
            "huge": declaring(2**50),
        }
        for first, low in bad.items():
            for second, high in bad.items():
                batch = list(good)
                batch[53], batch[151] = low, high
                seen = set()
                for threads in THREADS:
                    with self.subTest(f"{first} before {second}", threads=threads):
                        try:
                            decompress(batch, threads=threads)
                        except (ZstdError, ValueError) as error:
                            seen.add((type(error), str(error), error.item))
                self.assertEqual(len(seen), 1, seen)
                ((kind, text, item),) = seen
                self.assertEqual(item, 53, text)
                self.assertIn("item 53", text)
                self.assertIs(kind, ValueError if first == "header" else ZstdError)

    def test_good_items_are_delivered_on_request(self) -> None:
        many = records(100, size=300)
        batch = frames(many)
        batch[3], batch[50], batch[99] = b"garbage", bad_checksum(many[0]), batch[99][:-1]
        expected = [b"" if i in (3, 50, 99) else item for i, item in enumerate(many)]
        for threads in THREADS:
            result = ZstdDecompressor().multi_decompress_to_buffer(batch, threads=threads, errors="return")
            self.assertEqual(contents(result), expected)
            self.assertEqual(list(result.errors), [3, 50, 99])
            self.assertEqual([type(e) for e in result.errors.values()], [ValueError, ZstdError, ZstdError])


class Dicts(unittest.TestCase):
    """Dictionaries that fail, and dictionaries in use."""

    def test_one_that_fails_to_digest(self) -> None:
        for data in (b"foobar" * 50, b"\x37\xa4\x30\xec" + bytes(100), DICT.as_bytes()[:100]):

            def bad(data: bytes = data) -> ZstdCompressionDict:
                return ZstdCompressionDict(data, zbatch.DICT_TYPE_FULLDICT)

            for _ in range(2):
                for action in (
                    lambda: bad().precompute_compress(3),
                    lambda: ZstdDecompressor(dict_data=bad()),
                    lambda: ZstdCompressor(dict_data=bad()).multi_compress_to_buffer(DOCUMENTS),
                    lambda: ZstdCompressor(dict_data=bad()).compress(DOCUMENTS[0]),
                ):
                    with self.assertRaises(ZstdError):
                        action()
            # As raw content any bytes are a dictionary.
            raw = ZstdCompressionDict(data, zbatch.DICT_TYPE_RAWCONTENT)
            made = ZstdCompressor(dict_data=raw).multi_compress_to_buffer(DOCUMENTS)
            self.assertEqual(decompress(made, options={"dict_data": raw}), DOCUMENTS)

    def test_digested_again_while_compressors_use_it(self) -> None:
        shared = ZstdCompressionDict(DICT.as_bytes())
        before = ZstdCompressor(3, dict_data=shared)
        expected = contents(before.multi_compress_to_buffer(DOCUMENTS))
        shared.precompute_compress(19)
        during = ZstdCompressor(3, dict_data=shared)
        digested = contents(during.multi_compress_to_buffer(DOCUMENTS))
        shared.precompute_compress(1)
        gc.collect()
        self.assertEqual(contents(before.multi_compress_to_buffer(DOCUMENTS)), expected)
        self.assertEqual(contents(during.multi_compress_to_buffer(DOCUMENTS)), digested)
        self.assertEqual(decompress(digested, options={"dict_data": shared}), DOCUMENTS)
        del shared
        gc.collect()
        self.assertEqual(contents(before.multi_compress_to_buffer(DOCUMENTS)), expected)

    def test_digested_by_many_threads_at_once(self) -> None:
        shared = ZstdCompressionDict(DICT.as_bytes())
        wrong: list[object] = []

        def work(level: int) -> None:
            for _ in range(20):
                shared.precompute_compress(level)
                made = ZstdCompressor(3, dict_data=shared).multi_compress_to_buffer(DOCUMENTS)
                if decompress(made, options={"dict_data": shared}) != DOCUMENTS:
                    wrong.append(level)

        threads = [threading.Thread(target=work, args=(level,)) for level in (1, 3, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_parameters_drop_the_id_unless_told(self) -> None:
        def recorded(**options: Any) -> int:
            found: int = zbatch.get_frame_parameters(frame(DOCUMENTS[0], dict_data=DICT, **options)).dict_id
            return found

        self.assertEqual(recorded(), DICT.dict_id())
        self.assertEqual(recorded(compression_params=ZstdCompressionParameters()), 0)
        self.assertEqual(recorded(compression_params=ZstdCompressionParameters(write_dict_id=1)), DICT.dict_id())


class Misuse(unittest.TestCase):
    """Objects that were never made, are closed, or are made again."""

    def test_without_init(self) -> None:
        calls = {
            zbatch.ZstdCompressor: ("compress", "multi_compress_to_buffer", "memory_size", "frame_progression"),
            zbatch.ZstdDecompressor: ("decompress", "multi_decompress_to_buffer", "memory_size"),
            zbatch.ZstdCompressionDict: ("as_bytes", "dict_id", "__len__", "precompute_compress"),
            zbatch.ZstdCompressionParameters: ("estimated_compression_context_size",),
            zbatch.BufferWithSegments: ("__len__", "tobytes", "segments", "tolist", "__getitem__", "__iter__"),
            zbatch.BufferWithSegmentsCollection: ("__len__", "size", "tolist", "tobytes", "__getitem__", "__iter__"),
            zbatch.BufferSegment: ("__len__", "tobytes", "__getitem__", "__iter__"),
            zbatch.BufferSegments: ("__len__", "__getitem__", "__iter__"),
            zbatch.Control: ("cancel", "reset"),
        }
        for cls, methods in calls.items():
            for name in methods:
                with self.subTest(f"{cls.__name__}.{name}"):
                    try:
                        raw = cls.__new__(cls)
                        getattr(raw, name)(*([b"x"] if "compress" in name and "estimate" not in name else []))
                    except Exception as error:
                        # A fault of ours would show as SystemError.
                        self.assertNotIsInstance(error, (SystemError, ZeroDivisionError))
                    try:
                        memoryview(cls.__new__(cls)).tobytes()
                    except (TypeError, ValueError, AttributeError, BufferError):
                        pass

    def test_init_again(self) -> None:
        compressor = ZstdCompressor(1)
        for level in range(20):
            try:
                compressor.__init__(level)  # type: ignore[misc]
            except Exception as error:
                self.assertNotIsInstance(error, SystemError)
        self.assertEqual(decompress(compressor.multi_compress_to_buffer(DOCUMENTS)), DOCUMENTS)

    def test_a_subclass_without_super(self) -> None:
        class Mine(ZstdCompressor):
            def __init__(self) -> None:
                pass

        for action in (lambda: Mine().compress(b"x"), lambda: Mine().multi_compress_to_buffer([b"x"])):
            with self.assertRaises(Exception) as caught:
                action()
            self.assertNotIsInstance(caught.exception, SystemError)

    def test_closed(self) -> None:
        compressor, decompressor = ZstdCompressor(), ZstdDecompressor()
        collection = collection_of([b"foo"])
        for thing in (compressor, decompressor, collection):
            thing.close()
            thing.close()
        actions = {
            "compress": lambda: compressor.compress(b"x"),
            "multi_compress": lambda: compressor.multi_compress_to_buffer([b"x"]),
            "decompress": lambda: decompressor.decompress(FRAMES[0]),
            "multi_decompress": lambda: decompressor.multi_decompress_to_buffer(FRAMES),
            "into": lambda: decompressor.multi_decompress_into(FRAMES[:1], [bytearray(100)]),
            "packed": lambda: decompressor.multi_decompress_packed(FRAMES[:1], bytearray(100)),
            "sizes": lambda: decompressor.decompressed_sizes(FRAMES),
            "collection[0]": lambda: collection[0],
            "len(collection)": lambda: len(collection),
            "collection.size": lambda: collection.size(),
            "collection.tolist": lambda: collection.tolist(),
            "compress a closed collection": lambda: ZstdCompressor().multi_compress_to_buffer(collection),
        }
        for name, action in actions.items():
            with self.subTest(name), self.assertRaises(ValueError):
                action()

    def test_the_process_lives(self) -> None:
        self.assertEqual(
            run(
                """
                import gc, zbatch
                for cls in vars(zbatch).values():
                    if not isinstance(cls, type):
                        continue
                    try:
                        made = cls.__new__(cls)
                    except Exception:
                        continue
                    for name in dir(made):
                        try:
                            value = getattr(made, name)
                            if callable(value) and name not in ("__class__", "__init_subclass__", "__subclasshook__"):
                                value()
                        except Exception:
                            pass
                    for action in (len, bytes, list, repr, memoryview, hash, iter, lambda x: x == x, lambda x: x[0]):
                        try:
                            action(made)
                        except Exception:
                            pass
                gc.collect()
                print("alive")
                """
            ).strip().splitlines()[-1],
            "alive",
        )


class Estimates(unittest.TestCase):
    """estimated_compression_context_size."""

    def test_it_is_true(self) -> None:
        plain = ZstdCompressionParameters().estimated_compression_context_size()
        self.assertAlmostEqual(plain, 1303576, delta=1024)
        self.assertAlmostEqual(zbatch.estimate_decompression_context_size(), 95968, delta=1024)
        bigger = ZstdCompressionParameters.from_level(19).estimated_compression_context_size()
        self.assertGreater(bigger, plain)

    def test_with_long_distance_matching(self) -> None:
        for more in ({}, {"ldm_min_match": 64}, {"window_log": 27}, {"ldm_hash_log": 20}):
            try:
                size = ZstdCompressionParameters(enable_ldm=1, **more).estimated_compression_context_size()
            except ZstdError:
                continue
            self.assertGreater(size, ZstdCompressionParameters(**more if "window_log" in more else {}).estimated_compression_context_size())
            self.assertLess(size, 2**40)

    def test_with_threads(self) -> None:
        for threads in (1, 2, 8, -1):
            try:
                size = ZstdCompressionParameters(threads=threads).estimated_compression_context_size()
            except ZstdError as error:
                self.assertTrue(str(error))
            else:
                self.assertTrue(10**6 < size < 2**40, size)


class Zeroed(unittest.TestCase):
    """The place of a failed item holds zeros."""

    def test_in_results(self) -> None:
        many = [noise(4000, seed) for seed in range(30)]
        batch = [checked(item) for item in many]
        batch[4] = bad_checksum(many[4])
        for threads in THREADS:
            for _ in range(3):  # memory of freed results comes back
                result = ZstdDecompressor().multi_decompress_to_buffer(batch, threads=threads, errors="return")
                self.assertEqual(result[4].tobytes(), b"")
                whole = b"".join(buffer.tobytes() for buffer in result.buffers)
                self.assertEqual(whole.replace(b"\0" * 4000, b"", 1) if len(whole) == 120000 else whole, b"".join(many[:4] + many[5:]))
                self.assertNotIn(many[4][:64], whole)

    def test_in_memory_of_the_callers(self) -> None:
        many = [noise(4000, seed) for seed in range(10)]
        batch = [checked(item) for item in many]
        batch[4] = bad_checksum(many[4])
        for threads in THREADS:
            rows = [bytearray(b"\xff" * 4000) for _ in many]
            ZstdDecompressor().multi_decompress_into(batch, rows, threads=threads, errors="return")
            self.assertEqual(rows[4], bytes(4000))
            self.assertEqual([bytes(row) for row in rows[5:]], many[5:])


class Destinations(unittest.TestCase):
    """Nothing depends on how much room a worker guessed."""

    def test_incompressible_and_very_compressible_items_in_one_batch(self) -> None:
        items = [noise(9000, i) if i % 2 else bytes(200000) for i in range(40)]
        alone = [ZstdCompressor().compress(item) for item in items]
        for threads in THREADS:
            self.assertEqual(contents(ZstdCompressor().multi_compress_to_buffer(items, threads=threads)), alone)

    def test_sizes_that_differ_much(self) -> None:
        items = [b"x", noise(1_000_000), b"y" * 10, bytes(5_000_000), b"", b"z"]
        alone = [ZstdCompressor().compress(item) for item in items]
        for threads in THREADS:
            made = ZstdCompressor().multi_compress_to_buffer(items, threads=threads)
            self.assertEqual(contents(made), alone)
            self.assertEqual(decompress(made, threads=threads), items)


class Threads(unittest.TestCase):
    """Results do not depend on the number of threads."""

    def test_layout_and_bytes(self) -> None:
        items = records(3000, size=200)
        layouts = set()
        for threads in (*THREADS, 50):
            made = ZstdCompressor().multi_compress_to_buffer(items, threads=threads)
            layouts.add((tuple(b.size for b in made.buffers), bytes(made.offsets), bytes(made.lengths), made.tobytes()))
        self.assertEqual(len(layouts), 1)

    def test_more_threads_than_there_can_be(self) -> None:
        made = ZstdCompressor().multi_compress_to_buffer(records(3000), threads=2**31 - 1)
        self.assertEqual(len(made), 3000)


if __name__ == "__main__":
    unittest.main()
