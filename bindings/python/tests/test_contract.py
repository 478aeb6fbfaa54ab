"""The package beside python-zstandard: the same call on both must give the same value, frames and exceptions included.

A row is a title and what to do with a module. Values are compared as far as a program can rely on them: the segments of a
result, not how many buffers hold them. Where the two differ on purpose, the case is in test_rows.py instead.
"""

from __future__ import annotations

import array
import collections
import copy
import ctypes
import hashlib
import mmap
import pickle
import tempfile
import unittest
from collections.abc import Callable
from typing import Any

from support import (
    Raised,
    bad_checksum,
    buffer_of,
    checked,
    collection_of,
    declaring,
    frame,
    frames,
    needs_numpy,
    needs_peer,
    noise,
    numpy,
    outcome,
    peer,
    records,
    side_by_side,
    sizes,
    skippable,
    table,
    unsized,
    words,
)

import zbatch

ABC = b"foobarbaz"
THREE = table((0, 3), (3, 3), (6, 3))
DOCUMENTS = records(40)
MIXED = [b"", b"x", *DOCUMENTS, noise(3000), bytes(70000), noise(140000), b""]


def three(z: Any) -> Any:
    return z.BufferWithSegments(ABC, THREE)


def of_abc(z: Any) -> Any:
    return z.BufferWithSegmentsCollection(three(z), z.BufferWithSegments(b"spam", table((0, 4))), three(z))


def compressed(z: Any, data: Any, threads: int = 0, **options: Any) -> Any:
    return z.ZstdCompressor(**options).multi_compress_to_buffer(data, threads=threads)


def decompressed(z: Any, data: Any, *arguments: Any, options: dict[str, Any] | None = None, **more: Any) -> Any:
    return z.ZstdDecompressor(**(options or {})).multi_decompress_to_buffer(data, *arguments, **more)


def mapped(data: bytes) -> Any:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return mmap.mmap(file.fileno(), len(data), access=mmap.ACCESS_READ)


def refusal(action: Callable[[Any], Any], z: Any) -> Any:
    """The type of the exception alone, where its text is CPython's or names a module."""
    result = outcome(action, z)
    return result[0] if isinstance(result, Raised) else result


def assign(target: Any, name: str, value: Any) -> None:
    setattr(target, name, value)


# ---- BufferSegment and BufferSegments


@side_by_side(
    {
        "made by hand": lambda z: (len(z.BufferSegment()), z.BufferSegment().offset, z.BufferSegment().tobytes()),
        "arguments are ignored": lambda z: z.BufferSegment(1, b"x", key=3),
        "lengths": lambda z: [len(three(z)[i]) for i in range(3)],
        "offsets": lambda z: [three(z)[i].offset for i in range(3)],
        "offset is relative to its own buffer": lambda z: [of_abc(z)[i].offset for i in range(7)],
        "offset is an int": lambda z: type(three(z)[1].offset),
        "tobytes": lambda z: [three(z)[i].tobytes() for i in range(3)],
        "tobytes takes nothing": lambda z: refusal(lambda z: three(z)[0].tobytes(1), z),
        "its view": lambda z: memoryview(three(z)[1]),
        "its view names it": lambda z: (lambda s: memoryview(s).obj is s)(three(z)[1]),
        "bytes of it": lambda z: bytes(three(z)[2]),
        "bytearray of it": lambda z: bytearray(three(z)[2]),
        "an empty one": lambda z: memoryview(z.BufferWithSegments(b"", table((0, 0)))[0]),
        "an empty one made by hand": lambda z: memoryview(z.BufferSegment()),
        "truth": lambda z: (bool(three(z)[0]), bool(z.BufferSegment())),
        "offset cannot be set": lambda z: assign(three(z)[0], "offset", 1),
        "offset cannot be deleted": lambda z: three(z)[0].__delattr__("offset"),
        "its bytes cannot be written": lambda z: memoryview(three(z)[0]).__setitem__(0, 1),
        "no writable view": lambda z: refusal(lambda z: (ctypes.c_char * 3).from_buffer(three(z)[0]), z),
        "joins": lambda z: b"-".join(three(z)),
        "concatenation with bytes": lambda z: b"x" + three(z)[0],
        "hashlib": lambda z: hashlib.sha256(three(z)[1]).hexdigest(),
        "segments made by hand": lambda z: bytes(memoryview(z.BufferSegments())),
        "the table": lambda z: memoryview(three(z).segments()),
        "the table of nothing": lambda z: bytes(memoryview(z.BufferWithSegments(b"", b"").segments())),
        "the table outlives its buffer": lambda z: bytes(three(z).segments()),
        "the table is read-only": lambda z: memoryview(three(z).segments()).__setitem__(0, 1),
    }
)
class Segments(unittest.TestCase):
    """Single segments, and their table."""


# ---- BufferWithSegments


@side_by_side(
    {
        "length": lambda z: len(three(z)),
        "size is of the whole": lambda z: z.BufferWithSegments(ABC, table((0, 1))).size,
        "size cannot be set": lambda z: assign(three(z), "size", 1),
        "tobytes is of the whole": lambda z: z.BufferWithSegments(ABC, table((4, 1))).tobytes(),
        "its view": lambda z: memoryview(three(z)),
        "its view names it": lambda z: (lambda b: memoryview(b).obj is b)(three(z)),
        "bytes of it": lambda z: bytes(three(z)),
        "by keyword": lambda z: z.BufferWithSegments(segments=THREE, data=ABC),
        "every index": lambda z: [three(z)[i] for i in range(-3, 3)],
        "index below": lambda z: three(z)[-4],
        "index above": lambda z: three(z)[3],
        "index at the end of one": lambda z: z.BufferWithSegments(ABC, table((0, 1)))[1],
        "index of none": lambda z: z.BufferWithSegments(ABC, b"")[0],
        "index -1 of none": lambda z: z.BufferWithSegments(ABC, b"")[-1],
        "index far above": lambda z: three(z)[10**30],
        "index far below": lambda z: three(z)[-(10**30)],
        "index 2**63": lambda z: three(z)[2**63],
        "index 2**63 - 1": lambda z: three(z)[2**63 - 1],
        "index by bool": lambda z: (three(z)[True], three(z)[False]),
        "index by __index__": lambda z: three(z)[type("I", (), {"__index__": lambda self: 2})()],
        "a failing __index__": lambda z: three(z)[type("I", (), {"__index__": lambda self: 1 // 0})()],
        "index by slice": lambda z: three(z)[0:2],
        "index by str": lambda z: three(z)["a"],
        "index by float": lambda z: three(z)[1.0],
        "index by None": lambda z: three(z)[None],
        "index by tuple": lambda z: three(z)[0, 1],
        "a new object each time": lambda z: three(z)[0] is three(z)[0],
        "iteration": lambda z: list(three(z)),
        "reversed": lambda z: list(reversed(three(z))),
        "enumerate": lambda z: [(i, s.tobytes()) for i, s in enumerate(three(z))],
        "unpacking": lambda z: (lambda a, b, c: [a, b, c])(*three(z)),
        "join": lambda z: b",".join(three(z)),
        "truth": lambda z: (bool(three(z)), bool(z.BufferWithSegments(ABC, b""))),
        "nothing": lambda z: z.BufferWithSegments(b"", b""),
        "an empty segment at the end": lambda z: z.BufferWithSegments(ABC, table((9, 0))),
        "an empty segment past the end": lambda z: z.BufferWithSegments(ABC, table((10, 0))),
        "overlapping and out of order": lambda z: list(z.BufferWithSegments(ABC, table((5, 4), (0, 9), (5, 4), (2, 0)))),
        "past the end": lambda z: z.BufferWithSegments(ABC, table((0, 3), (3, 7))),
        "past the end by one": lambda z: z.BufferWithSegments(ABC, table((9, 1))),
        "far past the end": lambda z: z.BufferWithSegments(ABC, table((2**40, 1))),
        "a length of 2**63": lambda z: z.BufferWithSegments(ABC, table((0, 2**63))),
        "segments of 15 bytes": lambda z: z.BufferWithSegments(ABC, bytes(15)),
        "segments of 17 bytes": lambda z: z.BufferWithSegments(ABC, bytes(17)),
        "segments of 8 bytes": lambda z: z.BufferWithSegments(ABC, bytes(8)),
        "no arguments": lambda z: z.BufferWithSegments(),
        "one argument": lambda z: z.BufferWithSegments(b"x"),
        "one keyword": lambda z: z.BufferWithSegments(segments=b""),
        "data is str": lambda z: z.BufferWithSegments("foo", b""),
        "data is list": lambda z: z.BufferWithSegments([1], b""),
        "data is None": lambda z: z.BufferWithSegments(None, b""),
        "data is int": lambda z: z.BufferWithSegments(3, b""),
        "segments are str": lambda z: z.BufferWithSegments(ABC, "foo"),
        "segments are list": lambda z: z.BufferWithSegments(ABC, [(0, 3)]),
        "segments are None": lambda z: z.BufferWithSegments(ABC, None),
        "both are wrong": lambda z: z.BufferWithSegments(None, "x"),
        "a strided view": lambda z: z.BufferWithSegments(memoryview(ABC)[::2], b""),
        "strided segments": lambda z: z.BufferWithSegments(ABC, memoryview(bytes(32))[::2]),
        "segments in an array": lambda z: z.BufferWithSegments(ABC, words(0, 3, 6, 3)),
        "segments in a bytearray": lambda z: z.BufferWithSegments(ABC, bytearray(THREE)),
        "segments in a view": lambda z: z.BufferWithSegments(ABC, memoryview(b"x" + THREE)[1:]),
        "segments in BufferSegments": lambda z: z.BufferWithSegments(b"FOOBARBAZ", three(z).segments()),
        "data in a bytearray": lambda z: z.BufferWithSegments(bytearray(ABC), THREE),
        "data in a view": lambda z: z.BufferWithSegments(memoryview(b"x" + ABC)[1:], THREE),
        "data in an array": lambda z: z.BufferWithSegments(array.array("i", [1, 2, 3]), table((4, 4))),
        "data in ctypes": lambda z: z.BufferWithSegments((ctypes.c_char * 9)(*[bytes([c]) for c in ABC]), THREE),
        "data in a map": lambda z: z.BufferWithSegments(mapped(ABC), THREE),
        "data in a segment": lambda z: z.BufferWithSegments(three(z)[1], table((1, 2))),
        "data in a buffer": lambda z: z.BufferWithSegments(three(z), table((1, 5))),
        "segments take nothing": lambda z: refusal(lambda z: three(z).segments(1), z),
    }
)
class Buffers(unittest.TestCase):
    """Bytes with a table of segments."""

    def test_the_table_is_copied_and_the_bytes_are_not(self) -> None:
        for z in (zbatch, peer):
            data, segments = bytearray(ABC), bytearray(THREE)
            made = z.BufferWithSegments(data, segments)
            segments[:] = bytes(len(segments))
            segments.append(0)  # nobody holds it
            data[0:3] = b"FOO"
            self.assertEqual([s.tobytes() for s in made], [b"FOO", b"bar", b"baz"])

    def test_the_bytes_are_held_while_a_segment_lives(self) -> None:
        for z in (zbatch, peer):
            data = bytearray(ABC)
            made = z.BufferWithSegments(data, THREE)
            segment = made[1]
            for _ in range(2):
                with self.assertRaises(BufferError) as caught:
                    data.append(1)
                self.assertEqual(str(caught.exception), "Existing exports of data: object cannot be re-sized")
                made = None
            del segment
            data.append(1)


@side_by_side(
    {
        "data in every dtype": lambda z: [
            z.BufferWithSegments(numpy.arange(6).astype(dtype).reshape(2, 3), table((0, 6)))
            for dtype in ("u1", "i2", "f4", "f8", "c16", "?")
        ],
        "segments in numpy": lambda z: [
            z.BufferWithSegments(ABC, numpy.array([[0, 3], [6, 3]], dtype)) for dtype in ("u8", "i8")
        ],
        "strided data": lambda z: z.BufferWithSegments(numpy.zeros(10, "u1")[::2], b""),
        "data in Fortran order": lambda z: z.BufferWithSegments(numpy.zeros((3, 4), "u1", order="F"), b""),
        "strided segments": lambda z: z.BufferWithSegments(ABC, numpy.zeros((4, 2), "u8")[::2]),
        "index by numpy integers": lambda z: [three(z)[i] for i in numpy.array([0, 2, -1])],
        "index by a numpy float": lambda z: refusal(lambda z: three(z)[numpy.float64(1)], z),
        "frombuffer": lambda z: numpy.frombuffer(three(z)[1], "u1").tolist(),
        "the table as an array": lambda z: numpy.frombuffer(three(z).segments(), "u8").tolist(),
        "compress numpy items": lambda z: compressed(
            z, [numpy.arange(100, dtype="i4"), numpy.ones((20, 30)), numpy.zeros((2, 2, 2), "u2")]
        ),
        "compress a strided item": lambda z: compressed(z, [b"x", numpy.zeros(10, "u1")[::2]]),
        "compress an item in Fortran order": lambda z: compressed(z, [numpy.zeros((3, 4), order="F")]),
        "sizes in numpy": lambda z: [
            decompressed(z, frames(DOCUMENTS), numpy.array([len(d) for d in DOCUMENTS], dtype)) for dtype in ("u8", "i8")
        ],
        "sizes of 4 bytes each": lambda z: decompressed(z, frames(DOCUMENTS), numpy.zeros(len(DOCUMENTS), "u4")),
        "threads in numpy": lambda z: compressed(z, DOCUMENTS, numpy.int32(2)),
    }
)
@needs_numpy
class Numpy(unittest.TestCase):
    """Arrays as data, tables, items, indices and sizes."""


# ---- BufferWithSegmentsCollection


@side_by_side(
    {
        "length counts segments": lambda z: len(of_abc(z)),
        "size is of the segments": lambda z: (
            of_abc(z).size(),
            z.BufferWithSegmentsCollection(z.BufferWithSegments(ABC, table((0, 2), (0, 3)))).size(),
        ),
        "every index": lambda z: [of_abc(z)[i] for i in range(-7, 7)],
        "index below": lambda z: of_abc(z)[-8],
        "index above": lambda z: of_abc(z)[7],
        "index far above": lambda z: of_abc(z)[10**30],
        "index by slice": lambda z: of_abc(z)[1:],
        "index by str": lambda z: of_abc(z)["a"],
        "index by float": lambda z: of_abc(z)[1.0],
        "index by bool": lambda z: of_abc(z)[True],
        "iteration": lambda z: list(of_abc(z)),
        "reversed": lambda z: list(reversed(of_abc(z))),
        "join": lambda z: b"|".join(of_abc(z)),
        "unpacking": lambda z: [*of_abc(z)],
        "truth": lambda z: bool(of_abc(z)),
        "the same buffer twice": lambda z: (lambda b: list(z.BufferWithSegmentsCollection(b, b)))(three(z)),
        "only empty segments": lambda z: list(z.BufferWithSegmentsCollection(z.BufferWithSegments(ABC, table((1, 0), (9, 0))))),
        "no arguments": lambda z: z.BufferWithSegmentsCollection(),
        "keywords alone": lambda z: z.BufferWithSegmentsCollection(x=1),
        "keywords are ignored": lambda z: z.BufferWithSegmentsCollection(three(z), x=1),
        "of None": lambda z: z.BufferWithSegmentsCollection(None),
        "of bytes": lambda z: z.BufferWithSegmentsCollection(three(z), b"x"),
        "of a list": lambda z: z.BufferWithSegmentsCollection([three(z)]),
        "of a collection": lambda z: z.BufferWithSegmentsCollection(of_abc(z)),
        "of a buffer of nothing": lambda z: z.BufferWithSegmentsCollection(z.BufferWithSegments(b"", b"")),
        "of no segments": lambda z: z.BufferWithSegmentsCollection(three(z), z.BufferWithSegments(ABC, b"")),
        "of no bytes": lambda z: z.BufferWithSegmentsCollection(z.BufferWithSegments(b"", table((0, 0)))),
        "a bad one and a wrong type": lambda z: z.BufferWithSegmentsCollection(z.BufferWithSegments(b"", b""), None),
        "a wrong type and a bad one": lambda z: z.BufferWithSegmentsCollection(None, z.BufferWithSegments(b"", b"")),
        "it is no buffer": lambda z: refusal(lambda z: memoryview(of_abc(z)), z),
        "bytes of it": lambda z: refusal(lambda z: bytes(of_abc(z)), z),
        "results can be collected again": lambda z: compressed(z, of_abc(z)).size(),
    }
)
class Collections(unittest.TestCase):
    """Several buffers under one numbering."""


# ---- multi_compress_to_buffer


@side_by_side(
    {
        "documents": lambda z: compressed(z, DOCUMENTS),
        "mixed items": lambda z: compressed(z, MIXED),
        "any number of threads": lambda z: [compressed(z, MIXED[:-1], threads) for threads in (0, 1, 2, 3, 7, -1, -5, True, 1000)],
        "one item": lambda z: compressed(z, [b"data"]),
        "one byte": lambda z: compressed(z, [b"x"]),
        "positional": lambda z: z.ZstdCompressor().multi_compress_to_buffer([b"data"], 2),
        "keywords": lambda z: z.ZstdCompressor().multi_compress_to_buffer(data=[b"data"], threads=2),
        "the result": lambda z: type(compressed(z, [b"data"])).__name__,
        "empty items among others": lambda z: compressed(z, [b"", b"x", b"", b"y", b""]),
        "a buffer": lambda z: compressed(z, three(z)),
        "a buffer with gaps and overlaps": lambda z: compressed(z, z.BufferWithSegments(ABC, table((5, 4), (0, 6), (2, 0)))),
        "a collection": lambda z: compressed(z, of_abc(z)),
        "a result": lambda z: compressed(z, compressed(z, DOCUMENTS, 2), 2),
        "a subclass of list": lambda z: compressed(z, type("Mine", (list,), {})(DOCUMENTS)),
        "every type of item": lambda z: compressed(
            z,
            [
                b"bytes",
                bytearray(b"bytearray"),
                memoryview(b"memoryview"),
                memoryview(b"sliced view")[3:],
                memoryview(array.array("i", range(12))).cast("B").cast("i", (3, 4)),
                array.array("d", [1.0, 2.0]),
                (ctypes.c_int * 3)(1, 2, 3),
                mapped(b"mapped"),
                three(z)[1],
                three(z),
                of_abc(z)[4],
            ],
        ),
        "no items": lambda z: compressed(z, []),
        "a buffer without segments": lambda z: compressed(z, z.BufferWithSegments(ABC, b"")),
        "an empty item": lambda z: compressed(z, [b""]),
        "empty items": lambda z: compressed(z, [b"", bytearray(), memoryview(b"")], 2),
        "a buffer of empty items": lambda z: compressed(z, z.BufferWithSegments(ABC, table((0, 0), (3, 0)))),
        "a collection of empty items": lambda z: compressed(
            z, z.BufferWithSegmentsCollection(z.BufferWithSegments(ABC, table((0, 0), (3, 0))))
        ),
        "None": lambda z: compressed(z, None),
        "an int": lambda z: compressed(z, 3),
        "bytes": lambda z: compressed(z, b"data"),
        "a str": lambda z: compressed(z, "data"),
        "an object": lambda z: compressed(z, object()),
        "a segment": lambda z: compressed(z, three(z)[0]),
        "a list of str": lambda z: compressed(z, ["data"]),
        "a list of int": lambda z: compressed(z, [b"x", 3]),
        "a list of None": lambda z: compressed(z, [b"x", b"y", None]),
        "a list of lists": lambda z: compressed(z, [[b"x"]]),
        "two that are no bytes": lambda z: compressed(z, [b"x", 1, 2]),
        "a collection as item": lambda z: compressed(z, [of_abc(z)]),
        "a strided item": lambda z: compressed(z, [memoryview(b"abcdef")[::2]]),
        "a released view": lambda z: (lambda v: (v.release(), compressed(z, [v])))(memoryview(b"abc")),
        "no arguments": lambda z: refusal(lambda z: z.ZstdCompressor().multi_compress_to_buffer(), z),
        "threads of 2**31": lambda z: refusal(lambda z: compressed(z, [b"x"], 2**31), z),
        "threads of -2**31 - 1": lambda z: refusal(lambda z: compressed(z, [b"x"], -(2**31) - 1), z),
        "threads of 10**30": lambda z: refusal(lambda z: compressed(z, [b"x"], 10**30), z),
        "threads as float": lambda z: refusal(lambda z: compressed(z, [b"x"], 2.0), z),
        "threads as str": lambda z: refusal(lambda z: compressed(z, [b"x"], "2"), z),
        "threads as None": lambda z: refusal(lambda z: compressed(z, [b"x"], None), z),
        "levels": lambda z: [compressed(z, MIXED, level=level) for level in (-131072, -100, -5, -1, 0, 1, 2, 6, 9, 12)],
        "slow levels": lambda z: [compressed(z, DOCUMENTS, level=level) for level in (16, 19, 22)],
        "checksums": lambda z: compressed(z, MIXED, write_checksum=True),
        "no content sizes": lambda z: compressed(z, MIXED, write_content_size=False),
        "no dictionary IDs": lambda z: compressed(z, MIXED, write_dict_id=False),
        "everything off": lambda z: compressed(
            z, MIXED, write_checksum=False, write_content_size=False, write_dict_id=False
        ),
        "None means default": lambda z: compressed(
            z, MIXED, write_checksum=None, write_content_size=None, write_dict_id=None, dict_data=None, compression_params=None
        ),
        "threads of its own": lambda z: compressed(z, DOCUMENTS, threads=2),
        "equal to compress": lambda z: (
            lambda c: [s.tobytes() for s in c.multi_compress_to_buffer(MIXED)] == [c.compress(m) for m in MIXED]
        )(z.ZstdCompressor(5)),
    }
)
class Compressing(unittest.TestCase):
    """multi_compress_to_buffer."""


# ---- multi_decompress_to_buffer


FRAMES = frames(DOCUMENTS)
SIZES = sizes(*map(len, DOCUMENTS))


def damaged(good: bytes) -> bytes:
    return good[: len(good) // 2] + bytes([good[len(good) // 2] ^ 0x55]) + good[len(good) // 2 + 1 :]


@side_by_side(
    {
        "frames": lambda z: decompressed(z, FRAMES),
        "mixed": lambda z: decompressed(z, [f for f, m in zip(frames(MIXED), MIXED, strict=True) if m]),
        "any number of threads": lambda z: [decompressed(z, FRAMES, threads=threads) for threads in (0, 1, 2, 3, -1, True, 99)],
        "positional": lambda z: decompressed(z, FRAMES, SIZES, 2),
        "keywords": lambda z: z.ZstdDecompressor().multi_decompress_to_buffer(frames=FRAMES, decompressed_sizes=SIZES, threads=2),
        "the result": lambda z: type(decompressed(z, FRAMES)).__name__,
        "a buffer": lambda z: decompressed(z, buffer_of(FRAMES, z)),
        "a buffer with sizes": lambda z: decompressed(z, buffer_of(FRAMES, z), SIZES),
        "a collection": lambda z: decompressed(z, collection_of(FRAMES, z)),
        "a result": lambda z: decompressed(z, compressed(z, DOCUMENTS, 2), threads=2),
        "every type of item": lambda z: decompressed(
            z,
            [
                FRAMES[0],
                bytearray(FRAMES[1]),
                memoryview(FRAMES[2]),
                memoryview(b"x" + FRAMES[3])[1:],
                array.array("B", FRAMES[4]),
                (ctypes.c_char * len(FRAMES[5])).from_buffer_copy(FRAMES[5]),
                mapped(FRAMES[6]),
                buffer_of(FRAMES, z)[7],
                buffer_of([FRAMES[8]], z),
                collection_of(FRAMES, z)[9],
            ],
        ),
        "sizes in an array": lambda z: decompressed(z, FRAMES, words(*map(len, DOCUMENTS))),
        "sizes in a bytearray": lambda z: decompressed(z, FRAMES, bytearray(SIZES)),
        "sizes in a view": lambda z: decompressed(z, FRAMES[1:], memoryview(SIZES)[8:]),
        "sizes in an unaligned view": lambda z: decompressed(z, FRAMES, memoryview(b"x" + SIZES)[1:]),
        "sizes of 0 are of the header": lambda z: decompressed(z, FRAMES, bytes(8 * len(FRAMES))),
        "some sizes of 0": lambda z: decompressed(z, FRAMES[:3], sizes(0, len(DOCUMENTS[1]), 0)),
        "sizes for frames that record none": lambda z: decompressed(z, [unsized(d) for d in DOCUMENTS], SIZES),
        "empty frames among others": lambda z: decompressed(z, [frame(b"x"), frame(b""), frame(b"y")]),
        "checksums": lambda z: decompressed(z, [checked(d) for d in DOCUMENTS]),
        "no frames": lambda z: decompressed(z, None),
        "an int": lambda z: decompressed(z, 3),
        "bytes": lambda z: decompressed(z, FRAMES[0]),
        "a str": lambda z: decompressed(z, "data"),
        "a segment": lambda z: decompressed(z, buffer_of(FRAMES, z)[0]),
        "an object": lambda z: decompressed(z, object()),
        "a list of str": lambda z: decompressed(z, ["data"]),
        "a list of None": lambda z: decompressed(z, [FRAMES[0], None]),
        "a strided item": lambda z: decompressed(z, [memoryview(bytes(20))[::2]]),
        "no arguments": lambda z: refusal(lambda z: z.ZstdDecompressor().multi_decompress_to_buffer(), z),
        "not a frame": lambda z: decompressed(z, [b"foobarbaz"]),
        "not a frame among others": lambda z: decompressed(z, [*FRAMES[:3], b"foobarbaz", FRAMES[3]]),
        "two that are not": lambda z: decompressed(z, [FRAMES[0], b"foobarbaz", b"foobarbaz"], threads=1),
        "the magic alone": lambda z: decompressed(z, [FRAMES[0][:4]]),
        "three bytes": lambda z: decompressed(z, [FRAMES[0][:3]]),
        "half a header": lambda z: decompressed(z, [FRAMES[0][:5]]),
        "no bytes": lambda z: decompressed(z, [FRAMES[0], b""]),
        "a frame without its magic": lambda z: decompressed(z, [FRAMES[0][4:]]),
        "sizes too short": lambda z: decompressed(z, FRAMES[:3], sizes(1, 2)),
        "sizes too long": lambda z: decompressed(z, FRAMES[:3], sizes(1, 2, 3, 4)),
        "sizes of half a number": lambda z: decompressed(z, FRAMES[:1], b"1234"),
        "sizes too short for a buffer": lambda z: decompressed(z, buffer_of(FRAMES[:3], z), sizes(1, 2)),
        "sizes as str": lambda z: decompressed(z, FRAMES, "x"),
        "strided sizes": lambda z: decompressed(z, FRAMES[:2], memoryview(bytes(32))[::2]),
        "a size too big": lambda z: decompressed(z, FRAMES[:2], sizes(len(DOCUMENTS[0]), len(DOCUMENTS[1]) + 1)),
        "a size too small": lambda z: decompressed(z, FRAMES[:2], sizes(len(DOCUMENTS[0]), len(DOCUMENTS[1]) - 1)),
        "a bad checksum": lambda z: decompressed(z, [FRAMES[0], bad_checksum(DOCUMENTS[1])]),
        "a bad checksum of 200 KB": lambda z: decompressed(z, [bad_checksum(noise(200000))]),
        "truncated by one byte": lambda z: decompressed(z, [FRAMES[0], FRAMES[1][:-1]]),
        "truncated to the header": lambda z: decompressed(z, [FRAMES[0][: z.frame_header_size(FRAMES[0])]]),
        "truncated before the checksum": lambda z: decompressed(z, [checked(b"foobar")[:-4]]),
        "truncated after 150 KB": lambda z: decompressed(z, [frame(noise(200000))[:150000]]),
        "declares too little": lambda z: decompressed(z, [frame(b"x" * 12).replace(b"\x20\x0c", b"\x20\x0b")]),
        "threads of 2**31": lambda z: refusal(lambda z: decompressed(z, FRAMES, threads=2**31), z),
        "threads as float": lambda z: refusal(lambda z: decompressed(z, FRAMES, threads=1.5), z),
        "threads as None": lambda z: refusal(lambda z: decompressed(z, FRAMES, threads=None), z),
        "a window above the limit": lambda z: decompressed(
            z, [b"\x28\xb5\x2f\xfd\x00" + bytes([(31 - 10) << 3]) + b"\x01\x00\x00"], sizes(5)
        ),
    },
    differ={
        "a size too small": ("ZstdError", "error decompressing item 1: decompressed 56 bytes; expected 55"),
        "truncated by one byte": ("ZstdError", "error decompressing item 1: the frame is cut short"),
        "truncated to the header": ("ZstdError", "error decompressing item 0: the frame is cut short"),
        "truncated before the checksum": ("ZstdError", "error decompressing item 0: the frame is cut short"),
        "truncated after 150 KB": ("ZstdError", "error decompressing item 0: the frame is cut short"),
    },
)
class Decompressing(unittest.TestCase):
    """multi_decompress_to_buffer."""


# ---- compressors and their parameters


PARAMS = {
    "window_log": (10, 12, 17, 20),
    "hash_log": (6, 12, 20),
    "chain_log": (6, 12, 20),
    "search_log": (1, 3, 8),
    "min_match": (3, 4, 5, 7),
    "target_length": (1, 8, 200, 4096),
    "strategy": (1, 2, 3, 4, 5, 6, 7, 8, 9),
    "write_content_size": (0, 1, 7),
    "write_checksum": (0, 1, 7),
    "write_dict_id": (0, 1),
    "force_max_window": (0, 1),
    "enable_ldm": (0, 1),
    "format": (0, 1),
    "compression_level": (-7, 0, 1, 5, 19, 22),
    "ldm_hash_log": (7, 20),
    "ldm_min_match": (16, 64),
    "ldm_bucket_size_log": (1, 4),
    "ldm_hash_rate_log": (0, 4, 7),
    "job_size": (0, 1 << 20),
    "overlap_log": (-1, 0, 5, 9),
    "threads": (0,),
}
ATTRIBUTES = tuple(PARAMS)


def attributes(params: Any) -> dict[str, Any]:
    return {name: getattr(params, name) for name in ATTRIBUTES}


@side_by_side(
    {
        f"params {name} = {value}": lambda z, name=name, value=value: (
            attributes(z.ZstdCompressionParameters(**{name: value})),
            compressed(z, [*MIXED, records(1, size=50000)[0]], compression_params=z.ZstdCompressionParameters(**{name: value})),
        )
        for name, values in PARAMS.items()
        for value in values
    }
)
class Parameters(unittest.TestCase):
    """Every parameter: what it reads back as, and the frames that it makes."""


@side_by_side(
    {
        **{
            f"{name} = {value}": lambda z, name=name, value=value: attributes(z.ZstdCompressionParameters(**{name: value}))
            for name, values in {
                "window_log": (9, 32, -1, 10**6),
                "hash_log": (5, 31),
                "chain_log": (5, 31),
                "search_log": (-1, 31),
                "min_match": (2, 8),
                "target_length": (131072, 131073),
                "strategy": (-1, 0, 10),
                "compression_level": (-200000, 23, 1000),
                "job_size": (1, 1 << 30),
                "overlap_log": (10, 100, -2),
                "threads": (-1, 1, 4, 1000),
                "format": (2, -1),
                "ldm_hash_log": (5, 31),
                "ldm_min_match": (3, 5000),
                "ldm_bucket_size_log": (9, -1),
                "ldm_hash_rate_log": (-1, 26),
                "write_checksum": (-1, True),
                "force_max_window": (2,),
                "enable_ldm": (2,),
            }.items()
            for value in values
        },
        "defaults": lambda z: attributes(z.ZstdCompressionParameters()),
        "two that contradict": lambda z: attributes(z.ZstdCompressionParameters(window_log=10, hash_log=30, chain_log=30)),
        "read-only": lambda z: refusal(lambda z: assign(z.ZstdCompressionParameters(), "window_log", 12), z),
        "a float": lambda z: refusal(lambda z: z.ZstdCompressionParameters(window_log=12.0), z),
        "a str": lambda z: refusal(lambda z: z.ZstdCompressionParameters(window_log="12"), z),
        "an unknown name": lambda z: refusal(lambda z: z.ZstdCompressionParameters(windowlog=12), z),
        "positional": lambda z: attributes(z.ZstdCompressionParameters(0, 5, 15)),
        "from_level": lambda z: [attributes(z.ZstdCompressionParameters.from_level(level)) for level in (-5, 0, 1, 3, 9, 19, 22)],
        "from_level with a source size": lambda z: [
            attributes(z.ZstdCompressionParameters.from_level(level, source_size=size))
            for level in (1, 3, 19)
            for size in (0, 1, 500, 20000, 200000, 10**9)
        ],
        "from_level with a dictionary size": lambda z: [
            attributes(z.ZstdCompressionParameters.from_level(3, dict_size=size)) for size in (0, 1000, 100000)
        ],
        "from_level with both": lambda z: attributes(z.ZstdCompressionParameters.from_level(3, source_size=1000, dict_size=5000)),
        "from_level with more": lambda z: attributes(
            z.ZstdCompressionParameters.from_level(3, window_log=12, write_checksum=1, write_dict_id=1, enable_ldm=1)
        ),
        "from_level with all": lambda z: attributes(
            z.ZstdCompressionParameters.from_level(
                3, window_log=12, hash_log=13, chain_log=14, search_log=2, min_match=4, target_length=3, strategy=3
            )
        ),
        "from_level out of range": lambda z: z.ZstdCompressionParameters.from_level(3, window_log=99),
        "from_level without": lambda z: refusal(lambda z: z.ZstdCompressionParameters.from_level(), z),
        "from_level by keyword": lambda z: refusal(lambda z: z.ZstdCompressionParameters.from_level(level=3), z),
        "from_level of a str": lambda z: refusal(lambda z: z.ZstdCompressionParameters.from_level("3"), z),
        "from_level with an unknown name": lambda z: refusal(lambda z: z.ZstdCompressionParameters.from_level(3, foo=1), z),
        "the frames of from_level": lambda z: [
            compressed(z, MIXED, compression_params=z.ZstdCompressionParameters.from_level(level, source_size=1000))
            for level in (1, 5, 12)
        ],
    }
)
class ParameterRanges(unittest.TestCase):
    """What is clamped, what is refused, and from_level."""


@side_by_side(
    {
        "level 23": lambda z: z.ZstdCompressor(level=23),
        "level 100": lambda z: z.ZstdCompressor(100),
        "level as float": lambda z: refusal(lambda z: z.ZstdCompressor(3.0), z),
        "level as str": lambda z: refusal(lambda z: z.ZstdCompressor("3"), z),
        "level as None": lambda z: refusal(lambda z: z.ZstdCompressor(None), z),
        "level of -10**6": lambda z: z.ZstdCompressor(-(10**6)).compress(DOCUMENTS[0]),
        "positional": lambda z: z.ZstdCompressor(3, None, None, True, False, None, 0).compress(DOCUMENTS[0]),
        "too many": lambda z: refusal(lambda z: z.ZstdCompressor(3, None, None, True, False, None, 0, 1), z),
        "an unknown name": lambda z: refusal(lambda z: z.ZstdCompressor(checksum=True), z),
        "a dictionary of bytes": lambda z: z.ZstdCompressor(dict_data=b"foo"),
        "parameters of int": lambda z: z.ZstdCompressor(compression_params=3),
        "parameters and checksum": lambda z: z.ZstdCompressor(
            compression_params=z.ZstdCompressionParameters(), write_checksum=False
        ),
        "parameters and content size": lambda z: z.ZstdCompressor(
            compression_params=z.ZstdCompressionParameters(), write_content_size=True
        ),
        "parameters and dictionary ID": lambda z: z.ZstdCompressor(
            compression_params=z.ZstdCompressionParameters(), write_dict_id=True
        ),
        "parameters and threads": lambda z: z.ZstdCompressor(compression_params=z.ZstdCompressionParameters(), threads=2),
        "parameters and no threads": lambda z: z.ZstdCompressor(
            compression_params=z.ZstdCompressionParameters(), threads=0
        ).compress(DOCUMENTS[0]),
        "parameters win over the level": lambda z: z.ZstdCompressor(
            19, compression_params=z.ZstdCompressionParameters(compression_level=1)
        ).compress(MIXED[-2] + DOCUMENTS[0] * 20),
        "compress": lambda z: [z.ZstdCompressor().compress(m) for m in MIXED],
        "compress by keyword": lambda z: z.ZstdCompressor().compress(data=b"x"),
        "compress buffers": lambda z: [
            z.ZstdCompressor().compress(m) for m in (bytearray(ABC), memoryview(ABC), array.array("i", [1, 2]), three(z)[1])
        ],
        "compress a str": lambda z: z.ZstdCompressor().compress("foo"),
        "compress a list": lambda z: z.ZstdCompressor().compress([b"foo"]),
        "compress nothing": lambda z: refusal(lambda z: z.ZstdCompressor().compress(), z),
        "compress a strided view": lambda z: z.ZstdCompressor().compress(memoryview(ABC)[::2]),
        "compress with threads of its own": lambda z: [
            z.ZstdCompressor(threads=2).compress(records(1, size=size)[0]) for size in (10, 50000, 1500000)
        ],
        "threads -1": lambda z: z.ZstdCompressor(threads=-1).compress(DOCUMENTS[0]),
        "frame_progression": lambda z: z.ZstdCompressor().frame_progression(),
        "memory_size is an int": lambda z: (
            type(z.ZstdCompressor().memory_size()),
            type(z.ZstdDecompressor().memory_size()),
        ),
        "one shot": lambda z: z.compress(DOCUMENTS[0]),
        "one shot with a level": lambda z: [z.compress(DOCUMENTS[0] * 9, 9), z.compress(DOCUMENTS[0] * 9, level=1)],
        "one shot of a str": lambda z: z.compress("foo"),
        "one shot of level 23": lambda z: z.compress(b"foo", 23),
    }
)
class Compressors(unittest.TestCase):
    """Constructor arguments, and compress."""


@side_by_side(
    {
        "decompress": lambda z: [z.ZstdDecompressor().decompress(f) for f in frames(MIXED)],
        "by keyword": lambda z: z.ZstdDecompressor().decompress(data=FRAMES[0], max_output_size=10**6),
        "buffers": lambda z: [
            z.ZstdDecompressor().decompress(f)
            for f in (bytearray(FRAMES[0]), memoryview(FRAMES[1]), buffer_of(FRAMES, z)[2], array.array("B", FRAMES[3]))
        ],
        "a str": lambda z: z.ZstdDecompressor().decompress("foo"),
        "nothing": lambda z: refusal(lambda z: z.ZstdDecompressor().decompress(), z),
        "no bytes": lambda z: z.ZstdDecompressor().decompress(b""),
        "no bytes with a size": lambda z: z.ZstdDecompressor().decompress(b"", 10),
        "not a frame": lambda z: z.ZstdDecompressor().decompress(b"foobarbaz"),
        "the magic alone": lambda z: z.ZstdDecompressor().decompress(FRAMES[0][:4]),
        "half a header": lambda z: z.ZstdDecompressor().decompress(FRAMES[0][:5]),
        "max_output_size is ignored when the frame records its size": lambda z: z.ZstdDecompressor().decompress(
            FRAMES[0], max_output_size=1
        ),
        "unknown size": lambda z: z.ZstdDecompressor().decompress(unsized(DOCUMENTS[0]), max_output_size=1000),
        "unknown size and exact room": lambda z: z.ZstdDecompressor().decompress(
            unsized(DOCUMENTS[0]), max_output_size=len(DOCUMENTS[0])
        ),
        "unknown size and too little room": lambda z: z.ZstdDecompressor().decompress(unsized(DOCUMENTS[0]), max_output_size=5),
        "unknown size of nothing": lambda z: z.ZstdDecompressor().decompress(unsized(b""), max_output_size=5),
        "a bad checksum": lambda z: z.ZstdDecompressor().decompress(bad_checksum(DOCUMENTS[0])),
        "extra data is ignored": lambda z: z.ZstdDecompressor().decompress(FRAMES[0] + b"extra"),
        "extra data is refused": lambda z: z.ZstdDecompressor().decompress(FRAMES[0] + b"extra", allow_extra_data=False),
        "one byte extra is refused": lambda z: z.ZstdDecompressor().decompress(FRAMES[0] + b"x", allow_extra_data=False),
        "a second frame is ignored": lambda z: z.ZstdDecompressor().decompress(FRAMES[0] + FRAMES[1]),
        "a second frame is refused": lambda z: z.ZstdDecompressor().decompress(FRAMES[0] + FRAMES[1], allow_extra_data=False),
        "a skippable frame behind": lambda z: z.ZstdDecompressor().decompress(FRAMES[0] + skippable(b"xy")),
        "truncated": lambda z: z.ZstdDecompressor().decompress(FRAMES[0][:-1]),
        "truncated to the header": lambda z: z.ZstdDecompressor().decompress(FRAMES[0][: z.frame_header_size(FRAMES[0])]),
        "truncated before the checksum": lambda z: z.ZstdDecompressor().decompress(checked(b"foobar")[:-4]),
        "declares too little": lambda z: z.ZstdDecompressor().decompress(frame(b"x" * 12).replace(b"\x20\x0c", b"\x20\x0b")),
        "an empty frame": lambda z: z.ZstdDecompressor().decompress(frame(b"")),
        "an empty frame that is damaged": lambda z: z.ZstdDecompressor().decompress(frame(b"")[:6] + b"\x07\0\0"),
        "an empty frame that is cut short": lambda z: z.ZstdDecompressor().decompress(frame(b"")[:6]),
        "an empty frame and extra data": lambda z: z.ZstdDecompressor().decompress(frame(b"") + b"x", allow_extra_data=False),
        "a skippable frame first": lambda z: z.ZstdDecompressor().decompress(skippable(b"abc") + FRAMES[0]),
        "a negative size is ignored when the frame records its size": lambda z: z.ZstdDecompressor().decompress(
            FRAMES[0], max_output_size=-1
        ),
        "a size that is no number": lambda z: [
            outcome(lambda z, bad=bad: z.ZstdDecompressor().decompress(FRAMES[0], bad), z) for bad in ("1", 1.0, None)
        ],
        "magicless": lambda z: z.ZstdDecompressor(format=1).decompress(FRAMES[0][4:]),
        "magicless but not": lambda z: z.ZstdDecompressor(format=1).decompress(FRAMES[0]),
        "format 2": lambda z: z.ZstdDecompressor(format=2),
        "format -1": lambda z: z.ZstdDecompressor(format=-1),
        "format 2**31 + 1": lambda z: z.ZstdDecompressor(format=2**31 + 1),
        "format 2**32": lambda z: z.ZstdDecompressor(format=2**32).decompress(FRAMES[0]),
        "format as str": lambda z: refusal(lambda z: z.ZstdDecompressor(format="x"), z),
        "windows out of range": lambda z: [
            outcome(lambda z, size=size: z.ZstdDecompressor(max_window_size=size), z) for size in (1, 1000, 1023, 2**31 + 1, 2**40)
        ],
        "windows in range": lambda z: [
            z.ZstdDecompressor(max_window_size=size).decompress(FRAMES[0]) for size in (1024, 2**20, 2**31)
        ],
        "numbers that are no Py_ssize_t": lambda z: [
            (
                outcome(lambda z, n=n: z.ZstdDecompressor(max_window_size=n), z),
                outcome(lambda z, n=n: z.ZstdDecompressor().decompress(FRAMES[0], max_output_size=n), z),
                outcome(lambda z, n=n: z.ZstdCompressionParameters.from_level(3, dict_size=n), z),
                outcome(lambda z, n=n: z.train_dictionary(n, [b"foo"] * 100), z),
            )
            for n in (2**63, 2**64, -(2**63) - 1)
        ],
        "a window above the limit": lambda z: z.ZstdDecompressor(max_window_size=2**20).decompress(
            unsized(noise(5000) * 1000), max_output_size=10**7
        ),
        "positional": lambda z: z.ZstdDecompressor(None, 0, 1).decompress(FRAMES[0][4:]),
        "a dictionary of bytes": lambda z: z.ZstdDecompressor(dict_data=b"foo"),
        "an unknown name": lambda z: refusal(lambda z: z.ZstdDecompressor(limit=1), z),
        "one shot": lambda z: z.decompress(FRAMES[0]),
        "one shot with a size": lambda z: z.decompress(unsized(DOCUMENTS[0]), 1000),
        "one shot with too little room": lambda z: z.decompress(unsized(DOCUMENTS[0]), max_output_size=3),
        "one shot of a str": lambda z: z.decompress("foo"),
    },
    differ={
        title: ("ZstdError", "compressed input contains unused data, which is disallowed")
        for title in (
            "extra data is refused",
            "one byte extra is refused",
            "a second frame is refused",
            "an empty frame and extra data",
        )
    }
    | {
        "an empty frame that is damaged": ("ZstdError", "decompression error: Data corruption detected"),
        "an empty frame that is cut short": ("ZstdError", "decompression error: did not decompress full frame"),
        "a skippable frame first": DOCUMENTS[0],
    },
)
class Decompressors(unittest.TestCase):
    """Constructor arguments, and decompress."""


# ---- frames


HEADS = {
    "a frame": FRAMES[0],
    "an unsized frame": unsized(DOCUMENTS[0]),
    "a checked frame": checked(DOCUMENTS[0]),
    "an empty frame": frame(b""),
    "a big frame": frame(bytes(3000000)),
    "a skippable frame": skippable(b"foobar"),
    "a dictionary frame": frame(
        b"foobar", dict_data=zbatch.ZstdCompressionDict(zbatch.train_dictionary(1024, records(2000)).as_bytes())
    ),
    "2**40 declared": declaring(2**40),
    "2**63 declared": declaring(2**63),
    "2**64 - 2 declared": declaring(2**64 - 2),
    "no bytes": b"",
    "four bytes": FRAMES[0][:4],
    "five bytes": FRAMES[0][:5],
    "garbage": b"foobarbaz",
    "five bytes of garbage": b"fooba",
    "zeros": bytes(20),
    "half a skippable frame": skippable(b"foobar")[:6],
}


@side_by_side(
    {
        **{f"content size of {name}": lambda z, head=head: z.frame_content_size(head) for name, head in HEADS.items()},
        **{f"header size of {name}": lambda z, head=head: z.frame_header_size(head) for name, head in HEADS.items()},
        **{f"parameters of {name}": lambda z, head=head: z.get_frame_parameters(head) for name, head in HEADS.items()},
        "magicless parameters": lambda z: z.get_frame_parameters(FRAMES[0][4:], 1),
        "magicless by keyword": lambda z: z.get_frame_parameters(data=checked(b"foobar")[4:], format=z.FORMAT_ZSTD1_MAGICLESS),
        "of format 1023": lambda z: z.get_frame_parameters(FRAMES[0], format=1023),
        "of format 2**31 + 1": lambda z: z.get_frame_parameters(FRAMES[0], format=2**31 + 1),
        "of format None": lambda z: refusal(lambda z: z.get_frame_parameters(FRAMES[0], None), z),
        "of a str": lambda z: z.get_frame_parameters("foobar"),
        "content size of a str": lambda z: z.frame_content_size("foobar"),
        "content size by keyword": lambda z: z.frame_content_size(source=FRAMES[0]),
        "header size by keyword": lambda z: z.frame_header_size(source=FRAMES[0]),
        "header size of a list": lambda z: z.frame_header_size([1]),
        "of buffers": lambda z: [
            (z.frame_content_size(f), z.frame_header_size(f), z.get_frame_parameters(f))
            for f in (bytearray(FRAMES[0]), memoryview(FRAMES[0]), buffer_of(FRAMES, z)[0])
        ],
        "made by hand": lambda z: z.FrameParameters(),
        "read-only": lambda z: assign(z.get_frame_parameters(FRAMES[0]), "dict_id", 1),
    }
)
class Frames(unittest.TestCase):
    """What headers tell."""


# ---- dictionaries


SAMPLES = records(3000, seed=5)


def trained(z: Any) -> Any:
    return z.train_dictionary(4096, SAMPLES)


TRAINED = trained(zbatch).as_bytes()


def dictionary(z: Any, *arguments: Any, **more: Any) -> Any:
    return z.ZstdCompressionDict(TRAINED, *arguments, **more)


@side_by_side(
    {
        "trained": lambda z: (trained(z).as_bytes(), trained(z).dict_id(), trained(z).k, trained(z).d, len(trained(z))),
        "trained with d and k": lambda z: z.train_dictionary(2048, SAMPLES, k=64, d=8).as_bytes(),
        "trained with steps": lambda z: z.train_dictionary(2048, SAMPLES, d=6, steps=2).as_bytes(),
        "trained with an ID": lambda z: z.train_dictionary(2048, SAMPLES, dict_id=42).dict_id(),
        "trained for a level": lambda z: z.train_dictionary(2048, SAMPLES, level=9).as_bytes(),
        "trained positionally": lambda z: z.train_dictionary(2048, SAMPLES, 64, 8, 18, 0.5, 2, 0, 7, 5, 1).as_bytes(),
        "trained by keywords": lambda z: z.train_dictionary(
            dict_size=2048, samples=SAMPLES, k=64, d=8, f=18, split_point=1.0, accel=5, dict_id=7, level=5
        ).as_bytes(),
        "trained on too few": lambda z: z.train_dictionary(4096, SAMPLES[:3]),
        "trained on none": lambda z: z.train_dictionary(4096, []),
        "trained to 100 bytes": lambda z: z.train_dictionary(100, SAMPLES),
        "trained to 0 bytes": lambda z: z.train_dictionary(0, SAMPLES),
        "trained to -1 bytes": lambda z: z.train_dictionary(-1, SAMPLES),
        "trained with d=7": lambda z: z.train_dictionary(4096, SAMPLES, d=7),
        "trained with a split above 1": lambda z: z.train_dictionary(4096, SAMPLES, split_point=1.5),
        "trained with accel 11": lambda z: z.train_dictionary(4096, SAMPLES, accel=11),
        "trained on str": lambda z: z.train_dictionary(4096, ["x"] * 100),
        "trained on a bytearray among bytes": lambda z: z.train_dictionary(4096, [*SAMPLES, 3]),
        "trained on None": lambda z: refusal(lambda z: z.train_dictionary(4096, None), z),
        "trained on an int": lambda z: refusal(lambda z: z.train_dictionary(4096, 3), z),
        "trained without samples": lambda z: refusal(lambda z: z.train_dictionary(4096), z),
        "a size as str": lambda z: refusal(lambda z: z.train_dictionary("x", SAMPLES), z),
        "made": lambda z: (len(dictionary(z)), dictionary(z).dict_id(), dictionary(z).k, dictionary(z).d),
        "as_bytes": lambda z: (dictionary(z).as_bytes(), dictionary(z).as_bytes() is dictionary(z).as_bytes()),
        "made by keywords": lambda z: z.ZstdCompressionDict(data=TRAINED, dict_type=z.DICT_TYPE_FULLDICT).dict_id(),
        "made raw": lambda z: z.ZstdCompressionDict(TRAINED, z.DICT_TYPE_RAWCONTENT).dict_id(),
        "made of raw bytes": lambda z: (lambda d: (d.dict_id(), len(d), d.as_bytes()))(z.ZstdCompressionDict(ABC)),
        "made of nothing": lambda z: (lambda d: (d.dict_id(), len(d), d.as_bytes()))(z.ZstdCompressionDict(b"")),
        "made of a view": lambda z: z.ZstdCompressionDict(memoryview(TRAINED)).dict_id(),
        "made of a bytearray": lambda z: z.ZstdCompressionDict(bytearray(TRAINED)).as_bytes(),
        "made of a str": lambda z: z.ZstdCompressionDict("foo"),
        "made of a list": lambda z: z.ZstdCompressionDict([1]),
        "made without": lambda z: refusal(lambda z: z.ZstdCompressionDict(), z),
        "made of type 42": lambda z: z.ZstdCompressionDict(b"foo", 42),
        "made of type -1": lambda z: z.ZstdCompressionDict(b"foo", dict_type=-1),
        "made of type 2**31 + 1": lambda z: z.ZstdCompressionDict(b"foo", dict_type=2**31 + 1),
        "an unknown name": lambda z: refusal(lambda z: z.ZstdCompressionDict(b"foo", k=64), z),
        "k is read-only": lambda z: assign(dictionary(z), "k", 3),
        "precompute": lambda z: dictionary(z).precompute_compress(3),
        "precompute by parameters": lambda z: dictionary(z).precompute_compress(
            compression_params=z.ZstdCompressionParameters(compression_level=5)
        ),
        "precompute without": lambda z: dictionary(z).precompute_compress(),
        "precompute with both": lambda z: dictionary(z).precompute_compress(
            level=3, compression_params=z.ZstdCompressionParameters()
        ),
        "precompute with a wrong type": lambda z: refusal(
            lambda z: dictionary(z).precompute_compress(compression_params=3), z
        ),
        "precompute garbage": lambda z: z.ZstdCompressionDict(b"foobar" * 9, z.DICT_TYPE_FULLDICT).precompute_compress(3),
        "garbage to a decompressor": lambda z: z.ZstdDecompressor(z.ZstdCompressionDict(b"foobar" * 9, z.DICT_TYPE_FULLDICT)),
        "an empty full dictionary": lambda z: z.ZstdCompressor(
            dict_data=z.ZstdCompressionDict(b"", z.DICT_TYPE_FULLDICT)
        ).compress(DOCUMENTS[0]),
        "an empty full dictionary for a decompressor": lambda z: z.ZstdDecompressor(
            z.ZstdCompressionDict(b"", z.DICT_TYPE_FULLDICT)
        ).decompress(FRAMES[0]),
        "an empty dictionary precomputed": lambda z: z.ZstdCompressionDict(b"").precompute_compress(3),
        "frames": lambda z: compressed(z, MIXED, dict_data=dictionary(z)),
        "frames of levels": lambda z: [compressed(z, MIXED, level=level, dict_data=dictionary(z)) for level in (-3, 1, 5, 12)],
        "frames without IDs": lambda z: compressed(z, MIXED, dict_data=dictionary(z), write_dict_id=False),
        "frames with parameters drop the ID": lambda z: compressed(
            z, MIXED, dict_data=dictionary(z), compression_params=z.ZstdCompressionParameters()
        ),
        "frames with parameters and the ID": lambda z: compressed(
            z, MIXED, dict_data=dictionary(z), compression_params=z.ZstdCompressionParameters(write_dict_id=1)
        ),
        "frames of raw content": lambda z: compressed(z, MIXED, dict_data=z.ZstdCompressionDict(b"city Oslo celsius" * 9)),
        "frames of an empty dictionary": lambda z: compressed(z, MIXED, dict_data=z.ZstdCompressionDict(b"")),
        "decompressed": lambda z: decompressed(
            z, frames(DOCUMENTS, dict_data=dictionary(zbatch)), options={"dict_data": dictionary(z)}
        ),
        "decompressed one": lambda z: z.ZstdDecompressor(dictionary(z)).decompress(
            frame(DOCUMENTS[0], dict_data=dictionary(zbatch))
        ),
        "frames without need": lambda z: decompressed(z, FRAMES, options={"dict_data": dictionary(z)}),
        "missing": lambda z: decompressed(z, [FRAMES[0], frame(DOCUMENTS[0], dict_data=dictionary(zbatch))]),
        "missing for one": lambda z: z.ZstdDecompressor().decompress(frame(DOCUMENTS[0], dict_data=dictionary(zbatch))),
        "another": lambda z: decompressed(
            z,
            [frame(DOCUMENTS[0], dict_data=dictionary(zbatch))],
            options={"dict_data": z.train_dictionary(2048, SAMPLES, dict_id=5)},
        ),
        "missing without an ID": lambda z: decompressed(
            z, [frame(DOCUMENTS[0], dict_data=dictionary(zbatch), write_dict_id=False)]
        ),
    }
)
class Dictionaries(unittest.TestCase):
    """Training, making, digesting, using."""


# ---- errors, and the module


@side_by_side(
    {
        "ZstdError": lambda z: (z.ZstdError.__name__, z.ZstdError.__bases__, str(z.ZstdError("x")), z.ZstdError("x").args),
        "an error in a pickle": lambda z: (lambda e: (type(e) is z.ZstdError, str(e)))(
            pickle.loads(pickle.dumps(z.ZstdError("x")))
        ),
        "an error copied": lambda z: str(copy.copy(z.ZstdError("x"))),
        "features": lambda z: (sorted(z.backend_features), type(z.backend_features)),
        "backend": lambda z: type(z.backend),
        "constants": lambda z: {
            name: getattr(z, name) for name in sorted(dir(peer)) if name.isupper() and not name.startswith("_")
        },
        "segments counted": lambda z: collections.Counter(s.tobytes() for s in of_abc(z)).most_common(1),
    }
)
class Module(unittest.TestCase):
    """What the module itself has."""


@needs_peer
class Errors(unittest.TestCase):
    """The text of an error of one item is the peer's at every place in a batch."""

    def test_every_position(self) -> None:
        bad = {
            "garbage": b"foobarbaz",
            "checksum": bad_checksum(DOCUMENTS[0]),
            "dictionary": frame(DOCUMENTS[0], dict_data=dictionary(zbatch)),
        }
        for name, item in bad.items():
            for position in (0, 1, 7, 39, 40):
                batch = [*FRAMES[:position], item, *FRAMES[position:]]
                for container in (list, buffer_of, collection_of):
                    with self.subTest(name, position=position, container=container.__name__):

                        def action(z: Any, batch: list[bytes] = batch, container: Any = container) -> Any:
                            items = batch if container is list else container(batch, z)
                            return decompressed(z, items, threads=1)

                        ours = outcome(action, zbatch)
                        self.assertEqual(ours, outcome(action, peer))
                        self.assertIn(f"item {position}", ours[1])


if __name__ == "__main__":
    unittest.main()
