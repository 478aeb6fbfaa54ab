"""Threads that share what they use, fork, spawn, and the end of the interpreter."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
import threading
import unittest
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from support import contents, frames, needs_fork, noise, records, run, slow, wait_for

import zbatch
from zbatch import Control, ZstdCompressor, ZstdDecompressor

DOCUMENTS = records(300, size=300)
FRAMES = frames(DOCUMENTS)

#: Made before any fork, and used by children.
COMPRESSOR = ZstdCompressor(5)
DECOMPRESSOR = ZstdDecompressor()


def there_and_back(seed: int) -> int:
    """One batch each way, with the handles that the parent made."""
    items = records(200, seed, size=300)
    made = COMPRESSOR.multi_compress_to_buffer(items, threads=2)
    back = DECOMPRESSOR.multi_decompress_to_buffer(made, threads=2)
    assert contents(back) == items
    return len(back)


def compressed(items: list[bytes]) -> zbatch.BufferWithSegmentsCollection:
    return COMPRESSOR.multi_compress_to_buffer(items, threads=2)


class Threads(unittest.TestCase):
    """One object, many threads."""

    def test_two_batches_of_one_compressor_at_once(self) -> None:
        """Each thread waits inside the other's batch: a counter of each shows that both are at work."""
        compressor = ZstdCompressor(19)
        controls = [Control(), Control()]
        items = [noise(30_000, i) for i in range(400)]
        results: list[object] = []

        def work(control: Control) -> None:
            try:
                results.append(compressor.multi_compress_to_buffer(items, 1, control=control))
            except zbatch.ZstdError as error:
                results.append(error.status)

        workers = [threading.Thread(target=work, args=(control,)) for control in controls]
        for worker in workers:
            worker.start()
        try:
            wait_for(lambda: controls[0].items_running and controls[1].items_running)
            done = [control.items_done for control in controls]
            wait_for(lambda: all(control.items_done > before for control, before in zip(controls, done, strict=True)))
        finally:
            for control in controls:
                control.cancel()
            for worker in workers:
                worker.join()
        self.assertEqual(results, ["ZBATCH_ERROR_CANCELLED"] * 2)

    def test_everything_shared(self) -> None:
        dictionary = zbatch.train_dictionary(2048, records(2000))
        compressor = ZstdCompressor(3, dict_data=dictionary)
        decompressor = ZstdDecompressor(dict_data=dictionary)
        expected = contents(compressor.multi_compress_to_buffer(DOCUMENTS))
        shared = decompressor.multi_decompress_to_buffer(expected)

        def work(number: int) -> None:
            for i in range(25):
                made = compressor.multi_compress_to_buffer(DOCUMENTS, threads=number % 3)
                assert contents(made) == expected
                assert contents(decompressor.multi_decompress_to_buffer(made, threads=number % 3)) == DOCUMENTS
                assert decompressor.decompress(expected[i]) == DOCUMENTS[i]
                assert compressor.compress(DOCUMENTS[i]) == expected[i]
                assert [bytes(s) for s in shared] == DOCUMENTS
                assert shared.tolist() == DOCUMENTS
                assert shared[number].tobytes() == DOCUMENTS[number]

        with ThreadPoolExecutor(8) as pool:
            for future in [pool.submit(work, number) for number in range(8)]:
                future.result()

    def test_indexing_one_result_from_many_threads(self) -> None:
        shared = ZstdDecompressor().multi_decompress_to_buffer(FRAMES)
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)

        def work(number: int) -> None:
            for i in range(2000):
                index = (i * (number + 1)) % len(DOCUMENTS)
                assert shared[index].tobytes() == DOCUMENTS[index], index

        try:
            with ThreadPoolExecutor(4) as pool:
                for future in [pool.submit(work, number) for number in range(4)]:
                    future.result()
        finally:
            sys.setswitchinterval(interval)

    def test_closed_while_others_use_it(self) -> None:
        for _ in range(20):
            compressor = ZstdCompressor(3)
            result = compressor.multi_compress_to_buffer(DOCUMENTS)
            wrong: list[BaseException] = []

            def work(compressor: ZstdCompressor = compressor, result: object = result, wrong: list[BaseException] = wrong) -> None:
                try:
                    for _ in range(20):
                        made = compressor.multi_compress_to_buffer(DOCUMENTS)
                        assert len(made) == len(DOCUMENTS)
                        assert len(result.tolist()) == len(DOCUMENTS)  # type: ignore[attr-defined]
                except ValueError:
                    pass
                except BaseException as error:
                    wrong.append(error)

            workers = [threading.Thread(target=work) for _ in range(3)]
            for worker in workers:
                worker.start()
            compressor.close()
            result.close()
            for worker in workers:
                worker.join()
            self.assertEqual(wrong, [])


@needs_fork
class Fork(unittest.TestCase):
    """Children of fork."""

    def check_child(self, pid: int) -> None:
        _, status = os.waitpid(pid, 0)
        self.assertEqual(status, 0)

    def fork(self, action: object) -> int:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                action()  # type: ignore[operator]
                code = 0
            finally:
                os._exit(code)
        return pid

    def test_a_child_uses_what_the_parent_made(self) -> None:
        there_and_back(1)
        result = compressed(DOCUMENTS)
        views = [memoryview(s) for s in result]

        def child() -> None:
            there_and_back(2)
            assert contents(DECOMPRESSOR.multi_decompress_to_buffer(result, threads=2)) == DOCUMENTS
            assert [bytes(v) for v in views] == result.tolist()

        for _ in range(5):
            self.check_child(self.fork(child))
        there_and_back(3)

    def test_a_grandchild(self) -> None:
        there_and_back(1)

        def child() -> None:
            there_and_back(2)
            pid = self.fork(lambda: there_and_back(3))
            assert os.waitpid(pid, 0)[1] == 0

        self.check_child(self.fork(child))

    def test_while_another_thread_is_inside_a_batch(self) -> None:
        control = Control()

        def work() -> None:
            try:
                COMPRESSOR.multi_compress_to_buffer([noise(60_000, 1) * 3] * 20_000, threads=2, control=control)
            except zbatch.ZstdError:
                pass

        worker = threading.Thread(target=work)
        worker.start()
        try:
            for _ in range(10):
                done = wait_for(lambda: control.items_running and control.items_done)
                pid = self.fork(lambda: there_and_back(2))
                self.assertTrue(worker.is_alive())
                self.check_child(pid)
                wait_for(lambda done=done: control.items_done > done)
        finally:
            control.cancel()
            worker.join()

    @slow
    def test_a_pool(self) -> None:
        there_and_back(1)
        with multiprocessing.get_context("fork").Pool(2) as pool:
            self.assertEqual(pool.map(there_and_back, range(20)), [200] * 20)
            made = pool.map(compressed, [DOCUMENTS] * 3)
        for result in made:
            self.assertIsInstance(result, zbatch.BufferWithSegmentsCollection)
            self.assertEqual(contents(result), contents(compressed(DOCUMENTS)))


class Spawn(unittest.TestCase):
    """Children of spawn, to whom everything goes in pickles."""

    @slow
    def test_a_pool(self) -> None:
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
            self.assertEqual(list(pool.map(there_and_back, range(4))), [200] * 4)
            (made,) = pool.map(compressed, [DOCUMENTS])
        self.assertEqual(contents(DECOMPRESSOR.multi_decompress_to_buffer(made)), DOCUMENTS)

    def test_handles_say_that_they_cannot_be_pickled(self) -> None:
        for thing in (COMPRESSOR, DECOMPRESSOR, Control()):
            for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
                with self.assertRaises(TypeError) as caught:
                    pickle.dumps(thing, protocol)
                self.assertIn("pickle", str(caught.exception))

    def test_dictionaries_and_parameters(self) -> None:
        dictionary = zbatch.train_dictionary(2048, records(2000))
        params = zbatch.ZstdCompressionParameters.from_level(7, write_checksum=1)
        try:
            again = pickle.loads(pickle.dumps(dictionary))
            same = pickle.loads(pickle.dumps(params))
        except TypeError as error:  # as the peer's
            self.assertIn("pickle", str(error))
        else:
            self.assertEqual(again.as_bytes(), dictionary.as_bytes())
            self.assertEqual(same.window_log, params.window_log)


class Exit(unittest.TestCase):
    """The interpreter ends while things are alive."""

    def test_with_views_alive(self) -> None:
        out = run(
            """
            import sys, zbatch
            compressor = zbatch.ZstdCompressor()
            decompressor = zbatch.ZstdDecompressor()
            control = zbatch.Control()
            result = decompressor.multi_decompress_to_buffer(compressor.multi_compress_to_buffer([b"foo", b"bar"] * 500, 2), threads=2)
            segments = list(result)
            view = memoryview(result[0])
            offsets = result.offsets
            iterator = iter(result)
            next(iterator)
            table = result.buffers[0].segments()
            data = bytearray(b"foobar")
            mine = zbatch.BufferWithSegments(data, bytes(16))
            dictionary = zbatch.ZstdCompressionDict(b"foobar" * 10)
            sys.modules["keeper"] = [compressor, decompressor, result, segments, view, table, mine, dictionary, control, iterator]
            cycle = [result, view]
            cycle.append(cycle)
            print("end")
            """
        )
        self.assertEqual(out.strip(), "end")

    def test_in_destructors_and_atexit(self) -> None:
        out = run(
            """
            import atexit, zbatch

            class Late:
                def __init__(self):
                    self.compressor = zbatch.ZstdCompressor()
                def __del__(self):
                    try:
                        made = self.compressor.multi_compress_to_buffer([b"foo"] * 1000, 2)
                        assert len(made) == 1000
                    except (ImportError, TypeError, AttributeError, NameError):
                        pass  # the interpreter has taken its modules apart
                    print("late", flush=True)

            late = Late()
            atexit.register(lambda: print(len(zbatch.ZstdCompressor().multi_compress_to_buffer([b"x"] * 1000, 2))))
            """
        )
        self.assertEqual(out.split(), ["1000", "late"])

    def test_while_a_daemon_is_inside_a_batch(self) -> None:
        out = run(
            """
            import random, threading, zbatch
            from support import wait_for
            control = zbatch.Control()
            item = random.Random(1).randbytes(100_000)

            def work():
                zbatch.ZstdCompressor(19).multi_compress_to_buffer([item] * 100_000, 2, control=control)

            threading.Thread(target=work, daemon=True).start()
            wait_for(lambda: control.items_running)
            print("inside")
            """
        )
        self.assertEqual(out.strip(), "inside")

    def test_while_a_daemon_is_inside_one_item(self) -> None:
        for work in ["compressor.compress(item)", "decompressor.decompress(frame)", "decompressor.decompress(unsized)"]:
            with self.subTest(work):
                out = run(
                    f"""
                    import os, threading, time, zbatch
                    item = os.urandom(1 << 20) * 16
                    compressor, decompressor = zbatch.ZstdCompressor(1), zbatch.ZstdDecompressor()
                    frame = compressor.compress(item)
                    unsized = zbatch.ZstdCompressor(1, write_content_size=False).compress(item)
                    begun = threading.Event()

                    def work():
                        begun.set()
                        while True:
                            {work}

                    threading.Thread(target=work, daemon=True).start()
                    begun.wait()
                    time.sleep(0.02)
                    print("inside")
                    """
                )
                self.assertEqual(out.strip(), "inside")

    def test_imported_twice_and_reloaded(self) -> None:
        out = run(
            """
            import sys, zbatch
            kept = zbatch.ZstdCompressor().multi_compress_to_buffer([b"foo"])
            for name in [n for n in sys.modules if n.split(".")[0] == "zbatch"]:
                del sys.modules[name]
            import zbatch as again
            assert again is not zbatch
            made = again.ZstdCompressor().multi_compress_to_buffer([b"foo"])
            assert made[0].tobytes() == kept[0].tobytes() == again.ZstdCompressor().compress(b"foo")
            assert again.ZstdDecompressor().multi_decompress_to_buffer([kept[0]])[0].tobytes() == b"foo"
            print("twice")
            """
        )
        self.assertEqual(out.strip(), "twice")


if __name__ == "__main__":
    unittest.main()
