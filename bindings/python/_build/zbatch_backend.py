"""Builds the wheels and the source archive of zbatch (PEP 517 and 660), with the standard library and cargo.

A wheel is the package, the shared library beside its modules, and the licences of all that is linked into the library. It
serves every CPython of its platform, for nothing in it is compiled against one. ZBATCH_WHEEL_PLAT names the platform where
the answer of `platform_of` will not do; SOURCE_DATE_EPOCH is the time of every file.
"""

from __future__ import annotations

import base64
import csv
import gzip
import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import time
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

PYTHON = Path(__file__).resolve().parents[1]
ROOT = PYTHON.parents[1]
LICENCES = ("LICENSE-APACHE", "LICENSE-MIT")
PARTS = "LICENSES-OF-PARTS"

Settings = dict[str, Any] | None

# What of the workspace the source archive holds: cargo wants every member there, though it builds two of them.
SOURCES = (
    *(".cargo/config.toml", "Cargo.toml", "Cargo.lock", *LICENCES, "README.md"),
    *("bindings/python", "crates", "include", "xtask"),
)


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    return []


def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    return []


def get_requires_for_build_sdist(config_settings: Settings = None) -> list[str]:
    return []


def build_wheel(wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None) -> str:
    library, licences = build_library()
    package = PYTHON / "zbatch"
    sources = [path for path in package.rglob("*") if path.suffix in (".py", ".pyi") or path.name == "py.typed"]
    files = {path.relative_to(PYTHON).as_posix(): path.read_bytes() for path in sources}
    files[f"zbatch/{library.name}"] = library.read_bytes()
    return write_wheel(wheel_directory, files, licences, platform_of(library))


def build_editable(wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None) -> str:
    """The package stays in the tree and loads the library from there, so that is where cargo must build it."""
    library, licences = build_library("--target-dir", str(ROOT / "target"))
    files = {"zbatch.pth": os.fsencode(f"{PYTHON}\n")}
    return write_wheel(wheel_directory, files, licences, platform_of(library))


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Settings = None) -> str:
    """Spares those who only ask for the metadata the build."""
    directory = Path(metadata_directory, f"zbatch-{version()}.dist-info")
    directory.mkdir()
    (directory / "METADATA").write_bytes(metadata())
    return directory.name


prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """The workspace as it lies, so that everything is found where it always is; only pyproject.toml is at the top besides."""
    name = f"zbatch-{version()}"
    files = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in sources()}
    project = files["bindings/python/pyproject.toml"].decode()
    for here, there in (('["_build"]', '["bindings/python/_build"]'), ('"README.md"', '"bindings/python/README.md"')):
        if project.count(here) != 1:
            fail(f"pyproject.toml should have {here} once")
        project = project.replace(here, there)
    files["pyproject.toml"] = project.encode()
    files["PKG-INFO"] = metadata()

    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, content in sorted(files.items()):
            entry = tarfile.TarInfo(f"{name}/{path}")
            entry.size, entry.mtime, entry.mode = len(content), epoch(), 0o644
            tar.addfile(entry, io.BytesIO(content))
    Path(sdist_directory, f"{name}.tar.gz").write_bytes(gzip.compress(archive.getvalue(), mtime=epoch()))
    return f"{name}.tar.gz"


def sources() -> Iterator[Path]:
    for name in SOURCES:
        path = ROOT / name
        for file in [path] if path.is_file() else path.rglob("*"):
            inside = file.relative_to(path).parts
            made = any(part.startswith(".") or part in ("__pycache__", "target", "dist") for part in inside)
            if file.is_file() and not made and file.suffix not in (".so", ".dylib", ".dll"):
                yield file


def fail(why: str) -> NoReturn:
    """Ends the build. Front ends show this and nothing of Python's."""
    sys.exit(f"zbatch: {why}")


def workspace() -> dict[str, str]:
    try:
        manifest = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        fail(f"{ROOT} is not the source tree of zbatch; bindings/python cannot be built without the rest of it")
    package: dict[str, str] = manifest["workspace"]["package"]
    return package


def version() -> str:
    return workspace()["version"]


def metadata() -> bytes:
    project = tomllib.loads((PYTHON / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {version()}",
        f"Summary: {project['description']}",
        f"Keywords: {','.join(project['keywords'])}",
        f"License-Expression: {project['license']}",
        *(f"License-File: {name}" for name in (*LICENCES, PARTS)),
        *(f"Classifier: {name}" for name in project["classifiers"]),
        f"Requires-Python: {project['requires-python']}",
        "Description-Content-Type: text/markdown",
        "",
        (PYTHON / project["readme"]).read_text(encoding="utf-8"),
    ]
    return "\n".join(lines).encode()


def find_cargo() -> str:
    home = os.environ.get("CARGO_HOME") or os.path.expanduser("~/.cargo")
    cargo = os.environ.get("CARGO") or shutil.which("cargo") or shutil.which("cargo", path=os.path.join(home, "bin"))
    return cargo or fail(
        f"the library is built by cargo, which is neither on PATH nor in {home}/bin. Install Rust"
        f" {workspace()['rust-version']} or later (https://rustup.rs) and a C compiler, or take a wheel that is built."
    )


def build_library(*options: str) -> tuple[Path, str]:
    """Has cargo build the library; returns where it is, and the licences of its parts."""
    command = [find_cargo(), "build", "--release", "--locked", "-p", "zbatch-ffi", *options]
    command.append("--message-format=json-render-diagnostics")
    try:
        built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8")
    except OSError as error:
        fail(f"{command[0]} cannot be run: {error}")
    if built.returncode != 0:
        fail(f"'{' '.join(command[:6])}' failed, see above; it needs cargo {workspace()['rust-version']} and a C compiler")
    messages = [json.loads(line) for line in built.stdout.splitlines()]
    made = [message for message in messages if message["reason"] == "compiler-artifact"]
    for message in made:
        for file in map(Path, message["filenames"]):
            if "cdylib" in message["target"]["kind"] and file.suffix in (".so", ".dylib", ".dll"):
                return file, licences_of({Path(message["manifest_path"]).parent for message in made})
    fail("cargo made no shared library; a target that links statically, as musl's may, wants -C target-feature=-crt-static")


def licences_of(crates: Iterable[Path]) -> str:
    """The licence texts of the crates, and of what they bring along, each text once."""
    texts: dict[str, list[str]] = {}
    for crate in sorted(crates, key=lambda path: path.name):
        for directory in (crate, *(path for path in sorted(crate.iterdir()) if path.is_dir())):
            found = sorted(directory.glob("LICEN[CS]E*")) or sorted(directory.glob("COPYING*"))
            for file in filter(Path.is_file, found):
                names = texts.setdefault(file.read_text(encoding="utf-8", errors="replace").strip(), [])
                names.append(file.relative_to(crate.parent).as_posix())
    rule = "=" * 80
    return "\n\n".join(f"{rule}\n" + "\n".join(names) + f"\n{rule}\n\n{text}" for text, names in texts.items()) + "\n"


MACHINES = {3: "i686", 21: "ppc64le", 22: "s390x", 40: "armv7l", 62: "x86_64", 183: "aarch64", 243: "riscv64"}


def platform_of(library: Path) -> str:
    """The platform that a library needs, as wheels name it."""
    if chosen := os.environ.get("ZBATCH_WHEEL_PLAT"):
        return chosen
    if sys.platform == "linux":
        elf = library.read_bytes()
        machine = MACHINES.get(int.from_bytes(elf[18:20], "little" if elf[5] == 1 else "big"), platform.machine())
        # The names of the symbol versions, in a table of strings that each end with a zero.
        glibc = [(int(major), int(minor)) for major, minor in re.findall(rb"GLIBC_(\d+)\.(\d+)(?:\.\d+)?\0", elf)]
        if b"GLIBC_ABI_DT_RELR\0" in elf:
            glibc.append((2, 36))
        return "manylinux_{}_{}_{}".format(*max(glibc), machine) if glibc else f"linux_{machine}"
    if sys.platform == "darwin":
        # Without the variable, what rustc and the cc crate aim at.
        least = {"arm64": "11.0"}.get(platform.machine(), "10.12")
        major, minor = os.environ.get("MACOSX_DEPLOYMENT_TARGET", least).split(".")[:2]
        # From 11 on, wheels know major versions only.
        return f"macosx_{major}_{minor if major == '10' else 0}_{platform.machine()}"
    return re.sub(r"\W", "_", sysconfig.get_platform())


def epoch() -> int:
    """Zip archives begin in 1980."""
    return max(int(os.environ.get("SOURCE_DATE_EPOCH", 0)), 315532800)


def write_wheel(directory: str, files: dict[str, bytes], licences: str, plat: str) -> str:
    tag = f"py3-none-{plat}"
    info = f"zbatch-{version()}.dist-info"
    about = {"METADATA": metadata(), f"licenses/{PARTS}": licences.encode()}
    about |= {f"licenses/{name}": (ROOT / name).read_bytes() for name in LICENCES}
    tags = "".join(f"Tag: py3-none-{one}\n" for one in plat.split("."))
    about["WHEEL"] = f"Wheel-Version: 1.0\nGenerator: zbatch_backend\nRoot-Is-Purelib: false\n{tags}".encode()
    # The description of a wheel comes last in it, its list at the very end.
    entries = [*sorted(files.items()), *((f"{info}/{name}", content) for name, content in sorted(about.items()))]

    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    for name, content in entries:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.writerow([name, f"sha256={digest}", len(content)])
    rows.writerow([f"{info}/RECORD", "", ""])
    entries.append((f"{info}/RECORD", record.getvalue().encode()))

    wheel = f"zbatch-{version()}-{tag}.whl"
    with zipfile.ZipFile(Path(directory, wheel), "w") as archive:
        for name, content in entries:
            entry = zipfile.ZipInfo(name, time.gmtime(epoch())[:6])
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o100644 << 16
            archive.writestr(entry, content)
    return wheel
