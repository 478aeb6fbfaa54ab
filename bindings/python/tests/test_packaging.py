"""What the build backend makes, installed by pip as users do, and how the package finds its library."""

from __future__ import annotations

import base64
import contextlib
import csv
import email.parser
import hashlib
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import tomllib
import unittest
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import zbatch
from support import PACKAGE, slow
from zbatch import _library

PYTHON = Path(__file__).resolve().parents[1]
ROOT = PYTHON.parents[1]
WORKSPACE = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]
VERSION = WORKSPACE["version"]
INFO = f"zbatch-{VERSION}.dist-info"
#: The library that this process uses.
LIBRARY = Path(_library.find()).resolve()

needs_cargo = unittest.skipUnless(os.environ.get("CARGO") or shutil.which("cargo"), "cargo is not installed")
needs_pip = unittest.skipUnless(importlib.util.find_spec("pip"), "pip is not installed")
needs_readelf = unittest.skipUnless(shutil.which("readelf"), "readelf is not installed")
needs_linux = unittest.skipUnless(sys.platform == "linux", "this system has no ELF libraries")


def _backend() -> Any:
    spec = importlib.util.spec_from_file_location("zbatch_backend", PYTHON / "_build/zbatch_backend.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


backend = _backend()


def environment(**more: str) -> dict[str, str]:
    """That of a user: nothing in it tells where the package or its library is."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ZBATCH", "PYTHON", "PIP"))}
    return {**kept, "CARGO_TERM_QUIET": "true", "PYTHONDONTWRITEBYTECODE": "1", **more}


def building(**more: str) -> Any:
    """The environment of a build in this process."""
    return mock.patch.dict(os.environ, environment(**more), clear=True)


class InTemporaryDirectory(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.directory = Path(temporary.name).resolve()

    def run_command(self, *command: str | Path, **more: str) -> str:
        """The output of a command that must end well. It runs where nothing lies."""
        outcome = self.try_command(*command, **more)
        self.assertEqual(outcome.returncode, 0, f"{command}\n{outcome.stdout}")
        return outcome.stdout

    def try_command(self, *command: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        elsewhere = self.directory / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        return subprocess.run(
            [str(part) for part in command],
            cwd=elsewhere,
            env=environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
        )


@needs_cargo
class WheelTest(unittest.TestCase):
    path: Path
    files: dict[str, bytes]
    built: tuple[Path, str]

    @classmethod
    def setUpClass(cls) -> None:
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        with building():
            cls.path = Path(temporary.name, backend.build_wheel(temporary.name))
            cls.built = backend.build_library()
        with zipfile.ZipFile(cls.path) as archive:
            cls.files = {name: archive.read(name) for name in archive.namelist()}

    def metadata(self) -> Any:
        return email.parser.BytesParser().parsebytes(self.files[f"{INFO}/METADATA"])

    def test_it_is_the_package_the_library_and_what_is_said_about_them(self) -> None:
        package = {f"zbatch/{path.name}": path.read_bytes() for path in PACKAGE.glob("*.py")}
        package["zbatch/py.typed"] = b""
        for name, content in package.items():
            self.assertEqual(self.files.get(name), content, name)
        self.assertTrue(self.files[f"zbatch/{_library.NAME}"])
        info = ["METADATA", "RECORD", "WHEEL", *(f"licenses/{name}" for name in self.metadata().get_all("License-File"))]
        expected = [*package, f"zbatch/{_library.NAME}", *(f"{INFO}/{name}" for name in info)]
        self.assertEqual(sorted(self.files), sorted(expected))

    def test_every_file_is_in_the_record_with_its_hash(self) -> None:
        rows = {name: (digest, size) for name, digest, size in csv.reader(io.StringIO(self.files[f"{INFO}/RECORD"].decode()))}
        self.assertEqual(rows.pop(f"{INFO}/RECORD"), ("", ""))
        for name, content in self.files.items():
            if name != f"{INFO}/RECORD":
                digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
                self.assertEqual(rows.pop(name), (f"sha256={digest}", str(len(content))))
        self.assertEqual(rows, {})

    def test_metadata(self) -> None:
        metadata = self.metadata()
        expected = {
            "Metadata-Version": "2.4",
            "Name": "zbatch",
            "Version": VERSION,
            "Requires-Python": ">=3.11",
            "License-Expression": WORKSPACE["license"],
            "Description-Content-Type": "text/markdown",
        }
        self.assertEqual({name: metadata[name] for name in expected}, expected)
        self.assertTrue(metadata["Summary"])
        self.assertIsNone(metadata["Requires-Dist"])
        self.assertEqual(metadata.get_payload(decode=True).decode(), (PYTHON / "README.md").read_text(encoding="utf-8"))

    def test_metadata_alone_are_the_same(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            name = backend.prepare_metadata_for_build_wheel(directory)
            self.assertEqual(name, INFO)
            self.assertEqual(Path(directory, name, "METADATA").read_bytes(), self.files[f"{INFO}/METADATA"])

    def test_licences(self) -> None:
        for name in ("LICENSE-APACHE", "LICENSE-MIT"):
            self.assertEqual(self.files[f"{INFO}/licenses/{name}"], (ROOT / name).read_bytes())
        parts = self.files[f"{INFO}/licenses/LICENSES-OF-PARTS"].decode()
        # libzstd wants its notice with every copy of it, whatever the crate around it wants.
        self.assertRegex(parts, r"(?m)^zstd-sys-\S+/zstd/LICENSE$")
        self.assertIn("Copyright (c) Meta Platforms, Inc. and affiliates.", parts)
        self.assertRegex(parts, r"(?m)^rayon-[\d.]+/LICENSE-MIT$")

    def test_tag(self) -> None:
        name, version, *tag = self.path.stem.split("-")
        self.assertEqual((name, version, *tag[:2]), ("zbatch", VERSION, "py3", "none"))
        wheel = email.parser.BytesParser().parsebytes(self.files[f"{INFO}/WHEEL"])
        self.assertEqual(wheel.get_all("Tag"), ["-".join(tag)])
        self.assertEqual((wheel["Wheel-Version"], wheel["Root-Is-Purelib"]), ("1.0", "false"))

    @needs_linux
    @needs_readelf
    def test_the_platform_is_what_readelf_finds_the_library_to_need(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            library = Path(directory, "library")
            library.write_bytes(self.files[f"zbatch/{_library.NAME}"])
            needs = subprocess.run(["readelf", "-VW", library], check=True, capture_output=True, text=True).stdout
        versions = re.findall(r"Name: GLIBC_(\d+)\.(\d+)", needs)
        if not versions:
            self.assertIn("-linux_", self.path.name)
        else:
            major, minor = max((int(major), int(minor)) for major, minor in versions)
            self.assertIn(f"-manylinux_{major}_{minor}_{os.uname().machine}.", self.path.name)

    def test_the_same_again_but_for_the_date(self) -> None:
        for date, times in ("", (1980, 1, 1, 0, 0, 0)), ("1000000000", (2001, 9, 9, 1, 46, 40)):
            with tempfile.TemporaryDirectory() as directory, self.packing(**({"SOURCE_DATE_EPOCH": date} if date else {})):
                wheel = Path(directory, backend.build_wheel(directory))
                self.assertEqual(wheel.name, self.path.name)
                self.assertEqual(wheel.read_bytes() == self.path.read_bytes(), not date)
                with zipfile.ZipFile(wheel) as archive:
                    self.assertEqual({entry.date_time for entry in archive.infolist()}, {times})
                    self.assertEqual({name: archive.read(name) for name in archive.namelist()}, self.files)

    @contextlib.contextmanager
    def packing(self, **more: str) -> Iterator[None]:
        """As `building`, with the library that is there: for a new date, a crate would be compiled anew."""
        with building(**more), mock.patch.object(backend, "build_library", return_value=self.built):
            yield

    def test_another_platform_by_its_name(self) -> None:
        platform = "manylinux_2_17_x86_64.manylinux2014_x86_64"
        with tempfile.TemporaryDirectory() as directory, self.packing(ZBATCH_WHEEL_PLAT=platform):
            wheel = Path(directory, backend.build_wheel(directory))
            self.assertEqual(wheel.name, f"zbatch-{VERSION}-py3-none-{platform}.whl")
            with zipfile.ZipFile(wheel) as archive:
                tags = email.parser.BytesParser().parsebytes(archive.read(f"{INFO}/WHEEL")).get_all("Tag")
        self.assertEqual(tags, [f"py3-none-{one}" for one in platform.split(".")])


class PlatformTest(InTemporaryDirectory):
    def platform_of(self, machine: int, *names: bytes, order: Any = "little") -> str:
        head = b"\x7fELF\x02" + (b"\x01" if order == "little" else b"\x02") + bytes(12) + machine.to_bytes(2, order)
        library = self.directory / "library"
        library.write_bytes(head + b"\0".join([b"", *names, b""]))
        with mock.patch.object(sys, "platform", "linux"), building():
            platform: str = backend.platform_of(library)
        return platform

    def test_the_highest_version_by_number(self) -> None:
        names = [b"GLIBC_2.2.5", b"GLIBC_2.9", b"GLIBC_2.17", b"GLIBC_PRIVATE", b"GLIBCXX_9.1", b"GLIBC_2.4"]
        self.assertEqual(self.platform_of(62, *names), "manylinux_2_17_x86_64")

    def test_packed_relocations_are_a_version(self) -> None:
        self.assertEqual(self.platform_of(62, b"GLIBC_2.17", b"GLIBC_ABI_DT_RELR"), "manylinux_2_36_x86_64")

    def test_machines(self) -> None:
        self.assertEqual(self.platform_of(183, b"GLIBC_2.17"), "manylinux_2_17_aarch64")
        self.assertEqual(self.platform_of(22, b"GLIBC_2.28", order="big"), "manylinux_2_28_s390x")

    def test_without_glibc(self) -> None:
        self.assertEqual(self.platform_of(62, b"libc.musl-x86_64.so.1"), "linux_x86_64")

    def test_macos(self) -> None:
        cases = [
            ("arm64", {}, "macosx_11_0_arm64"),
            ("x86_64", {}, "macosx_10_12_x86_64"),
            ("x86_64", {"MACOSX_DEPLOYMENT_TARGET": "10.15"}, "macosx_10_15_x86_64"),
            ("arm64", {"MACOSX_DEPLOYMENT_TARGET": "13.3"}, "macosx_13_0_arm64"),
        ]
        for machine, variables, expected in cases:
            with (
                self.subTest(expected),
                mock.patch.object(sys, "platform", "darwin"),
                mock.patch("platform.machine", return_value=machine),
                building(**variables),
            ):
                self.assertEqual(backend.platform_of(self.directory), expected)

    def test_windows(self) -> None:
        with (
            mock.patch.object(sys, "platform", "win32"),
            mock.patch.object(sysconfig, "get_platform", return_value="win-amd64"),
            building(),
        ):
            self.assertEqual(backend.platform_of(self.directory), "win_amd64")


class RefusedBuildTest(InTemporaryDirectory):
    def build(self, place: Path, **more: str) -> str:
        """What is said when no wheel can be built there. Nobody wants to see our own lines of code."""
        code = "import zbatch_backend; zbatch_backend.build_wheel('.')"
        outcome = self.try_command(sys.executable, "-c", code, PYTHONPATH=str(place / "_build"), **more)
        self.assertEqual(outcome.returncode, 1, outcome.stdout)
        self.assertNotIn("Traceback", outcome.stdout)
        return outcome.stdout

    def test_without_cargo(self) -> None:
        nowhere = str(self.directory)
        with mock.patch.dict(os.environ):
            os.environ.pop("CARGO", None)
            said = self.build(PYTHON, PATH=nowhere, HOME=nowhere, CARGO_HOME=nowhere)
        self.assertRegex(said, "built by cargo, which is neither on PATH nor")
        self.assertIn("https://rustup.rs", said)

    def test_a_cargo_that_cannot_be_run(self) -> None:
        self.assertIn("cannot be run", self.build(PYTHON, CARGO=str(self.directory / "cargo")))

    def test_a_build_that_fails(self) -> None:
        cargo = self.directory / "cargo"
        cargo.write_text("#!/bin/sh\necho no compiler >&2\nexit 101\n")
        cargo.chmod(0o755)
        self.assertRegex(self.build(PYTHON, CARGO=str(cargo)), r"(?s)no compiler\n.*'.*cargo build .*' failed, see above")

    def test_without_the_rest_of_the_tree(self) -> None:
        copy = self.directory / "bindings/python"
        shutil.copytree(PYTHON, copy, ignore=shutil.ignore_patterns("__pycache__"))
        self.assertIn("is not the source tree of zbatch", self.build(copy))


ROUND_TRIP = """
import zbatch, zbatch._library

items = [b"item %d " % i * 20 for i in range(1000)]
frames = zbatch.ZstdCompressor().multi_compress_to_buffer(items)
back = zbatch.ZstdDecompressor().multi_decompress_to_buffer(frames)
assert len(back) == len(items) and all(back[i].tobytes() == item for i, item in enumerate(items))
print(zbatch.__version__, zbatch.__file__, zbatch._library.find(), sep="\\n")
"""


@slow
@needs_cargo
@needs_pip
class InstalledTest(InTemporaryDirectory):
    """By pip, which takes nothing from any index, for an environment that is empty."""

    def setUp(self) -> None:
        super().setUp()
        self.environment = self.directory / "environment"
        self.run_command(sys.executable, "-m", "venv", "--without-pip", self.environment)
        self.python = self.environment / "bin/python"

    def pip(self, *arguments: str | Path, **more: str) -> str:
        pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "--no-cache-dir"]
        return self.run_command(*pip, "--python", self.python, *arguments, **more)

    def wheel(self, source: Path, **more: str) -> Path:
        self.pip("wheel", "--no-index", "--no-deps", "--wheel-dir", self.directory, source, **more)
        [wheel] = self.directory.glob("*.whl")
        return wheel

    def round_trip(self) -> tuple[Path, Path]:
        """Where the package and its library are that a program elsewhere works with."""
        version, package, library = self.run_command(self.python, "-W", "error", "-c", ROUND_TRIP).splitlines()
        self.assertEqual(version, VERSION)
        return Path(package).resolve().parent, Path(library)

    def assert_all_its_own(self) -> None:
        package, library = self.round_trip()
        self.assertTrue(package.is_relative_to(self.environment), package)
        self.assertEqual(library, package / _library.NAME)

    def test_wheel(self) -> None:
        self.pip("install", "--no-index", self.wheel(PYTHON))
        self.assert_all_its_own()
        self.pip("uninstall", "--yes", "zbatch")
        self.assertEqual(list(self.environment.rglob("*zbatch*")), [])

    def test_directory(self) -> None:
        self.pip("install", "--no-index", PYTHON)
        self.assert_all_its_own()

    def test_editable(self) -> None:
        self.pip("install", "--no-index", "--editable", PYTHON)
        self.assertEqual(self.round_trip(), (PYTHON / "zbatch", ROOT / "target/release" / _library.NAME))

    def test_source_archive(self) -> None:
        with building():
            archive = self.directory / backend.build_sdist(str(self.directory))
            content = archive.read_bytes()
            backend.build_sdist(str(self.directory))
        self.assertEqual(archive.read_bytes(), content)
        self.assertEqual(archive.name, f"zbatch-{VERSION}.tar.gz")
        with tarfile.open(archive) as tar:
            names = set(tar.getnames())
        top = f"zbatch-{VERSION}"
        self.assertLessEqual({f"{top}/{name}" for name in ("PKG-INFO", "pyproject.toml", "LICENSE-MIT")}, names)
        hidden = [name for name in names if re.search(r"/target/|/\.|__pycache__|\.so$", name)]
        # Without its flags libzstd is slower.
        self.assertEqual(hidden, [f"{top}/.cargo/config.toml"])

        # Whether all is there that a build needs shows as well in one that optimises nothing.
        fast = {f"CARGO_PROFILE_RELEASE_{name}": value for name, value in (("LTO", "off"), ("OPT_LEVEL", "0"))}
        target = {"CARGO_TARGET_DIR": str(self.directory / "target")}
        wheel = self.wheel(archive, **fast, **target, CARGO_PROFILE_RELEASE_CODEGEN_UNITS="16")
        with zipfile.ZipFile(wheel) as zipped:
            package = {name for name in zipped.namelist() if name.startswith("zbatch/")}
        self.assertLessEqual({f"zbatch/{path.name}" for path in PACKAGE.glob("*.py")}, package)
        self.pip("install", "--no-index", wheel)
        self.assert_all_its_own()


class VersionTest(unittest.TestCase):
    def test_one_for_all(self) -> None:
        self.assertEqual(zbatch.__version__, VERSION)
        self.assertEqual(backend.version(), VERSION)


class LibraryTest(InTemporaryDirectory):
    """A package that was copied, with libraries here and there."""

    def setUp(self) -> None:
        super().setUp()
        self.package = self.directory / "bindings/python/zbatch"
        shutil.copytree(PACKAGE, self.package, ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.dylib", "*.dll"))

    def use(self, code: str = "import zbatch", **more: str) -> subprocess.CompletedProcess[str]:
        return self.try_command(sys.executable, "-c", code, PYTHONPATH=str(self.package.parent), **more)

    def refused(self, **more: str) -> str:
        """What the ImportError says, which names every way out."""
        outcome = self.use(**more)
        self.assertEqual(outcome.returncode, 1, outcome.stdout)
        _, found, said = outcome.stdout.rpartition("\nImportError: ")
        self.assertTrue(found, outcome.stdout)
        for way in ("install a wheel", "cargo build --release -p zbatch-ffi", "ZBATCH_LIBRARY"):
            self.assertIn(way, said)
        return said

    def chosen(self, **more: str) -> Path:
        outcome = self.use("import zbatch, zbatch._library; print(zbatch._library.find())", **more)
        self.assertEqual(outcome.returncode, 0, outcome.stdout)
        return Path(outcome.stdout.strip())

    def put(self, place: Path) -> Path:
        place.parent.mkdir(parents=True, exist_ok=True)
        return shutil.copyfile(LIBRARY, place)

    def test_the_first_of_four_places(self) -> None:
        target = self.directory / "target"
        for place in (target / "debug", target / "release", self.package):
            library = self.put(place / _library.NAME)
            self.assertEqual(self.chosen(), library)
        self.assertEqual(self.chosen(ZBATCH_LIBRARY=""), library)
        named = self.put(self.directory / "named")
        self.assertEqual(self.chosen(ZBATCH_LIBRARY=str(named)), named)

    def test_none(self) -> None:
        said = self.refused()
        for place in (self.package, self.directory / "target/release", self.directory / "target/debug"):
            self.assertIn(str(place / _library.NAME), said)

    def test_none_where_it_is_said_to_be(self) -> None:
        self.put(self.package / _library.NAME)
        missing = str(self.directory / "missing")
        self.assertIn(missing, self.refused(ZBATCH_LIBRARY=missing))

    def test_no_library(self) -> None:
        file = self.directory / "text"
        file.write_text("This is not a library.\n")
        self.assertIn(str(file), self.refused(ZBATCH_LIBRARY=str(file)))

    def test_another_library(self) -> None:
        other = next((place for name in ("_ctypes", "_struct", "_json") if (place := module_file(name))), None)
        if other is None:
            self.skipTest("every module of this Python is built in")
        self.assertIn(other, self.refused(ZBATCH_LIBRARY=other))

    def test_another_version(self) -> None:
        (self.package / "_version.py").write_text('__version__ = "99.7.0"\n')
        said = self.refused(ZBATCH_LIBRARY=str(LIBRARY))
        for part in ("99.7.0", str(LIBRARY), f"version {VERSION}"):
            self.assertIn(part, said)


def module_file(name: str) -> str | None:
    """The shared library of an extension module."""
    with contextlib.suppress(ImportError):
        return getattr(importlib.import_module(name), "__file__", None)
    return None


if __name__ == "__main__":
    unittest.main()
