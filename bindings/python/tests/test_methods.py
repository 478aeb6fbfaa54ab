"""Methods that the library runs by itself: nothing but time tells them from their definitions."""

from __future__ import annotations

import copy
import functools
import gc
import inspect
import os
import pickle
import pydoc
import sys
import threading
import unittest
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import zbatch
from support import (
    bad_checksum,
    collection_of,
    contents,
    frame,
    frames,
    needs_fork,
    needs_proc,
    noise,
    records,
    resident,
    run,
    slow,
    unsized,
)
from zbatch import _call, _compressor, _containers, _decompressor, _methods
from zbatch._handles import Handle

DEFINITIONS: dict[str, Any] = {f"{kind.__name__}.{function.__name__}": function for kind, function, _ in _methods.METHODS}
ITEMS = records(20)
FRAMES = frames(ITEMS)


class Text(bytes):
    """No bytes exactly, but bytes."""


class Lender(bytes):
    """From Python 3.12 on it lends other bytes than its own."""

    def __buffer__(self, flags: int) -> memoryview:
        return memoryview(b"other")


class Number(int):
    """No int exactly."""


class Index:
    def __index__(self) -> int:
        return 1


class Listed(list[bytes]):
    """No list exactly."""


#: A compressor and a decompressor each; some have something special about them.
CODECS: dict[str, tuple[Any, Any]] = {
    "plain": (zbatch.ZstdCompressor(), zbatch.ZstdDecompressor()),
    "other": (
        zbatch.ZstdCompressor(19, write_content_size=False, write_checksum=True),
        zbatch.ZstdDecompressor(single_frame=True),
    ),
    "limited": (
        zbatch.ZstdCompressor(1, max_frame_size=1 << 20),
        zbatch.ZstdDecompressor(max_item_size=50, max_total_size=900),
    ),
    "strict": (zbatch.ZstdCompressor(-5), zbatch.ZstdDecompressor(require_checksum=True, allow_extra_data=True)),
    "closed": (zbatch.ZstdCompressor(), zbatch.ZstdDecompressor()),
    "magicless": (
        zbatch.ZstdCompressor(compression_params=zbatch.ZstdCompressionParameters(format=zbatch.FORMAT_ZSTD1_MAGICLESS)),
        zbatch.ZstdDecompressor(format=zbatch.FORMAT_ZSTD1_MAGICLESS),
    ),
}
for codec in CODECS["closed"]:
    codec.close()

#: What may be given as a batch, good and bad.
BATCHES: dict[str, Any] = {
    "one": [b"foo"],
    "a tuple": (b"foo", b"bar"),
    "an empty item": [b"", b"x"],
    "many": ITEMS * 3,
    "64": [b"foo"] * 64,
    "65": [b"foo"] * 65,
    "large": [noise(300_000), bytes(1_000_000)],
    "none": [],
    "no items": (),
    "empty items": [b"", b""],
    "bytes of a kind": [Text(b"foo"), b"bar"],
    "bytearrays": [bytearray(b"foo"), b"bar"],
    "a bytearray last": [b"foo", bytearray(b"bar")],
    "text": [b"foo", "bar"],
    "numbers": [1, 2],
    "nothing": None,
    "bytes": b"foo",
    "a list of a kind": Listed([b"foo"]),
    "a collection": collection_of([b"foo", b"bar"]),
    "frames": FRAMES,
    "frames in a tuple": tuple(FRAMES[:2]),
    "no size": [unsized(b"foo"), FRAMES[0]],
    "several": [FRAMES[0] + FRAMES[1]],
    "a bad one": [FRAMES[0], b"junk", b"more"],
    "a bad checksum": [FRAMES[0], bad_checksum(b"foo")],
    "cut": [FRAMES[0][:-1]],
    "more behind": [FRAMES[0] + b"x"],
    "a bomb": [frame(bytes(100_000))],
    "another one's": frames(ITEMS, compression_params=zbatch.ZstdCompressionParameters(format=1)),
}
#: And what beside it.
OPTIONS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    *(((), {"threads": threads}) for threads in (0, 1, 2, -1, 2**31 - 1, 2**31, -(2**31) - 1, 10**30)),
    *(((), {"threads": threads}) for threads in (True, Number(2), Index(), None, "1", 1.0)),
    *(((threads,), {}) for threads in (1, -5, 2**40, None, [3], b"")),
    ((1,), {"threads": 1}),
    ((None, 1), {}),
    ((1, 2, 3, 4), {}),
    ((), {"errors": "return"}),
    ((), {"errors": "other"}),
    ((), {"threads": 1, "errors": "return"}),
    ((), {"control": None}),
    ((), {"control": zbatch.Control()}),
    ((), {"verify": True}),
    ((), {"decompressed_sizes": None}),
    ((), {"unknown": 1}),
]


def outcome(call: Callable[[], Any]) -> Any:
    """All that can be told of what a call came to."""
    try:
        return told(call())
    except Exception as error:
        cause = None if error.__cause__ is None else (type(error.__cause__), str(error.__cause__))
        return type(error), told(error.args), getattr(error, "item", None), getattr(error, "__notes__", None), cause


def told(made: Any) -> Any:
    if isinstance(made, zbatch.BufferWithSegmentsCollection):
        errors = {i: (type(error), str(error)) for i, error in made.errors.items()}
        numbers = len(made), made.size(), len(made.buffers)
        return type(made), contents(made), numbers, errors, made.dictionary, vars(made).keys()
    if isinstance(made, zbatch.BufferSegment):
        return type(made), made.tobytes(), made.offset, type(made._owner)  # type: ignore[attr-defined]
    if isinstance(made, Iterator):
        return [told(one) for one in made]
    return type(made), made


class BothWays(unittest.TestCase):
    """The same calls of a method and of its definition."""

    def same(self, path: str, instance: Any, *arguments: Any, **named: Any) -> None:
        method = getattr(instance, path.split(".")[1])
        expected = outcome(lambda: DEFINITIONS[path](instance, *arguments, **named))
        self.assertEqual(outcome(lambda: method(*arguments, **named)), expected)

    def test_batches(self) -> None:
        for codecs, (compressor, decompressor) in CODECS.items():
            for name, batch in BATCHES.items():
                all_options = codecs == "plain" and name in ("a tuple", "frames", "a bad one", "numbers")
                options = OPTIONS if all_options else OPTIONS[:3]
                for arguments, named in options:
                    with self.subTest(codecs, batch=name, arguments=arguments, named=named):
                        self.same("ZstdCompressor.multi_compress_to_buffer", compressor, batch, *arguments, **named)
                        self.same("ZstdDecompressor.multi_decompress_to_buffer", decompressor, batch, *arguments, **named)

    def test_other_ways_to_name_them(self) -> None:
        for arguments, named in (
            ((), {}),
            ((), {"data": ITEMS}),
            ((), {"frames": FRAMES}),
            ((), {"threads": 1}),
            ((), {"threads": 1, "data": ITEMS, "frames": FRAMES}),
            ((ITEMS,), {"data": ITEMS}),
            ((FRAMES, None), {"threads": 1}),
            ((FRAMES, [len(item) for item in ITEMS]), {}),
            (tuple(range(40)), {}),
            ((), {f"name{i}": i for i in range(40)}),
        ):
            with self.subTest(arguments=arguments, named=named):
                compressor, decompressor = CODECS["plain"]
                self.same("ZstdCompressor.multi_compress_to_buffer", compressor, *arguments, **named)
                self.same("ZstdDecompressor.multi_decompress_to_buffer", decompressor, *arguments, **named)
                self.same("ZstdCompressor.compress", compressor, *arguments, **named)
                self.same("ZstdDecompressor.decompress", decompressor, *arguments, **named)

    def test_one_item(self) -> None:
        items: list[Any] = [item for batch in BATCHES.values() if isinstance(batch, (list, tuple)) for item in batch[:2]]
        for codecs, (compressor, decompressor) in CODECS.items():
            for item in (*items, bytearray(b"foo"), memoryview(FRAMES[0]), Text(FRAMES[0]), Lender(FRAMES[0]), None, "text", 1, ITEMS):
                with self.subTest(codecs, item=item[:10] if isinstance(item, bytes) else item):
                    self.same("ZstdCompressor.compress", compressor, item)
                    self.same("ZstdDecompressor.decompress", decompressor, item)
                    self.same("ZstdDecompressor.decompress", decompressor, item, 10)
                    self.same("ZstdDecompressor.decompress", decompressor, item, allow_extra_data=False)
                    self.same("ZstdDecompressor.decompress", decompressor, item, read_across_frames=True)

    def test_collections(self) -> None:
        closed = collection_of([b"foo"])
        closed.close()
        made = CODECS["plain"][0].multi_compress_to_buffer(ITEMS)
        for collection in made, collection_of([b"foo", b"bar"]), closed, pickle.loads(pickle.dumps(made)):
            for name in "__len__", "size", "__iter__", "tolist", "__getitem__":
                for arguments in (), (1,), (1, 2):
                    self.same(f"BufferWithSegmentsCollection.{name}", collection, *arguments)
                self.same(f"BufferWithSegmentsCollection.{name}", collection, name=1)
            for index in (0, 1, -1, 19, 20, -20, -21, 2**31, 10**30, -(10**30), True, Number(1), Index(), slice(2), None, "0"):
                with self.subTest(index=index):
                    self.same("BufferWithSegmentsCollection.__getitem__", collection, index)
        with self.assertRaisesRegex(ValueError, "closed"):
            len(closed)
        self.assertTrue(made)

    def test_names_are_known_however_they_are_made(self) -> None:
        """A name that a program makes is another object than the one that the library knows."""
        named = {"".join(("thre", "ads")): 1}
        self.assertEqual(contents(CODECS["plain"][0].multi_compress_to_buffer(ITEMS, **named)), FRAMES)

    def test_results_of_any_size(self) -> None:
        """From some size on not all segments are made at once."""
        for count in 1, 2, 1023, 1024, 1025, 3000:
            made = CODECS["plain"][0].multi_compress_to_buffer([b"%d" % i for i in range(count)])
            segments = list(made)
            self.assertEqual([s.tobytes() for s in segments], made.tolist())
            self.assertEqual([s.offset for s in segments], [made[i].offset for i in range(count)])
            del made
            gc.collect()
            self.assertEqual([zbatch.decompress(s) for s in segments], [b"%d" % i for i in range(count)])

    def test_attributes_of_results(self) -> None:
        made = CODECS["plain"][0].multi_compress_to_buffer(ITEMS)
        self.assertIs(made.errors, made.errors)
        self.assertEqual((made.errors, made.dictionary), ({}, None))
        made.errors[1] = KeyError()
        made.note = 1  # type: ignore[attr-defined]
        self.assertEqual(contents(copy.copy(made)), contents(made))
        self.assertEqual(list(copy.copy(made).errors), [1])
        with made as same:
            self.assertIs(same, made)
        self.assertIn("closed", repr(made))


class ByTheLibrary(unittest.TestCase):
    """The common case takes no frame of Python."""

    def test_definitions_are_left_alone(self) -> None:
        compressor, decompressor = CODECS["plain"]
        with (
            mock.patch.object(_call, "begin", None),
            mock.patch.object(_compressor, "new_frame", None),
            mock.patch.object(_decompressor, "new_content", None),
            mock.patch.multiple(_containers, pylib=None, new_list=None, new_bytes_list=None, new_object=None),
        ):
            for items in ([b"foo"], (b"foo", b"bar"), [Text(b"foo")], ITEMS, [b"foo"] * 64, [b"", b"x"], [noise(300_000)]):
                results = [
                    compressor.multi_compress_to_buffer(items),
                    compressor.multi_compress_to_buffer(items, 2),
                    compressor.multi_compress_to_buffer(items, threads=1),
                ]
                for made in results:
                    self.assertEqual(len(made), len(items))
                    packed = made.tolist()
                    self.assertEqual([segment.tobytes() for segment in made], packed)
                    self.assertEqual(made[len(made) - 1].tobytes(), packed[-1])
                    self.assertEqual(made.size(), sum(map(len, packed)))
                    for back in (
                        decompressor.multi_decompress_to_buffer(packed),
                        decompressor.multi_decompress_to_buffer(tuple(packed), threads=2),
                    ):
                        self.assertEqual(back.tolist(), list(items))
            self.assertEqual(decompressor.decompress(compressor.compress(ITEMS[0])), ITEMS[0])
            for other in (
                lambda: compressor.multi_compress_to_buffer([b"foo"] * 65),
                lambda: compressor.multi_compress_to_buffer([b"foo"], threads=True),
                lambda: zbatch.ZstdCompressor(22).multi_compress_to_buffer([noise(1 << 20)] * 20),
                lambda: decompressor.decompress(FRAMES[0], 100),
            ):
                with self.assertRaises(TypeError):
                    other()

    @needs_proc
    def test_one_thread_is_one(self) -> None:
        run(
            """
            import os
            import zbatch
            from support import noise

            def threads():
                return len(os.listdir("/proc/self/task"))

            items = [noise(500_000, i) + bytes(500_000) for i in range(8)]
            compressor, decompressor = zbatch.ZstdCompressor(), zbatch.ZstdDecompressor()
            before = threads()
            made = compressor.multi_compress_to_buffer(items, 1).tolist()
            compressor.multi_compress_to_buffer(items, threads=1)
            decompressor.multi_decompress_to_buffer(made, threads=1)
            assert threads() == before
            """
        )

    def test_everything_goes_on_where_methods_cannot_be_made(self) -> None:
        for missing in "PyDescr_NewMethod", "PyObject_Vectorcall":
            run(
                """
                import ctypes, sys

                class Without:
                    def __getattr__(self, name):
                        if name == sys.argv[1]:
                            raise AttributeError(name)
                        return getattr(pythonapi, name)

                    __getitem__ = __getattr__

                pythonapi, ctypes.pythonapi = ctypes.pythonapi, Without()
                import zbatch
                made = zbatch.ZstdCompressor().multi_compress_to_buffer([b"foo"])
                assert len(made) == 1 and made.size() == len(made[0]) and made.errors == {}
                assert zbatch.decompress(made[0]) == b"foo"
                assert type(zbatch.ZstdCompressor.compress) is type(lambda: 0)
                """,
                missing,
            )

    def test_a_package_that_is_imported_twice(self) -> None:
        run(
            """
            import sys
            import zbatch as first
            for name in [name for name in sys.modules if name.split(".")[0] == "zbatch"]:
                del sys.modules[name]
            import zbatch as second
            assert first is not second and first.ZstdCompressor is not second.ZstdCompressor
            for z in first, second:
                for other in first, second:
                    made = z.ZstdCompressor().multi_compress_to_buffer([b"foo", b"bar"])
                    assert type(made) is z.BufferWithSegmentsCollection and len(made) == 2
                    assert other.ZstdDecompressor().multi_decompress_to_buffer(made.tolist()).tolist() == [b"foo", b"bar"]
            """
        )


class LikeAnyMethod(unittest.TestCase):
    """What programs do with methods."""

    def test_signatures_and_documentation(self) -> None:
        for path, definition in DEFINITIONS.items():
            kind, name = path.split(".")
            method = getattr(getattr(zbatch, kind), name)
            with self.subTest(path):
                self.assertTrue(inspect.ismethoddescriptor(method))
                self.assertEqual((method.__name__, method.__qualname__), (name, path))
                self.assertEqual(method.__doc__ or None, definition.__doc__)
                plain = [(p.name, p.default, p.kind) for p in inspect.signature(definition).parameters.values()]
                shown = [(p.name, p.default, p.kind) for p in inspect.signature(method).parameters.values()]
                self.assertEqual(shown[1:], plain[1:])
        self.assertIn("errors='raise'", pydoc.plain(pydoc.render_doc(zbatch.ZstdCompressor)))

    def test_subclasses(self) -> None:
        class Mine(zbatch.ZstdCompressor):
            def compress(self, data: Any) -> bytes:
                return b"mine" + super().compress(data)

            def multi_compress_to_buffer(self, data: Any, *arguments: Any, **named: Any) -> Any:
                return super().multi_compress_to_buffer([*data, b"mine"], *arguments, **named)

        class Plain(zbatch.ZstdDecompressor):
            pass

        class Counted(zbatch.BufferWithSegmentsCollection):
            def __len__(self) -> int:
                return super().__len__() + 1

        self.assertEqual(Mine().compress(b"foo"), b"mine" + zbatch.compress(b"foo"))
        made = Mine().multi_compress_to_buffer([b"foo"], threads=1)
        self.assertEqual(Plain().multi_decompress_to_buffer(made.tolist()).tolist(), [b"foo", b"mine"])
        self.assertEqual(len(Counted(*collection_of([b"foo", b"bar"]).buffers)), 3)

    def test_bound_and_unbound(self) -> None:
        compressor, decompressor = CODECS["plain"]
        bound = compressor.multi_compress_to_buffer
        for call in (
            bound,
            functools.partial(bound, threads=1),
            functools.partial(zbatch.ZstdCompressor.multi_compress_to_buffer, compressor),
            functools.partial(type(compressor).multi_compress_to_buffer, compressor),
        ):
            self.assertEqual(contents(call(ITEMS)), FRAMES)
        self.assertEqual(list(map(decompressor.decompress, FRAMES)), ITEMS)
        for method in zbatch.ZstdCompressor.compress, zbatch.ZstdCompressor.multi_compress_to_buffer:
            for wrong in (), (decompressor, b"foo"), (object(), [b"foo"]), ([b"foo"],):
                with self.assertRaises(TypeError):
                    method(*wrong)  # type: ignore[arg-type]
        with self.assertRaises(TypeError):
            zbatch.BufferWithSegmentsCollection.__len__([])  # type: ignore[arg-type]

    def test_what_was_never_made(self) -> None:
        for kind in zbatch.ZstdCompressor, zbatch.ZstdDecompressor:
            blank: Any = kind.__new__(kind)
            name = "compress" if kind is zbatch.ZstdCompressor else "decompress"
            for method in name, f"multi_{name}_to_buffer":
                expected = outcome(lambda m=method: DEFINITIONS[f"{kind.__name__}.{m}"](blank, [b"foo"]))
                self.assertEqual(outcome(lambda m=method: getattr(blank, m)([b"foo"])), expected)

    def test_pickles(self) -> None:
        method = zbatch.ZstdCompressor.multi_compress_to_buffer
        self.assertEqual(pickle.loads(pickle.dumps(method)), method)
        for mine in CODECS["plain"][0], CODECS["plain"][0].compress:
            with self.assertRaisesRegex(TypeError, "cannot pickle a ZstdCompressor"):
                pickle.dumps(mine)

    def test_they_can_be_replaced(self) -> None:
        with mock.patch.object(zbatch.ZstdCompressor, "compress", lambda self, data: b"replaced"):
            self.assertEqual(CODECS["plain"][0].compress(b"foo"), b"replaced")
        self.assertEqual(CODECS["plain"][0].compress(b"foo"), zbatch.compress(b"foo"))


def calls() -> list[Callable[[], Any]]:
    """Calls that come to each end that there is."""
    compressor, decompressor = CODECS["plain"]
    closed = CODECS["closed"][0]
    made = compressor.multi_compress_to_buffer(ITEMS[:2])
    return [
        lambda: compressor.multi_compress_to_buffer(ITEMS[:3]),
        lambda: compressor.multi_compress_to_buffer(BATCHES["a tuple"], threads=1),
        lambda: compressor.multi_compress_to_buffer(BATCHES["text"]),
        lambda: compressor.multi_compress_to_buffer(BATCHES["bytearrays"], 1),
        lambda: compressor.multi_compress_to_buffer(BATCHES["empty items"]),
        lambda: compressor.multi_compress_to_buffer(BATCHES["one"], threads=2**40),
        lambda: compressor.multi_compress_to_buffer(BATCHES["one"], unknown=1),
        lambda: closed.multi_compress_to_buffer(BATCHES["one"]),
        lambda: decompressor.multi_decompress_to_buffer(FRAMES),
        lambda: decompressor.multi_decompress_to_buffer(BATCHES["a bad one"]),
        lambda: compressor.compress(ITEMS[0]),
        lambda: decompressor.decompress(FRAMES[0]),
        lambda: decompressor.decompress(BATCHES["cut"][0]),
        lambda: len(made),
        lambda: made.size(),
        lambda: made[1],
        lambda: made[-1],
        lambda: made[2],
        lambda: made["text"],  # type: ignore[call-overload]
        lambda: list(made),
        lambda: made.tolist(),
    ]


class References(unittest.TestCase):
    def counts(self) -> list[int]:
        things: list[Any] = [*ITEMS[:3], *FRAMES, *BATCHES["one"], ITEMS, FRAMES, *filter(None, BATCHES.values())]
        for codec in CODECS["plain"]:
            things += [codec, codec._handle]
        things += [Handle, zbatch.BufferWithSegmentsCollection, zbatch.ZstdCompressor]
        things += [list, tuple, int, bytes, "threads", "_handle"]
        things += DEFINITIONS.values()
        return [sys.getrefcount(thing) for thing in things]

    def test_every_reference_is_given_back(self) -> None:
        for i, call in enumerate(calls()):
            with self.subTest(i):
                outcome(call)
                gc.collect()
                before = self.counts()
                for _ in range(300):
                    outcome(call)
                gc.collect()
                after = self.counts()
                self.assertEqual([b - a for a, b in zip(before, after) if abs(b - a) > 5], [])

    @slow
    @needs_proc
    def test_memory_stays(self) -> None:
        for i, call in enumerate(calls()):
            with self.subTest(i):
                for _ in range(2000):
                    outcome(call)
                gc.collect()
                before = resident()
                for _ in range(100_000 if i == 0 else 10_000):
                    outcome(call)
                gc.collect()
                self.assertLess(resident() - before, 1 << 20)


class Threads(unittest.TestCase):
    """Others go on meanwhile."""

    def test_many_call_at_once(self) -> None:
        compressor, decompressor = zbatch.ZstdCompressor(), zbatch.ZstdDecompressor()
        large = [noise(50_000, i) + bytes(50_000) for i in range(8)]
        expected = frames(large)
        wrong: list[Any] = []

        def work() -> None:
            for i in range(30):
                small = compressor.multi_compress_to_buffer(ITEMS[i % 5 : 10])
                if contents(small) != FRAMES[i % 5 : 10] or decompressor.decompress(FRAMES[i % 20]) != ITEMS[i % 20]:
                    wrong.append(i)
                made = compressor.multi_compress_to_buffer(large, threads=i % 3)
                if contents(made) != expected or decompressor.multi_decompress_to_buffer(made.tolist()).tolist() != large:
                    wrong.append(i)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_the_list_changes_and_the_codec_is_closed(self) -> None:
        """The items and the codec of a call are its own until it is over."""
        for i in range(20):
            compressor, decompressor = zbatch.ZstdCompressor(), zbatch.ZstdDecompressor()
            expected = [noise(200_000, seed) + bytes(100_000) for seed in range(i, i + 8)]
            for method, codec, items in (
                ("multi_compress_to_buffer", compressor, [bytes(bytearray(item)) for item in expected]),
                ("multi_decompress_to_buffer", decompressor, frames(expected)),
            ):
                begin = threading.Event()

                def spoil(codec: Any = codec, items: list[bytes] = items, begin: threading.Event = begin) -> None:
                    begin.wait()
                    codec.close()
                    items[:] = [b"spoilt" * 10_000] * 3
                    items.clear()

                thread = threading.Thread(target=spoil)
                thread.start()
                begin.set()
                try:
                    made = getattr(codec, method)(items, threads=1)
                except ValueError:  # the other was first
                    continue
                finally:
                    thread.join()
                if len(made) == len(expected):
                    if codec is compressor:
                        made = zbatch.ZstdDecompressor().multi_decompress_to_buffer(made)
                    self.assertEqual(made.tolist(), expected)

    @needs_fork
    def test_fork_while_another_is_inside(self) -> None:
        compressor = zbatch.ZstdCompressor(6)
        large = [noise(100_000, i) + bytes(200_000) for i in range(8)]
        over = threading.Event()

        def work() -> None:
            while not over.is_set():
                compressor.multi_compress_to_buffer(large, threads=2)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            for _ in range(10):
                pid = os.fork()
                if not pid:
                    made = compressor.multi_compress_to_buffer(ITEMS)
                    back = zbatch.ZstdDecompressor().multi_decompress_to_buffer(made.tolist(), threads=2)
                    os._exit(0 if back.tolist() == ITEMS else 1)
                self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)
        finally:
            over.set()
            thread.join()

    def test_the_interpreter_ends_meanwhile(self) -> None:
        """Daemon threads that wait for their turn then are ended inside a method, and hold nothing that minds."""
        run(
            """
            import threading, time
            import zbatch
            from support import noise
            items = [noise(100_000, i) for i in range(8)]
            compressor = zbatch.ZstdCompressor()
            def work():
                while True:
                    compressor.multi_compress_to_buffer(items, threads=1)
            for _ in range(3):
                threading.Thread(target=work, daemon=True).start()
            time.sleep(0.1)
            """
        )


if __name__ == "__main__":
    unittest.main()
