"""What the benchmarks compute of what they measure: one that does it wrongly looks like any other."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import random
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path
from types import ModuleType
from typing import Any

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


def load(name: str) -> ModuleType:
    # There is a support.py here as well.
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", BENCHMARKS / f"{name}.py")
    assert spec and spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Statistics(unittest.TestCase):
    def setUp(self) -> None:
        self.support = load("support")

    def test_intervals_have_the_ranks_of_the_tables(self) -> None:
        for count, rank in ((6, 1), (8, 1), (9, 2), (11, 2), (15, 4), (20, 6), (31, 10), (50, 18), (100, 40)):
            values = [float(value) for value in range(1, count + 1)]
            random.Random(count).shuffle(values)
            low, median, high = self.support.interval(values)
            self.assertEqual((low, median, high), (rank, (count + 1) / 2, count + 1 - rank))
        self.assertEqual(self.support.interval([3.0, 1.0, 2.0]), (1, 2, 3))

    def test_ratios_are_of_pairs(self) -> None:
        self.assertEqual(self.support.paired([2.0, 20.0, 200.0], [1.0, 10.0, 100.0]), (2, 2, 2))

    def test_everyone_runs_once_a_turn_and_is_first_equally_often(self) -> None:
        for names in ("ab", "abc", "abcde"):
            firsts = []
            for turn in range(4 * len(names)):
                order = self.support.order(list(names), turn)
                self.assertEqual(sorted(order), list(names))
                firsts.append(order[0])
            self.assertEqual({firsts.count(name) for name in names}, {4})

    def test_a_race_counts_turns_and_leaves_out_the_first(self) -> None:
        calls = []

        def runner(name: str, seconds: float) -> Any:
            def run() -> float:
                calls.append(name)
                return seconds

            return run

        times = self.support.race({"a": runner("a", 3.0), "b": runner("b", 2.0)}, self.support.Effort(0.0, 5, 9))
        self.assertEqual(times, {"a": [3.0] * 5, "b": [2.0] * 5})
        self.assertEqual(len(calls), 12)

    def test_workloads_are_read_as_they_were_written(self) -> None:
        items = [b"a", b"", b"bcd"]
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "items"
            numbers = [len(items), *map(len, items)]
            path.write_bytes(b"".join(number.to_bytes(8, "little") for number in numbers) + b"".join(items))
            self.assertEqual(self.support.load(path), items)


class Page(unittest.TestCase):
    def setUp(self) -> None:
        self.report, self.support = load("report"), load("support")
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.path = Path(self.directory.name) / "rows"

    def rows(self) -> list[dict[str, Any]]:
        """Those of a small race: zbatch takes half of the peer's time, and the limit a quarter."""
        rows = self.support.Rows("peer", self.path)
        times = {"zbatch": [1.0] * 9, "python-zstandard": [2.0] * 9, "bare libzstd": [0.5] * 9}
        about: dict[str, Any] = {"workload": "a < b", "items": [b"12", b"3"], "threads": 2}
        with contextlib.redirect_stdout(io.StringIO()):
            for direction in ("compress", "decompress"):
                rows.race(times, "zbatch", "python-zstandard", direction=direction, target=">= 2", **about)
                rows.race(times, "zbatch", "bare libzstd", direction=direction, target=">= 0.93", **about)
                rows.race(times, "bare libzstd", "python-zstandard", direction=direction, **about)
        read: list[dict[str, Any]] = self.report.read(self.path)
        return read

    def test_a_target_is_missed_or_not(self) -> None:
        rows = self.rows()
        self.assertEqual([row["ratio"] for row in rows[:3]], [2.0, 0.5, 4.0])
        self.assertEqual([row["missed"] for row in rows[:3]], [False, True, None])
        page = self.report.page(rows, "here")
        self.assertIn("4 figures have a target; 2 missed it.", page)
        self.assertEqual(page.count("**MISSED**"), 4)  # above, and in their place

    def test_the_picture_is_xml_with_a_bar_for_each_figure(self) -> None:
        drawing = xml.etree.ElementTree.fromstring(self.report.picture(self.rows(), "here"))
        bars = [bar for bar in drawing.iter() if bar.tag.endswith("rect")]
        self.assertEqual(len(bars), 2 + 2)
        self.assertIn("a < b", ["".join(words.itertext()) for words in drawing.iter()])

    def test_what_is_no_row_is_refused(self) -> None:
        good = self.rows()[0]
        for bad in (
            "{",
            json.dumps({"suite": "peer"}),
            json.dumps(good | {"suite": "other"}),
            json.dumps(good | {"missed": None}),
            "",
        ):
            self.path.write_text(bad + "\n" if bad else "")
            with self.assertRaises((SystemExit, ValueError), msg=bad):
                self.report.read(self.path)
