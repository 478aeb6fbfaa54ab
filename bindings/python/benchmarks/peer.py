"""zbatch beside python-zstandard: the same batches, in one process, turn by turn, and the bare loop of libzstd with them.

    cargo bench -p zbatch --bench workloads -- write target/workloads
    PYTHONPATH=bindings/python python bindings/python/benchmarks/peer.py --workloads target/workloads [--quick] [--only TEXT] [--rows FILE]

Lists of bytes go in; the result stays a collection, or becomes a list of bytes by the best way that each of both has. Ratios are
the peer's time to ours, medians over the turns, with the 95 % interval. A row "bare libzstd" is the limit: two bare loops at once on
the two halves, into memory that was touched before, in a process of their own that is asked in the same turns. Caches are emptied before
each batch of many items; small batches go through all documents, each contestant elsewhere. Every result of both is compared
before anything is timed. "python-zstandard, one at a time" is its calls for single items: of a batch of one or two documents
little is left but the work of libzstd, and no batch can be faster than that; the row of those calls beside its own batch is how far
a ratio can go.
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import support
import zstandard
from support import MANY, Bare, Effort, Options, Pass, Row, Rows, cold, race, run_of

import zbatch

THREADS = 2
LEVEL = 3

#: The size of frames into which the opt-in splits a giant item, so that several threads may work on it.
FRAME = 4 << 20

#: Workloads that are compressed at other levels too. Strong ones are slow: as much as takes a fraction of a second.
LEVELLED = ("documents", "64 KiB chunks")
LEVELS = ((1, 1 << 40), (9, 8 << 20), (19, 1 << 20))

Batch = Callable[..., Any]


def effort(options: Options, whole: Effort) -> Effort:
    return Effort(0.0, 2, 2) if options.quick else whole


def listed(out: Any) -> list[bytes]:
    return [segment.tobytes() for segment in out]


def batches(items: list[bytes], size: int, place: int) -> Iterator[list[bytes]]:
    """Batches of items in turn, round and round, from one of five places on."""
    cut = [items[at : at + size] for at in range(0, len(items) - size + 1, size)]
    start = len(cut) // 5 * place
    return itertools.cycle(cut[start:] + cut[:start])


class Codecs:
    """Both sides, and what each needs of the other's."""

    def __init__(self, items: list[bytes], level: int = LEVEL, dictionary: bytes | None = None) -> None:
        peer_dict = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
        our_dict = zbatch.ZstdCompressionDict(dictionary) if dictionary else None
        if peer_dict:
            peer_dict.precompute_compress(level=level)  # its best: digested once
        self.peer = zstandard.ZstdCompressor(level=level, dict_data=peer_dict)
        self.ours = zbatch.ZstdCompressor(level=level, dict_data=our_dict)
        self.peer_back = zstandard.ZstdDecompressor(dict_data=peer_dict)
        self.ours_back = zbatch.ZstdDecompressor(dict_data=our_dict)
        self.items = items
        self.frames = self.ours.multi_compress_to_buffer(items).tolist()
        peer_frames = listed(self.peer.multi_compress_to_buffer(items))
        if dictionary is None:
            # A digested dictionary may bring other parameters, and so other bytes.
            assert self.frames == peer_frames
        for back in (self.peer_back, self.ours_back):
            for frames in (self.frames, peer_frames):
                assert listed(back.multi_decompress_to_buffer(frames)) == items

    def sides(self, direction: str) -> tuple[Batch, Batch, list[bytes]]:
        if direction == "compress":
            return self.peer.multi_compress_to_buffer, self.ours.multi_compress_to_buffer, self.items
        return self.peer_back.multi_decompress_to_buffer, self.ours_back.multi_decompress_to_buffer, self.frames

    def one_by_one(self, direction: str) -> Callable[[list[bytes]], list[bytes]]:
        call = self.peer.compress if direction == "compress" else self.peer_back.decompress
        return lambda inputs: [call(one) for one in inputs]


def collections(codecs: Codecs, bare: Bare, direction: str) -> dict[str, Pass]:
    """Both sides into collections, and the limit."""
    peer, ours, inputs = codecs.sides(direction)
    return {
        "python-zstandard": cold(lambda: peer(inputs, threads=THREADS)),
        "zbatch": cold(lambda: ours(inputs, threads=THREADS)),
        "bare libzstd": lambda: bare.seconds(direction),
    }


def many(options: Options, rows: Rows, name: str) -> list[Row]:
    """A whole workload: collections and lists, with and without a dictionary. Returns the rows that count for the mean."""
    items = support.load(options.workloads / name)
    counting = []
    dictionary = options.workloads / f"{name}.dictionary"
    for dict_data in (None, dictionary.read_bytes()) if dictionary.exists() else (None,):
        codecs = Codecs(items, dictionary=dict_data)
        has_target = dict_data is None and len(items) >= MANY
        with Bare(options.workloads, name, LEVEL, THREADS, dict_data is not None) as bare:
            assert dict_data or bare.size == sum(map(len, codecs.frames))
            for direction in ("compress", "decompress"):
                peer, ours, inputs = codecs.sides(direction)
                contestants = collections(codecs, bare, direction)
                # What has a target has a race of its own: short turns, and many.
                times = race(contestants, effort(options, Effort(3.5, 15, 61) if has_target else Effort(1.5, 9, 61)))
                about: dict[str, Any] = {
                    "workload": name,
                    "items": items,
                    "direction": direction,
                    "threads": THREADS,
                    "dictionary": dict_data is not None,
                }
                row = rows.race(times, "zbatch", "python-zstandard", target=">= 1" if has_target else None, **about)
                # zbatch/peer over limit/peer: the same as the limit's time to ours, turn by turn.
                rows.race(times, "zbatch", "bare libzstd", target=">= 0.93" if has_target else None, **about)
                rows.race(times, "bare libzstd", "python-zstandard", **about)
                if dict_data is None:
                    # What a program that keeps its results has: no freed block to write to again.
                    fresh = "zbatch into fresh memory"
                    contestants = {
                        "python-zstandard": contestants["python-zstandard"],
                        fresh: cold(lambda: ours(inputs, threads=THREADS), before=zbatch.release_retained),
                    }
                    times = race(contestants, effort(options, Effort(1.0, 6, 61)))
                    rows.race(times, fresh, "python-zstandard", **about)
                    single = codecs.one_by_one(direction)
                    contestants = {
                        "python-zstandard, to a list": cold(lambda: listed(peer(inputs, threads=THREADS))),
                        "zbatch, to a list": cold(lambda: ours(inputs, threads=THREADS).tolist()),
                        "python-zstandard, one at a time": cold(lambda: single(inputs)),
                    }
                    times = race(contestants, effort(options, Effort(1.0, 6, 61)))
                    rows.race(times, "zbatch, to a list", "python-zstandard, to a list", **about)
                    rows.race(times, "zbatch, to a list", "python-zstandard, one at a time", **about)
                if has_target:
                    counting.append(row)
    return counting


def levels(options: Options, rows: Rows, name: str) -> None:
    """Collections at levels other than the usual one."""
    whole = support.load(options.workloads / name)
    for level, most in LEVELS:
        items = support.fitting(whole, most // 16 if options.quick else most)
        part = f"{name}, level {level}"
        support.store(options.workloads / part, items)
        codecs = Codecs(items, level)
        with Bare(options.workloads, part, level, THREADS) as bare:
            for direction in ("compress", "decompress"):
                contestants = collections(codecs, bare, direction)
                times = race(contestants, effort(options, Effort(1.0, 7, 31)))
                for beside in ("python-zstandard", "bare libzstd"):
                    rows.race(
                        times, "zbatch", beside,
                        workload=name, items=items, direction=direction, threads=THREADS, level=level,
                    )  # fmt: skip
        (options.workloads / part).unlink()


def mean(rows: Rows, counting: list[Row]) -> None:
    ratio = statistics.geometric_mean(row.ratio for row in counting)
    row = Row(
        "all of 1,000 items and more", sum(row.items for row in counting), sum(row.bytes for row in counting), "both",
        LEVEL, False, THREADS, "zbatch", "python-zstandard", "geometric mean", ratio, 1.0, ratio, ratio, ratio, len(counting),
    )  # fmt: skip
    rows.put(row.aim(">= 1.2"))


def small(options: Options, rows: Rows) -> None:
    """Batches of few documents, back to back and 1 ms apart, when helper threads and CPUs sleep: the worse counts."""
    documents = support.load(options.workloads / "documents")
    codecs = Codecs(documents)
    targets = {1: (1.5, 1.5), 2: (8.0, 8.0), 16: (2.5, 4.0)}
    for size in (1, 2, 16, 64):
        for direction, target in zip(("compress", "decompress"), targets.get(size, (None, None)), strict=True):
            peer, ours, inputs = codecs.sides(direction)
            single = codecs.one_by_one(direction)
            rows.second_cpu(options.workloads)
            for pause, spacing in ((0.0, "back to back"), (0.001, "1 ms apart")):
                calls = 4 if options.quick else 12
                contestants: dict[str, Pass] = {}
                for place, (side, call, arguments) in enumerate(
                    (
                        ("python-zstandard", peer, {"threads": THREADS}),
                        ("zbatch", ours, {"threads": THREADS}),
                        ("python-zstandard, one at a time", single, {}),
                        ("python-zstandard, threads=0", peer, {"threads": 0}),
                        ("zbatch, threads=0", ours, {"threads": 0}),
                    )
                ):
                    turn = batches(inputs, size, place)
                    contestants[side] = run_of(
                        lambda call=call, turn=turn, arguments=arguments: call(next(turn), **arguments), calls, pause
                    )
                times = race(contestants, effort(options, Effort(2.0, 31, 151)))
                about: dict[str, Any] = {
                    "workload": f"{size} document{'s' * (size > 1)}, {spacing}",
                    "items": documents[:size],
                    "direction": direction,
                    "threads": THREADS,
                    "unit": "us",
                }
                aim = None if target is None else f">= {target:g}"
                rows.race(times, "zbatch", "python-zstandard", target=aim, **about)
                rows.race(times, "zbatch", "python-zstandard, one at a time", **about)
                rows.race(times, "python-zstandard, one at a time", "python-zstandard", **about)
                rows.race(times, "zbatch, threads=0", "python-zstandard, threads=0", **(about | {"threads": 0}))


def giant(options: Options, rows: Rows) -> None:
    """One giant item among thousands, when ours may use several threads for it. Its frames are not the peer's then."""
    items = support.load(options.workloads / "one giant")
    split = zbatch.ZstdCompressor(level=LEVEL, max_frame_size=FRAME)
    codecs = Codecs(items)
    assert codecs.ours_back.multi_decompress_to_buffer(split.multi_compress_to_buffer(items)).tolist() == items
    ours = "zbatch, max_frame_size=4 MiB"
    frames = split.multi_compress_to_buffer(items).tolist()
    calls: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "compress": (
            lambda: codecs.peer.multi_compress_to_buffer(items, threads=THREADS),
            lambda: split.multi_compress_to_buffer(items, threads=THREADS),
        ),
        "decompress": (
            lambda: codecs.peer_back.multi_decompress_to_buffer(codecs.frames, threads=THREADS),
            lambda: codecs.ours_back.multi_decompress_to_buffer(frames, threads=THREADS),
        ),
    }
    for direction, (peer_call, our_call) in calls.items():
        times = race(
            {"python-zstandard": cold(peer_call), ours: cold(our_call)},
            effort(options, Effort(4.0, 15, 31)),
        )
        rows.race(
            times, ours, "python-zstandard",
            workload="one giant", items=items, direction=direction, threads=THREADS, target=">= 1.6",
        )  # fmt: skip


def trained(options: Options, rows: Rows, name: str) -> None:
    """A batch that trains its own dictionary, beside the peer without one, and beside a program that has the peer train one first: as
    large as ours, on items spread over the batch that have 16 times its bytes together. The peer searches for the best
    parameters, which takes long, so it is there with those of ours as well."""
    items = support.load(options.workloads / name)
    made = zbatch.multi_compress_trained(items, LEVEL, threads=THREADS)
    own = made.dictionary
    if own is None:
        print(f"{name}: a dictionary does not pay")
        return
    sample = items[:: max(1, sum(map(len, items)) // (16 * len(own)))]
    peer: Any = zstandard
    plain = peer.ZstdCompressor(level=LEVEL)

    def by_itself() -> tuple[Any, Any]:
        out = zbatch.multi_compress_trained(items, LEVEL, threads=THREADS)
        return out, out.dictionary

    def by_hand(**given: int) -> tuple[Any, Any]:
        dictionary = peer.train_dictionary(len(own), sample, level=LEVEL, threads=THREADS, **given)
        dictionary.precompute_compress(level=LEVEL)
        compressor = peer.ZstdCompressor(level=LEVEL, dict_data=dictionary)
        return compressor.multi_compress_to_buffer(items, threads=THREADS), dictionary

    of_ours = {"k": own.k, "d": own.d, "f": 16, "accel": 2, "steps": 1}
    ours = "zbatch, trains"
    calls: dict[str, Callable[[], tuple[Any, Any]]] = {
        ours: by_itself,
        "python-zstandard": lambda: (plain.multi_compress_to_buffer(items, threads=THREADS), None),
        "python-zstandard, trains": by_hand,
        "python-zstandard, trains without a search": lambda: by_hand(**of_ours),
    }
    sizes = {}
    for side, call in calls.items():
        frames, dictionary = call()
        data = dictionary.as_bytes() if dictionary else b""
        back = peer.ZstdDecompressor(dict_data=peer.ZstdCompressionDict(data) if data else None)
        assert listed(back.multi_decompress_to_buffer(listed(frames))) == items
        sizes[side] = frames.size() + len(data)
    contestants = {side: cold(lambda call=call: call()[0]) for side, call in calls.items()}
    times = race(contestants, effort(options, Effort(2.0, 6, 31)))
    for beside in list(calls)[1:]:
        rows.race(times, ours, beside, workload=name, items=items, direction="compress", threads=THREADS)
        ratio = sizes[beside] / sizes[ours]
        row = Row(
            name, len(items), sum(map(len, items)), "compress", LEVEL, False, THREADS, "size of frames and dictionary, zbatch",
            beside, "MB", sizes[ours] / 1e6, sizes[beside] / 1e6, ratio, ratio, ratio, 1,
        )  # fmt: skip
        rows.put(row)


def memory(options: Options, rows: Rows, name: str) -> None:
    """The peaks of resident memory of one batch, each side in a process of its own."""
    for direction in ("compress", "decompress"):
        peaks = {}
        for side in ("peer", "ours"):
            peaks[side] = support.in_child(__file__, ["--memory", side, str(options.workloads / name), direction])
        peer, ours = peaks["peer"], peaks["ours"]
        if peer is None or ours is None:
            return
        allowance = 2 * THREADS << 20
        allowed = int(1.05 * ours["outputs"]) + ours["contexts"] + allowance
        mib = 1 << 20
        for beside, bound in (
            ("outputs x 1.05, contexts, 2 MiB a thread", allowed),
            ("python-zstandard and 2 MiB a thread", peer["peak"] + allowance),
        ):
            ratio = ours["peak"] / bound
            row = Row(
                name, ours["items"], ours["bytes"], direction, LEVEL, False, THREADS, "peak memory of zbatch", beside,
                "MiB", ours["peak"] / mib, bound / mib, ratio, ratio, ratio, 1,
            )  # fmt: skip
            rows.put(row.aim("<= 1"))


def memory_child(side: str, path: str, direction: str) -> None:
    items = support.load(Path(path))
    z: Any = zstandard if side == "peer" else zbatch
    compressor, decompressor = z.ZstdCompressor(level=LEVEL), z.ZstdDecompressor()
    if direction == "compress":
        peak, out = support.peak_of(lambda: compressor.multi_compress_to_buffer(items, threads=THREADS))
        codec = compressor
    else:
        # One at a time by the peer, so that no pool and no store of ours is warm.
        frames = [*map(zstandard.ZstdCompressor(level=LEVEL).compress, items)]
        peak, out = support.peak_of(lambda: decompressor.multi_decompress_to_buffer(frames, threads=THREADS))
        codec = decompressor
    answer = {
        "peak": peak,
        # The table of segments is output too: an offset and a length for each.
        "outputs": out.size() + 16 * len(items),
        "contexts": codec.memory_size() if side == "ours" else 0,
        "items": len(items),
        "bytes": sum(map(len, items)),
    }
    print(json.dumps(answer))


def main() -> None:
    if sys.argv[1:2] == ["--memory"]:
        return memory_child(*sys.argv[2:])
    options = support.options(__doc__).parse_args(namespace=Options())
    rows = Rows("peer", options.rows)
    print(f"python {sys.version.split()[0]}, python-zstandard {zstandard.__version__}, zbatch {zbatch.__version__}\n")
    counting: list[Row] = []
    for name in support.names(options):
        rows.second_cpu(options.workloads)
        counting += many(options, rows, name)
        memory(options, rows, name)
        if name == "log lines":
            trained(options, rows, name)
        if name in LEVELLED:
            rows.second_cpu(options.workloads)
            levels(options, rows, name)
    if counting:
        mean(rows, counting)
    if not options.only:
        small(options, rows)
    if options.only in "one giant":
        giant(options, rows)


if __name__ == "__main__":
    main()
