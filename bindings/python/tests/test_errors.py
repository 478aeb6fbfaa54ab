"""Exceptions: their types, what they carry, and per-item errors instead of them."""

from __future__ import annotations

import copy
import pickle
import time
import unittest
from typing import Any

from support import (
    THREADS,
    bad_checksum,
    buffer_of,
    collection_of,
    contents,
    declaring,
    frame,
    frames,
    noise,
    records,
    sizes,
    with_window_log,
)

import zbatch
from zbatch import ZstdCompressor, ZstdDecompressor, ZstdError

DOCUMENTS = records(30)
FRAMES = frames(DOCUMENTS)
DICT = zbatch.train_dictionary(2048, records(2000))

#: A bad item: its bytes, the exception's type and status, whether libzstd has a code for it, and the options that refuse it.
BAD: dict[str, tuple[bytes, type[Exception], str, bool, dict[str, Any]]] = {
    "corrupt": (frame(b"x" * 12).replace(b"\x20\x0c", b"\x20\x0b"), ZstdError, "ZBATCH_ERROR_CORRUPT", True, {}),
    "declares": (declaring(2**50), ZstdError, "ZBATCH_ERROR_CORRUPT", False, {}),
    "truncated": (FRAMES[0][:-1], ZstdError, "ZBATCH_ERROR_TRUNCATED", False, {}),
    "extra": (FRAMES[0] + b"extra data", ZstdError, "ZBATCH_ERROR_EXTRA_DATA", False, {}),
    "checksum": (bad_checksum(b"foobar"), ZstdError, "ZBATCH_ERROR_CHECKSUM", True, {}),
    "dict": (frame(b"foobar", dict_data=DICT), ZstdError, "ZBATCH_ERROR_DICT_MISMATCH", False, {}),
    "window": (with_window_log(b"foobar", 29), ZstdError, "ZBATCH_ERROR_LIMIT", False, {}),
    "item size": (frame(bytes(2000)), ZstdError, "ZBATCH_ERROR_LIMIT", False, {"max_item_size": 1000}),
}


class Carried(unittest.TestCase):
    """.item, .status and .zstd_error."""

    def test_of_every_bad_item(self) -> None:
        for name, (bad, kind, status, has_code, options) in BAD.items():
            for threads in THREADS:
                for make in (list, tuple, buffer_of, collection_of):
                    with self.subTest(name, threads=threads, make=make.__name__), self.assertRaises(kind) as caught:
                        batch = make([*FRAMES[:11], bad, *FRAMES[11:]])
                        ZstdDecompressor(**options).multi_decompress_to_buffer(batch, threads=threads)
                    error = caught.exception
                    self.assertIs(type(error), kind)
                    self.assertEqual(error.item, 11)
                    self.assertEqual(error.status, status)
                    self.assertIsInstance(error.zstd_error, int)
                    if has_code:
                        self.assertGreater(error.zstd_error, 0)
                    self.assertTrue(str(error).startswith("error decompressing item 11: "), str(error))
                    self.assertGreater(len(str(error)), 40)

    def test_of_a_checksum(self) -> None:
        with self.assertRaises(ZstdError) as caught:
            ZstdDecompressor().multi_decompress_to_buffer([bad_checksum(b"foo")])
        self.assertEqual(caught.exception.zstd_error, 22)
        self.assertEqual(caught.exception.item, 0)

    def test_not_a_frame_is_a_ValueError(self) -> None:
        for threads in THREADS:
            with self.assertRaises(ValueError) as caught:
                ZstdDecompressor().multi_decompress_to_buffer([*FRAMES, b"foobar"], threads=threads)
            self.assertIs(type(caught.exception), ValueError)
            self.assertEqual(caught.exception.item, 30)

    def test_one_shot_names_no_item(self) -> None:
        with self.assertRaises(ZstdError) as caught:
            ZstdDecompressor().decompress(bad_checksum(b"foo"))
        self.assertIsNone(caught.exception.item)
        self.assertEqual(caught.exception.status, "ZBATCH_ERROR_CHECKSUM")

    def test_an_error_made_by_hand(self) -> None:
        error = ZstdError("text")
        self.assertEqual((error.item, error.status, error.zstd_error), (None, "", 0))

    def test_it_survives_a_pickle(self) -> None:
        with self.assertRaises(ZstdError) as caught:
            ZstdDecompressor().multi_decompress_to_buffer([FRAMES[0], bad_checksum(b"foo")])
        error = caught.exception
        for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            self.assertIs(type(again), ZstdError)
            self.assertEqual(str(again), str(error))
            self.assertEqual((again.item, again.status, again.zstd_error), (1, "ZBATCH_ERROR_CHECKSUM", 22))

    def test_a_cancelled_batch(self) -> None:
        control = zbatch.Control()
        control.cancel()
        calls = (
            lambda: ZstdCompressor().multi_compress_to_buffer(DOCUMENTS, control=control),
            lambda: ZstdDecompressor().multi_decompress_to_buffer(FRAMES, control=control),
            lambda: ZstdDecompressor().multi_decompress_into(FRAMES, [bytearray(200) for _ in FRAMES], control=control),
            lambda: ZstdDecompressor().multi_decompress_packed(FRAMES, bytearray(10000), control=control),
        )
        for call in calls:
            with self.assertRaises(ZstdError) as caught:
                call()
            self.assertEqual(caught.exception.status, "ZBATCH_ERROR_CANCELLED")

    def test_the_handles_work_after_an_error(self) -> None:
        decompressor = ZstdDecompressor()
        for bad, *_ in BAD.values():
            for _ in range(3):
                try:
                    decompressor.multi_decompress_to_buffer([*FRAMES, bad])
                except (ZstdError, ValueError):
                    pass
                self.assertEqual(contents(decompressor.multi_decompress_to_buffer(FRAMES)), DOCUMENTS)


class Returned(unittest.TestCase):
    """errors="return"."""

    def test_nothing_bad(self) -> None:
        for errors in ("raise", "return"):
            made = ZstdCompressor().multi_compress_to_buffer(DOCUMENTS, errors=errors)
            self.assertEqual(made.errors, {})
            back = ZstdDecompressor().multi_decompress_to_buffer(made, errors=errors)
            self.assertEqual(back.errors, {})
            self.assertEqual(contents(back), DOCUMENTS)

    def test_every_bad_item_as_it_would_be_raised(self) -> None:
        for name, (bad, kind, status, _, options) in BAD.items():
            decompressor = ZstdDecompressor(**options)
            batch = [*FRAMES[:5], bad, *FRAMES[5:]]
            with self.assertRaises(kind) as caught:
                decompressor.multi_decompress_to_buffer(batch)
            for threads in THREADS:
                with self.subTest(name, threads=threads):
                    result = decompressor.multi_decompress_to_buffer(batch, threads=threads, errors="return")
                    self.assertEqual(list(result.errors), [5])
                    error = result.errors[5]
                    self.assertIs(type(error), kind)
                    self.assertEqual(error.item, 5)
                    self.assertEqual(error.status, status)
                    self.assertEqual(len(result), 31)
                    self.assertEqual(contents(result), [*DOCUMENTS[:5], b"", *DOCUMENTS[5:]])
                    self.assertIn("item 5", str(error))
                    if name not in ("truncated", "extra"):  # their text may tell bytes that a status does not carry
                        self.assertEqual(str(error), str(caught.exception))

    def test_what_is_told_of_an_item_does_not_depend_on_others(self) -> None:
        def told(error: Any, item: int) -> tuple[Any, ...]:
            text = str(error).replace(f"item {item}", "item")
            return type(error), text, getattr(error, "status", ""), getattr(error, "zstd_error", 0), error.item - item

        for name, (bad, _, _, _, options) in {**BAD, "no frame": (b"foobar", None, None, None, {})}.items():
            decompressor = ZstdDecompressor(**options)
            for batch in ([bad, bad], [FRAMES[0], *[bad, b"foobar", FRAMES[1], bad_checksum(b"foo")] * 20, bad]):
                where = [item for item, each in enumerate(batch) if each == bad]
                found = [
                    decompressor.multi_decompress_to_buffer(batch, errors="return").errors,
                    decompressor.multi_decompress_to_buffer(collection_of(batch), threads=2, errors="return").errors,
                    decompressor.multi_decompress_packed(batch, bytearray(10_000), errors="return").errors,
                    dict(enumerate(decompressor.multi_decompress_into(batch, [bytearray(2000) for _ in batch], errors="return"))),
                ]
                for errors in found:
                    self.assertEqual({told(errors[item], item) for item in where}, {told(errors[where[0]], where[0])}, name)
        given = sizes(1, len(DOCUMENTS[0]), 1)
        result = ZstdDecompressor().multi_decompress_to_buffer([FRAMES[0]] * 3, given, errors="return")
        self.assertEqual(told(result.errors[0], 0), told(result.errors[2], 2))
        self.assertIn(str(len(DOCUMENTS[0])), str(result.errors[2]))
        rows = [bytearray(b"x" * 5), bytearray(1000), bytearray(b"x" * 5)]
        made = ZstdDecompressor().multi_decompress_into([FRAMES[0]] * 3, rows, errors="return")
        self.assertEqual(told(made[0], 0), told(made[2], 2))
        self.assertEqual((rows[0], rows[2]), (bytes(5), bytes(5)))

    def test_a_limit_of_the_batch_stays_one(self) -> None:
        frames = [frame(bytes(1000))] * 4
        result = ZstdDecompressor(max_total_size=2500).multi_decompress_to_buffer(frames, errors="return")
        self.assertEqual({item: error.status for item, error in result.errors.items()}, dict.fromkeys((2, 3), "ZBATCH_ERROR_LIMIT"))

    def test_not_a_frame(self) -> None:
        result = ZstdDecompressor().multi_decompress_to_buffer([FRAMES[0], b"foobar", b""], errors="return")
        self.assertEqual(list(result.errors), [1, 2])
        for i, error in result.errors.items():
            self.assertIs(type(error), ValueError)
            self.assertEqual(error.item, i)
            self.assertEqual(str(error), f"could not determine decompressed size of item {i}")

    def test_all_bad(self) -> None:
        for threads in THREADS:
            result = ZstdDecompressor().multi_decompress_to_buffer([b"foobar"] * 70, threads=threads, errors="return")
            self.assertEqual(list(result.errors), list(range(70)))
            self.assertEqual(result.tolist(), [b""] * 70)
            self.assertEqual(result.size(), 0)

    def test_wrong_sizes(self) -> None:
        result = ZstdDecompressor().multi_decompress_to_buffer(
            FRAMES[:3], sizes(len(DOCUMENTS[0]), 1, len(DOCUMENTS[2]) + 1), errors="return"
        )
        self.assertEqual(list(result.errors), [1, 2])
        self.assertEqual({e.status for e in result.errors.values()}, {"ZBATCH_ERROR_SIZE_MISMATCH"})
        self.assertEqual(result.tolist(), [DOCUMENTS[0], b"", b""])

    def test_a_cancelled_batch_delivers_what_was_done(self) -> None:
        control = zbatch.Control()
        control.cancel()
        result = ZstdDecompressor().multi_decompress_to_buffer(FRAMES, control=control, errors="return")
        self.assertEqual(len(result), len(FRAMES))
        self.assertEqual({e.status for e in result.errors.values()}, {"ZBATCH_ERROR_CANCELLED"})
        made = ZstdCompressor().multi_compress_to_buffer(DOCUMENTS, control=control, errors="return")
        self.assertEqual({e.status for e in made.errors.values()}, {"ZBATCH_ERROR_CANCELLED"})
        self.assertEqual(made.size(), 0)

    def test_the_callers_mistakes_are_raised_all_the_same(self) -> None:
        decompressor = ZstdDecompressor()
        with self.assertRaises(TypeError):
            decompressor.multi_decompress_to_buffer([FRAMES[0], 3], errors="return")
        with self.assertRaises(ValueError):
            decompressor.multi_decompress_to_buffer([], errors="return")
        with self.assertRaises(ValueError):
            decompressor.multi_decompress_to_buffer(FRAMES, sizes(1), errors="return")
        with self.assertRaises(ValueError):
            ZstdCompressor().multi_compress_to_buffer([b""], errors="return")

    def test_another_word(self) -> None:
        for errors in ("ignore", "", None, True, b"raise"):
            for call in (
                lambda errors=errors: ZstdCompressor().multi_compress_to_buffer(DOCUMENTS, errors=errors),
                lambda errors=errors: ZstdDecompressor().multi_decompress_to_buffer(FRAMES, errors=errors),
                lambda errors=errors: ZstdDecompressor().multi_decompress_into(FRAMES[:1], [bytearray(99)], errors=errors),
                lambda errors=errors: ZstdDecompressor().multi_decompress_packed(FRAMES[:1], bytearray(99), errors=errors),
            ):
                with self.assertRaises((ValueError, TypeError)):
                    call()

    def test_keyword_only(self) -> None:
        with self.assertRaises(TypeError):
            ZstdCompressor().multi_compress_to_buffer(DOCUMENTS, 0, "return")  # type: ignore[misc]
        with self.assertRaises(TypeError):
            ZstdDecompressor().multi_decompress_to_buffer(FRAMES, None, 0, "return")  # type: ignore[misc]

    def test_errors_survive_a_pickle(self) -> None:
        result = ZstdDecompressor().multi_decompress_to_buffer([FRAMES[0], bad_checksum(b"x")], errors="return")
        again = pickle.loads(pickle.dumps(result))
        self.assertEqual(again.tolist(), [DOCUMENTS[0], b""])
        self.assertEqual(str(again.errors[1]), str(result.errors[1]))


class Verify(unittest.TestCase):
    """verify=True."""

    def test_good_batches_pass(self) -> None:
        for options in ({}, {"dict_data": DICT}, {"level": 19}, {"write_content_size": False, "write_checksum": True}):
            compressor = ZstdCompressor(**options)
            plain = compressor.multi_compress_to_buffer(DOCUMENTS)
            for threads in THREADS:
                verified = compressor.multi_compress_to_buffer(DOCUMENTS, threads, verify=True)
                self.assertEqual(verified.tolist(), plain.tolist())

    def test_it_costs_the_decompression(self) -> None:
        items = [noise(2_000_000, seed) for seed in range(4)]
        compressor = ZstdCompressor(1)
        best = {False: float("inf"), True: float("inf")}
        for _ in range(12):
            for verify in best:
                start = time.perf_counter()
                compressor.multi_compress_to_buffer(items, 1, verify=verify)
                best[verify] = min(best[verify], time.perf_counter() - start)
        self.assertGreater(best[True], best[False] * 1.1)


if __name__ == "__main__":
    unittest.main()
