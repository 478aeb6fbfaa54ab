"""Memory: nothing is left behind, and a batch takes no more of it than the peer's."""

from __future__ import annotations

import gc
import statistics
import sys
import tracemalloc
import unittest

from support import needs_peer, needs_proc, run, slow

#: Ten thousand batches, half of which fail, each way; prints by how many bytes the process grew.
BATCHES = """
    import gc, sys
    import zbatch
    from support import bad_checksum, buffer_of, collection_of, frames, noise, records, resident

    documents = records(20, size=100)
    good = frames(documents)
    bad = [*good[:10], bad_checksum(b"foo"), *good[11:]]
    compressor, decompressor = zbatch.ZstdCompressor(1), zbatch.ZstdDecompressor()
    dictionary = zbatch.ZstdCompressionDict(b"city celsius reading" * 20)
    lengths = [len(d) for d in documents]
    rows = [bytearray(200) for _ in documents]
    block = bytearray(20 * 200)

    def expect(kind, action):
        try:
            action()
        except kind:
            return
        raise AssertionError("that should have failed")

    def one(i):
        threads = i % 3
        way = i % 10
        if way == 0:
            made = compressor.multi_compress_to_buffer(documents, threads)
            [zbatch.Control() for _ in range(10)]
            [s.tobytes() for s in made], made.tolist(), made[3], made.offsets, made.buffers
        elif way == 1:
            expect(TypeError, lambda: compressor.multi_compress_to_buffer([*documents, 3], threads))
        elif way == 2:
            made = decompressor.multi_decompress_to_buffer(good, lengths, threads)
            list(memoryview(s) for s in made)
        elif way == 3:
            expect(zbatch.ZstdError, lambda: decompressor.multi_decompress_to_buffer(bad, None, threads))
        elif way == 4:
            result = decompressor.multi_decompress_to_buffer([b"x", *bad], None, threads, errors="return")
            assert len(result.errors) == 2
        elif way == 5:
            expect(ValueError, lambda: decompressor.multi_decompress_to_buffer(collection_of([*good, b"x"]), None, threads))
        elif way == 6:
            decompressor.multi_decompress_into(good, rows, threads)
            decompressor.multi_decompress_packed(good, block, None, threads)
        elif way == 7:
            expect(zbatch.ZstdError, lambda: decompressor.multi_decompress_into(bad, rows, threads))
            expect(ValueError, lambda: zbatch.BufferWithSegments(b"foo", bytes([9] * 16)))
        elif way == 8:
            with zbatch.ZstdCompressor(1, dict_data=dictionary) as c, zbatch.ZstdDecompressor(dictionary) as d:
                d.multi_decompress_to_buffer(c.multi_compress_to_buffer(buffer_of(documents), threads))
        elif way == 9:
            expect(zbatch.ZstdError, lambda: decompressor.multi_decompress_packed(bad, block, None, threads))
            expect(zbatch.ZstdError, lambda: decompressor.decompress(bad[10]))

    for i in range(2000):
        one(i)
    gc.collect()
    before = resident()
    for i in range(10_000):
        one(i)
    gc.collect()
    print(resident() - before)
"""

#: One batch in a fresh process; prints by how many bytes the peak grew.
PEAK = """
    import ctypes, importlib, random, sys
    name, workload, threads = sys.argv[1:]
    z = importlib.import_module(name)
    source = random.Random(1)
    word = [source.randbytes(12) for _ in range(50)]

    base = b" ".join(source.choice(word) for _ in range(200_000))

    def text(size):
        at = source.randrange(len(base) - size)
        return base[at : at + size]

    count, size, data = {
        "small": (20_000, 1000, text), "medium": (400, 64_000, text), "big": (24, 1_000_000, text),
        "random": (48, 1_000_000, source.randbytes), "zeros": (64, 1_000_000, bytes),
    }[workload.split()[0]]
    items = [data(size) for _ in range(count)]
    compressor, decompressor = z.ZstdCompressor(), z.ZstdDecompressor()
    frames = [compressor.compress(item) for item in items]
    compressor = z.ZstdCompressor()
    if workload.endswith(" compress"):
        batch, action = items, lambda b: compressor.multi_compress_to_buffer(b, threads=int(threads))
    else:
        batch, action = frames, lambda b: decompressor.multi_decompress_to_buffer(b, threads=int(threads))
    # Give back what is free, or a batch that uses it again would seem to need nothing; then start a new count.
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except AttributeError:
        pass
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")

    def peak():
        with open("/proc/self/status") as file:
            lines = dict(line.split(":", 1) for line in file)
        return int(lines["VmHWM"].split()[0]) * 1024

    before = peak()
    result = action(batch)
    print(peak() - before)
"""


@needs_proc
class Growth(unittest.TestCase):
    """Nothing stays."""

    @slow
    def test_ten_thousand_batches_half_of_which_fail(self) -> None:
        self.assertLess(int(run(BATCHES)), 1 << 20)

    def test_results_are_freed(self) -> None:
        grown = int(
            run(
                """
                import zbatch
                from support import resident
                frame = zbatch.compress(bytes(4_000_000))
                decompressor = zbatch.ZstdDecompressor()
                uses = [
                    lambda r: None, lambda r: r[0], lambda r: list(r), lambda r: memoryview(r[0])[5:], lambda r: r.buffers,
                    lambda r: r.buffers[0].segments()[0], lambda r: (r.offsets, r.lengths), lambda r: next(iter(r)),
                    lambda r: r.close(), lambda r: r.tobytes(), lambda r: r[0] == b"x", lambda r: r.__arrow_c_array__(),
                ]
                for use in uses:
                    use(decompressor.multi_decompress_to_buffer([frame] * 2))
                before = resident()
                for i in range(300):
                    use = uses[i % len(uses)]
                    use(decompressor.multi_decompress_to_buffer([frame] * 2))
                print(resident() - before)
                """
            )
        )
        self.assertLess(grown, 80_000_000)  # what the library keeps, and one result; not 300 of 8 MB

    def test_what_is_kept_is_told_and_given_back(self) -> None:
        size = 4_000_000
        kept, shrunk, left = map(
            int,
            run(
                """
                import sys
                import zbatch
                from support import resident

                size = int(sys.argv[1])
                frame = zbatch.compress(bytes(size))
                assert zbatch.ZstdDecompressor().multi_decompress_to_buffer([frame]).tolist() == [bytes(size)]
                kept, before = zbatch.retained_size(), resident()
                zbatch.release_retained()
                print(kept, before - resident(), zbatch.retained_size())
                """,
                str(size),
            ).split(),
        )
        self.assertEqual((kept >= size, left), (True, 0))
        self.assertLess(kept, 2 * size)
        self.assertGreater(shrunk, size * 3 // 4)

    def test_no_objects_are_left(self) -> None:
        import zbatch
        from support import bad_checksum, frames, records

        good = frames(records(10))
        bad = [*good, bad_checksum(b"x")]
        compressor, decompressor = zbatch.ZstdCompressor(), zbatch.ZstdDecompressor()

        def everything() -> None:
            made = compressor.multi_compress_to_buffer(records(10))
            list(made), made.tolist(), made.buffers, made.offsets, made[0]
            decompressor.multi_decompress_to_buffer(made)
            try:
                decompressor.multi_decompress_to_buffer(bad)
            except zbatch.ZstdError:
                pass
            decompressor.multi_decompress_to_buffer(bad, errors="return")

        for _ in range(20):
            everything()
        gc.collect()
        gc.disable()
        try:
            blocks = sys.getallocatedblocks()
            for _ in range(100):
                everything()
            # Nothing is left to the garbage collector, which empties the interpreter's own lists of free objects here.
            self.assertEqual(gc.collect(), 0)
            self.assertLess(sys.getallocatedblocks() - blocks, 100)
        finally:
            gc.enable()

    def test_objects_of_python_are_counted(self) -> None:
        import zbatch
        from support import frames

        batch = frames([b"x" * 100] * 1000)
        decompressor = zbatch.ZstdDecompressor()
        decompressor.multi_decompress_to_buffer(batch).tolist()
        tracemalloc.start()
        try:
            made = decompressor.multi_decompress_to_buffer(batch)
            current = tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
        self.assertEqual(len(made), 1000)
        self.assertLess(current, 100_000)  # a result is no list of objects


@needs_proc
@needs_peer
class Peak(unittest.TestCase):
    """Beside the peer, each batch in a process of its own."""

    def check(self, workload: str, threads: int) -> None:
        found: dict[str, list[int]] = {"zbatch": [], "zstandard": []}
        for _ in range(3):
            for name, peaks in found.items():
                peaks.append(int(run(PEAK, name, workload, str(threads))))
            ours, theirs = (statistics.median(peaks) for peaks in found.values())
            if ours < theirs + (2 << 20) * threads:
                return
        self.fail(f"{workload}, {threads} threads: {ours / 1e6:.1f} MB beside {theirs / 1e6:.1f} MB")

    def test_small_items(self) -> None:
        self.check("small compress", 2)
        self.check("small decompress", 2)

    @slow
    def test_medium_items(self) -> None:
        self.check("medium compress", 2)
        self.check("medium decompress", 2)

    @slow
    def test_big_items(self) -> None:
        self.check("big compress", 2)
        self.check("big decompress", 2)

    @slow
    def test_incompressible_items(self) -> None:
        for threads in (1, 2):
            self.check("random compress", threads)
        self.check("random decompress", 2)

    @slow
    def test_very_compressible_items(self) -> None:
        for threads in (1, 2):
            self.check("zeros compress", threads)
        self.check("zeros decompress", 2)

    @slow
    def test_one_thread(self) -> None:
        self.check("small compress", 1)
        self.check("big decompress", 1)


if __name__ == "__main__":
    unittest.main()
