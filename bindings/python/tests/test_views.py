"""Containers as Python objects: sequences, comparisons, views that keep their memory, pickles, arrays, `with`."""

from __future__ import annotations

import array
import copy
import gc
import hashlib
import io
import pickle
import struct
import sys
import tempfile
import unittest
import weakref
import zlib
from collections.abc import Callable
from typing import Any

from support import (
    buffer_of,
    collection_of,
    contents,
    frame,
    frames,
    needs_numpy,
    needs_pyarrow,
    noise,
    numpy,
    pyarrow,
    records,
    resident,
    needs_proc,
    table,
)

import zbatch
from zbatch import ZstdCompressor, ZstdDecompressor

ITEMS = [b"foo", b"", b"barbar", b"x" * 70, b"baz"]


def results(items: list[bytes] = ITEMS) -> Any:
    """A collection that the library made."""
    return ZstdDecompressor().multi_decompress_to_buffer(frames(items))


def parents() -> dict[str, Callable[[], Any]]:
    """Every way to come by segments of ITEMS."""
    return {
        "buffer": lambda: buffer_of(ITEMS),
        "buffer of a bytearray": lambda: zbatch.BufferWithSegments(
            bytearray(b"".join(ITEMS)), buffer_of(ITEMS).segments()
        ),
        "segments": lambda: buffer_of(ITEMS).segments(),
        "collection": lambda: collection_of(ITEMS),
        "result": results,
        "buffer of a result": lambda: results().buffers[0],
        "segments of a result": lambda: results().buffers[0].segments(),
        "unpickled": lambda: pickle.loads(pickle.dumps(results())),
    }


class EveryParent(unittest.TestCase):
    """What holds for segments wherever they come from."""

    def each(self) -> Any:
        for name, make in parents().items():
            with self.subTest(name):
                yield make()

    def test_length_and_indices(self) -> None:
        for parent in self.each():
            self.assertEqual(len(parent), 5)
            for i in range(-5, 5):
                segment = parent[i]
                self.assertIsInstance(segment, zbatch.BufferSegment)
                self.assertEqual(segment.tobytes(), ITEMS[i])
                self.assertEqual(len(segment), len(ITEMS[i]))
            for i, text in ((5, "offset must be less than 5"), (-6, "offset must be non-negative")):
                with self.assertRaises(IndexError) as caught:
                    parent[i]
                if not isinstance(parent, zbatch.BufferSegments):
                    self.assertEqual(str(caught.exception), text)

    def test_iteration(self) -> None:
        for parent in self.each():
            self.assertEqual([s.tobytes() for s in parent], ITEMS)
            self.assertEqual([s.tobytes() for s in reversed(parent)], ITEMS[::-1])
            iterator = iter(parent)
            self.assertEqual(next(iterator).tobytes(), b"foo")
            del parent
            gc.collect()
            self.assertEqual([s.tobytes() for s in iterator], ITEMS[1:])
            with self.assertRaises(StopIteration):
                next(iterator)

    def test_two_iterators_at_once(self) -> None:
        for parent in self.each():
            pairs = [(a.tobytes(), b.tobytes()) for a in parent for b in parent]
            self.assertEqual(pairs, [(a, b) for a in ITEMS for b in ITEMS])

    def test_contains_and_index(self) -> None:
        for parent in self.each():
            self.assertIn(b"barbar", parent)
            self.assertIn(bytearray(b"baz"), parent)
            self.assertNotIn(b"spam", parent)
            self.assertIn(parent[3], parent)

    def test_bulk(self) -> None:
        for parent in self.each():
            self.assertEqual(b"".join(parent), b"".join(ITEMS))
            if not isinstance(parent, zbatch.BufferSegments):
                made = parent.tolist()
                self.assertEqual(made, ITEMS)
                self.assertTrue(all(type(item) is bytes for item in made))
                self.assertEqual(sys.getrefcount(made[3]), 2)

    def test_offsets_and_lengths(self) -> None:
        for parent in self.each():
            for view, expected in (
                (parent.lengths, [len(s) for s in parent]),
                (parent.offsets, [s.offset for s in parent]),
            ):
                self.assertIsInstance(view, memoryview)
                self.assertEqual((view.format, view.itemsize, view.ndim, view.readonly), ("Q", 8, 1, True))
                self.assertTrue(view.contiguous)
                self.assertEqual(array.array("Q", view.tobytes()).tolist(), expected)
                self.assertEqual(view.tolist(), expected)
                self.assertEqual(view[2], expected[2])

    def test_lengths_are_sizes(self) -> None:
        made = frames(ITEMS)
        for parent in self.each():
            content = ZstdDecompressor().multi_decompress_to_buffer(made, parent.lengths)
            self.assertEqual([s.tobytes() for s in content], ITEMS)
            with self.assertRaises(zbatch.ZstdError):
                ZstdDecompressor().multi_decompress_to_buffer(made, parent.offsets)

    @needs_numpy
    def test_numbers_as_an_array(self) -> None:
        for parent in self.each():
            self.assertEqual(numpy.frombuffer(parent.lengths, numpy.uint64).tolist(), [len(s) for s in parent])
        self.assertEqual(zbatch.BufferSegments().lengths.tolist(), [])

    def test_what_an_index_may_be(self) -> None:
        class Two:
            def __index__(self) -> int:
                return 2

        for parent in self.each():
            for index, item in ((True, ITEMS[1]), (False, ITEMS[0]), (Two(), ITEMS[2])):
                self.assertEqual(parent[index].tobytes(), item)
            for huge in (sys.maxsize, -sys.maxsize - 1, 2**64, -(2**64)):
                with self.assertRaises(IndexError):
                    parent[huge]
            self.assertEqual(parent.__getitem__(-1).tobytes(), ITEMS[-1])

    def test_segments_of_a_closed_collection(self) -> None:
        for parent in (collection_of(ITEMS), results()):
            segment = parent[0]
            parent.close()
            with self.assertRaises(ValueError):
                parent[0]
            self.assertEqual(segment.tobytes(), ITEMS[0])

    def test_what_nobody_filled_is_empty(self) -> None:
        for kind in (zbatch.BufferWithSegments, zbatch.BufferSegments, zbatch.BufferSegment):
            try:
                nothing: Any = object.__new__(kind)
            except TypeError:
                continue
            self.assertEqual(len(nothing), 0)
            with self.assertRaises(IndexError):
                nothing[0]

    def test_the_memory_outlives_everything(self) -> None:
        for parent in self.each():
            views = [memoryview(s) for s in parent]
            segments = list(parent)
            others = []
            if not isinstance(parent, zbatch.BufferSegments):
                others = [parent.offsets, parent.lengths]
                expected = [v.tolist() for v in others]
            del parent
            gc.collect()
            churn = [results([noise(100, i)]) for i in range(50)]  # takes freed memory again
            self.assertEqual([bytes(v) for v in views], ITEMS)
            self.assertEqual([s.tobytes() for s in segments], ITEMS)
            del segments
            gc.collect()
            churn += [results([noise(100, i)]) for i in range(50)]
            self.assertEqual([bytes(v) for v in views], ITEMS)
            if others:
                self.assertEqual([v.tolist() for v in others], expected)

    def test_a_slice_of_a_view(self) -> None:
        for parent in self.each():
            part = memoryview(parent[3])[10:20]
            del parent
            gc.collect()
            self.assertEqual(part, b"x" * 10)

    def test_read_only(self) -> None:
        for parent in self.each():
            view = memoryview(parent[0])
            self.assertTrue(view.readonly)
            with self.assertRaises(TypeError):
                view[0] = 1  # type: ignore[index]
            with self.assertRaises((TypeError, BufferError)):
                io.BytesIO(b"abc").readinto(parent[0])

    def test_pickles(self) -> None:
        for parent in self.each():
            for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
                if isinstance(parent, zbatch.BufferSegments):
                    continue
                again = pickle.loads(pickle.dumps(parent, protocol))
                self.assertIs(type(again), type(parent))
                self.assertEqual([s.tobytes() for s in again], ITEMS)
                self.assertEqual([s.offset for s in again], [s.offset for s in parent])
                segment = pickle.loads(pickle.dumps(parent[2], protocol))
                self.assertIs(type(segment), zbatch.BufferSegment)
                self.assertEqual(segment.tobytes(), b"barbar")

    def test_pickles_out_of_band(self) -> None:
        for parent in self.each():
            if isinstance(parent, zbatch.BufferSegments):
                continue
            for thing, size in ((parent, None), (parent[3], 70)):
                outside: list[pickle.PickleBuffer] = []
                stream = pickle.dumps(thing, 5, buffer_callback=outside.append)
                self.assertTrue(outside)
                self.assertNotIn(b"x" * 70, stream)
                if size is not None:
                    self.assertEqual(sum(len(b.raw()) for b in outside), size)
                again = pickle.loads(stream, buffers=[bytes(b.raw()) for b in outside])
                self.assertIs(type(again), type(thing))
                if size is None:
                    self.assertEqual([s.tobytes() for s in again], ITEMS)
                else:
                    self.assertEqual(again.tobytes(), ITEMS[3])

    def test_out_of_band_is_without_copies(self) -> None:
        block = bytearray(b"foobarbaz")
        outside: list[pickle.PickleBuffer] = []
        stream = pickle.dumps(zbatch.BufferWithSegments(b"foobarbaz", table((3, 3))), 5, buffer_callback=outside.append)
        given = [block if b.raw() == b"foobarbaz" else bytes(b.raw()) for b in outside]
        self.assertIn(block, given)
        again = pickle.loads(stream, buffers=given)
        block[3:6] = b"BAR"
        self.assertEqual(again[0].tobytes(), b"BAR")

    def test_copies(self) -> None:
        for parent in self.each():
            if isinstance(parent, zbatch.BufferSegments):
                continue
            for make in (copy.copy, copy.deepcopy):
                self.assertEqual([s.tobytes() for s in make(parent)], ITEMS)
                self.assertEqual(make(parent[2]).tobytes(), b"barbar")

    def test_slices_of_containers_are_refused(self) -> None:
        for parent in self.each():
            if isinstance(parent, zbatch.BufferSegments):
                continue
            with self.assertRaises(TypeError) as caught:
                parent[0:2]
            self.assertEqual(str(caught.exception), "sequence index must be integer, not 'slice'")

    def test_truth(self) -> None:
        for parent in self.each():
            self.assertTrue(parent)
        self.assertFalse(zbatch.BufferWithSegments(b"", b""))
        self.assertFalse(zbatch.BufferSegments())

    def test_repr(self) -> None:
        for parent in self.each():
            self.assertIn(type(parent).__name__, repr(parent))
            self.assertIn("BufferSegment", repr(parent[0]))


class Comparisons(unittest.TestCase):
    """Segments beside other bytes."""

    def test_equal_to_any_bytes(self) -> None:
        for parent in (buffer_of(ITEMS), results()):
            foo = parent[0]
            for other in (b"foo", bytearray(b"foo"), memoryview(b"foo"), array.array("B", b"foo"), buffer_of(ITEMS)[0], foo):
                self.assertTrue(foo == other)
                self.assertTrue(other == foo)
                self.assertFalse(foo != other)
            for other in (b"fox", b"fo", b"", b"foofoo", parent[1], parent[4]):
                self.assertFalse(foo == other)
                self.assertTrue(foo != other)
            self.assertTrue(parent[1] == b"")
            self.assertTrue(parent[1] == zbatch.BufferSegment())

    def test_unequal_to_what_is_no_bytes(self) -> None:
        foo = buffer_of(ITEMS)[0]
        released = memoryview(b"foo")
        released.release()
        for other in ("foo", None, 3, [102, 111, 111], object(), released):
            self.assertFalse(foo == other)
            self.assertTrue(foo != other)

    def test_the_other_may_answer(self) -> None:
        class Anything:
            def __eq__(self, other: object) -> bool:
                return True

            __hash__ = None  # type: ignore[assignment]

        self.assertTrue(buffer_of(ITEMS)[0] == Anything())

    def test_hash(self) -> None:
        for parent in (buffer_of(ITEMS), results()):
            self.assertEqual([hash(s) for s in parent], [hash(b) for b in ITEMS])
        self.assertEqual({b"foo": 1}[buffer_of(ITEMS)[0]], 1)
        self.assertEqual(len({*buffer_of(ITEMS), *results(), *ITEMS}), len(set(ITEMS)))

    def test_order_is_not_defined(self) -> None:
        with self.assertRaises(TypeError):
            buffer_of(ITEMS)[0] < b"x"  # noqa: B015

    def test_containers_compare_by_identity_or_content(self) -> None:
        one = buffer_of(ITEMS)
        self.assertTrue(one == one)
        self.assertFalse(one == 3)


class Elements(unittest.TestCase):
    """Single bytes of a segment, and parts of tables."""

    def test_bytes_of_a_segment(self) -> None:
        for parent in (buffer_of(ITEMS), results()):
            segment = parent[2]
            self.assertEqual([segment[i] for i in range(-6, 6)], list(b"barbar") * 2)
            self.assertEqual(list(segment), list(b"barbar"))
            for i in (6, -7, 10**30):
                with self.assertRaises(IndexError):
                    segment[i]
            with self.assertRaises(TypeError):
                segment["a"]
            with self.assertRaises(IndexError):
                parent[1][0]

    def test_slices_of_a_segment(self) -> None:
        for parent in (buffer_of(ITEMS), results()):
            segment = parent[2]
            for part in (slice(1, 3), slice(None), slice(-2, None), slice(3, 1), slice(99, None), slice(0, -1)):
                sliced = segment[part]
                self.assertIsInstance(sliced, zbatch.BufferSegment)
                self.assertEqual(sliced, b"barbar"[part])
                self.assertEqual(sliced.tobytes(), b"barbar"[part])
                if len(sliced):
                    self.assertEqual(sliced.offset, segment.offset + range(6)[part].start)
            for part in (slice(None, None, 2), slice(None, None, -1), slice(4, 0, -2)):
                self.assertEqual(bytes(segment[part]), b"barbar"[part])
            sliced = segment[2:5]
            del parent, segment
            gc.collect()
            results([noise(100)])
            self.assertEqual(sliced, b"rba")

    def test_a_table_takes_no_other_indices(self) -> None:
        segments = buffer_of(ITEMS).segments()
        for index in ("a", 1.0, None, slice(1, 3)):
            with self.assertRaises(TypeError):
                segments[index]

    def test_segments_table_is_a_buffer(self) -> None:
        segments = buffer_of([b"foo", b"barbar"]).segments()
        self.assertEqual(struct.unpack("=4Q", segments), (0, 3, 3, 6))
        self.assertEqual(memoryview(segments).cast("Q").tolist(), [0, 3, 3, 6])
        self.assertTrue(memoryview(segments).readonly)

    def test_segments_table_outlives_its_buffer(self) -> None:
        data = bytearray(b"foobar")
        segments = zbatch.BufferWithSegments(data, table((3, 3))).segments()
        gc.collect()
        self.assertEqual(segments[0].tobytes(), b"bar")
        with self.assertRaises(BufferError):
            data.clear()
        del segments
        gc.collect()
        data.clear()


class Views(unittest.TestCase):
    """Everything that reads bytes reads segments, without a copy of ours."""

    def test_readers(self) -> None:
        for parent in (buffer_of(ITEMS), results()):
            segment = parent[2]
            self.assertEqual(bytes(segment), b"barbar")
            self.assertEqual(hashlib.sha256(segment).digest(), hashlib.sha256(b"barbar").digest())
            self.assertEqual(zlib.crc32(segment), zlib.crc32(b"barbar"))
            self.assertEqual(struct.unpack_from("=2s", segment, 3), (b"ba",))
            self.assertEqual(int.from_bytes(segment, "big"), int.from_bytes(b"barbar", "big"))
            self.assertEqual(b"rba" in memoryview(segment).tobytes(), True)
            self.assertEqual(str(segment, "ascii"), "barbar")
            self.assertEqual(bytes(memoryview(segment)[::-1]), b"rabrab")
            self.assertEqual(memoryview(segment).cast("H").tolist(), list(struct.unpack("=3H", b"barbar")))
            self.assertEqual(bytes.fromhex("62").join([segment, segment]), b"barbarbbarbar")

    def test_files(self) -> None:
        made = results()
        with tempfile.TemporaryFile() as file:
            for segment in made:
                file.write(segment)
            file.writelines(made)
            file.seek(0)
            self.assertEqual(file.read(), b"".join(ITEMS) * 2)

    def test_the_view_names_its_segment(self) -> None:
        segment = results()[0]
        self.assertIs(memoryview(segment).obj, segment)
        buffer = buffer_of(ITEMS)
        self.assertIs(memoryview(buffer).obj, buffer)

    def test_a_view_of_a_buffer(self) -> None:
        for parent in (buffer_of(ITEMS), results().buffers[0]):
            view = memoryview(parent)
            self.assertEqual((view.format, view.ndim, view.readonly, view.nbytes), ("B", 1, True, parent.size))
            self.assertEqual(view.tobytes(), parent.tobytes())
            self.assertEqual(view.tobytes(), b"".join(ITEMS))
            del parent
            gc.collect()
            self.assertEqual(view.tobytes(), b"".join(ITEMS))

    def test_nothing_is_copied(self) -> None:
        data = bytearray(b"foobarbaz")
        buffer = zbatch.BufferWithSegments(data, table((0, 3), (3, 6)))
        collection = zbatch.BufferWithSegmentsCollection(buffer)
        holders = [memoryview(buffer[1]), memoryview(buffer), buffer[1], collection[1], collection.buffers[0][1], buffer.segments()[1]]
        data[3:6] = b"BAR"
        for holder in holders:
            self.assertIn(b"BAR", bytes(holder))
        del buffer, collection, holder
        for _ in range(len(holders)):
            with self.assertRaises(BufferError):
                data.clear()
            gc.collect()
            holders.pop()
        gc.collect()
        data.clear()

    def test_exporters_are_freed(self) -> None:
        class Exporter(bytearray):
            pass

        for use in (
            lambda b: b[1].tobytes(),
            lambda b: zbatch.BufferWithSegmentsCollection(b, b)[3].tobytes(),
            lambda b: bytes(memoryview(b)),
            lambda b: b.segments()[0].tobytes(),
            lambda b: b.tolist(),
            lambda b: list(b),
            lambda b: ZstdCompressor().multi_compress_to_buffer(b).size(),
        ):
            data = Exporter(b"foobarbaz")
            gone = weakref.ref(data)
            use(zbatch.BufferWithSegments(data, table((0, 3), (3, 6))))
            del data
            gc.collect()
            self.assertIsNone(gone())

    @needs_proc
    def test_memory_comes_back(self) -> None:
        block = frame(bytes(range(256)) * 400_000)  # 100 MB
        before = resident()
        segment = memoryview(ZstdDecompressor().multi_decompress_to_buffer([block])[0])
        self.assertGreater(resident() - before, 60_000_000)
        self.assertEqual(segment[-1], 255)
        del segment
        gc.collect()
        self.assertLess(resident() - before, 80_000_000)  # the library may keep 64 MiB of it

    @needs_numpy
    def test_numpy(self) -> None:
        items = [numpy.arange(1000, dtype="f8") * i for i in range(5)]
        made = ZstdDecompressor().multi_decompress_to_buffer(ZstdCompressor().multi_compress_to_buffer(items))
        arrays = [numpy.frombuffer(segment, "f8") for segment in made]
        lengths = numpy.asarray(made.lengths)
        offsets = numpy.frombuffer(made.offsets, "u8")
        del made
        gc.collect()
        for i, found in enumerate(arrays):
            self.assertFalse(found.flags.writeable)
            self.assertTrue((found == items[i]).all())
        self.assertEqual(lengths.tolist(), [8000] * 5)
        self.assertEqual(offsets.tolist(), [0, 8000, 16000, 24000, 32000])
        self.assertEqual(lengths.dtype, numpy.uint64)

    @needs_numpy
    def test_numpy_of_a_whole_buffer(self) -> None:
        made = results([bytes([i] * 10) for i in range(10)])
        (whole,) = made.buffers
        grid = numpy.frombuffer(whole, "u1").reshape(10, 10)
        del made, whole
        gc.collect()
        self.assertEqual(grid[:, 0].tolist(), list(range(10)))


class Collections(unittest.TestCase):
    """What a collection has beside its segments."""

    def test_tobytes_joins(self) -> None:
        turned = zbatch.BufferWithSegments(b"foobar", table((3, 3), (0, 3)))
        for made in (collection_of(ITEMS), results(), zbatch.BufferWithSegmentsCollection(turned)):
            self.assertEqual(made.tobytes(), b"".join(made.tolist()))

    def test_buffers(self) -> None:
        one, two = buffer_of([b"foo", b"bar"]), buffer_of([b"baz"])
        made = zbatch.BufferWithSegmentsCollection(one, two, one)
        self.assertIsInstance(made.buffers, tuple)
        self.assertEqual([type(b) for b in made.buffers], [zbatch.BufferWithSegments] * 3)
        self.assertEqual([b.tobytes() for b in made.buffers], [b"foobar", b"baz", b"foobar"])
        self.assertEqual([b.tolist() for b in made.buffers], [[b"foo", b"bar"], [b"baz"], [b"foo", b"bar"]])

    def test_buffers_of_a_result_cover_it(self) -> None:
        for items in (ITEMS, records(5000), [noise(100_000, i) for i in range(8)]):
            made = ZstdCompressor().multi_compress_to_buffer(items, threads=2)
            self.assertEqual([s.tobytes() for b in made.buffers for s in b], contents(made))
            self.assertEqual(made.offsets.tolist(), [s.offset for s in made])
            self.assertEqual(made.lengths.tolist(), [len(s) for s in made])
            self.assertEqual(made.size(), sum(made.lengths))

    def test_decompressed_sizes_of_known_frames_make_one_buffer(self) -> None:
        made = ZstdDecompressor().multi_decompress_to_buffer(frames(records(1000, size=1000)), threads=2)
        self.assertEqual(len(made.buffers), 1)

    def test_buffers_outlive_the_collection(self) -> None:
        buffers = results().buffers
        gc.collect()
        results([noise(1000)])
        self.assertEqual([s.tobytes() for b in buffers for s in b], ITEMS)

    def test_errors_of_a_collection_of_ones_own(self) -> None:
        self.assertEqual(collection_of(ITEMS).errors, {})
        self.assertEqual(results().errors, {})

    def test_of_many_buffers(self) -> None:
        many = [buffer_of([b"%d" % i, b"%d!" % i]) for i in range(2000)]
        made = zbatch.BufferWithSegmentsCollection(*many)
        self.assertEqual(len(made), 4000)
        self.assertEqual(made[3999].tobytes(), b"1999!")
        self.assertEqual(made[-3999].tobytes(), b"0!")
        self.assertEqual(made.tolist(), [s.tobytes() for b in many for s in b])


class With(unittest.TestCase):
    """close() and `with`."""

    def test_views_stay_valid(self) -> None:
        for make in (lambda: collection_of(ITEMS), results):
            with make() as made:
                view, segment, offsets = memoryview(made[3]), made[2], made.offsets
                iterator = iter(made)
                next(iterator)
            gc.collect()
            churn = [results([noise(100, i)]) for i in range(20)]
            self.assertEqual(bytes(view), b"x" * 70)
            self.assertEqual(segment.tobytes(), b"barbar")
            self.assertEqual(len(offsets), 5)
            for action in (lambda: made[0], lambda: made.tolist(), lambda: len(made), lambda: list(made), lambda: made.tobytes()):
                with self.assertRaises(ValueError):
                    action()
            del churn

    def test_closing_gives_the_bytes_back(self) -> None:
        data = bytearray(b"foobar")
        with zbatch.BufferWithSegmentsCollection(zbatch.BufferWithSegments(data, table((0, 3)))):
            with self.assertRaises(BufferError):
                data.clear()
        data.clear()

    def test_compressors(self) -> None:
        with ZstdCompressor() as compressor, ZstdDecompressor() as decompressor:
            made = compressor.multi_compress_to_buffer(ITEMS)
            back = decompressor.multi_decompress_to_buffer(made)
        self.assertEqual(contents(back), ITEMS)
        for action in (
            lambda: compressor.compress(b"x"),
            lambda: compressor.multi_compress_to_buffer([b"x"]),
            lambda: decompressor.decompress(frame(b"x")),
            lambda: decompressor.multi_decompress_to_buffer(made),
        ):
            with self.assertRaises(ValueError):
                action()

    def test_an_exception_passes(self) -> None:
        for make in (ZstdCompressor, ZstdDecompressor, lambda: collection_of(ITEMS), results):
            with self.assertRaises(KeyError), make():
                raise KeyError


class Capsules(unittest.TestCase):
    """The Arrow C data interface, both ways."""

    class Exporter:
        """Something of which nothing is known but that it is an Arrow array."""

        def __init__(self, array: Any) -> None:
            self.array = array

        def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]:
            return self.array.__arrow_c_array__()

    def test_there_and_back(self) -> None:
        for make in (results, lambda: buffer_of(ITEMS)):
            exporter = self.Exporter(make())
            gc.collect()
            made = ZstdCompressor().multi_compress_to_buffer(exporter)
            self.assertEqual(contents(ZstdDecompressor().multi_decompress_to_buffer(made)), ITEMS)

    def test_capsules_that_nobody_takes(self) -> None:
        data = bytearray(b"foobar")
        capsules = buffer_of([bytes(data)]).__arrow_c_array__(), results().__arrow_c_array__()
        del capsules
        gc.collect()


@needs_pyarrow
class Arrow(unittest.TestCase):
    """Results as Arrow arrays."""

    def test_a_result(self) -> None:
        found = pyarrow.array(results())
        gc.collect()
        results([noise(1000)])
        self.assertEqual(found.to_pylist(), ITEMS)
        found.validate(full=True)

    def test_a_collection_of_several_buffers(self) -> None:
        items = [b"foo", b"", b"a longer item, of more than twelve bytes", b"y" * 5000]
        found = pyarrow.array(collection_of(items))
        gc.collect()
        self.assertEqual(found.to_pylist(), items)
        found.validate(full=True)

    def test_a_buffer(self) -> None:
        found = pyarrow.array(buffer_of(ITEMS))
        gc.collect()
        self.assertEqual(found.to_pylist(), ITEMS)

    def test_there_and_back(self) -> None:
        for source in (results(), buffer_of(ITEMS)):
            made = ZstdCompressor().multi_compress_to_buffer(pyarrow.array(source))
            back = pyarrow.array(ZstdDecompressor().multi_decompress_to_buffer(made))
            self.assertEqual(back.to_pylist(), ITEMS)

    def test_nothing_is_copied(self) -> None:
        before = pyarrow.total_allocated_bytes()
        made = ZstdDecompressor().multi_decompress_to_buffer([frame(bytes(10_000_000))])
        found = pyarrow.array(made)
        self.assertLess(pyarrow.total_allocated_bytes() - before, 100_000)
        address = numpy.frombuffer(made[0], "u1").ctypes.data if numpy else None
        if address:
            self.assertIn(address, [b.address for b in found.buffers() if b is not None])

    def test_capsules_that_nobody_imports(self) -> None:
        for _ in range(100):
            schema, data = results().__arrow_c_array__()
            del schema, data
        gc.collect()

    def test_capsules_that_go_while_an_exception_is_on_its_way(self) -> None:
        found = results()
        with self.assertRaises(ZeroDivisionError):
            [found.__arrow_c_array__(), 1 / 0]  # noqa: B018
        with self.assertRaises(ZeroDivisionError):
            [pyarrow.chunked_array([ITEMS]).__arrow_c_stream__(), found.__arrow_c_array__(), 1 / 0]  # noqa: B018
        with self.assertRaises(Exception) as caught:
            pyarrow.array(found, type=pyarrow.int32())
        self.assertNotIsInstance(caught.exception, SystemError)
        with self.assertRaises(TypeError):
            ZstdCompressor().multi_compress_to_buffer(pyarrow.chunked_array([[1], [2]]))

    @needs_proc
    def test_capsules_that_go_so_take_their_bytes_with_them(self) -> None:
        size = 4 << 20
        data = noise(size)
        before = resident()
        for _ in range(50):
            with self.assertRaises(ZeroDivisionError):
                [results([data]).__arrow_c_array__(), 1 / 0]  # noqa: B018
        self.assertLess(resident() - before, 20 * size)

    def test_a_requested_schema(self) -> None:
        schema, data = results().__arrow_c_array__(requested_schema=None)
        self.assertEqual(type(schema).__name__, "PyCapsule")
        self.assertEqual(type(data).__name__, "PyCapsule")


if __name__ == "__main__":
    unittest.main()
