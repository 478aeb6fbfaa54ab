"""Runs the tests and prints a line for each, which `cargo xtask test` counts. Arguments are parts of the names to run."""

from __future__ import annotations

import faulthandler
import gc
import sys
import threading
import traceback
import unittest
from pathlib import Path
from typing import Any

#: Seconds that one test may take before it is said where every thread stands, and the end.
LIMIT = 300


class Lines(unittest.TestResult):
    """One line as soon as a test has ended; what Python only complains about fails the test that it happens in."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = {"ok": 0, "FAILED": 0, "skipped": 0}
        self.complaints: list[str] = []
        self.succeeded = False

    def tell(self, test: Any, outcome: str, details: str = "") -> None:
        self.counts[outcome.split(",")[0]] += 1
        name = " ".join(test.id().split()) if hasattr(test, "id") else "afterwards"
        print(f"test {name} ... {outcome}", details.rstrip(), sep="\n" if details else "", flush=True)

    def complain(self, about: Any) -> None:
        kind, value, trace = about.exc_type, about.exc_value, about.exc_traceback
        where = getattr(about, "object", None) or getattr(about, "thread", None)
        self.complaints.append(f"ignored in {where!r}\n" + "".join(traceback.format_exception(kind, value, trace)))

    def startTest(self, test: Any) -> None:
        super().startTest(test)
        self.succeeded = False
        faulthandler.dump_traceback_later(LIMIT, exit=True)

    def stopTest(self, test: Any) -> None:
        super().stopTest(test)
        faulthandler.cancel_dump_traceback_later()
        if self.complaints:
            self.tell(test, "FAILED", "\n".join(self.complaints))
            self.complaints.clear()
        elif self.succeeded:
            self.tell(test, "ok")

    def addSuccess(self, test: Any) -> None:
        self.succeeded = True

    def addSkip(self, test: Any, reason: str) -> None:
        self.tell(test, f"skipped, {' '.join(reason.split())}")

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        self.tell(test, "FAILED", self.failures[-1][1])

    addError = addFailure

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self.addFailure(subtest, err)

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        self.tell(test, "FAILED", "a test that is expected to fail should not be here")

    def addUnexpectedSuccess(self, test: Any) -> None:
        self.tell(test, "FAILED", "a test that is expected to fail does not")


def main() -> int:
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{part}*" for part in sys.argv[1:]] or None
    result = Lines()
    sys.unraisablehook = result.complain
    threading.excepthook = result.complain
    loader.discover(str(Path(__file__).parent)).run(result)
    gc.collect()
    if result.complaints:
        result.tell(None, "FAILED", "\n".join(result.complaints))
    # From here on, what Python complains about stands behind the last line.
    sys.unraisablehook, threading.excepthook = sys.__unraisablehook__, threading.__excepthook__
    print(", ".join(f"{count} {outcome}" for outcome, count in result.counts.items()), flush=True)
    return 0 if result.counts["ok"] and not result.counts["FAILED"] else 1


if __name__ == "__main__":
    sys.exit(main())
