"""zbatch beside c-blosc2 and the zstd program, which do the same or a similar job in other ways.

    PYTHONPATH=bindings/python python bindings/python/benchmarks/others.py --workloads target/workloads [--quick] [--rows FILE]

c-blosc2 compresses chunks of the same sizes with the same codec and level and as many threads, without its filters, which are for
arrays of numbers. It cuts each chunk into blocks, on which its threads work; one of 64 KiB is a single block at its best, and keeps one
thread busy. `zstd -T` makes one stream of all the bytes; it is a process that
reads a file of the page cache and writes to /dev/null, and an item cannot be read back alone. Neither is there on every machine: what is
missing is told and left out.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import support
from support import Effort, Options, Rows, cold, race

import zbatch

blosc2: Any = None
with contextlib.suppress(ImportError):
    import blosc2

THREADS = 2
LEVEL = 3

#: What the zstd program is given.
STREAMS = ("log lines", "documents", "64 KiB chunks", "1 MiB chunks", "log-normal sizes", "one giant", "files, 64 KiB")

#: The workload in which ours may split an item into frames too, as `zstd -T` splits its stream, and their size.
GIANT, FRAME = "one giant", 4 << 20


def effort(options: Options) -> Effort:
    return Effort(0.0, 2, 2) if options.quick else Effort(2.0, 7, 31)


def about(name: str, items: list[bytes], direction: str) -> dict[str, Any]:
    return {"workload": name, "items": items, "direction": direction, "threads": THREADS, "level": LEVEL}


def blosc(options: Options, rows: Rows, name: str) -> None:
    items = support.load(options.workloads / name)
    size = len(items[0])
    # Of the codec zstd, level 2 of c-blosc2 is level 3.
    none, never = blosc2.Filter.NOFILTER, blosc2.SplitMode.NEVER_SPLIT
    settings = {
        "codec": blosc2.Codec.ZSTD, "clevel": 2, "typesize": 1, "nthreads": THREADS, "filters": [none], "filters_meta": [0],
        "splitmode": never,
    }  # fmt: skip

    def schunk() -> Any:
        made = blosc2.SChunk(chunksize=size, cparams=settings, dparams={"nthreads": THREADS})
        for item in items:
            made.append_data(item)
        return made

    compressor, decompressor = zbatch.ZstdCompressor(level=LEVEL), zbatch.ZstdDecompressor()
    frames = compressor.multi_compress_to_buffer(items)
    theirs = schunk()
    assert [theirs.decompress_chunk(at) for at in range(len(items))] == items
    assert decompressor.multi_decompress_to_buffer(frames).tolist() == items
    room = [bytearray(size) for _ in items]

    def into_room() -> list[bytearray]:
        for at, place in enumerate(room):
            theirs.decompress_chunk(at, dst=place)
        return room

    def count(made: Any) -> int:
        return made.nchunks if hasattr(made, "nchunks") else len(made)

    print(f"{name}: {theirs.cbytes} bytes by c-blosc2, {frames.size()} by zbatch")
    times = race(
        {
            "c-blosc2": cold(schunk, count),
            "zbatch": cold(lambda: compressor.multi_compress_to_buffer(items, threads=THREADS)),
        },
        effort(options),
    )
    rows.race(times, "zbatch", "c-blosc2", **about(name, items, "compress"))
    times = race(
        {
            "c-blosc2": cold(lambda: [theirs.decompress_chunk(at) for at in range(len(items))]),
            "c-blosc2 into touched memory": cold(into_room),
            "zbatch": cold(lambda: decompressor.multi_decompress_to_buffer(frames, threads=THREADS)),
            "zbatch, to a list": cold(lambda: decompressor.multi_decompress_to_buffer(frames, threads=THREADS).tolist()),
        },
        effort(options),
    )
    assert room == items
    rows.race(times, "zbatch", "c-blosc2 into touched memory", **about(name, items, "decompress"))
    rows.race(times, "zbatch, to a list", "c-blosc2", **about(name, items, "decompress"))


def program(options: Options, rows: Rows, zstd: str, name: str) -> None:
    items = support.load(options.workloads / name)
    split = {"max_frame_size": FRAME} if name == GIANT else {}
    ours = "zbatch, max_frame_size=4 MiB" if split else "zbatch"
    compressor, decompressor = zbatch.ZstdCompressor(level=LEVEL, **split), zbatch.ZstdDecompressor()
    frames = compressor.multi_compress_to_buffer(items).tolist()
    with tempfile.TemporaryDirectory(dir=options.workloads) as directory:
        file, stream = Path(directory) / "data", Path(directory) / "data.zst"
        file.write_bytes(b"".join(items))
        subprocess.run([zstd, "-q", f"-{LEVEL}", f"-T{THREADS}", str(file), "-o", str(stream)], check=True)

        def run(*arguments: str) -> list[None]:
            with open("/dev/null", "wb") as null:
                subprocess.run([zstd, "-q", *arguments, "-c"], stdout=null, check=True)
            return []

        back = subprocess.run([zstd, "-q", "-d", "-c", str(stream)], capture_output=True, check=True)
        assert back.stdout == file.read_bytes()
        print(f"{name}: {stream.stat().st_size} bytes by zstd -T as one stream, {sum(map(len, frames))} by zbatch")
        beside = f"zstd -T{THREADS}"
        times = race(
            {
                beside: cold(lambda: run(f"-{LEVEL}", f"-T{THREADS}", str(file))),
                ours: cold(lambda: compressor.multi_compress_to_buffer(items, threads=THREADS)),
            },
            effort(options),
        )
        rows.race(times, ours, beside, **about(name, items, "compress"))
        times = race(
            {
                "zstd -d": cold(lambda: run("-d", str(stream))),
                ours: cold(lambda: decompressor.multi_decompress_to_buffer(frames, threads=THREADS)),
            },
            effort(options),
        )
        rows.race(times, ours, "zstd -d", **about(name, items, "decompress"))


def main() -> None:
    options = support.options(__doc__).parse_args(namespace=Options())
    rows = Rows("others", options.rows)
    zstd = shutil.which("zstd")
    names = support.names(options)
    if blosc2 is None:
        print("blosc2 is not installed: c-blosc2 is left out")
    else:
        print(f"blosc2 {blosc2.__version__}")
        for name in names:
            if name.endswith(("64 KiB chunks", "1 MiB chunks", "64 KiB", "1 MiB")):
                rows.second_cpu(options.workloads)
                blosc(options, rows, name)
    if zstd is None:
        print("there is no zstd program: it is left out")
    else:
        print(subprocess.run([zstd, "--version"], capture_output=True, text=True, check=True).stdout.strip())
        for name in names:
            if name in STREAMS:
                rows.second_cpu(options.workloads)
                program(options, rows, zstd, name)


if __name__ == "__main__":
    main()
