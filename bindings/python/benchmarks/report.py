"""The rows of all benchmarks as one JSON file, one page of tables, and one picture.

    python report.py ROWS --json FILE --table FILE --svg FILE

ROWS has a JSON object a line. What has a target and missed it is printed, and stands first on the page.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

FIELDS = (
    "suite workload items bytes direction level dictionary threads ours beside unit value beside_value ratio low high turns "
    "target missed"
).split()

#: The suites in their order on the page, and what each is about.
SUITES = {
    "limit": "Rust, and C where it says so, beside bare libzstd: the ratio is speed to speed, for memory ours to what is beside it",
    "small": "Rust, few documents in a call: the ratio is our time to the bare calls'",
    "auto": "Rust, `threads: 0`: the ratio is its time to the better choice's",
    "choices": "Rust, a batch's own dictionary, and a giant in several frames: the ratio is speed to speed, for sizes ours to the other",
    "scaling": "Rust, as batches and machines grow: the ratio is ours to what is beside it",
    "peer": "Python beside python-zstandard and bare libzstd: the ratio is their time to ours",
    "others": "Python beside c-blosc2 and the zstd program: the ratio is their time to ours",
}

Row = dict[str, Any]


def read(path: Path) -> list[Row]:
    rows = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        row = json.loads(line)
        if sorted(row) != sorted(FIELDS) or row["suite"] not in SUITES:
            raise SystemExit(f"{path}:{number}: no row of ours: {line}")
        if (row["target"] is None) != (row["missed"] is None):
            raise SystemExit(f"{path}:{number}: a target without a verdict: {line}")
        rows.append(row)
    if not rows:
        raise SystemExit(f"{path}: no rows")
    return rows


def machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(": ")[2] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    try:
        pages = Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text().partition("[")[2].partition("]")[0]
    except OSError:
        pages = "unknown"
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    release = platform.release().partition("-")[0]
    return f"{cpus} CPUs, {model}, {platform.system()} {release}; transparent huge pages: {pages}"


# ---- tables


def number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def what(row: Row) -> str:
    parts = [row["workload"], row["direction"]]
    if row["level"] != 3:
        parts.append(f"level {row['level']}")
    if row["dictionary"]:
        parts.append("dictionary")
    parts.append(f"{row['threads']} thread{'s' * (row['threads'] != 1)}")
    return ", ".join(parts)


def ratio(row: Row) -> str:
    if row["ratio"] is None:
        return ""
    alone = row["low"] == row["high"]
    return f"{row['ratio']:.3f}" + ("" if alone else f" ({row['low']:.3f} to {row['high']:.3f})")


def verdict(row: Row) -> str:
    return "" if row["target"] is None else row["target"] + (" **MISSED**" if row["missed"] else "")


# ---- the machine, which every suite notes from time to time


SECOND, STOLEN = "two bare loops at once", "time stolen since the start"


def figures(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["ours"] not in (SECOND, STOLEN)]


def second_cpu(rows: list[Row]) -> str:
    """How much two bare loops at once got done beside one, whenever it was measured: 2 is a second CPU that is free."""
    worth = sorted(row["ratio"] for row in rows if row["ours"] == SECOND)
    if not worth:
        return ""
    middle = statistics.median(worth)
    if len(worth) == 1:
        return f"Two bare loops at once were {middle:.2f} times as fast as one, measured once"
    tenth = worth[len(worth) // 10]
    return (
        f"Two bare loops at once were {middle:.2f} times as fast as one (median of {len(worth)} moments; {tenth:.2f} or less in "
        f"the worst tenth of them, {worth[0]:.2f} to {worth[-1]:.2f} in all)"
    )


def stolen(rows: list[Row]) -> str:
    """What the machine below took from the CPUs, as far as it tells."""
    seen = [(row["value"], row["beside_value"]) for row in rows if row["ours"] == STOLEN]
    if len(seen) < 2 or seen[-1][1] <= seen[0][1]:
        return ""
    (first, start), (last, end) = seen[0], seen[-1]
    return f"; {100 * (last - first) / (end - start):.1f} % of the CPUs' time was told to be taken by other machines"


def table(rows: Iterable[Row]) -> str:
    lines = ["| | | beside | | | ratio (95 %) | target |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        unit = row["unit"]
        mine, other = (f"{number(row[name])} {unit}" for name in ("value", "beside_value"))
        lines.append(f"| {what(row)} | {row['ours']} | {row['beside']} | {mine} | {other} | {ratio(row)} | {verdict(row)} |")
    return "\n".join(lines) + "\n"


def page(rows: list[Row], title: str) -> str:
    missed = [row for row in rows if row["missed"]]
    targets = [row for row in rows if row["target"]]
    quiet = second_cpu(rows)
    parts = [
        f"# Speed\n\n{title}. Made by `cargo xtask bench`; ratios are medians over turns, with their 95 % intervals.\n",
        f"{quiet}{stolen(rows)}. Where that is far below 2, rows of two threads tell as much about the machine as about programs.\n"
        if quiet
        else "",
        f"{len(targets)} figures have a target; {len(missed)} missed it.\n",
    ]
    if missed:
        parts.append(table(missed))
    for suite, about in SUITES.items():
        chosen = [row for row in rows if row["suite"] == suite]
        if chosen:
            quiet = second_cpu(chosen)
            parts.append(f"## {suite}\n\n{about}.{f' {quiet}.' if quiet else ''}\n\n{table(figures(chosen))}")
    return "\n".join(part for part in parts if part)


# ---- the picture: grey text and two colours on no ground, so that light and dark pages both show it


INK, BLUE, ORANGE = "#7d8590", "#3b82d6", "#d97a2b"
WIDTH, LABELS, LINE, BAR = 860, 150, 38, 12


def find(rows: list[Row], **wanted: Any) -> Row | None:
    usual = {"level": 3, "dictionary": False, "threads": 2}
    wanted = usual | wanted
    return next((row for row in rows if all(row[name] == value for name, value in wanted.items())), None)


def text(x: float, y: float, words: str, *, size: int = 12, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>'
    )


Pairs = dict[str, list[Row | None]]


def panel(top: float, title: str, bars: Pairs, limits: Pairs) -> tuple[str, float]:
    """Two bars for each name, compress and decompress; a tick where the limit is; a line at 1."""
    shown = [row["ratio"] for all_rows in (*bars.values(), *limits.values()) for row in all_rows if row]
    most = min(4.0, max([1.2, *shown]) * 1.05)
    left, right = LABELS + 10, WIDTH - 50

    def place(value: float) -> float:
        return float(left + (right - left) * min(value, most) / most)

    out = [text(10, top, title, size=14, weight="bold")]
    bottom = top + 22 + LINE * len(bars)
    step = 0.25 if most <= 1.6 else 0.5
    for tick in range(int(most / step) + 1):
        x, opacity = place(tick * step), 1 if tick * step == 1 else 0.25
        out.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top + 14}" y2="{bottom}" stroke="{INK}" stroke-opacity="{opacity}"/>'
        )
        out.append(text(x, bottom + 14, f"{tick * step:g}", size=11, anchor="middle"))
    for at, name in enumerate(bars):
        y = top + 24 + LINE * at
        out.append(text(LABELS, y + BAR + 3, name, anchor="end"))
        for half, colour in enumerate((BLUE, ORANGE)):
            row, limit, bar = bars[name][half], limits[name][half], y + half * (BAR + 2)
            if not row:
                continue
            end = place(row["ratio"])
            out.append(f'<rect x="{left}" y="{bar}" width="{end - left:.1f}" height="{BAR}" rx="2" fill="{colour}"/>')
            low, high = place(row["low"]), place(row["high"])
            middle = bar + BAR / 2
            out.append(f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}" stroke="{INK}" stroke-width="2"/>')
            clear = max(end, high)
            if limit:
                x = place(limit["ratio"])
                clear = x if clear < x < clear + 36 else clear
                out.append(
                    f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{bar - 1}" y2="{bar + BAR + 1}" stroke="{INK}" stroke-width="3"/>'
                )
            out.append(text(clear + 6, bar + BAR - 2, f"{row['ratio']:.2f}", size=11))
    return "\n".join(out), bottom + 44


def picture(rows: list[Row], title: str) -> str:
    directions = ("compress", "decompress")
    parts, top = [], 66.0
    panels: tuple[tuple[str, Row, Row | None], ...] = (
        (
            "Python, 2 threads: times as fast as python-zstandard (tick: two bare loops of libzstd)",
            {"suite": "peer", "ours": "zbatch", "beside": "python-zstandard"},
            {"suite": "peer", "ours": "bare libzstd", "beside": "python-zstandard"},
        ),
        (
            "Rust, 2 threads, into kept memory or the caller's own: speed beside two bare loops of libzstd at once (1 is the limit)",
            {"suite": "limit", "beside": "bare libzstd"},
            None,
        ),
    )
    for heading, wanted, limit in panels:
        bars: Pairs = {}
        limits: Pairs = {}
        known = [row for row in rows if row["unit"] == "MB/s" and row["suite"] == wanted["suite"]]
        for name in dict.fromkeys(row["workload"] for row in known):
            found = []
            for direction in directions:
                ours = wanted.get("ours") or ("zbatch" if direction == "compress" else "zbatch into own memory")
                found.append(find(known, **(wanted | {"workload": name, "direction": direction, "ours": ours})))
            if any(found):
                bars[name] = found
                limits[name] = [
                    find(known, **limit, workload=name, direction=way) if limit else None for way in directions
                ]
        if bars:
            drawn, top = panel(top, heading, bars, limits)
            parts.append(drawn)
    head = [
        text(10, 22, title, size=12),
        f'<rect x="10" y="32" width="{BAR}" height="{BAR}" rx="2" fill="{BLUE}"/>',
        text(28, 42, "compress"),
        f'<rect x="110" y="32" width="{BAR}" height="{BAR}" rx="2" fill="{ORANGE}"/>',
        text(128, 42, "decompress; thin lines are 95 % intervals of the medians"),
    ]
    body = "\n".join([*head, *parts])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top - 20:.0f}" width="{WIDTH}" role="img" '
        f'font-family="system-ui, sans-serif" fill="{INK}">\n<title>zbatch beside its peer and its limit</title>\n{body}\n</svg>\n'
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rows", type=Path)
    for name in ("json", "table", "svg"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    args = parser.parse_args()
    rows, about = read(args.rows), machine()
    args.json.write_text(json.dumps({"machine": about, "rows": rows}, indent=1) + "\n")
    args.table.write_text(page(rows, about))
    args.svg.write_text(picture(rows, about))
    missed = [row for row in rows if row["missed"]]
    print(f"\n{second_cpu(rows)}{stolen(rows)}")
    print(f"{len(figures(rows))} figures, {sum(row['target'] is not None for row in rows)} with a target, {len(missed)} of them MISSED")
    for row in missed:
        print(f"  {row['suite']}: {what(row)}: {row['ours']} beside {row['beside']}: {ratio(row)}, target {row['target']}")
    print(f"{args.json}\n{args.table}\n{args.svg}")


if __name__ == "__main__":
    main()
