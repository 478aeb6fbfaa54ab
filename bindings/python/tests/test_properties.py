"""What holds for any tables, sizes, indices, inputs and damage: some thousands of examples, the same ones every time."""

from __future__ import annotations

import array
import pickle
import struct
import unittest
from typing import Any

from support import (
    THREADS,
    assert_same,
    buffer_of,
    collection_of,
    contents,
    frame,
    needs_hypothesis,
    needs_peer,
    numpy,
    outcome,
    peer,
    skippable,
    table,
    unsized,
)

import zbatch
from zbatch import ZstdCompressor, ZstdDecompressor, ZstdError

try:
    from hypothesis import HealthCheck, assume, given, settings
    from hypothesis import strategies as st
except ImportError:
    raise unittest.SkipTest("hypothesis is not installed") from None

EXAMPLES = 400
common = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

words = st.sampled_from([b"", b"x", b"city", b"Oslo ", b"\x00\x00\x00", b"\xff", b'{"id": ', b"celsius"])
item = st.one_of(
    st.binary(max_size=40),
    st.lists(words, max_size=60).map(b"".join),
    st.tuples(st.binary(min_size=1, max_size=5), st.integers(1, 3000)).map(lambda t: t[0] * t[1]),
)
batch = st.lists(item, min_size=1, max_size=30)
filled = batch.filter(any)
number = st.one_of(
    st.integers(0, 40), st.integers(0, 2**64 - 1), st.sampled_from([2**63 - 1, 2**63, 2**64 - 1, 2**32, 2**31])
)
tables = st.lists(st.tuples(number, number), max_size=8)
near_tables = st.lists(st.tuples(st.integers(0, 22), st.integers(0, 22)), max_size=8)
indices = st.one_of(st.integers(-12, 12), st.integers(), st.booleans())
threads = st.sampled_from(THREADS)

#: The content of a frame, and the frame.
part = st.one_of(
    item.map(lambda i: (i, frame(i))), item.map(lambda i: (i, unsized(i))), item.map(lambda i: (b"", skippable(i)))
)

CONTAINERS: list[Any] = [
    list,
    tuple,
    iter,
    buffer_of,
    collection_of,
    lambda items: [bytearray(i) for i in items],
    lambda items: [memoryview(b"?" + i + b"?")[1:-1] for i in items],
    lambda items: list(buffer_of(items)),
    lambda items: buffer_of(items).segments(),
    lambda items: zbatch.Columns(b"".join(items), array.array("Q", offsets(items))),
    lambda items: zbatch.Columns(b"".join(items), array.array("i", offsets(items))),
]


def offsets(items: list[bytes]) -> list[int]:
    made = [0]
    for i in items:
        made.append(made[-1] + len(i))
    return made


@needs_hypothesis
class Tables(unittest.TestCase):
    """Any table over any bytes."""

    @needs_peer
    @common
    @given(st.binary(max_size=20), st.one_of(tables, near_tables), indices)
    def test_beside_the_peer(self, data: bytes, segments: list[tuple[int, int]], index: int) -> None:
        # The peer's check overflows: there is nothing to compare with.
        packed = table(*segments)
        if all(offset + length < 2**63 for offset, length in segments):
            assert_same(
                self,
                outcome(lambda z: z.BufferWithSegments(data, packed), zbatch),
                outcome(lambda z: z.BufferWithSegments(data, packed), peer),
            )
            assert_same(
                self,
                outcome(lambda z: z.BufferWithSegments(data, packed)[index], zbatch),
                outcome(lambda z: z.BufferWithSegments(data, packed)[index], peer),
            )

    @common
    @given(st.binary(max_size=20), st.one_of(tables, near_tables))
    def test_never_outside(self, data: bytes, segments: list[tuple[int, int]]) -> None:
        inside = all(offset + length <= len(data) for offset, length in segments)
        try:
            made = zbatch.BufferWithSegments(data, table(*segments))
        except ValueError as error:
            self.assertFalse(inside)
            first = next(i for i, (offset, length) in enumerate(segments) if offset + length > len(data))
            self.assertEqual(error.item, first)
        else:
            self.assertTrue(inside)
            self.assertEqual(contents(made), [data[o : o + n] for o, n in segments])
            self.assertEqual(made.tolist(), contents(made))
            self.assertEqual(made.offsets.tolist(), [o for o, _ in segments])
            self.assertEqual(made.lengths.tolist(), [n for _, n in segments])
            self.assertEqual([s.offset for s in made], [o for o, _ in segments])
            self.assertEqual(bytes(made.segments()), table(*segments))

    @common
    @given(st.binary(max_size=20), st.binary(max_size=40))
    def test_any_bytes_as_a_table(self, data: bytes, packed: bytes) -> None:
        try:
            made = zbatch.BufferWithSegments(data, packed)
        except ValueError:
            return
        self.assertEqual(len(packed) % 16, 0)
        self.assertEqual(len(made), len(packed) // 16)
        for segment, (offset, length) in zip(made, struct.iter_unpack("=QQ", packed), strict=True):
            self.assertEqual(segment.tobytes(), data[offset : offset + length])


@needs_hypothesis
class Containers(unittest.TestCase):
    """Sequences behave like the list of their bytes."""

    @common
    @given(filled, indices, st.integers(1, 5))
    def test_indices(self, items: list[bytes], index: int, every: int) -> None:
        for made in (buffer_of(items), buffer_of(items).segments()):
            self.check(made, items, index)
        parts = [items[i : i + every] for i in range(0, len(items), every)]
        if all(any(part) for part in parts):
            self.check(collection_of(items, every=every), items, index)

    def check(self, made: Any, items: list[bytes], index: int) -> None:
        try:
            expected = items[index]
        except IndexError:
            with self.assertRaises(IndexError):
                made[index]
        else:
            self.assertEqual(made[index].tobytes(), expected)
            self.assertTrue(made[index] == expected)
            self.assertEqual(hash(made[index]), hash(expected))
        self.assertEqual([bytes(s) for s in made], items)
        self.assertEqual([bytes(s) for s in reversed(made)], items[::-1])
        self.assertEqual(len(made), len(items))

    @common
    @given(batch, st.lists(st.integers(0, 29), min_size=1, max_size=40))
    def test_any_order_of_indices(self, items: list[bytes], order: list[int]) -> None:
        """However a program jumps about, and however much was read ahead for it."""
        made = ZstdDecompressor().multi_decompress_to_buffer([frame(i) for i in items])
        for index in order:
            if index < len(items):
                self.assertEqual(made[index].tobytes(), items[index])
                self.assertEqual(made[index - len(items)].tobytes(), items[index])
            else:
                with self.assertRaises(IndexError):
                    made[index]

    @common
    @given(item, st.slices(40), st.integers(-50, 50))
    def test_bytes_of_a_segment(self, data: bytes, where: slice, index: int) -> None:
        segment = buffer_of([b"before", data, b"after"])[1]
        self.assertEqual(bytes(segment[where]), data[where])
        self.assertEqual(list(segment), list(data))
        try:
            expected = data[index]
        except IndexError:
            with self.assertRaises(IndexError):
                segment[index]
        else:
            self.assertEqual(segment[index], expected)

    @common
    @given(filled, st.sampled_from(range(2, pickle.HIGHEST_PROTOCOL + 1)))
    def test_pickles(self, items: list[bytes], protocol: int) -> None:
        for made in (buffer_of(items), ZstdDecompressor().multi_decompress_to_buffer([frame(i) for i in items])):
            again = pickle.loads(pickle.dumps(made, protocol))
            self.assertEqual(again.tolist(), items)
            self.assertEqual(again.offsets, made.offsets)

    @common
    @given(item, item)
    def test_equality(self, one: bytes, two: bytes) -> None:
        a, b = buffer_of([one, two])
        self.assertEqual(a == b, one == two)
        self.assertEqual(a == two, one == two)
        self.assertEqual(one == b, one == two)
        self.assertEqual(a != b, one != two)


@needs_hypothesis
class Batches(unittest.TestCase):
    """Any batch, in any container, on any number of threads."""

    @common
    @given(filled, st.sampled_from(CONTAINERS), threads, st.sampled_from([-3, 1, 3, 7]), st.booleans(), st.booleans())
    def test_there_and_back(
        self, items: list[bytes], container: Any, threads: int, level: int, checksum: bool, sized: bool
    ) -> None:
        # A collection takes no buffer without bytes.
        assume(container is not collection_of or all(any(items[i : i + 2]) for i in range(0, len(items), 2)))
        compressor = ZstdCompressor(level, write_checksum=checksum, write_content_size=sized)
        made = compressor.multi_compress_to_buffer(container(items), threads)
        frames = contents(made)
        self.assertEqual(frames, [compressor.compress(i) for i in items])
        self.assertEqual(made.size(), sum(map(len, frames)))
        back = ZstdDecompressor(require_checksum=checksum).multi_decompress_to_buffer(container(frames), threads=threads)
        self.assertEqual(contents(back), items)
        self.assertEqual(back.tobytes(), b"".join(items))

    @needs_peer
    @common
    @given(filled, st.sampled_from([-7, 1, 2, 3, 5]), st.booleans(), st.booleans())
    def test_frames_of_the_peer(self, items: list[bytes], level: int, checksum: bool, sized: bool) -> None:
        def action(z: Any) -> Any:
            compressor = z.ZstdCompressor(level, write_checksum=checksum, write_content_size=sized)
            return compressor.multi_compress_to_buffer(items, 0)

        assert_same(self, outcome(action, zbatch), outcome(action, peer))

    @common
    @given(batch, st.data(), threads)
    def test_sizes(self, items: list[bytes], data: Any, threads: int) -> None:
        """Given sizes: right, unknown, or wrong; then the lowest wrong one is named."""
        known = [data.draw(st.sampled_from(["right", "zero", "wrong"] if i else ["right", "zero"])) for i in items]
        given_sizes = array.array("Q")
        for content, how in zip(items, known, strict=True):
            wrong = len(content) + data.draw(st.sampled_from([-1, 1, 7, 1000])) if how == "wrong" else 0
            given_sizes.append({"right": len(content), "zero": 0, "wrong": max(wrong, 1)}[how])
        bad = [i for i, (content, size) in enumerate(zip(items, given_sizes, strict=True)) if size and size != len(content)]
        frames = [(unsized if data.draw(st.booleans()) else frame)(content) for content in items]
        try:
            made = ZstdDecompressor().multi_decompress_to_buffer(frames, given_sizes, threads)
        except ZstdError as error:
            self.assertEqual(error.item, bad[0])
            self.assertEqual(error.status, "ZBATCH_ERROR_SIZE_MISMATCH")
        else:
            self.assertEqual(bad, [])
            self.assertEqual(contents(made), items)

    @common
    @given(batch, st.data(), threads)
    def test_damage(self, items: list[bytes], data: Any, threads: int) -> None:
        """Any damage is an error of its item or changes nothing that a checksum guards; the others come through."""
        frames = [frame(i, write_checksum=True) for i in items]
        position = data.draw(st.integers(0, len(items) - 1))
        victim = bytearray(frames[position])
        way = data.draw(st.sampled_from(["flip", "cut", "insert", "replace"]))
        at = data.draw(st.integers(0, len(victim) - 1))
        if way == "flip":
            victim[at] ^= data.draw(st.integers(1, 255))
        elif way == "cut":
            del victim[at:]
        elif way == "insert":
            victim[at:at] = data.draw(st.binary(min_size=1, max_size=5))
        else:
            victim = bytearray(data.draw(st.binary(max_size=60)))
        frames[position] = bytes(victim)
        outcomes = set()
        for count in {1, threads}:
            result = ZstdDecompressor(max_item_size=10**7).multi_decompress_to_buffer(frames, threads=count, errors="return")
            self.assertEqual(len(result), len(items))
            self.assertLessEqual(set(result.errors), {position})
            for i, content in enumerate(items):
                if i != position:
                    self.assertEqual(result[i].tobytes(), content)
            if position in result.errors:
                self.assertEqual(len(result[position]), 0)
            outcomes.add((result[position].tobytes(), str(result.errors.get(position)), type(result.errors.get(position))))
        self.assertEqual(len(outcomes), 1)

    @common
    @given(st.lists(part, min_size=1, max_size=8), threads)
    def test_frames_in_a_row(self, parts: list[tuple[bytes, bytes]], threads: int) -> None:
        whole = b"".join(made for _, made in parts)
        expected = b"".join(content for content, _ in parts)
        made = ZstdDecompressor().multi_decompress_to_buffer([whole, frame(b"end"), whole], threads=threads)
        self.assertEqual(contents(made), [expected, b"end", expected])
        self.assertEqual(ZstdDecompressor().decompress(whole, read_across_frames=True), expected)

    @common
    @given(batch, st.integers(0, 9), threads)
    def test_into_memory_of_ones_own(self, items: list[bytes], room: int, threads: int) -> None:
        frames = [frame(i) for i in items]
        rows = [bytearray(b"\xff" * (len(i) + room)) for i in items]
        written = ZstdDecompressor().multi_decompress_into(frames, rows, threads)
        self.assertEqual(written, [len(i) for i in items])
        self.assertEqual([bytes(row) for row in rows], [i + bytes(room) for i in items])
        block = bytearray(b"\xff" * (sum(map(len, items)) + room))
        made = ZstdDecompressor().multi_decompress_packed(frames, block, threads=threads)
        self.assertEqual(made.tolist(), items)
        self.assertEqual(bytes(block), b"".join(items) + b"\xff" * room)
        self.assertEqual(ZstdDecompressor().decompressed_sizes(frames).tolist(), [len(i) for i in items])

    @common
    @given(st.binary(max_size=40), st.lists(st.integers(-3, 50), max_size=8), st.sampled_from("qQiI"))
    def test_columns(self, data: bytes, given_offsets: list[int], code: str) -> None:
        if code.isupper():
            given_offsets = [max(offset, 0) for offset in given_offsets]
        pairs = list(zip(given_offsets, given_offsets[1:], strict=False))
        bad = [i for i, (a, b) in enumerate(pairs) if not 0 <= a <= b <= len(data)]
        items = [data[a:b] for a, b in pairs if a >= 0]
        try:
            made = ZstdCompressor().multi_compress_to_buffer(zbatch.Columns(data, array.array(code, given_offsets)))
        except ValueError as error:
            if bad:
                self.assertEqual(error.item, bad[0])
            else:
                self.assertFalse(any(items))
        else:
            self.assertEqual(bad, [])
            self.assertEqual(contents(made), [frame(i) for i in items])


@needs_hypothesis
class Hostile(unittest.TestCase):
    """Bytes of strangers."""

    @needs_peer
    @common
    @given(st.one_of(st.binary(max_size=40), st.binary(max_size=30).map(lambda b: b"\x28\xb5\x2f\xfd" + b)))
    def test_headers_beside_the_peer(self, data: bytes) -> None:
        theirs = peer
        for action in (
            lambda z: z.frame_content_size(data),
            lambda z: z.frame_header_size(data),
            lambda z: z.get_frame_parameters(data),
            lambda z: z.get_frame_parameters(data, 1),
        ):
            assert_same(self, outcome(action, zbatch), outcome(action, theirs))

    @common
    @given(st.binary(max_size=60).map(lambda b: b"\x28\xb5\x2f\xfd" + b), threads)
    def test_frames_of_nonsense(self, data: bytes, threads: int) -> None:
        reader = ZstdDecompressor(max_item_size=10**6)
        try:
            (alone,) = reader.multi_decompress_to_buffer([data])
        except (ZstdError, ValueError) as error:
            with self.assertRaises(type(error)) as caught:
                reader.multi_decompress_to_buffer([frame(b"x"), data, b"", data], threads=threads)
            self.assertEqual(caught.exception.item, 1)
        else:
            made = reader.multi_decompress_to_buffer([frame(b"x"), data], threads=threads)
            self.assertEqual(contents(made), [b"x", alone.tobytes()])
            self.assertEqual(reader.decompress(data, read_across_frames=True), alone.tobytes())

    @common
    @given(st.binary(max_size=200), st.sampled_from([0, 1, 2]), batch)
    def test_any_bytes_as_a_dictionary(self, data: bytes, kind: int, items: list[bytes]) -> None:
        try:
            dictionary = zbatch.ZstdCompressionDict(data, kind)
            compressor, reader = ZstdCompressor(dict_data=dictionary), ZstdDecompressor(dictionary)
        except ZstdError:
            return
        made = compressor.multi_compress_to_buffer([*items, b"end"])
        self.assertEqual(contents(reader.multi_decompress_to_buffer(made)), [*items, b"end"])


@needs_hypothesis
@unittest.skipUnless(numpy, "numpy is not installed")
class Numpy(unittest.TestCase):
    """Arrays of any shape."""

    @common
    @given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.sampled_from(["u1", "i2", "f4", "c16", "?"]), threads)
    def test_shapes(self, shape: list[int], dtype: str, threads: int) -> None:
        made = numpy.arange(int(numpy.prod(shape))).reshape(shape).astype(dtype)
        frames = ZstdCompressor().multi_compress_to_buffer([b"x", made], threads)
        back = ZstdDecompressor().multi_decompress_to_buffer(frames, threads=threads)
        self.assertEqual(back[1].tobytes(), made.tobytes())
        self.assertTrue((numpy.frombuffer(back[1], dtype).reshape(shape) == made).all())


class Enough(unittest.TestCase):
    """There are as many examples as there should be."""

    def test_five_thousand(self) -> None:
        tests = [
            value
            for cls in (Tables, Containers, Batches, Hostile, Numpy)
            for name, value in vars(cls).items()
            if name.startswith("test_")
        ]
        self.assertGreaterEqual(len(tests) * EXAMPLES, 5000)


if __name__ == "__main__":
    unittest.main()
