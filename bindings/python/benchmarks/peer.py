"""zbatch beside python-zstandard: the same batches, in one process, turn by turn.

    PYTHONPATH=bindings/python python bindings/python/benchmarks/peer.py [--threads N] [--seconds S] [--only TEXT] [FILE...]

Each row is one workload: a list of bytes goes in, and the result stays a collection, becomes a list with
`[s.tobytes() for s in out]`, or with `tolist()`, beside the peer's best way to a list, which is the former. Printed are the
median times of an item and the median of the paired ratios, time of the peer to time of zbatch, with its 95 % interval from the
order statistics; above 1 zbatch is faster. A turn of a batch of 64 items or fewer is the median of a run of calls of the one,
then of the other, back to back and with 1 ms between the calls, when helper threads and CPUs sleep. Every result is looked at
once before anything is timed.

Without FILEs the data is made by a seeded generator: log lines, JSON documents, and pages and chunks of them; with FILEs,
chunks are cut from these.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import zstandard

import zbatch

LEVEL = 3


def log_lines(rng: random.Random) -> Iterator[bytes]:
    hosts = [f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}" for _ in range(300)]
    paths = [f"/{rng.choice(('api', 'static', 'user'))}/{rng.randrange(10**6):06d}" for _ in range(2000)]
    second = 1_700_000_000
    while True:
        second += rng.randrange(3)
        yield (
            f"{second} {rng.choice(hosts)} GET {rng.choice(paths)} {rng.choice((200, 200, 200, 304, 404))} "
            f"{rng.randrange(200, 90000)} {rng.random():.4f} agent/{rng.randrange(9)}.{rng.randrange(30)}"
        ).encode()


def documents(rng: random.Random) -> Iterator[bytes]:
    words = ["".join(rng.choices("etaoinshrdlu", k=rng.randint(2, 10))) for _ in range(3000)]
    while True:
        text = " ".join(rng.choices(words, k=rng.randint(120, 220)))
        record = {"id": rng.randrange(10**9), "title": rng.choice(words), "score": rng.random(), "text": text}
        yield json.dumps(record).encode()


def cut(source: bytes, size: int, count: int) -> list[bytes]:
    pieces = len(source) // size
    return [source[i % pieces * size : (i % pieces + 1) * size] for i in range(count)]


def workloads(files: list[Path]) -> Iterator[tuple[str, list[bytes]]]:
    rng = random.Random(1)
    lines, docs = log_lines(rng), documents(rng)
    text = b"".join(path.read_bytes() for path in files) or b"\n".join(next(docs) for _ in range(12_000))
    many_docs = [next(docs) for _ in range(5000)]
    yield "log lines of ~100 bytes", [next(lines) for _ in range(30_000)]
    yield "100 bytes that do not compress", [rng.randbytes(100) for _ in range(30_000)]
    yield "JSON documents of ~1.5 KB", many_docs
    yield "pages of 4 KiB", cut(text, 4096, 3000)
    yield "chunks of 64 KiB", cut(text, 65536, 200)
    yield "chunks of 64 KiB that do not compress", [rng.randbytes(65536) for _ in range(200)]
    yield "chunks of 1 MiB", cut(text, 1 << 20, 16)
    yield "1 document", many_docs[:1]
    yield "2 documents", many_docs[:2]
    yield "16 documents", many_docs[:16]
    yield "64 documents", many_docs[:64]


def interval(ratios: list[float]) -> tuple[float, float]:
    """The 95 % interval of the median."""
    ordered = sorted(ratios)
    n = len(ordered)
    half = 1.96 * math.sqrt(n) / 2
    return ordered[max(0, math.floor(n / 2 - half))], ordered[min(n - 1, math.ceil(n / 2 + half))]


def one(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    result = call()
    taken = time.perf_counter() - start
    del result
    return taken


def run_of(call: Callable[[], Any], calls: int, pause: float) -> float:
    """The median of some calls, of which the first, with the caches of the other's calls, does not count."""
    times = []
    for _ in range(calls):
        if pause:
            time.sleep(pause)
        times.append(one(call))
    return statistics.median(times[1:] or times)


def paired(
    peer: Callable[[], Any], ours: Callable[[], Any], seconds: float, pause: float, calls: int
) -> tuple[float, float, list[float]]:
    times: tuple[list[float], list[float]] = ([], [])
    both = (peer, ours)
    for call in both * 2:
        call()
    end = time.perf_counter() + seconds
    turn = 0
    while len(times[0]) < 15 or (time.perf_counter() < end and len(times[0]) < 2000):
        for which in (0, 1) if turn % 2 else (1, 0):
            times[which].append(run_of(both[which], calls, pause))
        turn += 1
    ratios = [a / b for a, b in zip(*times, strict=True)]
    return statistics.median(times[0]), statistics.median(times[1]), ratios


def listed(out: Any) -> list[bytes]:
    return [segment.tobytes() for segment in out]


FORMS: list[tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = [
    ("collection", lambda out: out, lambda out: out),
    ("[s.tobytes() for s in out]", listed, listed),
    ("tolist()", listed, lambda out: out.tolist()),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.5, help="for each figure")
    parser.add_argument("--only", default="", help="workloads whose name has this in it")
    parser.add_argument("files", nargs="*", type=Path)
    args = parser.parse_args()

    compressors = zstandard.ZstdCompressor(level=LEVEL), zbatch.ZstdCompressor(level=LEVEL)
    decompressors = zstandard.ZstdDecompressor(), zbatch.ZstdDecompressor()
    print(f"python {sys.version.split()[0]}, python-zstandard {zstandard.__version__}, zbatch {zbatch.__version__}, level {LEVEL}")
    print(f"threads={args.threads}; microseconds an item: peer, zbatch; ratio (95 % interval); above 1 zbatch is faster\n")
    for name, items in workloads(args.files):
        if args.only not in name:
            continue
        frames = [listed(codec.multi_compress_to_buffer(items)) for codec in compressors]
        assert frames[0] == frames[1]
        assert listed(decompressors[1].multi_decompress_to_buffer(frames[0])) == items
        print(f"{name} ({len(items)} items)")
        small = len(items) <= 64 and len(items[0]) < 65536
        for pause in (0.0, 0.001) if small else (0.0,):
            for form, peer_form, our_form in FORMS:
                cells = []
                for codecs, method, batch in (
                    (compressors, "multi_compress_to_buffer", items),
                    (decompressors, "multi_decompress_to_buffer", frames[0]),
                ):
                    peer, ours = (getattr(codec, method) for codec in codecs)
                    times = paired(
                        lambda: peer_form(peer(batch, threads=args.threads)),
                        lambda: our_form(ours(batch, threads=args.threads)),
                        args.seconds,
                        pause,
                        16 if small else 1,
                    )
                    low, high = interval(times[2])
                    a, b = (1e6 * seconds / len(items) for seconds in times[:2])
                    cells.append(f"{a:9.3f} {b:9.3f} {statistics.median(times[2]):6.2f} ({low:.2f}..{high:.2f})")
                spacing = ", 1 ms apart" if pause else ""
                print(f"  {form + spacing:40} compress {cells[0]}   decompress {cells[1]}", flush=True)


if __name__ == "__main__":
    main()
