"""Decompressing to memory of the caller's, and the sizes to allocate it by."""

from __future__ import annotations

import array
import ctypes
import gc
import mmap
import pickle
import tempfile
import unittest
import unittest.mock
from typing import Any

from support import (
    THREADS,
    bad_checksum,
    buffer_of,
    checked,
    collection_of,
    contents,
    frame,
    frames,
    needs_numpy,
    noise,
    numpy,
    records,
    sizes,
    skippable,
    unsized,
)

import zbatch
from zbatch import ZstdDecompressor, ZstdError, _handles

ITEMS = [b"foo", b"", noise(5000), bytes(3000), *records(80)]
FRAMES = frames(ITEMS)
UNKNOWN = zbatch.CONTENTSIZE_UNKNOWN


class Sizes(unittest.TestCase):
    """decompressed_sizes()."""

    def test_known(self) -> None:
        for make in (list, tuple, iter, buffer_of, collection_of):
            found = ZstdDecompressor().decompressed_sizes(make(FRAMES))
            self.assertIsInstance(found, memoryview)
            self.assertEqual((found.format, found.itemsize, found.ndim), ("Q", 8, 1))
            self.assertEqual(found.tolist(), [len(item) for item in ITEMS])

    def test_unknown(self) -> None:
        found = ZstdDecompressor().decompressed_sizes([frame(b"foo"), unsized(b"foo"), frame(b"foo") + unsized(b"bar")])
        self.assertEqual(found.tolist(), [3, UNKNOWN, UNKNOWN])

    def test_of_several_frames(self) -> None:
        found = ZstdDecompressor().decompressed_sizes([frame(b"foo") + skippable(b"x") + frame(b"spam"), skippable(b"x")])
        self.assertEqual(found.tolist(), [7, 0])

    def test_as_given_sizes(self) -> None:
        decompressor = ZstdDecompressor()
        found = decompressor.decompressed_sizes(FRAMES)
        self.assertEqual(contents(decompressor.multi_decompress_to_buffer(FRAMES, found)), ITEMS)
        self.assertEqual(contents(decompressor.multi_decompress_packed(FRAMES, bytearray(sum(found)), found)), ITEMS)
        mixed = [FRAMES[0], unsized(b"foo")]
        found = decompressor.decompressed_sizes(mixed)
        self.assertEqual(contents(decompressor.multi_decompress_to_buffer(mixed, found)), [b"foo", b"foo"])

    def test_bad_items(self) -> None:
        with self.assertRaises(ValueError) as caught:
            ZstdDecompressor().decompressed_sizes([FRAMES[0], b"foobarbaz"])
        self.assertEqual(caught.exception.item, 1)
        with self.assertRaises(ZstdError) as caught:
            ZstdDecompressor(max_item_size=100).decompressed_sizes(FRAMES)
        self.assertEqual((caught.exception.item, caught.exception.status), (2, "ZBATCH_ERROR_LIMIT"))
        with self.assertRaises(TypeError):
            ZstdDecompressor().decompressed_sizes([3])

    def test_of_magicless_frames(self) -> None:
        found = ZstdDecompressor(format=1).decompressed_sizes([f[4:] for f in FRAMES])
        self.assertEqual(found.tolist(), [len(item) for item in ITEMS])

    @needs_numpy
    def test_as_an_array(self) -> None:
        found = numpy.asarray(ZstdDecompressor().decompressed_sizes(FRAMES))
        gc.collect()
        self.assertEqual(int(found.sum()), sum(map(len, ITEMS)))
        self.assertEqual(found.dtype, numpy.uint64)


class Into(unittest.TestCase):
    """multi_decompress_into()."""

    def test_exact_room(self) -> None:
        for make in (list, tuple, iter, buffer_of, collection_of):
            for threads in THREADS:
                rows = [bytearray(len(item)) for item in ITEMS]
                written = ZstdDecompressor().multi_decompress_into(make(FRAMES), rows, threads)
                self.assertIs(type(written), list)
                self.assertEqual(written, [len(item) for item in ITEMS])
                self.assertEqual([bytes(row) for row in rows], ITEMS)

    def test_more_room(self) -> None:
        rows = [bytearray(b"\xff" * 6000) for _ in ITEMS]
        written = ZstdDecompressor().multi_decompress_into(FRAMES, rows)
        self.assertEqual(written, [len(item) for item in ITEMS])
        for row, item in zip(rows, ITEMS, strict=True):
            self.assertEqual(bytes(row), item + bytes(6000 - len(item)))

    def test_unknown_sizes(self) -> None:
        batch = [unsized(item) for item in ITEMS]
        for threads in THREADS:
            rows = [bytearray(6000) for _ in ITEMS]
            self.assertEqual(ZstdDecompressor().multi_decompress_into(batch, rows, threads), [len(item) for item in ITEMS])

    def test_too_little_room(self) -> None:
        for batch in (FRAMES, [unsized(item) for item in ITEMS]):
            for threads in THREADS:
                rows = [bytearray(len(item)) for item in ITEMS]
                rows[2] = bytearray(4999)
                with self.assertRaises(ZstdError) as caught:
                    ZstdDecompressor().multi_decompress_into(batch, rows, threads)
                self.assertEqual((caught.exception.item, caught.exception.status), (2, "ZBATCH_ERROR_DST_TOO_SMALL"))
                self.assertIn("item 2", str(caught.exception))

    def test_errors_in_the_place_of_sizes(self) -> None:
        batch = [checked(item) for item in ITEMS]
        batch[2], batch[7], batch[50] = bad_checksum(ITEMS[2]), b"not a frame", batch[50][:-1]
        for threads in THREADS:
            rows = [bytearray(b"\xff" * (len(item) + 9)) for item in ITEMS]
            written = ZstdDecompressor().multi_decompress_into(batch, rows, threads, errors="return")
            self.assertEqual(len(written), len(ITEMS))
            for i, (row, item) in enumerate(zip(rows, ITEMS, strict=True)):
                if i in (2, 7, 50):
                    self.assertIsInstance(written[i], ValueError if i == 7 else ZstdError)
                    self.assertEqual(written[i].item, i)
                    self.assertEqual(row, bytes(len(row)), f"item {i}")
                else:
                    self.assertEqual(written[i], len(item))
                    self.assertEqual(row, item + bytes(9))
            self.assertEqual(written[2].status, "ZBATCH_ERROR_CHECKSUM")
            self.assertEqual(str(written[7]), "could not determine decompressed size of item 7")

    def test_every_writable_type(self) -> None:
        with tempfile.TemporaryFile() as file:
            file.truncate(100)
            mapped = mmap.mmap(file.fileno(), 100)
            targets: list[Any] = [
                bytearray(3),
                memoryview(bytearray(9))[3:6],
                array.array("B", bytes(3)),
                (ctypes.c_char * 3)(),
                mapped,
                array.array("i", [7, 7]),
            ]
            if numpy:
                targets.append(numpy.ones((3, 2), "u2"))
            written = ZstdDecompressor().multi_decompress_into([FRAMES[0]] * len(targets), targets)
            self.assertEqual(written, [3] * len(targets))
            for target in targets:
                self.assertEqual(bytes(memoryview(target).cast("B"))[:3], b"foo")
            self.assertEqual(mapped[3:], bytes(97))
            mapped.close()

    @needs_numpy
    def test_rows_of_an_array(self) -> None:
        grid = numpy.arange(12000, dtype="i8").reshape(100, 120)
        packed = frames([row.tobytes() for row in grid])
        found = numpy.zeros_like(grid)
        self.assertEqual(ZstdDecompressor().multi_decompress_into(packed, found, 2), [960] * 100)
        self.assertTrue((found == grid).all())

    def test_what_cannot_be_written(self) -> None:
        for bad in (b"foo", memoryview(b"foo"), "foo", None, 3, memoryview(bytearray(6))[::2], buffer_of([b"foo"])[0]):
            with self.subTest(bad):
                with self.assertRaises((TypeError, ValueError, BufferError)):
                    ZstdDecompressor().multi_decompress_into([FRAMES[0]], [bad])
                with self.assertRaises((TypeError, ValueError, BufferError)):
                    ZstdDecompressor().multi_decompress_packed([FRAMES[0]], bad)

    def test_another_number_of_buffers(self) -> None:
        for rows in ([], [bytearray(3)], [bytearray(3)] * 3):
            with self.assertRaises(ValueError):
                ZstdDecompressor().multi_decompress_into(FRAMES[:2], rows)

    def test_overlaps_are_refused(self) -> None:
        block = bytearray(b"\xff" * 100)
        view = memoryview(block)
        for places, item in (
            ((view[0:3], view[1:4]), 1),
            ((view[10:20], view[0:3], view[19:30]), 2),
            ((view[10:20], view[0:20], view[30:33]), 1),
            ((block, block), 1),
        ):
            for errors in ("raise", "return"):
                with self.assertRaises(ValueError) as caught:
                    ZstdDecompressor().multi_decompress_into([FRAMES[0]] * len(places), places, errors=errors)
                self.assertEqual(caught.exception.item, item)
                self.assertEqual(str(caught.exception), f"item {item}: its destination overlaps that of another item")
        self.assertEqual(block, b"\xff" * 100)
        written = ZstdDecompressor().multi_decompress_into([FRAMES[0]] * 3, [view[6:9], view[0:3], view[3:6]])
        self.assertEqual((written, bytes(view[:10])), ([3, 3, 3], b"foofoofoo\xff"))

    def test_an_item_in_a_buffer_is_refused(self) -> None:
        block = bytearray(100) + FRAMES[0]
        with self.assertRaises(ValueError) as caught:
            ZstdDecompressor().multi_decompress_into([FRAMES[0], block[100:], memoryview(block)[100:]], [bytearray(3), bytearray(3), block])
        self.assertEqual(caught.exception.item, 2)
        with self.assertRaises(ValueError) as caught:
            ZstdDecompressor().multi_decompress_packed([FRAMES[0], memoryview(block)[100:]], block)
        self.assertEqual(caught.exception.item, 1)
        self.assertEqual(str(caught.exception), "item 1: an output overlaps its input")
        self.assertEqual(block, bytes(100) + FRAMES[0])
        made = ZstdDecompressor().multi_decompress_packed([memoryview(block)[100:]], memoryview(block)[:100])
        self.assertEqual(made.tolist(), [b"foo"])

    def test_buffers_are_given_back(self) -> None:
        row = bytearray(3)
        ZstdDecompressor().multi_decompress_into([FRAMES[0]], [row])
        row.append(1)
        for batch in ([b"not a frame"], [3]):
            with self.assertRaises((TypeError, ValueError)):
                ZstdDecompressor().multi_decompress_into(batch, [row])
            row.append(1)
        with self.assertRaises((TypeError, ValueError, BufferError)):
            ZstdDecompressor().multi_decompress_into(FRAMES[:2], [row, b"read-only"])
        row.append(1)

    def test_no_items(self) -> None:
        try:
            self.assertEqual(ZstdDecompressor().multi_decompress_into([], []), [])
        except ValueError as error:
            self.assertEqual(str(error), "no source elements found")

    def test_progress(self) -> None:
        control = zbatch.Control()
        rows = [bytearray(len(item)) for item in ITEMS]
        ZstdDecompressor().multi_decompress_into(FRAMES, rows, control=control)
        self.assertEqual(control.items_done, len(ITEMS))


class Packed(unittest.TestCase):
    """multi_decompress_packed()."""

    def test_exact_room(self) -> None:
        total = sum(map(len, ITEMS))
        for make in (list, tuple, iter, buffer_of, collection_of):
            for threads in THREADS:
                for given in (None, sizes(*map(len, ITEMS))):
                    block = bytearray(total)
                    made = ZstdDecompressor().multi_decompress_packed(make(FRAMES), block, given, threads)
                    self.assertIsInstance(made, zbatch.BufferWithSegments)
                    self.assertEqual(made.tolist(), ITEMS)
                    self.assertEqual(bytes(block), b"".join(ITEMS))
                    self.assertEqual(made.size, total)
                    del made

    def test_it_is_the_callers_memory(self) -> None:
        block = bytearray(6)
        made = ZstdDecompressor().multi_decompress_packed(frames([b"foo", b"bar"]), block)
        block[0:3] = b"FOO"
        self.assertEqual(made[0].tobytes(), b"FOO")
        with self.assertRaises(BufferError):
            block.append(1)
        del made
        gc.collect()
        block.append(1)

    def test_more_room_is_left_alone(self) -> None:
        block = bytearray(b"\xff" * 100)
        made = ZstdDecompressor().multi_decompress_packed(frames([b"foo", b"bar"]), block)
        self.assertEqual(bytes(block), b"foobar" + b"\xff" * 94)
        self.assertEqual(made.tolist(), [b"foo", b"bar"])

    def test_a_place_in_a_block(self) -> None:
        block = bytearray(20)
        made = ZstdDecompressor().multi_decompress_packed(frames([b"foo", b"bar"]), memoryview(block)[7:])
        self.assertEqual(bytes(block), bytes(7) + b"foobar" + bytes(7))
        self.assertEqual([s.offset for s in made], [0, 3])

    def test_too_little_room(self) -> None:
        for batch in (frames([b"foo", b"bar"]), [unsized(b"foo"), unsized(b"bar")]):
            for threads in THREADS:
                with self.assertRaises(ZstdError) as caught:
                    ZstdDecompressor().multi_decompress_packed(batch, bytearray(5), threads=threads)
                self.assertEqual(caught.exception.status, "ZBATCH_ERROR_DST_TOO_SMALL")

    def test_unknown_sizes(self) -> None:
        batch = [unsized(item) if i % 2 else frame(item) for i, item in enumerate(ITEMS)]
        for threads in THREADS:
            made = ZstdDecompressor().multi_decompress_packed(batch, bytearray(100000), threads=threads)
            self.assertEqual((made.tolist(), made.errors), (ITEMS, {}))

    def test_failed_items_are_empty_and_their_places_zeroed(self) -> None:
        batch = [checked(noise(500, i)) for i in range(10)]
        batch[3] = bad_checksum(noise(500, 3))
        for threads in THREADS:
            block = bytearray(b"\xff" * 5000)
            made = ZstdDecompressor().multi_decompress_packed(batch, block, threads=threads, errors="return")
            self.assertEqual(made.tolist(), [b"" if i == 3 else noise(500, i) for i in range(10)])
            self.assertEqual(bytes(block[1500:2000]), bytes(500))
            self.assertEqual(list(made.errors), [3])
            self.assertEqual((made.errors[3].item, made.errors[3].status), (3, "ZBATCH_ERROR_CHECKSUM"))
            again = pickle.loads(pickle.dumps(made))
            self.assertEqual((again.tolist(), str(again.errors)), (made.tolist(), str(made.errors)))
            with self.assertRaises(ZstdError) as caught:
                ZstdDecompressor().multi_decompress_packed(batch, bytearray(5000), threads=threads)
            self.assertEqual((caught.exception.item, caught.exception.status), (3, "ZBATCH_ERROR_CHECKSUM"))

    def test_the_buffer_is_asked_for_once(self) -> None:
        # It may answer differently when it is asked again.
        block = bytearray(100)
        with unittest.mock.patch.object(_handles, "get_buffer", wraps=_handles.get_buffer) as ask:
            made = ZstdDecompressor().multi_decompress_packed(frames([b"foo", b"bar"]), block)
        self.assertEqual(sum(call.args[0] is block for call in ask.call_args_list), 1)
        with self.assertRaises(BufferError):
            block.append(0)
        self.assertEqual(made.tolist(), [b"foo", b"bar"])
        del made
        block.append(0)

    def test_wrong_sizes(self) -> None:
        with self.assertRaises(ZstdError) as caught:
            ZstdDecompressor().multi_decompress_packed(FRAMES[:1], bytearray(100), sizes(4))
        self.assertEqual((caught.exception.item, caught.exception.status), (0, "ZBATCH_ERROR_SIZE_MISMATCH"))
        with self.assertRaises(ValueError) as caught:
            ZstdDecompressor().multi_decompress_packed(FRAMES[:2], bytearray(100), sizes(4))
        self.assertEqual(str(caught.exception), "decompressed_sizes size mismatch; expected 16, got 8")

    def test_the_buffer_is_given_back_after_a_failure(self) -> None:
        block = bytearray(100)
        with self.assertRaises(ValueError):
            ZstdDecompressor().multi_decompress_packed([b"not a frame"], block)
        block.append(1)

    @needs_numpy
    def test_an_array(self) -> None:
        block = numpy.zeros(sum(map(len, ITEMS)), "u1")
        made = ZstdDecompressor().multi_decompress_packed(FRAMES, block, threads=2)
        self.assertEqual(block.tobytes(), b"".join(ITEMS))
        self.assertTrue(block.flags.writeable)
        self.assertEqual(numpy.frombuffer(made[2], "u1").tobytes(), ITEMS[2])

    def test_again_as_input(self) -> None:
        inner = frames([frame(b"foo"), frame(b"bar")])
        once = ZstdDecompressor().multi_decompress_packed(inner, bytearray(100))
        self.assertEqual(contents(ZstdDecompressor().multi_decompress_to_buffer(once)), [b"foo", b"bar"])


if __name__ == "__main__":
    unittest.main()
