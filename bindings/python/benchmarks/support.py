"""What the benchmarks share: the workloads, the bare loop that is the limit, turns, statistics, and rows.

`cargo bench -p zbatch --bench workloads -- write DIRECTORY` makes the workloads, so that Rust and Python measure the same bytes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import re
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

NAMES = (
    "log lines",
    "documents",
    "1,000 documents",
    "pages",
    "64 KiB chunks",
    "1 MiB chunks",
    "log-normal sizes",
    "one giant",
    "noise",
    "files, 4 KiB",
    "files, 64 KiB",
    "files, 1 MiB",
)

#: Enough to show that all of it runs.
QUICK = ("log lines", "documents", "64 KiB chunks", "one giant", "files, 64 KiB")

#: A batch of so many items has targets.
MANY = 1000

Pass = Callable[[], float]


class Options(argparse.Namespace):
    workloads: Path
    rows: Path | None
    quick: bool
    only: str


def options(doc: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    parser.add_argument("--workloads", type=Path, required=True, help="the directory that `workloads write` filled")
    parser.add_argument("--rows", type=Path, help="where to append rows as JSON, one a line")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", default="", help="workloads whose name has this in it")
    return parser


# ---- data


def names(options: Options) -> list[str]:
    """The workloads that are wanted and there."""
    wanted = QUICK if options.quick else NAMES
    return [name for name in wanted if options.only in name and (options.workloads / name).exists()]


def load(path: Path) -> list[bytes]:
    data = path.read_bytes()
    (count,) = struct.unpack_from("<Q", data)
    items, at = [], 8 * (1 + count)
    for size in struct.unpack_from(f"<{count}Q", data, 8):
        items.append(data[at : at + size])
        at += size
    assert at == len(data)
    return items


def store(path: Path, items: list[bytes]) -> None:
    """What `load` reads."""
    head = struct.pack(f"<{1 + len(items)}Q", len(items), *map(len, items))
    path.write_bytes(head + b"".join(items))


def fitting(items: list[bytes], most: int) -> list[bytes]:
    """The first of them that are together no more than so many bytes."""
    ends = itertools.accumulate(map(len, items))
    return items[: max(1, sum(end <= most for end in ends))]


class Bare:
    """The bare loop over a workload, in a program of its own that does nothing between two questions."""

    def __init__(self, directory: Path, name: str, level: int, threads: int, dictionary: bool = False) -> None:
        command = [(directory / "program").read_text(), "loop", str(directory / name), str(level), str(threads)]
        if dictionary:
            command.append(str(directory / f"{name}.dictionary"))
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        word, size = self._answer().split()
        assert word == "ready"
        #: Bytes of all frames.
        self.size = int(size)

    def _answer(self) -> str:
        assert self.process.stdout
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("the bare loop has ended")
        return answer

    def seconds(self, direction: str) -> float:
        assert self.process.stdin
        self.process.stdin.write(direction + "\n")
        return int(self._answer()) / 1e9

    def __enter__(self) -> Bare:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()  # its input ends, and so does it


# ---- turns


_memory = bytearray(64 << 20)


def evict() -> None:
    """Empties the CPU's caches of what is to be read next."""
    _memory.count(1)


def look(results: Any) -> None:
    """Looks at the first of the results, and at some of the rest: so few that this takes next to no time beside a batch."""
    for at in range(0, len(results), 64):
        bytes(memoryview(results[at])[:1])


def timed(call: Callable[[], Any], consume: Callable[[Any], Any] = look) -> float:
    """The time of a call and of looking at its results; what it made is dropped outside of it."""
    start = time.perf_counter()
    result = call()
    consume(result)
    taken = time.perf_counter() - start
    del result
    return taken


def cold(
    call: Callable[[], Any], consume: Callable[[Any], Any] = look, before: Callable[[], Any] = lambda: None
) -> Pass:
    def once() -> float:
        before()
        evict()
        return timed(call, consume)

    return once


def run_of(call: Callable[[], Any], calls: int, pause: float) -> Pass:
    """The median of some calls, of which the first, with the caches of another contestant, does not count."""

    def run() -> float:
        times = []
        for _ in range(calls + 1):
            if pause:
                time.sleep(pause)
            times.append(timed(call))
        return statistics.median(times[1:])

    return run


class Effort(NamedTuple):
    seconds: float
    least: int
    most: int


def race(contestants: dict[str, Pass], effort: Effort) -> dict[str, list[float]]:
    """Each runs once a turn; the order rotates and goes forth and back. The first turn does not count."""
    names = list(contestants)
    for run in contestants.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in names}
    end = time.perf_counter() + effort.seconds
    for turn in range(effort.most):
        if turn >= effort.least and time.perf_counter() >= end:
            break
        for name in order(names, turn):
            times[name].append(contestants[name]())
    return times


def order(names: list[str], turn: int) -> list[str]:
    first = turn // 2 % len(names)
    turned = names[::-1] if turn % 2 else names
    at = (len(names) - first) % len(names) if turn % 2 else first
    return turned[at:] + turned[:at]


# ---- statistics


class Interval(NamedTuple):
    low: float
    median: float
    high: float


def interval(values: list[float]) -> Interval:
    """The median, and between which values it lies with 95 % certainty: order statistics, which ask nothing of the distribution.
    Of fewer than six values it is all of them."""
    ordered = sorted(values)
    count, tail, out = len(ordered), 0.0, 0
    for k in range(count // 2):
        tail += math.comb(count, k) / 2**count
        if 2 * tail > 0.05:
            break
        out = k
    return Interval(ordered[out], statistics.median(ordered), ordered[count - 1 - out])


def paired(above: list[float], below: list[float]) -> Interval:
    return interval([a / b for a, b in zip(above, below, strict=True)])


# ---- rows


@dataclass
class Row:
    """One figure. `ratio` is how much better it is than the one beside it, unless its target is an upper bound."""

    workload: str
    items: int
    bytes: int
    direction: str
    level: int
    dictionary: bool
    threads: int
    ours: str
    beside: str
    unit: str
    value: float
    beside_value: float
    ratio: float
    low: float
    high: float
    turns: int
    target: str | None = None
    missed: bool | None = None
    suite: str = ""

    def aim(self, target: str | None) -> Row:
        """`target` is ">= 1.5", or "<= 1"."""
        if target is not None:
            self.target = target
            bound = float(target[2:])
            self.missed = self.ratio < bound if target.startswith(">=") else self.ratio > bound
        return self

    def text(self) -> str:
        dictionary, plural = ", dictionary" * self.dictionary, "s" * (self.threads != 1)
        what = f"{self.workload}, {self.direction}, level {self.level}{dictionary}, {self.threads} thread{plural}"
        verdict = "" if self.target is None else f"  {self.target}{' MISSED' * bool(self.missed)}"
        return (
            f"{what:58} {self.ours} {self.value:.1f}, {self.beside} {self.beside_value:.1f} {self.unit}: "
            f"{self.ratio:.3f} ({self.low:.3f}..{self.high:.3f}){verdict}"
        )


class Rows:
    def __init__(self, suite: str, path: Path | None) -> None:
        self.suite, self.path = suite, path
        self.all: list[Row] = []

    def put(self, row: Row) -> None:
        row.suite = self.suite
        self.all.append(row)
        print(row.text(), flush=True)
        if self.path:
            with self.path.open("a") as file:
                file.write(json.dumps(asdict(row)) + "\n")

    def second_cpu(self, directory: Path) -> None:
        """Notes what the second CPU is worth now."""
        command = [(directory / "program").read_text(), "second-cpu", self.suite]
        subprocess.run([*command, *([str(self.path)] if self.path else [])], check=True)

    def race(
        self,
        times: dict[str, list[float]],
        ours: str,
        beside: str,
        *,
        workload: str,
        items: list[bytes],
        direction: str,
        threads: int,
        level: int = 3,
        dictionary: bool = False,
        target: str | None = None,
        unit: str = "MB/s",
    ) -> Row:
        """The row of two contestants, whose ratio is the other's time to ours."""
        size = sum(map(len, items))
        value, beside_value = (statistics.median(times[name]) for name in (ours, beside))
        if unit == "MB/s":
            value, beside_value = size / 1e6 / value, size / 1e6 / beside_value
        else:
            value, beside_value = 1e6 * value, 1e6 * beside_value
        low, ratio, high = paired(times[beside], times[ours])
        row = Row(
            workload, len(items), size, direction, level, dictionary, threads, ours, beside,
            unit, value, beside_value, ratio, low, high, len(times[ours]),
        )  # fmt: skip
        self.put(row.aim(target))
        return row


# ---- memory


def status(name: str) -> int:
    """An entry of /proc/self/status, in bytes."""
    found = re.search(rf"^{name}:\s*(\d+) kB$", Path("/proc/self/status").read_text(), re.M)
    if not found:
        raise OSError(f"/proc/self/status has no {name}")
    return int(found[1]) * 1024


def peak_of(call: Callable[[], Any]) -> tuple[int, Any]:
    """By how many bytes the peak of resident memory rises, and the result."""
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    if status("VmHWM") > before + (1 << 20):
        raise OSError("the peak cannot be set back")
    result = call()
    return status("VmHWM") - before, result


def in_child(script: str, arguments: list[str]) -> dict[str, int] | None:
    """What the script prints as JSON in a process of its own, or None where it cannot be told."""
    done = subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr.strip().rpartition("\n")[2])
        return None
    answer: dict[str, int] = json.loads(done.stdout)
    return answer
