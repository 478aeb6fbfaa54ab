"""What a batch may be: any iterable of bytes-like items, columns, Arrow arrays, maps, buffers and collections."""

from __future__ import annotations

import array
import collections
import ctypes
import mmap
import struct
import sys
import tempfile
import unittest
from collections.abc import Iterator
from typing import Any

from support import (
    THREADS,
    buffer_of,
    collection_of,
    contents,
    frame,
    frames,
    needs_numpy,
    needs_peer,
    needs_pyarrow,
    numpy,
    peer,
    pyarrow,
    records,
    sizes,
    table,
    words,
)

import zbatch
from zbatch import ZstdCompressor, ZstdDecompressor, _arrow
from zbatch._cpython import capsule_content

DOCUMENTS = records(100)
FRAMES = frames(DOCUMENTS)
#: More than a small batch has, and fewer.
COUNTS = (1, 2, 63, 64, 65, 100)


def column(items: list[bytes], code: str = "q", first: int = 0) -> tuple[bytes, array.array[int]]:
    offsets = array.array(code, [first])
    for item in items:
        offsets.append(offsets[-1] + len(item))
    return bytes(first) + b"".join(items), offsets


class Both(unittest.TestCase):
    """Each input goes through both calls."""

    def check(self, make: Any, documents: list[bytes] = DOCUMENTS) -> None:
        made = frames(documents)
        for threads in (0, 2):
            result = ZstdCompressor().multi_compress_to_buffer(make(documents), threads)
            self.assertEqual(contents(result), made)
            result = ZstdDecompressor().multi_decompress_to_buffer(make(made), threads=threads)
            self.assertEqual(contents(result), documents)
        sized = ZstdDecompressor().multi_decompress_to_buffer(make(made), sizes(*map(len, documents)))
        self.assertEqual(contents(sized), documents)

    def test_sequences(self) -> None:
        for count in COUNTS:
            for make in (list, tuple, collections.deque, collections.UserList):
                with self.subTest(make.__name__, count=count):
                    self.check(make, DOCUMENTS[:count])

    def test_iterables(self) -> None:
        for count in COUNTS:
            for make in (
                iter,
                lambda items: (item for item in items),
                lambda items: map(bytes, items),
                lambda items: dict(enumerate(items)).values(),
            ):
                self.check(make, DOCUMENTS[:count])

    def test_only_iter_or_only_getitem(self) -> None:
        class Iterable:
            def __init__(self, items: list[bytes]) -> None:
                self.items = items

            def __iter__(self) -> Iterator[bytes]:
                return iter(self.items)

        class Sequence:
            def __init__(self, items: list[bytes]) -> None:
                self.items = items

            def __getitem__(self, i: int) -> bytes:
                return self.items[i]

        self.check(Iterable)
        self.check(Sequence)

    def test_items_of_every_type(self) -> None:
        def mixed(items: list[bytes]) -> list[Any]:
            kinds = (bytes, bytearray, memoryview, lambda b: array.array("B", b), lambda b: buffer_of([b])[0], lambda b: buffer_of([b]))
            return [kinds[i % len(kinds)](item) for i, item in enumerate(items)]

        for count in COUNTS:
            self.check(mixed, DOCUMENTS[:count])
            self.check(lambda items: [bytearray(item) for item in items], DOCUMENTS[:count])
            self.check(lambda items: [*items[:-1], memoryview(items[-1])], DOCUMENTS[:count])

    def test_subclasses_of_bytes(self) -> None:
        mine = type("Mine", (bytes,), {})
        self.check(lambda items: [mine(item) for item in items])
        self.check(lambda items: [items[0], *[mine(item) for item in items[1:]]])

    def test_buffers_and_collections(self) -> None:
        for count in COUNTS:
            self.check(buffer_of, DOCUMENTS[:count])
            for every in (1, 7, 1000):
                self.check(lambda items, every=every: collection_of(items, every=every), DOCUMENTS[:count])

    def test_a_subclass_of_a_collection(self) -> None:
        class Mine(zbatch.BufferWithSegmentsCollection):
            def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
                raise AssertionError("its segments are taken as they are")

        self.check(lambda items: Mine(buffer_of(items)))

    def test_segments_of_a_buffer(self) -> None:
        self.check(lambda items: buffer_of(items).segments())
        self.check(lambda items: list(buffer_of(items)))
        self.check(lambda items: [collection_of(items)[i] for i in range(len(items))])

    def test_columns(self) -> None:
        for count in COUNTS:
            for code in "qQiI":
                for first in (0, 3):
                    self.check(lambda items, code=code, first=first: zbatch.Columns(*column(items, code, first)), DOCUMENTS[:count])

    def test_columns_of_other_buffers(self) -> None:
        def make(items: list[bytes]) -> Any:
            data, offsets = column(items, "Q")
            return zbatch.Columns(bytearray(data), memoryview(offsets))

        self.check(make)
        self.check(lambda items: zbatch.Columns(data=column(items)[0], offsets=column(items)[1]))

    def test_a_map(self) -> None:
        with tempfile.TemporaryFile() as file:
            file.write(b"".join(FRAMES))
            file.flush()
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                places, at = [], 0
                for item in FRAMES:
                    places.append((at, len(item)))
                    at += len(item)
                packed = zbatch.BufferWithSegments(mapped, table(*places))
                self.assertEqual(contents(ZstdDecompressor().multi_decompress_to_buffer(packed)), DOCUMENTS)
                items = [memoryview(mapped)[offset : offset + length] for offset, length in places]
                self.assertEqual(contents(ZstdDecompressor().multi_decompress_to_buffer(items)), DOCUMENTS)
                del items, packed

    @needs_numpy
    def test_numpy(self) -> None:
        self.check(lambda items: [numpy.frombuffer(item, "u1") for item in items])
        data, offsets = column(DOCUMENTS)
        for dtype in ("i4", "u4", "i8", "u8"):
            made = ZstdCompressor().multi_compress_to_buffer(zbatch.Columns(numpy.frombuffer(data, "u1"), numpy.array(offsets, dtype)))
            self.assertEqual(contents(made), FRAMES)
        rows = numpy.arange(1200, dtype="i4").reshape(100, 12)
        for batch in (rows, list(rows), numpy.array([row.tobytes() for row in rows], object)):
            made = ZstdCompressor().multi_compress_to_buffer(batch)
            self.assertEqual(contents(made), frames([row.tobytes() for row in rows]))
        with self.assertRaises(TypeError):  # items with gaps are not bytes-like
            ZstdCompressor().multi_compress_to_buffer(rows[:, ::2])

    @needs_peer
    def test_containers_of_the_peer(self) -> None:
        self.check(lambda items: buffer_of(items, peer))
        self.check(lambda items: collection_of(items, peer))

    @needs_pyarrow
    def test_arrow(self) -> None:
        for kind in (pyarrow.binary(), pyarrow.large_binary(), pyarrow.binary_view()):
            self.check(lambda items, kind=kind: pyarrow.array(items, kind))
            self.check(lambda items, kind=kind: pyarrow.array([b"before", *items, b"after"], kind)[1:-1])
        for kind in (pyarrow.string(), pyarrow.large_string(), pyarrow.string_view()):
            made = ZstdCompressor().multi_compress_to_buffer(pyarrow.array([d.decode() for d in DOCUMENTS], kind))
            self.assertEqual(contents(made), FRAMES)

    @needs_pyarrow
    def test_arrow_of_our_own(self) -> None:
        around_12 = [b"x" * 12, b"", b"x" * 13, b"x"]  # so many bytes are in the view itself
        for collection in (collection_of(DOCUMENTS), buffer_of(DOCUMENTS), collection_of(around_12)):
            column = pyarrow.array(collection)
            self.assertEqual(contents(ZstdCompressor().multi_compress_to_buffer(column)), frames(column.to_pylist()))
            column = column[1:]
            self.assertEqual(contents(ZstdCompressor().multi_compress_to_buffer(column)), frames(column.to_pylist()))

    @needs_pyarrow
    def test_arrow_of_a_fixed_size(self) -> None:
        items = [bytes([i]) * 20 for i in range(100)]
        for column in (pyarrow.array(items, pyarrow.binary(20)), pyarrow.array([b"x" * 20, *items], pyarrow.binary(20))[1:]):
            self.assertEqual(contents(ZstdCompressor().multi_compress_to_buffer(column)), frames(items))
        empty = pyarrow.array([b"", b""], pyarrow.binary(0))
        self.assertEqual(contents(ZstdCompressor().multi_compress_to_buffer([*empty.to_pylist(), b"x"]))[:2], frames([b"", b""]))

    @needs_pyarrow
    def test_arrow_in_chunks(self) -> None:
        for kind in (pyarrow.binary(), pyarrow.binary_view()):
            self.check(lambda items, kind=kind: pyarrow.chunked_array([items[:30], [], items[30:31], items[31:]], kind))
            self.check(lambda items, kind=kind: pyarrow.table({"a": pyarrow.array(items, kind)})["a"])
        with self.assertRaises(ValueError) as caught:
            with_nulls = pyarrow.chunked_array([DOCUMENTS[:30], [b"x", None], [None]], pyarrow.binary())
            ZstdCompressor().multi_compress_to_buffer(with_nulls)
        self.assertEqual(caught.exception.item, 31)
        for none in (pyarrow.chunked_array([], pyarrow.binary()), pyarrow.chunked_array([[], []], pyarrow.binary())):
            with self.assertRaises(ValueError) as caught:
                ZstdCompressor().multi_compress_to_buffer(none)
            self.assertEqual(str(caught.exception), "no source elements found")

    @needs_pyarrow
    def test_arrow_refused(self) -> None:
        table = pyarrow.table({"a": DOCUMENTS})
        for bad in (
            pyarrow.array([1, 2, 3]),
            pyarrow.array([[b"x"]]),
            pyarrow.array([1.5, None]),
            pyarrow.array([b"x", b"x"]).dictionary_encode(),
            pyarrow.nulls(3),
            pyarrow.chunked_array([[1], [2]]),
            table,
            table.to_batches()[0],
            table.to_reader(),
        ):
            with self.subTest(bad), self.assertRaises(TypeError) as caught:
                ZstdCompressor().multi_compress_to_buffer(bad)
            self.assertIn("an Arrow array must be of binary or of strings, not of format '", str(caught.exception))

    @needs_pyarrow
    def test_arrow_nulls_are_not_guessed_at(self) -> None:
        for kind in (pyarrow.binary(), pyarrow.large_binary(), pyarrow.binary_view(), pyarrow.binary(3)):
            with_nulls = pyarrow.array([None, b"foo", None, b"bar"], kind)
            for column, item in ((with_nulls, 0), (with_nulls[1:], 1), (with_nulls[1:3], 1)):
                with self.subTest(kind, item=item), self.assertRaises(ValueError) as caught:
                    ZstdCompressor().multi_compress_to_buffer(column)
                self.assertEqual(caught.exception.item, item)
            self.assertEqual(contents(ZstdCompressor().multi_compress_to_buffer(with_nulls[3:])), frames([b"bar"]))

    @needs_pyarrow
    def test_an_arrow_stream_that_fails(self) -> None:
        def batches() -> Iterator[Any]:
            yield pyarrow.record_batch({"a": [b"x"]})
            raise KeyError("of the caller's")

        reader = pyarrow.RecordBatchReader.from_batches(pyarrow.schema({"a": pyarrow.binary()}), batches())

        class Stream:
            """Of the columns, which pyarrow gives of tables alone."""

            def __init__(self, exporter: Any) -> None:
                self.capsule = exporter.__arrow_c_stream__()

            def __arrow_c_stream__(self, requested_schema: object = None) -> object:
                return self.capsule

        with self.assertRaises(TypeError):
            ZstdCompressor().multi_compress_to_buffer(Stream(reader))
        stream = Stream(pyarrow.chunked_array([DOCUMENTS]))
        self.assertEqual(contents(ZstdCompressor().multi_compress_to_buffer(stream)), FRAMES)
        with self.assertRaisesRegex(ValueError, "consumed already"):
            ZstdCompressor().multi_compress_to_buffer(stream)

    @needs_pyarrow
    def test_an_arrow_array_of_a_negative_length(self) -> None:
        class Exporter:
            def __init__(self, length: int) -> None:
                self.capsules = pyarrow.array(DOCUMENTS).__arrow_c_array__()
                self.array = _arrow._Array.from_address(capsule_content(self.capsules[1], b"arrow_array"))
                self.array.length = length

            def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
                return self.capsules

        for length in (-1, -(2**63)):
            with self.assertRaisesRegex(ValueError, "Arrow"):
                ZstdCompressor().multi_compress_to_buffer(Exporter(length))
        with self.assertRaises(MemoryError):
            ZstdCompressor().multi_compress_to_buffer(Exporter(2**63 - 1))

    @needs_pyarrow
    def test_arrow_of_nothing(self) -> None:
        with self.assertRaises(ValueError) as caught:
            ZstdCompressor().multi_compress_to_buffer(pyarrow.array([], pyarrow.binary()))
        self.assertEqual(str(caught.exception), "no source elements found")

    @needs_pyarrow
    def test_arrow_is_released(self) -> None:
        before = pyarrow.total_allocated_bytes()
        for _ in range(50):
            for column in (pyarrow.array(DOCUMENTS, pyarrow.large_binary()), pyarrow.chunked_array([DOCUMENTS, DOCUMENTS])):
                self.assertEqual(len(ZstdCompressor().multi_compress_to_buffer(column)), len(column))
            for bad in (pyarrow.chunked_array([DOCUMENTS, [None]]), pyarrow.table({"a": DOCUMENTS})):
                with self.assertRaises((TypeError, ValueError)):
                    ZstdCompressor().multi_compress_to_buffer(bad)
            del column, bad
        self.assertEqual(pyarrow.total_allocated_bytes(), before)

    def test_a_made_up_arrow_array(self) -> None:
        class Lies:
            def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
                return object(), object()

        class NotTwo:
            def __arrow_c_array__(self, requested_schema: object = None) -> Any:
                return None

        with self.assertRaises(TypeError) as caught:
            ZstdCompressor().multi_compress_to_buffer(NotTwo())
        self.assertEqual(str(caught.exception), "__arrow_c_array__() of a NotTwo does not return two capsules")

        class MoreLies:
            def __arrow_c_stream__(self, requested_schema: object = None) -> object:
                return None

        for lies in (Lies(), MoreLies()):
            with self.assertRaises((TypeError, ValueError)):
                ZstdCompressor().multi_compress_to_buffer(lies)


class Columns(unittest.TestCase):
    """Bad columns."""

    def test_offsets_outside(self) -> None:
        cases = {
            "beyond": ([0, 3, 10], 1),
            "decreasing": ([0, 3, 2, 4], 1),
            "negative": ([0, -1, 3], 0),
            "negative at first": ([-1, 3], 0),
            "first beyond": ([10, 10], 0),
        }
        for name, (offsets, item) in cases.items():
            for code in "qi":
                with self.subTest(name, code=code), self.assertRaises(ValueError) as caught:
                    ZstdCompressor().multi_compress_to_buffer(zbatch.Columns(b"foobarbaz", array.array(code, offsets)))
                self.assertEqual(caught.exception.item, item)

    def test_offsets_of_another_kind(self) -> None:
        for offsets in (array.array("h", [0, 3]), array.array("d", [0, 3]), b"abc", [0, 3], None, "x"):
            with self.subTest(offsets), self.assertRaises((TypeError, ValueError)):
                zbatch.Columns(b"foobarbaz", offsets)

    def test_offsets_that_are_no_row(self) -> None:
        square, point = memoryview(words(0, 3, 3, 9)).cast("B"), memoryview(words(0)).cast("B")
        for offsets in (square.cast("Q", (2, 2)), point.cast("Q", ()), memoryview(words(0, 3, 3, 9))[::2]):
            with self.assertRaises(ValueError) as caught:
                zbatch.Columns(b"foobarbaz", offsets)
            self.assertEqual(str(caught.exception), "offsets must be one row of integers, without gaps")

    @needs_numpy
    def test_offsets_of_numpy_that_are_none(self) -> None:
        for dtype in (">i8", "M8[s]", "f8", "i2", "S8", "O", [("offset", "u8")]):
            with self.subTest(dtype), self.assertRaises((TypeError, ValueError)):
                zbatch.Columns(b"foobarbaz", numpy.zeros(3, dtype))

    def test_data_of_another_kind(self) -> None:
        for data in ("foobarbaz", None, [1], 5):
            with self.subTest(data), self.assertRaises(TypeError):
                ZstdCompressor().multi_compress_to_buffer(zbatch.Columns(data, words(0, 3)))

    def test_no_items(self) -> None:
        for offsets in (words(0), words()):
            with self.assertRaises(ValueError):
                ZstdCompressor().multi_compress_to_buffer(zbatch.Columns(b"foobarbaz", offsets))

    def test_memory_is_held_while_they_live(self) -> None:
        data = bytearray(b"foobarbaz")
        columns = zbatch.Columns(data, words(0, 3, 9))
        try:
            data.clear()
        except BufferError:
            pass
        else:  # not held between calls: then the call must look again
            data += b"FOOBARBAZ"
        self.assertEqual(len(ZstdCompressor().multi_compress_to_buffer(columns)), 2)


@needs_numpy
class Tables(unittest.TestCase):
    """Tables of segments as numpy holds them."""

    def test_taken(self) -> None:
        pairs = [(0, 3), (1, 0), (6, 3)]
        for made in (
            numpy.array(pairs, "u8"),
            numpy.array(pairs, "i8").reshape(6),
            numpy.array(pairs, [("offset", "u8"), ("length", "u8")]),
            numpy.array([(9, 9), *pairs], "u8")[1:],
        ):
            self.assertEqual(contents(zbatch.BufferWithSegments(b"foobarbaz", made)), [b"foo", b"", b"baz"])
        for none in (numpy.zeros((0, 2), "u8"), numpy.zeros((3, 0)), numpy.zeros(0)):
            self.assertEqual(len(zbatch.BufferWithSegments(b"foobarbaz", none)), 0)

    def test_refused(self) -> None:
        for bad, text in (
            (numpy.zeros((2, 2), "u8", order="F"), "contiguous"),
            (numpy.zeros((2, 3), "u8")[:, :2], "contiguous"),
            (numpy.zeros((3, 2), "u8")[::2], "contiguous"),
            (numpy.zeros(3, "u8"), "segments array size is not a multiple of 16"),
            (numpy.array([(0, 3)], ">u8"), "outside buffer"),
        ):
            with self.subTest(text), self.assertRaises((ValueError, BufferError)) as caught:
                zbatch.BufferWithSegments(b"foobarbaz", bad)
            self.assertIn(text, str(caught.exception))


class Refused(unittest.TestCase):
    """What is no batch."""

    def test_no_batch(self) -> None:
        for bad in (None, 3, 1.5, object(), int, len):
            with self.subTest(bad):
                with self.assertRaises(TypeError) as caught:
                    ZstdCompressor().multi_compress_to_buffer(bad)
                self.assertEqual(str(caught.exception), "argument must be list of BufferWithSegments")
                with self.assertRaises(TypeError) as caught:
                    ZstdDecompressor().multi_decompress_to_buffer(bad)
                self.assertEqual(str(caught.exception), "argument must be list or BufferWithSegments")

    def refuses(self, bad: Any, advice: str) -> None:
        for method, text in (
            (ZstdCompressor().multi_compress_to_buffer, "argument must be list of BufferWithSegments"),
            (ZstdDecompressor().multi_decompress_to_buffer, "argument must be list or BufferWithSegments"),
        ):
            with self.subTest(bad), self.assertRaises(TypeError) as caught:
                method(bad)
            said = [str(caught.exception), *getattr(caught.exception, "__notes__", ())]
            self.assertTrue(said[0].startswith(text))
            self.assertIn(advice, "\n".join(said))

    def test_bytes_are_one_item(self) -> None:
        for bad in (
            b"bytes",
            bytearray(b"x"),
            memoryview(b"x"),
            memoryview(bytes(6)).cast("B", (2, 3)),
            buffer_of([b"foo"])[0],
            array.array("B", b"abc"),
            (ctypes.c_char * 3)(),
            (ctypes.c_ubyte * 3)(),
        ):
            self.refuses(bad, f"one {type(bad).__name__} is one item: put it in a list")
        with mmap.mmap(-1, 3) as mapped:
            mapped.write(b"abc")
            self.refuses(mapped, "BufferWithSegments(data, table) or Columns(data, offsets)")
            for batch in (
                [mapped],
                iter([mapped]),
                [memoryview(mapped)],
                zbatch.Columns(mapped, words(0, 3)),
                zbatch.BufferWithSegments(mapped, table((0, 3))),
            ):
                self.assertEqual(contents(ZstdCompressor().multi_compress_to_buffer(batch)), frames([b"abc"]))
            del batch
        self.refuses("text", "text must be encoded")

    @needs_numpy
    def test_one_row_of_an_array_is_one_item(self) -> None:
        for bad in ("u1", "i8", "S1", "U3", "M8[s]"):
            self.refuses(numpy.zeros(5, bad), "one ndarray is one item")
        self.refuses(numpy.zeros(()), "one ndarray is one item")

    @needs_numpy
    def test_arrays_whose_rows_are_no_items(self) -> None:
        items = numpy.array([b"foo", b"ba", b"", b"quux"])
        for kind in ("S4", "V4"):
            self.refuses(items.astype(kind), "give its tolist()")
        self.assertEqual([zbatch.decompress(s) for s in ZstdCompressor().multi_compress_to_buffer(items.tolist())], items.tolist())
        objects = items.astype(object).reshape(2, 2)
        self.refuses(objects, "give its ravel()")
        made = ZstdCompressor().multi_compress_to_buffer(objects.ravel())
        self.assertEqual([zbatch.decompress(s) for s in made], items.tolist())

    def test_what_has_no_order_or_no_items(self) -> None:
        self.refuses({b"x"}, "has no order")
        self.refuses(frozenset([b"x"]), "has no order")
        self.refuses({b"x": b"y"}, "give the values() of a dict")
        self.refuses(collections.ChainMap({b"x": b"y"}), "give the values() of a ChainMap")

    def test_no_item(self) -> None:
        for make in (list, tuple, iter):
            for position in (0, 1, 70):
                for bad in (None, 3, "text", [b"x"], object()):
                    batch: list[Any] = [*DOCUMENTS]
                    batch[position] = bad
                    for method in (ZstdCompressor().multi_compress_to_buffer, ZstdDecompressor().multi_decompress_to_buffer):
                        with self.assertRaises(TypeError) as caught:
                            method(make(batch))
                        self.assertEqual(str(caught.exception), f"item {position} not a bytes like object")
                        self.assertEqual(caught.exception.item, position)

    def test_an_iterator_that_fails(self) -> None:
        def failing() -> Iterator[bytes]:
            yield b"foo"
            raise KeyError("of the caller's")

        with self.assertRaises(KeyError):
            ZstdCompressor().multi_compress_to_buffer(failing())

    def test_an_item_whose_buffer_fails(self) -> None:
        view = memoryview(b"foo")
        view.release()
        for batch in ([view], [b"x", view], [bytearray(b"x"), view]):
            with self.assertRaises(TypeError) as caught:
                ZstdCompressor().multi_compress_to_buffer(batch)
            self.assertEqual(str(caught.exception), f"item {len(batch) - 1} not a bytes like object")

    def test_items_are_released_after_a_failure(self) -> None:
        item = bytearray(b"foo")
        for bad in (None, memoryview(b"abcd")[::2]):
            with self.assertRaises(TypeError):
                ZstdCompressor().multi_compress_to_buffer([item, item, bad])
            item.append(1)

    def test_items_are_released_after_success(self) -> None:
        items = [bytearray(d) for d in DOCUMENTS]
        made = ZstdCompressor().multi_compress_to_buffer(items)
        for item in items:
            item.append(1)
        self.assertEqual(contents(made), FRAMES)

    def test_references_are_given_back(self) -> None:
        class Item(bytes):
            pass

        items = [Item(d) for d in DOCUMENTS]
        before = [sys.getrefcount(item) for item in items]
        for batch in (items, tuple(items), iter(items)):
            ZstdCompressor().multi_compress_to_buffer(batch)
            with self.assertRaises(ValueError):
                ZstdDecompressor().multi_decompress_to_buffer(list(items))
        del batch
        ZstdCompressor().multi_compress_to_buffer([b"something else"] * 100)
        self.assertEqual([sys.getrefcount(item) for item in items], before)

    def test_a_list_that_changes_meanwhile(self) -> None:
        class Changing(bytearray):
            pass

        items: list[Any] = [Changing(b"foo"), b"bar", b"baz"]

        def pull() -> Iterator[Any]:
            for item in list(items):
                items.clear()
                yield item

        self.assertEqual(contents(ZstdCompressor().multi_compress_to_buffer(pull())), frames([b"foo", b"bar", b"baz"]))


class Selection(unittest.TestCase):
    """Parts of what is there, in another order."""

    def test_a_selection_of_a_result(self) -> None:
        made = ZstdCompressor().multi_compress_to_buffer(DOCUMENTS)
        chosen = [made[i] for i in (5, 3, 3, 99)]
        for threads in THREADS:
            result = ZstdDecompressor().multi_decompress_to_buffer(chosen, threads=threads)
            self.assertEqual(contents(result), [DOCUMENTS[i] for i in (5, 3, 3, 99)])

    def test_frames_back_to_back_in_a_file(self) -> None:
        packed = b"".join(FRAMES)
        places = struct.pack("=4Q", len(FRAMES[0]), len(FRAMES[1]), 0, len(FRAMES[0]))
        buffer = zbatch.BufferWithSegments(packed, places)
        self.assertEqual(contents(ZstdDecompressor().multi_decompress_to_buffer(buffer)), [DOCUMENTS[1], DOCUMENTS[0]])

    def test_a_frame_split_over_items_is_no_frame(self) -> None:
        whole = frame(DOCUMENTS[0])
        with self.assertRaises((ValueError, zbatch.ZstdError)):
            ZstdDecompressor().multi_decompress_to_buffer([whole[:10], whole[10:]])


if __name__ == "__main__":
    unittest.main()
