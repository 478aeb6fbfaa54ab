"""Every call of the package into its library is made by these tests: one that nobody makes is one that nobody checks."""

from __future__ import annotations

import os
import re
import unittest

from support import PACKAGE, TESTS, run

#: What a test of calls has no use for: other people's tests, slow ones, and itself.
SKIPPED = {"test_native", "test_header", "test_packaging", "test_properties", "test_memory", "test_processes"}

#: Functions of types, which CPython calls.
HANDED = {
    "zbatch_method_compress",
    "zbatch_method_decompress",
    "zbatch_method_item",
    "zbatch_method_iter",
    "zbatch_method_len",
    "zbatch_method_multi_compress",
    "zbatch_method_multi_decompress",
    "zbatch_method_size",
    "zbatch_method_tolist",
    "zbatch_object_get_buffer",
    "zbatch_object_item",
    "zbatch_object_item_count",
    "zbatch_object_size",
    "zbatch_object_tobytes",
}

#: Runs tests while it counts the calls of each C function, and prints the names of those that were called.
#: With ZBATCH_TEST_BREAK that function does nothing and returns 0: the tests must then fail.
COUNTING = """
    import ctypes, os, sys, unittest

    broken = os.environ.get("ZBATCH_TEST_BREAK", "")
    called = set()
    original = ctypes.CDLL.__init__

    def init(self, *arguments, **options):
        original(self, *arguments, **options)
        if "zbatch" not in str(self._name):
            return
        base = self._FuncPtr

        def call(self, *arguments):
            called.add(self.__name__)
            if self.__name__ == broken:
                return 0
            return base.__call__(self, *arguments)

        self._FuncPtr = type("_FuncPtr", (base,), {"_flags_": base._flags_, "_restype_": base._restype_, "__call__": call})

    ctypes.CDLL.__init__ = init
    import zbatch
    suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:])
    with open(os.devnull, "w") as out:
        result = unittest.TextTestRunner(stream=out, failfast=bool(broken)).run(suite)
    print("tests", result.testsRun, len(result.failures) + len(result.errors))
    for name in sorted(called):
        print(name)
"""


def modules() -> list[str]:
    return sorted(path.stem for path in TESTS.glob("test_*.py") if path.stem not in SKIPPED)


def counted(*names: str, broken: str = "") -> tuple[int, int, set[str]]:
    """How many tests ran and failed, and the C functions that they called."""
    first, *rest = run(COUNTING, *names, timeout=120, ZBATCH_TEST_QUICK="1", ZBATCH_TEST_BREAK=broken).splitlines()
    _, ran, failed = first.split()
    return int(ran), int(failed), set(rest)


class Calls(unittest.TestCase):
    """The functions that the package names in its code."""

    def used(self) -> set[str]:
        """Functions that the package calls itself; what it hands to C code as a pointer shows in other tests."""
        found: set[str] = set()
        for path in PACKAGE.glob("*.py"):
            for match in re.finditer(r"\b(?:lib|pylib)(?:\.|\[\")(zbatch_\w+)", path.read_text()):
                found.add(match[1])
        self.assertGreater(len(found), 30)
        return {name for name in found if not name.endswith("_free") and name not in HANDED}

    def test_every_one_is_made(self) -> None:
        ran, _, called = counted(*modules())
        self.assertGreater(ran, 200)
        self.assertEqual(self.used() - called, set())

    @unittest.skipUnless(os.environ.get("ZBATCH_TEST_BREAKING"), "minutes; set ZBATCH_TEST_BREAKING to do it")
    def test_every_one_matters(self) -> None:
        """Without any one of them a test fails."""
        survived = []
        for name in sorted(self.used()):
            try:
                ran, failed, _ = counted(*modules(), broken=name)
            except AssertionError:
                continue  # it cannot even be imported, or crashes
            if not failed:
                survived.append(name)
        self.assertEqual(survived, [])


if __name__ == "__main__":
    unittest.main()
