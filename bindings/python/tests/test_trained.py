"""Batches that train their own dictionary: there and back, what they save, and what is delivered beside them."""

from __future__ import annotations

import copy
import os
import pickle
import random
import signal
import threading
import time
import unittest
from array import array
from typing import Any

from support import contents, noise, records

import zbatch
from zbatch import BufferWithSegmentsCollection, Control, ZstdCompressor, ZstdError


def lines(count: int, seed: int = 1) -> list[bytes]:
    """Lines of a log, about 130 bytes each."""
    source = random.Random(seed)
    paths = ("/api/v1/users", "/api/v1/orders", "/static/app.js", "/healthz", "/login", "/search?q=lamp")
    agents = ("Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0", "python-requests/2.31", "Go-http-client/2.0")
    return [
        b'10.%d.%d.%d - - [%d] "GET %s HTTP/1.1" %d %d "%s" request=%016x'
        % (
            *source.randbytes(3),
            1_700_000_000 + i // 50,
            source.choice(paths).encode(),
            source.choice((200, 200, 304, 404)),
            source.randrange(90_000),
            source.choice(agents).encode(),
            source.getrandbits(64),
        )
        for i in range(count)
    ]


LINES = lines(5000)


def size(made: BufferWithSegmentsCollection) -> int:
    return made.size() + (0 if made.dictionary is None else len(made.dictionary))


class Trained(unittest.TestCase):
    def test_there_and_back(self) -> None:
        made = zbatch.multi_compress_trained(LINES)
        plain = ZstdCompressor().multi_compress_to_buffer(LINES).size()
        self.assertLess(size(made) * 1.8, plain)
        dictionary = made.dictionary
        assert dictionary is not None
        self.assertEqual(zbatch.get_frame_parameters(made[7].tobytes()).dict_id, dictionary.dict_id())
        self.assertEqual(zbatch.multi_decompress_trained(made).tolist(), LINES)
        self.assertEqual(zbatch.multi_decompress_trained(list(made), dictionary).tolist(), LINES)
        stored = zbatch.ZstdCompressionDict(dictionary.as_bytes())
        back = zbatch.ZstdDecompressor(stored).multi_decompress_to_buffer(made)
        self.assertEqual(back.tolist(), LINES)
        self.assertIsNone(back.dictionary)

    def test_the_same_on_any_number_of_threads(self) -> None:
        first = zbatch.multi_compress_trained(LINES, threads=1)
        for threads in (1, 2, 3, 8, -1):
            again = zbatch.multi_compress_trained(LINES, threads=threads)
            self.assertEqual(again.tobytes(), first.tobytes())
            assert again.dictionary is not None and first.dictionary is not None
            self.assertEqual(again.dictionary.as_bytes(), first.dictionary.as_bytes())

    def test_a_wrong_dictionary_is_refused(self) -> None:
        made, other = (zbatch.multi_compress_trained(LINES, dict_id=number) for number in (40_000, 40_001))
        assert made.dictionary is not None
        self.assertEqual(made.dictionary.dict_id(), 40_000)
        with self.assertRaises(ZstdError) as raised:
            zbatch.multi_decompress_trained(made, other.dictionary)
        self.assertEqual((raised.exception.item, raised.exception.status), (0, "ZBATCH_ERROR_DICT_MISMATCH"))
        with self.assertRaises(ZstdError):
            zbatch.multi_decompress_trained(list(made))

    def test_what_no_dictionary_helps(self) -> None:
        for items in ([b"one"], [b"", b"one"], [noise(100, seed) for seed in range(500)], [noise(1 << 17)] * 3):
            made = zbatch.multi_compress_trained(items)
            self.assertIsNone(made.dictionary)
            self.assertEqual(zbatch.multi_decompress_trained(made).tolist(), items)
        with self.assertRaises(ValueError):
            zbatch.multi_compress_trained([])

    def test_items_without_a_byte(self) -> None:
        for items in ([b""], [b""] * 100, zbatch.BufferWithSegments(b"", bytes(32)), zbatch.Columns(b"", array("Q", [0, 0]))):
            for compress in (zbatch.multi_compress_trained, ZstdCompressor().multi_compress_to_buffer):
                with self.assertRaisesRegex(ValueError, "^source elements are empty$"):
                    compress(items)

    def test_pickles_and_copies_have_the_dictionary(self) -> None:
        made = zbatch.multi_compress_trained(LINES)
        for protocol in (2, 5):
            back = pickle.loads(pickle.dumps(made, protocol))
            self.assertEqual(zbatch.multi_decompress_trained(back).tolist(), LINES)
            self.assertEqual(back.dictionary.as_bytes(), made.dictionary.as_bytes())  # type: ignore[union-attr]
        self.assertEqual(zbatch.multi_decompress_trained(copy.copy(made)).tolist(), LINES)
        plain = ZstdCompressor().multi_compress_to_buffer(LINES)
        self.assertIsNone(pickle.loads(pickle.dumps(plain)).dictionary)

    def test_inputs_of_every_kind(self) -> None:
        expected = zbatch.multi_compress_trained(LINES).tobytes()
        joined, offsets = b"".join(LINES), [0]
        for line in LINES:
            offsets.append(offsets[-1] + len(line))
        kinds: list[Any] = [
            tuple(LINES),
            iter(LINES),
            [bytearray(line) for line in LINES],
            zbatch.Columns(joined, array("Q", offsets)),
            zbatch.multi_decompress_trained(zbatch.multi_compress_trained(LINES)),
        ]
        for items in kinds:
            self.assertEqual(zbatch.multi_compress_trained(items).tobytes(), expected, type(items))

    def test_the_caller_chooses(self) -> None:
        made = zbatch.multi_compress_trained(LINES, 19, 1024, write_checksum=True, verify=True)
        assert made.dictionary is not None
        self.assertLessEqual(len(made.dictionary), 1024)
        self.assertTrue(zbatch.get_frame_parameters(made[0].tobytes()).has_checksum)
        parameters = zbatch.ZstdCompressionParameters(compression_level=5, write_dict_id=0)
        unnamed = zbatch.multi_compress_trained(LINES, compression_params=parameters)
        self.assertEqual(zbatch.get_frame_parameters(unnamed[0].tobytes()).dict_id, 0)
        self.assertEqual(zbatch.multi_decompress_trained(unnamed).tolist(), LINES)
        with self.assertRaises(ZstdError):
            zbatch.multi_decompress_trained(made, max_item_size=10)
        wrong: list[tuple[type[Exception], dict[str, Any]]] = [
            (ZstdError, {"dict_size": 255}),
            (OverflowError, {"dict_size": -1}),
            (OverflowError, {"dict_id": 1 << 32}),
            (ValueError, {"level": 23}),
            (TypeError, {"compression_params": 3}),
            (ValueError, {"compression_params": parameters, "write_checksum": True}),
            (ValueError, {"errors": "ignore"}),
            (TypeError, {"control": 3}),
        ]
        for kind, arguments in wrong:
            with self.assertRaises(kind, msg=str(arguments)):
                zbatch.multi_compress_trained(LINES, **arguments)

    def test_items_that_fail(self) -> None:
        with self.assertRaises(TypeError) as raised:
            zbatch.multi_compress_trained([b"a", "b"])  # type: ignore[list-item]
        self.assertEqual(raised.exception.item, 1)  # type: ignore[attr-defined]
        made = zbatch.multi_compress_trained(LINES, errors="return")
        self.assertEqual(made.errors, {})
        frames: list[bytes] = made.tolist()
        frames[9] = b"no frame"
        back = zbatch.multi_decompress_trained(frames, made.dictionary, errors="return")
        self.assertEqual((list(back.errors), contents(back)[8]), ([9], LINES[8]))

    def test_progress_and_cancel(self) -> None:
        control = Control()
        zbatch.multi_compress_trained(LINES, control=control)
        self.assertEqual(control.items_done, len(LINES))
        control.cancel()
        with self.assertRaisesRegex(ZstdError, "cancelled"):
            zbatch.multi_compress_trained(LINES, control=control)
        returned = zbatch.multi_compress_trained(LINES, control=control, errors="return")
        self.assertEqual((len(returned.errors), returned.dictionary), (len(LINES), None))

    def test_other_threads_may_train_too(self) -> None:
        expected, results = zbatch.multi_compress_trained(LINES).tobytes(), []

        def work() -> None:
            results.append(zbatch.multi_compress_trained(LINES).tobytes())

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [expected] * 4)

    @unittest.skipUnless(hasattr(signal, "setitimer"), "no timers here")
    def test_an_interrupt_ends_it(self) -> None:
        class Stop(Exception):
            pass

        def stop(*_: object) -> None:
            raise Stop

        items = records(2000, size=40_000)
        old = signal.signal(signal.SIGALRM, stop)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            started = time.monotonic()
            with self.assertRaises(Stop):
                zbatch.multi_compress_trained(items, 19, threads=1)
            self.assertLess(time.monotonic() - started, 20)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, old)
        self.assertEqual(zbatch.multi_decompress_trained(zbatch.multi_compress_trained(LINES)).tolist(), LINES)

    @unittest.skipUnless(hasattr(os, "fork"), "no fork here")
    def test_in_a_child(self) -> None:
        made = zbatch.multi_compress_trained(LINES)
        child = os.fork()
        if not child:
            same = zbatch.multi_compress_trained(LINES).tobytes() == made.tobytes()
            os._exit(0 if same and zbatch.multi_decompress_trained(made).tolist() == LINES else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)


if __name__ == "__main__":
    unittest.main()
