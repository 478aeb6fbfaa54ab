"""What the tests share: the package, the peer that it is compared with, data for both, and programs that run beside."""

from __future__ import annotations

import array
import importlib
import importlib.util
import json
import os
import random
import reprlib
import shutil
import struct
import subprocess
import sys
import textwrap
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zbatch


def _optional(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


peer = _optional("zstandard")
numpy = _optional("numpy")
pyarrow = _optional("pyarrow")
hypothesis = _optional("hypothesis")
stdlib_zstd = _optional("compression.zstd")
zstd_program = shutil.which("zstd")

needs_peer = unittest.skipUnless(peer, "zstandard is not installed")
needs_numpy = unittest.skipUnless(numpy, "numpy is not installed")
needs_pyarrow = unittest.skipUnless(pyarrow, "pyarrow is not installed")
needs_hypothesis = unittest.skipUnless(hypothesis, "hypothesis is not installed")
needs_stdlib_zstd = unittest.skipUnless(stdlib_zstd, "this Python has no compression.zstd")
needs_zstd_program = unittest.skipUnless(zstd_program, "there is no zstd program")
needs_fork = unittest.skipUnless(hasattr(os, "fork"), "this system has no fork")
needs_proc = unittest.skipUnless(os.path.exists("/proc/self/status"), "this system has no /proc")
slow = unittest.skipIf(os.environ.get("ZBATCH_TEST_QUICK"), "slow, and ZBATCH_TEST_QUICK is set")

TESTS = Path(__file__).resolve().parent
PACKAGE = Path(zbatch.__file__).resolve().parent

#: Thread counts that must all give the same.
THREADS = (1, 0, 2, 3, -1)


# ---- data


def table(*segments: tuple[int, int]) -> bytes:
    """The packed table of (offset, length) pairs."""
    return b"".join(struct.pack("=QQ", *segment) for segment in segments)


def sizes(*values: int) -> bytes:
    """Packed 64-bit integers, as `decompressed_sizes` wants them."""
    return struct.pack(f"={len(values)}Q", *values)


def buffer_of(items: list[bytes], z: Any = zbatch) -> Any:
    """A BufferWithSegments of these items, back to back."""
    places, at = [], 0
    for item in items:
        places.append((at, len(item)))
        at += len(item)
    return z.BufferWithSegments(b"".join(items), table(*places))


def collection_of(items: list[bytes], z: Any = zbatch, every: int = 2) -> Any:
    """A collection of these items, in several buffers."""
    parts = [items[i : i + every] for i in range(0, len(items), every)]
    return z.BufferWithSegmentsCollection(*[buffer_of(part, z) for part in parts])


def records(count: int, seed: int = 1, size: int = 0) -> list[bytes]:
    """Small documents that are like each other; with `size` each is about that long."""
    source = random.Random(seed)
    cities = ["Oslo", "Lima", "Accra", "Hanoi", "Turin"]
    made = []
    for i in range(count):
        fields = {"id": i, "city": source.choice(cities), "celsius": source.random()}
        text = json.dumps(fields).encode()
        while len(text) < size:
            text += json.dumps({"reading": source.randrange(10**6), "city": source.choice(cities)}).encode()
        made.append(text)
    return made


def noise(size: int, seed: int = 7) -> bytes:
    """Bytes that do not compress."""
    return random.Random(seed).randbytes(size)


def frame(data: bytes, z: Any = zbatch, level: int = 3, **options: Any) -> bytes:
    """One frame."""
    made: bytes = z.ZstdCompressor(level, **options).compress(data)
    return made


def frames(items: list[bytes], z: Any = zbatch, level: int = 3, **options: Any) -> list[bytes]:
    """A frame for each item."""
    compressor = z.ZstdCompressor(level, **options)
    return [compressor.compress(item) for item in items]


def unsized(data: bytes) -> bytes:
    """A frame that does not record the size of its content."""
    return frame(data, write_content_size=False)


def checked(data: bytes) -> bytes:
    """A frame with a checksum."""
    return frame(data, write_checksum=True)


def bad_checksum(data: bytes) -> bytes:
    """A frame whose checksum is of something else."""
    good = checked(data)
    return good[:-1] + bytes([good[-1] ^ 0xFF])


def skippable(payload: bytes) -> bytes:
    """A frame that decoders skip."""
    return struct.pack("<II", 0x184D2A50, len(payload)) + payload


def declaring(content_size: int, blocks: bytes = b"\x01\x00\x00") -> bytes:
    """A frame whose header declares this content size, before one empty block."""
    return struct.pack("<IBQ", 0xFD2FB528, 0xE0, content_size) + blocks


def with_window_log(data: bytes, window_log: int) -> bytes:
    """A frame whose header asks for a window of 2 to the power of `window_log`, and that records no content size."""
    content = b"".join(
        struct.pack("<I", (len(part) << 3) | last)[:3] + part
        for part, last in ((data[i : i + 65536], int(i + 65536 >= len(data))) for i in range(0, len(data), 65536))
    )
    return struct.pack("<IBB", 0xFD2FB528, 0x00, (window_log - 10) << 3) + content


def contents(result: Any) -> list[bytes]:
    """The segments of a container, copied one at a time through its indices."""
    return [result[i].tobytes() for i in range(len(result))]


def words(*values: int) -> array.array[int]:
    """An array of 64-bit integers."""
    return array.array("Q", values)


# ---- the package beside the peer


class Raised(tuple):
    """An exception as programs see it: its type and its text."""

    __slots__ = ()


def normal(value: Any) -> Any:
    """The value in a form that is equal for both modules when a program could not tell the difference."""
    kind = type(value).__name__
    if kind == "BufferSegment":
        return kind, value.tobytes()
    if kind == "BufferSegments":
        return kind, bytes(memoryview(value))
    if kind == "BufferWithSegments":
        return kind, value.tobytes(), bytes(memoryview(value.segments()))
    if kind == "BufferWithSegmentsCollection":
        return kind, contents(value), value.size()
    if kind == "FrameParameters":
        return kind, value.content_size, value.window_size, value.dict_id, value.has_checksum
    if isinstance(value, memoryview):
        return value.format, value.itemsize, value.ndim, value.shape, value.readonly, value.c_contiguous, value.tobytes()
    if isinstance(value, (list, tuple)):
        return type(value)(normal(element) for element in value)
    if isinstance(value, dict):
        return {key: normal(element) for key, element in value.items()}
    return value


def outcome(action: Callable[[Any], Any], z: Any) -> Any:
    """What the action gives with this module, or raises."""
    try:
        return normal(action(z))
    except Exception as error:
        kind = type(error)
        return Raised((kind.__name__ if kind is z.ZstdError else kind, str(error)))


def difference(ours: Any, theirs: Any) -> str:
    """Where two outcomes part, in short: unittest takes minutes to tell that of a megabyte of frames."""
    if type(ours) is type(theirs) and isinstance(ours, (list, tuple)) and len(ours) == len(theirs):
        for i, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            if mine != other:
                return f"[{i}]" + difference(mine, other)
    if isinstance(ours, bytes) and isinstance(theirs, bytes) and len(ours) + len(theirs) > 1000:
        at = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs)))
        return f": {len(ours)} bytes and {len(theirs)} bytes, which part at {at}"
    return f": {reprlib.repr(ours) if len(repr(ours)) > 2000 else ours!r} != {theirs!r:.2000}"


def assert_same(test: unittest.TestCase, ours: Any, theirs: Any) -> None:
    """That the package's outcome is the peer's."""
    if ours != theirs:
        test.fail(difference(ours, theirs))


def side_by_side(
    rows: dict[str, Callable[[Any], Any]], differ: dict[str, Any] | None = None
) -> Callable[[type], type]:
    """Makes a test of each row: what it does with the peer is what it must do with the package.

    `differ` has, by title, what the package gives where it differs on purpose; a difference that is gone fails too.
    """
    unused = set(differ or ()) - set(rows)
    assert not unused, unused

    def test(title: str, action: Callable[[Any], Any]) -> Callable[[Any], None]:
        def run(self: Any) -> None:
            ours, theirs = outcome(action, zbatch), outcome(action, peer)
            if differ and title in differ:
                self.assertEqual(ours, differ[title])
                self.assertNotEqual(ours, theirs)
            else:
                assert_same(self, ours, theirs)

        return run

    def decorate(cls: type) -> type:
        for title, action in rows.items():
            name = "test_" + "".join(c if c.isalnum() else "_" for c in title)
            assert not hasattr(cls, name), name
            method = test(title, action)
            method.__doc__ = title
            setattr(cls, name, method)
        return needs_peer(cls)  # type: ignore[no-any-return]

    return decorate


# ---- programs that run beside


def environment(**more: str) -> dict[str, str]:
    """The environment in which another Python finds the package and the tests."""
    paths = [str(PACKAGE.parent), str(TESTS), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), **more}


def start(code: str, *arguments: str, **more: str) -> subprocess.Popen[str]:
    """Starts another Python with this program."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], timeout: float = 120) -> str:
    """Its output, once it ended well."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"the program did not end within {timeout} s\n{out}\n{err}") from None
    if process.returncode != 0 or "Traceback" in err or "Exception ignored" in err:
        raise AssertionError(f"the program ended with {process.returncode}\n{out}\n{err}")
    return out


def run(code: str, *arguments: str, timeout: float = 120, **more: str) -> str:
    """The output of another Python with this program, which must end well."""
    return finish(start(code, *arguments, **more), timeout)


def wait_for(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """Waits until the condition holds, and returns it; not forever, or a call that failed would hang its test."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError("this never came")
        time.sleep(0.0005)
    return found


def resident() -> int:
    """Bytes of memory that this process has at the moment."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")
