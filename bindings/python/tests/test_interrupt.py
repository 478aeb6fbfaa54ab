"""Stopping a batch: Ctrl-C, and Control from another thread; and progress."""

from __future__ import annotations

import _thread
import gc
import signal
import sys
import threading
import time
import unittest
import unittest.mock
import weakref
from collections.abc import Callable
from typing import Any

from support import PACKAGE, bad_checksum, finish, frame, frames, needs_pyarrow, noise, records, slow, start, wait_for

import zbatch
from zbatch import Control, ZstdCompressor, ZstdDecompressor, ZstdError, _call

#: A program that begins a long batch, proves by a counter that a worker is inside, is interrupted, and tells how long it took.
INTERRUPTED = """
    import _thread, os, random, signal, sys, threading, time
    import zbatch
    from support import wait_for

    call, way = sys.argv[1:]
    control = zbatch.Control()
    item = random.Random(1).randbytes(50_000) * 3
    compressor, decompressor = zbatch.ZstdCompressor(19), zbatch.ZstdDecompressor()
    sent = []

    def interrupt():
        wait_for(lambda: control.items_running and control.items_done >= 2)
        sent.append(time.perf_counter())
        if way == "signal":
            os.kill(os.getpid(), signal.SIGINT)
        else:
            control.cancel()

    if call == "compress":
        count = 2000  # minutes of work
        action = lambda: compressor.multi_compress_to_buffer([item] * count, 2, control=control)
    else:
        frame = zbatch.compress(bytes(40_000_000) + item, 1)
        count = 30
        action = lambda: decompressor.multi_decompress_to_buffer([frame] * count, threads=2, control=control)
        if call == "into":
            action = lambda: decompressor.multi_decompress_packed(
                [frame] * count, bytearray(count * 41_000_000), threads=2, control=control
            )
    helper = threading.Thread(target=interrupt)
    helper.start()
    try:
        action()
    except KeyboardInterrupt:
        took = time.perf_counter() - sent[0]
        kind = "KeyboardInterrupt"
    except zbatch.ZstdError as error:
        took = time.perf_counter() - sent[0]
        kind = error.status
    else:
        kind, took = "finished", 0
    helper.join()
    assert control.items_running == 0, control.items_running
    # One item alone, to know what "the items in progress" may cost.
    one = time.perf_counter()
    compressor.multi_compress_to_buffer([item], 1) if call == "compress" else decompressor.decompress(frame)
    one = time.perf_counter() - one
    print(kind, took, one, control.items_done < count)
    # Everything goes on working.
    made = compressor.multi_compress_to_buffer([b"foo"] * 100, 2)
    assert [s.tobytes() for s in decompressor.multi_decompress_to_buffer(made)] == [b"foo"] * 100
"""


#: Arrow arrays in and out until a signal's handler raises. Prints how many came out, how many were lost, and the bytes that
#: pyarrow had before and after.
ARROW = """
    import gc, random, signal, sys, time
    import pyarrow, zbatch

    class Interrupt(BaseException):
        pass

    handled = 0

    def handler(*_):
        global handled
        handled += 1
        raise Interrupt

    signal.signal(signal.SIGALRM, handler)
    source = random.Random(int(sys.argv[1]))
    compressor = zbatch.ZstdCompressor(1)
    column = pyarrow.chunked_array([[b"a"], [b"b"]] * 20)
    collection = compressor.multi_compress_to_buffer([b"abc"] * 3)
    actions = [
        lambda: compressor.multi_compress_to_buffer(column),
        lambda: pyarrow.array(collection),
        lambda: collection.__arrow_c_array__(),
    ]
    for action in actions:
        action()
    gc.collect()
    had = pyarrow.total_allocated_bytes()
    raised = returned = 0
    ends = time.monotonic() + float(sys.argv[2])
    while time.monotonic() < ends:
        action, before = source.choice(actions), handled
        try:
            signal.setitimer(signal.ITIMER_REAL, source.uniform(1e-5, 4e-4))
            try:
                while handled == before:
                    action()
                returned += 1
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except Interrupt:
            raised += 1
    gc.collect()
    print(raised, returned, had, pyarrow.total_allocated_bytes())
"""


#: Batches of every kind and of sizes on both sides of every branch, each with a signal whose handler raises, at a random moment
#: of it. Nothing may stay pinned, and what comes after must be right.
AT_ANY_MOMENT = """
    import random, signal, sys, time
    import zbatch
    from zbatch import ZstdCompressor, ZstdDecompressor

    class Interrupt(Exception):
        pass

    armed = False

    def handler(*_):
        global armed
        if armed:
            armed = False
            raise Interrupt

    signal.signal(signal.SIGALRM, handler)
    source = random.Random(int(sys.argv[1]))
    compressor, decompressor = ZstdCompressor(1), ZstdDecompressor()
    small = [b"item %d " % i * 3 for i in range(2000)]
    frames = [bytearray(s) for s in compressor.multi_compress_to_buffer(small)]
    items = [bytearray(item) for item in small]
    rows = [bytearray(len(item)) for item in small]
    block = bytearray(sum(map(len, small)))

    def compress(n):
        made = compressor.multi_compress_to_buffer(items[:n])
        return lambda: [zbatch.decompress(s) for s in made] == small[:n]

    def decompress(n):
        made = decompressor.multi_decompress_to_buffer(frames[:n])
        return lambda: made.tolist() == small[:n]

    def one_by_one(n):
        made = [compressor.compress(item) for item in items[:n]]
        back = [decompressor.decompress(frame) for frame in frames[:n] if zbatch.frame_content_size(frame)]
        return lambda: back == small[:n] and [zbatch.decompress(frame) for frame in made] == back

    def into(n):
        sizes = decompressor.multi_decompress_into(frames[:n], rows[:n])
        return lambda: sizes == [len(item) for item in small[:n]] and rows[:n] == small[:n]

    def packed(n):
        made = decompressor.multi_decompress_packed(frames[:n], block)
        return lambda: made.tolist() == small[:n]

    batches = [(batch, n) for batch in (compress, decompress, one_by_one, into, packed) for n in (1, 2, 16, 65, 2000)]
    took = {}
    for batch, n in batches * 3:
        begun = time.perf_counter()
        check = batch(n)
        took[batch, n] = time.perf_counter() - begun
        assert check()
    interrupted = 0
    ends = time.monotonic() + float(sys.argv[2])
    while time.monotonic() < ends:
        batch, n = source.choice(batches)
        check = None
        try:
            armed = True
            signal.setitimer(signal.ITIMER_REAL, took[batch, n] * source.random() * 1.1 + 1e-6)
            check = batch(n)
            armed = False
        except Interrupt:
            interrupted += 1
        armed = False
        assert check is None or check()
        check = None
        for memory in (items, frames, rows, [block]):
            for item in memory[:n]:
                item.append(0)  # nobody holds it
                item.pop()
    for batch, n in batches:
        assert batch(n)()
    print(interrupted)
"""


class CtrlC(unittest.TestCase):
    """SIGINT to a process whose main thread is inside a batch."""

    def check(self, call: str, way: str, expected: str) -> None:
        for attempt in range(3):
            kind, took, one, early = finish(start(INTERRUPTED, call, way)).split()
            self.assertEqual(kind, expected)
            self.assertEqual(early, "True")
            # 100 ms, and the items in progress: one for each of two threads on what may be one free core. Other programs
            # may hold up one attempt.
            if float(took) < 0.1 + 3 * float(one) + 0.1:
                return
        self.fail(f"it took {took} s to end, with items of {one} s")

    def test_compressing(self) -> None:
        self.check("compress", "signal", "KeyboardInterrupt")

    def test_decompressing(self) -> None:
        self.check("decompress", "signal", "KeyboardInterrupt")

    def test_decompressing_into_memory_of_the_caller(self) -> None:
        self.check("into", "signal", "KeyboardInterrupt")

    @slow
    def test_cancelled_compressing(self) -> None:
        self.check("compress", "cancel", "ZBATCH_ERROR_CANCELLED")

    @slow
    def test_cancelled_decompressing(self) -> None:
        self.check("decompress", "cancel", "ZBATCH_ERROR_CANCELLED")

    def test_from_outside(self) -> None:
        process = start(
            """
            import threading, zbatch
            from support import wait_for
            control = zbatch.Control()

            def tell():
                wait_for(lambda: control.items_running)
                print("inside", flush=True)

            threading.Thread(target=tell).start()
            item = bytes(range(256)) * 400
            try:
                zbatch.ZstdCompressor(22).multi_compress_to_buffer([item] * 100_000, 2, control=control)
            except KeyboardInterrupt:
                print("interrupted", control.items_running, flush=True)
            """
        )
        assert process.stdout is not None
        self.assertEqual(process.stdout.readline().strip(), "inside")
        process.send_signal(signal.SIGINT)
        self.assertEqual(finish(process).strip(), "interrupted 0")

    def test_without_a_control_of_ones_own(self) -> None:
        out = finish(
            start(
                """
                import _thread, random, threading, time, zbatch
                item = random.Random(1).randbytes(50_000) * 3
                timer = threading.Timer(0.3, lambda: (sent.append(time.perf_counter()), _thread.interrupt_main()))
                sent = []
                timer.start()
                try:
                    zbatch.ZstdCompressor(19).multi_compress_to_buffer([item] * 3000, 2)
                except KeyboardInterrupt:
                    print(time.perf_counter() - sent[0])
                """
            )
        )
        self.assertLess(float(out), 1)

    def test_another_handler_runs_at_once_and_the_batch_goes_on(self) -> None:
        out = finish(
            start(
                """
                import os, random, signal, threading, time, zbatch
                from support import wait_for
                control = zbatch.Control()
                seen = []
                signal.signal(signal.SIGINT, lambda *_: seen.append((control.items_done, time.perf_counter())))
                sent = []

                def interrupt():
                    wait_for(lambda: control.items_running)
                    sent.append(time.perf_counter())
                    os.kill(os.getpid(), signal.SIGINT)

                threading.Thread(target=interrupt).start()
                item = random.Random(1).randbytes(30_000)
                made = zbatch.ZstdCompressor(19).multi_compress_to_buffer([item] * 200, 2, control=control)
                print(len(made), seen[0][0] < 200, seen[0][1] - sent[0] < 0.3)
                """
            )
        )
        self.assertEqual(out.split(), ["200", "True", "True"])

    @slow
    def test_interrupts_at_any_moment_leave_nothing_behind(self) -> None:
        out = finish(
            start(
                """
                import _thread, gc, random, threading, time, zbatch
                source = random.Random(1)
                item = source.randbytes(20_000) * 2
                data = bytearray(item)
                compressor = zbatch.ZstdCompressor(12)
                caught = 0
                for i in range(40):
                    timer = threading.Timer(source.random() * 0.15, _thread.interrupt_main)
                    try:
                        timer.start()
                        try:
                            while True:
                                compressor.multi_compress_to_buffer([data, item] * 30, 2)
                        finally:
                            timer.cancel()
                    except KeyboardInterrupt:
                        caught += 1
                    try:
                        timer.join()
                        time.sleep(0)
                    except KeyboardInterrupt:
                        pass
                gc.collect()
                data.append(1)  # nobody holds it
                made = compressor.multi_compress_to_buffer([b"foo"] * 50, 2)
                assert [zbatch.decompress(s) for s in made] == [b"foo"] * 50
                print(caught)
                """
            )
        )
        self.assertGreater(int(out), 30)


    @unittest.skipUnless(hasattr(signal, "setitimer"), "this system has no timers of signals")
    def test_a_handler_that_raises_at_any_moment_leaves_nothing_pinned(self) -> None:
        self.assertGreater(int(finish(start(AT_ANY_MOMENT, "1", "3"))), 100)


    @unittest.skipUnless(hasattr(signal, "setitimer"), "this system has no timers of signals")
    def test_training_that_cannot_be_stopped(self) -> None:
        out = finish(
            start(
                """
                import random, signal, sys, zbatch
                source = random.Random(1)
                samples = [source.randbytes(1000) for _ in range(20_000)]
                signal.signal(signal.SIGALRM, signal.default_int_handler)
                signal.setitimer(signal.ITIMER_REAL, 0.1)
                try:
                    zbatch.train_dictionary(100_000, samples, d=8, steps=40)
                except KeyboardInterrupt:
                    print(len(sys._current_frames()) - 1, "other thread trains")
                assert len(zbatch.train_dictionary(1000, samples[:500])) <= 1000
                """
            )
        )
        self.assertEqual(out.strip(), "1 other thread trains")

    @needs_pyarrow
    @unittest.skipUnless(hasattr(signal, "setitimer"), "this system has no timers of signals")
    def test_arrow_arrays_lose_no_signal(self) -> None:
        raised, returned, before, after = map(int, finish(start(ARROW, "1", "2")).split())
        self.assertGreater(raised, 100)
        self.assertEqual((returned, after), (0, before))


class AtEveryLine(unittest.TestCase):
    """An exception at each step of Python's inside the package, as the handler of a signal may raise there."""

    def setUp(self) -> None:
        self.addCleanup(setattr, _call, "LONG", _call.LONG)
        self.addCleanup(sys.settrace, sys.gettrace())
        self.compressor, self.decompressor = ZstdCompressor(1), ZstdDecompressor()
        self.items = [bytearray(item) for item in records(20)]
        self.frames = [bytearray(made) for made in frames(records(20))]

    def interrupted(self, action: Callable[[], object], at: int) -> bool:
        """Whether there is so late a step. What is raised there must be what comes out."""
        steps = 0

        class Interrupt(BaseException):
            pass

        def trace(frame: Any, event: str, argument: object) -> Any:
            nonlocal steps
            if not frame.f_code.co_filename.startswith(str(PACKAGE)):
                return None
            steps += 1
            if steps == at:
                raise Interrupt
            return trace

        sys.settrace(trace)
        try:
            action()
        except Interrupt:
            return True
        finally:
            sys.settrace(None)
        return steps >= at

    def test_one_item(self) -> None:
        item, made = self.items[0], self.frames[0]
        for action in (
            lambda: self.compressor.compress(item),
            lambda: self.decompressor.decompress(made),
            lambda: zbatch.frame_content_size(made),
            lambda: zbatch.get_frame_parameters(made),
        ):
            at = 1
            while self.interrupted(action, at):
                at += 1
            self.assertGreater(at, 5)

    def test_a_batch_in_another_thread(self) -> None:
        aside = _call.Call._aside
        went = []

        def counted(call: Any, *arguments: Any) -> Any:
            went.append(call)
            return aside(call, *arguments)

        self.addCleanup(setattr, _call.Call, "_aside", aside)
        at = 1
        while True:
            _call.LONG = 1
            if not self.interrupted(lambda: self.compressor.multi_compress_to_buffer(self.items), at):
                break
            at += 1
            for call in _call._idle:
                self.assertIsNone(call._options.control)
            with unittest.mock.patch.object(_call.Call, "_aside", counted):
                self.compressor.multi_compress_to_buffer(self.items)
            self.assertEqual(len(went), 1)
            went.clear()
            _call.LONG = 10**12
            made = self.compressor.multi_compress_to_buffer(self.items)
            self.assertEqual([zbatch.decompress(s) for s in made], self.items)
        self.assertGreater(at, 40)


class Cancel(unittest.TestCase):
    """Control in this process."""

    def test_an_interrupted_batch_lets_go_of_its_items(self) -> None:
        class Item(bytearray):
            pass

        item = Item(noise(100_000))
        seen = weakref.ref(item)
        control = Control()

        def interrupt() -> None:
            wait_for(lambda: control.items_running)
            _thread.interrupt_main()

        helper = threading.Thread(target=interrupt)
        helper.start()
        gc.disable()
        self.addCleanup(gc.enable)
        try:
            ZstdCompressor(19).multi_compress_to_buffer([item] * 500, 2, control=control)
        except KeyboardInterrupt:
            pass
        else:
            self.fail("it was not interrupted")
        finally:
            helper.join()
        del item
        self.assertTrue(seen() is None)  # not its bytes, should it fail

    def test_an_interrupt_of_every_kind_of_batch(self) -> None:
        # Letters by chance take longest to decompress: 200 ms here.
        content = bytes(byte & 7 for byte in noise(1_000_000))
        frame = zbatch.compress(content, 1)
        count = 250
        reader = ZstdDecompressor()
        batches = {
            "to_buffer": lambda control: reader.multi_decompress_to_buffer([frame] * count, control=control),
            "into": lambda control: reader.multi_decompress_into(
                [frame] * count, [bytearray(len(content)) for _ in range(count)], control=control
            ),
            "packed": lambda control: reader.multi_decompress_packed(
                [frame] * count, bytearray(len(content) * count), control=control
            ),
        }
        for name, batch in batches.items():
            control = Control()

            def interrupt(control: Control = control) -> None:
                wait_for(lambda: control.items_running)
                _thread.interrupt_main()

            helper = threading.Thread(target=interrupt)
            helper.start()
            with self.subTest(name):
                with self.assertRaises(KeyboardInterrupt):
                    batch(control)
                self.assertLess(control.items_done, count)
            helper.join()

    def test_an_interrupt_of_an_interrupt_leaves_the_batch_what_it_reads(self) -> None:
        class Twice(Exception):
            pass

        class Library:
            def __getattr__(self, name: str) -> Any:
                return getattr(lib, name)

            def zbatch_control_cancel(self, control: int) -> None:
                raise Twice  # the second comes while the first is dealt with

        lib = _call.lib
        data = bytearray(noise(100_000))
        control = Control()

        def interrupt() -> None:
            wait_for(lambda: control.items_running)
            _thread.interrupt_main()

        helper = threading.Thread(target=interrupt)
        helper.start()
        _call.lib = Library()
        try:
            with self.assertRaises(Twice):
                ZstdCompressor(19).multi_compress_to_buffer([data] * 40, 1, control=control)
        finally:
            _call.lib = lib
        helper.join()
        self.assertTrue(control.items_running)
        with self.assertRaises(BufferError):
            data.append(1)
        items = [bytearray(b"foo"), b"bar"] * 3
        while control.items_running:
            made = ZstdCompressor().multi_compress_to_buffer(items)
            self.assertEqual([zbatch.decompress(s) for s in made], items)
            control.cancel()

        def is_free() -> bool:
            try:
                data.append(1)
            except BufferError:
                return False
            return True

        wait_for(is_free)

    def test_from_a_thread(self) -> None:
        for threads in (1, 2):
            control = Control()
            inside: list[int] = []

            def cancel(control: Control = control, inside: list[int] = inside) -> None:
                wait_for(lambda: control.items_running)
                inside.append(control.items_running)
                control.cancel()

            canceller = threading.Thread(target=cancel)
            canceller.start()
            with self.assertRaises(ZstdError) as caught:
                ZstdCompressor(19).multi_compress_to_buffer([noise(100_000, i) for i in range(300)], threads, control=control)
            canceller.join()
            self.assertEqual(caught.exception.status, "ZBATCH_ERROR_CANCELLED")
            self.assertGreaterEqual(inside[0], 1)
            self.assertLess(control.items_done, 300)
            self.assertEqual(control.items_running, 0)

    def test_in_a_thread_that_is_not_the_main_one(self) -> None:
        control = Control()
        result: list[object] = []

        def work() -> None:
            try:
                result.append(ZstdCompressor(19).multi_compress_to_buffer([noise(100_000)] * 300, control=control))
            except ZstdError as error:
                result.append(error.status)

        worker = threading.Thread(target=work)
        worker.start()
        wait_for(lambda: control.items_running)
        control.cancel()
        worker.join()
        self.assertEqual(result, ["ZBATCH_ERROR_CANCELLED"])

    def test_what_was_done_is_delivered(self) -> None:
        control = Control()
        items = [noise(60_000, i) * 2 for i in range(200)]

        def cancel() -> None:
            wait_for(lambda: control.items_done >= 3)
            control.cancel()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        made = ZstdCompressor(19).multi_compress_to_buffer(items, 2, control=control, errors="return")
        canceller.join()
        self.assertGreaterEqual(len(items) - len(made.errors), 3)
        self.assertTrue(made.errors)
        self.assertEqual({e.status for e in made.errors.values()}, {"ZBATCH_ERROR_CANCELLED"})
        for i, segment in enumerate(made):
            if i in made.errors:
                self.assertEqual(len(segment), 0)
            else:
                self.assertEqual(zbatch.decompress(segment), items[i])

    def test_reset(self) -> None:
        control = Control()
        control.cancel()
        with self.assertRaises(ZstdError):
            ZstdCompressor().multi_compress_to_buffer([b"x"], control=control)
        control.reset()
        self.assertEqual(len(ZstdCompressor().multi_compress_to_buffer([b"x"], control=control)), 1)

    def test_a_cancelled_control_does_not_stop_others(self) -> None:
        control = Control()
        control.cancel()
        compressor = ZstdCompressor()
        for _ in range(3):
            with self.assertRaises(ZstdError):
                compressor.multi_compress_to_buffer([b"x"], control=control)
            self.assertEqual(len(compressor.multi_compress_to_buffer([b"x"])), 1)
            self.assertEqual(len(compressor.multi_compress_to_buffer([b"x"], control=Control())), 1)

    def test_no_control(self) -> None:
        for bad in (3, "x", object()):
            with self.assertRaises(TypeError):
                ZstdCompressor().multi_compress_to_buffer([b"x"], control=bad)  # type: ignore[arg-type]


class Progress(unittest.TestCase):
    """The counters."""

    def test_they_add_up(self) -> None:
        documents = records(500)
        made = frames(documents)
        for threads in (1, 2, 0):
            control = Control()
            self.assertEqual((control.items_done, control.bytes_done, control.items_running), (0, 0, 0))
            ZstdCompressor().multi_compress_to_buffer(documents, threads, control=control)
            self.assertEqual((control.items_done, control.bytes_done), (500, sum(map(len, documents))))
            ZstdDecompressor().multi_decompress_to_buffer(made, threads=threads, control=control)
            self.assertEqual((control.items_done, control.bytes_done), (1000, sum(map(len, documents + made))))
            control.reset()
            self.assertEqual((control.items_done, control.bytes_done, control.items_running), (0, 0, 0))

    def test_failed_items_count(self) -> None:
        control = Control()
        batch = [frame(b"foo"), bad_checksum(b"foo"), frame(b"bar")]
        ZstdDecompressor().multi_decompress_to_buffer(batch, control=control, errors="return")
        self.assertEqual(control.items_done, 3)

    def test_they_can_only_be_read(self) -> None:
        control = Control()
        for name in ("items_done", "bytes_done", "items_running"):
            with self.assertRaises(AttributeError):
                setattr(control, name, 1)

    def test_other_threads_run_meanwhile(self) -> None:
        turns = 0
        over = threading.Event()

        def count() -> None:
            nonlocal turns
            while not over.is_set():
                turns += 1
                time.sleep(0)

        counter = threading.Thread(target=count)
        before = sys.getswitchinterval()
        counter.start()
        try:
            turns_before = turns
            begun = time.perf_counter()
            ZstdCompressor(19).multi_compress_to_buffer([noise(100_000, i) for i in range(8)], 1)
            took = time.perf_counter() - begun
            during = turns - turns_before
        finally:
            over.set()
            counter.join()
            sys.setswitchinterval(before)
        self.assertGreater(during, took / 0.01)


if __name__ == "__main__":
    unittest.main()
